"""Who meets their own definitions: calls by broker, analyst, theme or rating, beside base rates.

A call with several analysts or themes counts under each, so that groups may add up to more than
there are calls. Returns are taken in the direction of the rating: what a "sell" lost to its
benchmark counts as a gain; ratings that promise to stay with the benchmark have none.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import product

import numpy as np
import numpy.typing as npt

from screener.domain.arrays import FloatArray, IntArray, Places
from screener.scoring.calls import CallTable
from screener.scoring.intervals import design_effect, p_value, spans_enough
from screener.scoring.judging import CallState, Outcomes
from screener.scoring.shrinkage import shrink
from screener.study.statistics.intervals import LEVEL, wilson
from screener.study.statistics.multiple_testing import benjamini_hochberg

__all__ = [
    "Grouping",
    "Leaderboard",
    "Memberships",
    "Score",
    "Share",
    "leaderboard",
    "memberships",
    "score_of",
]


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
class Share:
    """Matured calls of one kind: how many, and which share was met; `None` without any."""

    n: int
    rate: float | None
    base_rate: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """One group; rates and returns are fractions, `None` where undefined.

    Parameters
    ----------
    key
        Its texts, one for each grouping; empty for all calls together.
    n_calls, n_pending, n_unjudged
        Calls, and those that are pending or cannot be judged.
    at_end, any_time, in_band, tradable
        Matured calls: by the headline rule at the horizon's end, at any session of the horizon,
        within the band itself, and from the reader's open.
    first, repeated
        Of those by the headline rule: first mentions, and what the broker had said before.
    n_met
        Matured calls that were met.
    n_effective
        How many independent calls the matured ones are worth.
    low, high
        Interval of the hit rate.
    mean_active, median_active, worst_active, mean_tradable
        Active returns of matured calls, in the rating's direction.
    base_active
        Mean active return of all listings over the same sessions, in the same direction.
    p, p_adjusted
        Of a hit rate as good as the base rate; adjusted for all groups that were asked about.
        `None` where the calls reach over less than twice their horizon.
    shrunk
        Hit rate after shrinkage.
    rank
        By shrunk rate above base rate; `None` for too few calls, or an interval that overlaps
        those of all others.
    """

    key: tuple[str, ...]
    n_calls: int
    n_pending: int
    n_unjudged: int
    at_end: Share
    any_time: Share
    in_band: Share
    tradable: Share
    first: Share
    repeated: Share
    n_met: int
    n_effective: float | None
    low: float | None
    high: float | None
    mean_active: float | None
    median_active: float | None
    worst_active: float | None
    mean_tradable: float | None
    base_active: float | None
    p: float | None
    p_adjusted: float | None = None
    shrunk: float | None = None
    rank: int | None = None

    @property
    def edge(self) -> float | None:
        """Hit rate less base rate."""
        return _difference(self.at_end.rate, self.at_end.base_rate)


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaderboard:
    """All groups, ranked ones first.

    Parameters
    ----------
    by
        The groupings.
    total
        All calls together.
    scores
        The groups: by rank, then by matured calls, then by key.
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
    columns = [_texts(calls, item) for item in by]
    pairs: dict[tuple[str, ...], list[int]] = {}
    for row, parts in enumerate(zip(*columns, strict=True)):
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
    calls: CallTable,
    outcomes: Outcomes,
    directions: npt.NDArray[np.int8],
    months: IntArray,
    *,
    by: Sequence[Grouping],
    min_calls: int,
) -> Leaderboard:
    """Score the groups of some calls.

    Parameters
    ----------
    calls, outcomes
        `(n,)` calls and how they ended.
    directions
        `(n,)` of `bands.Direction`; 0 where there is no contract.
    months
        `(n,)` horizon in months.
    by
        Groupings; several make groups of every combination that occurs.
    min_calls
        Matured calls that a rank and a trial need.
    """
    view = _View(calls, outcomes, directions, months)
    members = memberships(calls, by)
    bounds = np.searchsorted(members.group, np.arange(len(members.keys) + 1))
    scores = [
        view.score(key, members.call[low:high])
        for key, low, high in zip(members.keys, bounds[:-1], bounds[1:], strict=True)
    ]
    total = view.score((), np.arange(len(calls), dtype=np.int64))
    ranked, precision, trials = _ranked(scores, min_calls)
    return Leaderboard(
        by=tuple(by),
        total=total,
        scores=tuple(sorted(ranked, key=_order)),
        min_calls=min_calls,
        trials=trials,
        precision=None if np.isinf(precision) else precision,
    )


