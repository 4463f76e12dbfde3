"""Arrow tables of the simulated market."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from screener.data.lake.rows import Values, make_rows
from screener.data.lake.schema import SIMULATED, TableName

__all__ = ["concat", "make_table", "repeat_ids"]


def make_table(name: TableName, fetched_at: datetime, columns: Mapping[str, Values]) -> pa.Table:
    """Make rows of a table as `make_rows` does; `source` is `SIMULATED` on every row."""
    return make_rows(name, columns, source=SIMULATED, fetched_at=fetched_at)


def repeat_ids(ids: Sequence[str], which: npt.NDArray[np.integer]) -> pa.Array:
    """Return `ids[which]` as text, without making a Python string for each row."""
    codes = pa.array(which.astype(np.int32), pa.int32())
    return pa.DictionaryArray.from_arrays(codes, pa.array(ids, pa.string())).cast(pa.string())


def concat(tables: Sequence[pa.Table]) -> pa.Table:
    """Put rows of one table after each other."""
    return pa.concat_tables(tables)
