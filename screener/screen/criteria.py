"""What the user asks of a screen: ranges, the order of the result, fields that may be missing."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from screener.domain.amounts import AMOUNT, parse_amount, plain_signs
from screener.errors import InputError
from screener.language import say
from screener.screen.fields import Field, FieldUnit, field_called

if TYPE_CHECKING:
    from screener.screen.query import Predicate

__all__ = [
    "Criterion",
    "Order",
    "parse_criteria",
    "parse_criterion",
    "parse_fields",
    "parse_order",
    "parse_rank",
]

_END = rf"[+-]?{re.sub('[(](?![?])', '(?:', AMOUNT)}"  # its parts are read by `parse_amount`
_RANGE = re.compile(rf"\s*({_END})?\s*\.\.\s*({_END})?\s*")
_BARE = re.compile(rf"\s*({_END})\s*")
_ORDER = re.compile(r"(-)?(\S*(?:\s+\(?TTM\)?)?)(?:\s+(\S+))?", re.IGNORECASE)
_DIRECTIONS = {"": 1, "asc": 1, "desc": -1, "升序": 1, "降序": -1}
_ORDERS = "pe_ttm, -pe_ttm, 'pb desc', '市净率 降序'"
_UNITS = {
    FieldUnit.MULTIPLE: "倍",
    FieldUnit.MONEY: "元",
    FieldUnit.PRICE: "元",
    FieldUnit.FRACTION: "%",
    FieldUnit.NUMBER: "",
    FieldUnit.COUNT: "",
    FieldUnit.DAYS: "天日",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Criterion:
    """A field and the range it must lie in, both ends included; an open end is `None`.

    Parameters
    ----------
    field
        What is asked.
    low, high
        Ends of the range, in the field's unit.
    low_text, high_text
        The ends as the user wrote them, empty for an open end.
    """

    field: Field
    low: float | None
    high: float | None
    low_text: str
    high_text: str

    @property
    def text(self) -> str:
        """The range as the user wrote it."""
        return f"{self.low_text}..{self.high_text}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What ranks the names that passed, a field or an expression, and in which direction."""

    field: Field | None = None
    descending: bool = False
    expression: Predicate | None = None

    @property
    def fields(self) -> tuple[Field, ...]:
        """Fields that it reads."""
        if self.field is not None:
            return (self.field,)
        return self.expression.fields if self.expression else ()

    @property
    def text(self) -> str:
        """The order in words."""
        told = self.field.called if self.field else self.expression.text if self.expression else ""
        if self.descending:
            return say("{field} descending", field=told)
        return say("{field} ascending", field=told)


def parse_criterion(field_name: str, text: str) -> Criterion:
    """Parse one range.

    Parameters
    ----------
    field_name
        Field of the screen, such as `pe_ttm`.
    text
        `a..b`, `..b` or `a..`; both ends are included.

    Raises
    ------
    InputError
        If the field is unknown, or the range is not one, has no end, is reversed, is not finite,
        or lies wholly where a multiple is undefined.
    """
    field = field_called(field_name, parameter=say("the range of"))
    if not field.unit.numeric:
        raise InputError(
            say("{option} is no number, which can lie in a range", option=field.flag),
            fix=say("ask for it in --where, such as {example}", example=field.name + " = '…'"),
        )
    match = _RANGE.fullmatch(plain_signs(text))
    if match is None:
        raise _not_a_range(field, text)
    low_text, high_text = ((match[at] or "").strip() for at in (1, 2))
    low, high = _number(low_text, field, text), _number(high_text, field, text)
    criterion = Criterion(field=field, low=low, high=high, low_text=low_text, high_text=high_text)
    _check_range(criterion, text)
    return criterion


def parse_criteria(ranges: Mapping[str, str | None]) -> tuple[Criterion, ...]:
    """Parse the ranges that were given, in their order; a field with `None` is not asked."""
    return tuple(parse_criterion(name, text) for name, text in ranges.items() if text is not None)


def parse_order(text: str) -> Order:
    """Parse `FIELD`, `FIELD asc`, `FIELD desc` or `-FIELD`.

    Raises
    ------
    InputError
        If the field or the direction is unknown.
    """
    match = _ORDER.fullmatch(text.strip())
    direction = _DIRECTIONS.get(match[3].lower() if match and match[3] else "")
    if match is None or direction is None or (match[1] and match[3]):
        option = f"--sort {text!r}"
        raise InputError(
            say("{option} is not an order", option=option),
            fix=say(
                "write it like {examples}", examples="pe_ttm, -pe_ttm, 'pb desc', '市净率 降序'"
            ),
        )
    field = field_called(match[2], parameter="--sort")
    return Order(field=field, descending=bool(match[1]) or direction < 0)


def parse_rank(text: str) -> Order:
    """Parse an expression over the fields, with `asc` or `desc` behind it; `asc` without.

    Raises
    ------
    InputError
        If it is refused, by the rules of a predicate.
    """
    from screener.screen.query import parse_score  # the database is not loaded for a range

    match = re.fullmatch(r"(.*?)\s+(\w+)\s*", text, re.DOTALL)
    direction = _DIRECTIONS.get(match[2].lower()) if match else None
    told = match[1] if match and direction else text
    return Order(expression=parse_score(told), descending=direction == -1)


def parse_fields(text: str | None, *, parameter: str) -> tuple[Field, ...]:
    """Parse a comma-separated list of fields, each once; none for `None`.

    Raises
    ------
    InputError
        If the list is empty or a field is unknown.
    """
    if text is None:
        return ()
    names = [part for part in re.split(r"[,，、]", text) if part.strip()]
    if not names:
        raise InputError(
            say("{parameter} is empty", parameter=parameter),
            fix=say("write it like {examples}", examples="pe_ttm,pb"),
        )
    return _unique(field_called(name, parameter=parameter) for name in names)


def _unique(fields: Iterable[Field]) -> tuple[Field, ...]:
    return tuple({field.name: field for field in fields}.values())


def _number(number: str, field: Field, text: str) -> float | None:
    if not number:
        return None
    return parse_amount(
        number, parameter=f"{field.flag} {text!r}:", units=_UNITS[field.unit], fix=_example()
    )


def _check_range(criterion: Criterion, text: str) -> None:
    field, low, high = criterion.field, criterion.low, criterion.high
    option = f"{field.flag} {text!r}"
    if low is None and high is None:
        raise InputError(
            say("{option} has no end, so it asks nothing", option=option), fix=_example()
        )
    if low is not None and high is not None and low > high:
        first, last = criterion.low_text, criterion.high_text
        raise InputError(
            say("{option} is reversed: {low} is above {high}", option=option, low=first, high=last),
            fix=say("write {range}", range=last + ".." + first),
        )
    if field.positive_only and high is not None and high <= 0:
        found = f'--where "{field.raw_name} <= 0"'
        raise InputError(
            say(
                "{option} is empty: {field} is undefined at 0 and below ({why})",
                option=option,
                field=field.called,
                why=field.undefined_because,
            ),
            fix=say("to find those names write {option}", option=found),
        )


def _not_a_range(field: Field, text: str) -> InputError:
    option = f"{field.flag} {text!r}"
    if bare := _BARE.fullmatch(plain_signs(text)):
        return InputError(
            say("{option} is one number, not a range", option=option),
            fix=say("write ..{number} for at most, {number}.. for at least", number=bare[1]),
        )
    return InputError(
        say("{option} is not a range of plain finite numbers", option=option), fix=_example()
    )


def _example() -> str:
    return say("write it like 0..15, ..1.5, 100亿.. or 3%.. (both ends included)")
