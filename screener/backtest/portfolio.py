"""Books of orders that are already resolved, in; values and fees of their portfolios, out.

The engine drops an order that it cannot fill without a word (a NaN price, too little cash, fewer
than 1e-8 units), so the orders that it filled are compared with those that were asked after every
call. Every column is given to it in units that are worth 1 at the price of its first order: a price
of any size then leaves its floor at 1e-8 of the money's currency. `LEAST_PART` of what a basket is
worth, `PAPER_MONEY` on paper, lies far above that floor: smaller orders are left out by whoever
makes them, and are not asked for.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from screener.backtest.engine import Asked, fill
from screener.domain.arrays import FloatMatrix, FloatVector
from screener.errors import ComputeError
from screener.language import say

__all__ = [
    "LEAST_PART",
    "PAPER_MONEY",
    "OrderBook",
    "RowVector",
    "Simulation",
    "TradeBook",
    "simulate",
    "simulate_trades",
]

RowVector = npt.NDArray[np.int64]

BookT = TypeVar("BookT", "OrderBook", "TradeBook")

PAPER_MONEY = 1e6
"""Money that a path on paper is simulated with; what comes out is divided by it."""
LEAST_PART = 1e-9
"""An order of less than this part of what its basket is worth is a rounding of floats: none."""

_CELLS_PER_CALL = 4_000_000  # bounds the full-size temporaries that the engine makes
_NO_ORDER = -1
_NEXT_TO_NOTHING = 1e-300


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class OrderBook:
    """Resolved orders of many portfolios, one column per name, in units of total return.

    Parameters
    ----------
    marks
        `(n_rows, n_columns)` value of one unit at the close of each row, finite everywhere.
    groups
        `(n_columns,)` portfolio of each column, ascending from 0 without gaps.
    cash
        `(n_columns,)` money given to each column at the start; what it does not spend stays cash.
    buy_rows, sell_rows
        `(n_columns,)` row of the order, -1 for none.
    buy_prices, sell_prices
        `(n_columns,)` price of one unit; ignored where there is no order.
    fees
        `(n_columns,)` proportional cost of each order as a fraction.
    """

    marks: FloatMatrix
    groups: RowVector
    cash: FloatVector
    buy_rows: RowVector
    buy_prices: FloatVector
    sell_rows: RowVector
    sell_prices: FloatVector
    fees: FloatVector


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TradeBook:
    """Resolved orders with fees of their own, several for a name if need be.

    Parameters
    ----------
    marks
        `(n_rows, n_columns)` value of one unit at the close of each row, finite everywhere.
    groups
        `(n_columns,)` portfolio of each column, ascending from 0 without gaps.
    cash
        `(n_columns,)` money given to each column at the start; what it does not spend stays cash.
        With `shared` it is that of the portfolio, given once for each of its columns.
    sizes
        `(n_rows, n_columns)` units bought, negative if sold; NaN without an order.
    prices
        `(n_rows, n_columns)` money for one unit; NaN without an order.
    fees
        `(n_rows, n_columns)` money that the order costs besides.
    shared
        Whether the names of a portfolio spend each other's money. Sales come in rows before the
        purchases that they pay for.
    """

    marks: FloatMatrix
    groups: RowVector
    cash: FloatVector
    sizes: FloatMatrix
    prices: FloatMatrix
    fees: FloatMatrix
    shared: bool = False


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Simulation:
    """Values and fees of every portfolio.

    Parameters
    ----------
    values
        `(n_rows, n_groups)` value at each close, cash included.
    gains
        `(n_rows, n_groups)` the same less the cash given: exactly 0 where nothing was bought.
    fees
        `(n_groups,)` fees paid, in the unit of the cash.
    """

    values: FloatMatrix
    gains: FloatMatrix
    fees: FloatVector


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Orders:
    """Orders as the engine takes them: matrices, and fees as rates or as fixed amounts."""

    sizes: FloatMatrix
    prices: FloatMatrix
    rates: FloatMatrix | float
    fixed: FloatMatrix | float


def simulate(book: OrderBook) -> Simulation:
    """Simulate a book of resolved orders, in as few calls of the engine as memory allows.

    Raises
    ------
    ComputeError
        If vectorbt did not fill every order that was asked.
    """
    return _joined([_simulate_chunk(chunk) for chunk in _chunks(book)])


def simulate_trades(book: TradeBook) -> Simulation:
    """Simulate a book of orders with fees of their own, in as few calls as memory allows.

    Raises
    ------
    ComputeError
        If vectorbt did not fill every order that was asked.
    """
    return _joined([_simulate_trades(chunk) for chunk in _chunks(book)])


def _joined(parts: Sequence[Simulation]) -> Simulation:
    return Simulation(
        values=np.concatenate([part.values for part in parts], axis=1),
        gains=np.concatenate([part.gains for part in parts], axis=1),
        fees=np.concatenate([part.fees for part in parts]),
    )


def _chunks(book: BookT) -> Iterator[BookT]:
    n_rows, n_columns = book.marks.shape
    if n_rows * n_columns <= _CELLS_PER_CALL:
        yield book
        return
    per_call = max(1, _CELLS_PER_CALL // n_rows)
    last_of_group = np.flatnonzero(np.diff(book.groups, append=book.groups[-1] + 1))
    start = 0
    while start < n_columns:
        fits = last_of_group[(last_of_group >= start) & (last_of_group < start + per_call)]
        # A single portfolio wider than the bound still goes through in one piece.
        end = int(fits[-1] if len(fits) else last_of_group[last_of_group >= start][0]) + 1
        yield _part(book, slice(start, end))
        start = end


def _part(book: BookT, some: slice) -> BookT:
    """Return the book of some columns only, portfolios numbered anew."""
    given = {part.name: getattr(book, part.name) for part in fields(book)}
    kept: dict[str, Any] = {
        name: value[..., some] for name, value in given.items() if isinstance(value, np.ndarray)
    }
    kept["groups"] = np.unique(kept["groups"], return_inverse=True)[1].astype(np.int64)
    return replace(book, **kept)


def _simulate_chunk(book: OrderBook) -> Simulation:
    asked = int((book.buy_rows != _NO_ORDER).sum() + (book.sell_rows != _NO_ORDER).sum())
    sizes, prices = _order_matrices(book)
    return _engine(
        book, _Orders(sizes=sizes, prices=prices, rates=book.fees[np.newaxis, :], fixed=0.0), asked
    )


def _simulate_trades(book: TradeBook) -> Simulation:
    orders = _Orders(sizes=book.sizes, prices=book.prices, rates=0.0, fixed=book.fees)
    return _engine(book, orders, int(np.isfinite(book.sizes).sum()))


def _engine(book: OrderBook | TradeBook, wanted: _Orders, n_orders: int) -> Simulation:
    shared = isinstance(book, TradeBook) and book.shared
    firsts = np.flatnonzero(np.diff(book.groups, prepend=-1))
    cash = book.cash[firsts] if shared else book.cash
    filled = fill(_asked(book, wanted, n_orders, cash, shared=shared))
    if len(filled.orders) != n_orders:
        raise ComputeError(
            say(
                "vectorbt filled {n} of {n_orders} orders", n=len(filled.orders), n_orders=n_orders
            ),
            fix=say("this is a fault of the program: please report it with the command you typed"),
        )
    by_column = np.bincount(
        filled.orders["col"], weights=filled.orders["fees"], minlength=len(book.groups)
    )
    fees = np.bincount(book.groups, weights=by_column).astype(np.float64)
    values, gains = filled.values, filled.values - cash
    if shared:
        return Simulation(values=values, gains=gains, fees=fees)
    # Columns that share no cash are added up here: grouping them costs the engine more.
    return Simulation(
        values=np.add.reduceat(values, firsts, axis=1),
        gains=np.add.reduceat(gains, firsts, axis=1),
        fees=fees,
    )


def _asked(
    book: OrderBook | TradeBook,
    wanted: _Orders,
    n_orders: int,
    cash: FloatVector,
    *,
    shared: bool,
) -> Asked:
    unit = _first_prices(wanted)
    return Asked(
        marks=book.marks / unit,
        sizes=wanted.sizes * unit,
        # It takes no price of 0, which a delisted share may pay out.
        prices=np.where(wanted.prices == 0, _NEXT_TO_NOTHING, wanted.prices / unit),
        rates=wanted.rates,
        fixed=wanted.fixed,
        cash=cash,
        groups=book.groups if shared else None,
        most=max(n_orders, 1),
    )


def _first_prices(wanted: _Orders) -> FloatVector:
    """Return `(n_columns,)` the price of each column's first order, 1 without an order."""
    asked = np.isfinite(wanted.sizes)
    rows = asked.argmax(axis=0)
    first = wanted.prices[rows, np.arange(len(rows))]
    return np.where(asked.any(axis=0) & (first > 0), first, 1.0)


def _order_matrices(book: OrderBook) -> tuple[FloatMatrix, FloatMatrix]:
    sizes = np.full(book.marks.shape, np.nan)
    prices = np.full(book.marks.shape, np.nan)
    bought = np.flatnonzero(book.buy_rows != _NO_ORDER)
    units = book.cash[bought] / (book.buy_prices[bought] * (1 + book.fees[bought]))
    sizes[book.buy_rows[bought], bought] = units
    prices[book.buy_rows[bought], bought] = book.buy_prices[bought]
    held = np.zeros(len(book.groups))
    held[bought] = units
    sold = np.flatnonzero(book.sell_rows != _NO_ORDER)
    sizes[book.sell_rows[sold], sold] = -held[sold]
    prices[book.sell_rows[sold], sold] = book.sell_prices[sold]
    return sizes, prices
