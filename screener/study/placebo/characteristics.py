"""What stocks are told apart by, as of the session before a purchase."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from screener.domain.arrays import FlagArray, FloatArray, FloatMatrix, Places
from screener.domain.market_panel import MarketPanel
from screener.domain.panel import carried
from screener.language import say
from screener.language.lists import about

__all__ = ["HISTORY", "SESSIONS", "Characteristic", "Traits", "size_before", "traits_before"]


SESSIONS = 60
"""Sessions before the purchase over which momentum, volatility and turnover are measured."""
HISTORY = SESSIONS + 21
"""Sessions of its exchange that a panel must hold before a purchase: a first close may be stale."""
LEAST = 20
"""Fewer returns, or days of turnover, than that tell nothing."""
KNOWN = 0.8
"""A characteristic is matched on if it is known for at least so many of the stocks."""


class Characteristic(StrEnum):
    """What a name and its controls have in common."""

    MARKET_VALUE = "size (market value)"
    TURNOVER = "size (turnover)"
    INDUSTRY = "industry"
    MOMENTUM = "momentum"
    VOLATILITY = "volatility"

    @property
    def told(self) -> str:
        """What it is called; its value is what it is called in files."""
        return _TOLD[self]()


_TOLD: dict[Characteristic, Callable[[], str]] = {
    Characteristic.MARKET_VALUE: lambda: say("size (market value)"),
    Characteristic.TURNOVER: lambda: say("size (turnover)"),
    Characteristic.INDUSTRY: lambda: say("industry"),
    Characteristic.MOMENTUM: lambda: say("momentum"),
    Characteristic.VOLATILITY: lambda: say("volatility"),
}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Traits:
    """Characteristics of every listing, those that can be matched on alone.

    Parameters
    ----------
    scores
        `(n_listings,)` each in units of its spread among the candidates; NaN where unknown.
    industries
        Industry of each listing that day, empty where unknown.
    lacking
        Why each of the others is left out.
    """

    scores: dict[Characteristic, FloatArray]
    industries: tuple[str, ...]
    lacking: tuple[str, ...]


def traits_before(market: MarketPanel, row: int, candidates: FlagArray) -> Traits:
    """Measure the stocks of one market at the close of the session before `row`.

    Size is the logarithm of the market value, or, where that is not known for enough stocks, of
    the mean turnover of 60 sessions, which stands in for it. Momentum is the total return of those
    sessions, volatility the standard deviation of the daily ones. Each is divided by its
    interquartile range among the candidates over 1.349, which is the standard deviation of normal
    numbers and is not moved by wrong prices.

    Parameters
    ----------
    market
        The market, from `HISTORY` sessions before the row on wherever the tables reach so far.
    row
        Row of the purchase; nothing of it or later is looked at.
    candidates
        `(n_listings,)` stocks of the market that may be drawn.
    """
    rows = _own_rows_before(market, row, candidates)
    lacking: list[str] = []
    size = size_before(market, rows, candidates, lacking)
    momentum, volatility = _moves(market, rows)
    measured = {
        **size,
        Characteristic.MOMENTUM: momentum,
        Characteristic.VOLATILITY: volatility,
    }
    scores = {}
    for name, values in measured.items():
        scaled, why = _scaled(values, candidates)
        if scaled is None:
            lacking.append(about(name.told, why))
        else:
            scores[name] = scaled
    industries = market.industries_on(int(rows[-1]) if len(rows) else row)
    if not any(industries):
        lacking.append(about(Characteristic.INDUSTRY.told, say("the tables know none")))
    return Traits(scores=scores, industries=industries, lacking=tuple(lacking))


def _own_rows_before(market: MarketPanel, row: int, candidates: FlagArray) -> Places:
    column = int(np.argmax(candidates))  # all are of one calendar
    own = market.prices.own_rows(column)
    return own[own < row][-HISTORY:]


def size_before(
    market: MarketPanel, rows: Places, candidates: FlagArray, lacking: list[str]
) -> dict[Characteristic, FloatArray]:
    """Return the size by market value if that is known for enough stocks, else by turnover.

    Parameters
    ----------
    market
        The market.
    rows
        Sessions of the candidates' exchange up to the one at whose close size is measured.
    candidates
        `(n_listings,)` stocks among which it must be known.
    lacking
        Takes why the market value is not it.

    Returns
    -------
    dict
        One measure with its `(n_listings,)` logarithms; NaN where unknown.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        if len(rows):
            value = np.log(market.market_cap[rows[-1]])
            share = _share_known(value, candidates)
            if share >= KNOWN:
                return {Characteristic.MARKET_VALUE: value}
            lacking.append(about(Characteristic.MARKET_VALUE.told, _known_for(share)))
        turnover = market.turnover[rows[-SESSIONS:]]
        traded = np.isfinite(turnover) & (turnover > 0)
        days = traded.sum(axis=0)
        mean = np.where(traded, turnover, 0.0).sum(axis=0) / np.where(days, days, 1)
        return {Characteristic.TURNOVER: np.where(days >= LEAST, np.log(mean), np.nan)}


def _moves(market: MarketPanel, rows: Places) -> tuple[FloatArray, FloatArray]:
    """Return the total return of the last sessions and the deviation of the daily ones."""
    n_listings = len(market.prices.listings)
    if len(rows) <= SESSIONS:
        return np.full(n_listings, np.nan), np.full(n_listings, np.nan)
    worth = market.prices.close[rows] * market.prices.factor[rows]
    closes = carried(worth)
    momentum = closes[-1] / closes[-SESSIONS - 1] - 1
    daily = worth[-SESSIONS:] / closes[-SESSIONS - 1 : -1] - 1  # NaN where there is no bar
    return momentum, _deviation(daily)


def _deviation(daily: FloatMatrix) -> FloatArray:
    known = np.isfinite(daily)
    count = known.sum(axis=0)
    enough = count >= LEAST
    divisor = np.where(enough, count, 2)
    mean = np.where(known, daily, 0.0).sum(axis=0) / divisor
    squares = np.where(known, daily - mean, 0.0) ** 2
    return np.where(enough, np.sqrt(squares.sum(axis=0) / (divisor - 1)), np.nan)


def _share_known(values: FloatArray, candidates: FlagArray) -> float:
    return float(np.isfinite(values[candidates]).mean()) if candidates.any() else 0.0


def _known_for(share: float) -> str:
    return say("known for {share:.0%} of the stocks", share=share)


def _scaled(values: FloatArray, candidates: FlagArray) -> tuple[FloatArray | None, str]:
    share = _share_known(values, candidates)
    if share < KNOWN:
        return None, _known_for(share)
    own = values[candidates]
    low, high = np.quantile(own[np.isfinite(own)], (0.25, 0.75))
    if high <= low:
        return None, say("the same for at least half of the stocks")
    return np.where(np.isfinite(values), values, np.nan) * (1.349 / (high - low)), ""
