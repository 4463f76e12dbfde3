"""Data versions on the terminal: what differs between two of them, and what a compaction did."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from itertools import islice

from rich.console import Group, RenderableType
from rich.text import Text

from screener.data.lake.compaction import GRACE, Compaction
from screener.data.lake.comparison import Change, TableDiff
from screener.render.tables import UNDEFINED, Column, money_short, plain_table
from screener.workflows.data.diff import DataDiff
from screener.workflows.explain.rerun import RunDifference, RunsDiff

__all__ = [
    "RowLine",
    "RunLine",
    "SizeLine",
    "TableLine",
    "compaction_page",
    "compaction_view",
    "diff_page",
    "diff_view",
]

_SOME = 6

_DIGITS = 7
_FAILURES_SHOWN = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class TableLine:
    """Rows of a table that differ; `listings` is `None` where a table has none."""

    table: str
    added: int
    changed: int
    removed: int
    provenance: int
    listings: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RowLine:
    """A value that differs; a row that came or went has its values as text and no column."""

    table: str
    key: str
    change: str
    column: str
    old: object
    new: object


@dataclass(frozen=True, slots=True, kw_only=True)
class RunLine:
    """A value of a stored run's results that differs."""

    run_id: str
    basket: str
    report: str
    horizon: int
    capital: float | None
    column: str
    old: object
    new: object


@dataclass(frozen=True, slots=True, kw_only=True)
class SizeLine:
    """Files and bytes before and after; `None` where the bytes are not known."""

    name: str
    files: tuple[int, int]
    size: tuple[int, int | None]


def diff_view(
    tables: Sequence[TableLine],
    rows: Sequence[RowLine],
    results: Sequence[RunLine],
    failures: Sequence[tuple[str, str]],
    *,
    title: str,
    runs: str,
) -> RenderableType:
    """Return what differs between two versions: tables, some rows, and stored runs.

    Parameters
    ----------
    tables
        Counts by table.
    rows
        Values to show.
    results
        Values of stored runs to show.
    failures
        Runs that cannot be evaluated, each with its reason.
    title
        Line above all.
    runs
        What became of the stored runs, in a line.
    """
    parts: list[RenderableType] = [Text(title, style="bold")]
    if tables:
        parts += [_counts(tables), Text()]
    else:
        parts.append(Text("No row differs."))
    for name in dict.fromkeys(line.table for line in rows):
        parts += [_rows(name, [line for line in rows if line.table == name]), Text()]
    parts.append(Text(runs, style="bold"))
    if results:
        parts.append(_results(results))
    parts.extend(
        Text(f"· {run}: {reason}" if run else f"· {reason}")
        for run, reason in failures[:_FAILURES_SHOWN]
    )
    hidden = len(failures) - _FAILURES_SHOWN
    if hidden > 0:
        parts.append(Text(f"· and {hidden:,} more that cannot be evaluated"))
    return Group(*parts)


def compaction_view(
    sizes: Sequence[SizeLine], facts: Sequence[str], remarks: Sequence[str], *, outcome: str
) -> RenderableType:
    """Return what a compaction did: files and bytes, then versions, then remarks."""
    columns: list[Column | str] = [
        "",
        *(Column(header=name, numeric=True) for name in ("before", "after", "MB before", "after")),
    ]
    lines = [
        [line.name, *(f"{number:,}" for number in line.files), *map(_megabytes, line.size)]
        for line in sizes
    ]
    parts: list[RenderableType] = [plain_table(columns, lines)]
    parts.extend(Text(fact) for fact in facts)
    parts.extend(Text(f"· {remark}") for remark in remarks)
    return Group(*parts, Text(outcome, style="bold"))


def _counts(tables: Sequence[TableLine]) -> RenderableType:
    names = ("added", "changed", "removed", "provenance")
    columns: list[Column | str] = [
        "table",
        *(Column(header=name, numeric=True) for name in names),
        Column(header="listings", numeric=True),
    ]
    lines = [
        [
            line.table,
            *(f"{getattr(line, name):,}" for name in names),
            UNDEFINED if line.listings is None else f"{line.listings:,}",
        ]
        for line in tables
    ]
    return plain_table(columns, lines)


def _rows(table: str, rows: Sequence[RowLine]) -> RenderableType:
    lines = [
        [line.key, line.change, line.column or UNDEFINED, _text(line.old), _text(line.new)]
        for line in rows
    ]
    return plain_table(["key", "change", "column", "old", "new"], lines, title=table)


