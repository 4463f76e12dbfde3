"""The random numbers of the simulated market, and nothing else.

Every stream has its own `SeedSequence`, keyed by what it is for: the market, a sector's name, or a
listing's id and the kind of number. A listing's numbers therefore do not depend on which other
listings are asked for, and a later end only appends: numbers of a longer request begin with those
of the shorter one.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
import numpy.typing as npt

from screener.data.sources.simulated.request import MarketQuery, SimulationQuery
from screener.domain.arrays import FloatArray
from screener.domain.listing import Exchange, Listing

__all__ = [
    "Entry",
    "ListingDraws",
    "Move",
    "SimulationPayload",
    "Trait",
    "TraitChance",
    "Way",
    "draw",
]

_Singles = npt.NDArray[np.float32]


class Trait(IntEnum):
    """Columns of `ListingDraws.traits`, standard normals that hold for a listing's whole life."""

    BETA = 0
    VOLATILITY = 1
    PRICE = 2
    CAP = 3
    SALES_MULTIPLE = 4
    MARGIN = 5
    BOOK_MULTIPLE = 6
    TURNOVER = 7


class TraitChance(IntEnum):
    """Columns of `ListingDraws.chances`, uniforms that hold for a listing's whole life."""

    AGE = 0
    FLOAT = 1
    PAYOUT = 2
    EX_DAY = 3
    LOT = 4
    UNRATED = 5
    FATE_START = 6
    FATE_LENGTH = 7


class Way(IntEnum):
    """Columns of `ListingDraws.ways`, uniforms: how a company earns, and what is told of it."""

    FIRST_QUARTER = 0
    SECOND_QUARTER = 1
    THIRD_QUARTER = 2
    EXPENSES = 3
    MINORITIES = 4
    TAX = 5
    DEBT = 6
    DEPRECIATION = 7
    CASH = 8
    COVERED = 9
    ELIGIBLE = 10
    ELIGIBLE_FOR = 11
    MOVED = 12
    MOVED_ON = 13
    MOVED_TO = 14
    TOLD = 15


class Entry(IntEnum):
    """Columns of `ListingDraws.entries`, uniforms of one year; from `OUTLOOK` on of estimates."""

    FIRST_EARLY = 0
    SECOND_EARLY = 1
    THIRD_EARLY = 2
    YEAR_EARLY = 3
    RESTATED = 4
    ERROR = 5
    DEDUCTED = 6
    CASH_FLOW = 7
    OUTLOOK = 8


_N_OUTLOOKS = 8
"""Uniforms of a listing's year that estimates of it are made of."""


class Move(IntEnum):
    """Columns of `ListingDraws.moves`, standard normals of one session."""

    GAP = 0
    WICK_UP = 1
    WICK_DOWN = 2
    VOLUME = 3


class _Tag(IntEnum):
    """First word of a stream's key."""

    MARKET = 1
    SECTOR = 2
    LISTING = 3


class _Stream(IntEnum):
    """Last word of a stream's key."""

    TRAITS = 0
    YEARS = 1
    SHOCKS = 2
    MOVES = 3
    HALTS = 4
    BOOKS = 5


_EXCHANGE_WORD = {Exchange.SH: 1, Exchange.SZ: 2, Exchange.BJ: 3, Exchange.HK: 4}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ListingDraws:
    """Numbers of one market's listings, in the order of its members.

    Parameters
    ----------
    traits, chances
        `(n_listings, 8)` standard normals by `Trait`, uniforms by `TraitChance`.
    growth, margins, issues
        `(n_listings, n_years)` standard normals of revenue growth and margin, and uniforms that
        decide on bonus issues and splits.
    ways, entries
        `(n_listings, 16)` uniforms by `Way`; `(n_listings, n_years, 16)` by `Entry`.
    shocks
        `(n_listings, n_sessions)` Student t, scaled to unit variance.
    moves
        `(n_listings, n_sessions, 4)` standard normals by `Move`.
    halts
        `(n_listings, n_sessions)` uniforms that decide on suspensions.
    """

    traits: FloatArray
    chances: FloatArray
    growth: FloatArray
    margins: FloatArray
    issues: FloatArray
    ways: FloatArray
    entries: FloatArray
    shocks: FloatArray
    moves: _Singles
    halts: _Singles


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SimulationPayload:
    """All random numbers of a query.

    Parameters
    ----------
    factors
        `(n_days, 3)` standard normals: mainland factor, Hong Kong's own part, exchange rate.
    regime
        `(n_days,)` uniforms that drive the volatility regime.
    sectors
        `(n_days, n_sectors)` standard normals.
    listings
        Numbers of each market's listings, in the order of the query's markets.
    """

    factors: FloatArray
    regime: FloatArray
    sectors: FloatArray
    listings: tuple[ListingDraws, ...]


