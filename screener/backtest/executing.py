"""The executable path of a window: resolved orders through the engine, dividends and tax beside."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from screener.backtest.booking import Fill
from screener.backtest.dealing import Dealing
from screener.backtest.fills import Sale, WindowOrders, cash_dividends, resolve_orders
from screener.backtest.frictions import Frictions
from screener.backtest.portfolio import FloatVector, TradeBook, simulate_trades
from screener.backtest.rebalanced import execute_rebalanced
from screener.backtest.shares import Execution, paid_of, share_marks
from screener.domain.basket import Rebalance
from screener.domain.listing import Exchange
from screener.domain.panel import FloatMatrix, TradingPanel
from screener.paths.windows import Window

__all__ = ["execute", "execute_all"]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Beside:
    """Dividends of one name and the tax on them, in CNY."""

    received: float
    tax: float


def execute(
    trading: TradingPanel, window: Window, capital: float, frictions: Frictions
) -> Execution:
    """Execute one window; see `execute_all`."""
    return execute_all(trading, [window], capital, frictions)[0]


def execute_all(
    trading: TradingPanel, windows: Sequence[Window], capital: float, frictions: Frictions
) -> tuple[Execution, ...]:
    """Execute windows with a capital each, in as few engine calls as memory allows.

    A window that is rebalanced has one purse for all its names; else each name spends its own
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
    trading: TradingPanel, windows: Sequence[Window], capital: float, frictions: Frictions
) -> tuple[Execution, ...]:
    """Execute windows that are bought once and held."""
    resolved = [resolve_orders(trading, window, capital, frictions) for window in windows]
    columns = [
        (group, at)
        for group, orders in enumerate(resolved)
        for at, bought in enumerate(orders.purchases)
        if bought is not None
    ]
    values = _engine_values(trading, windows, resolved, columns)
    return tuple(
        _execution(trading, window, orders, values[group], frictions)
        for group, (window, orders) in enumerate(zip(windows, resolved, strict=True))
    )


def _execution(
    trading: TradingPanel,
    window: Window,
    orders: WindowOrders,
    value: float,
    frictions: Frictions,
) -> Execution:
    """Add to the engine's value what it does not know: unspent budgets, dividends, their tax."""
    idle = sum(
        budget
        for budget, bought in zip(orders.budgets, orders.purchases, strict=True)
        if bought is None
    )
    beside = [
        _dividends(trading, window, at, bought, orders.sales[at], frictions)
        for at, bought in enumerate(orders.purchases)
        if bought is not None
    ]
    received, tax = sum(one.received for one in beside), sum(one.tax for one in beside)
    sales = [fill for sale in orders.sales if sale is not None for fill in sale.fills]
    value -= sum(fill.fees - paid_of(fill) for fill in sales)
    fees = sum(order.fees for order in orders.orders) + tax
    return Execution(
        value=None if orders.open else float(value + idle + received - tax),
        orders=orders.orders,
        fees=float(fees),
        dividends=float(received),
        pending=orders.open,
    )


def _engine_values(
    trading: TradingPanel,
    windows: Sequence[Window],
    resolved: Sequence[WindowOrders],
    columns: Sequence[tuple[int, int]],
) -> FloatVector:
    """Return the value of each window at its end in the engine: cash and what is still held."""
    values = np.zeros(len(windows))
    if not columns:
        return values
    starts = [window.first_row for window in windows]
    ends = [_last_row(window, orders) for window, orders in zip(windows, resolved, strict=True)]
    # A sale at a close takes the row after it, so that it never meets a purchase of the same day.
    n_rows = max(end - start for start, end in zip(starts, ends, strict=True)) + 2
    sizes = np.full((n_rows, len(columns)), np.nan)
    prices = np.full((n_rows, len(columns)), np.nan)
    fees = np.zeros((n_rows, len(columns)))
    marks = np.empty((n_rows, len(columns)))
    cash = np.empty(len(columns))
    for out, (group, at) in enumerate(columns):
        orders, start = resolved[group], starts[group]
        bought, sale = orders.purchases[at], orders.sales[at]
        if bought is None:  # columns hold purchases only
            continue
        column = windows[group].legs[at].column
        own_end = windows[group].end_rows[at]
        end = max([own_end, *(fill.row for fill in (sale.fills if sale else ()))])
        marks[:, out] = share_marks(trading, column, bought, start, end, n_rows)
        # A hair above the budget is a rounding of floats, and no reason to refuse the order.
        cash[out] = max(orders.budgets[at], bought.units * bought.price + bought.fees)
        _place(sizes, prices, fees, out, bought.row - start, bought, sign=1)
        for fill in sale.fills if sale else ():
            _place(sizes, prices, fees, out, fill.row - start + 1, fill, sign=-1)
    groups = np.unique([group for group, _ in columns], return_inverse=True)
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
    values[groups[0]] = simulation.values[-1]
    return values


def _place(
    sizes: FloatMatrix,
    prices: FloatMatrix,
    fees: FloatMatrix,
    out: int,
    row: int,
    fill: Fill,
    *,
    sign: int,
) -> None:
    sizes[row, out] = sign * fill.units
    prices[row, out] = fill.price * fill.shares / fill.units
    fees[row, out] = fill.fees if sign > 0 else paid_of(fill)


def _last_row(window: Window, orders: WindowOrders) -> int:
    sold = [fill.row for sale in orders.sales if sale is not None for fill in sale.fills]
    return max([*window.end_rows, *sold])


def _dividends(
    trading: TradingPanel,
    window: Window,
    at: int,
    bought: Fill,
    sale: Sale | None,
    frictions: Frictions,
) -> _Beside:
    """Return the dividends of one name and the tax that is due on them by now."""
    leg, listing = window.legs[at], window.event.members[at].listing
    fills = sale.fills if sale else ()
    dealing = Dealing(trading, leg.column, frictions)
    received = tax = 0.0
    for at_row, money in cash_dividends(trading, leg.column, bought, sale, window.end_rows[at]):
        row = int(at_row)
        units = bought.units - sum(fill.units for fill in fills if fill.row < row)
        received += units * float(money)
        if listing.exchange is Exchange.HK:
            tax += units * float(money) * dealing.dividend_tax(row, row)
        else:
            for fill in fills:
                if fill.row >= row:
                    tax += fill.units * float(money) * dealing.dividend_tax(bought.row, fill.row)
    return _Beside(received=received, tax=tax)
