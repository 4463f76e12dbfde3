"""Copying a whole lake from a folder to where many use it, or back: all versions, every file.

Files first, then the catalog in one transaction: what was ended in between goes on where it was.
Each file is compared with its recorded hash before and after, and the rows of each table of the
newest version are counted on both sides.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Mapping
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from screener.data.lake import lake
from screener.data.lake.guards import opened_alone
from screener.data.lake.integrity.checksums import (
    file_digests,
    next_file,
    record_anew,
    recorded,
)
from screener.data.lake.integrity.content import Content, counted_content
from screener.data.lake.integrity.verified import connected
from screener.data.lake.schema import TABLES, TableName
from screener.data.lake.store import Store
from screener.data.lake.versions import FIRST_VERSION, columns_at, latest_version, relation
from screener.errors import InputError, StorageDamaged
from screener.files.place import Place
from screener.files.whole import write_whole
from screener.language import say
from screener.language.lists import listed
from screener.language.terms import named
from screener.progress import counted

__all__ = ["Moved", "MovedTable", "copy_lake"]

_METADATA = "__ducklake_metadata_lake"
_IN_SERVER = (
    "SELECT tablename FROM pg_tables "
    "WHERE tablename ~ '^ducklake_' AND schemaname = current_schema()"
)
_OWN = "ducklake_metadata"  # says where the files of this very lake are
_GONE = "ducklake_files_scheduled_for_deletion"

_Catalog = dict[str, pa.Table]


@dataclass(frozen=True, slots=True, kw_only=True)
class MovedTable:
    """A table whose rows are the same on both sides: their number, and the digest of them all."""

    table: TableName
    rows: int
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """What was copied.

    Parameters
    ----------
    version
        The newest version; all that could be read before can be read in the copy.
    versions
        How many there are.
    files, size
        Data files, and their bytes.
    tables
        Tables that have rows, each compared.
    """

    version: int
    versions: int
    files: int
    size: int
    tables: tuple[MovedTable, ...]


def copy_lake(source: Place, target: Place) -> Moved:
    """Copy a lake; the one that is copied stays as it is.

    Parameters
    ----------
    source
        Where it is.
    target
        Where it is to be; a lake must not be there.

    Raises
    ------
    InputError
        If both are one place, or a lake is there already.
    DataError
        If there is no lake to copy.
    StorageDamaged
        If a file is not what was written, or the copy does not hold the same rows; it is no lake
        then.
    StorageError
        If either cannot be read or written.
    """
    if source == target:
        raise InputError(
            say("a lake cannot be copied onto itself"),
            where=str(source),
            fix=say("name one for many in `[lake]` of screener.toml"),
        )
    with lake.storage_errors(target):
        target.folder.mkdir(parents=True, exist_ok=True)
    with (
        Store.open(source) as store,
        opened_alone(target, lambda: connected(target, create=True)) as there,
        closing(there),
    ):
        _refuse_other(there, target)
        here = store._connection
        with lake.storage_errors(source):
            catalog = _catalog(source, here)
        size = _copy_files(store, target, there, catalog)
        with lake.storage_errors(target):
            before = _catalog(target, there)
            _replace(there, catalog)
        try:
            return _compared(store, target, catalog, size)
        except BaseException:
            with lake.storage_errors(target):
                _replace(there, before)
            raise


def _refuse_other(there: lake.Connection, target: Place) -> None:
    with lake.storage_errors(target):
        version = latest_version(there)
    if version >= FIRST_VERSION:
        raise InputError(
            say("there is a lake already, at data version {version}", version=version),
            where=str(target),
            fix=say("name a place without one"),
        )


def _catalog(place: Place, connection: lake.Connection) -> _Catalog:
    """Read all tables of a catalog as they are at one moment."""
    names = _names(place, connection)
    connection.execute("BEGIN")
    try:
        return {
            name: connection.execute(f"FROM {_METADATA}.{name}").to_arrow_table() for name in names
        }
    finally:
        connection.execute("ROLLBACK")


def _names(place: Place, connection: lake.Connection) -> list[str]:
    """Name the tables of a catalog, which the database hides."""
    if place.shared:
        from screener.data.lake.shared.tables import asked

        rows = asked(connection, _IN_SERVER)
    else:
        address = f"{(place.folder / lake.CATALOG).absolute().as_uri()}?mode=ro"
        with closing(sqlite3.connect(address, uri=True)) as link:
            rows = link.execute(
                "SELECT name FROM sqlite_master WHERE type = 'table' AND name GLOB 'ducklake_*'"
            ).fetchall()
    return sorted(str(name) for (name,) in rows)


def _paths(catalog: _Catalog) -> dict[str, int]:
    """Return path and bytes of each file that a version needs."""
    schemas = {row["schema_id"]: row["path"] for row in catalog["ducklake_schema"].to_pylist()}
    tables = {
        row["table_id"]: schemas[row["schema_id"]] + row["path"]
        for row in catalog["ducklake_table"].to_pylist()
    }
    return {
        tables[row["table_id"]] + row["path"]: row["file_size_bytes"]
        for name in ("ducklake_data_file", "ducklake_delete_file")
        for row in catalog[name].to_pylist()
    }


def _copy_files(store: Store, target: Place, there: lake.Connection, catalog: _Catalog) -> int:
    """Copy the files that are not there yet; return the bytes of all."""
    source, here = store.place, store._connection
    sizes = _paths(catalog)
    with lake.storage_errors(source):
        entries = recorded(source, here).entries
    wanted = {path: entries[path].digest if path in entries else None for path in sizes}
    with lake.storage_errors(target):
        held = dict(zip(wanted, file_digests(target, there, list(wanted)), strict=True))
    missing = [path for path in wanted if held[path] is None or held[path] != wanted[path]]
    for path in counted(missing):
        with lake.storage_errors(source):
            content = _content(source, here, path)
            if content is None or hashlib.sha256(content).hexdigest() != wanted[path]:
                raise StorageDamaged(
                    say("a data file is not what was written, or was removed meanwhile"),
                    where=f"{source}: {path}",
                    fix=say("`screener data verify` lists all damage; else type it again"),
                )
        with lake.storage_errors(target):
            _put(target, there, path, content)
    return sum(sizes.values())


def _content(place: Place, connection: lake.Connection, path: str) -> bytes | None:
    if not place.shared:
        with suppress(FileNotFoundError):
            return (place.folder / lake.DATA / path).read_bytes()
        return None
    from screener.data.lake.shared.objects import bytes_of

    return bytes_of(place, connection, path)


def _put(place: Place, connection: lake.Connection, path: str, content: bytes) -> None:
    if place.shared:
        from screener.data.lake.shared.objects import put_object

        put_object(place, connection, path, content)
        return
    file = Path(place.folder / lake.DATA / path)
    file.parent.mkdir(parents=True, exist_ok=True)
    write_whole(file, content)


def _replace(connection: lake.Connection, catalog: _Catalog) -> None:
    """Give a catalog other rows in all its tables, at once."""
    connection.execute("BEGIN")
    try:
        for name, rows in catalog.items():
            if name in (_OWN, _GONE):
                continue
            connection.execute(f"DELETE FROM {_METADATA}.{name}")
            if rows.num_rows:
                connection.register("moved_rows", rows)
                connection.execute(f"INSERT INTO {_METADATA}.{name} BY NAME FROM moved_rows")
                connection.unregister("moved_rows")
        connection.execute("COMMIT")
    except BaseException:
        with suppress(lake.Error):
            connection.execute("ROLLBACK")
        raise


def _compared(store: Store, target: Place, catalog: _Catalog, size: int) -> Moved:
    """Record the files of the copy, and compare it table by table."""
    numbers = catalog["ducklake_snapshot"].column("snapshot_id").to_pylist()
    version = int(max(numbers))
    with closing(lake.connect(target)) as copy, lake.storage_errors(target):
        paths = list(_paths(catalog))
        record_anew(target, copy)
        was, now = recorded(store.place, store._connection), recorded(target, copy)
        differ = [
            path
            for path in paths
            if path not in now.entries or was.entries[path].digest != now.entries[path].digest
        ]
        if next_file(copy) != max(catalog["ducklake_snapshot"].column("next_file_id").to_pylist()):
            differ.append("catalog")
        tables = [
            (
                spec.name,
                _rows(store._connection, spec.name, version),
                _rows(copy, spec.name, version),
            )
            for spec in TABLES.values()
        ]
    differ += [named(name) for name, one, other in tables if one != other]
    if differ:
        raise StorageDamaged(
            say("the copy does not hold the same: {differ}", differ=listed(differ)),
            where=str(target),
            fix=say("type the command again; the lake that was copied is as it was"),
        )
    return Moved(
        version=version,
        versions=sum(number >= FIRST_VERSION for number in numbers),
        files=len(paths),
        size=size,
        tables=tuple(
            MovedTable(table=name, rows=one.sums[str(name)][0], digest=one.digest)
            for name, one, _ in tables
            if one.sums
        ),
    )


def _rows(connection: lake.Connection, name: TableName, version: int) -> Content:
    held: Mapping[str, frozenset[str]] = columns_at(connection, version)
    if name not in held:
        return Content()
    place = relation(TABLES[name], held[name], version)
    return counted_content(connection, TABLES[name], place)
