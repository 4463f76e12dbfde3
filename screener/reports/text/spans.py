"""Stretches of a text, and which of them hold an offset: asked often, of very many."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["Spans"]


class Spans:
    """Stretches, of which those that hold an offset are found without looking at the others.

    Parameters
    ----------
    stretches
        First offset and the one after the last of each, in any order.
    """

    def __init__(self, stretches: Sequence[tuple[int, int]]) -> None:
        order = sorted(range(len(stretches)), key=lambda at: (stretches[at][0], at))
        self._order = order
        self._starts = [stretches[at][0] for at in order]
        self._ends = [stretches[at][1] for at in order]
        # A balanced tree over the sorted stretches: the furthest end in each of its parts.
        self._furthest = [0] * len(order)
        self._build(0, len(order))

    def _build(self, low: int, high: int) -> int:
        # As deep as the logarithm of their number.
        if low >= high:
            return -1
        middle = (low + high) // 2
        furthest = max(self._ends[middle], self._build(low, middle), self._build(middle + 1, high))
        self._furthest[middle] = furthest
        return furthest

    def holding(self, offset: int) -> list[int]:
        """Return the numbers of the stretches that hold an offset, ascending."""
        if not self._order:
            return []
        found = []
        parts = [(0, len(self._order))]
        while parts:
            low, high = parts.pop()
            middle = (low + high) // 2
            if low >= high or self._furthest[middle] <= offset:
                continue
            parts.append((low, middle))
            if self._starts[middle] <= offset:
                parts.append((middle + 1, high))
                if offset < self._ends[middle]:
                    found.append(self._order[middle])
        return sorted(found)
