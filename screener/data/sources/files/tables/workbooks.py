"""Workbooks (`.xlsx`) as tables of text: the one place that uses openpyxl."""

from __future__ import annotations

import io
import math
import re
import warnings
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from typing import Protocol, cast

import numpy as np
import openpyxl
import pyarrow as pa
from openpyxl.utils.datetime import CALENDAR_MAC_1904

from screener.data.sources.files.tables import bounds
from screener.data.sources.files.tables.bounds import BOUNDS, too_much
from screener.data.sources.files.tables.raw import HeaderTest, RawFile, first_fitting, settled
from screener.errors import InputError, SchemaMismatch, ScreenerError
from screener.language import say

__all__ = ["read_workbook"]

_HEAD = 30
_EXACT = 2.0**53
_ZEROS = re.compile("0{2,}")
_UNIT = re.compile('"(万亿|亿|百万|万)[元股手]?"')
_SCALED = re.compile('[0#],+("|;|$)|!')  # the format divides: the value itself is whole
_DAY_ZERO = date(1899, 12, 30)
_DAY_ZERO_1904 = date(1904, 1, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sheet:
    """A sheet that is not blank; `lines` are the row numbers of `rows`, blank ones left out."""

    name: str
    rows: list[tuple[str, ...]]
    lines: list[int]


class _ReadCell(Protocol):
    """What the library's read-only cells have; its published types leave them out."""

    @property
    def value(self) -> object: ...

    @property
    def number_format(self) -> str | None: ...


class _ReadSheet(Protocol):
    title: str

    def reset_dimensions(self) -> None: ...

    def iter_rows(self) -> Iterator[tuple[_ReadCell, ...]]: ...


def read_workbook(content: bytes, *, stem: str, label: str, header: HeaderTest) -> RawFile:
    """Read the one sheet of a workbook that holds such a table.

    Numbers shown as percentages keep their sign, numbers shown with leading zeros keep those.
    A formula counts as the value that the workbook holds for it.

    Parameters
    ----------
    content
        The bytes.
    stem, label
        File name without suffix; name for messages.
    header
        Tells how a row does as a header.

    Raises
    ------
    SchemaMismatch
        If it is no readable workbook, or all its sheets are empty.
    InputError
        If several sheets hold such a table.
    """
    sheets, day_zero = _opened(content, label)
    heads = [first_fitting(sheet.rows[:_HEAD], header) for sheet in sheets]
    fitting = [number for number, (_, fit) in enumerate(heads) if fit.complete]
    if len(fitting) > 1:
        names = ", ".join(repr(sheets[number].name) for number in fitting)
        raise InputError(
            say("sheets {names} each hold such a table", names=names),
            where=label,
            fix=say("save the one that you want by itself, as .xlsx or CSV"),
        )
    best = max(range(len(sheets)), key=lambda number: heads[number][1])
    return settled(_raw(sheets, best, heads[best][0], stem=stem, label=label, day_zero=day_zero))


def _opened(content: bytes, label: str) -> tuple[list[_Sheet], date]:
    try:
        _check_size(content, label)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # on styles and drop-downs, which nobody needs here
            book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True)
            found = [_sheet(cast(_ReadSheet, sheet), label) for sheet in book.worksheets]
            day_zero = _DAY_ZERO_1904 if book.epoch == CALENDAR_MAC_1904 else _DAY_ZERO
            book.close()
    except (ScreenerError, MemoryError):
        raise
    except Exception as error:  # the library raises whatever a damaged part causes
        raise SchemaMismatch(
            say(
                "an Excel workbook or zip archive that cannot be read ({error})",
                error=type(error).__name__,
            ),
            where=label,
            fix=say("save the sheet again as .xlsx, or as CSV (UTF-8)"),
        ) from error
    sheets = [sheet for sheet in found if sheet.rows]
    if not sheets:
        raise SchemaMismatch(say("all sheets are empty"), where=label, fix=say("check the export"))
    return sheets, day_zero


