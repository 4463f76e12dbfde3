"""What separates money from paper: the switches and prices of trading, and the orders they make."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from screener.domain.listing import Listing
from screener.errors import InputError
from screener.language import say
from screener.market.charges import Plan, Side

__all__ = ["Entitlement", "EntitlementKind", "Frictions", "Line", "Order", "OrderStatus", "Rights"]


class Rights(StrEnum):
    """What becomes of the rights of an issue that shares held are offered."""

    TAKE_UP = "take-up"
    LAPSE = "lapse"


@dataclass(frozen=True, slots=True, kw_only=True)
class Frictions:
    """What trading costs and forbids; each switch can be turned off to see what it takes.

    Parameters
    ----------
    plan
        What the user's broker takes.
    participation
        Greatest share of a session's volume that the purchases, or sales, of a name may be, as a
        fraction; `None` for any.
    slippage_bps
        How much worse than the price aimed at an order fills, in basis points.
    impact_bps
        Further basis points for an order of the whole session's volume; they grow with the square
        root of its share in it.
    fx_spread_bps
        What each conversion between currencies loses, in basis points.
    commission, levies, dividend_tax
        Whether the broker's commission is paid, whether the taxes and exchange fees of orders are,
        and whether with them the tax on dividends is.
    rights
        Whether rights are taken up at their subscription price, or lapse.
    """

    plan: Plan = field(default_factory=Plan)
    participation: float | None = 0.10
    slippage_bps: float = 0.0
    impact_bps: float = 0.0
    fx_spread_bps: float = 0.0
    commission: bool = True
    levies: bool = True
    dividend_tax: bool = True
    rights: Rights = Rights.TAKE_UP

    def __post_init__(self) -> None:
        if self.participation is not None and not 0 < self.participation <= 1:
            raise InputError(
                say(
                    "participation {participation} is no share of a session's volume",
                    participation=self.participation,
                ),
                fix=say("give a fraction above 0 and up to 1, such as 0.1"),
            )
        for name in ("slippage_bps", "impact_bps", "fx_spread_bps"):
            value = getattr(self, name)
            if not 0 <= value < 10_000:
                raise InputError(
                    say("{name} {value} is not from 0 to 10,000", name=name, value=value),
                    fix=say("give basis points"),
                )


class OrderStatus(StrEnum):
    """What became of an order."""

    FILLED = "filled"
    PARTIAL = "partial"
    UNFILLED = "unfilled"
    WAITING = "waiting"
    LAPSED = "lapsed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One order, filled or not.

    Parameters
    ----------
    leg
        Number of the name in its window.
    listing, side
        What was to be bought or sold.
    scheduled, session
        Session for which it was meant, and the one in which it was filled; `None` if it was not.
    row
        Row of that session in the panel, -1 if it was not filled.
    shares
        Shares filled; not whole after a bonus issue.
    price
        Price per share in the listing's currency, slippage included.
    amount, fees
        Money exchanged before fees, and commission, levies and taxes of the order, in CNY.
    rate
        CNY for one unit of the listing's currency at which they were converted, spread included.
    status, reason, rule, source
        What became of it, why, by which rule, and where that rule stands.
    rebalances
        Whether all that is behind it is that it brings a name back to its weight.
    """

    leg: int
    listing: Listing
    side: Side
    scheduled: date
    session: date | None
    row: int = -1
    shares: float = 0.0
    price: float | None = None
    amount: float = 0.0
    fees: float = 0.0
    rate: float = 1.0
    status: OrderStatus
    reason: str = ""
    rule: str = ""
    source: str = ""
    rebalances: bool = False

    @property
    def filled(self) -> bool:
        """Whether anything was exchanged."""
        return self.session is not None

    @property
    def cash(self) -> float:
        """What it adds to the money, in CNY."""
        return (self.amount if self.side is Side.SELL else -self.amount) - self.fees


class EntitlementKind(StrEnum):
    """What a share held brings or costs besides its orders."""

    DIVIDEND = "dividend"
    TAX = "dividend tax"
    RIGHTS = "rights"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entitlement:
    """A dividend, the tax on it, or a rights issue of one name.

    Parameters
    ----------
    leg
        Number of the name in its window.
    listing, kind
        The name, and what it is.
    row, session
        Ex-date, or for a tax the session in which it was due.
    shares
        Shares that were entitled; of a rights issue those offered.
    price
        Money for each of them in the listing's currency; `None` for a tax.
    amount
        Money received or paid, in CNY; 0 if it lapsed.
    rate
        CNY for one unit of the listing's currency at which it was converted.
    status, reason
        What became of it, and why.
    """

    leg: int
    listing: Listing
    kind: EntitlementKind
    row: int
    session: date
    shares: float = 0.0
    price: float | None = None
    amount: float = 0.0
    rate: float = 1.0
    status: OrderStatus = OrderStatus.FILLED
    reason: str = ""

    @property
    def cash(self) -> float:
        """What it adds to the money, in CNY."""
        return self.amount if self.kind is EntitlementKind.DIVIDEND else -self.amount


Line = Order | Entitlement
"""A row of the ledger of a run with money; what they add to the money sums to its gain."""
