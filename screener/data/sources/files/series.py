"""Valuations, exchange rates and corporate actions."""

from __future__ import annotations

from datetime import date

import numpy as np

from screener.data.quality import BoolArray, Finding, FloatArray, future_finding, missing_finding
from screener.data.schema import TABLES, TableName
from screener.data.sources.files.arrival import (
    Outcome,
    on_sessions,
    quantities,
    required_days,
    without_repeats,
)
from screener.data.sources.files.landing import table_of
from screener.data.sources.files.plausible import impossible_findings
from screener.data.sources.files.remarks import Remark
from screener.data.sources.files.request import FileQuery
from screener.data.sources.files.rows import Rows
from screener.errors import DataError

__all__ = ["normalise_actions", "normalise_fx", "normalise_valuation"]

_MEASURES = tuple(
    name
    for name in TABLES[TableName.VALUATION].column_names
    if name not in ("listing", "session", "source", "fetched_at")
)
_PAIR = "HKDCNY"
_PAIR_NAMES = frozenset({_PAIR, "HKDCNYC", "HKDCNY.EX", "港币", "港元"})
_PER_HUNDRED = 10.0
_PLAUSIBLE = (0.7, 1.2)
# The renminbi has been dearer than the Hong Kong dollar since 2007: above 1 the rate is inverted.
_BELOW_ONE_SINCE = date(2008, 1, 1)
_QUANTITIES = ("cash", "bonus", "rights", "rights_price")


def normalise_valuation(rows: Rows, query: FileQuery) -> Outcome:
    """Check valuations and turn them into rows of `valuation`; negative multiples stay as given."""
    rows = on_sessions(required_days(rows, query, "session"), "session")
    empty = np.ones(rows.n_rows, dtype=np.bool_)
    for name in _MEASURES:
        empty &= np.isnan(rows.numbers(name))
    rows = rows.judged(
        [
            Finding(rows=empty, reason="no value in the row"),
            *quantities(rows, ("market_cap", "float_cap"), zero=False),
            *quantities(rows, ("dividend_yield",)),
            *(
                finding
                for name in ("market_cap", "float_cap", "dividend_yield")
                for finding in impossible_findings(name, rows.numbers(name))
            ),
        ]
    )
    rows, repeats, remarks = without_repeats(rows, ("session",), "listing and session")
    kept = rows.kept(rows.passed & ~repeats)
    columns = {name: kept.numbers(name) for name in _MEASURES}
    table = table_of(TableName.VALUATION, kept, query, {"session": kept.days("session"), **columns})
    return Outcome(
        rows=rows,
        tables={TableName.VALUATION: table} if table.num_rows else {},
        remarks=remarks,
        table=TableName.VALUATION,
        day_field="session",
    )


def normalise_fx(rows: Rows, query: FileQuery) -> Outcome:
    """Check fixings of the Hong Kong dollar and turn them into rows of `fx`, per 1 dollar.

    Raises
    ------
    DataError
        If the rates cannot be renminbi for 1 or for 100 Hong Kong dollars.
    """
    rows = required_days(rows, query, "session")
    pairs = [name is None or name.upper() in _PAIR_NAMES for name in rows.texts("pair")]
    other = ~np.array(pairs, dtype=np.bool_)
    rate = rows.numbers("rate")
    rows = rows.judged(
        [
            Finding(rows=other, reason=f"the pair is not {_PAIR}"),
            missing_finding(np.isnan(rate), "rate"),
            *quantities(rows, ("rate",), zero=False),
        ]
    )
    rows, remarks = _per_dollar(rows, query)
    rows = rows.with_values(pair=np.full(rows.n_rows, None, dtype=np.object_))
    rows, repeats, repeated = without_repeats(rows, ("session",), "session")
    kept = rows.kept(rows.passed & ~repeats)
    table = table_of(
        TableName.FX,
        kept,
        query,
        {"pair": _PAIR, "session": kept.days("session"), "rate": kept.numbers("rate")},
    )
    return Outcome(
        rows=rows,
        tables={TableName.FX: table} if table.num_rows else {},
        remarks=[*remarks, *repeated],
        table=TableName.FX,
        day_field="session",
    )


