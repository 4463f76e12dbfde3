"""Merging a batch into the lake's tables: checked, compared with what is there, sorted, written."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import reduce

import duckdb
import pyarrow as pa

from screener.data.lake import lake
from screener.data.lake.batch import Batch, Reject, Span
from screener.data.lake.integrity.content import Balance
from screener.data.lake.schema import TABLES, Table, TableName
from screener.data.lake.versions import facts_of
from screener.errors import SchemaMismatch
from screener.language import in_english, say
from screener.language.lists import listed
from screener.language.terms import named

__all__ = ["TableChange", "merge_batch"]

_NEVER_LOSSY = ("VARCHAR", '"NULL"', "ENUM")
_RECENT = 30
"""Days before the first incoming bar in which stored ones of its listing mostly are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TableChange:
    """Rows of one table that a merge added, changed, removed or found already there."""

    table: TableName
    added: int
    changed: int
    removed: int
    unchanged: int

    @property
    def differs(self) -> bool:
        """Whether any row is not as before."""
        return bool(self.added or self.changed or self.removed)

    def plus(self, other: TableChange) -> TableChange:
        """Return what became of these rows of a table and of others of it."""
        return TableChange(
            table=self.table,
            added=self.added + other.added,
            changed=self.changed + other.changed,
            removed=self.removed + other.removed,
            unchanged=self.unchanged + other.unchanged,
        )


def merge_batch(
    connection: duckdb.DuckDBPyConnection,
    batch: Batch,
    balance: Balance | None,
    *,
    places: Mapping[TableName, str] | None = None,
) -> tuple[TableChange, ...]:
    """Merge a batch inside the caller's transaction; the lake is attached as `lake`.

    Parameters
    ----------
    connection
        Connection with an open transaction.
    batch
        Rows by table.
    balance
        Books the rows that come and go; without one nothing is written, only counted.
    places
        What stands for a table that the lake does not have yet, or lacks columns of, as written
        after FROM; only counting can do without them.

    Raises
    ------
    SchemaMismatch
        If a table does not fit the schema, repeats a key, mixes bases within a listing, or holds
        a value that its column's type would round.
    """
    places = places or {}
    removed = [
        _remove(connection, TABLES[name], keys, balance, places.get(name, f"lake.{name}"))
        for name, keys in batch.removes.items()
        if keys
    ]
    changes = [
        _merge_table(connection, TABLES[name], rows, batch, balance, places=places)
        for name, rows in batch.tables.items()
        if rows.num_rows or (name is TableName.BARS and batch.replaces)
    ]
    bars = TABLES[TableName.BARS]
    spans = [
        _merge_table(connection, bars, span.rows, batch, balance, places=places, span=span)
        for span in batch.spans
    ]
    return (*removed, *([reduce(TableChange.plus, spans)] if spans else []), *changes)


def _remove(
    connection: duckdb.DuckDBPyConnection,
    spec: Table,
    keys: frozenset[tuple[object, ...]],
    balance: Balance | None,
    target: str,
) -> TableChange:
    """Remove stored rows by their keys."""
    columns = zip(*sorted(keys, key=str), strict=True)
    connection.register("removed_keys", pa.table(dict(zip(spec.key, columns, strict=True))))
    try:
        same_key = " AND ".join(f"t.{name} = r.{name}" for name in spec.key)
        source = f"{target} t"
        count = _count(connection, f"{source} JOIN removed_keys r ON {same_key}")
        if count and balance is not None:
            balance.less(spec, f"{source} JOIN removed_keys r ON {same_key}", "t")
            connection.execute(f"DELETE FROM {source} USING removed_keys r WHERE {same_key}")
    finally:
        with suppress(duckdb.Error):
            connection.unregister("removed_keys")
    return TableChange(table=spec.name, added=0, changed=0, removed=count, unchanged=0)


def _merge_table(
    connection: duckdb.DuckDBPyConnection,
    spec: Table,
    rows: pa.Table,
    batch: Batch,
    balance: Balance | None,
    *,
    places: Mapping[TableName, str],
    span: Span | None = None,
) -> TableChange:
    held = _Incoming(rows)
    connection.register("incoming_rows", held)
    kind = "TABLE"
    try:
        _check_columns(spec, rows)
        kind = _take_in(connection, spec)
        _check_rows(connection, spec)
        target = places.get(spec.name, f"lake.{spec.name}")
        return _merge_rows(connection, spec, target, batch, balance, span)
    finally:
        # In a transaction that has failed these fail too, and would hide why.
        with suppress(duckdb.Error):
            connection.unregister("incoming_rows")
            connection.execute(f"DROP {kind} IF EXISTS incoming")
        held.rows = None


@dataclass(slots=True)
class _Incoming:
    """Rows that the database reads, and can be taken from it: it holds what is registered."""

    rows: pa.Table | None

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        """Give the rows as Arrow's PyCapsule interface says."""
        if self.rows is None:
            raise ValueError("rows that were merged already")
        return self.rows.__arrow_c_stream__(requested_schema)


