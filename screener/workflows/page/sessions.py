"""Intervals of the mean abnormal return of each session of a study."""

from __future__ import annotations

from collections.abc import Mapping

from screener.study.statistics.distributions import t_quantile
from screener.study.statistics.intervals import LEVEL

__all__ = ["session_interval"]


def session_interval(row: Mapping[str, object]) -> tuple[float, float] | None:
    """Return the interval of a session's mean abnormal return, by the cross-sectional t.

    The mean over its t is its standard error; with fewer than two events there is none.

    Parameters
    ----------
    row
        A row of `SESSIONS`.
    """
    mean, t, n = row["mean_ar"], row["t_value"], row["n"]
    if not isinstance(mean, float) or not isinstance(t, float) or not isinstance(n, int):
        return None
    if not t or n <= 1:
        return None
    half = abs(mean / t) * t_quantile(0.5 + LEVEL / 2, n - 1)
    return mean - half, mean + half
