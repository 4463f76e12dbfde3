"""Measures of returns against a benchmark; the rules of `metrics` hold here too."""

from __future__ import annotations

import math

import numpy as np

from screener.paths.metrics.series import (
    A_SHARE_SESSIONS,
    Floats,
    a_year_of,
    compounded,
    defined,
    deviation,
    mean_by_deviation,
    pair_of,
)

__all__ = ["alpha", "beta", "information_ratio", "tracking_error"]


def beta(returns: Floats, benchmark: Floats) -> float | None:
    """Return the slope on a benchmark, cov(r, b) / var(b).

    Source: Sharpe (1964), Capital Asset Prices, Journal of Finance 19(3). A constant risk-free
    return cancels out.

    Parameters
    ----------
    returns, benchmark
        `(n_periods,)` fractions of the same periods; at least two, all finite, and the
        benchmark's not all equal, or the result is `None`.

    Raises
    ------
    ComputeError
        If the two differ in length.
    """
    pair = pair_of(returns, benchmark)
    if pair is None or not deviation(pair[1]):
        return None
    own, other = pair
    centred = other - np.mean(other)
    return defined(float(np.mean(centred * own) / np.mean(centred**2)))


def alpha(
    returns: Floats,
    benchmark: Floats,
    *,
    risk_free: float = 0.0,
    periods: float = A_SHARE_SESSIONS,
) -> float | None:
    """Return the annual alpha, (1 + mean(r - rf - beta * (b - rf))) ** periods - 1.

    Source: Jensen (1968), The Performance of Mutual Funds, Journal of Finance 23(2); compounded
    to a year as `alpha` of empyrical-reloaded.

    Parameters
    ----------
    returns, benchmark
        `(n_periods,)` fractions of the same periods, as for `beta`.
    risk_free
        Risk-free return of one period, a fraction.
    periods
        Periods a year.

    Raises
    ------
    ComputeError
        If the two differ in length, or `periods` is not positive.
    """
    a_year, pair, slope = a_year_of(periods), pair_of(returns, benchmark), beta(returns, benchmark)
    if pair is None or slope is None:
        return None
    own, other = pair
    growth = 1 + float(np.mean(own - risk_free - slope * (other - risk_free)))
    return compounded(growth, a_year)


def tracking_error(
    returns: Floats, benchmark: Floats, *, periods: float = A_SHARE_SESSIONS
) -> float | None:
    """Return the annual tracking error, std(r - b, ddof=1) * sqrt(periods).

    Source: Grinold and Kahn (2000), Active Portfolio Management, chapter 3.

    Parameters
    ----------
    returns, benchmark
        `(n_periods,)` fractions of the same periods; at least two, all finite, or `None`.
    periods
        Periods a year.

    Raises
    ------
    ComputeError
        If the two differ in length, or `periods` is not positive.
    """
    a_year, pair = a_year_of(periods), pair_of(returns, benchmark)
    return None if pair is None else defined(deviation(pair[0] - pair[1]) * math.sqrt(a_year))


def information_ratio(
    returns: Floats, benchmark: Floats, *, periods: float = A_SHARE_SESSIONS
) -> float | None:
    """Return the annual information ratio, mean(r - b) / std(r - b, ddof=1) * sqrt(periods).

    Source: Grinold and Kahn (2000), Active Portfolio Management, chapter 5. It is `excess_sharpe`
    of empyrical-reloaded, which leaves it per period, times the square root.

    Parameters
    ----------
    returns, benchmark
        `(n_periods,)` fractions of the same periods; at least two, all finite and the active
        returns not all equal, or `None`.
    periods
        Periods a year.

    Raises
    ------
    ComputeError
        If the two differ in length, or `periods` is not positive.
    """
    a_year, pair = a_year_of(periods), pair_of(returns, benchmark)
    return None if pair is None else mean_by_deviation(pair[0] - pair[1], a_year)
