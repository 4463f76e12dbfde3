"""Data versions on the terminal: what differs between two of them, and what a compaction did."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from itertools import islice

from rich.console import Group, RenderableType
from rich.text import Text

from screener.data.lake.compaction import GRACE, Compaction
from screener.data.lake.comparison import Change, TableDiff, ValueChange
from screener.render.tables import UNDEFINED, Column, heads, money_short, plain_table
from screener.results.data import DIFF, RUN_DIFF
from screener.workflows.data.diff import DataDiff
from screener.workflows.explain.rerun import RunDifference, RunFailure, RunsDiff

__all__ = ["compaction_page", "diff_page"]

_SOME = 6
_DIGITS = 7
_FAILURES_SHOWN = 10


def diff_page(diff: DataDiff, *, top: int) -> RenderableType:
    """Return the differences as a page: counts by table, some values, and the stored runs.

    Parameters
    ----------
    diff
        The differences.
    top
        Values to show of each table, and of the runs.
    """
    tables = [item for item in diff.tables if item.differs]
    parts: list[RenderableType] = [Text(f"data version {diff.old} → {diff.new}", style="bold")]
    parts += [_counts(tables), Text()] if tables else [Text("No row differs.")]
    for item in diff.tables:
        facts = (one for one in diff.values(item.table) if one.change is not Change.PROVENANCE)
        if shown := list(islice(facts, top)):
            parts += [_values(item, shown), Text()]
    parts.append(Text(_runs_text(diff.runs, top), style="bold"))
    if results := diff.runs.differences[:top]:
        parts.append(_results(results))
    return Group(*parts, *_failures(diff.runs.failures))


def _counts(tables: Sequence[TableDiff]) -> RenderableType:
    names = ("added", "changed", "removed", "provenance")
    columns = [Column(header=name, numeric=True) for name in (*names, "listings")]
    lines = [
        [
            item.table,
            *(f"{getattr(item, name):,}" for name in names),
            UNDEFINED if item.listings is None else f"{len(item.listings):,}",
        ]
        for item in tables
    ]
    return plain_table([*heads(DIFF, "table"), *columns], lines)


def _values(table: TableDiff, values: Sequence[ValueChange]) -> RenderableType:
    lines = [
        [item.key, item.change, item.column or UNDEFINED, _text(item.old), _text(item.new)]
        for item in values
    ]
    names = ("key", "change", "column", "old", "new")
    return plain_table(heads(DIFF, *names), lines, title=table.table)


def _results(results: Sequence[RunDifference]) -> RenderableType:
    amounts = len({item.capital for item in results if item.capital is not None}) > 1
    names = ("basket", "report", "horizon", *(["capital"] if amounts else []), "column")
    values = [Column(header=RUN_DIFF[name].label(), numeric=True) for name in ("old", "new")]
    lines = [
        [
            item.run_id,
            item.basket,
            item.report or UNDEFINED,
            str(item.horizon),
            *([money_short(item.capital)] if amounts else []),
            item.column,
            _text(item.old),
            _text(item.new),
        ]
        for item in results
    ]
    return plain_table([*heads(RUN_DIFF, "run_id", *names), *values], lines)


def _failures(failures: Sequence[RunFailure]) -> Iterator[Text]:
    for item in failures[:_FAILURES_SHOWN]:
        yield Text(f"· {item.run_id}: {item.reason}" if item.run_id else f"· {item.reason}")
    hidden = len(failures) - _FAILURES_SHOWN
    if hidden > 0:
        yield Text(f"· and {hidden:,} more that cannot be evaluated")


def _runs_text(runs: RunsDiff, top: int) -> str:
    text = (
        f"{runs.runs:,} stored runs, {runs.evaluated:,} of them evaluated again at both versions: "
        f"{runs.changed:,} change, {len(runs.failures):,} cannot be evaluated"
    )
    hidden = len(runs.differences) - top
    return f"{text} ({hidden:,} more values: --runs-csv FILE)" if hidden > 0 else text


def compaction_page(done: Compaction) -> RenderableType:
    """Return what a compaction did, or would do, as a page."""
    names = ("before", "after", "MB before", "after")
    sides = [("files of the newest version", done.newest_before, done.newest_after)]
    if not done.dry_run:
        sides.append(("files on disk", done.disk_before, done.disk_after))
    lines = [
        [
            name,
            f"{before.files:,}",
            f"{after.files:,}",
            _megabytes(before.size),
            UNDEFINED if done.dry_run else _megabytes(after.size),
        ]
        for name, before, after in sides
    ]
    return Group(
        plain_table(["", *(Column(header=name, numeric=True) for name in names)], lines),
        *(Text(line) for line in (*_version_lines(done), *_waiting_lines(done))),
        *(Text(f"· {remark}") for remark in done.remarks),
        Text(_outcome(done), style="bold"),
    )


def _megabytes(size: int) -> str:
    return f"{size / 1e6:,.2f}"


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
