"""Price indices over the simulated names, so that benchmarks belong to their market."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from screener.data.sources.simulated.accounts import Shares
from screener.data.sources.simulated.lives import Lives
from screener.data.sources.simulated.trading import Trading
from screener.domain.arrays import FlagArray, FloatArray, FloatVector
from screener.domain.listing import Exchange

__all__ = ["INDEX_NAMES", "IndexBars", "weigh"]


INDEX_NAMES = {
    Exchange.SH: ("000300.SH", "模拟沪深指数", 4000.0),
    Exchange.HK: ("HSI.HK", "模拟港股指数", 20000.0),
}
"""Id, name and starting level of each market's index."""

_RANGE_SHARE = 0.3  # of the members' own range: they do not all turn at the same minute


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class IndexBars:
    """Bars of an index in points, `(n_sessions,)` each, and the amount of all members."""

    open: FloatVector
    high: FloatVector
    low: FloatVector
    close: FloatVector
    amount: FloatVector


def weigh(
    trading: Trading, shares: Shares, lives: Lives, amount: FloatArray, level: float
) -> IndexBars:
    """Chain the free-float capitalisation of all members listed on two sessions running.

    Dividends are not reinvested; bonus issues and splits change nothing. The first session starts
    at `level`, with its members' move from open to close. Members join and leave between sessions.
    """
    weights = shares.total * shares.free_float
    stays = lives.listed.copy()
    stays[1:] &= lives.listed[:-1]
    before = np.empty(len(weights))
    before[0] = np.sum(trading.open[0] * weights[0], where=stays[0])
    before[1:] = np.sum(trading.close[:-1] * weights[:-1], axis=1, where=stays[1:])
    moves = {
        name: _moves(getattr(trading, name), weights, stays, before)
        for name in ("open", "high", "low", "close")
    }
    close = level * np.cumprod(moves["close"])
    last = np.concatenate([[level], close[:-1]])
    top, bottom = (
        np.maximum(moves["open"], moves["close"]),
        np.minimum(moves["open"], moves["close"]),
    )
    high = top + _RANGE_SHARE * (moves["high"] - top)
    low = bottom - _RANGE_SHARE * (bottom - moves["low"])
    return IndexBars(
        open=np.round(last * moves["open"], 2),
        high=np.round(last * high, 2),
        low=np.round(last * low, 2),
        close=np.round(close, 2),
        amount=np.round(np.sum(amount, axis=1, where=lives.listed), 2),
    )


def _moves(
    prices: FloatArray,
    weights: FloatArray,
    stays: FlagArray,
    before: FloatVector,
) -> FloatVector:
    now = np.sum(prices * weights, axis=1, where=stays)
    # Without a member the index stands still.
    moves: FloatVector = np.divide(now, before, out=np.ones(len(now)), where=before > 0)
    return moves
