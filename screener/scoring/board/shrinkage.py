"""Hit rates drawn towards what is usual, the more the fewer calls they rest on.

The beta-binomial form of empirical Bayes (Efron and Morris, Journal of the American Statistical
Association 70, 1975; Morris, ibid. 78, 1983): the true rate of a group is a draw from a beta
distribution whose mean is the group's own base rate plus the edge of all groups together, and
whose precision is estimated from how far the groups differ beyond chance, by moments.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from screener.domain.arrays import FloatArray

__all__ = ["Shrunk", "shrink"]

_EDGE = 1e-6  # a mean of exactly 0 or 1 would leave nothing to estimate


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Shrunk:
    """Hit rates of groups after shrinkage.

    Parameters
    ----------
    rates
        `(n,)` posterior means as fractions; NaN for a group without trials.
    precision
        How many calls the prior counts for; infinite where the groups differ no more than chance
        lets them.
    """

    rates: FloatArray
    precision: float


def shrink(hits: FloatArray, trials: FloatArray, base: FloatArray) -> Shrunk:
    """Shrink the hit rates of groups.

    Parameters
    ----------
    hits, trials
        `(n,)` hits of trials; numbers that a design effect has made smaller are taken as they are.
    base
        `(n,)` mean base rate of each group.
    """
    rates = np.full(len(hits), np.nan)
    held = np.flatnonzero((trials > 0) & np.isfinite(base))
    if not len(held):
        return Shrunk(rates=rates, precision=float("inf"))
    met, n, rate = hits[held], trials[held], base[held]
    edge = float((met - n * rate).sum() / n.sum())
    prior = np.clip(rate + edge, _EDGE, 1 - _EDGE)
    precision = _precision(met, n, prior)
    if np.isinf(precision):
        rates[held] = prior
    else:
        rates[held] = (met + precision * prior) / (n + precision)
    return Shrunk(rates=rates, precision=precision)


def _precision(met: FloatArray, n: FloatArray, prior: FloatArray) -> float:
    """Match the spread of the groups: var = n m (1 - m) (1 + (n - 1) / (precision + 1))."""
    expected = n * prior * (1 - prior)
    spread = float(((met - n * prior) ** 2).sum())
    room = float((np.maximum(n - 1, 0) * expected).sum())
    overlap = (spread - float(expected.sum())) / room if room > 0 else 0.0
    if overlap <= 0:
        return float("inf")
    return 1 / min(overlap, 1.0) - 1
