"""What the exchanges say of their own listings: who is listed, who left, who was renamed."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import ClassVar

import pandas as pd
import pyarrow as pa

from screener.data.lake.batch import Batch, Reject
from screener.data.lake.rows import make_rows
from screener.data.lake.schema import TableName
from screener.data.sources.files.kinds.masters import printed_name
from screener.data.sources.online.observed import (
    Row,
    day_in,
    day_of,
    folded,
    frames_of,
    readable,
    records_of,
    rejected,
    text_in,
    whole_list,
)
from screener.data.sources.online.transport.fetching import fetch_all
from screener.data.sources.online.transport.protocol import Ask, Call, Need, Query, Wire
from screener.data.sources.online.transport.upstream import Endpoint, endpoint
from screener.domain.listing import Exchange, Listing, parse_listing
from screener.errors import InputError, SourceEmpty
from screener.language import say
from screener.language.terms import named

__all__ = [
    "BseMaster",
    "Roster",
    "SinaRenames",
    "SseDelisted",
    "SseMaster",
    "SzseDelisted",
    "SzseMaster",
    "SzseRenames",
]

_KINDS = frozenset({"stock", "fund"})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Member:
    """One listing as a list shows it; empty where the list does not tell."""

    listing: Listing
    named_on: date
    name: str
    kind: str
    currency: str
    list_date: date | None
    delist_date: date | None
    industry: str
    name_en: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Change:
    """One change of name; `line` is its row in the reply."""

    listing: Listing
    day: date
    before: str
    after: str
    line: int
    row: Row


class Roster:
    """The steps that all lists of an exchange's listings share."""

    name: ClassVar[str]
    need: ClassVar[Need] = Need.MASTER
    exchanges: ClassVar[frozenset[Exchange]]
    hosts: ClassVar[tuple[str, ...]]
    endpoints: ClassVar[tuple[Endpoint, ...]]

    def __init_subclass__(cls) -> None:
        cls.hosts = tuple({host: None for place in cls.endpoints for host in place.hosts})

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    def build_query(self, ask: Ask) -> Query:
        """Turn a question into the calls for each of the lists."""
        calls = (
            Call(function=place.function, arguments=place.extra.get("arguments", {}))
            for place in self.endpoints
        )
        return Query(ask=ask, calls=tuple(calls))

    def fetch(self, query: Query) -> tuple[pd.DataFrame | str, ...]:
        """Ask for each list; raises as the wire does."""
        return fetch_all(self._wire, query)

    def rows(self, place: Endpoint, frame: pd.DataFrame) -> list[Row]:
        """Return the rows of a list: `code`, `name` and what else of `listings` it tells."""
        return records_of(place.select(frame))

    def normalise(self, query: Query, payload: tuple[pd.DataFrame | str, ...]) -> Batch:
        """Turn the lists into `listings` and `names`.

        A name is dated with the day of the ask, the first day known to bear it; the name of a
        listing that left, with the day on which it left. Industry and English name are empty
        where the list has none: they must not wipe out what is stored.

        Raises
        ------
        SourceEmpty, SourceChanged
            If a list is empty or cut off, or a column is missing.
        """
        rows: list[Row] = []
        for place, frame in zip(self.endpoints, frames_of(payload), strict=True):
            whole_list(place, frame)
            rows.extend(self.rows(place, frame))
        members, rejects = self._members(rows, day_of(query.ask))
        readable(self.endpoints[0], rows, rejects)
        return Batch(
            tables=_tables(members, source=self.name, ask=query.ask),
            rejects=tuple(rejects),
            remarks=tuple(_remarks(members, self.endpoints)),
        )

    def _members(self, rows: Iterable[Row], seen_on: date) -> tuple[list[_Member], list[Reject]]:
        """Return each listing once, and the rows that cannot be read or come again."""
        (exchange,) = self.exchanges
        file = f"{self.name} {exchange} {self.need}"
        members: dict[Listing, _Member] = {}
        rejects: list[Reject] = []
        for line, row in enumerate(rows, start=1):
            try:
                left = self.need is Need.DELISTED
                member = _member(row, exchange, seen_on, left=left, known=members)
            except InputError as error:
                rejects.append(rejected(TableName.LISTINGS, file, line, row, error.what))
            else:
                members[member.listing] = member
        return list(members.values()), rejects


class SseMaster(Roster):
    """Shanghai: main board and STAR."""

    name = "sse"
    exchanges = frozenset({Exchange.SH})
    endpoints = (endpoint("exchanges", "sse_main"), endpoint("exchanges", "sse_star"))


