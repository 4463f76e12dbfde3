"""Tables with a column of target prices: where in the text each name's cell stands.

Cells are parted by borders or tabs, by blanks, or by line ends, one on each line; a row that prints
a price, a target and the change from one to the other needs no head at all.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import pairwise
from typing import NamedTuple

from screener.reports.claims.numbers import NUMBER
from screener.reports.claims.sentences.subjects import same_company
from screener.reports.claims.targets.figures import Cue, Value
from screener.reports.claims.vocabulary import Token
from screener.reports.text.text import Text

__all__ = ["Cell", "TargetTables"]

_NAME_CELLS = re.compile(r"股份|股票|公司|名称|简称|证券|标的|个股|Stock|Company|Name")
_CODE_CELLS = re.compile(r"代码|编号|Ticker|Code")
_LONGEST_HEAD, _LONGEST_CELL, _LONGEST_ROW = 12, 24, 240
_MOST_ROWS = 400
_FEWEST_CELLS, _MOST_CELLS = 3, 40
_NUMBER = rf"(?:{NUMBER})(?!\.?\d)"
_CHANGE = re.compile(rf"[+-]?{_NUMBER}%")
_CLOSE_TO = Decimal("0.006")
_WORD = re.compile(r"\S+")


class Cell(NamedTuple):
    """A name, and where the cell of its target begins and ends."""

    name: Token
    start: int
    end: int


class _Line(NamedTuple):
    """A printed line that holds something: its cells' places in the clean text."""

    start: int
    end: int
    cells: tuple[tuple[int, int], ...]


