"""A simulated whole market for tests and measurements of placebo baskets."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np

from screener.domain.arrays import FloatMatrix
from screener.domain.listing import Exchange, Listing
from screener.domain.market_panel import MarketPanel
from screener.domain.panel import PricePanel
from screener.market.calendars import calendar_of

FIRST = date(2024, 1, 2)


def codes(count: int) -> tuple[Listing, ...]:
    """Return ids of the main board of Shanghai."""
    return tuple(Listing(f"{600000 + at:06d}", Exchange.SH) for at in range(count))


def market_of(
    closes: FloatMatrix,
    *,
    opens: FloatMatrix | None = None,
    turnover: FloatMatrix | None = None,
    market_cap: FloatMatrix | None = None,
    industries: tuple[str, ...] | None = None,
    listings: tuple[Listing, ...] | None = None,
    list_dates: tuple[date | None, ...] | None = None,
    first: date = FIRST,
) -> MarketPanel:
    """Make a market whose stocks trade in CNY; opens are the closes of the session before."""
    n_rows, n_listings = closes.shape
    names = listings or codes(n_listings)
    axis = calendar_of(Exchange.SH).between(first, date(2026, 12, 31))[:n_rows]
    assert len(axis) == n_rows
    if opens is None:
        opens = np.vstack([closes[:1], closes[:-1]])
        opens = np.where(np.isfinite(closes), opens, np.nan)
    flags = np.zeros(closes.shape, dtype=bool)
    prices = PricePanel(
        sessions=axis,
        listings=names,
        open=opens.copy(),
        close=closes.copy(),
        factor=np.ones(closes.shape),
        fx=np.ones(closes.shape),
        prior_values=np.full(n_listings, np.nan),
        trading=np.ones(closes.shape, dtype=bool),
        suspended=flags.copy(),
        st=flags.copy(),
        adjusted=np.zeros(n_listings, dtype=bool),
        list_dates=list_dates or (None,) * n_listings,
        first_bars=(axis[0].item(),) * n_listings,
        last_bars=(axis[-1].item(),) * n_listings,
        last_sessions={Exchange.SH: axis[-1].item()},
    )
    empty = np.full(closes.shape, np.nan)
    return MarketPanel(
        prices=prices,
        turnover=empty if turnover is None else turnover,
        market_cap=empty.copy() if market_cap is None else market_cap,
        industries=industries or ("",) * n_listings,
    )


def simulated(
    seed: int, *, n_listings: int = 600, n_rows: int = 160, n_industries: int = 12
) -> MarketPanel:
    """Make a market of a market factor, industry factors, sizes and volatilities of many kinds."""
    draw = np.random.default_rng(seed)
    industry = draw.integers(0, n_industries, n_listings)
    size = draw.normal(0, 1, n_listings)
    own = 0.012 * np.exp(draw.normal(0, 0.35, n_listings) - 0.15 * size)
    beta = 1 + 0.3 * draw.normal(0, 1, n_listings)
    common = draw.normal(0, 0.01, (n_rows, 1)) * beta
    of_industry = draw.normal(0, 0.008, (n_rows, n_industries))[:, industry]
    of_size = draw.normal(0, 0.004, (n_rows, 1)) * size
    returns = common + of_industry + of_size + draw.standard_t(5, (n_rows, n_listings)) * own / 1.29
    closes = 20 * np.exp(np.cumsum(np.clip(returns, -0.09, 0.09), axis=0))
    turnover = np.exp(18 + size + draw.normal(0, 0.3, closes.shape))
    return market_of(
        closes, turnover=turnover, industries=tuple(f"industry {item}" for item in industry)
    )


def shifted(market: MarketPanel, columns: list[int], first: int, effect: float) -> MarketPanel:
    """Raise the closes of some names by a fraction from row `first` on."""
    closes = market.prices.close.copy()
    closes[first:, columns] *= 1 + effect
    return replace(market, prices=replace(market.prices, close=closes))
