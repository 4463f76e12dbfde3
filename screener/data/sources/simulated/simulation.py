"""One market from random numbers to prices, shares and accounts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from screener.data.sources.simulated.accounts import (
    Accounts,
    Shares,
    keep_accounts,
    share_counts,
)
from screener.data.sources.simulated.dividends import ActionPlan, plan_actions
from screener.data.sources.simulated.draws import ListingDraws, Move, SimulationPayload, Trait
from screener.data.sources.simulated.lives import Lives, live
from screener.data.sources.simulated.request import MarketQuery, SimulationQuery
from screener.data.sources.simulated.returns import Factors, Paths, factor_returns, latent_paths
from screener.data.sources.simulated.statements import Statements, publish
from screener.data.sources.simulated.trading import Trading, starting_prices, trade
from screener.domain.arrays import FloatMatrix

__all__ = ["SimulatedListings", "simulate"]


_LOT = 100.0  # volumes come in hundreds
_MEDIAN_TURNOVER = 0.012  # of the free float in a session
_LOCKED_SHARE = 0.1  # of its usual volume trades on a day that is at a limit throughout


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SimulatedListings:
    """One market, simulated; matrices are `(n_sessions, n_listings)`.

    Parameters
    ----------
    market, draws, lives, paths, plan
        Sessions and listings, their random numbers, lives, latent paths and planned actions.
    trading, shares, accounts, statements
        Prices, share counts, accounts and what is published of them.
    paid
        Cash paid to all shares, at the ex-session.
    volume, amount
        Shares traded, and their worth in the market's currency.
    """

    market: MarketQuery
    draws: ListingDraws
    lives: Lives
    paths: Paths
    plan: ActionPlan
    trading: Trading
    shares: Shares
    accounts: Accounts
    statements: Statements
    paid: FloatMatrix
    volume: FloatMatrix
    amount: FloatMatrix


def simulate(query: SimulationQuery, payload: SimulationPayload) -> tuple[SimulatedListings, ...]:
    """Simulate the markets of a query, in its order."""
    factors = factor_returns(query, payload)
    return tuple(
        _simulate_market(query, market, factors, draws)
        for market, draws in zip(query.markets, payload.listings, strict=True)
    )


def _simulate_market(
    query: SimulationQuery, market: MarketQuery, factors: Factors, draws: ListingDraws
) -> SimulatedListings:
    request = query.request
    rate = request.model.suspension_rate if request.suspensions else 0.0
    lives = live(
        market,
        draws,
        start=request.start,
        suspension_rate=rate,
        wait_ratio=request.model.wait_ratio,
    )
    paths = latent_paths(query, market, factors, draws, lives)
    plan = plan_actions(market, draws, lives, query.years)
    shares = share_counts(market, draws, plan, starting_prices(market, draws))
    accounts = keep_accounts(draws, paths.yearly)
    trading = trade(
        market,
        draws,
        lives,
        paths,
        plan,
        earnings=accounts.profit[plan.year - 1, plan.column] / shares.before_action,
        price_limits=request.price_limits,
    )
    paid = np.zeros(lives.listed.shape)
    paid[plan.ex_row, plan.column] = trading.cash * shares.before_action
    statements = publish(
        market, draws, lives, years=query.years, accounts=accounts, shares=shares, paid=paid
    )
    volume = _volumes(draws, lives, paths, trading, shares)
    mean = (trading.open + trading.high + trading.low + trading.close) / 4
    return SimulatedListings(
        market=market,
        draws=draws,
        lives=lives,
        paths=paths,
        plan=plan,
        trading=trading,
        shares=shares,
        accounts=accounts,
        statements=statements,
        paid=paid,
        volume=volume,
        amount=np.round(volume * mean, 2),
    )


def _volumes(
    draws: ListingDraws, lives: Lives, paths: Paths, trading: Trading, shares: Shares
) -> FloatMatrix:
    """Trade more of the free float on days that move more."""
    usual = _MEDIAN_TURNOVER * np.exp(0.5 * draws.traits[:, Trait.TURNOVER])
    size = np.abs(np.diff(paths.close, axis=0, prepend=0.0)) / paths.volatility
    turnover = usual * np.exp(0.4 * draws.moves[:, :, Move.VOLUME].T) * (0.6 + 0.5 * size)
    turnover = np.minimum(turnover, 0.6) * np.where(trading.locked, _LOCKED_SHARE, 1.0)
    lots = np.maximum(np.floor(turnover * shares.total * shares.free_float / _LOT), 1)
    return np.where(lives.suspended, 0.0, lots * _LOT)
