"""Rows of a table that is stored by day, some listings at a time: read once, set down by group."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from screener.data.lake.reading import Reader
from screener.data.lake.rows import empty_rows
from screener.data.lake.schema import TABLES, TableName
from screener.files.spilled import Spilled

__all__ = ["Groups", "scattered"]

_FEW = 3  # groups that are read one by one: each reads the whole table, and sets nothing down

Groups = Callable[[int], pa.Table]
"""Gives the rows of a group by its place."""


@contextmanager
def scattered(
    store: Reader,
    table: TableName,
    groups: Sequence[Sequence[str]],
    *,
    columns: Sequence[str] = (),
    folder: Path | None = None,
) -> Iterator[Groups]:
    """Give the rows of groups of listings.

    Parameters
    ----------
    store
        The lake.
    table
        A table with a listing.
    groups
        Listing ids, each in one group.
    columns
        Columns to read; all when empty.
    folder
        On the disk that rows are set down on; that of the lake when `None`.

    Raises
    ------
    StorageDamaged
        If a file of the table is not what was written.
    """
    names = tuple(columns or TABLES[table].column_names)
    if len(groups) <= _FEW:
        yield lambda at: store.read(table, listings=groups[at], columns=names)
        return
    with Spilled[int](folder or store.root) as spilled:
        told = pa.array([name for group in groups for name in group], pa.string())
        group_of = np.repeat(np.arange(len(groups)), [len(group) for group in groups])
        for rows in store.batches(table, names):
            place = pc.index_in(rows.column("listing"), value_set=told)
            own = rows.filter(pc.is_valid(place))
            spilled.spread(own, group_of[place.drop_null().to_numpy()], int)
        yield partial(_taken, spilled, empty_rows(table).select(list(names)))


def _taken(spilled: Spilled[int], nothing: pa.Table, at: int) -> pa.Table:
    return spilled.take(at) if at in spilled else nothing
