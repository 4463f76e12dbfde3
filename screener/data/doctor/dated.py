"""Checks on factors that stand in for actions, and on dated industries."""

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

__all__ = ["examine_ex_factors", "examine_industries"]


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
    rows = tables[TableName.INDUSTRIES].sort_by(
        [("listing", "ascending"), ("valid_from", "ascending")]
    )
    listed = rows.to_pylist()
    for row, after in pairwise([*listed, None]):
        first, last = row["valid_from"], row["valid_to"]
        if last is not None and last < first:
            cause, wanted = say("valid_to is before valid_from"), say("{day} or after", day=first)
        elif (
            after is not None
            and after["listing"] == row["listing"]
            and (last is not None and last >= after["valid_from"])
        ):
            cause, wanted = (
                say("two industries on one day"),
                say("before {day}", day=after["valid_from"]),
            )
        else:
            continue
        yield _finding(TableName.INDUSTRIES, row["listing"], first, Check.DATES, cause, wanted)


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