def _take_in(connection: duckdb.DuckDBPyConnection, spec: Table) -> str:
    """Let `incoming` be the rows with their columns' types: a view where they have them already.

    A table would stay in memory until the transaction ends, though it is dropped.
    """
    try:
        kind = "VIEW" if _check_exact(connection, spec) else "TABLE"
        connection.execute(f"CREATE OR REPLACE TEMP {kind} incoming AS {_typed_select(spec)}")
    except duckdb.ConversionException as error:
        raise SchemaMismatch(
            say(
                "a value of table {table} has the wrong type: {error}",
                table=named(spec.name),
                error=str(error).splitlines()[0],
            )
        ) from error
    return kind


def _check_exact(connection: duckdb.DuckDBPyConnection, spec: Table) -> bool:
    """Refuse values that a cast to their column's type would round or cut; tell if none is needed.

    Raises
    ------
    SchemaMismatch
        If there is such a value.
    """
    typed = True
    for name, kind, *_ in connection.execute("DESCRIBE SELECT * FROM incoming_rows").fetchall():
        target = spec.column(name).type
        typed = typed and kind == target
        if kind == target or kind.startswith(_NEVER_LOSSY):
            continue
        back = f"CAST(CAST({name} AS {target}) AS {kind})"
        lost = connection.execute(
            f"SELECT count(*), any_value({name}::VARCHAR) FROM incoming_rows "
            f"WHERE {back} IS DISTINCT FROM {name}"
        ).fetchall()
        for count, example in lost:
            if count:
                raise SchemaMismatch(
                    say(
                        "{n} values of column {column} of table {table} do not fit its type "
                        "{type}, the first {example}",
                        n=count,
                        column=named(name),
                        table=named(spec.name),
                        type=target,
                        example=example,
                    ),
                    fix=say(
                        "give whole numbers, days without a time, and no finer than microseconds"
                    ),
                )
    return typed


def _check_columns(spec: Table, rows: pa.Table) -> None:
    if tuple(rows.column_names) != spec.column_names:
        raise SchemaMismatch(
            say(
                "columns {columns} are not those of table {table}, {known}",
                columns=rows.column_names,
                table=named(spec.name),
                known=list(spec.column_names),
            )
        )


def _typed_select(spec: Table) -> str:
    columns = ", ".join(f"{item.name}::{item.type} AS {item.name}" for item in spec.columns)
    return f"SELECT {columns} FROM incoming_rows"


def _check_rows(connection: duckdb.DuckDBPyConnection, spec: Table) -> None:
    required = [column.name for column in spec.columns if column.required]
    counts = ", ".join(f"count(*) FILTER (WHERE {name} IS NULL)" for name in required)
    (empty,) = connection.execute(f"SELECT {counts} FROM incoming").fetchall()
    for name, rows in zip(required, empty, strict=True):
        if rows:
            raise SchemaMismatch(
                say(
                    "{n} rows of table {table} have no {column}",
                    n=rows,
                    table=named(spec.name),
                    column=named(name),
                )
            )
    key = ", ".join(spec.key)
    repeated = connection.execute(
        f"SELECT {key}, count(*) FROM incoming GROUP BY {key} HAVING count(*) > 1 LIMIT 1"
    ).fetchall()
    for *values, times in repeated:
        shown = listed(values)
        raise SchemaMismatch(
            say(
                "table {table}: key {key} comes {n} times",
                table=named(spec.name),
                key=shown,
                n=times,
            )
        )
    if spec.name is TableName.BARS:
        _check_basis(connection, "incoming")


def _check_basis(connection: duckdb.DuckDBPyConnection, rows: str) -> None:
    """Refuse two bases of one listing in some rows, as written after FROM."""
    mixed = connection.execute(
        f"SELECT listing FROM {rows} GROUP BY listing HAVING count(DISTINCT basis) > 1 LIMIT 1"
    ).fetchall()
    for (listing,) in mixed:
        raise SchemaMismatch(say("bars of {listing} mix raw and adjusted prices", listing=listing))


