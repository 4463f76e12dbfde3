"""Files to columns as they stand, by what they are, not by what they are called.

The one step that reads the disk.
"""

from __future__ import annotations

import csv
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pyarrow as pa

from screener.data.sources.files.tables.bounds import BOUNDS
from screener.data.sources.files.tables.day_files import DAY_SUFFIX, read_day_file
from screener.data.sources.files.tables.parquet import parquet_blocks, read_parquet
from screener.data.sources.files.tables.raw import BrokenLine, HeaderTest, RawFile, any_header
from screener.data.sources.files.tables.text import read_text, text_blocks
from screener.errors import DataError, InputError, SchemaMismatch
from screener.files.regular import check_regular, read_regular
from screener.language import say

__all__ = ["BrokenLine", "RawFile", "read_blocks", "read_raw", "readable"]

_SHOWN = 200
_PARQUET = b"PAR1"
_ZIP = b"PK\x03\x04"
_WORKBOOKS = (".xls", ".xlsx", ".xlsm")
# What the reading libraries raise over a value that they cannot take.
_FAULTS = (pa.ArrowException, OverflowError, RecursionError, UnicodeError, csv.Error, zlib.error)


def read_raw(path: Path, *, label: str, header: HeaderTest = any_header) -> RawFile:
    """Read one file: Parquet, a workbook, daily records, or text.

    Parameters
    ----------
    path
        The file.
    label
        Name for messages, and the rows' source.
    header
        Tells how a line does as a header.

    Raises
    ------
    InputError
        If it cannot be opened, or several sheets of a workbook hold such a table.
    SchemaMismatch
        If it is damaged, not text, or in no known encoding.
    DataError
        If it holds no row.
    """
    with _reached(label):
        raw = _read(path, label, header)
    if not raw.n_rows and not raw.broken:
        raise DataError(
            say("the file has a header and no rows"), where=label, fix=say("check the export")
        )
    return raw


def read_blocks(path: Path, *, label: str, header: HeaderTest = any_header) -> Iterator[RawFile]:
    """Read one file as `read_raw` does, a bounded number of rows at a time where it can be.

    Raises
    ------
    NotInBlocks
        If it is text that can only be read whole.
    """
    with _reached(label):
        smaller = say("give it in several files")
        check_regular(path, BOUNDS.parquet, where=label, fix=smaller)
        with path.open("rb") as stream:
            start = stream.read(4)
        suffix = path.suffix.lower()
        if suffix == ".parquet" or start == _PARQUET:
            yield from parquet_blocks(path, label=label)
        elif suffix == DAY_SUFFIX or start == _ZIP:
            yield read_raw(path, label=label, header=header)
        else:
            check_regular(path, BOUNDS.file, where=label, fix=smaller)
            yield from text_blocks(path, label=label, header=header)


@contextmanager
def _reached(label: str) -> Iterator[None]:
    """Turn what the system and the reading libraries say about a file into a refusal of it."""
    try:
        with readable(label):
            yield
    except OSError as error:
        reason = error.strerror or str(error)
        raise InputError(say("cannot be read: {reason}", reason=reason), where=label) from error


def _read(path: Path, label: str, header: HeaderTest) -> RawFile:
    suffix, smaller = path.suffix.lower(), say("give it in several files")
    check_regular(path, BOUNDS.parquet, where=label, fix=smaller)
    with path.open("rb") as stream:
        start = stream.read(4)
    if suffix == ".parquet" or start == _PARQUET:
        return read_parquet(path, label=label)
    if suffix == DAY_SUFFIX:
        content = read_regular(path, BOUNDS.day_file, where=label, fix=smaller)
        return read_day_file(content, stem=path.stem, label=label)
    most = BOUNDS.workbook if start == _ZIP else BOUNDS.file
    content = read_regular(path, most, where=label, fix=smaller)
    if start == _ZIP:
        # Its library is slow to import: only a workbook needs it.
        from screener.data.sources.files.tables.workbooks import read_workbook

        raw = read_workbook(content, stem=path.stem, label=label, header=header)
        return (
            raw
            if suffix in _WORKBOOKS
            else _noted(raw, say("is a workbook, not {suffix}", suffix=suffix))
        )
    if not content.strip():
        raise SchemaMismatch(say("the file is empty"), where=label, fix=say("check the export"))
    raw = read_text(content, stem=path.stem, label=label, header=header)
    if suffix in _WORKBOOKS:
        return _noted(raw, say("is text, though it is called {suffix}", suffix=suffix))
    return raw


@contextmanager
def readable(label: str, column: str = "") -> Iterator[None]:
    """Turn what a reading library raises over a cell into a refusal of the file.

    Parameters
    ----------
    label
        The file.
    column
        Its column, where one is read.

    Raises
    ------
    SchemaMismatch
        If a library does not take a value.
    """
    try:
        yield
    except MemoryError:
        raise
    except _FAULTS as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0][:_SHOWN]
        raise SchemaMismatch(
            say("a value cannot be read: {reason}", reason=reason),
            where=say("{file}, column {column}", file=label, column=column) if column else label,
            fix=say("write the file again with plain numbers, dates and texts"),
        ) from error


def _noted(raw: RawFile, note: str) -> RawFile:
    return replace(raw, notes=(note, *raw.notes))
