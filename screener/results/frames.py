"""Rows as a DataFrame with the types that their table declares: the API's door to pandas."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from screener.results.tables import Column, Dtype, Row, TableSpec

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["frame_of"]

_PANDAS = {
    Dtype.TEXT: "string",
    Dtype.WHOLE: "Int64",
    Dtype.NUMBER: "float64",
    Dtype.DATE: "datetime64[ns]",
    Dtype.FLAG: "boolean",
    Dtype.VALUE: "object",
}


def frame_of(
    spec: TableSpec, rows: Iterable[Row], attrs: Mapping[str, object] | None = None
) -> pd.DataFrame:
    """Return rows as a DataFrame.

    Parameters
    ----------
    spec
        Their table.
    rows
        The rows, with the columns of `spec`; a row may lack one that may be empty.
    attrs
        Identity of the result, for `DataFrame.attrs`.

    Returns
    -------
    pandas.DataFrame
        `(n_rows, n_columns)`, the columns of `spec` in order, also without rows: text as `string`,
        whole numbers as `Int64`, numbers as `float64` (NaN where undefined), dates as
        `datetime64[ns]` (NaT), flags as `boolean`, values of any type as they are.
    """
    import pandas as pd

    held = list(rows)
    frame = pd.DataFrame(
        {
            column.name: _series(column, [_cell(column, row) for row in held])
            for column in spec.columns
        }
    )
    frame.attrs.update(attrs or {})
    return frame


def _cell(column: Column, row: Row) -> object:
    return row.get(column.name) if column.nullable else row[column.name]


def _series(column: Column, values: list[object]) -> pd.Series:
    import pandas as pd

    found = (
        pd.to_datetime(pd.Series(values, dtype="object")) if column.dtype is Dtype.DATE else values
    )
    return pd.Series(found, dtype=_PANDAS[column.dtype])
