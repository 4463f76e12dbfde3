"""One test of very many like things: quicker than a test of each, and it names all that fail."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

__all__ = ["failing"]

ItemT = TypeVar("ItemT")


def failing(
    check: Callable[[ItemT], None], items: Iterable[ItemT], name: Callable[[ItemT], str]
) -> list[str]:
    """Return the names of the things that a check does not pass, each with why."""
    found, n = [], 0
    for item in items:
        n += 1
        try:
            check(item)
        except AssertionError as error:
            found.append(f"{name(item)}: {error}")
    assert n, "there is nothing to check"
    return found
