"""What workers find as bytes: dataclasses with slots by their values, in half the time.

Pickled as Python does it, each such object asks its class for its fields again, going out and
coming in.
"""

from __future__ import annotations

import io
import pickle
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from operator import attrgetter
from typing import Any

__all__ = ["dumped"]

_PROTOCOL = 5

_GET: dict[type, Callable[[Any], tuple[Any, ...]] | None] = {}
_SET: dict[type, tuple[Callable[[Any, Any], None], ...]] = {}


class _Pickler(pickle.Pickler):
    def reducer_override(self, thing: Any) -> Any:
        kind = type(thing)
        get = _GET[kind] if kind in _GET else _learnt(kind)
        return NotImplemented if get is None else (_made, (kind, get(thing)))


def dumped(thing: object) -> bytes:
    """Return a thing as bytes for `pickle.loads`."""
    written = io.BytesIO()
    _Pickler(written, _PROTOCOL).dump(thing)
    return written.getvalue()


def _learnt(kind: Any) -> Callable[[Any], tuple[Any, ...]] | None:
    """Return what takes the values out of an object; `None` where it is pickled as ever."""
    own = vars(kind)
    slotted = is_dataclass(kind) and "__slots__" in own and "__reduce__" not in own
    as_given = getattr(own.get("__getstate__"), "__module__", "dataclasses") == "dataclasses"
    names = [item.name for item in fields(kind)] if slotted and as_given else []
    _GET[kind] = attrgetter(*names) if len(names) > 1 else None
    return _GET[kind]


def _made(kind: Any, values: tuple[Any, ...]) -> Any:
    put = _SET.get(kind)
    if put is None:
        names = [item.name for item in fields(kind)]
        put = _SET[kind] = tuple(getattr(kind, name).__set__ for name in names)
    made = kind.__new__(kind)
    for one, value in zip(put, values, strict=True):
        one(made, value)
    return made
