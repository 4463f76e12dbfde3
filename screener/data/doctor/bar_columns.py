"""Bars as flat columns, one listing after the other: what every check on bars reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from screener.data.lake.schema import Basis
from screener.data.panels.held_factors import factor_on
from screener.domain.arrays import DayArray, FlagArray, FloatArray, IntArray
from screener.domain.listing import Exchange, Listing, stored_listing
from screener.market.calendars import Calendar, calendar_name, calendar_of

__all__ = [
    "BarColumns",
    "Marks",
    "day_numbers",
    "factor_steps",
    "numbers",
    "places",
]


_DAY_SPAN = 1 << 22  # more than any date in days since 1970: listing and day make one number


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BarColumns:
    """Bars sorted by listing, then session.

    Parameters
    ----------
    listings
        `n_listings` listings, in the order in which their rows come.
    code
        `(n_rows,)` place of each row's listing.
    starts
        `(n_listings + 1,)` first row of each listing, and the number of rows.
    days
        `(n_rows,)` sessions, `datetime64[D]`.
    open, high, low, close
        `(n_rows,)` prices as stored; NaN where a column is missing.
    volume, amount
        `(n_rows,)` shares and currency; NaN where there is none.
    adjusted
        `(n_listings,)` whether the prices are already adjusted.
    """

    listings: tuple[Listing, ...]
    code: IntArray
    starts: IntArray
    days: DayArray
    open: FloatArray
    high: FloatArray
    low: FloatArray
    close: FloatArray
    volume: FloatArray
    amount: FloatArray
    adjusted: FlagArray

    @classmethod
    def of(cls, bars: pa.Table) -> BarColumns:
        """Take the columns of table `bars`, rows in any order; a missing column is NaN."""
        coded = bars.column("listing").combine_chunks().dictionary_encode()
        names, codes = coded.dictionary.to_pylist(), coded.indices.to_numpy()
        days = day_numbers(bars, "session")
        order = _order(codes, days)
        codes = codes[order]
        starts = np.flatnonzero(np.append(True, codes[1:] != codes[:-1])) if len(codes) else codes
        held = codes[starts]
        adjusted = pc.equal(bars.column("basis"), str(Basis.ADJUSTED)).to_numpy()
        counts = np.diff(np.append(starts, len(codes)))
        values = {
            name: numbers(bars, name)[order]
            for name in ("open", "high", "low", "close", "volume", "amount")
        }
        return cls(
            listings=tuple(stored_listing(str(names[at])) for at in held),
            code=np.repeat(np.arange(len(held), dtype=np.int64), counts),
            starts=np.append(starts, len(codes)).astype(np.int64),
            days=days[order].astype("datetime64[D]"),
            adjusted=adjusted[order[starts]] if len(held) else np.zeros(0, dtype=np.bool_),
            **values,
        )

    @property
    def n_rows(self) -> int:
        """How many bars there are."""
        return len(self.days)

    @property
    def same(self) -> FlagArray:
        """`(n_rows,)` whether the row before belongs to the same listing."""
        found = np.ones(self.n_rows, dtype=np.bool_)
        found[self.starts[:-1]] = False
        return found

    @property
    def position(self) -> IntArray:
        """`(n_rows,)` how many bars of the listing come before."""
        rows: IntArray = np.arange(self.n_rows) - self.starts[self.code]
        return rows

    def factors(self, steps: Mapping[str, tuple[DayArray, FloatArray]]) -> FloatArray:
        """Return `(n_rows,)` total-return factors of raw prices, 1 for adjusted ones.

        Parameters
        ----------
        steps
            What `factor_steps` returned.
        """
        found = np.ones(self.n_rows)
        for at, listing in enumerate(self.listings):
            if listing.id in steps and not self.adjusted[at]:
                rows = slice(self.starts[at], self.starts[at + 1])
                found[rows] = factor_on(*steps[listing.id], self.days[rows])
        return found

    def marked(self, marks: Marks) -> FlagArray:
        """Return `(n_rows,)` whether the listing and session are among the marks."""
        return marks.on(self.listings, self.code, self.days)

    def sessions(self) -> tuple[FlagArray, IntArray]:
        """Return for each row whether it is a session of its exchange, and the session's place.

        Returns
        -------
        tuple
            `(n_rows,)` True for a session, and past what the calendar records; `(n_rows,)` place
            in the calendar of the exchange.
        """
        return places(self.days, self.code, [item.exchange for item in self.listings])


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Marks:
    """Days by listing, such as suspensions.

    Parameters
    ----------
    names
        Listing ids, each once.
    keys
        `(n,)` place of the listing among the names and day, as one number, ascending.
    """

    names: Mapping[str, int]
    keys: IntArray

    @classmethod
    def of(cls, rows: pa.Table) -> Marks:
        """Take columns `listing` and `session`."""
        coded = rows.column("listing").combine_chunks().dictionary_encode()
        names = {str(name): at for at, name in enumerate(coded.dictionary.to_pylist())}
        codes = coded.indices.to_numpy(zero_copy_only=False).astype(np.int64)
        return cls(names=names, keys=np.unique(_keys(codes, day_numbers(rows, "session"))))

    @classmethod
    def on_days(cls, pairs: frozenset[tuple[str, date]]) -> Marks:
        """Take pairs of listing id and day."""
        ordered = sorted(pairs)
        days = pa.array([day for _, day in ordered], pa.date32())
        names = pa.array([name for name, _ in ordered], pa.string())
        return cls.of(pa.table({"listing": names, "session": days}))

    def between(self, listing: str, start: date, end: date) -> DayArray:
        """Return the marked days of a listing from `start` to `end`, both included, ascending."""
        own = self.names.get(listing)
        if own is None:
            return np.array([], dtype="datetime64[D]")
        zero = _keys(np.array([own]), np.array([0]))[0]
        ends = np.array([start, end], dtype="datetime64[D]").astype(np.int64) + zero
        low = np.searchsorted(self.keys, ends[0], side="left")
        high = np.searchsorted(self.keys, ends[1], side="right")
        days: DayArray = (self.keys[low:high] - zero).astype("datetime64[D]")
        return days

    def on(self, listings: tuple[Listing, ...], code: IntArray, days: DayArray) -> FlagArray:
        """Return `(n_rows,)` whether the row's listing and day are marked."""
        if not len(self.keys):
            return np.zeros(len(code), dtype=np.bool_)
        own = np.array([self.names.get(item.id, -1) for item in listings], dtype=np.int64)
        found = np.zeros(len(code), dtype=np.bool_)
        asked = np.flatnonzero(own[code] >= 0)  # most listings are never suspended
        keys = _keys(own[code[asked]], days[asked].astype(np.int64))
        found[asked] = np.isin(keys, self.keys)
        return found


