"""Making an old data version current again: its rows in every table, as a new version."""

from __future__ import annotations

from screener.data.lake import lake
from screener.data.lake.guards import making
from screener.data.lake.integrity.content import Balance
from screener.data.lake.merge import TableChange
from screener.data.lake.schema import TABLES, Table, TableName
from screener.data.lake.versions import (
    empty_relation,
    filled_at,
    latest_version,
    relation,
    tables_at,
)

__all__ = ["restore_tables", "what_restoring_changes"]


def what_restoring_changes(
    connection: lake.Connection, version: int, lost: frozenset[TableName]
) -> tuple[TableChange, ...]:
    """Compare every table with what it held in a version, and keep the rows that differ.

    Rows that are the same now are not touched; where a row is from counts too. Asked before the
    transaction that writes: the catalog cannot be read at an old version within one.

    Parameters
    ----------
    connection
        The lake; nobody else can write.
    version
        A version that can be read.
    lost
        Tables that cannot be read as they are now, and are made anew.

    Returns
    -------
    tuple of TableChange
        Of the tables that differ; their rows wait in temporary tables for `restore_tables`.
    """
    there = tables_at(connection, version)
    filled = filled_at(connection, version) | filled_at(connection, latest_version(connection))
    found = [
        _compared(
            connection,
            spec,
            _old(connection, spec, version) if spec.name in there else empty_relation(spec),
            empty_relation(spec) if spec.name in lost else f"lake.{spec.name}",
        )
        for spec in TABLES.values()
        if spec.name in filled
    ]
    return tuple(item for item in found if item.differs)


def restore_tables(
    connection: lake.Connection,
    changes: tuple[TableChange, ...],
    lost: frozenset[TableName],
    balance: Balance,
) -> tuple[TableChange, ...]:
    """Write what `what_restoring_changes` has found, inside the caller's transaction."""
    for name in lost:
        connection.execute(f"DROP TABLE lake.{name}")
        for statement in making(TABLES[name]):
            connection.execute(statement)
    for change in changes:
        spec = TABLES[change.table]
        balance.less(spec, f"gone_{spec.name}")
        balance.plus(spec, f"back_{spec.name}")
        same = " AND ".join(f"t.{name} = g.{name}" for name in spec.key)
        connection.execute(f"DELETE FROM lake.{spec.name} t USING gone_{spec.name} g WHERE {same}")
        columns = ", ".join(spec.column_names)
        connection.execute(f"INSERT INTO lake.{spec.name} SELECT {columns} FROM back_{spec.name}")
    return changes


def _compared(connection: lake.Connection, spec: Table, old: str, now: str) -> TableChange:
    columns = ", ".join(spec.column_names)
    gone, back = f"gone_{spec.name}", f"back_{spec.name}"
    for name, one, other in ((gone, now, old), (back, old, now)):
        connection.execute(
            f"CREATE OR REPLACE TEMP TABLE {name} AS "
            f"SELECT {columns} FROM {one} EXCEPT SELECT {columns} FROM {other}"
        )
    n_gone, n_back, both = (
        int(connection.execute(f"SELECT count(*) FROM {rows}").fetchall()[0][0])
        for rows in (gone, back, f"{gone} JOIN {back} USING ({', '.join(spec.key)})")
    )
    return TableChange(
        table=spec.name, added=n_back - both, changed=both, removed=n_gone - both, unchanged=0
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
