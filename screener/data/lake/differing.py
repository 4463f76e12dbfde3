"""Where the rows of two data versions may differ: on the days of files that they do not share."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date

from screener.data.lake import lake
from screener.data.lake.schema import TABLES, TableName

__all__ = ["differing_parts"]

# A merged file serves versions from its begin to the newest of its rows, which is its partial_max.
_FILES = """
    SELECT DISTINCT t.table_name, d.column_name, d.min_value, d.max_value
    FROM (
        SELECT table_id, data_file_id, begin_snapshot, end_snapshot, partial_max
        FROM __ducklake_metadata_lake.ducklake_data_file
        UNION ALL
        SELECT table_id, data_file_id, begin_snapshot, end_snapshot, partial_max
        FROM __ducklake_metadata_lake.ducklake_delete_file
        UNION ALL
        SELECT table_id, NULL, begin_snapshot, end_snapshot, NULL
        FROM __ducklake_metadata_lake.ducklake_table
    ) f
    JOIN __ducklake_metadata_lake.ducklake_table t ON t.table_id = f.table_id
    LEFT JOIN (
        SELECT v.data_file_id, c.column_name, v.min_value, v.max_value
        FROM __ducklake_metadata_lake.ducklake_file_column_stats v
        JOIN __ducklake_metadata_lake.ducklake_column c
            ON c.table_id = v.table_id AND c.column_id = v.column_id
        WHERE c.column_name IN ({days})
    ) d ON d.data_file_id = f.data_file_id
    WHERE (f.begin_snapshot <= {low} AND coalesce(f.end_snapshot > {low}, true))
       <> (f.begin_snapshot <= {high} AND coalesce(f.end_snapshot > {high}, true))
       OR (f.begin_snapshot <= {high} AND f.partial_max > {low})
"""
_EVERY = "true"

_File = tuple[str | None, str | None, str | None]
"""Column by whose years a table is stored, and its least and greatest day in a file."""


def differing_parts(connection: lake.Connection, old: int, new: int) -> dict[str, tuple[str, ...]]:
    """Return which rows of each table may differ between two versions, in parts.

    All others are of the same files in both, with the same of their rows deleted.

    Returns
    -------
    dict
        For each table of which rows may differ conditions on them, as written after WHERE: one for
        each year of a table that is stored by year, from the first to the last, so that memory
        holds what they compare; one for all rows of another table.
    """
    columns = sorted({lake.literal(spec.by_year) for spec in TABLES.values() if spec.by_year})
    sql = _FILES.format(low=min(old, new), high=max(old, new), days=", ".join(columns))
    found: dict[str, list[_File]] = defaultdict(list)
    for table, column, low, high in connection.execute(sql).fetchall():
        found[table].append((column, low, high))
    return {
        table: _parts(TABLES[TableName(table)].by_year, files)
        for table, files in found.items()
        if table in TABLES
    }


def _parts(column: str, files: Iterable[_File]) -> tuple[str, ...]:
    years: dict[int, tuple[date, date]] = {}
    for name, low, high in files:
        if name != column or low is None or high is None:
            return (_EVERY,)
        try:
            first, last = date.fromisoformat(low), date.fromisoformat(high)
        except ValueError:  # a year that Python has no day in
            return (_EVERY,)
        for year in range(first.year, last.year + 1):
            begin, end = years.get(year, (date.max, date.min))
            begin = min(begin, max(first, date(year, 1, 1)))
            years[year] = begin, max(end, min(last, date(year, 12, 31)))
    return tuple(
        f"{column} BETWEEN {lake.literal(first)}::DATE AND {lake.literal(last)}::DATE"
        for _, (first, last) in sorted(years.items())
    )
