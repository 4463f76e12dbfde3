"""Widths in columns of a terminal, in which a Chinese character takes two.

Whatever is aligned by hand is aligned here: `len`, `ljust` and formats such as `{name:<9}` count
characters.
"""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len

__all__ = ["beside", "padded"]


def padded(text: str, columns: int) -> str:
    """Return text with blanks after it up to so many columns; wider text as it is."""
    return text + " " * (columns - cell_len(text))


def beside(pairs: Sequence[tuple[str, str]]) -> list[str]:
    """Return lines of a label and a text, the texts below each other."""
    widest = max((cell_len(label) for label, _ in pairs), default=0)
    return [f"{padded(label, widest)} {text}" for label, text in pairs]
