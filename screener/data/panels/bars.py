"""Bars of some days as matrices on a grid: from the tables, or from the copy that is kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from screener.data.lake.rows import days_of
from screener.data.lake.schema import Basis, TableName
from screener.data.lake.store import Store
from screener.data.panels.grid import Cells, Grid
from screener.data.panels.kept_bars import FIELDS, KeptBars, kept_bars
from screener.domain.arrays import FlagArray, FloatMatrix, Places, SessionAxis

__all__ = ["BarCells", "Bars", "last_closes", "read_bars"]

_MANY = 500  # listings, from which on the kept copy is the sooner one


class BarCells(Protocol):
    """Bars in their places of a panel."""

    def matrix(self, name: str) -> FloatMatrix:
        """Return a column as numbers, NaN where there is no bar or no value."""

    def any_adjusted(self) -> FlagArray:
        """Tell for each column whether its prices are adjusted; not so without a bar."""


class Bars(Protocol):
    """Bars of a stretch of days."""

    def ids(self) -> list[str]:
        """Return the listings that have one, ascending."""

    def last_day(self, ids: Sequence[str]) -> np.datetime64 | None:
        """Return the last day on which one of some listings has one, `None` if none has."""

    def on(self, grid: Grid) -> BarCells:
        """Place them on a grid; what lies beside it is left out."""


def read_bars(
    store: Store,
    columns: Sequence[str],
    *,
    start: date,
    end: date | None = None,
    listings: Sequence[str] | None = None,
) -> Bars:
    """Read columns of the bars from `start` to `end`.

    Parameters
    ----------
    store
        The lake, at the version to read.
    columns
        Columns with numbers.
    start, end
        First and last day, both included; to the end of the tables when `None`.
    listings
        Listing ids; all when `None`.
    """
    kept = _kept(store, columns, listings)
    if kept is not None:
        return _OfCopy(kept, _rows_of(kept.days, start, end), listings)
    wanted = ("listing", "session", *columns, "basis")
    return _OfTable(
        store.read(
            TableName.BARS, listings=listings, start=start, end=end, columns=wanted, ordered=False
        )
    )


def last_closes(
    store: Store, listings: Sequence[str], *, before: date
) -> dict[str, tuple[date, float]]:
    """Return the last bar before a day, session and close, of each listing that has one."""
    kept = _kept(store, ("close",), listings)
    if kept is None:
        return store.last_values(listings, before=before)
    spans = store.spans(listings)  # how far back to look: one without a bar by then has none
    column_of = {name: at for at, name in enumerate(kept.ids)}
    names = [name for name in listings if name in spans and spans[name].first < before]
    columns = np.array([column_of[name] for name in names], dtype=np.intp)
    closes, row = kept.matrix("close"), _rows_of(kept.days, before, None).start
    found: dict[str, tuple[date, float]] = {}
    waiting = np.arange(len(names))
    while len(waiting) and row > 0:
        row -= 1
        values = closes[row, columns[waiting]]
        there = np.isfinite(values)
        for at, value in zip(waiting[there].tolist(), values[there].tolist(), strict=True):
            found[names[at]] = kept.days[row].item(), value
        waiting = waiting[~there]
    kept.release()
    return found


def _kept(store: Store, columns: Sequence[str], listings: Sequence[str] | None) -> KeptBars | None:
    """Return the kept copy if it is the sooner one, has the columns, and is whole."""
    many = listings is None or len(listings) >= _MANY
    kept = kept_bars(store) if many and set(columns) <= set(FIELDS) else None
    if kept is not None:
        try:
            for name in columns:
                kept.matrix(name)
        except OSError:  # damaged: the tables are still there
            return None
    return kept


def _rows_of(days: SessionAxis, start: date, end: date | None) -> slice:
    first = int(np.searchsorted(days, np.datetime64(start, "D")))
    last = (
        len(days)
        if end is None
        else int(np.searchsorted(days, np.datetime64(end, "D"), side="right"))
    )
    return slice(first, max(first, last))


@dataclass(frozen=True, slots=True)
class _OfTable:
    """Rows of the table."""

    rows: pa.Table

    def ids(self) -> list[str]:
        return sorted(pc.unique(self.rows.column("listing")).to_pylist())

    def last_day(self, ids: Sequence[str]) -> np.datetime64 | None:
        own = pc.is_in(self.rows.column("listing"), value_set=pa.array(ids, pa.string()))
        days = days_of(self.rows.filter(own), "session")
        return days.max() if len(days) else None

    def on(self, grid: Grid) -> BarCells:
        return _TableCells(grid.cells(self.rows))


@dataclass(frozen=True, slots=True)
class _TableCells:
    cells: Cells

    def matrix(self, name: str) -> FloatMatrix:
        return self.cells.matrix(name)

    def any_adjusted(self) -> FlagArray:
        return self.cells.any_of("basis", str(Basis.ADJUSTED))


@dataclass(frozen=True, slots=True)
class _OfCopy:
    """Some rows of the kept matrices; every bar has a close."""

    kept: KeptBars
    rows: slice
    listings: Sequence[str] | None

    def _closes(self) -> FloatMatrix:
        return self.kept.matrix("close")[self.rows]

    def ids(self) -> list[str]:
        there: FlagArray = np.any(np.isfinite(self._closes()), axis=0)
        asked = None if self.listings is None else set(self.listings)
        return [
            name
            for name, some in zip(self.kept.ids, there.tolist(), strict=True)
            if some and (asked is None or name in asked)
        ]

    def last_day(self, ids: Sequence[str]) -> np.datetime64 | None:
        asked = set(ids) if self.listings is None else set(ids) & set(self.listings)
        own = np.isin(np.array(self.kept.ids), list(asked))
        rows = np.flatnonzero(np.isfinite(self._closes()[:, own]).any(axis=1))
        return self.kept.days[self.rows][rows[-1]] if len(rows) else None

    def on(self, grid: Grid) -> BarCells:
        return _CopyCells(self.kept, self.rows, self.listings, grid)


class _CopyCells:
    def __init__(
        self, kept: KeptBars, rows: slice, listings: Sequence[str] | None, grid: Grid
    ) -> None:
        self._kept, self._rows, self._shape = kept, rows, grid.shape
        column_of = {name: at for at, name in enumerate(kept.ids)}
        if listings is not None:
            column_of = {name: column_of[name] for name in listings if name in column_of}
        columns = np.array([column_of.get(name, -1) for name in grid.ids], dtype=np.intp)
        self._to: Places = np.flatnonzero(columns >= 0)
        self._columns: Places = columns[self._to]
        days = kept.days[rows]
        places = np.searchsorted(grid.axis, days)
        inside = places < len(grid.axis)
        inside[inside] = grid.axis[places[inside]] == days[inside]
        self._from: Places = np.flatnonzero(inside)
        self._at: Places = places[inside]

    def matrix(self, name: str) -> FloatMatrix:
        found = np.full(self._shape, np.nan)
        values = self._kept.matrix(name)[self._rows]
        for at, row in zip(self._at.tolist(), self._from.tolist(), strict=True):
            found[at, self._to] = values[row, self._columns]
        self._kept.release()
        return found

    def any_adjusted(self) -> FlagArray:
        found = np.zeros(self._shape[1], dtype=bool)
        bars = np.isfinite(self.matrix("close")).any(axis=0)
        found[self._to] = self._kept.adjusted[self._columns]
        return found & bars
