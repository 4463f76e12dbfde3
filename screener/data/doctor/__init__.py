"""The doctor: what is wrong with the stored tables, and why it probably is.

Every check is a function from rows to findings. A move beyond the daily limit cannot have been
traded, so it points at the data: a split that nobody undid, a unit, a bad tick.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date

import pyarrow.compute as pc

from screener.data.doctor.bar_columns import Marks
from screener.data.doctor.bars import examine_bars
from screener.data.doctor.beyond import examine_beyond
from screener.data.doctor.dated import (
    examine_eligibility,
    examine_estimates,
    examine_ex_factors,
    examine_industries,
)
from screener.data.doctor.distributions import examine_actions, examine_factors
from screener.data.doctor.facts import (
    examine_calendar,
    examine_listings,
    examine_lots,
    examine_names,
    examine_status,
)
from screener.data.doctor.findings import Check, Finding, Severity, Tables, in_order
from screener.data.doctor.ids import examine_ids
from screener.data.doctor.records import (
    examine_fetches,
    examine_fixings,
    examine_quarantine,
    examine_ratings,
)
from screener.data.doctor.values import examine_fundamentals, examine_valuation
from screener.data.lake.schema import TableName

__all__ = [
    "Check",
    "Finding",
    "Severity",
    "Tables",
    "examine",
    "examine_bars",
    "examine_fixings",
    "known_dates",
    "suspensions",
]


def examine(table: TableName, tables: Tables, *, start: date | None = None) -> tuple[Finding, ...]:
    """Examine one table.

    Parameters
    ----------
    table
        Table to examine.
    tables
        Rows of that table, and of those that it is compared with; each is asked for when needed.
    start
        First session of all bars, where these are those of some listings alone.

    Returns
    -------
    tuple
        Findings by listing and session.
    """
    found = _bars(tables, start) if table is TableName.BARS else _EXAMINERS[table](tables)
    return in_order([*found, *examine_beyond(table, tables[table])])


def suspensions(tables: Tables) -> Marks:
    """Return listing and session of every known suspension."""
    status = tables[TableName.STATUS]
    return Marks.of(status.filter(status.column("suspended")))


def known_dates(tables: Tables, column: str) -> dict[str, date]:
    """Return `list_date` or `delist_date` by listing, where it is known."""
    rows = tables[TableName.LISTINGS].select(["listing", column])
    rows = rows.filter(pc.is_valid(rows.column(column)))
    return dict(
        zip(rows.column("listing").to_pylist(), rows.column(column).to_pylist(), strict=True)
    )


def _bars(tables: Tables, start: date | None) -> Iterable[Finding]:
    found = examine_bars(
        tables[TableName.BARS],
        suspended=suspensions(tables),
        list_dates=known_dates(tables, "list_date"),
        delist_dates=known_dates(tables, "delist_date"),
        factors=tables[TableName.FACTORS],
        start=start,
    )
    return (*found, *examine_ids(tables[TableName.BARS]))


_EXAMINERS: dict[TableName, Callable[[Tables], Iterable[Finding]]] = {
    TableName.LISTINGS: examine_listings,
    TableName.NAMES: examine_names,
    TableName.BOARD_LOTS: examine_lots,
    TableName.CALENDAR: examine_calendar,
    TableName.STATUS: examine_status,
    TableName.ACTIONS: examine_actions,
    TableName.FACTORS: examine_factors,
    TableName.EX_FACTORS: examine_ex_factors,
    TableName.INDUSTRIES: examine_industries,
    TableName.ELIGIBILITY: examine_eligibility,
    TableName.ESTIMATES: examine_estimates,
    TableName.VALUATION: examine_valuation,
    TableName.FUNDAMENTALS: examine_fundamentals,
    TableName.FX: lambda tables: examine_fixings(tables[TableName.FX]),
    TableName.RATINGS: examine_ratings,
    TableName.FETCHES: examine_fetches,
    TableName.QUARANTINE: examine_quarantine,
}
