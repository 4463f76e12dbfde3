"""Shares that are held, purchase by purchase, and what they are entitled to each morning.

Rights are taken up at their subscription price on the morning of their ex-date, by everyone who
held the share at the close before. They are paid with the cash at hand, and what that lacks is paid
in from outside, without interest, and taken back at the end: the gain is set against the capital
alone. Paper, which compounds the returns of each session, takes them up as well: money that is paid
in adds nothing to a return by itself. With `Rights.LAPSE` the money does not take them up.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from screener.backtest.execution.booking import Booking, Fill
from screener.backtest.frictions import Entitlement, EntitlementKind, Rights
from screener.domain.panel import TradingPanel
from screener.language import say
from screener.language.lists import clauses
from screener.market.charges import Side

__all__ = ["Holding", "Morning", "TaxLot", "begin_session", "rights_reinvested", "tax_leaving"]

_WHOLE = 1 - 1e-12  # of some shares: what is left of them then is a rounding of floats


@dataclass(slots=True)
class TaxLot:
    """Shares of one purchase, and the dividends that those still held received, in CNY."""

    row: int
    shares: float
    received: float = 0.0
    subscribed: bool = False


@dataclass(slots=True)
class Holding:
    """The shares of one name, those bought first before the others."""

    tax_lots: list[TaxLot] = field(default_factory=list)

    @property
    def shares(self) -> float:
        """All shares held."""
        return sum(tax_lot.shares for tax_lot in self.tax_lots)

    def bought(self, row: int) -> bool:
        """Tell whether any of them was bought on the exchange in a session."""
        return any(tax_lot.row == row and not tax_lot.subscribed for tax_lot in self.tax_lots)

    def multiply(self, ratio: float) -> None:
        """Multiply all shares, as a split does."""
        for tax_lot in self.tax_lots:
            tax_lot.shares *= ratio

    def take(self, shares: float) -> list[tuple[TaxLot, float]]:
        """Remove shares first in, first out; return each tax lot with the dividends it had."""
        taken, left, everything = [], shares, shares >= self.shares * _WHOLE
        while self.tax_lots and (everything or left > 0):
            first = self.tax_lots[0]
            part = 1.0 if everything or not first.shares else min(1.0, left / first.shares)
            left -= first.shares
            taken.append((first, first.received * part))
            if part < _WHOLE:
                first.received *= 1 - part
                first.shares *= 1 - part
                break
            self.tax_lots.pop(0)
        return taken


@dataclass(frozen=True, slots=True, kw_only=True)
class Morning:
    """What a morning brings to a holding, in CNY.

    Parameters
    ----------
    dividends, taxes
        Cash received before tax, and the tax taken from it at once.
    subscribed
        Shares of a rights issue, bought at its price.
    lines
        The same as rows of the ledger.
    """

    dividends: float = 0.0
    taxes: float = 0.0
    subscribed: Fill | None = None
    lines: tuple[Entitlement, ...] = ()

    @property
    def cash(self) -> float:
        """What it adds to the cash."""
        fill = self.subscribed
        paid = 0.0 if fill is None else fill.shares * fill.price
        return self.dividends - self.taxes - paid


def begin_session(holding: Holding, booking: Booking, row: int, cash: float) -> Morning:
    """Let a holding have its dividends, its split and its rights of a session.

    Parameters
    ----------
    holding
        Shares as at the close before; changed.
    booking
        The name, and its place in the window.
    row
        The session.
    cash
        Money at hand for a subscription, in CNY.
    """
    dealing = booking.dealing
    trading, column = dealing.trading, dealing.column
    shares = holding.shares
    received = tax = 0.0
    lines: list[Entitlement] = []
    if trading.dividend[row, column] > 0:
        paid, rate = float(trading.dividend[row, column]), dealing.fixing(row)
        for tax_lot in holding.tax_lots:
            tax_lot.received += tax_lot.shares * paid * rate
        received = shares * paid * rate
        lines.append(booking.entitled(EntitlementKind.DIVIDEND, row, shares, paid, rate))
        if dealing.withheld:
            part = dealing.dividend_tax(row, row)
            tax = received * part
            told = say("{part:.0%} of the dividend withheld", part=part)
            lines += booking.taxed(row, tax, rate, told)
    holding.multiply(float(trading.share_ratio[row, column]))
    fill = None
    if trading.rights[row, column] > 0:
        fill, line = _subscription(booking, row, shares, cash + received - tax)
        lines.append(line)
        if fill is not None:
            holding.tax_lots.append(TaxLot(row, fill.shares, subscribed=True))
    return Morning(dividends=received, taxes=tax, subscribed=fill, lines=tuple(lines))


def _subscription(
    booking: Booking, row: int, held: float, cash: float
) -> tuple[Fill | None, Entitlement]:
    """Take up the rights of shares held, or let them lapse."""
    dealing = booking.dealing
    trading, column = dealing.trading, dealing.column
    offered, price = float(trading.rights[row, column]), float(trading.rights_price[row, column])
    rate = dealing.conversion(row, Side.BUY)
    shares = held * offered
    if dealing.frictions.rights is Rights.LAPSE:
        left = say(
            "rights not taken up: {n:g} for each share held, at {price:g}", n=offered, price=price
        )
        return None, booking.lapsed(row, shares, price, rate, left)
    fill = Fill(row=row, shares=shares, units=shares, price=price * rate, fees=0.0)
    lacking = shares * price * rate - max(cash, 0.0)
    taken = say("rights taken up: {n:g} for each share held, at {price:g}", n=offered, price=price)
    beside = say("{amount:,.2f} CNY of it paid in from outside", amount=lacking)
    reason = clauses([taken, beside]) if lacking > 0 else taken
    return fill, booking.entitled(EntitlementKind.RIGHTS, row, shares, price, rate, reason)


def tax_leaving(
    holding: Holding, booking: Booking, row: int, shares: float
) -> tuple[float, tuple[Entitlement, ...]]:
    """Take shares out of a holding; return the tax due on their dividends, in CNY, and its row."""
    dealing, tax = booking.dealing, 0.0
    for tax_lot, received in holding.take(shares):
        if received and not dealing.withheld:
            tax += received * dealing.dividend_tax(tax_lot.row, row)
    return tax, booking.taxed(row, tax, dealing.fixing(row)) if tax else ()


def rights_reinvested(trading: TradingPanel) -> TradingPanel:
    """Return a panel whose rights need no money, as a return that compounds has them.

    At the reference price of the ex-date the holding is worth what it was at the close before, less
    its dividend: as many shares as that buys. The same panel where there are no rights.
    """
    cells = np.argwhere(trading.rights > 0)
    if not len(cells):
        return trading
    ratio, rights = trading.share_ratio.copy(), trading.rights.copy()
    close = trading.prices.close
    for row, column in cells.tolist():
        known = np.flatnonzero(np.isfinite(close[:row, column]))
        if not len(known):
            continue
        worth = float(close[known[-1], column])
        for at in range(int(known[-1]) + 1, row):
            worth = trading.ex_price(worth, at, column)
        left = worth - trading.dividend[row, column]
        ratio[row, column] = left / trading.ex_price(worth, row, column)
        rights[row, column] = 0.0
    return replace(trading, share_ratio=ratio, rights=rights)
