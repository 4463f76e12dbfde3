"""Baskets (named themes with members) and the events that they make with reports."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum

from screener.domain.days import SHANGHAI
from screener.domain.exits import ExitKind
from screener.domain.listing import Listing
from screener.domain.report import Note, Publication, Report
from screener.errors import BasketDefinitionError
from screener.language import say

__all__ = [
    "Basket",
    "EntryPrice",
    "Event",
    "Leaves",
    "Member",
    "OwnEvent",
    "Rebalance",
    "Weighting",
    "events_of",
    "published_again",
    "published_instant",
]


Leaves = tuple[tuple[date, ExitKind], ...]
"""Sessions at whose open a name is to be sold for what was published, each with its rule."""


class Weighting(StrEnum):
    """How the names of a basket are weighted at entry."""

    EQUAL = "equal"
    DAILY_EQUAL = "daily-equal"
    MARKET_CAP = "market-cap"
    FLOAT_CAP = "float-cap"
    INVERSE_VOL = "inverse-vol"
    CUSTOM = "custom"

    @property
    def needs_caps(self) -> bool:
        """Whether it asks for market values."""
        return self in (Weighting.MARKET_CAP, Weighting.FLOAT_CAP)

    @property
    def tradable(self) -> bool:
        """Whether money could follow it; an index that is equal again every day could not."""
        return self is not Weighting.DAILY_EQUAL


class EntryPrice(StrEnum):
    """At which price of its session a name is bought."""

    OPEN = "open"
    VWAP = "vwap"
    CLOSE = "close"


class Rebalance(StrEnum):
    """When a basket is brought back to its weights: in each such first session, at its close.

    How much of each name is decided by the closes of the session before.
    """

    NONE = "none"
    DAILY = "daily"
    MONTHLY = "monthly"
    QUARTERLY = "quarterly"


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A named security of an event.

    Parameters
    ----------
    listing, name, name_en
        Which it is, and what it is called.
    weight
        Its custom weight, else `None`.
    leaves
        When it is to be sold for what was published, where such rules are asked for.
    """

    listing: Listing
    name: str = ""
    name_en: str = ""
    weight: float | None = None
    leaves: Leaves = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnEvent:
    """A dated list of names that the user made without any report."""

    published: Publication
    members: tuple[Member, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Basket:
    """A theme basket.

    Parameters
    ----------
    name
        File name and id, such as `compute-leasing`.
    title_zh, title_en
        Names for people.
    themes
        Report themes that feed it.
    weighting
        Weighting at entry.
    benchmark
        Listing id of its benchmark, or empty for the default of each name's market.
    own_events
        Dated lists of names that come from no report.
    """

    name: str
    title_zh: str
    title_en: str
    themes: tuple[str, ...] = ()
    weighting: Weighting = Weighting.EQUAL
    benchmark: str = ""
    own_events: tuple[OwnEvent, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """A basket at the moment a report made it known.

    Parameters
    ----------
    basket, report
        Ids; `report` is empty for a basket of the user's own.
    published
        When it could first be read.
    members
        The names, unique, in the report's order.
    weighting
        Weighting at entry.
    benchmark
        Benchmark listing id, or empty for the default.
    """

    basket: str
    report: str
    published: Publication
    members: tuple[Member, ...]
    weighting: Weighting
    benchmark: str = ""

    def __post_init__(self) -> None:
        listings = [member.listing for member in self.members]
        if not listings:
            raise BasketDefinitionError(
                say("basket {basket} has no names", basket=repr(self.basket))
            )
        if len(set(listings)) != len(listings):
            repeated = next(item for item in listings if listings.count(item) > 1)
            raise BasketDefinitionError(
                say(
                    "basket {basket} names {repeated} more than once",
                    basket=repr(self.basket),
                    repeated=repeated,
                )
            )
        if self.weighting is Weighting.CUSTOM:
            self._check_weights()

    def _check_weights(self) -> None:
        weights = [member.weight for member in self.members]
        if any(w is None or not math.isfinite(w) or w <= 0 for w in weights):
            raise BasketDefinitionError(
                say(
                    "basket {basket}: custom weighting needs a positive weight for every name",
                    basket=repr(self.basket),
                )
            )


def events_of(basket: Basket, reports: tuple[Report, ...]) -> tuple[Event, ...]:
    """List the events of a basket: one for each report that recommends names under its themes.

    A security recommended under two themes of the same basket counts once. One call counts once
    too: a theme of which every note is a repeat (`Note.repeats`) of notes that fed this basket
    from a report published earlier is left out. Only `reports` are looked at, so that a repost
    counts where the first publication is not among them; and a link is known from the publication
    of the report that bears it, so that a report added later changes no earlier event. A report of
    unknown date makes no event.

    Order: by publication day, then report id; the user's own events come last.
    """
    dated = tuple(report for report in reports if report.published.known)
    again = _published_again(basket, dated)
    found = []
    for report in sorted(dated, key=lambda item: (item.published.day, item.id)):
        members: dict[Listing, Member] = {}
        for theme in basket.themes:
            if (report.id, theme) in again:
                continue
            for security in report.recommended(theme):
                members.setdefault(
                    security.listing,
                    Member(listing=security.listing, name=security.name, name_en=security.name_en),
                )
        if members:
            found.append(_event(basket, report.id, report.published, tuple(members.values())))
    own = (_event(basket, "", item.published, item.members) for item in basket.own_events)
    return (*found, *own)


def published_again(reports: Iterable[Report]) -> frozenset[tuple[str, str]]:
    """Return the notes, as ids of report and note, whose call an earlier note of these made.

    By the same rule as in `events_of`: of the notes that links join, the one in the report that was
    published first is the call, whichever of them bears the link. Reports of unknown date are no
    part of it.
    """
    calls = _Calls()
    again = set()
    for report in _by_publication(report for report in reports if report.published.known):
        keys = [(calls.join(report, note), note) for note in report.notes]
        for key, note in keys:
            if calls.has_fed(key):
                again.add((report.id, note.id))
            calls.feed(key)
    return frozenset(again)


def published_instant(published: Publication) -> datetime:
    """Return the aware moment by which publications are ordered; a date is the end of its day."""
    value = published.moment
    if isinstance(value, datetime):
        return value
    return datetime.combine(value, time(), SHANGHAI) + timedelta(days=1)


class _Calls:
    """Which notes are one call, and which of those calls fed the basket already.

    Notes are joined by their links; ids whose notes are not at hand join their reposts as well.
    """

    def __init__(self) -> None:
        self._parent: dict[str, str] = {}
        self._seen: set[str] = set()
        self._fed: set[str] = set()

    def join(self, report: Report, note: Note) -> str:
        """Add a note with its link, and return the key that stands for it."""
        # Two cards may use one note id: a link means the note published first.
        key = f"{report.id}/{note.id}" if note.id in self._seen else note.id
        self._seen.add(note.id)
        if note.repeats:
            first, other = self._root(note.repeats), self._root(key)
            self._parent[other] = first
            if other in self._fed:
                self._fed.add(first)
        return key

    def has_fed(self, key: str) -> bool:
        return self._root(key) in self._fed

    def feed(self, key: str) -> None:
        self._fed.add(self._root(key))

    def _root(self, key: str) -> str:
        while key in self._parent and self._parent[key] != key:
            key = self._parent[key]
        return key


def _published_again(basket: Basket, reports: tuple[Report, ...]) -> set[tuple[str, str]]:
    """Return the pairs of report and theme that only publish again what fed the basket before."""
    calls = _Calls()
    again: set[tuple[str, str]] = set()
    for report in _by_publication(reports):
        keys = [(calls.join(report, note), note) for note in report.notes]
        feeding = []
        for theme in basket.themes:
            if not report.recommended(theme):
                continue
            covering = [key for key, note in keys if theme in note.themes]
            if covering and all(calls.has_fed(key) for key in covering):
                again.add((report.id, theme))
            feeding += covering
        for key in feeding:
            calls.feed(key)
    return again


def _by_publication(reports: Iterable[Report]) -> list[Report]:
    return sorted(reports, key=lambda item: (published_instant(item.published), item.id))


def _event(
    basket: Basket, report: str, published: Publication, members: tuple[Member, ...]
) -> Event:
    return Event(
        basket=basket.name,
        report=report,
        published=published,
        members=members,
        weighting=basket.weighting,
        benchmark=basket.benchmark,
    )
