"""Parquet files as columns, unpacked piece by piece and never beyond the bounds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from screener.data.sources.files.tables import bounds
from screener.data.sources.files.tables.bounds import BOUNDS, too_much
from screener.data.sources.files.tables.raw import RawFile
from screener.errors import SchemaMismatch
from screener.language import say
from screener.language.lists import listed

__all__ = ["parquet_blocks", "parquet_rows", "read_parquet"]

_PIECE = 1 << 18  # rows unpacked at once
_SHOWN = 5


def read_parquet(path: Path, *, label: str) -> RawFile:
    """Read a Parquet file.

    Its own account of its rows and columns is held to the bounds before anything is unpacked, and
    what is unpacked is counted as it comes. Text stays a dictionary, so that a text that repeats
    takes its space once. Columns of lists, records and the like are left out, and told.

    Parameters
    ----------
    path
        A file that was opened before: no pipe and no device.
    label
        Name for messages.

    Raises
    ------
    SchemaMismatch
        If it is damaged, a text is not UTF-8, or it holds more than is read.
    """
    with _opened(path, label) as file:
        return _read(file, path.stem, label)


def parquet_rows(path: Path) -> int:
    """Return how many rows a Parquet file says that it holds; 0 if it cannot be read."""
    try:
        with pq.ParquetFile(path, pre_buffer=False) as file:
            return int(file.metadata.num_rows)
    except (pa.ArrowException, OSError, ValueError):
        return 0


def parquet_blocks(path: Path, *, label: str) -> Iterator[RawFile]:
    """Read a Parquet file as `read_parquet` does, a bounded number of rows at a time."""
    with _opened(path, label) as file:
        whole = _empty(file, path.stem, label)
        row = 0
        for piece in _pieces(file, whole.headers, label):
            n_rows = len(piece[0])
            yield replace(
                whole,
                columns=tuple(pa.chunked_array([cells]) for cells in piece),
                lines=np.arange(row + 1, row + n_rows + 1, dtype=np.int64),
            )
            row += n_rows


@contextmanager
def _opened(path: Path, label: str) -> Iterator[pq.ParquetFile]:
    """Open a Parquet file that is within the bounds, its texts as dictionaries."""
    try:
        with pq.ParquetFile(path, pre_buffer=False) as file:
            _check_size(file.metadata, label)
            texts = [item.name for item in file.schema_arrow if _texts(item.type)]
        with pq.ParquetFile(path, pre_buffer=False, read_dictionary=texts) as file:
            yield file
    except pa.ArrowMemoryError:
        raise
    except (pa.ArrowException, OSError, ValueError, OverflowError) as error:
        if isinstance(error, (PermissionError, SchemaMismatch)):
            raise
        raise SchemaMismatch(
            say(
                "not a readable Parquet file: {reason}", reason=(str(error).splitlines() or [""])[0]
            ),
            where=label,
            fix=say("write or download the file again"),
        ) from error


def _read(file: pq.ParquetFile, stem: str, label: str) -> RawFile:
    raw = _empty(file, stem, label)
    columns = [_Column(name=name, chunks=[*cells.chunks]) for name, cells in _cells(raw)]
    for piece in _pieces(file, raw.headers, label):
        for column, cells in zip(columns, piece, strict=True):
            column.chunks.append(cells)
    n_rows = file.metadata.num_rows if columns else 0
    return replace(
        raw,
        columns=tuple(column.whole() for column in columns),
        lines=np.arange(1, n_rows + 1, dtype=np.int64),
    )


def _cells(raw: RawFile) -> Iterator[tuple[str, pa.ChunkedArray]]:
    return zip(raw.headers, raw.columns, strict=True)


def _empty(file: pq.ParquetFile, stem: str, label: str) -> RawFile:
    """Return a file without its rows: the columns that are read, and what is told of the others."""
    schema = file.schema_arrow
    flat = [field for field in schema if _flat(field.type)]
    left = [field.name for field in schema if not _flat(field.type)]
    shown = listed(left[:_SHOWN])
    if len(left) > _SHOWN:
        shown = say("{shown} and {n} more", shown=shown, n=len(left) - _SHOWN)
    told = say("columns of lists, records and the like are not read: {names}", names=shown)
    blank = [_checked(pa.nulls(0, field.type), field.name, 0, label) for field in flat]
    return RawFile(
        label=label,
        stem=stem,
        headers=tuple(field.name for field in flat),
        columns=tuple(pa.chunked_array([cells]) for cells in blank),
        lines=np.arange(0, dtype=np.int64),
        notes=(told,) if left else (),
    )


def _check_size(metadata: pq.FileMetaData, label: str) -> None:
    if metadata.num_rows > BOUNDS.rows:
        raise too_much(bounds.rows(metadata.num_rows), bounds.rows(BOUNDS.rows), where=label)
    if metadata.num_columns > BOUNDS.columns:
        most = bounds.columns(BOUNDS.columns)
        raise too_much(bounds.columns(metadata.num_columns), most, where=label)
    groups = (metadata.row_group(place) for place in range(metadata.num_row_groups))
    packed = sum(group.total_byte_size for group in groups)
    # Eight bytes for each cell, however few the file packs them in.
    unpacked = max(packed, 8 * metadata.num_rows * metadata.num_columns)
    if unpacked > BOUNDS.unpacked:
        what = say("it unpacks to {size}", size=bounds.megabytes(unpacked))
        raise too_much(what, bounds.megabytes(BOUNDS.unpacked), where=label)


@dataclass(slots=True, kw_only=True)
class _Column:
    """A column as far as it is read; `codes` point into `texts`, where it holds text."""

    name: str
    chunks: list[pa.Array] = field(default_factory=list)

    def whole(self) -> pa.ChunkedArray:
        """Return the column."""
        whole = pa.chunked_array(self.chunks)
        if pa.types.is_dictionary(whole.type):
            return whole.unify_dictionaries()
        return whole


def _pieces(file: pq.ParquetFile, names: Sequence[str], label: str) -> Iterator[list[pa.Array]]:
    """Give the columns that are read piece by piece, each piece checked and counted."""
    if not names:
        return
    alone = None if len(names) == len(file.schema_arrow) else list(names)
    row, taken = 0, 0
    for batch in file.iter_batches(_PIECE, columns=alone):
        piece = [
            _checked(cells, name, row, label)
            for name, cells in zip(names, batch.columns, strict=True)
        ]
        taken += sum(cells.nbytes for cells in piece)
        row += batch.num_rows
        yield piece
        if taken > BOUNDS.unpacked:
            size = bounds.megabytes(taken)
            what = say("its first {n:,} rows unpack to {size}", n=row, size=size)
            raise too_much(what, bounds.megabytes(BOUNDS.unpacked), where=label)


def _checked(cells: pa.Array, name: str, row: int, label: str) -> pa.Array:
    """Return a piece of a column, its text as a dictionary of valid and short texts."""
    kind = cells.type
    if not (_texts(kind) or pa.types.is_dictionary(kind)):
        return cells
    if pa.types.is_dictionary(kind) and not _texts(kind.value_type):
        return _checked(cells.dictionary_decode(), name, row, label)
    _check_texts(cells, name, row, label)
    if _bytes(kind):
        cells = cells.cast(pa.string())
    found = cells if pa.types.is_dictionary(kind) else cells.dictionary_encode()
    return pa.DictionaryArray.from_arrays(
        found.indices.cast(pa.int32()), found.dictionary.cast(pa.string())
    )


def _check_texts(cells: pa.Array, name: str, row: int, label: str) -> None:
    values = cells.dictionary if pa.types.is_dictionary(cells.type) else cells
    longest = pc.max(pc.binary_length(values)).as_py() or 0
    if longest > BOUNDS.cell:
        place = say(
            "{file}, column {column}, rows from {row}", file=label, column=name, row=row + 1
        )
        most = say("{n:,} bytes of one", n=BOUNDS.cell)
        raise too_much(say("a cell of {n:,} bytes", n=longest), most, where=place)
    try:
        values.cast(pa.large_string()).validate(full=True)
    except pa.ArrowInvalid as error:
        raise SchemaMismatch(
            say("a cell is not UTF-8 text"),
            where=say(
                "{file}, row {row}, column {column}",
                file=label,
                row=row + _first_bad(cells),
                column=name,
            ),
            fix=say("write the file again with the column as text"),
        ) from error


def _first_bad(cells: pa.Array) -> int:
    """Return the place, from 1, of the first cell that is no UTF-8; 1 if none is found."""
    plain = cells.dictionary_decode() if pa.types.is_dictionary(cells.type) else cells
    wide = pa.types.is_large_string(plain.type)
    raw = plain.view(pa.large_binary() if wide else pa.binary())
    for place, cell in enumerate(raw, 1):
        try:
            (cell.as_py() or b"").decode("utf-8")
        except UnicodeDecodeError:
            return place
    return 1


def _texts(kind: pa.DataType) -> bool:
    """Tell whether cells of a type are texts, or bytes that may be."""
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or _bytes(kind))


def _bytes(kind: pa.DataType) -> bool:
    return bool(pa.types.is_binary(kind) or pa.types.is_large_binary(kind))


def _flat(kind: pa.DataType) -> bool:
    """Tell whether cells of a type are single values that a table can hold."""
    if pa.types.is_dictionary(kind):
        return _flat(kind.value_type) and not pa.types.is_dictionary(kind.value_type)
    return bool(
        _texts(kind)
        or pa.types.is_null(kind)
        or pa.types.is_boolean(kind)
        or pa.types.is_integer(kind)
        or pa.types.is_floating(kind)
        or pa.types.is_decimal(kind)
        or pa.types.is_date(kind)
        or pa.types.is_timestamp(kind)
    )
