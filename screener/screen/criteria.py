"""What the user asks of a screen: ranges, the order of the result, fields that may be missing."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from screener.errors import InputError
from screener.language import say
from screener.language.lists import clauses
from screener.screen.fields import Field, field_called

__all__ = ["Criterion", "Order", "parse_criteria", "parse_criterion", "parse_fields", "parse_order"]

_NUMBER = r"[+-]?(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?"
_RANGE = re.compile(rf"\s*({_NUMBER})?\s*\.\.\s*({_NUMBER})?\s*")
_BARE = re.compile(rf"\s*({_NUMBER})\s*")


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
    """The field that ranks the names that passed, and in which direction."""

    field: Field
    descending: bool = False

    @property
    def text(self) -> str:
        """The order in words."""
        return f"{self.field.name} {'descending' if self.descending else 'ascending'}"


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
    field = field_called(field_name, parameter=say("range for"))
    match = _RANGE.fullmatch(text)
    if match is None:
        raise _not_a_range(field, text)
    low_text, high_text = match[1] or "", match[2] or ""
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
    words = text.split()
    name = words[0] if words else ""
    minus = name.startswith("-")
    direction = words[1].lower() if len(words) > 1 else ""
    if len(words) > 2 or direction not in ("", "asc", "desc") or (minus and direction):
        raise InputError(
            say("--sort {text} is not an order", text=repr(text)),
            fix=say("write it like pe_ttm, -pe_ttm or 'pb desc'"),
        )
    field = field_called(name.removeprefix("-"), parameter="--sort")
    return Order(field=field, descending=minus or direction == "desc")


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
            say("{parameter} is empty", parameter=parameter), fix=say("write it like pe_ttm,pb")
        )
    return _unique(field_called(name, parameter=parameter) for name in names)


def _example() -> str:
    return say("write it like 0..15, ..1.5 or 10e9.. (both ends included)")


def _unique(fields: Iterable[Field]) -> tuple[Field, ...]:
    return tuple({field.name: field for field in fields}.values())


def _number(number: str, field: Field, text: str) -> float | None:
    if not number:
        return None
    value = float(number)
    if not math.isfinite(value):
        raise InputError(
            say(
                "{flag} {text}: {number} is not finite",
                flag=field.flag,
                text=repr(text),
                number=number,
            ),
            fix=_example(),
        )
    return value


def _check_range(criterion: Criterion, text: str) -> None:
    field, low, high = criterion.field, criterion.low, criterion.high
    if low is None and high is None:
        raise InputError(
            say("{flag} {text} has no end, so it asks nothing", flag=field.flag, text=repr(text)),
            fix=_example(),
        )
    if low is not None and high is not None and low > high:
        raise InputError(
            say(
                "{flag} {text} is reversed: {low_text} is above {high_text}",
                flag=field.flag,
                text=repr(text),
                low_text=criterion.low_text,
                high_text=criterion.high_text,
            ),
            fix=say(
                "write {high_text}..{low_text}",
                high_text=criterion.high_text,
                low_text=criterion.low_text,
            ),
        )
    if field.positive_only and high is not None and high <= 0:
        raise InputError(
            say(
                "{flag} {text} is empty: {field} is undefined at 0 and below ({undefined_because})",
                flag=field.flag,
                text=repr(text),
                field=field.name,
                undefined_because=field.undefined_because,
            ),
            fix=say('to find those names write --where "{raw_name} <= 0"', raw_name=field.raw_name),
        )


def _not_a_range(field: Field, text: str) -> InputError:
    if bare := _BARE.fullmatch(text):
        number = bare[1]
        return InputError(
            say("{flag} {text} is one number, not a range", flag=field.flag, text=repr(text)),
            fix=say("write ..{number} for at most, {number}.. for at least", number=number),
        )
    return InputError(
        say(
            "{flag} {text} is not a range of plain finite numbers", flag=field.flag, text=repr(text)
        ),
        fix=clauses([_example(), say("2e9 is 20亿, 0.03 is 3 %")]),
    )
