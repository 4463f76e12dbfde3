"""What an execution comes to, and what a share that is held is worth at each close."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from screener.backtest.booking import Fill
from screener.backtest.frictions import Order
from screener.backtest.portfolio import FloatVector
from screener.domain.panel import TradingPanel
from screener.errors import DataError

__all__ = ["Execution", "paid_of", "share_marks"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Execution:
    """What a window came to with money.

    Parameters
    ----------
    value
        Money at the end, in CNY: cash, and what is still held at its last close; `None` while a
        sale that was due still waits.
    orders
        Every order, filled or not.
    fees
        Commission, levies and taxes of the orders, and tax on dividends, in CNY.
    dividends
        Cash dividends received before tax, in CNY.
    pending
        Whether a sale that was due still waits.
    """

    value: float | None
    orders: tuple[Order, ...]
    fees: float
    dividends: float
    pending: bool


def paid_of(sale: Fill) -> float:
    """Return the fees that a sale's own proceeds pay: the engine takes no order below zero."""
    return min(sale.fees, sale.shares * sale.price)


def share_marks(
    trading: TradingPanel, column: int, bought: Fill, start: int, end: int, n_rows: int
) -> FloatVector:
    """Return `(n_rows,)` CNY for a share as bought at each close: no splits, no dividends.

    Raises
    ------
    DataError
        If a name in foreign currency has no fresh fixing on a day that it is valued.
    """
    panel = trading.prices
    rows = slice(bought.row, end + 1)
    close = panel.close[rows, column]
    known = np.maximum.accumulate(np.where(np.isfinite(close), np.arange(len(close)), -1))
    ratios = np.cumprod(
        np.concatenate([[1.0], trading.share_ratio[bought.row + 1 : end + 1, column]])
    )
    # Cash of each ex-date for a share as bought, and what went ex since the last close: it is in
    # the cash by now and must not stay in the mark.
    cash = np.concatenate([[0.0], trading.dividend[bought.row + 1 : end + 1, column] * ratios[:-1]])
    gone = np.cumsum(cash)
    held = np.where(known >= 0, close[known], panel.open[bought.row, column])
    worth = held * np.where(known >= 0, ratios[known], 1.0)
    worth = (worth - (gone - np.where(known >= 0, gone[known], 0.0))) * panel.fx[rows, column]
    if not np.isfinite(worth).all():
        listing = panel.listings[column]
        missing = int(np.flatnonzero(~np.isfinite(worth))[0])
        raise DataError(
            f"{listing} is quoted in {listing.currency} and no {listing.currency}/CNY fixing "
            f"holds on {panel.session(bought.row + missing)}",
            where="table fx",
            fix="import the fixings: `screener data import FILE --kind fx`",
        )
    before = np.full(bought.row - start, bought.price)
    after = np.full(n_rows - len(before) - len(worth), worth[-1])
    return np.concatenate([before, worth, after])
