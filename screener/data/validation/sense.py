"""What no market has seen: one table of bounds, beyond which no value is ever stored.

A value beyond its bounds is a fault of the file or of the source, whatever else speaks for it: its
row goes to quarantine. The bounds are wide on purpose. Whether a value within them fits its
neighbours is for the checks on whole series.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np

from screener.data.validation.row_checks import RowFault
from screener.domain.arrays import DayArray, FlagArray, FloatArray, IntArray
from screener.language import say
from screener.language.terms import named

__all__ = [
    "DAYS",
    "FIXINGS",
    "FIXING_MOVE",
    "NUMBERS",
    "FixingRange",
    "ValueBounds",
    "days_beyond",
    "fixing_jumps",
    "fixing_leap",
    "numbers_beyond",
]


@dataclass(frozen=True, slots=True)
class ValueBounds:
    """Least and greatest size of a value but zero, and in words what is beyond them."""

    least: float
    most: float
    words: Callable[[str], str] | None = None

    def lacks(self, values: FloatArray) -> FlagArray:
        """`(n_rows,)` True where a value is beyond, of either sign; zero and NaN never are."""
        size = np.abs(values)
        outside: FlagArray = (size > self.most) | ((size < self.least) & (size > 0))
        return outside

    def told(self, name: str) -> str:
        """Return what is wrong with a value beyond the bounds, called so."""
        if self.words is not None:
            return self.words(name)
        most = _plain(self.most)
        if not self.least:
            return say("{name} is above {most}, as no market has seen", name=name, most=most)
        return say(
            "{name} is below {least} or above {most}, as no market has seen",
            name=name,
            least=_plain(self.least),
            most=most,
        )


def _no_worth(name: str) -> str:
    return say("{name} is below 10 million or above 100 trillion: is its unit another?", name=name)


def _no_factor(name: str) -> str:
    return say("{name} is what no action makes: is it cumulative?", name=name)


def _no_fraction(name: str) -> str:
    return say("{name} is above 100 %: is its unit another?", name=name)


# A share of Berkshire Hathaway costs under a million dollars, an index of any exchange has fewer
# than a million points, and the least tick of Hong Kong and the mainland is 0.001.
_PRICE = ValueBounds(1e-4, 1e7)
_MULTIPLE = ValueBounds(0.0, 1e9)  # of a profit of next to nothing
_MONEY = ValueBounds(0.0, 1e15)
# The worth of a company: 10 million to 100 trillion.
_WORTH = ValueBounds(1e7, 1e14, _no_worth)

NUMBERS: Mapping[str, ValueBounds] = {
    **dict.fromkeys(("open", "high", "low", "close"), _PRICE),
    "volume": ValueBounds(0.0, 1e13),  # shares; all of a market's in a session are below 1e12
    "amount": ValueBounds(0.0, 1e14),  # all markets together turn over less than 1e13 in a session
    "cash": ValueBounds(0.0, 1e5),
    **dict.fromkeys(("bonus", "bonus_shares", "transfer_shares"), ValueBounds(0.0, 1e3)),
    "rights": ValueBounds(0.0, 1e3),
    "rights_price": ValueBounds(1e-4, 1e7),
    "split": ValueBounds(1e-3, 1e3),
    "factor": ValueBounds(1 / 20, 20.0, _no_factor),
    **dict.fromkeys(("pe_ttm", "pe_static", "pb", "ps_ttm", "pcf_ttm"), _MULTIPLE),
    **dict.fromkeys(("market_cap", "float_cap"), _WORTH),
    "dividend_yield": ValueBounds(0.0, 1.0, _no_fraction),
    **dict.fromkeys(
        (
            *("revenue", "net_profit", "net_profit_deducted", "operating_cash_flow", "equity"),
            *("ebit", "income_tax", "depreciation", "interest_expense", "total_assets"),
            *("total_liabilities", "cash_equivalents", "debt", "minorities", "profit"),
        ),
        _MONEY,
    ),
    **dict.fromkeys(("eps", "bps"), ValueBounds(0.0, 1e5)),
    **dict.fromkeys(("roe", "gross_margin"), ValueBounds(0.0, 1e5)),
    "target_price": ValueBounds(1e-4, 1e7),
    "board_lot": ValueBounds(0.0, 1e6),
}
"""Bounds of each number by the name of its column, in the column's unit."""

