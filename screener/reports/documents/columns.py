"""Tables of a PDF that were drawn column by column, put back into rows by where their cells stand.

A page's text comes in the order in which it was drawn. Two columns of prose are read one after the
other; the columns of a table are not, for a number belongs to the name beside it.
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median
from typing import NamedTuple

__all__ = ["LEVEL", "Piece", "by_rows"]

LEVEL = 1.0
"""Points within which two pieces stand on one level."""

_LEAST = 3  # rows of a table
_LONGEST_CELL = 24  # characters
_SHORT = 10  # characters of most cells, where they are no numbers
_NUMBERS = 0.5  # share of cells with a digit


class Piece(NamedTuple):
    """What stands on one level side by side, as it was drawn.

    Parameters
    ----------
    text
        The text.
    along, across
        Points from the page's foot, and from its left edge.
    """

    text: str
    along: float
    across: float


def by_rows(pieces: Sequence[Piece]) -> list[Piece]:
    """Return pieces in reading order: side by side what is one row of a table.

    Parameters
    ----------
    pieces
        In the order in which they were drawn.
    """
    done: list[list[Piece]] = []
    for run in _runs(pieces):
        rest = run
        if done:
            taken = _beside(done[-1], run)
            if taken:
                done[-1] = _merged(done[-1], run[:taken])
                rest = run[taken:]
        if rest:
            done.append(rest)
    return [piece for run in done for piece in run]


def _runs(pieces: Sequence[Piece]) -> list[list[Piece]]:
    """Cut a page where what is drawn goes up again."""
    runs: list[list[Piece]] = []
    for piece in pieces:
        if not runs or piece.along > runs[-1][-1].along + LEVEL:
            runs.append([])
        runs[-1].append(piece)
    return runs


def _beside(before: Sequence[Piece], run: Sequence[Piece]) -> int:
    """Return how many pieces of a run are the next column of what was drawn before it."""
    rows = _levels(before)
    taken = 0
    for piece in run:
        left = rows.get(_level(piece))
        if left is None or left >= piece.across or len(piece.text) > _LONGEST_CELL:
            break
        taken += 1
    cells = [piece.text for piece in run[:taken]]
    if taken < _LEAST or len({piece.along for piece in run[:taken]}) < _LEAST:
        return 0
    numbers = sum(any(map(str.isdigit, cell)) for cell in cells) / taken
    return taken if numbers >= _NUMBERS or median(map(len, cells)) <= _SHORT else 0


def _levels(pieces: Sequence[Piece]) -> dict[int, float]:
    """Return how far right each level reaches; a level counts with both its neighbours."""
    found: dict[int, float] = {}
    for piece in pieces:
        level = _level(piece)
        for near in (level - 1, level, level + 1):
            found[near] = max(found.get(near, piece.across), piece.across)
    return found


def _level(piece: Piece) -> int:
    return round(piece.along / LEVEL)


def _merged(before: Sequence[Piece], column: Sequence[Piece]) -> list[Piece]:
    """Put each piece of a column behind the last one of its level."""
    waiting = list(column)
    merged: list[Piece] = []
    levels: dict[int, list[Piece]] = {}
    for piece in waiting:
        levels.setdefault(_level(piece), []).append(piece)
    last = {_level(piece): number for number, piece in enumerate(before)}
    for number, piece in enumerate(before):
        merged.append(piece)
        level = _level(piece)
        if last[level] != number:
            continue
        for near in (level, level - 1, level + 1):
            merged += (one._replace(along=piece.along) for one in levels.pop(near, ()))
    return merged
