"""Whether the first report on a theme is worth more than the tenth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from screener.domain.arrays import DayArray, FlagArray, IntArray
from screener.scoring.calls import CallTable

__all__ = ["BUCKETS", "WINDOW_DAYS", "Bucket", "places_in_crowd"]

WINDOW_DAYS = 90
"""Days over which reports on one theme are counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bucket:
    """Places in the crowd that are told together; `last` is `None` for no end."""

    first: int
    last: int | None

    def holds(self, places: IntArray) -> FlagArray:
        """Tell which places it holds."""
        found: FlagArray = places >= self.first
        return found if self.last is None else found & (places <= self.last)

    @property
    def label(self) -> str:
        """Its places in words: `1`, `2-3`, `11+`."""
        if self.last is None:
            return f"{self.first}+"
        return str(self.first) if self.first == self.last else f"{self.first}-{self.last}"


BUCKETS: Sequence[Bucket] = (
    Bucket(first=1, last=1),
    Bucket(first=2, last=3),
    Bucket(first=4, last=10),
    Bucket(first=11, last=None),
)


def places_in_crowd(calls: CallTable) -> IntArray:
    """Return the how-manieth call on its theme each one is within 90 days.

    Calls of the same day do not count before each other. Of a call with several themes the most
    crowded one counts.

    Returns
    -------
    numpy.ndarray
        `(n,)` places from 1; 0 for a call without a theme.
    """
    rows: dict[str, list[int]] = {}
    for row, themes in enumerate(calls.themes.tolist()):
        for theme in dict.fromkeys(themes):
            rows.setdefault(theme, []).append(row)
    found = np.zeros(len(calls), dtype=np.int64)
    for places in rows.values():
        at = np.array(places, dtype=np.int64)
        found[at] = np.maximum(found[at], _counted(calls.published[at]))
    return found


def _counted(days: DayArray) -> IntArray:
    ordered = np.sort(days)
    before = np.searchsorted(ordered, days, side="left")
    outside = np.searchsorted(ordered, days - np.timedelta64(WINDOW_DAYS, "D"), side="left")
    return (before - outside + 1).astype(np.int64)
