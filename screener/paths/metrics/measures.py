"""Measures of returns and of value paths.

Returns are fractions per period. A measure that is not defined is `None`, never 0 or infinite:
too few periods, no variation to divide by, or a value among its input that is not finite (none is
ever skipped; only `hit_rate` leaves such values out, and says how many it counted). Ratios and
annual figures need two periods at least. Annual figures take the periods of a year, by default
those of the A-share calendar.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from screener.domain.arrays import FloatVector
from screener.paths.metrics.relative import alpha, beta, information_ratio, tracking_error
from screener.paths.metrics.series import (
    A_SHARE_SESSIONS,
    Floats,
    a_year_of,
    compounded,
    defined,
    deviation,
    finite,
    mean_by_deviation,
    pair_of,
    vector,
)

__all__ = [
    "A_SHARE_SESSIONS",
    "Drawdown",
    "HitRate",
    "alpha",
    "annualised_return",
    "beta",
    "calmar_ratio",
    "drawdown",
    "hit_rate",
    "information_ratio",
    "max_drawdown",
    "period_returns",
    "sharpe_ratio",
    "sortino_ratio",
    "total_return",
    "tracking_error",
    "turnover",
    "volatility",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawdown:
    """The deepest fall of a value path. Positions count the path's values from 0.

    Parameters
    ----------
    depth
        Value at the trough over that at the peak, less 1: a fraction, at most 0.
    peak
        Last position of the peak's value before the trough, -1 for the value before the first
        session; `None` if the path never falls below a peak.
    trough
        First position of the deepest value; `None` if there is no fall.
    recovery
        First position after the trough at or above the peak; `None` while there is none.
    """

    depth: float
    peak: int | None
    trough: int | None
    recovery: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class HitRate:
    """How many of `n` defined returns were above the threshold; `rate` is `None` if n is 0."""

    rate: float | None
    hits: int
    n: int


def period_returns(values: Floats, *, initial: float = 1.0) -> FloatVector:
    """Return the return of each period of a value path, the first one from `initial`.

    Parameters
    ----------
    values
        `(n_sessions,)` value at each close, positive; NaN makes its own and the next return NaN.
    initial
        Value before the first session.
    """
    path = np.concatenate([[initial], vector(values)])
    returns: FloatVector = path[1:] / path[:-1] - 1
    return returns


def total_return(returns: Floats) -> float | None:
    """Return the compounded return, prod(1 + r) - 1.

    Parameters
    ----------
    returns
        `(n_periods,)` fractions; `None` comes out if there are none or one is not finite.
    """
    periods = finite(returns, 1)
    return None if periods is None else float(np.prod(1 + periods) - 1)


def annualised_return(returns: Floats, *, periods: float = A_SHARE_SESSIONS) -> float | None:
    """Return the compound annual rate, prod(1 + r) ** (periods / n) - 1.

    Source: CFA Institute, Global Investment Performance Standards (geometric linking), as
    `annual_return` of empyrical-reloaded.

    Parameters
    ----------
    returns
        `(n_periods,)` fractions; at least two, all finite, or the result is `None`.
    periods
        Periods a year.

    Raises
    ------
    ComputeError
        If `periods` is not positive.
    """
    a_year, sample = a_year_of(periods), finite(returns, 2)
    if sample is None:
        return None
    return compounded(float(np.prod(1 + sample)), a_year / len(sample))


def volatility(returns: Floats, *, periods: float = A_SHARE_SESSIONS) -> float | None:
    """Return the annual volatility, std(r, ddof=1) * sqrt(periods); 0 for equal returns.

    Source: the sample standard deviation scaled by the square root of time, as
    `annual_volatility` of empyrical-reloaded.

    Parameters
    ----------
    returns
        `(n_periods,)` fractions; at least two, all finite, or the result is `None`.
    periods
        Periods a year.

    Raises
    ------
    ComputeError
        If `periods` is not positive.
    """
    a_year, sample = a_year_of(periods), finite(returns, 2)
    return None if sample is None else defined(deviation(sample) * math.sqrt(a_year))


def sharpe_ratio(
    returns: Floats, *, risk_free: float = 0.0, periods: float = A_SHARE_SESSIONS
) -> float | None:
    """Return the Sharpe ratio, mean(r - rf) / std(r - rf, ddof=1) * sqrt(periods).

    Source: Sharpe (1994), The Sharpe Ratio, Journal of Portfolio Management 21(1).

    Parameters
    ----------
    returns
        `(n_periods,)` fractions; at least two, all finite and not all equal, or `None`.
    risk_free
        Risk-free return of one period, a fraction.
    periods
        Periods a year.

    Raises
    ------
    ComputeError
        If `periods` is not positive.
    """
    a_year, sample = a_year_of(periods), finite(returns, 2)
    return None if sample is None else mean_by_deviation(sample - risk_free, a_year)


def sortino_ratio(
    returns: Floats, *, required: float = 0.0, periods: float = A_SHARE_SESSIONS
) -> float | None:
    """Return the Sortino ratio, mean(r - t) / sqrt(mean(min(r - t, 0)**2)) * sqrt(periods).

    The downside deviation averages over all periods, not over the losing ones alone.
    Source: Sortino and Price (1994), Performance Measurement in a Downside Risk Framework,
    Journal of Investing 3(3).

    Parameters
    ----------
    returns
        `(n_periods,)` fractions; at least two, all finite and one below `required`, or `None`.
    required
        Return t that is asked of one period, a fraction.
    periods
        Periods a year.

    Raises
    ------
    ComputeError
        If `periods` is not positive.
    """
    a_year, sample = a_year_of(periods), finite(returns, 2)
    if sample is None:
        return None
    excess = sample - required
    downside = math.sqrt(float(np.mean(np.minimum(excess, 0) ** 2)))
    if not downside:
        return None
    return defined(float(np.mean(excess)) / downside * math.sqrt(a_year))


def max_drawdown(values: FloatVector, *, initial: float = 1.0) -> float:
    """Return the deepest fall from an earlier peak.

    Parameters
    ----------
    values
        `(n_sessions,)` value at each close, positive, no NaN.
    initial
        Value before the first session: the first peak, so that a first-day loss counts.

    Returns
    -------
    float
        Fraction, at most 0.
    """
    path = np.concatenate([[initial], values])
    peaks = np.maximum.accumulate(path)
    return float((path / peaks - 1).min())


def drawdown(values: Floats, *, initial: float = 1.0) -> Drawdown | None:
    """Return the deepest fall, min(V_t / max(V_s, s <= t) - 1), with its positions.

    Source: Magdon-Ismail and Atiya (2004), Maximum Drawdown, Risk Magazine 17(10).

    Parameters
    ----------
    values
        `(n_sessions,)` value at each close, positive; `None` comes out if there are none or one
        is not finite.
    initial
        Value before the first session: the first peak, so that a first-day loss counts.
    """
    sample = finite(values, 1)
    if sample is None:
        return None
    path = np.concatenate([[initial], sample])
    peaks = np.maximum.accumulate(path)
    falls = path / peaks - 1
    trough = int(np.argmin(falls))
    depth = float(falls[trough])
    if not depth < 0:
        return Drawdown(depth=0.0, peak=None, trough=None, recovery=None)
    peak = int(np.flatnonzero(path[:trough] == peaks[trough])[-1])
    back = np.flatnonzero(path[trough:] >= peaks[trough])
    return Drawdown(
        depth=depth,
        peak=peak - 1,
        trough=trough - 1,
        recovery=trough + int(back[0]) - 1 if len(back) else None,
    )


def calmar_ratio(returns: Floats, *, periods: float = A_SHARE_SESSIONS) -> float | None:
    """Return the Calmar ratio, annualised return / |deepest drawdown|.

    Source: Young (1991), Calmar Ratio: A Smoother Tool, Futures 20(1); here over the whole sample,
    as `calmar_ratio` of empyrical-reloaded.

    Parameters
    ----------
    returns
        `(n_periods,)` fractions; at least two, all finite and with a fall, or `None`.
    periods
        Periods a year.

    Raises
    ------
    ComputeError
        If `periods` is not positive.
    """
    rate = annualised_return(returns, periods=periods)
    if rate is None:
        return None
    fall = drawdown(np.cumprod(1 + vector(returns), dtype=np.float64))
    if fall is None or not fall.depth:
        return None
    return defined(rate / abs(fall.depth))


def hit_rate(returns: Floats, *, threshold: float = 0.0) -> HitRate:
    """Return the share of returns strictly above a threshold, with how many were counted.

    Parameters
    ----------
    returns
        `(n_events,)` fractions; those that are not finite are undefined, and not counted.
    threshold
        Return that a hit must exceed.
    """
    known = vector(returns)
    known = known[np.isfinite(known)]
    hits, n = int(np.count_nonzero(known > threshold)), len(known)
    return HitRate(rate=hits / n if n else None, hits=hits, n=n)


def turnover(before: Floats, after: Floats) -> float | None:
    """Return the turnover of one change of weights, sum(|after - before|) / 2.

    Source: the one-way turnover of DeMiguel, Garlappi and Uppal (2009), Optimal Versus Naive
    Diversification, Review of Financial Studies 22(5), halved so that selling everything for
    something else counts 1.

    Parameters
    ----------
    before, after
        `(n_listings,)` weights of the same listings, as fractions; cash is one of them, or money
        going into or out of it counts half. `None` comes out if there are none or one is not
        finite.

    Raises
    ------
    ComputeError
        If the two differ in length.
    """
    pair = pair_of(before, after, at_least=1)
    return None if pair is None else float(np.abs(pair[1] - pair[0]).sum() / 2)
