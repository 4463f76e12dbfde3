"""The closed set of fields that a screen can ask for, as `tables/fields.toml` declares them."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache
from importlib import resources
from typing import Any

from screener.errors import InputError
from screener.language import Language, bound, say
from screener.language.lists import listed
from screener.language.saying import say_by

__all__ = [
    "COLUMN_WORDS",
    "FIELDS",
    "IDENTITY",
    "PREDICATE_COLUMNS",
    "RAW_SUFFIX",
    "Field",
    "FieldUnit",
    "Rank",
    "field_called",
    "predicate_field",
    "tight",
]

RAW_SUFFIX = "_raw"
"""Ending of the column that holds a multiple as stored, zero and negative values included."""

VALUATION = "valuation"
_NEAR = 5


class FieldUnit(StrEnum):
    """What a field's value counts."""

    MULTIPLE = "multiple"
    MONEY = "money"
    PRICE = "price"
    FRACTION = "fraction"
    NUMBER = "number"
    COUNT = "count"
    DAYS = "days"
    TEXT = "text"
    FLAG = "flag"

    @property
    def numeric(self) -> bool:
        """Whether it is a number, which can lie in a range."""
        return self not in (FieldUnit.TEXT, FieldUnit.FLAG)


class Rank(StrEnum):
    """What a percentile ranks a value in; the value is the ending of the field's id."""

    OWN = "pct"
    OWN_3Y = "pct_3y"
    OWN_10Y = "pct_10y"
    INDUSTRY = "industry_pct"
    MARKET = "market_pct"

    @property
    def years(self) -> int | None:
        """Years of its own history; `None` for a rank among listings."""
        return {Rank.OWN: 5, Rank.OWN_3Y: 3, Rank.OWN_10Y: 10}.get(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field.

    Parameters
    ----------
    name
        Its id, as in columns, `--where` and, with hyphens, as an option.
    title_zh, aliases
        Its name in Chinese, and other names that lead to it.
    meaning_en, meaning_zh
        One line for people.
    unit
        What its value counts.
    tables
        Tables that it is computed from.
    formula
        How, in one line.
    because
        Why a value may say nothing, in English and Chinese; empty where that cannot be.
    history, cross
        Whether there is a rank of it among its own days, and among listings.
    base, rank
        Of a percentile: the field that is ranked, and among what.
    """

    name: str
    title_zh: str
    meaning_en: str
    meaning_zh: str
    unit: FieldUnit
    tables: tuple[str, ...]
    formula: str
    because: tuple[str, str] = ("", "")
    aliases: tuple[str, ...] = ()
    history: bool = False
    cross: bool = False
    base: str = ""
    rank: Rank | None = None

    @property
    def stored(self) -> bool:
        """Whether it is a column of the table `valuation`."""
        return self.tables == (VALUATION,) and self.rank is None

    @property
    def positive_only(self) -> bool:
        """Whether a stored value of zero or less is undefined."""
        return self.stored and bool(self.because[0])

    @property
    def undefined_because(self) -> str:
        """Why it may be undefined, in the reader's language."""
        return _because(self.name, bound())

    @property
    def meaning(self) -> str:
        """What it is, in the reader's language."""
        return self.meaning_zh if bound() is Language.ZH else self.meaning_en

    @property
    def raw_name(self) -> str:
        """Name of the column with the value as stored."""
        return self.name + RAW_SUFFIX

    @property
    def called(self) -> str:
        """Its name for the reader: the id in English, the term in Chinese."""
        return _called(self.name, bound())

    @property
    def flag(self) -> str:
        """Command-line option of the field."""
        return "--" + self.name.replace("_", "-")

    @property
    def sql_type(self) -> str:
        """Type of its column in a predicate."""
        return {FieldUnit.TEXT: "VARCHAR", FieldUnit.FLAG: "BOOLEAN"}.get(self.unit, "DOUBLE")


def _field_name(name: str) -> str:
    return _called(name, bound())


@cache
def _called(name: str, language: Language) -> str:
    told = FIELDS[name].title_zh if language is Language.ZH else name
    return say_by(_field_name, name, told)


def _field_reason(name: str) -> str:
    return _because(name, bound())


@cache
def _because(name: str, language: Language) -> str:
    told = FIELDS[name].because[language is Language.ZH]
    return say_by(_field_reason, name, told) if told else ""


def _declared() -> Iterator[Field]:
    content = resources.files("screener.screen.tables").joinpath("fields.toml").read_bytes()
    table = tomllib.loads(content.decode())
    fields = [_field(name, held, table["reasons"]) for name, held in table["fields"].items()]
    yield from fields
    for field in fields:
        yield from _ranks_of(field)


def _field(name: str, held: Mapping[str, Any], reasons: Mapping[str, list[str]]) -> Field:
    en, zh = reasons[held["undefined"]] if "undefined" in held else ("", "")
    return Field(
        name=name,
        title_zh=held["zh"],
        meaning_en=held["meaning"],
        meaning_zh=held["meaning_zh"],
        unit=FieldUnit(held["unit"]),
        tables=tuple(held["tables"]),
        formula=held["formula"],
        because=(en, zh),
        aliases=tuple(held.get("aliases", ())),
        history=held.get("history", False),
        cross=held.get("cross", False),
    )


_RANK_WORDS = {
    Rank.OWN: ("五年分位", "rank of {0} in its own last five years, from 0 to 1"),
    Rank.OWN_3Y: ("三年分位", "rank of {0} in its own last three years, from 0 to 1"),
    Rank.OWN_10Y: ("十年分位", "rank of {0} in its own last ten years, from 0 to 1"),
    Rank.INDUSTRY: ("行业分位", "rank of {0} among listings of its industry that day, 0 to 1"),
    Rank.MARKET: ("市场分位", "rank of {0} among listings of its market that day, 0 to 1"),
}


def _ranks_of(field: Field) -> Iterator[Field]:
    for rank, (title, meaning) in _RANK_WORDS.items():
        if not (field.history if rank.years else field.cross):
            continue
        more = ("industries",) if rank is Rank.INDUSTRY else ()
        yield replace(
            field,
            name=f"{field.name}_{rank}",
            title_zh=f"{field.title_zh}{title}",
            aliases=tuple(f"{alias}{title}" for alias in field.aliases if not alias.isascii()),
            meaning_en=meaning.format(field.name),
            meaning_zh=f"{field.title_zh}的{title}，0为最低，1为最高",
            unit=FieldUnit.FRACTION,
            tables=(*field.tables, *more),
            formula=f"(average rank of {field.name} - 1) / (number of values - 1)",
            history=False,
            cross=False,
            base=field.name,
            rank=rank,
        )


FIELDS: dict[str, Field] = {field.name: field for field in _declared()}


IDENTITY: dict[str, str] = {"listing": "VARCHAR", "name": "VARCHAR", "session": "DATE"}
"""Columns of a predicate that are no fields, with their types."""

PREDICATE_COLUMNS: dict[str, str] = {
    **IDENTITY,
    **{field.name: field.sql_type for field in FIELDS.values()},
    **{field.raw_name: "DOUBLE" for field in FIELDS.values() if field.positive_only},
}
"""Columns that a predicate may read, with their types; a multiple is NULL where undefined."""


def tight(word: str) -> str:
    """Return a name without spaces, its brackets and letters in one form."""
    return re.sub(r"\s", "", word).replace("（", "(").replace("）", ")").upper()


def _words_of(field: Field) -> Iterator[str]:
    for word in map(tight, (field.title_zh, *field.aliases)):
        plain = word.replace("(", "").replace(")", "")
        yield from {word, plain, re.sub("(?<!^)TTM$", "(TTM)", plain)}


COLUMN_WORDS: dict[str, str] = {
    **{word: field.name for field in FIELDS.values() for word in _words_of(field)},
    **dict.fromkeys(("代码", "证券代码", "股票代码"), "listing"),
    **dict.fromkeys(("名称", "简称", "证券简称", "股票名称"), "name"),
    "交易日": "session",
}
"""Column of a predicate by another name, in the form of `tight`."""


def field_called(name: str, *, parameter: str) -> Field:
    """Return the field of an id (hyphens allowed) or of another name.

    Raises
    ------
    InputError
        If there is no such field; fields with a like name are named.
    """
    known = name.strip().lower().replace("-", "_")
    found = FIELDS.get(known) or FIELDS.get(COLUMN_WORDS.get(tight(name), ""))
    if found is None:
        option = f"{parameter} {name!r}"
        near = difflib.get_close_matches(known, FIELDS, n=_NEAR, cutoff=0.5)
        first = dict.fromkeys([*(field for field in FIELDS if FIELDS[field].stored), *near])
        raise InputError(
            say("{option} is not a field of the screen", option=option),
            fix=say(
                "use one of {known}; all with `screener screen --list-fields`",
                known=listed(first),
            ),
        )
    return found


def predicate_field(column: str) -> Field | None:
    """Return the field behind a predicate's column, or `None` for listing, name and session."""
    return FIELDS.get(column) or FIELDS.get(column.removesuffix(RAW_SUFFIX))
