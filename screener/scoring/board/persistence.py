"""Whether those who were good stay good: ranks of one year against hit rates of the next.

A group's rank in a year rests only on calls that had matured before the next year began: what a
reader could have known. It is compared with what the group's calls of the next year came to.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from screener.domain.arrays import FlagArray, FloatArray
from screener.scoring.board.leaderboard import Memberships
from screener.scoring.calls import CallTable
from screener.scoring.judging.outcomes import Outcomes

__all__ = ["Persistence", "persistence"]

_LEAST = 3  # groups: two are always in order or in reverse


@dataclass(frozen=True, slots=True, kw_only=True)
class Persistence:
    """Rank correlation of one year's edge with the next one's.

    Parameters
    ----------
    year
        The earlier year; 0 for all pairs of years together.
    n_groups
        Groups with enough calls in both; of all pairs together, their sum.
    correlation
        Spearman's; `None` with fewer than three groups or without any difference among them.
    p
        Two-sided, by Fisher's z, which takes groups as independent.
    """

    year: int
    n_groups: int
    correlation: float | None
    p: float | None


def persistence(
    calls: CallTable, outcomes: Outcomes, members: Memberships, *, min_calls: int
) -> tuple[Persistence, ...]:
    """Compare the groups' edges of each two years that follow each other.

    Parameters
    ----------
    calls, outcomes
        `(n,)` calls and how they ended.
    members
        Their groups.
    min_calls
        Matured calls that a group needs in each year.

    Returns
    -------
    tuple of Persistence
        One for each pair of years with calls, then all pairs together; empty without any pair.
    """
    year = calls.published.astype("datetime64[Y]").astype(np.int64) + 1970
    edge = outcomes.met.astype(np.float64) - outcomes.rates.at_end
    usable = outcomes.matured & np.isfinite(edge)
    if not usable.any():
        return ()
    found = []
    for earlier in range(int(year[usable].min()), int(year[usable].max())):
        known = outcomes.end < np.datetime64(f"{earlier + 1}-01-01", "D")
        before = _edges(members, edge, usable & (year == earlier) & known, min_calls)
        after = _edges(members, edge, usable & (year == earlier + 1), min_calls)
        both = np.isfinite(before) & np.isfinite(after)
        found.append(_compared(earlier, before[both], after[both]))
    return (*found, _together(found)) if found else ()


def _edges(members: Memberships, edge: FloatArray, chosen: FlagArray, min_calls: int) -> FloatArray:
    mine = chosen[members.call]
    n_groups = len(members.keys)
    count = np.bincount(members.group[mine], minlength=n_groups)
    total = np.bincount(members.group[mine], weights=edge[members.call[mine]], minlength=n_groups)
    enough = count >= max(min_calls, 1)
    return np.where(enough, total / np.maximum(count, 1), np.nan)


def _compared(year: int, before: FloatArray, after: FloatArray) -> Persistence:
    n = len(before)
    if n < _LEAST or np.ptp(before) == 0 or np.ptp(after) == 0:
        return Persistence(year=year, n_groups=n, correlation=None, p=None)
    ranks = _ranks(before), _ranks(after)
    correlation = float(np.corrcoef(*ranks)[0, 1])
    weight = float(n - _LEAST)
    return Persistence(
        year=year, n_groups=n, correlation=correlation, p=_fisher_p(correlation, weight)
    )


def _ranks(values: FloatArray) -> FloatArray:
    """Return ranks from 1; equal values share the mean of theirs."""
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    shared: FloatArray = last - (counts - 1) / 2
    return shared[inverse]


def _together(found: list[Persistence]) -> Persistence:
    """Join pairs of years by Fisher's z, each weighed by its groups less three."""
    told = [(item.correlation, item.n_groups) for item in found if item.correlation is not None]
    n_groups = sum(n for _, n in told)
    weight = float(sum(max(n - _LEAST, 0) for _, n in told))
    if not told or weight <= 0:
        return Persistence(year=0, n_groups=n_groups, correlation=None, p=None)
    mean = sum(_z(value) * max(n - _LEAST, 0) for value, n in told) / weight
    correlation = math.tanh(mean)
    return Persistence(
        year=0, n_groups=n_groups, correlation=correlation, p=_fisher_p(correlation, weight)
    )


def _z(correlation: float) -> float:
    return math.atanh(max(min(correlation, 1 - 1e-9), -1 + 1e-9))


def _fisher_p(correlation: float, weight: float) -> float | None:
    if weight <= 0:
        return None
    return math.erfc(abs(_z(correlation)) * math.sqrt(weight / 2))
