"""What dealing in one name costs and allows, session by session, on raw prices."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from datetime import date
from functools import lru_cache
from types import MappingProxyType

import numpy as np

from screener.backtest.frictions import Frictions
from screener.domain.basket import EntryPrice
from screener.domain.eligibility import Eligibility, Programme
from screener.domain.listing import Exchange, Listing
from screener.domain.panel import TradingPanel
from screener.errors import DataError
from screener.language import say
from screener.market.charges import ChargeKind, Plan, Side, order_costs, proportional_rate
from screener.market.dividend_tax import dividend_tax_rate
from screener.market.lots import LotRule, buyable_shares, lot_rule
from screener.paths.legs import Leg, Reason, buy_block, sale_block
from screener.paths.limits import limit_price

__all__ = ["NOTHING_TAKEN", "Dealing", "Taken"]

Taken = Mapping[tuple[int, int, Side], float]
"""Shares that the account trades already, by column, row and side: they share one volume cap."""
NOTHING_TAKEN: Taken = MappingProxyType({})

_BASIS_POINT = 1e-4
_ENOUGH = 1 + 1e-12  # a budget spent to the last cent must not fail for a rounding of floats


@lru_cache(maxsize=16_384)  # runs with other frictions place the same orders
def _charged(
    listing: Listing,
    side: Side,
    session: date,
    shares: float,
    price: float,
    plan: Plan,
    fund: bool,
) -> tuple[float, float]:
    """Return the commission of an order, and all that it costs."""
    costs = order_costs(listing, side, session, shares=shares, price=price, plan=plan, fund=fund)
    return costs.of_kind(ChargeKind.COMMISSION), costs.total


class Dealing:
    """One name: its prices, volumes, lots, rules and charges.

    Parameters
    ----------
    trading
        Prices, volumes, entitlements and lots.
    column
        The name's column.
    frictions
        What trading costs and forbids.
    taken
        What other orders of the account trade.

    Attributes
    ----------
    capped
        Whether an order so far was smaller for a session's volume.
    """

    def __init__(
        self,
        trading: TradingPanel,
        column: int,
        frictions: Frictions,
        taken: Taken = NOTHING_TAKEN,
    ) -> None:
        self.trading, self.panel, self.column = trading, trading.prices, column
        self.frictions, self.taken, self.capped = frictions, taken, False
        self.listing: Listing = self.panel.listings[column]
        self.fund = bool(trading.funds) and trading.funds[column]
        self.programme = frictions.plan.programme(self.listing)

    def affordable(
        self, budget: float, row: int, rate: float, aimed: float
    ) -> tuple[float, float, str]:
        """Return shares, the price paid, and why it is fewer than the money would buy.

        Parameters
        ----------
        budget
            Money for it, fees included, in CNY.
        row
            Session.
        rate
            CNY for one unit of the listing's currency.
        aimed
            Price of the session that is aimed at, in the listing's currency.
        """
        money = budget / rate * _ENOUGH
        rule = self.lot(row)
        slipped = self._bounded(Side.BUY, row, aimed, self.frictions.slippage_bps * _BASIS_POINT)
        wanted = self._within(money, row, slipped, rule)
        if not wanted:
            return 0, slipped, say("the money does not reach one lot")
        most = self.volume_cap(row, Side.BUY)
        cap = None if most is None else buyable_shares(most, rule)
        shares = wanted if cap is None else min(wanted, cap)
        self.capped |= shares < wanted
        if not shares:
            return 0, slipped, self._no_lot_told(row)
        price = self._bounded(Side.BUY, row, aimed, self._worse(Side.BUY, row, shares))
        if price != slipped:  # the impact of so many shares makes it dearer
            shares = min(shares, self._within(money, row, price, rule))
        if not shares:
            return 0, price, say("the money does not reach one lot")
        capped = cap is not None and cap < wanted
        return shares, price, self.cap_told(row, Side.BUY) if capped else ""

    def sold_at(self, row: int, shares: float, *, opening: bool = False) -> float:
        """Return the price of a sale at the close, or the open, in the listing's currency."""
        prices = self.panel.open if opening else self.panel.close
        close = float(prices[row, self.column])
        if self.panel.paid_out(self.column, row):
            return close
        return self._bounded(Side.SELL, row, close, self._worse(Side.SELL, row, shares))

    def sellable(self, row: int, shares: float, held: float) -> float:
        """Return how many of some shares one session takes: whole lots, unless all held go."""
        cap = self.volume_cap(row, Side.SELL)
        most = shares if cap is None else min(shares, cap)
        self.capped |= most < shares
        return held if most >= held else float(buyable_shares(most, self.lot(row)))

    def _within(self, money: float, row: int, price: float, rule: LotRule) -> int:
        """Return the most shares whose cost, fees included, stays within the money."""
        session = self.panel.session(row)
        rates = self._proportional(session)
        shares = buyable_shares(money / (price * (1 + rates)), rule)
        while shares and shares * price + self.fees(Side.BUY, row, shares, price) > money:
            shares = buyable_shares(shares - rule.step, rule) if shares > rule.least else 0
        more = shares + rule.step if shares else rule.least
        while more * price + self.fees(Side.BUY, row, more, price) <= money:
            shares, more = more, more + rule.step
        return shares

    def _proportional(self, session: date) -> float:
        if not (self.frictions.commission or self.frictions.levies):
            return 0.0
        return proportional_rate(
            self.listing, Side.BUY, session, self.frictions.plan, fund=self.fund
        )

    def volume_cap(self, row: int, side: Side) -> float | None:
        """Return the most shares that the session's volume leaves to one more order of a side."""
        part = self.frictions.participation
        if part is None or self.panel.paid_out(self.column, row):
            return None
        return max(part * self._volume(row) - self._taken(row, side), 0.0)

    def _taken(self, row: int, side: Side) -> float:
        return self.taken.get((self.column, row, side), 0.0)

    def _volume(self, row: int) -> float:
        volume = float(self.trading.volume[row, self.column])
        if not math.isfinite(volume):
            raise DataError(
                say(
                    "no volume of {listing} is known on {session}",
                    listing=self.listing,
                    session=self.panel.session(row),
                ),
                where=say("table bars"),
                fix=say("import bars with their volume, or measure on paper with --paper"),
            )
        return volume

    def cap_told(self, row: int, side: Side) -> str:
        """Say which share of the volume the orders of a session may be."""
        share = self.frictions.participation
        if self._taken(row, side):
            return say(
                "at most {share:.0%} of the volume, the account's other orders included",
                share=share,
            )
        return say("at most {share:.0%} of the volume", share=share)

    def _no_lot_told(self, row: int) -> str:
        if self._taken(row, Side.BUY):
            return say("the account's other orders leave no lot of the session's volume")
        return say("one lot is more than the share of the session's volume")

    def _worse(self, side: Side, row: int, shares: float) -> float:
        """Return by which fraction an order fills worse than the price aimed at.

        Its impact comes on top of what other orders of the account move the price by.
        """
        worse = self.frictions.slippage_bps
        if self.frictions.impact_bps:
            volume = self._volume(row)
            # Nothing traded, and the order has no share of it to be measured by: a whole session's.
            part = (shares + self._taken(row, side)) / volume if volume else 1.0
            worse += self.frictions.impact_bps * math.sqrt(part)
        return worse * _BASIS_POINT

    def _bounded(self, side: Side, row: int, quote: float, worse: float) -> float:
        """Return a quote made worse by a fraction, within the day's limits: nobody trades beyond.

        A quote that lies beyond them itself, as an average or an adjusted price may, stays.
        """
        if not worse:
            return quote
        limit = limit_price(self.panel, self.column, row, upper=side is Side.BUY)
        if side is Side.BUY:
            return min(quote * (1 + worse), max(limit, quote))
        return max(quote * (1 - worse), min(limit, quote))

    def lot(self, row: int) -> LotRule:
        """Return the lot rule of a session.

        Raises
        ------
        DataError
            If a Hong Kong name's board lot is not known.
        """
        lot = float(self.trading.board_lot[row, self.column])
        session = self.panel.session(row)
        return lot_rule(self.listing, session, int(lot) if math.isfinite(lot) else None)

    def fees(self, side: Side, row: int, shares: float, price: float) -> float:
        """Return what an order pays besides its amount, in the listing's currency."""
        frictions = self.frictions
        free = self.panel.paid_out(self.column, row)
        if free or not (frictions.commission or frictions.levies):
            return 0.0
        commission, total = _charged(
            self.listing, side, self.panel.session(row), shares, price, frictions.plan, self.fund
        )
        return frictions.commission * commission + frictions.levies * (total - commission)

    def fixing(self, row: int) -> float:
        """Return CNY for one unit of the listing's currency.

        Raises
        ------
        DataError
            If no fixing is fresh enough.
        """
        rate = float(self.panel.fx[row, self.column])
        if not math.isfinite(rate):
            raise DataError(
                say(
                    "{listing} is quoted in {currency} and no fixing is known within 5 days "
                    "of {session}",
                    listing=self.listing,
                    currency=self.listing.currency,
                    session=self.panel.session(row),
                ),
                where=say("table fx"),
                fix=say("import the fixings: `screener data import FILE --kind fx`"),
            )
        return rate

    def conversion(self, row: int, side: Side) -> float:
        """Return CNY for one unit of the listing's currency, the spread included."""
        rate = self.fixing(row)
        if self.listing.currency == "CNY":
            return rate
        spread = self.frictions.fx_spread_bps * _BASIS_POINT
        return rate * (1 + spread if side is Side.BUY else 1 - spread)

    def sales(
        self, due: int, bought: int, *, opening: bool = False
    ) -> Iterator[tuple[int, Reason]]:
        """Yield the sessions from the scheduled exit on, with what blocks a sale there.

        A sale at the open, as at an early exit, comes after the day of the purchase everywhere.
        """
        column = self.column
        own = self.panel.own_rows(column)
        for at in range(int(np.searchsorted(own, due)), len(own)):
            row = int(own[at])
            if opening and row <= bought:
                continue
            same_day = self.listing.exchange.mainland and row == bought
            yield row, Reason.SAME_DAY if same_day else self.sale_block(row, opening=opening)

    def sale_block(self, row: int, *, opening: bool = False) -> Reason:
        """Tell why a sale at the close, or the open, of a row is blocked, for this account too."""
        return self.closed(row) or sale_block(self.panel, self.column, row, opening=opening)

    def closed(self, row: int) -> Reason:
        """Tell whether the account cannot trade the name in a session of its exchange.

        Trading across the border is closed on the sessions of one market alone.
        """
        if self.programme is None:
            return Reason.NONE
        south = self.programme is Programme.SOUTHBOUND
        open_to = self.trading.southbound if south else self.trading.northbound
        if open_to is None or open_to[row, self.column]:
            return Reason.NONE
        return Reason.NO_SOUTHBOUND if south else Reason.NO_NORTHBOUND

    def ineligible(self, row: int) -> Reason:
        """Tell whether the account may not buy the name in a session; it may always sell it.

        What is not known keeps nobody from buying.
        """
        if self.programme is None:
            return Reason.NONE
        north = self.programme is Programme.NORTHBOUND
        outside = north and self.listing.exchange is Exchange.BJ
        if not outside and self.eligibility.on(self.panel.session(row)) is not False:
            return Reason.NONE
        return Reason.NOT_NORTHBOUND if north else Reason.NOT_SOUTHBOUND

    @property
    def eligibility(self) -> Eligibility:
        """Days of the name in the list of its programme."""
        known = self.trading.eligibility
        return known[self.column] if known else Eligibility()

    def eligible_told(self, row: int) -> str:
        """Say since when, or until when, the account may buy a name that it may not in a session.

        Empty where it may.
        """
        if not self.ineligible(row):
            return ""
        day = self.panel.session(row)
        if since := self.eligibility.since(day):
            return say("buyable for you since {day}", day=since)
        if until := self.eligibility.until(day):
            return say("buyable for you until {day}", day=until)
        if self.eligibility.recorded is None:
            return say("never buyable for you")
        return say(
            "in no list since {day}, when lists begin to be recorded", day=self.eligibility.recorded
        )

    def shut(self, row: int) -> Reason:
        """Tell whether the account cannot buy the name in a session of its exchange."""
        return self.closed(row) or self.ineligible(row)

    def first_open(
        self, leg: Leg, price: EntryPrice, end: int, max_wait: int
    ) -> tuple[int | None, Reason]:
        """Return the row of the purchase, up to `end`, and what it waited for first.

        It is that of the paper path, unless the account cannot buy then: it waits for the first
        session from there on in which it can, and in which nothing else blocks it. One that is not
        eligible then is not waited for longer than any purchase.
        """
        if leg.fill_row is None or not (why := self.shut(leg.fill_row)):
            return leg.fill_row, leg.reason
        own = self.panel.own_rows(self.column)
        later = own[(own > leg.fill_row) & (own <= end)]
        if self.ineligible(leg.fill_row):
            last = int(np.searchsorted(own, leg.entry_row or 0)) + max_wait
            later = later[later <= own[min(last, len(own) - 1)]]
        for row in later.tolist():
            if not (self.shut(row) or buy_block(self.panel, self.column, row, price)):
                return row, leg.reason or why
        return None, why

    def dividend_tax(self, bought: int, row: int) -> float:
        """Return the rate of tax on dividends of shares held from one row to another."""
        if not (self.frictions.levies and self.frictions.dividend_tax):
            return 0.0
        session = self.panel.session(row)
        held = (session - self.panel.session(bought)).days
        return dividend_tax_rate(
            self.listing,
            held,
            session,
            southbound=self.frictions.plan.southbound,
            northbound=self.frictions.plan.northbound,
        )

    @property
    def withheld(self) -> bool:
        """Whether tax on a dividend is taken when it is paid, not when the shares are sold."""
        return not self.listing.exchange.mainland or self.programme is Programme.NORTHBOUND

    def ratio(self, bought: int, row: int) -> float:
        """Return by how much a holding multiplied after the day of its purchase."""
        multiplied = 1.0
        for at, ratio in self.trading.splits(self.column):
            if bought < at <= row:
                multiplied *= ratio
        return multiplied
