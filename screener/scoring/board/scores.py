"""What calls of one group come to: how many were met, beside base rates, and what they returned."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from screener.domain.arrays import FlagArray, FloatArray, IntArray, Places
from screener.scoring.board.intervals import design_effect, p_value, spans_enough
from screener.scoring.calls import CallTable
from screener.scoring.changes import CHANGES
from screener.scoring.judging.outcomes import CallState, Outcomes
from screener.scoring.judging.targets import Targets, TargetScore, target_score
from screener.study.statistics.intervals import wilson

__all__ = ["CallColumns", "Score", "Share", "nan_of", "or_none", "score_of"]


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
    changes
        Of those by the headline rule: by what the call changed, of `changes.CHANGES`.
    ranked
        Of those by the headline rule: a vendor's word, mapped by its rank onto words of the house.
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
    industry_base, n_industry
        Base rate among stocks of the same industry, and the matured calls for which it is known.
    targets
        What became of the target prices.
    p, p_adjusted
        Of a hit rate as good as the base rate; adjusted for all groups that were asked about.
        `None` where the calls reach over less than twice their horizon.
    shrunk
        Hit rate after shrinkage.
    reliably
        `better` or `worse` where the adjusted p is at most 5 %: than the base rate; else empty.
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
    changes: Mapping[str, Share]
    ranked: Share
    n_met: int
    n_effective: float | None
    low: float | None
    high: float | None
    mean_active: float | None
    median_active: float | None
    worst_active: float | None
    mean_tradable: float | None
    base_active: float | None
    industry_base: float | None
    n_industry: int
    targets: TargetScore
    p: float | None
    p_adjusted: float | None = None
    shrunk: float | None = None
    reliably: str = ""
    rank: int | None = None

    @property
    def edge(self) -> float | None:
        """Hit rate less base rate."""
        return _difference(self.at_end.rate, self.at_end.base_rate)


class CallColumns:
    """Columns that every group of calls is cut from.

    Parameters
    ----------
    calls, outcomes
        `(n,)` calls and how they ended.
    directions
        `(n,)` of `bands.Direction`; 0 where there is no contract.
    months
        `(n,)` horizon in months.
    ranked
        `(n,)` whether a vendor's word was mapped by its rank; none by default.
    targets
        What became of their target prices; none by default.
    """

    def __init__(
        self,
        calls: CallTable,
        outcomes: Outcomes,
        directions: npt.NDArray[np.int8],
        months: IntArray,
        *,
        ranked: FlagArray | None = None,
        targets: Targets | None = None,
    ) -> None:
        self.ranked = np.zeros(len(calls), dtype=np.bool_) if ranked is None else ranked
        self.targets = Targets.empty(len(calls)) if targets is None else targets
        self.change = calls.change
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
            changes={
                name: _share(hits[changed], base[changed])
                for name in CHANGES
                for changed in [self.change[done] == name]
            },
            ranked=_share(hits[self.ranked[done]], base[self.ranked[done]]),
            n_met=int(hits.sum()),
            n_effective=n if len(done) else None,
            low=or_none(low),
            high=or_none(high),
            mean_active=_reduced(np.mean, self.active[done]),
            median_active=_reduced(np.median, self.active[done]),
            worst_active=_reduced(np.min, self.active[done]),
            mean_tradable=_reduced(np.mean, self.bought[done]),
            base_active=_reduced(np.mean, rates.mean_active[done]),
            industry_base=_reduced(np.mean, rates.industry[done]),
            n_industry=int(np.isfinite(rates.industry[done]).sum()),
            targets=target_score(self.targets, rows),
            p=or_none(p),
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


def score_of(columns: CallColumns, rows: Places) -> Score:
    """Score some of the calls as one group without a key."""
    return columns.score((), rows.astype(np.int64))


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


def or_none(value: float) -> float | None:
    """Return a number, `None` for what is none."""
    return float(value) if np.isfinite(value) else None


def nan_of(value: float | None) -> float:
    """Return a number, NaN for `None`."""
    return np.nan if value is None else value


def _difference(one: float | None, other: float | None) -> float | None:
    return None if one is None or other is None else one - other
