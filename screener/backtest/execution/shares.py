"""What an execution comes to, and what a share that is held is worth at each close."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from screener.backtest.execution.booking import Fill
from screener.backtest.frictions import Entitlement, EntitlementKind, Line, Order
from screener.domain.arrays import FloatVector
from screener.domain.panel import TradingPanel
from screener.errors import DataError
from screener.language import say

__all__ = ["Execution", "Outcome", "dated", "paid_of", "share_marks", "sold_out"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a window comes to under some frictions.

    Parameters
    ----------
    value
        Money at the end, in CNY: cash, and what is still held at its last close; `None` while a
        sale that was due still waits.
    lines
        Every order, filled or not, and every dividend, tax and rights issue, as the ledger has
        them.
    capped
        Whether an order may have been smaller for a session's volume; where it is not, no bound on
        it would have changed anything.
    """

    value: float | None
    lines: tuple[Line, ...]
    capped: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Execution(Outcome):
    """What a window came to with money, by the engine.

    Parameters
    ----------
    fees
        Commission, levies and taxes of the orders, and tax on dividends, in CNY.
    dividends
        Cash dividends received before tax, in CNY.
    pending
        Whether a sale that was due still waits.
    path
        `(n_rows,)` money at the close of each row of the panel from the window's first on, in CNY;
        what is still held counts at its last close.
    """

    fees: float
    dividends: float
    pending: bool
    path: FloatVector = field(compare=False)

    @property
    def orders(self) -> tuple[Order, ...]:
        """Every order, filled or not."""
        return tuple(line for line in self.lines if isinstance(line, Order))


def paid_of(sale: Fill) -> float:
    """Return the fees that a sale's own proceeds pay: the engine takes no order below zero."""
    return min(sale.fees, sale.shares * sale.price)


def dated(
    path: FloatVector, first_row: int, lines: Sequence[Line], sales: Sequence[Fill]
) -> FloatVector:
    """Return a path with what the engine does not know, each from its own session on.

    Parameters
    ----------
    path
        `(n_rows,)` money at each close, in CNY, with all dividends, their taxes and the fees that
        no proceeds pay counted from the start.
    first_row
        Row of the panel of its first value.
    lines
        Rows of the window's ledger.
    sales
        Its sales.
    """
    steps = np.zeros(len(path) + 1)  # the last for what comes after its end, as a sale still waits
    for line in lines:
        if isinstance(line, Entitlement) and line.kind is not EntitlementKind.RIGHTS:
            steps[min(line.row - first_row, len(path))] += line.cash
    for sale in sales:
        steps[sale.row - first_row] -= sale.fees - paid_of(sale)
    known = np.cumsum(steps)  # one after the other, however long the path is beyond its end
    later: FloatVector = known[-1] - known[:-1]
    return path - later


def share_marks(
    trading: TradingPanel, column: int, bought: Fill, start: int, end: int, n_rows: int
) -> FloatVector:
    """Return `(n_rows,)` CNY for a share as bought at each close: no splits, dividends or rights.

    What went ex since the last close is in the cash by now, and not in the mark.

    Raises
    ------
    DataError
        If a name in foreign currency has no fresh fixing on a day that it is valued.
    """
    panel = trading.prices
    rows = slice(bought.row, end + 1)
    ratios = np.cumprod(
        np.concatenate([[1.0], trading.share_ratio[bought.row + 1 : end + 1, column]])
    )
    worth = _carried(trading, column, bought.row, end) * ratios * panel.fx[rows, column]
    if not np.isfinite(worth).all():
        listing = panel.listings[column]
        missing = int(np.flatnonzero(~np.isfinite(worth))[0])
        raise DataError(
            say(
                "{listing} is quoted in {currency} and no {currency}/CNY fixing holds on {session}",
                listing=listing,
                currency=listing.currency,
                session=panel.session(bought.row + missing),
            ),
            where=say("table fx"),
            fix=say("import the fixings: `screener data import FILE --kind fx`"),
        )
    marks = np.empty(n_rows)
    begun = bought.row - start
    ended = begun + len(worth)
    marks[:begun], marks[begun:ended], marks[ended:] = bought.price, worth, worth[-1]
    return marks


def _carried(trading: TradingPanel, column: int, first: int, last: int) -> FloatVector:
    """Return a share's close of each row, or the last one before less what left it since."""
    panel = trading.prices
    closes = panel.close[first : last + 1, column].copy()
    if len(closes) and not np.isfinite(closes[0]):
        closes[0] = panel.open[first, column]
    for at in np.flatnonzero(~np.isfinite(closes[1:])) + 1:
        closes[at] = trading.ex_price(float(closes[at - 1]), first + int(at), column)
    return closes


def sold_out(units: Sequence[float]) -> list[float]:
    """Return signed units that never sell more than there is by a rounding of floats."""
    held, found = 0.0, []
    for unit in units:
        sold_more = unit < 0 and abs(held + unit) <= 1e-12 * held
        found.append(-held if sold_more else unit)
        held += found[-1]
    return found
