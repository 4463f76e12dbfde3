"""Stored values that no market has seen: today they are rejected, an older program stored them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa

from screener.data.doctor.bar_columns import numbers
from screener.data.doctor.findings import Check, Finding, Severity
from screener.data.lake.schema import TABLES, TableName, Type
from screener.data.validation.sense import FIXINGS, numbers_beyond
from screener.domain.arrays import FlagArray
from screener.language import say
from screener.language.terms import named

__all__ = ["examine_beyond"]

_DAYS = ("session", "ex_session", "period_end", "published")
_CUMULATIVE = (TableName.FACTORS,)  # its factors are products, computed and never given


def examine_beyond(table: TableName, rows: pa.Table) -> Iterator[Finding]:
    """Find values beyond the bounds of sense, each listing and column once, by its first day.

    Parameters
    ----------
    table
        Which table.
    rows
        Its rows, in any order.
    """
    for column in TABLES[table].columns:
        if column.type is not Type.NUMBER or table in _CUMULATIVE:
            continue
        for found in numbers_beyond(column.name, numbers(rows, column.name)):
            yield from _told(table, rows, column.name, found.rows, found.reason)
    if table is TableName.FX:
        yield from _fixings(rows)


def _fixings(rows: pa.Table) -> Iterator[Finding]:
    rates, pairs = numbers(rows, "rate"), rows.column("pair").to_numpy()
    days = rows.column("session").to_numpy().astype("datetime64[D]")
    for name, span in FIXINGS.items():
        most = np.where(days >= np.datetime64(span.since, "D"), span.later, span.high)
        odd = (pairs == f"{name}CNY") & ((rates < span.low) | (rates > most))
        reason = say(
            "the rate is no price of 1 {currency} in renminbi since 1994", currency=named(name)
        )
        yield from _told(TableName.FX, rows, "rate", odd, reason)


def _told(
    table: TableName, rows: pa.Table, column: str, beyond: FlagArray, reason: str
) -> Iterator[Finding]:
    if not beyond.any():
        return
    key = "pair" if table is TableName.FX else "listing"
    day = next(name for name in _DAYS if name in rows.column_names)
    odd = rows.filter(pa.array(beyond)).sort_by(day).to_pylist()
    for name, row in {row[key]: row for row in reversed(odd)}.items():  # the first day comes last
        yield Finding(
            table=table,
            listing=name,
            session=row[day],
            check=Check.SENSE,
            severity=Severity.ERROR,
            cause=reason,
            value=row[column],
            expected=say("a value that validation does not reject"),
        )