def score_of(
    calls: CallTable,
    outcomes: Outcomes,
    directions: npt.NDArray[np.int8],
    months: IntArray,
    rows: Places,
) -> Score:
    """Score some of the calls as one group without a key; see `leaderboard`."""
    return _View(calls, outcomes, directions, months).score((), rows.astype(np.int64))


class _View:
    """Columns that every group is cut from."""

    def __init__(
        self,
        calls: CallTable,
        outcomes: Outcomes,
        directions: npt.NDArray[np.int8],
        months: IntArray,
    ) -> None:
        self.outcomes, self.months = outcomes, months
        self.matured, self.met = outcomes.matured, outcomes.met.astype(np.float64)
        self.pending = outcomes.verdict == CallState.PENDING
        self.repeated = calls.repeated
        sign = np.where(directions == 0, np.nan, directions.astype(np.float64))
        self.active = outcomes.active_return * sign
        self.bought = outcomes.tradable_return * sign
        self.subject = _codes(calls)
        self.month = calls.published.astype("datetime64[M]").astype(np.int64)

    def score(self, key: tuple[str, ...], rows: IntArray) -> Score:
        """Score some calls."""
        found, rates = self.outcomes, self.outcomes.rates
        done = rows[self.matured[rows]]
        hits, base = self.met[done], rates.at_end[done]
        known = np.isfinite(base)
        effect = self._effect(done, hits, base)
        n = len(done) / effect
        low, high = wilson(float(hits.mean()) * n, n) if len(done) else (np.nan, np.nan)
        p = self._p(done[known], hits[known], base[known], effect)
        again = self.repeated[done]
        return Score(
            key=key,
            n_calls=len(rows),
            n_pending=int(self.pending[rows].sum()),
            n_unjudged=len(rows) - len(done) - int(self.pending[rows].sum()),
            at_end=_share(hits, base),
            any_time=_share(found.any_time[done], rates.any_time[done]),
            in_band=_share(found.in_band[done], np.full(len(done), np.nan)),
            tradable=_share(found.tradable_met[done], rates.tradable[done]),
            first=_share(hits[~again], base[~again]),
            repeated=_share(hits[again], base[again]),
            n_met=int(hits.sum()),
            n_effective=n if len(done) else None,
            low=_or_none(low),
            high=_or_none(high),
            mean_active=_reduced(np.mean, self.active[done]),
            median_active=_reduced(np.median, self.active[done]),
            worst_active=_reduced(np.min, self.active[done]),
            mean_tradable=_reduced(np.mean, self.bought[done]),
            base_active=_reduced(np.mean, rates.mean_active[done]),
            p=_or_none(p),
        )

    def _effect(self, done: IntArray, hits: FloatArray, base: FloatArray) -> float:
        if not len(done):
            return 1.0
        excess = hits - np.where(np.isfinite(base), base, hits.mean())
        return design_effect(excess, self.month[done], self.subject[done], lags=self._lags(done))

    def _p(self, done: IntArray, hits: FloatArray, base: FloatArray, effect: float) -> float:
        if not len(done) or not spans_enough(self.month[done], self._lags(done)):
            return np.nan
        return p_value(hits, base, effect)

    def _lags(self, done: IntArray) -> int:
        return int(self.months[done].max())


