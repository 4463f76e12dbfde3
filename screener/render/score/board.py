"""A score on the terminal: who meets their own rating definitions, beside the base rate."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from rich.console import Group, RenderableType
from rich.text import Text

from screener.language import say
from screener.render import local
from screener.render.local import told
from screener.render.score.beside import changes_and_targets, early_states, plain_board
from screener.render.tables import (
    UNDEFINED,
    Column,
    banner,
    estimated_text,
    heads,
    number,
    plain_table,
)
from screener.results.score import CALLS, CROWDING, PERSISTENCE, SCORES
from screener.results.tables import Dtype, Row
from screener.scoring.board.persistence import Persistence
from screener.scoring.judging.outcomes import CallState
from screener.workflows.score.rows import call_rows, score_rows
from screener.workflows.score.run import ScoreRun
from screener.workflows.score.summary import first_due, unjudged, verdict_counts

__all__ = ["board_view", "score_page"]

_MIDDLE, _WIDE, _WIDEST = 100, 144, 184
_KEY = 14  # columns that a further key takes
_SHOWN_AT_MOST = 30
_FEW = 30  # calls that are told one by one
_IN_ONE_LINE = 6
_LEAST_P = 0.001
_INTERVAL = "interval"
_NUMBERS = (
    (_MIDDLE, "calls"),
    (0, "matured"),
    (0, "hit_rate"),
    (0, _INTERVAL),
    (0, "base_rate"),
    (0, "mean_active"),
    (_MIDDLE, "median_active"),
    (_MIDDLE, "worst_active"),
    (_WIDE, "shrunk_rate"),
    (_WIDE, "any_time_rate"),
    (_WIDE, "any_time_base"),
    (_WIDE, "tradable_rate"),
    (_WIDE, "tradable_base"),
    (_WIDEST, "industry_base"),
    (_WIDE, "first_rate"),
    (_WIDE, "repeated_rate"),
    (0, "p_adjusted"),
)
"""Columns of numbers, and the width from which a terminal has room for each."""


def score_page(run: ScoreRun, *, width: int) -> RenderableType:
    """Return the page of a score; a narrow terminal keeps what matters most."""
    matured = run.board.total.at_end.n
    parts = banner(simulated=run.simulated)
    parts += [Text(line, style="bold") for line in _headline(run)]
    if matured:
        parts += [Text(), _board(run, width=width)]
    if 0 < len(run.judged.calls) <= _FEW:
        parts += [Text(), _calls(run)]
    if reasons := [*_reasons(run), *_proxies(run)]:
        parts += [Text(), *reasons]
    if beside := plain_board(run):
        told = Text(
            say("What followed, whatever was promised: mean active return after so many sessions")
        )
        parts += [Text(), told, beside]
    if lines := [*early_states(run), *changes_and_targets(run)]:
        parts += [Text(), *lines]
    if matured:
        parts += _with_space(_places(run))
    parts += _with_space(_years(run))
    parts += [Text(), *(Text(line) for line in _notes(run))]
    parts.append(Text(say("data version {version}", version=run.data_version), style="dim"))
    return Group(*parts)


def board_view(run: ScoreRun, *, width: int) -> RenderableType:
    """Return the head of the page alone: how many ended how, and the leaderboard."""
    lines = [Text(line) for line in _headline(run)]
    return Group(*banner(simulated=run.simulated), *lines, Text(), _board(run, width=width))


def _with_space(table: RenderableType | None) -> list[RenderableType]:
    return [] if table is None else [Text(), table]


def _headline(run: ScoreRun) -> Iterator[str]:
    counts = verdict_counts(run.judged)
    total = run.board.total
    yield say(
        "{n} calls: {mature} mature, {pending} pending, {unjudged} cannot be judged.",
        n=_count(total.n_calls),
        mature=_count(total.at_end.n),
        pending=_count(counts[CallState.PENDING]),
        unjudged=_count(counts[CallState.UNJUDGED]),
    )
    score = total.at_end
    if score.rate is None or total.low is None or total.high is None:
        yield say("No call is mature: the hit rate is empty, and nobody can be ranked.")
        due = first_due(run.judged)
        if due is not None:
            yield say("The first one falls due on {day} ({call}).", day=due[0], call=due[1])
    elif score.base_rate is not None:
        yield say(
            "The ratings were met in {rate:.1f} % of {n:,} matured calls [{low:.1f} to "
            "{high:.1f}], against a base rate of {base:.1f} %.",
            rate=100 * score.rate,
            n=score.n,
            low=100 * total.low,
            high=100 * total.high,
            base=100 * score.base_rate,
        )


def _board(run: ScoreRun, *, width: int) -> RenderableType:
    by = [str(item) for item in run.board.by]
    room = width - _KEY * (len(by) - 1)
    names = [name for least, name in _NUMBERS if room >= least]
    columns = heads(SCORES, "rank", *by)
    columns += [_head(name) for name in names]
    total, *groups = score_rows(run)
    shown = [row for row in groups if row["matured"]][:_SHOWN_AT_MOST]
    rows = [
        [_text(row["rank"]), *(_text(row[name]) for name in by), *_cells(row, names)]
        for row in shown
    ]
    key = (say("all"), *[""] * (len(by) - 1))
    rows.append(["", *key, *_cells(total, names)])
    return plain_table(columns, rows)


def _cells(row: Row, names: Sequence[str]) -> list[str]:
    return [_cell(row, name) for name in names]


def _cell(row: Row, name: str) -> str:
    if name == _INTERVAL:
        low, high = row["hit_low"], row["hit_high"]
        return UNDEFINED if low is None else f"{_tenth(low)}–{_tenth(high)}"
    if SCORES[name].dtype is Dtype.WHOLE:
        return f"{row[name]:,}"
    if name == "p_adjusted":
        return _small(row[name])
    return _tenth(row[name], signed=name.endswith("_active"))


def _calls(run: ScoreRun) -> RenderableType:
    names = ("call", "published", "broker", "rating", "due", "active_return", "status")
    rows = [_call(row) for row in call_rows(run)]
    return plain_table(heads(CALLS, *names), rows)


def _call(row: Row) -> list[str]:
    subject = row["listing"] or row["industry"]
    return [
        str(row["call"] if row["listing"] is None else row["source"]),
        estimated_text(str(row["published"])) if row["estimated"] else str(row["published"]),
        str(row["broker"]),
        _text(" ".join(str(part) for part in (row["rating"], subject) if part)),
        _text(row["due"]),
        _tenth(row["active_return"], signed=True),
        local.word(str(row["status"])),
    ]


def _reasons(run: ScoreRun) -> Iterator[Text]:
    """Tell why calls cannot be judged."""
    for item in unjudged(run.judged):
        n = len(item.calls)
        who = ", ".join(item.calls) if n <= _IN_ONE_LINE else f"{n:,}"
        line = say("{calls}: {why}", calls=who, why=told(item.reason))
        if item.n_alike:
            line = say("{line} (and more like it: {n:,})", line=line, n=item.n_alike)
        yield Text(line)


def _proxies(run: ScoreRun) -> Iterator[Text]:
    """Tell what the names that industry calls recommend came to."""
    judged = run.judged
    for row in np.flatnonzero(judged.proxy_names > 0).tolist()[:_FEW]:
        line = say(
            "{call}: proxy, never counted: {n} of {all} recommended names, equal weights, "
            "{active:+.1f} % against their benchmarks, {status}",
            call=judged.calls.id[row],
            n=judged.proxy_names[row],
            all=len(judged.calls.members[row]),
            active=100 * judged.proxy_active[row],
            status=local.word(str(judged.proxy_verdict[row])),
        )
        yield Text(line)


def _places(run: ScoreRun) -> RenderableType | None:
    rows = [
        [bucket.label, f"{share.n:,}", _tenth(share.rate), _tenth(share.base_rate)]
        for bucket, score in run.crowding
        if (share := score.at_end).n
    ]
    return plain_table(heads(CROWDING, *CROWDING.names), rows) if rows else None


def _years(run: ScoreRun) -> RenderableType | None:
    known = [item for item in run.persistence if item.correlation is not None]
    rows = [
        [
            f"{item.year}-{item.year + 1}" if item.year else say("all pairs"),
            str(item.n_groups),
            number(item.correlation, signed=True),
            _small(item.p),
        ]
        for item in known
    ]
    text, *numbers = heads(PERSISTENCE, *PERSISTENCE.names)
    return plain_table([text.header, *numbers], rows) if rows else None


def _notes(run: ScoreRun) -> Iterator[str]:
    board = run.board
    if board.total.at_end.n:
        yield say(
            "{fit} of {n} groups have {least} matured calls or more: {trials} trials; q is the "
            "false discovery rate.",
            fit=board.n_fit,
            n=len(board.scores),
            least=board.min_calls,
            trials=board.trials,
        )
        yield say(
            "No rank is shown for fewer calls, or where an interval overlaps those of all others."
        )
        if board.n_fit > 1 and board.precision is None:
            yield say("Groups differ no more than chance lets them: no one is told apart.")
        yield _persistence(run.persistence)
    yield say(
        "Met: at least the promised active return at the horizon's end, from the close of the "
        "note's own date; tradable: from the open at which a reader could buy."
    )
    yield say(
        "Returns are in the direction of the rating, dividends included; base rate: all listings "
        "that traded that day, same sessions, same rule."
    )


def _persistence(found: Sequence[Persistence]) -> str:
    together = found[-1] if found else None
    if together is None or together.correlation is None or together.p is None:
        return say("Does one year's rank tell of the next one's? Not enough calls to say.")
    return say(
        "Does one year's rank tell of the next one's? Rank correlation {r:+.2f} over {n} groups "
        "(p {p:.2g}).",
        r=together.correlation,
        n=together.n_groups,
        p=together.p,
    )


def _head(name: str) -> Column:
    if name == _INTERVAL:
        return Column(header=say("interval"), numeric=True)
    return heads(SCORES, name)[0]


def _count(n: int) -> str:
    return f"{n:,}"


def _text(value: object) -> str:
    return UNDEFINED if value is None or value == "" else str(value)


def _small(value: object) -> str:
    """Write a p-value; below a thousandth it says only that."""
    p = value if isinstance(value, float) else None
    return "<0.001" if p is not None and p < _LEAST_P else number(p, digits=3)


def _tenth(value: object, *, signed: bool = False) -> str:
    fraction = value if isinstance(value, float) else None
    return number(None if fraction is None else fraction * 100, digits=1, signed=signed)
