"""Data versions on the terminal: what differs between two of them, and what a compaction did."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from itertools import islice

from rich.console import Group, RenderableType
from rich.text import Text

from screener.data.lake.compaction import GRACE, Compaction
from screener.data.lake.comparison import Change, TableDiff, ValueChange
from screener.language import say
from screener.language.lists import listed
from screener.language.terms import named
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
    title = say("data version {old} → {new}", old=diff.old, new=diff.new)
    parts: list[RenderableType] = [Text(title, style="bold")]
    parts += [_counts(tables), Text()] if tables else [Text(say("No row differs."))]
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
    titles = (*map(named, names), say("listings"))
    columns = [Column(header=title, numeric=True) for title in titles]
    lines = [
        [
            named(item.table),
            *(f"{getattr(item, name):,}" for name in names),
            UNDEFINED if item.listings is None else f"{len(item.listings):,}",
        ]
        for item in tables
    ]
    return plain_table([*heads(DIFF, "table"), *columns], lines)


def _values(table: TableDiff, values: Sequence[ValueChange]) -> RenderableType:
    lines = [
        [
            item.key,
            named(item.change),
            named(item.column) if item.column else UNDEFINED,
            _text(item.old),
            _text(item.new),
        ]
        for item in values
    ]
    names = ("key", "change", "column", "old", "new")
    return plain_table(heads(DIFF, *names), lines, title=named(table.table))


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
        reason = item.reason
        if item.run_id:
            reason = say("{name}: {text}", name=item.run_id, text=reason)
        yield Text(f"· {reason}")
    hidden = len(failures) - _FAILURES_SHOWN
    if hidden > 0:
        told = say("and {n:,} more that cannot be evaluated", n=hidden)
        yield Text(f"· {told}")


def _runs_text(runs: RunsDiff, top: int) -> str:
    text = say(
        "{n:,} stored runs, {evaluated:,} of them evaluated again at both versions: {changed:,} "
        "change, {failed:,} cannot be evaluated",
        n=runs.runs,
        evaluated=runs.evaluated,
        changed=runs.changed,
        failed=len(runs.failures),
    )
    hidden = len(runs.differences) - top
    if hidden <= 0:
        return text
    return say("{text} ({n:,} more values: --runs-csv FILE)", text=text, n=hidden)


def compaction_page(done: Compaction) -> RenderableType:
    """Return what a compaction did, or would do, as a page."""
    names = (say("before"), say("after"), say("MB before"), say("after"))
    sides = [(say("files of the newest version"), done.newest_before, done.newest_after)]
    if not done.dry_run:
        sides.append((say("files on disk"), done.disk_before, done.disk_after))
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
    lines = [_named(say("{n:,} versions kept", n=len(done.kept)), done.kept)]
    if done.pinned:
        told = say("{n:,} of them for stored runs alone", n=len(done.pinned))
        lines.append(_named(told, done.pinned))
    told = say("{n:,} versions expired", n=len(done.expired))
    if done.dry_run:
        told = say("{n:,} versions would expire", n=len(done.expired))
    lines.append(_named(told, done.expired))
    if done.version != done.version_before:
        told = say(
            "the newest version is {version} now: the same rows as {before}, in fewer files",
            version=done.version,
            before=done.version_before,
        )
        lines.append(told)
    return lines


def _waiting_lines(done: Compaction) -> list[str]:
    if not done.waiting.files:
        return []
    minutes = GRACE // timedelta(minutes=1)
    return [
        say(
            "{n:,} replaced files ({size:,.1f} MB) stay for {minutes} minutes, for queries that "
            "run now; the next commit or compaction after that removes them",
            n=done.waiting.files,
            size=done.waiting.size / 1e6,
            minutes=minutes,
        )
    ]


def _named(what: str, versions: tuple[int, ...]) -> str:
    if not versions:
        return what
    shown = listed(versions[-_SOME:])
    if len(versions) > _SOME:
        return say("{name}: … {shown}", name=what, shown=shown)
    return say("{name}: {text}", name=what, text=shown)


def _outcome(done: Compaction) -> str:
    if done.dry_run:
        return say("Dry run: nothing was changed.")
    return say("Compacted.") if done.changed else say("Nothing to do.")


def _text(value: object) -> str:
    if value is None or value == "":
        return UNDEFINED
    if isinstance(value, float):
        return f"{value:.{_DIGITS}g}"
    if isinstance(value, bool):
        return say("yes") if value else say("no")
    if isinstance(value, datetime):
        return value.isoformat(sep=" ", timespec="seconds")
    return value.isoformat() if isinstance(value, date) else str(value)
