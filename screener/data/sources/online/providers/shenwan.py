"""Shenwan Research: daily bars of the indices of its industries."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import date
from typing import TYPE_CHECKING, ClassVar

from screener.data.lake.batch import Batch, Reject
from screener.data.lake.rows import make_rows
from screener.data.lake.schema import TableName
from screener.data.sources.online.action_rows import exchanges_in, read_rows
from screener.data.sources.online.bar_rows import (
    BarSource,
    asked_listing,
    bar_batch,
    exchanges_of,
)
from screener.data.sources.online.observed import (
    Row,
    day_in,
    frames_of,
    readable,
    rejected,
    text_in,
    whole_list,
)
from screener.data.sources.online.transport.fetching import fetch_all
from screener.data.sources.online.transport.protocol import Ask, Call, Need, Page, Query, Wire
from screener.data.sources.online.transport.upstream import endpoint
from screener.domain.listing import Exchange, Kind, parse_listing
from screener.errors import InputError, SourceBlocked, SourceChanged
from screener.language import say

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["ShenwanIndexBars", "ShenwanIndustries"]

_AGENT = {"User-Agent": "Mozilla/5.0"}


class ShenwanIndexBars(BarSource):
    """Daily bars of Shenwan's indices, the whole history at once; volumes are left out."""

    name: ClassVar[str] = "shenwan"
    need: ClassVar[Need] = Need.INDEX_BARS
    upstream = endpoint("shenwan", "index_bars")
    exchanges = exchanges_of(upstream)
    hosts = upstream.hosts

    def build_query(self, ask: Ask) -> Query:
        """Turn a question into the page's address; raises as `BarSource.build_query` does."""
        arguments = self.arguments(ask)
        page = Page(url=self.upstream.url, params=arguments, headers=_AGENT, encoding="utf-8")
        return Query(ask=ask, calls=(page,))

    def normalise(self, query: Query, payload: tuple[pd.DataFrame | str, ...]) -> Batch:
        """Turn the page into rows of table `bars`.

        Raises
        ------
        SourceChanged
            If it is no list of rows, or a column is missing.
        SourceBlocked
            If it has no row, where rows are due.
        """
        import pandas as pd

        (text,) = payload
        try:
            rows = json.loads(str(text))["data"]
            frame = pd.DataFrame.from_records(rows or [])
        except (ValueError, KeyError, TypeError) as error:
            raise SourceChanged(
                say("Shenwan no longer sends a list of rows"),
                where=self.upstream.url,
                fix=say("mend {file}, or wait for a new release", file=self.upstream.place),
            ) from error
        if frame.empty:
            raise SourceBlocked(
                say("Shenwan sends no rows of {listing}", listing=asked_listing(query.ask)),
                where=self.upstream.url,
                fix=say("bring a file: `screener data import FILE --kind index`"),
            )
        return bar_batch(query.ask, frame, self.upstream, source=self.name)


class ShenwanIndustries:
    """The first level of Shenwan's industry of every mainland share, since when.

    The days are those that it tells; whether it ever dates a change back, it does not tell.
    """

    name: ClassVar[str] = "shenwan"
    need: ClassVar[Need] = Need.INDUSTRIES
    upstream = endpoint("shenwan", "industries")
    exchanges: ClassVar[frozenset[Exchange]] = exchanges_in(upstream)
    hosts: ClassVar[tuple[str, ...]] = upstream.hosts

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    def build_query(self, ask: Ask) -> Query:
        """Ask for the whole file."""
        return Query(ask=ask, calls=(Call(function=self.upstream.function),))

    def fetch(self, query: Query) -> tuple[pd.DataFrame | str, ...]:
        """Ask; raises as the wire does."""
        return fetch_all(self._wire, query)

    def normalise(self, query: Query, payload: tuple[pd.DataFrame | str, ...]) -> Batch:
        """Turn the file into rows of table `industries`, a row where the first level changes.

        Days before the asked ones count too: an industry holds until the next one. Days to come
        are left out.

        Raises
        ------
        SourceEmpty, SourceChanged
            If it is empty or cut off, a column is missing, or most rows cannot be read.
        """
        (frame,) = frames_of(payload)
        whole_list(self.upstream, frame)
        found: dict[str, dict[date, str]] = {}
        rejects: list[Reject] = []
        rows = read_rows(self.upstream, frame)
        for line, row in enumerate(rows, start=2):
            try:
                name, day, code = self._change(row)
            except InputError as error:
                table = TableName.INDUSTRIES
                rejects.append(rejected(table, f"{self.name} industries", line, row, error.what))
                continue
            if day <= query.ask.end:
                found.setdefault(name, {})[day] = code
        readable(self.upstream, rows, rejects)
        spells = [
            (name, day, industry)
            for name, codes in sorted(found.items())
            for day, industry in self._spells(codes, query.ask.end)
        ]
        columns = {
            field: [spell[at] for spell in spells]
            for at, field in enumerate(("listing", "valid_from", "industry"))
        }
        table = make_rows(
            TableName.INDUSTRIES, columns, source=self.name, fetched_at=query.ask.fetched_at
        )
        return Batch(tables={TableName.INDUSTRIES: table}, rejects=tuple(rejects))

    def _change(self, row: Row) -> tuple[str, date, str]:
        """Return listing, day and industry code of a row; raises `InputError` if one is unknown."""
        text = text_in(row, "code").zfill(6)
        listing = parse_listing(text, parameter="code", kind=Kind.SECURITY).present
        day = day_in(row, "valid_from")
        if day is None:
            raise InputError(say("a change of industry without its day"))
        code = text_in(row, "industry").zfill(6)
        if self._named(code, day) is None:
            raise InputError(say("industry code {code} is unknown", code=code))
        return listing.id, day, code

    def _spells(self, codes: Mapping[date, str], end: date) -> Iterator[tuple[date, str]]:
        """Give the days on which the name changes, with the code or with the scheme of its day."""
        starts = [item["from"] for item in self.upstream.extra["schemes"] if item["from"] <= end]
        before, code = "", ""
        for day in sorted({*codes, *starts}):
            code = codes.get(day, code)
            industry = self._named(code, day) or before
            if industry and industry != before:
                yield day, industry
            before = industry

    def _named(self, code: str, day: date) -> str | None:
        """Return what the scheme of a day calls the first level of a code, if it has it."""
        extra = self.upstream.extra
        scheme = [item["names"] for item in extra["schemes"] if item["from"] <= day]
        found = {**extra["names"], **(scheme[-1] if scheme else {})}.get(code[:2])
        return None if found is None else str(found)
