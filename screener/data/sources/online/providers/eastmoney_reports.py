"""Eastmoney: reported figures by period, of main indicators and of the statements behind them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, ClassVar

from screener.data.lake.batch import Batch, Reject
from screener.data.lake.rows import make_rows
from screener.data.lake.schema import TABLES, TableName, Type
from screener.data.sources.online.action_rows import (
    ListingSource,
    exchanges_in,
    number_in,
    read_rows,
    reject_of,
)
from screener.data.sources.online.bar_rows import asked_listing
from screener.data.sources.online.known import (
    KnownBy,
    hong_kong_deadline,
    known_on,
    mainland_deadline,
)
from screener.data.sources.online.observed import (
    Row,
    day_in,
    day_of,
    frames_of,
    text_in,
    whole_list,
)
from screener.data.sources.online.providers.eastmoney_statements import (
    Statement,
    difference,
    pages,
    statements_in,
)
from screener.data.sources.online.transport.fetching import fetch_all
from screener.data.sources.online.transport.protocol import Ask, Need, Page, Query
from screener.data.sources.online.transport.upstream import Endpoint, endpoint
from screener.data.validation.context import told_apart
from screener.domain.listing import Listing
from screener.errors import InputError, SourceChanged, SourceEmpty
from screener.language import say

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["EastmoneyFundamentals", "EastmoneyHkFundamentals"]

_FIGURES = tuple(
    column.name for column in TABLES[TableName.FUNDAMENTALS].columns if column.type is Type.NUMBER
)
_Found = dict[tuple[date, object], dict[str, object]]


class _Fundamentals(ListingSource):
    """What both sources of reported figures share."""

    name: ClassVar[str] = "eastmoney"
    need: ClassVar[Need] = Need.FUNDAMENTALS

    def normalise(self, query: Query, payload: tuple[pd.DataFrame | str, ...]) -> Batch:
        """Turn reports into rows of table `fundamentals`.

        Kept are the periods that ended by the last asked day, and no more than `lead_days` before
        the first: as of that day older ones are still the latest known.

        Raises
        ------
        SourceEmpty, SourceChanged
            If there is no row, or a column is missing.
        """
        ask, listing = query.ask, asked_listing(query.ask)
        first = ask.start - timedelta(days=self.upstream.extra["lead_days"])
        found: _Found = {}
        rejects: list[Reject] = []
        for line, row in enumerate(_reports(self.upstream, frames_of(payload)), start=1):
            period: date | None = None
            try:
                period = _period(row)
                if first <= period <= ask.end:
                    _keep(found, period, self._report(row, period, day_of(ask)))
            except InputError as error:
                rejects.append(self._reject(row, error.what, ask, period, line))
        texts = [item for item in payload if isinstance(item, str)]
        remarks = self.complete(found, texts, ask, first, rejects)
        rows = [
            {**found[key], "listing": listing.id}
            for key in sorted(found, key=lambda at: tuple(map(str, at)))
        ]
        columns = {
            name: [row[name] for row in rows]
            for name in ("listing", "period_end", "known_at", "known_by", "currency", *_FIGURES)
        }
        table = make_rows(
            TableName.FUNDAMENTALS, columns, source=self.name, fetched_at=ask.fetched_at
        )
        return Batch(
            tables={TableName.FUNDAMENTALS: table}, rejects=told_apart(rejects), remarks=remarks
        )

    def complete(
        self,
        found: _Found,  # noqa: ARG002 - one source has more than indicators
        texts: Sequence[str],  # noqa: ARG002
        ask: Ask,  # noqa: ARG002
        first: date,  # noqa: ARG002
        rejects: list[Reject],  # noqa: ARG002
    ) -> tuple[str, ...]:
        """Add what further replies tell to the reports found; return remarks."""
        return ()

    def known(self, row: Row, period: date, today: date) -> tuple[date, KnownBy]:
        """Return the day on which a report was known, and what tells it."""
        raise NotImplementedError

    def _reject(self, row: Row, reason: str, ask: Ask, period: date | None, line: int) -> Reject:
        table, listing = TableName.FUNDAMENTALS, asked_listing(ask)
        return reject_of(table, self.name, listing, row, reason, day=period, line=line)

    def _report(self, row: Row, period: date, today: date) -> dict[str, object]:
        place = self.upstream
        told = text_in(row, "currency")
        currency = place.extra["currencies"].get(told, told)
        if not (len(currency) == 3 and currency.isascii() and currency.isupper()):
            raise InputError(say("currency {told!r} is unknown", told=told))
        figures = {name: number_in(place, row, name) for name in _FIGURES}
        if figures["minorities"] is None:
            figures["minorities"] = difference(figures)
        if all(value is None for value in figures.values()):
            raise InputError(say("a report without any figure"))
        known_at, known_by = self.known(row, period, today)
        facts = {"period_end": period, "known_at": known_at, "known_by": str(known_by)}
        return {**facts, "currency": currency, **figures}


class EastmoneyFundamentals(_Fundamentals):
    """Reported figures of A-shares, with the day of their announcement and of their last change.

    The main indicators, and of companies that are no bank, insurer or broker the statements behind
    them: balance sheet, income and cash flow. A statement that was changed later than the
    indicators of its period is a vintage of its own.
    """

    upstream = endpoint("eastmoney_values", "fundamentals")
    exchanges = exchanges_in(upstream)
    hosts = upstream.hosts
    due: ClassVar[bool] = True

    def build_query(self, ask: Ask) -> Query:
        """Ask for the indicators and the three statements; raises as `ListingSource` does."""
        query = super().build_query(ask)
        return replace(query, calls=(*query.calls, *pages(asked_listing(ask))))

    def fetch(self, query: Query) -> tuple[pd.DataFrame | str, ...]:
        """Ask; a page of statements that is not there is an empty text. Raises as the wire does."""
        calls = tuple(item for item in query.calls if not isinstance(item, Page))
        told: list[pd.DataFrame | str] = [
            *fetch_all(self._wire, replace(query, calls=calls), due=self.due)
        ]
        for page in (item for item in query.calls if isinstance(item, Page)):
            try:
                told.append(self._wire.page(page))
            except (SourceEmpty, SourceChanged):
                told.append("")
        return tuple(told)

    def complete(
        self,
        found: _Found,
        texts: Sequence[str],
        ask: Ask,
        first: date,
        rejects: list[Reject],
    ) -> tuple[str, ...]:
        """Add the statements to the indicators of their periods."""
        told, wrong, remarks = statements_in(texts, ask)
        rejects += wrong
        for period, statement in sorted(told.items()):
            if first <= period <= ask.end:
                _join(found, period, statement, asked_listing(ask), rejects)
        return tuple(say("{name}: {text}", name=self.name, text=text) for text in remarks)

    def known(self, row: Row, period: date, today: date) -> tuple[date, KnownBy]:
        """Return the day of the announcement or of a later change, else the deadline."""
        return known_on(
            period,
            notice=_day_or_none(row, "notice"),
            update=_day_or_none(row, "update"),
            deadline=mainland_deadline(period),
            today=today,
        )


class EastmoneyHkFundamentals(_Fundamentals):
    """Reported figures of Hong Kong securities, without any date but the period's."""

    upstream = endpoint("eastmoney_values", "hk_fundamentals")
    exchanges = exchanges_in(upstream)
    hosts = upstream.hosts
    due: ClassVar[bool] = False

    def fetch(self, query: Query) -> tuple[pd.DataFrame | str, ...]:
        """Ask; one call may find nothing, as for a newcomer without an annual report."""
        frames: list[pd.DataFrame | str] = []
        empty: SourceEmpty | None = None
        for call in query.calls:
            try:
                frames += fetch_all(self._wire, replace(query, calls=(call,)), due=self.due)
            except SourceEmpty as error:
                empty = error
        if empty is not None and not frames:
            raise empty
        return tuple(frames)

    def known(self, row: Row, period: date, today: date) -> tuple[date, KnownBy]:
        """Return the day on which the results were due."""
        deadline = hong_kong_deadline(
            period,
            annual=text_in(row, "kind") in self.upstream.extra["annual"],
            period_start=_day_or_none(row, "period_start"),
        )
        return known_on(period, notice=None, update=None, deadline=deadline, today=today)


