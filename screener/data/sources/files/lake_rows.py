"""Rows into tables of the lake, and rejected rows into what is told and kept of them."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa

from screener.data.lake.batch import Reject
from screener.data.lake.rows import ARROW
from screener.data.lake.schema import TABLES, TableName, Type
from screener.data.sources.files.columns.columns import ColumnMapping
from screener.data.sources.files.request import FileQuery
from screener.data.sources.files.rows import Array, Rows
from screener.data.sources.files.tables.reading import RawFile
from screener.domain.arrays import IntArray
from screener.language import say

__all__ = ["rejects_of", "table_of"]

_CELL = 24
_CELLS = 12


def rejects_of(
    rows: Rows,
    raws: Sequence[RawFile],
    mappings: Sequence[ColumnMapping],
    table: TableName,
    day_field: str,
) -> tuple[Reject, ...]:
    """Return the rejected rows, in file order, with what was printed in them (shortened)."""
    bad = np.flatnonzero(~rows.passed)
    days = rows.days(day_field)
    rejects = []
    for number, (raw, mapping) in enumerate(zip(raws, mappings, strict=True)):
        mine = bad[rows.file[bad] == number]
        printed = _printed(raw, mapping, rows.place[mine])
        for row, text in zip(mine.tolist(), printed, strict=True):
            at = int(rows.listing[row])
            day = days[row]
            rejects.append(
                Reject(
                    table=table,
                    file=raw.label,
                    line=int(raw.lines[rows.place[row]]),
                    reason=rows.verdict.reason(row),
                    row=text,
                    listing=rows.listings[at].id if at >= 0 else None,
                    session=None if np.isnat(day) else day.item(),
                )
            )
        rejects.extend(_broken(raw, table))
    return tuple(rejects)


def table_of(
    name: TableName, rows: Rows, query: FileQuery, columns: Mapping[str, Array | str]
) -> pa.Table:
    """Build a table of the lake from rows.

    Parameters
    ----------
    name
        Which table.
    rows
        The rows, all accepted.
    query
        Where they come from.
    columns
        Columns by name, arrays of `(n_rows,)` or one text for all rows; the listing id and the
        origin are added, a column not given is empty.
    """
    spec = TABLES[name]
    given: dict[str, pa.Array] = {
        "source": _spread(query.labels, rows.file),
        "fetched_at": _repeated(query.request.fetched_at, Type.INSTANT, rows.n_rows),
    }
    if "listing" in spec.column_names:
        given["listing"] = _spread([item.id for item in rows.listings], rows.listing)
    for column in spec.columns:
        value = columns.get(column.name)
        if value is not None:
            given[column.name] = _arrow(value, column.type, rows.n_rows)
        elif column.name not in given:
            given[column.name] = pa.nulls(rows.n_rows, ARROW[column.type])
    return pa.table({column.name: given[column.name] for column in spec.columns})


def _printed(raw: RawFile, mapping: ColumnMapping, places: IntArray) -> list[str]:
    chosen = list(mapping.columns.values())[:_CELLS]
    cells = {
        column.header: raw.columns[column.position].take(pa.array(places)).to_pylist()
        for column in chosen
    }
    return [
        json.dumps(
            {header: _short(column[row]) for header, column in cells.items()}, ensure_ascii=False
        )
        for row in range(len(places))
    ]


def _short(cell: object) -> object:
    if cell is None or isinstance(cell, bool | int):
        return cell
    if isinstance(cell, float) and math.isfinite(cell):
        return cell
    return str(cell)[:_CELL]


def _broken(raw: RawFile, table: TableName) -> list[Reject]:
    """Return the lines that do not fit the header, with one reason for all of them."""
    counts = {item.cells for item in raw.broken}
    reason = say("more or fewer cells where the header has {n}", n=len(raw.headers))
    if len(counts) == 1:
        reason = say(
            "{cells} cells where the header has {n}", cells=counts.pop(), n=len(raw.headers)
        )
    return [
        Reject(
            table=table,
            file=raw.label,
            line=item.line,
            reason=reason,
            row=json.dumps(item.text, ensure_ascii=False),
        )
        for item in raw.broken
    ]


def _spread(texts: Sequence[str], index: IntArray) -> pa.Array:
    dictionary = pa.DictionaryArray.from_arrays(
        pa.array(index.astype(np.int32)), pa.array(list(texts), pa.string())
    )
    return dictionary.cast(pa.string())


def _repeated(value: object, kind: Type, n_rows: int) -> pa.Array:
    return pa.repeat(pa.scalar(value, ARROW[kind]), n_rows)


def _arrow(value: Array | str, kind: Type, n_rows: int) -> pa.Array:
    if isinstance(value, str):
        return _repeated(value, kind, n_rows)
    if kind is Type.COUNT:
        whole = np.where(np.isnan(value.astype(np.float64)), 0, value).astype(np.int64)
        return pa.array(whole, mask=np.isnan(value.astype(np.float64)))
    return pa.array(value, ARROW[kind], from_pandas=True)
