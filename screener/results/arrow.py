"""Rows as an Arrow table with the types that their table declares."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa

from screener.results.tables import Dtype, Row, TableSpec

__all__ = ["arrow_rows", "arrow_schema"]

_ARROW = {
    Dtype.TEXT: pa.string(),
    Dtype.WHOLE: pa.int64(),
    Dtype.NUMBER: pa.float64(),
    Dtype.DATE: pa.date32(),
    Dtype.FLAG: pa.bool_(),
}


def arrow_schema(spec: TableSpec) -> pa.Schema:
    """Return the types of a table whose columns have one type each."""
    return pa.schema([(column.name, _ARROW[column.dtype]) for column in spec.columns])


def arrow_rows(spec: TableSpec, rows: Sequence[Row]) -> pa.Table:
    """Return rows with every column of a table, null where a row has nothing.

    Parameters
    ----------
    spec
        Their table.
    rows
        The rows.
    """
    schema = arrow_schema(spec)
    columns = [
        pa.array([row.get(field.name) for row in rows], field.type, from_pandas=True)
        for field in schema
    ]
    return pa.table(columns, schema=schema)
