"""Multiples of the simulated market: each close against what was published by then."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from screener.data.sources.simulated.accounts import Shares
from screener.data.sources.simulated.draws import ListingDraws, TraitChance
from screener.data.sources.simulated.statements import Statements, known_totals
from screener.domain.arrays import FlagArray, FloatMatrix, IntArray, SessionAxis

__all__ = ["Multiples", "unrated", "value"]

_UNRATED = 0.04  # share of listings without any earnings multiple
_YEAR = np.timedelta64(365, "D")
_MULTIPLE, _MONEY, _FRACTION = 4, 2, 6
"""Decimals that are told, as vendors tell them."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Multiples:
    """Valuation of some sessions, `(n_rows, n_listings)`; NaN where there is none.

    Multiples of a loss are negative, as sources print them. Multiples have 4 decimals, money 2,
    fractions 6.
    """

    pe_ttm: FloatMatrix
    pe_static: FloatMatrix
    pb: FloatMatrix
    ps_ttm: FloatMatrix
    pcf_ttm: FloatMatrix
    market_cap: FloatMatrix
    float_cap: FloatMatrix
    dividend_yield: FloatMatrix


def value(
    sessions: SessionAxis,
    rows: IntArray,
    *,
    statements: Statements,
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
    statements
        What is published, known after the close of its day.
    shares
        Share counts.
    close
        `(n_sessions, n_listings)` raw close.
    paid
        `(n_sessions, n_listings)` cash paid to all shares, at the ex-session.
    unrated
        `(n_listings,)` listings without earnings multiples.
    """
    cap = close[rows] * shares.total[rows]
    names = ("net_profit", "revenue", "operating_cash_flow", "equity")
    known = known_totals(statements, sessions[rows], names)
    blank = np.where(unrated, np.nan, 1.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        multiples = {
            "pe_ttm": cap / known.trailing["net_profit"] * blank,
            "pe_static": cap / known.annual["net_profit"] * blank,
            "pb": cap / known.latest["equity"],
            "ps_ttm": cap / known.trailing["revenue"],
            "pcf_ttm": cap / known.trailing["operating_cash_flow"] * blank,
        }
    return Multiples(
        **{name: np.round(values, _MULTIPLE) for name, values in multiples.items()},
        market_cap=np.round(cap, _MONEY),
        float_cap=np.round(cap * shares.free_float, _MONEY),
        dividend_yield=np.round(_trailing_cash(sessions, rows, paid) / cap, _FRACTION),
    )


def unrated(draws: ListingDraws) -> FlagArray:
    """Tell which listings have no earnings multiples, `(n_listings,)`."""
    chosen: FlagArray = draws.chances[:, TraitChance.UNRATED] < _UNRATED
    return chosen


def _trailing_cash(sessions: SessionAxis, rows: IntArray, paid: FloatMatrix) -> FloatMatrix:
    """Sum the cash of the 365 days up to each row; NaN while the simulation is younger."""
    total = np.cumsum(paid, axis=0)
    since = np.searchsorted(sessions, sessions[rows] - _YEAR, side="right") - 1
    cash = total[rows] - np.where(since[:, None] >= 0, total[since], 0.0)
    cash[since < 0] = np.nan
    return cash
