"""Ratings by brokers: Eastmoney's reports on one share, cninfo's ratings of one day."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta
from typing import ClassVar

import numpy as np
import pandas as pd
import pyarrow as pa

from screener.data.lake.batch import Batch, Reject
from screener.data.lake.rows import Values, make_rows
from screener.data.lake.schema import TableName
from screener.data.sources.files.kinds.ratings import first_rating
from screener.data.sources.files.rows import clean_text
from screener.data.sources.online.action_rows import (
    ListingSource,
    exchanges_in,
    number_in,
    read_rows,
)
from screener.data.sources.online.bar_rows import asked_listing
from screener.data.sources.online.observed import (
    Row,
    day_in,
    frames_of,
    readable,
    rejected,
    text_in,
)
from screener.data.sources.online.transport.fetching import fetch_all
from screener.data.sources.online.transport.protocol import Ask, Call, Need, Query, Wire
from screener.data.sources.online.transport.upstream import Endpoint, endpoint
from screener.domain.listing import Exchange, Kind, Listing, parse_listing
from screener.errors import AmbiguousMention, InputError, SourceEmpty
from screener.language import say
from screener.language.terms import named

__all__ = ["CninfoRatings", "EastmoneyRatings"]

_BY_DAY = endpoint("ratings", "cninfo")
_BY_REPORT = endpoint("ratings", "eastmoney")
_ONE_DAY = timedelta(days=1)
_Facts = dict[str, object]
_KEY = ("listing", "published", "broker", "analyst", "title")


class EastmoneyRatings(ListingSource):
    """Reports on one A-share, with the rating that Eastmoney sorts each into."""

    name: ClassVar[str] = "eastmoney"
    need: ClassVar[Need] = Need.RATINGS
    upstream = _BY_REPORT
    exchanges = exchanges_in(upstream)
    hosts = upstream.hosts
    due: ClassVar[bool] = False

    def normalise(self, query: Query, payload: tuple[pd.DataFrame | str, ...]) -> Batch:
        """Turn the reports of the asked days into rows of tables `ratings` and `estimates`.

        A report without a rating is counted, not stored. Earnings per share are read of reports
        of the year of the fetch alone, as the others do not tell of which years they speak.

        Raises
        ------
        SourceChanged
            If a column is missing, or most rows cannot be read.
        """
        listing = asked_listing(query.ask)
        (frame,) = frames_of(payload)
        rows = read_rows(self.upstream, frame)
        batch = _batch(self.upstream, rows, query.ask, self.name, listing)
        found = _estimates(frame, rows, self.upstream.extra["estimates"], query.ask, listing)
        names = ("fiscal_year", "broker", "known_at")
        columns: dict[str, Values] = {
            name: [key[at] for key in found] for at, name in enumerate(names)
        }
        columns |= {"listing": [listing.id] * len(found), "eps": list(found.values())}
        columns["currency"] = [str(listing.currency)] * len(found)
        table = make_rows(
            TableName.ESTIMATES, columns, source=self.name, fetched_at=query.ask.fetched_at
        )
        return replace(batch, tables={**batch.tables, TableName.ESTIMATES: table})


class CninfoRatings:
    """Ratings of the whole mainland market, asked for day by day, weekends as well."""

    name: ClassVar[str] = "cninfo"
    need: ClassVar[Need] = Need.MARKET_RATINGS
    exchanges: ClassVar[frozenset[Exchange]] = frozenset({Exchange.SH, Exchange.SZ, Exchange.BJ})
    hosts: ClassVar[tuple[str, ...]] = _BY_DAY.hosts

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    def build_query(self, ask: Ask) -> Query:
        """Ask once for each day: brokers publish on weekends too."""
        n_days = (ask.end - ask.start).days + 1
        days = (ask.start + at * _ONE_DAY for at in range(n_days))
        calls = (
            Call(function=_BY_DAY.function, arguments={"date": f"{day:%Y%m%d}"}) for day in days
        )
        return Query(ask=ask, calls=tuple(calls))

    def fetch(self, query: Query) -> tuple[pd.DataFrame | str, ...]:
        """Ask for each day; many have no rating.

        Raises
        ------
        SourceEmpty
            If none of them has any.
        SourceError
            As the wire raises.
        """
        payload: list[pd.DataFrame | str] = []
        for call in query.calls:
            try:
                payload += fetch_all(self._wire, Query(ask=query.ask, calls=(call,)), due=False)
            except SourceEmpty:
                payload.append(pd.DataFrame())
        if all(frame.empty for frame in frames_of(payload)):
            raise SourceEmpty(say("nobody was rated on the asked days"), where=_BY_DAY.function)
        return tuple(payload)

    def normalise(self, query: Query, payload: tuple[pd.DataFrame | str, ...]) -> Batch:
        """Turn the days' lists into rows of table `ratings`.

        Raises
        ------
        SourceChanged
            If a column is missing, or most rows cannot be read.
        """
        rows = [
            row
            for frame in frames_of(payload)
            if not frame.empty
            for row in read_rows(_BY_DAY, frame)
        ]
        return _batch(_BY_DAY, rows, query.ask, self.name, None)


def _estimates(
    frame: pd.DataFrame, rows: list[Row], pattern: str, ask: Ask, listing: Listing
) -> dict[tuple[int, str, date], float]:
    """Return earnings per share by fiscal year, broker and day, the first of equal keys."""
    years = {int(told[1]): str(name) for name in frame if (told := re.match(pattern, str(name)))}
    found: dict[tuple[int, str, date], float] = {}
    for at, row in enumerate(rows):
        try:
            facts = _facts_of_report(row, listing)
        except (InputError, AmbiguousMention):  # it is rejected as a rating
            continue
        day = facts[1]
        if not ask.start <= day <= ask.end or day.year != min(years, default=None):
            continue
        for year, name in years.items():
            eps = pd.to_numeric(frame[name].iloc[at], errors="coerce")
            if np.isfinite(eps) and eps != 0:
                found.setdefault((year, facts[0], day), float(eps))
    return dict(sorted(found.items()))


def _facts_of_report(row: Row, listing: Listing) -> tuple[str, date]:
    """Return the broker and the day of a report on a listing; raises `InputError` if it is none."""
    facts = _facts(_BY_REPORT, row, listing)
    broker, day = facts["broker"], facts["published"]
    if not isinstance(broker, str) or not isinstance(day, date):
        raise TypeError("a report's facts are its broker and its day")
    return broker, day


def _batch(place: Endpoint, rows: list[Row], ask: Ask, source: str, asked: Listing | None) -> Batch:
    found: dict[tuple[object, ...], _Facts] = {}
    rejects: list[Reject] = []
    unrated = again = 0
    for line, row in enumerate(rows, start=1):
        try:
            facts = _facts(place, row, asked)
        except (InputError, AmbiguousMention) as error:
            file = f"{source} {asked.id if asked else text_in(row, 'code')}"
            rejects.append(rejected(TableName.RATINGS, file, line, row, error.what))
            continue
        day = facts["published"]
        if not isinstance(day, date) or not ask.start <= day <= ask.end:
            continue
        if not facts["rating"]:
            unrated += 1
            continue
        key = tuple(facts[name] for name in _KEY)
        again += key in found
        found.setdefault(key, facts)
    readable(place, rows, rejects)
    told = (
        (unrated, say("reports without a rating, left out: {n}", n=unrated)),
        (again, say("reports told twice, taken once: {n}", n=again)),
    )
    return Batch(
        tables={TableName.RATINGS: _table(found.values(), source, ask)},
        rejects=tuple(rejects),
        remarks=tuple(text for count, text in told if count),
    )


def _facts(place: Endpoint, row: Row, asked: Listing | None) -> _Facts:
    listing = parse_listing(text_in(row, "code"), parameter=named("code"), kind=Kind.SECURITY)
    if asked is not None and listing != asked:
        raise InputError(
            say("a report on {listing} among those on {asked}", listing=listing, asked=asked)
        )
    if not listing.exchange.mainland:
        raise InputError(say("{listing} is not a mainland listing", listing=listing))
    published, broker = day_in(row, "published"), clean_text(text_in(row, "broker"))
    if published is None or not broker:
        raise InputError(
            say("a rating of {listing} without its day or its broker", listing=listing)
        )
    return {
        "listing": listing.id,
        "published": published,
        "broker": broker,
        "analyst": clean_text(text_in(row, "analyst")),
        "title": clean_text(text_in(row, "title")),
        "rating": clean_text(text_in(row, "rating")),
        "rating_level": "stock",
        "target_price": _target(place, row),
        "initiated": first_rating(text_in(row, "initiated")),
        "industry": clean_text(text_in(row, "industry")) or None,
    }


def _target(place: Endpoint, row: Row) -> float | None:
    """Return the low end of the target price; zero stands for none."""
    price = number_in(place, row, "target_price")
    if price is not None and price < 0:
        raise InputError(say("target price {price:g} is negative", price=price))
    return price or None


def _table(rows: Iterable[_Facts], source: str, ask: Ask) -> pa.Table:
    ordered = sorted(rows, key=lambda facts: [str(facts[name]) for name in _KEY])
    names = (*_KEY, "rating", "rating_level", "target_price", "initiated", "industry")
    columns: dict[str, Values] = {name: [facts[name] for facts in ordered] for name in names}
    columns["vendor"] = [source] * len(ordered)
    return make_rows(TableName.RATINGS, columns, source=source, fetched_at=ask.fetched_at)
