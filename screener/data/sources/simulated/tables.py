"""Arrow tables with exactly the columns of the schema."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from screener.data.schema import SIMULATED, TABLES, Column, TableName, Type

__all__ = ["concat", "make_table", "repeat_ids"]

_ARROW = {
    Type.TEXT: pa.string(),
    Type.DATE: pa.date32(),
    Type.NUMBER: pa.float64(),
    Type.COUNT: pa.int64(),
    Type.FLAG: pa.bool_(),
    Type.INSTANT: pa.timestamp("us", tz="UTC"),
}

_Values: TypeAlias = npt.NDArray[np.generic] | Sequence[object] | pa.Array | str


def make_table(name: TableName, fetched_at: datetime, columns: Mapping[str, _Values]) -> pa.Table:
    """Make rows of a table.

    Parameters
    ----------
    name
        Which table.
    fetched_at
        Instant for column `fetched_at`.
    columns
        Arrays by column, one of them at least; a string repeats on every row, NaN and `None`
        become empty, and a column that is left out is empty throughout.

    Returns
    -------
    pyarrow.Table
        With exactly the table's columns, in order; `source` is `SIMULATED` on every row.
    """
    n_rows = next(len(item) for item in columns.values() if not isinstance(item, str))
    filled = {**columns, "source": SIMULATED}
    arrays = [_array(column, filled, n_rows, fetched_at) for column in TABLES[name].columns]
    return pa.table(arrays, names=list(TABLES[name].column_names))


def repeat_ids(ids: Sequence[str], which: npt.NDArray[np.integer]) -> pa.Array:
    """Return `ids[which]` as text, without making a Python string for each row."""
    codes = pa.array(which.astype(np.int32), pa.int32())
    return pa.DictionaryArray.from_arrays(codes, pa.array(ids, pa.string())).cast(pa.string())


def concat(tables: Sequence[pa.Table]) -> pa.Table:
    """Put rows of one table after each other."""
    return pa.concat_tables(tables)


def _array(
    column: Column, columns: Mapping[str, _Values], n_rows: int, fetched_at: datetime
) -> pa.Array:
    kind = _ARROW[column.type]
    if column.name == "fetched_at":
        return pa.repeat(pa.scalar(fetched_at, kind), n_rows)
    values = columns.get(column.name)
    if values is None:
        return pa.nulls(n_rows, kind)
    if isinstance(values, str):
        return pa.repeat(pa.scalar(values, kind), n_rows)
    if isinstance(values, pa.Array):
        return values.cast(kind)
    return pa.array(values, kind, from_pandas=True)
