"""Making an old data version current again: its rows in every table, as a new version."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from screener.data.lake import lake
from screener.data.lake.differing import differing_parts
from screener.data.lake.guards import making
from screener.data.lake.integrity.content import Balance
from screener.data.lake.merge import TableChange
from screener.data.lake.schema import TABLES, Table, TableName
from screener.data.lake.versions import (
    columns_at,
    empty_relation,
    filled_at,
    latest_version,
    relation,
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
    latest = latest_version(connection)
    there, now = columns_at(connection, version), columns_at(connection, latest)
    filled = filled_at(connection, version) | filled_at(connection, latest)
    parts = differing_parts(connection, version, latest)
    found = [
        _compared(
            connection,
            spec,
            ("true",) if spec.name in lost else parts.get(spec.name, ()),
            _place(spec, there, version),
            empty_relation(spec) if spec.name in lost else _place(spec, now),
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
        connection.execute(
            f"INSERT INTO lake.{spec.name} BY NAME SELECT {columns} FROM back_{spec.name}"
        )
    return changes


def _compared(
    connection: lake.Connection, spec: Table, parts: Iterable[str], old: str, now: str
) -> TableChange:
    columns = ", ".join(spec.column_names)
    gone, back = f"gone_{spec.name}", f"back_{spec.name}"
    for name, one, other in ((gone, now, old), (back, old, now)):
        connection.execute(
            f"CREATE OR REPLACE TEMP TABLE {name} AS SELECT {columns} FROM {empty_relation(spec)}"
        )
        for part in parts:
            connection.execute(
                f"INSERT INTO {name} SELECT {columns} FROM {one} WHERE {part} "
                f"EXCEPT SELECT {columns} FROM {other} WHERE {part}"
            )
    n_gone, n_back, both = (
        int(connection.execute(f"SELECT count(*) FROM {rows}").fetchall()[0][0])
        for rows in (gone, back, f"{gone} JOIN {back} USING ({', '.join(spec.key)})")
    )
    return TableChange(
        table=spec.name, added=n_back - both, changed=both, removed=n_gone - both, unchanged=0
    )


def _place(spec: Table, held: Mapping[str, Collection[str]], version: int | None = None) -> str:
    columns = held.get(spec.name)
    return empty_relation(spec) if columns is None else relation(spec, columns, version)
