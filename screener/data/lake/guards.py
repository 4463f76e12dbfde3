"""What must hold before the lake is read or written: files, tables, one writer, one kind."""

from __future__ import annotations

import os
import sqlite3
import sys
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import (
    AbstractContextManager,
    ExitStack,
    closing,
    contextmanager,
    suppress,
)
from pathlib import Path
from typing import TYPE_CHECKING

from screener.data.lake import lake
from screener.data.lake.batch import Batch
from screener.data.lake.schema import SIMULATED, TABLES, Table, TableName
from screener.data.lake.versions import columns_at, latest_version
from screener.errors import InputError, StorageBusy, StorageDamaged
from screener.files.clean import clean_line
from screener.files.place import Place
from screener.language import in_english, say
from screener.language.stored import retold

if TYPE_CHECKING:
    from filelock import FileLock

__all__ = [
    "committing",
    "has_catalog",
    "is_simulated",
    "is_writing",
    "make_tables",
    "making",
    "opened_alone",
    "refuse_lost_catalog",
    "refuse_mixture",
    "write_lock",
]

LOCK_SECONDS = 120.0
"""How long a writer waits for another."""

SILENT_SECONDS = 2.0
"""How long it does so without a word."""

_HOLDER = "write.holder"
_LONGEST = 80  # characters of a command that are told
_DATA_PATH = "FROM __ducklake_metadata_lake.ducklake_metadata WHERE key = 'data_path'"


def has_catalog(root: Path | Place) -> bool:
    """Tell whether there may be a lake: its folder holds a catalog, or one for many is named."""
    place = Place.of(root)
    if place.shared:
        return True
    catalog = place.folder / lake.CATALOG
    return catalog.is_file() and catalog.stat().st_size > 0


def refuse_lost_catalog(place: Place) -> None:
    """Refuse to begin a new lake beside the Parquet files of one whose catalog is gone."""
    if has_catalog(place):
        return
    root = place.folder
    with lake.storage_errors(root):
        left = next((root / lake.DATA).rglob("*.parquet"), None) if root.is_dir() else None
    if left is not None:
        raise StorageDamaged(
            say(
                "the catalog {file} is gone, and Parquet files of a lake are there",
                file=lake.CATALOG,
            ),
            where=str(root),
            fix=say("restore the catalog from a copy, or move the folder away and import again"),
        )


def make_tables(connection: lake.Connection, place: Place) -> None:
    """Make the tables and columns that the lake lacks, and let be empty what may be."""
    with lake.storage_errors(place):
        if not place.shared:
            _forget_folder(connection, place.folder)
        there = columns_at(connection, latest_version(connection))
        unsorted = _unsorted(connection)
        statements = [
            *(text for spec in TABLES.values() if spec.name not in there for text in making(spec)),
            *(_sorting(TABLES[name]) for name in TABLES if name in unsorted),
            *_widening(there),
            *_loosening(connection),
        ]
        if not statements:
            return
        connection.execute("BEGIN")
        try:
            for statement in statements:
                connection.execute(statement)
            connection.execute("COMMIT")
        except BaseException:
            with suppress(lake.Error):
                connection.execute("ROLLBACK")
            raise


def _forget_folder(connection: lake.Connection, root: Path) -> None:
    """Let the catalog name the folder of its files from its own place, and no path of a machine."""
    if connection.execute(f"SELECT value {_DATA_PATH}").fetchall() == [(f"{lake.DATA}/",)]:
        return
    # Whoever keeps the catalog busy does no harm: the next write does it.
    with (
        suppress(sqlite3.Error),
        closing(sqlite3.connect(root / lake.CATALOG, timeout=1.0)) as link,
        link,
    ):
        link.execute("PRAGMA secure_delete = ON")  # else the bytes stay where the path was
        link.execute(
            "UPDATE ducklake_metadata SET value = ? WHERE key = 'data_path'", [f"{lake.DATA}/"]
        )


def making(spec: Table) -> Iterator[str]:
    """Give the statements that make a table, sorted and by year."""
    columns = ", ".join(
        f"{column.name} {column.type}{' NOT NULL' if column.required else ''}"
        for column in spec.columns
    )
    yield f"CREATE TABLE lake.{spec.name} ({columns})"
    if spec.by_year:
        yield f"ALTER TABLE lake.{spec.name} SET PARTITIONED BY (year({spec.by_year}))"
    yield _sorting(spec)


def _sorting(spec: Table) -> str:
    # Told to the lake, since it merges files by itself, and would only put one after another.
    return f"ALTER TABLE lake.{spec.name} SET SORTED BY ({', '.join(spec.sort)})"


def _widening(there: Mapping[str, Collection[str]]) -> Iterator[str]:
    """Add the columns that a table of an older program lacks; they are empty in its rows."""
    for name, held in there.items():
        for column in TABLES[TableName(name)].columns if name in TABLES else ():
            if column.name not in held:
                yield f"ALTER TABLE lake.{name} ADD COLUMN {column.name} {column.type}"


def _loosening(connection: lake.Connection) -> Iterator[str]:
    """Let columns be empty that an older program required."""
    rows = connection.execute(
        "SELECT t.table_name, c.column_name FROM __ducklake_metadata_lake.ducklake_column c "
        "JOIN __ducklake_metadata_lake.ducklake_table t USING (table_id) "
        "WHERE c.end_snapshot IS NULL AND t.end_snapshot IS NULL AND NOT c.nulls_allowed"
    ).fetchall()
    for table, column in rows:
        if table in TABLES and not TABLES[table].column(column).required:
            yield f"ALTER TABLE lake.{table} ALTER COLUMN {column} DROP NOT NULL"


