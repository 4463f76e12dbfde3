"""Tests of buy-and-hold abnormal returns, whose distribution is skewed to the right."""

from __future__ import annotations

import math

import numpy as np

from screener.domain.arrays import FloatArray, FloatMatrix, FloatVector
from screener.language import say
from screener.study.results import Statistic, TestResult, too_few, unanswered
from screener.study.statistics.distributions import t_quantile, t_two_sided
from screener.study.statistics.parametric import CONFIDENCE, NO_SPREAD

__all__ = ["LEAST_DRAWN", "skewness_bootstrap_test", "skewness_test"]

LEAST_DRAWN = 5
"""Fewest events of a resample, a quarter of all: fewer know no skewness."""

_TURN = -3.0  # of γ S, where S + γ S²/3 is 0
_CELLS_AT_ONCE = 4_000_000


def skewness_test(returns: FloatVector) -> TestResult:
    """Return the t of mean buy-and-hold abnormal returns, adjusted for their skewness.

    t = √n (S + γ S²/3 + γ/(6n)) with S = mean/s, s² = Σ (x - mean)²/(n - 1) and
    γ = Σ (x - mean)³/(n s³); Student t, n-1 degrees of freedom. Johnson (1978); Lyon, Barber and
    Tsai (1999), equation 5. The interval is Johnson's: mean + γ s/(6n) ± t s/√n. Where
    γ S < -3 the adjusted value has the other sign than the mean: there is no answer.

    Parameters
    ----------
    returns
        `(n_events,)` buy-and-hold abnormal returns, finite.
    """
    n = len(returns)
    if n < 3:
        return too_few(Statistic.SKEWNESS, n) if n < 2 else _three_needed(Statistic.SKEWNESS, n)
    mean, deviation = float(returns.mean()), float(returns.std(ddof=1))
    if deviation <= NO_SPREAD * max(1.0, abs(mean)):
        return unanswered(Statistic.SKEWNESS, n, say("all events have the same value"))
    value = float(_adjusted(returns[np.newaxis], 0.0)[0])
    skewness = _skewness(returns, mean, deviation)
    if skewness * mean / deviation < _TURN:
        note = say("skewness {value:.2f} against their mean: too far to adjust", value=skewness)
        return unanswered(Statistic.SKEWNESS, n, note)
    middle = mean + skewness * deviation / (6 * n)
    half_width = t_quantile((1 + CONFIDENCE) / 2, n - 1) * deviation / math.sqrt(n)
    return TestResult(
        statistic=Statistic.SKEWNESS,
        n=n,
        estimate=mean,
        low=middle - half_width,
        high=middle + half_width,
        value=value,
        p=t_two_sided(value, n - 1),
        note=say("skewness {value:.2f}", value=skewness),
    )


def skewness_bootstrap_test(
    returns: FloatVector, *, draws: int, seed: tuple[int, ...]
) -> TestResult:
    """Judge the skewness-adjusted t by its own distribution among resamples.

    Resamples of n/4 events are drawn with repetition; that of each around the mean of all events
    gives the distribution of the test where nothing is there. p is twice the share of them beyond
    the value on its side. Lyon, Barber and Tsai (1999), section III.B.

    Parameters
    ----------
    returns
        `(n_events,)` buy-and-hold abnormal returns, finite.
    draws
        How many resamples.
    seed
        Seed of the random generator; the same one gives the same numbers.
    """
    n = len(returns)
    plain = skewness_test(returns)
    if plain.value is None:
        return unanswered(Statistic.SKEWNESS_BOOTSTRAP, n, plain.note)
    size = n // 4
    if size < LEAST_DRAWN:
        note = say("{n} events, {needed} are needed", n=n, needed=4 * LEAST_DRAWN)
        return unanswered(Statistic.SKEWNESS_BOOTSTRAP, n, note)
    found = _resampled(np.sort(returns), size, draws, seed)  # whatever the order of the events
    above = int(np.count_nonzero(found >= plain.value))
    below = int(np.count_nonzero(found <= plain.value))
    return TestResult(
        statistic=Statistic.SKEWNESS_BOOTSTRAP,
        n=n,
        estimate=plain.estimate,
        value=plain.value,
        p=min(1.0, 2 * (1 + min(above, below)) / (1 + draws)),
        note=say("{draws} draws of {size} events", draws=draws, size=size),
    )


def _three_needed(statistic: Statistic, n: int) -> TestResult:
    return unanswered(statistic, n, say("{n} events, {needed} are needed", n=n, needed=3))


def _skewness(returns: FloatVector, mean: float, deviation: float) -> float:
    return float(((returns - mean) ** 3).mean()) / deviation**3


def _adjusted(samples: FloatMatrix, centre: float) -> FloatArray:
    """Return `(n_samples,)` skewness-adjusted t of rows around `centre`; ±inf without spread."""
    n = samples.shape[1]
    means = samples.mean(axis=1)
    moved = samples - means[:, np.newaxis]
    squares = np.einsum("ij,ij->i", moved, moved)
    cubes = np.einsum("ij,ij,ij->i", moved, moved, moved)
    deviations = np.sqrt(squares / (n - 1))
    spread = deviations > NO_SPREAD * np.maximum(1.0, np.abs(means))
    some = np.where(spread, deviations, 1.0)
    share, skewness = (means - centre) / some, cubes / n / some**3
    value = math.sqrt(n) * (share + skewness * share**2 / 3 + skewness / (6 * n))
    found: FloatArray = np.where(spread, value, np.copysign(np.inf, means - centre))
    return found


def _resampled(returns: FloatVector, size: int, draws: int, seed: tuple[int, ...]) -> FloatArray:
    draw, centre = np.random.default_rng(seed), float(returns.mean())
    step = max(1, _CELLS_AT_ONCE // size)
    parts = []
    for start in range(0, draws, step):
        shape = (min(step, draws - start), size)
        parts.append(_adjusted(returns[draw.integers(0, len(returns), shape)], centre))
    return np.concatenate(parts)
