"""Moves that cannot have been traded, and what probably made them.

Where a daily limit holds, it tells which: a move beyond it. Where none holds, as in Hong Kong, a
move counts that an unrecorded split or a unit explains, that goes and comes back, or that is so
large that hardly any was ever traded (`price_jumps.unlimited_cause`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np

from screener.data.doctor.bar_columns import BarColumns
from screener.data.doctor.findings import Check, Finding, Severity
from screener.data.lake.schema import TableName
from screener.data.validation.context import tick_of
from screener.data.validation.price_jumps import (
    Cause,
    certain_unlimited,
    in_words,
    limited_cause,
    unlimited_cause,
)
from screener.domain.arrays import DayArray, FlagArray, FloatArray
from screener.domain.listing import Board, Listing
from screener.language import say
from screener.market.calendars import calendar_of
from screener.market.rules import price_limit

__all__ = ["MARGIN", "Cause", "Jump", "board_limits", "find_jumps", "jump_finding"]

MARGIN = 0.012
"""Adjusted prices count once they are beyond their limit by this much: rounding stays inside."""

_TICKS = 2.0  # by which a raw price may be beyond: the reference and the limit are both rounded
_SMALL = 0.5  # a smaller move, up or as far down, is looked at nowhere without a limit
_EXACT = 1e-9
_FREE = 6  # first sessions of a listing that are left alone
_NEAR = 0.04  # an open this near the split price is explained by it
_BEFORE = 5  # sessions before a move in which a halt explains it


@dataclass(frozen=True, slots=True, kw_only=True)
class Jump:
    """A move beyond the limit, dividends and known splits taken out.

    Parameters
    ----------
    listing
        Listing id.
    session, before
        Session of the move, and the one of the bar before it.
    move, limit
        From close to close, and what was allowed, as fractions; infinite where no limit holds.
    cause
        What probably made it.
    ratio
        Shares after per share before of a split; what the price is too high or too low by for a
        unit; 1 for other causes.
    implied
        Close before over the open: what the prices themselves say about a split.
    """

    listing: str
    session: date
    before: date
    move: float
    limit: float
    cause: Cause
    ratio: float = 1.0
    implied: float = 1.0

    @property
    def limited(self) -> bool:
        """Whether a limit forbids the move."""
        return bool(np.isfinite(self.limit))

    @property
    def certain(self) -> bool:
        """Whether it cannot have been traded; without a limit, whether it hardly can."""
        return self.limited or certain_unlimited(self.cause, self.move)

    @property
    def text(self) -> str:
        """The cause in words."""
        if self.cause is Cause.TICK and not self.limited:
            return say("moved away and back: a bad tick?")
        return in_words(self.cause, self.ratio)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Course:
    """Bars with closes and opens in units of total return, and where a factor takes a step."""

    bars: BarColumns
    opens: FloatArray
    closes: FloatArray
    halted: FlagArray
    steps: FlagArray


def find_jumps(
    bars: BarColumns,
    *,
    halted: FlagArray,
    list_dates: Mapping[str, date],
    steps: Mapping[str, tuple[DayArray, FloatArray]],
    start: date | None = None,
) -> tuple[Jump, ...]:
    """Find moves beyond the daily limit: by more than `MARGIN`, or two ticks where prices are raw.

    Parameters
    ----------
    bars
        The bars.
    halted
        `(n_rows,)` whether the listing is known to be suspended.
    list_dates
        First trading day by listing id, where it is known.
    steps
        Factors of raw prices, from `bar_columns.factor_steps`.
    start
        First session of all that is stored: a listing whose bars begin later is new, and its
        first sessions are left alone. The first one of `bars` when `None`.

    Returns
    -------
    tuple
        Jumps in the order of the bars; none of an index.
    """
    if bars.n_rows < 2:
        return ()
    factor = bars.factors(steps)
    stepped = np.append(False, factor[1:] != factor[:-1]) & bars.same
    course = _Course(
        bars=bars,
        opens=bars.open * factor,
        closes=bars.close * factor,
        halted=halted,
        steps=stepped,
    )
    limits = board_limits(bars)
    moves = course.closes[1:] / course.closes[:-1] - 1
    size = np.maximum(moves, 1 / (1 + moves) - 1)  # up or down, as large as the way back
    beyond = bars.same.copy()
    most = limits[1:] + _margins(bars)
    beyond[1:] &= np.where(np.isinf(limits[1:]), size > _SMALL, np.abs(moves) > most)
    beyond &= _securities(bars) & ~_young(bars, list_dates, start)
    found = (
        _jump(course, int(at), float(moves[at - 1]), float(limits[at]))
        for at in np.flatnonzero(beyond)
    )
    return tuple(jump for jump in found if jump is not None)


def jump_finding(jump: Jump) -> Finding:
    """Return a jump as a finding."""
    return Finding(
        table=TableName.BARS,
        listing=jump.listing,
        session=jump.session,
        check=Check.PRICE_LIMIT,
        severity=Severity.ERROR if jump.certain else Severity.WARNING,
        cause=jump.text,
        value=jump.move,
        expected=say("within ±{limit:.0%}", limit=jump.limit)
        if jump.limited
        else say("an action that explains it"),
    )


def _young(bars: BarColumns, list_dates: Mapping[str, date], start: date | None) -> FlagArray:
    """Tell for each row whether it is among the first sessions of a new listing."""
    begin = bars.days.min() if start is None else np.datetime64(start, "D")
    firsts = bars.days[bars.starts[:-1]]
    young = firsts > begin
    for at, listing in enumerate(bars.listings):
        listed = list_dates.get(listing.id)
        if listed is not None and np.datetime64(listed, "D") >= begin:
            young[at] = True
    found: FlagArray = young[bars.code] & (bars.position < _FREE)
    return found


def _margins(bars: BarColumns) -> FloatArray:
    """Return for each row but the first by how much its move may be beyond its limit."""
    ticks = np.array([tick_of(listing) for listing in bars.listings])[bars.code[1:]]
    margins = _TICKS * ticks / bars.close[:-1] + _EXACT
    found: FloatArray = np.where(bars.adjusted[bars.code[1:]], MARGIN, margins)
    return found


def _securities(bars: BarColumns) -> FlagArray:
    shares = np.array([item.board is not Board.INDEX for item in bars.listings], dtype=np.bool_)
    found: FlagArray = shares[bars.code]
    return found


def board_limits(bars: BarColumns) -> FloatArray:
    """Return `(n_rows,)` limits as fractions, infinite without one; ST's is not assumed."""
    limits = np.full(bars.n_rows, np.inf)
    if not bars.n_rows:
        return limits
    last = bars.days.max().item()
    kinds = [(item.board, price_limit(item, last, st=False)) for item in bars.listings]
    for kind in dict.fromkeys(kinds):
        if kind[0] in (Board.INDEX, Board.HK):
            continue
        rows = np.flatnonzero(np.array([item == kind for item in kinds])[bars.code])
        limits[rows] = _own_limits(bars.listings[kinds.index(kind)], bars.days[rows])
    return limits


