"""Matched portfolios made from the tables: stocks of a name's industry, of its size, or of both."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from enum import StrEnum
from itertools import pairwise

import numpy as np

from screener.data.lake.store import Store
from screener.data.panels.market_panel import read_market_panel
from screener.data.panels.return_tables import ReturnTable
from screener.domain.arrays import FlagArray, FloatArray, FloatMatrix, Places
from screener.domain.listing import Listing
from screener.domain.market_panel import MarketPanel
from screener.errors import DataError
from screener.language import say
from screener.study.placebo.characteristics import SESSIONS, Characteristic, size_before
from screener.study.placebo.universe import in_market
from screener.workflows.naming import industry_remark

__all__ = ["LEAST_PEERS", "Match", "match_remark", "matched_portfolios"]

LEAST_PEERS = 10
"""Fewer stocks with a return on a session give none."""
_TENTH, _THIRD = 10, 3  # part of the market, and of an industry, that is nearest in size
_HISTORY = timedelta(days=150)  # holds the sessions over which turnover is measured


class Match(StrEnum):
    """What a name and the stocks of its portfolio have in common."""

    INDUSTRY = "industry"
    SIZE = "size"
    SIZE_INDUSTRY = "size-industry"

    @property
    def told(self) -> str:
        """What it is, in a few words."""
        return _TOLD[self]()

    @property
    def by_size(self) -> bool:
        """Whether size counts."""
        return self is not Match.INDUSTRY

    @property
    def by_industry(self) -> bool:
        """Whether the industry counts."""
        return self is not Match.SIZE


_TOLD: dict[Match, Callable[[], str]] = {
    Match.INDUSTRY: lambda: say("its industry"),
    Match.SIZE: lambda: say("its size"),
    Match.SIZE_INDUSTRY: lambda: say("its size and industry"),
}


def matched_portfolios(
    store: Store, listings: Sequence[Listing], start: date, end: date, match: Match
) -> tuple[ReturnTable, str]:
    """Return the daily mean total return of the other stocks that are like each listing.

    In the currency of the listing's market. Portfolios by industry hold all stocks of it, chosen
    anew when any industry changes. Those by size hold the tenth of the market, and those by size
    and industry the third of the industry, ten at least, whose size is nearest; they are chosen
    anew on the first session of each month, by the size at the close before it: the market value,
    or the mean turnover of 60 sessions where that is not known for enough stocks. The industry is
    that of the session where the tables date it, else today's. The listings themselves are in
    nobody's portfolio. A stock counts on a session if it has a bar on it and on the one before.

    Parameters
    ----------
    store
        The lake, at the version to read.
    listings
        Whose portfolios are wanted.
    start, end
        First and last day.
    match
        What the stocks have in common with them.

    Returns
    -------
    tuple
        The returns, and what a reader should know of them. A listing whose industry or size is not
        known, or that has fewer than ten other stocks, throughout is among the table's `lacks`.

    Raises
    ------
    DataError
        If no listing has a portfolio.
    BarsMissing
        If no stock has a bar.
    """
    exchanges = list(dict.fromkeys(item.exchange for item in listings))
    first_day = start - _HISTORY if match.by_size else start
    market = read_market_panel(store, exchanges, first_day, end, named=listings)
    columns = [market.prices.column(item) for item in listings]
    values = np.full((len(market.prices.sessions), len(listings)), np.nan)
    unmatched: dict[int, DataError] = {}
    measures: list[Characteristic] = []
    for first, last in pairwise([*_formed(market, match), len(market.prices.sessions)]):
        formation = _Formation(market, first, match, frozenset(columns))
        for at, column in enumerate(columns):
            try:
                peers = formation.peers(column)
            except DataError as error:
                unmatched.setdefault(at, error)
            else:
                _fill(values[:, at], market, column, peers, first, last)
        measures += formation.measures
    known = np.isfinite(values).any(axis=0)
    if not known.any():
        raise next(iter(unmatched.values()))
    return ReturnTable(
        name=str(match),
        days=market.prices.sessions,
        columns=tuple(item.id for item, some in zip(listings, known, strict=True) if some),
        values=values[:, known],
        lacks={listings[at].id: why for at, why in unmatched.items() if not known[at]},
    ), match_remark(store, match, measures)


def match_remark(store: Store, match: Match, measures: Sequence[Characteristic]) -> str:
    """Say of which day the industries are, and what size was measured by."""
    told = [industry_remark(store)] if match.by_industry else []
    if match.by_size:
        told.append(
            say(
                "Portfolios are chosen on the first session of each month: size is the market "
                "value in {n} of {all} choices, else the mean turnover of {sessions} sessions.",
                n=sum(item is Characteristic.MARKET_VALUE for item in measures),
                all=len(measures),
                sessions=SESSIONS,
            )
        )
    return " ".join(told)


def _formed(market: MarketPanel, match: Match) -> list[int]:
    """Return the rows on which portfolios are chosen anew, the first row among them."""
    changes = set(market.industry_rows()) if match.by_industry else {0}
    if match.by_size:
        months = market.prices.sessions.astype("datetime64[M]")
        changes |= {int(row) for row in np.flatnonzero(months[1:] != months[:-1]) + 1}
    return sorted(changes)


class _Formation:
    """Portfolios chosen before the open of one row; nothing of it or later is looked at.

    `measures` is what size was measured by, once for each of the mainland and Hong Kong asked for.
    """

    def __init__(
        self, market: MarketPanel, row: int, match: Match, left_out: frozenset[int]
    ) -> None:
        self._market, self._row, self._match = market, row, match
        self._industries = np.array(market.industries_on(row), dtype=object)
        self._others = np.ones(len(self._industries), dtype=np.bool_)
        self._others[list(left_out)] = False
        self._sizes: dict[bool, FloatArray] = {}
        self.measures: list[Characteristic] = []

    def peers(self, column: int) -> Places:
        """Return the stocks of a listing's portfolio, those nearest in size first.

        Raises
        ------
        DataError
            If there are fewer than ten.
        """
        listing, industry = self._market.prices.listings[column], self._industries[column]
        mainland = listing.exchange.mainland
        prices = self._market.prices
        side = in_market(prices, mainland=mainland) if self._match.by_size else self._side(mainland)
        among = self._others & side
        if self._match.by_industry:
            if not industry:
                raise self._lack(listing, say("no industry"))
            among = among & (self._industries == industry)
        if not self._match.by_size:
            return self._enough(listing, str(industry), np.flatnonzero(among))
        sizes = self._size(mainland)
        if not np.isfinite(sizes[column]):
            raise self._lack(listing, say("no size"))
        found = np.flatnonzero(among & np.isfinite(sizes))
        self._enough(listing, str(industry), found)
        share = _THIRD if self._match.by_industry else _TENTH
        nearest = np.argsort(np.abs(sizes[found] - sizes[column]), kind="stable")
        chosen: Places = found[nearest[: max(LEAST_PEERS, -(-len(found) // share))]]
        return chosen

    def _side(self, mainland: bool) -> FlagArray:
        listings = self._market.prices.listings
        return np.array([item.exchange.mainland == mainland for item in listings], dtype=np.bool_)

    def _size(self, mainland: bool) -> FloatArray:
        """Return `(n_listings,)` logarithms of the sizes at the close before; NaN if unknown."""
        if mainland not in self._sizes:
            prices = self._market.prices
            side = in_market(prices, mainland=mainland)
            own = prices.own_rows(int(np.argmax(side)))
            rows = own[own < self._row]
            unknown = np.full(len(side), np.nan)
            measured: dict[Characteristic, FloatArray] = {}
            if side.any() and len(rows):
                recent = np.isfinite(prices.close[rows[-SESSIONS:]]).any(axis=0)
                measured = size_before(self._market, rows, side & recent, [])
            self._sizes[mainland] = next(iter(measured.values()), unknown)
            self.measures += measured
        return self._sizes[mainland]

    def _enough(self, listing: Listing, industry: str, found: Places) -> Places:
        if len(found) >= LEAST_PEERS:
            return found
        told = (
            say("industry {industry} has {n} other stocks", industry=industry, n=len(found))
            if self._match.by_industry
            else say("its market has {n} other stocks", n=len(found))
        )
        raise self._lack(listing, told)

    def _lack(self, listing: Listing, told: str) -> DataError:
        return DataError(
            say(
                "{listing} has no portfolio of {match}: {told} in the tables",
                listing=listing,
                match=self._match.told,
                told=told,
            ),
            where=say("table listings"),
            fix=say("give the portfolios yourself with --matched FILE, or use --model market"),
        )


def _fill(
    out: FloatArray, market: MarketPanel, column: int, peers: Places, first: int, end: int
) -> None:
    """Write the mean return of some stocks on the sessions of a listing from `first` up to `end`.

    `out` is `(n_sessions,)`; a session on which fewer than ten have a return is left as it is.
    """
    panel = market.prices
    own = panel.own_rows(column)
    at = np.flatnonzero((own >= first) & (own < end))
    at = at[at > 0]
    if not len(at):
        return
    cells = np.ix_(own[at[0] - 1 : at[-1] + 1], peers)
    worths: FloatMatrix = panel.close[cells] * panel.factor[cells]
    returns = worths[1:] / worths[:-1] - 1
    known = np.isfinite(returns)
    enough = known.sum(axis=1) >= LEAST_PEERS
    means = np.where(known, returns, 0.0).sum(axis=1) / np.maximum(known.sum(axis=1), 1)
    out[own[at[enough]]] = means[enough]
