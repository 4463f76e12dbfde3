"""Fetched bars against the daily price limit: a spike is a bad tick, a lasting jump is a doubt.

A price beyond its limit cannot have been traded. Two things make one: the row is wrong, or the
reference is (a split or dividend that nobody recorded, a rule that did not hold that day). When
the next close can be reached from the close before, and not from the row, the row is wrong.
Otherwise the row stays, with a doubt that names the likely cause.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from screener.data.arriving_context import ArrivalContext, Bars
from screener.data.arriving_limits import Band, free_of_limit, rules_in_force
from screener.data.arriving_stored import raw_rows
from screener.data.factors import ex_reference
from screener.data.quality import BoolArray, FloatArray, IntArray
from screener.domain.listing import Board
from screener.market.calendars import SessionArray
from screener.market.limits import PriceGrid, price_grid
from screener.market.rules import LimitRule

__all__ = ["Jumps", "judge_jumps", "likely_cause"]

_COARSE = 0.002  # below any tick: what might be beyond a limit once that is rounded
_UNLIMITED_MOVE = 0.5
_UNLIMITED_BACK = 0.25

_SPLITS = (1.1, 1.2, 1.3, 1.4, 1.5, 1.6, 1.7, 1.8, 2.0, 2.5, 3.0, 4.0, 5.0)
# Where real moves are not limited, tenths would explain any of them.
_WHOLE_SPLITS = (1.5, 2.0, 3.0, 4.0, 5.0, 8.0, 10.0, 20.0, 50.0)
_SLIGHT = 0.03
_NEAR = 0.04  # an open this near the split price is explained by it
_TENFOLD = 0.25  # in powers of ten: what lies this near 10 or 100 is a unit

_UNEXPLAINED = "unexplained"

_Terms = Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Jumps:
    """Reasons by row: bad ticks, and jumps that are kept."""

    rejected: dict[int, str] = field(default_factory=dict)
    doubted: dict[int, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Course:
    """Closes by session: the fetched rows, and stored ones where none was fetched.

    Parameters
    ----------
    sessions
        `(n_sessions,)` from the one before the first fetched row to the one after the last.
    close
        `(n_sessions,)` NaN where there is no trade.
    first_known
        Its first session, if nothing older is known; `None` if the listing is older.
    """

    sessions: SessionArray
    close: FloatArray
    first_known: date | None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Rows:
    """Rows that can be judged: they traded, and so did the listing the session before.

    Parameters
    ----------
    place
        `(n,)` place among the fetched rows.
    at
        `(n,)` place in the course.
    reference
        `(n,)` close of the session before, corrected for an ex-date.
    rules
        Limit in force for each, `None` where the board has none.
    """

    place: IntArray
    at: IntArray
    reference: FloatArray
    rules: list[LimitRule | None]


def judge_jumps(bars: Bars, kept: BoolArray, context: ArrivalContext) -> Jumps:
    """Judge moves that the daily limit forbids, or that look like a split or a unit error.

    Parameters
    ----------
    bars
        Columns of the fetched rows, sorted by session.
    kept
        `(n_rows,)` of bool, rows that passed so far, at most one for each session.
    context
        What is known about the listing.

    Returns
    -------
    Jumps
        No verdict where the session before has no trade, or on the free sessions of a new
        listing (the first five known ones where the listing date is unknown). With special
        treatment unknown the widest limit holds. A rule that is not verified never rejects.
    """
    course = _course(bars, kept, context)
    if course is None or context.listing.board is Board.INDEX:
        return Jumps()
    terms = _terms(context.actions, context.listing.id)
    rows = _judged(bars, kept, course, terms, context)
    jumps = Jumps()
    closes = course.close.copy()
    grid = price_grid(context.listing, context.today)
    for index in _suspects(bars, rows):
        here = int(rows.at[index])
        if np.isnan(closes[here - 1]):  # it was a bad tick: nothing to judge by
            continue
        row = _Suspect.of(bars, rows, index, closes, course, terms, grid)
        call = row.call()
        if call is not None and call.wrong:
            jumps.rejected[int(rows.place[index])] = call.reason
            closes[here] = np.nan
        elif call is not None:
            jumps.doubted[int(rows.place[index])] = call.reason
    return jumps


@dataclass(frozen=True, slots=True, kw_only=True)
class _Call:
    """What is made of a suspect: whether it is certainly wrong, and why."""

    wrong: bool
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Suspect:
    """One row that may be beyond its limit.

    Parameters
    ----------
    open, high, low, close
        Its prices.
    reference
        Close of the session before, corrected for an ex-date.
    next_close
        Close of the next session, if there is one.
    back, onward
        References of the next session: if this row is wrong, and if it is right.
    rule
        Limit in force, if the board has one.
    grid
        How its prices come to the tick.
    """

    open: float
    high: float
    low: float
    close: float
    reference: float
    next_close: float | None
    back: float
    onward: float
    rule: LimitRule | None
    grid: PriceGrid

    @classmethod
    def of(
        cls,
        bars: Bars,
        rows: _Rows,
        index: int,
        closes: FloatArray,
        course: _Course,
        terms: Mapping[date, _Terms],
        grid: PriceGrid,
    ) -> _Suspect:
        place, after = int(rows.place[index]), int(rows.at[index]) + 1
        known = after < len(closes) and not np.isnan(closes[after])
        following = terms.get(course.sessions[after].item(), {}) if known else {}
        reference = float(rows.reference[index])
        return cls(
            open=float(bars.open[place]),
            high=float(bars.high[place]),
            low=float(bars.low[place]),
            close=float(bars.close[place]),
            reference=reference,
            next_close=float(closes[after]) if known else None,
            back=_ex(reference, following),
            onward=_ex(float(bars.close[place]), following),
            rule=rows.rules[index],
            grid=grid,
        )

    def call(self) -> _Call | None:
        """Return why the row is wrong or doubted; `None` if it is neither."""
        if self.rule is None:
            return self._without_limit()
        return self._with_limit(self.rule)

    def _with_limit(self, rule: LimitRule) -> _Call | None:
        band = Band.around(self.reference, rule.limit, self.grid)
        prices = {"close": self.close, "open": self.open, "high": self.high, "low": self.low}
        beyond = next((name for name, price in prices.items() if not band.holds(price)), None)
        if beyond is None:
            return None
        told = (
            f"{beyond} {prices[beyond]:g} is beyond the limit of ±{rule.limit:.0%} "
            f"around {self.reference:.6g}"
        )
        wrong = self._returns(rule) if beyond == "close" else self._too_wide(rule)
        if wrong and rule.verified:
            return _Call(wrong=True, reason=f"bad tick: {told}, {wrong}")
        move = abs(prices[beyond] / self.reference - 1)
        slight = move < rule.limit + _SLIGHT  # a split that small would not be beyond a limit
        likely = _UNEXPLAINED if slight else likely_cause(self.reference, self.open, self.close)
        return _Call(wrong=False, reason=f"{told}: {wrong or likely}")

    def _returns(self, rule: LimitRule) -> str:
        """Say that the next close is where this one should have been, if it is."""
        if self.next_close is None:
            return ""
        # Without this row the next close is two sessions from the one before.
        low, high = (1 - rule.limit) ** 2 * self.back, (1 + rule.limit) ** 2 * self.back
        back = low - 2 * self.grid.tick <= self.next_close <= high + 2 * self.grid.tick
        reachable = Band.around(self.onward, rule.limit, self.grid).holds(self.next_close)
        return (
            f"and the next close is back at {self.next_close:g}" if back and not reachable else ""
        )

    def _too_wide(self, rule: LimitRule) -> str:
        """Say that no reference allows both the high and the low, if so; the close is in place."""
        room = 2 * self.grid.tick
        most = (self.low + room) / (1 - rule.limit) * (1 + rule.limit) + room
        if self.high <= most:
            return ""
        return f"and no reference allows a high of {self.high:g} with a low of {self.low:g}"

    def _without_limit(self) -> _Call | None:
        move = self.close / self.reference - 1
        if abs(move) <= _UNLIMITED_MOVE:
            return None
        after = self.next_close
        if after is not None and abs(after / self.back - 1) <= _UNLIMITED_BACK:
            cause = f"the next close is back at {after:g}"
        else:
            cause = likely_cause(self.reference, self.open, self.close, splits=_WHOLE_SPLITS)
        if cause == _UNEXPLAINED:
            return None
        told = f"close {self.close:g} moved {move:+.0%} from {self.reference:.6g}"
        return _Call(wrong=False, reason=f"{told}: {cause}")


def likely_cause(
    previous: float, opened: float, closed: float, *, splits: Sequence[float] = _SPLITS
) -> str:
    """Name what probably made a lasting jump.

    Parameters
    ----------
    previous
        Close of the session before, corrected for the actions that are known.
    opened, closed
        Prices of the session.
    splits
        Ratios that a split may have.

    Returns
    -------
    str
        `unit error, 100×`, `missed split 1.4×`, `missed reverse split 5×` or `unexplained`.
    """
    power = float(np.log10(closed / previous))
    if abs(power) > 1 - _TENFOLD and abs(power - round(power)) < _TENFOLD:
        return f"unit error, {10 ** abs(round(power))}×"
    fall = previous / opened
    candidates = [*splits, *(1 / split for split in splits)]
    best = min(candidates, key=lambda split: abs(fall / split - 1))
    if abs(fall / best - 1) > _NEAR:
        return _UNEXPLAINED
    return f"missed split {best:g}×" if best > 1 else f"missed reverse split {1 / best:g}×"


def _course(bars: Bars, kept: BoolArray, context: ArrivalContext) -> _Course | None:
    sessions = context.calendar.sessions
    place = np.searchsorted(sessions, bars.days[kept])
    place = place[place < len(sessions)]
    if not len(place):
        return None
    first, last = max(int(place[0]) - 1, 0), int(place[-1]) + 2
    span = sessions[first:last]
    close = np.full(len(span), np.nan)
    stored = Bars.of(raw_rows(context.stored))
    for known, chosen in ((stored, np.isfinite(stored.close)), (bars, kept)):
        inside = chosen & np.isin(known.days, span)
        at = np.searchsorted(span, known.days[inside])
        quiet = known.untraded(context.suspended)[inside]
        close[at] = np.where(quiet, np.nan, known.close[inside])
    older = bool((stored.days < sessions[place[0]]).any())
    first_known = None if older else sessions[place[0]].item()
    return _Course(sessions=span, close=close, first_known=first_known)


def _judged(
    bars: Bars,
    kept: BoolArray,
    course: _Course,
    terms: Mapping[date, _Terms],
    context: ArrivalContext,
) -> _Rows:
    traded = kept & ~bars.untraded(context.suspended) & np.isin(bars.days, course.sessions)
    place = np.flatnonzero(traded)
    at = np.searchsorted(course.sessions, bars.days[place])
    free = free_of_limit(bars.days[place], context, course.first_known)
    ready = (at > 0) & ~np.isnan(course.close[at - 1]) & ~free
    place, at = place[ready], at[ready]
    reference = course.close[at - 1].copy()
    days = bars.days[place].tolist()
    for index, day in enumerate(days):
        if day in terms:
            reference[index] = _ex(float(reference[index]), terms[day])
    good = np.isfinite(reference) & (reference > 0)  # impossible terms are refused elsewhere
    return _Rows(
        place=place[good].astype(np.int64),
        at=at[good].astype(np.int64),
        reference=reference[good],
        rules=rules_in_force([day for day, use in zip(days, good, strict=True) if use], context),
    )


def _suspects(bars: Bars, rows: _Rows) -> list[int]:
    limits = np.array([rule.limit if rule else _UNLIMITED_MOVE for rule in rows.rules])
    high, low = bars.high[rows.place], bars.low[rows.place]
    top = np.maximum(high, np.maximum(bars.open[rows.place], bars.close[rows.place]))
    bottom = np.minimum(low, np.minimum(bars.open[rows.place], bars.close[rows.place]))
    over = top > rows.reference * (1 + limits) - _COARSE
    under = bottom < rows.reference * (1 - limits) + _COARSE
    return [int(index) for index in np.flatnonzero(over | under)]


def _terms(actions: pa.Table, listing: str) -> dict[date, _Terms]:
    """Return the terms of each ex-session; of two rows, what the later one tells holds."""
    neutral = {"cash": 0.0, "bonus": 0.0, "split": 1.0, "rights": 0.0, "rights_price": 0.0}
    found: dict[date, dict[str, float]] = {}
    for row in actions.select(["listing", "ex_session", *neutral]).to_pylist():
        if row["listing"] == listing:
            told = {name: row[name] for name in neutral if row[name] not in (None, neutral[name])}
            found.setdefault(row["ex_session"], {}).update(told)
    return dict(found)


def _ex(close: float, terms: _Terms) -> float:
    if not terms:
        return close
    values: dict[str, npt.NDArray[np.float64] | float] = dict(terms)
    return float(ex_reference(np.array([close]), **values)[0])
