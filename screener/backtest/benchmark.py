"""Benchmarks: each name's own window on an index, weighted as the basket."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np

from screener.domain.arrays import FloatMatrix, FloatVector, IntArray, SessionAxis
from screener.domain.basket import EntryPrice
from screener.domain.listing import Listing
from screener.domain.panel import PricePanel
from screener.errors import BarsMissing
from screener.language import say
from screener.market.calendars import Calendar
from screener.paths.windows import Window

__all__ = ["BenchmarkSeries", "benchmark_path", "benchmark_return", "index_path"]

"""Default benchmark of a name, by whether its exchange is on the mainland."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BenchmarkSeries:
    """Bars of one benchmark in the base currency.

    Parameters
    ----------
    listing
        The index.
    basis
        `price` or `total`: whether its level includes dividends.
    calendar
        Sessions of its exchange.
    sessions
        `(n,)` sessions with a bar, ascending.
    values
        `(n, 2)` open and close in the base currency; NaN where there is no fresh fixing.
    """

    listing: Listing
    basis: str
    calendar: Calendar
    sessions: SessionAxis
    values: FloatMatrix


def benchmark_return(
    panel: PricePanel, window: Window, series: Mapping[Listing, BenchmarkSeries]
) -> float | None:
    """Return the benchmark's return over a window, as a fraction.

    Every name that has a weight counts with its own window: the benchmark's open on the name's
    scheduled entry to its close on the last session valued; names bought at the close count from
    the benchmark's close. Where the benchmark's exchange is closed on such a day, its next session
    after the entry, from the open on, and its last one before the end count. A name that leaves
    early, at an open, has the benchmark's open of that session.

    Parameters
    ----------
    panel
        The panel of the window.
    window
        The window.
    series
        Benchmark of each name of the window.

    Returns
    -------
    float or None
        `None` if a name's window holds no session of its benchmark's exchange.

    Raises
    ------
    BarsMissing
        If a benchmark lacks a bar on a session that counts.
    """
    total = 0.0
    for (benchmark, entry_row, end, early), weight in _shares(panel, window, series).items():
        entry, last = panel.session(entry_row), panel.session(end)
        own = _own_return(benchmark, entry, last, window.price, early=early)
        if own is None:
            return None
        total += weight * own
    return total


def benchmark_path(
    panel: PricePanel,
    window: Window,
    series: Mapping[Listing, BenchmarkSeries],
    rows: IntArray,
) -> FloatVector:
    """Return the benchmark's value at each close of a window's path, 1 before it.

    Every name that has a weight counts with its own window, as in `benchmark_return`: 1 until its
    benchmark opens, then close over that opening, and the last value from its window's end on.
    The last close stays where the benchmark's exchange has no session. The last value less 1 is
    `benchmark_return`.

    Parameters
    ----------
    panel
        The panel of the window.
    window
        The window.
    series
        Benchmark of each name of the window.
    rows
        `(n_sessions,)` rows of the path, counted from the window's first, ascending.

    Returns
    -------
    numpy.ndarray
        `(n_sessions,)` value for 1 invested in the base currency; empty where `benchmark_return`
        is `None`.

    Raises
    ------
    BarsMissing
        If a benchmark lacks a bar on any session of its exchange within a name's window.
    """
    days = panel.sessions[window.first_row + rows]
    path = np.ones(len(days))
    for (benchmark, entry_row, end, early), weight in _shares(panel, window, series).items():
        entry, last = panel.session(entry_row), panel.session(end)
        own = index_path(benchmark, entry, last, days, window.price, early=early)
        if own is None:
            return np.empty(0)
        path += weight * (own - 1)
    return path


def _shares(
    panel: PricePanel, window: Window, series: Mapping[Listing, BenchmarkSeries]
) -> dict[tuple[BenchmarkSeries, int, int, bool], float]:
    """Return the weight of each benchmark from one row to another, as its names have them.

    The flag tells whether it ends at the open of that row: its names left early.
    """
    shares: dict[tuple[BenchmarkSeries, int, int, bool], float] = {}
    for leg, weight, end in zip(window.legs, window.weights, window.end_rows, strict=True):
        if leg.entry_row is not None and end >= leg.entry_row:
            early = leg.early and end == leg.exit_row
            span = (series[panel.listings[leg.column]], leg.entry_row, end, early)
            shares[span] = shares.get(span, 0.0) + weight
    return shares