def _merge_rows(
    connection: duckdb.DuckDBPyConnection,
    spec: Table,
    target: str,
    batch: Batch,
    balance: Balance | None,
    span: Span | None,
) -> TableChange:
    same_key = " AND ".join(f"t.{name} = i.{name}" for name in spec.key)
    differs = (
        " OR ".join(f"t.{name} IS DISTINCT FROM i.{name}" for name in facts_of(spec)) or "false"
    )
    outdated = _replaced_rows(connection, spec, target, same_key, batch, span)
    total = _count(connection, "incoming")
    ((known, changed),) = connection.execute(
        f"SELECT count(*), count(*) FILTER (WHERE {differs}) "
        f"FROM {target} t JOIN incoming i ON {same_key}"
    ).fetchall()
    removed = _count(connection, f"{target} t WHERE {outdated}") if outdated else 0
    if balance is not None:
        if removed:
            balance.less(spec, f"{target} t WHERE {outdated}", "t")
            connection.execute(f"DELETE FROM {target} t WHERE {outdated}")
        if changed:
            alike = f"{same_key} AND ({differs})"
            balance.less(spec, f"{target} t JOIN incoming i ON {alike}", "t")
            connection.execute(f"DELETE FROM {target} t USING incoming i WHERE {alike}")
        if changed or known < total:
            stored = f" WHERE NOT EXISTS (SELECT 1 FROM {target} t WHERE {same_key})"
            fresh = f"incoming i{stored if known else ''}"
            balance.plus(spec, fresh, "i")
            # Sorted by the lake itself.
            connection.execute(f"INSERT INTO {target} BY NAME SELECT i.* FROM {fresh}")
    return TableChange(
        table=spec.name,
        added=total - known,
        changed=changed,
        removed=removed,
        unchanged=known - changed,
    )


def _replaced_rows(
    connection: duckdb.DuckDBPyConnection,
    spec: Table,
    target: str,
    same_key: str,
    batch: Batch,
    span: Span | None,
) -> str:
    """Return the condition on `t` for stored bars that a new history replaces; empty for none.

    Of a batch that comes span by span, only the stored bars of the same span are meant.

    Raises
    ------
    SchemaMismatch
        If the listings that are not replaced would hold two bases.
    """
    if spec.name is not TableName.BARS:
        return ""
    connection.execute("CREATE OR REPLACE TEMP TABLE replaced (listing VARCHAR)")
    if batch.replaces:
        names = pa.table({"listing": pa.array(sorted(batch.replaces), pa.string())})
        connection.register("replaced_names", names)
        connection.execute("INSERT INTO replaced SELECT listing FROM replaced_names")
        connection.unregister("replaced_names")
    _check_stored_bases(connection, target)
    days = ""
    if span is not None:
        first, last = (f"{lake.literal(day)}::DATE" for day in (span.first, span.last))
        days = f"AND t.session BETWEEN {first} AND {last} "
    return (
        f"t.listing IN (SELECT listing FROM replaced) {days}"
        f"AND NOT EXISTS (SELECT 1 FROM incoming i WHERE {same_key})"
    )


def _check_stored_bases(connection: duckdb.DuckDBPyConnection, target: str) -> None:
    """Refuse bars of another basis than those stored of their listing, unless these are replaced.

    All stored bars of a listing have one basis, so that any of them tells it: mostly those about
    the incoming ones do, and only for listings without such the whole table is looked through.
    """
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE bases AS SELECT listing, any_value(basis) AS basis "
        "FROM incoming WHERE listing NOT IN (SELECT listing FROM replaced) GROUP BY listing"
    )
    ((first,),) = connection.execute(
        f"SELECT min(session) - {_RECENT} FROM incoming JOIN bases USING (listing)"
    ).fetchall()
    near = f"session >= {lake.literal(first)}::DATE"
    for among in (near, "true"):
        if not _count(connection, "bases"):
            break
        connection.execute(
            "CREATE OR REPLACE TEMP TABLE stored_bases AS "
            f"SELECT listing, any_value(basis) AS basis FROM {target} "
            f"WHERE listing IN (SELECT listing FROM bases) AND {among} GROUP BY listing"
        )
        both = "SELECT * FROM bases UNION ALL SELECT * FROM stored_bases"
        _check_basis(connection, f"({both})")
        connection.execute("DELETE FROM bases WHERE listing IN (SELECT listing FROM stored_bases)")


def _count(connection: duckdb.DuckDBPyConnection, relation: str) -> int:
    return int(connection.execute(f"SELECT count(*) FROM {relation}").fetchall()[0][0])


def quarantine_rows(rejects: tuple[Reject, ...], fetched_at: object) -> pa.Table:
    """Return rejected rows as rows of table `quarantine`."""
    spec = TABLES[TableName.QUARANTINE]
    columns: dict[str, list[object]] = {name: [] for name in spec.column_names}
    reasons = in_english([reject.reason for reject in rejects])
    for reject, reason in zip(rejects, reasons, strict=True):
        for name, value in (
            ("table_name", str(reject.table)),
            ("file", reject.file),
            ("line", reject.line),
            ("listing", reject.listing),
            ("session", reject.session),
            ("reason", reason),
            ("row", reject.row),
            ("fetched_at", fetched_at),
        ):
            columns[name].append(value)
    kinds = {
        "line": pa.int64(),
        "session": pa.date32(),
        "fetched_at": pa.timestamp("us", tz="UTC"),
    }
    return pa.table(
        {name: pa.array(v, kinds.get(name, pa.string())) for name, v in columns.items()}
    )
