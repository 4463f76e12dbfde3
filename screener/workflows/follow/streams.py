"""Streams of events: of baskets, reports, themes and brokers, and of imported ratings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from screener.data.lake.schema import TableName
from screener.data.lake.store import Store
from screener.domain.basket import Basket, Event, Member, Weighting, events_of
from screener.domain.report import Note, Precision, Publication, RatingLevel, Report
from screener.errors import BasketNotFound, InputError, NotFoundError
from screener.language import say, say_count
from screener.language.lists import listed
from screener.scoring.calls import CallTable
from screener.workflows.report.catalog import (
    basket_events,
    find_basket,
    get_report,
    list_baskets,
    list_reports,
    near_names,
)
from screener.workflows.report.dating import require_date, undated_card
from screener.workflows.score.calls import (
    ImportedCalls,
    broker_called,
    calls_of_cards,
    calls_of_ratings,
    industries_of,
)
from screener.workflows.score.words import Grade, grade_of
from screener.workspace.broken import Broken
from screener.workspace.locate import Workspace

__all__ = ["RATINGS", "Stream", "StreamRequest", "gather_stream"]

RATINGS = "ratings"
"""What stands for a basket in an event of table `ratings`; its report is the call's id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamRequest:
    """Which events are followed: those of any source that pass every filter.

    Parameters
    ----------
    names
        Baskets, and ids of reports: a report is an event for each theme under which it names
        something.
    every
        Every basket.
    ratings
        Least grade of imported ratings, or `all`; empty for none of them. Each is an event of one
        name, known after the close of its day.
    reports, brokers, themes
        Only what these reports say; only what these brokers say, under any of their names; only
        what is said of these themes, or of these industries as notes and ratings print them. Empty
        for no such filter. Without any source they choose from all themes of all reports.
    """

    names: tuple[str, ...] = ()
    every: bool = False
    ratings: str = ""
    reports: tuple[str, ...] = ()
    brokers: tuple[str, ...] = ()
    themes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.names and self.every:
            raise InputError(
                say("name the baskets to follow, or say --all"),
                fix=say("`screener basket list` shows which there are"),
            )
        self.least  # noqa: B018 - an unknown grade is refused before anything is read

    @property
    def least(self) -> Grade | None:
        """Least grade of the ratings; `None` for any.

        Raises
        ------
        InputError
            If there is no such grade.
        """
        if self.ratings in ("", "all"):
            return None
        if self.ratings not in {item.label for item in Grade}:
            raise InputError(
                say("--ratings {text} is no grade", text=repr(self.ratings)),
                fix=say("say one of {known}", known=listed(["all", *(g.label for g in Grade)])),
            )
        return Grade[self.ratings.upper()]

    @property
    def of_themes(self) -> bool:
        """Whether all themes of all reports are its source: it has filters and nothing else."""
        filtered = bool(self.reports or self.brokers or self.themes)
        return filtered and not (self.names or self.every or self.ratings)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """Events of a stream.

    Parameters
    ----------
    events
        The events, each once.
    baskets
        The baskets among their sources.
    broken
        Cards and baskets that were left out.
    lacking
        Whether one of those may have fed it.
    remarks
        What of the ratings was left out.
    brokers
        Broker of each event of a rating, by its `report`.
    """

    events: tuple[Event, ...]
    baskets: tuple[Basket, ...] = ()
    broken: tuple[Broken, ...] = ()
    lacking: bool = False
    remarks: tuple[str, ...] = ()
    brokers: Mapping[str, str] = field(default_factory=dict)

    @property
    def needed(self) -> tuple[Event, ...]:
        """Its events.

        Raises
        ------
        ScreenerError
            If there is none, and a file that breaks its rules may have fed them.
        """
        if not self.events and self.lacking:
            raise self.broken[0].error
        return self.events


def gather_stream(place: Workspace, store: Store, request: StreamRequest) -> Stream:
    """Collect the events of a stream.

    An event of the same report and the same names that two sources give is one event, and an
    imported rating that tells of a card's call is not followed beside it.

    Raises
    ------
    NotFoundError
        If a name is neither a basket nor a report, or nobody of the cards and ratings is called
        as a filter says.
    InputError
        If there is no such grade.
    """
    return _Gathering(place, store, request).stream()


