"""Rating definitions that were seen printed: the table of the program, and one of a workspace."""

from __future__ import annotations

import calendar
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from functools import cache
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, Strict, StringConstraints, model_validator

import screener
from screener.domain.report import Band, DatedDefinition, RatingDefinition, RatingLevel, Unused
from screener.errors import BasketDefinitionError
from screener.language import say
from screener.workspace.fields import Many, Strictly, Text, refuse_repeats
from screener.workspace.locate import Workspace
from screener.workspace.models import BenchmarkModel
from screener.workspace.toml_files import read_model

__all__ = ["OWN", "SHIPPED", "own_definitions", "shipped_definitions"]

SHIPPED = "shipped"
"""Where a definition of the program's own table stands."""
OWN = "definitions.toml"
"""File of a workspace with definitions that its reader has seen."""
_FILES = ("definitions_mainland.toml", "definitions_abroad.toml")

Seen = Annotated[str, StringConstraints(pattern=r"^\d{4}(-(0[1-9]|1[0-2])(-\d\d)?)?$")]


class PrintedBandModel(Strictly):
    """What a rating promises, in figures or in words."""

    level: Annotated[RatingLevel, Strict(False)]
    rating: Text
    low: float | None = None
    high: float | None = None
    qualitative: bool = False
    case: str = ""
    months_high: Annotated[int, Field(ge=1)] | None = None

    @model_validator(mode="after")
    def _is_a_range(self) -> Self:
        low, high = self.low, self.high
        if self.qualitative and {low, high} - {None, 0.0}:
            raise BasketDefinitionError(
                say("{rating} is qualitative and has a figure", rating=self.rating),
                fix=say("give 0 as its bounds"),
            )
        if not self.qualitative and low is not None and high is not None and low >= high:
            raise BasketDefinitionError(
                say(
                    "{rating}: low {low} is not below high {high}",
                    rating=self.rating,
                    low=low,
                    high=high,
                ),
                fix=say("swap them"),
            )
        return self


class PrintedDefinitionModel(Strictly):
    """One definition, and the days on which exactly this was seen printed."""

    broker: Text
    seen: Annotated[Many[Seen], Field(min_length=1)]
    bands: Annotated[Many[PrintedBandModel], Field(min_length=1)]
    printed_as: str = ""
    months_low: Annotated[int, Field(ge=1)] | None = None
    months_high: Annotated[int, Field(ge=1)] | None = None
    in_force_from: date | None = None
    in_force_until: date | None = None
    absolute: bool = False
    unused: Annotated[Unused, Strict(False)] | None = None
    printed: Literal["", "gap", "overlap"] = ""
    benchmarks: Many[BenchmarkModel] = ()

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        for text in self.seen:
            _last_day(text)
        if (self.months_low is None) != (self.months_high is None):
            raise BasketDefinitionError(
                say("a horizon has two ends"), fix=say("give both months or neither")
            )
        if (self.months_low or 0) > (self.months_high or 0):
            raise BasketDefinitionError(
                say(
                    "months_low {months_low} is after months_high {months_high}",
                    months_low=self.months_low,
                    months_high=self.months_high,
                ),
                fix=say("swap them"),
            )
        refuse_repeats(((item.level, item.rating, item.case) for item in self.bands), say("rating"))
        return self


class DefinitionsModel(Strictly):
    """A file of definitions."""

    unprinted_months: Annotated[int, Field(ge=1)] | None = None
    former: dict[str, Many[Text]] = Field(default_factory=dict)
    rating_definitions: Annotated[Many[PrintedDefinitionModel], Field(min_length=1)]

    @model_validator(mode="after")
    def _has_horizons(self) -> Self:
        for item in self.rating_definitions:
            if item.months_low is None and self.unprinted_months is None:
                raise BasketDefinitionError(
                    say("{broker} has no months_low", broker=item.broker),
                    fix=say(
                        "give the horizon that is printed, or unprinted_months at the top of "
                        "the file"
                    ),
                )
        return self


@cache
def shipped_definitions() -> tuple[DatedDefinition, ...]:
    """Return the definitions that the program knows: 69 brokers, as their reports print them."""
    folder = Path(screener.__file__).parent / "scoring" / "tables"
    return tuple(
        item
        for name in _FILES
        for item in _dated(read_model(folder / name, DefinitionsModel, root=folder), SHIPPED)
    )


def own_definitions(workspace: Workspace) -> tuple[DatedDefinition, ...]:
    """Return the definitions of a workspace's `definitions.toml`; none without one.

    Raises
    ------
    BasketDefinitionError
        If it is not valid; it names the key.
    """
    path = workspace.root / OWN
    if not path.is_file():
        return ()
    return tuple(_dated(read_model(path, DefinitionsModel, root=workspace.root), OWN))


def _dated(file: DefinitionsModel, where: str) -> Iterator[DatedDefinition]:
    later = {old: new for new, names in file.former.items() for old in names}
    for item in file.rating_definitions:
        days = sorted(_last_day(text) for text in item.seen)
        found = DatedDefinition(
            since=days[0],
            card=where,
            definition=_definition(item, file.unprinted_months),
            last_seen=days[-1],
            former=item.printed_as,
            first_day=item.in_force_from,
            last_day=item.in_force_until,
            unused=item.unused,
        )
        yield found
        if item.broker in later:
            definition = replace(found.definition, broker=later[item.broker])
            yield replace(found, definition=definition, former=item.broker)


def _definition(item: PrintedDefinitionModel, months: int | None) -> RatingDefinition:
    assumed = months if item.months_high is None else None
    return RatingDefinition(
        broker=item.broker,
        months_low=assumed or item.months_low or 0,
        months_high=assumed or item.months_high or 0,
        months_assumed=assumed is not None,
        benchmarks=tuple((pair.market, pair.benchmark) for pair in item.benchmarks),
        absolute=item.absolute,
        bands=tuple(
            Band(
                level=band.level,
                rating=band.rating,
                low=band.low,
                high=band.high,
                qualitative=band.qualitative,
                case=band.case,
                months=band.months_high,
            )
            for band in item.bands
        ),
    )


def _last_day(text: str) -> date:
    """Return the day by which something was seen for certain: the last of a month or a year."""
    year, month, day = ([int(part) for part in text.split("-")] + [0, 0])[:3]
    month = month or 12
    try:
        return date(year, month, day or calendar.monthrange(year, month)[1])
    except ValueError as error:
        raise BasketDefinitionError(
            say("seen: {text} is no day", text=repr(text)), fix=say("correct it")
        ) from error
