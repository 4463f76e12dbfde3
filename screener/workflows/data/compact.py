"""Compaction of the lake, with the versions that stored runs name held fast."""

from __future__ import annotations

from datetime import datetime, timedelta

from rich.console import RenderableType

from screener.data.lake.compaction import GRACE, Compaction, Pins
from screener.data.lake.store import Store
from screener.data.lake.versions import RETENTION
from screener.errors import InputError
from screener.render.versions import SizeLine, compaction_view
from screener.workspace.locate import Workspace
from screener.workspace.runs import stored_runs

__all__ = ["KEEP_DAYS", "compact_data", "compaction_page"]

KEEP_DAYS = RETENTION.days
"""Days for which a version is kept after it was replaced, unless another number is given."""

_MOST_DAYS = 36_500
_SOME = 6


def compact_data(
    workspace: Workspace, *, now: datetime, keep_days: int = KEEP_DAYS, dry_run: bool = False
) -> Compaction:
    """Merge small files, expire old versions that no stored run names, remove unneeded files.

    Parameters
    ----------
    workspace
        Where the lake and the stored runs are.
    now
        Instant of the call.
    keep_days
        Days for which a version is kept after it was replaced.
    dry_run
        Whether to tell only what would be done.

    Raises
    ------
    InputError
        If the number of days is out of range.
    DataError
        If there is no lake.
    StorageError
        If the lake cannot be written.
    """
    if not 0 <= keep_days <= _MOST_DAYS:
        raise InputError(
            f"--keep-days {keep_days} is outside 0 to {_MOST_DAYS}",
            fix="give the days for which a version is kept after it was replaced",
        )
    with Store.open(workspace.data_cache) as store:
        return store.compact(
            now=now,
            keep=timedelta(days=keep_days),
            pinned=lambda: _pins(workspace),
            dry_run=dry_run,
        )


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


def _pins(workspace: Workspace) -> Pins:
    stored = stored_runs(workspace)
    return Pins(
        versions=frozenset(run.data_version for run in stored.runs),
        unknown=tuple(f"A stored run cannot be read: {text}." for text in stored.unreadable),
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