def _reports(place: Endpoint, frames: Sequence[pd.DataFrame]) -> list[Row]:
    for frame in frames:
        whole_list(place, frame)
    return [row for frame in frames for row in read_rows(place, frame)]


def _period(row: Row) -> date:
    period = day_in(row, "period_end")
    if period is None:
        raise InputError(say("a report without its period"))
    return period


def _keep(
    found: dict[tuple[date, object], dict[str, object]], period: date, report: dict[str, object]
) -> None:
    """Keep a report; one that came before, as the annual ones do, must be the same."""
    if found.setdefault((period, report["known_at"]), report) != report:
        raise InputError(say("the period came with other figures already"))


def _join(
    found: _Found, period: date, statement: Statement, listing: Listing, rejects: list[Reject]
) -> None:
    """Fill what the indicators of a period leave open; a later statement is a further vintage."""
    report = max(
        (row for (day, _), row in found.items() if day == period),
        key=lambda row: str(row["known_at"]),
        default=None,
    )
    facts: Mapping[str, object] = {
        "known_at": statement.known_at,
        "known_by": str(statement.known_by),
        "currency": statement.currency,
    }
    if report is None:
        blank = dict.fromkeys(_FIGURES)
        found[period, statement.known_at] = {
            "period_end": period,
            **facts,
            **blank,
            **statement.figures,
        }
        return
    if report["currency"] != statement.currency:
        reason = say("its statements are in {currency}", currency=statement.currency)
        row: Row = {"period_end": str(period), **statement.figures}
        rejects.append(
            reject_of(TableName.FUNDAMENTALS, "eastmoney", listing, row, reason, day=period, line=1)
        )
        return
    filled = {
        name: statement.figures.get(name) if value is None else value
        for name, value in report.items()
    }
    later = statement.known_at > date.fromisoformat(str(report["known_at"]))
    key = period, statement.known_at if later else report["known_at"]
    found[key] = {**filled, **facts} if later else filled


def _day_or_none(row: Row, field: str) -> date | None:
    try:
        return day_in(row, field)
    except InputError:
        return None
