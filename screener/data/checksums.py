"""SHA-256 of every data file, in a list that `sha256sum -c` reads.

Data files never change once they are written, so a file whose hash differs is damaged. The list
stands beside the catalog; its paths are relative to the folder `data`, from where it is checked:
`sha256sum -c ../SHA256SUMS`. Lines with a # are comments: which entries were made late, and up to
which file of the catalog the list is complete.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from screener.data import lake
from screener.data.guards import write_lock
from screener.errors import StorageBusy, StorageError, StorageReadOnly

__all__ = [
    "SUMS",
    "CatalogFile",
    "Damage",
    "DamagedFile",
    "catalog_files",
    "damaged_files",
    "files_to_remove",
    "next_file",
    "record_files",
]

SUMS = "SHA256SUMS"

_LATE = "# recorded late: the process that wrote the file was ended before it could"
_MARK = "# complete before file "
_ENTRY = re.compile(r"([0-9a-f]{64})  (\S.*)")
_TAIL = 64
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
class _Entry:
    digest: str
    late: bool


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
    root: Path, connection: lake.Connection, *, fresh: int, anew: bool = False
) -> tuple[str, ...]:
    """Write down the hash of each file that has none yet; the caller keeps other writers away.

    Parameters
    ----------
    root
        Folder of the lake.
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
        A remark if the list could not be written; the rows have landed all the same.
    """
    try:
        with lake.storage_errors(root):
            lake.retried(root, lambda: _record(root, connection, fresh, anew))
    except StorageError as error:
        return (f"{SUMS} was not brought up to date, the next commit does it: {error.what}",)
    return ()


def damaged_files(root: Path) -> tuple[DamagedFile, ...]:
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
    with closing(lake.connect(root)) as connection, lake.storage_errors(root):
        found = _compared(root, connection)
        if found:  # perhaps a writer was between its commit and the list: look while there is none
            with suppress(StorageReadOnly, StorageBusy), write_lock(root):
                found = _compared(root, connection)
        return found


def _compared(root: Path, connection: lake.Connection) -> tuple[DamagedFile, ...]:
    files = lake.retried(root, lambda: catalog_files(connection))
    entries = _entries(root)
    found = ((file.path, _damage(root, file.path, entries.get(file.path))) for file in files)
    return tuple(
        DamagedFile(path=path, damage=damage) for path, damage in found if damage is not None
    )


def _record(root: Path, connection: lake.Connection, fresh: int, anew: bool) -> None:
    following = next_file(connection)
    mark = None if anew else _complete_before(root)
    if mark is None or mark > fresh:  # torn, or of a catalog that was put back from a copy
        _rewrite(root, connection, fresh, following)
        return
    entries = _hashed(root, catalog_files(connection, first=mark), fresh)
    if entries or mark < following:
        with (root / SUMS).open("ab") as out:
            out.write(_text(entries, following))


def _rewrite(root: Path, connection: lake.Connection, fresh: int, following: int) -> None:
    files = catalog_files(connection)
    known = _entries(root)
    wanted = {file.path for file in files} | files_to_remove(connection)
    kept = {path: entry for path, entry in known.items() if path in wanted}
    kept |= _hashed(root, [file for file in files if file.path not in kept], fresh)
    text = _text(kept, following)
    if (root / SUMS).is_file() and (root / SUMS).read_bytes() == text:
        return
    temporary = root / f".{SUMS}.{os.getpid()}"
    try:
        temporary.write_bytes(text)
        temporary.replace(root / SUMS)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise


def _hashed(root: Path, files: Iterable[CatalogFile], fresh: int) -> dict[str, _Entry]:
    found = ((file, _digest(root, file.path)) for file in files)
    return {
        file.path: _Entry(digest=digest, late=file.id < fresh)
        for file, digest in found
        if digest is not None
    }


def _digest(root: Path, path: str) -> str | None:
    try:
        with (root / lake.DATA / path).open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError:
        return None


def _damage(root: Path, path: str, entry: _Entry | None) -> Damage | None:
    digest = _digest(root, path)
    if digest is None:
        return Damage.MISSING
    if entry is None:
        return Damage.UNRECORDED
    return None if digest == entry.digest else Damage.CHANGED


def _text(entries: Mapping[str, _Entry], following: int) -> bytes:
    lines = []
    for path, entry in entries.items():
        if entry.late:
            lines.append(_LATE)
        lines.append(f"{entry.digest}  {path}")
    return "\n".join([*lines, f"{_MARK}{following}", ""]).encode()


def _complete_before(root: Path) -> int | None:
    """Return the file number in the last line of the list, or `None` if it has no such end."""
    try:
        with (root / SUMS).open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - _TAIL))
            tail = file.read()
    except FileNotFoundError:
        return None
    found = re.search(rb"(?:\A|\n)" + _MARK.encode() + rb"([0-9]{1,18})\n\Z", tail)
    return int(found[1]) if found else None


def _entries(root: Path) -> dict[str, _Entry]:
    try:
        lines = (root / SUMS).read_text(encoding="utf-8", errors="replace").splitlines()
    except FileNotFoundError:
        return {}
    found = {}
    late = False
    for line in lines:
        if match := _ENTRY.fullmatch(line):
            found[match[2]] = _Entry(digest=match[1], late=late)
        late = line == _LATE
    return found
