"""What the stocks of a name's industry did, session by session."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from screener.data.lake.schema import TableName
from screener.data.lake.store import Store
from screener.data.panels.bars import read_bars
from screener.data.panels.grid import Grid
from screener.domain.arrays import FlagArray, FloatMatrix, FloatVector, Places, SessionAxis
from screener.domain.listing import Exchange
from screener.domain.panel import PricePanel

__all__ = ["LEAST_STOCKS", "read_themes"]

LEAST_STOCKS = 5
"""Fewer stocks of an industry with a return on a session are no industry."""

_CELLS = 2_000_000
"""Sessions times stocks that are read at a time."""

Spell = tuple[str, date | None, date | None, str]
"""Listing, first day, last day and industry; an end that is not told is open."""


def read_themes(store: Store, panel: PricePanel) -> FloatMatrix:
    """Return the mean growth of the stocks of each name's industry over the session before.

    Every stock of the name's market that is in its industry on a session counts alike, the name
    too, if it has a close on that session and on the one before; total return, in the currency of
    the market. The industry is the dated one where the tables date it, else the master's.

    Returns
    -------
    numpy.ndarray
        `(n_sessions, n_listings)`: 1 on no session of the name's exchange and on the first, NaN
        where its industry is not known or has fewer than five such stocks.
    """
    found = np.where(panel.trading, np.nan, 1.0)
    if not len(panel.sessions) or not panel.listings:
        return found
    found[0] = 1.0
    spells = _spells(store)
    of_name: dict[str, list[Spell]] = {}
    for spell in spells:
        of_name.setdefault(spell[0], []).append(spell)
    for mainland in (True, False):
        columns = [
            at
            for at, item in enumerate(panel.listings)
            if item.exchange.mainland is mainland and item.id in of_name
        ]
        own = [spell for at in columns for spell in of_name[panel.listings[at].id]]
        wanted = {industry for *_, industry in own}
        if not wanted:
            continue
        members = {name for name, *_, industry in spells if industry in wanted}
        peers = [
            spell for spell in spells if spell[0] in members and _mainland(spell[0]) is mainland
        ]
        means = _means(store, panel, np.flatnonzero(panel.trading[:, columns[0]]), peers, wanted)
        for at in columns:
            for spell in of_name[panel.listings[at].id]:
                rows = _within(panel.sessions, spell) & panel.trading[:, at]
                rows[0] = False
                found[rows, at] = means[spell[3]][rows]
    return found


def _spells(store: Store) -> list[Spell]:
    """Return the industries of all stocks: a dated one before that of the master."""
    dated = [
        (row["listing"], row["valid_from"], row["valid_to"], row["industry"])
        for row in store.read(TableName.INDUSTRIES).to_pylist()
    ]
    master = store.read(TableName.LISTINGS, columns=("listing", "kind", "industry"))
    undated: list[Spell] = [
        (row["listing"], None, None, row["industry"])
        for row in master.to_pylist()
        if row["industry"] and row["kind"] == "stock"
    ]
    # Later rows win where two tell of one day.
    return [*undated, *sorted(dated, key=lambda spell: (spell[0], spell[1]))]


def _mainland(listing: str) -> bool:
    return not listing.endswith(f".{Exchange.HK}")


def _within(days: SessionAxis, spell: Spell) -> FlagArray:
    _, first, last, _ = spell
    rows: FlagArray = np.ones(len(days), dtype=bool)
    if first is not None:
        rows &= days >= np.datetime64(first, "D")
    if last is not None:
        rows &= days <= np.datetime64(last, "D")
    return rows


def _means(
    store: Store, panel: PricePanel, own: Places, spells: Sequence[Spell], wanted: set[str]
) -> Mapping[str, FloatVector]:
    """Return `(n_sessions,)` mean growth of each industry; NaN where too few stocks tell."""
    ids = sorted({listing for listing, *_ in spells})
    codes = {industry: code for code, industry in enumerate(sorted(wanted))}
    factors = store.read(TableName.FACTORS, listings=ids)
    known = _Spells(spells, ids, codes)
    means = np.full((len(codes), len(panel.sessions)), np.nan)
    rows = max(_CELLS // max(len(ids), 1), 2)
    for start in range(1, len(own), rows):  # each with the session before it
        some = own[start - 1 : start + rows]
        means[:, some[1:]] = _block_means(store, Grid(panel.sessions[some], ids), factors, known)
    return {industry: means[code] for industry, code in codes.items()}


class _Spells:
    """Industries of stocks by the session, as numbers."""

    def __init__(
        self, spells: Sequence[Spell], ids: Sequence[str], codes: Mapping[str, int]
    ) -> None:
        column_of = {name: at for at, name in enumerate(ids)}
        self.n_industries, self._n_stocks = len(codes), len(ids)
        self._columns = np.array([column_of[name] for name, *_ in spells], dtype=np.intp)
        self._codes = np.array([codes.get(code, -1) for *_, code in spells], dtype=np.int32)
        self._first = np.array([first or date.min for _, first, *_ in spells], "datetime64[D]")
        self._last = np.array([last or date.max for _, _, last, _ in spells], "datetime64[D]")

    def on(self, days: SessionAxis) -> npt.NDArray[np.int32]:
        """Return `(n_days, n_stocks)` the industry of each stock, -1 without a known one."""
        found = np.full((len(days), self._n_stocks), -1, dtype=np.int32)
        starts = np.searchsorted(days, self._first)
        ends = np.searchsorted(days, self._last, side="right")
        # Later spells win where two tell of one day: those of all days in a row are one step.
        whole = (starts == 0) & (ends == len(days))
        at = 0
        for part in np.flatnonzero(~whole).tolist():
            found[:, self._columns[at:part]] = self._codes[at:part]
            found[starts[part] : ends[part], self._columns[part]] = self._codes[part]
            at = part + 1
        found[:, self._columns[at:]] = self._codes[at:]
        return found


def _block_means(
    store: Store,
    grid: Grid,
    factors: pa.Table,
    spells: _Spells,
) -> FloatMatrix:
    """Return `(n_industries, n_sessions - 1)` mean growth over the session before each."""
    axis, ids = grid.axis, grid.ids
    bars = read_bars(store, ("close",), listings=ids, start=axis[0].item(), end=axis[-1].item())
    cells = bars.on(grid)
    worth = cells.matrix("close") * grid.factors(factors, cells.any_adjusted())
    growth = worth[1:] / worth[:-1]
    coded = spells.on(axis[1:])
    told = np.isfinite(growth) & (coded >= 0)
    # One stock after the other: what is read beside an industry moves no last digit of it.
    at = (coded * len(growth) + np.arange(len(growth))[:, np.newaxis])[told]
    shape = spells.n_industries, len(growth)
    n = np.bincount(at, minlength=shape[0] * shape[1]).reshape(shape)
    total = np.bincount(at, growth[told], shape[0] * shape[1]).reshape(shape)
    found: FloatMatrix = np.where(n >= LEAST_STOCKS, total / np.maximum(n, 1), np.nan)
    return found