class SzseMaster(Roster):
    """Shenzhen: A shares of the main board and ChiNext."""

    name = "szse"
    exchanges = frozenset({Exchange.SZ})
    endpoints = (endpoint("exchanges", "szse"),)

    def rows(self, place: Endpoint, frame: pd.DataFrame) -> list[Row]:
        """Return the rows, industries without the letter of their class."""
        letter = place.extra["industry_letter"]
        return [
            {**row, "industry": re.sub(letter, "", text_in(row, "industry"))}
            for row in super().rows(place, frame)
        ]


class BseMaster(Roster):
    """Beijing."""

    name = "bse"
    exchanges = frozenset({Exchange.BJ})
    endpoints = (endpoint("exchanges", "bse"),)


class SseDelisted(Roster):
    """Shanghai listings that are no more."""

    name = "sse"
    need = Need.DELISTED
    exchanges = frozenset({Exchange.SH})
    endpoints = (endpoint("exchanges", "sse_delisted"),)


class SzseDelisted(Roster):
    """Shenzhen listings that are no more."""

    name = "szse"
    need = Need.DELISTED
    exchanges = frozenset({Exchange.SZ})
    endpoints = (endpoint("exchanges", "szse_delisted"),)


class SzseRenames(Roster):
    """Shenzhen's dated changes of short names."""

    name = "szse"
    need = Need.RENAMES
    exchanges = frozenset({Exchange.SZ})
    endpoints = (endpoint("exchanges", "szse_renames"),)

    def normalise(self, query: Query, payload: tuple[pd.DataFrame | str, ...]) -> Batch:
        """Turn changes of name into `names`: each name from the day it was taken.

        The name before the first change is left out and counted, as nothing here tells since when
        it was borne; so is one that no change tells of having been taken. All changes are kept,
        also those before the asked days: they name what was in force when those began.

        Raises
        ------
        SourceEmpty, SourceChanged
            If there are no changes, or a column is missing.
        """
        (place,) = self.endpoints
        (frame,) = frames_of(payload)
        whole_list(place, frame)
        file = f"{self.name} {Exchange.SZ} {self.need}"
        changes, rejects = _changes(self.rows(place, frame), query.ask.listing, file)
        readable(place, frame, rejects)
        dated: list[_Change] = []
        undated = 0
        for _, own in groupby(changes, key=lambda change: change.listing):
            kept, lost, passed = _sequence(own)
            dated += kept
            undated += lost
            rejects += [_passed(change, file) for change in passed]
        text = say(
            "{n} former names are left out: nothing tells since when they were borne", n=undated
        )
        return Batch(
            tables={TableName.NAMES: _dated_names(dated, self.name, query.ask)},
            rejects=tuple(rejects),
            remarks=(text,) if undated else (),
        )


class SinaRenames:
    """Former names of one listing, in order but without dates: none of them can be stored."""

    name: ClassVar[str] = "sina"
    need: ClassVar[Need] = Need.RENAMES
    exchanges: ClassVar[frozenset[Exchange]] = frozenset({Exchange.SH, Exchange.BJ})
    hosts: ClassVar[tuple[str, ...]] = endpoint("exchanges", "sina_renames").hosts

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    def build_query(self, ask: Ask) -> Query:
        """Ask for the former names of the listing; `SourceEmpty` if the ask names none."""
        if ask.listing is None:
            raise SourceEmpty(
                say("it tells former names of one listing at a time"), where=ask.subject
            )
        place = endpoint("exchanges", "sina_renames")
        call = Call(function=place.function, arguments={"symbol": ask.listing.code})
        return Query(ask=ask, calls=(call,))

    def fetch(self, query: Query) -> tuple[pd.DataFrame | str, ...]:
        """Ask; most listings were never renamed, so an empty answer is one."""
        return fetch_all(self._wire, query, due=False)

    def normalise(self, query: Query, payload: tuple[pd.DataFrame | str, ...]) -> Batch:
        """Reject each former name: it has no date.

        Raises
        ------
        SourceChanged
            If the names are not where they were.
        """
        (frame,) = frames_of(payload)
        if frame.empty:
            return Batch(tables={})
        subject = query.ask.subject
        file, reason = f"{self.name} {subject}", say("former name without a date")
        rows = records_of(endpoint("exchanges", "sina_renames").select(frame))
        rejects = [
            rejected(TableName.NAMES, file, line, row, reason, listing=subject)
            for line, row in enumerate(rows, start=1)
        ]
        return Batch(tables={}, rejects=tuple(rejects))


