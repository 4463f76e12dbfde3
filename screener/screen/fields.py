"""The closed set of fields that a screen can ask for, with what each one means."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from screener.errors import InputError
from screener.language import Language, bound, say
from screener.language.lists import listed
from screener.language.saying import say_by

__all__ = [
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
    because
        Says why a value of zero or less says nothing; `None` for a field that may be negative or
        zero.
    """

    name: str
    title_zh: str
    meaning: str
    unit: FieldUnit
    because: Callable[[], str] | None = None

    @property
    def positive_only(self) -> bool:
        """Whether a value of zero or less is undefined."""
        return self.because is not None

    @property
    def undefined_because(self) -> str:
        """Why a value of zero or less says nothing; empty if it says something."""
        return self.because() if self.because else ""

    @property
    def called(self) -> str:
        """Its name in sentences."""
        return _called(self.name, bound())

    @property
    def raw_name(self) -> str:
        """Name of the column with the value as stored."""
        return self.name + RAW_SUFFIX

    @property
    def flag(self) -> str:
        """Command-line option of the field."""
        return "--" + self.name.replace("_", "-")


def _multiple(name: str, title_zh: str, meaning: str, because: Callable[[], str]) -> Field:
    return Field(
        name=name,
        title_zh=title_zh,
        meaning=meaning,
        unit=FieldUnit.MULTIPLE,
        because=because,
    )


def _field_name(name: str) -> str:
    return _called(name, bound())


@cache
def _called(name: str, language: Language) -> str:
    told = FIELDS[name].title_zh if language is Language.ZH else name
    return say_by(_field_name, name, told)


def _loss() -> str:
    return say("loss")


FIELDS: dict[str, Field] = {
    field.name: field
    for field in (
        _multiple(
            "pe_ttm",
            "市盈率TTM",
            "price over profit of the trailing twelve months",
            _loss,
        ),
        _multiple("pe_static", "静态市盈率", "price over profit of the last annual report", _loss),
        _multiple("pb", "市净率", "price over book value", lambda: say("no positive book value")),
        _multiple(
            "ps_ttm",
            "市销率TTM",
            "price over sales of the trailing twelve months",
            lambda: say("no positive sales"),
        ),
        _multiple(
            "pcf_ttm",
            "市现率TTM",
            "price over operating cash flow of the trailing twelve months",
            lambda: say("cash outflow"),
        ),
        Field(
            name="market_cap", title_zh="总市值", meaning="total market value", unit=FieldUnit.MONEY
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


def field_called(name: str, *, parameter: str) -> Field:
    """Return the field called `name` (hyphens allowed).

    Raises
    ------
    InputError
        If there is no such field.
    """
    found = FIELDS.get(name.strip().lower().replace("-", "_"))
    if found is None:
        raise InputError(
            say(
                "{parameter} {name} is not a field of the screen",
                parameter=parameter,
                name=repr(name),
            ),
            fix=say("use one of {fields}", fields=listed(FIELDS)),
        )
    return found


def predicate_field(column: str) -> Field | None:
    """Return the field behind a predicate's column, or `None` for listing, name and session."""
    return FIELDS.get(column.removesuffix(RAW_SUFFIX))
