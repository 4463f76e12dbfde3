"""All measures of one value path, each only where it says something.

Measures that scale with the square root of time (volatility, tracking error and the ratios over
them) and the slope on a benchmark need `LEAST_RETURNS`. Rates that are compounded to a year
(annualised return, Calmar ratio, alpha) need `LEAST_FOR_A_YEAR`: they raise the growth of the path
to the power of year / sessions, which makes 15 % in a month 440 % a year. Below those bounds they
are `None`, as wherever they are not defined.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np

from screener.domain.arrays import FloatVector, SessionAxis
from screener.errors import ComputeError
from screener.language import say
from screener.paths.metrics import measures as metrics
from screener.paths.metrics.measures import Drawdown
from screener.paths.metrics.series import Floats, a_year_of, vector

__all__ = ["LEAST_FOR_A_YEAR", "LEAST_RETURNS", "Performance", "performance_of", "sharpe_error"]

LEAST_RETURNS = 20
"""Fewest returns for a deviation or a slope: about a month. One standard error of a deviation is
then 16 % of it (1 / sqrt(2 (n - 1)), the normal case)."""

LEAST_FOR_A_YEAR = 60
"""Fewest returns for a rate compounded to a year: about a quarter. It stays an extrapolation: the
Global Investment Performance Standards (2020) annualise nothing under a year."""

_DIGITS = 12
_ROUNDING = 10.0**-_DIGITS


@dataclass(frozen=True, slots=True, kw_only=True)
class Performance:
    """Measures of one value path; rates are fractions, `None` where undefined or too short.

    Parameters
    ----------
    n_sessions
        Returns of the path: one a session, the first from the purchase to that day's close.
    sessions_a_year
        Sessions a year that the annual figures rest on.
    total_return
        Return of the whole path.
    annualised_return
        The same compounded to a year.
    volatility
        Annual standard deviation of the returns.
    sharpe, sortino, calmar
        Annual ratios, with a risk-free rate and a required return of 0.
    max_drawdown
        Deepest fall below an earlier peak, at most 0; the start is the first peak.
    drawdown_peak, drawdown_trough, drawdown_recovery
        Sessions of the peak, of the deepest value, and of the first one back at the peak; `None`
        without a fall, and while it is not recovered. A fall from the start has its peak at the
        purchase in the first session.
    beta, alpha, tracking_error, information_ratio
        Against the benchmark; alpha, tracking error and information ratio a year.
    hit_rate, n_up
        Share and number of sessions with a positive return, among `n_sessions`.
    turnover
        Amount traded one way, each as a fraction of the value before it; 1 for a basket that is
        bought once and held.
    """

    n_sessions: int
    sessions_a_year: float
    total_return: float | None
    annualised_return: float | None
    volatility: float | None
    sharpe: float | None
    sortino: float | None
    max_drawdown: float | None
    drawdown_peak: date | None
    drawdown_trough: date | None
    drawdown_recovery: date | None
    calmar: float | None
    beta: float | None
    alpha: float | None
    tracking_error: float | None
    information_ratio: float | None
    hit_rate: float | None
    n_up: int
    turnover: float | None


def performance_of(
    path: Floats,
    benchmark_path: Floats | None,
    *,
    periods: float,
    sessions: SessionAxis,
    traded: Floats | None = None,
) -> Performance:
    """Return the measures of a value path.

    Differences below 1e-12 between two values are rounding of the engine, not returns: they make
    no variation, no up day and no fall.

    Parameters
    ----------
    path
        `(n_sessions,)` value at each close, finite and positive, 1 before the first session.
    benchmark_path
        The benchmark's value at the same closes; `None` or empty without one.
    periods
        Sessions a year.
    sessions
        `(n_sessions,)` session of each value.
    traded
        `(n_sessions,)` value bought or sold one way in each session, in units of the starting
        value; `None` for all of it bought in the first session and held.

    Raises
    ------
    ComputeError
        If the series differ in length, a value is not finite and positive, or `periods` is not
        positive.
    """
    values = _path(path, len(sessions))
    own = _settled(metrics.period_returns(values))
    other = _benchmark(own, benchmark_path)
    risk, rate = (_from(least, own) for least in (LEAST_RETURNS, LEAST_FOR_A_YEAR))
    beside, over = (
        (_from(least, own[: len(other)]), _from(least, other))
        for least in (LEAST_RETURNS, LEAST_FOR_A_YEAR)
    )
    fall, hits = _fall(values), metrics.hit_rate(own)
    return Performance(
        n_sessions=len(own),
        sessions_a_year=a_year_of(periods),
        total_return=float(values[-1]) - 1 if len(own) else None,
        annualised_return=metrics.annualised_return(rate, periods=periods),
        volatility=metrics.volatility(risk, periods=periods),
        sharpe=metrics.sharpe_ratio(risk, periods=periods),
        sortino=metrics.sortino_ratio(risk, periods=periods),
        max_drawdown=None if fall is None else fall.depth,
        drawdown_peak=_session(sessions, None if fall is None else fall.peak),
        drawdown_trough=_session(sessions, None if fall is None else fall.trough),
        drawdown_recovery=_session(sessions, None if fall is None else fall.recovery),
        calmar=metrics.calmar_ratio(rate, periods=periods),
        beta=metrics.beta(*beside),
        alpha=metrics.alpha(*over, periods=periods),
        tracking_error=metrics.tracking_error(*beside, periods=periods),
        information_ratio=metrics.information_ratio(*beside, periods=periods),
        hit_rate=hits.rate,
        n_up=hits.hits,
        turnover=_turnover(values, traded),
    )


def sharpe_error(n_sessions: int, periods: float) -> float:
    """Return one standard error of an annual Sharpe ratio near 0, sqrt(periods / n).

    Source: Lo (2002), The Statistics of Sharpe Ratios, Financial Analysts Journal 58(4), for
    independent returns.

    Parameters
    ----------
    n_sessions
        Returns that it was taken from, at least 1.
    periods
        Sessions a year.
    """
    return float(np.sqrt(periods / n_sessions))


def _path(values: Floats, n_sessions: int) -> FloatVector:
    path = vector(values)
    if len(path) != n_sessions:
        raise ComputeError(
            say(
                "a path of {n} values cannot be told on {n_sessions} sessions",
                n=len(path),
                n_sessions=n_sessions,
            ),
            fix=say("give one value for each session"),
        )
    wrong = np.flatnonzero(~(np.isfinite(path) & (path > 0)))
    if len(wrong):
        raise ComputeError(
            say(
                "value {value} at position {at} of a path is not a positive number",
                value=path[wrong[0]],
                at=wrong[0],
            ),
            fix=say("give the value of 1 invested at each close"),
        )
    return path


def _benchmark(own: FloatVector, path: Floats | None) -> FloatVector:
    """Return the benchmark's returns; one that the path shares but for rounding is the path's."""
    if path is None or not len(path):
        return np.empty(0)
    other = _settled(metrics.period_returns(_path(path, len(own))))
    return np.where(np.abs(own - other) < _ROUNDING, own, other)


def _settled(returns: FloatVector) -> FloatVector:
    return np.where(np.abs(returns) < _ROUNDING, 0.0, returns)


def _from(least: int, returns: FloatVector) -> FloatVector:
    """Return the returns, or none of them where there are too few: every measure is `None` then."""
    return returns if len(returns) >= least else returns[:0]


def _fall(path: FloatVector) -> Drawdown | None:
    found = metrics.drawdown(path)
    if found is None or found.depth < -_ROUNDING:
        return found
    return Drawdown(depth=0.0, peak=None, trough=None, recovery=None)


def _session(sessions: SessionAxis, position: int | None) -> date | None:
    if position is None:
        return None
    found: date = sessions[max(position, 0)].item()  # -1 is the start: the first session's purchase
    return found


def _turnover(path: FloatVector, traded: Floats | None) -> float | None:
    if traded is None:
        return 1.0 if len(path) else None
    amounts = vector(traded)
    if len(amounts) != len(path):
        raise ComputeError(
            say(
                "{n} amounts traded cannot be told on {n_sessions} sessions",
                n=len(amounts),
                n_sessions=len(path),
            ),
            fix=say("give one amount for each session, 0 without a trade"),
        )
    before = np.concatenate([[1.0], path])[: len(path)]
    return round(float((amounts / before).sum()), _DIGITS) if len(path) else None
