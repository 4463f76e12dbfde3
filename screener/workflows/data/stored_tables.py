"""The tables of a lake as the checks ask for them: whole, or some listings at a time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial

import pyarrow as pa

from screener.data.doctor.holdings import BARE, bare_bars
from screener.data.lake.reading import grouped
from screener.data.lake.scattering import Groups, scattered
from screener.data.lake.schema import TABLES, TableName
from screener.data.lake.store import Store
from screener.errors import StorageDamaged

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
    store: Store, tables: Collection[TableName], listings: Sequence[str] | None
) -> Iterator[list[StoredTables]]:
    """Give the tables of listings in groups, of which all rows are held together.

    Parameters
    ----------
    store
        The lake.
    tables
        What will be examined.
    listings
        Listing ids; all when `None`.

    Yields
    ------
    list of StoredTables
        Empty where all rows can be held together, or none of these tables is examined in groups.
    """
    rows: Counter[str] = Counter()
    for table in IN_GROUPS if IN_GROUPS.intersection(tables) else ():
        with suppress(StorageDamaged):  # a finding where it is examined
            rows.update(store.rows_by_listing(table))
    wanted = rows.keys() if listings is None else rows.keys() & set(listings)
    groups = grouped({name: rows[name] for name in sorted(wanted)})
    if len(groups) < 2:
        yield []
        return
    with ExitStack() as stack:
        there: dict[TableName, Groups] = {}
        for table, columns in _SCATTERED.items():
            with suppress(StorageDamaged):
                there[table] = stack.enter_context(scattered(store, table, groups, columns=columns))
        yield [
            StoredTables(
                store, names, {table: partial(taken, at) for table, taken in there.items()}
            )
            for at, names in enumerate(groups)
        ]
