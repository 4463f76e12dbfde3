"""Intervals of shares."""

from __future__ import annotations

import math
from statistics import NormalDist

__all__ = ["LEVEL", "wilson"]

LEVEL = 0.95
"""Confidence of every interval."""


def wilson(hits: float, trials: float, *, level: float = LEVEL) -> tuple[float, float]:
    """Return the score interval of a share.

    The formula of E. B. Wilson, "Probable inference, the law of succession, and statistical
    inference", Journal of the American Statistical Association 22 (1927), 209-212. Numbers that a
    design effect has made smaller, and so broken, are taken as they are (Dean and Pagano, Journal
    of Survey Statistics and Methodology 3, 2015).

    Parameters
    ----------
    hits, trials
        How many of how many; `hits` from 0 to `trials`.
    level
        Confidence.

    Returns
    -------
    tuple of float
        Lower and upper bound as fractions; NaN for no trial.
    """
    if trials <= 0:
        return math.nan, math.nan
    z = NormalDist().inv_cdf(0.5 + level / 2)
    share, square = hits / trials, z * z / trials
    middle = (share + square / 2) / (1 + square)
    half = z / (1 + square) * math.sqrt(share * (1 - share) / trials + square / (4 * trials))
    low, high = middle - half, middle + half
    # Rounding must not leave a bound beside 0 or 1 where it is exactly there.
    return (0.0 if hits <= 0 else max(low, 0.0), 1.0 if hits >= trials else min(high, 1.0))
