"""Who is suspended: the whole mainland market, one reply a day."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import ClassVar

import pandas as pd
import pyarrow as pa

from screener.data.lake.batch import Batch, Reject
from screener.data.lake.rows import make_rows
from screener.data.lake.schema import TableName
from screener.data.sources.online.observed import (
    Row,
    day_in,
    frames_of,
    readable,
    records_of,
    rejected,
    text_in,
)
from screener.data.sources.online.transport.fetching import fetch_all
from screener.data.sources.online.transport.protocol import Ask, Call, Need, Query, Wire
from screener.data.sources.online.transport.upstream import endpoint
from screener.domain.listing import Exchange, Kind, Listing, parse_listing
from screener.errors import AmbiguousMention, InputError, SourceEmpty
from screener.language import say
from screener.language.terms import named
from screener.market.calendars import calendar_of

__all__ = ["EastmoneySuspensions"]

_PLACE = endpoint("suspensions", "eastmoney")
_WHOLE = re.compile(_PLACE.extra["whole"])
_WITHIN = re.compile(_PLACE.extra["within"])


@dataclass(frozen=True, slots=True, kw_only=True)
class _Halt:
    """One listed halt: its days, and whether it lasts whole sessions."""

    listing: Listing
    first: date
    last: date
    whole: bool


class EastmoneySuspensions:
    """Suspensions of all mainland listings that are listed for the asked days.

    The rule: a halt whose term is of hours or half a day (盘中停牌, 停牌半天, 停牌1小时) is no
    suspension of the session, since the listing traded that day. Any other suspends every session
    from its first day to its last; to the asked day where the last is not known yet; and none
    from the day on which trading is to resume. A term that is not known is rejected, not guessed.
    """

    name: ClassVar[str] = "eastmoney"
    need: ClassVar[Need] = Need.SUSPENSIONS
    exchanges: ClassVar[frozenset[Exchange]] = frozenset({Exchange.SH, Exchange.SZ, Exchange.BJ})
    hosts: ClassVar[tuple[str, ...]] = _PLACE.hosts

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    def build_query(self, ask: Ask) -> Query:
        """Ask once for each session of the asked days."""
        calls = tuple(
            Call(function=_PLACE.function, arguments={"date": f"{day:%Y%m%d}"})
            for day in _asked_days(ask)
        )
        return Query(ask=ask, calls=calls)

    def fetch(self, query: Query) -> tuple[pd.DataFrame | str, ...]:
        """Ask for each day; on some of them nobody may be suspended.

        Raises
        ------
        SourceEmpty
            If nobody is suspended on any of them.
        SourceError
            As the wire raises.
        """
        parts = [self._one(Query(ask=query.ask, calls=(call,))) for call in query.calls]
        payload = tuple(frame for part in parts for frame in part)
        if payload and all(frame.empty for frame in frames_of(payload)):
            raise SourceEmpty(say("nobody is suspended on the asked days"), where=_PLACE.function)
        return payload

    def _one(self, query: Query) -> tuple[pd.DataFrame | str, ...]:
        try:
            return fetch_all(self._wire, query, due=False)
        except SourceEmpty:
            return (pd.DataFrame(),)

    def normalise(self, query: Query, payload: tuple[pd.DataFrame | str, ...]) -> Batch:
        """Turn the lists into rows of `status`, one for each suspended session asked for.

        Raises
        ------
        SourceChanged
            If a column is missing.
        """
        ask = query.ask
        halts: set[_Halt] = set()
        rejects: dict[tuple[str, int], Reject] = {}
        for day, frame in zip(_asked_days(ask), frames_of(payload), strict=True):
            for item in _halts(frame, day, self.name):
                if isinstance(item, Reject):
                    rejects[item.file, item.line] = item
                elif ask.listing in (None, item.listing):
                    halts.add(item)
        readable(_PLACE, [*halts, *rejects.values()], tuple(rejects.values()))
        within = sum(not halt.whole for halt in halts)
        text = say("{n} halts within a session are no suspension of it", n=within)
        return Batch(
            tables={TableName.STATUS: _status(halts, ask, self.name)},
            rejects=tuple(rejects.values()),
            remarks=(text,) if within else (),
        )


def _asked_days(ask: Ask) -> list[date]:
    days: list[date] = calendar_of(Exchange.SH).between(ask.start, ask.end).tolist()
    return days


def _halts(frame: pd.DataFrame, asked: date, source: str) -> Iterator[_Halt | Reject]:
    """Yield the halts of one day's list, and the rows that cannot be read."""
    if frame.empty:
        return
    day = int(asked.strftime("%Y%m%d"))
    for row in records_of(_PLACE.select(frame)):
        try:
            yield _halt(row, asked)
        except (InputError, AmbiguousMention) as error:
            file = f"{source} {text_in(row, 'code')}"
            yield rejected(TableName.STATUS, file, day, row, error.what, session=asked)


def _halt(row: Row, asked: date) -> _Halt:
    listing = parse_listing(text_in(row, "code"), parameter=named("code"), kind=Kind.SECURITY)
    if not listing.exchange.mainland:
        raise InputError(say("{listing} is not a mainland listing", listing=listing))
    term, first = text_in(row, "term"), day_in(row, "first")
    whole, within = _WHOLE.fullmatch(term), _WITHIN.fullmatch(term)
    if first is None or not (whole or within):
        raise InputError(
            say(
                "halt of {listing}: first day {first}, term {term!r} is not understood",
                listing=listing,
                first=first,
                term=term,
            )
        )
    last, resume = day_in(row, "last") or max(first, asked), day_in(row, "resume")
    if last < first:
        raise InputError(
            say(
                "halt of {listing} ends on {last}, before it starts on {first}",
                listing=listing,
                last=last,
                first=first,
            )
        )
    if resume is not None and resume > first:
        last = min(last, resume - timedelta(days=1))
    return _Halt(listing=listing, first=first, last=last, whole=within is None)


def _status(halts: set[_Halt], ask: Ask, source: str) -> pa.Table:
    suspended = {
        (session, halt.listing)
        for halt in halts
        if halt.whole
        for session in calendar_of(halt.listing.exchange)
        .between(max(halt.first, ask.start), min(halt.last, ask.end))
        .tolist()
    }
    rows = sorted(suspended)
    columns = {
        "listing": [listing.id for _, listing in rows],
        "session": [session for session, _ in rows],
        "suspended": [True] * len(rows),
    }
    return make_rows(TableName.STATUS, columns, source=source, fetched_at=ask.fetched_at)
