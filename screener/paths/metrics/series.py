"""What every measure asks of its series, and the few sums that measures share."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from screener.domain.arrays import FloatVector
from screener.errors import ComputeError
from screener.language import say

__all__ = [
    "A_SHARE_SESSIONS",
    "Floats",
    "a_year_of",
    "compounded",
    "defined",
    "deviation",
    "finite",
    "mean_by_deviation",
    "pair_of",
    "vector",
]

A_SHARE_SESSIONS = 243
"""Sessions a year of the A-share exchanges: 243 in 2025, 242 in 2024 (their calendars)."""

Floats = FloatVector | Sequence[float]


def vector(values: Floats) -> FloatVector:
    """Return the values as one `(n,)` array of float64.

    Raises
    ------
    ComputeError
        If they are not one series.
    """
    array = np.asarray(values, dtype=np.float64)
    if array.ndim != 1:
        raise ComputeError(
            say("a measure needs one series, not an array of shape {shape}", shape=array.shape),
            fix=say("call it once for each column"),
        )
    return array


def finite(values: Floats, at_least: int) -> FloatVector | None:
    """Return the series, `None` if it is shorter than `at_least` or a value is not finite."""
    array = vector(values)
    if len(array) < at_least or not np.isfinite(array).all():
        return None
    return array


def pair_of(
    own: Floats, other: Floats, *, at_least: int = 2
) -> tuple[FloatVector, FloatVector] | None:
    """Return two series of the same periods, `None` if `finite` refuses either.

    Raises
    ------
    ComputeError
        If they differ in length.
    """
    one, two = vector(own), vector(other)
    if len(one) != len(two):
        raise ComputeError(
            say(
                "two series of {first} and {second} values cannot be compared",
                first=len(one),
                second=len(two),
            ),
            fix=say("give both over the same periods"),
        )
    first, second = finite(one, at_least), finite(two, at_least)
    return None if first is None or second is None else (first, second)


def deviation(sample: FloatVector) -> float:
    """Return the sample standard deviation (ddof 1), exactly 0 for equal values."""
    # Equal values leave a residue of their rounded mean, which must not pass for variation.
    return 0.0 if np.ptp(sample) == 0 else float(np.std(sample, ddof=1))


def mean_by_deviation(sample: FloatVector, a_year: float) -> float | None:
    """Return mean / deviation * sqrt(a_year), `None` without variation."""
    spread = deviation(sample)
    return defined(float(np.mean(sample)) / spread * math.sqrt(a_year)) if spread else None


def compounded(growth: float, power: float) -> float | None:
    """Return growth ** power - 1, `None` if growth is negative or the result overflows."""
    if growth < 0:
        return None
    try:
        return defined(growth**power - 1)
    except OverflowError:
        return None


def a_year_of(periods: float) -> float:
    """Return the periods of a year.

    Raises
    ------
    ComputeError
        If the number is not positive.
    """
    if not (math.isfinite(periods) and periods > 0):
        raise ComputeError(
            say("a year has a positive number of periods, not {periods}", periods=periods),
            fix=say(
                "give the sessions a year of the exchange, such as {sessions}",
                sessions=A_SHARE_SESSIONS,
            ),
        )
    return float(periods)


def defined(value: float) -> float | None:
    """Return the value, `None` unless it is finite."""
    return value if math.isfinite(value) else None
