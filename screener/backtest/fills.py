"""Orders of one window with money: from rules to fill session, shares, price and fee.

A purchase spends the name's share of the capital at the open of the session in which the paper
path buys it; a sale takes the first close from the scheduled exit on at which the name trades.
Both are whole lots of the day's rule, at most a share of the session's volume, and pay that day's
charges.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from screener.backtest.booking import Booking, Fill, waited
from screener.backtest.dealing import Dealing
from screener.backtest.frictions import Frictions, Order, OrderStatus
from screener.domain.basket import EntryPrice
from screener.domain.panel import FloatMatrix, TradingPanel
from screener.market.charges import Side
from screener.paths.legs import Leg, LegState, Reason
from screener.paths.limits import without_limit
from screener.paths.windows import Window, WindowStatus

__all__ = ["Fill", "Sale", "WindowOrders", "cash_dividends", "first_purchase", "resolve_orders"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sale:
    """All sales of one name, and whether some of it is still held."""

    fills: tuple[Fill, ...]
    open: bool
    reason: Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowOrders:
    """Orders of one window.

    Parameters
    ----------
    purchases, sales
        One per leg; `None` where nothing was bought.
    orders
        Every order, filled or not, in the basket's order, purchases before sales.
    budgets
        Money of each leg, in CNY; 0 for a dropped one.
    """

    purchases: tuple[Fill | None, ...]
    sales: tuple[Sale | None, ...]
    orders: tuple[Order, ...]
    budgets: tuple[float, ...]

    @property
    def open(self) -> bool:
        """Whether a sale that was due still waits."""
        return any(sale is not None and sale.open for sale in self.sales)


def resolve_orders(
    trading: TradingPanel, window: Window, capital: float, frictions: Frictions
) -> WindowOrders:
    """Resolve the orders of a window.

    Parameters
    ----------
    trading
        Prices, volumes, entitlements and lots.
    window
        The window; its legs say when each name can be bought.
    capital
        Money for the whole basket, in CNY.
    frictions
        What trading costs and forbids.

    Raises
    ------
    DataError
        If a Hong Kong name has no board lot, or a foreign one no fresh fixing.
    """
    purchases: list[Fill | None] = []
    sales: list[Sale | None] = []
    orders: list[Order] = []
    budgets = []
    for number, leg in enumerate(window.legs):
        budget = window.weights[number] * capital
        budgets.append(budget)
        name = _Name(trading, leg, number, window, frictions)
        bought, order = name.buy(budget)
        sale, sold = name.sell(bought)
        purchases.append(bought)
        sales.append(sale)
        orders += [*([order] if order else []), *sold]
    return WindowOrders(
        purchases=tuple(purchases),
        sales=tuple(sales),
        orders=tuple(orders),
        budgets=tuple(budgets),
    )


class _Name:
    """One name of a window: bought once, and sold."""

    def __init__(
        self, trading: TradingPanel, leg: Leg, number: int, window: Window, frictions: Frictions
    ) -> None:
        self.leg, self.window = leg, window
        self.dealing = Dealing(trading, leg.column, frictions)
        self.booking = Booking(self.dealing, window, number)

    def buy(self, budget: float) -> tuple[Fill | None, Order | None]:
        """Resolve the purchase with a budget in CNY."""
        if self.leg.state is LegState.DROPPED:
            return None, None
        return first_purchase(self.dealing, self.booking, self.window.price, budget)

    def sell(self, bought: Fill | None) -> tuple[Sale | None, list[Order]]:
        """Resolve the sales of what was bought; none before the window is mature."""
        due = self.leg.exit_row
        if bought is None or due is None or self.window.status is not WindowStatus.MATURE:
            return None, []
        fills: list[Fill] = []
        left, reason = bought.units, Reason.NONE
        for row, block in self.dealing.closes(due, bought.row):
            if block is not Reason.NONE:
                reason = reason or block
                continue
            fill = self._sale(row, bought, left)
            if fill is None:
                continue
            fills.append(replace(fill, waited=Reason.NONE if fills else reason))
            left -= fill.units
            if left <= bought.units * 1e-12:
                left = 0.0
                break
        sale = Sale(fills=tuple(fills), open=left > 0, reason=reason)
        return sale, self._sale_orders(sale, due)

    def _sale(self, row: int, bought: Fill, left: float) -> Fill | None:
        """Return what one session takes of the units left; `None` if its volume takes no lot."""
        ratio = self.dealing.ratio(bought.row, row)
        held = left * ratio
        shares = self.dealing.sellable(row, held, held)
        if not shares:
            return None
        price = self.dealing.sold_at(row, shares)
        rate = self.dealing.conversion(row, Side.SELL)
        fees = self.dealing.fees(Side.SELL, row, shares, price) * rate
        units = left if shares == held else shares / ratio
        return Fill(row=row, shares=shares, units=units, price=price * rate, fees=fees)

    def _sale_orders(self, sale: Sale, due: int) -> list[Order]:
        booking, found = self.booking, []
        for number, fill in enumerate(sale.fills):
            last = number == len(sale.fills) - 1 and not sale.open
            found.append(booking.sold(fill, due, last=last))
        if sale.open:
            found.append(booking.unsold(sale.reason, due))
        return found


def first_purchase(
    dealing: Dealing, booking: Booking, price: EntryPrice, budget: float
) -> tuple[Fill | None, Order]:
    """Resolve the purchase at the entry of a name with a budget in CNY.

    Raises
    ------
    DataError
        If a board lot, a fixing or a volume that it needs is missing.
    """
    row, late = dealing.first_open(booking.leg, price, booking.end)
    cited = booking.cited(late, booking.leg.entry_row)
    if row is None:
        return None, booking.unfilled(str(late), cited, due=row)
    rate = dealing.conversion(row, Side.BUY)
    aimed = float(dealing.panel.paid(price)[row, dealing.column])
    shares, paid, reason = dealing.affordable(budget, row, rate, aimed)
    if shares <= 0:
        return None, booking.unfilled(reason, booking.lot_cited(row), due=row)
    free = without_limit(dealing.panel, dealing.column, row)
    fees = dealing.fees(Side.BUY, row, shares, paid) * rate
    fill = Fill(row=row, shares=shares, units=shares, price=paid * rate, fees=fees)
    return fill, booking.filled(
        Side.BUY,
        booking.scheduled,
        fill,
        paid,
        status=OrderStatus.PARTIAL if reason else OrderStatus.FILLED,
        reason="; ".join(part for part in (waited(late), free, reason) if part),
        cited=cited,
    )


def cash_dividends(
    trading: TradingPanel, column: int, bought: Fill, sale: Sale | None, end: int
) -> FloatMatrix:
    """Return `(rows, 2)` rows and CNY per unit of the dividends between a purchase and `end`.

    A unit is a share as bought; what the splits since then made of it counts.
    """
    last = end
    if sale is not None:
        last = len(trading.prices.sessions) - 1 if sale.open else sale.fills[-1].row
    rows = np.arange(bought.row + 1, last + 1)
    paid = trading.dividend[rows, column]
    some = rows[paid > 0]
    ratios = np.cumprod(trading.share_ratio[bought.row + 1 : last + 1, column])
    before = np.concatenate([[1.0], ratios])[some - bought.row - 1]
    money = trading.dividend[some, column] * before * trading.prices.fx[some, column]
    return np.column_stack([some, money])
