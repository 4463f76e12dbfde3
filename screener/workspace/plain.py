"""Values of the program as the plain ones that a stored document keeps of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import date
from functools import cache
from typing import Any

__all__ = ["plain_of"]

_UNCHANGING = frozenset({str, int, float, bool, type(None), date})  # what most values are


def plain_of(value: Any) -> Any:
    """Return dictionaries for dataclasses and lists for tuples, all the way down.

    As `dataclasses.asdict` does, but what cannot change (numbers, texts, days) is not copied: for
    thousands of events that takes longer than all the rest.
    """
    if isinstance(value, (list, tuple)):
        return [item if type(item) in _UNCHANGING else plain_of(item) for item in value]
    if isinstance(value, Mapping):
        return {key: plain_of(item) for key, item in value.items()}
    if is_dataclass(value) and not isinstance(value, type):
        held = ((name, getattr(value, name)) for name in _names(type(value)))
        return {name: item if type(item) in _UNCHANGING else plain_of(item) for name, item in held}
    return value


@cache
def _names(kind: Any) -> tuple[str, ...]:
    return tuple(item.name for item in fields(kind))
