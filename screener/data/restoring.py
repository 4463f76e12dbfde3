"""Making an old data version current again: its rows in every table, as a new version."""

from __future__ import annotations

from screener.data import lake
from screener.data.merge import TableChange
from screener.data.schema import TABLES, Table
from screener.data.versions import empty_relation, relation, tables_at

__all__ = ["restore_tables"]


def restore_tables(
    connection: lake.Connection, version: int, *, write: bool = True
) -> tuple[TableChange, ...]:
    """Give every table the rows that it had in a version, inside the caller's transaction.

    Rows that are the same now are not touched; where a row is from counts too.

    Parameters
    ----------
    connection
        The lake, with an open transaction where anything is to be written.
    version
        A version that can be read.
    write
        Whether to write, or only to count what would change.

    Returns
    -------
    tuple of TableChange
        Of the tables that differ.
    """
    there = tables_at(connection, version)
    found = [_restore(connection, spec, version, there, write=write) for spec in TABLES.values()]
    return tuple(item for item in found if item.added or item.changed or item.removed)


def _restore(
    connection: lake.Connection, spec: Table, version: int, there: frozenset[str], *, write: bool
) -> TableChange:
    columns = ", ".join(spec.column_names)
    key = ", ".join(spec.key)
    old = _old(connection, spec, version) if spec.name in there else empty_relation(spec)
    now = f"lake.{spec.name}"
    for name, one, other in (("gone", now, old), ("back", old, now)):
        connection.execute(
            f"CREATE OR REPLACE TEMP TABLE {name} AS "
            f"SELECT {columns} FROM {one} EXCEPT SELECT {columns} FROM {other}"
        )
    gone, back, both = (
        int(connection.execute(f"SELECT count(*) FROM {rows}").fetchall()[0][0])
        for rows in ("gone", "back", f"gone JOIN back USING ({key})")
    )
    if write and gone:
        same = " AND ".join(f"t.{name} = g.{name}" for name in spec.key)
        connection.execute(f"DELETE FROM {now} t USING gone g WHERE {same}")
    if write and back:
        connection.execute(f"INSERT INTO {now} SELECT {columns} FROM back")
    for name in ("gone", "back"):
        connection.execute(f"DROP TABLE {name}")
    return TableChange(
        table=spec.name, added=back - both, changed=both, removed=gone - both, unchanged=0
    )


def _old(connection: lake.Connection, spec: Table, version: int) -> str:
    """Return the rows of a version, with a null for each column that it did not know yet."""
    place = relation(spec, version)
    held = {row[0] for row in connection.execute(f"DESCRIBE SELECT * FROM {place}").fetchall()}
    columns = ", ".join(
        item.name if item.name in held else f"NULL::{item.type} AS {item.name}"
        for item in spec.columns
    )
    return f"(SELECT {columns} FROM {place})"
