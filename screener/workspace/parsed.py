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
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Any, Generic, TypeVar

from screener.files.derived import keep, kept

__all__ = ["Documents", "kept_documents", "parsed_toml"]

ItemT = TypeVar("ItemT")

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


class Documents(Generic[ItemT]):
    """What is made of files by their bytes.

    Parameters
    ----------
    held
        Documents by the hash of the bytes, as JSON.
    made
        What this process has made already, by the same hash; more is added.
    """

    def __init__(self, held: Mapping[str, bytes], made: MutableMapping[str, ItemT]) -> None:
        self._held, self._made = held, made
        self._asked: set[str] = set()
        self._fresh: dict[str, bytes] = {}

    def value(self, content: bytes, make: Callable[[dict[str, Any]], ItemT]) -> ItemT:
        """Return what `make` makes of the document of a file's bytes, or what it made of it before.

        Raises
        ------
        ValueError, RecursionError
            If it is no document; whatever `make` raises passes through.
        """
        key = hashlib.sha256(content).hexdigest()
        self._asked.add(key)
        if key not in self._made:
            self._made[key] = make(self._document(key, content))
        return self._made[key]

    def to_keep(self) -> dict[str, bytes] | None:
        """Return the documents that were asked for, unless those held are nearly the same."""
        if not self._fresh and len(self._held) <= 2 * len(self._asked):
            return None
        found = {**self._held, **self._fresh}
        return {key: line for key, line in sorted(found.items()) if key in self._asked}

    def _document(self, key: str, content: bytes) -> dict[str, Any]:
        if key in self._held:
            found: dict[str, Any] = json.loads(self._held[key], object_hook=_restored)
            return found
        document = parsed_toml(content)
        line = _written(document)
        if line is not None:
            self._fresh[key] = line
        return document


@contextmanager
def kept_documents(
    root: Path, name: str, files: int, made: MutableMapping[str, ItemT]
) -> Iterator[Documents[ItemT]]:
    """Give what is made of the files of a folder, and keep what they say when all are read.

    Parameters
    ----------
    root
        Folder of the market data.
    name
        Name of the copy: one for each folder.
    files
        How many files will be read.
    made
        As of `Documents`.
    """
    is_kept = files >= LEAST_FILES
    copy, origin = f"{name}.jsonl", f"TOML of Python {platform.python_version()}"
    documents = Documents(_lines((kept(root, copy, origin) if is_kept else None) or b""), made)
    yield documents
    held = documents.to_keep() if is_kept else None
    if held is not None:
        lines = (f"{key} ".encode() + line for key, line in held.items())
        keep(root, copy, origin, b"\n".join(lines))


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
