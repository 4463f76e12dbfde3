"""Where a row of a study, of random baskets, a stream, a score or a screen came from.

Its run is evaluated again at its data version; the row is compared with what comes out, and shown
with the rows of the tables that it rests on and, where the report was read on this machine, with
the sentence that named the security.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from screener.data.lake.store import Store
from screener.errors import InputError, ScreenerError
from screener.language import say
from screener.language.lists import listed
from screener.results.tables import Row
from screener.workflows.explain.gathering import gathered
from screener.workflows.explain.kinds import RunKind, RunRows, kind_of
from screener.workflows.explain.rows import Difference, is_same
from screener.workflows.explain.sources import SourceRow
from screener.workflows.report.rows import stored_evidence
from screener.workspace.locate import Workspace
from screener.workspace.runs import StoredRun

__all__ = ["Sentence", "Traced", "trace", "traced_document"]

_OF_THE_RUN = ("run_id", "data_version", "rank")
_KEYS: Mapping[str, tuple[str, ...]] = {
    "sessions": ("group", "session"),
    "names": ("basket", "report", "listing"),
    "controls": ("basket", "report", "horizon", "listing", "control"),
    "orders": ("basket", "report", "listing", "session", "side"),
    "curve": ("session",),
    "measures": (),
}
"""What tells a row of a table that is not compared between versions from the others."""
_KNOWN = 0.6  # of a header: users add columns, and take some away


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentence:
    """The sentence of a report that named a listing, as its text is kept on this machine."""

    report: str
    listing: str
    role: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Traced:
    """One row of a run with what it rests on.

    Parameters
    ----------
    kind, table
        Kind of the run, and table of the row.
    run_id, data_version, simulated
        Of the run.
    row
        The row as it comes out now.
    differences
        Values of the given row that come out otherwise.
    facts
        What was done, label and text.
    sources
        Rows of tables that it rests on.
    sentences
        Sentences of the reports that it rests on.
    """

    kind: str
    table: str
    run_id: str
    data_version: int
    simulated: bool
    row: Row
    differences: tuple[Difference, ...]
    facts: tuple[tuple[str, str], ...]
    sources: tuple[SourceRow, ...]
    sentences: tuple[Sentence, ...]


def trace(
    place: Workspace,
    store: Store,
    stored: StoredRun,
    wanted: Mapping[str, str],
    *,
    program_version: str,
) -> Traced:
    """Evaluate a stored run again, and gather what one of its rows rests on.

    Parameters
    ----------
    place, store
        The workspace, and its lake at the version that the run names.
    stored
        The run.
    wanted
        The row, as a CSV of the run has it.
    program_version
        Version of the program that evaluates it.

    Raises
    ------
    InputError
        If the run has no such row, or cannot be evaluated again.
    """
    kind = kind_of(stored)
    where = say("stored run {run}", run=stored.run_id)
    request = kind.request(place, stored.document[kind.document], where)
    run, rows = kind.evaluate(place, store, request, program_version)
    table = _table(rows, wanted, where)
    at, differences = _chosen(kind, table, rows[table], wanted, stored.run_id)
    row = rows[table][at]
    found = gathered(kind.name, table, run, request, store, row, at)
    return Traced(
        kind=kind.name,
        table=table,
        run_id=stored.run_id,
        data_version=stored.data_version,
        simulated=bool(stored.document.get("simulated")),
        row=row,
        differences=differences,
        facts=found.facts,
        sources=tuple(found.sources),
        sentences=tuple(_sentences(place, found.named)),
    )


def traced_document(found: Traced) -> dict[str, object]:
    """Return an explanation as plain values; no sentence of a report is among them."""
    return {
        "run_id": found.run_id,
        "data_version": found.data_version,
        "kind": found.kind,
        "table": found.table,
        "row": dict(found.row),
        "facts": dict(found.facts),
        "sources": [one.row() for one in found.sources],
        "differences": [
            {"column": item.column, "told": item.told, "now": item.now}
            for item in found.differences
        ],
    }


def _table(rows: RunRows, wanted: Mapping[str, str], where: str) -> str:
    """Return the table whose columns a row has."""

    def share(name: str) -> float:
        columns = set(rows[name][0]) if rows[name] else set()
        return len(columns & set(wanted)) / max(len(wanted), 1)

    best = max(rows, key=share)
    if share(best) < _KNOWN:
        raise InputError(
            say("its columns are those of none of its tables: {names}", names=listed(rows)),
            where=where,
            fix=say("give a CSV of the command that made the run"),
        )
    return best


def _chosen(
    kind: RunKind, table: str, rows: Sequence[Row], wanted: Mapping[str, str], run_id: str
) -> tuple[int, tuple[Difference, ...]]:
    keys = kind.keys.get(table, _KEYS.get(table, ()))
    same = [
        at
        for at, row in enumerate(rows)
        if all(is_same(row.get(key), wanted[key]) for key in keys if key in wanted)
    ]
    if not same:
        told = listed(f"{key} {wanted[key]}" for key in keys if wanted.get(key))
        raise InputError(say("run {run_id} has no row of {told}", run_id=run_id, told=told))
    compared = [(at, _differences(rows[at], wanted)) for at in same]
    return min(compared, key=lambda pair: len(pair[1]))


def _differences(row: Row, wanted: Mapping[str, str]) -> tuple[Difference, ...]:
    return tuple(
        Difference(column=name, told=wanted[name], now=row.get(name))
        for name in row
        if name in wanted and name not in _OF_THE_RUN and not is_same(row.get(name), wanted[name])
    )


def _sentences(place: Workspace, named: Iterable[tuple[str, str]]) -> Iterator[Sentence]:
    """Give the sentences that named listings in reports, where the reports' texts are kept."""
    known: dict[str, list[dict[str, Any]]] = {}
    for report, listing in dict.fromkeys(named):
        if report not in known:
            try:
                known[report] = [dict(row) for row in stored_evidence(place, report)]
            except ScreenerError:  # read on another machine, or not a card
                known[report] = []
        for row in known[report]:
            if not listing or row["listing"] == listing:
                yield Sentence(
                    report=report,
                    listing=str(row["listing"]),
                    role=str(row["role"]),
                    text=str(row["sentence"]),
                )
