"""Stationary bootstrap over the dates of entry."""

from __future__ import annotations

import math

import numpy as np

from screener.domain.arrays import FloatVector, IntArray
from screener.language import say, say_count
from screener.study.results import Statistic, TestResult, too_few, unanswered
from screener.study.returns import Timeline
from screener.study.statistics.clustering import Clusters, clusters_of
from screener.study.statistics.parametric import CONFIDENCE

__all__ = ["LEAST_BLOCKS", "bootstrap_test", "mean_block"]

LEAST_BLOCKS = 10
"""Fewest blocks of dates from which it makes sense to draw: with fewer it finds too much."""

_CELLS_AT_ONCE = 4_000_000


def bootstrap_test(
    totals: FloatVector,
    timeline: Timeline,
    *,
    length: int,
    draws: int,
    seed: tuple[int, ...],
) -> TestResult:
    """Draw the dates of entry anew, in blocks, and see how far their mean could lie from 0.

    Politis and Romano (1994): blocks of consecutive dates whose lengths are geometric. All events
    of a date are drawn together; the mean block spans the dates whose windows overlap.

    Parameters
    ----------
    totals
        `(n_events,)` abnormal returns, finite.
    timeline
        Their entry sessions.
    length
        Sessions of the window.
    draws
        How many samples.
    seed
        Seed of the random generator; the same one gives the same numbers.
    """
    n = len(totals)
    if not n:
        return too_few(Statistic.BOOTSTRAP, n)
    clusters = clusters_of(timeline)
    block = mean_block(clusters, length)
    needed = math.ceil(LEAST_BLOCKS * block)
    if len(clusters) < needed:
        note = say_count(
            "{n} date of entry, {needed} are needed",
            "{n} dates of entry, {needed} are needed",
            len(clusters),
            needed=needed,
        )
        return unanswered(Statistic.BOOTSTRAP, n, note)
    sums: FloatVector = np.bincount(clusters.of_unit, totals, len(clusters)).astype(np.float64)
    drawn = _drawn_means(sums, clusters.sizes.astype(np.float64), block, draws, seed)
    mean = float(totals.mean())
    as_far = int(np.count_nonzero(np.abs(drawn - mean) >= abs(mean)))
    low, high = np.quantile(drawn, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    return TestResult(
        statistic=Statistic.BOOTSTRAP,
        n=n,
        estimate=mean,
        low=float(low),
        high=float(high),
        p=(1 + as_far) / (1 + draws),
        note=say(
            "{draws} draws, {n} dates in blocks of {block:.1f}",
            draws=draws,
            n=len(clusters),
            block=block,
        ),
    )


def mean_block(clusters: Clusters, length: int) -> float:
    """Return how many dates lie within a window of `length` sessions from a date on, on average."""
    ends = np.searchsorted(clusters.days, clusters.days + length)
    return float((ends - np.arange(len(clusters))).mean())


def _drawn_means(
    sums: FloatVector, sizes: FloatVector, block: float, draws: int, seed: tuple[int, ...]
) -> FloatVector:
    draw = np.random.default_rng(seed)
    n = len(sums)
    step = max(1, _CELLS_AT_ONCE // n)
    found = np.empty(draws)
    for start in range(0, draws, step):
        some = slice(start, min(start + step, draws))
        places = _stationary(draw, (some.stop - start, n), block)
        found[some] = sums[places].sum(axis=1) / sizes[places].sum(axis=1)
    return found


def _stationary(draw: np.random.Generator, shape: tuple[int, int], block: float) -> IntArray:
    """Return places drawn in blocks that wrap around the end."""
    n = shape[1]
    fresh = draw.random(shape) < 1 / block
    fresh[:, 0] = True
    begins = draw.integers(0, n, shape)
    at = np.arange(n)
    last = np.maximum.accumulate(np.where(fresh, at, 0), axis=1)
    places: IntArray = (np.take_along_axis(begins, last, axis=1) + at - last) % n
    return places
