"""The closed set of fields that a screen can ask for, with what each one means."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from screener.errors import InputError
from screener.language import Language, bound, say

__all__ = [
    "COLUMN_WORDS",
    "FIELDS",
    "MONEY_FIELDS",
    "PREDICATE_COLUMNS",
    "RAW_SUFFIX",
    "Field",
    "FieldUnit",
    "field_called",
    "predicate_field",
]

RAW_SUFFIX = "_raw"
"""Ending of the column that holds a multiple as stored, zero and negative values included."""


class FieldUnit(StrEnum):
    """What a field's number counts."""

    MULTIPLE = "multiple"
    MONEY = "money"
    FRACTION = "fraction"


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field of a valuation row.

    Parameters
    ----------
    name
        Column name in the table `valuation`, and the flag's name with hyphens.
    title_zh
        Its name in Chinese.
    meaning
        One line for people.
    unit
        What its number counts.
    undefined_because
        Why a value of zero or less says nothing; empty for a field that may be negative or zero.
    """

    name: str
    title_zh: str
    meaning: str
    unit: FieldUnit
    undefined_because: str = ""
    aliases: tuple[str, ...] = ()

    @property
    def positive_only(self) -> bool:
        """Whether a value of zero or less is undefined."""
        return bool(self.undefined_because)

    @property
    def raw_name(self) -> str:
        """Name of the column with the value as stored."""
        return self.name + RAW_SUFFIX

    @property
    def called(self) -> str:
        """Its name for the reader: the id in English, the term in Chinese."""
        return self.title_zh if bound() is Language.ZH else self.name

    @property
    def flag(self) -> str:
        """Command-line option of the field."""
        return "--" + self.name.replace("_", "-")


def _multiple(name: str, title_zh: str, meaning: str, because: str, *aliases: str) -> Field:
    return Field(
        name=name,
        title_zh=title_zh,
        meaning=meaning,
        unit=FieldUnit.MULTIPLE,
        undefined_because=because,
        aliases=aliases,
    )


FIELDS: dict[str, Field] = {
    field.name: field
    for field in (
        _multiple(
            "pe_ttm",
            "市盈率（TTM）",
            "price over profit of the trailing twelve months",
            "loss",
            "滚动市盈率",
        ),
        _multiple(
            "pe_static",
            "市盈率（静态）",
            "price over profit of the last annual report",
            "loss",
            "静态市盈率",
        ),
        _multiple("pb", "市净率", "price over book value", "no positive book value"),
        _multiple(
            "ps_ttm",
            "市销率（TTM）",
            "price over sales of the trailing twelve months",
            "no positive sales",
            "滚动市销率",
        ),
        _multiple(
            "pcf_ttm",
            "市现率（TTM）",
            "price over operating cash flow of the trailing twelve months",
            "cash outflow",
            "滚动市现率",
        ),
        Field(
            name="market_cap",
            title_zh="总市值",
            meaning="total market value",
            unit=FieldUnit.MONEY,
            aliases=("市值",),
        ),
        Field(
            name="float_cap",
            title_zh="流通市值",
            meaning="market value of tradable shares",
            unit=FieldUnit.MONEY,
        ),
        Field(
            name="dividend_yield",
            title_zh="股息率",
            meaning="dividends over price, 0.03 is 3 %",
            unit=FieldUnit.FRACTION,
        ),
    )
}

MONEY_FIELDS: tuple[str, ...] = tuple(
    field.name for field in FIELDS.values() if field.unit is FieldUnit.MONEY
)

PREDICATE_COLUMNS: dict[str, str] = {
    "listing": "VARCHAR",
    "name": "VARCHAR",
    "session": "DATE",
    **dict.fromkeys(FIELDS, "DOUBLE"),
    **{field.raw_name: "DOUBLE" for field in FIELDS.values() if field.positive_only},
}
"""Columns that a predicate may read, with their types; a multiple is NULL where undefined."""


def tight(word: str) -> str:
    """Return a name without spaces, its brackets and letters in one form."""
    return re.sub(r"\s", "", word).replace("（", "(").replace("）", ")").upper()


def _words_of(field: Field) -> Iterator[str]:
    for word in map(tight, (field.title_zh, *field.aliases)):
        yield from {word, word.replace("(", "").replace(")", "")}


COLUMN_WORDS: dict[str, str] = {
    **{word: field.name for field in FIELDS.values() for word in _words_of(field)},
    **dict.fromkeys(("代码", "证券代码", "股票代码"), "listing"),
    **dict.fromkeys(("名称", "简称", "证券简称", "股票名称"), "name"),
    "交易日": "session",
}
"""Column of a predicate by its Chinese name, in the form of `tight`."""


def field_called(name: str, *, parameter: str) -> Field:
    """Return the field of an id (hyphens allowed) or of a Chinese name.

    Raises
    ------
    InputError
        If there is no such field.
    """
    known = name.strip().lower().replace("-", "_")
    found = FIELDS.get(known) or FIELDS.get(COLUMN_WORDS.get(tight(name), ""))
    if found is None:
        option = f"{parameter} {name!r}"
        raise InputError(
            say("{option} is not a field of the screen", option=option),
            fix=say("use one of {known}", known=", ".join(FIELDS)),
        )
    return found


def predicate_field(column: str) -> Field | None:
    """Return the field behind a predicate's column, or `None` for listing, name and session."""
    return FIELDS.get(column.removesuffix(RAW_SUFFIX))
