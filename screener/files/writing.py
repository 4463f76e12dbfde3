"""Output to files: CSV, JSON and pages, written whole or not at all."""

from __future__ import annotations

import csv
import errno
import io
import json
import math
import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from enum import StrEnum
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from screener.errors import InputError
from screener.files.clean import COMMANDS, clean, clean_line
from screener.files.failures import storage_error
from screener.files.whole import put_whole
from screener.files.workbook import is_our_workbook
from screener.language import say

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = [
    "OUR_COLUMNS",
    "PAGE_MARK",
    "FileFormat",
    "check_targets",
    "checked_target",
    "csv_text",
    "write_csv",
    "write_json",
    "write_table",
    "write_text",
]

STDOUT = "-"

PAGE_MARK = "screener-page"
"""What `meta name=generator` of every page begins with: how a page is told from other files."""


class FileFormat(StrEnum):
    """Format of an exported table; the value is the file's suffix."""

    CSV = "csv"
    PARQUET = "parquet"


_HEADER = 4_096
_ZIP = b"PK\x03\x04"
_NAME = rb'"?[a-z][a-z0-9_]*"?'
_OUR_NAMES = rb"basket|call|change|data_version|exchange|fetched_at|listing|report|run_id"
"""Names of columns one of which every table of this program has, and no table of others."""
OUR_COLUMNS = frozenset(_OUR_NAMES.decode().split("|"))
"""The same names: what a Chinese header bears beside it, so that its file is known as ours."""
_OUR_HEADER = re.compile(
    rb'(?:\xef\xbb\xbf)?(?:(?=[a-z0-9_,"]*\b(?:'
    + _OUR_NAMES
    + rb")\b)"
    + _NAME
    + rb"(?:,"
    + _NAME
    + rb")+\r?\n"  # a table
    rb"|(?=[^\r\n]*\xef\xbc\x88(?:"  # a table with Chinese headers: 证券代码（listing）
     + _OUR_NAMES + rb")\xef\xbc\x89[,\r\n])[^\r\n]*[\xe4-\xe9][^\r\n]*\r?\n"
    rb'|PAR1|\s*[\[{][\s"\[{\]}]'  # Parquet, JSON
    rb'|<!doctype html>[^\x00]*<meta name="generator" content="' + PAGE_MARK.encode() + rb")"
)
_OWN_FOLDERS = ("data_cache", "seeds", "baskets", "screens")
_BOM = "\ufeff"
_FORMULA = ("=", "+", "-", "@", "\t", "\r")  # what a spreadsheet runs begins with one of them
_FORMULA_CELL = r"^([=+\-@\t\r])"