def factor_steps(factors: pa.Table) -> dict[str, tuple[DayArray, FloatArray]]:
    """Return each listing's ex-sessions and factors, ascending."""
    ordered = factors.sort_by([("listing", "ascending"), ("ex_session", "ascending")])
    names = np.array(ordered.column("listing").to_pylist(), dtype=object)
    days = day_numbers(ordered, "ex_session").astype("datetime64[D]")
    values = numbers(ordered, "factor")
    ends = np.flatnonzero(names[1:] != names[:-1]) + 1
    return {
        str(names[rows[0]]): (days[rows], values[rows])
        for rows in np.split(np.arange(len(names)), ends)
        if len(rows)
    }


def places(days: DayArray, code: IntArray, exchanges: list[Exchange]) -> tuple[FlagArray, IntArray]:
    """Return for each row whether its day is a session of its exchange, and its place there.

    Parameters
    ----------
    days, code
        `(n_rows,)` days, and places in `exchanges`.
    exchanges
        Exchange of each listing.

    Returns
    -------
    tuple
        `(n_rows,)` True for a session, and past what the calendar records; `(n_rows,)` place of
        the first session on or after the day.
    """
    good = np.ones(len(days), dtype=np.bool_)
    place = np.zeros(len(days), dtype=np.int64)
    if not len(days):
        return good, place
    first = days.min()
    span = np.arange(first, days.max() + np.timedelta64(1, "D"))
    offset = (days - first).astype(np.int64)
    names = np.array([calendar_name(item) for item in exchanges])
    for name in np.unique(names):
        calendar = _calendar(str(name))
        rows = slice(None) if (names == name).all() else (names == name)[code]
        place[rows] = np.searchsorted(calendar.sessions, span)[offset[rows]]
        good[rows] = calendar.known(span)[offset[rows]]
    return good, place


def day_numbers(rows: pa.Table, column: str) -> IntArray:
    """Return a column of days as days since 1970; an empty one becomes a day before all others."""
    days = rows.column(column).cast(pa.int32())
    if days.null_count:
        days = pc.fill_null(days, -_DAY_SPAN // 2)
    found: IntArray = days.to_numpy().astype(np.int64)
    return found


def numbers(rows: pa.Table, column: str) -> FloatArray:
    """Return a column of numbers, NaN where it is empty or missing."""
    if column not in rows.column_names:
        return np.full(rows.num_rows, np.nan)
    values: FloatArray = rows.column(column).to_numpy(zero_copy_only=False)
    return values.astype(np.float64, copy=False)


def _order(codes: npt.NDArray[np.int32], days: IntArray) -> IntArray:
    """Return the order by listing, then session: a stable sort by each, the session first."""
    if not len(codes):
        return np.array([], dtype=np.int64)
    offset = _small(days - days.min())
    if (offset[1:] >= offset[:-1]).all():
        return np.argsort(_small(codes), kind="stable").astype(np.int64)
    by_day = np.argsort(offset, kind="stable")
    order: IntArray = by_day[np.argsort(_small(codes)[by_day], kind="stable")]
    return order


def _small(values: npt.NDArray[np.signedinteger]) -> npt.NDArray[np.integer]:
    # numpy sorts 16-bit numbers by radix: ten times faster than wider ones.
    return values.astype(np.uint16) if values.max() < 1 << 16 else values


def _keys(codes: IntArray, days: IntArray) -> IntArray:
    keys: IntArray = codes * _DAY_SPAN + days + _DAY_SPAN // 2
    return keys


@cache
def _calendar(name: str) -> Calendar:
    return next(calendar_of(item) for item in Exchange if calendar_name(item) == name)
