"""Measures of one account's equity curve, with a test of its alpha."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict

import numpy as np

from screener.domain.arrays import FloatVector, IntArray, SessionAxis
from screener.domain.listing import Exchange
from screener.errors import ComputeError
from screener.market.calendars import calendar_of
from screener.market.years import sessions_a_year
from screener.paths.metrics.measures import period_returns
from screener.paths.metrics.performance import performance_of
from screener.study.calendar_time import LEAST_SESSIONS
from screener.study.statistics.distributions import normal_two_sided
from screener.study.statistics.regression import automatic_lag, least_squares

__all__ = ["account_curve", "account_measures"]

Row = dict[str, object]


def account_measures(
    sessions: SessionAxis,
    equity: FloatVector,
    capital: float,
    bought: FloatVector,
    benchmark_path: FloatVector,
    exchanges: Collection[Exchange],
) -> Row:
    """Return the measures of an account; what rests on too few sessions is `None`.

    Parameters
    ----------
    sessions
        `(n_sessions,)` sessions of the curve.
    equity
        `(n_sessions,)` what it was worth at each close, in CNY.
    capital
        Money at the start.
    bought
        `(n_sessions,)` money spent on purchases.
    benchmark_path
        `(n_sessions,)` value of the index, 1 at the start; empty without one.
    exchanges
        Exchanges of its names, by whose sessions a year is counted.
    """
    path = equity / capital
    a_year = sessions_a_year([calendar_of(item) for item in sorted(exchanges)], sessions)
    found = performance_of(path, benchmark_path, periods=a_year or 1, sessions=sessions)
    years = len(path) / a_year if a_year else None
    return asdict(found) | {
        "from_session": sessions[0].item(),
        "to_session": sessions[-1].item(),
        "capital": capital,
        "equity": float(equity[-1]),
        "turnover": float(bought.sum() / equity.mean() / years) if years else None,
        "benchmark_return": float(benchmark_path[-1]) - 1 if len(benchmark_path) else None,
        **_alpha_test(path, benchmark_path),
    }


def account_curve(
    sessions: SessionAxis,
    equity: FloatVector,
    capital: float,
    benchmark_path: FloatVector,
    run_id: str,
    **others: FloatVector | IntArray,
) -> list[Row]:
    """Return one row per session: the account, its fall from its peak, and the index.

    Parameters
    ----------
    sessions, equity, capital, benchmark_path
        As in `account_measures`.
    run_id
        Identity of the run.
    **others
        `(n_sessions,)` further columns; empty where there is nothing to tell.
    """
    peaks = np.maximum.accumulate(np.maximum(equity, capital))
    columns = {
        "session": sessions,
        "equity": equity,
        "drawdown": equity / peaks - 1,
        "benchmark_value": benchmark_path,
        **others,
    }
    told = [values.tolist() or [None] * len(sessions) for values in columns.values()]
    return [
        {**dict(zip(columns, values, strict=True)), "run_id": run_id}
        for values in zip(*told, strict=True)
    ]


def _alpha_test(path: FloatVector, benchmark_path: FloatVector) -> Row:
    """Return the t and p of the constant of the daily returns on those of the benchmark."""
    none: Row = {"alpha_t": None, "alpha_p": None}
    if len(benchmark_path) < LEAST_SESSIONS:
        return none
    own, index = period_returns(path), period_returns(benchmark_path)
    try:
        fit = least_squares(own, index[np.newaxis, :], lag=automatic_lag(len(own)))
    except ComputeError:  # an index that does not move explains nothing
        return none
    if not fit.errors[0] > 0:
        return none
    t = fit.coefficients[0] / fit.errors[0]
    return {"alpha_t": t, "alpha_p": normal_two_sided(t)}
