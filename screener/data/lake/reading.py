"""Reading the lake: every read of market data, at one data version."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any, TypeVar

import pyarrow as pa

from screener.data.lake import lake
from screener.data.lake.guards import is_simulated
from screener.data.lake.integrity.checksums import catalog_files
from screener.data.lake.integrity.content import Content, content_of, recounted
from screener.data.lake.integrity.counted import keep_count, kept_count, state_of
from screener.data.lake.integrity.verified import Verifier
from screener.data.lake.schema import TABLES, Basis, Table, TableName
from screener.data.lake.versions import (
    check_version,
    columns_at,
    empty_relation,
    latest_version,
    relation,
)
from screener.domain.listing import INDEX_ID
from screener.errors import SchemaMismatch, StorageDamaged
from screener.files.derived import keep, kept
from screener.files.place import Place
from screener.language import say
from screener.language.terms import named

__all__ = ["AT_ONCE", "BarRange", "Coverage", "Reader", "grouped"]

AnswerT = TypeVar("AnswerT")
KeyT = TypeVar("KeyT")

AT_ONCE = 800_000
"""Rows of a large table that are held together."""

_BATCH = 1 << 18
_LAST_SESSIONS = "last-sessions.json"
_KNOWN_ROWS = 200_000  # of answers that may be asked for again
_NAMED = 100  # listings that a query names one by one
_BETWEEN = " "  # of listings, none of which holds it
_NEAR = timedelta(days=31)  # within it an exchange that trades has a row
_LEAST = 1_000  # rows that an answer counts for, however few it has
_EMPTY: dict[str, pa.Table] = {}
"""Answers without a row, by query: as many as the program has ways to name columns."""
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


def grouped(rows: Mapping[KeyT, int]) -> list[list[KeyT]]:
    """Put keys into groups, in their order, of which all rows are held together.

    Parameters
    ----------
    rows
        Rows of each key.
    """
    groups: list[list[KeyT]] = []
    held = 0
    for key, more in rows.items():
        if not groups or held + more > AT_ONCE:
            groups.append([])
            held = 0
        groups[-1].append(key)
        held += more
    return groups


@dataclass(frozen=True, slots=True, kw_only=True)
class BarRange:
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
        Folder of the lake, or where one for many is.
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
        root: Path | Place,
        connection: lake.Connection,
        version: int | None,
        *,
        alone: bool = False,
    ) -> None:
        self._place = Place.of(root)
        self._root = self._place.folder
        self._connection = connection
        self._present: dict[int, dict[str, frozenset[str]]] = {}
        self._known: dict[str, pa.Table] = {}
        self._spans: dict[tuple[int, str], BarRange | None] = {}
        self._nowhere: dict[tuple[int, TableName, tuple[str, ...]], date] = {}
        self._verifier = Verifier(self._place, connection)
        self._asked(lambda: self._verifier.catalog(alone=alone))
        if version is not None:
            self._asked(lambda: check_version(connection, self._place, version))
        self._version = self._latest() if version is None else version

    @property
    def root(self) -> Path:
        """Folder of the lake, or of what this machine makes of one for many."""
        return self._root

    @property
    def place(self) -> Place:
        """Where the lake is."""
        return self._place

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
        ordered: bool = True,
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
        ordered
            Whether rows come in the table's sort order; else in any, millions of them sooner.

        Returns
        -------
        pyarrow.Table
            Columns as in `schema.TABLES`, or as asked for.
        """
        spec = TABLES[table]
        conditions = _conditions(spec, listings, start, end)
        wanted = ", ".join(spec.column(name).name for name in columns or spec.column_names)
        place = self._at(table)
        if place == empty_relation(spec):
            return self._none_of(f"SELECT {wanted} FROM {place}")
        order = f" ORDER BY {', '.join(spec.sort)}" if ordered else ""
        return self._table(
            f"SELECT {wanted} FROM {place}{conditions}{order}", again=listings is not None
        )

    def parts(
        self, table: TableName, *, listings: Sequence[str] | None = None
    ) -> Iterator[pa.Table]:
        """Read a table as `read` does, some days or listings at a time where it has many rows.

        Returns
        -------
        iterator of pyarrow.Table
            Tables with rows, none where there are none; together the rows in the table's order.
        """
        spec = TABLES[table]
        wanted = listings if "listing" in spec.column_names else None
        for first, last in self._ranges(spec, wanted):
            conditions = _conditions(spec, wanted, None, None) or " WHERE true"
            if first is not None:
                ends = f"{lake.literal(first)} AND {lake.literal(last)}"
                conditions += f" AND {spec.sort[0]} BETWEEN {ends}"
            order, names = ", ".join(spec.sort), ", ".join(spec.column_names)
            sql = f"SELECT {names} FROM {self._at(table)}{conditions} ORDER BY {order}"
            rows = self._table(sql, again=False)
            if rows.num_rows:
                yield rows

    def _ranges(
        self, spec: Table, listings: Sequence[str] | None
    ) -> Sequence[tuple[object, object]]:
        """Return ranges of the first column that a table is sorted by, none of too many rows."""
        first = spec.sort[0]
        sql = (
            f"SELECT {first}, count(*) FROM {self._at(spec.name)}"
            f"{_conditions(spec, listings, None, None)} GROUP BY {first} ORDER BY {first}"
        )
        groups = grouped(dict(self._rows(sql)))
        return [(group[0], group[-1]) for group in groups] if len(groups) > 1 else [(None, None)]

    def batches(self, table: TableName, columns: Sequence[str]) -> Iterator[pa.Table]:
        """Read some columns of all rows of a table, in no order, a bounded number at a time.

        Nothing else is to be asked of the reader until the last is taken.
        """
        sql = f"SELECT {', '.join(columns)} FROM {self._at(table)}"
        with self._reading():
            for batch in self._executed(sql).to_arrow_reader(_BATCH):
                yield pa.Table.from_batches([batch])

    def rows_by_listing(self, table: TableName) -> dict[str, int]:
        """Return how many rows a table has of each listing."""
        sql = f"SELECT listing, count(*) FROM {self._at(table)} GROUP BY listing"
        return dict(self._rows(sql))

    def _none_of(self, sql: str) -> pa.Table:
        """Return the rows of a query that has none, in any lake: it is asked once."""
        if sql not in _EMPTY:
            _EMPTY[sql] = self._table(sql, again=False)
        return _EMPTY[sql]

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
        last = self._max_day(table, None, on_or_before, ())
        if last is None or not suffixes:
            return last
        # Nearly always one of the last rows; of an exchange without any all are looked at, once.
        found = self._max_day(table, last - _NEAR, last, suffixes)
        key = self._version, table, tuple(suffixes)
        if found is None and last > self._nowhere.get(key, date.min):
            found = self._max_day(table, None, last, suffixes)
            if found is None:
                self._nowhere[key] = last
        return found

    def _max_day(
        self, table: TableName, first: date | None, last: date | None, suffixes: Sequence[str]
    ) -> date | None:
        spec = TABLES[table]
        conditions = _conditions(spec, None, first, last)
        if suffixes:
            conditions += (" AND " if conditions else " WHERE ") + f"({_ending(suffixes)})"
        sql = f"SELECT max({date_column(spec)}) FROM {self._at(table)}{conditions}"
        found: date | None = self._rows(sql)[0][0]
        return found

    def days_held(self, table: TableName, suffixes: Sequence[str] = ()) -> list[date]:
        """Return the days of which a table holds a row, ascending; parameters as `last_session`."""
        day = date_column(TABLES[table])
        condition = f" WHERE {_ending(suffixes)}" if suffixes else ""
        sql = f"SELECT DISTINCT {day} AS day FROM {self._at(table)}{condition} ORDER BY day"
        return [row[0] for row in self._rows(sql)]

    def own_ranks(
        self,
        column: str,
        *,
        last: date,
        reach: timedelta,
        years: int,
        suffixes: Sequence[str],
        positive: bool,
        listings: Sequence[str] | None = None,
    ) -> pa.Table:
        """Count how the last valuation of listings stands among their own of the years before.

        Parameters
        ----------
        column
            A number of table `valuation`.
        last, reach
            Day up to which rows count, and how far before it a listing's last one may lie.
        years
            Years up to that last one, so many years before it not included.
        suffixes
            Exchanges to consider, such as `(".SH", ".SZ")`.
        positive
            Whether a value of zero or less is none.
        listings
            Listing ids to keep; all when `None`.

        Returns
        -------
        pyarrow.Table
            `listing`, `n` values with the last one, how many lie `below` it and how many are the
            `same`; no row for a listing whose last row has no value.
        """
        name = TABLES[TableName.VALUATION].column(column).name
        place = self._at(TableName.VALUATION)
        among = "" if listings is None else f" AND {_among(listings)}"
        end, near = (lake.literal(day) + "::DATE" for day in (last, last - reach))
        held = f"isfinite({name})" + (f" AND {name} > 0" if positive else "")
        current = "now.value > 0" if positive else "now.value IS NOT NULL"
        span = f"INTERVAL {int(years)} YEAR"
        sql = f"""
            WITH now AS (
                SELECT listing, max(session) AS day, max_by({{'v': {name}}}, session).v AS value
                FROM {place} WHERE session BETWEEN {near} AND {end}
                AND ({_ending(suffixes)}){among} GROUP BY listing
            )
            SELECT own.listing AS listing, count(*) AS n,
                count(*) FILTER (own.value < now.value) AS below,
                count(*) FILTER (own.value = now.value) AS same
            FROM (
                SELECT listing, session, {name} AS value FROM {place}
                WHERE session > {near} - {span} AND session <= {end} AND {held}
                AND ({_ending(suffixes)}){among}
            ) own JOIN now ON own.listing = now.listing
            WHERE own.session <= now.day AND own.session > now.day - {span} AND {current}
            GROUP BY own.listing ORDER BY own.listing
        """
        return self._table(sql, again=False)

    def last_available(self, suffixes: Sequence[str]) -> date | None:
        """Return the last session with a bar of a security (not an index) on some exchanges.

        Parameters
        ----------
        suffixes
            Exchanges to consider, such as `(".SH", ".SZ", ".BJ")`.
        """
        last = self._last_sessions()
        return max((last[suffix] for suffix in suffixes if suffix in last), default=None)

    def _last_sessions(self) -> dict[str, date]:
        """Return the last session of each exchange; every row is read for it, so that it is kept.

        It is kept with the content of the bars: those of another version or lake have another one.
        """
        content = self.told_content([TableName.BARS])
        if content is None:
            return self._found_last_sessions()
        origin = f"bars {content.digest}, but those of {INDEX_ID}"
        known = kept(self._root, _LAST_SESSIONS, origin)
        if known is not None:
            return {name: date.fromisoformat(day) for name, day in json.loads(known).items()}
        found = self._found_last_sessions()
        days = {suffix: day.isoformat() for suffix, day in found.items()}
        text = json.dumps(days, sort_keys=True)
        keep(self._root, _LAST_SESSIONS, origin, text.encode())
        return found

    def _found_last_sessions(self) -> dict[str, date]:
        sql = (
            f"SELECT right(listing, 3), max(session) FROM {self._at(TableName.BARS)} "
            f"WHERE NOT regexp_full_match(listing, '{INDEX_ID}') GROUP BY ALL"
        )
        return dict(self._rows(sql))

    def spans(self, listings: Sequence[str]) -> dict[str, BarRange]:
        """Return how far the bars of each listing reach, for each listing that has any.

        Every row of a listing is looked at for it, and at one version it stays as it is: each is
        asked for once.
        """
        keys = {name: (self._version, name) for name in listings}
        unknown = [name for name, key in keys.items() if key not in self._spans]
        if unknown:
            # Of so many the whole table is grouped sooner than it is looked through for them.
            among = "true" if len(unknown) > _NAMED else _among(unknown)
            asked = set(unknown)
            self._spans |= {keys[name]: None for name in unknown}
            self._spans |= {
                keys[name]: BarRange(first=first, last=last, basis=Basis(basis))
                for name, first, last, basis in self._rows(self._spans_of(among))
                if name in asked
            }
        return {name: span for name, key in keys.items() if (span := self._spans[key]) is not None}

    def recent_spans(self, listings: Sequence[str], since: date) -> dict[str, BarRange]:
        """Return how far the bars from a day on reach, for each listing that has any then."""
        found = self._rows(
            self._spans_of(f"{_among(listings)} AND session >= {lake.literal(since)}::DATE")
        )
        return {
            name: BarRange(first=first, last=last, basis=Basis(basis))
            for name, first, last, basis in found
        }

    def _spans_of(self, condition: str) -> str:
        return (
            "SELECT listing, min(session), max(session), any_value(basis) "
            f"FROM {self._at(TableName.BARS)} WHERE {condition} GROUP BY listing"
        )

    def last_values(
        self, listings: Sequence[str], *, before: date
    ) -> dict[str, tuple[date, float]]:
        """Return the last bar before a day, session and close, of each listing that has one."""
        sql = (
            f"SELECT listing, max(session), max_by(close, session) FROM {self._at(TableName.BARS)} "
            f"WHERE {_among(listings)} AND session < {lake.literal(before)}::DATE GROUP BY listing"
        )
        rows = self._rows(sql)
        return {row[0]: (row[1], row[2]) for row in rows}

    def content(self) -> Content:
        """Return the digest of what the version read holds: equal data, equal digests."""
        found = self._asked(lambda: content_of(self._connection, self._version))
        return found if found is not None else self._counted_once()

    def _counted_once(self) -> Content:
        """Return the content of a version that an older program made: kept since it was counted."""
        state = self._asked(self._state)
        kept = None if state is None else kept_count(self._root, self._version, state)
        if kept is not None:
            return kept
        found = self._recounted(frozenset())
        if state is not None:
            keep_count(self._root, self._version, state, found)
        return found

    def _state(self) -> str | None:
        files = self._verifier.hashes(self._version)
        return None if files is None else state_of(self._connection, self._version, files)

    def told_content(self, tables: Iterable[TableName]) -> Content | None:
        """Return the digest of some tables as the commits tell it, their files compared.

        Returns
        -------
        Content or None
            `None` if an older program made the version, which tells nothing.
        """
        wanted = frozenset(tables)
        found = self._asked(lambda: content_of(self._connection, self._version))
        for name in wanted:
            self._at(name)
        return None if found is None else found.without(frozenset(TABLES) - wanted)

    def _content(self, lost: frozenset[TableName]) -> Content:
        """Return the content of the version read without tables that cannot be read.

        A commit adds to it, and believes nothing that is derived.
        """
        found = self._asked(lambda: content_of(self._connection, self._version))
        return self._recounted(lost) if found is None else found.without(lost)

    def _recounted(self, lost: frozenset[TableName]) -> Content:
        for name in set(TABLES) - lost:
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

    def size_of_data(self) -> tuple[int, int]:
        """Return bytes and number of the files that the lake holds, by its catalog."""
        files = self._asked(lambda: catalog_files(self._connection))
        return sum(file.size for file in files), len(files)

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
        there = self._with_source(self._tables(self._version))
        places = (self._at(name) for name in there if self._has_files(name, self._version))
        return is_simulated(self._connection, self._place, places) is True

    def coverage(self) -> tuple[Coverage, ...]:
        """Summarise every table: rows, listings, days and sources."""
        return tuple(self._coverage(spec) for spec in TABLES.values())

    def _coverage(self, spec: Table) -> Coverage:
        names = spec.column_names
        day = date_column(spec) if _has_date(spec) else "NULL::DATE"
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
        held = self._tables(self._version).get(table)
        if held is not None:
            self._asked(lambda: self._verifier.table(table, self._version))
            if self._has_files(table, self._version):
                return relation(spec, held, self._version)
        return empty_relation(spec)  # the lake would take longer to say so

    def _has_files(self, table: TableName, version: int) -> bool:
        return self._asked(lambda: self._verifier.has_files(table, version))

    def _tables(self, version: int) -> dict[str, frozenset[str]]:
        """Return the columns of each table that a version has."""
        if version not in self._present:
            self._present = {version: self._asked(lambda: columns_at(self._connection, version))}
        return self._present[version]

    @staticmethod
    def _with_source(tables: Iterable[str]) -> list[TableName]:
        return [n for n in TABLES if n in tables and "source" in TABLES[n].column_names]

    def _rows(self, sql: str) -> list[tuple[Any, ...]]:
        # To the last row: a result left open holds the catalog against writers.
        with self._reading():
            return self._executed(sql).fetchall()

    def _table(self, sql: str, *, again: bool) -> pa.Table:
        """Return the rows of a query, known already if it was asked and may be again."""
        found = self._known.get(sql)
        if found is None:
            with self._reading():
                found = self._executed(sql).to_arrow_table()
            if again and found.num_rows <= _KNOWN_ROWS:
                self._remember(sql, found)
        return found

    def _remember(self, sql: str, table: pa.Table) -> None:
        # The query names the version, whose rows never change.
        self._known[sql] = table
        if sum(_LEAST + one.num_rows for one in self._known.values()) > _KNOWN_ROWS:
            self._known = {}

    @contextmanager
    def _reading(self) -> Iterator[None]:
        with lake.storage_errors(self._place):
            yield

    def _executed(self, sql: str) -> lake.Connection:
        return lake.retried(self._place, lambda: self._connection.execute(sql))

    def _latest(self) -> int:
        return self._asked(lambda: latest_version(self._connection))

    def _asked(self, question: Callable[[], AnswerT]) -> AnswerT:
        """Ask the catalog, again while another process holds it."""
        with self._reading():
            return lake.retried(self._place, question)


