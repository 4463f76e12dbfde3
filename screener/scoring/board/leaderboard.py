"""Who meets their own definitions: calls by broker, analyst, theme or rating, beside base rates.

A call with several analysts or themes counts under each, so that groups may add up to more than
there are calls. Returns are taken in the direction of the rating: what a "sell" lost to its
benchmark counts as a gain; ratings that promise to stay with the benchmark have none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import product

import numpy as np

from screener.domain.arrays import FloatArray, IntArray
from screener.scoring.board.scores import CallColumns, Score, nan_of, or_none
from screener.scoring.board.shrinkage import shrink
from screener.scoring.calls import CallTable
from screener.study.statistics.intervals import LEVEL, wilson
from screener.study.statistics.multiple_testing import benjamini_hochberg

__all__ = ["Grouping", "Leaderboard", "Memberships", "leaderboard", "memberships"]


_FALSE = 0.05
"""False discovery rate at which a group is called reliably better or worse."""


class Grouping(StrEnum):
    """By what calls are put together."""

    BROKER = "broker"
    ANALYST = "analyst"
    THEME = "theme"
    RATING = "rating"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Memberships:
    """Which calls belong to which group.

    Parameters
    ----------
    keys
        Groups in order of their keys, one text for each grouping; empty where a call has none.
    call, group
        `(n_pairs,)` place of a call and of a group.
    """

    keys: tuple[tuple[str, ...], ...]
    call: IntArray
    group: IntArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaderboard:
    """All groups, those with calls enough for a rank first.

    Parameters
    ----------
    by
        The groupings.
    total
        All calls together.
    scores
        The groups: those with calls enough by how far they are above their base rate, of which some
        are told apart and have a rank; then the others by matured calls, then by key.
    min_calls
        Matured calls that a rank and a trial need.
    trials
        How many groups were tested.
    precision
        How many calls the prior counts for; `None` where groups differ no more than by chance.
    """

    by: tuple[Grouping, ...]
    total: Score
    scores: tuple[Score, ...]
    min_calls: int
    trials: int
    precision: float | None

    @property
    def n_fit(self) -> int:
        """Groups with as many matured calls as a rank and a trial need."""
        return sum(item.at_end.n >= max(self.min_calls, 1) for item in self.scores)


def memberships(calls: CallTable, by: Sequence[Grouping]) -> Memberships:
    """Return which calls belong to which group."""
    texts = [_texts(calls, item) for item in by]
    pairs: dict[tuple[str, ...], list[int]] = {}
    for row, parts in enumerate(zip(*texts, strict=True)):
        for key in dict.fromkeys(product(*parts)):
            pairs.setdefault(key, []).append(row)
    keys = tuple(sorted(pairs))
    sizes = [len(pairs[key]) for key in keys]
    return Memberships(
        keys=keys,
        call=np.array([row for key in keys for row in pairs[key]], dtype=np.int64),
        group=np.repeat(np.arange(len(keys), dtype=np.int64), sizes),
    )


def leaderboard(
    calls: CallTable, columns: CallColumns, *, by: Sequence[Grouping], min_calls: int
) -> Leaderboard:
    """Score the groups of some calls.

    Parameters
    ----------
    calls, columns
        `(n,)` calls, and the columns that they are scored by.
    by
        Groupings; several make groups of every combination that occurs.
    min_calls
        Matured calls that a rank and a trial need.
    """
    members = memberships(calls, by)
    bounds = np.searchsorted(members.group, np.arange(len(members.keys) + 1))
    scores = [
        columns.score(key, members.call[low:high])
        for key, low, high in zip(members.keys, bounds[:-1], bounds[1:], strict=True)
    ]
    total = columns.score((), np.arange(len(calls), dtype=np.int64))
    ranked, places, precision, trials = _ranked(scores, min_calls)
    return Leaderboard(
        by=tuple(by),
        total=total,
        scores=tuple(score for _, score in sorted(zip(places, ranked, strict=True), key=_order)),
        min_calls=min_calls,
        trials=trials,
        precision=None if np.isinf(precision) else precision,
    )


def _ranked(scores: list[Score], min_calls: int) -> tuple[list[Score], list[int], float, int]:
    """Add shrunk rates, adjusted p and ranks; return places among those with calls enough, too."""
    fit = [at for at, item in enumerate(scores) if item.at_end.n >= max(min_calls, 1)]
    trials = np.full(len(scores), np.nan)
    trials[fit] = [nan_of(scores[at].p) for at in fit]
    adjusted = benjamini_hochberg([or_none(p) for p in trials])
    worth = np.array([item.n_effective or 0.0 for item in scores])
    rates = np.array([nan_of(item.at_end.rate) for item in scores])
    base = np.array([nan_of(item.at_end.base_rate) for item in scores])
    shrunk = shrink(np.nan_to_num(rates) * worth, worth, base)
    places = _places(scores, [at for at in fit if np.isfinite(base[at])], shrunk.rates - base)
    apart = _apart(scores, list(places))
    found = [
        replace(
            item,
            p=or_none(trials[at]),
            p_adjusted=adjusted[at],
            shrunk=or_none(shrunk.rates[at]),
            reliably=_reliably(item, adjusted[at]),
            rank=places[at] if at in apart else None,
        )
        for at, item in enumerate(scores)
    ]
    order = [places.get(at, len(scores) + 1) for at in range(len(scores))]
    return found, order, shrunk.precision, int(np.isfinite(trials).sum())


def _reliably(score: Score, p_adjusted: float | None) -> str:
    """Tell whether a group is better or worse than its base rate beyond chance and many trials."""
    if p_adjusted is None or p_adjusted > _FALSE or not score.edge:
        return ""
    return "better" if score.edge > 0 else "worse"


def _places(scores: list[Score], fit: list[int], lead: FloatArray) -> dict[int, int]:
    """Return the place of each group by its lead over the base rate, from 1."""
    order = sorted(fit, key=lambda at: (-round(float(lead[at]), 12), scores[at].key))
    return {at: place for place, at in enumerate(order, start=1)}


def _apart(scores: list[Score], fit: list[int]) -> set[int]:
    """Return the groups whose place means something: it is their rank.

    A group whose interval overlaps those of all others could stand anywhere: it gets no rank. So
    that the extremes of many groups do not come apart by luck, the intervals compared hold for all
    of them together (Bonferroni).
    """
    level = 1 - (1 - LEVEL) / max(len(fit), 1)
    spans = {at: _lead_interval(scores[at], level) for at in fit}
    return {
        at
        for at in fit
        if any(
            spans[at][0] > spans[other][1] or spans[at][1] < spans[other][0]
            for other in fit
            if other != at
        )
    }


def _lead_interval(score: Score, level: float) -> tuple[float, float]:
    base, n = nan_of(score.at_end.base_rate), score.n_effective or 0.0
    low, high = wilson(nan_of(score.at_end.rate) * n, n, level=level)
    return low - base, high - base


def _order(placed: tuple[int, Score]) -> tuple[int, int, int, tuple[str, ...]]:
    place, score = placed
    return (place, -score.at_end.n, -score.n_calls, score.key)


def _texts(calls: CallTable, by: Grouping) -> list[tuple[str, ...]]:
    if by is Grouping.BROKER:
        return [(text,) for text in calls.broker.tolist()]
    if by is Grouping.RATING:
        return [(text,) for text in calls.rating.tolist()]
    column = calls.analysts if by is Grouping.ANALYST else calls.themes
    return [tuple(texts) or ("",) for texts in column.tolist()]
