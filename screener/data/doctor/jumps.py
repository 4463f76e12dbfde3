"""Moves beyond the daily limit, which cannot have been traded, and what probably made them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

import numpy as np

from screener.data.doctor.bar_columns import BarColumns, BoolArray, DayArray, FloatArray
from screener.data.doctor.findings import Check, Finding, Severity
from screener.data.schema import TableName
from screener.domain.listing import Board, Listing
from screener.market.calendars import calendar_of
from screener.market.rules import price_limit

__all__ = ["MARGIN", "Cause", "Jump", "find_jumps", "jump_finding"]

MARGIN = 0.012
"""A move counts once it is beyond its limit by this much: rounding and adjustment stay inside."""

_FREE = 6  # first sessions of a listing that are left alone
_SPLITS = (1.1, 1.2, 1.3, 1.4, 1.5, 1.6, 1.7, 1.8, 2.0, 2.5, 3.0, 4.0, 5.0)
_NEAR = 0.04  # an open this near the split price is explained by it
_RARE_SPLITS = (1.45, 1.48)  # 10 for 4.5 and 4.8: taken only where the open fits them closely
_CLOSE = 0.01
_TENFOLD = 0.25  # in powers of ten: what lies this near 10 or 100 is a unit
_BEFORE = 5  # sessions before a move in which a halt explains it


class Cause(StrEnum):
    """What probably made a jump."""

    UNIT = "unit error"
    TICK = "bad tick: the next close is back"
    BACK = "back from the bad tick before"
    SPLIT = "missed split"
    REVERSE_SPLIT = "missed reverse split"
    HALT = "first session after a halt: perhaps without a limit"
    UNEXPLAINED = "unexplained"


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
        From close to close, and what was allowed, as fractions.
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
    def text(self) -> str:
        """The cause in words."""
        if self.cause in (Cause.UNIT, Cause.SPLIT):
            joint = ", " if self.cause is Cause.UNIT else " "
            return f"{self.cause}{joint}{self.ratio:g}×"
        if self.cause is Cause.REVERSE_SPLIT:
            return f"{self.cause} {1 / self.ratio:g}×"
        return str(self.cause)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Course:
    """Bars with closes and opens in units of total return."""

    bars: BarColumns
    opens: FloatArray
    closes: FloatArray
    halted: BoolArray


def find_jumps(
    bars: BarColumns,
    *,
    halted: BoolArray,
    list_dates: Mapping[str, date],
    steps: Mapping[str, tuple[DayArray, FloatArray]],
    start: date | None = None,
) -> tuple[Jump, ...]:
    """Find moves beyond the daily limit by more than `MARGIN`.

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
        Jumps in the order of the bars; none of an index, and none where no limit holds.
    """
    if bars.n_rows < 2:
        return ()
    factor = bars.factors(steps)
    course = _Course(bars=bars, opens=bars.open * factor, closes=bars.close * factor, halted=halted)
    limits = _limits(bars)
    moves = course.closes[1:] / course.closes[:-1] - 1
    beyond = bars.same.copy()
    beyond[1:] &= np.abs(moves) > limits[1:] + MARGIN
    beyond &= ~_young(bars, list_dates, start)
    return tuple(
        _jump(course, int(at), float(moves[at - 1]), float(limits[at]))
        for at in np.flatnonzero(beyond)
    )


def jump_finding(jump: Jump) -> Finding:
    """Return a jump as a finding."""
    return Finding(
        table=TableName.BARS,
        listing=jump.listing,
        session=jump.session,
        check=Check.PRICE_LIMIT,
        severity=Severity.ERROR,
        cause=jump.text,
        value=jump.move,
        expected=f"within ±{jump.limit:.0%}",
    )


def _young(bars: BarColumns, list_dates: Mapping[str, date], start: date | None) -> BoolArray:
    """Tell for each row whether it is among the first sessions of a new listing."""
    begin = bars.days.min() if start is None else np.datetime64(start, "D")
    firsts = bars.days[bars.starts[:-1]]
    young = firsts > begin
    for at, listing in enumerate(bars.listings):
        listed = list_dates.get(listing.id)
        if listed is not None and np.datetime64(listed, "D") >= begin:
            young[at] = True
    found: BoolArray = young[bars.code] & (bars.position < _FREE)
    return found


def _limits(bars: BarColumns) -> FloatArray:
    """Return each row's limit as a fraction, infinite without one; ST's is not assumed."""
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


def _jump(course: _Course, at: int, move: float, limit: float) -> Jump:
    cause, ratio = _cause(course, at, limit)
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


def _cause(course: _Course, at: int, limit: float) -> tuple[Cause, float]:
    closes, same = course.closes, course.bars.same
    ratio = closes[at] / closes[at - 1]
    power = np.log10(ratio) if ratio > 0 else 0.0
    if abs(power) > 1 - _TENFOLD and abs(power - round(power)) < _TENFOLD:
        return Cause.UNIT, float(10 ** abs(round(power)))
    if _is_tick(course, at, limit):
        return Cause.TICK, 1.0
    if at > 1 and same[at - 1] and _is_tick(course, at - 1, limit):
        return Cause.BACK, 1.0
    split = _split(course, at)
    if split is not None:
        return (Cause.SPLIT if split > 1 else Cause.REVERSE_SPLIT), split
    first = max(int(course.bars.starts[course.bars.code[at]]), at - _BEFORE)
    if course.halted[first:at].any() or _sessions_apart(course.bars, at) > 1:
        return Cause.HALT, 1.0
    return Cause.UNEXPLAINED, 1.0


def _is_tick(course: _Course, at: int, limit: float) -> bool:
    """Tell whether a close is beyond the limit and the next one is back where the last one was."""
    closes = course.closes
    if at + 1 >= len(closes) or not course.bars.same[at + 1]:
        return False
    back = closes[at + 1] / closes[at - 1] - 1
    return bool(abs(back) <= limit / 2 and abs(closes[at] / closes[at - 1] - 1) > limit)


def _split(course: _Course, at: int) -> float | None:
    """Return the split, below 1 for a reverse one, that explains the open; `None` for none."""
    fall = course.closes[at - 1] / course.opens[at]
    fitting = [split for split in _RARE_SPLITS if abs(fall / split - 1) <= _CLOSE]
    candidates = [*_SPLITS, *(1 / split for split in _SPLITS), *fitting]
    best = min(candidates, key=lambda split: abs(fall / split - 1))
    return best if abs(fall / best - 1) <= _NEAR else None


def _sessions_apart(bars: BarColumns, at: int) -> int:
    calendar = calendar_of(bars.listings[bars.code[at]].exchange)
    between = calendar.between(bars.days[at - 1].item(), bars.days[at].item())
    return len(between) - 1
