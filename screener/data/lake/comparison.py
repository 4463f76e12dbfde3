"""What changed between two data versions.

Rows are compared by value. The lake's own feed of changes would do less: a row that compaction
only moves to another file comes out of it as changed.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Self

from screener.data.lake import lake
from screener.data.lake.differing import differing_parts
from screener.data.lake.integrity.verified import Verifier, connected
from screener.data.lake.schema import TABLES, Table, TableName
from screener.data.lake.versions import (
    PROVENANCE,
    check_version,
    columns_at,
    empty_relation,
    facts_of,
    relation,
)
from screener.files.place import Place

__all__ = ["Change", "TableDiff", "ValueChange", "VersionComparison"]

_BATCH = 10_000


class Change(StrEnum):
    """What became of a row, or of the columns that say where it is from."""

    ADDED = "added"
    CHANGED = "changed"
    REMOVED = "removed"
    PROVENANCE = "provenance"


@dataclass(frozen=True, slots=True, kw_only=True)
class TableDiff:
    """Rows of one table that differ between two versions.

    Parameters
    ----------
    table
        Which table.
    added, changed, removed
        Rows by what became of them.
    provenance
        Rows of which only the columns differ that say where a row is from.
    listings
        Listings of all these rows; `None` for a table without listings.
    """

    table: TableName
    added: int
    changed: int
    removed: int
    provenance: int
    listings: frozenset[str] | None

    @property
    def differs(self) -> bool:
        """Whether any row differs at all."""
        return bool(self.added or self.changed or self.removed or self.provenance)


@dataclass(frozen=True, slots=True, kw_only=True)
class ValueChange:
    """One value that differs; a row that came or went is one, with its values as JSON."""

    table: TableName
    key: str
    change: Change
    column: str
    old: object
    new: object


class VersionComparison(lake.Connected):
    """Two versions of the lake side by side; a context manager."""

    def __init__(self, root: Path | Place, connection: lake.Connection, old: int, new: int) -> None:
        self._place = Place.of(root)
        self._connection = connection
        self._sides = (old, new)
        self._verifier = Verifier(self._place, connection)
        self._verifier.catalog()
        for version in self._sides:
            check_version(connection, self._place, version)
        self._present = tuple(columns_at(connection, version) for version in self._sides)
        self._parts = differing_parts(connection, old, new)
        self._found: dict[tuple[TableName, str], frozenset[str]] = {}

    @classmethod
    def open(cls, root: Path | Place, old: int, new: int) -> Self:
        """Open the lake in `root` to compare two of its versions.

        Raises
        ------
        InputError
            If there is no such version, or no longer.
        DataError
            If there is no lake.
        """
        connection = connected(root)
        try:
            with lake.storage_errors(root):
                return lake.retried(root, lambda: cls(root, connection, old, new))
        except BaseException:
            connection.close()
            raise

    def compare(self, table: TableName) -> TableDiff:
        """Count the rows of a table that differ."""
        spec = TABLES[table]
        counts: Counter[str] = Counter()
        listings: set[str] = set()
        told = ", ".join(("change", *_listing_columns(spec)))
        for part in self._parts.get(table, ()):
            differing = self._differing(spec, part)
            rows = self._run(f"SELECT {told}, count(*) FROM ({differing}) GROUP BY {told}")
            for change, *own, count in rows:
                counts[change] += count
                listings.update(name for name in own if name is not None)
            self._found[table, part] = frozenset(row[0] for row in rows)
        return _diff(spec, counts, frozenset(listings))

    def changes(self, table: TableName) -> Iterator[ValueChange]:
        """Give the values that differ in a table, in its order; `compare` it first.

        Rows that differ in their provenance alone come last.
        """
        spec = TABLES[table]
        for late in (False, True):
            for part in self._parts.get(table, ()):
                kinds = self._found[table, part]
                if Change.PROVENANCE in kinds if late else kinds - {Change.PROVENANCE}:
                    yield from self._changes_in(spec, part, late=late)

    def _changes_in(self, spec: Table, part: str, *, late: bool) -> Iterator[ValueChange]:
        """Give the values that differ in a part of a table, of provenance alone or all others."""
        asked = "=" if late else "<>"
        sql = (
            f"SELECT * FROM ({self._differing(spec, part)}) "
            f"WHERE change {asked} '{Change.PROVENANCE}' ORDER BY {', '.join(spec.sort)}"
        )
        with lake.storage_errors(self._place):
            found = lake.retried(
                self._place, lambda: self._connection.execute(sql).to_arrow_table()
            )
        for batch in found.to_batches(_BATCH):
            for row in zip(*(column.to_pylist() for column in batch.columns), strict=True):
                yield from _values(spec, row)

    def _differing(self, spec: Table, part: str) -> str:
        return _difference(spec, part, *(self._side(spec, at) for at in (0, 1)))

    def _side(self, spec: Table, at: int) -> str:
        if spec.name not in self._present[at]:
            return empty_relation(spec)
        with lake.storage_errors(self._place):
            self._verifier.table(spec.name, self._sides[at])
        return relation(spec, self._present[at][spec.name], self._sides[at])

    def _run(self, sql: str) -> list[tuple[Any, ...]]:
        with lake.storage_errors(self._place):
            return lake.retried(self._place, lambda: self._connection.execute(sql).fetchall())


def _diff(spec: Table, counts: Mapping[str, int], listings: frozenset[str]) -> TableDiff:
    return TableDiff(
        table=spec.name,
        added=counts.get(Change.ADDED, 0),
        changed=counts.get(Change.CHANGED, 0),
        removed=counts.get(Change.REMOVED, 0),
        provenance=counts.get(Change.PROVENANCE, 0),
        listings=listings if "listing" in spec.column_names else None,
    )


def _origin(spec: Table) -> list[str]:
    return [name for name in PROVENANCE if name in spec.column_names]


def _listing_columns(spec: Table) -> tuple[str, ...]:
    """Return the columns of `_difference` that tell of which listings the rows are."""
    if "listing" not in spec.column_names:
        return ()
    return ("listing",) if "listing" in spec.key else ("old_listing", "new_listing")


def _difference(spec: Table, part: str, old: str, new: str) -> str:
    """Return the query for the rows that differ: key, change, old and new values."""
    key = ", ".join(f"coalesce(o.{name}, n.{name}) AS {name}" for name in spec.key)
    rest = [*facts_of(spec), *_origin(spec)]
    values = ", ".join(f"o.{name} AS old_{name}, n.{name} AS new_{name}" for name in rest)
    facts = " OR ".join(f"o.{name} IS DISTINCT FROM n.{name}" for name in facts_of(spec)) or "false"
    every = " OR ".join(f"o.{name} IS DISTINCT FROM n.{name}" for name in rest)
    same_key = " AND ".join(f"o.{name} = n.{name}" for name in spec.key)
    return (
        f"SELECT {key}, "
        f"CASE WHEN o.here IS NULL THEN '{Change.ADDED}' "
        f"WHEN n.here IS NULL THEN '{Change.REMOVED}' "
        f"WHEN {facts} THEN '{Change.CHANGED}' ELSE '{Change.PROVENANCE}' END AS change, {values} "
        f"FROM (SELECT *, true AS here FROM {old} WHERE {part}) o "
        f"FULL JOIN (SELECT *, true AS here FROM {new} WHERE {part}) n ON {same_key} "
        f"WHERE o.here IS NULL OR n.here IS NULL OR {every}"
    )


def _values(spec: Table, row: Sequence[Any]) -> Iterator[ValueChange]:
    width = len(spec.key)
    key = " ".join(str(part) for part in row[:width])
    change = Change(row[width])
    names = [*facts_of(spec), *_origin(spec)]
    pairs = zip(names, row[width + 1 :: 2], row[width + 2 :: 2], strict=True)
    if change in (Change.ADDED, Change.REMOVED):
        side = 2 if change is Change.ADDED else 1
        held = {pair[0]: pair[side] for pair in pairs if pair[side] is not None}
        text = json.dumps(held, ensure_ascii=False, default=str)
        old, new = (None, text) if change is Change.ADDED else (text, None)
        yield ValueChange(table=spec.name, key=key, change=change, column="", old=old, new=new)
        return
    for name, old, new in pairs:
        if not _same(old, new):
            kind = Change.PROVENANCE if name in PROVENANCE else Change.CHANGED
            yield ValueChange(table=spec.name, key=key, change=kind, column=name, old=old, new=new)


def _same(old: object, new: object) -> bool:
    if isinstance(old, float) and isinstance(new, float) and math.isnan(old):
        return math.isnan(new)
    return old == new
