"""Tests that do without the size of returns: ranks and signs."""

from __future__ import annotations

import math

import numpy as np

from screener.domain.arrays import FloatMatrix, FloatVector, IntArray
from screener.language import say
from screener.study.results import Statistic, TestResult, too_few, unanswered
from screener.study.statistics.distributions import normal_quantile, normal_two_sided
from screener.study.statistics.intervals import wilson
from screener.study.statistics.parametric import CONFIDENCE

__all__ = ["rank_deviations", "rank_test", "sign_test"]

_UNITS_AT_ONCE = 1_000


def rank_deviations(residuals: FloatMatrix, values: FloatMatrix) -> FloatMatrix:
    """Return each session's rank among all sessions of its unit, over their number plus 1, less ½.

    Corrado (1989), with the correction of Corrado and Zivney (1992) for missing returns; ties get
    the mean of their ranks.

    Parameters
    ----------
    residuals
        `(n_units, n_estimation)` abnormal returns of the estimation window.
    values
        `(n_units, n_sessions)` abnormal returns of the window to be judged.

    Returns
    -------
    numpy.ndarray
        `(n_units, n_estimation + n_sessions)` deviations; NaN where there is no return.
    """
    joined = np.concatenate([residuals, values], axis=1)
    known = np.isfinite(joined)
    order = np.argsort(np.where(known, joined, np.inf), axis=1)
    ordered = np.take_along_axis(joined, order, axis=1)
    places = _shared_places(ordered)
    ranks = np.empty_like(joined)
    np.put_along_axis(ranks, order, places, axis=1)
    found: FloatMatrix = ranks / (1 + known.sum(axis=1, keepdims=True)) - 0.5
    found[~known] = np.nan
    return found


def _shared_places(ordered: FloatMatrix) -> FloatMatrix:
    """Return ranks from 1 on of sorted rows, equal values sharing the mean of theirs."""
    n = ordered.shape[1]
    at = np.broadcast_to(np.arange(n), ordered.shape)
    fresh = np.ones(ordered.shape, dtype=bool)
    fresh[:, 1:] = ordered[:, 1:] != ordered[:, :-1]
    first = np.maximum.accumulate(np.where(fresh, at, 0), axis=1)
    ends = np.ones(ordered.shape, dtype=bool)
    ends[:, :-1] = fresh[:, 1:]
    last = np.minimum.accumulate(np.where(ends, at, n)[:, ::-1], axis=1)[:, ::-1]
    return (first + last) / 2 + 1


def rank_test(residuals: FloatMatrix, values: FloatMatrix) -> TestResult:
    """Return the mean rank of a window over its standard deviation through time.

    z = Σ_window K / (√L S), K the mean deviation of a session over the units and S the root of its
    mean square over all sessions; Corrado (1989), Cowan (1992) for windows of L sessions. As S is
    that of the mean, units of one date may move together.

    Parameters
    ----------
    residuals, values
        As in `rank_deviations`; `values` are those of the window's sessions.
    """
    n, length = values.shape
    if not n:
        return too_few(Statistic.RANK, n)
    sums, counts = _session_sums(residuals, values)
    # A session of few units is as uncertain as they are: sums are scaled by the root of their n.
    through = np.where(counts > 0, sums / np.sqrt(np.maximum(counts, 1)), 0.0)
    used = counts > 0
    spread = math.sqrt(float((through[used] ** 2).mean())) if used.any() else 0.0
    in_window = used[-length:]
    if not spread or not in_window.any():
        return unanswered(Statistic.RANK, n, say("nothing to rank"))
    sessions = int(in_window.sum())
    value = float(through[-length:].sum()) / (math.sqrt(sessions) * spread)
    estimate = float(sums[-length:].sum() / counts[-length:].sum())
    half_width = (
        normal_quantile((1 + CONFIDENCE) / 2) * abs(estimate / value) if value else math.nan
    )
    return TestResult(
        statistic=Statistic.RANK,
        n=n,
        estimate=estimate,
        low=None if math.isnan(half_width) else estimate - half_width,
        high=None if math.isnan(half_width) else estimate + half_width,
        value=value,
        p=normal_two_sided(value),
    )


def _session_sums(residuals: FloatMatrix, values: FloatMatrix) -> tuple[FloatVector, IntArray]:
    """Return the sum of the deviations of each session over the units, and how many it has."""
    n_sessions = residuals.shape[1] + values.shape[1]
    sums, counts = np.zeros(n_sessions), np.zeros(n_sessions, dtype=np.int64)
    for start in range(0, len(values), _UNITS_AT_ONCE):
        some = slice(start, start + _UNITS_AT_ONCE)
        deviations = rank_deviations(residuals[some], values[some])
        known = np.isfinite(deviations)
        counts += known.sum(axis=0)
        sums += np.where(known, deviations, 0.0).sum(axis=0)
    return sums, counts


def sign_test(totals: FloatVector, residuals: FloatMatrix) -> TestResult:
    """Return how many units gained against how many sessions of the estimation window did.

    z = (w - n p) / √(n p (1 - p)), w the units with a positive sum and p the mean share of positive
    sessions; Cowan (1992). The interval is Wilson's (1927).

    Parameters
    ----------
    totals
        `(n_units,)` sums of abnormal returns, finite.
    residuals
        `(n_units, n_estimation)` of the estimation window; NaN where there was no return.
    """
    n = len(totals)
    if n < 2:
        return too_few(Statistic.SIGN, n)
    known = np.isfinite(residuals)
    base = float(((residuals > 0).sum(axis=1) / known.sum(axis=1)).mean())
    if not 0 < base < 1:
        note = say("every session of the estimation window has one sign")
        return unanswered(Statistic.SIGN, n, note)
    gained = int((totals > 0).sum())
    value = (gained - n * base) / math.sqrt(n * base * (1 - base))
    low, high = wilson(gained, n)
    return TestResult(
        statistic=Statistic.SIGN,
        n=n,
        estimate=gained / n,
        low=low,
        high=high,
        value=value,
        p=normal_two_sided(value),
        note=say("expected {share:.3f}", share=base),
    )
