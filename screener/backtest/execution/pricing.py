"""Values of windows in one currency: marks, fills, and the order books made of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np

from screener.backtest.portfolio import OrderBook
from screener.domain.arrays import FloatMatrix, FloatVector, IntArray
from screener.domain.basket import EntryPrice
from screener.domain.panel import PricePanel, carried
from screener.errors import DataError
from screener.language import say
from screener.paths.exits import end_quote
from screener.paths.legs import Leg, LegState, Reason, sale_block
from screener.paths.windows import Window, WindowStatus

__all__ = [
    "Exits",
    "ValuePanel",
    "executed_exits",
    "exit_value",
    "no_fixing",
    "order_book",
    "unfixed",
    "value_panel",
]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ValuePanel:
    """A price panel in units of total return, in the base currency.

    Parameters
    ----------
    prices
        The panel it comes from.
    paid
        `(n_sessions, n_listings)` price of a purchase × factor × fx; NaN without a bar.
    marks
        `(n_sessions, n_listings)` last close on or before the session × its factor × the day's fx,
        be it before the panel; NaN before the first bar of all.
    """

    prices: PricePanel
    paid: FloatMatrix
    marks: FloatMatrix
    _scheduled: list[FloatMatrix] = field(init=False, repr=False, default_factory=list)

    @property
    def scheduled(self) -> FloatMatrix:
        """`(n_sessions, n_listings)` prices at which a name is meant to be bought, as `paid` is.

        The price of the session, or the last close before it, as valued in the session before of
        its own exchange, where there is none; NaN where there is no close either.
        """
        if not self._scheduled:
            self._scheduled.append(self._scheduled_prices())
        return self._scheduled[0]

    def _scheduled_prices(self) -> FloatMatrix:
        panel, before = self.prices, np.full(self.marks.shape, np.nan)
        for exchange in {item.exchange for item in panel.listings}:
            columns = np.flatnonzero([item.exchange is exchange for item in panel.listings])
            own = panel.own_rows(int(columns[0]))
            before[np.ix_(own[1:], columns)] = self.marks[np.ix_(own[:-1], columns)]
        quoted = np.isfinite(self.paid) & (self.paid > 0)
        return np.where(quoted, self.paid, before)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Exits:
    """Sales of the executable path: the row of each leg's sale, -1 while it is not sold."""

    rows: tuple[int, ...]
    reasons: tuple[Reason, ...]

    @property
    def open(self) -> bool:
        """Whether a sale that was due still waits."""
        return any(row < 0 and reason for row, reason in zip(self.rows, self.reasons, strict=True))


def exit_value(values: ValuePanel, leg: Leg, row: int) -> float:
    """Return what values a name that leaves at a row, as `marks` has it: at the open if early."""
    quote = end_quote(values.prices, replace(leg, exit_row=row), row)
    if not quote.opening:
        return float(values.marks[row, leg.column])
    panel = values.prices
    return float(quote.price * panel.factor[row, leg.column] * panel.fx[row, leg.column])


def value_panel(panel: PricePanel, price: EntryPrice = EntryPrice.OPEN) -> ValuePanel:
    """Return the panel in units of total return in the base currency.

    Parameters
    ----------
    panel
        Prices as stored.
    price
        At which price of its session a name is bought.
    """
    closes = panel.close * panel.factor
    if len(closes):  # one that is halted as the panel begins is worth what it last was
        closes[0] = np.where(np.isfinite(closes[0]), closes[0], panel.prior_values)
    closes = carried(closes)
    paid = panel.paid(price) * panel.factor * panel.fx
    return ValuePanel(prices=panel, paid=paid, marks=closes * panel.fx)


def _open(column: int, row: int) -> Reason:
    del column, row
    return Reason.NONE


def executed_exits(
    panel: PricePanel, window: Window, closed: Callable[[int, int], Reason] = _open
) -> Exits:
    """Resolve the sales of the executable path.

    A name is sold at the close of its scheduled exit, or at the first later close at which it is
    neither suspended nor at its lower limit, nor, on the mainland, bought that very day (T+1).
    `reasons` says why a sale was or is late. Nothing is sold before the window is mature. `closed`
    tells by column and row what more keeps an account from selling.
    """
    mature = window.status is WindowStatus.MATURE
    found = [_sale(panel, leg, closed) if mature else (-1, Reason.NONE) for leg in window.legs]
    return Exits(rows=tuple(row for row, _ in found), reasons=tuple(why for _, why in found))


