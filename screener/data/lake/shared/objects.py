"""Data files of a lake for many: which there are, how they look, and what they hold."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa

from screener.data.lake import lake
from screener.data.lake.shared.tables import in_parts
from screener.files.place import Place

__all__ = ["bytes_of", "digests", "looks", "put_object"]

_AT_ONCE = 16  # files whose bytes are held together
_LOOKS = """
    SELECT filename, size, epoch_us(last_modified::TIMESTAMPTZ)
    FROM read_blob({pattern}) WHERE ends_with(filename, '.parquet')
"""
_NONE = "no files found"


def looks(place: Place, connection: lake.Connection) -> dict[str, tuple[int, int, int, int]]:
    """Return size and time of every data file, by its path within the data."""
    pattern = lake.literal(f"{place.prefix}**")
    try:
        rows = connection.execute(_LOOKS.format(pattern=pattern)).fetchall()
    except lake.Error as error:
        if _NONE in str(error).lower():
            return {}
        raise
    return {name.removeprefix(place.prefix): (size, at or 0, 0, 0) for name, size, at in rows}


def digests(place: Place, connection: lake.Connection, paths: Sequence[str]) -> dict[str, str]:
    """Return the SHA-256 of data files that are there, by path."""
    found: dict[str, str] = {}
    for part in in_parts(paths, _AT_ONCE):
        names = ", ".join(lake.literal(place.prefix + path) for path in part)
        sql = f"SELECT filename, sha256(content) FROM read_blob([{names}])"
        rows = connection.execute(sql).fetchall()
        found |= {name.removeprefix(place.prefix): digest for name, digest in rows}
    return found


def bytes_of(place: Place, connection: lake.Connection, path: str) -> bytes:
    """Return what a data file holds."""
    name = lake.literal(place.prefix + path)
    ((content,),) = connection.execute(f"SELECT content FROM read_blob({name})").fetchall()
    return bytes(content)


def put_object(place: Place, connection: lake.Connection, path: str, content: bytes) -> None:
    """Write a data file."""
    name = lake.literal(place.prefix + path)
    connection.register("written_object", pa.table({"content": pa.array([content], pa.binary())}))
    try:
        connection.execute(f"COPY (SELECT content FROM written_object) TO {name} (FORMAT blob)")
    finally:
        connection.unregister("written_object")
