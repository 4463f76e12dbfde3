"""Clustering and cross-correlation of events whose windows share sessions.

One report names many listings of one theme, and many reports come in one week: their abnormal
returns move together, and tests that take them as independent find what is not there.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from screener.domain.arrays import FloatArray, FloatMatrix, IntArray, Places
from screener.study.returns import Timeline

__all__ = ["Clusters", "CrossCorrelation", "clusters_of"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Clusters:
    """Units that have their entry session in common, in calendar order.

    Parameters
    ----------
    of_unit
        `(n_units,)` cluster of each unit.
    sizes
        `(n_clusters,)` units of each.
    positions, calendars
        `(n_clusters,)` entry session and calendar, as in `Timeline`.
    days
        `(n_clusters,)` row of the entry session on the common axis, ascending.
    """

    of_unit: Places
    sizes: IntArray
    positions: IntArray
    calendars: IntArray
    days: IntArray

    def __len__(self) -> int:
        """Return how many clusters there are."""
        return len(self.sizes)


def clusters_of(timeline: Timeline) -> Clusters:
    """Return the clusters of units whose entry sessions are the same."""
    keys = np.stack([timeline.positions, timeline.calendars])
    found, of_unit, sizes = np.unique(keys, axis=1, return_inverse=True, return_counts=True)
    positions, calendars = found
    days = np.array(
        [timeline.own_rows[c][p] for p, c in zip(positions, calendars, strict=True)],
        dtype=np.int64,
    )
    order = np.argsort(days, kind="stable")
    rank = np.empty(len(order), dtype=np.intp)
    rank[order] = np.arange(len(order))
    return Clusters(
        of_unit=rank[of_unit.reshape(-1)],
        sizes=sizes[order].astype(np.int64),
        positions=positions[order],
        calendars=calendars[order],
        days=days[order],
    )


class CrossCorrelation:
    """Mean cross-correlation of some units, for any window.

    Parameters
    ----------
    residuals
        `(n_units, n_estimation)` of the estimation window; NaN where there was no return.
    timeline
        Their entry sessions.
    estimation
        First and last session of the estimation window.
    """

    def __init__(
        self, residuals: FloatMatrix, timeline: Timeline, *, estimation: tuple[int, int]
    ) -> None:
        self.n = len(residuals)
        self.clusters = clusters_of(timeline)
        self._timeline, self._estimation = timeline, estimation
        self._sums = _cluster_sums(residuals, self.clusters)
        self._pairs: dict[int, FloatArray] = {}
        self._spread: tuple[FloatMatrix, FloatMatrix] | None = None

    def mean(self, window: tuple[int, int]) -> float | None:
        """Return the mean correlation of the units' abnormal returns over one window.

        Over all pairs of units: the correlation of their residuals in the sessions that their
        estimation windows have in common, times the share of the window's sessions that both
        windows hold. Where all units have one entry session that is the r of Kolari and Pynnönen
        (2010); the share is that of Kolari, Pape and Pynnönen (2018). Pairs whose windows share no
        session count as uncorrelated.

        Parameters
        ----------
        window
            First and last session of the window in question.

        Returns
        -------
        float or None
            `None` for fewer than two units.
        """
        if self.n < 2:
            return None
        sizes = self.clusters.sizes
        within = float((np.einsum("gt,gt->g", self._sums, self._sums) - sizes).sum())
        return (within + 2 * self._across(window)) / (self.n * (self.n - 1))

    def _across(self, window: tuple[int, int]) -> float:
        """Return the weighted sum over pairs of units of different clusters, each pair once."""
        judged = _rows(self.clusters, self._timeline, window)
        total = 0.0
        for lag in range(1, len(self.clusters)):
            near = np.flatnonzero(judged[:-lag, -1] >= judged[lag:, 0])
            if not len(near):
                break
            weight = self._shared(judged, near, lag) / judged.shape[1]
            total += float((weight * self._alike(lag)[near]).sum())
        return total

    def _shared(self, judged: IntArray, near: IntArray, lag: int) -> IntArray:
        """Return how many sessions of the window pairs of clusters have in common."""
        later = near + lag
        positions, calendars = self.clusters.positions, self.clusters.calendars
        apart = np.abs(positions[later] - positions[near])
        shared: IntArray = np.maximum(judged.shape[1] - apart, 0)
        for at in np.flatnonzero(calendars[near] != calendars[later]):
            shared[at] = len(np.intersect1d(judged[near[at]], judged[later[at]]))
        return shared

    def _alike(self, lag: int) -> FloatArray:
        """Return the sum of correlations over the pairs of units of clusters `lag` apart."""
        if lag not in self._pairs:
            values, present = self._on_axis()
            common = np.einsum("gt,gt->g", present[:-lag], present[lag:])
            together = np.einsum("gt,gt->g", values[:-lag], values[lag:])
            scale = self._sums.shape[1] / np.maximum(common, 1)
            self._pairs[lag] = np.where(common > 1, together * scale, 0.0)
        return self._pairs[lag]

    def _on_axis(self) -> tuple[FloatMatrix, FloatMatrix]:
        """Return `(n_clusters, n_rows)` sums on the common axis, and 1 where there are any."""
        if self._spread is None:
            learned = _rows(self.clusters, self._timeline, self._estimation)
            n_rows = 1 + int(learned.max())
            self._spread = (
                _spread(self._sums, learned, n_rows),
                _spread(np.ones_like(self._sums), learned, n_rows),
            )
        return self._spread


def _cluster_sums(residuals: FloatMatrix, clusters: Clusters) -> FloatMatrix:
    """Return the sums of each cluster's residuals, each unit's of mean 0 and length 1."""
    order = np.argsort(clusters.of_unit, kind="stable")
    starts = np.cumsum(clusters.sizes) - clusters.sizes
    sums = np.empty((len(clusters), residuals.shape[1]))
    for at, (start, size) in enumerate(zip(starts, clusters.sizes, strict=True)):
        own = residuals[order[start : start + size]]
        known = np.isfinite(own)
        counts = known.sum(axis=1, keepdims=True)
        kept = own if known.all() else np.where(known, own, 0.0)
        moved = kept - kept.sum(axis=1, keepdims=True) / counts
        if counts.min() < own.shape[1]:
            moved = np.where(known, moved, 0.0)
        lengths = np.sqrt(np.einsum("nt,nt->n", moved, moved))
        sums[at] = (1 / lengths) @ moved
    return sums


def _rows(clusters: Clusters, timeline: Timeline, window: tuple[int, int]) -> IntArray:
    """Return `(n_clusters, n_sessions)` rows of a window, -1 for a session before the axis."""
    steps = np.arange(window[0], window[1] + 1)
    found = np.full((len(clusters), len(steps)), -1, dtype=np.int64)
    for calendar, own in enumerate(timeline.own_rows):
        mine = clusters.calendars == calendar
        at = clusters.positions[mine][:, np.newaxis] + steps
        # Sessions past the axis get rows of their own past its end: only their number matters.
        beyond = own[-1] + 1 + (at - len(own)) if len(own) else at
        inside = own[np.clip(at, 0, len(own) - 1)]
        found[mine] = np.where(at < 0, -1, np.where(at < len(own), inside, beyond))
    return found


def _spread(values: FloatMatrix, rows: IntArray, n_rows: int) -> FloatMatrix:
    """Return `(n_clusters, n_rows)` the values at their rows of the common axis, 0 elsewhere."""
    spread = np.zeros((len(values), n_rows + 1))
    np.put_along_axis(spread, np.where(rows < 0, n_rows, rows), values, axis=1)
    found: FloatMatrix = spread[:, :n_rows]
    return found