def _unsorted(connection: lake.Connection) -> set[str]:
    rows = connection.execute(
        "SELECT t.table_name FROM __ducklake_metadata_lake.ducklake_table t "
        "WHERE t.end_snapshot IS NULL AND NOT EXISTS (SELECT 1 "
        "FROM __ducklake_metadata_lake.ducklake_sort_info s "
        "WHERE s.table_id = t.table_id AND s.end_snapshot IS NULL)"
    ).fetchall()
    return {row[0] for row in rows}


def write_lock(
    root: Path | Place, connection: lake.Connection | None = None
) -> AbstractContextManager[None]:
    """Hold the one lock of writers; `StorageBusy` if another process keeps it for too long.

    Who waits for over `SILENT_SECONDS` says for whom, on standard error. That of a lake for many
    is taken by a connection to it.
    """
    place = Place.of(root)
    if not place.shared or connection is None:
        return _file_lock(place.folder)
    from screener.data.lake.shared.lock import shared_lock

    return shared_lock(place, connection, silent=SILENT_SECONDS, longest=LOCK_SECONDS)


@contextmanager
def opened_alone(place: Place, opened: Callable[[], lake.Connection]) -> Iterator[lake.Connection]:
    """Open a lake while nobody else writes; the connection stays open, unless something fails."""
    with ExitStack() as stack:
        if not place.shared:
            stack.enter_context(write_lock(place))
        connection = opened()
        try:
            if place.shared:
                stack.enter_context(write_lock(place, connection))
            yield connection
        except BaseException:
            connection.close()
            raise


def committing(place: Place, connection: lake.Connection) -> Callable[[], None]:
    """Return what commits the transaction that is about to begin."""
    if not place.shared:
        return lambda: _commit(connection)
    from screener.data.lake.shared.written import Written

    return Written(place, connection).commit


def _commit(connection: lake.Connection) -> None:
    connection.execute("COMMIT")


@contextmanager
def _file_lock(root: Path) -> Iterator[None]:
    from filelock import FileLock, Timeout  # asyncio comes with it, and a reader locks nothing

    # DuckLake lets two transactions insert the same keys; one writer at a time keeps them unique.
    lock = FileLock(root / "write.lock")
    with lake.storage_errors(root):
        try:
            lock.acquire(timeout=min(SILENT_SECONDS, LOCK_SECONDS))
        except Timeout:
            told = say("waiting for {holder}, which is writing", holder=retold(_holder(root)))
            sys.stderr.write(f"{told}\n")
            sys.stderr.flush()
            _acquire(lock, root)
    with suppress(OSError):
        (root / _HOLDER).write_text(_myself(), encoding="utf-8")
    try:
        yield
    finally:
        with suppress(OSError):
            (root / _HOLDER).unlink()
        lock.release()


def _acquire(lock: FileLock, root: Path) -> None:
    from filelock import Timeout

    try:
        lock.acquire(timeout=max(0.0, LOCK_SECONDS - SILENT_SECONDS))
    except Timeout as error:
        raise StorageBusy(
            say(
                "{holder} has been writing for over {seconds:.0f} s",
                holder=_holder(root),
                seconds=LOCK_SECONDS,
            ),
            where=str(root),
            fix=say("wait until it ends, or end it, then type the command again"),
        ) from error


def _myself() -> str:
    command = " ".join([Path(sys.argv[0]).name, *sys.argv[1:3]])
    command = clean_line(command)[:_LONGEST]
    return in_english(say("process {pid} (`{command}`)", pid=os.getpid(), command=command))


def is_writing(place: Place) -> bool:
    """Tell whether this process holds the lock of writers."""
    if place.shared:
        from screener.data.lake.shared.lock import is_holding

        return is_holding(place)
    return _holder(place.folder).startswith(f"process {os.getpid()} ")


def _holder(root: Path) -> str:
    """Return who holds the lock, as it has written down."""
    with suppress(OSError):
        text = (root / _HOLDER).read_text(encoding="utf-8", errors="replace")
        if text:
            return clean_line(text)[: 2 * _LONGEST]
    return say("another process")


def is_simulated(
    connection: lake.Connection, root: Path | Place, places: Iterable[str]
) -> bool | None:
    """Tell whether the rows stored are simulated; `None` while there are none.

    Parameters
    ----------
    connection
        The lake.
    root
        Its folder, or where it is.
    places
        Tables with a column `source`, as written after FROM, at the version to look at.
    """
    with lake.storage_errors(root):
        for place in places:
            rows = connection.execute(f"SELECT source FROM {place} LIMIT 1").fetchall()
            if rows:
                return bool(rows[0][0] == SIMULATED)
    return None


def refuse_mixture(stored: bool | None, batch: Batch) -> None:
    """Refuse a batch that would put simulated and real rows into one lake."""
    import pyarrow.compute as pc

    for table in batch.tables.values():
        if not table.num_rows or "source" not in table.column_names:
            continue
        marked = set(pc.unique(pc.equal(table.column("source"), SIMULATED)).to_pylist())
        if stored is None:
            stored = True in marked
        if marked != {stored}:
            raise InputError(
                say("simulated and real prices must not share one lake"),
                fix=say("use another folder: `screener init DIR`, then `--workspace DIR`"),
            )
