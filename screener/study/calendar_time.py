"""Calendar-time portfolios: all open windows held at once, session by session."""

from __future__ import annotations

import numpy as np

from screener.domain.arrays import FloatCube, FloatMatrix, FloatVector, IntArray
from screener.errors import ComputeError
from screener.language import say
from screener.study.results import Statistic, TestResult, too_few, unanswered
from screener.study.returns import Timeline
from screener.study.statistics.distributions import normal_quantile, normal_two_sided
from screener.study.statistics.parametric import CONFIDENCE
from screener.study.statistics.regression import automatic_lag, least_squares

__all__ = ["LEAST_SESSIONS", "calendar_portfolio", "calendar_time_test"]

LEAST_SESSIONS = 30
"""Fewest sessions for a regression through time."""


def calendar_time_test(
    values: FloatMatrix, factors: FloatCube, spans: FloatMatrix, timeline: Timeline, first: int
) -> TestResult:
    """Regress what all open windows returned together, session by session.

    In each session the units whose window is open are held in equal parts; the mean of their
    returns is explained by the mean of their factors, and the constant is what they returned beyond
    it (Jaffe 1974; Mandelker 1974; Fama 1998). As each session counts once, however many events it
    holds, events that move together are no more evidence than one.

    Parameters
    ----------
    values
        `(n_units, n_sessions)` returns in the window; abnormal ones if there are no factors.
    factors
        `(n_factors, n_units, n_sessions)` what explains them; none for the mean alone.
    spans
        `(n_units, n_sessions)` sessions that each covers; those of 0 are left out.
    timeline
        Entry sessions.
    first
        Session of the first column.
    """
    n = len(values)
    if not n:
        return too_few(Statistic.CALENDAR_TIME, n)
    portfolio, explained = calendar_portfolio(values, factors, spans, timeline, first)
    sessions = len(portfolio)
    if sessions < LEAST_SESSIONS:
        note = say(
            "{n} sessions in the portfolio, {needed} are needed", n=sessions, needed=LEAST_SESSIONS
        )
        return unanswered(Statistic.CALENDAR_TIME, n, note)
    lag = automatic_lag(sessions)
    try:
        fit = least_squares(portfolio, explained, lag=lag)
    except ComputeError as refused:
        return unanswered(Statistic.CALENDAR_TIME, n, refused.what)
    alpha, error = fit.coefficients[0], fit.errors[0]
    if not error > 0:
        return unanswered(Statistic.CALENDAR_TIME, n, say("the portfolio's returns do not vary"))
    half_width = normal_quantile((1 + CONFIDENCE) / 2) * error
    return TestResult(
        statistic=Statistic.CALENDAR_TIME,
        n=n,
        estimate=alpha,
        low=alpha - half_width,
        high=alpha + half_width,
        value=alpha / error,
        p=normal_two_sided(alpha / error),
        note=say("{n} sessions, lag {lag}", n=sessions, lag=lag),
    )


def calendar_portfolio(
    values: FloatMatrix, factors: FloatCube, spans: FloatMatrix, timeline: Timeline, first: int
) -> tuple[FloatVector, FloatMatrix]:
    """Return the mean return of all open windows and of their factors, by session.

    Returns
    -------
    tuple
        `(n,)` returns and `(n_factors, n)` factors of the sessions with an open window, in order.
    """
    rows = _rows(timeline, values.shape[1], first)
    held = (spans > 0) & np.isfinite(values) & (rows >= 0)
    at = rows[held]
    if not len(at):
        return np.empty(0), np.empty((len(factors), 0))
    counts = np.bincount(at)
    open_rows = np.flatnonzero(counts)

    def mean(matrix: FloatMatrix) -> FloatVector:
        sums = np.bincount(at, weights=matrix[held])
        found: FloatVector = sums[open_rows] / counts[open_rows]
        return found

    explained = [mean(factor) for factor in factors]
    return mean(values), np.array(explained).reshape(len(factors), len(open_rows))


def _rows(timeline: Timeline, n_columns: int, first: int) -> IntArray:
    """Return `(n_units, n_columns)` row of each session on the common axis, -1 outside it."""
    found = np.full((len(timeline.positions), n_columns), -1, dtype=np.int64)
    steps = np.arange(first, first + n_columns)
    for calendar, own in enumerate(timeline.own_rows):
        mine = np.flatnonzero(timeline.calendars == calendar)
        at = timeline.positions[mine][:, np.newaxis] + steps
        inside = (at >= 0) & (at < len(own))
        found[mine] = np.where(inside, own[np.clip(at, 0, max(len(own) - 1, 0))], -1)
    return found
