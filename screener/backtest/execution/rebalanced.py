"""Runs of rebalanced windows through the engine: on paper, and with money."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from screener.backtest.execution.booking import Booking
from screener.backtest.execution.dealing import Dealing
from screener.backtest.execution.models import ExecutionModel, MoneyModel, PaperModel
from screener.backtest.execution.pricing import ValuePanel
from screener.backtest.execution.rebalancing import Played, Trade, play_rebalanced
from screener.backtest.execution.shares import Execution, dated, paid_of, sold_out
from screener.backtest.frictions import Frictions
from screener.backtest.portfolio import PAPER_MONEY, TradeBook, simulate_trades
from screener.domain.arrays import FloatMatrix, FloatVector
from screener.domain.panel import PricePanel, TradingPanel
from screener.errors import ComputeError
from screener.language import say
from screener.market.charges import Side
from screener.paths.rebalancing import rebalancing_rows
from screener.paths.windows import Window

__all__ = ["PaperRun", "execute_rebalanced", "paper_rebalanced", "simulated"]

_PLACES = 3  # rows of the engine for a session: entries, sales, purchases
_AGREE = 1e-6  # of the capital
_HAIR = 1e-6  # more cash than there is: a rounding of floats is no reason to refuse an order, and
# the engine takes a rest of less than 1e-9 of the cash for none


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
    return MoneyModel(dealing, Booking(dealing, window, number), window)


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
    spans = [_span(window, play) for window, play in zip(windows, plays, strict=True)]
    books = [
        _Book(own, play, window.end_rows, span, capital)
        for window, own, play, span in zip(windows, models, plays, spans, strict=True)
    ]
    found = [np.full(end - start + 1, capital) for start, end in spans]
    some = [at for at, book in enumerate(books) if book.columns]
    if some:
        values = simulate_trades(_joined([books[at] for at in some])).values
        for group, at in enumerate(some):
            start, end = spans[at]
            own = values[_PLACES - 1 :: _PLACES, group][: end - start + 1]
            found[at] = own - books[at].beside
    for book, play, path in zip(books, plays, found, strict=True):
        expected = play.cash + book.worth
        if abs(path[-1] - expected) > _AGREE * capital:
            raise ComputeError(
                say(
                    "vectorbt comes to {path:.4f} where the orders come to {expected:.4f}",
                    path=path[-1],
                    expected=expected,
                ),
                fix=say(
                    "this is a fault of the program: please report it with the command you typed"
                ),
            )
    return found


def _span(window: Window, play: Played) -> tuple[int, int]:
    last = max([window.last_row, *(trade.fill.row for trade in play.trades)])
    return window.first_row, last


class _Book:
    """Orders and marks of one window, one column for each name that was ever bought."""

    def __init__(
        self,
        models: Sequence[ExecutionModel],
        play: Played,
        end_rows: Sequence[int],
        span: tuple[int, int],
        capital: float,
    ) -> None:
        start, end = span
        by_leg: dict[int, list[Trade]] = {}
        for trade in play.trades:
            by_leg.setdefault(trade.leg, []).append(trade)
        self.columns = list(by_leg.items())
        self.n_rows = (end - start + 1) * _PLACES
        self.start = start
        self.marks: list[FloatVector] = []
        self.units: list[list[float]] = []
        self.worth = 0.0
        for leg, trades in self.columns:
            own_end = max(end_rows[leg], *(trade.fill.row for trade in trades))
            first = trades[0].fill
            marks = models[leg].marks(first, start, own_end)
            marks = np.concatenate([marks, np.full(end - start + 1 - len(marks), marks[-1])])
            units = [_signed(trade) * models[leg].units(trade.fill, first) for trade in trades]
            self.marks.append(np.repeat(marks, _PLACES))
            self.units.append(units)
            self.worth += sum(units) * float(marks[-1])
        unpaid = sum(fill.fees - paid_of(fill) for fill in play.sales)
        # The engine has the dividends and what is subscribed from the start, and knows neither the
        # tax on dividends nor the fees that a sale's own proceeds do not pay.
        money = capital + play.dividends
        self.cash = (money + play.subscribed) * (1 + _HAIR)
        self.beside = self.cash - money + play.taxes + unpaid


def _signed(trade: Trade) -> int:
    return 1 if trade.side is Side.BUY else -1


def _joined(books: Sequence[_Book]) -> TradeBook:
    """Return the books of several windows as one, aligned at their first rows."""
    n_rows = max(book.n_rows for book in books)
    n_columns = sum(len(book.columns) for book in books)
    sizes, prices = np.full((n_rows, n_columns), np.nan), np.full((n_rows, n_columns), np.nan)
    fees, marks = np.zeros((n_rows, n_columns)), np.empty((n_rows, n_columns))
    groups, cash = np.empty(n_columns, dtype=np.int64), np.empty(n_columns)
    out = 0
    for group, book in enumerate(books):
        for at, (_, trades) in enumerate(book.columns):
            marks[: book.n_rows, out], marks[book.n_rows :, out] = (
                book.marks[at],
                book.marks[at][-1],
            )
            groups[out], cash[out] = group, book.cash
            for trade, units in zip(trades, sold_out(book.units[at]), strict=True):
                row = (trade.fill.row - book.start) * _PLACES + trade.place
                _place(sizes, prices, fees, (row, out), trade, units)
            out += 1
    return TradeBook(
        marks=marks,
        groups=groups,
        cash=cash,
        sizes=sizes,
        prices=prices,
        fees=fees,
        shared=True,
    )


def _place(
    sizes: FloatMatrix,
    prices: FloatMatrix,
    fees: FloatMatrix,
    cell: tuple[int, int],
    trade: Trade,
    units: float,
) -> None:
    fill = trade.fill
    sizes[cell] = units
    prices[cell] = fill.price * fill.shares / abs(units)
    fees[cell] = fill.fees if trade.side is Side.BUY else paid_of(fill)
