"""How random baskets are spread, and where a real one lies among them."""

from __future__ import annotations

from collections.abc import Sequence

from screener.language import say
from screener.render.pages.cells import fraction
from screener.render.pages.charts.bars import histogram
from screener.render.pages.markup import Node

__all__ = ["placebo_histogram"]

_PARTS = 24


def placebo_histogram(returns: Sequence[float], real: float, caption: str) -> Node:
    """Return the distribution of the returns of random baskets, the real one marked."""
    low, high = min(*returns, real), max(*returns, real)
    width = (high - low) or 1.0
    counts = [0] * _PARTS
    for value in returns:
        counts[min(_PARTS - 1, int((value - low) / width * _PARTS))] += 1
    mark = say("this basket {value}", value=fraction(real, signed=True))
    return histogram(
        counts,
        (fraction(low, signed=True), fraction(high, signed=True)),
        caption=caption,
        told=f"{caption}: {mark}",
        marks=[((real - low) / width, mark)],
        height=110,
    )
