"""How many sessions a year has, by the calendars themselves."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from functools import cache

import numpy as np

from screener.domain.arrays import SessionAxis
from screener.market.calendars import Calendar

__all__ = ["sessions_a_year"]


def sessions_a_year(calendars: Iterable[Calendar], days: SessionAxis) -> float | None:
    """Return the sessions a year of a series with a value on each of `days`.

    A year has the sessions of any of the calendars in it: a series over names of Shanghai and of
    Hong Kong has a value on the union of their sessions, and is annualised with the union. Over
    more than one year each session counts 1 / (sessions of its own year) of a year, so that a
    series over whole years is annualised over exactly so many.

    Parameters
    ----------
    calendars
        Calendars of the series' exchanges.
    days
        `(n_sessions,)` sessions of the series, ascending.

    Returns
    -------
    float or None
        Sessions a year, whole within one year; `None` without days.
    """
    together = frozenset(calendars)
    found, held = np.unique(days.astype("datetime64[Y]"), return_counts=True)
    counts = [_count(together, int(year.astype(int)) + 1970) for year in found]
    if len(set(counts)) <= 1:
        return float(counts[0]) if counts else None
    elapsed = sum(int(n) / count for n, count in zip(held, counts, strict=True))
    return len(days) / elapsed


@cache
def _count(calendars: frozenset[Calendar], year: int) -> int:
    # A year that a calendar records in part stands for itself by the next one that it has whole.
    first = max(calendar.first.year + 1 for calendar in calendars)
    whole = max(year, first)
    start, end = date(whole, 1, 1), date(whole, 12, 31)
    parts = [calendar.between(start, end) for calendar in calendars]
    return len(np.unique(np.concatenate(parts)))
