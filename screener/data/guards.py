"""What must hold before the lake is read or written: files, tables, one writer, one kind."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import duckdb
import pyarrow.compute as pc
from filelock import FileLock, Timeout

from screener.data import lake
from screener.data.schema import SIMULATED, TABLES
from screener.data.sources.base import Batch
from screener.errors import DataError, InputError, StorageBusy, StorageDamaged

__all__ = [
    "has_catalog",
    "is_simulated",
    "make_tables",
    "no_data_yet",
    "refuse_lost_catalog",
    "refuse_mixture",
    "write_lock",
]

LOCK_SECONDS = 120.0
"""How long a writer waits for another."""


def has_catalog(root: Path) -> bool:
    """Tell whether a folder holds the catalog of a lake."""
    catalog = root / lake.CATALOG
    return catalog.is_file() and catalog.stat().st_size > 0


def no_data_yet(root: Path) -> DataError:
    """Return the error that tells a newcomer how to bring data."""
    return DataError(
        "there is no market data yet",
        where=str(root),
        fix="bring your own: `screener data import FILE --kind bars --basis raw`, "
        "or see a simulated market: `screener demo`",
    )


def refuse_lost_catalog(root: Path) -> None:
    """Refuse to begin a new lake beside the Parquet files of one whose catalog is gone."""
    if has_catalog(root):
        return
    with lake.storage_errors(root):
        left = next((root / lake.DATA).rglob("*.parquet"), None) if root.is_dir() else None
    if left is not None:
        raise StorageDamaged(
            f"the catalog {lake.CATALOG} is gone, and Parquet files of a lake are there",
            where=str(root),
            fix="restore the catalog from a copy, or move the folder away and import again",
        )


def make_tables(connection: duckdb.DuckDBPyConnection, root: Path) -> None:
    """Make the tables that the lake lacks, in one transaction."""
    with lake.storage_errors(root):
        rows = connection.execute(
            "SELECT table_name FROM duckdb_tables() WHERE database_name = 'lake'"
        ).fetchall()
        missing = [spec for spec in TABLES.values() if spec.name not in {row[0] for row in rows}]
        if not missing:
            return
        connection.execute("BEGIN")
        try:
            for spec in missing:
                columns = ", ".join(
                    f"{column.name} {column.type}{' NOT NULL' if column.required else ''}"
                    for column in spec.columns
                )
                connection.execute(f"CREATE TABLE lake.{spec.name} ({columns})")
                if spec.by_year:
                    connection.execute(
                        f"ALTER TABLE lake.{spec.name} SET PARTITIONED BY (year({spec.by_year}))"
                    )
            connection.execute("COMMIT")
        except BaseException:
            with suppress(duckdb.Error):
                connection.execute("ROLLBACK")
            raise


@contextmanager
def write_lock(root: Path) -> Iterator[None]:
    """Hold the one lock of writers; `StorageBusy` if another process keeps it for too long."""
    # DuckLake lets two transactions insert the same keys; one writer at a time keeps them unique.
    lock = FileLock(root / "write.lock")
    with lake.storage_errors(root):
        try:
            lock.acquire(timeout=LOCK_SECONDS)
        except Timeout as error:
            raise StorageBusy(
                f"another process has been writing for over {LOCK_SECONDS:.0f} s",
                where=str(root),
                fix="wait until it ends, or end it, then type the command again",
            ) from error
    try:
        yield
    finally:
        lock.release()


def is_simulated(connection: duckdb.DuckDBPyConnection, root: Path) -> bool | None:
    """Tell whether the rows stored are simulated; `None` while there are none."""
    with lake.storage_errors(root):
        for table in TABLES.values():
            if "source" in table.column_names:
                sql = f"SELECT source FROM lake.{table.name} LIMIT 1"
                rows = connection.execute(sql).fetchall()
                if rows:
                    return bool(rows[0][0] == SIMULATED)
    return None


def refuse_mixture(stored: bool | None, batch: Batch) -> None:
    """Refuse a batch that would put simulated and real rows into one lake."""
    for table in batch.tables.values():
        if not table.num_rows or "source" not in table.column_names:
            continue
        marked = set(pc.unique(pc.equal(table.column("source"), SIMULATED)).to_pylist())
        if stored is None:
            stored = True in marked
        if marked != {stored}:
            raise InputError(
                "simulated and real prices must not share one lake",
                fix="use another folder: `screener init DIR`, then `--workspace DIR`",
            )
