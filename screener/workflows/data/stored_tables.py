"""The tables of a lake as the checks ask for them: whole, or some listings at a time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from screener.data.doctor.holdings import BARE, bare_bars
from screener.data.lake.reading import grouped
from screener.data.lake.rows import empty_rows
from screener.data.lake.schema import TABLES, TableName
from screener.data.lake.store import Store
from screener.errors import StorageDamaged
from screener.files.spilled import Spilled

__all__ = ["IN_GROUPS", "StoredTables", "in_groups"]

IN_GROUPS = frozenset(
    {
        TableName.STATUS,
        TableName.BARS,
        TableName.ACTIONS,
        TableName.FACTORS,
        TableName.VALUATION,
        TableName.FUNDAMENTALS,
    }
)
"""Tables that may be large, and of which each listing is examined by itself."""

_SCATTERED: Mapping[TableName, Sequence[str]] = {
    TableName.BARS: BARE,
    TableName.VALUATION: TABLES[TableName.VALUATION].column_names,
}
"""Tables stored by day, with the columns that are examined: read once, and set down by listing."""

_Key = tuple[TableName, int]


@dataclass(frozen=True, slots=True)
class StoredTables(Mapping[TableName, pa.Table]):
    """Tables of a store, each read when it is first asked for; all bars without their origin.

    Parameters
    ----------
    store
        The lake.
    listings
        Listing ids to keep in tables that have a listing; all when `None`.
    set_down
        Gives the rows of tables that were read before.
    """

    store: Store
    listings: Sequence[str] | None = None
    set_down: Mapping[TableName, Callable[[], pa.Table]] = field(default_factory=dict)
    _known: dict[TableName, pa.Table] = field(default_factory=dict, repr=False)

    def __getitem__(self, table: TableName) -> pa.Table:
        if table not in self._known:
            self._known[table] = self._read(table)
        return self._known[table]

    def _read(self, table: TableName) -> pa.Table:
        if table in self.set_down:
            return self.set_down[table]()
        if table is TableName.BARS and self.listings is None:
            return bare_bars(self.store)
        by_listing = "listing" in TABLES[table].column_names
        return self.store.read(table, listings=self.listings if by_listing else None)

    def n_rows(self, table: TableName) -> int:
        """Return how many rows of a table were read."""
        return self._known[table].num_rows if table in self._known else 0

    def forget(self) -> None:
        """Let go of what was read; it is read again where it is asked for."""
        self._known.clear()

    def __iter__(self) -> Iterator[TableName]:
        return iter(TABLES)

    def __len__(self) -> int:
        return len(TABLES)


@contextmanager
def in_groups(
    store: Store, listings: Sequence[str] | None, *, folder: Path
) -> Iterator[list[StoredTables]]:
    """Give the tables of listings in groups, of which all rows are held together.

    Parameters
    ----------
    store
        The lake.
    listings
        Listing ids; all when `None`.
    folder
        On the disk that rows are set down on.

    Yields
    ------
    list of StoredTables
        Empty where all rows can be held together.
    """
    rows: Counter[str] = Counter()
    for table in IN_GROUPS:
        with suppress(StorageDamaged):  # a finding where it is examined
            rows.update(store.rows_by_listing(table))
    wanted = rows.keys() if listings is None else rows.keys() & set(listings)
    groups = grouped({name: rows[name] for name in sorted(wanted)})
    if len(groups) < 2:
        yield []
        return
    with Spilled[_Key](folder) as spilled:
        there = [table for table in _SCATTERED if _scattered(store, table, groups, spilled)]
        yield [
            StoredTables(
                store, names, {table: partial(_taken, spilled, (table, at)) for table in there}
            )
            for at, names in enumerate(groups)
        ]


def _scattered(
    store: Store, table: TableName, groups: Sequence[Sequence[str]], spilled: Spilled[_Key]
) -> bool:
    """Set down the rows of a table by group; tell whether it could be read."""
    names = pa.array([name for group in groups for name in group], pa.string())
    group_of = np.repeat(np.arange(len(groups)), [len(group) for group in groups])
    try:
        for rows in store.batches(table, _SCATTERED[table]):
            place = pc.index_in(rows.column("listing"), value_set=names)
            own = rows.filter(pc.is_valid(place))
            spilled.spread(own, group_of[place.drop_null().to_numpy()], lambda at: (table, at))
    except StorageDamaged:
        return False
    return True


def _taken(spilled: Spilled[_Key], key: _Key) -> pa.Table:
    if key in spilled:
        return spilled.take(key)
    return empty_rows(key[0]).select(list(_SCATTERED[key[0]]))
