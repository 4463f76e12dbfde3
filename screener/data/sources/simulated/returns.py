"""Latent log prices: market, sector and own shocks, regimes, and planted effects."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from screener.data.sources.simulated.draws import (
    ListingDraws,
    Move,
    SimulationPayload,
    Trait,
)
from screener.data.sources.simulated.lives import Lives
from screener.data.sources.simulated.request import (
    MarketModel,
    MarketQuery,
    PlantedEffect,
    SimulationQuery,
)
from screener.domain.arrays import FloatMatrix

__all__ = [
    "SESSIONS_A_YEAR",
    "Factors",
    "Paths",
    "exchange_rates",
    "factor_returns",
    "latent_paths",
]


SESSIONS_A_YEAR = 242.0
"""Sessions by which annual parameters are divided, on both markets."""

_WORST_SHOCK = 10.0  # standard deviations: a Student t has no bound, an exponential of one no mean
_GAP_SHARE = 0.3  # of the day's move that falls overnight
_GAP_NOISE = 0.25  # of own volatility that the day takes back
_BETA_SPREAD = 0.25
_VOLATILITY_SPREAD = 0.25
_FX_START, _FX_PULL = 0.92, 0.01


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Factors:
    """Common returns by day.

    Parameters
    ----------
    market
        `(n_days, 2)` log returns of the mainland and the Hong Kong factor.
    sectors
        `(n_days, n_sectors)` log returns of the sectors.
    regime
        `(n_days,)` volatility multiplier; its long-run mean square is 1.
    """

    market: FloatMatrix
    sectors: FloatMatrix
    regime: FloatMatrix


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Paths:
    """Latent total-return paths of one market: logs relative to the price before the first session.

    Parameters
    ----------
    open, close
        `(n_sessions, n_listings)` log total return up to the open and the close; 0 before listing.
    volatility
        `(n_listings,)` daily own volatility in calm-and-storm average.
    yearly
        `(n_years, n_listings)` log total return of each year of the query, without planted
        effects and without the drift; 0 before the simulation and before listing.
    """

    open: FloatMatrix
    close: FloatMatrix
    volatility: FloatMatrix
    yearly: FloatMatrix


def factor_returns(query: SimulationQuery, payload: SimulationPayload) -> Factors:
    """Turn the common random numbers into factor returns."""
    model = query.request.model
    regime = _regime(payload.regime, model)
    rho = model.correlation
    mainland, own = payload.factors[:, 0], payload.factors[:, 1]
    hong_kong = rho * mainland + np.sqrt(1 - rho**2) * own
    scale = regime[:, None] / np.sqrt(SESSIONS_A_YEAR)
    return Factors(
        market=np.column_stack([mainland, hong_kong])
        * [model.market_volatility, model.hk_volatility]
        * scale,
        sectors=payload.sectors * model.sector_volatility * scale,
        regime=regime,
    )


def exchange_rates(payload: SimulationPayload, model: MarketModel) -> FloatMatrix:
    """Compute HKDCNY by day, `(n_days,)`, rounded to 5 decimals; it is pulled back to 0.92."""
    step = model.fx_volatility / np.sqrt(SESSIONS_A_YEAR) * payload.factors[:, 2]
    logs = np.empty(len(step))
    level = 0.0
    for day, move in enumerate(step):
        level = (1 - _FX_PULL) * level + float(move)
        logs[day] = level
    rates: FloatMatrix = np.round(_FX_START * np.exp(logs), 5)
    return rates


def latent_paths(
    query: SimulationQuery,
    market: MarketQuery,
    factors: Factors,
    draws: ListingDraws,
    lives: Lives,
) -> Paths:
    """Compute the log total-return paths that prices follow as far as tick and limit let them.

    The day's base return is drift + beta x market + sector + own shock. The open takes 0.3 of it
    and some noise, which the rest of the day takes back. Planted effects come after the open.
    """
    model = query.request.model
    volatility = _own_volatility(draws, model)
    regime = factors.regime[market.rows, None]
    base = _base_returns(query, market, factors, draws, volatility)
    gap = _GAP_SHARE * base + _GAP_NOISE * volatility * regime * draws.moves[:, :, Move.GAP].T
    before = np.arange(len(market.sessions))[:, None] < lives.first
    yearly = _by_year(np.where(before, 0.0, base), query, market)
    _plant(base, query.request.effects, market)
    base[before] = 0.0
    gap[before] = 0.0
    close = np.cumsum(base, axis=0)
    gap += close
    gap -= base
    return Paths(open=gap, close=close, volatility=volatility, yearly=yearly)


def _by_year(base: FloatMatrix, query: SimulationQuery, market: MarketQuery) -> FloatMatrix:
    """Sum daily returns beyond the drift over the years of a query."""
    yearly = np.zeros((len(query.years), base.shape[1]))
    year = market.sessions.astype("datetime64[Y]").astype(np.int64) + 1970
    there, starts = np.unique(year, return_index=True)
    daily_drift = query.request.model.drift / SESSIONS_A_YEAR
    yearly[there - query.years[0]] = (
        np.add.reduceat(base, starts) - daily_drift * np.diff(starts, append=len(base))[:, None]
    )
    return yearly


def _base_returns(
    query: SimulationQuery,
    market: MarketQuery,
    factors: Factors,
    draws: ListingDraws,
    volatility: FloatMatrix,
) -> FloatMatrix:
    beta = np.clip(1 + _BETA_SPREAD * draws.traits[:, Trait.BETA], 0.3, 2.0)
    sector = [query.sectors.index(member.sector) for member in market.members]
    column = 0 if market.mainland else 1
    base: FloatMatrix = np.clip(draws.shocks.T, -_WORST_SHOCK, _WORST_SHOCK)
    base = np.ascontiguousarray(base)
    base *= volatility
    base *= factors.regime[market.rows, None]
    base += beta * factors.market[market.rows, column][:, None]
    base += factors.sectors[market.rows][:, sector]
    base += query.request.model.drift / SESSIONS_A_YEAR
    return base


def _own_volatility(draws: ListingDraws, model: MarketModel) -> FloatMatrix:
    spread = np.exp(_VOLATILITY_SPREAD * draws.traits[:, Trait.VOLATILITY])
    daily: FloatMatrix = model.idiosyncratic_volatility / np.sqrt(SESSIONS_A_YEAR) * spread
    return daily


def _plant(base: FloatMatrix, effects: tuple[PlantedEffect, ...], market: MarketQuery) -> None:
    columns = {member.listing: at for at, member in enumerate(market.members)}
    for effect in effects:
        if effect.listing in columns:
            first = int(np.searchsorted(market.sessions, np.datetime64(effect.first_session, "D")))
            rows = slice(first, first + effect.n_sessions)
            base[rows, columns[effect.listing]] += effect.log_return / effect.n_sessions


def _regime(uniforms: FloatMatrix, model: MarketModel) -> FloatMatrix:
    """Run a two-state Markov chain, started from its long-run shares."""
    share = model.storm_share
    calm = 1 / np.sqrt(1 - share + share * model.storm_ratio**2)
    storm_exit = min(model.calm_exit * (1 - share) / share, 1.0) if share else 1.0
    levels = np.empty(len(uniforms))
    stormy = bool(uniforms[0] < share) if len(uniforms) else False
    for day, uniform in enumerate(uniforms):
        if day:
            stormy = uniform >= storm_exit if stormy else bool(share) and uniform < model.calm_exit
        levels[day] = calm * (model.storm_ratio if stormy else 1.0)
    return levels
