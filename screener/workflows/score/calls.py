"""Calls and definitions, from report cards and from imported rating histories."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from screener.data.lake.schema import TableName
from screener.data.lake.store import Store
from screener.domain.arrays import FlagArray, TextArray
from screener.domain.basket import published_again
from screener.domain.days import SHANGHAI
from screener.domain.listing import Exchange, Listing
from screener.domain.report import DatedDefinition, Moment, Note, Precision, RatingLevel, Report
from screener.errors import DateRangeError
from screener.market.calendars import calendar_of
from screener.paths.known import entry_session, known_at
from screener.reports.authors.brokers import broker_named
from screener.scoring.calls import Call, CallTable
from screener.workflows.score.words import PrintedRating, read_rating

__all__ = [
    "CardCalls",
    "ImportedCalls",
    "broker_called",
    "calls_of_cards",
    "calls_of_ratings",
    "definitions_of",
    "industries_of",
    "rows_of_brokers",
]

_NAMES = re.compile(r"[,，、;；/|\s]+")
_VENDORS = frozenset({"eastmoney", "cninfo"})
"""Sources whose ratings are words of their own, of rows that an older program stored."""
_INSTITUTE = re.compile(r"[-–—·\s]*研究(?:所|院|部|中心)$")
_DAY = timedelta(days=1)
_Columns = dict[str, list[Any]]
_ValueT = TypeVar("_ValueT")


@dataclass(frozen=True, slots=True, kw_only=True)
class CardCalls:
    """Calls of report cards, how many notes were only published again, and cards without a day."""

    calls: tuple[Call, ...]
    repeats: int
    undated: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ImportedCalls:
    """Calls of imported histories, and what was taken together or left out.

    Parameters
    ----------
    calls
        The calls.
    twice
        Rows that tell of the same call as another one.
    torn
        Calls of one broker on one listing and day with different ratings: none is taken.
    """

    calls: CallTable
    twice: int
    torn: int


def definitions_of(reports: Iterable[Report]) -> tuple[DatedDefinition, ...]:
    """Return the rating definitions of cards, each from its card's day on.

    A digest may be younger than its notes: a definition also holds for the notes of its own card.
    """
    return tuple(
        DatedDefinition(
            since=_since(report, definition.broker), card=report.id, definition=definition
        )
        for report in reports
        if report.published.known
        for definition in report.rating_definitions
    )


def calls_of_cards(reports: Sequence[Report]) -> CardCalls:
    """Return the calls of cards: one for each note, or for each security of a stock rating.

    A note whose call another note of these cards made before it (`published_again`) is counted, not
    judged, and nothing is judged of a report of unknown date. Where a note does not say what its
    rating speaks of, it is taken for a rating of its one security, and else of an industry.
    """
    again = published_again(reports)
    return CardCalls(
        calls=tuple(
            call
            for report in reports
            for note in report.notes
            if report.published.known and note.published.known
            if (report.id, note.id) not in again
            for call in _calls(report, note)
        ),
        repeats=len(again),
        undated=tuple(report.id for report in reports if not report.published.known),
    )


def calls_of_ratings(
    rows: pa.Table, industries: dict[str, str], cards: Iterable[Call] = ()
) -> ImportedCalls:
    """Return the calls of table `ratings`.

    Parameters
    ----------
    rows
        Rows of the table.
    industries
        Industry by listing, for rows that print none: the theme they count under.
    cards
        Calls of cards: a row that tells of one of them (broker, listing and day) is that call.

    Returns
    -------
    ImportedCalls
        Brokers and ratings under the names that cards use. Known after the day's close, so that a
        reader acts on the next day's open at the earliest.
    """
    columns = {name: rows.column(name).to_pylist() for name in rows.column_names}
    brokers = _renamed(columns["broker"], broker_called)
    said = _renamed(columns["rating"], read_rating)
    ratings = [item.word for item in said]
    vendor = [
        bool(name) or source in _VENDORS
        for name, source in zip(columns["vendor"], columns["source"], strict=True)
    ]
    told = {(broker_called(call.broker), str(call.listing), call.published) for call in cards}
    kept, torn = _distinct(columns, brokers, ratings, vendor)
    kept = [
        at
        for at in kept
        if (brokers[at], columns["listing"][at], columns["published"][at]) not in told
    ]
    listings = _renamed(columns["listing"], _listing)
    take = [(at, columns["listing"][at]) for at in kept]
    level = [columns["rating_level"][at] or str(RatingLevel.STOCK) for at in kept]
    industry = [columns["industry"][at] or industries.get(text, "") for at, text in take]
    published = np.array([columns["published"][at] for at in kept], dtype="datetime64[D]")
    table = CallTable(
        id=_texts([f"{text} {columns['published'][at]} {brokers[at]}" for at, text in take]),
        source=_texts([columns["source"][at] for at in kept]),
        broker=_texts([brokers[at] for at in kept]),
        published=published,
        act_from=(published + np.timedelta64(1, "D")).astype("datetime64[D]"),
        rating=_texts([ratings[at] for at in kept]),
        level=_texts(level),
        analysts=_texts([_people(columns["analyst"][at]) for at in kept]),
        listing=_texts([listings[at] for at in kept]),
        themes=_texts([(text,) if text else () for text in industry]),
        industry=_texts(industry),
        members=_texts([() for _ in kept]),
        repeated=_repeated(columns, brokers, kept),
        estimated=np.zeros(len(kept), dtype=np.bool_),
        title=_texts([columns["title"][at] for at in kept]),
        printed=_texts([columns["rating"][at] for at in kept]),
        risk=_texts([said[at].risk for at in kept]),
        change=_texts([_change(said[at], columns["initiated"][at]) for at in kept]),
        target_price=np.array(
            [math.nan if (price := columns["target_price"][at]) is None else price for at in kept],
            dtype=np.float64,
        ),
        vendor=np.array([vendor[at] for at in kept], dtype=np.bool_),
    )
    return ImportedCalls(calls=table, twice=rows.num_rows - len(kept) - torn, torn=torn)


def _calls(report: Report, note: Note) -> Iterable[Call]:
    named = [item.listing for theme in note.themes for item in report.recommended(theme)]
    members = tuple(dict.fromkeys(named))
    level = note.rating_level or (RatingLevel.STOCK if len(members) == 1 else RatingLevel.INDUSTRY)
    of_stocks = level is RatingLevel.STOCK and members
    said = read_rating(note.rating)
    for listing in members if of_stocks else (None,):
        yield Call(
            id=note.id if listing is None or len(members) == 1 else f"{note.id} {listing}",
            source=report.id,
            broker=note.broker,
            analysts=tuple(item.name for item in note.analysts),
            published=_day(note.published.moment),
            act_from=_act_from(report, listing),
            rating=said.word,
            level=str(level),
            listing=listing,
            themes=note.themes,
            industry=note.industry,
            members=members if level is RatingLevel.INDUSTRY else (),
            repeated=bool(note.reiterates) or note.rating_change == "maintained",
            estimated=note.published.precision is Precision.ESTIMATED,
            title=note.title or report.title,
            printed=note.rating,
            risk=said.risk,
            change=note.rating_change or said.change,
        )


def _act_from(report: Report, listing: Listing | None) -> date:
    """Return the session on which a reader of the report could act."""
    exchange = Exchange.SH if listing is None else listing.exchange
    moment = known_at(report.published)
    try:
        return entry_session(moment, exchange, calendar_of(exchange))
    except DateRangeError:  # past what the calendar records: nothing is judged there
        return _day(moment) + _DAY


def _since(report: Report, broker: str) -> date:
    notes = [note for note in report.notes if note.broker == broker and note.published.known]
    days = [_day(note.published.moment) for note in notes]
    return min([_day(report.published.moment), *days])


def _day(moment: Moment) -> date:
    return moment.astimezone(SHANGHAI).date() if isinstance(moment, datetime) else moment


def _distinct(
    columns: _Columns, brokers: list[str], ratings: list[str], vendor: list[bool]
) -> tuple[list[int], int]:
    """Return the rows that stand for a call each, and how many contradict each other.

    Vendors tell of the same note, one with its analysts, one with its title: the row that names
    an analyst is taken. Where a row has the broker's own word, those of vendors do not count.
    """
    found: dict[tuple[object, ...], list[int]] = {}
    keys = zip(
        columns["listing"], columns["published"], brokers, columns["rating_level"], strict=True
    )
    for at, key in enumerate(keys):
        found.setdefault(key, []).append(at)
    kept, torn = [], 0
    for every in found.values():
        rows = [at for at in every if not vendor[at]] or every
        if len({ratings[at] for at in rows}) > 1:
            torn += len(rows)
        else:
            kept.append(min(rows, key=lambda at: (not columns["analyst"][at], at)))
    return sorted(kept), torn


def _repeated(columns: _Columns, brokers: list[str], kept: list[int]) -> FlagArray:
    """Tell which calls the broker had made before: as the source says, else as the table shows."""
    first: dict[tuple[str, str], date] = {}
    for broker, listing, day in zip(brokers, columns["listing"], columns["published"], strict=True):
        key = (broker, listing)
        first[key] = min(first.get(key, day), day)
    told = columns["initiated"]
    return np.array(
        [
            not told[at]
            if told[at] is not None
            else columns["published"][at] > first[brokers[at], columns["listing"][at]]
            for at in kept
        ],
        dtype=np.bool_,
    )


def _renamed(texts: Sequence[str], name: Callable[[str], _ValueT]) -> list[_ValueT]:
    known = {text: name(text) for text in dict.fromkeys(texts)}
    return [known[text] for text in texts]


def industries_of(store: Store) -> dict[str, str]:
    """Return the industry of each listing that table `listings` has one of."""
    master = store.read(TableName.LISTINGS, columns=("listing", "industry")).to_pylist()
    return {row["listing"]: row["industry"] for row in master if row["industry"]}


def rows_of_brokers(rows: pa.Table, brokers: Collection[str]) -> pa.Table:
    """Return the rows of table `ratings` of some brokers, by the names under which they count."""
    printed = rows.column("broker").unique().to_pylist()
    own = [text for text in printed if broker_called(text) in brokers]
    return rows.filter(pc.is_in(rows.column("broker"), value_set=pa.array(own, pa.string())))


def broker_called(text: str) -> str:
    """Return the name under which calls of a broker count; the text itself of an unknown one."""
    found = broker_named(text) or broker_named(_INSTITUTE.sub("", text.strip()))
    return found.name if found is not None else text.strip()


def _change(said: PrintedRating, initiated: bool | None) -> str:
    return "initiated" if initiated else said.change


def _listing(text: str) -> Listing:
    code, _, exchange = text.rpartition(".")
    return Listing(code, Exchange(exchange))


def _people(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(part for part in _NAMES.split(text) if part))


def _texts(values: Sequence[object]) -> TextArray:
    column = np.empty(len(values), dtype=np.object_)
    column[:] = values
    return column
