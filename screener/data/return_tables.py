"""Tables of daily returns that a user brings: factors, or matched portfolios."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import numpy.typing as npt

from screener.domain.panel import FloatMatrix, SessionAxis
from screener.errors import InputError, SchemaMismatch

__all__ = ["ReturnTable", "read_return_table"]

_LARGEST = 1.0  # a daily return beyond it is a percentage or a fault
_DAY = ("date", "session", "trade_date", "日期")


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
    """

    name: str
    days: SessionAxis
    columns: tuple[str, ...]
    values: FloatMatrix

    def column(self, name: str) -> npt.NDArray[np.float64]:
        """Return one column; `KeyError` if there is none of that name."""
        if name not in self.columns:
            raise KeyError(name)
        found: npt.NDArray[np.float64] = self.values[:, self.columns.index(name)]
        return found


def read_return_table(path: Path) -> ReturnTable:
    """Read a CSV file with a date column and columns of daily returns as fractions.

    Parameters
    ----------
    path
        The file: UTF-8, a header, dates as 2026-05-14 or 20260514.

    Raises
    ------
    InputError
        If it cannot be read, a date is given twice, or returns are percentages.
    SchemaMismatch
        If it has no date column, no other column, or a cell that is no number.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise InputError(f"{path} cannot be read: {why}", fix="give a CSV file") from error
    rows = [row for row in csv.reader(lines) if any(cell.strip() for cell in row)]
    header = [cell.strip() for cell in rows[0]] if rows else []
    at = next((place for place, name in enumerate(header) if name.lower() in _DAY), None)
    if at is None or len(header) < 2:
        raise SchemaMismatch(
            "a table of returns needs a column `date` and at least one of returns",
            where=f"{path}: {', '.join(header) or 'empty'}",
            fix="begin it with a header like date,market,size",
        )
    columns = tuple(name for place, name in enumerate(header) if place != at)
    if len(set(columns)) < len(columns):
        raise SchemaMismatch("two columns have the same name", where=str(path))
    found = [
        _row(row, at, len(header), f"{path} line {number}")
        for number, row in enumerate(rows[1:], 2)
    ]
    if not found:
        raise SchemaMismatch("the table has no rows", where=str(path))
    days = np.array([day for day, _ in found], dtype="datetime64[D]")
    values = np.array([cells for _, cells in found], dtype=np.float64)
    order = np.argsort(days, kind="stable")
    _check(path, days[order], columns, values[order])
    return ReturnTable(name=path.name, days=days[order], columns=columns, values=values[order])


def _row(row: list[str], at: int, width: int, where: str) -> tuple[date, list[float]]:
    if len(row) != width:
        raise SchemaMismatch(f"{len(row)} cells, the header has {width}", where=where)
    cells = [cell.strip() for cell in row]
    try:
        day = date.fromisoformat(cells[at])
        values = [
            float(cell) if cell else np.nan for place, cell in enumerate(cells) if place != at
        ]
    except ValueError as error:
        raise SchemaMismatch(str(error), where=where, fix="dates like 2026-05-14") from error
    return day, values


def _check(path: Path, days: SessionAxis, columns: tuple[str, ...], values: FloatMatrix) -> None:
    twice = np.flatnonzero(days[1:] == days[:-1])
    if len(twice):
        raise InputError(f"{days[twice[0]]} is given twice", where=str(path))
    with np.errstate(invalid="ignore"):
        beyond = np.isinf(values) | (np.abs(values) > _LARGEST)
    if beyond.any():
        row, column = np.argwhere(beyond)[0]
        raise InputError(
            f"{columns[column]} is {values[row, column]:g} on {days[row]}: "
            "returns are fractions, 0.01 for 1 %",
            where=str(path),
            fix="divide percentages by 100",
        )
