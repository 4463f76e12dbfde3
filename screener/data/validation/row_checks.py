"""Validation of rows: each fault has a reason, and nothing is ever repaired in silence.

Every check is a function from columns to a `RowFault`; `Rejections` gathers them in order.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt

from screener.domain.arrays import DayArray, FlagArray, FloatArray, IntArray
from screener.domain.listing import Exchange
from screener.language import in_english, say
from screener.language.terms import named
from screener.market.calendars import Calendar, calendar_name

__all__ = [
    "ROUNDING",
    "Rejections",
    "RowFault",
    "duplicate_faults",
    "future_fault",
    "missing_fault",
    "negative_fault",
    "off_tick_share",
    "price_faults",
    "session_faults",
]


ROUNDING = 1e-4
"""Relative amount by which open and close may leave [low, high]: adjusted prices are rounded."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RowFault:
    """Rows with one fault.

    Parameters
    ----------
    rows
        `(n_rows,)` of bool, True where the fault is.
    reason
        What is wrong, in words for the user.
    """

    rows: FlagArray
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Rejections:
    """Which rows are rejected, and why; a row keeps the first reason found.

    Parameters
    ----------
    codes
        `(n_rows,)` of int: 0 for a row without fault, else 1 + the index of its reason.
    reasons
        The reasons.
    """

    codes: IntArray
    reasons: tuple[str, ...] = ()

    @classmethod
    def clean(cls, n_rows: int) -> Rejections:
        """Return none, over `n_rows` rows."""
        return cls(codes=np.zeros(n_rows, dtype=np.int64))

    @classmethod
    def joined(cls, parts: Sequence[Rejections]) -> Rejections:
        """Join verdicts over consecutive rows."""
        reasons: list[str] = []
        codes = []
        for part in parts:
            codes.append(np.where(part.codes > 0, part.codes + len(reasons), 0))
            reasons.extend(part.reasons)
        return cls(codes=np.concatenate(codes).astype(np.int64), reasons=tuple(reasons))

    @property
    def passed(self) -> FlagArray:
        """`(n_rows,)` of bool, True where no fault was found."""
        good: FlagArray = self.codes == 0
        return good

    def also(self, faults: Iterable[RowFault]) -> Rejections:
        """Return these with further faults; rows already rejected keep their reason."""
        codes = self.codes.copy()
        reasons = list(self.reasons)
        for fault in faults:
            fresh = fault.rows & (codes == 0)
            if fresh.any():
                reasons.append(fault.reason)
                codes[fresh] = len(reasons)
        return Rejections(codes=codes, reasons=tuple(reasons))

    def reason(self, row: int) -> str:
        """Return why `row` is rejected; empty if it is not."""
        code = int(self.codes[row])
        return self.reasons[code - 1] if code else ""

    def counts(self) -> tuple[tuple[str, int], ...]:
        """Return the reasons with their number of rows, most frequent first."""
        found: dict[str, int] = {}
        per_code = np.bincount(self.codes, minlength=len(self.reasons) + 1)[1:]
        for reason, count in zip(self.reasons, per_code, strict=True):
            found[reason] = found.get(reason, 0) + int(count)
        return tuple(sorted(found.items(), key=lambda item: (-item[1], in_english(item[0]))))


def missing_fault(absent: FlagArray, field: str) -> RowFault:
    """Find rows without a required value.

    Parameters
    ----------
    absent
        `(n_rows,)` of bool, True where the value is missing.
    field
        Name of the value.
    """
    return RowFault(rows=absent, reason=say("{field} is missing", field=named(field)))


def future_fault(days: DayArray, today: date) -> RowFault:
    """Find days after `today`; NaT is not one."""
    late: FlagArray = days > np.datetime64(today, "D")
    return RowFault(rows=late, reason=say("date in the future"))


def session_faults(
    days: DayArray, exchange_of: IntArray, calendars: Mapping[Exchange, Calendar]
) -> list[RowFault]:
    """Find days on which the listing's exchange holds no session.

    Parameters
    ----------
    days
        `(n_rows,)` days; NaT passes.
    exchange_of
        `(n_rows,)` index of the row's exchange in `Exchange`'s order; −1 for none.
    calendars
        Recorded sessions of each exchange that occurs.

    Returns
    -------
    list of Finding
        One for each calendar; days past a calendar's recorded end pass, as nobody can tell.
    """
    faults = []
    for exchange, calendar in calendars.items():
        here = (exchange_of == list(Exchange).index(exchange)) & ~np.isnat(days)
        closed = np.zeros(len(days), dtype=np.bool_)
        if here.any():
            closed[here] = ~_is_session(days[here], calendar)
        reason = say(
            "not a session of {exchange} (calendar {name})",
            exchange=exchange,
            name=calendar_name(exchange),
        )
        faults.append(RowFault(rows=closed, reason=reason))
    return faults


