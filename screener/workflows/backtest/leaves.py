"""When names are to be sold for what was published later: dropped by a report, or rated lower.

A name is dropped by the first later report of its basket that no longer names it. It is cut by
the first later rating of a broker of its own report (any broker, for a list of the user's own)
that is printed as lowered, or is of a lower grade than the broker's rating of the name before it.
Either counts from the first session whose order cut-off comes after it was known, and only if
that session comes after the entry.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property

from screener.data.lake.schema import TableName
from screener.data.lake.store import Store
from screener.domain.basket import Basket, Event, Leaves, events_of
from screener.domain.exits import ExitKind, ExitRules
from screener.domain.listing import Exchange, Listing
from screener.domain.report import RatingLevel, Report
from screener.errors import DateRangeError
from screener.market.calendars import calendar_of
from screener.paths.known import entry_choices, entry_session, instant_of, known_at
from screener.scoring.calls import CallTable
from screener.workflows.report.catalog import list_baskets, list_reports
from screener.workflows.score.calls import (
    broker_called,
    calls_of_cards,
    calls_of_ratings,
    industries_of,
)
from screener.workflows.score.words import grade_of
from screener.workspace.locate import Workspace

__all__ = ["with_leaves"]

_Chains = Mapping[str, Sequence[Event]]
"""All events of each basket, the earlier known first."""

_Cuts = Mapping[Listing, Sequence[tuple[date, str]]]
"""Days from which a rating is known to be lower, each with its broker, by listing."""


def with_leaves(
    place: Workspace,
    store: Store,
    events: Sequence[Event],
    rules: ExitRules,
    brokers: Mapping[str, str] | None = None,
) -> tuple[Event, ...]:
    """Return events whose members know when they are to be sold by the rules that have dates.

    Parameters
    ----------
    place
        Whose cards and baskets tell what came later, whichever of them are run.
    store
        The lake, whose table `ratings` is read for cuts.
    events
        The events.
    rules
        Rules of exits; without one that has dates the events are returned as they are.
    brokers
        Broker of events that come from no card, by their `report`.
    """
    if not rules.dated:
        return tuple(events)
    reports = list_reports(place)
    chains = _chains(place, reports, {event.basket for event in events})
    finder = _Finder(store, rules, chains, reports, brokers or {})
    return tuple(finder.dated(event) for event in events)


def _chains(place: Workspace, reports: Sequence[Report], names: set[str]) -> _Chains:
    """Return all events of each basket, by time; one that has no file is named after its theme."""
    baskets = {basket.name: basket for basket in list_baskets(place)}
    themes = {name: Basket(name=name, title_zh="", title_en="", themes=(name,)) for name in names}
    return {
        name: sorted(
            events_of(baskets.get(name, themes[name]), tuple(reports)),
            key=lambda item: (instant_of(known_at(item.published)), item.report),
        )
        for name in names
    }


@dataclass(slots=True)
class _Said:
    """One rating of a listing by a broker."""

    day: date
    act_from: date
    broker: str
    grade: int | None
    lowered: bool


class _Finder:
    def __init__(
        self,
        store: Store,
        rules: ExitRules,
        chains: _Chains,
        reports: Sequence[Report],
        brokers: Mapping[str, str],
    ) -> None:
        self.store, self.rules, self.brokers, self.chains = store, rules, brokers, chains
        self.reports = {report.id: report for report in reports}

    def dated(self, event: Event) -> Event:
        """Return an event with the exits of its members."""
        try:
            entries = dict(
                entry_choices(
                    event.published, [m.listing.exchange for m in event.members], calendar_of
                )[0]
            )
        except DateRangeError:  # it is left out where its entry is asked for
            return event
        drops = self._drops(event) if self.rules.next_report else {}
        cuts = self._cuts_of(event) if self.rules.rating_cut else {}
        members = []
        for member in event.members:
            entry = entries[member.listing.exchange]
            found: list[tuple[date, ExitKind]] = []
            for kind, days in ((ExitKind.RATING_CUT, cuts), (ExitKind.NEXT_REPORT, drops)):
                later = [day for day in days.get(member.listing, ()) if day > entry]
                found += [(min(later), kind)] if later else []
            leaves: Leaves = tuple(found)
            members.append(replace(member, leaves=leaves) if leaves else member)
        return replace(event, members=tuple(members))

    def _drops(self, event: Event) -> dict[Listing, list[date]]:
        """Return the sessions at which later events of the basket do not name a listing."""
        known = instant_of(known_at(event.published))
        found: dict[Listing, list[date]] = defaultdict(list)
        for later in self.chains.get(event.basket, ()):
            if instant_of(known_at(later.published)) <= known:
                continue
            kept = {member.listing for member in later.members}
            for member in event.members:
                if member.listing not in kept:
                    day = _acted(later, member.listing.exchange)
                    found[member.listing] += [day] if day else []
        return found

    def _cuts_of(self, event: Event) -> dict[Listing, list[date]]:
        own = self._brokers_of(event)
        return {
            member.listing: [
                day
                for day, broker in self._cuts.get(member.listing, ())
                if own is None or broker in own
            ]
            for member in event.members
        }

    def _brokers_of(self, event: Event) -> frozenset[str] | None:
        """Return the brokers whose cut counts; `None` for all of them."""
        if event.report in self.brokers:
            return frozenset({self.brokers[event.report]})
        report = self.reports.get(event.report)
        if report is None:
            return None
        named = {member.listing for member in event.members}
        return frozenset(
            broker_called(note.broker)
            for note in report.notes
            if any(
                item.listing in named for theme in note.themes for item in report.recommended(theme)
            )
        )

    @cached_property
    def _cuts(self) -> _Cuts:
        """Return every cut of a stock's rating that cards and imported ratings tell of."""
        cards = calls_of_cards(tuple(self.reports.values())).calls
        rows = self.store.read(TableName.RATINGS)
        imported = calls_of_ratings(rows, industries_of(self.store), cards).calls
        calls = CallTable.joined([CallTable.of(cards), imported]).by_date()
        return _cut(_said(calls))


def _said(calls: CallTable) -> dict[Listing, list[_Said]]:
    grades = {word: grade_of(word) for word in dict.fromkeys(calls.rating.tolist())}
    found: dict[Listing, list[_Said]] = defaultdict(list)
    for at, listing in enumerate(calls.listing.tolist()):
        if listing is not None and calls.level[at] == RatingLevel.STOCK:
            said = _Said(
                day=calls.published[at].item(),
                act_from=calls.act_from[at].item(),
                broker=broker_called(str(calls.broker[at])),
                grade=grades[calls.rating[at]],
                lowered=calls.change[at] == "lowered",
            )
            found[listing].append(said)
    return found


def _cut(said: Mapping[Listing, Sequence[_Said]]) -> _Cuts:
    found: dict[Listing, list[tuple[date, str]]] = {}
    for listing, some in said.items():
        last: dict[str, int] = {}
        calendar = calendar_of(listing.exchange)
        for one in sorted(some, key=lambda item: (item.day, item.broker)):
            before = last.get(one.broker)
            lower = one.grade is not None and before is not None and one.grade < before
            if (lower or one.lowered) and one.act_from <= calendar.last:
                day = calendar.on_or_after(one.act_from)
                found.setdefault(listing, []).append((day, one.broker))
            if one.grade is not None:
                last[one.broker] = one.grade
    return found


def _acted(event: Event, exchange: Exchange) -> date | None:
    """Return the session of an exchange on which an event can first be acted on, if recorded."""
    try:
        return entry_session(known_at(event.published), exchange, calendar_of(exchange))
    except DateRangeError:
        return None
