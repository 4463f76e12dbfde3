"""The closed set of fields that a screen can ask for, with what each one means."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from screener.errors import InputError

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
    undefined_because
        Why a value of zero or less says nothing; empty for a field that may be negative or zero.
    """

    name: str
    title_zh: str
    meaning: str
    unit: FieldUnit
    undefined_because: str = ""

    @property
    def positive_only(self) -> bool:
        """Whether a value of zero or less is undefined."""
        return bool(self.undefined_because)

    @property
    def raw_name(self) -> str:
        """Name of the column with the value as stored."""
        return self.name + RAW_SUFFIX

    @property
    def flag(self) -> str:
        """Command-line option of the field."""
        return "--" + self.name.replace("_", "-")


def _multiple(name: str, title_zh: str, meaning: str, because: str) -> Field:
    return Field(
        name=name,
        title_zh=title_zh,
        meaning=meaning,
        unit=FieldUnit.MULTIPLE,
        undefined_because=because,
    )


FIELDS: dict[str, Field] = {
    field.name: field
    for field in (
        _multiple(
            "pe_ttm",
            "市盈率TTM",
            "price over profit of the trailing twelve months",
            "loss",
        ),
        _multiple("pe_static", "静态市盈率", "price over profit of the last annual report", "loss"),
        _multiple("pb", "市净率", "price over book value", "no positive book value"),
        _multiple(
            "ps_ttm",
            "市销率TTM",
            "price over sales of the trailing twelve months",
            "no positive sales",
        ),
        _multiple(
            "pcf_ttm",
            "市现率TTM",
            "price over operating cash flow of the trailing twelve months",
            "cash outflow",
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
            f"{parameter} {name!r} is not a field of the screen",
            fix=f"use one of {', '.join(FIELDS)}",
        )
    return found


def predicate_field(column: str) -> Field | None:
    """Return the field behind a predicate's column, or `None` for listing, name and session."""
    return FIELDS.get(column.removesuffix(RAW_SUFFIX))
