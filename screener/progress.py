"""How far work is: loops that take long tell it to whoever listens, and nothing where nobody does.

    with listening(show):
        for event in counted(events):
            ...

Loops within a counted loop are silent: one count at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sized
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TypeVar

__all__ = ["Listener", "counted", "counting", "is_heard", "listening"]

ItemT = TypeVar("ItemT")

Listener = Callable[[int, int], None]
"""Told how many of how many are done."""

_listener: ContextVar[Listener | None] = ContextVar("listener", default=None)


@contextmanager
def listening(listener: Listener) -> Iterator[None]:
    """Be told how far the work within is."""
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)


def is_heard() -> bool:
    """Tell whether anybody listens."""
    return _listener.get() is not None


@contextmanager
def counting(total: int) -> Iterator[Callable[[int], None]]:
    """Count work of so many parts: what is given is called with how many more are done."""
    listener = _listener.get()
    if listener is None or total < 2:
        yield _unheard
        return
    token = _listener.set(None)
    done = 0

    def tick(more: int) -> None:
        nonlocal done
        done += more
        listener(done, total)

    try:
        listener(0, total)
        yield tick
    finally:
        _listener.reset(token)


def counted(items: Iterable[ItemT], total: int | None = None) -> Iterator[ItemT]:
    """Give items, and tell after each how many are done; `total` if they do not know their number.

    Parameters
    ----------
    items
        What is worked on, one after the other.
    total
        How many there are; by default their own length, and nothing is told without one.
    """
    known = len(items) if total is None and isinstance(items, Sized) else total
    with counting(known or 0) as tick:
        for item in items:
            yield item
            tick(1)


def _unheard(_more: int) -> None:
    """Tell nobody."""
