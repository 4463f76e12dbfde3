"""The whole market over a stretch of sessions, read from the lake in a few queries."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from functools import lru_cache
from typing import Any

import numpy as np
import pyarrow.compute as pc

from screener.data.lake.schema import TableName
from screener.data.lake.store import Store
from screener.data.panels.bars import BarCells, Bars, read_bars
from screener.data.panels.fixings import read_rates
from screener.data.panels.grid import Grid, trading_days
from screener.data.panels.price_panel import last_sessions_of
from screener.domain.arrays import FlagMatrix, FloatMatrix, SessionAxis
from screener.domain.listing import Board, Exchange, Listing, parse_listing
from screener.domain.market_panel import MarketPanel, Spell
from screener.domain.panel import PricePanel
from screener.errors import BarsMissing, InputError
from screener.language import say
from screener.language.lists import listed
from screener.market.calendars import calendar_of

__all__ = ["read_market_panel"]

_BAR_COLUMNS = ("open", "close", "volume", "amount")
_STATUS_COLUMNS = ("listing", "session", "suspended", "st")
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
    bars = read_bars(store, _BAR_COLUMNS, start=start, end=end)
    master = _Master(store)
    listings = _columns(bars, wanted, master, named)
    if not listings or not len(axis):
        raise BarsMissing(
            say(
                "no stock of {exchanges} has a bar from {start} to {end}",
                exchanges=listed(wanted),
                start=start,
                end=end,
            ),
            fix=say("import bars: `screener data import FILE --kind bars`"),
        )
    grid = Grid(axis, tuple(item.id for item in listings))
    cells = bars.on(grid)
    closes = cells.matrix("close")
    adjusted = cells.any_adjusted()
    fx = read_rates(store, [item.currency for item in listings], axis)
    traded = np.isfinite(closes)
    halts = store.read(TableName.STATUS, start=start, end=end, columns=_STATUS_COLUMNS)
    names = store.read(TableName.NAMES, columns=("listing", "valid_from", "name"))
    suspended, special, unreformed, leaving = grid.states(names, grid.cells(halts))
    factors = store.read(TableName.FACTORS, columns=("listing", "ex_session", "factor"))
    return MarketPanel(
        prices=PricePanel(
            sessions=axis,
            listings=listings,
            open=cells.matrix("open"),
            close=closes,
            factor=grid.factors(factors, adjusted),
            fx=fx,
            prior_values=np.full(len(listings), np.nan),
            trading=trading_days(axis, listings),
            suspended=suspended,
            st=special,
            adjusted=adjusted,
            list_dates=tuple(master.dates("list_date", item.id) for item in listings),
            first_bars=_bounds(axis, traded, first=True),
            last_bars=_bounds(axis, traded, first=False),
            last_sessions=_last_sessions(store, wanted),
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


def _markets(exchanges: Sequence[Exchange]) -> tuple[Exchange, ...]:
    sides = {item.mainland for item in exchanges}
    return tuple(item for item in Exchange if item.mainland in sides)


def _last_sessions(store: Store, wanted: Sequence[Exchange]) -> dict[Exchange, date]:
    """Return the last available sessions; the mainland exchanges share one, asked for once."""
    sides = {item.mainland: item for item in wanted}
    found = last_sessions_of(store, list(sides.values()))
    return {item: found[side] for item in wanted if (side := sides[item.mainland]) in found}


def _columns(
    bars: Bars, wanted: Sequence[Exchange], master: _Master, named: Sequence[Listing]
) -> tuple[Listing, ...]:
    found = dict.fromkeys(named)
    for name in bars.ids():
        item = _listing(name)
        if item is not None and item.exchange in wanted and master.is_stock(item):
            found[item] = None
    return tuple(found)


@lru_cache(maxsize=16_384)
def _listing(name: str) -> Listing | None:
    try:
        return parse_listing(name)
    except InputError:  # an id of no exchange that is known here
        return None


def _spells(store: Store, grid: Grid) -> tuple[Spell, ...]:
    rows = store.read(TableName.INDUSTRIES)
    found = [
        (grid.index[row["listing"]], row["valid_from"], row["valid_to"], row["industry"])
        for row in rows.to_pylist()
        if row["listing"] in grid.index
    ]
    return tuple(sorted(found, key=lambda spell: (spell[1], spell[0])))


def _turnover(cells: BarCells, closes: FloatMatrix) -> FloatMatrix:
    """Return the turnover in the listing's currency; volume at the close where it is not told."""
    amount = cells.matrix("amount")
    return np.where(np.isfinite(amount), amount, cells.matrix("volume") * closes)


def _caps(store: Store, grid: Grid) -> FloatMatrix:
    """Return the last market value on or before each session that is fresh enough, else NaN."""
    table = store.read(
        TableName.VALUATION,
        start=grid.axis[0].item() - _CAP_AGE,
        end=grid.axis[-1].item(),
        columns=("listing", "session", "market_cap"),
    )
    known = table.filter(pc.greater(table.column("market_cap"), 0))
    return grid.last_known(known, "market_cap", age=_CAP_AGE)


def _bounds(axis: SessionAxis, traded: FlagMatrix, *, first: bool) -> tuple[date | None, ...]:
    at = traded.argmax(axis=0) if first else len(axis) - 1 - traded[::-1].argmax(axis=0)
    known: list[bool] = np.any(traded, axis=0).tolist()
    return tuple(axis[row].item() if some else None for row, some in zip(at, known, strict=True))
