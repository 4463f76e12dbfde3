"""Text as a table: line ends, the line of the header, the separator, lines that do not fit."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv

from screener.data.sources.files.tables import bounds
from screener.data.sources.files.tables.bounds import BOUNDS, too_much
from screener.data.sources.files.tables.encoding import to_utf8
from screener.data.sources.files.tables.raw import (
    BrokenLine,
    HeaderTest,
    RawFile,
    first_fitting,
    settled,
)
from screener.domain.arrays import IntArray
from screener.errors import SchemaMismatch
from screener.language import say

__all__ = ["NotInBlocks", "read_text", "text_blocks"]

_SEPARATORS = ",\t;|"
_SPACES = " "
_TOO_LONG = "straddling"  # the parser's word for a line that is longer than one of its blocks
_STATED = re.compile(r'"?sep=(.)"?', re.IGNORECASE)
_BLOCK = 2 * BOUNDS.line  # of the parser, which takes whole lines
_AT_ONCE = 16 << 20  # bytes of a text that is read in blocks
_HEAD = 30
_QUOTED_LINES = 60
_SHOWN = 160
_CELL_SHOWN = 40
_MARKUP = ("<html", "<!doctype", "<table", "<?xml", "<meta", "<head", "<style", "<!--")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Record:
    """A line, or several that quotes hold together; `number` is its first, `end` a byte offset."""

    number: int
    n_lines: int
    text: str
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Head:
    record: _Record
    cells: tuple[str, ...]
    separator: str


def read_text(content: bytes, *, stem: str, label: str, header: HeaderTest) -> RawFile:
    """Read text as a table.

    Lines may end in any way. A line `sep=X` names the separator; else it is the one by which a
    line is a header. Lines above the header and remarks below the rows are set apart.

    Parameters
    ----------
    content
        The bytes.
    stem, label
        File name without suffix; name for messages.
    header
        Tells how a line does as a header.

    Raises
    ------
    SchemaMismatch
        If the bytes are no text, in no known encoding, or no table.
    """
    text, encoding = to_utf8(content, file=label)
    text = _plain_line_ends(text).rstrip(b"\x1a")
    n_lines = text.count(b"\n")
    if n_lines > BOUNDS.rows:
        raise too_much(say("{n:,} lines", n=n_lines), bounds.rows(BOUNDS.rows), where=label)
    top = _opened(text, encoding, stem=stem, label=label, header=header)
    return settled(top.rows(text[top.head.record.end :], top.first)[0])


def text_blocks(path: Path, *, label: str, header: HeaderTest) -> Iterator[RawFile]:
    """Read UTF-8 text as `read_text` does, a bounded number of rows at a time.

    Raises
    ------
    NotInBlocks
        If it has to be read whole: it is in another encoding, or a cell holds a line end.
    """
    top, first = None, 1
    for content, last in _blocks(path):
        text = _plain_line_ends(_utf8(content, label, begins=top is None))
        if last:
            text = text.rstrip(b"\x1a")
        if top is None:
            top = _opened(text, "utf-8", stem=path.stem, label=label, header=header)
            text, first = text[top.head.record.end :], top.first
        raw, first = top.rows(text, first)
        if first > BOUNDS.rows:
            raise too_much(say("{n:,} lines", n=first), bounds.rows(BOUNDS.rows), where=label)
        yield settled(raw, whole=last)


def _blocks(path: Path) -> Iterator[tuple[bytes, bool]]:
    """Give the bytes of a file in blocks of whole lines, and whether each is the last."""
    with path.open("rb") as file:
        block, rest = file.read(_AT_ONCE), b""
        while block:
            after = file.read(_AT_ONCE)
            whole, mark, rest_of_line = (rest + block).rpartition(b"\n")
            if not after:
                yield rest + block, True
                return
            if not mark or whole.count(b'"') % 2:
                raise NotInBlocks
            yield whole + mark, False
            block, rest = after, rest_of_line


def _utf8(content: bytes, label: str, *, begins: bool) -> bytes:
    if not begins:
        content = b"a\n" + content  # a block is no file: its first bytes are no mark
    try:
        text, encoding = to_utf8(content, file=label)
    except SchemaMismatch as error:
        raise NotInBlocks from error
    if encoding != "utf-8":
        raise NotInBlocks
    return text if begins else text[2:]


class NotInBlocks(Exception):
    """A text that can only be read whole."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Top:
    """What stands above the rows of a text, and how they are read."""

    raw: RawFile
    head: _Head
    separator: str

    @property
    def first(self) -> int:
        """Number of the first line below the header."""
        return self.head.record.number + self.head.record.n_lines

    def rows(self, body: bytes, first: int) -> tuple[RawFile, int]:
        """Read lines below the header from the `first` on; also gives the number of the next."""
        if self.head.separator == _SPACES:
            body = b"\n".join(b"\t".join(line.split()) for line in body.split(b"\n"))
        cells, label = self.raw.headers, self.raw.label
        columns, broken = _parse(body, len(cells), self.separator, first, label)
        lines = _line_numbers(len(columns[0]), first, {item.line for item in broken})
        _refuse_long_cells(columns, cells, lines, label, quoted=b'"' in body)
        told = tuple(item for item in broken if item.text.strip(_SEPARATORS + ' \r\n"'))
        after = first + len(columns[0]) + len(broken)
        return replace(self.raw, columns=columns, lines=lines, broken=told), after


