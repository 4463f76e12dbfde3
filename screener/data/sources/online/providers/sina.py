"""Sina: whole histories of securities and indices, and its own adjustment factors."""

from __future__ import annotations

import json
import math
import re
from datetime import date
from typing import TYPE_CHECKING, ClassVar, NoReturn

from screener.data.lake.batch import Batch
from screener.data.lake.rows import make_rows
from screener.data.lake.schema import TableName
from screener.data.sources.online.bar_rows import BarSource, asked_listing, exchanges_of
from screener.data.sources.online.transport.fetching import fetch_all
from screener.data.sources.online.transport.protocol import Ask, Need, Page, Query, Wire
from screener.data.sources.online.transport.upstream import Endpoint, endpoint
from screener.domain.listing import Exchange, Listing
from screener.errors import SourceChanged, SourceEmpty
from screener.language import say

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["SinaBars", "SinaFactors", "SinaHkBars", "SinaHkIndexBars", "SinaIndexBars"]


class SinaBars(BarSource):
    """Raw daily bars of mainland shares; the whole history comes, the asked days are kept.

    akshare joins the bars with the share counts and drops repeated rows. What follows from it:
    the second and later of equal rows (flat days without volume) are lost, and have to be told
    from the calendar; a share count dated on no session would become a bar if the history were
    not asked for from its start. A bar that Sina itself sends for no session is passed on: the
    checks that all sources share compare the rows with the calendar.
    """

    name: ClassVar[str] = "sina"
    need: ClassVar[Need] = Need.BARS
    upstream = endpoint("sina", "bars")
    receipts: ClassVar[Endpoint] = endpoint("sina", "receipt_bars")
    exchanges = exchanges_of(upstream)
    hosts = upstream.hosts

    def endpoint_for(self, listing: Listing) -> Endpoint:
        """Return the endpoint of depositary receipts for one of them, else that of shares."""
        return self.receipts if listing.id in self.receipts.extra["listings"] else self.upstream


class SinaHkBars(BarSource):
    """Raw daily bars of Hong Kong securities, with the amount where it is sent."""

    name: ClassVar[str] = "sina"
    need: ClassVar[Need] = Need.BARS
    upstream = endpoint("sina", "hk_bars")
    exchanges = exchanges_of(upstream)
    hosts = upstream.hosts


class SinaIndexBars(BarSource):
    """Daily bars of Shanghai and Shenzhen indices: prices alone, the volume's unit is not told."""

    name: ClassVar[str] = "sina"
    need: ClassVar[Need] = Need.INDEX_BARS
    upstream = endpoint("sina", "index_bars")
    exchanges = exchanges_of(upstream)
    hosts = upstream.hosts


class SinaHkIndexBars(BarSource):
    """Daily bars of Hong Kong indices: prices alone, the volume's unit is not told."""

    name: ClassVar[str] = "sina"
    need: ClassVar[Need] = Need.INDEX_BARS
    upstream = endpoint("sina", "hk_index_bars")
    exchanges = exchanges_of(upstream)
    hosts = upstream.hosts


