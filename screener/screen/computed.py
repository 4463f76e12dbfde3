"""A computed field: a value for each listing, and why there is none where there is none."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Self

import numpy as np

from screener.domain.arrays import FlagArray, FloatVector, IntArray

__all__ = ["Computed", "Why"]


class Why(IntEnum):
    """Why a listing has no value; nothing without a value ever passes."""

    THERE = 0
    MISSING = 1  # a table lacks what it needs
    UNDEFINED = 2  # it says nothing: a loss, no equity, a base of zero or less
    STALE = 3  # the latest statement ended over 15 months before, or prices stopped
    SHORT = 4  # listed or recorded for too short a time


@dataclass(frozen=True, slots=True, eq=False)
class Computed:
    """Values of one field.

    Parameters
    ----------
    values
        `(n_listings,)`; NaN exactly where `why` is not `Why.THERE`.
    why
        `(n_listings,)` codes of `Why`.
    """

    values: FloatVector
    why: IntArray

    @classmethod
    def of(cls, values: FloatVector, *reasons: tuple[FlagArray, Why]) -> Self:
        """Return values with the first reason that holds; what is not finite is missing."""
        why = np.where(np.isfinite(values), int(Why.THERE), int(Why.MISSING))
        for holds, reason in reversed(reasons):
            why = np.where(holds, int(reason), why)
        return cls(np.where(why == Why.THERE, values, np.nan), why)

    def over(self, other: Computed, *, positive: bool = True) -> Computed:
        """Return its ratio to another field; undefined where that one is not positive."""
        with np.errstate(all="ignore"):
            ratio = self.values / other.values
        flat = (other.values <= 0) if positive else (other.values == 0)
        there = (self.why == Why.THERE) & (other.why == Why.THERE)
        found = Computed.of(ratio, (there & flat, Why.UNDEFINED))
        return found.because_of(self, other)

    def because_of(self, *others: Computed) -> Computed:
        """Return the same, a missing value with the reason of the first of others without one."""
        why = self.why
        for other in reversed(others):
            why = np.where(other.why != Why.THERE, other.why, why)
        return Computed(np.where(why == Why.THERE, self.values, np.nan), why)
