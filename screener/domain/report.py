"""Reports as cards of facts: who published what, when, and which securities it names."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from screener.domain.listing import Currency, Listing
from screener.errors import BasketDefinitionError, DateRangeError
from screener.language import say

__all__ = [
    "Analyst",
    "Band",
    "Claim",
    "ClaimUnit",
    "DatedDefinition",
    "Estimate",
    "IndexMove",
    "Moment",
    "Note",
    "Precision",
    "Publication",
    "RatingDefinition",
    "RatingLevel",
    "Report",
    "Role",
    "SecurityMention",
    "Unused",
    "check_links",
]

Moment = date | datetime
"""When something was published: an aware `datetime`, or a `date`, known after that day's close."""


class Precision(StrEnum):
    """How exactly a publication moment is known."""

    EXACT = "exact"
    DAY = "day"
    ESTIMATED = "estimated"
    UNKNOWN = "unknown"


class Role(StrEnum):
    """Part that a security plays in a report."""

    RECOMMENDED = "recommended"
    MENTIONED = "mentioned"
    MOVER = "mover"
    RISK = "risk"
    COMPARED = "compared"  # only to measure others by: 可比公司, 对标
    EXAMPLE = "example"  # only to show what is meant: 例如, 以…为例


class RatingLevel(StrEnum):
    """What a rating speaks of."""

    STOCK = "stock"
    INDUSTRY = "industry"
    CONVERTIBLE = "convertible"


class ClaimUnit(StrEnum):
    """Unit of a claim's value."""

    CNY = "CNY"
    HKD = "HKD"
    MULTIPLE = "x"
    FRACTION = "fraction"
    POINTS = "points"


