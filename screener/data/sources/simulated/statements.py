"""Simulated statements and industries, tables beside the simulated market; they change none of it.

Figures are cumulative, a year's spread evenly over its quarters, as the multiples of the market
have it. They are published by the mainland's deadlines: the annual report and the first quarter by
30 April, the half year by 31 August, the third quarter by 31 October; Hong Kong reports half years.
Some annual figures are wrong at first, and restated with the next half year's.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Self

import numpy as np
import pyarrow as pa

from screener.data.lake.schema import TableName
from screener.data.sources.simulated.draws import SimulationPayload
from screener.data.sources.simulated.request import SimulationQuery
from screener.data.sources.simulated.simulation import SimulatedListings, simulate
from screener.data.sources.simulated.tables import make_table

__all__ = ["simulated_statements"]

_KNOWN_BY = "simulated announcement"
_DEADLINES = {1: (4, 30, 0), 2: (8, 31, 0), 3: (10, 31, 0), 4: (4, 30, 1)}
_ENDS = {1: (3, 31), 2: (6, 30), 3: (9, 30), 4: (12, 31)}
_BEFORE = 28  # most days before the deadline
_RESTATED, _MOVED = 0.08, 0.1
_FIGURES = (
    *("revenue", "net_profit", "net_profit_deducted"),
    *("operating_cash_flow", "equity", "gross_margin"),
    *("ebit", "income_tax", "depreciation", "interest_expense"),
    *("total_assets", "total_liabilities", "cash_equivalents", "debt", "minorities"),
)
_UNTOLD, _DEBTLESS = 0.06, 0.15  # listings that tell no balance sheet, and that owe nothing


@dataclass(frozen=True, slots=True)
class _Row:
    listing: str
    period_end: date
    known_at: date
    currency: str
    figures: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class _Habits:
    """How a company keeps its balance sheet; `told` is whether it tells one."""

    told: bool
    debt: float
    others: float
    cash: float
    depreciation: float
    rate: float
    tax: float

    @classmethod
    def drawn(cls, draws: np.random.Generator) -> Self:
        told, owes = draws.random() >= _UNTOLD, draws.random() >= _DEBTLESS
        debt, others, cash = draws.uniform((0.05, 0.0, 0.05), (1.2, 0.15, 0.9))
        worn, rate, tax = draws.uniform((0.02, 0.03, 0.15), (0.08, 0.05, 0.25))
        return cls(told, debt if owes else 0.0, others, cash, worn, rate, tax)

    def figures(self, plain: tuple[float, ...], part: float) -> tuple[float, ...]:
        """Return the figures from `ebit` on, which belong to those of `_figures`."""
        if not self.told:
            return (float("nan"),) * 9
        revenue, profit, _, _, equity, _ = plain
        size = abs(equity)
        debt, others = self.debt * size, self.others * size
        interest = self.rate * part * debt
        whole = profit * (1 + self.others)  # with what belongs to others
        before = whole / (1 - self.tax) if whole > 0 else whole
        liabilities = debt + 0.2 * revenue / part
        return (
            *(before + interest, before - whole, self.depreciation * revenue, interest),
            *(equity + others + liabilities, liabilities, self.cash * size, debt, others),
        )


def simulated_statements(
    query: SimulationQuery, payload: SimulationPayload, *, at: datetime
) -> dict[TableName, pa.Table]:
    """Return the tables `fundamentals` and `industries` of a simulated market.

    Parameters
    ----------
    query, payload
        What the market is simulated from.
    at
        Instant written on every row, aware, UTC.

    Returns
    -------
    dict
        Rows known by the end of the request; a later end adds rows and changes none before.
    """
    sides = [side for side in simulate(query, payload) if side.market.members]
    rows = [row for side in sides for row in _statements(query, side)]
    spells = [row for side in sides for row in _industries(query, side)]
    fundamentals = {
        "listing": [row.listing for row in rows],
        "period_end": [row.period_end for row in rows],
        "known_at": [row.known_at for row in rows],
        "known_by": _KNOWN_BY,
        "currency": [row.currency for row in rows],
        **{name: [row.figures[place] for row in rows] for place, name in enumerate(_FIGURES)},
    }
    industries = {
        "listing": [row[0] for row in spells],
        "valid_from": [row[1] for row in spells],
        "industry": [row[2] for row in spells],
    }
    return {
        TableName.FUNDAMENTALS: make_table(TableName.FUNDAMENTALS, at, fundamentals),
        TableName.INDUSTRIES: make_table(TableName.INDUSTRIES, at, industries),
    }


def _random(query: SimulationQuery, *parts: object) -> np.random.Generator:
    """Return random numbers of one listing and year alone: a later end draws the same."""
    return np.random.default_rng([query.request.seed, zlib.crc32(repr(parts).encode())])


def _statements(query: SimulationQuery, side: SimulatedListings) -> Iterator[_Row]:
    for column, member in enumerate(side.market.members):
        listing = member.listing
        quarters = (1, 2, 3, 4) if listing.exchange.mainland else (2, 4)
        habits = _Habits.drawn(_random(query, listing.id, "balance"))
        for place, year in enumerate(query.years):
            draws = _random(query, listing.id, year)
            early = {quarter: int(draws.integers(0, _BEFORE)) for quarter in _ENDS}
            restated = draws.random() < _RESTATED
            error = 1 + 0.2 * draws.standard_normal()
            deducted, margin = draws.uniform(0.8, 1.0), draws.uniform(0.1, 0.6)
            for quarter in quarters:
                plain = _figures(side, column, place, quarter / 4, deducted, margin)
                true = (*plain, *habits.figures(plain, quarter / 4))
                month, day, later = _DEADLINES[quarter]
                known = date(year + later, month, day) - timedelta(days=early[quarter])
                end = date(year, *_ENDS[quarter])
                wrong = restated and quarter == max(quarters)
                first = tuple(value * error for value in true) if wrong else true
                vintages = [(known, first)]
                if wrong:
                    vintages.append((date(year + 1, 8, 31) - timedelta(days=early[2]), true))
                for day_known, figures in vintages:
                    if day_known <= query.request.end:
                        currency = str(listing.currency)
                        yield _Row(listing.id, end, day_known, currency, figures)


def _figures(
    side: SimulatedListings, column: int, place: int, part: float, deducted: float, margin: float
) -> tuple[float, ...]:
    accounts = side.accounts
    equity = float(accounts.equity[place, column])
    before = float(accounts.equity[place - 1, column]) if place else equity
    profit = part * float(accounts.profit[place, column])
    return (
        part * float(accounts.revenue[place, column]),
        profit,
        profit * deducted,
        part * float(accounts.cash_flow[place, column]),
        before + part * (equity - before),
        margin,
    )


def _industries(query: SimulationQuery, side: SimulatedListings) -> Iterator[tuple[str, date, str]]:
    """Yield the industry of each listing from its first day on; a few change it once."""
    for column, member in enumerate(side.market.members):
        first = side.lives.list_dates[column]
        if first is None or first > query.request.end:
            continue
        yield member.listing.id, first, member.sector
        draws = _random(query, member.listing.id)
        if draws.random() < _MOVED:
            moved = query.request.start + timedelta(days=int(draws.integers(200, 900)))
            if first < moved <= query.request.end:
                others = [sector for sector in query.sectors if sector != member.sector]
                yield member.listing.id, moved, str(draws.choice(others))
