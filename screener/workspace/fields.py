"""Kinds of value in the TOML files of a workspace."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import date, datetime
from typing import Annotated, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    PlainValidator,
    Strict,
    StringConstraints,
)

from screener.domain.former_codes import renumbering
from screener.domain.listing import Board, parse_listing
from screener.errors import BasketDefinitionError, NotFoundError
from screener.language import say

__all__ = [
    "Id",
    "ListingId",
    "Many",
    "Moment",
    "SecurityId",
    "Slug",
    "Strictly",
    "Text",
    "refuse_repeats",
]

ItemT = TypeVar("ItemT")

Many = Annotated[tuple[ItemT, ...], Strict(False)]  # TOML has arrays only
Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]
Id = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]*$")]
Text = Annotated[str, StringConstraints(min_length=1)]


def _moment(value: object) -> date | datetime:
    """Accept a TOML date or time only: a number or a string could mean anything."""
    if isinstance(value, date):
        return value
    raise BasketDefinitionError(
        say("{value} is no date or time", value=repr(value)),
        fix=say("write 2026-05-14 or 2026-05-14T19:48:00+08:00, without quotes"),
    )


Moment = Annotated[date | datetime, PlainValidator(_moment)]


def _whole_id(text: str) -> str:
    """Check that a listing is written with its whole id; a former one becomes the present one."""
    try:
        found = parse_listing(text).id
    except NotFoundError as error:
        raise BasketDefinitionError(error.what, fix=error.fix) from error
    former = renumbering(text.partition(".")[0])
    if found != text and (former is None or text != f"{former.former}.{former.exchange}"):
        raise BasketDefinitionError(
            say("{text} is not a whole listing id", text=repr(text)),
            fix=say("write {found}", found=found),
        )
    return found


def _tradable_id(text: str) -> str:
    if parse_listing(text).board is Board.INDEX:
        raise BasketDefinitionError(
            say("{text} is an index, not a security", text=text),
            fix=say("name a security or remove it"),
        )
    return text


ListingId = Annotated[str, AfterValidator(_whole_id)]
SecurityId = Annotated[str, AfterValidator(_whole_id), AfterValidator(_tradable_id)]


class Strictly(BaseModel):
    """A table of a TOML file: nothing is converted, an unknown key is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


def refuse_repeats(keys: Iterable[object], label: str) -> None:
    """Refuse a key that comes twice."""
    for key, count in Counter(keys).items():
        if count > 1:
            text = ", ".join(map(str, key)) if isinstance(key, tuple) else str(key)
            raise BasketDefinitionError(
                say("{label} {text} is given {count} times", label=label, text=text, count=count),
                fix=say("keep one"),
            )
