"""Small files written by a test and imported by the file source."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import openpyxl

from screener.data.lake.batch import Batch
from screener.data.lake.schema import Basis, TableName
from screener.data.sources.files import (
    FileSource,
    ImportKind,
    ImportRequest,
    parse_column_map,
    parse_units,
)
from screener.domain.listing import Listing

NOW = datetime(2026, 6, 1, 9, 30, tzinfo=UTC)
TODAY = date(2026, 6, 1)

__all__ = ["FileImports", "told", "values"]


@dataclass
class FileImports:
    """Writes files into a folder and imports them as one kind."""

    folder: Path
    kind: ImportKind = ImportKind.BARS

    def __call__(
        self,
        content: str | bytes | openpyxl.Workbook,
        name: str = "f.csv",
        *,
        kind: ImportKind | None = None,
        basis: Basis = Basis.RAW,
        columns: str = "",
        units: str = "",
        as_of: date | None = None,
        listing: Listing | None = None,
        master: str = "",
    ) -> Batch:
        path = self.folder / name
        if isinstance(content, openpyxl.Workbook):
            content.save(path)
        else:
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        kind = kind or self.kind
        source = FileSource(master=lambda: frozenset(master.split()))
        query = source.build_query(
            ImportRequest(
                paths=(path,),
                kind=kind,
                basis=basis if kind is ImportKind.BARS else None,
                fetched_at=NOW,
                today=TODAY,
                column_map=parse_column_map(columns) if columns else (),
                units=parse_units(units) if units else (),
                as_of=as_of,
                listing=listing,
            )
        )
        return source.normalise(query, source.fetch(query))


def values(
    batch: Batch, *names: str, table: TableName = TableName.BARS
) -> list[tuple[object, ...]]:
    """Rows of a batch, days as text."""
    columns = [batch.tables[table].column(name).to_pylist() for name in names]
    rows = zip(*columns, strict=True)
    return [tuple(str(v) if isinstance(v, date) else v for v in row) for row in rows]


def told(batch: Batch, words: str) -> str:
    """The one remark with some words in it."""
    found = [line for line in batch.remarks if words in line]
    assert len(found) == 1, batch.remarks
    return found[0]
