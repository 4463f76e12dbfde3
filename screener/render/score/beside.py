"""What a score's page tells beside the contracts: plain returns, states, changes, target prices."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from rich.console import RenderableType
from rich.text import Text

from screener.language import say, say_count
from screener.render.tables import UNDEFINED, Column, heads, number, plain_table
from screener.results.score import PLAIN
from screener.results.tables import Row
from screener.scoring.judging.outcomes import CallState
from screener.workflows.score.rows import plain_rows
from screener.workflows.score.run import ScoreRun

__all__ = ["changes_and_targets", "early_states", "plain_board"]

_SHOWN_AT_MOST = 20  # groups
_FEW = 30


def plain_board(run: ScoreRun) -> RenderableType | None:
    """Return mean active returns after fixed sessions; `None` where no call reaches one."""
    by = [str(item) for item in run.board.by]
    told = [row for row in plain_rows(run) if row["calls"]]
    if not told:
        return None
    groups = list(dict.fromkeys(tuple(row[name] for name in by) for row in told))
    shown = set(sorted(groups, key=lambda key: -_calls(told, by, key))[: _SHOWN_AT_MOST + 1])
    columns = [
        *heads(PLAIN, *by),
        *heads(PLAIN, "sessions", "calls", "mean_active"),
        Column(header=say("interval"), numeric=True),
        *heads(PLAIN, "positive"),
    ]
    rows = [
        [
            *_names(row, by),
            str(row["sessions"]),
            f"{row['calls']:,}",
            _tenth(row["mean_active"], signed=True),
            _interval(row),
            _tenth(row["positive"]),
        ]
        for row in told
        if tuple(row[name] for name in by) in shown
    ]
    return plain_table(columns, rows)


def early_states(run: ScoreRun) -> Iterator[Text]:
    """Tell how pending calls stood at the low end of their horizon."""
    judged = run.judged
    found = judged.outcomes
    open_ = (found.verdict == CallState.PENDING) & np.isfinite(found.early_stock)
    for row in np.flatnonzero(open_).tolist()[:_FEW]:
        contract = judged.contracts[judged.contract[row]]
        yield Text(
            say(
                "{call}: after {months} months, to {day}, which is a state and no verdict: "
                "{stock} %, its benchmark {index} %.",
                call=judged.calls.id[row],
                months=contract.months_low,
                day=str(found.early_end[row]),
                stock=_signed(found.early_stock[row]),
                index=_signed(found.early_benchmark[row]),
            )
        )


def changes_and_targets(run: ScoreRun) -> Iterator[Text]:
    """Tell how calls ended by what they changed, and what became of target prices."""
    total = run.board.total
    names = {
        "initiated": say("first ratings"),
        "raised": say("raised"),
        "lowered": say("lowered"),
        "maintained": say("maintained"),
    }
    for kind, share in total.changes.items():
        if share.n and share.rate is not None:
            yield Text(
                say_count(
                    "{kind}: {n} mature call, met {rate} %, base rate {base} %.",
                    "{kind}: {n} mature calls, met {rate} %, base rate {base} %.",
                    share.n,
                    kind=names[kind],
                    rate=_tenth(share.rate),
                    base=_tenth(share.base_rate),
                )
            )
    if total.ranked.n:
        yield Text(
            say_count(
                "Of an assumed rating: {n} mature call, met {rate} %.",
                "Of an assumed rating: {n} mature calls, met {rate} %.",
                total.ranked.n,
                rate=_tenth(total.ranked.rate),
            )
        )
    if total.industry_base is not None:
        yield Text(
            say_count(
                "Among stocks of the same industry the base rate is {rate} % ({n} call).",
                "Among stocks of the same industry the base rate is {rate} % ({n} calls).",
                total.n_industry,
                rate=_tenth(total.industry_base),
            )
        )
    yield from _targets(run)
    for side, groups in _reliable(run).items():
        text = (
            say("Reliably worse than the base rate (q at most 5 %): {groups}.", groups=groups)
            if side == "worse"
            else say("Reliably better than the base rate (q at most 5 %): {groups}.", groups=groups)
        )
        yield Text(text)


def _targets(run: ScoreRun) -> Iterator[Text]:
    found = run.board.total.targets
    if found.reached is None:
        return
    yield Text(
        say_count(
            "Target prices whose horizon is over: {n}, reached {rate} %, after {sessions} "
            "sessions (median); least favourable return before {worst} %; upside less return "
            "{bias} points.",
            "Target prices whose horizon is over: {n}, reached {rate} %, after {sessions} "
            "sessions (median); least favourable return before {worst} %; upside less return "
            "{bias} points.",
            found.n,
            rate=_tenth(found.reached),
            sessions=number(found.sessions, digits=0),
            worst=_tenth(found.worst, signed=True),
            bias=_tenth(found.bias, signed=True),
        )
    )


def _reliable(run: ScoreRun) -> dict[str, str]:
    found: dict[str, list[str]] = {}
    for score in run.board.scores:
        if score.reliably:
            found.setdefault(score.reliably, []).append(" ".join(score.key))
    return {side: ", ".join(names) for side, names in sorted(found.items())}


def _calls(rows: Sequence[Row], by: list[str], key: tuple[object, ...]) -> int:
    counts = [row["calls"] for row in rows if tuple(row[name] for name in by) == key]
    return max((count for count in counts if isinstance(count, int)), default=0)


def _names(row: Row, by: list[str]) -> list[str]:
    if row["scope"] == "all":
        return [say("all"), *[""] * (len(by) - 1)]
    return [str(row[name] or UNDEFINED) for name in by]


def _interval(row: Row) -> str:
    low, high = row["active_low"], row["active_high"]
    if low is None or high is None:
        return UNDEFINED
    return say("{low} to {high}", low=_tenth(low, signed=True), high=_tenth(high, signed=True))


def _signed(value: float) -> str:
    return _tenth(float(value), signed=True)


def _tenth(value: object, *, signed: bool = False) -> str:
    fraction = value if isinstance(value, float) else None
    return number(None if fraction is None else fraction * 100, digits=1, signed=signed)