def _member(
    row: Row, exchange: Exchange, seen_on: date, *, left: bool, known: Collection[Listing]
) -> _Member:
    listing = parse_listing(f"{text_in(row, 'code')}.{exchange}", parameter=named("code"))
    if listing in known:
        raise InputError(say("{listing} comes twice", listing=listing))
    kind, gone = text_in(row, "kind") or "stock", day_in(row, "delist_date")
    if kind not in _KINDS:
        raise InputError(say("its type {kind!r} is no stock or fund", kind=kind))
    if left and gone is None:
        raise InputError(say("it left, and nothing tells when"))
    return _Member(
        listing=listing,
        named_on=gone or seen_on,
        name=printed_name(text_in(row, "name")),
        kind=kind,
        currency=text_in(row, "currency") or str(listing.currency),
        list_date=day_in(row, "list_date"),
        delist_date=gone,
        industry=text_in(row, "industry"),
        name_en=text_in(row, "name_en"),
    )


def _tables(members: Sequence[_Member], *, source: str, ask: Ask) -> dict[TableName, pa.Table]:
    named = [member for member in members if member.name]
    listings = {
        "listing": [item.listing.id for item in members],
        "kind": [item.kind for item in members],
        "board": [str(item.listing.board) for item in members],
        "currency": [item.currency for item in members],
        "list_date": [item.list_date for item in members],
        "delist_date": [item.delist_date for item in members],
        "industry": [item.industry or None for item in members],
        "name_en": [item.name_en or None for item in members],
    }
    names = {
        "listing": [item.listing.id for item in named],
        "valid_from": [item.named_on for item in named],
        "name": [item.name for item in named],
    }
    at = ask.fetched_at
    return {
        TableName.LISTINGS: make_rows(TableName.LISTINGS, listings, source=source, fetched_at=at),
        TableName.NAMES: make_rows(TableName.NAMES, names, source=source, fetched_at=at),
    }


def _remarks(members: Sequence[_Member], endpoints: Iterable[Endpoint]) -> Iterator[str]:
    unnamed = sum(not member.name for member in members)
    if unnamed:
        yield say("{n} listings have no name", n=unnamed)
    undated = sum(member.list_date is None for member in members)
    if undated and any("list_date" in place.columns for place in endpoints):
        yield say("{n} listings have no first trading day", n=undated)


def _changes(
    rows: Iterable[Row], only: Listing | None, file: str
) -> tuple[list[_Change], list[Reject]]:
    """Read changes of name, sorted by listing and day."""
    changes: list[_Change] = []
    rejects: list[Reject] = []
    for line, row in enumerate(rows, start=1):
        try:
            change = _change(row, line)
        except InputError as error:
            rejects.append(rejected(TableName.NAMES, file, line, row, error.what))
        else:
            if only is None or change.listing == only:
                changes.append(change)
    return sorted(changes, key=lambda change: (change.listing, change.day)), rejects


def _change(row: Row, line: int) -> _Change:
    listing = parse_listing(f"{text_in(row, 'code')}.{Exchange.SZ}", parameter=named("code"))
    day, after = day_in(row, "day"), printed_name(text_in(row, "after"))
    if day is None or not after:
        raise InputError(say("a change of name needs its day and the new name"))
    before = printed_name(text_in(row, "before"))
    return _Change(listing=listing, day=day, before=before, after=after, line=line, row=row)


def _sequence(changes: Iterable[_Change]) -> tuple[list[_Change], int, list[_Change]]:
    """Return one listing's names by day, how many former ones have no day, and the passing ones."""
    dated: list[_Change] = []
    passing: list[_Change] = []
    undated = 0
    in_force = ""
    for _, same_day in groupby(changes, key=lambda change: change.day):
        first, last, others = _one_day(list(same_day))
        known = {"", in_force, folded(last.after)}
        undated += folded(first.before) not in known
        dated.append(last)
        passing += others
        in_force = folded(last.after)
    return dated, undated, passing


def _one_day(changes: list[_Change]) -> tuple[_Change, _Change, list[_Change]]:
    """Return the first and the last change of a day, and all but the last."""
    left = {folded(change.before) for change in changes}
    taken = {folded(change.after) for change in changes}
    first = next((item for item in changes if folded(item.before) not in taken), changes[0])
    last = next((item for item in changes if folded(item.after) not in left), changes[-1])
    return first, last, [change for change in changes if change is not last]


def _passed(change: _Change, file: str) -> Reject:
    reason, listing = say("another change of name on the same day"), change.listing.id
    return rejected(TableName.NAMES, file, change.line, change.row, reason, listing=listing)


def _dated_names(changes: Sequence[_Change], source: str, ask: Ask) -> pa.Table:
    columns = {
        "listing": [change.listing.id for change in changes],
        "valid_from": [change.day for change in changes],
        "name": [change.after for change in changes],
    }
    return make_rows(TableName.NAMES, columns, source=source, fetched_at=ask.fetched_at)