def _own_limits(listing: Listing, days: DayArray) -> FloatArray:
    first, last = days.min(), days.max()
    ends = [_limit(listing, day.item()) for day in (first, last)]
    if ends[0] == ends[1]:  # no limit of a listing was ever changed and changed back
        return np.full(len(days), ends[0])
    known, inverse = np.unique(days, return_inverse=True)
    return np.array([_limit(listing, day.item()) for day in known])[inverse]


def _limit(listing: Listing, day: date) -> float:
    rule = price_limit(listing, day, st=False)
    return rule.limit if rule else np.inf


def _jump(course: _Course, at: int, move: float, limit: float) -> Jump | None:
    found = _cause(course, at, limit)
    if found is None:
        return None
    cause, ratio = found
    bars = course.bars
    return Jump(
        listing=bars.listings[bars.code[at]].id,
        session=bars.days[at].item(),
        before=bars.days[at - 1].item(),
        move=move,
        limit=limit,
        cause=cause,
        ratio=ratio,
        implied=float(course.closes[at - 1] / course.opens[at]),
    )


def _cause(course: _Course, at: int, limit: float) -> tuple[Cause, float] | None:
    if np.isinf(limit):
        return _unlimited(course, at)
    if course.steps[at]:
        return Cause.ACTION, 1.0
    closes, same = course.closes, course.bars.same
    found = limited_cause(closes[at - 1], course.opens[at], closes[at])
    if found[0] is Cause.UNIT:
        return found
    if _is_tick(course, at, limit):
        return Cause.TICK, 1.0
    if at > 1 and same[at - 1] and _is_tick(course, at - 1, limit):
        return Cause.BACK, 1.0
    rested = found[0] is Cause.UNEXPLAINED and _rested(course, at)
    return (Cause.HALT, 1.0) if rested else found


def _unlimited(course: _Course, at: int) -> tuple[Cause, float] | None:
    """Return the cause of a move where no limit holds; `None` if it may have been traded."""
    found = _unlimited_at(course, at)
    if found is None:
        return None
    if course.steps[at]:
        return Cause.ACTION, 1.0
    before = _unlimited_at(course, at - 1) if course.bars.same[at - 1] else None
    if before is not None and before[0] is Cause.TICK:
        return Cause.BACK, 1.0
    fits = found[0] in (Cause.SPLIT, Cause.REVERSE_SPLIT)
    # The dearest are told from a split by nothing but their size: after a halt, that is not enough.
    loose = fits and abs(course.closes[at - 1] / course.opens[at] / found[1] - 1) > _NEAR
    if (loose or found[0] is Cause.UNEXPLAINED) and _rested(course, at):
        return Cause.HALT, 1.0
    return found


def _unlimited_at(course: _Course, at: int) -> tuple[Cause, float] | None:
    closes = course.closes
    known = at + 1 < len(closes) and course.bars.same[at + 1]
    after = float(closes[at + 1]) if known else None
    opened = course.opens[at] if np.isfinite(course.opens[at]) else closes[at]
    prices = (float(closes[at - 1]), float(opened), float(closes[at]))
    return unlimited_cause(*prices, after) if min(prices) > 0 else None


def _rested(course: _Course, at: int) -> bool:
    """Tell whether the session is the first after a halt, or soon after one."""
    first = max(int(course.bars.starts[course.bars.code[at]]), at - _BEFORE)
    return bool(course.halted[first:at].any()) or _sessions_apart(course.bars, at) > 1


def _is_tick(course: _Course, at: int, limit: float) -> bool:
    """Tell whether a close is beyond the limit and the next one, beyond it too, is back."""
    closes = course.closes
    if at + 1 >= len(closes) or not course.bars.same[at + 1]:
        return False
    away, back = closes[at] / closes[at - 1] - 1, closes[at + 1] / closes[at] - 1
    left = closes[at + 1] / closes[at - 1] - 1
    return bool(abs(left) <= limit / 2 and min(abs(away), abs(back)) > limit)


def _sessions_apart(bars: BarColumns, at: int) -> int:
    calendar = calendar_of(bars.listings[bars.code[at]].exchange)
    between = calendar.between(bars.days[at - 1].item(), bars.days[at].item())
    return len(between) - 1