def normalise_actions(rows: Rows, query: FileQuery) -> Outcome:
    """Check corporate actions and turn them into rows of `actions`, per share held.

    An ex-date may lie ahead: it is announced before it comes. A plan without one is rejected.
    """
    rows = rows.with_values(bonus=_bonus(rows), split=_splits(rows))
    ex_days = rows.days("ex_session")
    planned = Finding(rows=np.isnat(ex_days), reason="no ex-date yet")
    rows = on_sessions(rows.judged([planned]), "ex_session")
    unpriced = (rows.numbers("rights") > 0) & np.isnan(rows.numbers("rights_price"))
    rows = rows.judged(
        [
            future_finding(rows.days("announced"), query.request.today),
            *quantities(rows, _QUANTITIES),
            *quantities(rows, ("split",), zero=False),
            missing_finding(unpriced, "rights_price"),
            Finding(rows=_nothing(rows), reason="nothing is distributed"),
        ]
    )
    rows, repeats, remarks = without_repeats(rows, ("ex_session",), "listing and ex_session")
    kept = rows.kept(rows.passed & ~repeats)
    days = ("ex_session", "announced", "record_date", "pay_date")
    table = table_of(
        TableName.ACTIONS,
        kept,
        query,
        {
            **{name: kept.days(name) for name in days},
            **{name: kept.numbers(name) for name in (*_QUANTITIES, "split")},
        },
    )
    return Outcome(
        rows=rows,
        tables={TableName.ACTIONS: table} if table.num_rows else {},
        remarks=remarks,
        table=TableName.ACTIONS,
        day_field="ex_session",
    )


def _per_dollar(rows: Rows, query: FileQuery) -> tuple[Rows, list[Remark]]:
    rate = rows.numbers("rate").copy()
    remarks = []
    for number, label in enumerate(query.labels):
        mine = (rows.file == number) & rows.passed
        if not mine.any():
            continue
        if float(np.median(rate[mine])) > _PER_HUNDRED:
            rate[rows.file == number] /= 100
            told = "rates are for 100 Hong Kong dollars: divided by 100"
            remarks.append(Remark(text=told, file=label))
        _check_rates(rate[mine], rows.days("session")[mine].min().item(), label)
    return rows.with_values(rate=rate), remarks


def _check_rates(rates: FloatArray, first: date, label: str) -> None:
    median = float(np.median(rates))
    low, high = _PLAUSIBLE[0], 1.0 if first >= _BELOW_ONE_SINCE else _PLAUSIBLE[1]
    if not low <= median <= high:
        raise DataError(
            f"the median rate {median:.4g} is no price of 1 or 100 Hong Kong dollars in renminbi",
            where=label,
            fix="give CNY for 1 HKD (about 0.9), not HKD for 1 CNY and no other currency",
        )


def _bonus(rows: Rows) -> FloatArray:
    """Return new shares per share: as given, else bonus and conversion shares together."""
    total = rows.numbers("bonus")
    bonus, transfer = rows.numbers("bonus_shares"), rows.numbers("transfer_shares")
    both = np.where(
        np.isnan(bonus) & np.isnan(transfer), np.nan, np.nan_to_num(bonus) + np.nan_to_num(transfer)
    )
    return np.where(np.isnan(total), both, total)


def _splits(rows: Rows) -> FloatArray:
    given = rows.numbers("split")
    return given if "split" in rows.values else np.where(np.isnan(given), 1.0, given)


def _nothing(rows: Rows) -> BoolArray:
    moved: BoolArray = np.nan_to_num(rows.numbers("split"), nan=1.0) != 1
    for name in ("cash", "bonus", "rights"):
        moved |= np.nan_to_num(rows.numbers(name)) != 0
    return ~moved
