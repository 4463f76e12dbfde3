"""Calendar-time portfolios of calls: what following all of them at once would have added.

On every session the portfolio holds each call that is open then, in equal parts: from the reader's
open to the end of the call's horizon. Its returns are regressed on those of the benchmarks, with
errors of Newey and West (1987): calls that overlap are one portfolio, and not many observations.
Source: Jaffe (Journal of Business 47, 1974) and Mandelker (Journal of Financial Economics 1, 1974).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from screener.domain.arrays import DayArray, FloatArray, IntArray
from screener.domain.listing import Listing
from screener.domain.total_return import TotalReturnPanel
from screener.errors import ComputeError
from screener.scoring.definitions.contracts import default_index
from screener.scoring.score import Judged
from screener.study.statistics.distributions import normal_two_sided
from screener.study.statistics.regression import automatic_lag, least_squares

__all__ = ["LEAST_SESSIONS", "CalendarTime", "calendar_time"]

LEAST_SESSIONS = 30
"""Fewer sessions with an open call give no alpha."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarTime:
    """The portfolio of some matured calls.

    Parameters
    ----------
    n_sessions
        Sessions on which at least one of them was open.
    alpha
        Return a session that the benchmarks do not explain, as a fraction, in the direction of the
        ratings; `None` for too few sessions.
    t, p
        It by its standard error, and the two-sided p of it.
    """

    n_sessions: int
    alpha: float | None = None
    t: float | None = None
    p: float | None = None


def calendar_time(
    judged: Judged, panels: Sequence[TotalReturnPanel], rows: IntArray
) -> CalendarTime:
    """Return the portfolio of some calls; only matured ones count.

    Parameters
    ----------
    judged
        Every call and how it ended.
    panels
        The panels that they were judged on.
    rows
        Places of the calls.
    """
    axis = np.unique(np.concatenate([panel.sessions for panel in panels]))
    held, own, other = (np.zeros(len(axis)) for _ in range(3))
    matured = rows[judged.outcomes.matured[rows]]
    for panel in panels:
        _add(_Market(panel, axis), judged, matured, (held, own, other))
    some = held > 0
    return _fit(own[some] / held[some], other[some] / held[some])


class _Market:
    """One panel: its columns, and where its sessions stand on the common axis."""

    def __init__(self, panel: TotalReturnPanel, axis: DayArray) -> None:
        self.panel = panel
        self.column = {listing: at for at, listing in enumerate(panel.listings)}
        self.places = np.searchsorted(axis, panel.sessions)

    def returns(self, opens: FloatArray, closes: FloatArray, span: slice) -> FloatArray:
        """Return open to close of a first row, then close to close up to a last one."""
        before = np.concatenate([[opens[span.start]], closes[span.start : span.stop - 1]])
        found: FloatArray = closes[span] / before - 1
        return found


def _add(
    market: _Market,
    judged: Judged,
    rows: IntArray,
    sums: tuple[FloatArray, FloatArray, FloatArray],
) -> None:
    """Add the calls on one market to the numbers and the returns of what is held."""
    panel, outcomes, directions = market.panel, judged.outcomes, judged.directions
    held, own, other = sums
    for row in rows.tolist():
        subject = judged.subject[row]
        # A promise of the security's own return is regressed on its market, as any other.
        index = judged.index[row] or default_index(mainland=panel.mainland)
        if not isinstance(subject, Listing) or subject not in market.column:
            continue
        if np.isnat(outcomes.entry[row]) or index not in panel.indices:
            continue
        first, last = np.searchsorted(panel.sessions, [outcomes.entry[row], outcomes.end[row]])
        if last < first:  # over before a reader could act
            continue
        at, series = market.column[subject], panel.indices[index]
        span = slice(int(first), int(last) + 1)
        stock = market.returns(panel.open[:, at], panel.close[:, at], span)
        bench = market.returns(series.open, series.close, span)
        known = np.isfinite(stock) & np.isfinite(bench)
        where = market.places[span][known]
        held[where] += 1
        own[where] += directions[row] * stock[known]
        other[where] += directions[row] * bench[known]


def _fit(own: FloatArray, other: FloatArray) -> CalendarTime:
    n = len(own)
    if n < LEAST_SESSIONS:
        return CalendarTime(n_sessions=n)
    try:
        fit = least_squares(own, other[np.newaxis, :], lag=automatic_lag(n))
    except ComputeError:  # a benchmark that does not vary explains nothing
        return CalendarTime(n_sessions=n)
    alpha, error = fit.coefficients[0], fit.errors[0]
    if not error > 0:
        return CalendarTime(n_sessions=n, alpha=alpha)
    value = alpha / error
    return CalendarTime(n_sessions=n, alpha=alpha, t=value, p=normal_two_sided(value))
