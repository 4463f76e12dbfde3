"""Valuations and corporate actions."""

from __future__ import annotations

import numpy as np

from screener.data.lake.schema import TABLES, TableName
from screener.data.panels.joint_actions import one_a_day
from screener.data.sources.files.checks import (
    Normalised,
    on_sessions,
    quantities,
    required_days,
    without_repeats,
)
from screener.data.sources.files.kinds.twins import together_remarks, told_twice
from screener.data.sources.files.lake_rows import table_of
from screener.data.sources.files.request import FileQuery
from screener.data.sources.files.rows import Rows
from screener.data.validation.row_checks import RowFault, future_fault, missing_fault
from screener.domain.arrays import FlagArray, FloatArray
from screener.language import say

__all__ = ["normalise_actions", "normalise_valuation"]

_MEASURES = tuple(
    name
    for name in TABLES[TableName.VALUATION].column_names
    if name not in ("listing", "session", "source", "fetched_at")
)
_QUANTITIES = ("cash", "bonus", "rights", "rights_price")


def normalise_valuation(rows: Rows, query: FileQuery) -> Normalised:
    """Check valuations and turn them into rows of `valuation`; negative multiples stay as given."""
    rows = on_sessions(required_days(rows, query, "session"), "session")
    empty = np.ones(rows.n_rows, dtype=np.bool_)
    for name in _MEASURES:
        empty &= np.isnan(rows.numbers(name))
    rows = rows.judged(
        [
            RowFault(rows=empty, reason=say("no value in the row")),
            *quantities(rows, ("market_cap", "float_cap"), zero=False),
            *quantities(rows, ("dividend_yield",)),
        ]
    )
    rows, repeats, remarks = without_repeats(rows, ("session",), say("listing and session"))
    kept = rows.kept(rows.passed & ~repeats)
    columns = {name: kept.numbers(name) for name in _MEASURES}
    table = table_of(TableName.VALUATION, kept, query, {"session": kept.days("session"), **columns})
    return Normalised(
        rows=rows,
        tables={TableName.VALUATION: table} if table.num_rows else {},
        remarks=remarks,
        table=TableName.VALUATION,
        day_field="session",
    )


def normalise_actions(rows: Rows, query: FileQuery) -> Normalised:
    """Check corporate actions and turn them into rows of `actions`, per share held.

    An ex-date may lie ahead: it is announced before it comes. A plan without one is rejected.
    Several actions of one ex-date are taken together, as the exchanges' own reference price does.

    Raises
    ------
    DataError
        If two rows tell the same distribution and nothing tells whether it is one or two.
    """
    rows = rows.with_values(bonus=_bonus(rows), split=_splits(rows))
    ex_days = rows.days("ex_session")
    planned = RowFault(rows=np.isnat(ex_days), reason=say("no ex-date yet"))
    rows = on_sessions(rows.judged([planned]), "ex_session")
    unpriced = (rows.numbers("rights") > 0) & np.isnan(rows.numbers("rights_price"))
    rows = rows.judged(
        [
            future_fault(rows.days("announced"), query.request.today),
            *quantities(rows, _QUANTITIES),
            *quantities(rows, ("split",), zero=False),
            missing_fault(unpriced, "rights_price"),
            RowFault(rows=_nothing(rows), reason=say("nothing is distributed")),
        ]
    )
    repeats, remarks = told_twice(rows, query)
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
    table, several = one_a_day(table)
    remarks += together_remarks(several)
    return Normalised(
        rows=rows,
        tables={TableName.ACTIONS: table} if table.num_rows else {},
        remarks=remarks,
        table=TableName.ACTIONS,
        day_field="ex_session",
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


def _nothing(rows: Rows) -> FlagArray:
    moved: FlagArray = np.nan_to_num(rows.numbers("split"), nan=1.0) != 1
    for name in ("cash", "bonus", "rights"):
        moved |= np.nan_to_num(rows.numbers(name)) != 0
    return ~moved
