"""The one door to the lake: every read and every write of market data goes through `Store`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import duckdb
import pyarrow as pa

from screener.data import lake
from screener.data.guards import (
    has_catalog,
    is_simulated,
    make_tables,
    no_data_yet,
    refuse_lost_catalog,
    refuse_mixture,
    write_lock,
)
from screener.data.merge import TableChange, merge_batch
from screener.data.schema import TABLES, Basis, Table, TableName
from screener.data.sources.base import Batch
from screener.domain.listing import INDEX_ID
from screener.errors import (
    InputError,
    SchemaMismatch,
)

__all__ = ["Commit", "Coverage", "Span", "Store"]

_DATE_COLUMNS = ("session", "valid_from", "ex_session", "known_at")
_FIRST_VERSION = 1  # version 0 is the lake before it had tables


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit:
    """What a commit did: the data version it made (or found, when nothing changed)."""

    version: int
    changes: tuple[TableChange, ...]

    @property
    def changed(self) -> bool:
        """Whether any row was added, changed or removed."""
        return any(item.added or item.changed or item.removed for item in self.changes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """What a table holds: rows, distinct listings, first and last day, sources."""

    table: TableName
    rows: int
    listings: int | None
    first: date | None
    last: date | None
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """First and last session with a bar of one listing, and what its prices are."""

    first: date
    last: date
    basis: Basis


class Store:
    """Market data of one workspace, read at one data version.

    All reads of one `Store` see the same snapshot of all tables, whatever others commit meanwhile.
    Use `open` to read and `create` to write; both are context managers.
    """

    def __init__(
        self, root: Path, connection: duckdb.DuckDBPyConnection, version: int | None
    ) -> None:
        self._root = root
        self._connection = connection
        latest = self._latest()
        if version is not None and not self._has_version(version):
            raise InputError(
                f"no data version {version}; the newest is {latest}",
                where=str(root),
                fix="`screener data status` lists what is stored",
            )
        self._version = latest if version is None else version

    @classmethod
    def open(cls, root: Path, *, version: int | None = None) -> Self:
        """Open the lake in `root` for reading, at its newest version or at `version`.

        Raises
        ------
        DataError
            If the folder holds no lake yet.
        InputError
            If there is no such version.
        """
        refuse_lost_catalog(root)
        if not has_catalog(root):
            raise no_data_yet(root)
        store = cls._connected(root, version)
        if store.version < _FIRST_VERSION:  # a first import was ended before it made the tables
            store.close()
            raise no_data_yet(root)
        return store

    @classmethod
    def create(cls, root: Path) -> Self:
        """Open the lake in `root` for reading and writing, making it if there is none."""
        with lake.storage_errors(root):
            root.mkdir(parents=True, exist_ok=True)
        with write_lock(root):
            refuse_lost_catalog(root)
            connection = lake.connect(root)
            try:
                lake.retried(root, lambda: make_tables(connection, root))
                return cls(root, connection, None)
            except BaseException:
                connection.close()
                raise

    @classmethod
    def _connected(cls, root: Path, version: int | None) -> Self:
        connection = lake.connect(root)
        try:
            return cls(root, connection, version)
        except BaseException:
            connection.close()
            raise

    @property
    def version(self) -> int:
        """Data version (snapshot id) that reads see."""
        return self._version

    def read(
        self,
        table: TableName,
        *,
        listings: Sequence[str] | None = None,
        start: date | None = None,
        end: date | None = None,
    ) -> pa.Table:
        """Read rows of a table.

        Parameters
        ----------
        table
            Which table.
        listings
            Listing ids to keep; all when `None`.
        start, end
            First and last day to keep, both included, by the table's date column.

        Returns
        -------
        pyarrow.Table
            Columns as in `schema.TABLES`, rows in the table's sort order.
        """
        spec = TABLES[table]
        conditions, values = _conditions(spec, listings, start, end)
        columns = ", ".join(spec.column_names)
        sql = f"SELECT {columns} FROM {self._at(table)}{conditions} ORDER BY {', '.join(spec.sort)}"
        with self._reading():
            found: pa.Table = self._executed(sql, values).to_arrow_table()
            return found

    def last_session(
        self,
        table: TableName,
        *,
        on_or_before: date | None = None,
        suffixes: Sequence[str] = (),
        listings: Sequence[str] | None = None,
    ) -> date | None:
        """Return the last day that a table holds, or `None` if it has no such row.

        Parameters
        ----------
        table
            A table with a date column.
        on_or_before
            Latest day to consider.
        suffixes
            Exchanges to consider, such as `(".SH", ".SZ")`; all when empty.
        listings
            Listing ids to consider; all when `None`.
        """
        spec = TABLES[table]
        conditions, values = _conditions(spec, listings, None, on_or_before)
        if suffixes:
            marks = " OR ".join("ends_with(listing, ?)" for _ in suffixes)
            conditions += (" AND " if conditions else " WHERE ") + f"({marks})"
            values.extend(suffixes)
        sql = f"SELECT max({_date_column(spec)}) FROM {self._at(table)}{conditions}"
        found: date | None = self._rows(sql, values)[0][0]
        return found

    def frontier(self, suffixes: Sequence[str]) -> date | None:
        """Return the last session with a bar of a security (not an index) on some exchanges.

        Parameters
        ----------
        suffixes
            Exchanges to consider, such as `(".SH", ".SZ", ".BJ")`.
        """
        marks = " OR ".join("ends_with(listing, ?)" for _ in suffixes)
        sql = (
            f"SELECT max(session) FROM {self._at(TableName.BARS)} WHERE ({marks}) "
            f"AND NOT regexp_full_match(listing, '{INDEX_ID}')"
        )
        found: date | None = self._rows(sql, list(suffixes))[0][0]
        return found

    def spans(self, listings: Sequence[str]) -> dict[str, Span]:
        """Return how far the bars of each listing reach, for each listing that has any."""
        sql = (
            "SELECT listing, min(session), max(session), any_value(basis) "
            f"FROM {self._at(TableName.BARS)} "
            "WHERE list_contains(?::VARCHAR[], listing) GROUP BY listing"
        )
        rows = self._rows(sql, [list(listings)])
        return {row[0]: Span(first=row[1], last=row[2], basis=Basis(row[3])) for row in rows}

    def last_values(
        self, listings: Sequence[str], *, before: date
    ) -> dict[str, tuple[date, float]]:
        """Return the last bar before a day, session and close, of each listing that has one."""
        sql = (
            f"SELECT listing, max(session), max_by(close, session) FROM {self._at(TableName.BARS)} "
            "WHERE list_contains(?::VARCHAR[], listing) AND session < ?::DATE GROUP BY listing"
        )
        rows = self._rows(sql, [list(listings), before])
        return {row[0]: (row[1], row[2]) for row in rows}

    def simulated(self) -> bool:
        """Tell whether the lake holds the simulated market."""
        return is_simulated(self._connection, self._root) is True

    def coverage(self) -> tuple[Coverage, ...]:
        """Summarise every table: rows, listings, days and sources."""
        return tuple(self._coverage(spec) for spec in TABLES.values())

    def commit(
        self,
        batch: Batch,
        *,
        message: str,
        complete: Callable[[Self, Batch], Batch] | None = None,
    ) -> Commit:
        """Merge a batch into the tables in one transaction: all of it lands, or none.

        Rows are merged by key; an adjusted history, and a raw one over it, replaces all bars of
        its listings. A batch that changes nothing makes no new version.

        Parameters
        ----------
        batch
            Rows by table, already in the schema's columns and units.
        message
            What this commit is, kept with the version.
        complete
            Adds rows that follow from the batch and from what is stored; called while nobody else
            can write, with this store at its newest version.

        Raises
        ------
        SchemaMismatch
            If a table does not fit the schema or repeats a key.
        InputError
            If simulated and real rows would be mixed.
        StorageError
            If the lake cannot be written; nothing is changed then.
        """
        with write_lock(self._root), lake.storage_errors(self._root):
            self._version = self._latest()
            return self._commit(complete(self, batch) if complete else batch, message)

    def dry_run(self, batch: Batch) -> Commit:
        """Tell what `commit` would do, and change nothing."""
        with lake.storage_errors(self._root):
            return Commit(version=self._latest(), changes=self._merge(batch, write=False))

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _commit(self, batch: Batch, message: str) -> Commit:
        changes = lake.retried(self._root, lambda: self._transaction(batch, message))
        self._version = self._latest()
        return Commit(version=self._version, changes=changes)

    def _transaction(self, batch: Batch, message: str) -> tuple[TableChange, ...]:
        self._connection.execute("BEGIN")
        try:
            changes = self._merge(batch, write=True)
            if not any(item.added or item.changed or item.removed for item in changes):
                self._connection.execute("ROLLBACK")
                return changes
            self._connection.execute(
                f"CALL lake.set_commit_message('screener', {lake.literal(message)})"
            )
            self._connection.execute("COMMIT")
        except BaseException:
            self._rollback()
            raise
        return changes

    def _merge(self, batch: Batch, *, write: bool) -> tuple[TableChange, ...]:
        refuse_mixture(is_simulated(self._connection, self._root), batch)
        return merge_batch(self._connection, batch, write=write)

    def _rollback(self) -> None:
        # A failed commit has already rolled back, and the first error is the one to tell.
        with suppress(duckdb.Error):
            self._connection.execute("ROLLBACK")
        # Files of the failed transaction belong to no version; nobody else is writing now.
        with suppress(duckdb.Error):
            self._connection.execute(
                "CALL ducklake_delete_orphaned_files('lake', cleanup_all => true)"
            ).fetchall()

    def _coverage(self, spec: Table) -> Coverage:
        names = spec.column_names
        day = _date_column(spec) if _has_date(spec) else "NULL::DATE"
        listings = "count(DISTINCT listing)" if "listing" in names else "NULL"
        sources = "list_sort(list(DISTINCT source))" if "source" in names else "NULL"
        (row,) = self._rows(
            f"SELECT count(*), {listings}, min({day}), max({day}), {sources} "
            f"FROM {self._at(spec.name)}"
        )
        return Coverage(
            table=spec.name,
            rows=row[0],
            listings=row[1],
            first=row[2],
            last=row[3],
            sources=tuple(row[4] or ()),
        )

    def _at(self, table: TableName) -> str:
        return f"lake.{table} AT (VERSION => {self._version})"

    def _rows(self, sql: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        # To the last row: a result left open holds the catalog against writers.
        with self._reading():
            return self._executed(sql, values).fetchall()

    @contextmanager
    def _reading(self) -> Iterator[None]:
        with lake.storage_errors(self._root):
            yield

    def _executed(self, sql: str, values: Sequence[object]) -> duckdb.DuckDBPyConnection:
        return lake.retried(self._root, lambda: self._connection.execute(sql, values))

    def _latest(self) -> int:
        return int(self._rows("SELECT max(snapshot_id) FROM lake.snapshots()")[0][0])

    def _has_version(self, version: int) -> bool:
        if version < _FIRST_VERSION:
            return False
        sql = "SELECT count(*) FROM lake.snapshots() WHERE snapshot_id = ?"
        return bool(self._rows(sql, [version])[0][0])


def _conditions(
    spec: Table, listings: Sequence[str] | None, start: date | None, end: date | None
) -> tuple[str, list[object]]:
    parts: list[str] = []
    values: list[object] = []
    if listings is not None:
        parts.append("list_contains(?::VARCHAR[], listing)")
        values.append(list(listings))
    for bound, sign in ((start, ">="), (end, "<=")):
        if bound is not None:
            parts.append(f"{_date_column(spec)} {sign} ?::DATE")
            values.append(bound)
    return (" WHERE " + " AND ".join(parts) if parts else ""), values


def _has_date(spec: Table) -> bool:
    return any(name in spec.column_names for name in _DATE_COLUMNS)


def _date_column(spec: Table) -> str:
    for name in _DATE_COLUMNS:
        if name in spec.column_names:
            return name
    raise SchemaMismatch(f"table {spec.name} has no date column to select by")
