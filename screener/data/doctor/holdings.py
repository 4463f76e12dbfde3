"""What the tables hold, counted: by table, source, market and listing, in one pass each."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa

from screener.data.lake.lake import CATALOG, DATA, literal
from screener.data.lake.schema import TABLES, Basis, Table, TableName
from screener.data.lake.store import Store
from screener.data.lake.versions import Version, versions_of
from screener.domain.listing import INDEX_ID

__all__ = [
    "BARE",
    "Disk",
    "Extent",
    "Holdings",
    "Versions",
    "bare_bars",
    "commits",
    "first_session",
    "hold",
    "measure",
    "versions",
]

BARE = tuple(
    name for name in TABLES[TableName.BARS].column_names if name not in ("source", "fetched_at")
)
"""Columns of table `bars` but where a bar is from."""

_KEYS = {
    TableName.CALENDAR: "exchange",
    TableName.FX: "pair",
    TableName.FETCHES: "need || ' ' || subject",
}
_DAYS = ("session", "valid_from", "ex_session", "known_at", "published")


@dataclass(frozen=True, slots=True, kw_only=True)
class Extent:
    """Rows of a table, or of a part of it, and the days that they span.

    Parameters
    ----------
    rows, keys
        Rows, and distinct listings (pairs, exchanges, needs and subjects) among them.
    first, last
        Days; `None` where the table has none.
    basis
        What the prices are, of bars of one listing.
    """

    rows: int
    keys: int
    first: date | None
    last: date | None
    basis: Basis | None = None


_NOTHING = Extent(rows=0, keys=0, first=None, last=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Holdings:
    """What the tables hold.

    Parameters
    ----------
    tables
        Every table.
    sources
        Rows by source of each table, largest first.
    markets
        By table and market (`HK`, or `SH` for the whole mainland); indices are left out.
    listings
        By table and listing, of the listings asked for alone. Tables without listings are keyed
        by pair (fx), exchange (calendar), need and subject (fetches).
    """

    tables: Mapping[TableName, Extent]
    sources: Mapping[TableName, tuple[tuple[str, int], ...]]
    markets: Mapping[tuple[TableName, str], Extent]
    listings: Mapping[tuple[TableName, str], Extent]

    def n_listings(self, table: TableName) -> int | None:
        """Return how many listings a table has rows of; `None` for one without listings."""
        return self.tables[table].keys if "listing" in TABLES[table].column_names else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Versions:
    """How many data versions are readable, and the oldest of them."""

    count: int
    oldest: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Disk:
    """Bytes on disk, and the number of data files."""

    data: int
    files: int
    catalog: int
    runs: int


def hold(store: Store, listings: Iterable[str]) -> Holdings:
    """Count what the tables hold.

    Parameters
    ----------
    store
        The lake.
    listings
        Listing ids, and other keys, to count one by one.
    """
    # Never a Python value into DuckDB, and no grouping in Arrow: both import pandas first.
    wanted = ", ".join(literal(item) for item in sorted(set(listings))) or "''"
    counted = " UNION ALL ".join(_counted(store, spec) for spec in TABLES.values())
    extent = "name, sum(n)::BIGINT AS n, min(first) AS first, max(last) AS last"
    sql = f"""
        WITH held AS MATERIALIZED ({counted}),
        keyed AS MATERIALIZED (
            SELECT {extent}, key, any_value(basis) AS basis FROM held GROUP BY name, key
        ),
        shares AS (
            SELECT *, CASE WHEN ends_with(key, 'HK') THEN 'HK' ELSE 'SH' END AS market
            FROM keyed WHERE NOT regexp_full_match(key, '{INDEX_ID}')
        )
        SELECT 'source' AS kind, source AS part, {extent}, 0 AS keys, NULL AS basis
            FROM held GROUP BY name, source
        UNION ALL SELECT 'table', '', {extent}, count(*), NULL FROM keyed GROUP BY name
        UNION ALL SELECT 'market', market, {extent}, count(*), NULL
            FROM shares GROUP BY name, market
        UNION ALL SELECT 'key', key, name, n, first, last, 1, basis
            FROM keyed WHERE key IN ({wanted})
    """  # noqa: S608 - names of the schema only
    rows = _rows(store, sql)
    parts = {
        kind: {(TableName(row[2]), row[1]): _extent(row) for row in rows if row[0] == kind}
        for kind in ("source", "table", "market", "key")
    }
    sources: dict[TableName, list[tuple[str, int]]] = {name: [] for name in TABLES}
    for (name, source), found in parts["source"].items():
        sources[name].append((source, found.rows))
    return Holdings(
        tables={name: parts["table"].get((name, ""), _NOTHING) for name in TABLES},
        sources={
            name: tuple(sorted(found, key=lambda part: (-part[1], part[0])))
            for name, found in sources.items()
        },
        markets=parts["market"],
        listings=parts["key"],
    )


def first_session(store: Store) -> date | None:
    """Return the first session of all bars, or `None` if there are none."""
    found: date | None = _rows(store, f"SELECT min(session) FROM {_at(store, TableName.BARS)}")[0][  # noqa: S608
        0
    ]
    return found


def bare_bars(store: Store) -> pa.Table:
    """Return all bars without source and instant, in no order: half the time of a whole read."""
    sql = f"SELECT {', '.join(BARE)} FROM {_at(store, TableName.BARS)}"  # noqa: S608
    with store._reading():
        rows: pa.Table = store._executed(sql).to_arrow_table()
        return rows


def versions(store: Store) -> Versions:
    """Return how many data versions can be read."""
    sql = (
        "SELECT count(*), min(snapshot_id) FROM __ducklake_metadata_lake.ducklake_snapshot "
        "WHERE snapshot_id >= 1"  # version 0 is the lake before it had tables
    )
    count, oldest = _rows(store, sql)[0]
    return Versions(count=int(count), oldest=oldest)


def commits(store: Store) -> tuple[Version, ...]:
    """Return the data versions that can be read, oldest first, with when they were committed."""
    with store._reading():
        return versions_of(store._connection)


def measure(store: Store) -> Disk:
    """Measure a lake: data files, catalog, stored runs; a catalog on a server counts nothing."""
    root = store.root
    runs = _size(root / "runs")[0]
    if store.place.shared:
        data, files = store.size_of_data()
        return Disk(data=data, files=files, catalog=0, runs=runs)
    data, files = _size(root / DATA)
    catalog = sum(path.stat().st_size for path in root.glob(f"{CATALOG}*"))
    return Disk(data=data, files=files, catalog=catalog, runs=runs)


def _counted(store: Store, spec: Table) -> str:
    """Return one aggregate over a table: a row for each key and source."""
    names = spec.column_names
    day = next((name for name in _DAYS if name in names), "NULL::DATE")
    source = "source" if "source" in names else "file"
    basis = "any_value(basis)" if "basis" in names else "NULL"
    key = _KEYS.get(spec.name, "listing")
    return (
        f"SELECT '{spec.name}' AS name, {key} AS key, {source} AS source, count(*) AS n, "  # noqa: S608
        f"min({day}) AS first, max({day}) AS last, {basis} AS basis "
        f"FROM {_at(store, spec.name)} GROUP BY ALL"
    )


def _extent(row: tuple[Any, ...]) -> Extent:
    _, _, _, rows, first, last, keys, basis = row
    return Extent(
        rows=rows,
        keys=keys,
        first=first,
        last=last,
        basis=None if basis is None else Basis(basis),
    )


def _size(folder: Path) -> tuple[int, int]:
    """Return the bytes and the number of the files below a folder."""
    total = count = 0
    for place, _, names in os.walk(folder):
        for name in names:
            try:
                total += (Path(place) / name).stat().st_size
            except OSError:  # a writer has just removed it
                continue
            count += 1
    return total, count


def _rows(store: Store, sql: str) -> list[tuple[Any, ...]]:
    # The store answers aggregates of its own alone; these belong there.
    return store._rows(sql)


def _at(store: Store, table: TableName) -> str:
    return store._at(table)
