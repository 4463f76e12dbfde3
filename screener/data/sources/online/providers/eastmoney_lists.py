"""Eastmoney: every listing of a market after its session, and who is eligible southbound."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from screener.data.lake.batch import Batch
from screener.data.lake.rows import make_rows
from screener.data.lake.schema import SOUTHBOUND, TableName
from screener.data.sources.online.action_rows import exchanges_in, read_rows
from screener.data.sources.online.list_rows import SessionList
from screener.data.sources.online.observed import day_of, frames_of, text_in, whole_list
from screener.data.sources.online.transport.fetching import fetch_all
from screener.data.sources.online.transport.protocol import Ask, Call, Need, Query, Wire
from screener.data.sources.online.transport.upstream import endpoint
from screener.domain.listing import Exchange, parse_listing_on
from screener.errors import InputError, SourceChanged
from screener.language import say

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["EastmoneyEligibility", "EastmoneyHkSessionList", "EastmoneySessionList"]


class EastmoneySessionList(SessionList):
    """A-shares: bars, market value and price to book."""

    name: ClassVar[str] = "eastmoney"
    upstream = endpoint("eastmoney_lists", "session_list")
    exchanges: ClassVar[frozenset[Exchange]] = exchanges_in(upstream)
    hosts: ClassVar[tuple[str, ...]] = upstream.hosts


class EastmoneyHkSessionList(SessionList):
    """Hong Kong securities: bars alone."""

    name: ClassVar[str] = "eastmoney"
    upstream = endpoint("eastmoney_lists", "hk_session_list")
    exchanges: ClassVar[frozenset[Exchange]] = exchanges_in(upstream)
    hosts: ClassVar[tuple[str, ...]] = upstream.hosts


class EastmoneyEligibility:
    """Hong Kong securities that mainland investors may buy today: the list tells no other day."""

    name: ClassVar[str] = "eastmoney"
    need: ClassVar[Need] = Need.ELIGIBILITY
    upstream = endpoint("eastmoney_lists", "eligibility")
    exchanges: ClassVar[frozenset[Exchange]] = exchanges_in(upstream)
    hosts: ClassVar[tuple[str, ...]] = upstream.hosts

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    def build_query(self, ask: Ask) -> Query:
        """Ask for the whole list."""
        return Query(ask=ask, calls=(Call(function=self.upstream.function),))

    def fetch(self, query: Query) -> tuple[pd.DataFrame | str, ...]:
        """Ask; raises as the wire does."""
        return fetch_all(self._wire, query)

    def normalise(self, query: Query, payload: tuple[pd.DataFrame | str, ...]) -> Batch:
        """Turn the list into rows of table `eligibility`, each dated with the day of the ask.

        Since when they are eligible, it does not tell: what is stored of them decides.

        Raises
        ------
        SourceEmpty, SourceChanged
            If it is empty or cut off, its column is missing, or a code is none of Hong Kong's.
        """
        (frame,) = frames_of(payload)
        whole_list(self.upstream, frame)
        codes = [text_in(row, "code") for row in read_rows(self.upstream, frame)]
        try:
            found = {parse_listing_on(code, Exchange.HK, parameter="code").id for code in codes}
        except InputError as error:  # one that is not read would look like one that was taken off
            raise SourceChanged(
                say("the list of eligible securities cannot be read: {why}", why=error.what),
                where=self.upstream.function,
                fix=say(
                    "correct the columns in {place}, or wait for a new release",
                    place=self.upstream.place,
                ),
            ) from error
        columns = {
            "listing": sorted(found),
            "programme": SOUTHBOUND,
            "valid_from": [day_of(query.ask)] * len(found),
        }
        table = make_rows(
            TableName.ELIGIBILITY, columns, source=self.name, fetched_at=query.ask.fetched_at
        )
        return Batch(tables={TableName.ELIGIBILITY: table})
