"""What chance alone gives: how many of all listings kept the same promise over the same sessions.

The base rate of a call is taken over every listing of its market that traded on the call's first
session, those delisted since included, from the same close to the same close, against the same
benchmark and by the same rule. A listing whose end is not known is left out and not counted.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

from screener.domain.wealth import IndexSeries, WealthPanel
from screener.scoring.bands import Bands, Direction

__all__ = ["BaseRates", "Stretch", "base_rates", "reached_within"]

_FloatArray = npt.NDArray[np.float64]
_IntArray = npt.NDArray[np.int64]


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
        Of `domain.wealth.Peers`.
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
    mean_active
        Their mean active return, in the direction of the call's rating; NaN for a band around
        the benchmark.
    """

    at_end: _FloatArray
    any_time: _FloatArray
    tradable: _FloatArray
    n_listings: _FloatArray
    mean_active: _FloatArray

    @classmethod
    def empty(cls, n: int) -> BaseRates:
        """Return rates that are all undefined."""
        return cls(**{part.name: np.full(n, np.nan) for part in fields(cls)})

    def put(self, rows: _IntArray, other: BaseRates) -> None:
        """Write the rates of some rows."""
        for part in fields(self):
            getattr(self, part.name)[rows] = getattr(other, part.name)


def base_rates(panel: WealthPanel, stretch: Stretch, bands: Bands) -> BaseRates:
    """Return the base rate of each band over one stretch.

    Parameters
    ----------
    panel
        The market.
    stretch
        Sessions, benchmark and peers.
    bands
        `(n,)` bands; each distinct one is counted once.
    """
    found = BaseRates.empty(len(bands))
    pool = np.flatnonzero(panel.traded[stretch.start] & (panel.peers == stretch.peers))
    active = _active(panel, stretch)[pool]
    known = np.isfinite(active)
    if stretch.peers == 0 or not known.any():
        return found
    pool, active = pool[known], active[known]
    bought = _from_open(panel, stretch)[pool]
    bought = bought[np.isfinite(bought)]
    for rows in _distinct(bands):
        one = bands.take(rows[:1])
        at_end = float(one.keeps(active).mean())
        found.at_end[rows] = at_end
        found.n_listings[rows] = len(active)
        found.tradable[rows] = one.keeps(bought).mean() if len(bought) else np.nan
        found.mean_active[rows] = _directed_mean(active, int(one.direction[0]))
        found.any_time[rows] = (
            at_end
            if stretch.first == stretch.end
            else reached_within(panel, stretch, one, pool).mean()
        )
    return found


def reached_within(
    panel: WealthPanel, stretch: Stretch, bands: Bands, columns: _IntArray
) -> _FloatArray:
    """Tell whether columns kept a promise at any session from the horizon's low end to its high.

    Parameters
    ----------
    panel, stretch
        The market and the sessions.
    bands
        `(n,)` bands, one for each column, or one for all.
    columns
        `(n,)` columns of the panel.

    Returns
    -------
    numpy.ndarray
        `(n,)` of 1 and 0. Sessions without a close count as not kept.
    """
    span = slice(stretch.first, stretch.end + 1)
    level = stretch.series.close
    with np.errstate(invalid="ignore", divide="ignore"):
        wealth = panel.close[span][:, columns] / panel.close[stretch.start][columns]
        active = wealth - (level[span] / level[stretch.start])[:, np.newaxis]
    if (bands.direction == Direction.UP).all():
        kept = bands.keeps(np.fmax.reduce(active, axis=0))
    elif (bands.direction == Direction.DOWN).all():
        kept = bands.keeps(np.fmin.reduce(active, axis=0))
    else:
        kept = np.asarray(bands.keeps(active).any(axis=0))
    return kept.astype(np.float64)


def _active(panel: WealthPanel, stretch: Stretch) -> _FloatArray:
    level = stretch.series.close
    with np.errstate(invalid="ignore", divide="ignore"):
        own = panel.close[stretch.end] / panel.close[stretch.start]
        found: _FloatArray = own - level[stretch.end] / level[stretch.start]
    return found


def _from_open(panel: WealthPanel, stretch: Stretch) -> _FloatArray:
    if stretch.entry < 0:
        return np.full(len(panel.listings), np.nan)
    series = stretch.series
    with np.errstate(invalid="ignore", divide="ignore"):
        own = panel.close[stretch.end] / panel.open[stretch.entry]
        found: _FloatArray = own - series.close[stretch.end] / series.open[stretch.entry]
    return found


def _directed_mean(active: _FloatArray, direction: int) -> float:
    return float(active.mean()) * direction if direction else np.nan


def _distinct(bands: Bands) -> list[_IntArray]:
    """Return the rows of each distinct band."""
    found: dict[tuple[float | None, float | None, int], list[int]] = {}
    parts = (bands.low.tolist(), bands.high.tolist(), bands.direction.tolist())
    for row, (low, high, direction) in enumerate(zip(*parts, strict=True)):
        key = (None if np.isnan(low) else low, None if np.isnan(high) else high, direction)
        found.setdefault(key, []).append(row)
    return [np.array(rows, dtype=np.int64) for rows in found.values()]
