"""Compaction of the lake, with the versions that stored runs name held fast."""

from __future__ import annotations

from datetime import datetime, timedelta

from screener.data.lake.compaction import Compaction, Pins
from screener.data.lake.store import Store
from screener.data.lake.versions import RETENTION
from screener.errors import InputError
from screener.language import say
from screener.workflows.kept_runs import desk_of
from screener.workspace.locate import Workspace
from screener.workspace.runs import stored_runs

__all__ = ["KEEP_DAYS", "compact_data"]

KEEP_DAYS = RETENTION.days
"""Days for which a version is kept after it was replaced, unless another number is given."""

_MOST_DAYS = 36_500


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
            say("--keep-days {days} is outside 0 to {most}", days=keep_days, most=_MOST_DAYS),
            fix=say("give the days for which a version is kept after it was replaced"),
        )
    with Store.open(workspace.lake) as store:
        return store.compact(
            now=now,
            keep=timedelta(days=keep_days),
            pinned=lambda: _pins(workspace, store, dry_run=dry_run),
            dry_run=dry_run,
        )


def _pins(workspace: Workspace, store: Store, *, dry_run: bool) -> Pins:
    stored = stored_runs(workspace)
    own = frozenset(run.data_version for run in stored.runs)
    others = store.pinned()
    if store.place.shared and not dry_run:
        others = store.pin(desk_of(workspace), own, whole=not stored.unreadable)
    return Pins(
        versions=own | others,
        unknown=tuple(
            say("A stored run cannot be read: {reason}.", reason=text) for text in stored.unreadable
        ),
    )
