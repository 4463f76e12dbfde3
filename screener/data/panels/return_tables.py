"""Tables of daily returns that a user brings: factors, or matched portfolios."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from screener.data.sources.files.columns.units import normal_header
from screener.data.sources.files.columns.values import read_days, read_numbers
from screener.data.sources.files.tables.raw import Fit, RawFile
from screener.data.sources.files.tables.reading import read_raw
from screener.domain.arrays import FlagArray, FloatArray, FloatMatrix, SessionAxis
from screener.errors import InputError, SchemaMismatch, ScreenerError
from screener.language import say
from screener.language.lists import listed

__all__ = ["ReturnTable", "read_return_table"]

_LARGEST = 1.0  # a daily return beyond it is a percentage or a fault
_DAY = frozenset(
    {"date", "session", "trade_date", "tradedate", "trddt", "datetime", "time"}
    | {"日期", "交易日期", "交易日", "时间", "時間", "数据日期"}
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ReturnTable:
    """Daily returns by column.

    Parameters
    ----------
    name
        File name.
    days
        `(n,)` days, ascending, each once.
    columns
        Names of the columns.
    values
        `(n, n_columns)` returns as fractions; NaN for an empty cell.
    lacks
        Columns that were asked for and cannot be given, and why.
    """

    name: str
    days: SessionAxis
    columns: tuple[str, ...]
    values: FloatMatrix
    lacks: Mapping[str, ScreenerError] = field(default_factory=dict)

    def column(self, name: str) -> FloatArray:
        """Return one column; `KeyError` if there is none of that name."""
        if name not in self.columns:
            raise KeyError(name)
        found: FloatArray = self.values[:, self.columns.index(name)]
        return found


def read_return_table(path: Path) -> ReturnTable:
    """Read a file with a column of days and columns of daily returns.

    Read as imported files are: text in any encoding, a workbook or Parquet. Returns are fractions,
    or percentages of which every one has its sign.

    Parameters
    ----------
    path
        The file.

    Raises
    ------
    InputError
        If it cannot be read, a day is given twice, or returns are plain percentages.
    SchemaMismatch
        If it has no column of days, no other column, or a cell that is no number.
    DataError
        If it has no rows.
    """
    raw = read_raw(path, label=str(path), header=_header)
    at = next((place for place, name in enumerate(raw.headers) if _is_day(name)), None)
    named = [place for place, name in enumerate(raw.headers) if name and place != at]
    if at is None or not named:
        shown = listed(name for name in raw.headers if name)
        raise SchemaMismatch(
            say("a table of returns needs a column `date` and at least one of returns"),
            where=say("{name}: {text}", name=path, text=shown or say("empty")),
            fix=say("begin it with a header like date,market,size"),
        )
    columns = tuple(raw.headers[place] for place in named)
    if len(set(columns)) < len(columns):
        raise SchemaMismatch(
            say("two columns have the same name"), where=str(path), fix=say("rename one of them")
        )
    _refuse_broken(raw)
    days = _days(raw, at)
    values = _returns(raw, named)
    order = np.argsort(days, kind="stable")
    _check(path, days[order], columns, values[order])
    return ReturnTable(name=path.name, days=days[order], columns=columns, values=values[order])


def _is_day(name: str) -> bool:
    return normal_header(name) in _DAY


def _header(cells: tuple[str, ...]) -> Fit:
    days = any(map(_is_day, cells))
    return Fit(complete=days and sum(map(bool, cells)) > 1, fields=int(days))


def _refuse_broken(raw: RawFile) -> None:
    if raw.broken:
        first = raw.broken[0]
        raise SchemaMismatch(
            say("{cells} cells, the header has {n}", cells=first.cells, n=len(raw.headers)),
            where=say("{file} line {line}", file=raw.label, line=first.line),
            fix=say("give every line as many cells as the header has"),
        )


def _days(raw: RawFile, at: int) -> SessionAxis:
    days, bad = read_days(raw.columns[at], day_zero=raw.day_zero)
    bad = bad | np.isnat(days)
    _refuse_cells(raw, at, bad, _no_day, say("dates like 2026-05-14"))
    return days


def _returns(raw: RawFile, places: list[int]) -> FloatMatrix:
    """`(n, n_columns)` returns as fractions; percent signs must stand at all of them or at none."""
    found = [read_numbers(raw.columns[place]) for place in places]
    for place, numbers in zip(places, found, strict=True):
        bad = numbers.unreadable | numbers.counted
        fix = say("returns like 0.0123, or like 1.23%")
        _refuse_cells(raw, place, bad, _no_number, fix)
    percent = np.column_stack([numbers.percent for numbers in found])
    values: FloatMatrix = np.column_stack([numbers.values for numbers in found])
    plain = ~percent & np.isfinite(values) & (values != 0)
    if percent.any() and plain.any():
        column = int(np.argwhere(plain)[0][1])
        _refuse_cells(
            raw,
            places[column],
            plain[:, column],
            _no_percent,
            say("write all returns as fractions, or all with a percent sign"),
        )
    return values


def _no_day(column: str, cell: str) -> str:
    return say("{column} {cell!r} is no day", column=column, cell=cell)


def _no_number(column: str, cell: str) -> str:
    return say("{column} {cell!r} is no number", column=column, cell=cell)


def _no_percent(column: str, cell: str) -> str:
    return say("{column} {cell!r} has no percent sign, and others have", column=column, cell=cell)


def _refuse_cells(
    raw: RawFile, place: int, bad: FlagArray, what: Callable[[str, str], str], fix: str
) -> None:
    if not bad.any():
        return
    row = int(np.flatnonzero(bad)[0])
    cell = raw.columns[place][row].as_py()
    raise SchemaMismatch(
        what(raw.headers[place], str(cell or "")[:24]),
        where=say("{file} line {line}", file=raw.label, line=raw.lines[row]),
        fix=fix,
    )


def _check(path: Path, days: SessionAxis, columns: tuple[str, ...], values: FloatMatrix) -> None:
    twice = np.flatnonzero(days[1:] == days[:-1])
    if len(twice):
        raise InputError(say("{day} is given twice", day=days[twice[0]]), where=str(path))
    with np.errstate(invalid="ignore"):
        beyond = np.isinf(values) | (np.abs(values) > _LARGEST)
    if beyond.any():
        row, column = np.argwhere(beyond)[0]
        raise InputError(
            say(
                "{column} is {value:g} on {day}: returns are fractions, 0.01 for 1 %",
                column=columns[column],
                value=values[row, column],
                day=days[row],
            ),
            where=str(path),
            fix=say("divide percentages by 100"),
        )