def index_path(
    series: BenchmarkSeries,
    entry: date,
    end: date,
    days: SessionAxis,
    price: EntryPrice,
    *,
    early: bool = False,
) -> FloatVector | None:
    """Return `(n_days,)` value of an index at each close from an entry to an end, 1 before it.

    Its last value is that of the open if it ends early. The last close stays where its exchange has
    no session; `None` where it has none at all.

    Raises
    ------
    BarsMissing
        If it lacks a bar on any session of its exchange in between.
    """
    own = series.calendar.between(entry, end)
    if not len(own):
        return None
    at = np.searchsorted(series.sessions, own)
    if at[-1] >= len(series.sessions) or (series.sessions[at] != own).any():
        raise _not_covered(series, entry, end)
    bars = series.values[at]
    closes, opened = bars[:, 1].copy(), bars[0, _first_column(own, entry, price)]
    closes[-1] = bars[-1, _last_column(own, end, early)]
    if not (np.isfinite(opened) and np.isfinite(closes).all()):
        raise _no_value(series, entry, end, bars[0])
    values = np.concatenate([[1.0], closes / opened])
    path: FloatVector = values[np.searchsorted(own, days, side="right")]
    return path


def _first_column(days: SessionAxis, entry: date, price: EntryPrice) -> int:
    """Return which column a window begins with: the close if its names are bought at it."""
    return int(price is EntryPrice.CLOSE and days[0] == np.datetime64(entry, "D"))


def _last_column(days: SessionAxis, end: date, early: bool) -> int:
    """Return which column a window ends with: the open if its names leave at it."""
    return int(not (early and days[-1] == np.datetime64(end, "D")))


def _own_return(
    series: BenchmarkSeries, entry: date, end: date, price: EntryPrice, *, early: bool
) -> float | None:
    days = series.calendar.between(entry, end)
    if not len(days):
        return None
    ends = np.array([days[0], days[-1]])
    at = np.searchsorted(series.sessions, ends)
    if at[1] >= len(series.sessions) or (series.sessions[at] != ends).any():
        raise _not_covered(series, entry, end)
    opened = series.values[at[0], _first_column(days, entry, price)]
    closed = series.values[at[1], _last_column(days, end, early)]
    if not (np.isfinite(opened) and np.isfinite(closed)):
        raise _no_value(series, entry, end, series.values[at[0]])
    return float(closed / opened - 1)


def _no_value(series: BenchmarkSeries, entry: date, end: date, first: FloatVector) -> BarsMissing:
    if np.isfinite(first[1]) and np.isnan(first[0]):
        return BarsMissing(
            say(
                "benchmark {listing} has no opening value at the entry of {entry}",
                listing=series.listing,
                entry=entry,
            ),
            fix=say("import its bars with their opens, or buy at the close: --entry close"),
        )
    return BarsMissing(
        say(
            "benchmark {listing} has no value in the base currency from {entry} to {end}",
            listing=series.listing,
            entry=entry,
            end=end,
        ),
        fix=say("import the fixings: `screener data import FILE --kind fx`"),
    )


def _not_covered(series: BenchmarkSeries, entry: date, end: date) -> BarsMissing:
    days = series.calendar.between(entry, end)
    missing = days[~np.isin(days, series.sessions)]
    held = (
        say(
            "it has no bar on {day}; its bars run to {last}",
            day=missing[0],
            last=series.sessions[-1],
        )
        if len(series.sessions)
        else say("it has no bars in the tables")
    )
    return BarsMissing(
        say(
            "benchmark {listing} does not cover {entry} to {end}: {held}",
            listing=series.listing,
            entry=entry,
            end=end,
            held=held,
        ),
        fix=say(
            "`screener data import FILE --kind index --listing {listing}`, or choose "
            "another with --benchmark",
            listing=series.listing,
        ),
    )
