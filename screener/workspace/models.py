"""Shape of a report card and of a basket in TOML: strict, unknown keys refused."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Self

from pydantic import Field, Strict, StringConstraints, model_validator

from screener.domain.basket import Weighting
from screener.domain.listing import Currency
from screener.domain.report import (
    ClaimUnit,
    Precision,
    Publication,
    RatingLevel,
    Role,
    check_links,
)
from screener.errors import BasketDefinitionError
from screener.language import say
from screener.language.lists import listed
from screener.workspace.fields import (
    Id,
    ListingId,
    Many,
    Moment,
    SecurityId,
    Slug,
    Strictly,
    Text,
    refuse_repeats,
)

__all__ = [
    "AnalystModel",
    "BandModel",
    "BasketModel",
    "CardModel",
    "ClaimModel",
    "EstimateModel",
    "NoteModel",
    "OwnEventModel",
    "PublicationModel",
    "RatingDefinitionModel",
    "SecurityModel",
]

Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


class PublicationModel(Strictly):
    """When something was published."""

    value: Moment | None = None
    precision: Annotated[Precision, Strict(False)]
    range_start: Moment | None = None
    range_end: Moment | None = None
    evidence: str = ""
    received_at: datetime | None = None

    @model_validator(mode="after")
    def _meets_the_domain(self) -> Self:
        self.to_domain()
        return self

    def to_domain(self) -> Publication:
        """Return it as a value; it is checked there."""
        try:
            return Publication(
                value=self.value,
                precision=self.precision,
                range_start=self.range_start,
                range_end=self.range_end,
                evidence=self.evidence,
                received_at=self.received_at,
            )
        except BasketDefinitionError as error:
            raise BasketDefinitionError(
                say(
                    "value = {value}, precision = {precision}: {fault}",
                    value=self.value,
                    precision=repr(str(self.precision)),
                    fault=error.what,
                ),
                fix=error.fix,
            ) from error


class AnalystModel(Strictly):
    """An author."""

    name: Text
    licence: str = ""


class NoteModel(Strictly):
    """A broker note; without its own `published` it has the report's."""

    id: Id
    broker: Text
    analysts: Many[AnalystModel] = ()
    published: PublicationModel | None = None
    themes: Many[Slug]
    title: str = ""
    rating: str = ""
    rating_change: str = ""
    rating_level: Annotated[RatingLevel, Strict(False)] | None = None
    industry: str = ""
    repeats: Id = ""
    reiterates: Id = ""

    @model_validator(mode="after")
    def _refers_to_others(self) -> Self:
        check_links(self.id, self.repeats, self.reiterates)
        return self


class SecurityModel(Strictly):
    """A security that the report names; without `name` it is called as printed."""

    listing: SecurityId
    printed: Text
    name: str = ""
    name_en: str = ""
    role: Annotated[Role, Strict(False)]
    theme: Slug
    note: str = ""
    rating: str = ""


class ClaimModel(Strictly):
    """A figure that data can check."""

    subject: Text
    listing: ListingId | None = None
    measure: Text
    value: float
    unit: Annotated[ClaimUnit, Strict(False)]
    as_of: str = ""
    remark: str = ""


class IndexModel(Strictly):
    """An index that the report tracks."""

    code: str = ""
    name: Text
    week: float
    month_to_date: float | None = None


class ClimateModel(Strictly):
    """Outlook of a sector."""

    sector: Text
    outlook: Text


class EstimateModel(Strictly):
    """What the report expects a company to earn in a fiscal year."""

    listing: SecurityId
    fiscal_year: Annotated[int, Field(ge=2000, le=2100)]
    eps: float | None = None
    profit: float | None = None
    revenue: float | None = None
    currency: Annotated[Currency, Strict(False)]

    @model_validator(mode="after")
    def _tells_something(self) -> Self:
        if self.eps is None and self.profit is None and self.revenue is None:
            raise BasketDefinitionError(
                say("the estimate for {listing} tells nothing", listing=self.listing),
                fix=say("give eps, profit or revenue"),
            )
        return self


class BenchmarkModel(Strictly):
    """Benchmark of a market."""

    market: Text
    benchmark: Text


