"""Matched portfolios made from the tables: the equal-weighted stocks of a name's industry."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from itertools import pairwise

import numpy as np

from screener.data.lake.store import Store
from screener.data.panels.market_panel import read_market_panel
from screener.data.panels.return_tables import ReturnTable
from screener.domain.arrays import FloatArray, Places
from screener.domain.listing import Listing
from screener.domain.market_panel import MarketPanel
from screener.errors import DataError
from screener.language import say

__all__ = ["INDUSTRY", "LEAST_PEERS", "industry_returns"]

INDUSTRY = "industry"
"""Name of the table, and what `--matched` asks it by."""
LEAST_PEERS = 10
"""Fewer stocks with a return on a session give none."""


def industry_returns(
    store: Store, listings: Sequence[Listing], start: date, end: date
) -> ReturnTable:
    """Return the daily mean total return of the other stocks of each listing's industry.

    In the currency of the listing's market. The industry is that of each session where the tables
    date it, else today's.
    The listings themselves are in nobody's portfolio. A stock counts on a session if it has a bar
    on it and on the one before.

    Parameters
    ----------
    store
        The lake, at the version to read.
    listings
        Whose industries are wanted.
    start, end
        First and last day.

    A listing whose industry is not known, or has fewer than ten other stocks, is among the table's
    `lacks`.

    Raises
    ------
    DataError
        If no listing has a portfolio.
    BarsMissing
        If no stock has a bar.
    """
    exchanges = list(dict.fromkeys(item.exchange for item in listings))
    market = read_market_panel(store, exchanges, start, end, named=listings)
    columns = [market.prices.column(item) for item in listings]
    found: dict[str, FloatArray] = {}
    unmatched: dict[str, DataError] = {}
    for item, at in zip(listings, columns, strict=True):
        try:
            found[item.id] = _peer_returns(market, at, frozenset(columns))
        except DataError as error:
            unmatched[item.id] = error
    if not found:
        raise next(iter(unmatched.values()))
    return ReturnTable(
        name=INDUSTRY,
        days=market.prices.sessions,
        columns=tuple(found),
        values=np.column_stack(list(found.values())),
        lacks=unmatched,
    )


def _peer_returns(market: MarketPanel, column: int, left_out: frozenset[int]) -> FloatArray:
    panel = market.prices
    own = panel.own_rows(column)
    worths = panel.close[own] * panel.factor[own]
    found = np.full(len(panel.sessions), np.nan)
    bounds = [*market.industry_rows(), len(panel.sessions)]
    for first, end in pairwise(bounds):
        peers = _peers(market, column, first, left_out)
        at = np.flatnonzero((own >= first) & (own < end))
        at = at[at > 0]
        returns = worths[np.ix_(at, peers)] / worths[np.ix_(at - 1, peers)] - 1
        known = np.isfinite(returns)
        enough = known.sum(axis=1) >= LEAST_PEERS
        means = np.where(known, returns, 0.0).sum(axis=1) / np.maximum(known.sum(axis=1), 1)
        found[own[at[enough]]] = means[enough]
    return found


def _peers(market: MarketPanel, column: int, row: int, left_out: frozenset[int]) -> Places:
    """Return the other stocks of a listing's market in its industry on a session."""
    panel, industries = market.prices, market.industries_on(row)
    listing, industry = panel.listings[column], industries[column]
    peers = [
        at
        for at, name in enumerate(industries)
        if industry
        and name == industry
        and at not in left_out
        and panel.listings[at].exchange.mainland == listing.exchange.mainland
    ]
    if len(peers) < LEAST_PEERS:
        told = (
            say("industry {industry} has {n} other stocks", industry=industry, n=len(peers))
            if industry
            else say("no industry")
        )
        raise DataError(
            say(
                "{listing} has no portfolio of its industry: {told} in the tables",
                listing=listing,
                told=told,
            ),
            where=say("table listings"),
            fix=say("give the portfolios yourself with --matched FILE, or use --model market"),
        )
    return np.array(peers, dtype=np.intp)
