"""Stored runs evaluated again at other data versions, and how their results differ."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from screener.data.lake.comparison import TableDiff
from screener.data.lake.schema import TableName
from screener.data.lake.store import Store
from screener.data.panels.price_panel import last_sessions_of
from screener.domain.listing import Board, Exchange, Listing
from screener.errors import ScreenerError
from screener.language import say
from screener.language.lists import in_a_line
from screener.progress import counted
from screener.workflows.explain.kinds import ALL_KINDS, RunKind, RunRows, kind_of
from screener.workspace.locate import Workspace
from screener.workspace.plain import plain_of
from screener.workspace.runs import StoredRun

__all__ = [
    "RunDifference",
    "RunFailure",
    "RunsDiff",
    "compare_runs",
    "may_change",
    "moved_last_sessions",
]

_NOT_READ = (TableName.FETCHES, TableName.QUARANTINE)  # what was asked and refused, no input
_NOT_RESULTS = ("data_version", "run_id")
_ROUNDING = 1e-12

Rows = Sequence[Mapping[str, object]]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunDifference:
    """One value of a stored run's results that differs between two data versions.

    `row` tells the row of its table by its keys; `column` is empty where the whole row is there at
    one of the versions alone.
    """

    run_id: str
    basket: str
    report: str
    horizon: int | None
    capital: float | None
    column: str
    old: object
    new: object
    kind: str
    table: str
    row: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFailure:
    """A stored run that cannot be evaluated, and why."""

    run_id: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RunsDiff:
    """What became of the stored runs between two data versions.

    Parameters
    ----------
    runs
        How many there are.
    evaluated
        How many were evaluated at both versions: those that read anything which differs.
    differences
        Values of their results that differ.
    failures
        Runs that cannot be evaluated at one of the versions, or not be read at all.
    """

    runs: int
    evaluated: int
    differences: tuple[RunDifference, ...]
    failures: tuple[RunFailure, ...]

    @property
    def changed(self) -> int:
        """How many runs have a value that differs."""
        return len({item.run_id for item in self.differences})


def may_change(
    read: frozenset[Listing] | None, tables: Iterable[TableDiff], moved: frozenset[Exchange]
) -> bool:
    """Tell whether anything that a run reads differs; `True` where that is not plain.

    Parameters
    ----------
    read
        Listings whose rows it reads; `None` for all of the tables.
    tables
        What differs, of every table.
    moved
        Exchanges whose last session with a bar differs: how far a window reaches depends on it.
    """
    if read is not None and moved & {
        item.exchange for item in read if item.board is not Board.INDEX
    }:
        return True
    ids = None if read is None else {item.id for item in read}
    return any(
        ids is None or item.listings is None or bool(item.listings & ids)
        for item in tables
        if item.differs and item.table not in _NOT_READ
    )


def moved_last_sessions(old: Store, new: Store) -> frozenset[Exchange]:
    """Return the exchanges whose last session with a bar differs between two versions."""
    first, second = (last_sessions_of(store, list(Exchange)) for store in (old, new))
    return frozenset(item for item in Exchange if first.get(item) != second.get(item))


def compare_runs(
    place: Workspace,
    versions: tuple[int, int],
    runs: Sequence[StoredRun],
    tables: Sequence[TableDiff],
    *,
    program_version: str,
    kinds: Container[str] = ALL_KINDS,
) -> RunsDiff:
    """Evaluate the stored runs that may change at both versions, and compare their results.

    Parameters
    ----------
    place
        Workspace of the lake, whose cards and definitions scores read.
    versions
        The old one and the new one.
    runs
        The stored runs.
    tables
        What differs between the versions, of every table.
    program_version
        Version of the program.
    kinds
        Names of the kinds of runs to evaluate; the others are passed over.
    """
    differences: list[RunDifference] = []
    failures: list[RunFailure] = []
    evaluated = 0
    old, new = versions
    root = place.lake
    with Store.open(root, version=old) as first, Store.open(root, version=new) as second:
        moved = moved_last_sessions(first, second)
        compared = _Compared(place, (first, second), program_version)
        for run in counted(runs):
            try:
                kind = kind_of(run)
                if kind.name not in kinds:
                    continue
                where = say("stored run {run}", run=run.run_id)
                request = kind.request(place, run.document[kind.document], where)
                if not may_change(kind.reads(request), tables, moved):
                    continue
            except ScreenerError as error:
                failures.append(RunFailure(run_id=run.run_id, reason=in_a_line(error)))
                continue
            found = compared.differences(kind, request)
            if isinstance(found, ScreenerError):
                failures.append(RunFailure(run_id=run.run_id, reason=in_a_line(found)))
                continue
            evaluated += 1
            differences.extend(replace(item, run_id=run.run_id) for item in found)
    return RunsDiff(
        runs=len(runs),
        evaluated=evaluated,
        differences=tuple(differences),
        failures=tuple(failures),
    )


class _Compared:
    """Evaluates requests at two versions and compares their rows, each of them once."""

    def __init__(self, place: Workspace, stores: tuple[Store, Store], program_version: str) -> None:
        self._place, self._stores = place, stores
        self._program_version = program_version
        self._done: dict[tuple[str, str], tuple[RunDifference, ...] | ScreenerError] = {}

    def differences(
        self, kind: RunKind, request: object
    ) -> tuple[RunDifference, ...] | ScreenerError:
        """Return what differs in the results of a request, or why one of them cannot be had."""
        key = (kind.name, json.dumps(plain_of(request), default=str, sort_keys=True))
        if key not in self._done:
            self._done[key] = self._found(kind, request)
        return self._done[key]

    def _found(self, kind: RunKind, request: object) -> tuple[RunDifference, ...] | ScreenerError:
        sides = []
        for store in self._stores:
            rows = self._rows(kind, request, store)
            if isinstance(rows, ScreenerError):
                return rows
            sides.append(rows)
        return tuple(_differences(kind, *sides))

    def _rows(self, kind: RunKind, request: object, store: Store) -> RunRows | ScreenerError:
        try:
            _, rows = kind.evaluate(self._place, store, request, self._program_version)
        except ScreenerError as error:  # kept without what it was raised in: whole markets
            text = say("at data version {version}: {why}", version=store.version, why=error.what)
            return type(error)(text, where=error.where, fix=error.fix)
        return {table: rows[table] for table in kind.keys}


def _differences(kind: RunKind, old: RunRows, new: RunRows) -> Iterator[RunDifference]:
    for table, keys in kind.keys.items():
        before, after = _by_key(old[table], keys), _by_key(new[table], keys)
        for key in dict.fromkeys((*before, *after)):
            one, other = before.get(key), after.get(key)
            told = partial(_difference, kind.name, table, key, one or other or {})
            if one is None or other is None:
                yield told("", _there(one), _there(other))
                continue
            for column in one:
                if column not in _NOT_RESULTS and not _same(one[column], other.get(column)):
                    yield told(column, one[column], other.get(column))


def _difference(
    kind: str,
    table: str,
    key: tuple[object, ...],
    row: Mapping[str, object],
    column: str,
    old: object,
    new: object,
) -> RunDifference:
    horizon, capital = row.get("horizon"), row.get("capital")
    return RunDifference(
        run_id="",
        basket=str(row.get("basket") or ""),
        report=str(row.get("report") or ""),
        horizon=None if horizon is None else int(str(horizon)),
        capital=None if capital is None else float(str(capital)),
        column=column,
        old=old,
        new=new,
        kind=kind,
        table=table,
        row=" ".join(str(item) for item in key[:-1] if item not in (None, "")),
    )


def _by_key(rows: Rows, keys: Sequence[str]) -> dict[tuple[object, ...], Mapping[str, object]]:
    """Return rows by their keys; those that share one are counted through, in their order."""
    seen: Counter[tuple[object, ...]] = Counter()
    found = {}
    for row in rows:
        key = tuple(row.get(name) for name in keys)
        found[(*key, seen[key])] = row
        seen[key] += 1
    return found


def _there(row: Mapping[str, object] | None) -> str | None:
    return None if row is None else "there"


def _same(old: object, new: object) -> bool:
    """Tell whether two values are the same, apart from the order in which floats were summed."""
    if isinstance(old, float) and isinstance(new, float):
        both_undefined = math.isnan(old) and math.isnan(new)
        return both_undefined or math.isclose(old, new, rel_tol=_ROUNDING, abs_tol=_ROUNDING)
    return old == new
