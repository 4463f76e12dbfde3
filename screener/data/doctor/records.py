"""Checks on fixings and ratings, and on the records of what was asked and what was rejected."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import pairwise

import pyarrow as pa

from screener.data.doctor.findings import Check, Finding, Severity, Tables
from screener.data.lake.schema import TableName
from screener.data.validation.context import KEPT
from screener.domain.days import SHANGHAI
from screener.language import say
from screener.language.stored import retold
from screener.language.terms import named

__all__ = ["examine_fetches", "examine_fixings", "examine_quarantine", "examine_ratings"]

_FX_MOVE = 0.03


def examine_fixings(fx: pa.Table) -> tuple[Finding, ...]:
    """Look for currency fixings that jump by more than 3 %.

    Parameters
    ----------
    fx
        Rows of table `fx`, sorted by pair and session.
    """
    found = []
    rows = fx.select(["pair", "session", "rate"]).to_pylist()
    for before, row in pairwise(rows):
        move = row["rate"] / before["rate"] - 1 if before["rate"] else float("inf")
        if before["pair"] == row["pair"] and abs(move) > _FX_MOVE:
            found.append(
                Finding(
                    table=TableName.FX,
                    listing=row["pair"],
                    session=row["session"],
                    check=Check.FX_MOVE,
                    severity=Severity.WARNING,
                    cause=say("unit error or bad fixing"),
                    value=move,
                    expected=say("within ±3 %"),
                )
            )
    return tuple(found)


def examine_ratings(tables: Tables) -> Iterator[Finding]:
    """Find ratings from the future, and brokers that rate a listing twice on a day, differently."""
    rows = tables[TableName.RATINGS]
    keys = ["listing", "published", "broker"]
    told = rows.group_by(keys).aggregate([("rating", "count_distinct"), ("fetched_at", "min")])
    for row in told.to_pylist():
        late = row["published"] > row["fetched_at_min"].astimezone(SHANGHAI).date()
        for wrong, check, cause, expected in (
            (
                late,
                Check.DATES,
                say("published after it was fetched"),
                say("published ≤ fetched_at"),
            ),
            (
                row["rating_count_distinct"] > 1,
                Check.REPEATED,
                say(
                    "{broker} rates it twice that day, differently: neither is scored",
                    broker=row["broker"],
                ),
                say("one rating"),
            ),
        ):
            if wrong:
                yield Finding(
                    table=TableName.RATINGS,
                    listing=row["listing"],
                    session=row["published"],
                    check=check,
                    severity=Severity.WARNING,
                    cause=cause,
                    value=row["rating_count_distinct"] if check is Check.REPEATED else None,
                    expected=expected,
                )


def examine_fetches(tables: Tables) -> Iterator[Finding]:
    """Find records of answers that contradict themselves."""
    for row in tables[TableName.FETCHES].to_pylist():
        last = row["last"]
        for wrong, cause in (
            (row["asked_to"] < row["asked_from"], say("asked_to is before asked_from")),
            (last is not None and last > row["asked_to"], say("last is after asked_to")),
            (
                row["asked_to"] > row["fetched_at"].astimezone(SHANGHAI).date(),
                say("asked_to is after fetched_at"),
            ),
            (row["rows"] < 0, say("{name} is negative", name=named("rows"))),
        ):
            if wrong:
                yield Finding(
                    table=TableName.FETCHES,
                    listing=f"{row['need']} {row['subject']}",
                    session=row["asked_to"],
                    check=Check.SPAN,
                    severity=Severity.WARNING,
                    cause=say("{what}: days may never be asked for", what=cause),
                    value=None,
                    expected=say("asked_from ≤ last ≤ asked_to ≤ fetched_at"),
                )


def examine_quarantine(tables: Tables) -> Iterator[Finding]:
    """Count rejected and doubted rows by the table that they were meant for, with the first why."""
    rows = tables[TableName.QUARANTINE]
    pairs = zip(
        rows.column("table_name").to_pylist(), rows.column("reason").to_pylist(), strict=True
    )
    reasons: dict[tuple[str, bool], Counter[str]] = {}
    for table, reason in pairs:
        kept = reason.startswith(KEPT)
        reasons.setdefault((table, kept), Counter())[reason.removeprefix(KEPT)] += 1
    for (table, kept), counted in sorted(reasons.items()):
        reason, count = min(counted.items(), key=lambda item: (-item[1], item[0]))
        total = counted.total()
        yield Finding(
            table=TableName.QUARANTINE,
            listing="",
            session=None,
            check=Check.REJECTED,
            severity=Severity.INFO,
            cause=_left_out(named(table), count, retold(reason), kept=kept),
            value=total,
            expected=say("none"),
        )


def _left_out(table: str, count: int, reason: str, *, kept: bool) -> str:
    if kept:
        return say(
            "rows for {table} stored with a doubt, {n} of them: {reason}",
            table=table,
            n=count,
            reason=reason,
        )
    return say(
        "rows for {table} rejected, {n} of them: {reason}", table=table, n=count, reason=reason
    )
