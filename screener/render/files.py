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
    "check_targets",
    "checked_target",
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
    path = checked_target(target)
    try:
        if path.exists() and not path.is_file():  # a pipe or a device: written, never replaced
            path.write_text(text, encoding="utf-8", newline="")
        else:
            _replace(path, text)
    except OSError as error:
        raise _not_written(error, path) from error


def check_targets(*targets: str | None) -> None:
    """Check, before any work is done, that the targets of one command can all be written.

    Raises
    ------
    InputError
        If two of them are the same, or one is a folder or lies in none.
    """
    given = [item for item in targets if item is not None]
    resolved = [item if item == STDOUT else str(checked_target(item)) for item in given]
    if len(set(resolved)) < len(resolved):
        raise InputError("two outputs go to the same place", fix="give each a file of its own")


def checked_target(target: str) -> Path:
    """Return the file behind a target, links followed.

    Raises
    ------
    InputError
        If it is a folder, or its folder does not exist.
    """
    path = Path(target).resolve()
    if not path.parent.is_dir():
        raise InputError(f"there is no folder {path.parent}", fix="make it, or name another file")
    if path.is_dir():
        raise InputError(f"{path} is a folder", fix="name a file in it")
    return path


def _replace(path: Path, text: str) -> None:
    mode = path.stat().st_mode & 0o777 if path.exists() else 0o666 & ~_umask()
    with tempfile.NamedTemporaryFile(
        "w", encoding="utf-8", newline="", dir=path.parent, prefix=f".{path.name}.", delete=False
    ) as file:
        temporary = Path(file.name)
        try:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
            temporary.chmod(mode)
            temporary.replace(path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise


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