@dataclass(frozen=True, slots=True, kw_only=True)
class Publication:
    """When a report could first be read.

    Parameters
    ----------
    value
        Moment of publication, printed or estimated; `None` if it is unknown.
    precision
        How exactly it is known.
    range_start, range_end
        First and last moment that the evidence allows; set for estimated dates only.
    evidence
        What it rests on.
    received_at
        When this reader got it, if later.
    """

    value: Moment | None = None
    precision: Precision
    range_start: Moment | None = None
    range_end: Moment | None = None
    evidence: str = ""
    received_at: datetime | None = None

    def __post_init__(self) -> None:
        for moment in (self.value, self.range_start, self.range_end, self.received_at):
            if isinstance(moment, datetime) and moment.tzinfo is None:
                raise BasketDefinitionError(
                    say("time {moment} has no zone", moment=moment), fix=say("write it with +08:00")
                )
        if (self.value is None) is not (self.precision is Precision.UNKNOWN):
            raise BasketDefinitionError(
                say("a publication has a moment, or its precision is unknown"),
                fix=say('give value, or precision = "unknown"'),
            )
        timed = isinstance(self.value, datetime)
        if self.precision is Precision.EXACT and not timed:
            raise BasketDefinitionError(say("an exact publication needs a time, not only a date"))
        if self.precision is Precision.DAY and timed:
            raise BasketDefinitionError(say("a publication known to the day has no time"))
        if self.precision is Precision.ESTIMATED:
            self._check_range()
        elif self.range_start is not None or self.range_end is not None:
            raise BasketDefinitionError(say("only an estimated publication has a range"))

    def _check_range(self) -> None:
        if self.range_start is None or self.range_end is None or not self.evidence:
            raise BasketDefinitionError(
                say("an estimated publication needs a range and its evidence"),
                fix=say("give range_start, range_end and evidence"),
            )
        if not _day(self.range_start) <= self.day <= _day(self.range_end):
            raise BasketDefinitionError(
                say(
                    "the estimate {value} is outside its range {range_start} to {range_end}",
                    value=self.value,
                    range_start=self.range_start,
                    range_end=self.range_end,
                )
            )

    @property
    def known(self) -> bool:
        """Whether anything tells when it was: a report of unknown date feeds no event."""
        return self.value is not None

    @property
    def moment(self) -> Moment:
        """Moment of publication.

        Raises
        ------
        DateRangeError
            If it is unknown.
        """
        if self.value is None:
            raise DateRangeError(
                say("the date of publication is unknown"),
                fix=say("`screener report edit ID --published 2026-05-14`"),
            )
        return self.value

    @property
    def day(self) -> date:
        """Calendar day of publication; `DateRangeError` if it is unknown."""
        return _day(self.moment)

    def text(self) -> str:
        """Text as shown on screen and in CSV: ISO date or date and time; empty if unknown."""
        if self.value is None:
            return ""
        return (
            self.value.isoformat(timespec="minutes")
            if isinstance(self.value, datetime)
            else self.value.isoformat()
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Analyst:
    """Author of a note, with the licence number that the report prints (empty if none)."""

    name: str
    licence: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """One broker note: a report has one, a digest several, each with its own date and rating.

    Parameters
    ----------
    repeats
        Id of the earlier note that this one is: the same call, published again. It is not counted
        a second time. Its card may be in another workspace.
    reiterates
        Id of the broker's earlier note on the same theme with much the same names: a new call,
        told apart from a first mention.
    """

    id: str
    broker: str
    analysts: tuple[Analyst, ...]
    published: Publication
    themes: tuple[str, ...]
    title: str = ""
    rating: str = ""
    rating_change: str = ""
    rating_level: RatingLevel | None = None
    industry: str = ""
    repeats: str = ""
    reiterates: str = ""

    def __post_init__(self) -> None:
        check_links(self.id, self.repeats, self.reiterates)


@dataclass(frozen=True, slots=True, kw_only=True)
class SecurityMention:
    """A security that a report names: how it is printed, what part it plays, under which theme.

    Parameters
    ----------
    rating
        The rating that the report gives it, as printed; empty where it gives none or several. That
        of the report itself stands with its note.
    """

    listing: Listing
    printed: str
    role: Role
    theme: str
    name: str
    name_en: str = ""
    note: str = ""
    rating: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexMove:
    """Move of an index that a report tracks, as fractions."""

    code: str
    name: str
    week: float
    month_to_date: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A figure that data can check: subject, measure, value, unit and the day it refers to."""

    subject: str
    measure: str
    value: float
    unit: ClaimUnit
    as_of: str = ""
    remark: str = ""
    listing: Listing | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """What a report expects a company to earn in a fiscal year.

    Parameters
    ----------
    listing, fiscal_year
        Whose, and of which year.
    eps, profit, revenue
        Earnings a share, net profit and revenue in whole units of `currency`; `None` where not
        told.
    currency
        Money of all.
    """

    listing: Listing
    fiscal_year: int
    eps: float | None
    profit: float | None
    currency: Currency
    revenue: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """Active return promised by one rating, as fractions; an open end is `None`.

    Parameters
    ----------
    qualitative
        Whether only words are printed, better or worse than the benchmark: a bound of zero then.
    case
        Risk class for which alone it holds; empty for all.
    months
        A horizon of its own.
    """

    level: RatingLevel
    rating: str
    low: float | None
    high: float | None
    qualitative: bool = False
    case: str = ""
    months: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RatingDefinition:
    """A broker's own definition of its ratings.

    Parameters
    ----------
    broker
        Whose definition it is.
    months_low, months_high
        Horizon in calendar months after the report's date.
    benchmarks
        Pairs of market and benchmark, as printed.
    bands
        Promised active return by rating.
    absolute
        Whether they promise the security's own return, not one over a benchmark.
    months_assumed
        Whether no horizon is printed, and a usual one stands in.
    """

    broker: str
    months_low: int
    months_high: int
    benchmarks: tuple[tuple[str, str], ...]
    bands: tuple[Band, ...]
    absolute: bool = False
    months_assumed: bool = False


class Unused(StrEnum):
    """Why nothing is judged by a definition that was seen."""

    DOUBTFUL = "doubtful"
    INCOMPLETE = "incomplete"
    HURDLE = "hurdle"


@dataclass(frozen=True, slots=True, kw_only=True)
class DatedDefinition:
    """A broker's definition of its ratings, the day from which it is known, and where it stands.

    Parameters
    ----------
    since
        First day on which it is known.
    card
        Card that prints it, or the table that holds it.
    last_seen
        Last day on which exactly this was seen printed; `None` where that is the first.
    former
        Earlier name of the house under which it was printed; empty for its own.
    first_day, last_day
        Days between which it says that it is in force; `None` where it does not say.
    unused
        Why nothing is judged by it; `None` where it may.
    """

    since: date
    card: str
    definition: RatingDefinition
    last_seen: date | None = None
    former: str = ""
    first_day: date | None = None
    last_day: date | None = None
    unused: Unused | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A report card: facts of one report, never its sentences.

    `text_hash` is the SHA-256 of the text that was read, in hexadecimal; empty on a card made by
    hand.
    """

    id: str
    title: str
    publisher: str
    language: str
    published: Publication
    notes: tuple[Note, ...]
    securities: tuple[SecurityMention, ...]
    claims: tuple[Claim, ...] = ()
    indices: tuple[IndexMove, ...] = ()
    climate: tuple[tuple[str, str], ...] = ()
    estimates: tuple[Estimate, ...] = ()
    rating_definitions: tuple[RatingDefinition, ...] = ()
    text_hash: str = ""

    @property
    def themes(self) -> tuple[str, ...]:
        """Themes with at least one recommended security, in order of appearance."""
        return tuple(dict.fromkeys(s.theme for s in self.securities if s.role is Role.RECOMMENDED))

    @property
    def n_recommended(self) -> int:
        """How many securities it recommends; one under several themes counts under each."""
        return sum(item.role is Role.RECOMMENDED for item in self.securities)

    def recommended(self, theme: str) -> tuple[SecurityMention, ...]:
        """Securities recommended under `theme`, in order of appearance."""
        return tuple(s for s in self.securities if s.role is Role.RECOMMENDED and s.theme == theme)


def check_links(note_id: str, repeats: str, reiterates: str) -> None:
    """Refuse a note that refers to itself, or that is both a repost and a call of its own.

    Raises
    ------
    BasketDefinitionError
        If it does or is.
    """
    if note_id in (repeats, reiterates):
        raise BasketDefinitionError(
            say("note {note_id} refers to itself", note_id=note_id),
            fix=say("name the earlier note, or remove the key"),
        )
    if repeats and reiterates:
        raise BasketDefinitionError(
            say(
                "note {note_id} repeats {repeats} and reiterates {reiterates}: a call is "
                "either published again or made anew",
                note_id=note_id,
                repeats=repeats,
                reiterates=reiterates,
            ),
            fix=say("keep one of the two keys"),
        )


def _day(moment: Moment) -> date:
    return moment.date() if isinstance(moment, datetime) else moment
