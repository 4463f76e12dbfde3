"""Base rates: how many of all listings met the same definition over the same sessions.

The base rate of a call is taken over every listing of its market that traded on the call's first
session, those delisted since included, from the same close to the same close, against the same
benchmark and by the same rule. A listing whose end is not known is left out and not counted.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from screener.domain.arrays import FlagArray, FloatArray, IntArray
from screener.domain.total_return import IndexSeries, Peers, TotalReturnPanel
from screener.scoring.definitions.bands import Bands, Direction

__all__ = ["LEAST_ALIKE", "BaseRates", "Stretch", "base_rates", "reached_within"]

LEAST_ALIKE = 10
"""Stocks of one industry that a base rate of it needs."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Stretch:
    """Sessions and benchmark that some calls share; the sessions are rows of a panel.

    Parameters
    ----------
    start, end
        First and last close.
    entry
        The reader's open; −1 for none.
    first
        Low end of the horizon, from which on "any time" counts.
    series
        The benchmark.
    peers
        Of `domain.total_return.Peers`.
    """

    start: int
    entry: int
    first: int
    end: int
    series: IndexSeries
    peers: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BaseRates:
    """Base rates of calls, `(n,)` each, as fractions; NaN where there is no listing to count.

    Parameters
    ----------
    at_end, any_time, tradable
        By the headline rule at the horizon's end, at any session of it, and from the reader's
        open.
    n_listings
        How many listings `at_end` is taken over.
    industry
        As `at_end`, over the stocks of the call's industry on its first session; NaN for fewer
        than `LEAST_ALIKE`.
    mean_active
        Their mean active return, in the direction of the call's rating; NaN for a band around
        the benchmark.
    """

    at_end: FloatArray
    any_time: FloatArray
    tradable: FloatArray
    n_listings: FloatArray
    industry: FloatArray
    mean_active: FloatArray

    @classmethod
    def empty(cls, n: int) -> BaseRates:
        """Return rates that are all undefined."""
        return cls(**{part.name: np.full(n, np.nan) for part in fields(cls)})

    def put(self, rows: IntArray, other: BaseRates) -> None:
        """Write the rates of some rows."""
        for part in fields(self):
            getattr(self, part.name)[rows] = getattr(other, part.name)


def base_rates(
    panel: TotalReturnPanel, stretch: Stretch, bands: Bands, columns: IntArray
) -> tuple[BaseRates, FloatArray]:
    """Return the base rate of each band over one stretch, and whether calls were kept within it.

    Parameters
    ----------
    panel
        The market.
    stretch
        Sessions, benchmark and peers.
    bands, columns
        `(n,)` bands, each distinct one counted once, and the columns of their calls.

    Returns
    -------
    tuple
        The rates, and `(n,)` of 1 and 0: whether each call was kept at any time of the horizon.
    """
    found, within = BaseRates.empty(len(bands)), np.full(len(bands), np.nan)
    every = _active(panel, stretch)
    pool = np.flatnonzero(
        panel.traded[stretch.start] & (panel.peers == stretch.peers) & np.isfinite(every)
    )
    sectors = panel.sector_codes(stretch.start) if stretch.peers == Peers.STOCKS else None
    active, bought = every[pool], _from_open(panel, stretch)[pool]
    bought = bought[np.isfinite(bought)]
    for rows in _distinct(bands):
        one = bands.take(rows[:1])
        flat = stretch.first == stretch.end
        reached = one.keeps(every) if flat else reached_within(panel, stretch, one)
        within[rows] = reached[columns[rows]]
        if stretch.peers == Peers.NONE or not len(pool):
            continue
        kept = one.keeps(active)
        found.at_end[rows] = kept.mean()
        if sectors is not None:
            found.industry[rows] = _by_sector(kept, sectors[pool], sectors[columns[rows]])
        found.any_time[rows] = reached[pool].mean()
        found.n_listings[rows] = len(pool)
        found.tradable[rows] = one.keeps(bought).mean() if len(bought) else np.nan
        found.mean_active[rows] = _directed_mean(active, int(one.direction[0]))
    return found, within


def _by_sector(kept: FlagArray, sectors: IntArray, wanted: IntArray) -> FloatArray:
    """Return the share that was kept in each wanted industry; NaN where too few are in it."""
    n_codes = int(max(sectors.max(initial=0), wanted.max(initial=0))) + 1
    counts = np.bincount(sectors, minlength=n_codes).astype(np.float64)
    counts[0] = 0  # an industry that nobody tells
    hits = np.bincount(sectors, weights=kept, minlength=n_codes)
    rates = np.full(n_codes, np.nan)
    np.divide(hits, counts, out=rates, where=counts >= LEAST_ALIKE)
    return rates[wanted]


def reached_within(panel: TotalReturnPanel, stretch: Stretch, band: Bands) -> FloatArray:
    """Tell of every column whether it met its band at any session from the horizon's low end on.

    Parameters
    ----------
    panel, stretch
        The market and the sessions.
    band
        One band.

    Returns
    -------
    numpy.ndarray
        `(n_listings,)` of 1 and 0. Sessions without a close count as not kept.
    """
    direction = int(band.direction[0])
    start, level = panel.close[stretch.start], stretch.series.close
    kept = np.zeros(len(start), dtype=np.bool_)
    best = np.full(len(start), np.nan)
    extreme = np.fmax if direction == Direction.UP else np.fmin
    active = np.empty(len(start))
    with np.errstate(invalid="ignore", divide="ignore"):
        for row in range(stretch.first, stretch.end + 1):  # row by row stays in the cache
            np.divide(panel.close[row], start, out=active)
            np.subtract(active, level[row] / level[stretch.start], out=active)
            if direction == Direction.LEVEL:
                kept |= band.keeps(active)
            else:
                extreme(best, active, out=best)
    return np.asarray(kept if direction == Direction.LEVEL else band.keeps(best), dtype=np.float64)


def _active(panel: TotalReturnPanel, stretch: Stretch) -> FloatArray:
    level = stretch.series.close
    with np.errstate(invalid="ignore", divide="ignore"):
        own = panel.close[stretch.end] / panel.close[stretch.start]
        found: FloatArray = own - level[stretch.end] / level[stretch.start]
    return found


def _from_open(panel: TotalReturnPanel, stretch: Stretch) -> FloatArray:
    if stretch.entry < 0:
        return np.full(len(panel.listings), np.nan)
    series = stretch.series
    with np.errstate(invalid="ignore", divide="ignore"):
        own = panel.close[stretch.end] / panel.open[stretch.entry]
        found: FloatArray = own - series.close[stretch.end] / series.open[stretch.entry]
    return found


def _directed_mean(active: FloatArray, direction: int) -> float:
    return float(active.mean()) * direction if direction else np.nan


def _distinct(bands: Bands) -> list[IntArray]:
    """Return the rows of each distinct band."""
    found: dict[tuple[float | None, float | None, int], list[int]] = {}
    parts = (bands.low.tolist(), bands.high.tolist(), bands.direction.tolist())
    for row, (low, high, direction) in enumerate(zip(*parts, strict=True)):
        key = (None if np.isnan(low) else low, None if np.isnan(high) else high, direction)
        found.setdefault(key, []).append(row)
    return [np.array(rows, dtype=np.int64) for rows in found.values()]
