"""Eastmoney: multiples and market value by session, and reported figures by period."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import ClassVar

import numpy as np
import pandas as pd

from screener.data.lake.batch import Batch
from screener.data.lake.rows import make_rows
from screener.data.lake.schema import TABLES, TableName, Type
from screener.data.sources.online.action_rows import (
    ListingSource,
    exchanges_in,
    reject_of,
)
from screener.data.sources.online.bar_rows import asked_listing
from screener.data.sources.online.observed import frames_of, records_of, whole_list
from screener.data.sources.online.transport.protocol import Ask, Need, Query
from screener.data.sources.online.transport.upstream import endpoint
from screener.data.validation.context import told_apart
from screener.domain.arrays import DayArray, FloatArray
from screener.language import say
from screener.market.calendars import calendar_of

__all__ = [
    "EastmoneyValuation",
    "valuation_batch",
]

_MULTIPLES = tuple(
    column.name for column in TABLES[TableName.VALUATION].columns if column.type is Type.NUMBER
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


def _date(label: np.datetime64) -> date | None:
    day: date | None = None if np.isnat(label) else label.astype(object)
    return day