class _Gathering:
    """The sources and filters of one request."""

    def __init__(self, place: Workspace, store: Store, request: StreamRequest) -> None:
        self.place, self.store, self.request = place, store, request
        self.reports = list_reports(place)
        self.wanted = tuple(get_report(place, item) for item in request.reports)
        for report in self.wanted:
            require_date(report)
        self.brokers = frozenset(broker_called(name) for name in request.brokers)
        self.remarks: list[str] = []
        self.broken: list[Broken] = []
        self.baskets: list[Basket] = []
        self.of_ratings: dict[str, str] = {}
        self.lacking = False

    def stream(self) -> Stream:
        found: list[Event] = []
        request = self.request
        if request.every or request.names:
            found += self._of_names()
        if request.of_themes:
            found += self._of_themes(self.reports)
        if request.ratings:
            found += self._of_ratings()
        events = _once(found)
        if not events:
            self._refuse_unknown()
        return Stream(
            events=events,
            baskets=tuple(self.baskets),
            broken=tuple(dict.fromkeys(self.broken)),
            lacking=self.lacking,
            remarks=tuple(self.remarks),
            brokers=self.of_ratings,
        )

    @cached_property
    def _by_id(self) -> dict[str, Report]:
        return {report.id: report for report in self.reports}

    def _of_names(self) -> Iterator[Event]:
        """Yield the events of baskets, and of the reports that are named among them."""
        baskets, cards = self._sorted_names()
        if self.request.every or baskets:
            groups = basket_events(self.place, None if self.request.every else baskets)
            self.broken += groups.broken
            self.lacking |= groups.lacking
            for basket, events in groups:
                self.baskets.append(basket)
                yield from self._filtered(events, basket.themes)
        yield from (event for event in self._of_themes(cards))

    def _sorted_names(self) -> tuple[list[str], list[Report]]:
        known, baskets, cards = list_baskets(self.place), [], []
        ids = {report.id.casefold() for report in self.reports}
        for name in self.request.names:
            if name.strip().casefold() in ids:
                cards.append(get_report(self.place, name))
                require_date(cards[-1])
                continue
            try:
                find_basket(known, name)
            except BasketNotFound as error:
                if not ids:
                    raise
                raise NotFoundError(
                    say("{name} is neither a report nor a basket", name=repr(name)),
                    where=error.where,
                    fix=say("see `screener report list` and `screener basket list`"),
                ) from error
            baskets.append(name)
        return baskets, cards

    def _of_themes(self, cards: Sequence[Report]) -> Iterator[Event]:
        """Yield an event for each theme of each of some reports, as a basket of it would have."""
        if not cards and not self.reports.broken:
            return
        if self.request.of_themes:  # any card that cannot be read might have been one of them
            self.broken += self.reports.broken
            self.lacking |= bool(self.reports.broken)
            self.broken += [undated_card(item) for item in cards if not item.published.known]
        chosen = {report.id for report in cards}
        for theme in dict.fromkeys(theme for report in cards for theme in report.themes):
            basket = Basket(name=theme, title_zh="", title_en="", themes=(theme,))
            events = events_of(basket, tuple(self.reports))
            yield from self._filtered([item for item in events if item.report in chosen], (theme,))

    def _filtered(self, events: Iterable[Event], themes: Sequence[str]) -> Iterator[Event]:
        """Yield what of some events passes the filters: names that nobody asked for are out."""
        request = self.request
        for event in events:
            report = self._by_id.get(event.report)
            if report is None:  # a list of the user's own
                own = not (request.reports or request.brokers)
                if own and (not request.themes or set(themes) & set(request.themes)):
                    yield event
                continue
            if request.reports and report not in self.wanted:
                continue
            said = {
                item.listing
                for theme in themes
                if self._says(report, theme)
                for item in report.recommended(theme)
            }
            members = tuple(member for member in event.members if member.listing in said)
            if members:
                yield replace(event, members=members)

    def _says(self, report: Report, theme: str) -> bool:
        """Tell whether a report's notes on a theme are of a broker and a theme asked for."""
        request = self.request
        notes = [note for note in report.notes if theme in note.themes]
        by_broker = not self.brokers or any(
            broker_called(note.broker) in self.brokers for note in notes
        )
        return by_broker and (not request.themes or _is_of(theme, notes, request.themes))

    def _of_ratings(self) -> Iterator[Event]:
        """Yield an event for each imported rating that passes."""
        found = self._calls()
        calls, least, request = found.calls, self.request.least, self.request
        grades = {word: grade_of(word) for word in dict.fromkeys(calls.rating.tolist())}
        unread = 0
        for at in range(0 if request.reports else len(calls)):
            grade = grades[calls.rating[at]]
            if self.brokers and calls.broker[at] not in self.brokers:
                continue
            if request.themes and calls.industry[at] not in request.themes:
                continue
            if calls.level[at] != RatingLevel.STOCK or calls.listing[at] is None:
                continue
            if least is not None and grade is None:
                unread += 1
            elif least is None or (grade is not None and grade >= least):
                self.of_ratings[calls.id[at]] = calls.broker[at]
                yield _rating_event(calls, at)
        self.remarks += _uncounted(found, unread)

    def _calls(self) -> ImportedCalls:
        """Read the ratings; those that tell of the calls of cards followed here are left out."""
        cards = calls_of_cards(self.reports).calls if self._follows_cards else ()
        rows = self.store.read(TableName.RATINGS)
        if not rows.num_rows:
            raise NotFoundError(
                say("the tables hold no ratings"),
                fix=say("`screener data import FILE --kind ratings` takes a history of them"),
            )
        return calls_of_ratings(rows, industries_of(self.store), cards)

    @property
    def _follows_cards(self) -> bool:
        return bool(self.request.names or self.request.every)

    def _refuse_unknown(self) -> None:
        """Say which filter names nobody; nothing if each names somebody, and none fit together."""
        notes = [note for report in self.reports for note in report.notes]
        known = {
            "--broker": {broker_called(note.broker) for note in notes},
            "--theme": {item for note in notes for item in (*note.themes, note.industry) if item},
        }
        for option, asked in (("--broker", self.request.brokers), ("--theme", self.request.themes)):
            for word in asked if self.request.of_themes else ():
                name = broker_called(word) if option == "--broker" else word
                if name not in known[option]:
                    raise NotFoundError(
                        say("{option} {word}: no card says so", option=option, word=repr(word)),
                        where=near_names(name, sorted(known[option])),
                        fix=say("see `screener report list`"),
                    )


