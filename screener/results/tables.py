"""A result table: its columns, each with name, type, unit, labels and meaning, and its rows.

CSV, JSON, DataFrames, the headers of the terminal and of pages, and the reference are made from
these declarations (`declared/*.toml`); nothing else names a column.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from functools import cache
from importlib import resources
from typing import Any

from screener.language import Language, bound, say, say_declared

__all__ = [
    "Column",
    "Dtype",
    "Row",
    "Table",
    "TableSpec",
    "Unit",
    "declared",
    "every_declared",
    "fits",
]

Row = Mapping[str, object]
"""One row: a value, or `None`, for each column."""


class Dtype(StrEnum):
    """Type of a column."""

    TEXT = "text"
    WHOLE = "whole"
    NUMBER = "number"
    DATE = "date"
    FLAG = "flag"
    VALUE = "value"  # of any of these types: a cell of whichever column of another table

    @property
    def kinds(self) -> tuple[type, ...]:
        """The types that a value of it may have in a row."""
        return _KINDS[self]


_KINDS: dict[Dtype, tuple[type, ...]] = {
    Dtype.TEXT: (str,),
    Dtype.WHOLE: (int,),
    Dtype.NUMBER: (float, int),
    Dtype.DATE: (date,),
    Dtype.FLAG: (bool,),
    Dtype.VALUE: (str, int, float, date, bool),
}


class Unit(StrEnum):
    """What a number counts."""

    NONE = ""
    FRACTION = "fraction"
    SESSIONS = "sessions"
    DAYS = "days"
    NAMES = "names"
    EVENTS = "events"
    CALLS = "calls"
    MONTHS = "months"
    SHARES = "shares"
    CNY = "cny"
    MONEY = "money"  # in the currency that the result names
    LOCAL = "local"  # the row's own currency
    CNY_PER_UNIT = "cny_per_unit"  # of the row's own currency
    RATIO = "ratio"
    ROWS = "rows"


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column of a result.

    Parameters
    ----------
    name
        Its name in CSV, JSON and DataFrames.
    dtype
        Type of its values.
    en, zh
        Its label for people, in English and Chinese.
    meaning
        What it holds, in one line.
    meaning_zh
        The same in Chinese; empty where the catalog has it.
    unit
        Unit of its numbers.
    nullable
        Whether it may be empty: `None`, an empty cell, NaN or NaT.
    """

    name: str
    dtype: Dtype
    en: str
    zh: str
    meaning: str
    unit: Unit = Unit.NONE
    nullable: bool = False
    meaning_zh: str = ""

    def label(self, language: Language | None = None) -> str:
        """Return its label in a language; in the reader's if none is given."""
        return self.zh if (language or bound()) is Language.ZH else self.en

    def told(self) -> str:
        """Return what it holds, in the reader's language."""
        if self.meaning_zh and bound() is Language.ZH:
            return self.meaning_zh
        return say_declared(self.meaning)


@dataclass(frozen=True, slots=True, kw_only=True)
class TableSpec:
    """The columns of a result.

    Parameters
    ----------
    name
        Its name, as in the Python API and the reference.
    meaning
        What one row is.
    columns
        Its columns, in order.
    """

    name: str
    meaning: str
    columns: tuple[Column, ...]
    _by_name: Mapping[str, Column] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        by_name = {column.name: column for column in self.columns}
        if len(by_name) != len(self.columns):
            raise ValueError(say("a column of {name} is declared twice", name=self.name))
        object.__setattr__(self, "_by_name", by_name)

    def __getitem__(self, name: str) -> Column:
        """Return the column of that name."""
        return self._by_name[name]

    @property
    def names(self) -> tuple[str, ...]:
        """Names of its columns, in order."""
        return tuple(self._by_name)

    def row(self, found: Row) -> dict[str, object]:
        """Return a row with every column, in order: `None` where it has nothing."""
        return {name: found.get(name) for name in self.names}

    def joined(self, other: TableSpec) -> TableSpec:
        """Return the same table with the columns of another at its end."""
        columns = (*self.columns, *other.columns)
        return TableSpec(name=self.name, meaning=self.meaning, columns=columns)

    def without(self, *names: str) -> TableSpec:
        """Return the same table without some of its columns."""
        return self.selected(name for name in self.names if name not in names)

    def selected(self, names: Iterable[str]) -> TableSpec:
        """Return the same table with some of its columns, in their order here."""
        wanted = set(names)
        return TableSpec(
            name=self.name,
            meaning=self.meaning,
            columns=tuple(column for column in self.columns if column.name in wanted),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Rows of a result, with their declaration."""

    spec: TableSpec
    rows: Sequence[Row]


def fits(spec: TableSpec, rows: Iterable[Row]) -> Sequence[str]:
    """Tell in a line each how rows differ from what their table declares; nothing if they fit."""
    found: dict[str, None] = {}
    for row in rows:
        for name in spec.names:
            if name not in row:
                found[f"{spec.name}: no {name}"] = None
        for name, value in row.items():
            if name not in spec.names:
                found[f"{spec.name}: {name} is not declared"] = None
            elif told := _misfit(spec[name], value):
                found[f"{spec.name}: {told}"] = None
    return tuple(found)


def _misfit(column: Column, value: object) -> str:
    if value is None:
        return "" if column.nullable else f"{column.name} is empty"
    flag_for_number = isinstance(value, bool) and bool not in column.dtype.kinds
    moment_for_date = isinstance(value, datetime) and column.dtype is Dtype.DATE
    if flag_for_number or moment_for_date or not isinstance(value, column.dtype.kinds):
        return f"{column.name} is a {type(value).__name__}, not {column.dtype}"
    return ""


@cache
def declared(name: str) -> Mapping[str, TableSpec]:
    """Return the tables that a file of `declared/` declares, by name.

    Raises
    ------
    KeyError
        If a column is said to be common and `common.toml` does not hold it.
    """
    common = _read("common")
    return {
        table: TableSpec(
            name=table,
            meaning=str(entry["meaning"]),
            columns=tuple(
                _column(column, common[column] if form == "common" else form)
                for column, form in entry["columns"].items()
            ),
        )
        for table, entry in _read(name).items()
    }


def every_declared() -> Iterator[TableSpec]:
    """Give each declared table, those of all files."""
    folder = resources.files("screener.results") / "declared"
    for item in sorted(folder.iterdir(), key=lambda item: item.name):
        name = item.name.removesuffix(".toml")
        if name != "common":
            yield from declared(name).values()


@cache
def _read(name: str) -> dict[str, Any]:
    folder = resources.files("screener.results") / "declared"
    return tomllib.loads((folder / f"{name}.toml").read_text(encoding="utf-8"))


def _column(name: str, form: Sequence[str]) -> Column:
    dtype, en, zh, meaning, *unit = form
    return Column(
        name=name,
        dtype=Dtype(dtype.removesuffix("?")),
        en=en,
        zh=zh,
        meaning=meaning,
        unit=Unit(*unit) if unit else Unit.NONE,
        nullable=dtype.endswith("?"),
    )