class BandModel(Strictly):
    """Active return that a rating promises."""

    level: Annotated[RatingLevel, Strict(False)]
    rating: Text
    low: float | None = None
    high: float | None = None

    @model_validator(mode="after")
    def _is_a_range(self) -> Self:
        if self.low is None and self.high is None:
            raise BasketDefinitionError(
                say("{rating} has no bound", rating=self.rating), fix=say("give low, high or both")
            )
        if self.low is not None and self.high is not None and self.low >= self.high:
            raise BasketDefinitionError(
                say(
                    "{rating}: low {low} is not below high {high}",
                    rating=self.rating,
                    low=self.low,
                    high=self.high,
                ),
                fix=say("swap them"),
            )
        return self


class RatingDefinitionModel(Strictly):
    """A broker's own definition of its ratings."""

    broker: Text
    months_low: Annotated[int, Field(ge=1)]
    months_high: Annotated[int, Field(ge=1)]
    benchmarks: Many[BenchmarkModel] = ()
    bands: Annotated[Many[BandModel], Field(min_length=1)]

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        if self.months_low > self.months_high:
            raise BasketDefinitionError(
                say(
                    "months_low {months_low} is after months_high {months_high}",
                    months_low=self.months_low,
                    months_high=self.months_high,
                ),
                fix=say("swap them"),
            )
        refuse_repeats(((band.level, band.rating) for band in self.bands), say("rating"))
        return self


class CardModel(Strictly):
    """A report card."""

    id: Id
    title: Text
    publisher: Text
    language: Text
    text_sha256: Sha256 = ""
    published: PublicationModel
    notes: Annotated[Many[NoteModel], Field(min_length=1)]
    securities: Many[SecurityModel] = ()
    claims: Many[ClaimModel] = ()
    indices: Many[IndexModel] = ()
    climate: Many[ClimateModel] = ()
    estimates: Many[EstimateModel] = ()
    rating_definitions: Many[RatingDefinitionModel] = ()

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        refuse_repeats((note.id for note in self.notes), say("note id"))
        refuse_repeats(
            ((item.listing, item.theme) for item in self.securities), say("listing, theme")
        )
        covered = {theme for note in self.notes for theme in note.themes}
        for number, security in enumerate(self.securities, start=1):
            if security.theme not in covered:
                known = listed(sorted(covered))
                raise BasketDefinitionError(
                    say(
                        "securities[{number}].theme = {theme} is a theme of no note",
                        number=number,
                        theme=repr(security.theme),
                    ),
                    fix=say("add it to the themes of a note, or use one of {known}", known=known),
                )
        return self


class OwnEventModel(Strictly):
    """A dated list of names of the user's own."""

    published: Moment
    listings: Annotated[Many[SecurityId], Field(min_length=1)]
    weights: Many[Annotated[float, Field(gt=0)]] = ()

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        refuse_repeats(self.listings, say("listing"))
        if self.weights and len(self.weights) != len(self.listings):
            raise BasketDefinitionError(
                say("{n} weights for {all} listings", n=len(self.weights), all=len(self.listings)),
                fix=say("give one weight for each listing, in the same order"),
            )
        self.publication()
        return self

    def publication(self) -> Publication:
        """Return when it was made known: a time is exact, a date is known to the day."""
        timed = isinstance(self.published, datetime)
        return Publication(
            value=self.published, precision=Precision.EXACT if timed else Precision.DAY
        )


class BasketModel(Strictly):
    """A basket."""

    name: Slug
    title_zh: str = ""
    title_en: str = ""
    themes: Many[Slug] = ()
    weighting: Annotated[Weighting, Strict(False)] = Weighting.EQUAL
    benchmark: ListingId | None = None
    events: Many[OwnEventModel] = ()

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        if not self.themes and not self.events:
            raise BasketDefinitionError(
                say("no themes and no [[events]]: nothing feeds the basket"),
                fix=say("name report themes, or add a dated list of names as [[events]]"),
            )
        custom = self.weighting is Weighting.CUSTOM
        if custom and self.themes:
            raise BasketDefinitionError(
                say(
                    "weighting = 'custom' with themes {themes}: a report gives no weights",
                    themes=listed(self.themes),
                ),
                fix=say("use weighting = 'equal', or [[events]] with weights and no themes"),
            )
        for number, event in enumerate(self.events, start=1):
            if custom is not bool(event.weights):
                raise BasketDefinitionError(
                    say(
                        "events[{number}] has weights and weighting = {weighting}",
                        number=number,
                        weighting=repr(str(self.weighting)),
                    )
                    if event.weights
                    else say(
                        "events[{number}] has no weights and weighting = {weighting}",
                        number=number,
                        weighting=repr(str(self.weighting)),
                    ),
                    fix=say("weights go with weighting = 'custom', and only with it"),
                )
        return self
