"""Scales of charts: round ticks, and places rounded to a tenth."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

__all__ = ["Scale", "place", "scale_over"]

_STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)


@dataclass(frozen=True, slots=True)
class Scale:
    """From the least value to the greatest, with round ticks between them."""

    low: float
    high: float
    ticks: tuple[float, ...]

    def share(self, value: float) -> float:
        """Return how far along the scale a value lies, from 0 to 1."""
        return (value - self.low) / (self.high - self.low)

    @property
    def step(self) -> float:
        """Distance between two ticks."""
        return self.ticks[1] - self.ticks[0] if len(self.ticks) > 1 else self.high - self.low


def scale_over(
    values: Iterable[float | None], *, ticks: int = 5, holding: Sequence[float] = ()
) -> Scale:
    """Return a scale that holds some values, and those of `holding` in any case."""
    known = [value for value in values if value is not None and math.isfinite(value)]
    known += holding
    low, high = (min(known), max(known)) if known else (0.0, 1.0)
    if high - low < 1e-9:
        low, high = low - 0.01, high + 0.01
    raw = (high - low) / max(1, ticks - 1)
    size = 10.0 ** math.floor(math.log10(raw))
    step = next(part * size for part in _STEPS if part * size >= raw * 0.999)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    marks = tuple(round(at * step, 12) for at in range(first, last + 1))
    return Scale(low=marks[0], high=marks[-1], ticks=marks)


def place(value: float) -> str:
    """Write a place in a chart, to a tenth."""
    text = f"{value:.1f}".removesuffix(".0")
    return "0" if text == "-0" else text
