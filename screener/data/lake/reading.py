"""Reading the lake: every read of market data, at one data version."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, TypeVar

import pyarrow as pa

from screener.data.lake import lake
from screener.data.lake.guards import is_simulated
from screener.data.lake.integrity.content import Content, content_of, recounted
from screener.data.lake.integrity.verified import Verifier
from screener.data.lake.schema import TABLES, Basis, Table, TableName
from screener.data.lake.versions import (
    check_version,
    empty_relation,
    latest_version,
    relation,
    tables_at,
)
from screener.domain.listing import INDEX_ID
from screener.errors import SchemaMismatch, StorageDamaged

__all__ = ["Coverage", "Reader", "Span"]

AnswerT = TypeVar("AnswerT")

_DATE_COLUMNS = ("session", "valid_from", "ex_session", "known_at", "published")


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


class Reader(lake.Connected):
    """Market data of one workspace, read at one data version; a context manager.

    All reads see the same snapshot of all tables, whatever others commit meanwhile. A table that
    the version does not have yet is empty.

    Parameters
    ----------
    root
        Folder of the lake.
    connection
        Connection to it; closed with the reader.
    version
        Version to read; the newest when `None`.
    alone
        Whether the caller keeps writers away.

    Raises
    ------
    StorageDamaged
        If the catalog is not what was written; a query raises it of the files that it touches.
    """

    def __init__(
        self,
        root: Path,
        connection: lake.Connection,
        version: int | None,
        *,
        alone: bool = False,
    ) -> None:
        self._root = root
        self._connection = connection
        self._present: dict[int, frozenset[str]] = {}
        self._verifier = Verifier(root, connection)
        self._asked(lambda: self._verifier.catalog(alone=alone))
        if version is not None:
            self._asked(lambda: check_version(connection, root, version))
        self._version = self._latest() if version is None else version

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
        columns: Sequence[str] = (),
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
        columns
            Columns to read; all when empty.

        Returns
        -------
        pyarrow.Table
            Columns as in `schema.TABLES`, or as asked for, rows in the table's sort order.
        """
        spec = TABLES[table]
        conditions, values = _conditions(spec, listings, start, end)
        wanted = ", ".join(spec.column(name).name for name in columns or spec.column_names)
        sql = f"SELECT {wanted} FROM {self._at(table)}{conditions} ORDER BY {', '.join(spec.sort)}"
        with self._reading():
            found: pa.Table = self._executed(sql, values).to_arrow_table()
            return found

    def last_session(
        self,
        table: TableName,
        *,
        on_or_before: date | None = None,
        suffixes: Sequence[str] = (),
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
        """
        spec = TABLES[table]
        conditions, values = _conditions(spec, None, None, on_or_before)
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

    def content(self) -> Content:
        """Return the digest of what the version read holds: equal data, equal digests."""
        return self._content(frozenset())

    def _content(self, lost: frozenset[TableName]) -> Content:
        """Return the content of the version read without tables that cannot be read."""
        found = self._asked(lambda: content_of(self._connection, self._version))
        if found is not None:
            return found.without(lost)
        for name in set(TABLES) - lost:  # an older program made the version
            self._at(name)
        return self._asked(lambda: recounted(self._connection, self._version, lost=lost))

    def holds_what_was_committed(self) -> bool | None:
        """Count all rows that can be read again, and compare them with the digest of their commit.

        Returns
        -------
        bool or None
            `None` if an older program made the last commit, which bears no digest.

        Raises
        ------
        StorageError
            If a table cannot be read although its files are what was written.
        """
        lost = frozenset(name for name in TABLES if self._is_lost(name))
        kept = self._asked(lambda: content_of(self._connection, self._version))
        found = self._asked(lambda: recounted(self._connection, self._version, lost=lost))
        return None if kept is None else kept.without(lost) == found

    def _is_lost(self, table: TableName) -> bool:
        """Tell whether a table holds a file that is not what was written."""
        try:
            self._at(table)
        except StorageDamaged:
            return True
        return False

    def _read_every_byte(self) -> None:
        """Compare the catalog now, and each file before it is read, whatever is remembered."""
        try:
            self._verifier.distrust()
            self._asked(self._verifier.catalog)
        except BaseException:
            self.close()
            raise

    def simulated(self) -> bool:
        """Tell whether the version read holds the simulated market."""
        places = (self._at(name) for name in self._with_source(self._tables(self._version)))
        return is_simulated(self._connection, self._root, places) is True

    def coverage(self) -> tuple[Coverage, ...]:
        """Summarise every table: rows, listings, days and sources."""
        return tuple(self._coverage(spec) for spec in TABLES.values())

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
        spec = TABLES[table]
        if table in self._tables(self._version):
            self._asked(lambda: self._verifier.table(table, self._version))
            return relation(spec, self._version)
        return empty_relation(spec)

    def _tables(self, version: int) -> frozenset[str]:
        if version not in self._present:
            self._present = {version: self._asked(lambda: tables_at(self._connection, version))}
        return self._present[version]

    @staticmethod
    def _with_source(tables: Iterable[str]) -> list[TableName]:
        return [n for n in TABLES if n in tables and "source" in TABLES[n].column_names]

    def _rows(self, sql: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        # To the last row: a result left open holds the catalog against writers.
        with self._reading():
            return self._executed(sql, values).fetchall()

    @contextmanager
    def _reading(self) -> Iterator[None]:
        with lake.storage_errors(self._root):
            yield

    def _executed(self, sql: str, values: Sequence[object]) -> lake.Connection:
        return lake.retried(self._root, lambda: self._connection.execute(sql, values))

    def _latest(self) -> int:
        return self._asked(lambda: latest_version(self._connection))

    def _asked(self, question: Callable[[], AnswerT]) -> AnswerT:
        """Ask the catalog, again while another process holds it."""
        with self._reading():
            return lake.retried(self._root, question)


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
