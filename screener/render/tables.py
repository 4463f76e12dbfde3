"""The one table style of the product, and how numbers and dates are written in it.

Cells are plain text: markup in a name is never interpreted. Widths are those of the terminal, in
which a Chinese character takes two columns; a cell too wide is folded, never cut.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain

from rich import box
from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.measure import Measurement
from rich.segment import Segment
from rich.table import Table
from rich.text import Text

from screener.data.lake.schema import SIMULATED
from screener.domain.report import Moment, Precision, Publication
from screener.language import Language, bound, say
from screener.render.widths import padded
from screener.results.tables import Dtype, TableSpec

__all__ = [
    "UNDEFINED",
    "Column",
    "banner",
    "compact",
    "estimated_text",
    "facts",
    "heads",
    "in_unit",
    "moment_text",
    "money_short",
    "money_whole",
    "number",
    "or_dash",
    "percent",
    "plain_table",
    "points",
    "published_text",
    "times",
]

_POINT_DIGITS = 2
_LEAST = 4  # columns that a column of a table keeps, if its text has so many
_BETWEEN = 2
_MANY = 50  # rows of a table from which on it shows how long `rich` takes for each
_ORDERS = {
    Language.EN: ((1e12, " tn"), (1e9, " bn"), (1e6, " mn")),
    Language.ZH: ((1e12, "万亿"), (1e8, "亿"), (1e4, "万")),
}
_UNITS = {"CNY": lambda: say("CNY"), "HKD": lambda: say("HKD")}
_SHORT_ORDERS = ((1e9, "bn"), (1e6, "M"), (1e3, "k"))

UNDEFINED = "-"
"""What stands for a value that is not defined; never 0 and never an empty cell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column: its header, and whether it is of numbers (right-aligned)."""

    header: str
    numeric: bool = False


def heads(spec: TableSpec, *names: str) -> list[Column]:
    """Return columns as a result declares them: its labels, numbers right-aligned."""
    numbers = (Dtype.NUMBER, Dtype.WHOLE)
    return [
        Column(header=spec[name].label(), numeric=spec[name].dtype in numbers) for name in names
    ]


def banner(*, simulated: bool) -> list[RenderableType]:
    """Return the lines above a page of simulated prices; none above one of real prices."""
    if not simulated:
        return []
    told = say("{mark}: invented prices", mark=SIMULATED)
    return [Text(f" {told} ", style="bold reverse"), Text()]


def plain_table(
    columns: Sequence[Column | str],
    rows: Iterable[Sequence[str]],
    *,
    title: str = "",
    tight: bool = False,
) -> RenderableType:
    """Make a table in the product's style.

    Parameters
    ----------
    columns
        Columns in order; a string is a column of text with that header.
    rows
        Cells as text, one for each column.
    title
        Line above the table.
    tight
        Whether one blank stands between columns instead of two.

    Raises
    ------
    ValueError
        If a row has another number of cells than there are columns.
    """
    body = [list(row) for row in rows]
    if any(len(row) != len(columns) for row in body):
        raise ValueError(f"every row must have {len(columns)} cells")
    table = Table(
        box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 0 if tight else 1, 0, 0)
    )
    for item in columns:
        column = Column(header=item) if isinstance(item, str) else item
        # Never a least width or no_wrap: where they do not fit, rich crops without a sign.
        table.add_column(
            Text(column.header),
            justify="right" if column.numeric else "left",
            overflow="fold",
        )
    for row in body:
        table.add_row(*(Text(cell) for cell in row))
    fitting = _FittingTable(table, 1 if tight else _BETWEEN)
    # Not the table's own title, which is folded to the width of the table.
    return Group(Text(title, style="bold"), fitting) if title else fitting


@dataclass(frozen=True, slots=True)
class _FittingTable:
    """A table; where a terminal is too narrow for its columns, a list of labels for each row.

    Columns narrower than a few letters would fold every word of theirs, and those that have no
    room for one wide character would lose it without a sign.
    """

    table: Table
    between: int

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        cells = self._cells()
        widths = [max(map(_widest, column)) for column in cells]
        blank = self.between * (len(cells) - 1)
        if _is_long(cells) and sum(widths) + blank <= options.max_width:
            yield from self._laid_out(console, cells, widths)
            return
        if sum(min(width, _LEAST) for width in widths) + blank <= options.max_width:
            yield self.table
            return
        for at, row in enumerate(zip(*(column[1:] for column in cells), strict=True)):
            if at:
                yield Text()
            heads = (column[0] for column in cells)
            yield facts(zip(heads, row, strict=True))

    def _cells(self) -> list[list[str]]:
        """Return the text of each column, its header first."""
        return [
            [str(column.header), *(str(cell) for cell in column.cells)]
            for column in self.table.columns
        ]

    def _laid_out(
        self, console: Console, cells: Sequence[Sequence[str]], widths: Sequence[int]
    ) -> Iterator[Segment]:
        """Give the lines that `rich` gives of a table that fits, without asking it of each cell."""
        laid = [
            [padded(cell, width, right=column.justify == "right") for cell in some]
            for some, width, column in zip(cells, widths, self.table.columns, strict=True)
        ]
        between = padded("", self.between)
        head, *lines = (between.join(row) for row in zip(*laid, strict=True))
        yield Segment(head, console.get_style("table.header"))
        yield Segment("\n" + "─" * cell_len(head) + "\n")
        for line in lines:
            yield Segment(line + "\n")

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        cells = self._cells()
        width = sum(max(map(_widest, column)) for column in cells)
        width += self.between * (len(cells) - 1)
        if _is_long(cells) and width <= options.max_width:
            return Measurement(width, width)
        return Measurement.get(console, options, self.table)


def _is_long(cells: Sequence[Sequence[str]]) -> bool:
    """Tell whether there are many rows, each cell one line of what a terminal shows as it is."""
    return len(cells[0]) > _MANY and all(map(str.isprintable, chain.from_iterable(cells)))


def _widest(text: str) -> int:
    return max(map(cell_len, text.split("\n")))


def facts(pairs: Iterable[tuple[str, str]]) -> Table:
    """Make a two-column list of labels and values; pairs with an empty value are left out."""
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="bold", no_wrap=True)
    grid.add_column(overflow="fold")
    for label, value in pairs:
        if value:
            grid.add_row(Text(label), Text(value))
    return grid


def percent(value: float | None, *, digits: int = 3, signed: bool = False) -> str:
    """Write a fraction as a percentage, `-3.460 %`; `-` when it is not defined.

    Parameters
    ----------
    value
        Fraction; `None`, NaN and infinities are not defined.
    digits
        Digits after the point.
    signed
        Whether a gain bears a plus sign.
    """
    text = number(None if value is None else value * 100, digits=digits, signed=signed)
    return text if text == UNDEFINED else f"{text} %"


def number(value: float | None, *, digits: int = 2, signed: bool = False) -> str:
    """Write a number with grouped thousands; `-` when it is not defined.

    Parameters
    ----------
    value
        Number; `None`, NaN and infinities are not defined.
    digits
        Digits after the point.
    signed
        Whether a positive number bears a plus sign.
    """
    if value is None or not math.isfinite(value):
        return UNDEFINED
    rounded = round(value, digits) or 0.0  # no "-0.00"
    return f"{rounded:{'+' if signed and rounded else ''},.{digits}f}"


def compact(value: float | None) -> str:
    """Write an amount with its order of magnitude, without losing a digit given.

    It is `6.085 bn` in English and `60.85亿` in Chinese.
    """
    if value is None or not math.isfinite(value):
        return UNDEFINED
    for scale, unit in _ORDERS[bound()]:
        if abs(value) >= scale:
            return f"{value / scale:,.10g}{unit}"
    return f"{value:,.10g}"


def or_dash(text: str) -> str:
    """Return the text, or `-` if it is empty."""
    return text or UNDEFINED


def moment_text(moment: Moment) -> str:
    """Write a date, or a date and time with its zone."""
    if isinstance(moment, datetime):
        return moment.isoformat(sep=" ", timespec="minutes")
    return moment.isoformat()


def published_text(published: Publication) -> str:
    """Write when a report was published; an estimated date always says `est.`."""
    if published.value is None:
        return say("date unknown")
    text = moment_text(published.value)
    return estimated_text(text) if published.precision is Precision.ESTIMATED else text


def estimated_text(text: str) -> str:
    """Mark a date as an estimate."""
    return say("{day} est.", day=text)


def money_short(amount: float | None) -> str:
    """Write an amount of money short: `20k`, `1M`, `1.5M`; `2万`, `100万` in Chinese."""
    if amount is None:
        return UNDEFINED
    for unit, letter in _ORDERS[bound()] if bound() is Language.ZH else _SHORT_ORDERS:
        if amount >= unit:
            return f"{amount / unit:.4g}{letter}"
    return f"{amount:.4g}"


def times(value: float) -> str:
    """Write a multiple, `12.5 x`."""
    return say("{n:,.10g} x", n=value)


def in_unit(value: float, unit: str) -> str:
    """Write an amount in the unit that its row names, such as `6.085 bn CNY`."""
    return say("{amount} {unit}", amount=compact(value), unit=_UNITS.get(unit, lambda: unit)())


def money_whole(amount: float) -> str:
    """Write an amount of money without fractions, `1,000,000`; `100万` in Chinese."""
    return money_short(amount) if bound() is Language.ZH else f"{amount:,.0f}"


def points(value: float | None, *, signed: bool = False) -> str:
    """Write a fraction in percent, without its sign."""
    return number(None if value is None else value * 100, digits=_POINT_DIGITS, signed=signed)
