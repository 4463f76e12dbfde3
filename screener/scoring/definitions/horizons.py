"""Calendar months after a day, and the sessions they end on."""

from __future__ import annotations

import numpy as np

from screener.domain.arrays import DayArray, IntArray

__all__ = ["add_months", "first_on_or_after", "last_on_or_before"]


def add_months(days: DayArray, months: IntArray) -> DayArray:
    """Return the same day some calendar months later, the month's last where it has no such day.

    Parameters
    ----------
    days
        `(n,)` days; NaT stays NaT.
    months
        `(n,)` months to add.

    Returns
    -------
    numpy.ndarray
        `(n,)` days: 2025-08-31 and 6 months give 2026-02-28.
    """
    month = days.astype("datetime64[M]")
    day_of_month = (days - month.astype("datetime64[D]")).astype(np.int64)
    target = month + months.astype("timedelta64[M]")
    first = target.astype("datetime64[D]")
    length = ((target + 1).astype("datetime64[D]") - first).astype(np.int64)
    moved: DayArray = first + np.minimum(day_of_month, length - 1).astype("timedelta64[D]")
    moved[np.isnat(days)] = np.datetime64("NaT")
    return moved


def last_on_or_before(sessions: DayArray, days: DayArray) -> IntArray:
    """Return for each day the place of the last session on or before it.

    Parameters
    ----------
    sessions
        `(n_sessions,)` sessions, ascending.
    days
        `(n,)` days.

    Returns
    -------
    numpy.ndarray
        `(n,)` places; −1 before the first session and for NaT. A day after the last session has
        the last one: whether that is its own, the caller must know from the calendar's end.
    """
    at = np.searchsorted(sessions, days, side="right").astype(np.int64) - 1
    at[np.isnat(days)] = -1
    return at


def first_on_or_after(sessions: DayArray, days: DayArray) -> IntArray:
    """Return for each day the place of the first session on or after it; −1 if there is none."""
    at = np.searchsorted(sessions, days, side="left").astype(np.int64)
    at[np.isnat(days) | (at == len(sessions))] = -1
    return at