def price_faults(
    open_: FloatArray, high: FloatArray, low: FloatArray, close: FloatArray
) -> list[RowFault]:
    """Find prices that no session can have.

    Parameters
    ----------
    open_, high, low, close
        `(n_rows,)` prices in one currency; NaN (missing) passes every check here.

    Returns
    -------
    list of Finding
        Non-positive prices, high below low, open or close outside [low, high] by more than
        `ROUNDING`.
    """
    prices = (("open", open_), ("high", high), ("low", low), ("close", close))
    faults = [
        RowFault(rows=values <= 0, reason=say("{name} is not positive", name=named(name)))
        for name, values in prices
    ]
    faults.append(RowFault(rows=high < low, reason=say("high is below low")))
    for name, values in (("open", open_), ("close", close)):
        outside = (values > high * (1 + ROUNDING)) | (values < low * (1 - ROUNDING))
        reason = say("{name} is outside low and high", name=named(name))
        faults.append(RowFault(rows=outside, reason=reason))
    return faults


def negative_fault(values: FloatArray, field: str) -> RowFault:
    """Find negative values of a quantity that has none; NaN passes."""
    return RowFault(rows=values < 0, reason=say("{name} is negative", name=named(field)))


def duplicate_faults(
    keys: Sequence[npt.NDArray[np.generic]],
    values: Sequence[npt.NDArray[np.generic]],
    considered: FlagArray,
    *,
    key_name: str,
) -> tuple[FlagArray, RowFault]:
    """Find rows whose key comes more than once.

    Parameters
    ----------
    keys
        Columns of the key, each `(n_rows,)`, without missing values where considered.
    values
        Columns compared between rows of one key, each `(n_rows,)`; NaN equals NaN.
    considered
        `(n_rows,)` of bool; rows already rejected take no part.
    key_name
        The key in words, for the reason.

    Returns
    -------
    repeats : numpy.ndarray
        `(n_rows,)` of bool, True for the second and later rows that repeat the first exactly.
    conflict : Finding
        All rows of a key whose values differ.
    """
    n_rows = len(considered)
    repeats = np.zeros(n_rows, dtype=np.bool_)
    conflict = np.zeros(n_rows, dtype=np.bool_)
    reason = say("{key} comes more than once with different values", key=key_name)
    chosen = np.flatnonzero(considered)
    if len(chosen):
        ranks = [_ranks(column[chosen]) for column in keys]
        order = np.lexsort(ranks[::-1])
        first = _starts([rank[order] for rank in ranks])
        group = np.cumsum(first) - 1
        if group[-1] + 1 < len(chosen):
            rows = chosen[order]
            head = np.flatnonzero(first)[group]
            unequal = _unequal(values, rows, rows[head])
            bad = np.bincount(group, weights=unequal) > 0
            conflict[rows] = bad[group]
            repeats[rows] = ~first & ~bad[group]
    return repeats, RowFault(rows=conflict, reason=reason)


def off_tick_share(prices: FloatArray, ticks: FloatArray) -> float:
    """Return the share of prices that are no multiple of their tick; 0 when there are none.

    Parameters
    ----------
    prices
        `(n_rows,)` prices without NaN.
    ticks
        `(n_rows,)` tick of each price, in the same currency.
    """
    if not len(prices):
        return 0.0
    steps = prices / ticks
    # A price stored as a double is off its decimal value by far less than a thousandth of a tick.
    off = np.abs(steps - np.round(steps)) > 1e-3
    return float(np.mean(off))


def _is_session(days: DayArray, calendar: Calendar) -> FlagArray:
    first, last = days.min(), days.max()
    span = np.arange(first, last + np.timedelta64(1, "D"))
    if len(span) > len(days):  # a few far-apart days: ask for them alone
        return calendar.known(days)
    known: FlagArray = calendar.known(span)[(days - first).astype(np.int64)]
    return known


def _ranks(column: npt.NDArray[np.generic]) -> IntArray:
    if column.dtype.kind in "iu":
        return column.astype(np.int64)
    if column.dtype.kind == "M":
        return column.astype("datetime64[D]").astype(np.int64)
    ranks: IntArray = np.unique(column.astype(np.str_), return_inverse=True)[1].astype(np.int64)
    return ranks


def _starts(sorted_ranks: Sequence[IntArray]) -> FlagArray:
    first = np.ones(len(sorted_ranks[0]), dtype=np.bool_)
    same = np.ones(len(first) - 1, dtype=np.bool_)
    for rank in sorted_ranks:
        same &= rank[1:] == rank[:-1]
    first[1:] = ~same
    return first


def _unequal(
    values: Sequence[npt.NDArray[np.generic]], rows: IntArray, heads: IntArray
) -> FlagArray:
    differs = np.zeros(len(rows), dtype=np.bool_)
    for column in values:
        left, right = column[rows], column[heads]
        both_missing = (left != left) & (right != right)  # only NaN and NaT differ from themselves
        differs |= np.asarray((left != right) & ~both_missing, dtype=np.bool_)
    return differs
