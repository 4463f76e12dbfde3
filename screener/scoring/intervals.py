"""Tests of hit rates, for calls that are not independent of each other.

Calls of one house in one month, and calls whose horizons overlap, share what their themes did.
Their number overstates what they tell. The design effect (Kish, *Survey Sampling*, 1965) is the
variance of the sum of their hits, with its covariance between months, over what it would be if
they were independent; calls count as that many fewer. The covariance between months is that of
Newey and West (Econometrica 55, 1987), with lags over the whole horizon.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

__all__ = ["design_effect", "p_value"]

_FloatArray = npt.NDArray[np.float64]
_IntArray = npt.NDArray[np.int64]


def design_effect(excess: _FloatArray, months: _IntArray, *, lags: int) -> float:
    """Return by how much calls that hang together vary more than independent ones.

    Parameters
    ----------
    excess
        `(n,)` hit (1 or 0) less the call's own base rate.
    months
        `(n,)` month of each call, counted from any origin.
    lags
        Months over which horizons overlap.

    Returns
    -------
    float
        1 or more, at most n. Where the hits do not vary, every month counts as one call.
    """
    n = len(excess)
    if n < 2:
        return 1.0
    centred = excess - excess.mean()
    alone = float((centred**2).sum())
    if alone < 1e-12 * n:
        return n / len(np.unique(months))
    sums = np.bincount(months - months.min(), weights=centred)
    together = float((sums**2).sum())
    for lag in range(1, min(lags, len(sums) - 1) + 1):
        weight = 1 - lag / (lags + 1)
        together += 2 * weight * float((sums[lag:] * sums[:-lag]).sum())
    return float(min(max(together / alone, 1.0), n))


def p_value(hits: _FloatArray, rates: _FloatArray, effect: float) -> float:
    """Return the two-sided p of hits as good as chance gives, each call with its own base rate.

    Under the null the hits are independent with their base rates as chances; their variance is
    multiplied by the design effect, and the sum is taken as normal.

    Parameters
    ----------
    hits
        `(n,)` of 1 and 0.
    rates
        `(n,)` base rates.
    effect
        Design effect.

    Returns
    -------
    float
        NaN where chance leaves nothing open: all base rates 0 or 1.
    """
    variance = float((rates * (1 - rates)).sum()) * effect
    if variance <= 0:
        return math.nan
    distance = abs(float((hits - rates).sum())) / math.sqrt(variance)
    return math.erfc(distance / math.sqrt(2))
