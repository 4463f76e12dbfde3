"""New bars against the daily price limit: a spike is a bad tick, a lasting jump is a doubt.

A price beyond its limit cannot have been traded. Two things make one: the row is wrong, or the
reference is (a split or dividend that nobody recorded, a rule that did not hold that day). When
the next close can be reached from the close before, and not from the row, the row is wrong.
Otherwise the row stays, with a doubt that names the likely cause. Where no limit holds, as in Hong
Kong, a row is wrong only if it is five times its neighbours, or a fifth, and they agree.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

import numpy as np
import pyarrow as pa

from screener.data.panels.factors import ex_reference
from screener.data.validation.context import Bars, ValidationContext
from screener.data.validation.limits import Band, free_of_limit, rules_in_force
from screener.data.validation.price_jumps import (
    Cause,
    bad_tick,
    in_words,
    limited_cause,
    unlimited_cause,
)
from screener.data.validation.stored import raw_rows
from screener.domain.arrays import FlagArray, FloatArray, IntArray, SessionAxis, among
from screener.domain.listing import Board
from screener.language import say
from screener.language.terms import named
from screener.market.limits import PriceGrid, price_grid
from screener.market.rules import LimitRule

__all__ = ["Jumps", "validate_jumps"]

_COARSE = 0.002  # below any tick: what might be beyond a limit once that is rounded
_UNLIMITED_MOVE = 0.33  # below any move without a limit that is looked at
_UNLIMITED_SPIKE = 5.0  # times, up or down: what goes so far and comes back was never traded

_SLIGHT = 0.03
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
    limited
        Whether a price limit may hold: only the session before tells where it lies. Without one
        the last close known is what the next is compared with.
    """

    sessions: SessionAxis
    close: FloatArray
    first_known: date | None
    limited: bool

    @property
    def before(self) -> IntArray:
        """`(n_sessions,)` place of the close that a session is compared with; -1 for none."""
        place = np.where(np.isfinite(self.close), np.arange(len(self.close)), -1)
        if not self.limited:
            place = np.maximum.accumulate(place)
        return np.append(-1, place[:-1]).astype(np.int64)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Rows:
    """Rows that can be judged: they traded, and so did the listing the session before.

    Parameters
    ----------
    place
        `(n,)` place among the fetched rows.
    at
        `(n,)` place in the course.
    origin
        `(n,)` place in the course of the close that it is compared with.
    reference
        `(n,)` that close, corrected for ex-dates since.
    acted
        `(n,)` whether an action goes ex that session.
    rules
        Limit in force for each, `None` where the board has none.
    """

    place: IntArray
    at: IntArray
    origin: IntArray
    reference: FloatArray
    acted: FlagArray
    rules: list[LimitRule | None]


def validate_jumps(bars: Bars, kept: FlagArray, context: ValidationContext) -> Jumps:
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
        if np.isnan(closes[rows.origin[index]]):  # it was a bad tick: nothing to judge by
            continue
        row = _Suspect.of(bars, rows, index, closes, course, terms, grid)
        call = row.call()
        if call is not None and call.wrong:
            jumps.rejected[int(rows.place[index])] = call.reason
            closes[here] = np.nan
        elif call is not None:
            jumps.doubted[int(rows.place[index])] = call.reason
            if call.returns:  # nor is the way back a jump of its own
                closes[here] = np.nan
    return jumps


