"""The slow judge's page of one name: bought, held and sold, session by session."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from screener.backtest.reference_book import Booked, Choices, Day, Name, Status
from screener.backtest.reference_rules import (
    SOUTHBOUND_DIVIDEND_TAX,
    JudgeBoard,
    Lot,
    Side,
    board_of,
    cents,
    daily_limit,
    dividend_tax_rate,
    free_sessions,
    levies,
    lot_of,
    lower_price,
    rounded_down,
    upper_price,
)
from screener.errors import DataError

__all__ = ["Page"]

_TICK = Decimal("0.01")
_ZERO = Decimal(0)
_BPS = Decimal(10_000)


class Page:
    """The page of one name: what the newspaper said, and what was done.

    Parameters
    ----------
    name
        The name and its days.
    choices
        Money and manners.
    """

    def __init__(self, name: Name, choices: Choices) -> None:
        self.name = name
        self.choices = choices
        self.board: JudgeBoard = board_of(name.listing_id)
        self.days = [day for day in name.days if day.trading]
        self.cash = _exact(name.weight) * _exact(choices.capital)
        self.shares = self.untaxed = self.fees = _ZERO
        self.orders: list[Booked] = []
        later = [at for at, day in enumerate(self.days) if day.session >= name.entry]
        self.window = later[: choices.horizon]
        self.exit = self.window[-1] if len(self.window) == choices.horizon else None
        covered = [at for at, day in enumerate(self.days) if _covered(day)]
        self.last_covered = covered[-1] if covered else -1
        self.reached = self.exit is not None and self.last_covered >= self.exit
        self.fill, self.late = self._first_buyable()
        self.late_sale = ""

    def play(self, *, cut: date, sell: bool) -> None:
        """Go through the sessions one by one, to `cut` or, if all is to be sold, to the end."""
        if self.fill is None:
            self._book_never_bought(cut)
            return
        for at in range(self.fill, len(self.days)):
            day = self.days[at]
            if day.session > cut or (not sell and self.exit is not None and at > self.exit):
                return
            if at == self.fill:
                self._buy(at)
            elif self.shares:
                self._morning(at)
            if sell and self.shares and self.exit is not None and at >= self.exit:
                self._sell_at_close(at)

    def worth(self, cut: date) -> Decimal:
        """Return cash and shares in CNY, the shares at the last close of the window."""
        if not self.shares:
            return self.cash
        end = max(at for at in self.window if self.days[at].session <= cut)
        return self.cash + self.shares * self._last_worth(end) * self._fx(end)

    # --- purchase

    def _first_buyable(self) -> tuple[int | None, str]:
        waits = min(self.choices.max_wait, self.choices.horizon - 1)
        first_reason = ""
        for at in self.window[: waits + 1]:
            reason = self._why_not_buyable(at)
            if not reason:
                return at, first_reason
            first_reason = first_reason or reason
        return None, first_reason

    def _why_not_buyable(self, at: int) -> str:
        day = self.days[at]
        shown = day.open if self.choices.entry == "open" else day.close
        if day.suspended:
            return "suspended"
        if shown is None:
            return "no bar that session"
        upper = self._limit_price(at, upper=True)
        locked = upper is not None and _exact(shown) >= upper
        where = "open" if self.choices.entry == "open" else "close"
        return f"{where} at the upper limit" if locked else ""

    def _buy(self, at: int) -> None:
        quote, fx, lot = self._entry_price(at), self._fx(at, side="buy"), self._lot(at)
        wanted = self._affordable(at, self._worse(quote, 1, at), fx, lot)
        cap = self._cap(at, lot)
        most = wanted if cap is None else min(wanted, cap)
        if not most:
            self._book_unfilled(at, "volume cap" if wanted else "budget")
            return
        price = self._worse(quote, 1, at, most)
        shares = min(most, self._affordable(at, price, fx, lot))
        if not shares:
            self._book_unfilled(at, "budget")
            return
        fees = self._order_fees("buy", at, shares * price)
        self.cash -= (shares * price + fees) * fx
        self.fees += fees * fx
        self.shares = shares
        capped = cap is not None and cap < wanted
        reason = "volume cap" if capped else self.late
        self._book("buy", at, shares, price, fees, status=_status(capped), reason=reason)

    def _affordable(self, at: int, price: Decimal, fx: Decimal, lot: Lot | None) -> Decimal:
        """Return the greatest order that the cash pays with its fees, 0 below the least lot."""
        if lot is None:
            return self.cash / (fx * price)

        def paid(count: int) -> Decimal:
            amount = lot.step * count * price
            return (amount + self._order_fees("buy", at, amount)) * fx

        too_many = int(self.cash / (fx * price) / lot.step) + 1
        enough = 0
        while too_many - enough > 1:  # what an order costs only grows with its size
            middle = (too_many + enough) // 2
            if paid(middle) <= self.cash:
                enough = middle
            else:
                too_many = middle
        return rounded_down(Decimal(enough * lot.step), lot)

    def _entry_price(self, at: int) -> Decimal:
        day = self.days[at]
        if self.choices.entry == "vwap":
            if self.name.adjusted or not day.volume or day.amount is None:
                raise DataError(
                    "no average price: it needs raw prices, volume and amount",
                    where=self._where(at),
                    fix="enter at the open or at the close",
                )
            return _exact(day.amount) / _exact(day.volume)
        shown = day.open if self.choices.entry == "open" else day.close
        if shown is None:
            raise DataError("no price that session", where=self._where(at))
        return _exact(shown)

    # --- holding

    def _morning(self, at: int) -> None:
        day = self.days[at]
        ratio, dividend = _exact(day.share_ratio), _exact(day.dividend)
        if not self.choices.lots:
            before = self._last_worth(at - 1)
            self.shares *= ratio * before / (before - dividend)
            return
        if dividend:
            gross = self.shares * dividend
            tax = _ZERO
            if self.board != "hk":
                self.untaxed += gross
            elif self.choices.levies:
                tax = gross * SOUTHBOUND_DIVIDEND_TAX
            self.cash += (gross - tax) * self._fx(at)
            self.fees += tax * self._fx(at)
        self.shares *= ratio

    def _last_worth(self, at: int) -> Decimal:
        """Return the last close on or before a session, less what left the share since."""
        back = at
        while back >= 0 and self.days[back].close is None:
            back -= 1
        if back < 0:
            raise DataError("no close so far", where=self._where(at))
        return self._through_actions(_exact(self.days[back].close), back, at)

    def _through_actions(self, price: Decimal, close_at: int, at: int) -> Decimal:
        for day in self.days[close_at + 1 : at + 1]:
            price = (price - _exact(day.dividend)) / _exact(day.share_ratio)
        return price

    # --- sale

    def _sell_at_close(self, at: int) -> None:
        if not self.choices.late_sales:
            self._sell(at, self.shares, self._last_worth(at))
            return
        reason = self._why_not_sellable(at)
        if reason:
            self.late_sale = self.late_sale or reason
            return
        lot, volume = self._lot(at), self.days[at].volume
        shares = self.shares
        if self.choices.participation is not None:
            cap = _exact(self.choices.participation) * _exact(volume or 0)
            if cap < shares:
                shares = cap if lot is None else rounded_down(cap, lot)
        if shares:
            self._sell(at, shares, _exact(self.days[at].close))

    def _why_not_sellable(self, at: int) -> str:
        day = self.days[at]
        if day.suspended:
            return "suspended"
        if day.close is None:
            return "no bar that session"
        lower = self._limit_price(at, upper=False)
        if lower is not None and _exact(day.close) <= lower:
            return "close at the lower limit"
        same_day = self.board != "hk" and at == self.fill
        return "bought that session, sold the next at the earliest (T+1)" if same_day else ""

    def _sell(self, at: int, shares: Decimal, quote: Decimal) -> None:
        price = self._worse(quote, -1, at, shares)
        fees = self._order_fees("sell", at, shares * price)
        tax = self._dividend_tax(at, shares)
        fx = self._fx(at, side="sell")
        self.cash += (shares * price - fees - tax) * fx
        self.fees += (fees + tax) * fx
        part = shares < self.shares
        reason = "volume cap" if part else self.late_sale
        self.shares -= shares
        self._book(
            "sell", at, shares, price, fees, status=_status(part), reason=reason, dividend_tax=tax
        )

    def _dividend_tax(self, at: int, shares: Decimal) -> Decimal:
        """Return the tax on the dividends that the shares now sold have received."""
        part = self.untaxed if shares == self.shares else self.untaxed * shares / self.shares
        self.untaxed -= part
        if not self.choices.levies or self.fill is None:
            return _ZERO
        rate = dividend_tax_rate(self.days[self.fill].session, self.days[at].session)
        return part * rate

    # --- prices, rates and charges of one session

    def _worse(self, quote: Decimal, sign: int, at: int, shares: Decimal = _ZERO) -> Decimal:
        """Return a price after slippage, and after the impact of an order of `shares`."""
        worse = _exact(self.choices.slippage_bps)
        if shares and self.choices.impact_bps:
            volume = self.days[at].volume
            if not volume:
                raise DataError(
                    "market impact needs the session's volume",
                    where=self._where(at),
                    fix="set impact_bps to 0",
                )
            worse += _exact(self.choices.impact_bps) * (shares / _exact(volume)).sqrt()
        return quote * (1 + sign * worse / _BPS)

    def _limit_price(self, at: int, *, upper: bool) -> Decimal | None:
        """Return the price at which a side of the market is locked, `None` without a limit."""
        limit = daily_limit(self.board, self.days[at].session, st=self.days[at].st)
        if limit is None or self._newly_listed(at):
            return None
        back = at - 1
        while back >= 0 and self.days[back].close is None:
            back -= 1
        if back < 0:
            return None
        reference = self._through_actions(_exact(self.days[back].close), back, at)
        if self.name.adjusted:  # off the tick grid: within a tick of the limit is at the limit
            return reference * (1 + limit) - _TICK if upper else reference * (1 - limit) + _TICK
        return (upper_price if upper else lower_price)(cents(reference), limit)

    def _newly_listed(self, at: int) -> bool:
        listed = self.name.list_date
        if listed is None or listed < self.name.days[0].session:
            return False
        so_far = [day for day in self.days[: at + 1] if day.session >= listed]
        return len(so_far) <= free_sessions(self.board, listed)

    def _fx(self, at: int, side: Side | None = None) -> Decimal:
        if self.board != "hk":
            return Decimal(1)
        rate = self.days[at].fx
        if rate is None:
            raise DataError(
                "no HKD/CNY fixing is known",
                where=self._where(at),
                fix="import the fixings: `screener data import FILE --kind fx`",
            )
        sign = {"buy": 1, "sell": -1, None: 0}[side]
        return _exact(rate) * (1 + sign * _exact(self.choices.fx_spread_bps) / _BPS)

    def _lot(self, at: int) -> Lot | None:
        if not self.choices.lots:
            return None
        return lot_of(self.board, self.days[at].board_lot, where=self._where(at))

    def _cap(self, at: int, lot: Lot | None) -> Decimal | None:
        if self.choices.participation is None:
            return None
        cap = _exact(self.choices.participation) * _exact(self.days[at].volume or 0)
        return cap if lot is None else rounded_down(cap, lot)

    def _order_fees(self, side: Side, at: int, amount: Decimal) -> Decimal:
        total = _ZERO
        if self.choices.commission:
            hk = self.board == "hk"
            rate = self.choices.hk_rate if hk else self.choices.rate
            minimum = self.choices.hk_minimum if hk else self.choices.minimum
            total += cents(max(_exact(rate) * amount, _exact(minimum)))
        if self.choices.levies:
            total += levies(self.name.listing_id, side, self.days[at].session, amount)
        return total

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

    def _book_unfilled(self, at: int, which: str) -> None:
        reason = f"{which} below one lot"
        self._book("buy", at, _ZERO, None, _ZERO, status="unfilled", reason=reason)

    def _book_never_bought(self, cut: date) -> None:
        waits = min(self.choices.max_wait, self.choices.horizon - 1)
        over = len(self.window) > waits and self.days[self.window[waits]].session <= cut
        if over:
            at = self.window[0]
            self._book("buy", at, _ZERO, None, _ZERO, status="unfilled", reason=self.late)

    def _where(self, at: int) -> str:
        return f"{self.name.listing_id}, {self.days[at].session}"


def _covered(day: Day) -> bool:
    return day.close is not None or day.suspended


def _status(part: bool) -> Status:
    return "partial" if part else "filled"


def _exact(number: float | None) -> Decimal:
    if number is None:
        raise DataError("a number that the order needs is missing")
    return Decimal(repr(float(number)))
