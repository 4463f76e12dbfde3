"""Total-return worth of a whole market, read from the lake at once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from screener.data.lake.schema import Basis, TableName
from screener.data.lake.store import Store
from screener.data.panels.factors import factor_on
from screener.domain.listing import Board, Exchange, Listing
from screener.domain.panel import FlagMatrix, FloatMatrix, SessionAxis
from screener.domain.wealth import IndexSeries, Peers, WealthPanel
from screener.market.calendars import calendar_of

__all__ = ["read_wealth"]

_MAINLAND = (".SH", ".SZ", ".BJ")
_COLUMNS = ("listing", "session", "open", "close")


def read_wealth(
    store: Store, *, mainland: bool, start: date, benchmarks: Iterable[Listing]
) -> WealthPanel:
    """Read what one share of every listing of a market was worth, from a day on.

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
    WealthPanel
        Without sessions where the market has no bars. Ordinary shares priced in the market's own
        currency are `Peers.STOCKS`; indices whose row in `listings` names an industry are columns
        of their own, `Peers.INDUSTRIES`.
    """
    exchange = Exchange.SH if mainland else Exchange.HK
    days = calendar_of(exchange).sessions
    first = days[max(int(np.searchsorted(days, np.datetime64(start, "D"), side="right")) - 1, 0)]
    bars = store.read(TableName.BARS, start=first.item(), columns=_COLUMNS)
    bars = bars.filter(_in_market(bars.column("listing"), mainland=mainland))
    ids, column, session = _keys(bars)
    suffixes = _MAINLAND if mainland else (".HK",)
    axis = _axis(days, first, store.frontier(suffixes), session)
    master = {row["listing"]: row for row in store.read(TableName.LISTINGS).to_pylist()}
    wanted = {item.id: item for item in benchmarks}
    matrices = {
        name: _matrix(axis, len(ids), session, column, _numbers(bars, name))
        for name in ("open", "close")
    }
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
    return _panel(store, axis, ids, matrices, master, indices)


def _panel(
    store: Store,
    axis: SessionAxis,
    ids: list[str],
    matrices: dict[str, FloatMatrix],
    master: dict[str, dict[str, object]],
    indices: dict[Listing, IndexSeries],
) -> WealthPanel:
    listings = [_listing(text) for text in ids]
    traded = np.isfinite(matrices["close"])
    if len(axis):
        factors = _factors(store, axis, ids)
        for matrix in matrices.values():
            matrix *= factors
        suspended = _suspended(store, axis, ids)
        traded &= ~suspended
        _carry(matrices["close"], suspended | _gone(axis, ids, master))
    return WealthPanel(
        sessions=axis,
        listings=tuple(listings),
        open=matrices["open"],
        close=matrices["close"],
        traded=traded,
        peers=np.array(
            [_peers(item, master.get(item.id)) for item in listings], dtype=np.int8
        ).reshape(len(listings)),
        indices=indices,
        industries={
            item: str(row["industry"])
            for item in listings
            if (row := master.get(item.id)) is not None and _peers(item, row) == Peers.INDUSTRIES
        },
    )


def _in_market(listings: pa.ChunkedArray, *, mainland: bool) -> pa.ChunkedArray:
    hong_kong = pc.ends_with(listings, ".HK")
    return pc.invert(hong_kong) if mainland else hong_kong


def _keys(bars: pa.Table) -> tuple[list[str], npt.NDArray[np.int64], SessionAxis]:
    """Return the ids, sorted, and each row's place among them and its session."""
    encoded = bars.column("listing").combine_chunks().dictionary_encode()
    texts: list[str] = encoded.dictionary.to_pylist()
    order = sorted(range(len(texts)), key=texts.__getitem__)
    place = np.empty(len(texts), dtype=np.int64)
    place[order] = np.arange(len(texts))
    codes = encoded.indices.to_numpy(zero_copy_only=False).astype(np.int64)
    session = bars.column("session").to_numpy().astype("datetime64[D]")
    return [texts[at] for at in order], place[codes] if len(texts) else codes, session


def _axis(
    days: SessionAxis, first: np.datetime64, frontier: date | None, session: SessionAxis
) -> SessionAxis:
    """Return the sessions to the last one with a bar of a security; of an index without any."""
    if not len(session):
        return days[:0]
    last = session.max() if frontier is None else np.datetime64(frontier, "D")
    axis: SessionAxis = days[(days >= first) & (days <= last)]
    return axis


def _matrix(
    axis: SessionAxis,
    n_listings: int,
    session: SessionAxis,
    column: npt.NDArray[np.int64],
    values: npt.NDArray[np.float64],
) -> FloatMatrix:
    matrix = np.full((len(axis), n_listings), np.nan)
    rows = np.searchsorted(axis, session)
    inside = rows < len(axis)
    inside[inside] &= axis[rows[inside]] == session[inside]
    matrix[rows[inside], column[inside]] = values[inside]
    return matrix


def _factors(store: Store, axis: SessionAxis, ids: list[str]) -> FloatMatrix:
    """Return total-return factors; an adjusted listing has none, its prices hold them already."""
    matrix = np.ones((len(axis), len(ids)))
    table = store.read(TableName.FACTORS)
    days = table.column("ex_session").to_numpy().astype("datetime64[D]")
    values = _numbers(table, "factor")
    names = table.column("listing").to_pylist()
    adjusted = {name for name, span in store.spans(ids).items() if span.basis is Basis.ADJUSTED}
    column_of = {name: at for at, name in enumerate(ids)}
    bounds = [0, *(at for at in range(1, len(names)) if names[at] != names[at - 1]), len(names)]
    for low, high in pairwise(bounds):
        column = column_of.get(names[low]) if low < high else None
        if column is not None and names[low] not in adjusted:
            matrix[:, column] = factor_on(days[low:high], values[low:high], axis)
    return matrix


def _suspended(store: Store, axis: SessionAxis, ids: list[str]) -> FlagMatrix:
    flags = np.zeros((len(axis), len(ids)), dtype=np.bool_)
    rows = store.read(
        TableName.STATUS,
        start=axis[0].item(),
        end=axis[-1].item(),
        columns=("listing", "session", "suspended"),
    )
    column_of = {name: at for at, name in enumerate(ids)}
    halted = rows.filter(rows.column("suspended"))
    days = np.searchsorted(axis, halted.column("session").to_numpy().astype("datetime64[D]"))
    for name, at in zip(halted.column("listing").to_pylist(), days.tolist(), strict=True):
        if name in column_of and at < len(axis):
            flags[at, column_of[name]] = True
    return flags


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
        return Peers.INDUSTRIES if row is not None and row["industry"] else Peers.NONE
    ordinary = kind in ("", "stock") and listing.board not in (Board.FUND, Board.B_SHARE)
    currency = listing.currency if row is None else row["currency"]
    own = str(currency) == str(listing.exchange.currency)
    return Peers.STOCKS if ordinary and own else Peers.NONE


def _listing(text: str) -> Listing:
    code, _, exchange = text.rpartition(".")
    return Listing(code, Exchange(exchange))


def _numbers(table: pa.Table, name: str) -> npt.NDArray[np.float64]:
    values: npt.NDArray[np.float64] = (
        table.column(name).to_numpy(zero_copy_only=False).astype(np.float64)
    )
    return values
