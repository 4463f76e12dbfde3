"""Total-return indices of a whole market, read from the lake at once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

import numpy as np

from screener.data.lake.schema import Basis, TableName
from screener.data.lake.store import Store
from screener.data.panels.bars import Bars, read_bars
from screener.data.panels.grid import Grid
from screener.domain.arrays import FlagMatrix, FloatMatrix, SessionAxis
from screener.domain.listing import Board, Exchange, Listing
from screener.domain.market_panel import Spell
from screener.domain.total_return import IndexSeries, Peers, TotalReturnPanel
from screener.market.calendars import calendar_of
from screener.market.industries import industry_indices

__all__ = ["read_total_returns"]

_MAINLAND = (".SH", ".SZ", ".BJ")
_COLUMNS = ("open", "close")
_STATUS = ("listing", "session", "suspended")


def read_total_returns(
    store: Store, *, mainland: bool, start: date, benchmarks: Iterable[Listing]
) -> TotalReturnPanel:
    """Read the total-return index of every listing of a market, from a day on.

    Parameters
    ----------
    store
        The lake, at the version to read.
    mainland
        Which market: the mainland's exchanges, which share their sessions, or Hong Kong.
    start
        First day to read; the panel begins with the last session on or before it.
    benchmarks
        Indices to read; those without bars are left out.

    Returns
    -------
    TotalReturnPanel
        Without sessions where the market has no bars. Ordinary shares priced in the market's own
        currency are `Peers.STOCKS`; indices whose row in `listings` names an industry, and
        Shenwan's, are columns of their own, `Peers.INDUSTRIES`.
    """
    exchange = Exchange.SH if mainland else Exchange.HK
    days = calendar_of(exchange).sessions
    first = days[max(int(np.searchsorted(days, np.datetime64(start, "D"), side="right")) - 1, 0)]
    bars = read_bars(store, _COLUMNS, start=first.item())
    ids = [name for name in bars.ids() if name.endswith(".HK") != mainland]
    suffixes = _MAINLAND if mainland else (".HK",)
    axis = _axis(days, first, store.last_available(suffixes), bars, ids)
    grid = Grid(axis, ids)
    cells = bars.on(grid)
    master = {row["listing"]: row for row in store.read(TableName.LISTINGS).to_pylist()}
    wanted = {item.id: item for item in benchmarks}
    matrices = {name: cells.matrix(name) for name in ("open", "close")}
    indices = {
        wanted[text]: IndexSeries(
            listing=wanted[text],
            basis=str(master.get(text, {}).get("return_basis") or "price"),
            open=matrices["open"][:, at].copy(),
            close=matrices["close"][:, at].copy(),
        )
        for at, text in enumerate(ids)
        if text in wanted
    }
    return _panel(store, grid, matrices, master, indices)


def _panel(
    store: Store,
    grid: Grid,
    matrices: dict[str, FloatMatrix],
    master: dict[str, dict[str, object]],
    indices: dict[Listing, IndexSeries],
) -> TotalReturnPanel:
    axis, ids = grid.axis, grid.ids
    listings = [_listing(text) for text in ids]
    traded = np.isfinite(matrices["close"])
    if len(axis):
        factors = _factors(store, grid)
        for matrix in matrices.values():
            matrix *= factors
        status = store.read(
            TableName.STATUS, start=axis[0].item(), end=axis[-1].item(), columns=_STATUS
        )
        suspended = grid.cells(status).flags("suspended")
        traded &= ~suspended
        _carry(matrices["close"], suspended | _gone(axis, ids, master))
    return TotalReturnPanel(
        sessions=axis,
        listings=tuple(listings),
        open=matrices["open"],
        close=matrices["close"],
        traded=traded,
        peers=np.array(
            [_peers(item, master.get(item.id)) for item in listings], dtype=np.int8
        ).reshape(len(listings)),
        indices=indices,
        sectors=tuple(str(master.get(text, {}).get("industry") or "") for text in ids),
        spells=_spells(store, grid),
        industries={
            item: _industry(item, row)
            for item in listings
            if _peers(item, row := master.get(item.id)) == Peers.INDUSTRIES
        },
    )


def _axis(
    days: SessionAxis,
    first: np.datetime64,
    last_available: date | None,
    bars: Bars,
    ids: Sequence[str],
) -> SessionAxis:
    """Return the sessions to the last one with a bar of a security; of an index without any."""
    last: np.datetime64 | None = None
    if ids:
        known = last_available is not None
        last = np.datetime64(last_available, "D") if known else bars.last_day(ids)
    if last is None:
        return days[:0]
    axis: SessionAxis = days[(days >= first) & (days <= last)]
    return axis


def _factors(store: Store, grid: Grid) -> FloatMatrix:
    spans = store.spans(grid.ids)
    adjusted = [name in spans and spans[name].basis is Basis.ADJUSTED for name in grid.ids]
    return grid.factors(store.read(TableName.FACTORS), np.array(adjusted, dtype=bool))


def _gone(
    axis: SessionAxis, ids: Sequence[str], master: dict[str, dict[str, object]]
) -> FlagMatrix:
    """Tell from which session on a listing is known to be traded no more."""
    ends = np.full(len(ids), np.datetime64("NaT"), dtype="datetime64[D]")
    for at, name in enumerate(ids):
        day = master.get(name, {}).get("delist_date")
        if isinstance(day, date):
            ends[at] = np.datetime64(day, "D")
    gone: FlagMatrix = axis[:, np.newaxis] >= ends[np.newaxis, :]
    return gone


def _carry(close: FloatMatrix, allowed: FlagMatrix) -> None:
    """Carry the last close over the sessions where that is allowed."""
    last = np.full(close.shape[1], np.nan)
    for row, halted in zip(close, allowed, strict=True):
        known = np.isfinite(row)
        np.copyto(last, row, where=known)
        np.copyto(row, last, where=halted & ~known)


def _peers(listing: Listing, row: dict[str, object] | None) -> int:
    kind = "" if row is None else row["kind"]
    if kind == "index" or listing.board is Board.INDEX:
        return Peers.INDUSTRIES if _industry(listing, row) else Peers.NONE
    ordinary = kind in ("", "stock") and listing.board not in (Board.FUND, Board.B_SHARE)
    currency = listing.currency if row is None else row["currency"]
    own = str(currency) == str(listing.exchange.currency)
    return Peers.STOCKS if ordinary and own else Peers.NONE


def _spells(store: Store, grid: Grid) -> tuple[Spell, ...]:
    """Return the dated industries of the columns, the later ones last."""
    rows = store.read(TableName.INDUSTRIES).to_pylist()
    found = [
        (grid.index[row["listing"]], row["valid_from"], row["valid_to"], row["industry"])
        for row in rows
        if row["listing"] in grid.index
    ]
    return tuple(sorted(found, key=lambda spell: (spell[1], spell[0])))


def _industry(listing: Listing, row: dict[str, object] | None) -> str:
    """Return the industry of an index: as the tables name it, else as its compiler does."""
    told = "" if row is None else str(row["industry"] or "")
    known = (item.name for item in industry_indices() if item.listing == listing)
    return told or next(known, "")


def _listing(text: str) -> Listing:
    code, _, exchange = text.rpartition(".")
    return Listing(code, Exchange(exchange))