def draw(query: SimulationQuery) -> SimulationPayload:
    """Draw the random numbers of a query; the same query gives the same numbers."""
    seed, n_days = query.request.seed, len(query.days)
    sectors = np.empty((n_days, len(query.sectors)))
    for column, name in enumerate(query.sectors):
        words = name.encode()
        sectors[:, column] = _stream(seed, _Tag.SECTOR, *words).standard_normal(n_days)
    return SimulationPayload(
        factors=_stream(seed, _Tag.MARKET, 0).standard_normal((n_days, 3)),
        regime=_stream(seed, _Tag.MARKET, 1).random(n_days),
        sectors=sectors,
        listings=tuple(_draw_listings(query, market) for market in query.markets),
    )


def _draw_listings(query: SimulationQuery, market: MarketQuery) -> ListingDraws:
    n, sessions, years = len(market.members), len(market.sessions), len(query.years)
    degrees = query.request.model.tail_degrees
    draws = ListingDraws(
        traits=np.empty((n, len(Trait))),
        chances=np.empty((n, len(TraitChance))),
        growth=np.empty((n, years)),
        margins=np.empty((n, years)),
        issues=np.empty((n, years)),
        ways=np.empty((n, len(Way))),
        entries=np.empty((n, years, Entry.OUTLOOK + _N_OUTLOOKS)),
        shocks=np.empty((n, sessions)),
        moves=np.empty((n, sessions, len(Move)), dtype=np.float32),
        halts=np.empty((n, sessions), dtype=np.float32),
    )
    for at, member in enumerate(market.members):
        _draw_listing(draws, at, query.request.seed, member.listing, degrees)
    draws.shocks[:] *= np.sqrt((degrees - 2) / degrees)
    return draws


def _draw_listing(
    draws: ListingDraws, at: int, seed: int, listing: Listing, degrees: float
) -> None:
    key = (_Tag.LISTING, _EXCHANGE_WORD[listing.exchange], int(listing.code))
    traits = _stream(seed, *key, _Stream.TRAITS)
    traits.standard_normal(out=draws.traits[at])
    traits.random(out=draws.chances[at])
    # Year by year in one stream, so that a further year only appends.
    yearly = _stream(seed, *key, _Stream.YEARS).random((draws.growth.shape[1], 5))
    draws.growth[at] = _normals(yearly[:, 0], yearly[:, 1])
    draws.margins[at] = _normals(yearly[:, 2], yearly[:, 3])
    draws.issues[at] = yearly[:, 4]
    books = _stream(seed, *key, _Stream.BOOKS)
    books.random(out=draws.ways[at])
    books.random(out=draws.entries[at])
    sessions = draws.shocks.shape[1]
    draws.shocks[at] = _stream(seed, *key, _Stream.SHOCKS).standard_t(degrees, sessions)
    _stream(seed, *key, _Stream.MOVES).standard_normal(dtype=np.float32, out=draws.moves[at])
    _stream(seed, *key, _Stream.HALTS).random(dtype=np.float32, out=draws.halts[at])


def _normals(first: FloatArray, second: FloatArray) -> FloatArray:
    # Box and Muller (1958), Annals of Mathematical Statistics 29: a fixed count of uniforms each.
    normals: FloatArray = np.sqrt(-2 * np.log1p(-first)) * np.cos(2 * np.pi * second)
    return normals


def _stream(seed: int, *key: int) -> np.random.Generator:
    sequence = np.random.SeedSequence(seed, spawn_key=tuple(int(word) for word in key))
    return np.random.Generator(np.random.PCG64(sequence))
