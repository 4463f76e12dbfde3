"""Simulated accounts and the multiples that follow from them.

Accounts run by calendar year. A year's annual figures count as known from 1 May of the next year,
and trailing twelve months move on by a quarter on 1 May, 1 September and 1 November, the mainland's
reporting deadlines, with a year's profit spread evenly over its quarters.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from screener.data.sources.simulated.dividends import ActionPlan
from screener.data.sources.simulated.draws import ListingDraws, Trait, TraitChance
from screener.data.sources.simulated.request import MarketQuery
from screener.domain.arrays import FlagArray, FloatMatrix, IntArray, SessionAxis

__all__ = ["Accounts", "Multiples", "Shares", "keep_accounts", "share_counts", "unrated", "value"]


_UNRATED = 0.04  # share of listings without any earnings multiple


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Accounts:
    """Annual figures of one market's listings, `(n_years, n_listings)`, in its currency."""

    revenue: FloatMatrix
    profit: FloatMatrix
    equity: FloatMatrix
    cash_flow: FloatMatrix


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


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Multiples:
    """Valuation of some sessions, `(n_rows, n_listings)`; NaN where there is none.

    Multiples of a loss are negative, as sources print them.
    """

    pe_ttm: FloatMatrix
    pe_static: FloatMatrix
    pb: FloatMatrix
    ps_ttm: FloatMatrix
    pcf_ttm: FloatMatrix
    market_cap: FloatMatrix
    float_cap: FloatMatrix
    dividend_yield: FloatMatrix


def keep_accounts(draws: ListingDraws) -> Accounts:
    """Simulate the accounts: lognormal revenue growth and a noisy margin, often a negative one."""
    cap = _starting_caps(draws)
    traits = draws.traits
    first = cap / (3.0 * np.exp(0.6 * traits[:, Trait.SALES_MULTIPLE]))
    revenue = first * np.exp(np.cumsum(0.06 + 0.14 * draws.growth.T, axis=0))
    margin = 0.09 + 0.08 * traits[:, Trait.MARGIN] + 0.025 * draws.margins.T
    profit = revenue * margin
    book = cap / (2.4 * np.exp(0.5 * traits[:, Trait.BOOK_MULTIPLE]))
    return Accounts(
        revenue=revenue,
        profit=profit,
        equity=book + 0.6 * np.cumsum(profit, axis=0),
        cash_flow=1.1 * profit + 0.03 * revenue,
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


def value(
    sessions: SessionAxis,
    rows: IntArray,
    *,
    years: range,
    accounts: Accounts,
    shares: Shares,
    close: FloatMatrix,
    paid: FloatMatrix,
    unrated: FlagArray,
) -> Multiples:
    """Value listings at some sessions.

    Parameters
    ----------
    sessions, rows
        `(n_sessions,)` sessions of the market, and which of them to value.
    years
        Years of the accounts.
    accounts, shares
        Accounts and share counts.
    close
        `(n_sessions, n_listings)` raw close.
    paid
        `(n_sessions, n_listings)` cash paid to all shares, at the ex-session.
    unrated
        `(n_listings,)` listings without earnings multiples.
    """
    cap = close[rows] * shares.total[rows]
    place, known, fraction = _reporting(sessions[rows], years)
    blank = np.where(unrated, np.nan, 1.0)
    trailing = {
        name: _trailing(getattr(accounts, name), place, fraction)
        for name in ("profit", "revenue", "cash_flow")
    }
    return Multiples(
        pe_ttm=cap / trailing["profit"] * blank,
        pe_static=cap / accounts.profit[known] * blank,
        pb=cap / accounts.equity[known],
        ps_ttm=cap / trailing["revenue"],
        pcf_ttm=cap / trailing["cash_flow"] * blank,
        market_cap=cap,
        float_cap=cap * shares.free_float,
        dividend_yield=_trailing_cash(sessions, rows, paid) / cap,
    )


def unrated(draws: ListingDraws) -> FlagArray:
    """Tell which listings have no earnings multiples, `(n_listings,)`."""
    chosen: FlagArray = draws.chances[:, TraitChance.UNRATED] < _UNRATED
    return chosen


def _starting_caps(draws: ListingDraws) -> FloatMatrix:
    caps: FloatMatrix = np.maximum(1e10 * np.exp(1.1 * draws.traits[:, Trait.CAP]), 6e8)
    return caps


def _reporting(sessions: SessionAxis, years: range) -> tuple[IntArray, IntArray, FloatMatrix]:
    """Return the year in progress, the last known year (as places) and the part reported of it."""
    month = sessions.astype("datetime64[M]").astype(np.int64) % 12 + 1
    year = sessions.astype("datetime64[Y]").astype(np.int64) + 1970
    settled = month >= 5
    # Before May the latest report is the third quarter of last year.
    place = np.where(settled, year, year - 1) - years[0]
    fraction = np.select([month >= 11, month >= 9, settled], [0.75, 0.5, 0.25], 0.75)
    return place, place - 1, fraction


def _trailing(annual: FloatMatrix, place: IntArray, fraction: FloatMatrix) -> FloatMatrix:
    part = fraction[:, None]
    trailing: FloatMatrix = (1 - part) * annual[place - 1] + part * annual[place]
    return trailing


def _trailing_cash(sessions: SessionAxis, rows: IntArray, paid: FloatMatrix) -> FloatMatrix:
    """Sum the cash of the 365 days up to each row; NaN while the simulation is younger."""
    total = np.cumsum(paid, axis=0)
    since = np.searchsorted(sessions, sessions[rows] - np.timedelta64(365, "D"), side="right") - 1
    cash = total[rows] - np.where(since[:, None] >= 0, total[since], 0.0)
    cash[since < 0] = np.nan
    return cash
