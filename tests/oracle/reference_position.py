"""The reference simulator's position in one name: bought, held and sold, session by session."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from tests.oracle.reference_book import Booked, Choices, Day, Name, Status
from tests.oracle.reference_market import MarketData, exact
from tests.oracle.reference_rules import (
    SOUTHBOUND_DIVIDEND_TAX,
    Lot,
    Side,
    dividend_tax_rate,
    rounded_down,
)

__all__ = ["Position"]

_ZERO = Decimal(0)
_SETTLED = Decimal("1e-9")


@dataclass(slots=True, kw_only=True)
class TaxLot:
    """Shares of one purchase, and the dividends on them of which no tax was paid yet."""

    bought: date
    shares: Decimal
    untaxed: Decimal = _ZERO


class Position:
    """The position in one name: its market data, and what was done.

    Parameters
    ----------
    name
        The name and its days.
    choices
        Money and how it is traded.
    """

    def __init__(self, name: Name, choices: Choices) -> None:
        self.name = name
        self.choices = choices
        self.market = MarketData(name, choices)
        self.days = self.market.days
        self.cash = exact(name.weight) * exact(choices.capital)
        self.fees = _ZERO
        self.tax_lots: list[TaxLot] = []
        self.orders: list[Booked] = []
        later = [at for at, day in enumerate(self.days) if day.session >= name.entry]
        self.window = later[: choices.horizon]
        self.exit = self.window[-1] if len(self.window) == choices.horizon else None
        covered = [at for at, day in enumerate(self.days) if _covered(day)]
        self.last_covered = covered[-1] if covered else -1
        self.fill, self.late = self._first_buyable()
        # Money that bought nothing while it waited is cash, whatever becomes of the name.
        wait = self.window[: min(choices.max_wait, choices.horizon - 1) + 1]
        cash = self.fill is None and bool(wait) and self.last_covered >= wait[-1]
        self.reached = self.exit is not None and (cash or self.last_covered >= self.exit)
        self.late_sale = ""

    @property
    def shares(self) -> Decimal:
        """All shares held."""
        return sum((tax_lot.shares for tax_lot in self.tax_lots), _ZERO)

    def play(self, *, cut: date, sell: bool) -> None:
        """Go through the sessions one by one, to `cut` or, if all is to be sold, to the end."""
        self.book_never_bought(cut)
        for at in range(len(self.days)):
            if self.open_at(at, cut=cut, sell=sell):
                self.begin(at)
                self.finish(at, sell=sell)

    def open_at(self, at: int, *, cut: date, sell: bool) -> bool:
        """Return whether anything can happen to the name in a session."""
        if self.fill is None or at < self.fill or self.days[at].session > cut:
            return False
        return sell or self.exit is None or at <= self.exit

    def begin(self, at: int) -> None:
        """Take the morning's actions; buy if this is the session of the first purchase."""
        if at == self.fill:
            short = self.buy(at, self.market.entry_price(at), reason=self.late)
            if short:
                self._book_unfilled(at, f"{short} below one lot")
        elif self.tax_lots:
            self._morning(at)

    def finish(self, at: int, *, sell: bool) -> None:
        """Sell at the close what is due."""
        if sell and self.tax_lots and self.exit is not None and at >= self.exit:
            self._sell_at_close(at)

    def bought_before(self, session: date) -> bool:
        """Return whether the first purchase was due earlier, its money enough for a lot or not."""
        return self.fill is not None and self.days[self.fill].session < session

    def worth(self, cut: date) -> Decimal:
        """Return cash and shares in CNY, the shares at the last close of the window."""
        if not self.tax_lots:
            return self.cash
        end = max(at for at in self.window if self.days[at].session <= cut)
        return self.cash + self.shares * self.market.last_worth(end) * self.market.fx(end)

    # --- purchase

    def _first_buyable(self) -> tuple[int | None, str]:
        waits = min(self.choices.max_wait, self.choices.horizon - 1)
        first_reason = ""
        for at in self.window[: waits + 1]:
            reason = self.market.why_not_buyable(at)
            if not reason:
                return self._first_open(at, first_reason)
            first_reason = first_reason or reason
        return None, first_reason

    def _first_open(self, first: int, reason: str) -> tuple[int | None, str]:
        """Return the first session from one on in which the account may trade and buy."""
        if not self.market.closed_to_account(first):
            return first, reason
        reason = reason or "no southbound trading that session"
        for at in self.window:
            shut = self.market.closed_to_account(at) or self.market.why_not_buyable(at)
            if at > first and not shut:
                return at, reason
        return None, reason

    def buy(self, at: int, quote: Decimal, *, reason: str = "") -> str:
        """Buy what the cash pays; return what is below one lot, empty if something was bought."""
        fx, lot = self.market.fx(at, side="buy"), self.market.lot(at)
        wanted = self._affordable(at, self.market.worse(quote, 1, at), fx, lot)
        most = self.market.capped("buy", at, wanted, lot)
        if not most:
            return "volume cap" if wanted else "budget"
        price = self.market.worse(quote, 1, at, most)
        shares = min(most, self._affordable(at, price, fx, lot))
        if not shares:
            return "budget"
        fees = self.market.order_fees("buy", at, shares * price)
        self.cash -= (shares * price + fees) * fx
        self.fees += fees * fx
        self.tax_lots.append(TaxLot(bought=self.days[at].session, shares=shares))
        capped = most < wanted
        reason = "volume cap" if capped else reason
        self._book("buy", at, shares, price, fees, status=_status(capped), reason=reason)
        return ""

    def _affordable(self, at: int, price: Decimal, fx: Decimal, lot: Lot | None) -> Decimal:
        """Return the greatest order that the cash pays with its fees, 0 below the least lot."""
        if lot is None:
            return self.cash / (fx * price)

        def paid(count: int) -> Decimal:
            amount = lot.step * count * price
            return (amount + self.market.order_fees("buy", at, amount)) * fx

        too_many = int(self.cash / (fx * price) / lot.step) + 1
        enough = 0
        while too_many - enough > 1:  # what an order costs only grows with its size
            middle = (too_many + enough) // 2
            if paid(middle) <= self.cash:
                enough = middle
            else:
                too_many = middle
        return rounded_down(Decimal(enough * lot.step), lot)

    # --- holding

    def _morning(self, at: int) -> None:
        day = self.days[at]
        ratio, dividend = exact(day.share_ratio), exact(day.dividend)
        if not self.choices.lots:
            before = self.market.last_worth(at - 1)
            after = self.market.last_worth(at, at - 1)
            for tax_lot in self.tax_lots:
                tax_lot.shares *= before / after
            return
        held = self.shares
        for tax_lot in self.tax_lots:
            if dividend:
                self._receive(at, tax_lot, tax_lot.shares * dividend)
            tax_lot.shares *= ratio
        if day.rights and self.choices.take_up:
            self._subscribe(at, held * exact(day.rights))

    def _subscribe(self, at: int, shares: Decimal) -> None:
        self.cash -= shares * exact(self.days[at].rights_price) * self.market.fx(at, side="buy")
        self.tax_lots.append(TaxLot(bought=self.days[at].session, shares=shares))

    def _receive(self, at: int, tax_lot: TaxLot, gross: Decimal) -> None:
        tax = _ZERO
        if self.market.board != "hk":
            tax_lot.untaxed += gross
        elif self.choices.levies:
            tax = gross * SOUTHBOUND_DIVIDEND_TAX
        fx = self.market.fx(at)
        self.cash += (gross - tax) * fx
        self.fees += tax * fx

    # --- sale

    def _sell_at_close(self, at: int) -> None:
        if not self.choices.late_sales:
            self.sell(at, self.shares, self.market.last_worth(at))
            return
        reason = self._why_not_sellable(at)
        if reason:
            self.late_sale = self.late_sale or reason
            return
        held = self.shares
        shares = self.market.capped("sell", at, held, self.market.lot(at))
        if shares:
            reason = self.late_sale
            self.sell(at, shares, self.market.close(at), capped=shares < held, reason=reason)

    def _why_not_sellable(self, at: int) -> str:
        same_day = self.market.board != "hk" and at == self.fill
        late = "bought that session, sold the next at the earliest (T+1)" if same_day else ""
        return self.market.why_not_sellable(at) or late

    def reduce(self, at: int, wanted: Decimal) -> None:
        """Sell down by `wanted` shares at the close, as far as lots and volume allow."""
        lot, held = self.market.lot(at), self.shares
        wanted = self.settled(wanted)
        if wanted >= held:
            wanted = held
        elif lot is not None:
            wanted = rounded_down(wanted, lot)
        shares = self.market.capped("sell", at, wanted, lot)
        if shares:
            self.sell(at, shares, self.market.close(at), capped=shares < wanted)

    def settled(self, number: Decimal) -> Decimal:
        """Return shares or money that a division gave, so that 499.999… shares are 500.

        Where there are no lots nothing depends on the last place, and the number is kept.
        """
        return number.quantize(_SETTLED) if self.choices.lots else number

    def sell(
        self, at: int, shares: Decimal, quote: Decimal, *, capped: bool = False, reason: str = ""
    ) -> None:
        """Sell shares, those bought first before the others."""
        price = self.market.worse(quote, -1, at, shares)
        fees = self.market.order_fees("sell", at, shares * price)
        tax = self._hand_over(at, shares)
        fx = self.market.fx(at, side="sell")
        self.cash += (shares * price - fees - tax) * fx
        self.fees += (fees + tax) * fx
        reason = "volume cap" if capped else reason
        status = _status(capped)
        self._book("sell", at, shares, price, fees, status=status, reason=reason, dividend_tax=tax)

    def _hand_over(self, at: int, shares: Decimal) -> Decimal:
        """Let shares go, first in, first out; return the tax due on their dividends."""
        tax, everything = _ZERO, shares >= self.shares
        while self.tax_lots and (shares or everything):
            tax_lot = self.tax_lots[0]
            whole = everything or shares >= tax_lot.shares
            leaving = tax_lot.shares if whole else shares
            part = tax_lot.untaxed if whole else tax_lot.untaxed * leaving / tax_lot.shares
            tax_lot.untaxed -= part
            tax_lot.shares -= leaving
            shares -= leaving
            if whole:
                del self.tax_lots[0]
            if self.choices.levies:
                tax += part * dividend_tax_rate(tax_lot.bought, self.days[at].session)
        return tax

    # --- the book

    def _book(
        self,
        side: Side,
        at: int,
        shares: Decimal,
        price: Decimal | None,
        fees: Decimal,
        *,
        status: Status,
        reason: str,
        dividend_tax: Decimal = _ZERO,
    ) -> None:
        self.orders.append(
            Booked(
                listing_id=self.name.listing_id,
                side=side,
                session=self.days[at].session,
                shares=float(shares),
                price=None if price is None else float(price),
                fees=float(fees),
                dividend_tax=float(dividend_tax),
                status=status,
                reason=reason,
            )
        )

    def _book_unfilled(self, at: int, reason: str) -> None:
        self._book("buy", at, _ZERO, None, _ZERO, status="unfilled", reason=reason)

    def book_never_bought(self, cut: date) -> None:
        """Book the purchase of a name that none of its sessions let in, once they are over."""
        if self.fill is not None:
            return
        waits = min(self.choices.max_wait, self.choices.horizon - 1)
        over = len(self.window) > waits and self.days[self.window[waits]].session <= cut
        if over:
            self._book_unfilled(self.window[0], self.late)


def _covered(day: Day) -> bool:
    return day.close is not None or day.suspended


def _status(part: bool) -> Status:
    return "partial" if part else "filled"
