"""Runs of rebalanced windows through the engine: on paper, and with money."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from screener.backtest.execution.accounts.book import AccountBook, simulated_books
from screener.backtest.execution.accounts.cash_account import Played, Trade
from screener.backtest.execution.accounts.models import ExecutionModel, MoneyModel, PaperModel
from screener.backtest.execution.accounts.rebalancing import play_rebalanced
from screener.backtest.execution.booking import Booking
from screener.backtest.execution.dealing import Dealing
from screener.backtest.execution.pricing import ValuePanel
from screener.backtest.execution.shares import Execution, dated
from screener.backtest.frictions import Frictions
from screener.backtest.portfolio import PAPER_MONEY
from screener.domain.arrays import FloatVector
from screener.domain.panel import PricePanel, TradingPanel
from screener.market.charges import Side
from screener.paths.rebalancing import rebalancing_rows
from screener.paths.windows import Window

__all__ = ["PaperRun", "execute_rebalanced", "paper_rebalanced", "simulated"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PaperRun:
    """A rebalanced window on paper, with 1 at the start.

    Parameters
    ----------
    path
        `(n_rows,)` value at the close of each row of the panel from the window's first on.
    bought
        `(n_rows,)` worth of what was bought in each of them.
    fees
        Plain costs of its orders.
    open
        Whether a sale that was due still waits.
    """

    path: FloatVector
    bought: FloatVector
    fees: float
    open: bool


def paper_rebalanced(
    values: ValuePanel, windows: Sequence[Window], *, sell: bool = False, cost: float = 0.0
) -> tuple[PaperRun, ...]:
    """Run rebalanced windows on paper, with 1 at the start.

    Parameters
    ----------
    values
        Prices in units of total return.
    windows
        Windows with at least one name that is not dropped.
    sell
        Whether names are sold when they are due, late if need be, instead of marked.
    cost
        A plain proportional cost of each order, as a fraction.

    Raises
    ------
    DataError
        If a name in foreign currency has no fresh fixing on a day that it is valued.
    """
    models = [
        [PaperModel(values, window, at, cost) for at in range(len(window.legs))]
        for window in windows
    ]
    plays = _played(values.prices, windows, models, capital=PAPER_MONEY, sell=sell)
    found = simulated(windows, models, plays, capital=PAPER_MONEY)
    return tuple(
        PaperRun(
            path=path / PAPER_MONEY,
            bought=_bought(play.trades, window.first_row, len(path)) / PAPER_MONEY,
            fees=sum(trade.fill.fees for trade in play.trades) / PAPER_MONEY,
            open=play.open,
        )
        for window, play, path in zip(windows, plays, found, strict=True)
    )


def _bought(trades: Sequence[Trade], start: int, n_rows: int) -> FloatVector:
    bought = np.zeros(n_rows)
    for trade in trades:
        if trade.side is Side.BUY:
            bought[trade.fill.row - start] += trade.fill.shares * trade.fill.price
    return bought


def execute_rebalanced(
    trading: TradingPanel,
    windows: Sequence[Window],
    capital: float,
    frictions: Frictions,
) -> tuple[Execution, ...]:
    """Execute rebalanced windows with a capital each; see `executing.execute_all`.

    Raises
    ------
    DataError
        If a Hong Kong name has no board lot, or a foreign one no fresh fixing.
    ComputeError
        If the engine did not fill every order, or does not come to the same money.
    """
    models = [
        [_with_money(trading, window, at, frictions) for at in range(len(window.legs))]
        for window in windows
    ]
    plays = _played(trading.prices, windows, models, capital=capital, sell=True)
    found = simulated(windows, models, plays, capital=capital)
    return tuple(
        Execution(
            value=None if play.open else float(path[-1]),
            lines=play.lines,
            fees=sum(trade.fill.fees for trade in play.trades) + play.taxes,
            dividends=play.dividends,
            pending=play.open,
            path=dated(path, window.first_row, play.lines, play.sales),
        )
        for window, play, path in zip(windows, plays, found, strict=True)
    )


def _with_money(
    trading: TradingPanel, window: Window, number: int, frictions: Frictions
) -> MoneyModel:
    dealing = Dealing(trading, window.legs[number].column, frictions)
    return MoneyModel(dealing, Booking.of(dealing, window, number), window)


def _played(
    panel: PricePanel,
    windows: Sequence[Window],
    models: Sequence[Sequence[ExecutionModel]],
    *,
    capital: float,
    sell: bool,
) -> list[Played]:
    return [
        play_rebalanced(
            panel,
            window,
            own,
            rebalancing_rows(panel, window).tolist(),
            capital=capital,
            sell=sell,
        )
        for window, own in zip(windows, models, strict=True)
    ]


def simulated(
    windows: Sequence[Window],
    models: Sequence[Sequence[ExecutionModel]],
    plays: Sequence[Played],
    *,
    capital: float,
) -> list[FloatVector]:
    """Return each window's value by the engine at the close of each row, checked at its end."""
    books = [
        AccountBook(own, play, window.end_rows, _span(window, play), capital)
        for window, own, play in zip(windows, models, plays, strict=True)
    ]
    return simulated_books(books)


def _span(window: Window, play: Played) -> tuple[int, int]:
    last = max([window.last_row, *(trade.fill.row for trade in play.trades)])
    return window.first_row, last
