"""Checks on the tables of facts: listings, names, lots, suspensions and sessions."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator
from datetime import date
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from screener.data.doctor.findings import Check, Finding, Severity, Tables
from screener.data.lake.rows import days_of
from screener.data.lake.schema import TableName
from screener.domain.listing import Exchange
from screener.language import say
from screener.language.terms import named
from screener.market.calendars import calendar_name, calendar_of

__all__ = [
    "examine_calendar",
    "examine_listings",
    "examine_lots",
    "examine_names",
    "examine_status",
    "off_session",
]

_LOT_JUMP = 100.0


def examine_listings(tables: Tables) -> Iterator[Finding]:
    """Find listings that were delisted before they were listed."""
    rows = tables[TableName.LISTINGS]
    wrong = rows.filter(pc.less_equal(rows.column("delist_date"), rows.column("list_date")))
    for row in wrong.to_pylist():
        yield Finding(
            table=TableName.LISTINGS,
            listing=row["listing"],
            session=row["delist_date"],
            check=Check.DATES,
            severity=Severity.ERROR,
            cause=say("delisted on or before its list date"),
            value=float((row["delist_date"] - row["list_date"]).days),
            expected=say("after {day}", day=row["list_date"]),
        )


def examine_names(tables: Tables) -> Iterator[Finding]:
    """Find two names on one day, and names that repeat the one before them."""
    yield from _dated_facts(tables[TableName.NAMES], TableName.NAMES, "name", _folded)


def examine_lots(tables: Tables) -> Iterator[Finding]:
    """Find two lots on one day, repeated lots, and lots that are no number of shares or jump."""
    rows = tables[TableName.BOARD_LOTS]
    yield from _dated_facts(rows, TableName.BOARD_LOTS, "lot", lambda lot: lot)
    for before, row in pairwise([None, *rows.to_pylist()]):
        lot = row["lot"]
        same = before is not None and before["listing"] == row["listing"]
        jumped = same and lot > 0 and before["lot"] > 0 and _far(lot / before["lot"])
        if lot > 0 and not jumped:
            continue
        yield Finding(
            table=TableName.BOARD_LOTS,
            listing=row["listing"],
            session=row["valid_from"],
            check=Check.LOT,
            severity=Severity.WARNING if lot > 0 else Severity.ERROR,
            cause=say("lot jumps") if jumped else say("lot is not positive"),
            value=float(lot),
            expected=say("within 100× of {lot:,}", lot=before["lot"])
            if jumped
            else say("1 share or more"),
        )


def examine_status(tables: Tables) -> Iterator[Finding]:
    """Find suspensions and special treatment on days without a session."""
    yield from off_session(tables[TableName.STATUS], TableName.STATUS)


def examine_calendar(tables: Tables) -> Iterator[Finding]:
    """Compare the stored sessions with those of exchange_calendars, both ways.

    Days past what exchange_calendars records cannot be compared.
    """
    rows = tables[TableName.CALENDAR]
    for text in pc.unique(rows.column("exchange")).to_pylist():
        own = rows.filter(pc.equal(rows.column("exchange"), text))
        stored = days_of(own, "session")
        calendar = calendar_of(Exchange(text))
        listed = calendar.between(stored.min().item(), stored.max().item())
        name = calendar_name(Exchange(text))
        for days, cause, expected in (
            (
                stored[~calendar.known(stored)],
                say("no session of calendar {name}", name=name),
                say("no row"),
            ),
            (
                listed[~np.isin(listed, stored)],
                say("session of calendar {name} is missing", name=name),
                say("a row"),
            ),
        ):
            for day in days:
                yield Finding(
                    table=TableName.CALENDAR,
                    listing=text,
                    session=day.item(),
                    check=Check.CALENDAR,
                    severity=Severity.WARNING,
                    cause=cause,
                    value=None,
                    expected=expected,
                )


def off_session(rows: pa.Table, table: TableName) -> Iterator[Finding]:
    """Find days without a session of the listing's exchange: one finding for each of them."""
    if not rows.num_rows:
        return
    names = rows.column("listing").combine_chunks().dictionary_encode()
    exchanges = [Exchange(str(name).rpartition(".")[2]) for name in names.dictionary.to_pylist()]
    calendars = [calendar_name(item) for item in exchanges]
    code = names.indices.to_numpy(zero_copy_only=False)
    days = days_of(rows, "session")
    for calendar in dict.fromkeys(calendars):
        here = np.array([item == calendar for item in calendars])[code]
        known = calendar_of(exchanges[calendars.index(calendar)])
        unique, first, counts = np.unique(days[here], return_index=True, return_counts=True)
        for at in np.flatnonzero(~known.known(unique)):
            row = np.flatnonzero(here)[first[at]]
            yield Finding(
                table=table,
                listing=str(names.dictionary[code[row]]),
                session=unique[at].item(),
                check=Check.SESSION,
                severity=Severity.ERROR,
                cause=say("not a session (calendar {name})", name=calendar),
                value=float(counts[at]),
                expected=say("no row"),
            )


def _dated_facts(
    rows: pa.Table, table: TableName, column: str, folded: Callable[[Any], object]
) -> Iterator[Finding]:
    """Find two values on one day, and count values that repeat the one before them."""
    parts = [rows.column(name).to_pylist() for name in ("listing", "valid_from", column)]
    repeated: list[tuple[str, date]] = []
    for (listing, day, value), (after, next_day, next_value) in pairwise(zip(*parts, strict=True)):
        if listing != after:
            continue
        if day == next_day and value != next_value:
            yield Finding(
                table=table,
                listing=listing,
                session=day,
                check=Check.REPEATED,
                severity=Severity.ERROR,
                cause=say("two values of {column} on one day", column=named(column)),
                value=2,
                expected=say("one"),
            )
        elif folded(value) == folded(next_value):
            repeated.append((after, next_day))
    if repeated:  # harmless, and many where older snapshots came after newer ones
        yield Finding(
            table=table,
            listing=repeated[0][0],
            session=repeated[0][1],
            check=Check.REPEATED,
            severity=Severity.INFO,
            cause=say(
                "{column} repeats the one before: nothing changed that day", column=named(column)
            ),
            value=len(repeated),
            expected=say("a row for each change"),
        )


def _folded(name: str) -> str:
    return unicodedata.normalize("NFKC", name).replace(" ", "")


def _far(ratio: float) -> bool:
    return not 1 / _LOT_JUMP < ratio < _LOT_JUMP
