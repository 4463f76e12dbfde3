"""Tables as the arrays that fields are computed from, as of a day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from screener.data.lake.asof import AsOf, Market
from screener.data.lake.rows import days_of, numbers_of
from screener.data.lake.schema import Basis, TableName
from screener.data.panels.grid import Grid
from screener.data.panels.held_factors import factor_on
from screener.domain.arrays import (
    DayArray,
    FlagArray,
    FloatVector,
    IntArray,
    SessionAxis,
    TextArray,
)
from screener.market.calendars import calendar_of
from screener.screen.histories import Rows
from screener.screen.prices import STALE_DAYS, Prices
from screener.screen.statements import DETAILS, SUMMARY, Statements, place_statements

__all__ = ["MANY", "columns_of", "last_session", "read_prices", "read_rows", "read_statements"]

_NO_AXIS: SessionAxis = np.empty(0, dtype="datetime64[D]")
_LOOKED_BACK = timedelta(days=730)
MANY = 500
"""From so many listings on, a table is read whole."""


def columns_of(table: pa.Table, ids: Sequence[str]) -> IntArray:
    """Return the place of each row's listing among ids, -1 for another one."""
    return Grid(_NO_AXIS, ids).columns(table)


def texts_of(table: pa.Table, name: str) -> TextArray:
    """Return a column of texts, few of which differ."""
    codes = table.column(name).combine_chunks().dictionary_encode()
    words = np.array([*codes.dictionary.to_pylist(), None], dtype=object)
    found: TextArray = words[codes.indices.fill_null(-1).to_numpy(zero_copy_only=False)]
    return found


def last_session(known: AsOf, market: Market) -> np.datetime64:
    """Return the last session of a market that is over."""
    days = calendar_of(market.exchange).sessions
    end = np.datetime64(known.closed_day(market.exchange), "D")
    found: np.datetime64 = days[np.searchsorted(days, end, side="right") - 1]
    return found


def read_rows(known: AsOf, ids: Sequence[str], *, detailed: bool = True) -> tuple[Rows, TextArray]:
    """Return the rows of `fundamentals` of listings, and the currency of each row.

    Parameters
    ----------
    known
        The tables as of an instant.
    ids
        Listing ids, sorted.
    detailed
        Whether `DETAILS` are read too.
    """
    names = (*SUMMARY, *(DETAILS if detailed else ()))
    rows = known.vintages(columns=("currency", *names), listings=ids if len(ids) < MANY else None)
    places = columns_of(rows, ids)
    kept = places >= 0
    if not kept.all():
        rows = rows.filter(pa.array(kept))
    found = Rows(
        listings=places[kept],
        period_end=days_of(rows, "period_end"),
        known_at=days_of(rows, "known_at"),
        figures={name: numbers_of(rows, name) for name in names},
    )
    return found, texts_of(rows, "currency")


def read_statements(
    known: AsOf, ids: Sequence[str], *, detailed: bool = True
) -> tuple[Statements, TextArray]:
    """Return the figures of listings by quarter, and the currency of each one's latest row.

    Parameters as those of `read_rows`.
    """
    rows, told = read_rows(known, ids, detailed=detailed)
    found = place_statements(
        listings=rows.listings,
        n_listings=len(ids),
        period_end=rows.period_end,
        known_at=rows.known_at,
        figures=rows.figures,
        as_of=known.day,
    )
    currencies = np.full(len(ids), None, dtype=object)
    currencies[rows.listings] = told  # of several rows the last one stays
    return found, currencies


