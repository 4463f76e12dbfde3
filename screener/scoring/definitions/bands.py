"""What one rating promises, and whether an active return keeps it.

A bound belongs to the bands that print both of theirs: "+10 % to +20 %" holds at 10 and at 20.
A band that is open at one end ("above 20 %", "below −10 %") does not hold at its bound. A return
counts as on a bound within 1e-9, so that rounding decides nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
import numpy.typing as npt

from screener.domain.arrays import FlagArray, FloatArray, IntArray
from screener.domain.report import Band

__all__ = ["TOLERANCE", "Bands", "Direction", "direction_of"]

TOLERANCE = 1e-9
"""By which an active return may lie off a bound and still be on it."""


class Direction(IntEnum):
    """To which side of the benchmark a rating points."""

    DOWN = -1
    LEVEL = 0
    UP = 1


def direction_of(band: Band) -> Direction:
    """Return where a band lies: above the benchmark, below it, or around it."""
    if band.low is not None and band.low == band.high:
        return Direction.LEVEL  # "in line", in words alone
    if band.low is not None and (band.high is None or band.low >= 0):
        return Direction.UP
    if band.high is not None and (band.low is None or band.high <= 0):
        return Direction.DOWN
    return Direction.LEVEL


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Bands:
    """Promised active returns, one for each call.

    Parameters
    ----------
    low, high
        `(n,)` bounds as fractions; NaN for an open end.
    direction
        `(n,)` of `Direction`.
    """

    low: FloatArray
    high: FloatArray
    direction: npt.NDArray[np.int8]

    def __len__(self) -> int:
        return len(self.low)

    def take(self, rows: IntArray) -> Bands:
        """Return some of them."""
        return Bands(low=self.low[rows], high=self.high[rows], direction=self.direction[rows])

    def keeps(self, active: FloatArray) -> FlagArray:
        """Tell whether returns reach the band or go beyond it: the headline rule, `at_least`.

        Parameters
        ----------
        active
            Active returns as fractions, `(..., n)`: the last axis is that of the bands, or 1.

        Returns
        -------
        numpy.ndarray
            `(..., n)` of bool; False for NaN. A band around the benchmark must be met itself.
        """
        reached = np.where(
            self.direction == Direction.UP, self._above_low(active), self._below_high(active)
        )
        kept: FlagArray = np.where(self.direction == Direction.LEVEL, self.holds(active), reached)
        return kept & np.isfinite(active)

    def holds(self, active: FloatArray) -> FlagArray:
        """Tell whether returns lie in the band itself: `in_band`; shapes as in `keeps`."""
        inside = (np.isnan(self.low) | self._above_low(active)) & (
            np.isnan(self.high) | self._below_high(active)
        )
        held: FlagArray = inside & np.isfinite(active)
        return held

    def _above_low(self, active: FloatArray) -> FlagArray:
        bound = np.where(np.isnan(self.high), self.low + TOLERANCE, self.low - TOLERANCE)
        # An open band's bound is outside it, so that its test is strict.
        above: FlagArray = np.where(np.isnan(self.high), active > bound, active >= bound)
        return above

    def _below_high(self, active: FloatArray) -> FlagArray:
        bound = np.where(np.isnan(self.low), self.high - TOLERANCE, self.high + TOLERANCE)
        below: FlagArray = np.where(np.isnan(self.low), active < bound, active <= bound)
        return below
