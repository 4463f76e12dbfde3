"""One test of very many like things: quicker than a test of each, and it names all that fail."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import wraps
from typing import Any, TypeVar

__all__ = ["failing", "of_each"]

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


def of_each(
    items: Sequence[Any], name: Callable[[Any], str] = str
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Make one test of a check whose last argument is one of very many like things."""

    def made(check: Callable[..., None]) -> Callable[..., None]:
        @wraps(check)
        def test(*own: Any) -> None:
            assert failing(lambda item: check(*own, item), items, name) == []

        del test.__wrapped__  # type: ignore[attr-defined]  # pytest reads the arguments from it
        return test

    return made
