"""One file as read: its header, its columns, and what stands above and below them."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from screener.data.sources.files.columns.values import parse_day
from screener.domain.arrays import FlagArray, IntArray
from screener.language import say

__all__ = ["BrokenLine", "Fit", "HeaderTest", "RawFile", "any_header", "first_fitting", "settled"]

_NOTE = re.compile("[㐀-鿿豈-﫿]|[:：]|[A-Za-z]{2,} ")
_NOTE_CELLS = 2
_MOST_NOTES = 50  # below the rows; what comes after is no remark, but rows that do not fit
_SHOWN = 60


class Fit(NamedTuple):
    """How a line does as a header: whether it names all that is needed, and how many fields."""

    complete: bool
    fields: int


HeaderTest = Callable[[tuple[str, ...]], Fit]
"""Tells how the cells of a line do as a header."""


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
        The columns, each a `ChunkedArray` of `n_rows`; text for CSV and workbooks.
    lines
        `(n_rows,)` row number in the file; the header is 1 where nothing stands above it.
    broken
        Lines that do not fit the header.
    encoding
        Encoding of a text file; empty for others.
    header_line
        Row number of the header.
    titles
        Lines above the header.
    notes
        What was decided while reading, in words.
    day_zero
        Day 0 of a workbook's day numbers; `None` for other files.
    """

    label: str
    stem: str
    headers: tuple[str, ...]
    columns: tuple[pa.ChunkedArray, ...]
    lines: IntArray
    broken: tuple[BrokenLine, ...] = ()
    encoding: str = ""
    header_line: int = 1
    titles: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    day_zero: date | None = None

    @property
    def header_place(self) -> str:
        """The file, and the line of its header where that is not the first."""
        if self.header_line == 1:
            return self.label
        return say("{file}, header in line {line}", file=self.label, line=self.header_line)

    @property
    def n_rows(self) -> int:
        """Number of rows that fit the header."""
        return len(self.lines)


def any_header(headers: tuple[str, ...]) -> Fit:
    """Take the first line for the header, whatever it is."""
    return Fit(complete=True, fields=len(headers))


def first_fitting(lines: Sequence[tuple[str, ...]], test: HeaderTest) -> tuple[int, Fit]:
    """Return which line is the header, and how it fits.

    The first that names all that is needed; else the one that names most; else the first that
    has several cells.
    """
    fits = [test(cells) for cells in lines]
    complete = next((place for place, fit in enumerate(fits) if fit.complete), None)
    if complete is not None:
        return complete, fits[complete]
    most = max(fits, key=lambda fit: fit.fields)
    if most.fields:
        return fits.index(most), most
    several = (place for place, cells in enumerate(lines) if sum(map(bool, cells)) > 1)
    place = next(several, 0)
    return place, fits[place]


def settled(raw: RawFile, *, whole: bool = True) -> RawFile:
    """Return a file without blank rows, and without the remarks above and below its rows.

    Parameters
    ----------
    raw
        The file.
    whole
        Whether the rows end where the file ends: only then remarks may stand below them.
    """
    headers = tuple(" ".join(name.split()) for name in raw.headers)
    above = [
        say("the header is in line {line}; above it: {text!r}", line=raw.header_line, text=it)
        for it in raw.titles[:1]
    ]
    raw = replace(raw, headers=headers, notes=(*raw.notes, *above))
    raw = _kept(raw, _not_blank(raw.columns, raw.n_rows))
    footers: list[str] = []
    while whole and len(footers) < _MOST_NOTES:
        shorter = _without_last_note(raw, footers)
        if shorter is raw:
            break
        raw = shorter
    if not footers:
        return raw
    told = "; ".join(repr(text[:_SHOWN]) for text in reversed(footers))
    return replace(raw, notes=(*raw.notes, say("left out below the rows: {told}", told=told)))


def _without_last_note(raw: RawFile, footers: list[str]) -> RawFile:
    last_row = int(raw.lines[-1]) if raw.n_rows else 0
    if raw.broken and raw.broken[-1].line > last_row:
        cells = [cell.strip() for cell in re.split(r"[,\t;|]", raw.broken[-1].text)]
        if _is_note([cell for cell in cells if cell], _NOTE_CELLS):
            footers.append(raw.broken[-1].text.strip())
            return replace(raw, broken=raw.broken[:-1])
        return raw
    if not raw.n_rows or len(raw.columns) == 1:
        return raw
    row = [str(cell).strip() for cell in (c[-1].as_py() for c in raw.columns) if cell is not None]
    given = [cell for cell in row if cell]
    if not _is_note(given, 1):
        return raw
    footers.append(given[0])
    keep = np.ones(raw.n_rows, dtype=np.bool_)
    keep[-1] = False
    return _kept(raw, keep)


def _is_note(cells: list[str], most: int) -> bool:
    """Tell whether the written cells of a line are words about the table, no row of it."""
    return (
        0 < len(cells) <= most
        and _NOTE.search(cells[0]) is not None
        and parse_day(cells[0]) is None
    )


def _kept(raw: RawFile, rows: FlagArray) -> RawFile:
    if rows.all():
        return raw
    mask = pa.array(rows)
    return replace(
        raw, columns=tuple(column.filter(mask) for column in raw.columns), lines=raw.lines[rows]
    )


def _not_blank(columns: tuple[pa.ChunkedArray, ...], n_rows: int) -> FlagArray:
    written = np.zeros(n_rows, dtype=np.bool_)
    for column in columns:
        written |= pc.not_equal(column, "").to_numpy()
        if written.all():
            break
    return written
