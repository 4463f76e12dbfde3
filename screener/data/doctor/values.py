"""Checks on valuations and on published figures."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from screener.data.doctor.bar_columns import day_numbers, numbers
from screener.data.doctor.facts import off_session
from screener.data.doctor.findings import Check, Finding, Severity, Tables
from screener.data.lake.schema import Basis, TableName
from screener.domain.arrays import FlagArray, FloatArray, IntArray
from screener.domain.days import SHANGHAI
from screener.language import say
from screener.language.terms import named

__all__ = ["examine_fundamentals", "examine_valuation"]

_TENFOLD = 0.25  # in powers of ten: what lies this near 10 or 100 is a unit
_SHARES = 1.5  # share counts that jump by more than this need an action
_HUNDREDFOLD = 100.0
_AMOUNTS = ("revenue", "net_profit", "equity", "bps")
_DAY_SPAN = 1 << 22


def examine_valuation(tables: Tables) -> Iterator[Finding]:
    """Find market values that jump by a power of ten, or imply shares that nobody issued."""
    rows = tables[TableName.VALUATION]
    if not rows.num_rows:
        return
    yield from off_session(rows, TableName.VALUATION)
    names = rows.column("listing").combine_chunks().dictionary_encode()
    code = names.indices.to_numpy(zero_copy_only=False).astype(np.int64)
    days = day_numbers(rows, "session")
    order = np.lexsort((days, code))
    code, days = code[order], days[order]
    same = code[1:] == code[:-1]
    caps = numbers(rows, "market_cap")[order]
    jumps = _tenfold(caps) & same
    for at in np.flatnonzero(jumps):
        yield _value(
            str(names.dictionary[code[at + 1]]),
            days[at + 1],
            Check.UNIT,
            Severity.ERROR,
            say("market_cap jumps by a power of ten: another unit"),
            float(caps[at + 1] / caps[at]),
            say("near 1"),
        )
    ids = [str(name) for name in names.dictionary.to_pylist()]
    shares = caps / _raw_closes(tables[TableName.BARS], ids, code, days)
    yield from _issued(tables[TableName.ACTIONS], ids, code, days, shares, same & ~jumps)


def examine_fundamentals(tables: Tables) -> Iterator[Finding]:
    """Find figures known before their period ended or after they were fetched, and odd sizes."""
    rows = tables[TableName.FUNDAMENTALS].to_pylist()
    for row in rows:
        yield from _odd_dates(row)
    # The latest vintage of each period against that of the period before.
    latest = {(row["listing"], row["period_end"]): row for row in rows}
    for before, row in pairwise(latest.values()):
        if before["listing"] == row["listing"] and before["currency"] == row["currency"]:
            yield from _odd_sizes(before, row)


def _tenfold(values: FloatArray) -> FlagArray:
    """Tell of each value but the first whether it is 10, 100, … times the one before or less."""
    with np.errstate(divide="ignore", invalid="ignore"):
        power = np.log10(values[1:] / values[:-1])
    power = np.where(np.isfinite(power), power, 0.0)
    nearest = np.round(power)
    found: FlagArray = (nearest != 0) & (np.abs(power - nearest) < _TENFOLD)
    return found


def _raw_closes(bars: pa.Table, ids: list[str], code: IntArray, days: IntArray) -> FloatArray:
    """Return each row's raw close that session, NaN where there is none."""
    wanted = pc.and_(
        pc.equal(bars.column("basis"), str(Basis.RAW)),
        pc.is_in(bars.column("listing"), value_set=pa.array(ids, pa.string())),
    )
    raw = bars.select(["listing", "session", "close", "basis"]).filter(wanted)
    if not raw.num_rows:
        return np.full(len(code), np.nan)
    own = pc.index_in(raw.column("listing"), value_set=pa.array(ids, pa.string()))
    keys = own.to_numpy().astype(np.int64) * _DAY_SPAN + day_numbers(raw, "session")
    order = np.argsort(keys, kind="stable")
    asked = code * _DAY_SPAN + days
    at = np.minimum(np.searchsorted(keys[order], asked), len(keys) - 1)
    closes = numbers(raw, "close")[order[at]]
    found: FloatArray = np.where(keys[order[at]] == asked, closes, np.nan)
    return found


