"""The whole market over a stretch of sessions, read from the lake in a few queries."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from screener.data.lake.schema import Basis, TableName
from screener.data.lake.store import Store
from screener.data.panels.factors import factor_on
from screener.data.panels.fixings import read_fixings
from screener.data.panels.price_panel import frontier_of
from screener.domain.listing import Board, Exchange, Listing, parse_listing
from screener.domain.market_panel import MarketPanel, Spell
from screener.domain.panel import FlagMatrix, FloatMatrix, PricePanel, SessionAxis
from screener.errors import BarsMissing, InputError
from screener.market.calendars import calendar_of
from screener.market.special_treatment import bears_st_name, in_delisting_period, is_s_share

__all__ = ["read_market_panel"]

Numbers = npt.NDArray[np.float64]
Places = npt.NDArray[np.intp]

_BAR_COLUMNS = ("listing", "session", "open", "close", "volume", "amount", "basis")
_CAP_AGE = timedelta(days=30)  # an older market value is not taken for today's


def read_market_panel(
    store: Store,
    exchanges: Sequence[Exchange],
    start: date,
    end: date,
    *,
    named: Sequence[Listing] = (),
) -> MarketPanel:
    """Read every stock of some exchanges that has a bar from `start` to `end`.

    Only those sessions are read, so that memory grows with their number alone: some 50 bytes for a
    stock and a session are kept, four times as much is taken while they are read.

    Parameters
    ----------
    store
        The lake, at the version to read.
    exchanges
        Their stocks are read; for one mainland exchange, those of all three.
    start, end
        First and last day.
    named
        Listings that are to be in the panel whatever their kind and whether they have bars or not.

    Raises
    ------
    BarsMissing
        If no stock has a bar, and none is named.
    """
    wanted = _markets(exchanges)
    axis = np.unique(np.concatenate([calendar_of(item).between(start, end) for item in wanted]))
    bars = store.read(TableName.BARS, start=start, end=end, columns=_BAR_COLUMNS)
    master = _Master(store)
    listings = _columns(bars, wanted, master, named)
    if not listings or not len(axis):
        raise BarsMissing(
            f"no stock of {', '.join(wanted)} has a bar from {start} to {end}",
            fix="import bars: `screener data import FILE --kind bars`",
        )
    grid = _Grid(axis, tuple(item.id for item in listings))
    cells = grid.cells(bars)
    closes = cells.matrix("close")
    adjusted = cells.any_of("basis", str(Basis.ADJUSTED))
    fx = _fx(store, axis, listings)
    traded = np.isfinite(closes)
    special, unreformed, leaving = _named(
        store, grid, bears_st_name, is_s_share, in_delisting_period
    )
    return MarketPanel(
        prices=PricePanel(
            sessions=axis,
            listings=listings,
            open=cells.matrix("open"),
            close=closes,
            factor=_factors(store, grid, adjusted),
            fx=fx,
            prior_values=np.full(len(listings), np.nan),
            trading=_trading(axis, listings),
            suspended=(status := grid.cells(_status(store, start, end))).flags("suspended"),
            st=status.flags("st") | special,
            adjusted=adjusted,
            list_dates=tuple(master.dates("list_date", item.id) for item in listings),
            first_bars=_bounds(axis, traded, first=True),
            last_bars=_bounds(axis, traded, first=False),
            frontier=_frontier(store, wanted),
            delist_dates=tuple(master.dates("delist_date", item.id) for item in listings),
            untraded=cells.matrix("volume") == 0,
            unreformed=unreformed,
            leaving=leaving,
        ),
        turnover=_turnover(cells, closes) * fx,
        market_cap=_caps(store, grid) * fx,
        industries=tuple(master.industry(item.id) for item in listings),
        spells=_spells(store, grid),
    )


class _Master:
    """The listing master, whole: 9,000 rows at most."""

    def __init__(self, store: Store) -> None:
        rows = store.read(
            TableName.LISTINGS,
            columns=("listing", "kind", "list_date", "delist_date", "industry"),
        )
        self._rows: dict[str, dict[str, Any]] = {row["listing"]: row for row in rows.to_pylist()}

    def is_stock(self, listing: Listing) -> bool:
        """Tell whether it is one: by the master, or by its code where the master is silent."""
        row = self._rows.get(listing.id)
        board = listing.board in (Board.FUND, Board.INDEX)
        return not board and (row is None or row["kind"] == "stock")

    def dates(self, name: str, listing: str) -> date | None:
        found: date | None = self._rows.get(listing, {}).get(name)
        return found

    def industry(self, listing: str) -> str:
        return self._rows.get(listing, {}).get("industry") or ""


class _Grid:
    """Sessions and ids: the rows and columns of a panel."""

    def __init__(self, axis: SessionAxis, ids: tuple[str, ...]) -> None:
        self.axis = axis
        self.ids = ids
        self.index = {name: at for at, name in enumerate(ids)}

    @property
    def shape(self) -> tuple[int, int]:
        return len(self.axis), len(self.ids)

    def cells(self, table: pa.Table, day: str = "session") -> _Cells:
        """Place the rows of a table; those of other listings and days are left out."""
        columns = self.columns(table)
        days = _days(table, day)
        rows = np.searchsorted(self.axis, days)
        inside = (columns >= 0) & (rows < len(self.axis))
        inside[inside] = self.axis[rows[inside]] == days[inside]
        return _Cells(self, table, rows[inside], columns[inside], inside)

    def columns(self, table: pa.Table) -> Places:
        """Return the column of each row of a table, -1 for another listing."""
        encoded = table.column("listing").combine_chunks().dictionary_encode()
        if isinstance(encoded, pa.ChunkedArray):
            encoded = encoded.combine_chunks()
        places = [self.index.get(name, -1) for name in encoded.dictionary.to_pylist()]
        found: Places = np.array([*places, -1], dtype=np.intp)[encoded.indices.to_numpy()]
        return found


class _Cells:
    """Rows of a table in their places of a panel."""

    def __init__(
        self,
        grid: _Grid,
        table: pa.Table,
        rows: Places,
        columns: Places,
        inside: npt.NDArray[np.bool_],
    ) -> None:
        self._grid, self._table = grid, table
        self._rows, self._columns, self._inside = rows, columns, inside

    def matrix(self, name: str) -> FloatMatrix:
        found = np.full(self._grid.shape, np.nan)
        found[self._rows, self._columns] = _numbers(self._table, name)[self._inside]
        return found

    def flags(self, name: str) -> FlagMatrix:
        found = np.zeros(self._grid.shape, dtype=bool)
        values = pc.fill_null(self._table.column(name), False).to_numpy(zero_copy_only=False)
        found[self._rows, self._columns] = values[self._inside]
        return found

    def any_of(self, name: str, value: str) -> npt.NDArray[np.bool_]:
        """Tell for each column whether any of its rows has a value."""
        found = np.zeros(len(self._grid.ids), dtype=bool)
        same = pc.equal(self._table.column(name), value).to_numpy(zero_copy_only=False)
        found[self._columns[same[self._inside].astype(bool)]] = True
        return found


def _markets(exchanges: Sequence[Exchange]) -> tuple[Exchange, ...]:
    sides = {item.mainland for item in exchanges}
    return tuple(item for item in Exchange if item.mainland in sides)


def _frontier(store: Store, wanted: Sequence[Exchange]) -> dict[Exchange, date]:
    """Return how far the tables reach; the mainland exchanges share it, and it is asked once."""
    sides = {item.mainland: item for item in wanted}
    reach = frontier_of(store, list(sides.values()))
    return {item: reach[side] for item in wanted if (side := sides[item.mainland]) in reach}


def _columns(
    bars: pa.Table, wanted: Sequence[Exchange], master: _Master, named: Sequence[Listing]
) -> tuple[Listing, ...]:
    found = dict.fromkeys(named)
    for name in sorted(pc.unique(bars.column("listing")).to_pylist()):
        try:
            item = parse_listing(name)
        except InputError:  # an id of no exchange that is known here
            continue
        if item.exchange in wanted and master.is_stock(item):
            found[item] = None
    return tuple(found)


def _trading(axis: SessionAxis, listings: Sequence[Listing]) -> FlagMatrix:
    exchanges = list(dict.fromkeys(item.exchange for item in listings))
    days = np.column_stack([np.isin(axis, calendar_of(item).sessions) for item in exchanges])
    found: FlagMatrix = days[:, [exchanges.index(item.exchange) for item in listings]]
    return found


def _fx(store: Store, axis: SessionAxis, listings: Sequence[Listing]) -> FloatMatrix:
    fixings = read_fixings(store, axis[0].item(), axis[-1].item())
    currencies = list(dict.fromkeys(item.currency for item in listings))
    rates = np.column_stack([fixings.to_pivot(item, axis) for item in currencies])
    found: FloatMatrix = rates[:, [currencies.index(item.currency) for item in listings]]
    return found


def _factors(store: Store, grid: _Grid, adjusted: npt.NDArray[np.bool_]) -> FloatMatrix:
    """Return the factors; an adjusted listing has none, its prices hold them already."""
    table = store.read(TableName.FACTORS, columns=("listing", "ex_session", "factor"))
    matrix = np.ones(grid.shape)
    columns = grid.columns(table)
    days, values = _days(table, "ex_session"), _numbers(table, "factor")
    starts = np.flatnonzero(np.diff(columns, prepend=-2))  # the table is sorted by listing
    ends = np.append(starts[1:], len(columns))[: len(starts)]
    for first, last in zip(starts, ends, strict=True):
        column = columns[first]
        if column >= 0 and not adjusted[column]:
            matrix[:, column] = factor_on(days[first:last], values[first:last], grid.axis)
    return matrix


def _status(store: Store, start: date, end: date) -> pa.Table:
    return store.read(
        TableName.STATUS, start=start, end=end, columns=("listing", "session", "suspended", "st")
    )


def _named(store: Store, grid: _Grid, *marks: Callable[[str], bool]) -> list[FlagMatrix]:
    """Tell from the name in force each session what each of some marks says of a listing."""
    flags = [np.zeros(grid.shape, dtype=bool) for _ in marks]
    rows = store.read(TableName.NAMES, columns=("listing", "valid_from", "name"))
    names = rows.column("name").to_pylist()
    firsts = np.searchsorted(grid.axis, _days(rows, "valid_from"))
    # Sorted by listing and day: each name holds until the next one overwrites it.
    for column, first, name in zip(grid.columns(rows), firsts, names, strict=True):
        if column >= 0:
            for flag, mark in zip(flags, marks, strict=True):
                flag[first:, column] = mark(name)
    return flags


def _spells(store: Store, grid: _Grid) -> tuple[Spell, ...]:
    rows = store.read(TableName.INDUSTRIES)
    found = [
        (grid.index[row["listing"]], row["valid_from"], row["valid_to"], row["industry"])
        for row in rows.to_pylist()
        if row["listing"] in grid.index
    ]
    return tuple(sorted(found, key=lambda spell: (spell[1], spell[0])))


def _turnover(cells: _Cells, closes: FloatMatrix) -> FloatMatrix:
    """Return the turnover in the listing's currency; volume at the close where it is not told."""
    amount = cells.matrix("amount")
    return np.where(np.isfinite(amount), amount, cells.matrix("volume") * closes)


