"""Factors of ex-days, fundamentals, sessions, suspensions and industries."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from screener.data.lake.schema import TABLES, TableName, Type
from screener.data.sources.files.checks import (
    Normalised,
    on_sessions,
    quantities,
    required_days,
    without_repeats,
)
from screener.data.sources.files.columns.codes import price_currency
from screener.data.sources.files.lake_rows import table_of
from screener.data.sources.files.remarks import Remark
from screener.data.sources.files.request import FileQuery
from screener.data.sources.files.rows import Array, Rows
from screener.data.validation.row_checks import RowFault, future_fault, missing_fault
from screener.data.validation.sense import NUMBERS
from screener.data.validation.series import check_calendar
from screener.domain.arrays import FlagArray, IntArray
from screener.domain.listing import Exchange, parse_exchange
from screener.errors import DataError
from screener.language import say
from screener.language.terms import named
from screener.market.calendars import calendar_of

__all__ = [
    "lake_rows",
    "normalise_calendar",
    "normalise_factors",
    "normalise_fundamentals",
    "normalise_industries",
    "normalise_status",
]

_FIGURES = tuple(
    column.name for column in TABLES[TableName.FUNDAMENTALS].columns if column.type is Type.NUMBER
)
_KNOWN_BY = "announcement date in the file"
_BALANCE = 0.05  # of the assets: equity is told with perpetual bonds or without


def normalise_factors(rows: Rows, query: FileQuery) -> Normalised:
    """Check factors of ex-days and turn them into rows of `ex_factors`.

    A factor is the previous close over the ex-reference price of its own ex-day. An ex-date may
    lie ahead.

    Raises
    ------
    DataError
        If the factors are cumulative, as those that adjust backwards (后复权因子).
    """
    rows = rows.judged([missing_fault(np.isnat(rows.days("ex_session")), "ex_session")])
    rows = on_sessions(rows, "ex_session")
    factor = rows.numbers("factor")
    far = NUMBERS["factor"].lacks(factor)
    _refuse_cumulative(rows, far, query)
    rows = rows.judged(
        [
            missing_fault(np.isnan(factor), "factor"),
            *quantities(rows, ("factor",), zero=False),
            RowFault(rows=factor == 1, reason=say("a factor of 1 changes nothing")),
        ]
    )
    return lake_rows(rows, query, TableName.EX_FACTORS, "ex_session", {"factor": factor})


def _refuse_cumulative(rows: Rows, far: FlagArray, query: FileQuery) -> None:
    """Refuse factors that only grow along a listing's ex-days, or are too large for one day."""
    factor, day = rows.numbers("factor"), rows.days("ex_session")
    order = np.lexsort((day, rows.listing))
    order = order[(rows.passed | far)[order] & np.isfinite(factor[order])]
    same = rows.listing[order][1:] == rows.listing[order][:-1]
    grows = same & (factor[order][1:] > factor[order][:-1])
    several = int(np.count_nonzero(same))
    most = several >= 5 and np.count_nonzero(grows) > 0.9 * several
    if most or (len(order) and np.mean(far[order]) > 0.5):
        raise DataError(
            say(
                "the factors are cumulative: they only grow from one ex-date to the next, or "
                "are too large for one day"
            ),
            where=", ".join(query.labels[:3]),
            fix=say(
                "give each ex-date its own factor, the previous close over the ex-reference "
                "price: divide each cumulative factor by the one before it"
            ),
        )


def normalise_fundamentals(rows: Rows, query: FileQuery) -> Normalised:
    """Check figures of reports and turn them into rows of `fundamentals`.

    Raises
    ------
    DataError
        If a ratio is a percentage that its header does not print.
    """
    rows = required_days(rows, query, "known_at")
    ends = rows.days("period_end")
    empty = np.ones(rows.n_rows, dtype=np.bool_)
    for name in _FIGURES:
        empty &= np.isnan(rows.numbers(name))
    rows = rows.judged(
        [
            missing_fault(np.isnat(ends), "period_end"),
            RowFault(
                rows=rows.days("known_at") <= ends, reason=say("published before its period ended")
            ),
            RowFault(rows=empty, reason=say("no value in the row")),
            *quantities(rows, ("total_assets", "total_liabilities", "cash_equivalents", "debt")),
            RowFault(
                rows=_unbalanced(rows),
                reason=say("assets less liabilities are not the equity: is a unit another?"),
            ),
        ]
    )
    for name in ("roe", "gross_margin"):
        _refuse_percent(rows, name, query)
    own = rows.of_listing([str(price_currency(item)) for item in rows.listings], "")
    told = rows.texts("currency")
    currency = np.array(
        [plain if text is None else text.upper() for text, plain in zip(told, own, strict=True)],
        dtype=np.object_,
    )
    by = [_KNOWN_BY if text is None else text for text in rows.texts("known_by")]
    columns: dict[str, Array | str] = {name: rows.numbers(name) for name in _FIGURES}
    columns |= {
        "period_end": ends,
        "currency": currency,
        "known_by": np.array(by, dtype=np.object_),
    }
    return lake_rows(
        rows, query, TableName.FUNDAMENTALS, "known_at", columns, key=("period_end", "known_at")
    )


def _unbalanced(rows: Rows) -> FlagArray:
    """Tell which balance sheets do not balance, of those that tell all of their parts."""
    assets = rows.numbers("total_assets")
    net = assets - rows.numbers("total_liabilities")
    equity = rows.numbers("equity") + rows.numbers("minorities")
    wrong: FlagArray = np.abs(net - equity) > _BALANCE * assets
    return wrong


