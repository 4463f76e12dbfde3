"""A table as an Excel workbook: real dates and numbers with their formats, written whole.

The same table gives the same bytes: a workbook bears no clock.
"""

from __future__ import annotations

import io
import math
import re
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from screener.errors import InputError
from screener.files.clean import clean_line
from screener.files.failures import storage_error
from screener.files.whole import write_whole
from screener.language import say

if TYPE_CHECKING:
    from openpyxl import Workbook

__all__ = ["SUFFIX", "Heading", "Sheet", "is_our_workbook", "write_workbook"]

SUFFIX = ".xlsx"

_CREATOR = "screener"
_OURS, _EDITED = f">{_CREATOR}</dc:creator>".encode(), b"lastModifiedBy"
_PROPERTIES = "docProps/core.xml"
_LARGEST_PROPERTIES = 65_536
_MOST_ROWS, _MOST_TEXT = 1_048_576, 32_767  # what a sheet, and a cell, can hold
_BEGIN = (2026, 1, 1, 0, 0, 0)  # of every file in it
_CLOCK = re.compile(rb"(<dcterms:(?:created|modified)[^>]*>)[^<]*")
_NARROW, _WIDE = 6, 40  # characters
_LOOKED_AT = 200  # rows by which a column's width is chosen


@dataclass(frozen=True, slots=True, kw_only=True)
class Heading:
    """A column of a sheet: its header, the key of its values, and their number format."""

    header: str
    key: str
    number_format: str = "General"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A sheet: its name, its columns and its rows."""

    name: str
    headings: Sequence[Heading]
    rows: Sequence[dict[str, object]]


def write_workbook(path: Path, sheets: Iterable[Sheet]) -> None:
    """Write sheets as a workbook.

    Raises
    ------
    InputError
        If a sheet has more rows, or a cell more characters, than a workbook can hold.
    StorageError
        If it cannot be written; an older file of that name is left as it was.
    """
    import openpyxl

    every = tuple(sheets)
    for sheet in every:
        _check(sheet)
    book = openpyxl.Workbook(write_only=True)
    book.properties.creator = _CREATOR
    for sheet in every:
        _fill(book, sheet)
    content = io.BytesIO()
    try:
        book.save(content)
        write_whole(path, _without_clock(content))
    except OSError as error:
        raise storage_error(error, path) from error


def is_our_workbook(path: Path) -> bool:
    """Tell whether a file is a workbook that was written here, and by nobody else since."""
    try:
        with zipfile.ZipFile(path) as packed:
            entry = packed.getinfo(_PROPERTIES)
            if entry.file_size > _LARGEST_PROPERTIES:
                return False
            told = packed.read(entry)
            return _OURS in told and _EDITED not in told
    except (OSError, KeyError, ValueError, NotImplementedError, RuntimeError, zipfile.BadZipFile):
        return False


def _check(sheet: Sheet) -> None:
    """Refuse what a workbook cannot hold, which the library would cut or fail at midway."""
    count, most = f"{len(sheet.rows):,}", f"{_MOST_ROWS - 1:,}"
    if len(sheet.rows) >= _MOST_ROWS:
        raise InputError(
            say("{n} rows are more than the {most} that a workbook holds", n=count, most=most),
            fix=say("write a file that ends in .csv"),
        )
    texts = (value for row in sheet.rows for value in row.values() if isinstance(value, str))
    longest = max(map(len, texts), default=0)
    if longest > _MOST_TEXT:
        raise InputError(
            say("a text of {n} characters is longer than a cell of a workbook holds", n=longest),
            fix=say("write a file that ends in .csv"),
        )


def _fill(book: Workbook, sheet: Sheet) -> None:
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Font
    from openpyxl.utils import get_column_letter

    page: Any = book.create_sheet(sheet.name)  # its published types lack most of what it has
    page.freeze_panes = "A2"
    for at, heading in enumerate(sheet.headings, start=1):
        page.column_dimensions[get_column_letter(at)].width = _width(heading, sheet.rows)
    page.auto_filter.ref = f"A1:{get_column_letter(len(sheet.headings))}{len(sheet.rows) + 1}"

    def cell(value: object, number_format: str) -> Any:
        plain: Any = _plain(value)
        made: Any = WriteOnlyCell(page, value=plain)
        if isinstance(plain, str):
            made.data_type = "s"  # a text that begins with = is no formula
        elif plain is not None:
            made.number_format = number_format
        return made

    head = [cell(item.header, "General") for item in sheet.headings]
    for made in head:
        made.font = Font(bold=True)
    page.append(head)
    for row in sheet.rows:
        page.append([cell(row.get(item.key), item.number_format) for item in sheet.headings])


def _plain(value: object) -> str | float | bool | date | None:
    """Return a value as a cell holds it; what is not defined is empty."""
    if value is None or isinstance(value, bool | int | date):
        return value
    if isinstance(value, float):
        return None if math.isnan(value) else (value if math.isfinite(value) else repr(value))
    return clean_line(str(value))


def _width(heading: Heading, rows: Sequence[dict[str, object]]) -> int:
    """Return a width that shows the header and the longest of the first values."""
    texts = [heading.header, *(_told(row.get(heading.key)) for row in rows[:_LOOKED_AT])]
    longest = max(sum(2 if ord(letter) > 0x2E7F else 1 for letter in text) for text in texts)
    return min(max(longest + 2, _NARROW), _WIDE)


def _told(value: object) -> str:
    if isinstance(value, float):
        return f"{value:,.2f}"
    if isinstance(value, datetime):
        return value.isoformat(timespec="minutes")
    return "" if value is None else str(value)


def _without_clock(content: io.BytesIO) -> bytes:
    """Return a workbook whose files and properties all bear one and the same time."""
    packed = io.BytesIO()
    with zipfile.ZipFile(content) as old, zipfile.ZipFile(packed, "w") as new:
        for entry in old.infolist():
            raw = old.read(entry)
            if entry.filename == _PROPERTIES:
                raw = _CLOCK.sub(rb"\g<1>2026-01-01T00:00:00Z", raw)
            same = zipfile.ZipInfo(entry.filename, date_time=_BEGIN)
            new.writestr(same, raw, compress_type=zipfile.ZIP_DEFLATED)
    return packed.getvalue()