def _opened(text: bytes, encoding: str, *, stem: str, label: str, header: HeaderTest) -> _Top:
    """Find the header of a text that begins like this."""
    _refuse_markup(text, label)
    records = list(_records(text, label))
    if not records:
        raise SchemaMismatch(say("the file is empty"), where=label, fix=say("check the export"))
    stated = _STATED.fullmatch(records[0].text.strip(" \n"))
    head = _head(records[1:] if stated else records, stated[1] if stated else "", header, label)
    body = text[head.record.end :]
    separator = head.separator
    if separator == _SPACES:
        separator = "\t"
        body = b"\n".join(b"\t".join(line.split()) for line in body.split(b"\n"))
    above = [item for item in records[bool(stated) :] if item.number < head.record.number]
    return _Top(
        raw=RawFile(
            label=label,
            stem=stem,
            headers=_widened(head.cells, body, separator, label),
            columns=(),
            lines=np.arange(0, dtype=np.int64),
            encoding=encoding,
            header_line=head.record.number,
            titles=tuple(_title(item.text) for item in above),
        ),
        head=head,
        separator=separator,
    )


def _plain_line_ends(text: bytes) -> bytes:
    if b"\r" not in text:
        return text
    return text.replace(b"\r\n", b"\n").replace(b"\r", b"\n")


def _refuse_markup(text: bytes, label: str) -> None:
    start = text[:400].decode("utf-8", errors="replace").lstrip().lower()
    if start.startswith(_MARKUP):
        raise SchemaMismatch(
            say("a web page or XML, whatever its name says"),
            where=label,
            fix=say("open it in a spreadsheet program and save it as .xlsx or as CSV (UTF-8)"),
        )


def _records(text: bytes, label: str) -> Iterator[_Record]:
    """Yield the first lines that are not blank."""
    at, number, found = 0, 1, 0
    while at < len(text) and found < _HEAD:
        end, n_lines = _record_end(text, at)
        if end - at > BOUNDS.line:
            place = say("{file} line {line}", file=label, line=number)
            what, most = bounds.size_in_bytes(end - at), bounds.size_in_bytes(BOUNDS.line)
            raise too_much(what, most, where=place, part=say("of a line"))
        line = text[at:end].decode("utf-8")
        if line.strip():
            found += 1
            yield _Record(number=number, n_lines=n_lines, text=line.strip("\n"), end=end)
        at, number = end, number + n_lines


def _record_end(text: bytes, at: int) -> tuple[int, int]:
    """Return the offset after a record and its number of lines."""
    single = end = _line_end(text, at)
    for n_lines in range(1, _QUOTED_LINES):
        if text.count(b'"', at, end) % 2 == 0:
            return end, n_lines
        end = _line_end(text, end)
    return single, 1


def _line_end(text: bytes, at: int) -> int:
    end = text.find(b"\n", at)
    return len(text) if end < 0 else end + 1


def _head(records: list[_Record], stated: str, header: HeaderTest, label: str) -> _Head:
    if not records:
        raise SchemaMismatch(say("the file is empty"), where=label, fix=say("check the export"))
    levels = _three_levels(records, label)
    if levels is not None:
        return levels
    choices = []
    for record in records:
        marks = stated or _separators(record.text)
        choices += [
            _Head(record=record, cells=_cells(record.text, mark, label), separator=mark)
            for mark in marks
        ]
    place, fit = first_fitting([item.cells for item in choices], header)
    if not (fit.complete or stated):
        spaced = [
            _Head(record=item, cells=tuple(item.text.split()), separator=_SPACES)
            for item in records
        ]
        other, found = first_fitting([item.cells for item in spaced], header)
        if found.complete:
            return spaced[other]
    return choices[place]


def _three_levels(records: list[_Record], label: str) -> _Head | None:
    """Return the header that yfinance writes over three lines: fields, tickers, the day's name."""
    rows = [_cells(item.text, ",", label) for item in records[:3]]
    if [row[:1] for row in rows] != [("Price",), ("Ticker",), ("Date",)] or any(rows[2][1:]):
        return None
    return _Head(record=records[2], cells=("Date", *rows[0][1:]), separator=",")


def _separators(line: str) -> str:
    """Return the separators of a line, the most frequent first."""
    present = (mark for mark in _SEPARATORS if mark in line)
    return "".join(sorted(present, key=line.count, reverse=True)) or ","


