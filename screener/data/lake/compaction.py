"""Compaction: small files merged, old versions expired, and files that nobody needs removed.

The lake merges without touching what can be read: a merged file knows of each row in which version
it came. A merge or a rewrite makes a version of its own, with the rows of the one before. Files
that were replaced stay for a while, since a query of another process may be reading them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

from screener.data.lake import lake
from screener.data.lake.guards import committing
from screener.data.lake.integrity.checksums import files_to_remove, next_file, record_files
from screener.data.lake.integrity.content import keep_content
from screener.data.lake.integrity.verified import Verifier
from screener.data.lake.schema import TABLES
from screener.data.lake.versions import EPOCH, FIRST_VERSION, Version, latest_version, versions_of
from screener.errors import StorageError
from screener.files.place import Place
from screener.language import say

__all__ = [
    "GRACE",
    "Compaction",
    "FileCount",
    "Pins",
    "compact",
    "merge_when_many",
    "remove_leftovers",
]

GRACE = timedelta(hours=1)
"""How long a file that was replaced stays on disk: longer than any one query takes."""

_DELETED_SHARE = 0.2
"""Share of deleted rows from which a file is rewritten."""

MANY_FILES = 400
"""Small files too many from which a commit merges them: it takes longer the more there are."""

SMALL_FILE = 4 << 20
"""Bytes up to which a file counts as small there."""

_AT_ONCE = 4
"""Files of each table that one merge makes at most: those of whole markets fill memory."""

_MOST_PASSES = 200

_MICROSECOND = timedelta(microseconds=1)
_REPLACED = """
    SELECT epoch_us(schedule_start::TIMESTAMPTZ), epoch_us(now())
    FROM __ducklake_metadata_lake.ducklake_files_scheduled_for_deletion
"""
_OLD_ORPHANS = "CALL ducklake_delete_orphaned_files('lake', older_than => now() - INTERVAL 1 DAY)"
_LEFTOVER = "ducklake-*.parquet"
_ALL_FILES = """
    SELECT path FROM __ducklake_metadata_lake.ducklake_data_file
    UNION ALL SELECT path FROM __ducklake_metadata_lake.ducklake_delete_file
    UNION ALL SELECT path FROM __ducklake_metadata_lake.ducklake_files_scheduled_for_deletion
