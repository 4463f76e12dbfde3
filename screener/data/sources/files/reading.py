"""Files to columns as they stand, by what they are, not by what they are called.

The one step that reads the disk.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from screener.data.sources.files.raw import BrokenLine, HeaderTest, RawFile, any_header
from screener.data.sources.files.text_tables import read_text
from screener.errors import DataError, InputError, SchemaMismatch

__all__ = ["BrokenLine", "RawFile", "read_raw"]

_PARQUET = b"PAR1"
_ZIP = b"PK\x03\x04"
_WORKBOOKS = (".xls", ".xlsx", ".xlsm")


def read_raw(path: Path, *, label: str, header: HeaderTest = any_header) -> RawFile:
    """Read one file: Parquet, a workbook, or text.

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
    try:
        raw = _read(path, label, header)
    except OSError as error:
        reason = error.strerror or str(error)
        raise InputError(f"cannot be read: {reason}", where=label) from error
    if not raw.n_rows and not raw.broken:
        raise DataError("the file has a header and no rows", where=label, fix="check the export")
    return raw


def _read(path: Path, label: str, header: HeaderTest) -> RawFile:
    suffix = path.suffix.lower()
    with path.open("rb") as stream:
        start = stream.read(4)
    if suffix == ".parquet" or start == _PARQUET:
        return _read_parquet(path, label)
    content = path.read_bytes()
    if start == _ZIP:
        # Its library is slow to import: only a workbook needs it.
        from screener.data.sources.files.workbooks import read_workbook

        raw = read_workbook(content, stem=path.stem, label=label, header=header)
        return raw if suffix in _WORKBOOKS else _noted(raw, f"is a workbook, not {suffix}")
    if not content.strip():
        raise SchemaMismatch("the file is empty", where=label, fix="check the export")
    raw = read_text(content, stem=path.stem, label=label, header=header)
    if suffix in _WORKBOOKS:
        return _noted(raw, f"is text, though it is called {suffix}")
    return raw


def _noted(raw: RawFile, note: str) -> RawFile:
    return replace(raw, notes=(note, *raw.notes))


def _read_parquet(path: Path, label: str) -> RawFile:
    try:
        table = pq.ParquetFile(path).read()
        table.validate(full=True)
    except (pa.ArrowException, OSError, ValueError) as error:
        if isinstance(error, PermissionError):
            raise
        raise SchemaMismatch(
            f"not a readable Parquet file: {(str(error).splitlines() or [''])[0]}",
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
