"""Sessions of the mainland exchanges, as Sina records them."""

from __future__ import annotations

from datetime import date
from typing import ClassVar

import pandas as pd

from screener.data.lake.batch import Batch
from screener.data.lake.rows import make_rows
from screener.data.lake.schema import TableName
from screener.data.sources.online.observed import day_in, frames_of, records_of, whole_list
from screener.data.sources.online.transport.fetching import fetch_all
from screener.data.sources.online.transport.protocol import Ask, Call, Need, Query, Wire
from screener.data.sources.online.transport.upstream import endpoint
from screener.domain.listing import Exchange
from screener.errors import InputError, SourceChanged
from screener.language import say

__all__ = ["SinaCalendar"]

_PLACE = endpoint("calendars", "sina")


class SinaCalendar:
    """Sessions of Shanghai, which Shenzhen and Beijing share."""

    name: ClassVar[str] = "sina"
    need: ClassVar[Need] = Need.CALENDAR
    exchanges: ClassVar[frozenset[Exchange]] = frozenset({Exchange.SH, Exchange.SZ, Exchange.BJ})
    hosts: ClassVar[tuple[str, ...]] = _PLACE.hosts

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    def build_query(self, ask: Ask) -> Query:
        """Ask for the whole calendar."""
        return Query(ask=ask, calls=(Call(function=_PLACE.function),))

    def fetch(self, query: Query) -> tuple[pd.DataFrame | str, ...]:
        """Ask; raises as the wire does."""
        return fetch_all(self._wire, query)

    def normalise(self, query: Query, payload: tuple[pd.DataFrame | str, ...]) -> Batch:
        """Turn the calendar into rows of `calendar` for the asked days; half days are not told.

        Raises
        ------
        SourceEmpty, SourceChanged
            If it is empty or truncated, its column is missing, or a day cannot be read.
        """
        (frame,) = frames_of(payload)
        whole_list(_PLACE, frame)
        days = _days(_PLACE.select(frame))
        ask = query.ask
        kept = [day for day in days if ask.start <= day <= ask.end]
        columns = {"exchange": [ask.subject] * len(kept), "session": kept}
        if ask.listing is not None:
            columns["exchange"] = [str(ask.listing.exchange)] * len(kept)
        rows = make_rows(TableName.CALENDAR, columns, source=self.name, fetched_at=ask.fetched_at)
        text = say(
            "the calendar ends on {last}, before {end}: what follows is not known",
            last=days[-1],
            end=ask.end,
        )
        remarks = (text,) if days[-1] < ask.end else ()
        return Batch(tables={TableName.CALENDAR: rows}, remarks=remarks)


def _days(frame: pd.DataFrame) -> list[date]:
    """Return the days once each, ascending."""
    try:
        days = {day_in(row, "session") for row in records_of(frame)}
    except InputError as error:
        raise _unreadable(error.what) from error
    if None in days:
        raise _unreadable(say("a session has no date"))
    return sorted(day for day in days if day is not None)


def _unreadable(what: str) -> SourceChanged:
    return SourceChanged(
        what,
        where=_PLACE.function,
        fix=say("correct {file}, or wait for a new release", file=_PLACE.place),
    )