"""
# Each file of the newest version: its table and partition, its rows, and how many are deleted.
_NEWEST = """
    SELECT f.table_id, p.partition_value, f.record_count, coalesce(d.delete_count, 0),
           f.file_size_bytes + coalesce(d.file_size_bytes, 0), d.data_file_id IS NOT NULL
    FROM __ducklake_metadata_lake.ducklake_data_file f
    LEFT JOIN __ducklake_metadata_lake.ducklake_delete_file d
        ON d.data_file_id = f.data_file_id AND d.end_snapshot IS NULL
    LEFT JOIN __ducklake_metadata_lake.ducklake_file_partition_value p
        ON p.data_file_id = f.data_file_id
    WHERE f.end_snapshot IS NULL
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pins:
    """Versions that must be kept.

    Parameters
    ----------
    versions
        The versions.
    unknown
        Why there may be more of them that could not be read; nothing expires then.
    """

    versions: frozenset[int]
    unknown: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FileCount:
    """How many files, and how many bytes they take."""

    files: int
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Compaction:
    """What a compaction did, or would do.

    Parameters
    ----------
    version_before, version
        Newest version before and after; both hold the same rows.
    newest_before, newest_after
        Files of the newest version; `newest_after` of a dry run is foreseen, its size unknown (0).
    disk_before, disk_after
        All data files on disk.
    waiting
        Files that no version needs and that stay for `GRACE`, for queries that run now.
    kept
        Versions that can be read afterwards, the pinned ones among them.
    pinned
        Versions kept for the pins alone.
    expired
        Versions that can no longer be read.
    dry_run
        Whether nothing was changed.
    remarks
        What could not be done, and why.
    """

    version_before: int
    version: int
    newest_before: FileCount
    newest_after: FileCount
    disk_before: FileCount
    disk_after: FileCount
    waiting: FileCount
    kept: tuple[int, ...]
    pinned: tuple[int, ...]
    expired: tuple[int, ...]
    dry_run: bool
    remarks: tuple[str, ...]

    @property
    def changed(self) -> bool:
        """Whether anything was, or would be, merged, expired or removed."""
        return bool(
            self.version != self.version_before
            or self.expired
            or self.newest_before.files != self.newest_after.files
            or self.disk_before != self.disk_after
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plan:
    """Which versions stay and go."""

    kept: tuple[int, ...]
    pinned: tuple[int, ...]
    expired: tuple[int, ...]
    remarks: tuple[str, ...] = ()


def compact(
    place: Place,
    connection: lake.Connection,
    *,
    now: datetime,
    keep: timedelta,
    pins: Pins,
    dry_run: bool,
) -> Compaction:
    """Compact the lake; the caller keeps other writers away.

    Parameters
    ----------
    place
        Where the lake is.
    connection
        The lake, outside a transaction.
    now
        Instant of the call.
    keep
        How long a version is kept after it was replaced.
    pins
        Versions that must be kept.
    dry_run
        Whether to tell only what would be done.
    """
    before = _Measured.of(place, connection)
    if dry_run:
        plan = _plan(versions_of(connection), now=now, keep=keep, pins=pins)
        return _told(before, replace(before, newest=_foreseen(connection)), plan, dry_run=True)
    fresh = next_file(connection)
    try:
        _merge_files(place, connection)
        plan = _plan(versions_of(connection), now=now, keep=keep, pins=pins)
        if plan.expired:
            lake.retried(place, lambda: keep_content(connection, plan.kept))
        _expire(place, connection, plan.expired)
        _clean(place, connection, now)
    except BaseException:  # what a merge wrote before it failed belongs to no version
        with suppress(lake.Error, OSError):
            remove_leftovers(place, connection)
        raise
    remove_leftovers(place, connection)
    if place.shared:
        _call(place, connection, _OLD_ORPHANS)
    remarks = record_files(place, connection, fresh=fresh, anew=True)
    plan = replace(plan, remarks=(*plan.remarks, *remarks))
    return _told(before, _Measured.of(place, connection), plan, dry_run=False)


def remove_leftovers(place: Place, connection: lake.Connection) -> None:
    """Remove what ended writers left, and replaced files that nobody can be reading any more.

    The caller keeps other writers away, and has no transaction open.
    """
    if place.shared:
        return  # another's files may be among them: only `compact` removes any, and old ones
    # By the name, which is unique: a folder that was linked or moved must not make a file foreign.
    known = {Path(row[0]).name for row in connection.execute(_ALL_FILES).fetchall()}
    for path in (place.folder / lake.DATA).rglob(_LEFTOVER):
        if path.name not in known:
            path.unlink(missing_ok=True)
    _clean(place, connection)


def merge_when_many(
    place: Place, connection: lake.Connection, verifier: Verifier
) -> tuple[str, ...]:
    """Merge the small files of the newest version if there are too many of them.

    Nothing expires, and every version stays as it is. The caller keeps other writers away, and has
    no transaction open.

    Returns
    -------
    tuple
        A remark if it could not be done; nothing but speed depends on it.
    """
    try:
        with lake.storage_errors(place):
            if _superfluous(connection) < MANY_FILES:
                return ()
            for table in TABLES:
                verifier.table(table, latest_version(connection))
            fresh = next_file(connection)
            _merge(
                place,
                connection,
                f"CALL ducklake_merge_adjacent_files('lake', max_file_size => {SMALL_FILE})",
            )
            remove_leftovers(place, connection)
    except StorageError as error:
        with suppress(lake.Error, OSError):
            remove_leftovers(place, connection)
        return (say("Small files were not merged: {error}", error=error.what),)
    return record_files(place, connection, fresh=fresh)


def _superfluous(connection: lake.Connection) -> int:
    """Count the small files that merging would save."""
    groups = Counter(
        (table, partition)
        for table, partition, _, _, size, has_deletes in connection.execute(_NEWEST).fetchall()
        if size < SMALL_FILE and not has_deletes
    )
    return groups.total() - len(groups)


def _merge_files(place: Place, connection: lake.Connection) -> None:
    # Rewritten first, so that what is left of a file is merged with its neighbours.
    _merge(
        place,
        connection,
        f"CALL ducklake_rewrite_data_files('lake', delete_threshold => {_DELETED_SHARE})",
    )
    merging = f"CALL ducklake_merge_adjacent_files('lake', max_compacted_files => {_AT_ONCE})"
    for _ in range(_MOST_PASSES):  # each stops at files of the lake's target size, too
        if not _merge(place, connection, merging):
            break


def _expire(place: Place, connection: lake.Connection, versions: Sequence[int]) -> None:
    if versions:
        listed = ", ".join(str(version) for version in versions)
        _call(place, connection, f"CALL ducklake_expire_snapshots('lake', versions => [{listed}])")


def _clean(place: Place, connection: lake.Connection, now: datetime | None = None) -> None:
    """Remove the files that were replaced a while before `now`, by default the database's clock."""
    rows = connection.execute(_REPLACED).fetchall()
    if not rows:
        return
    until = (rows[0][1] if now is None else (now - EPOCH) // _MICROSECOND) - GRACE // _MICROSECOND
    young = [row[0] for row in rows if row[0] > until]
    if not young:
        what = "cleanup_all => true"
    else:
        # The lake compares the instants as text that differs after the day, so that all of a day
        # counts as old: ask for whole days, up to that on which the first young one was replaced.
        day = (EPOCH + min(young) * _MICROSECOND).replace(hour=0, minute=0, second=0, microsecond=0)
        what = f"older_than => TIMESTAMPTZ {lake.literal((day - _MICROSECOND).isoformat())}"
    _call(place, connection, f"CALL ducklake_cleanup_old_files('lake', {what})")


def _merge(place: Place, connection: lake.Connection, sql: str) -> list[tuple[Any, ...]]:
    """Call what writes files; in a lake for many it is committed apart."""
    if not place.shared:
        return _call(place, connection, sql)
    commit = committing(place, connection)
    connection.execute("BEGIN")
    try:
        found = connection.execute(sql).fetchall()
        commit()
    except BaseException:
        with suppress(lake.Error):
            connection.execute("ROLLBACK")
        raise
    return found


def _call(place: Place, connection: lake.Connection, sql: str) -> list[tuple[Any, ...]]:
    return lake.retried(place, lambda: connection.execute(sql).fetchall())


def _plan(versions: Sequence[Version], *, now: datetime, keep: timedelta, pins: Pins) -> _Plan:
    """Tell which versions stay: those replaced lately, the pinned ones, and the newest.

    What was committed after `now` counts as committed then: it is our own merge.
    """
    old = [
        version.id
        for version, following in pairwise(versions)
        if min(max(version.committed_at, following.committed_at), now) <= now - keep
    ]
    if pins.unknown:
        old, remarks = [], (*pins.unknown, say("No version was expired: any might be pinned."))
    else:
        remarks = ()
    expired = [version for version in old if version not in pins.versions]
    gone = set(expired)
    return _Plan(
        kept=tuple(v.id for v in versions if v.id >= FIRST_VERSION and v.id not in gone),
        pinned=tuple(version for version in old if version in pins.versions),
        expired=tuple(expired),
        remarks=remarks,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Measured:
    """The lake's files at one moment."""

    version: int
    newest: FileCount
    disk: FileCount
    waiting: FileCount

    @classmethod
    def of(cls, place: Place, connection: lake.Connection) -> _Measured:
        rows = connection.execute(_NEWEST).fetchall()
        return cls(
            version=latest_version(connection),
            newest=FileCount(
                files=sum(1 + row[5] for row in rows), size=sum(row[4] for row in rows)
            ),
            **_on_disk(place, connection),
        )


def _on_disk(place: Place, connection: lake.Connection) -> dict[str, FileCount]:
    """Count all data files, and those of them that no version needs."""
    gone = files_to_remove(connection)
    if place.shared:
        from screener.data.lake.shared.objects import looks

        sizes = {path: size for path, (size, *_) in looks(place, connection).items()}
        old = [sizes[path] for path in gone if path in sizes]
        return {
            "disk": FileCount(files=len(sizes), size=sum(sizes.values())),
            "waiting": FileCount(files=len(old), size=sum(old)),
        }
    data = place.folder / lake.DATA
    return {"disk": _sizes(data.rglob("*.parquet")), "waiting": _sizes(data / n for n in gone)}


def _sizes(paths: Iterable[Path]) -> FileCount:
    sizes = []
    for path in paths:
        with suppress(FileNotFoundError):  # another process may be removing files
            sizes.append(path.stat().st_size)
    return FileCount(files=len(sizes), size=sum(sizes))


def _foreseen(connection: lake.Connection) -> FileCount:
    """Count the files that merging would leave: one by table and partition, and those it spares."""
    groups: set[tuple[Any, Any]] = set()
    spared = 0
    for table, partition, rows, deleted, _, has_deletes in connection.execute(_NEWEST).fetchall():
        if has_deletes and deleted < _DELETED_SHARE * rows:
            spared += 2
        elif deleted < rows:
            groups.add((table, partition))
    return FileCount(files=len(groups) + spared, size=0)


def _told(before: _Measured, after: _Measured, plan: _Plan, *, dry_run: bool) -> Compaction:
    return Compaction(
        version_before=before.version,
        version=after.version,
        newest_before=before.newest,
        newest_after=after.newest,
        disk_before=before.disk,
        disk_after=after.disk,
        waiting=after.waiting,
        kept=plan.kept,
        pinned=plan.pinned,
        expired=tuple(version for version in plan.expired if version >= FIRST_VERSION),
        dry_run=dry_run,
        remarks=plan.remarks,
    )