def _cells(line: str, separator: str, label: str) -> tuple[str, ...]:
    n_cells = line.count(separator) + 1
    if n_cells > BOUNDS.columns:
        raise too_much(bounds.columns(n_cells), bounds.columns(BOUNDS.columns), where=label)
    try:
        return tuple(next(csv.reader(io.StringIO(line), delimiter=separator), ()))
    except csv.Error as error:
        first = line[:_CELL_SHOWN].strip()
        raise _unreadable(
            say("{error}, in the line that begins {first!r}", error=error, first=first), label
        ) from error


def _widened(cells: tuple[str, ...], body: bytes, separator: str, label: str) -> tuple[str, ...]:
    """Return the header as wide as the first row, where that only ends in more blank cells."""
    first = next(_records(body, label), None)
    if first is None:
        return cells
    row = _cells(first.text, separator, label)
    if len(row) > len(cells) and not any(cell.strip() for cell in row[len(cells) :]):
        return (*cells, *[""] * (len(row) - len(cells)))
    return cells


def _parse(
    body: bytes, n_columns: int, separator: str, first: int, label: str
) -> tuple[tuple[pa.ChunkedArray, ...], tuple[BrokenLine, ...]]:
    broken: list[BrokenLine] = []
    endless: list[int] = []

    def keep_broken(row: pa_csv.InvalidRow) -> str:
        if len(broken) >= BOUNDS.broken or row.text.count("\n") > _QUOTED_LINES:
            endless.append(row.number + first - 1)
            return "error"
        line = row.number + first - 1
        broken.append(BrokenLine(line=line, cells=row.actual_columns, text=row.text[:_SHOWN]))
        return "skip"

    names = [str(position) for position in range(n_columns)]
    if not body.strip():
        return tuple(pa.chunked_array([], pa.string()) for _ in names), ()
    try:
        table = pa_csv.read_csv(
            pa.BufferReader(body),
            # One thread: only then does the parser tell the number of a broken line.
            read_options=pa_csv.ReadOptions(
                use_threads=False, column_names=names, block_size=_BLOCK
            ),
            parse_options=pa_csv.ParseOptions(
                delimiter=separator,
                ignore_empty_lines=False,
                newlines_in_values=b'"' in body,
                invalid_row_handler=keep_broken,
            ),
            convert_options=pa_csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False
            ),
        )
    except pa.ArrowInvalid as error:
        if len(broken) >= BOUNDS.broken:
            told = say(
                "more than {n:,} lines have not as many cells as the header, {columns}",
                n=BOUNDS.broken,
                columns=n_columns,
            )
            place = say("{file} line {line}, the first", file=label, line=broken[0].line)
            raise _unreadable(told, place) from error
        if endless:
            raise _endless_quote(say("{file} line {line}", file=label, line=endless[0])) from error
        reason = str(error).splitlines()[0]
        if _TOO_LONG in str(error).splitlines()[0]:
            reason = say(
                "a line of more than {n:,} bytes, or a quote that never ends", n=BOUNDS.line
            )
        raise _unreadable(reason, label) from error
    return tuple(table.columns), tuple(broken)


def _endless_quote(where: str) -> SchemaMismatch:
    return _unreadable(
        say("a quote holds more than {n} lines: is it never closed?", n=_QUOTED_LINES), where
    )


def _refuse_long_cells(
    columns: tuple[pa.ChunkedArray, ...],
    names: tuple[str, ...],
    lines: IntArray,
    label: str,
    *,
    quoted: bool,
) -> None:
    for name, column in zip(names, columns, strict=True):
        breaks = pc.count_substring(column, "\n") if quoted else pa.array([0])
        if (pc.max(breaks).as_py() or 0) > _QUOTED_LINES:
            row = int(pc.index(breaks, pc.max(breaks)).as_py())
            raise _endless_quote(
                say(
                    "{file} line {line}, column {column}",
                    file=label,
                    line=lines[row],
                    column=name[:_CELL_SHOWN],
                )
            )
        sizes = pc.binary_length(column)
        longest = pc.max(sizes).as_py() or 0
        if longest > BOUNDS.cell:
            row = int(pc.index(sizes, longest).as_py())
            place = say(
                "{file} line {line}, column {column}",
                file=label,
                line=lines[row],
                column=name[:_CELL_SHOWN],
            )
            what, most = bounds.size_in_bytes(longest), bounds.size_in_bytes(BOUNDS.cell)
            raise too_much(what, most, where=place, part=say("of a cell"))


def _unreadable(reason: str, label: str) -> SchemaMismatch:
    return SchemaMismatch(
        say("not a readable table: {reason}", reason=reason),
        where=label,
        fix=say("export the table again as CSV (UTF-8)"),
    )


def _line_numbers(n_rows: int, first: int, broken: set[int]) -> IntArray:
    numbers = np.arange(first, first + n_rows + len(broken), dtype=np.int64)
    if not broken:
        return numbers
    fits = ~np.isin(numbers, np.fromiter(broken, dtype=np.int64))
    return numbers[fits][:n_rows]


def _title(line: str) -> str:
    """Return a line above the header as words, without separators."""
    return " ".join(re.sub(f'[{_SEPARATORS}"\n]', " ", line).split())[:_SHOWN]
