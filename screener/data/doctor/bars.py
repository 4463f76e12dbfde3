"""Checks on table `bars`: impossible moves and prices, wrong days, wrong units, gaps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date

import numpy as np
import pyarrow as pa

from screener.data.doctor.bar_columns import BarColumns, Marks, factor_steps
from screener.data.doctor.findings import Check, Finding, Severity, in_order
from screener.data.doctor.jumps import find_jumps, jump_finding
from screener.data.lake.schema import TableName
from screener.data.validation.row_checks import price_faults
from screener.domain.arrays import DayArray, FlagArray, FloatArray, IntArray
from screener.domain.listing import Board, Listing
from screener.language import say
from screener.market.calendars import calendar_name, calendar_of

__all__ = ["examine_bars"]

_TENFOLD = 0.25  # in powers of ten
_OUTSIDE = 0.05  # amount per share may leave the day's prices by this much
_ENOUGH = 10_000  # shares from which rounding of volume and amount no longer matters


def examine_bars(
    bars: pa.Table,
    *,
    suspended: frozenset[tuple[str, date]] | Marks,
    list_dates: Mapping[str, date],
    factors: pa.Table,
    delist_dates: Mapping[str, date] | None = None,
    start: date | None = None,
) -> tuple[Finding, ...]:
    """Look for what is wrong with bars.

    Parameters
    ----------
    bars
        Rows of table `bars`, in any order; without high, low, volume or amount what needs them
        is not checked.
    suspended
        Listing and session of every known suspension.
    list_dates, delist_dates
        First trading day, and first day no longer listed, of each listing that is known.
    factors
        Rows of table `factors`, applied to raw closes.
    start
        First session of all that is stored; that of these bars when `None`.

    Returns
    -------
    tuple
        Findings by listing and session.
    """
    if not bars.num_rows:
        return ()
    columns = BarColumns.of(bars)
    halts = Marks.on_days(suspended) if isinstance(suspended, frozenset) else suspended
    halted = columns.marked(halts)
    jumps = find_jumps(
        columns,
        halted=halted,
        list_dates=list_dates,
        steps=factor_steps(factors),
        start=start,
    )
    good, place = columns.sessions()
    found = [jump_finding(jump) for jump in jumps]
    found.extend(_off_session(columns, good))
    found.extend(_gaps(columns, good, place, halts))
    found.extend(_bad_prices(columns))
    found.extend(_units(columns))
    found.extend(_lives(columns, list_dates, delist_dates or {}))
    found.extend(_traded_in_halts(columns, halted))
    return in_order(found)


def _per_listing(bars: BarColumns, rows: FlagArray) -> Iterator[tuple[str, date, int]]:
    """Return each listing that has such rows, with the first session and how many there are."""
    at = np.flatnonzero(rows)
    codes, first, counts = np.unique(bars.code[at], return_index=True, return_counts=True)
    for code, place, count in zip(codes, first, counts, strict=True):
        yield bars.listings[code].id, bars.days[at[place]].item(), int(count)


def _counted(
    bars: BarColumns,
    rows: FlagArray,
    check: Check,
    cause: str,
    expected: str,
    severity: Severity = Severity.ERROR,
) -> list[Finding]:
    return [
        Finding(
            table=TableName.BARS,
            listing=listing,
            session=session,
            check=check,
            severity=severity,
            cause=cause,
            value=count,
            expected=expected,
        )
        for listing, session, count in _per_listing(bars, rows)
    ]


def _off_session(bars: BarColumns, good: FlagArray) -> list[Finding]:
    """Find days without a session: one finding for each exchange and day."""
    found = []
    at = np.flatnonzero(~good)
    exchanges = [bars.listings[code].exchange for code in bars.code[at]]
    groups: dict[tuple[str, date], list[str]] = {}
    for exchange, row in zip(exchanges, at, strict=True):
        key = (calendar_name(exchange), bars.days[row].item())
        groups.setdefault(key, []).append(bars.listings[bars.code[row]].id)
    for (calendar, day), names in groups.items():
        found.append(
            Finding(
                table=TableName.BARS,
                listing=names[0],
                session=day,
                check=Check.SESSION,
                severity=Severity.ERROR,
                cause=say("not a session (calendar {name})", name=calendar),
                value=len(names),
                expected=say("no bar"),
            )
        )
    return found


def _gaps(bars: BarColumns, good: FlagArray, place: IntArray, halts: Marks) -> list[Finding]:
    """Find runs of sessions with neither a bar nor a suspension between two bars of a listing."""
    missing = np.zeros(bars.n_rows, dtype=np.int64)
    missing[1:] = np.diff(place) - 1
    counted = bars.same & good
    counted[1:] &= good[:-1]
    found = []
    for at in np.flatnonzero(counted & (missing > 0)):
        listing = bars.listings[bars.code[at]]
        between = calendar_of(listing.exchange).sessions[place[at - 1] + 1 : place[at]]
        if not len(between):  # past what the calendar records
            continue
        recorded = halts.between(listing.id, between[0].item(), between[-1].item())
        left = between[~np.isin(between, recorded)]
        if len(left):
            found.append(_gap(listing, left))
    return found


def _gap(listing: Listing, missing: DayArray) -> Finding:
    index = listing.board is Board.INDEX
    return Finding(
        table=TableName.BARS,
        listing=listing.id,
        session=missing[0].item(),
        check=Check.GAP,
        severity=Severity.WARNING,
        cause=say("missing rows: an index is never suspended")
        if index
        else say("suspension without a record, or missing rows"),
        value=float(len(missing)),
        expected=say("a bar on every session")
        if index
        else say("a bar or a suspension on every session"),
    )


def _bad_prices(bars: BarColumns) -> list[Finding]:
    found = []
    for fault in price_faults(bars.open, bars.high, bars.low, bars.close):
        found.extend(
            _counted(
                bars, fault.rows, Check.PRICES, fault.reason, say("0 < low ≤ open, close ≤ high")
            )
        )
    return found


def _units(bars: BarColumns) -> list[Finding]:
    """Compare what a share cost on average with the day's prices: volume or amount in a wrong unit.

    Adjusted prices tell nothing by themselves, but their ratio to what a share cost moves slowly.
    """
    traded = (bars.volume > 0) & (bars.amount > 0) & (bars.close > 0)
    if not traded.any():
        return []
    adjusted = bars.adjusted[bars.code]
    average = np.divide(bars.amount, bars.volume, out=np.full(bars.n_rows, np.nan), where=traded)
    power = np.log10(np.divide(average, bars.close, out=np.ones(bars.n_rows), where=traded))
    before = np.zeros(bars.n_rows)
    before[1:] = np.where(bars.same[1:] & traded[:-1], power[:-1], power[1:])
    before[:1] = power[:1]
    wrong = _tenfold(np.where(adjusted, power - before, power)) & traded
    low, high = bars.low * (1 - _OUTSIDE), bars.high * (1 + _OUTSIDE)
    outside = traded & ~adjusted & ~wrong & ((average < low) | (average > high))
    outside &= bars.volume >= _ENOUGH
    return [
        *_counted(
            bars,
            wrong,
            Check.UNIT,
            say("volume or amount in another unit"),
            say("amount / (volume × close) near 1"),
        ),
        *_counted(
            bars,
            outside,
            Check.UNIT,
            say("amount per share outside the day's prices"),
            say("between low and high"),
            Severity.WARNING,
        ),
    ]


def _tenfold(power: FloatArray) -> FlagArray:
    nearest = np.round(power)
    found: FlagArray = (nearest != 0) & (np.abs(power - nearest) < _TENFOLD)
    return found


def _lives(
    bars: BarColumns, list_dates: Mapping[str, date], delist_dates: Mapping[str, date]
) -> list[Finding]:
    """Find bars before a listing was listed or after it was delisted."""
    listed = _days_of(bars, list_dates)
    gone = _days_of(bars, delist_dates)
    early, late = bars.days < listed[bars.code], bars.days >= gone[bars.code]
    return [
        *_counted(
            bars,
            early,
            Check.LIFE,
            say("bars before the list date: a wrong date, or the code's former bearer"),
            say("no bar before list_date"),
        ),
        *_counted(
            bars,
            late,
            Check.LIFE,
            say("bars after the delisting: a wrong date, or the code's next bearer"),
            say("no bar from delist_date on"),
        ),
    ]


def _days_of(bars: BarColumns, known: Mapping[str, date]) -> DayArray:
    """Return `(n_listings,)` days, NaT where none is known: no day is before or after it."""
    days = [known.get(listing.id) for listing in bars.listings]
    return np.array(["NaT" if day is None else day for day in days], dtype="datetime64[D]")


def _traded_in_halts(bars: BarColumns, halted: FlagArray) -> list[Finding]:
    traded = halted & (bars.volume > 0)
    return _counted(
        bars,
        traded,
        Check.SUSPENDED,
        say("volume on a session that is recorded as suspended"),
        say("no volume, or no suspension"),
    )
