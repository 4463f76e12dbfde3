"""The executable path of a window: resolved orders through the engine, dividends and tax beside."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from screener.backtest.execution.accounts.rebalanced import execute_rebalanced
from screener.backtest.execution.booking import Fill
from screener.backtest.execution.dealing import NOTHING_TAKEN, Taken
from screener.backtest.execution.fills import Held, WindowOrders, resolve_orders
from screener.backtest.execution.shares import (
    Execution,
    dated,
    paid_of,
    share_marks,
    sold_out,
)
from screener.backtest.frictions import Frictions, Order
from screener.backtest.portfolio import TradeBook, simulate_trades
from screener.domain.arrays import FloatMatrix, FloatVector
from screener.domain.basket import Rebalance
from screener.domain.panel import TradingPanel
from screener.paths.windows import Window

__all__ = ["execute", "execute_all"]


def execute(
    trading: TradingPanel,
    window: Window,
    capital: float,
    frictions: Frictions,
    taken: Taken = NOTHING_TAKEN,
) -> Execution:
    """Execute one window; see `execute_all`.

    One that is held, not rebalanced, may be one of several of an account: `taken` is what these
    trade, and is bound by one share of each session's volume together with it.
    """
    if window.rebalance is Rebalance.NONE:
        return _execute_held(trading, [window], capital, frictions, taken)[0]
    return execute_rebalanced(trading, [window], capital, frictions)[0]


def execute_all(
    trading: TradingPanel, windows: Sequence[Window], capital: float, frictions: Frictions
) -> tuple[Execution, ...]:
    """Execute windows with a capital each, in as few engine calls as memory allows.

    A rebalanced window has one cash account for all its names; else each name spends its own
    share of the capital.

    Parameters
    ----------
    trading
        Prices, volumes, entitlements and lots.
    windows
        Windows with at least one name that is not dropped.
    capital
        Money for each window, in CNY.
    frictions
        What trading costs and forbids.

    Raises
    ------
    DataError
        If a Hong Kong name has no board lot, or a foreign one no fresh fixing.
    ComputeError
        If the engine did not fill every order, or comes to other money than they do.
    """
    held = [window for window in windows if window.rebalance is Rebalance.NONE]
    others = [window for window in windows if window.rebalance is not Rebalance.NONE]
    found = {
        id(window): one
        for some, run in ((held, _execute_held), (others, execute_rebalanced))
        for window, one in zip(some, run(trading, some, capital, frictions), strict=True)
    }
    return tuple(found[id(window)] for window in windows)


def _execute_held(
    trading: TradingPanel,
    windows: Sequence[Window],
    capital: float,
    frictions: Frictions,
    taken: Taken = NOTHING_TAKEN,
) -> tuple[Execution, ...]:
    """Execute windows that are bought once and held."""
    resolved = [resolve_orders(trading, window, capital, frictions, taken) for window in windows]
    found: dict[int, Execution] = {}
    for subscribed in (False, True):  # apart: none moves a last digit of the others
        some = [
            (window, orders)
            for window, orders in zip(windows, resolved, strict=True)
            if orders.subscribed is subscribed
        ]
        gains = _engine_gains(trading, some, places=2 if subscribed else 1)
        for (window, orders), gain in zip(some, gains.T, strict=True):
            found[id(window)] = _execution(window, orders, capital, gain)
    return tuple(found[id(window)] for window in windows)


def _execution(
    window: Window, orders: WindowOrders, capital: float, gains: FloatVector
) -> Execution:
    """Add to the engine's gains what it does not know: dividends, their tax, fees left unpaid."""
    held = [one for one in orders.held if one is not None]
    received, tax = sum(one.dividends for one in held), sum(one.taxes for one in held)
    sales = [fill for one in held if one.sale is not None for fill in one.sale.fills]
    unpaid = sum(fill.fees - paid_of(fill) for fill in sales)
    path = capital + (gains - unpaid + received - tax)
    fees = sum(line.fees for line in orders.lines if isinstance(line, Order)) + tax
    return Execution(
        value=None if orders.open else float(path[-1]),
        lines=orders.lines,
        fees=float(fees),
        dividends=float(received),
        pending=orders.open,
        path=dated(path, window.first_row, orders.lines, sales),
        capped=orders.capped,
    )


