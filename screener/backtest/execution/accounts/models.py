"""Execution models of a rebalanced basket: orders of one name with money, or on paper."""

from __future__ import annotations

from functools import cached_property
from typing import Protocol

import numpy as np

from screener.backtest.execution.booking import Booking, Fill
from screener.backtest.execution.dealing import Dealing
from screener.backtest.execution.fills import first_purchase
from screener.backtest.execution.holdings import Holding, Morning, begin_session, tax_leaving
from screener.backtest.execution.pricing import ValuePanel, no_fixing
from screener.backtest.execution.shares import share_marks
from screener.backtest.frictions import Entitlement, Order, OrderStatus
from screener.domain.arrays import FloatVector
from screener.domain.basket import EntryPrice
from screener.language import say
from screener.market.charges import Side
from screener.market.lots import buyable_shares
from screener.paths.legs import Reason
from screener.paths.windows import Window

__all__ = ["ExecutionModel", "MoneyModel", "PaperModel"]

Booked = tuple[Fill | None, Order | None]


class ExecutionModel(Protocol):
    """Execution model of one name: its worth, and what its orders come to. Money is in CNY."""

    @property
    def entry_row(self) -> int | None:
        """Row of its first purchase; `None` where there is none."""

    def closed(self, row: int) -> Reason:
        """Tell whether the account cannot trade the name in a session of its exchange."""

    def ineligible(self, row: int) -> Reason:
        """Tell whether the account may not buy the name in a session."""

    def worth(self, row: int, decided: int) -> float:
        """Return CNY for one share of a row, by its last close up to the row of a decision."""

    def morning(self, holding: Holding, row: int, cash: float) -> Morning:
        """Let what is held have its dividends, its split and its rights of a row."""

    def enter(self, budget: float) -> Booked:
        """Buy at the entry with a budget."""

    def add(self, row: int, budget: float) -> Booked:
        """Buy at the close of a row with a budget; nothing if it reaches no lot."""

    def reduce(self, row: int, shares: float, held: float) -> Booked:
        """Sell some of the shares held at the close of a row; nothing if they are no lot."""

    def leave(self, row: int, due: int, held: float, late: Reason) -> Booked:
        """Sell what is held at the close of a row, all that its volume takes."""

    def unsold(self, reason: Reason, due: int) -> Order | None:
        """Book what is still held after it was due."""

    def taxed(
        self, holding: Holding, row: int, shares: float
    ) -> tuple[float, tuple[Entitlement, ...]]:
        """Take shares out of what is held; return the tax due on their dividends, and its row."""

    def units(self, fill: Fill, first: Fill) -> float:
        """Return the shares of a fill in the units of `marks`: as at the first purchase."""

    def marks(self, first: Fill, start: int, end: int) -> FloatVector:
        """Return `(end - start + 1,)` CNY for one unit at each close from a row to another."""


class MoneyModel:
    """One name under the rules and charges of each day.

    Parameters
    ----------
    dealing, booking
        The name, and who writes its orders.
    window
        The window that it is a name of; `None` where names come and go.
    price
        Price of every later order.
    """

    def __init__(
        self,
        dealing: Dealing,
        booking: Booking,
        window: Window | None = None,
        price: EntryPrice = EntryPrice.CLOSE,
    ) -> None:
        self.dealing, self.booking, self.window, self.price = dealing, booking, window, price

    @cached_property
    def entry_row(self) -> int | None:
        """See `ExecutionModel.entry_row`."""
        window = self.window
        if window is None:
            return None
        leg, end = self.booking.leg, self.booking.end
        return self.dealing.first_open(leg, window.price, end, window.max_wait)[0]

    def closed(self, row: int) -> Reason:
        """See `ExecutionModel.closed`."""
        return self.dealing.closed(row)

    def ineligible(self, row: int) -> Reason:
        """See `ExecutionModel.ineligible`."""
        return self.dealing.ineligible(row)

    def worth(self, row: int, decided: int) -> float:
        """See `ExecutionModel.worth`; raises `DataError` without a fresh fixing."""
        panel, column = self.dealing.panel, self.dealing.column
        last = decided
        while last > 0 and not np.isfinite(panel.close[last, column]):
            last -= 1
        price = float(panel.close[last, column])
        trading = self.dealing.trading
        for at in range(last + 1, row + 1):  # what has left the share since is in the cash account
            price = trading.ex_price(price, at, column)
        return price * self.dealing.fixing(decided)

    def morning(self, holding: Holding, row: int, cash: float) -> Morning:
        """See `ExecutionModel.morning`; mainland tax is due when shares are sold."""
        return begin_session(holding, self.booking, row, cash)

    def enter(self, budget: float) -> Booked:
        """See `ExecutionModel.enter`."""
        if self.window is None:
            raise LookupError(self.dealing.listing.id)
        return first_purchase(self.dealing, self.booking, self.window, budget)

    def add(self, row: int, budget: float) -> Booked:
        """See `ExecutionModel.add`."""
        dealing = self.dealing
        rate = dealing.conversion(row, Side.BUY)
        aimed = float(dealing.panel.paid(self.price)[row, dealing.column])
        shares, price, reason = dealing.affordable(budget, row, rate, aimed)
        if not shares:
            return None, None
        return self._booked(Side.BUY, row, shares, price, capped=bool(reason))

    def reduce(self, row: int, shares: float, held: float) -> Booked:
        """See `ExecutionModel.reduce`."""
        sold = self.dealing.sellable(row, shares, held)
        if not sold:
            return None, None
        capped = sold < buyable_shares(shares, self.dealing.lot(row))
        price = self.dealing.sold_at(row, sold, opening=self.price is EntryPrice.OPEN)
        return self._booked(Side.SELL, row, sold, price, capped=capped)

    def leave(self, row: int, due: int, held: float, late: Reason) -> Booked:
        """See `ExecutionModel.leave`."""
        sold = self.dealing.sellable(row, held, held)
        if not sold:
            return None, None
        price = self.dealing.sold_at(row, sold, opening=self.price is EntryPrice.OPEN)
        fill = self._fill(Side.SELL, row, sold, price, late)
        return fill, self.booking.sold(fill, due, last=sold == held)

    def unsold(self, reason: Reason, due: int) -> Order | None:
        """See `ExecutionModel.unsold`."""
        return self.booking.unsold(reason, due)

    def taxed(
        self, holding: Holding, row: int, shares: float
    ) -> tuple[float, tuple[Entitlement, ...]]:
        """See `ExecutionModel.taxed`."""
        return tax_leaving(holding, self.booking, row, shares)

    def units(self, fill: Fill, first: Fill) -> float:
        """See `ExecutionModel.units`."""
        return fill.shares / self.dealing.ratio(first.row, fill.row)

    def marks(self, first: Fill, start: int, end: int) -> FloatVector:
        """See `ExecutionModel.marks`."""
        own_end = max(end, first.row)
        n_rows = own_end - start + 1
        return share_marks(self.dealing.trading, self.dealing.column, first, start, own_end, n_rows)

    def _fill(
        self, side: Side, row: int, shares: float, price: float, late: Reason = Reason.NONE
    ) -> Fill:
        rate = self.dealing.conversion(row, side)
        fees = self.dealing.fees(side, row, shares, price) * rate
        return Fill(
            row=row, shares=shares, units=shares, price=price * rate, fees=fees, waited=late
        )

    def _booked(self, side: Side, row: int, shares: float, price: float, *, capped: bool) -> Booked:
        fill = self._fill(side, row, shares, price)
        return fill, self.booking.filled(
            side,
            self.dealing.panel.session(row),
            fill,
            price,
            status=OrderStatus.PARTIAL if capped else OrderStatus.FILLED,
            reason=self.dealing.cap_told(row, side) if capped else say("back to its weight"),
            rebalances=not capped,
            cited=("", ""),
        )


