"""Orders of one window with money: from rules to fill session, shares, price and fee.

A purchase spends the name's share of the capital at the open of the session in which the paper
path buys it; a sale takes the first close from the scheduled exit on at which the name trades.
Both are whole lots of the day's rule, at most a share of the session's volume, and pay that day's
charges. In between the holding has its dividends, splits and rights; see `holdings`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from screener.backtest.execution.booking import Booking, Fill, waited
from screener.backtest.execution.dealing import NOTHING_TAKEN, Dealing, Taken
from screener.backtest.execution.holdings import Holding, TaxLot, begin_session, tax_leaving
from screener.backtest.frictions import Frictions, Line, Order, OrderStatus
from screener.domain.basket import EntryPrice
from screener.domain.panel import TradingPanel
from screener.language import say
from screener.language.lists import clauses
from screener.market.charges import Side
from screener.paths.legs import LegState, Reason
from screener.paths.limits import without_limit
from screener.paths.windows import Window, WindowStatus

__all__ = [
    "Fill",
    "Held",
    "NameOrders",
    "Sale",
    "WindowOrders",
    "first_purchase",
    "purchase",
    "resolve_name",
    "resolve_orders",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sale:
    """All sales of one name, and whether some of it is still held."""

    fills: tuple[Fill, ...]
    open: bool
    reason: Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What became of one name that was bought; money in CNY.

    Parameters
    ----------
    bought
        The purchase.
    subscribed
        Shares taken up in rights issues.
    sale
        Its sales; `None` before the window is mature.
    dividends, taxes
        Cash dividends received before tax, and the tax on them that was due by now.
    """

    bought: Fill
    subscribed: tuple[Fill, ...]
    sale: Sale | None
    dividends: float
    taxes: float

    @property
    def open(self) -> bool:
        """Whether a sale that was due still waits."""
        return self.sale is not None and self.sale.open


@dataclass(frozen=True, slots=True, kw_only=True)
class NameOrders:
    """Orders of one name: what became of it, `None` if nothing was bought, and its ledger."""

    held: Held | None
    lines: tuple[Line, ...]

    @property
    def open(self) -> bool:
        """Whether a sale that was due still waits."""
        return self.held is not None and self.held.open


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowOrders:
    """Orders of one window.

    Parameters
    ----------
    held
        One per leg; `None` where nothing was bought.
    lines
        Rows of the ledger, in the basket's order, those of a name by time.
    budgets
        Money of each leg, in CNY; 0 for a dropped one.
    capped
        Whether any order was smaller for a session's volume.
    """

    held: tuple[Held | None, ...]
    lines: tuple[Line, ...]
    budgets: tuple[float, ...]
    capped: bool

    @property
    def open(self) -> bool:
        """Whether a sale that was due still waits."""
        return any(one is not None and one.open for one in self.held)

    @property
    def subscribed(self) -> bool:
        """Whether any rights issue was taken up."""
        return any(one is not None and bool(one.subscribed) for one in self.held)


