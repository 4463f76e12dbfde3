"""Rows as the lake stores them, for tests of the store itself."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

import pyarrow as pa

from screener.data.lake.batch import Batch
from screener.data.lake.schema import TABLES, Basis, TableName

ARROW = {
    "VARCHAR": pa.string(),
    "DATE": pa.date32(),
    "DOUBLE": pa.float64(),
    "BIGINT": pa.int64(),
    "BOOLEAN": pa.bool_(),
    "TIMESTAMP WITH TIME ZONE": pa.timestamp("us", tz="UTC"),
}
FETCHED = datetime(2026, 6, 1, tzinfo=UTC)

Row = dict[str, Any]


def table(name: TableName, rows: Sequence[Row], **types: pa.DataType) -> pa.Table:
    origin = {"source": "bars.csv", "fetched_at": FETCHED}
    spec = TABLES[name]
    schema = pa.schema([(c.name, types.get(c.name, ARROW[c.type])) for c in spec.columns])
    full = [dict.fromkeys(spec.column_names) | origin | row for row in rows]
    return pa.Table.from_pylist(full, schema=schema)


def bar(listing: str, session: date, close: float = 10.0) -> Row:
    prices = dict.fromkeys(("open", "high", "low", "close"), close)
    return {"listing": listing, "session": session, **prices, "basis": str(Basis.RAW)}


def bars(*rows: Row) -> Batch:
    return Batch(tables={TableName.BARS: table(TableName.BARS, rows)})
