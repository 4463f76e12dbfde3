"""How alike events are whose windows share sessions.

One report names many listings of one theme, and many reports come in one week: their abnormal
returns move together, and tests that take them as independent find what is not there.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from screener.study.returns import FloatMatrix, FloatVector, RowVector, Timeline

__all__ = ["Clusters", "clusters_of", "mean_correlation"]


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

    of_unit: npt.NDArray[np.intp]
    sizes: RowVector
    positions: RowVector
    calendars: RowVector
    days: RowVector

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


def mean_correlation(
    residuals: FloatMatrix,
    timeline: Timeline,
    *,
    estimation: tuple[int, int],
    window: tuple[int, int],
) -> float | None:
    """Return the mean correlation of the units' abnormal returns over one window.

    Over all pairs of units: the correlation of their residuals in the sessions that their
    estimation windows have in common, times the share of the window's sessions that both windows
    hold. Where all units have one entry session that is the r of Kolari and Pynnönen (2010); the
    share is that of Kolari, Pape and Pynnönen (2018). Pairs whose windows share no session count
    as uncorrelated.

    Parameters
    ----------
    residuals
        `(n_units, n_estimation)` of the estimation window; NaN where there was no return.
    timeline
        Entry sessions.
    estimation
        First and last session of the estimation window.
    window
        First and last session of the window in question.

    Returns
    -------
    float or None
        `None` for fewer than two units.
    """
    n = len(residuals)
    if n < 2:
        return None
    clusters = clusters_of(timeline)
    sums, squares = _cluster_sums(residuals, clusters)
    together = float((np.einsum("gt,gt->g", sums, sums) - squares).sum())
    together += 2 * _across(sums, clusters, timeline, estimation, window)
    return together / (n * (n - 1))


def _cluster_sums(residuals: FloatMatrix, clusters: Clusters) -> tuple[FloatMatrix, FloatVector]:
    """Return the sums of each cluster's residuals of length 1, and of their squares."""
    known = np.isfinite(residuals)
    every = bool(known.all())
    kept = residuals if every else np.where(known, residuals, 0.0)
    means = kept.sum(axis=1) / np.maximum(known.sum(axis=1), 1)
    norms = np.sqrt(np.einsum("nt,nt->n", kept, kept) - known.sum(axis=1) * means**2)
    order = np.argsort(clusters.of_unit, kind="stable")
    starts = np.concatenate([[0], np.cumsum(clusters.sizes)[:-1]])
    sums = np.empty((len(clusters), residuals.shape[1]))
    for at, (start, size) in enumerate(zip(starts, clusters.sizes, strict=True)):
        units = order[start : start + size]
        moved = kept[units] - means[units, np.newaxis]
        if not every:
            moved[~known[units]] = 0.0
        sums[at] = (1 / norms[units]) @ moved
    return sums, clusters.sizes.astype(np.float64)


def _across(
    sums: FloatMatrix,
    clusters: Clusters,
    timeline: Timeline,
    estimation: tuple[int, int],
    window: tuple[int, int],
) -> float:
    """Return the weighted sum over pairs of units of different clusters, each pair once."""
    learned = _rows(clusters, timeline, estimation)
    judged = _rows(clusters, timeline, window)
    n_rows = 1 + max(int(learned.max()), int(judged.max()))
    values = _spread(sums, learned, n_rows)
    present = _spread(np.ones_like(sums), learned, n_rows)
    counted = _spread(np.ones(judged.shape), judged, n_rows)
    total = 0.0
    for lag in range(1, len(clusters)):
        near = np.flatnonzero(judged[:-lag, -1] >= judged[lag:, 0])
        if not len(near):
            break
        shared = np.einsum("gt,gt->g", counted[near], counted[near + lag])
        common = np.einsum("gt,gt->g", present[near], present[near + lag])
        alike = np.einsum("gt,gt->g", values[near], values[near + lag])
        weight = shared / judged.shape[1]
        scale = sums.shape[1] / np.maximum(common, 1)
        total += float((weight * scale * alike)[common > 1].sum())
    return total


def _rows(clusters: Clusters, timeline: Timeline, window: tuple[int, int]) -> RowVector:
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


def _spread(values: FloatMatrix, rows: RowVector, n_rows: int) -> FloatMatrix:
    """Return `(n_clusters, n_rows)` the values at their rows of the common axis, 0 elsewhere."""
    spread = np.zeros((len(values), n_rows + 1))
    np.put_along_axis(spread, np.where(rows < 0, n_rows, rows), values, axis=1)
    found: FloatMatrix = spread[:, :n_rows]
    return found
