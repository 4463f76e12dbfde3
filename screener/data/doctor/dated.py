"""Checks on factors that stand in for actions, on spells of industries and so on, on estimates."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from itertools import pairwise

from screener.data.doctor.findings import Check, Finding, Severity, Tables
from screener.data.lake.schema import TableName
from screener.data.panels.factors import contradicted
from screener.domain.listing import stored_listing
from screener.language import say
from screener.language.terms import named
from screener.market.calendars import calendar_name, calendar_of

__all__ = [
    "examine_eligibility",
    "examine_estimates",
    "examine_ex_factors",
    "examine_industries",
]

_LATE_YEARS = 2


def examine_ex_factors(tables: Tables) -> Iterator[Finding]:
    """Find factors of an ex-day that is none, or that the terms of the same day contradict."""
    rows = tables[TableName.EX_FACTORS]
    if not rows.num_rows:
        return
    for row in rows.to_pylist():
        exchange = stored_listing(row["listing"]).exchange
        calendar, day = calendar_of(exchange), row["ex_session"]
        if not row["factor"] > 0:
            cause, wanted = say("{name} is not positive", name=named("factor")), say("above 0")
        elif day <= calendar.last and not calendar.is_session(day):
            cause = say(
                "ex_session is not a session (calendar {name})", name=calendar_name(exchange)
            )
            wanted = say("a session")
        else:
            continue
        yield _finding(TableName.EX_FACTORS, row["listing"], day, Check.FACTOR, cause, wanted)
    for name, day, own, given in contradicted(tables[TableName.FACTORS], rows):
        cause = say(
            "the terms of that day make a factor of {own:.5g}, the one given is {given:.5g}",
            own=own,
            given=given,
        )
        yield _finding(TableName.EX_FACTORS, name, day, Check.FACTOR, cause, f"{own:.5g}")


def examine_industries(tables: Tables) -> Iterator[Finding]:
    """Find industries that end before they begin, or begin before the one before has ended."""
    return _spells(tables, TableName.INDUSTRIES, ("listing",), say("two industries on one day"))


def examine_eligibility(tables: Tables) -> Iterator[Finding]:
    """Find spells that end before they begin, or begin before the one before has ended."""
    columns = ("listing", "programme")
    return _spells(tables, TableName.ELIGIBILITY, columns, say("eligible twice on one day"))


def examine_estimates(tables: Tables) -> Iterator[Finding]:
    """Find estimates of a year that was over before they were known for two years or more."""
    for row in tables[TableName.ESTIMATES].to_pylist():
        if row["fiscal_year"] < row["known_at"].year - _LATE_YEARS:
            day = row["known_at"]
            cause = say("an estimate of {year}, published {day}", year=row["fiscal_year"], day=day)
            wanted = say("{year} or later", year=day.year - _LATE_YEARS)
            yield _finding(TableName.ESTIMATES, row["listing"], day, Check.DATES, cause, wanted)


def _spells(
    tables: Tables, name: TableName, whose: tuple[str, ...], twice: str
) -> Iterator[Finding]:
    """Find spells of one key that end before they begin, or overlap."""
    order = [(column, "ascending") for column in (*whose, "valid_from")]
    listed = tables[name].sort_by(order).to_pylist()
    for row, after in pairwise([*listed, None]):
        first, last = row["valid_from"], row["valid_to"]
        same = after is not None and all(after[column] == row[column] for column in whose)
        if last is not None and last < first:
            cause, wanted = say("valid_to is before valid_from"), say("{day} or after", day=first)
        elif same and last is not None and last >= after["valid_from"]:
            cause, wanted = twice, say("before {day}", day=after["valid_from"])
        else:
            continue
        yield _finding(name, row["listing"], first, Check.DATES, cause, wanted)


def _finding(
    table: TableName, listing: str, day: date, check: Check, cause: str, expected: str
) -> Finding:
    return Finding(
        table=table,
        listing=listing,
        session=day,
        check=check,
        severity=Severity.WARNING,
        cause=cause,
        value=None,
        expected=expected,
    )