def resolve_orders(
    trading: TradingPanel,
    window: Window,
    capital: float,
    frictions: Frictions,
    taken: Taken = NOTHING_TAKEN,
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
    taken
        What the account trades beside it.

    Raises
    ------
    DataError
        If a Hong Kong name has no board lot, or a foreign one no fresh fixing.
    """
    held: list[Held | None] = []
    lines: list[Line] = []
    budgets, capped = [], False
    for number, leg in enumerate(window.legs):
        budget = window.weights[number] * capital
        budgets.append(budget)
        held.append(None)
        if leg.state is not LegState.DROPPED:
            dealing = Dealing(trading, leg.column, frictions, taken)
            name = resolve_name(dealing, number, window, budget)
            held[-1] = name.held
            lines += name.lines
            capped |= dealing.capped
    return WindowOrders(held=tuple(held), lines=tuple(lines), budgets=tuple(budgets), capped=capped)


def resolve_name(dealing: Dealing, number: int, window: Window, budget: float) -> NameOrders:
    """Resolve the orders of one name of a window, with its money in CNY; see `resolve_orders`."""
    name = _Name(dealing, number, window, budget)
    held = name.play()
    return NameOrders(held=held, lines=tuple(name.lines))


class _Name:
    """One name of a window: bought once, held, and sold."""

    def __init__(self, dealing: Dealing, number: int, window: Window, budget: float) -> None:
        self.leg, self.window, self.cash = window.legs[number], window, budget
        self.end = window.end_rows[number]
        self.dealing = dealing
        self.booking = Booking.of(dealing, window, number)
        self.ex_rows = dealing.trading.entitled_rows(dealing.column)
        self.holding = Holding()
        self.first_row = self.row = -1  # of the purchase, and up to which all splits are done
        self.lines: list[Line] = []
        self.subscribed: list[Fill] = []
        self.dividends = self.taxes = 0.0

    def play(self) -> Held | None:
        """Buy, hold and sell; `None` if nothing was bought."""
        bought, order = first_purchase(self.dealing, self.booking, self.window, self.cash)
        self.lines.append(order)
        if bought is None:
            return None
        self.first_row = self.row = bought.row
        self.cash += order.cash
        self.holding.tax_lots.append(TaxLot(bought.row, bought.shares))
        sale = self._sell()
        if sale is None:
            self._hold(self.end)
        return Held(
            bought=bought,
            subscribed=tuple(self.subscribed),
            sale=sale,
            dividends=self.dividends,
            taxes=self.taxes,
        )

    def _hold(self, row: int) -> None:
        """Go on to the close of a session."""
        for ex_row in self.ex_rows[(self.ex_rows > self.row) & (self.ex_rows <= row)].tolist():
            self.holding.multiply(self.dealing.ratio(self.row, ex_row - 1))
            found = begin_session(self.holding, self.booking, ex_row, self.cash)
            self.row = ex_row
            self.cash += found.cash
            self.dividends += found.dividends
            self.taxes += found.taxes
            if found.subscribed is not None:
                units = found.subscribed.shares / self.dealing.ratio(self.first_row, ex_row)
                self.subscribed.append(replace(found.subscribed, units=units))
            self.lines += found.lines
        if row > self.row:
            self.holding.multiply(self.dealing.ratio(self.row, row))
            self.row = row

    def _sell(self) -> Sale | None:
        """Resolve the sales of what was bought; none before the window is mature."""
        due, early = self.leg.exit_row, self.leg.early
        done = self.window.status is WindowStatus.MATURE or (early and due == self.end)
        if due is None or not done:
            return None
        fills: list[Fill] = []
        reason = Reason.NONE
        for row, block in self.dealing.sales(due, self.first_row, opening=early):
            if block is not Reason.NONE:
                reason = reason or block
                continue
            self._hold(row)
            fill = self._sale(row, late=Reason.NONE if fills else reason)
            fills += [fill] if fill else []
            if not self.holding.tax_lots:
                break
        else:
            self._hold(len(self.dealing.panel.sessions) - 1)
            self.lines.append(self.booking.unsold(reason, due))
        return Sale(fills=tuple(fills), open=bool(self.holding.tax_lots), reason=reason)

    def _sale(self, row: int, *, late: Reason) -> Fill | None:
        """Sell what one session takes; `None` if its volume takes no lot."""
        held, due = self.holding.shares, self.leg.exit_row
        shares = self.dealing.sellable(row, held, held)
        if not shares or due is None:
            return None
        price = self.dealing.sold_at(row, shares, opening=self.leg.early)
        rate = self.dealing.conversion(row, Side.SELL)
        fill = Fill(
            row=row,
            shares=shares,
            units=shares / self.dealing.ratio(self.first_row, row),
            price=price * rate,
            fees=self.dealing.fees(Side.SELL, row, shares, price) * rate,
            waited=late,
        )
        tax, lines = tax_leaving(self.holding, self.booking, row, shares)
        order = self.booking.sold(fill, due, last=not self.holding.tax_lots)
        self.cash += order.cash - tax
        self.taxes += tax
        self.lines += [order, *lines]
        return fill


def first_purchase(
    dealing: Dealing, booking: Booking, window: Window, budget: float
) -> tuple[Fill | None, Order]:
    """Resolve the purchase at the entry of a name with a budget in CNY.

    Raises
    ------
    DataError
        If a board lot, a fixing or a volume that it needs is missing.
    """
    price = window.price
    row, late = dealing.first_open(booking.leg, price, booking.end, window.max_wait)
    due = booking.leg.entry_row
    if row is None:
        why = late.told or say("not bought by the last session to which the window is valued")
        if booking.leg.fill_row is not None:
            why = clauses([why, dealing.eligible_told(booking.leg.fill_row)])
        return None, booking.unfilled(why, booking.cited(late, due), due=row)
    return purchase(dealing, booking, price, budget, row=row, due=due, late=late)


def purchase(
    dealing: Dealing,
    booking: Booking,
    price: EntryPrice,
    budget: float,
    *,
    row: int,
    due: int | None,
    late: Reason = Reason.NONE,
) -> tuple[Fill | None, Order]:
    """Resolve the purchase of a name in a session with a budget in CNY.

    Parameters
    ----------
    dealing, booking
        The name, and who writes its order.
    price
        Price of the session that is aimed at.
    budget
        Money for it, fees included, in CNY.
    row, due
        Session of the purchase, and the one for which it was meant.
    late
        What it waited for.

    Raises
    ------
    DataError
        If a board lot, a fixing or a volume that it needs is missing.
    """
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
        reason=clauses([waited(late), free, reason]),
        cited=booking.cited(late, due),
    )