def _check_size(content: bytes, label: str) -> None:
    """Refuse an archive whose own account of its parts is beyond what is unpacked."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        parts = archive.infolist()
    if len(parts) > BOUNDS.workbook_parts:
        most = say("{n:,} parts", n=BOUNDS.workbook_parts)
        raise too_much(say("{n:,} parts", n=len(parts)), most, where=label)
    unpacked = sum(part.file_size for part in parts)
    if unpacked > BOUNDS.workbook_unpacked:
        what = say("it unpacks to {size}", size=bounds.megabytes(unpacked))
        raise too_much(what, bounds.megabytes(BOUNDS.workbook_unpacked), where=label)


def _sheet(sheet: _ReadSheet, label: str) -> _Sheet:
    sheet.reset_dimensions()  # writers other than Excel state sizes that are not true
    rows, lines, n_cells = [], [], 0
    where = say("{file}, sheet {sheet!r}", file=label, sheet=sheet.title)
    for number, cells in enumerate(sheet.iter_rows(), 1):
        n_cells += len(cells)
        if number > BOUNDS.sheet_rows:
            what = say("more than {rows}", rows=bounds.rows(number - 1))
            raise too_much(what, bounds.rows(number - 1), where=where)
        if n_cells > BOUNDS.sheet_cells:
            what = say("{n:,} cells or more", n=n_cells)
            raise too_much(what, say("{n:,} cells", n=BOUNDS.sheet_cells), where=where)
        texts = [_text(cell) for cell in cells]
        while texts and not texts[-1]:
            texts.pop()
        if texts:
            _refuse_long_cells(texts, say("{place}, row {row}", place=where, row=number))
            rows.append(tuple(texts))
            lines.append(number)
    return _Sheet(name=sheet.title, rows=rows, lines=lines)


def _refuse_long_cells(texts: list[str], where: str) -> None:
    longest = max(map(len, texts))
    if longest > BOUNDS.cell:
        what, most = say("{n:,} characters", n=longest), say("{n:,} characters", n=BOUNDS.cell)
        raise too_much(what, most, where=where, part=say("of a cell"))


def _text(cell: _ReadCell) -> str:
    value = cell.value
    match value:
        case None:
            return ""
        case bool() | str():
            return str(value).strip()
        case int() | float():
            return _number(value, cell.number_format or "")
        case datetime():
            return str(value.date() if value.time() == time() else value)
        case _:
            return str(value)


def _number(value: float, shown: str) -> str:
    """Return a number as text, with what its format says of its unit."""
    if not math.isfinite(value):
        return repr(value)
    if _ZEROS.fullmatch(shown) and value == int(value):
        return str(int(value)).zfill(len(shown))
    plain = str(int(value)) if abs(value) < _EXACT and value == int(value) else repr(value)
    if "%" in shown:
        return f"{Decimal(repr(value)).scaleb(2):f}%"
    unit = None if _SCALED.search(shown) else _UNIT.search(shown)
    return plain + (unit[1] if unit else "")


def _raw(
    sheets: list[_Sheet], best: int, head: int, *, stem: str, label: str, day_zero: date
) -> RawFile:
    sheet = sheets[best]
    body, lines = sheet.rows[head + 1 :], sheet.lines[head + 1 :]
    width = max(map(len, (sheet.rows[head], *body)))
    headers, *padded = [(*row, *[""] * (width - len(row))) for row in (sheet.rows[head], *body)]
    columns = zip(*padded, strict=True) if padded else ((),) * width
    several = say(
        "read from sheet {sheet!r}, of {n} that are not empty", sheet=sheet.name, n=len(sheets)
    )
    return RawFile(
        label=label,
        stem=stem,
        headers=headers,
        columns=tuple(pa.chunked_array([pa.array(list(c), pa.string())]) for c in columns),
        lines=np.array(lines, dtype=np.int64),
        header_line=sheet.lines[head],
        titles=tuple(" ".join(filter(None, row)) for row in sheet.rows[:head]),
        notes=(several,) if len(sheets) > 1 else (),
        day_zero=day_zero,
    )
