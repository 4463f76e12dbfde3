"""Orders of one window with money: from rules to fill session, shares, price and fee.

A purchase spends the name's share of the capital at the open of the session in which the paper
path buys it; a sale takes the first close from the scheduled exit on at which the name trades.
Both are whole lots of the day's rule, at most a share of the session's volume, and pay that day's
charges.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date

import numpy as np

from screener.backtest.frictions import Frictions, Order, OrderStatus
from screener.domain.listing import Listing
from screener.domain.panel import FloatMatrix, TradingPanel
from screener.errors import DataError
from screener.market.charges import ChargeKind, Side, order_costs, proportional_rate
from screener.market.lots import LotRule, buyable_shares, lot_rule
from screener.market.rules import price_limit
from screener.market.trading import holding_rule
from screener.paths.legs import Leg, LegState, Reason, sale_block
from screener.paths.windows import Window, WindowStatus

__all__ = ["Fill", "Sale", "WindowOrders", "resolve_orders"]

_BASIS_POINT = 1e-4
_ENOUGH = 1 + 1e-12  # a budget spent to the last cent must not fail for a rounding of floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Fill:
    """A purchase or a sale that was filled, in the units of the engine.

    Parameters
    ----------
    row
        Session of the fill, a row of the panel.
    shares
        Shares exchanged on that day.
    units
        The same in shares as bought: without the splits since the purchase.
    price
        CNY for one share, conversion included.
    fees
        Commission, levies and taxes, in CNY.
    waited
        What blocked it before, if anything did.
    """

    row: int
    shares: float
    units: float
    price: float
    fees: float
    waited: Reason = Reason.NONE


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
    """One name of a window: its prices, rules and charges, day by day."""

    def __init__(
        self, trading: TradingPanel, leg: Leg, number: int, window: Window, frictions: Frictions
    ) -> None:
        self.trading, self.panel = trading, trading.prices
        self.leg, self.number, self.window = leg, number, window
        self.frictions = frictions
        self.listing: Listing = window.event.members[number].listing
        self.scheduled = dict(window.entries)[self.listing.exchange]

    def buy(self, budget: float) -> tuple[Fill | None, Order | None]:
        """Resolve the purchase with a budget in CNY."""
        leg = self.leg
        if leg.state is LegState.DROPPED or leg.entry_row is None:
            return None, None
        row = leg.fill_row
        if row is None:
            return None, self._unfilled(str(leg.reason), self._cited(leg.reason, leg.entry_row))
        rate = self._conversion(row, Side.BUY)
        shares, price, reason = self._affordable(budget, row, rate)
        if shares <= 0:
            return None, self._unfilled(reason, self._lot_cited(row))
        fees = self._fees(Side.BUY, row, shares, price) * rate
        fill = Fill(row=row, shares=shares, units=shares, price=price * rate, fees=fees)
        waited = _waited(leg.reason)
        return fill, self._filled(
            Side.BUY,
            self.scheduled,
            fill,
            price,
            status=OrderStatus.PARTIAL if reason else OrderStatus.FILLED,
            reason="; ".join(part for part in (waited, reason) if part),
            cited=self._cited(leg.reason, leg.entry_row),
        )

    def sell(self, bought: Fill | None) -> tuple[Sale | None, list[Order]]:
        """Resolve the sales of what was bought; none before the window is mature."""
        due = self.leg.exit_row
        if bought is None or due is None or self.window.status is not WindowStatus.MATURE:
            return None, []
        fills: list[Fill] = []
        left, reason = bought.units, Reason.NONE
        for row, block in self._closes(due, bought.row):
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

    def _affordable(self, budget: float, row: int, rate: float) -> tuple[float, float, str]:
        """Return shares, the price paid, and why it is fewer than the money would buy."""
        aimed = float(self.panel.open[row, self.leg.column])
        money = budget / rate * _ENOUGH
        rule = self._lot(row)
        slipped = aimed * (1 + self.frictions.slippage_bps * _BASIS_POINT)
        wanted = self._within(money, row, slipped, rule)
        if not wanted:
            return 0, slipped, "the money does not reach one lot"
        most = self._volume_cap(row)
        cap = None if most is None else buyable_shares(most, rule)
        shares = wanted if cap is None else min(wanted, cap)
        if not shares:
            return 0, slipped, "one lot is more than the share of the session's volume"
        price = aimed * (1 + self._worse(row, shares))
        shares = min(shares, self._within(money, row, price, rule))
        if not shares:
            return 0, price, "the money does not reach one lot"
        capped = cap is not None and cap < wanted
        return shares, price, f"at most {self._cap_text()} of the volume" if capped else ""

    def _within(self, money: float, row: int, price: float, rule: LotRule) -> int:
        """Return the most shares whose cost, fees included, stays within the money."""
        session = self.panel.session(row)
        rates = self._proportional(session)
        shares = buyable_shares(money / (price * (1 + rates)), rule)
        while shares and shares * price + self._fees(Side.BUY, row, shares, price) > money:
            shares = buyable_shares(shares - rule.step, rule) if shares > rule.least else 0
        more = shares + rule.step if shares else rule.least
        while more * price + self._fees(Side.BUY, row, more, price) <= money:
            shares, more = more, more + rule.step
        return shares

    def _proportional(self, session: date) -> float:
        if not (self.frictions.commission or self.frictions.levies):
            return 0.0
        return proportional_rate(self.listing, Side.BUY, session, self.frictions.plan)

    def _volume_cap(self, row: int) -> float | None:
        """Return the most shares that the session's volume lets one order have."""
        part = self.frictions.participation
        return None if part is None else part * self._volume(row)

    def _volume(self, row: int) -> float:
        volume = float(self.trading.volume[row, self.leg.column])
        if not math.isfinite(volume):
            raise DataError(
                f"no volume of {self.listing} is known on {self.panel.session(row)}",
                where="table bars",
                fix="import bars with their volume, or measure on paper with --paper",
            )
        return volume

    def _cap_text(self) -> str:
        return f"{self.frictions.participation:.0%}"

    def _worse(self, row: int, shares: float) -> float:
        """Return by which fraction an order fills worse than the price aimed at."""
        worse = self.frictions.slippage_bps
        if self.frictions.impact_bps:
            volume = self._volume(row)
            # Nothing traded, and the order has no share of it to be measured by: a whole session's.
            part = shares / volume if volume else 1.0
            worse += self.frictions.impact_bps * math.sqrt(part)
        return worse * _BASIS_POINT

    def _lot(self, row: int) -> LotRule:
        lot = float(self.trading.board_lot[row, self.leg.column])
        session = self.panel.session(row)
        return lot_rule(self.listing, session, int(lot) if math.isfinite(lot) else None)

    def _fees(self, side: Side, row: int, shares: float, price: float) -> float:
        """Return what an order pays besides its amount, in the listing's currency."""
        frictions = self.frictions
        if not (frictions.commission or frictions.levies):
            return 0.0
        session = self.panel.session(row)
        costs = order_costs(
            self.listing, side, session, shares=shares, price=price, plan=frictions.plan
        )
        commission = costs.of_kind(ChargeKind.COMMISSION)
        return frictions.commission * commission + frictions.levies * (costs.total - commission)

    def _conversion(self, row: int, side: Side) -> float:
        """Return CNY for one unit of the listing's currency, the spread included."""
        rate = float(self.panel.fx[row, self.leg.column])
        if not math.isfinite(rate):
            raise DataError(
                f"{self.listing} is quoted in {self.listing.currency} and no fixing is known "
                f"within 5 days of {self.panel.session(row)}",
                where="table fx",
                fix="import the fixings: `screener data import FILE --kind fx`",
            )
        if self.listing.currency == "CNY":
            return rate
        spread = self.frictions.fx_spread_bps * _BASIS_POINT
        return rate * (1 + spread if side is Side.BUY else 1 - spread)

    def _closes(self, due: int, bought: int) -> Iterator[tuple[int, Reason]]:
        """Yield the sessions from the scheduled exit on, with what blocks a sale there."""
        column = self.leg.column
        for offset in np.flatnonzero(self.panel.trading[due:, column]):
            row = due + int(offset)
            same_day = self.listing.exchange.mainland and row == bought
            yield row, Reason.SAME_DAY if same_day else sale_block(self.panel, column, row)

    def _sale(self, row: int, bought: Fill, left: float) -> Fill | None:
        """Return what one session takes of the units left; `None` if its volume takes no lot."""
        ratio = self.ratio(bought.row, row)
        held = left * ratio
        cap = self._volume_cap(row)
        whole = cap is None or cap >= held
        shares = held if whole or cap is None else float(buyable_shares(cap, self._lot(row)))
        if not shares:
            return None
        price = float(self.panel.close[row, self.leg.column]) * (1 - self._worse(row, shares))
        rate = self._conversion(row, Side.SELL)
        fees = self._fees(Side.SELL, row, shares, price) * rate
        units = left if shares == held else shares / ratio
        return Fill(row=row, shares=shares, units=units, price=price * rate, fees=fees)

    def ratio(self, bought: int, row: int) -> float:
        """Return by how much a holding multiplied after the day of its purchase."""
        return float(np.prod(self.trading.share_ratio[bought + 1 : row + 1, self.leg.column]))

    def _sale_orders(self, sale: Sale, due: int) -> list[Order]:
        scheduled = self.panel.session(due)
        found = []
        for number, fill in enumerate(sale.fills):
            last = number == len(sale.fills) - 1 and not sale.open
            part = "" if last else f"at most {self._cap_text()} of the volume"
            local = fill.price / self._conversion(fill.row, Side.SELL)
            found.append(
                self._filled(
                    Side.SELL,
                    scheduled,
                    fill,
                    local,
                    status=OrderStatus.FILLED if last else OrderStatus.PARTIAL,
                    reason="; ".join(text for text in (_waited(fill.waited), part) if text),
                    cited=self._cited(fill.waited, due),
                )
            )
        if sale.open:
            reason = str(sale.reason) or "its volume took no lot"
            found.append(
                Order(
                    leg=self.number,
                    listing=self.listing,
                    side=Side.SELL,
                    scheduled=scheduled,
                    session=None,
                    status=OrderStatus.WAITING,
                    reason=f"not sold yet: {reason}",
                    rule=self._cited(sale.reason, due)[0],
                    source=self._cited(sale.reason, due)[1],
                )
            )
        return found

    def _filled(
        self,
        side: Side,
        scheduled: date,
        fill: Fill,
        price: float,
        *,
        status: OrderStatus,
        reason: str,
        cited: tuple[str, str],
    ) -> Order:
        return Order(
            leg=self.number,
            listing=self.listing,
            side=side,
            scheduled=scheduled,
            session=self.panel.session(fill.row),
            row=fill.row,
            shares=fill.shares,
            price=price,
            amount=fill.shares * fill.price,
            fees=fill.fees,
            status=status,
            reason=reason,
            rule=cited[0],
            source=cited[1],
        )

    def _unfilled(self, reason: str, cited: tuple[str, str]) -> Order:
        waits = not self.leg.settled and self.leg.fill_row is None
        return Order(
            leg=self.number,
            listing=self.listing,
            side=Side.BUY,
            scheduled=self.scheduled,
            session=None,
            status=OrderStatus.WAITING if waits else OrderStatus.UNFILLED,
            reason=reason,
            rule=cited[0],
            source=cited[1],
        )

    def _cited(self, reason: Reason, row: int | None) -> tuple[str, str]:
        """Return the rule behind a reason, and where it stands; empty where it is a plain fact."""
        if row is None or not reason:
            return "", ""
        session = self.panel.session(row)
        if reason is Reason.SAME_DAY:
            return "T+1", holding_rule(self.listing, session).source
        if reason not in (Reason.LIMIT_UP, Reason.LIMIT_DOWN):
            return "", ""
        rule = price_limit(
            self.listing.board, session, st=bool(self.panel.st[row, self.leg.column])
        )
        return (f"daily limit of {rule.limit:.0%}", rule.source) if rule else ("", "")

    def _lot_cited(self, row: int) -> tuple[str, str]:
        rule = self._lot(row)
        return f"orders of {rule.least} shares and more", rule.source


def _waited(reason: Reason) -> str:
    return f"waited: {reason}" if reason else ""


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