def order_book(
    values: ValuePanel,
    windows: tuple[Window, ...],
    *,
    fee: float = 0.0,
    exits: tuple[Exits, ...] | None = None,
) -> OrderBook:
    """Make the order book of many windows, one portfolio each, aligned at their first entry.

    Parameters
    ----------
    values
        Prices in the base currency.
    windows
        Windows with at least one name that is not dropped.
    fee
        Proportional cost of each order, as a fraction.
    exits
        Sales of each window; without them every name is marked at its last close and not sold.

    Raises
    ------
    DataError
        If a name in foreign currency has no fresh fixing on a day that it is valued.
    """
    columns: list[tuple[int, Window, int]] = [
        (group, window, at)
        for group, window in enumerate(windows)
        for at, leg in enumerate(window.legs)
        if leg.state is not LegState.DROPPED
    ]
    starts = [window.first_row for window in windows]
    ends = [
        max((*window.end_rows, *(exits[group].rows if exits else ())))
        for group, window in enumerate(windows)
    ]
    # A sale at a close takes the row after it, so that it never meets a purchase of the same day.
    n_rows = max(end - start for start, end in zip(starts, ends, strict=True)) + 2
    marks = np.empty((n_rows, len(columns)))
    buys = np.full((2, len(columns)), -1.0)
    sells = np.full((2, len(columns)), -1.0)
    for out, (group, window, at) in enumerate(columns):
        leg, start = window.legs[at], starts[group]
        sold = exits[group].rows[at] if exits else -1
        end = max(sold, window.end_rows[at])
        marks[:, out] = _marks(values, leg, start, end, n_rows)
        if leg.fill_row is not None:
            buys[:, out] = leg.fill_row - start, values.paid[leg.fill_row, leg.column]
            if sold >= 0:
                sells[:, out] = sold - start + 1, exit_value(values, leg, sold)
    return OrderBook(
        marks=marks,
        groups=np.array([group for group, _, _ in columns], dtype=np.int64),
        cash=np.array([window.weights[at] for _, window, at in columns]),
        buy_rows=_rows(buys),
        buy_prices=buys[1],
        sell_rows=_rows(sells),
        sell_prices=sells[1],
        fees=np.full(len(columns), fee),
    )


def _rows(orders: FloatMatrix) -> IntArray:
    rows: IntArray = orders[0].astype(np.int64)
    return rows


def _marks(values: ValuePanel, leg: Leg, start: int, end: int, n_rows: int) -> FloatVector:
    """Return the marks of one leg: its fill price before the fill, frozen after its end."""
    if leg.fill_row is None:
        return np.ones(n_rows)
    held = values.marks[leg.fill_row : end + 1, leg.column]
    opened = values.paid[leg.fill_row, leg.column]
    if not (np.isfinite(held).all() and np.isfinite(opened)):
        raise no_fixing(values.prices, leg, end)
    before = np.full(leg.fill_row - start, opened)
    after = np.full(n_rows - len(before) - len(held), held[-1])
    return np.concatenate([before, held, after])


def unfixed(values: ValuePanel, window: Window) -> tuple[Leg, DataError] | None:
    """Return the first held name of a window that lacks a fixing on a row of it, and the error."""
    for leg, end in zip(window.legs, window.end_rows, strict=True):
        if leg.fill_row is not None and end >= leg.fill_row:
            rows = slice(leg.fill_row, end + 1)
            paid = values.paid[leg.fill_row, leg.column]
            if not (np.isfinite(values.marks[rows, leg.column]).all() and np.isfinite(paid)):
                return leg, no_fixing(values.prices, leg, end)
    return None


def no_fixing(panel: PricePanel, leg: Leg, end: int) -> DataError:
    """Return the error of a leg that is valued up to row `end` and lacks a fixing."""
    listing = panel.listings[leg.column]
    first = leg.fill_row if leg.fill_row is not None else end
    missing = np.flatnonzero(~np.isfinite(panel.fx[first : end + 1, leg.column]))
    day = panel.session(first + int(missing[0])) if len(missing) else panel.session(first)
    return DataError(
        say(
            "{listing} is quoted in {currency} and no {currency}/CNY fixing holds on {day}",
            listing=listing,
            currency=listing.currency,
            day=day,
        ),
        where=say("table fx"),
        fix=say("import the fixings: `screener data import FILE --kind fx`"),
    )


def _sale(panel: PricePanel, leg: Leg, closed: Callable[[int, int], Reason]) -> tuple[int, Reason]:
    if leg.fill_row is None or not leg.reached or leg.exit_row is None:
        return -1, Reason.NONE
    first_block = Reason.NONE
    rows = panel.own_rows(leg.column)
    own = rows[int(np.searchsorted(rows, leg.exit_row)) :]
    mainland = panel.listings[leg.column].exchange.mainland
    for row in own:
        same_day = mainland and int(row) == leg.fill_row
        blocked = closed(leg.column, int(row)) or sale_block(
            panel, leg.column, int(row), opening=leg.early
        )
        block = Reason.SAME_DAY if same_day else blocked
        if block is Reason.NONE:
            return int(row), first_block
        first_block = first_block or block
    return -1, first_block
