"""Eastmoney's pages of balance sheets, income and cash flow statements of A-shares.

What is assumed of them stands in `upstream_tables/eastmoney_statements.toml`, where

    sums    our figures that are parts added up, of rows that tell all of `told`
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from screener.data.lake.batch import Reject
from screener.data.lake.schema import TABLES, TableName, Type
from screener.data.sources.online.action_rows import number_in, read_rows, reject_of
from screener.data.sources.online.bar_rows import asked_listing
from screener.data.sources.online.known import KnownBy, known_on, mainland_deadline
from screener.data.sources.online.observed import Row, day_in, day_of, text_in
from screener.data.sources.online.transport.protocol import Ask, Page
from screener.data.sources.online.transport.upstream import Endpoint, endpoint
from screener.domain.listing import Listing
from screener.errors import InputError, SourceChanged
from screener.language import say

__all__ = ["SHEETS", "Statement", "difference", "pages", "statements_in"]

SHEETS = tuple(
    endpoint("eastmoney_statements", name) for name in ("balance_sheet", "income", "cash_flow")
)
_FIGURES = frozenset(
    column.name for column in TABLES[TableName.FUNDAMENTALS].columns if column.type is Type.NUMBER
)
_ROWS = 500  # of a page: over a hundred years of quarters
_CENTS = 2
_BALANCE = 0.005
_DATES = frozenset({"period_end", "currency", "notice", "update"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """What the statements of one period tell, and when all of it could be known."""

    known_at: date
    known_by: KnownBy
    currency: str
    figures: Mapping[str, float]


def pages(listing: Listing) -> tuple[Page, ...]:
    """Return the page of each statement of a listing."""
    return tuple(
        Page(
            url=sheet.url,
            params={
                "reportName": sheet.extra["report"],
                "columns": "ALL",
                "filter": f'(SECUCODE="{listing.id}")',
                "pageNumber": "1",
                "pageSize": str(_ROWS),
                "sortTypes": "-1",
                "sortColumns": "REPORT_DATE",
                "source": "HSF10",
                "client": "PC",
            },
            encoding="utf-8",
        )
        for sheet in SHEETS
    )


def statements_in(
    texts: Sequence[str], ask: Ask
) -> tuple[dict[date, Statement], list[Reject], tuple[str, ...]]:
    """Read the pages of `pages`, in their order.

    A page of another shape than before is left out with a remark: the indicators do not need it.

    Returns
    -------
    tuple
        What each period tells, rows that cannot be read, and remarks.
    """
    found: dict[date, Statement] = {}
    rejects: list[Reject] = []
    remarks: list[str] = []
    for sheet, text in zip(SHEETS, texts, strict=False):
        try:
            rows = _rows(sheet, text)
        except SourceChanged as error:
            remarks.append(error.what)
            continue
        seen: dict[date, Statement] = {}
        for line, row in enumerate(rows, start=1):
            period: date | None = None
            try:
                period = _period(row)
                _once(seen, period, _statement(sheet, row, period, day_of(ask)))
                found[period] = _both(found.get(period), seen[period])
            except InputError as error:
                table, listing = TableName.FUNDAMENTALS, asked_listing(ask)
                told = reject_of(
                    table, "eastmoney", listing, row, error.what, day=period, line=line
                )
                rejects.append(told)
    return found, rejects, tuple(remarks)


def difference(figures: Mapping[str, float | None]) -> float | None:
    """Return what others than its owners hold of a company's equity: the rest of its balance."""
    parts = [figures.get(name) for name in ("total_assets", "total_liabilities", "equity")]
    assets, liabilities, equity = parts
    if assets is None or liabilities is None or equity is None:
        return None
    return round(assets - liabilities - equity, _CENTS)


def _rows(sheet: Endpoint, text: str) -> list[Row]:
    import pandas as pd

    fix = say("mend {file}, or wait for a new release", file=sheet.place)
    try:
        result = json.loads(text)["result"]
        rows = [] if result is None else list(result["data"] or [])
        whole = len(rows) < _ROWS and (result is None or int(result.get("pages") or 1) == 1)
        frame = pd.DataFrame.from_records(rows)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        what = say("Eastmoney no longer sends a list of statements")
        raise SourceChanged(what, where=sheet.url, fix=fix) from error
    if not whole:
        what = say("Eastmoney sends only a part of the statements")
        raise SourceChanged(what, where=sheet.url, fix=fix)
    return read_rows(sheet, frame) if rows else []


def _period(row: Row) -> date:
    period = day_in(row, "period_end")
    if period is None:
        raise InputError(say("a report without its period"))
    return period


def _statement(sheet: Endpoint, row: Row, period: date, today: date) -> Statement:
    currency = text_in(row, "currency")
    if not (len(currency) == 3 and currency.isascii() and currency.isupper()):
        raise InputError(say("currency {told!r} is unknown", told=currency))
    cells = {name: number_in(sheet, row, name) for name in sheet.columns.keys() - _DATES}
    _balanced(cells)
    sums = {name: _sum(cells, rule) for name, rule in sheet.extra["sums"].items()}
    figures = {
        name: value
        for name, value in {**cells, **sums}.items()
        if value is not None and name in _FIGURES
    }
    known_at, known_by = known_on(
        period,
        notice=_dated(row, "notice"),
        update=_dated(row, "update"),
        deadline=mainland_deadline(period),
        today=today,
    )
    return Statement(known_at=known_at, known_by=known_by, currency=currency, figures=figures)


def _sum(cells: Mapping[str, float | None], rule: Mapping[str, Sequence[str]]) -> float | None:
    if any(cells[name] is None for name in rule["told"]):
        return None
    more = math.fsum(cells[name] or 0.0 for name in rule["parts"])
    return round(more - math.fsum(cells[name] or 0.0 for name in rule.get("less", ())), _CENTS)


def _balanced(cells: Mapping[str, float | None]) -> None:
    told = [cells.get(name) for name in ("total_assets", "total_liabilities", "all_equity")]
    assets, liabilities, equity = told
    if assets is None or liabilities is None or equity is None:
        return
    if abs(assets - liabilities - equity) > _BALANCE * abs(assets):
        raise InputError(say("assets less liabilities are not the equity: is a unit another?"))


def _dated(row: Row, field: str) -> date | None:
    try:
        return day_in(row, field)
    except InputError:
        return None


def _once(seen: dict[date, Statement], period: date, statement: Statement) -> None:
    if seen.setdefault(period, statement) != statement:
        raise InputError(say("the period came with other figures already"))


def _both(first: Statement | None, second: Statement) -> Statement:
    """Return what two statements of a period tell together, known when the later one was."""
    if first is None:
        return second
    if first.currency != second.currency:
        raise InputError(say("its statements are in {currency}", currency=first.currency))
    later = max(first, second, key=lambda item: item.known_at)
    return replace(later, figures={**second.figures, **first.figures})