def _engine_gains(
    trading: TradingPanel, windows: Sequence[tuple[Window, WindowOrders]], *, places: int
) -> FloatMatrix:
    """Return `(n_rows, n_windows)` gains in the engine, in cash and in what is still held.

    By the close of each row from a window's first on; those after its end repeat it. A sale at a
    close takes the row after it, so that it never meets a purchase of the same day; a subscription
    on the morning after a sale needs a row between: then a session has two `places`.
    """
    starts = [window.first_row for window, _ in windows]
    ends = [_last_row(window, orders) for window, orders in windows]
    lengths = [end - start for start, end in zip(starts, ends, strict=True)]
    span = max(lengths, default=0) + 2
    gains = np.zeros((span, len(windows)))
    columns = [
        (group, at, one)
        for group, (_, orders) in enumerate(windows)
        for at, one in enumerate(orders.held)
        if one is not None
    ]
    if not columns:
        return gains
    shape = (span * places, len(columns))
    sizes, prices = np.full(shape, np.nan), np.full(shape, np.nan)
    fees, marks, cash = np.zeros(shape), np.empty(shape), np.empty(len(columns))
    early = np.zeros(gains.shape)  # what a sale gains at its close already, not in the row after it
    for out, (group, at, one) in enumerate(columns):
        start, bought = starts[group], one.bought
        sales = one.sale.fills if one.sale else ()
        window, orders = windows[group]
        end = max([window.end_rows[at], *_later_rows(one)])
        column = window.legs[at].column
        own = share_marks(trading, column, bought, start, end, span)
        marks[:, out] = np.repeat(own, places)
        # A hair above the budget is a rounding of floats, and no reason to refuse the order. What
        # is subscribed is paid in beside it.
        cash[out] = max(orders.budgets[at], bought.units * bought.price + bought.fees)
        cash[out] += sum(fill.shares * fill.price for fill in one.subscribed)
        fills = sorted((bought, *one.subscribed, *sales), key=lambda fill: fill.row)
        sold = [any(fill is sale for sale in sales) for fill in fills]
        signs = [-1 if flag else 1 for flag in sold]
        units = sold_out([fill.units * sign for fill, sign in zip(fills, signs, strict=True)])
        for fill, flag, unit in zip(fills, sold, units, strict=True):
            row = (fill.row - start) * places + flag
            _place(sizes, prices, fees, (row, out), fill, unit)
            if flag and places == 1:
                gained = fill.price * fill.shares - paid_of(fill) - abs(unit) * own[row - 1]
                early[row - 1, group] += gained
    groups = np.unique([group for group, _, _ in columns], return_inverse=True)
    simulation = simulate_trades(
        TradeBook(
            marks=marks,
            groups=groups[1].astype(np.int64),
            cash=cash,
            sizes=sizes,
            prices=prices,
            fees=fees,
        )
    )
    gains[:, groups[0]] = simulation.gains[places - 1 :: places]
    return gains + early


def _place(
    sizes: FloatMatrix,
    prices: FloatMatrix,
    fees: FloatMatrix,
    cell: tuple[int, int],
    fill: Fill,
    units: float,
) -> None:
    sizes[cell] = units
    prices[cell] = fill.price * fill.shares / abs(units)
    fees[cell] = fill.fees if units > 0 else paid_of(fill)


def _last_row(window: Window, orders: WindowOrders) -> int:
    later = [row for one in orders.held if one is not None for row in _later_rows(one)]
    return max([*window.end_rows, *later])


def _later_rows(one: Held) -> list[int]:
    """Return rows that may lie beyond the window: of sales, of rights while a sale waits."""
    sales = one.sale.fills if one.sale else ()
    return [fill.row for fill in (*sales, *one.subscribed)]
