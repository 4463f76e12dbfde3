"""The digest of what a data version holds: of its rows, not of files, clocks or version numbers.

A table's digest is a sum over its rows, so that each commit adds what it inserts and takes off what
it deletes, whatever the order; compaction changes nothing. The same imports give the same digest in
any lake, and different rows another one. It stands in the catalog, beside each commit.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Self

from screener.data.lake import lake
from screener.data.lake.schema import TABLES, Table, TableName, Type
from screener.data.lake.versions import FIRST_VERSION, PROVENANCE, columns_at, filled_at, relation

__all__ = [
    "Balance",
    "Content",
    "content_of",
    "counted_content",
    "keep_content",
    "read_content",
    "recounted",
]

_WITHOUT = frozenset({TableName.FETCHES})  # when a source was asked is no content
_MODULUS = 1 << 64
_KEY = "content"
_SNAPSHOTS = """
    SELECT snapshot_id, changes_made, commit_extra_info
    FROM __ducklake_metadata_lake.ducklake_snapshot_changes
    WHERE snapshot_id <= {version} ORDER BY snapshot_id DESC
"""
_SILENT = """
    SELECT snapshot_id FROM __ducklake_metadata_lake.ducklake_snapshot_changes
    WHERE commit_extra_info IS NULL
"""
_KEEP = """
    UPDATE __ducklake_metadata_lake.ducklake_snapshot_changes SET commit_extra_info = {content}
    WHERE snapshot_id = {version} AND commit_extra_info IS NULL
"""
_MAINTENANCE = (
    "merge_adjacent",
    "rewrite_delete",
    "compacted_table",
    "created_table",
    "created_schema",
    "altered_table",
)

_Sum = tuple[int, int, int]
"""Rows, and the sums of both halves of their hashes."""


@dataclass(frozen=True, slots=True)
class Content:
    """Sums over the rows of each table that has any.

    Parameters
    ----------
    sums
        Rows, and the sums of both halves of their hashes, by table.
    """

    sums: Mapping[str, _Sum] = field(default_factory=dict)

    @property
    def digest(self) -> str:
        """SHA-256 of the sums, in hexadecimal."""
        text = json.dumps(sorted((name, *value) for name, value in self.sums.items()))
        return hashlib.sha256(text.encode()).hexdigest()

    def plus(self, other: Self) -> Content:
        """Return the content with other rows added."""
        return self._moved(other, 1)

    def less(self, other: Self) -> Content:
        """Return the content without other rows, which it must hold."""
        return self._moved(other, -1)

    def without(self, tables: frozenset[TableName]) -> Content:
        """Return the content without any row of some tables."""
        kept = {name: value for name, value in self.sums.items() if name not in tables}
        return Content(kept)

    def as_json(self) -> str:
        """Return the content as it is kept beside a commit."""
        return json.dumps({_KEY: {name: list(value) for name, value in self.sums.items()}})

    def _moved(self, other: Content, sign: int) -> Content:
        sums = dict(self.sums)
        for name, (rows, low, high) in other.sums.items():
            mine = sums.get(name, (0, 0, 0))
            sums[name] = (
                mine[0] + sign * rows,
                (mine[1] + sign * low) % _MODULUS,
                (mine[2] + sign * high) % _MODULUS,
            )
        return Content({name: value for name, value in sums.items() if any(value)})


class Balance:
    """The rows that an open transaction adds and takes away.

    Parameters
    ----------
    connection
        The lake.
    """

    def __init__(self, connection: lake.Connection) -> None:
        self._connection = connection
        self._moved = Content()

    def plus(self, spec: Table, place: str, alias: str = "") -> None:
        """Book rows that come; `place` and `alias` as of `counted_content`."""
        self._moved = self._moved.plus(counted_content(self._connection, spec, place, alias))

    def less(self, spec: Table, place: str, alias: str = "") -> None:
        """Book rows that go, before they do."""
        self._moved = self._moved.less(counted_content(self._connection, spec, place, alias))

    def after(self, before: Content) -> Content:
        """Return what is held afterwards."""
        return before.plus(self._moved)


def counted_content(
    connection: lake.Connection, spec: Table, place: str, alias: str = ""
) -> Content:
    """Sum over some rows of a table.

    Parameters
    ----------
    connection
        The lake.
    spec
        Whose rows they are.
    place
        The rows, as written after FROM.
    alias
        The name in it of the relation that has the table's columns; empty if there is no other.
    """
    if spec.name in _WITHOUT:
        return Content()
    prefix = f"{alias}." if alias else ""
    # A value is told from none, and columns that came later change no row that lacks them.
    columns = [column for column in spec.columns if column.name not in PROVENANCE]
    values = ", chr(31), ".join(f"'.' || {prefix}{item.name}::VARCHAR" for item in columns)
    text = f"rtrim(concat({values}), chr(31))"
    if columns[-1].type is not Type.TEXT:  # a third of the time, and nothing to trim as a rule
        filled = f"{prefix}{columns[-1].name} IS NOT NULL"
        text = f"CASE WHEN {filled} THEN concat({values}) ELSE {text} END"
    # One MD5 a row, cut in two: what `md5_number_lower` gives are its first eight bytes.
    sql = (
        f"SELECT count(*), sum((x >> 64)::HUGEINT), sum((x & {_MODULUS - 1}::UHUGEINT)::HUGEINT) "
        f"FROM (SELECT md5_number({text}) AS x FROM {place})"
    )
    ((rows, low, high),) = connection.execute(sql).fetchall()
    if not rows:
        return Content()
    return Content({str(spec.name): (rows, int(low) % _MODULUS, int(high) % _MODULUS)})


def content_of(connection: lake.Connection, version: int) -> Content | None:
    """Return the content of a version as it stands beside its commit.

    Returns
    -------
    Content or None
        `None` if an older program made the last commit that changed rows, or that commit has
        expired.
    """
    for snapshot, changes, extra in connection.execute(
        _SNAPSHOTS.format(version=version)
    ).fetchall():
        if extra is not None and (found := read_content(extra)) is not None:
            return found
        if any(not change.startswith(_MAINTENANCE) for change in _parts(changes)):
            return None
        if snapshot < FIRST_VERSION:  # the lake before it had tables
            return Content()
    return None  # the commit has expired


def keep_content(connection: lake.Connection, versions: Iterable[int]) -> None:
    """Write the content beside versions that have it from an earlier commit, which may expire."""
    silent = {row[0] for row in connection.execute(_SILENT).fetchall()}
    for version in silent.intersection(versions):
        found = content_of(connection, version)
        if found is not None:
            text = lake.literal(found.as_json())
            connection.execute(_KEEP.format(content=text, version=version))


def recounted(
    connection: lake.Connection, version: int, *, lost: frozenset[TableName] = frozenset()
) -> Content:
    """Sum over all rows of a version, but for tables that cannot be read."""
    found = Content()
    filled, held = filled_at(connection, version), columns_at(connection, version)
    for spec in (spec for name, spec in TABLES.items() if name in filled and name not in lost):
        place = relation(spec, held[spec.name], version)
        found = found.plus(counted_content(connection, spec, place))
    return found


def read_content(text: str) -> Content | None:
    """Return the content that a text of `Content.as_json` tells, or `None` if it is none."""
    with suppress(ValueError, TypeError, KeyError, AttributeError):
        kept = json.loads(text)[_KEY]
        return Content({name: (value[0], value[1], value[2]) for name, value in kept.items()})
    return None


def _parts(changes: str | None) -> Iterator[str]:
    yield from (part for part in (changes or "").split(",") if part)