class SinaFactors:
    """Sina's adjustment factors, as steps of table `factors`.

    The file is read as JSON and nothing in it is ever run. In both files that are asked for the
    adjusted price is price × factor, so the steps are the ratios of the factors.
    """

    name: ClassVar[str] = "sina"
    need: ClassVar[Need] = Need.VENDOR_FACTORS
    upstream: ClassVar[Endpoint] = endpoint("sina", "factors")
    upstream_hk: ClassVar[Endpoint] = endpoint("sina", "hk_factors")
    exchanges: ClassVar[frozenset[Exchange]] = exchanges_of(upstream) | exchanges_of(upstream_hk)
    hosts: ClassVar[tuple[str, ...]] = upstream.hosts

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    def build_query(self, ask: Ask) -> Query:
        """Turn a question into the address of the listing's factor file."""
        listing = asked_listing(ask)
        upstream = self._endpoint_for(listing)
        prefix = upstream.extra["prefixes"][listing.exchange]
        return Query(
            ask=ask, calls=(Page(url=upstream.url.format(prefix=prefix, code=listing.code)),)
        )

    def fetch(self, query: Query) -> tuple[pd.DataFrame | str, ...]:
        """Ask; raises as the wire does."""
        return fetch_all(self._wire, query)

    def normalise(self, query: Query, payload: tuple[pd.DataFrame | str, ...]) -> Batch:
        """Turn the file into rows of table `factors`: 1 before the first step that is kept.

        Raises
        ------
        SourceChanged
            If the file is not the one that Sina used to send, or adjusts by cash.
        SourceEmpty
            If it holds no factor at all.
        """
        ask, listing = query.ask, asked_listing(query.ask)
        levels = _levels(str(payload[0]), self._endpoint_for(listing), listing.id)
        anchor = [factor for day, factor in levels if day < ask.start][-1:] or [levels[0][1]]
        kept = [(day, factor) for day, factor in levels[1:] if ask.start <= day <= ask.end]
        rows = make_rows(
            TableName.FACTORS,
            {
                "ex_session": [day for day, _ in kept],
                "listing": listing.id,
                "factor": [factor / anchor[0] for _, factor in kept],
            },
            source=self.name,
            fetched_at=ask.fetched_at,
        )
        remarks = (
            ()
            if len(levels) > 1
            else (
                say(
                    "{source}, {listing}: the factor file holds its base alone, no step",
                    source=self.name,
                    listing=listing.id,
                ),
            )
        )
        return Batch(tables={TableName.FACTORS: rows}, remarks=remarks)

    def _endpoint_for(self, listing: Listing) -> Endpoint:
        return self.upstream if listing.exchange.mainland else self.upstream_hk


def _levels(text: str, upstream: Endpoint, where: str) -> list[tuple[date, float]]:
    """Return the factors by day, the base first."""
    rows = _rows(text, upstream, where)
    if not rows:
        raise SourceEmpty(
            say("sina has no factors of {listing}", listing=where), where=upstream.url
        )
    levels = sorted(_level(row, upstream, where) for row in rows)
    days = [day for day, _ in levels]
    if len(set(days)) < len(days):
        _changed(say("sina's factor file holds a day twice"), upstream, where)
    if f"{days[0]}" != upstream.extra["base_day"]:
        what = say(
            "sina's factor file begins on {first}, not on {day}",
            first=days[0],
            day=upstream.extra["base_day"],
        )
        _changed(what, upstream, where)
    return levels


def _rows(text: str, upstream: Endpoint, where: str) -> list[object]:
    found = re.match(upstream.extra["pattern"], text)
    if found is None:
        what = say("sina's factor file is not what it was; it begins {text!r}", text=text[:40])
        _changed(what, upstream, where)
    try:
        reply = json.loads(found[1])
    except (ValueError, RecursionError) as error:
        _changed(say("sina's factor file is no JSON ({error})", error=error), upstream, where)
    rows = reply.get("data") if isinstance(reply, dict) else None
    if not isinstance(rows, list):
        _changed(say("sina's factor file has no list `data`"), upstream, where)
    return rows


def _level(row: object, upstream: Endpoint, where: str) -> tuple[date, float]:
    names = upstream.columns
    if not isinstance(row, dict) or not {names["ex_session"], names["factor"]} <= row.keys():
        _changed(_odd_row(row), upstream, where)
    try:
        day = date.fromisoformat(row[names["ex_session"]])
        factor = float(row[names["factor"]])
        cash = float(row.get(upstream.extra["cash"], 0))
    except (TypeError, ValueError):
        _changed(_odd_row(row), upstream, where)
    if not (math.isfinite(factor) and factor > 0):
        what = say("sina's factor file has the factor {factor} on {day}", factor=factor, day=day)
        _changed(what, upstream, where)
    if cash != 0:
        what = say(
            "sina's factor file adds cash on {day}: such an adjustment is no factor", day=day
        )
        _changed(what, upstream, where)
    return day, factor


def _odd_row(row: object) -> str:
    return say("sina's factor file has the row {row}", row=str(row)[:80])


def _changed(what: str, upstream: Endpoint, where: str) -> NoReturn:
    raise SourceChanged(
        what,
        where=where,
        fix=say("correct {file}, or wait for a new release", file=upstream.place),
    )
