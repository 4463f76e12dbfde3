"""Hong Kong listings, their names, board lots and first trading days."""

from __future__ import annotations

import re
from datetime import date
from typing import ClassVar

import pandas as pd
import pyarrow as pa

from screener.data.lake.batch import Batch, Reject
from screener.data.lake.rows import empty_rows, make_rows
from screener.data.lake.schema import TableName
from screener.data.sources.online.observed import (
    Row,
    day_in,
    day_of,
    frames_of,
    records_of,
    rejected,
    text_in,
    whole_list,
)
from screener.data.sources.online.providers.exchanges import Roster
from screener.data.sources.online.transport.fetching import fetch_all
from screener.data.sources.online.transport.protocol import Ask, Call, Need, Query, Wire
from screener.data.sources.online.transport.upstream import Endpoint, endpoint
from screener.domain.listing import Currency, Exchange
from screener.errors import InputError, SourceChanged, SourceEmpty
from screener.language import say

__all__ = ["EastmoneyHkProfile", "SinaHkMaster"]

_PROFILE = endpoint("hk_master", "eastmoney_profile")


class SinaHkMaster(Roster):
    """Hong Kong securities with Chinese and English names."""

    name = "sina"
    exchanges = frozenset({Exchange.HK})
    endpoints = (endpoint("hk_master", "sina"),)

    def rows(self, place: Endpoint, frame: pd.DataFrame) -> list[Row]:
        """Return the rows with their kind, and the currency of dollar counters."""
        kinds: dict[str, str] = place.extra["kinds"]
        dollar = place.extra["dollar_mark"]
        return [
            {
                **row,
                "kind": kinds.get(text_in(row, "type"), text_in(row, "type") or "unknown"),
                "currency": str(Currency.USD) if text_in(row, "name_en").endswith(dollar) else "",
            }
            for row in super().rows(place, frame)
        ]


class EastmoneyHkProfile:
    """Board lot and first trading day of one Hong Kong security."""

    name: ClassVar[str] = "eastmoney"
    need: ClassVar[Need] = Need.PROFILE
    exchanges: ClassVar[frozenset[Exchange]] = frozenset({Exchange.HK})
    hosts: ClassVar[tuple[str, ...]] = _PROFILE.hosts

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    def build_query(self, ask: Ask) -> Query:
        """Ask for the profile of the listing; `SourceEmpty` if the ask names none."""
        if ask.listing is None:
            raise SourceEmpty(
                say("it tells the profile of one listing at a time"), where=ask.subject
            )
        call = Call(function=_PROFILE.function, arguments={"symbol": ask.listing.code})
        return Query(ask=ask, calls=(call,))

    def fetch(self, query: Query) -> tuple[pd.DataFrame | str, ...]:
        """Ask; a listed security has a profile."""
        return fetch_all(self._wire, query)

    def normalise(self, query: Query, payload: tuple[pd.DataFrame | str, ...]) -> Batch:
        """Turn a profile into `board_lots` and `listings`.

        The lot is dated with the day of the ask, the first day known to trade in it. The row of
        `listings` tells kind, board, currency and first trading day alone: it fills what is
        stored, and must not replace it.

        Raises
        ------
        SourceEmpty, SourceChanged
            If there is no profile, it is of another security, or a column is missing.
        """
        (frame,) = frames_of(payload)
        whole_list(_PROFILE, frame)
        row = records_of(_PROFILE.select(frame))[0]
        if text_in(row, "id") != query.ask.subject:
            raise SourceChanged(
                say(
                    "asked for {subject}, got the profile of {got!r}",
                    subject=query.ask.subject,
                    got=text_in(row, "id"),
                ),
                where=_PROFILE.function,
                fix=say(
                    "correct the endpoint in {file}, or wait for a new release", file=_PROFILE.place
                ),
            )
        return _profile(row, query.ask, self.name)


def _profile(row: Row, ask: Ask, source: str) -> Batch:
    rejects: list[Reject] = []
    tables: dict[TableName, pa.Table] = {}
    for table, read in ((TableName.BOARD_LOTS, _lots), (TableName.LISTINGS, _listed)):
        try:
            columns = read(row, ask)
        except InputError as error:
            line, listing = int(day_of(ask).strftime("%Y%m%d")), ask.subject
            file = f"{source} {listing}"
            rejects.append(rejected(table, file, line, row, error.what, listing=listing))
            tables[table] = empty_rows(table)
        else:
            tables[table] = make_rows(table, columns, source=source, fetched_at=ask.fetched_at)
    return Batch(tables=tables, rejects=tuple(rejects))


def _lots(row: Row, ask: Ask) -> dict[str, list[object]]:
    text = text_in(row, "lot")
    lot = pd.to_numeric(text.replace(",", ""), errors="coerce")
    if not (lot > 0 and lot % 1 == 0):
        raise InputError(say("lot {lot!r} is no number of shares", lot=text))
    return {"listing": [ask.subject], "valid_from": [day_of(ask)], "lot": [int(lot)]}


def _listed(row: Row, ask: Ask) -> dict[str, list[object]]:
    first: date | None = day_in(row, "list_date")
    if first is None or ask.listing is None:
        raise InputError(say("no first trading day"))
    return {
        "listing": [ask.subject],
        "kind": [_kind(text_in(row, "type"), _PROFILE)],
        "board": [str(ask.listing.board)],
        "currency": [str(ask.listing.currency)],
        "list_date": [first],
    }


def _kind(text: str, place: Endpoint) -> str:
    return "fund" if re.search(place.extra["funds"], text) else "stock"
