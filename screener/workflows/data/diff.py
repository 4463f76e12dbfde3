"""What differs between two data versions: rows by table, and the stored runs that change by it."""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass

from screener.data.lake.comparison import TableDiff, ValueChange, VersionComparison
from screener.data.lake.schema import TableName
from screener.language import say
from screener.progress import counted
from screener.workflows.explain.kinds import ALL_KINDS
from screener.workflows.explain.rerun import RunFailure, RunsDiff, compare_runs
from screener.workspace.locate import Workspace
from screener.workspace.runs import StoredRun, stored_runs

__all__ = ["DataDiff", "diff_versions", "run_diff_rows"]


@dataclass(frozen=True, slots=True, kw_only=True)
class DataDiff:
    """What differs between two data versions.

    Parameters
    ----------
    old, new
        The versions.
    tables
        Rows that differ, of the tables asked for.
    runs
        What became of the stored runs.
    """

    old: int
    new: int
    tables: tuple[TableDiff, ...]
    runs: RunsDiff
    _compared: VersionComparison

    def values(self, table: TableName) -> Iterator[ValueChange]:
        """Give the values of a table that differ, those of provenance among them."""
        return self._compared.changes(table)

    def rows(self) -> Iterator[dict[str, object]]:
        """Give one row per value that differs with the columns of `DIFF`."""
        for item in self.tables:
            for change in self.values(item.table):
                yield {**asdict(change), "change": str(change.change)}


@contextmanager
def diff_versions(
    workspace: Workspace,
    old: int,
    new: int,
    *,
    program_version: str,
    tables: Sequence[TableName] = (),
    more: Sequence[StoredRun] = (),
    kinds: Container[str] = ALL_KINDS,
) -> Iterator[DataDiff]:
    """Compare two data versions, and every stored run at both; the result lives in the context.

    Parameters
    ----------
    workspace
        Where the lake and the stored runs are.
    old, new
        The versions; rows are told as they became from `old` to `new`.
    program_version
        Version of the program that evaluates the runs.
    tables
        Tables to tell of; all when empty. Runs are judged by all of them in any case.
    more
        Runs to compare beside those that are stored.
    kinds
        Names of the kinds of runs to compare.

    Raises
    ------
    InputError
        If there is no such version, or no longer.
    DataError
        If there is no lake.
    """
    with VersionComparison.open(workspace.lake, old, new) as compared:
        every = tuple(compared.compare(table) for table in counted(tuple(TableName)))
        stored = stored_runs(workspace)
        runs = compare_runs(
            workspace,
            (old, new),
            (*stored.runs, *more),
            every,
            program_version=program_version,
            kinds=kinds,
        )
        yield DataDiff(
            old=old,
            new=new,
            tables=tuple(item for item in every if not tables or item.table in tables),
            runs=_with_unreadable(runs, stored.unreadable),
            _compared=compared,
        )


def run_diff_rows(diff: DataDiff) -> list[dict[str, object]]:
    """Return one row per value of a stored run that differs, with the columns of `RUN_DIFF`."""
    return [asdict(item) for item in diff.runs.differences]


def _with_unreadable(runs: RunsDiff, unreadable: Sequence[str]) -> RunsDiff:
    failures = (
        RunFailure(run_id="", reason=say("unreadable: {reason}", reason=text))
        for text in unreadable
    )
    return RunsDiff(
        runs=runs.runs + len(unreadable),
        evaluated=runs.evaluated,
        differences=runs.differences,
        failures=(*runs.failures, *failures),
    )
