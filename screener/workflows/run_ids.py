"""The id of a run: of its kind, its settings, the program, and the content of the data it read."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import fields, is_dataclass
from itertools import chain
from typing import Any

from screener.data.lake.schema import SIMULATED
from screener.data.lake.store import Store
from screener.workspace.plain import plain_of

__all__ = ["run_id"]

_DEPTH = 3  # down to single events


def run_id(kind: str, request: Any, store: Store, program_version: str, *, simulated: bool) -> str:
    """Return the id of a run.

    Equal data give equal ids in any lake, and different data never share one.

    Parameters
    ----------
    kind
        What the run is, such as `study`.
    request
        Its settings, a dataclass.
    store
        The lake at the data version that was read.
    program_version
        Version of the program.
    simulated
        Whether the data are simulated, which the id says.
    """
    digest = hashlib.sha256()
    for text in _texts([kind, request, store.content().digest, program_version], _DEPTH):
        digest.update(text.encode())
    short = digest.hexdigest()[:12]
    return f"{SIMULATED}-{short}" if simulated else short


def _texts(value: Any, depth: int) -> Iterator[str]:
    """Give a value as JSON with sorted keys, in pieces: 100,000 events are never held as one."""
    if depth and isinstance(value, (list, tuple)):
        yield from _joined("[", ((_texts(item, depth - 1)) for item in value), "]")
    elif depth and is_dataclass(value) and not isinstance(value, type):
        parts = (
            chain([f'"{name}": '], _texts(getattr(value, name), depth - 1))
            for name in sorted(item.name for item in fields(value))
        )
        yield from _joined("{", parts, "}")
    else:
        yield json.dumps(plain_of(value), default=str, sort_keys=True)


def _joined(opening: str, parts: Iterable[Iterable[str]], closing: str) -> Iterator[str]:
    yield opening
    for at, part in enumerate(parts):
        if at:
            yield ", "
        yield from part
    yield closing
