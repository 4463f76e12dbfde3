"""Baostock's figures of reports, quarter by quarter, known on the day of their publication."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import TYPE_CHECKING, ClassVar

from screener.data.lake.batch import Batch, Reject
from screener.data.lake.rows import make_rows
from screener.data.lake.schema import TABLES, TableName, Type
from screener.data.sources.online.action_rows import number_in, read_rows, reject_of
from screener.data.sources.online.bar_rows import asked_listing, exchanges_of
from screener.data.sources.online.known import known_on, mainland_deadline
from screener.data.sources.online.observed import Row, day_in, day_of
from screener.data.sources.online.providers.baostock import BaostockSource, call_of
from screener.data.sources.online.transport.protocol import Ask, Call, Need, Page, Query
from screener.data.sources.online.transport.upstream import Endpoint, endpoint
from screener.data.validation.context import told_apart
from screener.errors import InputError, SourceEmpty
from screener.language import say

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["BaostockFundamentals"]

_FIGURES = tuple(
    column.name for column in TABLES[TableName.FUNDAMENTALS].columns if column.type is Type.NUMBER
)
_CENTS = 2


class BaostockFundamentals(BaostockSource):
    """Revenue, profit, tax and gross margin of A-shares, from two tables of ratios and one profit.

    The profit of all owners is told as an amount; what of it is the parent's, and what it is of
    revenue and of profit before tax, with six decimals: amounts are right to about 1e-4. Balance
    sheets come as ratios without any amount, and are not taken.
    """

    need: ClassVar[Need] = Need.FUNDAMENTALS
    upstream = endpoint("baostock", "profits")
    parts: ClassVar[Endpoint] = endpoint("baostock", "parts_of_profit")
    exchanges = exchanges_of(upstream)
    hosts = upstream.hosts

    def calls(self, ask: Ask, facts: Mapping[str, object]) -> tuple[Call, ...]:
        """Return two calls for each quarter that had ended by the last asked day."""
        return tuple(
            call_of(place, {**facts, "year": year, "quarter": quarter})
            for year, quarter in _quarters(self._first(ask), ask.end)
            for place in (self.upstream, self.parts)
        )

    def fetch(self, query: Query) -> tuple[pd.DataFrame | str, ...]:
        """Ask; a quarter may have no report, but one of them must. Raises as the wire does."""
        import pandas as pd

        frames: list[pd.DataFrame | str] = []
        empty: SourceEmpty | None = None
        for call in query.calls:
            if isinstance(call, Page):
                continue
            try:
                frames.append(self._wire.query(call))
            except SourceEmpty as error:
                empty = error
                frames.append(pd.DataFrame())
        if empty is not None and all(len(frame) == 0 for frame in frames):
            raise empty
        return tuple(frames)

    def normalise(self, query: Query, payload: tuple[pd.DataFrame | str, ...]) -> Batch:
        """Turn the frames into rows of table `fundamentals`, one for each period.

        Raises
        ------
        SourceChanged
            If a column is missing.
        """
        ask = query.ask
        profits = list(_rows(self.upstream, query, payload))
        parts = {str(row["period_end"]): row for row in _rows(self.parts, query, payload)}
        found: dict[date, dict[str, object]] = {}
        rejects: list[Reject] = []
        for line, row in enumerate(profits, start=1):
            period: date | None = None
            try:
                period = day_in(row, "period_end")
                report = self._report(row, parts.get(str(row["period_end"])), day_of(ask))
                if period is not None and self._first(ask) <= period <= ask.end:
                    found[period] = report
            except InputError as error:
                table, listing = TableName.FUNDAMENTALS, asked_listing(ask)
                rejects.append(
                    reject_of(table, self.name, listing, row, error.what, day=period, line=line)
                )
        rows = [found[period] for period in sorted(found)]
        columns = {
            name: [row.get(name) for row in rows]
            for name in ("period_end", "known_at", "known_by", "currency", *_FIGURES)
        }
        table_rows = make_rows(
            TableName.FUNDAMENTALS,
            {"listing": asked_listing(ask).id, **columns},
            source=self.name,
            fetched_at=ask.fetched_at,
        )
        return Batch(tables={TableName.FUNDAMENTALS: table_rows}, rejects=told_apart(rejects))

    def _first(self, ask: Ask) -> date:
        return ask.start - timedelta(days=self.upstream.extra["lead_days"])

    def _report(self, row: Row, parts: Row | None, today: date) -> dict[str, object]:
        period, notice = day_in(row, "period_end"), day_in(row, "notice")
        if period is None:
            raise InputError(say("a report without its period"))
        profit = number_in(self.upstream, row, "net_profit")
        figures: dict[str, float | None] = {
            "gross_margin": number_in(self.upstream, row, "gross_margin"),
            **({} if parts is None or profit is None else self._amounts(profit, parts)),
        }
        if all(value is None for value in figures.values()):
            raise InputError(say("a report without any figure"))
        deadline = mainland_deadline(period)
        known_at, known_by = known_on(
            period, notice=notice, update=None, deadline=deadline, today=today
        )
        facts = {"period_end": period, "known_at": known_at, "known_by": str(known_by)}
        return {**facts, "currency": self.upstream.extra["currency"], **figures}

    def _amounts(self, profit: float, parts: Row) -> dict[str, float | None]:
        """Return what follows from the profit of all owners and what it is of other figures."""
        share, margin, kept = (
            number_in(self.parts, parts, name)
            for name in ("owners_share", "of_revenue", "after_tax")
        )
        least = self.parts.extra["least_ratio"]
        whole = [
            None if ratio is None or abs(ratio) < least else profit / ratio
            for ratio in (margin, kept)
        ]
        revenue, before_tax = whole
        return {
            "net_profit": None if share is None else round(profit * share, _CENTS),
            "revenue": None if revenue is None else round(revenue, _CENTS),
            "income_tax": None if before_tax is None else round(before_tax - profit, _CENTS),
        }


def _quarters(first: date, last: date) -> Iterator[tuple[int, int]]:
    for year in range(first.year, last.year + 1):
        for quarter in range(1, 5):
            following = date(year + quarter // 4, quarter % 4 * 3 + 1, 1)
            if first < following <= last + timedelta(days=1):
                yield year, quarter


def _rows(place: Endpoint, query: Query, payload: tuple[pd.DataFrame | str, ...]) -> Iterator[Row]:
    for call, frame in zip(query.calls, payload, strict=True):
        if isinstance(call, Call) and call.function == place.function and len(frame):
            if isinstance(frame, str):
                raise TypeError("a page came back where a frame was asked for")
            yield from read_rows(place, frame)
