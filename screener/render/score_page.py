"""A score as its page shows it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

import numpy as np
from rich.console import RenderableType

from screener.data.lake.schema import SIMULATED
from screener.render.score import (
    CallLine,
    PlaceLine,
    ScoreLine,
    ScoreView,
    YearLine,
    score_view,
)
from screener.render.score_words import Language
from screener.scoring.horizons import add_months
from screener.scoring.judging import Verdict
from screener.scoring.leaderboard import Score
from screener.workflows.score.run import ScoreRun, verdict_counts

__all__ = ["score_page"]

_FEW = 30
_IN_ONE_LINE = 6
_PARTICULAR = re.compile(r"\d{4}-\d\d-\d\d|[0-9A-Z]+\.(?:SH|SZ|BJ|HK|CSI|SI|WI)")
_RULES = (
    "Met: at least the promised active return at the horizon's end, from the close of the note's "
    "own date; tradable: from the open at which a reader could buy.",
    "Returns are in the direction of the rating, dividends included; chance: all listings that "
    "traded that day, same sessions, same rule.",
)


def score_page(run: ScoreRun, language: Language, *, width: int) -> RenderableType:
    """Return the page of a score."""
    matured = run.board.total.at_end.n
    return score_view(
        ScoreView(
            banner=f" {SIMULATED}: invented prices " if run.simulated else "",
            headline=tuple(_headline(run)),
            by=tuple(str(item) for item in run.board.by),
            total=_line(run.board.total) if matured else None,
            lines=tuple(_line(item) for item in run.board.scores if item.at_end.n),
            calls=tuple(_calls(run)) if len(run.judged.calls) <= _FEW else (),
            reasons=tuple(_reasons(run)),
            places=tuple(_places(run)) if matured else (),
            years=_years(run),
            notes=tuple(_notes(run)),
            footer=f"data version {run.data_version}",
        ),
        language,
        width=width,
    )


def _headline(run: ScoreRun) -> Iterator[str]:
    counts = verdict_counts(run.judged)
    total = run.board.total
    yield (
        f"{total.n_calls:,} calls: {total.at_end.n:,} mature, {counts[Verdict.PENDING]:,} pending, "
        f"{counts[Verdict.UNJUDGED]:,} cannot be judged."
    )
    score = total.at_end
    if score.rate is None or total.low is None or total.high is None:
        yield "No call is mature: the hit rate is empty, and nobody can be ranked."
        due = _first_due(run)
        if due is not None:
            yield f"The first one falls due on {due[0]} ({due[1]})."
    elif score.base_rate is not None:
        yield (
            f"The ratings were met in {100 * score.rate:.1f} % of {score.n:,} matured calls "
            f"[{100 * total.low:.1f} to {100 * total.high:.1f}], "
            f"where chance alone gives {100 * score.base_rate:.1f} %."
        )


def _first_due(run: ScoreRun) -> tuple[date, str] | None:
    judged = run.judged
    rows = np.flatnonzero(judged.outcomes.verdict == Verdict.PENDING)
    if not len(rows):
        return None
    due = add_months(judged.calls.published[rows], judged.months[rows])
    first = int(np.argmin(due))
    day: date = due[first].item()
    return day, str(judged.calls.id[rows[first]])


def _calls(run: ScoreRun) -> Iterator[CallLine]:
    judged = run.judged
    calls, found = judged.calls, judged.outcomes
    due = add_months(calls.published, judged.months)
    for row in range(len(calls)):
        active = float(found.active_return[row])
        listing = calls.listing[row]
        yield CallLine(
            call=str(calls.id[row]) if listing is None else str(calls.source[row]),
            published=calls.published[row].item(),
            estimated=bool(calls.estimated[row]),
            broker=str(calls.broker[row]),
            rating=str(calls.rating[row]),
            subject=str(listing) if listing is not None else str(calls.industry[row]),
            due=due[row].item() if judged.contract[row] >= 0 else None,
            active=active if np.isfinite(active) else None,
            status=str(found.verdict[row]),
        )


def _reasons(run: ScoreRun) -> Iterator[tuple[str, str, int]]:
    """Yield why calls cannot be judged, the most frequent reason first, then their proxies.

    Reasons that differ only by listing or day are told together, by the most frequent of them.
    """
    judged = run.judged
    who: dict[str, list[str]] = {}
    for row in np.flatnonzero(judged.outcomes.why != "").tolist():
        who.setdefault(judged.outcomes.why[row], []).append(str(judged.calls.id[row]))
    alike: dict[str, list[str]] = {}
    for reason in sorted(who, key=lambda text: (-len(who[text]), text)):
        alike.setdefault(_PARTICULAR.sub("", reason), []).append(reason)
    groups = [([item for text in some for item in who[text]], some) for some in alike.values()]
    for ids, some in sorted(groups, key=lambda group: (-len(group[0]), group[1][0])):
        told = ", ".join(ids) if len(ids) <= _IN_ONE_LINE else f"{len(ids):,}"
        yield some[0], told, len(some) - 1
    for row in np.flatnonzero(judged.proxy_names > 0).tolist()[:_FEW]:
        yield (
            f"proxy, never counted: {judged.proxy_names[row]} of {len(judged.calls.members[row])} "
            f"recommended names, equal weights, {100 * judged.proxy_active[row]:+.1f} % against "
            f"their benchmarks, {judged.proxy_verdict[row]}",
            str(judged.calls.id[row]),
            0,
        )


def _places(run: ScoreRun) -> Iterator[PlaceLine]:
    for bucket, score in run.crowding:
        if score.at_end.n:
            yield PlaceLine(
                place=bucket.label,
                n=score.at_end.n,
                hit=score.at_end.rate,
                base=score.at_end.base_rate,
            )


def _years(run: ScoreRun) -> tuple[YearLine, ...]:
    return tuple(
        YearLine(
            years=f"{item.year}-{item.year + 1}" if item.year else "",
            n_groups=item.n_groups,
            correlation=item.correlation,
            p=item.p,
        )
        for item in run.persistence
        if item.correlation is not None
    )


def _notes(run: ScoreRun) -> Iterator[str]:
    board = run.board
    if board.total.at_end.n:
        fit = sum(item.at_end.n >= max(board.min_calls, 1) for item in board.scores)
        yield (
            f"{fit} of {len(board.scores)} groups have {board.min_calls} matured calls or more: "
            f"{board.trials} trials; q is the false discovery rate."
        )
        yield "No rank is shown for fewer calls, or where an interval overlaps those of all others."
        if fit > 1 and board.precision is None:
            yield "Groups differ no more than chance lets them: no one is told apart."
        yield _persistence(run)
    yield from _RULES


def _persistence(run: ScoreRun) -> str:
    together = run.persistence[-1] if run.persistence else None
    question = "Does one year's rank tell of the next one's?"
    if together is None or together.correlation is None or together.p is None:
        return f"{question} Not enough calls to say."
    return (
        f"{question} Rank correlation {together.correlation:+.2f} over {together.n_groups} groups "
        f"(p {together.p:.2g})."
    )


def _line(score: Score) -> ScoreLine:
    return ScoreLine(
        key=score.key,
        rank=score.rank,
        n_calls=score.n_calls,
        n_matured=score.at_end.n,
        hit=score.at_end.rate,
        low=score.low,
        high=score.high,
        base=score.at_end.base_rate,
        shrunk=score.shrunk,
        mean=score.mean_active,
        median=score.median_active,
        worst=score.worst_active,
        tradable=score.tradable.rate,
        tradable_base=score.tradable.base_rate,
        any_time=score.any_time.rate,
        any_time_base=score.any_time.base_rate,
        first=score.first.rate,
        repeated=score.repeated.rate,
        q=score.p_adjusted,
    )
