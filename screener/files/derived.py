"""What can be made again from tables and files, kept beside the lake so that it is made once.

What is kept says what it was made from and by, and bears the hash of its bytes: a copy that is
older, damaged or of other data is not there, and a folder that cannot be written keeps nothing.
"""

from __future__ import annotations

import hashlib
import json
from contextlib import suppress
from pathlib import Path

from screener.files.whole import write_whole

__all__ = ["FOLDER", "keep", "kept"]

FOLDER = "derived"
"""Folder of what can be made again, within the market data."""


def kept(root: Path, name: str, origin: str) -> bytes | None:
    """Return what is kept under a name, or `None` if that is not to be used.

    Parameters
    ----------
    root
        Folder of the lake.
    name
        Name of the file.
    origin
        From what and by what it must have been made.
    """
    with suppress(OSError):
        head, _, content = (root / FOLDER / name).read_bytes().partition(b"\n")
        if head == _head(origin, content):
            return content
    return None


def keep(root: Path, name: str, origin: str, content: bytes) -> None:
    """Keep what was made, whole or not at all; the parameters are those of `kept`."""
    path = root / FOLDER / name
    with suppress(OSError):
        path.parent.mkdir(exist_ok=True)
        write_whole(path, _head(origin, content) + b"\n" + content)


def _head(origin: str, content: bytes) -> bytes:
    digest = hashlib.sha256(content).hexdigest()
    return json.dumps({"origin": origin, "sha256": digest}).encode()