def _ranked(scores: list[Score], min_calls: int) -> tuple[list[Score], float, int]:
    """Add shrunk rates, adjusted p and ranks."""
    fit = [at for at, item in enumerate(scores) if item.at_end.n >= max(min_calls, 1)]
    trials = np.full(len(scores), np.nan)
    trials[fit] = [_nan(scores[at].p) for at in fit]
    adjusted = benjamini_hochberg([_or_none(p) for p in trials])
    worth = np.array([item.n_effective or 0.0 for item in scores])
    rates = np.array([_nan(item.at_end.rate) for item in scores])
    base = np.array([_nan(item.at_end.base_rate) for item in scores])
    shrunk = shrink(np.nan_to_num(rates) * worth, worth, base)
    ranks = _ranks(scores, [at for at in fit if np.isfinite(base[at])], shrunk.rates - base)
    found = [
        replace(
            item,
            p=_or_none(trials[at]),
            p_adjusted=adjusted[at],
            shrunk=_or_none(shrunk.rates[at]),
            rank=ranks.get(at),
        )
        for at, item in enumerate(scores)
    ]
    return found, shrunk.precision, int(np.isfinite(trials).sum())


def _ranks(scores: list[Score], fit: list[int], lead: FloatArray) -> dict[int, int]:
    """Rank groups by their lead, and keep the ranks that mean something.

    A group whose interval overlaps those of all others could stand anywhere: it gets no rank. So
    that the extremes of many groups do not come apart by luck, the intervals compared hold for all
    of them together (Bonferroni).
    """
    order = sorted(fit, key=lambda at: (-round(float(lead[at]), 12), scores[at].key))
    level = 1 - (1 - LEVEL) / max(len(fit), 1)
    spans = {at: _lead_interval(scores[at], level) for at in fit}
    apart = {
        at
        for at in fit
        if any(
            spans[at][0] > spans[other][1] or spans[at][1] < spans[other][0]
            for other in fit
            if other != at
        )
    }
    return {at: place for place, at in enumerate(order, start=1) if at in apart}


def _lead_interval(score: Score, level: float) -> tuple[float, float]:
    base, n = _nan(score.at_end.base_rate), score.n_effective or 0.0
    low, high = wilson(_nan(score.at_end.rate) * n, n, level=level)
    return low - base, high - base


def _order(score: Score) -> tuple[int, int, int, tuple[str, ...]]:
    return (score.rank or 10**9, -score.at_end.n, -score.n_calls, score.key)


def _texts(calls: CallTable, by: Grouping) -> list[tuple[str, ...]]:
    if by is Grouping.BROKER:
        return [(text,) for text in calls.broker.tolist()]
    if by is Grouping.RATING:
        return [(text,) for text in calls.rating.tolist()]
    column = calls.analysts if by is Grouping.ANALYST else calls.themes
    return [tuple(texts) or ("",) for texts in column.tolist()]


def _codes(calls: CallTable) -> IntArray:
    """Return a number for the security of each call; a call on none has one of its own."""
    known: dict[object, int] = {}
    keys = (item if item is not None else at for at, item in enumerate(calls.listing.tolist()))
    return np.array([known.setdefault(key, len(known)) for key in keys], dtype=np.int64)


def _share(hits: FloatArray, base: FloatArray) -> Share:
    known = np.isfinite(hits)
    return Share(
        n=int(known.sum()),
        rate=_reduced(np.mean, hits),
        base_rate=_reduced(np.mean, base[known]),
    )


def _reduced(how: Callable[[FloatArray], float], values: FloatArray) -> float | None:
    known = values[np.isfinite(values)]
    return float(how(known)) if len(known) else None


def _or_none(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _nan(value: float | None) -> float:
    return np.nan if value is None else value


def _difference(one: float | None, other: float | None) -> float | None:
    return None if one is None or other is None else one - other