# Literals, never parameters: for each Python value that it is given DuckDB imports pandas.


def _conditions(
    spec: Table, listings: Sequence[str] | None, start: date | None, end: date | None
) -> str:
    parts: list[str] = []
    if listings is not None:
        parts.append(_among(listings))
    for bound, sign in ((start, ">="), (end, "<=")):
        if bound is not None:
            parts.append(f"{date_column(spec)} {sign} {lake.literal(bound)}::DATE")
    return " WHERE " + " AND ".join(parts) if parts else ""


def _among(listings: Iterable[str]) -> str:
    """Ask whether a row is of one of some listings."""
    names = list(listings)
    if len(names) > _NAMED:  # planning thousands of literals takes longer than reading does
        text = lake.literal(_BETWEEN.join(names))
        return f"listing IN (SELECT unnest(string_split({text}, {lake.literal(_BETWEEN)})))"
    named = ", ".join(map(lake.literal, names))
    return f"listing IN ({named})" if named else "false"


def _ending(suffixes: Iterable[str]) -> str:
    """Ask whether a listing's id has one of some endings."""
    return " OR ".join(f"ends_with(listing, {lake.literal(suffix)})" for suffix in suffixes)


def _has_date(spec: Table) -> bool:
    return any(name in spec.column_names for name in _DATE_COLUMNS)


def date_column(spec: Table) -> str:
    """Return the column of a table by which rows of some days are selected.

    Raises
    ------
    SchemaMismatch
        If it has none.
    """
    for name in _DATE_COLUMNS:
        if name in spec.column_names:
            return name
    raise SchemaMismatch(
        say("table {table} has no date column to select by", table=named(spec.name))
    )
