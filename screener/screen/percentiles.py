"""Percentile ranks, from 0 for the lowest to 1 for the highest: (average rank - 1) / (n - 1)."""

from __future__ import annotations

import numpy as np

from screener.domain.arrays import FloatVector, IntArray
from screener.screen.computed import Computed, Why

__all__ = ["LEAST_DAYS", "rank_among", "rank_of_counts"]

LEAST_DAYS = 250
"""Values that a rank among a listing's own days needs."""


def rank_of_counts(n: FloatVector, below: FloatVector, same: FloatVector) -> FloatVector:
    """Return the rank of a value of which so many lie below, and so many are equal, itself too.

    Parameters
    ----------
    n, below, same
        `(n_listings,)` counts.

    Returns
    -------
    numpy.ndarray
        `(n_listings,)`, 0 to 1; NaN for fewer than two values.
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        rank = (below + (same - 1) / 2) / (n - 1)
    return np.where(n > 1, rank, np.nan)


def rank_among(found: Computed, groups: IntArray, *, least: int) -> Computed:
    """Rank each value among those of its group.

    Parameters
    ----------
    found
        `(n_listings,)` values.
    groups
        `(n_listings,)` group of each listing; below 0 for none, which gives no rank.
    least
        Values that a group needs for a rank.
    """
    there = np.flatnonzero((found.why == Why.THERE) & (groups >= 0))
    order = there[np.lexsort((found.values[there], groups[there]))]
    group, value = groups[order], found.values[order]
    n = np.bincount(group, minlength=int(groups.max(initial=0)) + 1)
    start = np.cumsum(n) - n
    fresh = np.append(True, (group[1:] != group[:-1]) | (value[1:] != value[:-1]))[: len(group)]
    run = np.cumsum(fresh) - 1
    firsts = np.flatnonzero(fresh)
    same = np.diff(np.append(firsts, len(group)))
    below = firsts - start[group[firsts]]
    ranks = np.full(len(groups), np.nan)
    ranks[order] = rank_of_counts(n[group].astype(float), below[run].astype(float), same[run])
    few = np.append(n, 0)[np.where(groups >= 0, groups, -1)] < least
    placed = groups >= 0
    return Computed.of(ranks, (~placed, Why.MISSING), (few, Why.SHORT)).because_of(found)
