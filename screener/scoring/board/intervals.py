"""Tests of hit rates, for calls that are not independent of each other.

Calls on one security share its path while their horizons overlap, and calls of the same months
share what their themes did. Their number overstates what they tell. The design effect (Kish,
*Survey Sampling*, 1965) is the variance of the sum of their hits with that covariance over what it
would be if they were independent; calls count as that many fewer. The covariance is the larger of
two: that between months, by Newey and West (Econometrica 55, 1987), and that of calls on one
security whose horizons overlap, unweighted (Hansen and Hodrick, Journal of Political Economy 88,
1980). Taking the mean of the calls off hides some of it: the shorter the history, the more is added
again.
"""

from __future__ import annotations

import math

import numpy as np

from screener.domain.arrays import FloatArray, IntArray

__all__ = ["design_effect", "p_value", "spans_enough"]

_MOST_HIDDEN = 2 / 3  # of the covariance; a shorter history tells nothing of it


def design_effect(excess: FloatArray, months: IntArray, subjects: IntArray, *, lags: int) -> float:
    """Return by how much clustered calls vary more than independent ones.

    Parameters
    ----------
    excess
        `(n,)` hit (1 or 0) less the call's own base rate.
    months
        `(n,)` month of each call, counted from any origin.
    subjects
        `(n,)` code of the security that each call is on.
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
    since = months - months.min()
    span = int(since.max()) + 1
    lags = min(lags, span - 1)
    shared = max(
        _between_months(centred, since, lags), _between_calls(centred, since, subjects, lags)
    )
    hidden = min((2 * lags + 1) / span, _MOST_HIDDEN)
    return float(min(max(shared / alone / (1 - hidden), 1.0), n))


def spans_enough(months: IntArray, lags: int) -> bool:
    """Tell whether calls reach over enough months to see what they share: twice the horizon."""
    return len(months) > 0 and int(months.max() - months.min()) >= 2 * lags


def _between_months(centred: FloatArray, since: IntArray, lags: int) -> float:
    sums = np.bincount(since, weights=centred)
    total = float((sums**2).sum())
    for lag in range(1, lags + 1):
        weight = 1 - lag / (lags + 1)
        total += 2 * weight * float((sums[lag:] * sums[:-lag]).sum())
    return total


def _between_calls(centred: FloatArray, since: IntArray, subjects: IntArray, lags: int) -> float:
    """Return the squared sum of each security's calls, of those pairs that overlap."""
    width = int(since.max()) + lags + 1  # no lag reaches from one security into the next
    cells, inverse = np.unique(subjects * width + since, return_inverse=True)
    sums = np.bincount(inverse, weights=centred)
    total = float((sums**2).sum())
    for lag in range(1, lags + 1):
        at = np.minimum(np.searchsorted(cells, cells + lag), len(cells) - 1)
        total += 2 * float((sums * sums[at])[cells[at] == cells + lag].sum())
    return total


def p_value(hits: FloatArray, rates: FloatArray, effect: float) -> float:
    """Return the two-sided p of hits as good as chance, each call with its own base rate.

    Under the null the hits are independent, each with its base rate as probability; its variance is
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
