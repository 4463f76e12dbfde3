"""Data versions: which there are, and which tables each holds."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from screener.data.lake import lake
from screener.data.lake.schema import Table
from screener.errors import InputError
from screener.files.place import Place
from screener.language import say

__all__ = [
    "EPOCH",
    "FIRST_VERSION",
    "PROVENANCE",
    "RETENTION",
    "Version",
    "check_version",
    "columns_at",
    "empty_relation",
    "facts_of",
    "filled_at",
    "latest_version",
    "relation",
    "versions_of",
]

FIRST_VERSION = 1
"""The first version that can be read; version 0 is the lake before it had tables."""

PROVENANCE = ("source", "fetched_at")
"""Columns that say where a row is from; a row that differs in them alone is the same row."""

RETENTION = timedelta(days=90)
"""How long a version is kept after it was replaced, unless compaction is told otherwise."""

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
"""What the database counts instants from."""

_LATEST = "SELECT max(snapshot_id) FROM __ducklake_metadata_lake.ducklake_snapshot"
_VERSIONS = """
    SELECT snapshot_id, epoch_us(snapshot_time::TIMESTAMPTZ)
    FROM __ducklake_metadata_lake.ducklake_snapshot ORDER BY snapshot_id
"""
_NEAREST = """
    SELECT count(*) FILTER (snapshot_id = ?), min(snapshot_id) FILTER (snapshot_id > ?)
    FROM __ducklake_metadata_lake.ducklake_snapshot
"""
_COLUMNS = """
    SELECT t.table_name, c.column_name
    FROM __ducklake_metadata_lake.ducklake_table t
    JOIN __ducklake_metadata_lake.ducklake_column c USING (table_id)
    WHERE t.begin_snapshot <= {0} AND (t.end_snapshot IS NULL OR t.end_snapshot > {0})
    AND c.begin_snapshot <= {0} AND (c.end_snapshot IS NULL OR c.end_snapshot > {0})
"""
_FILLED = """
    SELECT DISTINCT t.table_name FROM __ducklake_metadata_lake.ducklake_data_file f
    JOIN __ducklake_metadata_lake.ducklake_table t USING (table_id)
    WHERE f.begin_snapshot <= {0} AND (f.end_snapshot IS NULL OR f.end_snapshot > {0})
"""


def facts_of(spec: Table) -> tuple[str, ...]:
    """Return the columns of a table that are not its key and do not say where a row is from."""
    return tuple(name for name in spec.column_names if name not in (*spec.key, *PROVENANCE))


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """A version that can be read, and the instant in which it was committed."""

    id: int
    committed_at: datetime


def latest_version(connection: lake.Connection) -> int:
    """Return the newest version."""
    return int(connection.execute(_LATEST).fetchall()[0][0])


def versions_of(connection: lake.Connection) -> tuple[Version, ...]:
    """List the versions that can be read, oldest first."""
    rows = connection.execute(_VERSIONS).fetchall()
    return tuple(
        Version(id=row[0], committed_at=EPOCH + timedelta(microseconds=row[1])) for row in rows
    )


def columns_at(connection: lake.Connection, version: int) -> dict[str, frozenset[str]]:
    """Return the columns of each table that a version holds: an older program made fewer."""
    # No parameter: to convert one, DuckDB imports pandas.
    found = defaultdict(set)
    for table, column in connection.execute(_COLUMNS.format(version)).fetchall():
        found[table].add(column)
    return {table: frozenset(columns) for table, columns in found.items()}


def filled_at(connection: lake.Connection, version: int) -> frozenset[str]:
    """Return the names of the tables that have a file at a version; the others have no row."""
    rows = connection.execute(_FILLED.format(version)).fetchall()
    return frozenset(name for (name,) in rows)


def check_version(connection: lake.Connection, root: Path | Place, version: int) -> None:
    """Refuse a version that does not exist, or no longer.

    Raises
    ------
    InputError
        Naming the newest version, and the retention where the version has expired.
    """
    latest = latest_version(connection)
    ((found, following),) = connection.execute(_NEAREST, [version, version]).fetchall()
    if version >= FIRST_VERSION and found:
        return
    if not FIRST_VERSION <= version < latest:
        raise InputError(
            say(
                "no data version {version}; the newest is {latest}", version=version, latest=latest
            ),
            where=str(root),
            fix=say("`screener data status` lists what is stored"),
        )
    raise InputError(
        say(
            "data version {version} has expired: a version is kept for {days} days after "
            "it was replaced, unless `screener data compact --keep-days` said otherwise, "
            "and for as long as a stored run names it; the newest is {latest}",
            version=version,
            days=RETENTION.days,
            latest=latest,
        ),
        where=str(root),
        fix=say("read the next one that is kept, {version}", version=following),
    )


def relation(spec: Table, held: Collection[str], version: int | None = None) -> str:
    """Return a table, as written after FROM, a column that it does not have yet with nulls.

    Parameters
    ----------
    spec
        The table.
    held
        Columns that it has, of `columns_at`.
    version
        The version to read; `None` for the newest, which alone can be written.
    """
    place = f"lake.{spec.name}" + ("" if version is None else f" AT (VERSION => {version})")
    if all(name in held for name in spec.column_names):
        return place
    columns = ", ".join(
        item.name if item.name in held else f"NULL::{item.type} AS {item.name}"
        for item in spec.columns
    )
    return f"(SELECT {columns} FROM {place})"


def empty_relation(spec: Table) -> str:
    """Return an empty table with a table's columns, as written after FROM."""
    columns = ", ".join(f"NULL::{column.type} AS {column.name}" for column in spec.columns)
    return f"(SELECT {columns} WHERE false)"