def _refuse_percent(rows: Rows, name: str, query: FileQuery) -> None:
    values = np.abs(rows.numbers(name)[rows.passed])
    values = values[np.isfinite(values)]
    if len(values) and float(np.median(values)) > 1:
        raise DataError(
            say(
                "{name} has a median of {median:.3g}: a percentage, not a fraction",
                name=named(name),
                median=float(np.median(values)),
            ),
            where=", ".join(query.labels[:3]),
            fix=say("name its column `{name}(%)`, or give fractions, 0.12 for 12 %", name=name),
        )


def normalise_calendar(rows: Rows, query: FileQuery) -> Normalised:
    """Check sessions of exchanges and turn them into rows of `calendar`; closed days are no rows.

    They are compared with the recorded ones; nothing is computed from them.
    """
    names = rows.texts("exchange")
    known = {text: _exchange_of(text) for text in set(names.tolist()) if text is not None}
    exchange = np.array([known.get(text, "") for text in names], dtype=np.object_)
    days = rows.days("session")
    blank = np.array([text is None for text in names], dtype=np.bool_)
    rows = rows.judged(
        [
            missing_fault(np.isnat(days), "session"),
            missing_fault(blank, "exchange"),
            RowFault(rows=exchange == "", reason=say("the exchange is none of SH, SZ, BJ and HK")),
        ]
    )
    closed = ~rows.flags("open") if "open" in rows.values else np.zeros(rows.n_rows, np.bool_)
    codes = np.unique(exchange.astype(np.str_), return_inverse=True)[1].astype(np.int64)
    rows, repeats, remarks = _told_apart(rows, codes)
    kept = rows.kept(good := rows.passed & ~repeats & ~closed)
    columns: dict[str, Array | str] = {"exchange": exchange[good], "session": kept.days("session")}
    if "half_day" in rows.values:
        columns["half_day"] = kept.flags("half_day")
    table = table_of(TableName.CALENDAR, kept, query, columns)
    if closed.any():
        remarks.append(Remark(text=say("{n} rows are days without a session", n=int(closed.sum()))))
    for name in sorted(set(exchange[good].tolist())):
        item = Exchange(name)
        remarks += [Remark(text=text) for text in check_calendar(table, calendar_of(item), item)]
    return Normalised(
        rows=rows,
        tables={TableName.CALENDAR: table} if table.num_rows else {},
        remarks=remarks,
        table=TableName.CALENDAR,
        day_field="session",
    )


def _exchange_of(text: str) -> str:
    found = parse_exchange(text)
    return "" if found is None or found.compiler else str(found)


def _told_apart(rows: Rows, codes: IntArray) -> tuple[Rows, FlagArray, list[Remark]]:
    """Find rows of one exchange and day: a calendar has no listings to tell them apart."""
    moved = replace(rows, listing=codes)
    judged, repeats, remarks = without_repeats(moved, ("session",), say("exchange and session"))
    return replace(judged, listing=rows.listing), repeats, remarks


def normalise_status(rows: Rows, query: FileQuery) -> Normalised:
    """Check suspensions and special treatment and turn them into rows of `status`."""
    rows = on_sessions(required_days(rows, query, "session"), "session")
    columns: dict[str, Array | str] = {"suspended": rows.flags("suspended")}
    if "st" in rows.values:
        columns["st"] = rows.flags("st")
    return lake_rows(rows, query, TableName.STATUS, "session", columns)


def normalise_industries(rows: Rows, query: FileQuery) -> Normalised:
    """Check dated industries and turn them into rows of `industries`; both ends are included."""
    rows = required_days(rows, query, "valid_from")
    ends, names = rows.days("valid_to"), rows.texts("industry")
    rows = rows.judged(
        [
            missing_fault(np.array([name is None for name in names], dtype=np.bool_), "industry"),
            RowFault(
                rows=ends < rows.days("valid_from"), reason=say("valid_to is before valid_from")
            ),
            future_fault(rows.days("valid_from"), query.request.today),
        ]
    )
    columns: dict[str, Array | str] = {"industry": names, "valid_to": ends}
    return lake_rows(rows, query, TableName.INDUSTRIES, "valid_from", columns)


def lake_rows(
    rows: Rows,
    query: FileQuery,
    name: TableName,
    day: str,
    columns: Mapping[str, Array | str],
    *,
    key: tuple[str, ...] = (),
    apart: IntArray | None = None,
) -> Normalised:
    """Return the rows without repeats as a table.

    Parameters
    ----------
    rows, query
        Rows, judged so far, and what was asked.
    name
        The table.
    day
        Its first day, in the column of the same name.
    columns
        The other columns, `(n_rows,)` each.
    key
        Days that are its key together with the listing; `day` alone when empty.
    apart
        `(n_rows,)` what tells rows of one day apart in place of the listing.
    """
    days = key or (day,)
    words = named(days[0])
    for field in days[1:]:
        words = say("{first} and {other}", first=words, other=named(field))
    key_name = (
        say("listing and {days}", days=words)
        if apart is None
        else say("listing, year, broker and {days}", days=words)
    )
    moved = rows if apart is None else replace(rows, listing=apart)
    judged, repeats, remarks = without_repeats(moved, days, key_name)
    rows = replace(judged, listing=rows.listing)
    good = rows.passed & ~repeats
    kept = rows.kept(good)
    chosen = {
        field: value if isinstance(value, str) else value[good] for field, value in columns.items()
    }
    table = table_of(name, kept, query, {day: kept.days(day), **chosen})
    return Normalised(
        rows=rows,
        tables={name: table} if table.num_rows else {},
        remarks=remarks,
        table=name,
        day_field=day,
    )