_RECORDED = (date(1990, 1, 1), date(2100, 12, 31))
_FOUNDED = (date(1860, 1, 1), date(2100, 12, 31))  # Hong Kong's oldest listings
DAYS: Mapping[str, tuple[date, date]] = {
    "list_date": _FOUNDED,
    "delist_date": _FOUNDED,
}
"""First and last day that a column of days may hold, where it is not 1990 to 2100."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FixingRange:
    """What 1 unit of a currency can cost in renminbi; from `since` on no more than `later`."""

    low: float
    high: float
    later: float
    since: date

    def holds(self, rate: float, first: date) -> bool:
        """Tell whether a rate is one, of a file that begins on `first`."""
        return self.low <= rate <= (self.later if first >= self.since else self.high)


# Fixings since 1994. The renminbi has been dearer than the Hong Kong dollar since 2007: above 1
# the rate is inverted.
FIXINGS: Mapping[str, FixingRange] = {
    "HKD": FixingRange(low=0.7, high=1.2, later=1.0, since=date(2008, 1, 1)),
    "USD": FixingRange(low=5.5, high=9.0, later=9.0, since=date(1994, 1, 1)),
}
"""Range of each currency that listings are priced in."""

FIXING_MOVE = 0.1
"""Part by which a fixing may differ from the one before it; the largest since 1994 was 0.02."""
_NEIGHBOURS = np.timedelta64(31, "D")  # farther apart, fixings say nothing about one another


def numbers_beyond(name: str, values: FloatArray) -> list[RowFault]:
    """Find numbers beyond the bounds of their column.

    Parameters
    ----------
    name
        The column.
    values
        `(n_rows,)` in the column's unit; NaN, zero and a column without bounds pass.
    """
    span = NUMBERS.get(name)
    if span is None:
        return []
    return [RowFault(rows=span.lacks(values), reason=span.told(named(name)))]


def days_beyond(name: str, days: DayArray) -> RowFault:
    """Find days outside 1990 to 2100, or what `DAYS` says of the column; NaT is none."""
    first, last = DAYS.get(name, _RECORDED)
    outside: FlagArray = (days < np.datetime64(first, "D")) | (days > np.datetime64(last, "D"))
    reason = say(
        "{name} is not within {first} and {last}",
        name=named(name),
        first=first.year,
        last=last.year,
    )
    return RowFault(rows=outside, reason=reason)


def fixing_leap() -> str:
    """Return the reason of a fixing that `fixing_jumps` finds."""
    return say("the rate is more than a tenth from the fixing beside it")


def fixing_jumps(rates: FloatArray, days: DayArray, judged: FlagArray) -> FlagArray:
    """Find fixings of one pair that differ from their neighbour by more than a tenth.

    The fixing nearest to the median is believed, and from it each next one in both directions is
    held against the last that is. Over a hole of more than a month nothing is concluded.

    Parameters
    ----------
    rates, days
        `(n_rows,)` fixings of one pair and their days, in any order.
    judged
        `(n_rows,)` of bool; rows already rejected take no part.

    Returns
    -------
    numpy.ndarray
        `(n_rows,)` of bool.
    """
    found = np.zeros(len(rates), dtype=np.bool_)
    rows = np.flatnonzero(judged & np.isfinite(rates) & ~np.isnat(days))
    if not len(rows):
        return found
    rows = rows[np.argsort(days[rows], kind="stable")]
    start = int(np.argmin(np.abs(rates[rows] - np.median(rates[rows]))))
    for way in (rows[start:], rows[: start + 1][::-1]):
        found[_leaps(rates, days, way)] = True
    return found


def _leaps(rates: FloatArray, days: DayArray, way: IntArray) -> list[int]:
    """Return the rows that leave the last one believed, along a way that starts with a good one."""
    believed, before, found = float(rates[way[0]]), days[way[0]], []
    for row in way[1:].tolist():
        near = abs(days[row] - before) <= _NEIGHBOURS
        if near and abs(rates[row] / believed - 1) > FIXING_MOVE:
            found.append(row)
        else:
            believed = float(rates[row])
        before = days[row]
    return found


def _plain(bound: float) -> str:
    return f"{bound:,.4f}".rstrip("0").rstrip(".") if bound < 1e9 else f"{bound:.0e}"