@dataclass(frozen=True, slots=True, kw_only=True)
class _Call:
    """What is made of a suspect: whether it is certainly wrong, and why; whether it comes back."""

    wrong: bool
    reason: str
    returns: bool = False


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
    acted
        Whether an action goes ex that session.
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
    acted: bool
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
        quoted = np.isfinite(bars.open[place])  # some files tell closes alone
        return cls(
            open=float(bars.open[place] if quoted else bars.close[place]),
            high=float(bars.high[place]),
            low=float(bars.low[place]),
            close=float(bars.close[place]),
            reference=reference,
            next_close=float(closes[after]) if known else None,
            back=_ex(reference, following),
            onward=_ex(float(bars.close[place]), following),
            acted=bool(rows.acted[index]),
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
        told_prices = {name: price for name, price in prices.items() if np.isfinite(price)}
        beyond = next((name for name, price in told_prices.items() if not band.holds(price)), None)
        if beyond is None:
            return None
        told = say(
            "{name} {price:g} is beyond the limit of ±{limit:.0%} around {reference:.6g}",
            name=named(beyond),
            price=prices[beyond],
            limit=rule.limit,
            reference=self.reference,
        )
        wrong = self._returns(rule) if beyond == "close" else self._too_wide(rule)
        if wrong and rule.verified:
            return _Call(wrong=True, reason=bad_tick(told, wrong))
        likely = wrong or self._likely(prices[beyond], rule)
        returns = bool(wrong) and beyond == "close"
        reason = say("{jump}: {cause}", jump=told, cause=likely)
        return _Call(wrong=False, reason=reason, returns=returns)

    def _likely(self, price: float, rule: LimitRule) -> str:
        if self.acted:
            return Cause.ACTION.said
        # A split as small as that would not be beyond a limit.
        slight = abs(price / self.reference - 1) < rule.limit + _SLIGHT
        unexplained = (Cause.UNEXPLAINED, 1.0)
        prices = (self.reference, self.open, self.close)
        return in_words(*(unexplained if slight else limited_cause(*prices)))

    def _returns(self, rule: LimitRule) -> str:
        """Say that the next close is where this one should have been, if it is."""
        if self.next_close is None:
            return ""
        # Without this row the next close is two sessions from the one before.
        low, high = (1 - rule.limit) ** 2 * self.back, (1 + rule.limit) ** 2 * self.back
        back = low - 2 * self.grid.tick <= self.next_close <= high + 2 * self.grid.tick
        reachable = Band.around(self.onward, rule.limit, self.grid).holds(self.next_close)
        if not back or reachable:
            return ""
        return say("and the next close is back at {close:g}", close=self.next_close)

    def _too_wide(self, rule: LimitRule) -> str:
        """Say that no reference allows both the high and the low, if so; the close is in place."""
        room = 2 * self.grid.tick
        most = (self.low + room) / (1 - rule.limit) * (1 + rule.limit) + room
        if self.high <= most:
            return ""
        return say(
            "and no reference allows a high of {high:g} with a low of {low:g}",
            high=self.high,
            low=self.low,
        )

    def _without_limit(self) -> _Call | None:
        # `back` is the reference that the next session has if this row is wrong.
        after = None
        if self.next_close is not None:
            after = self.next_close * self.reference / self.back
        found = unlimited_cause(self.reference, self.open, self.close, after)
        if found is None:
            return None
        move = self.close / self.reference
        told = say(
            "close {close:g} moved {move:+.0%} from {reference:.6g}",
            close=self.close,
            move=move - 1,
            reference=self.reference,
        )
        if found[0] is Cause.TICK:
            if max(move, 1 / move) >= _UNLIMITED_SPIKE:
                back = say("and the next close is back at {close:g}", close=self.next_close)
                return _Call(wrong=True, reason=bad_tick(told, back))
            back = say("the next close is back at {close:g}", close=self.next_close)
            reason = say("{jump}: {cause}", jump=told, cause=back)
            return _Call(wrong=False, reason=reason, returns=True)
        cause = in_words(*found, acted=self.acted)
        return _Call(wrong=False, reason=say("{jump}: {cause}", jump=told, cause=cause))


def _course(bars: Bars, kept: FlagArray, context: ValidationContext) -> _Course | None:
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
        inside = chosen & among(known.days, span)
        at = np.searchsorted(span, known.days[inside])
        quiet = known.untraded(context.suspended)[inside]
        close[at] = np.where(quiet, np.nan, known.close[inside])
    older = context.older or bool((stored.days < sessions[place[0]]).any())
    first_known = None if older else sessions[place[0]].item()
    limited = context.listing.board is not Board.HK
    return _Course(sessions=span, close=close, first_known=first_known, limited=limited)


def _judged(
    bars: Bars,
    kept: FlagArray,
    course: _Course,
    terms: Mapping[date, _Terms],
    context: ValidationContext,
) -> _Rows:
    traded = kept & ~bars.untraded(context.suspended) & among(bars.days, course.sessions)
    place = np.flatnonzero(traded)
    at = np.searchsorted(course.sessions, bars.days[place])
    free = free_of_limit(bars.days[place], context, course.first_known)
    before = course.before
    ready = (before[at] >= 0) & ~free
    place, at = place[ready], at[ready]
    origin = before[at]
    reference = course.close[origin]
    days = bars.days[place]
    acted = np.zeros(len(place), dtype=np.bool_)
    for day in sorted(terms):
        index = int(np.searchsorted(days, np.datetime64(day, "D")))
        if index < len(days) and course.sessions[origin[index]] < np.datetime64(day, "D"):
            reference[index] = _ex(float(reference[index]), terms[day])
            acted[index] = True
    good = np.isfinite(reference) & (reference > 0)  # impossible terms are refused elsewhere
    return _Rows(
        place=place[good].astype(np.int64),
        at=at[good].astype(np.int64),
        origin=origin[good],
        reference=reference[good],
        acted=acted[good],
        rules=rules_in_force(days[good].tolist(), context),
    )


def _suspects(bars: Bars, rows: _Rows) -> list[int]:
    limits = np.array([rule.limit if rule else _UNLIMITED_MOVE for rule in rows.rules])
    prices = np.stack([values[rows.place] for values in bars.prices.values()])
    top, bottom = np.fmax.reduce(prices), np.fmin.reduce(prices)
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
    values: dict[str, FloatArray | float] = dict(terms)
    return float(ex_reference(np.array([close]), **values)[0])
