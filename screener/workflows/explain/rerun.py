"""Stored runs evaluated again at other data versions, and how their results differ."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from screener.data.lake.comparison import TableDiff
from screener.data.lake.schema import TableName
from screener.data.lake.store import Store
from screener.data.panels.price_panel import last_sessions_of
from screener.domain.listing import Exchange, Kind, Listing, parse_listing
from screener.errors import InputError, ScreenerError
from screener.language import say
from screener.language.lists import in_a_line
from screener.market.benchmarks import default_benchmark
from screener.progress import counted
from screener.results.backtest import RETURNS
from screener.workflows.backtest.requests import NO_BENCHMARK, BacktestRequest
from screener.workflows.backtest.rows import result_rows
from screener.workflows.backtest.run import run_events
from screener.workspace.runs import StoredRun, rebuilt

__all__ = [
    "RunDifference",
    "RunFailure",
    "RunsDiff",
    "compare_runs",
    "may_change",
    "moved_last_sessions",
    "request_of",
]

_NOT_READ = (TableName.FETCHES, TableName.QUARANTINE)  # what was asked and refused, no input
_NOT_RESULTS = ("data_version", "run_id")
_ROUNDING = 1e-12

Rows = Sequence[Mapping[str, object]]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunDifference:
    """One value of a stored run's results that differs between two data versions."""

    run_id: str
    basket: str
    report: str
    horizon: int
    capital: float | None
    column: str
    old: object
    new: object


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


def request_of(run: StoredRun) -> BacktestRequest:
    """Build the request of a stored run again.

    Raises
    ------
    InputError
        If the document holds no request of a backtest, or one that this program cannot read.
    """
    where = say("stored run {run}", run=run.run_id)
    if "request" not in run.document:
        raise InputError(
            say("it keeps no request of a backtest"),
            where=where,
            fix=say("give a run of `screener backtest`: no other can be evaluated again"),
        )
    return rebuilt(BacktestRequest, _of_today(run.document["request"]), where=where)


def _of_today(request: object) -> object:
    """Return the request of an earlier version, which knew one amount of money only."""
    if not isinstance(request, dict) or not isinstance(request.get("settings"), dict):
        return request
    settings = dict(request["settings"])
    if "capital" in settings and "capitals" not in settings:
        settings["capitals"] = [settings.pop("capital")]
    return {**request, "settings": settings}


def may_change(
    request: BacktestRequest, tables: Iterable[TableDiff], moved: frozenset[Exchange]
) -> bool:
    """Tell whether anything that a request reads differs; `True` where that is not plain.

    Parameters
    ----------
    request
        The request.
    tables
        What differs, of every table.
    moved
        Exchanges whose last session with a bar differs: how far a window reaches depends on it.
    """
    names = {member.listing for event in request.events for member in event.members}
    read = {listing.id for listing in names | _benchmarks(request)}
    if moved & {listing.exchange for listing in names}:
        return True
    return any(
        item.listings is None or bool(item.listings & read)
        for item in tables
        if item.differs and item.table not in _NOT_READ
    )


def moved_last_sessions(old: Store, new: Store) -> frozenset[Exchange]:
    """Return the exchanges whose last session with a bar differs between two versions."""
    first, second = (last_sessions_of(store, list(Exchange)) for store in (old, new))
    return frozenset(item for item in Exchange if first.get(item) != second.get(item))


def compare_runs(
    root: Path,
    versions: tuple[int, int],
    runs: Sequence[StoredRun],
    tables: Sequence[TableDiff],
    *,
    program_version: str,
) -> RunsDiff:
    """Evaluate the stored runs that may change at both versions, and compare their results.

    Parameters
    ----------
    root
        Folder of the lake.
    versions
        The old one and the new one.
    runs
        The stored runs.
    tables
        What differs between the versions, of every table.
    program_version
        Version of the program.
    """
    differences: list[RunDifference] = []
    failures: list[RunFailure] = []
    evaluated = 0
    old, new = versions
    with Store.open(root, version=old) as first, Store.open(root, version=new) as second:
        moved = moved_last_sessions(first, second)
        sides = (_Side(first, program_version), _Side(second, program_version))
        for run in counted(runs):
            try:
                request = request_of(run)
                if not may_change(request, tables, moved):
                    continue
                rows = [side.rows(request) for side in sides]
            except ScreenerError as error:
                failures.append(RunFailure(run_id=run.run_id, reason=in_a_line(error)))
                continue
            evaluated += 1
            differences.extend(_differences(run.run_id, *rows))
    return RunsDiff(
        runs=len(runs),
        evaluated=evaluated,
        differences=tuple(differences),
        failures=tuple(failures),
    )


class _Side:
    """Evaluates requests at one version, each of them once."""

    def __init__(self, store: Store, program_version: str) -> None:
        self._store = store
        self._program_version = program_version
        self._done: dict[BacktestRequest, Rows | ScreenerError] = {}

    def rows(self, request: BacktestRequest) -> Rows:
        if request not in self._done:
            self._done[request] = self._evaluated(request)
        found = self._done[request]
        if isinstance(found, ScreenerError):
            raise found
        return found

    def _evaluated(self, request: BacktestRequest) -> Rows | ScreenerError:
        try:
            run = run_events(self._store, request, program_version=self._program_version)
        except ScreenerError as error:
            version = self._store.version
            text = say("at data version {version}: {why}", version=version, why=error.what)
            return type(error)(text, where=error.where, fix=error.fix)
        return result_rows(run)


def _benchmarks(request: BacktestRequest) -> set[Listing]:
    found = set()
    for event in request.events:
        asked = request.benchmark or event.benchmark
        if asked == NO_BENCHMARK:
            continue
        if asked:
            found.add(parse_listing(asked, parameter="benchmark", kind=Kind.INDEX))
        else:
            found.update(default_benchmark(member.listing) for member in event.members)
    return found


def _differences(run_id: str, old: Rows, new: Rows) -> Iterable[RunDifference]:
    # The same request gives the same events and horizons in the same order.
    for before, after in zip(old, new, strict=True):
        for column in RETURNS.names:
            if column not in _NOT_RESULTS and not _same(before[column], after[column]):
                yield RunDifference(
                    run_id=run_id,
                    basket=str(before["basket"]),
                    report=str(before["report"]),
                    horizon=int(str(before["horizon"])),
                    capital=None if before["capital"] is None else float(str(before["capital"])),
                    column=column,
                    old=before[column],
                    new=after[column],
                )


def _same(old: object, new: object) -> bool:
    """Tell whether two values are the same, apart from the order in which floats were summed."""
    if isinstance(old, float) and isinstance(new, float):
        both_undefined = math.isnan(old) and math.isnan(new)
        return both_undefined or math.isclose(old, new, rel_tol=_ROUNDING, abs_tol=_ROUNDING)
    return old == new
