"""SHA-256 of every data file, in a list that `sha256sum -c` reads.

Data files never change once they are written, so a file whose hash differs is damaged. The list
stands beside the catalog; its paths are relative to the folder `data`, from where it is checked:
`sha256sum -c ../SHA256SUMS`. Lines with a # are comments: which entries were made late, and up to
which file of the catalog the list is complete. Its last line also bears the hash of the catalog
itself, with SQLite's count of its changes, so that a catalog whose bytes differ although nothing
was committed since is known to be damaged.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from screener.data.lake import lake
from screener.data.lake.guards import write_lock
from screener.errors import StorageBusy, StorageError, StorageReadOnly, StorageRefused
from screener.files.place import Place
from screener.files.whole import write_whole
from screener.language import say

__all__ = [
    "SUMS",
    "CatalogFile",
    "CatalogState",
    "Damage",
    "DamagedFile",
    "Entry",
    "Recorded",
    "catalog_files",
    "catalog_state",
    "damaged_files",
    "file_digest",
    "file_digests",
    "files_to_remove",
    "next_file",
    "record_anew",
    "record_files",
    "recorded",
]

SUMS = "SHA256SUMS"

_LATE = "# recorded late: the process that wrote the file was ended before it could"
_MARK = "# complete before file "
_END = re.compile(
    r"# complete before file ([0-9]{1,18})(?:, catalog ([0-9a-f]{64}) at change ([0-9]{1,10}))?"
)
_CHANGES = slice(24, 28)  # of the header of an SQLite file: how often it was changed
_ENTRY = re.compile(r"([0-9a-f]{64})  (\S.*)")
_NEXT = "SELECT max(next_file_id) FROM __ducklake_metadata_lake.ducklake_snapshot"
_LIVE = """
    SELECT f.id, s.path || t.path || f.path, f.bytes
    FROM (
        SELECT data_file_id AS id, table_id, path, file_size_bytes AS bytes
        FROM __ducklake_metadata_lake.ducklake_data_file
        UNION ALL
        SELECT delete_file_id, table_id, path, file_size_bytes
        FROM __ducklake_metadata_lake.ducklake_delete_file
    ) f
    JOIN __ducklake_metadata_lake.ducklake_table t ON t.table_id = f.table_id
    JOIN __ducklake_metadata_lake.ducklake_schema s ON s.schema_id = t.schema_id
    WHERE f.id >= ? ORDER BY f.id
"""
_REMOVED_LATER = """
    SELECT path FROM __ducklake_metadata_lake.ducklake_files_scheduled_for_deletion
