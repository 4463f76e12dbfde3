"""Lists and what stands beside them inside sentences, as each language puts them."""

from __future__ import annotations

from collections.abc import Iterable

from screener.errors import ScreenerError
from screener.language import say, say_all

__all__ = ["about", "clauses", "in_a_line", "listed", "place_in"]


def listed(items: Iterable[object]) -> str:
    """Return things one after another, as in "copper, gold, tin"; empty if there are none."""
    return _joined(say(", "), (item if isinstance(item, str) else str(item) for item in items))


def clauses(parts: Iterable[str]) -> str:
    """Return statements of their own in one line; empty ones are left out."""
    return _joined(say("; "), (part for part in parts if part))


def about(subject: object, statement: object) -> str:
    """Return a statement behind what it is about."""
    return say("{subject}: {statement}", subject=subject, statement=statement)


def place_in(whole: object, part: object) -> str:
    """Return a part of a file behind the file; the file alone without a part."""
    return say("{whole}, {part}", whole=whole, part=part) if part else str(whole)


def in_a_line(error: ScreenerError) -> str:
    """Return an error as `str` does, so that it can be said again."""
    return say_all(" / ", (part for part in (error.what, error.where, error.fix) if part))


def _joined(between: str, parts: Iterable[str]) -> str:
    held = list(parts)
    if len(held) > 1:
        return say_all(between, held)
    return held[0] if held else ""
