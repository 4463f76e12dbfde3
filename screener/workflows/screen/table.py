"""A finished screen as a table for CSV and DataFrames, and as one document for JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from screener.language.lists import clauses
from screener.results.screen import screen_spec
from screener.results.tables import Table
from screener.screen.evaluate import ScreenedRow
from screener.workflows.screen.run import ScreenResult

__all__ = ["marks_of", "screen_document", "screen_run_document", "screen_table"]

_MARKS = {True: "✓", False: "✗", None: "·"}


def screen_table(
    result: ScreenResult,
    *,
    passed_only: bool = False,
    names: Sequence[ScreenedRow] | None = None,
) -> Table:
    """Return every name looked at, or only the best.

    Parameters
    ----------
    result
        A finished screen. With its `top` set, only that many of the names that passed.
    passed_only
        Leave out the names that failed.
    names
        These names instead, in this order.

    Returns
    -------
    Table
        A multiple's value as stored follows it where any name has one of zero or less.
    """
    undefined = {
        field.name
        for field in result.fields
        for row in result.rows
        if (stored := row.raw.get(field.name)) is not None and stored <= 0
    }
    scored = any(row.score is not None for row in result.rows)
    spec = screen_spec(result.fields, undefined, scored=scored, checked=bool(result.checks))
    rows = names
    if rows is None:
        rows = result.passes if passed_only or result.top else result.rows
        rows = rows[: result.top]
    return Table(spec=spec, rows=[spec.row(_cells(result, row)) for row in rows])


def screen_document(result: ScreenResult, *, passed_only: bool = False) -> dict[str, object]:
    """Return the screen as one document for JSON: what was asked, then the rows of the CSV."""
    table = screen_table(result, passed_only=passed_only)
    return {
        "screened": result.label,
        "as_of": result.as_of,
        "snapshots": dict(result.sessions),
        "questions": list(result.questions),
        "checks": {check.name: check.predicate.text for check in result.checks},
        "allow_missing": list(result.allowed),
        "currency": result.currency,
        "data_version": result.data_version,
        "simulated": result.simulated,
        "remarks": list(result.remarks),
        "looked_at": len(result.rows),
        "passed": len(result.passes),
        "columns": list(table.spec.names),
        "rows": list(table.rows),
    }


def screen_run_document(
    result: ScreenResult, as_of: date, arguments: Mapping[str, object]
) -> dict[str, object]:
    """Return what a stored run keeps: its day and its question as typed, and who passed.

    `arguments` are those of `screen_request`.
    """
    return {
        **screen_document(result, passed_only=True),
        "run_id": result.run_id,
        "screen": {"as_of": as_of, **arguments},
    }


def marks_of(row: ScreenedRow) -> str:
    """Return the marks of a name's checks, one character each."""
    return "".join(_MARKS[mark] for mark in row.marks)


def _cells(result: ScreenResult, row: ScreenedRow) -> dict[str, object]:
    stored = {field.raw_name: row.raw.get(field.name) for field in result.fields}
    return {
        "rank": row.rank,
        "listing": row.listing,
        "name": row.name,
        "session": row.session,
        "score": row.score,
        "checks": marks_of(row),
        **row.values,
        **stored,
        "passed": row.passed,
        "reasons": clauses(row.reasons),
        "run_id": result.run_id,
    }
