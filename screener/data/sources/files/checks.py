"""Checks that several kinds of file share, and what a kind's normaliser gives back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from screener.data.lake.schema import TableName
from screener.data.sources.files.remarks import Remark
from screener.data.sources.files.request import FileQuery
from screener.data.sources.files.rows import Rows
from screener.data.validation.row_checks import (
    RowFault,
    duplicate_faults,
    future_fault,
    missing_fault,
    negative_fault,
    session_faults,
)
from screener.data.validation.sense import days_beyond, numbers_beyond
from screener.domain.arrays import FlagArray
from screener.domain.listing import Exchange
from screener.language import say
from screener.language.terms import named
from screener.market.calendars import calendar_of

__all__ = [
    "Normalised",
    "on_sessions",
    "quantities",
    "required_days",
    "sensible",
    "without_repeats",
]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Normalised:
    """What a kind's normaliser made of the rows.

    Parameters
    ----------
    rows
        All rows with their final verdict.
    tables
        Rows for the lake.
    remarks
        What was assumed or left out.
    table, day_field
        The table that rejects were meant for, and the field with their day.
    """

    rows: Rows
    tables: Mapping[TableName, pa.Table]
    remarks: list[Remark]
    table: TableName
    day_field: str


def sensible(rows: Rows) -> Rows:
    """Reject rows with a number or a day that no market has seen; see `data.sense`."""
    findings: list[RowFault] = []
    for name, values in rows.values.items():
        if values.dtype.kind == "M":
            findings.append(days_beyond(name, rows.days(name)))
        elif values.dtype.kind == "f":
            findings += numbers_beyond(name, rows.numbers(name))
    return rows.judged(findings)


def required_days(rows: Rows, query: FileQuery, name: str) -> Rows:
    """Reject rows whose day is missing or after today."""
    days = rows.days(name)
    return rows.judged(
        [missing_fault(np.isnat(days), name), future_fault(days, query.request.today)]
    )


def on_sessions(rows: Rows, name: str) -> Rows:
    """Reject rows whose day is no session of their listing's exchange."""
    exchange_of = rows.exchange_index()
    present = {list(Exchange)[place] for place in np.unique(exchange_of) if place >= 0}
    calendars = {item: calendar_of(item) for item in Exchange if item in present}
    return rows.judged(session_faults(rows.days(name), exchange_of, calendars))


def quantities(rows: Rows, names: tuple[str, ...], *, zero: bool = True) -> list[RowFault]:
    """Find values that may not be negative, or not zero either."""
    findings = []
    for name in names:
        values = rows.numbers(name)
        if zero:
            findings.append(negative_fault(values, name))
        else:
            reason = say("{name} is not positive", name=named(name))
            findings.append(RowFault(rows=values <= 0, reason=reason))
    return findings


def without_repeats(
    rows: Rows, days: tuple[str, ...], key_name: str
) -> tuple[Rows, FlagArray, list[Remark]]:
    """Reject conflicting rows of one key, and mark the rows that repeat another exactly.

    Parameters
    ----------
    rows
        Rows, judged so far.
    days
        Day fields that make up the key together with the listing.
    key_name
        The key in words.
    """
    repeats, conflict = duplicate_faults(
        [rows.listing, *(rows.days(name) for name in days)],
        [column for name, column in rows.values.items() if name not in days],
        rows.passed,
        key_name=key_name,
    )
    count = int(repeats.sum())
    told = say("{n} rows repeat another row exactly and were taken once", n=count)
    return rows.judged([conflict]), repeats, [Remark(text=told)] if count else []
