"""What can be asked of the simulated market, checked and turned into a query."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime

import numpy as np

from screener.data.sources.simulated.universe import (
    BOARD_OPENED,
    MAX_OTHERS,
    SECTORS,
    Member,
    other_members,
)
from screener.domain.arrays import Places, SessionAxis
from screener.domain.listing import Board, Exchange, Listing
from screener.errors import DateRangeError, InputError
from screener.language import say
from screener.language.terms import named
from screener.market.calendars import calendar_of

__all__ = [
    "MARKETS",
    "MarketModel",
    "MarketQuery",
    "PlantedEffect",
    "SimulationQuery",
    "SimulationRequest",
    "build_query",
]

MARKETS = (Exchange.SH, Exchange.HK)
"""The two markets, each named by the exchange whose calendar it follows."""

_BOARDS = frozenset({Board.MAIN, Board.CHINEXT, Board.STAR, Board.BSE, Board.HK})
_MAX_EFFECT = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketModel:
    """Parameters of the return model; volatilities are annual, of log returns.

    Parameters
    ----------
    market_volatility, hk_volatility
        Of the two market factors.
    correlation
        Between the two market factors on a common day.
    sector_volatility
        Of each sector's factor.
    idiosyncratic_volatility
        Of the median listing's own returns.
    tail_degrees
        Degrees of freedom of the Student t of own returns; above 2.
    drift
        Annual log return of a listing without any shock.
    storm_ratio
        Volatility on stormy days over that on calm ones. Both are scaled so that the long-run
        variance is what is asked for.
    storm_share
        Long-run share of stormy days.
    calm_exit
        Daily probability that calm turns into storm.
    wait_ratio
        Mean times until others list, leave, are renamed or come under special treatment, over
        those that fit a market of two years.
    suspension_rate
        Daily probability that a suspension of 1 to 10 sessions starts.
    fx_volatility
        Of HKDCNY.
    """

    market_volatility: float = 0.18
    hk_volatility: float = 0.21
    correlation: float = 0.6
    sector_volatility: float = 0.12
    idiosyncratic_volatility: float = 0.34
    tail_degrees: float = 4.0
    drift: float = 0.04
    storm_ratio: float = 2.0
    storm_share: float = 0.2
    calm_exit: float = 0.02
    wait_ratio: float = 1.0
    suspension_rate: float = 0.0008
    fx_volatility: float = 0.03


@dataclass(frozen=True, slots=True, kw_only=True)
class PlantedEffect:
    """An abnormal return of known size.

    Parameters
    ----------
    listing
        One of the request's `securities`.
    first_session
        First session with a part of it: all of that part falls after the open, so the effect is
        whole from this session's open as well as from the close before.
    log_return
        Total size as a log return, in equal parts over the sessions; at most 1 in size.
    n_sessions
        Over how many sessions of the listing's exchange.
    """

    listing: Listing
    first_session: date
    log_return: float
    n_sessions: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulationRequest:
    """What to simulate.

    Parameters
    ----------
    seed
        0 or more; the same request gives the same rows.
    start, end
        First and last day, both included.
    fetched_at
        Instant written on every row, aware, UTC.
    securities
        `(listing, name, sector)` of shares to include. They trade from `start` to `end`, or from
        their board's first session if that is later: no listing, delisting or ST on the way.
    n_other
        How many further listings, with synthetic names. Some list, delist, are renamed or come
        under special treatment; those that list after `end` have no rows yet.
    effects
        Abnormal returns to plant; those on the same sessions of a listing add up.
    price_limits
        Whether the daily limits hold.
    suspensions
        Whether any listing is ever suspended.
    detailed
        Whether valuations come for every session and not for the last of each week, with
        statements, dated industries, eligibility and estimates beside them. Prices are the same.
    model
        Parameters of the return model.
    """

    seed: int
    start: date
    end: date
    fetched_at: datetime
    securities: tuple[tuple[Listing, str, str], ...] = ()
    n_other: int = 0
    effects: tuple[PlantedEffect, ...] = ()
    price_limits: bool = True
    suspensions: bool = True
    detailed: bool = False
    model: MarketModel = MarketModel()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MarketQuery:
    """One market: its sessions and its listings.

    Parameters
    ----------
    exchange
        `SH` for the mainland, `HK` for Hong Kong.
    sessions
        `(n_sessions,)` sessions of the request.
    rows
        `(n_sessions,)` their places in `SimulationQuery.days`.
    members
        The listings, sorted by id.
    """

    exchange: Exchange
    sessions: SessionAxis
    rows: Places
    members: tuple[Member, ...]

    @property
    def mainland(self) -> bool:
        """Whether this is the mainland market."""
        return self.exchange.mainland


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SimulationQuery:
    """A checked request: the days, the markets and the sectors.

    Parameters
    ----------
    request
        The request itself.
    days
        `(n_days,)` days on which any of the two markets trades.
    markets
        The markets in the order of `MARKETS`; one may have no members.
    sectors
        Sectors in order of their random streams.
    years
        Years whose accounts are simulated, from two before `start` to that of `end`.
    """

    request: SimulationRequest
    days: SessionAxis
    markets: tuple[MarketQuery, ...]
    sectors: tuple[str, ...]
    years: range


def build_query(request: SimulationRequest) -> SimulationQuery:
    """Check a request and resolve its calendars and listings.

    Raises
    ------
    InputError
        If a parameter, a security or an effect is not usable.
    DateRangeError
        If the dates are reversed, hold no two sessions, or leave the recorded calendars.
    """
    _check_numbers(request)
    _check_securities(request.securities)
    sessions = {exchange: _sessions(exchange, request) for exchange in MARKETS}
    _check_effects(request, sessions)
    days = np.union1d(*sessions.values())
    named = tuple(
        Member(listing=listing, name=name, sector=sector)
        for listing, name, sector in request.securities
    )
    members = named + other_members(request.n_other, [item.listing for item in named])
    return SimulationQuery(
        request=request,
        days=days,
        markets=tuple(_market(ex, sessions[ex], days, members) for ex in MARKETS),
        sectors=tuple(dict.fromkeys((*SECTORS, *sorted({item.sector for item in named})))),
        years=range(request.start.year - 2, request.end.year + 1),
    )


def _market(
    exchange: Exchange, sessions: SessionAxis, days: SessionAxis, members: tuple[Member, ...]
) -> MarketQuery:
    own = [item for item in members if item.listing.exchange.mainland is exchange.mainland]
    return MarketQuery(
        exchange=exchange,
        sessions=sessions,
        rows=np.searchsorted(days, sessions),
        members=tuple(sorted(own, key=lambda item: item.listing.id)),
    )


def _sessions(exchange: Exchange, request: SimulationRequest) -> SessionAxis:
    calendar = calendar_of(exchange)
    if request.start >= request.end:
        raise DateRangeError(
            say("start {start} is not before end {end}", start=request.start, end=request.end),
            fix=say("give a start that is earlier than the end"),
        )
    for day in (request.start, request.end):
        calendar.on_or_after(day)  # raises outside the recorded sessions
    found = calendar.between(request.start, request.end)
    if len(found) < 2:
        raise DateRangeError(
            say(
                "{start} to {end} has fewer than 2 sessions of {calendar}",
                start=request.start,
                end=request.end,
                calendar=calendar.name,
            ),
            fix=say("widen the range"),
        )
    return found


def _check_numbers(request: SimulationRequest) -> None:
    _require(
        request.seed >= 0, say("seed {seed} is negative", seed=request.seed), say("give 0 or more")
    )
    _require(
        0 <= request.n_other <= MAX_OTHERS,
        say("n_other is {n}", n=request.n_other),
        say("give 0 to {most}", most=MAX_OTHERS),
    )
    _require(
        bool(request.securities) or request.n_other > 0,
        say("the simulated market has no listings"),
        say("name securities or give n_other"),
    )
    _require(
        request.fetched_at.utcoffset() == UTC.utcoffset(None),
        say("fetched_at {instant} is not in UTC", instant=request.fetched_at),
        say("give an aware datetime in UTC"),
    )
    _check_model(request.model)


def _check_model(model: MarketModel) -> None:
    for item in fields(model):
        value = getattr(model, item.name)
        usable = math.isfinite(value) and (value >= 0 or item.name in ("correlation", "drift"))
        _require(
            usable,
            say("model {name} is {value}", name=item.name, value=value),
            say("give a number of 0 or more"),
        )
    _require(
        -1 <= model.correlation <= 1,
        say("correlation is {value}", value=model.correlation),
        say("give -1 to 1"),
    )
    _require(
        model.tail_degrees > 2,
        say("tail_degrees is {value}", value=model.tail_degrees),
        say("give more than 2"),
    )
    _require(model.storm_ratio > 0, say("storm_ratio is 0"), say("give a positive ratio"))
    _require(
        0 <= model.storm_share < 1 and model.calm_exit <= 1 and model.suspension_rate <= 0.05,
        say("storm_share, calm_exit or suspension_rate is too large"),
        say("give storm_share below 1, calm_exit up to 1 and suspension_rate up to 0.05"),
    )


def _check_securities(securities: tuple[tuple[Listing, str, str], ...]) -> None:
    counts = Counter(listing for listing, _, _ in securities)
    for listing, name, sector in securities:
        _require(
            listing.board in _BOARDS,
            say(
                "{listing} is on board {board}, which is not simulated",
                listing=listing,
                board=named(listing.board),
            ),
            say("name shares of the main board, ChiNext, STAR, BSE or Hong Kong"),
        )
        _require(
            counts[listing] == 1,
            say("{listing} is named {n} times", listing=listing, n=counts[listing]),
            say("name it once"),
        )
        _require(
            bool(name and sector),
            say("{listing} has no name or no sector", listing=listing),
            say("give both"),
        )


def _check_effects(request: SimulationRequest, sessions: dict[Exchange, SessionAxis]) -> None:
    named = {listing for listing, _, _ in request.securities}
    for effect in request.effects:
        listing = effect.listing
        _require(
            listing in named,
            say("effect on {listing}, which is not among the securities", listing=listing),
            say("add it to the securities"),
        )
        _require(
            math.isfinite(effect.log_return) and abs(effect.log_return) <= _MAX_EFFECT,
            say("effect on {listing} is {value}", listing=listing, value=effect.log_return),
            say("give a log return of at most {most:g} in size", most=_MAX_EFFECT),
        )
        _require(
            effect.n_sessions >= 1,
            say("effect on {listing} has no session", listing=listing),
            say("give 1 or more"),
        )
        own = sessions[Exchange.SH if listing.exchange.mainland else Exchange.HK]
        first = np.datetime64(effect.first_session, "D")
        opened = np.datetime64(BOARD_OPENED.get(listing.board, date.min), "D")
        _require(
            bool((own[1:] == first).any() and first > opened),
            say(
                "effect on {listing} starts on {day}, which is not a session of it after its "
                "first one, between {first} and {last}",
                listing=listing,
                day=effect.first_session,
                first=own[0],
                last=own[-1],
            ),
            say("give a session of its exchange"),
        )


def _require(holds: bool, what: str, fix: str) -> None:
    if not holds:
        raise InputError(what, where=say("simulated market"), fix=fix)