class PaperModel:
    """One name on paper: units of total return, bought and sold without lot or cost.

    Parameters
    ----------
    values
        Prices in units of total return.
    window, number
        The window, and which of its names this is.
    cost
        A plain proportional cost of each order, as a fraction.
    """

    def __init__(self, values: ValuePanel, window: Window, number: int, cost: float = 0.0) -> None:
        self.values, self.leg, self.cost = values, window.legs[number], cost

    @property
    def entry_row(self) -> int | None:
        """See `ExecutionModel.entry_row`."""
        return self.leg.fill_row

    def closed(self, row: int) -> Reason:
        """See `ExecutionModel.closed`: paper is nobody's account."""
        del row
        return Reason.NONE

    def ineligible(self, row: int) -> Reason:
        """See `ExecutionModel.ineligible`: paper is nobody's account."""
        del row
        return Reason.NONE

    def worth(self, row: int, decided: int) -> float:
        """See `ExecutionModel.worth`: a unit of total return has neither splits nor dividends."""
        del row
        return float(self.values.marks[decided, self.leg.column])

    def morning(self, holding: Holding, row: int, cash: float) -> Morning:
        """See `ExecutionModel.morning`: a total return has neither splits, dividends nor rights."""
        del holding, row, cash
        return Morning()

    def enter(self, budget: float) -> Booked:
        """See `ExecutionModel.enter`."""
        row = self.leg.fill_row
        if row is None:
            return None, None
        return self._spent(row, budget, float(self.values.paid[row, self.leg.column]))

    def add(self, row: int, budget: float) -> Booked:
        """See `ExecutionModel.add`."""
        return self._spent(row, budget, self.worth(row, row))

    def reduce(self, row: int, shares: float, held: float) -> Booked:
        """See `ExecutionModel.reduce`."""
        del held
        return self._filled(row, shares, self.worth(row, row))

    def leave(self, row: int, due: int, held: float, late: Reason) -> Booked:
        """See `ExecutionModel.leave`."""
        del due, late
        return self.reduce(row, held, held)

    def unsold(self, reason: Reason, due: int) -> Order | None:
        """See `ExecutionModel.unsold`: paper books nothing."""
        del reason, due
        return None

    def taxed(
        self, holding: Holding, row: int, shares: float
    ) -> tuple[float, tuple[Entitlement, ...]]:
        """See `ExecutionModel.taxed`: none."""
        del row
        holding.take(shares)
        return 0.0, ()

    def units(self, fill: Fill, first: Fill) -> float:
        """See `ExecutionModel.units`."""
        del first
        return fill.shares

    def marks(self, first: Fill, start: int, end: int) -> FloatVector:
        """See `ExecutionModel.marks`."""
        held = self.values.marks[first.row : end + 1, self.leg.column]
        if not np.isfinite(held).all():
            raise no_fixing(self.values.prices, self.leg, end)
        return np.concatenate([np.full(first.row - start, first.price), held])

    def _spent(self, row: int, budget: float, price: float) -> Booked:
        return self._filled(row, budget / (price * (1 + self.cost)), price)

    def _filled(self, row: int, shares: float, price: float) -> Booked:
        if not np.isfinite(price):
            raise no_fixing(self.values.prices, self.leg, row)
        fees = shares * price * self.cost
        return Fill(row=row, shares=shares, units=shares, price=price, fees=fees), None
