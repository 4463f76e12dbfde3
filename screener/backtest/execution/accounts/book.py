"""Trades of cash accounts as the engine's book, and their value at each close by the engine."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from screener.backtest.execution.accounts.cash_account import Played, Trade
from screener.backtest.execution.accounts.models import ExecutionModel
from screener.backtest.execution.shares import paid_of, sold_out
from screener.backtest.portfolio import TradeBook, simulate_trades
from screener.domain.arrays import FloatMatrix, FloatVector
from screener.errors import ComputeError
from screener.language import say
from screener.market.charges import Side

__all__ = ["AccountBook", "simulated_books"]

_PLACES = 3  # rows of the engine for a session: entries, sales, purchases
_AGREE = 1e-6  # of the capital
_HAIR = 1e-6  # more cash than there is: a rounding of floats is no reason to refuse an order, and
# the engine takes a rest of less than 1e-9 of the cash for none


@dataclass(frozen=True, slots=True, eq=False)
class _Spell:
    """Trades of one name from its first purchase on, its marks at each close, its units."""

    trades: Sequence[Trade]
    marks: FloatVector
    units: Sequence[float]

    @property
    def first_row(self) -> int:
        return self.trades[0].fill.row

    @property
    def last_row(self) -> int:
        return self.trades[-1].fill.row

    @property
    def left(self) -> float:
        """Units that are never sold."""
        return sum(self.units)


class AccountBook:
    """Orders and marks of one cash account.

    Parameters
    ----------
    models, play
        Execution model of each name, and what became of the account.
    end_rows
        Last row to which each name is valued.
    span
        First and last row of the account.
    capital
        Money at the start, in CNY.
    packed
        Whether names that are held one after the other share a column of the engine, each from its
        first purchase to the sale of all of it.
    """

    def __init__(
        self,
        models: Sequence[ExecutionModel],
        play: Played,
        end_rows: Sequence[int],
        span: tuple[int, int],
        capital: float,
        *,
        packed: bool = False,
    ) -> None:
        start, end = span
        self.play, self.capital, self.start, self.n_sessions = play, capital, start, end - start + 1
        by_leg: dict[int, list[Trade]] = {}
        for trade in play.trades:
            by_leg.setdefault(trade.leg, []).append(trade)
        self.columns: list[list[_Spell]] = []
        self.worth = 0.0
        for leg, every in by_leg.items():
            for trades in _spells(models[leg], every) if packed else [every]:
                gone = packed and not _held(models[leg], trades)
                own_end = trades[-1].fill.row if gone else end_rows[leg]
                own_end = max(own_end, *(trade.fill.row for trade in trades))
                first = trades[0].fill
                marks = models[leg].marks(first, start, own_end)
                rest = np.full(self.n_sessions - len(marks), marks[-1])
                units = sold_out(_units(models[leg], trades))
                self.columns.append([_Spell(trades, np.concatenate([marks, rest]), units)])
                self.worth += sum(units) * float(marks[-1])
        if packed:
            self.columns = _packed([spell for column in self.columns for spell in column])
        unpaid = sum(fill.fees - paid_of(fill) for fill in play.sales)
        # The engine has the dividends and what is subscribed from the start, and knows neither the
        # tax on dividends nor the fees that a sale's own proceeds do not pay.
        money = capital + play.dividends
        self.cash = (money + play.subscribed) * (1 + _HAIR)
        self.beside = self.cash - money + play.taxes + unpaid

    @property
    def n_rows(self) -> int:
        """Rows of the engine."""
        return self.n_sessions * _PLACES


def simulated_books(books: Sequence[AccountBook]) -> list[FloatVector]:
    """Return each account's value by the engine at the close of each row, checked at its end.

    Raises
    ------
    ComputeError
        If the engine did not fill every order, or does not come to the same money.
    """
    found = [np.full(book.n_sessions, book.capital) for book in books]
    some = [at for at, book in enumerate(books) if book.columns]
    if some:
        values = simulate_trades(_joined([books[at] for at in some])).values
        for group, at in enumerate(some):
            own = values[_PLACES - 1 :: _PLACES, group][: books[at].n_sessions]
            found[at] = own - books[at].beside
    for book, path in zip(books, found, strict=True):
        expected = book.play.cash + book.worth
        if abs(path[-1] - expected) > _AGREE * book.capital:
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


def _units(model: ExecutionModel, trades: Sequence[Trade]) -> list[float]:
    first = trades[0].fill
    return [_signed(trade) * model.units(trade.fill, first) for trade in trades]


def _signed(trade: Trade) -> int:
    return 1 if trade.side is Side.BUY else -1


def _held(model: ExecutionModel, trades: Sequence[Trade]) -> bool:
    return sum(sold_out(_units(model, trades))) != 0


def _spells(model: ExecutionModel, trades: Sequence[Trade]) -> Iterator[list[Trade]]:
    """Give the trades of a name from each first purchase to the sale of all that is held."""
    spell: list[Trade] = []
    for trade in trades:
        spell.append(trade)
        if trade.side is Side.SELL and not _held(model, spell):
            yield spell
            spell = []
    if spell:
        yield spell


def _packed(spells: Sequence[_Spell]) -> list[list[_Spell]]:
    """Put spells of which one ends before the next begins into one column."""
    columns: list[list[_Spell]] = []
    for spell in sorted(spells, key=lambda one: one.first_row):
        for column in columns:
            last = column[-1]
            if not last.left and last.last_row < spell.first_row:
                column.append(spell)
                break
        else:
            columns.append([spell])
    return columns


def _joined(books: Sequence[AccountBook]) -> TradeBook:
    """Return the books of several accounts as one, aligned at their first rows."""
    n_rows = max(book.n_rows for book in books)
    n_columns = sum(len(book.columns) for book in books)
    sizes, prices = np.full((n_rows, n_columns), np.nan), np.full((n_rows, n_columns), np.nan)
    fees, marks = np.zeros((n_rows, n_columns)), np.empty((n_rows, n_columns))
    groups, cash = np.empty(n_columns, dtype=np.int64), np.empty(n_columns)
    out = 0
    for group, book in enumerate(books):
        for column in book.columns:
            groups[out], cash[out] = group, book.cash
            for number, spell in enumerate(column):
                own = spell.marks if not number else spell.marks[spell.first_row - book.start :]
                first = (book.n_sessions - len(own)) * _PLACES
                marks[first : book.n_rows, out] = np.repeat(own, _PLACES)
                for trade, units in zip(spell.trades, spell.units, strict=True):
                    row = (trade.fill.row - book.start) * _PLACES + trade.place
                    _place(sizes, prices, fees, (row, out), trade, units)
            marks[book.n_rows :, out] = column[-1].marks[-1]
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
