"""The executable path of a window: resolved orders through the engine, dividends and tax beside."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from screener.backtest.fills import Fill, Sale, WindowOrders, cash_dividends, resolve_orders
from screener.backtest.frictions import Frictions, Order
from screener.backtest.portfolio import FloatVector, TradeBook, simulate_trades
from screener.domain.listing import Exchange, Listing
from screener.domain.panel import FloatMatrix, TradingPanel
from screener.errors import DataError
from screener.market.dividend_tax import dividend_tax_rate
from screener.paths.windows import Window

__all__ = ["Execution", "execute", "execute_all"]


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
        If the engine did not fill every order.
    """
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
    value -= sum(fill.fees - _paid_of(fill) for fill in sales)
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
        marks[:, out] = _marks(trading, column, bought, start, end, n_rows)
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
    fees[row, out] = fill.fees if sign > 0 else _paid_of(fill)


def _paid_of(sale: Fill) -> float:
    """Return the fees that a sale's own proceeds pay: the engine takes no order below zero."""
    return min(sale.fees, sale.shares * sale.price)


def _last_row(window: Window, orders: WindowOrders) -> int:
    sold = [fill.row for sale in orders.sales if sale is not None for fill in sale.fills]
    return max([*window.end_rows, *sold])


def _marks(
    trading: TradingPanel, column: int, bought: Fill, start: int, end: int, n_rows: int
) -> FloatVector:
    """Return CNY for a share as bought at each close: without splits, dividends left out."""
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
            f"{listing} is quoted in {listing.currency} and no fixing is known within 5 days of "
            f"{panel.session(bought.row + missing)}",
            where="table fx",
            fix="import the fixings: `screener data import FILE --kind fx`",
        )
    before = np.full(bought.row - start, bought.price)
    after = np.full(n_rows - len(before) - len(worth), worth[-1])
    return np.concatenate([before, worth, after])


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
    received = tax = 0.0
    for at_row, money in cash_dividends(trading, leg.column, bought, sale, window.end_rows[at]):
        row = int(at_row)
        units = bought.units - sum(fill.units for fill in fills if fill.row < row)
        received += units * float(money)
        if frictions.levies and listing.exchange is Exchange.HK:
            tax += units * float(money) * _tax_rate(trading, listing, row, row, frictions)
        elif frictions.levies:
            for fill in fills:
                if fill.row >= row:
                    rate = _tax_rate(trading, listing, bought.row, fill.row, frictions)
                    tax += fill.units * float(money) * rate
    return _Beside(received=received, tax=tax)


def _tax_rate(
    trading: TradingPanel, listing: Listing, bought: int, row: int, frictions: Frictions
) -> float:
    """Return the tax on dividends of shares held from one row to another."""
    session = trading.prices.session
    held = (session(row) - session(bought)).days
    return dividend_tax_rate(listing, held, session(row), southbound=frictions.plan.southbound)
