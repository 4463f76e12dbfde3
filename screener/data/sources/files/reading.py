"""Files to columns as they stand: text for CSV, typed for Parquet. The one step that reads disk."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from screener.data.quality import BoolArray, IntArray
from screener.data.sources.files.encoding import to_utf8
from screener.errors import DataError, InputError, SchemaMismatch

__all__ = ["BrokenLine", "RawFile", "read_raw"]

_DELIMITERS = ",\t;"
_SHOWN = 160


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokenLine:
    """A line whose number of cells is not the header's."""

    line: int
    cells: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RawFile:
    """One file as read.

    Parameters
    ----------
    label
        Name that its rows carry as their source.
    stem
        File name without its suffix, which may be a listing.
    headers
        Column names as printed.
    columns
        The columns, each a `ChunkedArray` of `n_rows`; text for CSV.
    lines
        `(n_rows,)` row number in the file; the header is 1.
    broken
        Lines that do not fit the header.
    encoding
        Encoding of a text file; empty for Parquet.
    """

    label: str
    stem: str
    headers: tuple[str, ...]
    columns: tuple[pa.ChunkedArray, ...]
    lines: IntArray
    broken: tuple[BrokenLine, ...] = ()
    encoding: str = ""

    @property
    def n_rows(self) -> int:
        """Number of rows that fit the header."""
        return len(self.lines)


def read_raw(path: Path, *, label: str) -> RawFile:
    """Read one file.

    Raises
    ------
    InputError
        If it cannot be opened.
    SchemaMismatch
        If it is damaged, not text, or in no known encoding.
    DataError
        If it holds no row.
    """
    try:
        if path.suffix.lower() == ".parquet":
            raw = _read_parquet(path, label)
        else:
            raw = _read_text(path.read_bytes(), path.stem, label)
    except OSError as error:
        reason = error.strerror or str(error)
        raise InputError(f"cannot be read: {reason}", where=label) from error
    if not raw.n_rows and not raw.broken:
        raise DataError("the file has a header and no rows", where=label, fix="check the export")
    return raw


def _read_parquet(path: Path, label: str) -> RawFile:
    try:
        table = pq.ParquetFile(path).read()
    except (pa.ArrowException, OSError) as error:
        if isinstance(error, PermissionError):
            raise
        raise SchemaMismatch(
            f"not a readable Parquet file: {str(error).splitlines()[0]}",
            where=label,
            fix="write or download the file again",
        ) from error
    return RawFile(
        label=label,
        stem=path.stem,
        headers=tuple(table.column_names),
        columns=tuple(table.columns),
        lines=np.arange(1, table.num_rows + 1, dtype=np.int64),
    )


def _read_text(content: bytes, stem: str, label: str) -> RawFile:
    if not content.strip():
        raise SchemaMismatch("the file is empty", where=label, fix="check the export")
    text, encoding = to_utf8(content, file=label)
    skipped, header_line = _first_line(text)
    delimiter = max(_DELIMITERS, key=header_line.count)
    headers = tuple(next(csv.reader(io.StringIO(header_line), delimiter=delimiter)))
    columns, broken = _parse(text, len(headers), delimiter, skipped + 1, label)
    lines = _line_numbers(len(columns[0]), skipped + 2, {item.line for item in broken})
    written = _not_blank(columns)
    return RawFile(
        label=label,
        stem=stem,
        headers=tuple(name.strip() for name in headers),
        columns=columns if written.all() else tuple(c.filter(pa.array(written)) for c in columns),
        lines=lines[written],
        broken=tuple(item for item in broken if item.text.strip(_DELIMITERS + ' \r\n"')),
        encoding=encoding,
    )


def _first_line(text: bytes) -> tuple[int, str]:
    """Return the number of blank lines at the top, and the first line with something in it."""
    for skipped, line in enumerate(io.BytesIO(text)):
        if line.strip():
            return skipped, line.decode("utf-8").rstrip("\r\n")
    return 0, ""


def _parse(
    text: bytes, n_columns: int, delimiter: str, skip: int, label: str
) -> tuple[tuple[pa.ChunkedArray, ...], tuple[BrokenLine, ...]]:
    broken: list[BrokenLine] = []

    def keep_broken(row: pa_csv.InvalidRow) -> str:
        shown = row.text[:_SHOWN]
        broken.append(BrokenLine(line=row.number, cells=row.actual_columns, text=shown))
        return "skip"

    names = [str(position) for position in range(n_columns)]
    try:
        table = pa_csv.read_csv(
            pa.BufferReader(text),
            # One thread: only then does the parser tell the number of a broken line.
            read_options=pa_csv.ReadOptions(use_threads=False, column_names=names, skip_rows=skip),
            parse_options=pa_csv.ParseOptions(
                delimiter=delimiter,
                ignore_empty_lines=False,
                newlines_in_values=b'"' in text,
                invalid_row_handler=keep_broken,
            ),
            convert_options=pa_csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False
            ),
        )
    except pa.ArrowInvalid as error:
        raise SchemaMismatch(
            f"not a readable table: {str(error).splitlines()[0]}",
            where=label,
            fix="export the table again as CSV (UTF-8)",
        ) from error
    return tuple(table.columns), tuple(broken)


def _line_numbers(n_rows: int, first: int, broken: set[int]) -> IntArray:
    numbers = np.arange(first, first + n_rows + len(broken), dtype=np.int64)
    if not broken:
        return numbers
    fits = ~np.isin(numbers, np.fromiter(broken, dtype=np.int64))
    return numbers[fits][:n_rows]


def _not_blank(columns: tuple[pa.ChunkedArray, ...]) -> BoolArray:
    written = np.zeros(len(columns[0]), dtype=np.bool_)
    for column in columns:
        written |= pc.not_equal(column, "").to_numpy()
        if written.all():
            break
    return written
