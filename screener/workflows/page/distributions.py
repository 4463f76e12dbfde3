"""How the values of each field of a screen are spread, and where its range cuts."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from screener.screen.fields import Field
from screener.workflows.screen.run import ScreenResult

__all__ = ["Distribution", "distributions_of"]

_PARTS = 40
_OUTER = (2, 98)
"""Percentiles beyond which values are counted in the outermost parts."""


_WIDE = 20
"""How many times the lowest the highest value is, from which on the parts go by logarithms."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Distribution:
    """Values of one field over the names that were looked at.

    Parameters
    ----------
    field
        The field.
    counts
        How many values lie in each of equally wide parts from `low` to `high`; what lies beyond is
        counted in the first and the last one.
    low, high
        Ends, in the field's unit.
    logarithmic
        Whether the parts are equally wide by their logarithms.
    cuts
        Ends of its range, `None` where open; empty where no range was asked.
    lacking
        Names without a value.
    """

    field: Field
    counts: Sequence[int]
    low: float
    high: float
    logarithmic: bool
    cuts: tuple[float | None, ...]
    lacking: int

    @property
    def kept(self) -> list[bool]:
        """Whether the middle of each part lies within the range."""
        low, high = (*self.cuts, None, None)[:2]
        n = len(self.counts)
        first = 0.0 if low is None else self.share(low)
        last = 1.0 if high is None else self.share(high)
        return [first <= (at + 0.5) / n <= last for at in range(n)]

    def share(self, value: float) -> float:
        """Return how far between the ends a value lies, from 0 to 1."""
        if self.logarithmic:
            value = max(value, self.low)
            return min(1.0, math.log(value / self.low) / math.log(self.high / self.low))
        return min(1.0, max(0.0, (value - self.low) / (self.high - self.low)))


def distributions_of(result: ScreenResult) -> list[Distribution]:
    """Return the distribution of each field that a screen asked for; none without two values."""
    ranges = {item.field.name: (item.low, item.high) for item in result.criteria}
    found = []
    for field in (item for item in result.fields if item.unit.numeric):
        known = [value for row in result.rows if (value := row.values[field.name]) is not None]
        if len(set(known)) <= 1:
            continue
        values = np.array(known)
        low, high = (float(end) for end in np.percentile(values, _OUTER))
        if not high > low:
            low, high = float(values.min()), float(values.max())
        logarithmic = low > 0 and high / low > _WIDE
        inside = np.clip(values, low, high)
        if logarithmic:
            counts, _ = np.histogram(
                np.log(inside), bins=_PARTS, range=(math.log(low), math.log(high))
            )
        else:
            counts, _ = np.histogram(inside, bins=_PARTS, range=(low, high))
        found.append(
            Distribution(
                field=field,
                counts=counts.tolist(),
                low=low,
                high=high,
                logarithmic=logarithmic,
                cuts=ranges.get(field.name, ()),
                lacking=len(result.rows) - len(known),
            )
        )
    return found
