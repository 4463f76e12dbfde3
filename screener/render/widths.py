"""Widths in columns of a terminal, in which a Chinese character takes two.

Whatever is aligned by hand is aligned here: `len`, `ljust` and formats such as `{name:<9}` count
characters.
"""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len

__all__ = ["beside", "padded"]


def padded(text: str, columns: int, *, right: bool = False) -> str:
    """Return text with blanks up to so many columns, after it or before; wider text as it is."""
    blank = " " * (columns - cell_len(text))
    return blank + text if right else text + blank


def beside(pairs: Sequence[tuple[str, str]]) -> list[str]:
    """Return lines of a label and a text, the texts below each other."""
    widest = max((cell_len(label) for label, _ in pairs), default=0)
    return [f"{padded(label, widest)} {text}" for label, text in pairs]
