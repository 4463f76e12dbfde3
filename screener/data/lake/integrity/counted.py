"""The digest of a version whose commit bears none, kept beside the lake.

A lake that an older program filled is counted row by row, which takes a second for a million of
them. What was counted is derived and disposable: it says of what files it was counted, with their
recorded hashes, and bears a checksum. A copy of another lake, of another state of this one or with
another byte is counted again, and a folder that cannot be written keeps nothing.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from screener.data.lake import lake
from screener.data.lake.integrity.content import Content, read_content
from screener.data.lake.schema import TABLES
from screener.files.derived import FOLDER
from screener.files.whole import write_whole

__all__ = ["keep_count", "kept_count", "state_of"]

_LAKE = """
    SELECT schema_uuid::VARCHAR FROM __ducklake_metadata_lake.ducklake_schema ORDER BY schema_id
"""
_AT = """
    SELECT snapshot_time::VARCHAR FROM __ducklake_metadata_lake.ducklake_snapshot
    WHERE snapshot_id = {version}
"""


def state_of(
    connection: lake.Connection, version: int, files: Iterable[tuple[str, str, str]]
) -> str:
    """Return what tells a version of this lake from any other, of this lake or of another.

    Parameters
    ----------
    connection
        The lake.
    version
        The version.
    files
        Table, path and recorded hash of each file that the version has.
    """
    told = [
        version,
        connection.execute(_LAKE).fetchall(),
        connection.execute(_AT.format(version=version)).fetchall(),
        sorted(files),
        [(name, spec.column_names) for name, spec in TABLES.items()],
    ]
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()


def kept_count(root: Path, version: int, state: str) -> Content | None:
    """Return what was counted of a version in this state; `None` if nothing that can be believed.

    Parameters
    ----------
    root
        Folder of the lake.
    version
        The version.
    state
        What `state_of` tells of it now.
    """
    with suppress(OSError, ValueError, KeyError, TypeError, RecursionError):
        document = json.loads(_path(root, version).read_bytes())
        if document == _document(state, document["content"]):
            return read_content(document["content"])
    return None


def keep_count(root: Path, version: int, state: str, content: Content) -> None:
    """Keep what was counted, whole or not at all."""
    path = _path(root, version)
    with suppress(OSError):
        path.parent.mkdir(exist_ok=True)
        write_whole(path, json.dumps(_document(state, content.as_json())))


def _path(root: Path, version: int) -> Path:
    return root / FOLDER / f"content-{version}.json"


def _document(state: str, content: str) -> dict[str, str]:
    checksum = hashlib.sha256(f"{state} {content}".encode()).hexdigest()
    return {"state": state, "content": content, "sha256": checksum}
