"""A store that is asked the same of one day after another: rows stay in memory in between."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from screener.data.lake.reading import date_column
from screener.data.lake.rows import days_of
from screener.data.lake.schema import TABLES, TableName
from screener.data.lake.store import Store

__all__ = ["SteppedStore"]

_WHOLE = frozenset(
    {
        TableName.BOARD_LOTS,
        TableName.ELIGIBILITY,
        TableName.ESTIMATES,
        TableName.FACTORS,
        TableName.FUNDAMENTALS,
        TableName.FX,
        TableName.INDUSTRIES,
        TableName.LISTINGS,
        TableName.NAMES,
        TableName.RATINGS,
    }
)
"""Tables with few rows for each listing, which are read once."""
_ROLLING = frozenset({TableName.BARS})
"""Tables by session, of which only what is new is read."""

_Key = tuple[TableName, tuple[str, ...]]


class SteppedStore(Store):
    """The same rows as those of a store, of whole markets, for days that go forward.

    Parameters
    ----------
    store
        An open store, whose connection it shares; closed by whoever opened it.
    """

    def __init__(self, store: Store) -> None:
        vars(self).update(vars(store))
        self._held: dict[_Key, pa.Table] = {}
        self._spans_held: dict[_Key, tuple[date, date]] = {}
        self._last: dict[TableName, tuple[object, pa.Table]] = {}
        self._days: dict[tuple[TableName, tuple[str, ...]], list[date]] = {}

    def read(
        self,
        table: TableName,
        *,
        listings: Sequence[str] | None = None,
        start: date | None = None,
        end: date | None = None,
        columns: Sequence[str] = (),
        ordered: bool = True,
    ) -> pa.Table:
        """Read rows of a table; see `Reader.read`."""
        asked = (None if listings is None else tuple(listings), start, end, tuple(columns))
        if table in self._last and self._last[table][0] == asked:
            return self._last[table][1]
        key = table, tuple(columns)
        day = date_column(TABLES[table]) if start or end else ""
        there = not day or not columns or day in columns
        if listings is None and table in _WHOLE and there:
            return self._of_whole(key, day, start, end)
        if listings is None and table in _ROLLING and there and start and end:
            return self._rolled(key, start, end)
        found = super().read(
            table, listings=listings, start=start, end=end, columns=columns, ordered=ordered
        )
        self._last[table] = asked, found
        return found

    def last_session(
        self,
        table: TableName,
        *,
        on_or_before: date | None = None,
        suffixes: Sequence[str] = (),
    ) -> date | None:
        """Return the last day that a table holds; see `Reader.last_session`."""
        key = table, tuple(suffixes)
        if key not in self._days:
            self._days[key] = self.days_held(table, suffixes)
        days = self._days[key]
        at = len(days) if on_or_before is None else bisect_right(days, on_or_before)
        return days[at - 1] if at else None

    def _of_whole(self, key: _Key, day: str, start: date | None, end: date | None) -> pa.Table:
        if key not in self._held:
            self._held[key] = super().read(key[0], columns=key[1])
        rows = self._held[key]
        if start is not None:
            rows = rows.filter(pc.greater_equal(rows.column(day), pa.scalar(start, pa.date32())))
        if end is not None:
            rows = rows.filter(pc.less_equal(rows.column(day), pa.scalar(end, pa.date32())))
        return rows

    def _rolled(self, key: _Key, start: date, end: date) -> pa.Table:
        """Return rows of a span, sorted by session, of which those read before are kept."""
        first, last = self._spans_held.get(key, (date.max, date.min))
        if not first <= start <= last:
            rows = super().read(key[0], start=start, end=end, columns=key[1])
        else:
            rows = self._held[key]
            if end > last:
                after = date.fromordinal(last.toordinal() + 1)
                more = super().read(key[0], start=after, end=end, columns=key[1])
                rows = pa.concat_tables([rows, more])
            rows = rows.slice(_place(rows, start)).combine_chunks()
        self._held[key], self._spans_held[key] = rows, (start, max(end, last))
        if start > last or first > start:
            self._spans_held[key] = (start, end)
        return rows.slice(0, _place(rows, date.fromordinal(end.toordinal() + 1)))


def _place(rows: pa.Table, day: date) -> int:
    """Return the place of the first row on or after a day."""
    return int(np.searchsorted(days_of(rows, "session"), np.datetime64(day, "D")))