def _is_of(theme: str, notes: Sequence[Note], wanted: Sequence[str]) -> bool:
    return theme in wanted or any(note.industry in wanted for note in notes if note.industry)


def _rating_event(calls: CallTable, at: int) -> Event:
    return Event(
        basket=RATINGS,
        report=str(calls.id[at]),
        published=Publication(value=calls.published[at].item(), precision=Precision.DAY),
        members=(Member(listing=calls.listing[at]),),
        weighting=Weighting.EQUAL,
    )


def _once(events: Iterable[Event]) -> tuple[Event, ...]:
    """Return events without those of a report and names that came before."""
    found: dict[object, Event] = {}
    for event in events:
        names = frozenset(member.listing for member in event.members)
        own = event.basket if not event.report else ""  # two lists of the user's are two events
        found.setdefault((event.report, own, event.published, names), event)
    return tuple(found.values())


def _uncounted(found: ImportedCalls, unread: int) -> Iterator[str]:
    """Tell how many rows of ratings are no events, and why."""
    if found.twice:
        yield say_count(
            "{n} imported rating tells of the same call as another: it is followed once.",
            "{n} imported ratings tell of the same calls as others: each call is followed once.",
            found.twice,
        )
    if found.torn:
        yield say_count(
            "{n} imported rating contradicts another of its broker's on that day: left out.",
            "{n} imported ratings contradict others of their brokers on the same day: left out.",
            found.torn,
        )
    if unread:
        yield say_count(
            "{n} imported rating is in words of no known grade: left out.",
            "{n} imported ratings are in words of no known grade: left out.",
            unread,
        )
