"""Arrow tables with exactly the columns of the schema."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from screener.data.lake.schema import TABLES, Column, TableName, Type
from screener.domain.arrays import DayArray, FloatArray

__all__ = ["ARROW", "Values", "days_of", "empty_rows", "make_rows", "numbers_of"]

ARROW = {
    Type.TEXT: pa.string(),
    Type.DATE: pa.date32(),
    Type.NUMBER: pa.float64(),
    Type.COUNT: pa.int64(),
    Type.FLAG: pa.bool_(),
    Type.INSTANT: pa.timestamp("us", tz="UTC"),
}
"""Arrow's type for each column type."""

Values: TypeAlias = npt.NDArray[np.generic] | Sequence[object] | pa.Array | str
"""Values of a column; a string stands on every row."""


def make_rows(
    name: TableName, columns: Mapping[str, Values], *, source: str, fetched_at: datetime
) -> pa.Table:
    """Make rows of a table.

    Parameters
    ----------
    name
        Which table.
    columns
        Values by column, one of them at least no string; NaN and `None` become empty, and a
        column that is left out is empty throughout.
    source, fetched_at
        Origin, written on every row.

    Returns
    -------
    pyarrow.Table
        With exactly the table's columns, in order.
    """
    n_rows = next(len(item) for item in columns.values() if not isinstance(item, str))
    filled = {**columns, "source": source}
    arrays = [_array(column, filled, n_rows, fetched_at) for column in TABLES[name].columns]
    return pa.table(arrays, names=list(TABLES[name].column_names))


def empty_rows(name: TableName) -> pa.Table:
    """Return a table without rows."""
    columns = TABLES[name].columns
    return pa.table({column.name: pa.nulls(0, ARROW[column.type]) for column in columns})


def _array(
    column: Column, columns: Mapping[str, Values], n_rows: int, fetched_at: datetime
) -> pa.Array:
    kind = ARROW[column.type]
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


def days_of(table: pa.Table, name: str) -> DayArray:
    """Return a column of dates as `datetime64[D]`, NaT where there is none."""
    return np.asarray(table.column(name).to_numpy(), dtype="datetime64[D]")


def numbers_of(table: pa.Table, name: str) -> FloatArray:
    """Return a column as floats, NaN where there is no value."""
    values: FloatArray = table.column(name).to_numpy(zero_copy_only=False).astype(np.float64)
    return values
