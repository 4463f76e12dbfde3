"""Simulated accounts by year, and share counts.

Sales grow on their own and after the share price of the year before, so that prices and accounts
do not drift apart; no return follows from any account.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from screener.data.sources.simulated.dividends import ActionPlan
from screener.data.sources.simulated.draws import ListingDraws, Trait, TraitChance
from screener.data.sources.simulated.request import MarketQuery
from screener.domain.arrays import FloatMatrix, FloatVector

__all__ = ["Accounts", "Shares", "keep_accounts", "share_counts"]

_FOLLOWS = 0.6  # of a year's return, in the growth of the next
_GROWTH, _GROWTH_NOISE = 0.06, 0.14
_LEAST_MARGIN = 0.012  # in size: a profit near nothing looks like one in another unit


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Accounts:
    """Annual figures of one market's listings, in its currency.

    Parameters
    ----------
    revenue, profit
        `(n_years, n_listings)` of whole years; profit is that of the owners.
    book
        `(n_listings,)` equity before the first year.
    """

    revenue: FloatMatrix
    profit: FloatMatrix
    book: FloatVector


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Shares:
    """Share counts of one market's listings.

    Parameters
    ----------
    total
        `(n_sessions, n_listings)` shares outstanding.
    before_action
        `(n_actions,)` shares outstanding before each planned action.
    free_float
        `(n_listings,)` fraction of the shares that floats.
    """

    total: FloatMatrix
    before_action: FloatMatrix
    free_float: FloatMatrix


def keep_accounts(draws: ListingDraws, yearly: FloatMatrix) -> Accounts:
    """Simulate the accounts: lognormal growth of sales and a noisy margin, often a negative one.

    Parameters
    ----------
    draws
        Random numbers of the listings.
    yearly
        `(n_years, n_listings)` log return of the share in each year, beyond the drift.
    """
    cap = _starting_caps(draws)
    traits = draws.traits
    first = cap / (3.0 * np.exp(0.6 * traits[:, Trait.SALES_MULTIPLE]))
    growth = _GROWTH + _GROWTH_NOISE * draws.growth.T
    growth[1:] += _FOLLOWS * yearly[:-1]
    revenue = first * np.exp(np.cumsum(growth, axis=0))
    margin = 0.09 + 0.08 * traits[:, Trait.MARGIN] + 0.025 * draws.margins.T
    margin = np.where(margin < 0, -1, 1) * np.maximum(np.abs(margin), _LEAST_MARGIN)
    return Accounts(
        revenue=revenue,
        profit=revenue * margin,
        book=cap / (2.4 * np.exp(0.5 * traits[:, Trait.BOOK_MULTIPLE])),
    )


def share_counts(
    market: MarketQuery, draws: ListingDraws, plan: ActionPlan, prices: FloatMatrix
) -> Shares:
    """Count shares: a starting number in ten thousands, multiplied at bonus issues and splits."""
    ratio = (1 + plan.bonus) * plan.split
    multiple = np.ones((len(market.sessions), len(market.members)))
    multiple[plan.ex_row, plan.column] = ratio
    np.cumprod(multiple, axis=0, out=multiple)
    start = np.maximum(np.round(_starting_caps(draws) / prices / 1e4), 1000) * 1e4
    before = multiple[plan.ex_row, plan.column] / ratio * start[plan.column]
    multiple *= start
    return Shares(
        total=multiple,
        before_action=before,
        free_float=0.25 + 0.75 * draws.chances[:, TraitChance.FLOAT],
    )


def _starting_caps(draws: ListingDraws) -> FloatMatrix:
    caps: FloatMatrix = np.maximum(1e10 * np.exp(1.1 * draws.traits[:, Trait.CAP]), 6e8)
    return caps
