"""Whether the drift takes back what came before it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from screener.domain.arrays import FloatMatrix, FloatVector
from screener.study.results import TestResult
from screener.study.returns import Timeline
from screener.study.statistics.clustering import CrossCorrelation
from screener.study.statistics.parametric import cross_sectional_test

__all__ = ["Reversal", "reversal_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reversal:
    """How the drift answers run-up and day.

    Parameters
    ----------
    n
        Events that have finished all three.
    moved, drifted
        Mean size of run-up and day together, and mean drift in their direction: negative where it
        goes against them. `None` without an event.
    taken_back
        Share of all run-ups and days that the drifts took back; negative where they went on.
    n_against
        Events whose drift goes against their run-up and day.
    test
        Whether the mean drift in their direction differs from 0, errors widened for events that
        move together.
    """

    n: int
    moved: float | None
    drifted: float | None
    taken_back: float | None
    n_against: int
    test: TestResult


def reversal_of(
    before: FloatVector,
    drift: FloatVector,
    residuals: FloatMatrix,
    timeline: Timeline,
    *,
    estimation: tuple[int, int],
    window: tuple[int, int],
) -> Reversal:
    """Compare each event's drift with its run-up and day.

    Parameters
    ----------
    before
        `(n_events,)` abnormal return of run-up and day together; NaN where not known.
    drift
        `(n_events,)` that of the drift; NaN where not known.
    residuals, timeline, estimation
        As in `CrossCorrelation`.
    window
        First and last session of the drift.
    """
    known = np.flatnonzero(np.isfinite(before) & np.isfinite(drift) & (before != 0))
    signs = np.sign(before[known])
    along = drift[known] * signs
    signed = residuals[known] * signs[:, np.newaxis]
    alike = CrossCorrelation(signed, timeline.take(known), estimation=estimation).mean(window)
    n, sizes = len(known), np.abs(before[known])
    return Reversal(
        n=n,
        moved=float(sizes.mean()) if n else None,
        drifted=float(along.mean()) if n else None,
        taken_back=-float(along.sum() / sizes.sum()) if n else None,
        n_against=int((along < 0).sum()),
        test=cross_sectional_test(along, correlation=min(max(alike or 0.0, 0.0), 1 - 1e-9)),
    )