def _results(results: Sequence[RunLine]) -> RenderableType:
    amounts = len({line.capital for line in results if line.capital is not None}) > 1
    columns: list[Column | str] = [
        "run",
        "basket",
        "report",
        Column(header="horizon", numeric=True),
        *([Column(header="capital", numeric=True)] if amounts else []),
        "column",
        Column(header="old", numeric=True),
        Column(header="new", numeric=True),
    ]
    lines = [
        [
            line.run_id,
            line.basket,
            line.report or UNDEFINED,
            str(line.horizon),
            *([money_short(line.capital)] if amounts else []),
            line.column,
            _text(line.old),
            _text(line.new),
        ]
        for line in results
    ]
    return plain_table(columns, lines)


def _text(value: object) -> str:
    if value is None or value == "":
        return UNDEFINED
    if isinstance(value, float):
        return f"{value:.{_DIGITS}g}"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.isoformat(sep=" ", timespec="seconds")
    return value.isoformat() if isinstance(value, date) else str(value)


def _megabytes(size: int | None) -> str:
    return UNDEFINED if size is None else f"{size / 1e6:,.2f}"


def compaction_page(done: Compaction) -> RenderableType:
    """Return what a compaction did, or would do, as a page."""
    after = None if done.dry_run else done.newest_after.size
    lines = [
        SizeLine(
            name="files of the newest version",
            files=(done.newest_before.files, done.newest_after.files),
            size=(done.newest_before.size, after),
        )
    ]
    if not done.dry_run:
        lines.append(
            SizeLine(
                name="files on disk",
                files=(done.disk_before.files, done.disk_after.files),
                size=(done.disk_before.size, done.disk_after.size),
            )
        )
    return compaction_view(
        lines, [*_version_lines(done), *_waiting_lines(done)], done.remarks, outcome=_outcome(done)
    )


def _version_lines(done: Compaction) -> list[str]:
    would = "would expire" if done.dry_run else "expired"
    lines = [f"{len(done.kept):,} versions kept{_named(done.kept)}"]
    if done.pinned:
        lines.append(f"{len(done.pinned):,} of them for stored runs alone{_named(done.pinned)}")
    lines.append(f"{len(done.expired):,} versions {would}{_named(done.expired)}")
    if done.version != done.version_before:
        lines.append(
            f"the newest version is {done.version} now: the same rows as {done.version_before}, "
            "in fewer files"
        )
    return lines


def _waiting_lines(done: Compaction) -> list[str]:
    if not done.waiting.files:
        return []
    minutes = GRACE // timedelta(minutes=1)
    return [
        f"{done.waiting.files:,} replaced files ({done.waiting.size / 1e6:,.1f} MB) stay for "
        f"{minutes} minutes, for queries that run now; the next commit or compaction after that "
        "removes them"
    ]


def _named(versions: tuple[int, ...]) -> str:
    if not versions:
        return ""
    shown = ", ".join(str(version) for version in versions[-_SOME:])
    return f": {shown}" if len(versions) <= _SOME else f": … {shown}"


def _outcome(done: Compaction) -> str:
    if done.dry_run:
        return "Dry run: nothing was changed."
    return "Compacted." if done.changed else "Nothing to do."


def diff_page(diff: DataDiff, *, top: int) -> RenderableType:
    """Return the differences as a page.

    Parameters
    ----------
    diff
        The differences.
    top
        Values to show of each table, and of the runs.
    """
    return diff_view(
        [_table_line(item) for item in diff.tables if item.differs],
        [line for item in diff.tables for line in _row_lines(diff, item, top)],
        [_run_line(item) for item in diff.runs.differences[:top]],
        [(item.run_id, item.reason) for item in diff.runs.failures],
        title=f"data version {diff.old} → {diff.new}",
        runs=_runs_text(diff.runs, top),
    )


def _table_line(item: TableDiff) -> TableLine:
    return TableLine(
        table=item.table,
        added=item.added,
        changed=item.changed,
        removed=item.removed,
        provenance=item.provenance,
        listings=None if item.listings is None else len(item.listings),
    )


def _row_lines(diff: DataDiff, item: TableDiff, top: int) -> list[RowLine]:
    facts = (value for value in diff.values(item.table) if value.change is not Change.PROVENANCE)
    return [
        RowLine(
            table=value.table,
            key=value.key,
            change=value.change,
            column=value.column,
            old=value.old,
            new=value.new,
        )
        for value in islice(facts, top)
    ]


def _run_line(item: RunDifference) -> RunLine:
    return RunLine(**asdict(item))


def _runs_text(runs: RunsDiff, top: int) -> str:
    changed = len({item.run_id for item in runs.differences})
    text = (
        f"{runs.runs:,} stored runs, {runs.evaluated:,} of them evaluated again at both versions: "
        f"{changed:,} change, {len(runs.failures):,} cannot be evaluated"
    )
    hidden = len(runs.differences) - top
    return f"{text} ({hidden:,} more values: --runs-csv FILE)" if hidden > 0 else text