def write_csv(
    target: str,
    columns: Sequence[str],
    rows: Iterable[Mapping[str, object]],
    *,
    excel: bool = False,
    headers: Sequence[str] | None = None,
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
    headers
        What stands in the header line instead of the column names.

    Raises
    ------
    InputError
        If the target's folder does not exist.
    StorageError
        If the file cannot be written; an older file of that name is left as it was.
    """

    def fill(file: TextIO) -> None:
        file.write(_BOM if excel else "")
        _write_rows(file, columns, rows, headers)

    _write(target, fill)


def write_json(target: str, value: object) -> None:
    """Write a value as JSON, indented, keys in their order; raises like `write_csv`."""
    encoder = json.JSONEncoder(ensure_ascii=False, indent=2, allow_nan=False)

    def fill(file: TextIO) -> None:
        file.writelines(encoder.iterencode(_plain(value)))
        file.write("\n")

    _write(target, fill)


def csv_text(
    columns: Sequence[str],
    rows: Iterable[Mapping[str, object]],
    headers: Sequence[str] | None = None,
) -> str:
    """Return rows as CSV text; `headers` stand in its first line instead of the columns."""
    out = io.StringIO()
    _write_rows(out, columns, rows, headers)
    return out.getvalue()


def _write_rows(
    file: TextIO,
    columns: Sequence[str],
    rows: Iterable[Mapping[str, object]],
    headers: Sequence[str] | None,
) -> None:
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(headers or columns)
    writer.writerows([_cell(row.get(name)) for name in columns] for row in rows)


def write_text(target: str, text: str) -> None:
    """Write text to a file through a temporary one beside it, or to standard output."""
    _write(target, lambda file: file.write(text))


def _write(target: str, fill: Callable[[TextIO], object]) -> None:
    """Let `fill` write a file through a temporary one beside it, or standard output."""
    if target == STDOUT:
        fill(sys.stdout)
        sys.stdout.flush()
        return
    path = checked_target(target)

    def write(place: Path) -> None:
        with place.open("w", encoding="utf-8", newline="") as file:
            fill(file)

    try:
        if path.exists() and not path.is_file():  # a pipe or a device: written, never replaced
            write(path)
        else:
            put_whole(path, write)
    except OSError as error:
        raise storage_error(error, path) from error


def check_targets(*targets: str | None, force: bool = False) -> None:
    """Check, before any work is done, that the targets of one command can all be written.

    Parameters
    ----------
    *targets
        Files, or `-` for standard output.
    force
        Whether a file that is no result may be replaced.

    Raises
    ------
    InputError
        If two of them are the same, or one is a folder, lies in none or in a workspace's own, or
        would replace what is no result.
    """
    given = [item for item in targets if item is not None]
    resolved = [item if item == STDOUT else str(checked_target(item)) for item in given]
    if len(set(resolved)) < len(resolved):
        raise InputError(
            say("two outputs go to the same place"), fix=say("give each a file of its own")
        )
    for target in resolved:
        if target != STDOUT and not force and not _is_result(Path(target)):
            raise InputError(
                say("{target} is there and is no result of this program", target=target),
                fix=say("name another file, or replace it with --force"),
            )


def _is_result(path: Path) -> bool:
    """Tell whether a file may be replaced: empty, JSON, Parquet, a page or a table like ours."""
    try:
        if not path.is_file():  # nothing, a pipe or a device
            return True
        with path.open("rb") as file:
            begin = file.read(_HEADER)
    except OSError as error:
        raise storage_error(error, path) from error
    if begin.startswith(_ZIP):
        return is_our_workbook(path)
    return not begin or _OUR_HEADER.match(begin) is not None


def checked_target(target: str) -> Path:
    """Return the file behind a target, links followed.

    Raises
    ------
    InputError
        If it is a folder, or its folder does not exist.
    """
    try:
        path = Path(target).resolve()
        if not path.parent.is_dir():
            raise InputError(
                say("there is no folder {parent}", parent=path.parent),
                fix=say("make it, or name another file"),
            )
        if path.is_dir():
            raise InputError(say("{path} is a folder", path=path), fix=say("name a file in it"))
        if not path.is_file() and not path.exists() and not os.access(path.parent, os.W_OK):
            raise PermissionError(errno.EACCES, "permission denied", str(path.parent))
    except OSError as error:
        raise storage_error(error, target) from error
    if kept := _workspace_folder(path):
        raise InputError(
            say(
                "{path} lies in {kept}/ of a workspace, which results never enter",
                path=path,
                kept=kept,
            ),
            fix=say("name a file elsewhere"),
        )
    return path


def _workspace_folder(path: Path) -> str:
    """Return the workspace's own folder that a file lies in; empty if it lies in none."""
    for folder in path.parents:
        others = [folder.parent / name for name in _OWN_FOLDERS if name != folder.name]
        if folder.name in _OWN_FOLDERS and any(other.is_dir() for other in others):
            return folder.name
    return ""


def write_table(target: Path, parts: Iterable[pa.Table], *, file_format: FileFormat) -> None:
    """Write Arrow tables of the same columns as one CSV or Parquet file, whole or not at all.

    Each table is written before the next is asked for; the folder is made.

    Raises
    ------
    StorageError
        If the file cannot be written; an older file of that name is left as it was.
    """
    from pyarrow import csv as arrow_csv
    from pyarrow import parquet

    def write(draft: Path) -> None:
        held = iter(parts)
        first = next(held)
        if file_format is FileFormat.CSV:
            options = arrow_csv.WriteOptions(quoting_style="needed")
            with arrow_csv.CSVWriter(draft, first.schema, write_options=options) as lines:
                for rows in chain([first], held):
                    lines.write_table(_harmless_table(rows))
        else:
            with parquet.ParquetWriter(draft, first.schema) as groups:
                for rows in chain([first], held):
                    groups.write_table(rows)

    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        put_whole(target, write)
    except OSError as error:
        raise storage_error(error, target) from error


def _harmless_table(rows: pa.Table) -> pa.Table:
    """Return a table whose texts no terminal obeys and no spreadsheet runs."""
    import pyarrow as pa
    from pyarrow import compute

    for at, field in enumerate(rows.schema):
        if pa.types.is_string(field.type):
            text = compute.replace_substring_regex(rows.column(at), COMMANDS, "")
            text = compute.replace_substring_regex(text, _FORMULA_CELL, r"'\1")
            rows = rows.set_column(at, field, text)
    return rows


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return "" if math.isnan(value) else repr(value)
    if isinstance(value, datetime):
        return value.isoformat(timespec="minutes")
    return value.isoformat() if isinstance(value, date) else _harmless(clean_line(str(value)))


def _harmless(text: str) -> str:
    """Return a cell of text that no spreadsheet runs as a formula; a number stays one."""
    if not text.startswith(_FORMULA):
        return text
    try:
        float(text)
    except ValueError:
        return f"'{text}"
    return text


class _Each(list[object]):
    """A list whose items are made plain when they are written, one by one."""

    def __iter__(self) -> Iterator[object]:
        return map(_plain, super().__iter__())


def _plain(value: object) -> object:
    if isinstance(value, Mapping):
        return {clean(str(key)): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return _Each(value)
    if isinstance(value, float):
        return None if math.isnan(value) else value
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    return value