def _issued(
    actions: pa.Table,
    ids: list[str],
    code: IntArray,
    days: IntArray,
    shares: FloatArray,
    counted: FlagArray,
) -> Iterator[Finding]:
    """Find share counts that jump between two valuations without an action between them."""
    with np.errstate(invalid="ignore"):
        ratio = shares[1:] / shares[:-1]
        jumped = counted & ((ratio > _SHARES) | (ratio < 1 / _SHARES))
    acted: dict[str, list[int]] = {}
    for name, day in zip(
        actions.column("listing").to_pylist(), day_numbers(actions, "ex_session"), strict=True
    ):
        acted.setdefault(name, []).append(int(day))
    for at in np.flatnonzero(jumped):
        name = ids[code[at + 1]]
        if not any(days[at] < day <= days[at + 1] for day in acted.get(name, ())):
            yield _value(
                name,
                days[at + 1],
                Check.SHARES,
                Severity.WARNING,
                say("market_cap / close implies shares that no action explains"),
                float(ratio[at]),
                say("within {most:g}× without an action", most=_SHARES),
            )


def _value(
    listing: str,
    day: np.int64,
    check: Check,
    severity: Severity,
    cause: str,
    value: float,
    expected: str,
) -> Finding:
    return Finding(
        table=TableName.VALUATION,
        listing=listing,
        session=np.datetime64(int(day), "D").item(),
        check=check,
        severity=severity,
        cause=cause,
        value=value,
        expected=expected,
    )


def _odd_dates(row: dict[str, Any]) -> Iterator[Finding]:
    known: date = row["known_at"]
    fetched: date = row["fetched_at"].astimezone(SHANGHAI).date()
    for late, cause, expected, days in (
        (
            known < row["period_end"],
            say("figures known before their period ended"),
            say("known_at after period_end"),
            (known - row["period_end"]).days,
        ),
        (
            known > fetched,
            say("figures known only after they were fetched"),
            say("known_at on or before the day of fetched_at"),
            (known - fetched).days,
        ),
    ):
        if late:
            yield _figure(row, Check.DATES, Severity.ERROR, cause, float(days), expected)


def _odd_sizes(before: dict[str, Any], row: dict[str, Any]) -> Iterator[Finding]:
    """Find amounts 100 times those of the period before: all of them together are a unit."""
    ratios = {
        name: row[name] / before[name]
        for name in _AMOUNTS
        if row[name] and before[name] and row[name] * before[name] > 0
    }
    far = {
        name: ratio for name, ratio in ratios.items() if not 1 / _HUNDREDFOLD < ratio < _HUNDREDFOLD
    }
    if not far:
        return
    whole = len(far) == len(ratios) and len(far) > 1
    for name, ratio in far.items():
        yield _figure(
            row,
            Check.UNIT,
            Severity.ERROR if whole else Severity.WARNING,
            _odd(named(name), whole=whole),
            ratio,
            say(
                "within {most:g}× of that of {period}",
                most=_HUNDREDFOLD,
                period=before["period_end"],
            ),
        )


def _odd(name: str, *, whole: bool) -> str:
    if whole:
        return say("{name}: another unit", name=name)
    return say("{name}: odd size", name=name)


def _figure(
    row: dict[str, Any], check: Check, severity: Severity, cause: str, value: float, expected: str
) -> Finding:
    return Finding(
        table=TableName.FUNDAMENTALS,
        listing=row["listing"],
        session=row["period_end"],
        check=check,
        severity=severity,
        cause=cause,
        value=value,
        expected=expected,
    )
