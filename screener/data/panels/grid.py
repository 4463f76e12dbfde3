"""Rows of the lake's tables in their places of a panel: sessions by listings."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from screener.data.lake.rows import days_of, numbers_of
from screener.domain.arrays import DayArray, FlagArray, FlagMatrix, FloatMatrix, Places, SessionAxis
from screener.domain.listing import Listing
from screener.domain.panel import known_places
from screener.market.calendars import calendar_of
from screener.market.special_treatment import bears_st_name, in_delisting_period, is_s_share

__all__ = ["Cells", "Grid", "trading_days"]


class Grid:
    """Sessions and ids: the rows and columns of a panel.

    Tables are sorted as the lake gives them; their rows of other listings are left out.
    """

    def __init__(self, axis: SessionAxis, ids: Sequence[str]) -> None:
        self.axis = axis
        self.ids = ids
        self.index = {name: at for at, name in enumerate(ids)}

    @property
    def shape(self) -> tuple[int, int]:
        """Number of sessions and of listings."""
        return len(self.axis), len(self.ids)

    def cells(self, table: pa.Table) -> Cells:
        """Place the rows of a table; those of days that are no session of the axis are left out."""
        columns, rows = self.columns(table), self._rows(days_of(table, "session"))
        inside = (columns >= 0) & (rows >= 0)
        if inside.all():
            return Cells(self, table, rows, columns, slice(None))
        return Cells(self, table, rows[inside], columns[inside], inside)

    def _rows(self, days: DayArray) -> Places:
        """Return the row of each day, -1 for one that is no session of the axis."""
        if not len(self.axis):
            return np.full(len(days), -1, dtype=np.intp)
        first = self.axis[0]
        places = np.full((self.axis[-1] - first).astype(np.int64) + 2, -1, dtype=np.intp)
        places[(self.axis - first).astype(np.int64)] = np.arange(len(self.axis))
        found: Places = places[np.clip((days - first).astype(np.int64), -1, len(places) - 1)]
        return found

    def columns(self, table: pa.Table) -> Places:
        """Return the column of each row of a table, -1 for another listing."""
        known = pa.array(self.ids, pa.string())
        found = pc.fill_null(pc.index_in(table.column("listing"), value_set=known), -1)
        places: Places = found.to_numpy().astype(np.intp)
        return places

    def factors(self, table: pa.Table, adjusted: FlagArray) -> FloatMatrix:
        """Return the factors; an adjusted listing has none, its prices hold them already."""
        columns = self.columns(table)
        held = (columns >= 0) & ~np.append(adjusted, True)[columns]
        columns, values = columns[held], numbers_of(table, "factor")[held]
        rows = np.searchsorted(self.axis, days_of(table, "ex_session")[held])
        before = rows == 0
        first = np.ones(len(self.ids))
        first[columns[before]] = values[before]  # of several the last one stays
        matrix = np.repeat(first[np.newaxis], len(self.axis), axis=0)
        for at in np.flatnonzero(~before & (rows < len(self.axis))):
            matrix[rows[at] :, columns[at]] = values[at]
        return matrix

    def in_force(
        self, table: pa.Table, name: str, read: Callable[[Any], Any], fill: Any
    ) -> npt.NDArray[Any]:
        """Return what each row says from its `valid_from` to that of the listing's next one.

        Parameters
        ----------
        table
            Rows with a `valid_from`.
        name
            Column with what they say.
        read
            Makes a value of the panel of it.
        fill
            Value before the first row.
        """
        found = np.full(self.shape, fill)
        firsts = np.searchsorted(self.axis, days_of(table, "valid_from")).tolist()
        said = table.column(name).to_pylist()
        changed: set[int] = set()  # most names never say anything but what is there already
        for column, first, value in zip(self.columns(table).tolist(), firsts, said, strict=True):
            if column >= 0 and ((state := read(value)) != fill or column in changed):
                found[first:, column] = state
                changed.add(column)
        return found

    def states(
        self, names: pa.Table, status: Cells
    ) -> tuple[FlagMatrix, FlagMatrix, FlagMatrix, FlagMatrix]:
        """Tell which listings are suspended, special, unreformed and leaving, each session.

        A listing is under special treatment by its name or by the day's status; the last two are
        told by its name alone.
        """
        marks = (bears_st_name, is_s_share, in_delisting_period)
        special, unreformed, leaving = (
            self.in_force(names, "name", mark, fill=False) for mark in marks
        )
        return status.flags("suspended"), status.flags("st") | special, unreformed, leaving

    def last_known(self, table: pa.Table, name: str, *, age: timedelta) -> FloatMatrix:
        """Return the last value on or before each session that is no older than that, else NaN."""
        values, days = numbers_of(table, name), days_of(table, "session")
        columns = self.columns(table)
        rows = np.searchsorted(self.axis, days)  # the first session that knows it
        kept = (columns >= 0) & (rows < len(self.axis)) & np.isfinite(values)
        found = np.full(self.shape, np.nan)
        dated = np.full(self.shape, np.datetime64("NaT", "D"))
        # Of two values that one session learns, the later one stays.
        found[rows[kept], columns[kept]] = values[kept]
        dated[rows[kept], columns[kept]] = days[kept]
        last = known_places(found)
        found = np.take_along_axis(found, last, axis=0)
        old = self.axis[:, np.newaxis] - np.take_along_axis(dated, last, axis=0)
        found[~(old <= np.timedelta64(age.days, "D"))] = np.nan
        return found


class Cells:
    """Rows of a table in their places of a panel."""

    def __init__(
        self,
        grid: Grid,
        table: pa.Table,
        rows: Places,
        columns: Places,
        inside: FlagArray | slice,
    ) -> None:
        self._grid, self._table, self._inside = grid, table, inside
        self._columns, self._places = columns, rows * grid.shape[1] + columns

    def matrix(self, name: str) -> FloatMatrix:
        """Return a column as numbers, NaN where there is no row or no value."""
        found = np.full(self._grid.shape, np.nan)
        found.reshape(-1)[self._places] = numbers_of(self._table, name)[self._inside]
        return found

    def flags(self, name: str) -> FlagMatrix:
        """Return a column as flags, false where there is no row or no value."""
        found = np.zeros(self._grid.shape, dtype=bool)
        values = pc.fill_null(self._table.column(name), False).to_numpy(zero_copy_only=False)
        found.reshape(-1)[self._places] = values[self._inside]
        return found

    def any_of(self, name: str, value: str) -> FlagArray:
        """Tell for each column whether any of its rows has a value."""
        found = np.zeros(len(self._grid.ids), dtype=bool)
        same = pc.equal(self._table.column(name), value).to_numpy(zero_copy_only=False)
        found[self._columns[same[self._inside].astype(bool)]] = True
        return found


def trading_days(axis: SessionAxis, listings: Iterable[Listing]) -> FlagMatrix:
    """Tell which sessions of an axis are sessions of each listing's own exchange."""
    columns = [item.exchange for item in listings]
    exchanges = list(dict.fromkeys(columns))
    days = np.column_stack([np.isin(axis, calendar_of(item).sessions) for item in exchanges])
    found: FlagMatrix = days[:, [exchanges.index(item) for item in columns]]
    return found
