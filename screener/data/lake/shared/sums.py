"""The list of hashes of a lake for many: a table that all desks share, in place of a file."""

from __future__ import annotations

from screener.data.lake import lake
from screener.data.lake.integrity.checksums import (
    CatalogFile,
    Entry,
    Recorded,
    catalog_files,
    files_to_remove,
    next_file,
)
from screener.data.lake.shared.objects import digests, looks
from screener.data.lake.shared.tables import (
    add_sums,
    forget_sums,
    mark_sums,
    sums,
    sums_mark,
)
from screener.files.place import Place

__all__ = ["record_all_shared", "record_shared", "recorded_shared"]


def recorded_shared(connection: lake.Connection) -> Recorded:
    """Read the list of hashes."""
    mark = sums_mark(connection)
    entries = {path: Entry(digest=digest, late=late) for path, digest, late in sums(connection)}
    return Recorded(
        there=mark is not None, entries=entries, complete_before=mark, last=mark, catalogs=()
    )


def record_shared(place: Place, connection: lake.Connection, *, fresh: int, anew: bool) -> None:
    """Record the files that are not yet; the parameters are those of `record_files`."""
    known = recorded_shared(connection)
    following = next_file(connection)
    files = catalog_files(connection, first=0 if anew else known.complete_before or 0)
    _add(place, connection, [file for file in files if file.path not in known.entries], fresh)
    if anew:
        wanted = {file.path for file in files} | files_to_remove(connection)
        forget_sums(connection, known.entries.keys() - wanted)
    mark_sums(connection, following)


def record_all_shared(place: Place, connection: lake.Connection) -> int:
    """Record all files as they are, whatever was recorded of them; return how many."""
    following, files = next_file(connection), catalog_files(connection)
    forget_sums(connection, recorded_shared(connection).entries)
    _add(place, connection, files, following)
    mark_sums(connection, following)
    return len(files)


def _add(
    place: Place,
    connection: lake.Connection,
    files: tuple[CatalogFile, ...] | list[CatalogFile],
    fresh: int,
) -> None:
    if not files:
        return
    there = looks(place, connection)
    found = digests(place, connection, [file.path for file in files if file.path in there])
    add_sums(
        connection,
        {file.path: (found[file.path], file.id < fresh) for file in files if file.path in found},
    )
