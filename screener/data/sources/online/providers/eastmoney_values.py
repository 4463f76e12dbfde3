"""Eastmoney: multiples and market value by session, and reported figures by period."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import ClassVar

import numpy as np
import pandas as pd

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
    records_of,
    text_in,
    whole_list,
)
from screener.data.sources.online.transport.fetching import fetch_all
from screener.data.sources.online.transport.protocol import Ask, Need, Query
from screener.data.sources.online.transport.upstream import Endpoint, endpoint
from screener.data.validation.context import told_apart
from screener.domain.arrays import DayArray, FloatArray
from screener.errors import InputError, SourceEmpty
from screener.language import say
from screener.market.calendars import calendar_of

__all__ = [
    "EastmoneyFundamentals",
    "EastmoneyHkFundamentals",
    "EastmoneyValuation",
    "valuation_batch",
]

_MULTIPLES = tuple(
    column.name for column in TABLES[TableName.VALUATION].columns if column.type is Type.NUMBER
)
_FIGURES = tuple(
    column.name for column in TABLES[TableName.FUNDAMENTALS].columns if column.type is Type.NUMBER
)


class EastmoneyValuation(ListingSource):
    """Multiples and market value of A-shares."""

    name: ClassVar[str] = "eastmoney"
    need: ClassVar[Need] = Need.VALUATION
    upstream = endpoint("eastmoney_values", "valuation")
    exchanges = exchanges_in(upstream)
    hosts = upstream.hosts
    due: ClassVar[bool] = True

    def normalise(self, query: Query, payload: tuple[pd.DataFrame | str, ...]) -> Batch:
        """Turn the frame into rows of table `valuation`; see `valuation_batch`.

        Raises
        ------
        SourceEmpty, SourceChanged
            If there is no row, or a column is missing.
        """
        (frame,) = frames_of(payload)
        whole_list(self.upstream, frame)
        rows = self.upstream.select(frame)
        full = len(frame) >= self.upstream.extra["newest_days"]
        return valuation_batch(query.ask, rows, source=self.name, cut=full)


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
        found: dict[tuple[date, object], dict[str, object]] = {}
        rejects: list[Reject] = []
        for line, row in enumerate(_reports(self.upstream, frames_of(payload)), start=1):
            period: date | None = None
            try:
                period = _period(row)
                if first <= period <= ask.end:
                    _keep(found, period, self._report(row, period, day_of(ask)))
            except InputError as error:
                rejects.append(self._reject(row, error.what, ask, period, line))
        rows = [{**found[key], "listing": listing.id} for key in sorted(found, key=str)]
        columns = {
            name: [row[name] for row in rows]
            for name in ("listing", "period_end", "known_at", "known_by", "currency", *_FIGURES)
        }
        table = make_rows(
            TableName.FUNDAMENTALS, columns, source=self.name, fetched_at=ask.fetched_at
        )
        return Batch(tables={TableName.FUNDAMENTALS: table}, rejects=told_apart(rejects))

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
        if all(value is None for value in figures.values()):
            raise InputError(say("a report without any figure"))
        known_at, known_by = self.known(row, period, today)
        facts = {"period_end": period, "known_at": known_at, "known_by": str(known_by)}
        return {**facts, "currency": currency, **figures}


class EastmoneyFundamentals(_Fundamentals):
    """Reported figures of A-shares, with the day of their announcement and of their last change."""

    upstream = endpoint("eastmoney_values", "fundamentals")
    exchanges = exchanges_in(upstream)
    hosts = upstream.hosts
    due: ClassVar[bool] = True

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


def valuation_batch(ask: Ask, frame: pd.DataFrame, *, source: str, cut: bool = False) -> Batch:
    """Turn a frame with our names and units into rows of table `valuation`.

    Values stay as they come: a loss has a negative multiple, and what is not positive is undefined
    by the screen, not here.

    Parameters
    ----------
    ask
        Question about one listing; rows of other days are left out.
    frame
        Column `session`, and any of the table's numbers.
    source
        Name written on every row and reject.
    cut
        Whether the reply holds no more rows, so that older ones may be missing.

    Returns
    -------
    Batch
        Rows by session. A row without a readable day or without any number is a `Reject`, and so
        is one whose day came before with other values. Days that are no session of the listing's
        exchange are left out, and a remark counts them.
    """
    listing = asked_listing(ask)
    fields = [name for name in _MULTIPLES if name in frame.columns]
    rows, days = _by_day(frame, fields)
    places = rows.index.to_numpy()
    within = np.isnat(days) | (
        (days >= np.datetime64(ask.start, "D")) & (days <= np.datetime64(ask.end, "D"))
    )
    session = np.isnat(days) | calendar_of(listing.exchange).known(days)
    values = rows[fields].to_numpy(dtype=np.float64)
    reasons = _reasons(days, values)
    rejects = [
        reject_of(
            TableName.VALUATION,
            source,
            listing,
            records_of(rows.iloc[at : at + 1])[0],
            reasons[at],
            day=_date(days[at]),
            line=int(places[at]) + 1,
        )
        for at in np.flatnonzero(within & session)
        if reasons[at]
    ]
    good = within & session & np.array([not reason for reason in reasons], dtype=bool)
    columns = {name: values[good, place] for place, name in enumerate(fields)}
    table = make_rows(
        TableName.VALUATION,
        {"session": days[good], "listing": listing.id, **columns},
        source=source,
        fetched_at=ask.fetched_at,
    )
    remarks = _remarks(ask, days, outside=int(np.sum(within & ~session)), cut=cut)
    return Batch(
        tables={TableName.VALUATION: table},
        rejects=told_apart(rejects),
        remarks=tuple(say("{name}: {text}", name=source, text=text) for text in remarks),
    )


def _by_day(frame: pd.DataFrame, fields: Sequence[str]) -> tuple[pd.DataFrame, DayArray]:
    """Return the rows by day, unreadable days last, numbers or NaN; a repeated row comes once."""
    rows = frame.reset_index(drop=True)[["session", *fields]].copy()
    text = rows["session"].astype("string")
    rows["session"] = pd.to_datetime(text, format="ISO8601", errors="coerce")
    for name in fields:
        numbers = pd.to_numeric(rows[name], errors="coerce").astype("float64")
        rows[name] = numbers.where(np.isfinite(numbers))
    rows = rows.sort_values("session", kind="stable", na_position="last").drop_duplicates()
    return rows, rows["session"].to_numpy(dtype="datetime64[D]")


def _reasons(days: DayArray, values: FloatArray) -> list[str]:
    again = np.append([False], days[1:] == days[:-1]) if len(days) else np.array([], dtype=bool)
    reasons = []
    for day, row, repeated in zip(days, values, again, strict=True):
        if np.isnat(day):
            reasons.append(say("session is missing or no date"))
        elif np.isnan(row).all():
            reasons.append(say("no number can be read"))
        else:
            reasons.append(say("the day came with other values already") if repeated else "")
    return reasons


def _remarks(ask: Ask, days: DayArray, *, outside: int, cut: bool) -> list[str]:
    found = [say("days without a session, left out: {n}", n=outside)] if outside else []
    first = _date(days[0]) if len(days) else None
    if cut and first is not None and first > ask.start:
        found.append(
            say("it sends no more than {n} days, so none before {first}", n=len(days), first=first)
        )
    return found


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


def _day_or_none(row: Row, field: str) -> date | None:
    try:
        return day_in(row, field)
    except InputError:
        return None


def _date(label: np.datetime64) -> date | None:
    day: date | None = None if np.isnat(label) else label.astype(object)
    return day
