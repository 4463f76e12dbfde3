"""Machine output: CSV and JSON, written whole or not at all."""

from __future__ import annotations

import csv
import io
import json
import math
import os
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from screener.errors import InputError, StorageError

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = [
    "FileFormat",
    "csv_text",
    "json_text",
    "write_csv",
    "write_json",
    "write_table",
    "write_text",
]

STDOUT = "-"


class FileFormat(StrEnum):
    """Format of an exported table; the value is the file's suffix."""

    CSV = "csv"
    PARQUET = "parquet"


_BOM = "\ufeff"


def write_csv(
    target: str,
    columns: Sequence[str],
    rows: Iterable[Mapping[str, object]],
    *,
    excel: bool = False,
) -> None:
    """Write rows as CSV: UTF-8, comma, one header line, an empty cell where undefined.

    Parameters
    ----------
    target
        File, or `-` for standard output.
    columns
        Column names in order.
    rows
        Mappings with those keys; a missing key, `None` or NaN is an empty cell.
    excel
        Begin with a byte-order mark, so that Excel reads the file as UTF-8.

    Raises
    ------
    InputError
        If the target's folder does not exist.
    StorageError
        If the file cannot be written; an older file of that name is left as it was.
    """
    write_text(target, (_BOM if excel else "") + csv_text(columns, rows))


def write_json(target: str, value: object) -> None:
    """Write a value as JSON, indented, keys in their order; raises like `write_csv`."""
    write_text(target, json_text(value))


def csv_text(columns: Sequence[str], rows: Iterable[Mapping[str, object]]) -> str:
    """Return rows as CSV text."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)
    for row in rows:
        writer.writerow([_cell(row.get(name)) for name in columns])
    return out.getvalue()


def json_text(value: object) -> str:
    """Return a value as JSON text; dates are ISO strings, NaN is null."""
    return json.dumps(_plain(value), ensure_ascii=False, indent=2, allow_nan=False) + "\n"


def write_text(target: str, text: str) -> None:
    """Write text to a file through a temporary one beside it, or to standard output."""
    if target == STDOUT:
        sys.stdout.write(text)
        sys.stdout.flush()
        return
    path = Path(target)
    if not path.parent.is_dir():
        raise InputError(f"there is no folder {path.parent}", fix="make it, or name another file")
    if path.is_dir():
        raise InputError(f"{path} is a folder", fix="name a file in it")
    temporary: Path | None = None
    try:
        with tempfile.NamedTemporaryFile(
            "w",
            encoding="utf-8",
            newline="",
            dir=path.parent,
            prefix=f".{path.name}.",
            delete=False,
        ) as file:
            temporary = Path(file.name)
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        temporary.chmod(0o666 & ~_umask())
        temporary.replace(path)
    except OSError as error:
        if temporary is not None:
            temporary.unlink(missing_ok=True)
        raise _not_written(error, path) from error


def write_table(target: Path, rows: pa.Table, *, file_format: FileFormat) -> None:
    """Write an Arrow table as CSV or Parquet, whole or not at all; makes the folder.

    Raises
    ------
    StorageError
        If the file cannot be written; an older file of that name is left as it was.
    """
    from pyarrow import csv as arrow_csv
    from pyarrow import parquet

    temporary = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        if file_format is FileFormat.CSV:
            options = arrow_csv.WriteOptions(quoting_style="needed")
            arrow_csv.write_csv(rows, temporary, options)
        else:
            parquet.write_table(rows, temporary)
        temporary.replace(target)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise _not_written(error, target) from error


def _not_written(error: OSError, path: Path) -> StorageError:
    return StorageError(
        f"the file cannot be written: {error.strerror or error}",
        where=str(path),
        fix="check the disk's space and the folder's permissions",
    )


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return "" if math.isnan(value) else repr(value)
    if isinstance(value, datetime):
        return value.isoformat(timespec="minutes")
    return value.isoformat() if isinstance(value, date) else str(value)


def _plain(value: object) -> object:
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, float):
        return None if math.isnan(value) else value
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    return value