def read_prices(
    known: AsOf, ids: Sequence[str], market: Market, n_sessions: int, listed: DayArray
) -> Prices:
    """Return the bars of one market's listings, over its last sessions that are over.

    Parameters
    ----------
    known
        The tables as of an instant.
    ids
        Listings of the market.
    n_sessions
        How many sessions, the last one with a bar included; fewer if the calendar has no more.
    listed
        `(n_ids,)` first day listed, NaT where it is not told.
    """
    days = calendar_of(market.exchange).sessions
    end = known.store.last_session(
        TableName.BARS,
        on_or_before=known.closed_day(market.exchange),
        suffixes=market.suffixes,
    )
    if end is None:
        return _none(len(ids))
    at = int(np.searchsorted(days, np.datetime64(end, "D"), side="right"))
    axis = days[max(at - n_sessions, 0) : at]
    grid = Grid(axis, ids)
    wanted = ids if len(ids) < MANY else None
    bars = known.store.read(
        TableName.BARS,
        listings=wanted,
        start=axis[0].item(),
        end=end,
        columns=("listing", "session", "close", "amount", "basis"),
        ordered=False,
    )
    cells = grid.cells(bars)
    close, amount = cells.matrix("close"), cells.matrix("amount")
    there = np.isfinite(close)
    last = np.full(len(ids), np.datetime64("NaT"), dtype="datetime64[D]")
    last[there.any(axis=0)] = axis[len(axis) - 1 - there[::-1].argmax(axis=0)][there.any(axis=0)]
    first = np.where(there.any(axis=0), there.argmax(axis=0), len(axis))
    begun = ~np.isnat(listed) & (listed < axis[0])
    first = np.where(there.any(axis=0) & begun, -1, first)
    earlier = _earlier(known, ids, np.flatnonzero(~there[0]), axis[0].item(), end)
    adjusted = cells.any_of("basis", str(Basis.ADJUSTED)) | earlier.adjusted
    steps = known.store.read(TableName.FACTORS, listings=wanted)
    factor = grid.factors(steps, adjusted)
    held = earlier.places
    if len(held):
        # The last close before the panel stands in its first row, as on every day of a suspension.
        close[0, held], amount[0, held], first[held] = earlier.close, 0.0, -1
        factor[0, held] = earlier.factors(steps, ids, adjusted)
        last[held] = np.where(np.isnat(last[held]), earlier.days, last[held])
    return Prices(
        close=close,
        amount=amount,
        factor=factor,
        adjusted=adjusted,
        stopped=_stopped(known, grid, last),
        first=first,
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Earlier:
    """Last bars before a panel: place of the listing, session and close as stored.

    `adjusted` is `(n_ids,)`, of which listings they are adjusted.
    """

    places: IntArray
    days: DayArray
    close: FloatVector
    adjusted: FlagArray

    def factors(self, steps: pa.Table, ids: Sequence[str], adjusted: FlagArray) -> FloatVector:
        """Return the total-return factor of each one's session."""
        found = np.ones(len(self.places))
        own, days = columns_of(steps, ids), days_of(steps, "ex_session")
        values = numbers_of(steps, "factor")
        for at, (place, day) in enumerate(zip(self.places, self.days, strict=True)):
            low, high = (np.searchsorted(own, place, side=side) for side in ("left", "right"))
            if not adjusted[place]:
                (found[at],) = factor_on(days[low:high], values[low:high], np.array([day]))
        return found


def _earlier(
    known: AsOf, ids: Sequence[str], lacking: IntArray, start: date, end: date
) -> _Earlier:
    """Return the last bars of the listings that have none on the first session of a panel.

    Whatever fields are asked for, bars of the same days are looked at: those of two years.
    """
    names = [ids[at] for at in lacking]
    rows = known.store.read(
        TableName.BARS,
        listings=names,
        start=end - _LOOKED_BACK,
        end=start - timedelta(days=1),
        columns=("listing", "session", "close", "basis"),
    )
    places = columns_of(rows, ids)
    adjusted = np.zeros(len(ids), dtype=bool)
    adjusted[places[pc.equal(rows.column("basis"), str(Basis.ADJUSTED)).to_numpy()]] = True
    newest = np.full(len(ids), -1)
    newest[places] = np.arange(len(places))  # by session: of several rows the last one stays
    held = np.flatnonzero(newest >= 0)
    return _Earlier(
        places=held,
        days=days_of(rows, "session")[newest[held]],
        close=numbers_of(rows, "close")[newest[held]],
        adjusted=adjusted,
    )


def _stopped(known: AsOf, grid: Grid, last: DayArray) -> FlagArray:
    """Tell whose last bar is more than a week before the market's, without a suspension."""
    axis = grid.axis
    old = axis[-1] - last > np.timedelta64(STALE_DAYS, "D")  # never without a bar
    if not old.any():
        return np.zeros(len(grid.ids), dtype=bool)
    status = known.store.read(TableName.STATUS, start=axis[-1].item(), end=axis[-1].item())
    suspended = status.filter(pc.fill_null(status.column("suspended"), False))
    halted = np.zeros(len(grid.ids), dtype=bool)
    halted[[at for at in grid.columns(suspended) if at >= 0]] = True
    stopped: FlagArray = old & ~halted
    return stopped


def _none(n_listings: int) -> Prices:
    empty = np.empty((0, n_listings))
    no = np.zeros(n_listings, dtype=bool)
    return Prices(
        close=empty,
        amount=empty,
        factor=empty,
        adjusted=no,
        stopped=no,
        first=np.zeros(n_listings, dtype=np.int64),
    )
