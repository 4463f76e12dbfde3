"""What the reference simulator reads off one name: prices, limits, lots, rates and charges."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from screener.errors import DataError
from tests.oracle.reference_book import Choices, Name
from tests.oracle.reference_rules import (
    Board,
    Lot,
    Side,
    board_of,
    cents,
    daily_limit,
    free_sessions,
    levies,
    lot_of,
    lower_price,
    rounded_down,
    upper_price,
)

__all__ = ["MarketData", "exact"]

_TICK = Decimal("0.01")
_HAIR = Decimal("1e-9")
_ZERO = Decimal(0)
_BPS = Decimal(10_000)


class MarketData:
    """The sessions of one name; each is told by its place `at` among them.

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
        self.board: Board = board_of(name.listing_id)
        self.days = [day for day in name.days if day.trading]
        self.places = {day.session: at for at, day in enumerate(self.days)}

    def session(self, at: int) -> date:
        """Return the date of a session."""
        return self.days[at].session

    # --- what can be traded

    def why_not_buyable(self, at: int) -> str:
        """Return why the first purchase cannot be made, empty if it can."""
        day = self.days[at]
        # Of the day's average too one knows at the open alone whether anybody will sell.
        where = "close" if self.choices.entry == "close" else "open"
        shown = day.close if where == "close" else day.open
        if day.suspended:
            return "suspended"
        if shown is None:
            return "no bar that session" if day.close is None else "no opening price that session"
        if day.volume == 0:
            return "nothing traded that session"
        upper = self.limit_price(at, upper=True)
        locked = upper is not None and exact(shown) >= upper - self._touch()
        return f"{where} at the upper limit" if locked else ""

    def why_not_sellable(self, at: int) -> str:
        """Return why nothing can be sold at the close, empty if it can."""
        day = self.days[at]
        if day.suspended:
            return "suspended"
        if day.close is None:
            return "no bar that session"
        if day.volume == 0:
            return "nothing traded that session"
        if self.closed_to_account(at):
            return "no southbound trading that session"
        return "close at the lower limit" if self.locked(at, upper=False) else ""

    def closed_to_account(self, at: int) -> bool:
        """Return whether a mainland account cannot trade the name; paper is nobody's account."""
        return self.choices.lots and not self.days[at].southbound

    def tradable(self, at: int) -> bool:
        """Return whether the session has a close at which shares can change hands."""
        day = self.days[at]
        shut = day.suspended or day.volume == 0 or self.closed_to_account(at)
        return day.close is not None and not shut

    def locked(self, at: int, *, upper: bool) -> bool:
        """Return whether the close is at the upper limit, or at the lower one."""
        limit = self.limit_price(at, upper=upper)
        if limit is None:
            return False
        near = self._touch()
        return self.close(at) >= limit - near if upper else self.close(at) <= limit + near

    # --- prices

    def entry_price(self, at: int) -> Decimal:
        """Return the price at which the first purchase aims.

        Raises
        ------
        DataError
            If there is no such price.
        """
        day = self.days[at]
        if self.choices.entry == "vwap":
            if self.name.adjusted or not day.volume or day.amount is None:
                raise DataError(
                    "no average price: it needs raw prices, volume and amount",
                    where=self.where(at),
                    fix="enter at the open or at the close",
                )
            return exact(day.amount) / exact(day.volume)
        shown = day.open if self.choices.entry == "open" else day.close
        if shown is None:
            raise DataError("no price that session", where=self.where(at))
        return exact(shown)

    def close(self, at: int) -> Decimal:
        """Return the close of a session that has one."""
        return exact(self.days[at].close)

    def last_worth(self, at: int, until: int | None = None) -> Decimal:
        """Return the last close on or before a session, less what left the share up to `at`."""
        back = at if until is None else until
        while back >= 0 and self.days[back].close is None:
            back -= 1
        if back < 0:
            raise DataError("no close so far", where=self.where(at))
        return self._through_actions(self.close(back), back, at)

    def worse(self, quote: Decimal, sign: int, at: int, shares: Decimal = _ZERO) -> Decimal:
        """Return a price after slippage, and after the impact of an order of `shares`.

        Neither carries it beyond the day's limit: there, the exchange takes no order.
        """
        worse = exact(self.choices.slippage_bps)
        if shares and self.choices.impact_bps:
            volume = self.days[at].volume
            if not volume:
                raise DataError(
                    "market impact needs the session's volume",
                    where=self.where(at),
                    fix="set impact_bps to 0",
                )
            beside = self.name.taken.get((self.session(at), "buy" if sign > 0 else "sell"), 0.0)
            part = (shares + exact(beside)) / exact(volume)
            worse += exact(self.choices.impact_bps) * part.sqrt()
        price = quote * (1 + sign * worse / _BPS)
        limit = self.limit_price(at, upper=sign > 0)
        if limit is None:
            return price
        # A quote may lie a trifle outside already, such as a rounded average: it stays there.
        return min(price, max(limit, quote)) if sign > 0 else max(price, min(limit, quote))

    def limit_price(self, at: int, *, upper: bool) -> Decimal | None:
        """Return the highest or the lowest price of a session, `None` without a limit.

        An open or a close beyond it by more than half a tick, of adjusted prices two ticks, shows
        that there was none. The limit of adjusted prices, which lie off the tick grid, is not
        rounded; in Beijing, which cuts it, half a tick is taken off.
        """
        bounds = self._limit_prices(at)
        if bounds is None:
            return None
        slack = 2 * _TICK if self.name.adjusted else _TICK / 2
        shown = [exact(one) for one in (self.days[at].open, self.days[at].close) if one is not None]
        if any(one > bounds[1] + slack or one < bounds[0] - slack for one in shown):
            return None
        return bounds[1] if upper else bounds[0]

    def _limit_prices(self, at: int) -> tuple[Decimal, Decimal] | None:
        limit = daily_limit(self.board, self.session(at), st=self.days[at].st)
        if limit is None or self._newly_listed(at):
            return None
        back = at - 1
        while back >= 0 and self.days[back].close is None:
            back -= 1
        if back < 0:
            return None
        reference = self._through_actions(self.close(back), back, at)
        if self.name.adjusted:
            cut = _TICK / 2 if self.board == "bse" else _ZERO
            return reference * (1 - limit) + cut, reference * (1 + limit) - cut
        shown = cents(reference)
        return lower_price(shown, limit, self.board), upper_price(shown, limit, self.board)

    def _touch(self) -> Decimal:
        """Return how near a limit a quote is at it: half a tick, and a hair for a division."""
        return _TICK / 2 + _HAIR

    def _through_actions(self, price: Decimal, close_at: int, at: int) -> Decimal:
        for day in self.days[close_at + 1 : at + 1]:
            rights = exact(day.rights)
            worth = price - exact(day.dividend) + rights * exact(day.rights_price)
            price = worth / (exact(day.share_ratio) + rights)
        return price

    def _newly_listed(self, at: int) -> bool:
        listed = self.name.list_date
        if listed is None or listed < self.name.days[0].session:
            return False
        so_far = [day for day in self.days[: at + 1] if day.session >= listed]
        return len(so_far) <= free_sessions(self.board, listed)

    # --- rates, lots and charges

    def fx(self, at: int, side: Side | None = None) -> Decimal:
        """Return CNY for 1 of the listing's currency, for a side with its spread.

        Raises
        ------
        DataError
            If no fixing is known.
        """
        if self.board != "hk":
            return Decimal(1)
        rate = self.days[at].fx
        if rate is None:
            raise DataError(
                "no HKD/CNY fixing is known",
                where=self.where(at),
                fix="import the fixings: `screener data import FILE --kind fx`",
            )
        sign = {"buy": 1, "sell": -1, None: 0}[side]
        return exact(rate) * (1 + sign * exact(self.choices.fx_spread_bps) / _BPS)

    def lot(self, at: int) -> Lot | None:
        """Return the lot rule of a session, `None` where shares are real numbers."""
        if not self.choices.lots:
            return None
        return lot_of(self.board, self.days[at].board_lot, where=self.where(at))

    def capped(self, side: Side, at: int, wanted: Decimal, lot: Lot | None) -> Decimal:
        """Return `wanted`, or what the session's volume allows of it."""
        if self.choices.participation is None:
            return wanted
        cap = exact(self.choices.participation) * exact(self.days[at].volume or 0)
        cap = max(cap - exact(self.name.taken.get((self.session(at), side), 0.0)), _ZERO)
        if cap >= wanted:
            return wanted
        return cap if lot is None else rounded_down(cap, lot)

    def order_fees(self, side: Side, at: int, amount: Decimal) -> Decimal:
        """Return commission and levies of one order in the listing's currency."""
        total = _ZERO
        if self.choices.commission:
            hk = self.board == "hk"
            rate = self.choices.hk_rate if hk else self.choices.rate
            minimum = self.choices.hk_minimum if hk else self.choices.minimum
            total += cents(max(exact(rate) * amount, exact(minimum)))
        if self.choices.levies:
            total += levies(self.name.listing_id, side, self.session(at), amount)
        return total

    def where(self, at: int) -> str:
        """Return listing and date for a message."""
        return f"{self.name.listing_id}, {self.session(at)}"


def exact(number: float | None) -> Decimal:
    """Return a stored number as the decimal that it was written as.

    Raises
    ------
    DataError
        If there is none.
    """
    if number is None:
        raise DataError("a number that the order needs is missing")
    return Decimal(repr(float(number)))
