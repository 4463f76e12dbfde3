"""Documents that bear the hash of what they hold: damaged ones are told as damaged, read by nobody.

The hash and the mark that it is there demand each other, so that neither is lost unseen.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import cast

from screener.errors import StorageDamaged
from screener.files.failures import storage_error
from screener.files.whole import write_whole
from screener.language import say
from screener.language.outside import fault_of
from screener.workspace.locate import Workspace

__all__ = [
    "STATE",
    "Encoded",
    "checked",
    "encoded",
    "keep_state",
    "kept_state",
    "sealed",
    "strung",
]

STATE = "state"
"""Folder of what the program remembers of its own use, within the market data."""

_FORMAT, _HASH = "format", "sha256"
_SEALED, _OF_CONTENT = 3, 2  # bear the hash of their text, or of their content; older ones none


class Encoded(str):
    """A value of a document that is JSON already, as workers make it of large ones."""

    __slots__ = ()


def encoded(value: object) -> Encoded:
    """Return a value as JSON."""
    # Without indents the encoder of C does it, twenty times as fast.
    return Encoded(json.dumps(value, ensure_ascii=False, default=str))


def strung(lists: Iterable[Encoded]) -> Encoded:
    """Return lists, each of which is JSON already, as one."""
    held = (text[1:-1] for text in lists)
    return Encoded(f"[{', '.join(text for text in held if text)}]")


def sealed(document: Mapping[str, object]) -> str:
    """Return a document as text that bears its hash, a line for each of its keys."""
    held = {key: value for key, value in document.items() if key not in (_FORMAT, _HASH)}
    lines = [_line(key, value) for key, value in {**held, _FORMAT: _SEALED}.items()]
    text = "{\n" + ",\n".join(lines)
    return text + _seal(text)


def _seal(text: str) -> str:
    """Return what ends a document of which all before it is a text."""
    digest = hashlib.sha256(text.encode()).hexdigest()
    return f",\n{_line(_HASH, digest)}\n}}\n"


def _line(key: str, value: object) -> str:
    text = value if isinstance(value, Encoded) else encoded(value)
    return f" {json.dumps(key)}: {text}"


def checked(text: str) -> object:
    """Return the document of a text, if it is what was written.

    Raises
    ------
    ValueError
        If it is not, or no JSON.
    """
    try:
        document: object = json.loads(text)
    except RecursionError:
        raise ValueError(say("it is nested too deeply")) from None
    marked = isinstance(document, dict) and bool(document.keys() & {_FORMAT, _HASH})
    if marked and not _is_whole(cast("dict[str, object]", document), text):
        raise ValueError(say("it is damaged: its content differs from its recorded hash"))
    return document


def _is_whole(document: Mapping[str, object], text: str) -> bool:
    if document.get(_FORMAT) == _OF_CONTENT:
        return document.get(_HASH) == _digest(document)
    return document.get(_FORMAT) == _SEALED and text.endswith(_seal(text[: -len(_seal(""))]))


def keep_state(workspace: Workspace, name: str, document: Mapping[str, object]) -> None:
    """Keep what the program is to remember, whole or not at all.

    Raises
    ------
    StorageError
        If it cannot be written; what was kept before is left as it was.
    """
    path = _path(workspace, name)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, sealed(document))
    except OSError as error:
        raise storage_error(error, path) from error


def kept_state(workspace: Workspace, name: str) -> Mapping[str, object]:
    """Return what was kept under a name; nothing if nothing was.

    Raises
    ------
    StorageDamaged
        If its file is not what was written, or cannot be read.
    """
    path = _path(workspace, name)
    try:
        found = checked(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise StorageDamaged(
            say("what was kept cannot be read: {error}", error=fault_of(error)),
            where=str(path),
            fix=_remove(),
        ) from error
    if not isinstance(found, dict) or _HASH not in found:
        raise StorageDamaged(say("what was kept bears no hash"), where=str(path), fix=_remove())
    return {key: value for key, value in found.items() if key not in (_FORMAT, _HASH)}


def _remove() -> str:
    return say("remove that file: it holds nothing but what was looked at before")


def _path(workspace: Workspace, name: str) -> Path:
    return workspace.data_cache / STATE / f"{name}.json"


def _digest(document: Mapping[str, object]) -> str:
    """Return the hash of all that a document holds but its hash."""
    held = {key: value for key, value in document.items() if key != _HASH}
    return hashlib.sha256(json.dumps(held, sort_keys=True).encode()).hexdigest()
