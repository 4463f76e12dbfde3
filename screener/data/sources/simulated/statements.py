"""Simulated statements: cumulative by quarter, published by the deadlines, some of them restated.

Income statement, balance sheet and cash flow of a listing are one set of books: what is left after
interest, tax and minorities is the profit, and equity grows by it, less the dividends that went ex.
The mainland publishes the annual report and the first quarter by 30 April, never the quarter before
the year, the half year by 31 August and the third quarter by 31 October; Hong Kong half years, the
annual one by 31 March. Some annual profits are wrong at first, and restated with the next half
year. A company that lists tells three years at its listing; one that is delisted tells no more.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from screener.data.sources.simulated.accounts import Accounts, Shares
from screener.data.sources.simulated.draws import Entry, ListingDraws, Way
from screener.data.sources.simulated.lives import NEVER, Lives
from screener.data.sources.simulated.request import MarketQuery
from screener.domain.arrays import (
    DayArray,
    FlagArray,
    FloatMatrix,
    FloatVector,
    IntArray,
    SessionAxis,
)

__all__ = ["Known", "Statements", "known_totals", "publish"]

QUARTERS = 4
_SEASON = (0.22, 0.25, 0.25)
_LONGEST_EARLY = (20, 30, 25, 60)  # days before the deadline, by quarter
_RESTATED = 0.08
_TOLD = 3 * QUARTERS  # periods that a prospectus tells
_TAXES = (0.15, 0.25)
_INTEREST = 0.035  # of the debt, a year
_DEBTLESS, _UNTOLD = 0.15, 0.06  # listings that owe nothing, that tell no balance sheet
_NOT_YET = np.datetime64("NaT", "D")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Statements:
    """Statements of one market's listings; matrices are `(n_periods, n_listings)`.

    Parameters
    ----------
    ends
        `(n_periods,)` last days of the quarters, of all years of the query.
    known, restated
        Days on which the figures were published, first and corrected; NaT for never.
    first, final
        Figures by column of table `fundamentals`, as first published and as they are.
    """

    ends: DayArray
    known: DayArray
    restated: DayArray
    first: Mapping[str, FloatMatrix]
    final: Mapping[str, FloatMatrix]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Known:
    """What is known at some sessions, `(n_rows, n_listings)`; NaN where nothing is.

    Parameters
    ----------
    trailing
        Figures of the last four quarters, by column of table `fundamentals`.
    annual
        Those of the last whole year.
    latest
        Those of the last statement.
    """

    trailing: Mapping[str, FloatMatrix]
    annual: Mapping[str, FloatMatrix]
    latest: Mapping[str, FloatMatrix]


def publish(
    market: MarketQuery,
    draws: ListingDraws,
    lives: Lives,
    *,
    years: range,
    accounts: Accounts,
    shares: Shares,
    paid: FloatMatrix,
) -> Statements:
    """Publish the statements of all years.

    Parameters
    ----------
    market, draws, lives
        Listings, their random numbers and lives.
    years
        Years of the accounts.
    accounts, shares
        Accounts and share counts.
    paid
        `(n_sessions, n_listings)` cash paid to all shares, at the ex-session.
    """
    ends = _ends(years)
    known = _publication(market, draws, lives, years, ends)
    wrong = np.zeros(known.shape, dtype=np.bool_)
    wrong[QUARTERS - 1 :: QUARTERS] = draws.entries[:, :, Entry.RESTATED].T < _RESTATED
    corrected = np.full(known.shape, _NOT_YET)
    corrected[QUARTERS - 1 : -QUARTERS : QUARTERS] = known[QUARTERS + 1 :: QUARTERS]
    corrected[~(wrong & (corrected > known))] = _NOT_YET
    books = _Books(market.sessions, draws, ends, accounts, shares, paid)
    factor = np.ones(known.shape)
    factor[QUARTERS - 1 :: QUARTERS] = 0.5 + draws.entries[:, :, Entry.ERROR].T
    final = books.figures(books.profit)
    wrong = ~np.isnat(corrected)
    told = books.figures(np.where(wrong, books.profit * factor, books.profit))
    return Statements(ends=ends, known=known, restated=corrected, first=told, final=final)


def known_totals(statements: Statements, days: SessionAxis, names: tuple[str, ...]) -> Known:
    """Return what the statements published by the end of each day tell, the newest vintages.

    Parameters
    ----------
    statements
        The statements.
    days
        `(n_rows,)` days.
    names
        Columns of table `fundamentals`.
    """
    both = np.sort(np.concatenate([statements.known, statements.restated]), axis=0)  # NaT last
    at = both[~np.isnat(both).all(axis=1)]
    parts: tuple[dict[str, list[FloatVector]], ...] = tuple(
        {name: [np.full(at.shape[1], np.nan)] for name in names} for _ in range(3)
    )
    for then in at:
        published = statements.known <= then
        latest = np.where(published, np.arange(len(published))[:, None], -1).max(axis=0)
        part = (latest + 1) % QUARTERS  # quarters since the year's end
        for name in names:
            now, year, before = (
                _told(statements, name, latest - back, published, then)
                for back in (np.zeros_like(part), part, np.full_like(part, QUARTERS))
            )
            trailing = np.where(part == 0, now, now + year - before)
            for held, values in zip(parts, (trailing, year, now), strict=True):
                held[name].append(values)
    rows = np.stack([np.searchsorted(own, days, side="right") for own in at.T], axis=1)
    columns = np.arange(at.shape[1])
    sums, wholes, lasts = (
        {name: np.stack(held[name])[rows, columns] for name in names} for held in parts
    )
    return Known(trailing=sums, annual=wholes, latest=lasts)


def _told(
    statements: Statements, name: str, place: IntArray, published: FlagArray, then: DayArray
) -> FloatVector:
    """Return a figure of one period for each listing, as its newest vintage tells it on a day."""
    columns, inside = np.arange(len(place)), np.maximum(place, 0)
    corrected = statements.restated[inside, columns] <= then
    final, first = (held[name][inside, columns] for held in (statements.final, statements.first))
    there = (place >= 0) & published[inside, columns]
    return np.where(there, np.where(corrected, final, first), np.nan)


class _Books:
    """Cumulative figures of all periods."""

    def __init__(
        self,
        sessions: SessionAxis,
        draws: ListingDraws,
        ends: DayArray,
        accounts: Accounts,
        shares: Shares,
        paid: FloatMatrix,
    ) -> None:
        self._ways = draws.ways
        part = _parts(draws)
        n_years = len(accounts.revenue)
        parts = np.tile(part, (n_years, 1))
        self._entries = np.repeat(np.swapaxes(draws.entries, 0, 1), QUARTERS, axis=0)
        annual = np.repeat(accounts.profit, QUARTERS, axis=0)
        self._annual_revenue = np.repeat(accounts.revenue, QUARTERS, axis=0)
        self._revenue = self._annual_revenue * parts
        self.profit = annual * parts
        rows = np.searchsorted(sessions, ends, side="right")
        before = np.cumsum(accounts.profit, axis=0) - accounts.profit
        out = np.concatenate([np.zeros((1, paid.shape[1])), np.cumsum(paid, axis=0)])[rows]
        earned = np.repeat(before, QUARTERS, axis=0) + self.profit
        self._equity = accounts.book + earned - out
        self._opening = self._equity - self.profit
        self._shares = shares.total[np.maximum(rows - 1, 0)]
        self._elapsed = (np.tile(np.arange(1, QUARTERS + 1), n_years) / QUARTERS)[:, None]

    def figures(self, profit: FloatMatrix) -> dict[str, FloatMatrix]:
        """Return the figures of all periods with these profits of the owners."""
        ways = self._ways
        outside = 0.12 * ways[:, Way.MINORITIES] ** 2  # of the profit
        tax = np.where(ways[:, Way.TAX] < 0.5, *_TAXES)
        owed = np.maximum(ways[:, Way.DEBT] - _DEBTLESS, 0.0)
        debt = 0.8 * owed * self._annual_revenue
        total = profit / (1 - outside)
        before_tax = np.where(total > 0, total / (1 - tax), total)
        interest = _INTEREST * debt * self._elapsed
        depreciation = (0.02 + 0.06 * ways[:, Way.DEPRECIATION]) * self._revenue
        ebit = before_tax + interest
        expenses = (0.06 + 0.3 * ways[:, Way.EXPENSES]) * self._revenue
        equity = self._equity + profit - self.profit
        minorities = outside * np.maximum(equity, 0.0)
        liabilities = debt + 0.25 * self._annual_revenue + 1.2 * np.maximum(-equity, 0.0)
        assets = liabilities + equity + minorities
        entries = self._entries
        deducted = profit - 0.2 * entries[:, :, Entry.DEDUCTED] * np.abs(profit)
        cash_flow = (total + depreciation) * (0.6 + 0.7 * entries[:, :, Entry.CASH_FLOW])
        mean = (self._opening + equity) / 2
        balance = {
            "ebit": ebit,
            "income_tax": before_tax - total,
            "depreciation": depreciation,
            "interest_expense": interest,
            "total_assets": assets,
            "total_liabilities": liabilities,
            "cash_equivalents": (0.05 + 0.25 * ways[:, Way.CASH]) * assets,
            "debt": debt,
            "minorities": minorities,
        }
        untold = ways[:, Way.TOLD] < _UNTOLD
        return {
            **{name: np.where(untold, np.nan, values) for name, values in balance.items()},
            "revenue": self._revenue,
            "net_profit": profit,
            "net_profit_deducted": deducted,
            "operating_cash_flow": cash_flow,
            "equity": equity,
            "eps": profit / self._shares,
            "bps": equity / self._shares,
            "roe": np.where(mean > 0, profit / np.where(mean > 0, mean, 1.0), np.nan),
            "gross_margin": (ebit + expenses) / self._revenue,
        }


def _parts(draws: ListingDraws) -> FloatMatrix:
    """Return the part of a year that is earned by the end of each quarter, `(4, n_listings)`."""
    ways = draws.ways[:, [Way.FIRST_QUARTER, Way.SECOND_QUARTER, Way.THIRD_QUARTER]].T
    parts = np.ones((QUARTERS, len(draws.ways)))
    parts[:-1] = np.cumsum(np.array(_SEASON)[:, None] + 0.06 * (ways - 0.5), axis=0)
    return parts


def _ends(years: range) -> DayArray:
    months = np.arange(f"{years[0]}-04", f"{years[-1] + 1}-04", 3, dtype="datetime64[M]")
    ends: DayArray = months.astype("datetime64[D]") - 1
    return ends


def _publication(
    market: MarketQuery, draws: ListingDraws, lives: Lives, years: range, ends: DayArray
) -> DayArray:
    """Return the day on which each statement is first published, NaT for never."""
    shape = (len(years), QUARTERS, len(market.members))
    first = np.datetime64(f"{years[0]}", "Y") + np.arange(len(years))
    entries = np.moveaxis(draws.entries[:, :, :QUARTERS], 0, 2)  # years, quarters, listings
    early = np.floor(np.array(_LONGEST_EARLY)[:, None] * entries**2).astype("timedelta64[D]")
    annual_month = 15 if market.mainland else 14  # after the year's beginning
    deadlines = np.stack(
        [
            (first.astype("datetime64[M]") + months + 1).astype("datetime64[D]") - 1
            for months in (3, 7, 9, annual_month)
        ],
        axis=1,
    )
    known = deadlines[:, :, None] - early
    known[1:, 0] = np.maximum(known[1:, 0], known[:-1, 3])  # no quarter before the year
    if not market.mainland:
        known[:, [0, 2]] = _NOT_YET
    known = known.reshape(shape[0] * QUARTERS, shape[2])
    listed = np.array(lives.list_dates, dtype="datetime64[D]")
    before = ends[:, None] < listed
    known = np.where(before, np.maximum(known, listed), known)
    n_before = before.sum(axis=0)
    old = np.arange(len(ends))[:, None] < n_before - _TOLD
    new = listed >= market.sessions[0]  # who was listed before has told its older years already
    known[old & new] = _NOT_YET
    gone = np.where(
        lives.last < len(market.sessions),
        market.sessions[np.minimum(lives.last, len(market.sessions) - 1)],
        np.datetime64("9999-12-31", "D"),
    )
    known[known >= gone] = _NOT_YET
    known[:, lives.first == NEVER] = _NOT_YET
    published: DayArray = known
    return published
