"""What the TOML files of a folder say, kept beside the lake so that each is parsed once.

Parsing TOML takes ten times as long as reading the same from JSON, and every command reads every
card. A document is kept under the hash of the file's bytes, so that one of other bytes is never
taken for it, and what it means is judged anew each time. The copy bears the hash of its own bytes
and is put in place whole: one that is damaged, of another parser, or that cannot be written costs
time and no more.
"""

from __future__ import annotations

import hashlib
import json
import platform
import tomllib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Any

from screener.files.derived import keep, kept

__all__ = ["Parsed", "kept_documents", "parsed_toml"]

Parsed = Callable[[bytes], dict[str, Any]]
"""Returns the document of a file's bytes."""

LEAST_FILES = 100
"""Fewer are parsed in no time."""
_DAY, _TIME = "\0day", "\0time"
_KEY = 64  # characters of a hash


def parsed_toml(content: bytes) -> dict[str, Any]:
    """Return the document of a TOML file.

    Raises
    ------
    ValueError
        If it is not UTF-8, or not TOML.
    RecursionError
        If it is nested too deeply.
    """
    # Editors on Windows put a byte-order mark in front, which TOML does not allow.
    return tomllib.loads(content.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n"))


@contextmanager
def kept_documents(root: Path, name: str, files: int) -> Iterator[Parsed]:
    """Give what parses the files of a folder, and keep what they say when all are read.

    Parameters
    ----------
    root
        Folder of the market data.
    name
        Name of the copy: one for each folder.
    files
        How many files will be read.
    """
    if files < LEAST_FILES:
        yield parsed_toml
        return
    origin = f"TOML of Python {platform.python_version()}"
    held = _lines(kept(root, f"{name}.jsonl", origin) or b"")
    asked: dict[str, bytes] = {}

    def parsed(content: bytes) -> dict[str, Any]:
        key = hashlib.sha256(content).hexdigest()
        line = held.get(key)
        if line is not None:
            asked[key] = line
            return json.loads(line, object_hook=_restored)
        document = parsed_toml(content)
        written = _written(document)
        if written is not None:
            asked[key] = written
        return document

    yield parsed
    if asked.keys() - held.keys() or len(held) > 2 * len(asked):
        lines = (f"{key} ".encode() + line for key, line in sorted(asked.items()))
        keep(root, f"{name}.jsonl", origin, b"\n".join(lines))


def _lines(content: bytes) -> dict[str, bytes]:
    lines = (line for line in content.split(b"\n") if line)
    return {line[:_KEY].decode(): line[_KEY + 1 :] for line in lines}


def _written(document: dict[str, Any]) -> bytes | None:
    """Return a document as JSON, or `None` if something of it would not come back as it is."""
    try:
        line = json.dumps(document, ensure_ascii=False, default=_marked)
        same = repr(json.loads(line, object_hook=_restored)) == repr(document)
    except (TypeError, ValueError, RecursionError):  # a time of day, or a number of many digits
        return None
    return line.encode() if same else None


def _marked(value: object) -> dict[str, str]:
    if isinstance(value, datetime):
        return {_TIME: value.isoformat()}
    if isinstance(value, date):
        return {_DAY: value.isoformat()}
    raise TypeError(type(value).__name__)


def _restored(table: dict[str, Any]) -> Any:
    if len(table) == 1:
        if _DAY in table:
            return date.fromisoformat(table[_DAY])
        if _TIME in table:
            return datetime.fromisoformat(table[_TIME])
    return table