"""


class Damage(StrEnum):
    """What is wrong with a data file."""

    CHANGED = "changed"
    MISSING = "missing"
    UNRECORDED = "unrecorded"


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogFile:
    """A file that some version needs; its path is relative to the folder `data`."""

    id: int
    path: str
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DamagedFile:
    """A file that some version needs and that is not what was written, or cannot be told to be."""

    path: str
    damage: Damage


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """The recorded hash of a file; `late` if it was not recorded by the process that wrote it."""

    digest: str
    late: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogState:
    """The hash of the catalog's bytes, and SQLite's count of its changes."""

    digest: str
    changes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """The list of hashes.

    Parameters
    ----------
    there
        Whether there is a list at all.
    entries
        What was recorded, by path.
    complete_before
        Number of the file up to which the list is complete; `None` if it has no such end.
    last
        Number of the file up to which the list was complete when it was last whole; `None` if it
        never was.
    catalogs
        The catalog after each commit, newest last; empty in lists of older programs.
    """

    there: bool
    entries: Mapping[str, Entry]
    complete_before: int | None
    last: int | None
    catalogs: tuple[CatalogState, ...]


def next_file(connection: lake.Connection) -> int:
    """Return the number of the next file that the catalog will hold."""
    return int(connection.execute(_NEXT).fetchall()[0][0])


def catalog_files(connection: lake.Connection, *, first: int = 0) -> tuple[CatalogFile, ...]:
    """List the files that any version needs, from number `first` on."""
    rows = connection.execute(_LIVE, [first]).fetchall()
    return tuple(CatalogFile(id=row[0], path=row[1], size=row[2]) for row in rows)


def files_to_remove(connection: lake.Connection) -> frozenset[str]:
    """Return the files that no version needs and that are still to be removed."""
    return frozenset(row[0] for row in connection.execute(_REMOVED_LATER).fetchall())


def record_files(
    root: Path | Place, connection: lake.Connection, *, fresh: int, anew: bool = False
) -> tuple[str, ...]:
    """Write down the hash of each file that has none yet; the caller keeps other writers away.

    Parameters
    ----------
    root
        Folder of the lake, or where one for many is.
    connection
        The lake, outside a transaction.
    fresh
        Number of the first file that the caller itself has just written. Older ones without an
        entry were left behind by a process that ended between its commit and this.
    anew
        Whether to write the whole list again, without the files that are gone.

    Returns
    -------
    tuple
        A remark if the list could not be written; the rows are committed all the same.
    """
    place = Place.of(root)
    try:
        with lake.storage_errors(place):
            lake.retried(place, lambda: _record(place, connection, fresh, anew))
    except StorageError as error:
        return (
            say(
                "{file} was not brought up to date, the next commit does it: {error}",
                file=SUMS,
                error=error.what,
            ),
        )
    return ()


def record_anew(place: Place, connection: lake.Connection) -> int:
    """Record all files as they are, whatever was recorded of them; return how many.

    The caller keeps other writers away, and knows why the files can be believed.
    """
    if place.shared:
        from screener.data.lake.shared.sums import record_all_shared

        return record_all_shared(place, connection)
    root = place.folder
    end = _end(next_file(connection), catalog_state(root))
    _rewrite(root, connection, {}, next_file(connection), end)
    return len(recorded(root).entries)


def damaged_files(root: Path | Place) -> tuple[DamagedFile, ...]:
    """Compare every file that any version needs with its entry.

    Returns
    -------
    tuple
        Files that differ, are missing or have no entry, in the order they were written.

    Raises
    ------
    DataError
        If there is no lake.
    StorageError
        If the catalog or a file cannot be read.
    """
    place = Place.of(root)
    with closing(lake.connect(place)) as connection, lake.storage_errors(place):
        found = _compared(place, connection)
        if found:  # perhaps a writer was between its commit and the list: look while there is none
            refusals = (StorageReadOnly, StorageRefused, StorageBusy)
            with suppress(*refusals), write_lock(place, connection):
                found = _compared(place, connection)
        return found


def _compared(place: Place, connection: lake.Connection) -> tuple[DamagedFile, ...]:
    files = lake.retried(place, lambda: catalog_files(connection))
    entries = recorded(place, connection).entries
    digests = file_digests(place, connection, [file.path for file in files])
    found = (
        (file.path, _damage(digest, entries.get(file.path)))
        for file, digest in zip(files, digests, strict=True)
    )
    return tuple(
        DamagedFile(path=path, damage=damage) for path, damage in found if damage is not None
    )


def recorded(root: Path | Place, connection: lake.Connection | None = None) -> Recorded:
    """Read the list of hashes; one that is gone is empty. Of a lake for many, by a connection."""
    place = Place.of(root)
    if place.shared and connection is not None:
        from screener.data.lake.shared.sums import recorded_shared

        return recorded_shared(connection)
    try:
        text = (place.folder / SUMS).read_text(encoding="utf-8", errors="replace")
    except (FileNotFoundError, IsADirectoryError):
        return Recorded(there=False, entries={}, complete_before=None, last=None, catalogs=())
    entries: dict[str, Entry] = {}
    catalogs: list[CatalogState] = []
    end: re.Match[str] | None = None
    last: int | None = None
    late = False
    for line in text.splitlines():
        end = _END.fullmatch(line)
        last = int(end[1]) if end else last
        if end and end[2]:
            catalogs.append(CatalogState(digest=end[2], changes=int(end[3])))
        elif match := _ENTRY.fullmatch(line):
            entries[match[2]] = Entry(digest=match[1], late=late)
        late = line == _LATE
    return Recorded(
        there=True,
        entries=entries,
        complete_before=int(end[1]) if end and text.endswith("\n") else None,
        last=last,
        catalogs=tuple(catalogs),
    )


def catalog_state(root: Path) -> CatalogState:
    """Return the hash of the catalog as it is now; the caller keeps writers away."""
    content = (root / lake.CATALOG).read_bytes()
    changes = int.from_bytes(content[_CHANGES], "big")
    return CatalogState(digest=hashlib.sha256(content).hexdigest(), changes=changes)


def _record(place: Place, connection: lake.Connection, fresh: int, anew: bool) -> None:
    if place.shared:
        from screener.data.lake.shared.sums import record_shared

        record_shared(place, connection, fresh=fresh, anew=anew)
        return
    root = place.folder
    known = recorded(root)
    end = _end(next_file(connection), catalog_state(root))
    mark = None if anew else known.complete_before
    if mark is None or mark > fresh:  # torn, or of a catalog that was put back from a copy
        _rewrite(root, connection, known.entries, fresh, end)
        return
    entries = _hashed(root, catalog_files(connection, first=mark), fresh)
    text = _text(entries, end)
    if entries or not _ends_with(root, text):
        with (root / SUMS).open("ab") as out:
            out.write(text)
            out.flush()
            os.fsync(out.fileno())


def _ends_with(root: Path, text: bytes) -> bool:
    with (root / SUMS).open("rb") as file:
        file.seek(max(0, file.seek(0, os.SEEK_END) - len(text) - 1))
        return file.read().lstrip(b"\n") == text


def _end(following: int, state: CatalogState) -> str:
    return f"{_MARK}{following}, catalog {state.digest} at change {state.changes}"


def _rewrite(
    root: Path,
    connection: lake.Connection,
    known: Mapping[str, Entry],
    fresh: int,
    end: str,
) -> None:
    files = catalog_files(connection)
    wanted = {file.path for file in files} | files_to_remove(connection)
    kept = {path: entry for path, entry in known.items() if path in wanted}
    kept |= _hashed(root, [file for file in files if file.path not in kept], fresh)
    text = _text(kept, end)
    if (root / SUMS).is_file() and (root / SUMS).read_bytes() == text:
        return
    write_whole(root / SUMS, text)


def _hashed(root: Path, files: Iterable[CatalogFile], fresh: int) -> dict[str, Entry]:
    found = ((file, file_digest(root, file.path)) for file in files)
    return {
        file.path: Entry(digest=digest, late=file.id < fresh)
        for file, digest in found
        if digest is not None
    }


def file_digest(root: Path, path: str) -> str | None:
    """Return the hash of a data file as it is now, or `None` if it is gone."""
    try:
        with (root / lake.DATA / path).open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError:
        return None


def file_digests(
    place: Place, connection: lake.Connection, paths: Sequence[str]
) -> Iterator[str | None]:
    """Give the hash of each of some data files as it is now, or `None` if it is gone."""
    if not place.shared:
        yield from (file_digest(place.folder, path) for path in paths)
        return
    from screener.data.lake.shared.objects import digests, looks

    there = looks(place, connection)
    found = digests(place, connection, [path for path in paths if path in there])
    yield from map(found.get, paths)


def _damage(digest: str | None, entry: Entry | None) -> Damage | None:
    if digest is None:
        return Damage.MISSING
    if entry is None:
        return Damage.UNRECORDED
    return None if digest == entry.digest else Damage.CHANGED


def _text(entries: Mapping[str, Entry], end: str) -> bytes:
    lines = []
    for path, entry in entries.items():
        if entry.late:
            lines.append(_LATE)
        lines.append(f"{entry.digest}  {path}")
    return "\n".join([*lines, end, ""]).encode()