class TargetTables:
    """The tables of a text.

    Parameters
    ----------
    text
        The text.
    names
        Its names, as from `name_tokens`.
    breaks
        Where one number ends and another begins, as from `number_breaks`.
    """

    def __init__(self, text: Text, names: Sequence[Token], breaks: Sequence[int]) -> None:
        self.text, self.clean, self.names, self.breaks = text, text.clean, names, breaks
        self._starts = [name.start for name in names]
        self._following = _next_companies(names, len(self.clean))
        self._borders: list[int] | None = None
        self._lines: list[_Line] | None = None
        self._line_starts: list[int] = []

    def column(self, head: Cue, end: int) -> Iterator[Cell]:
        """Yield the cells under a head, up to where another begins."""
        bordered = list(self._bordered(head, end))
        yield from bordered or self._blank(head, end) or self._lined(head, end)

    # --- borders -------------------------------------------------------------------------------

    def _bordered(self, head: Cue, end: int) -> Iterator[Cell]:
        """Find the cell as many borders behind each name as behind the head of the names."""
        bars = self._bars()
        cells = self._heads(bars, bisect_left(bars, head.start + 1), head.start)
        away = _place_of(cells, _NAME_CELLS) or _place_of(cells, _CODE_CELLS)
        if not away:
            return
        for number in self._numbers(head.end, end):
            name = self.names[number]
            reach = min(self._following[number], name.end + _LONGEST_ROW)
            bar = bisect_left(bars, name.end) + away - 1
            if bar < len(bars) and name.end <= bars[bar] < reach:
                begins = bars[bar] + (self.clean[bars[bar]] == "|")
                yield Cell(name, begins, bars[bar + 1] if bar + 1 < len(bars) else len(self.clean))

    def _numbers(self, start: int, end: int) -> range:
        return range(bisect_left(self._starts, start), bisect_left(self._starts, end))

    def _heads(self, bars: Sequence[int], at: int, cue: int) -> list[str]:
        """Return the heads left of a head, the nearest first."""
        cells = []
        end = cue
        for number in range(at - 1, max(-1, at - _LONGEST_HEAD), -1):
            bar = bars[number]
            if number < at - 1:
                cells.append(self.clean[bar:end].strip("|"))
            elif end - bar > _LONGEST_CELL:
                return []
            if number < at - 1 and end - bar > _LONGEST_CELL:
                break
            end = bar
        if at:
            cells.append(self.clean[max(0, end - _LONGEST_CELL) : end])
        return cells

    def _bars(self) -> list[int]:
        """Return where cells end: at a printed border, or before a tab's next character."""
        if self._borders is None:
            tabs = (
                bisect_left(self.text.starts, match.end())
                for match in re.finditer("\t", self.text.original)
            )
            printed = (match.start() for match in re.finditer(r"\|", self.clean))
            inside = (place for place in (*tabs, *printed) if place < len(self.clean))
            self._borders = sorted(set(inside))
        return self._borders

    # --- lines ---------------------------------------------------------------------------------

    def _blank(self, head: Cue, end: int) -> list[Cell]:
        """Count the cells of a head's line from the names' on, and those of each row under it."""
        lines, at = self._around(head)
        if at < 0 or not _FEWEST_CELLS <= len(lines[at].cells) <= _MOST_CELLS:
            return []
        heads = [self.clean[slice(*cell)] for cell in lines[at].cells]
        own = _cell_at(lines[at], head.start)
        columns = [n for n, cell in enumerate(heads) if n < own and
                   (_NAME_CELLS.search(cell) or _CODE_CELLS.search(cell))]  # fmt: skip
        found = []
        for line in lines[at + 1 : at + 1 + _MOST_ROWS]:
            if line.start >= end:
                break
            if len(line.cells) <= _MOST_CELLS:
                found += self._cell_of_row(line, columns, own, len(heads))
        return found

    def _cell_of_row(self, line: _Line, columns: Sequence[int], own: int, count: int) -> list[Cell]:
        for number in self._numbers(line.start, line.end):
            name = self.names[number]
            after = [cell for cell in line.cells if cell[0] >= name.end]
            for column in columns:
                if len(after) == count - 1 - column:
                    return [Cell(name, *after[own - column - 1])]
        return []

    def _lined(self, head: Cue, end: int) -> list[Cell]:
        """Read a table with a cell on each line: its heads, then rows of as many lines."""
        lines, own = self._around(head)
        if own < 0 or not self._short(lines[own]):
            return []
        first = own
        while first > 0 and own - first < _LONGEST_HEAD and self._is_head(lines[first - 1]):
            first -= 1
        while first < own and not self._names_row(lines[first]):
            first += 1
        data = own + 1
        while data < len(lines) and data - own < _LONGEST_HEAD and self._is_head(lines[data]):
            data += 1
        width = data - first
        found = []
        if first == own:
            return []
        for row in range(data, min(len(lines), data + width * _MOST_ROWS), width):
            place = row + own - first
            if place >= len(lines) or lines[place].start >= end:
                break
            numbers = self._numbers(lines[row].start, lines[place].start)
            if not numbers or not all(map(self._short, lines[row : place + 1])):
                break
            found.append(Cell(self.names[numbers[0]], lines[place].start, lines[place].end))
        return found

    def _is_head(self, line: _Line) -> bool:
        return (
            self._short(line)
            and not self._numbers(line.start, line.end)
            and not any(map(str.isdigit, self.clean[line.start : line.end]))
        )

    def _names_row(self, line: _Line) -> bool:
        head = self.clean[line.start : line.end]
        return bool(_NAME_CELLS.search(head) or _CODE_CELLS.search(head))

    def _short(self, line: _Line) -> bool:
        return line.end - line.start <= _LONGEST_CELL

    def _around(self, head: Cue) -> tuple[list[_Line], int]:
        """Return the lines, and the number of that on which a head stands; -1 for a border's."""
        if self._lines is None:
            self._lines = list(self._printed_lines())
            self._line_starts = [line.start for line in self._lines]
        at = bisect_right(self._line_starts, head.start) - 1
        return self._lines, at

    def _printed_lines(self) -> Iterator[_Line]:
        start = 0
        for line in self.text.original.splitlines(keepends=True):
            words = [(start + m.start(), start + m.end()) for m in _WORD.finditer(line)]
            start += len(line)
            cells = tuple(
                (bisect_left(self.text.starts, a), bisect_left(self.text.starts, b))
                for a, b in words
            )
            if cells and cells[-1][1] > cells[0][0]:
                yield _Line(cells[0][0], cells[-1][1], cells)

    # --- rows that add up ----------------------------------------------------------------------

    def sums(self, first: int) -> Iterator[tuple[Token, Value]]:
        """Yield names behind a place with the target of a row whose change adds up."""
        edges = [*self._starts, len(self.clean)]
        for number in self._numbers(first, len(self.clean)):
            name, edge = self.names[number], edges[number + 1]
            last = self.names[number + 1 : number + 2]
            if last and same_company(last[0].spotted, name.spotted):
                continue  # its code stands behind its name
            found = self._sum(name.end, min(edge, name.end + _LONGEST_ROW))
            if found is not None:
                yield name, found

    def _sum(self, start: int, end: int) -> Value | None:
        cuts = self.breaks[bisect_left(self.breaks, start) : bisect_right(self.breaks, end)]
        for first, second in pairwise(cuts):
            price = re.search(rf"{_NUMBER}$", self.clean[max(start, first - 12) : first])
            target = re.fullmatch(_NUMBER, self.clean[first:second])
            change = _CHANGE.match(self.clean, second)
            if price is None or target is None or change is None:
                continue
            paid, aimed = (Decimal(one[0].replace(",", "")) for one in (price, target))
            told = Decimal(change[0].rstrip("%")) / 100
            if told and paid and abs(aimed / paid - 1 - told) <= _CLOSE_TO:
                return Value(aimed, "", "", second)
        return None


def _place_of(cells: Sequence[str], kind: re.Pattern[str]) -> int:
    return next((number for number, cell in enumerate(cells, 1) if kind.search(cell)), 0)


def _cell_at(line: _Line, place: int) -> int:
    return next(n for n, (start, end) in enumerate(line.cells) if start <= place < end)


def _next_companies(names: Sequence[Token], end: int) -> list[int]:
    """Return for each name where the next one of another company stands."""
    found = [end] * len(names)
    for number in range(len(names) - 2, -1, -1):
        following = names[number + 1]
        same = same_company(following.spotted, names[number].spotted)
        found[number] = found[number + 1] if same else following.start
    return found
