"""Price panels and benchmark series read from the lake."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

import numpy as np
import pyarrow as pa

from screener.data.lake.rows import days_of, numbers_of
from screener.data.lake.schema import Basis, TableName
from screener.data.lake.store import Store
from screener.data.panels.bars import BarCells, last_closes, read_bars
from screener.data.panels.fixings import read_rates
from screener.data.panels.grid import Grid, trading_days
from screener.domain.arrays import (
    FlagArray,
    FlagMatrix,
    FloatArray,
    FloatMatrix,
    Places,
    SessionAxis,
)
from screener.domain.eligibility import Eligibility, Programme
from screener.domain.listing import Board, Exchange, Listing
from screener.domain.panel import CapPanel, PricePanel, TradingPanel
from screener.market.calendars import calendar_of
from screener.market.trading import northbound_rule, southbound_rule

__all__ = [
    "LEAST_HISTORY",
    "last_sessions_of",
    "read_benchmark",
    "read_caps",
    "read_eligibility",
    "read_panel",
    "read_trading",
]

LEAST_HISTORY = 60
"""Days before the first entry, for the previous close across a long holiday."""
_CAP_DAYS = 30  # an older market value is not taken for today's
_OFF_THE_DAY = 1e-3  # by which a VWAP may lie beyond high and low: turnover is told rounded
_MAINLAND = (".SH", ".SZ", ".BJ")


def last_sessions_of(store: Store, exchanges: Sequence[Exchange]) -> dict[Exchange, date]:
    """Return the last session with a bar of any security, for each exchange that has one.

    The mainland exchanges share one calendar, and so one last session.
    """
    found = {}
    for exchange in dict.fromkeys(exchanges):
        suffixes = _MAINLAND if exchange.mainland else (f".{exchange}",)
        last = store.last_available(suffixes)
        if last is not None:
            found[exchange] = last
    return found


def read_panel(
    store: Store,
    listings: Sequence[Listing],
    *,
    first_entry: date,
    last_entry: date,
    history: int = LEAST_HISTORY,
    until: date | None = None,
    vwap: bool = False,
) -> PricePanel:
    """Read the panel of some listings, from before the first entry to the end of the tables.

    Parameters
    ----------
    store
        The lake, at the version to read.
    listings
        Columns of the panel, unique.
    first_entry, last_entry
        Earliest and latest session in which anything is to be bought. The panel's sessions run to
        the latter at least, though there are no bars so far.
    history
        Days before the first entry at which the panel begins.
    until
        Day with which the tables are taken to end, if they go on. First and last bars of a listing
        stay those of the tables.
    vwap
        Whether to make volume-weighted average prices.
    """
    ids = [listing.id for listing in listings]
    exchanges = list(dict.fromkeys(listing.exchange for listing in listings))
    last_sessions = last_sessions_of(store, exchanges)
    if until is not None:
        last_sessions = {item: _no_later(item, day, until) for item, day in last_sessions.items()}
    start = first_entry - timedelta(days=history)
    end = max([*last_sessions.values(), last_entry])
    grid = Grid(axis := _axis(exchanges, start, end), ids)
    columns = ("open", "close", "volume", *(("amount", "low", "high") if vwap else ()))
    bars = read_bars(store, columns, listings=ids, start=start, end=end).on(grid)
    status = store.read(TableName.STATUS, listings=ids, start=start, end=end)
    spans = store.spans(ids)
    listed, gone = _dates(store, ids, "list_date"), _dates(store, ids, "delist_date")
    suspended, special, unreformed, leaving = grid.states(
        store.read(TableName.NAMES, listings=ids), grid.cells(status)
    )
    adjusted = np.array(
        [item in spans and spans[item].basis is Basis.ADJUSTED for item in ids], dtype=bool
    )
    return PricePanel(
        sessions=axis,
        listings=tuple(listings),
        open=bars.matrix("open"),
        close=bars.matrix("close"),
        factor=grid.factors(store.read(TableName.FACTORS, listings=ids), adjusted),
        fx=read_rates(store, [item.currency for item in listings], axis),
        prior_values=_prior_values(store, ids, start, adjusted),
        trading=trading_days(axis, listings),
        suspended=suspended,
        st=special,
        adjusted=adjusted,
        list_dates=tuple(listed.get(item) for item in ids),
        first_bars=tuple(spans[item].first if item in spans else None for item in ids),
        last_bars=tuple(spans[item].last if item in spans else None for item in ids),
        last_sessions=last_sessions,
        vwap=_averages(bars, adjusted) if vwap else None,
        delist_dates=tuple(gone.get(item) for item in ids),
        untraded=bars.matrix("volume") == 0,
        unreformed=unreformed,
        leaving=leaving,
    )


def read_caps(store: Store, panel: PricePanel) -> CapPanel:
    """Read market values on the sessions of a price panel, in the base currency.

    Each is the last one on or before the session's day, no older than 30 days.
    """
    if not len(panel.sessions) or not panel.listings:
        return CapPanel(market_cap=panel.close, float_cap=panel.close)
    ids = [listing.id for listing in panel.listings]
    start = panel.session(0) - timedelta(days=_CAP_DAYS)
    rows = store.read(
        TableName.VALUATION,
        listings=ids,
        start=start,
        end=panel.session(len(panel.sessions) - 1),
    )
    grid, age = Grid(panel.sessions, ids), timedelta(days=_CAP_DAYS)
    return CapPanel(
        market_cap=grid.last_known(rows, "market_cap", age=age) * panel.fx,
        float_cap=grid.last_known(rows, "float_cap", age=age) * panel.fx,
    )


def _averages(bars: BarCells, adjusted: FlagArray) -> FloatMatrix:
    """Return turnover by volume: 0 where nothing was traded, NaN where it fits no price."""
    names = ("amount", "volume", "low", "high")
    amount, volume, low, high = (bars.matrix(name) for name in names)
    traded = volume > 0
    average = np.where(traded, amount, np.nan) / np.where(traded, volume, np.nan)
    fits = (average >= low * (1 - _OFF_THE_DAY)) & (average <= high * (1 + _OFF_THE_DAY))
    average[~fits | adjusted[np.newaxis, :]] = np.nan
    average[(volume == 0) & ~adjusted[np.newaxis, :]] = 0.0
    return average


def read_trading(store: Store, panel: PricePanel) -> TradingPanel:
    """Read what trading with money needs on the sessions of a price panel."""
    ids = [listing.id for listing in panel.listings]
    if not len(panel.sessions) or not ids:
        empty = np.full(panel.close.shape, np.nan)
        return TradingPanel(
            prices=panel,
            volume=empty,
            amount=empty.copy(),
            share_ratio=np.ones(panel.close.shape),
            dividend=np.zeros(panel.close.shape),
            board_lot=empty.copy(),
        )
    start, end = panel.session(0), panel.session(len(panel.sessions) - 1)
    grid = Grid(panel.sessions, ids)
    columns = ("volume", "amount")
    bars = read_bars(store, columns, listings=ids, start=start, end=end).on(grid)
    lots = store.read(TableName.BOARD_LOTS, listings=ids)
    entitled = _entitlements(store, panel, ids)
    return TradingPanel(
        prices=panel,
        volume=bars.matrix("volume"),
        amount=bars.matrix("amount"),
        share_ratio=entitled["ratio"],
        dividend=entitled["cash"],
        rights=entitled["rights"],
        rights_price=entitled["rights_price"],
        board_lot=grid.in_force(lots, "lot", float, fill=np.nan),
        southbound=_connected(panel, Exchange.HK),
        northbound=_connected(panel, Exchange.SH),
        eligibility=read_eligibility(store, panel.listings),
        funds=_funds(store, ids),
    )


def _connected(panel: PricePanel, side: Exchange) -> FlagMatrix:
    """Tell on which sessions the other side may trade each listing, where a rule is known.

    `side` is Hong Kong for southbound trading, Shanghai for northbound: all of the mainland.
    """
    mainland, hong_kong = calendar_of(Exchange.SH), calendar_of(Exchange.HK)
    rule_of = northbound_rule if side.mainland else southbound_rule
    found = np.ones(panel.close.shape, dtype=bool)
    boards: dict[Board, list[int]] = {}
    for at, item in enumerate(panel.listings):
        if item.exchange.mainland is side.mainland:
            boards.setdefault(item.board, []).append(at)
    for row, day in enumerate(panel.sessions.tolist() if boards else ()):
        if not (mainland.is_session(day) and hong_kong.is_session(day)):
            for columns in boards.values():  # a rule is one of boards
                found[row, columns] = rule_of(panel.listings[columns[0]], day) is None
    return found


def read_eligibility(store: Store, listings: Sequence[Listing]) -> tuple[Eligibility, ...]:
    """Return the days on which each listing is in the list of its programme."""
    rows = store.read(
        TableName.ELIGIBILITY, columns=("listing", "programme", "valid_from", "valid_to")
    ).to_pylist()
    recorded: dict[str, date] = {}
    spells: dict[tuple[str, str], list[tuple[date, date | None]]] = {}
    for row in rows:
        programme, first = row["programme"], row["valid_from"]
        recorded[programme] = min(first, recorded.get(programme, first))
        spells.setdefault((programme, row["listing"]), []).append((first, row["valid_to"]))
    found = []
    for item in listings:
        mainland = item.exchange.mainland
        programme = Programme.NORTHBOUND if mainland else Programme.SOUTHBOUND
        own = sorted(spells.get((programme, item.id), []), key=lambda spell: spell[0])
        found.append(Eligibility(recorded=recorded.get(programme), spells=tuple(own)))
    return tuple(found)


def _funds(store: Store, ids: list[str]) -> tuple[bool, ...]:
    rows = store.read(TableName.LISTINGS, listings=ids, columns=("listing", "kind"))
    kinds = dict(zip(*(rows.column(name).to_pylist() for name in rows.column_names), strict=True))
    return tuple(kinds.get(name) == "fund" for name in ids)


def _entitlements(store: Store, panel: PricePanel, ids: list[str]) -> dict[str, FloatMatrix]:
    """Return ratio of shares, cash and rights of each ex-session; none for adjusted prices."""
    ratio, cash = np.ones(panel.close.shape), np.zeros(panel.close.shape)
    rights, paid = np.zeros(panel.close.shape), np.zeros(panel.close.shape)
    terms = ("bonus", "split", "cash", "rights", "rights_price")
    actions = store.read(TableName.ACTIONS, listings=ids, columns=("listing", "ex_session", *terms))
    at, kept = _ex_cells(panel, ids, actions)
    bonus, split, cash_paid, offered, price = (
        np.where(np.isnan(values), float(name == "split"), values)
        for name in terms
        for values in [numbers_of(actions, name)[kept]]
    )
    # One after the other: of several on one day the second multiplies what the first made.
    np.multiply.at(ratio, at, (1.0 + bonus) * split)
    np.add.at(cash, at, cash_paid)
    np.add.at(rights, at, offered * split)
    np.add.at(paid, at, offered * price)
    told = np.zeros(panel.close.shape, dtype=bool)
    told[at] = True
    # A factor says what a holding is worth, not what it got: it is taken as new shares.
    factors = store.read(
        TableName.EX_FACTORS, listings=ids, columns=("listing", "ex_session", "factor")
    )
    at, kept = _ex_cells(panel, ids, factors)
    np.multiply.at(ratio, at, np.where(told[at], 1.0, numbers_of(factors, "factor")[kept]))
    per_share = paid / np.where(rights > 0, rights, 1.0)
    return {"ratio": ratio, "cash": cash, "rights": rights, "rights_price": per_share}


def _ex_cells(
    panel: PricePanel, ids: list[str], table: pa.Table
) -> tuple[tuple[Places, Places], FlagArray]:
    """Return rows and columns of the ex-sessions within a panel, and which rows those are of.

    An ex-date that is no session takes effect in the next one; adjusted prices have none.
    """
    columns = Grid(panel.sessions, ids).columns(table)
    rows = np.searchsorted(panel.sessions, days_of(table, "ex_session"))
    within = (columns >= 0) & (rows > 0) & (rows < len(panel.sessions))
    kept = within & ~panel.adjusted[columns]
    return (rows[kept], columns[kept]), kept


def read_benchmark(store: Store, benchmark: Listing) -> tuple[SessionAxis, FloatMatrix, str]:
    """Read the bars of a benchmark in the base currency.

    Returns
    -------
    tuple
        `(n,)` sessions; `(n, 2)` open and close in CNY; `price` or `total`.
    """
    bars = store.read(TableName.BARS, listings=[benchmark.id])
    sessions = days_of(bars, "session")
    rates = read_rates(store, [benchmark.currency], sessions)[:, 0]
    values = np.column_stack([numbers_of(bars, "open") * rates, numbers_of(bars, "close") * rates])
    rows = store.read(TableName.LISTINGS, listings=[benchmark.id])
    basis = rows.column("return_basis")[0].as_py() if rows.num_rows else None
    adjusted = str(Basis.ADJUSTED) in bars.column("basis").to_pylist()
    return sessions, values, basis or ("total" if adjusted else "price")


def _no_later(exchange: Exchange, day: date, until: date) -> date:
    """Return a session, or the last one on or before a day if that is earlier."""
    if day <= until:
        return day
    sessions = calendar_of(exchange).sessions
    at = int(np.searchsorted(sessions, np.datetime64(until, "D"), side="right"))
    found: date = sessions[max(at - 1, 0)].item()
    return found


def _axis(exchanges: Sequence[Exchange], start: date, end: date) -> SessionAxis:
    parts = [calendar_of(exchange).between(start, end) for exchange in exchanges]
    merged: SessionAxis = np.unique(np.concatenate(parts))
    return merged


def _prior_values(store: Store, ids: list[str], start: date, adjusted: FlagArray) -> FloatArray:
    """Return each listing's last close before `start` times its factor that day, NaN if none."""
    last = last_closes(store, ids, before=start)
    days = np.array(sorted({day for day, _ in last.values()}), dtype="datetime64[D]")
    factor = Grid(days, ids).factors(store.read(TableName.FACTORS, listings=ids), adjusted)
    return np.array(
        [
            last[name][1] * factor[int(np.searchsorted(days, np.datetime64(last[name][0]))), column]
            if name in last
            else np.nan
            for column, name in enumerate(ids)
        ],
        dtype=np.float64,
    )


def _dates(store: Store, ids: list[str], name: str) -> dict[str, date]:
    rows = store.read(TableName.LISTINGS, listings=ids, columns=("listing", name))
    return {row["listing"]: row[name] for row in rows.to_pylist() if row[name]}