def _caps(store: Store, grid: _Grid) -> FloatMatrix:
    """Return the last market value on or before each session that is fresh enough, else NaN."""
    table = store.read(
        TableName.VALUATION,
        start=grid.axis[0].item() - _CAP_AGE,
        end=grid.axis[-1].item(),
        columns=("listing", "session", "market_cap"),
    )
    values, days = _numbers(table, "market_cap"), _days(table, "session")
    columns = grid.columns(table)
    kept = (columns >= 0) & np.isfinite(values) & (values > 0)
    rows = np.searchsorted(grid.axis, days[kept])  # the first session that knows it
    found = np.full(grid.shape, np.nan)
    dated = np.full(grid.shape, np.datetime64("NaT", "D"))
    # Sorted by day: of two values that one session learns, the later one stays.
    found[rows, columns[kept]] = values[kept]
    dated[rows, columns[kept]] = days[kept]
    last = np.where(np.isfinite(found), np.arange(len(found))[:, np.newaxis], 0)
    last = np.maximum.accumulate(last, axis=0)
    found = np.take_along_axis(found, last, axis=0)
    age = grid.axis[:, np.newaxis] - np.take_along_axis(dated, last, axis=0)
    found[~(age <= np.timedelta64(_CAP_AGE.days, "D"))] = np.nan
    return found


def _bounds(axis: SessionAxis, traded: FlagMatrix, *, first: bool) -> tuple[date | None, ...]:
    at = traded.argmax(axis=0) if first else len(axis) - 1 - traded[::-1].argmax(axis=0)
    known: list[bool] = np.any(traded, axis=0).tolist()
    return tuple(axis[row].item() if some else None for row, some in zip(at, known, strict=True))


def _days(table: pa.Table, name: str) -> SessionAxis:
    days: SessionAxis = table.column(name).to_numpy().astype("datetime64[D]")
    return days


def _numbers(table: pa.Table, name: str) -> Numbers:
    values: Numbers = table.column(name).to_numpy(zero_copy_only=False).astype(np.float64)
    return values
