"""Orders of one name as rows of the ledger, with the rule behind each."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import Self

from screener.backtest.execution.dealing import Dealing
from screener.backtest.frictions import Entitlement, EntitlementKind, Order, OrderStatus
from screener.language import say
from screener.language.lists import clauses
from screener.market.charges import Side
from screener.market.trading import holding_rule, northbound_rule, southbound_rule
from screener.paths.legs import Leg, Reason
from screener.paths.limits import limit_on
from screener.paths.windows import Window

__all__ = ["Booking", "Fill", "waited"]


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


class Booking:
    """Writes the orders of one name.

    Parameters
    ----------
    dealing
        The name.
    number
        Its number among all names of the money.
    scheduled
        Session for which its first purchase is meant.
    leg, end
        What becomes of it in a window, and the last row to which it is valued there.
    """

    def __init__(
        self, dealing: Dealing, number: int, scheduled: date, leg: Leg | None = None, end: int = -1
    ) -> None:
        self.dealing, self.number, self.scheduled = dealing, number, scheduled
        self.end = end
        self._leg = leg

    @classmethod
    def of(cls, dealing: Dealing, window: Window, number: int) -> Self:
        """Return what writes the orders of one of the names of a window."""
        scheduled = dict(window.entries)[dealing.listing.exchange]
        return cls(dealing, number, scheduled, window.legs[number], window.end_rows[number])

    @property
    def leg(self) -> Leg:
        """What becomes of the name in its window; `LookupError` without one."""
        if self._leg is None:
            raise LookupError(self.dealing.listing.id)
        return self._leg

    def filled(
        self,
        side: Side,
        scheduled: date,
        fill: Fill,
        price: float,
        *,
        status: OrderStatus,
        reason: str,
        cited: tuple[str, str],
        rebalances: bool = False,
    ) -> Order:
        """Return an order that was filled, at `price` in the listing's currency."""
        return Order(
            leg=self.number,
            listing=self.dealing.listing,
            side=side,
            scheduled=scheduled,
            session=self.dealing.panel.session(fill.row),
            row=fill.row,
            shares=fill.shares,
            price=price,
            amount=fill.shares * fill.price,
            fees=fill.fees,
            rate=self.dealing.conversion(fill.row, side),
            status=status,
            reason=reason,
            rule=cited[0],
            source=cited[1],
            rebalances=rebalances,
        )

    def sold(self, fill: Fill, due: int, *, last: bool) -> Order:
        """Return a sale that was due at `due`; not the last one if its volume took a part."""
        part = "" if last else self.dealing.cap_told(fill.row, Side.SELL)
        if self.dealing.panel.paid_out(self.dealing.column, fill.row):
            part = say("delisted: paid out")
        return self.filled(
            Side.SELL,
            self.dealing.panel.session(due),
            fill,
            fill.price / self.dealing.conversion(fill.row, Side.SELL),
            status=OrderStatus.FILLED if last else OrderStatus.PARTIAL,
            reason=clauses([self.left(), waited(fill.waited), part]),
            cited=self.cited(fill.waited, due),
        )

    def left(self) -> str:
        """Tell which rule sells it before its horizon; empty where none does."""
        leg = self._leg
        return leg.exit.told if leg is not None and leg.early else ""

    def unsold(self, reason: Reason, due: int) -> Order:
        """Return the order of what is still held after it was due."""
        rule, source = self.cited(reason, due)
        return Order(
            leg=self.number,
            listing=self.dealing.listing,
            side=Side.SELL,
            scheduled=self.dealing.panel.session(due),
            session=None,
            status=OrderStatus.WAITING,
            reason=say("not sold yet: {why}", why=reason.told)
            if reason
            else say("not sold yet: its volume took no lot"),
            rule=rule,
            source=source,
        )

    def unfilled(self, reason: str, cited: tuple[str, str], *, due: int | None) -> Order:
        """Return the purchase of a name that was not bought, or not yet: no session was its own."""
        waits = due is None and not self.leg.settled
        return Order(
            leg=self.number,
            listing=self.dealing.listing,
            side=Side.BUY,
            scheduled=self.scheduled,
            session=None,
            status=OrderStatus.WAITING if waits else OrderStatus.UNFILLED,
            reason=reason,
            rule=cited[0],
            source=cited[1],
        )

    def entitled(
        self,
        kind: EntitlementKind,
        row: int,
        shares: float,
        price: float,
        rate: float,
        reason: str = "",
    ) -> Entitlement:
        """Return what shares receive or pay in a session, at `price` in the listing's currency."""
        return Entitlement(
            leg=self.number,
            listing=self.dealing.listing,
            kind=kind,
            row=row,
            session=self.dealing.panel.session(row),
            shares=shares,
            price=price,
            amount=shares * price * rate,
            rate=rate,
            reason=reason,
        )

    def lapsed(
        self, row: int, shares: float, price: float, rate: float, reason: str
    ) -> Entitlement:
        """Return rights that are not taken up."""
        offered = self.entitled(EntitlementKind.RIGHTS, row, shares, price, rate, reason)
        return replace(offered, amount=0.0, status=OrderStatus.LAPSED)

    def taxed(self, row: int, tax: float, rate: float, reason: str = "") -> tuple[Entitlement, ...]:
        """Return the tax on dividends that is due in a session, in CNY; none if it is 0."""
        if not tax:
            return ()
        owed = self.entitled(EntitlementKind.TAX, row, 0.0, 0.0, rate, reason)
        return (replace(owed, price=None, amount=tax),)

    def cited(self, reason: Reason, row: int | None) -> tuple[str, str]:
        """Return the rule behind a reason, and where it stands; empty where it is a plain fact."""
        if row is None or not reason:
            return "", ""
        session = self.dealing.panel.session(row)
        if reason is Reason.SAME_DAY:
            return "T+1", holding_rule(self.dealing.listing, session).source
        if reason is Reason.NO_SOUTHBOUND:
            rule = southbound_rule(self.dealing.listing, session)
            return (say("southbound days"), rule.source) if rule else ("", "")
        if reason is Reason.NO_NORTHBOUND:
            rule = northbound_rule(self.dealing.listing, session)
            return (say("northbound days"), rule.source) if rule else ("", "")
        if reason in (Reason.NOT_SOUTHBOUND, Reason.NOT_NORTHBOUND):
            return say("the list of the day"), say("table eligibility")
        if not reason.at_limit:
            return "", ""
        limit = limit_on(self.dealing.panel, self.dealing.column, row)
        return (limit.text, limit.source) if limit.text else ("", "")

    def lot_cited(self, row: int) -> tuple[str, str]:
        """Return the lot rule of a session, and where it stands."""
        rule = self.dealing.lot(row)
        return say("orders of {n} shares and more", n=rule.least), rule.source


def waited(reason: Reason) -> str:
    """Tell what an order waited for; empty if it did not."""
    return say("waited: {why}", why=reason.told) if reason else ""
