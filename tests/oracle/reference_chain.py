"""The reference simulator's chain: versions of one basket held one after the other, with money.

It shares no code with the fast path: positions and market data are those of the reference
simulator, the cash is one exact decimal.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from tests.oracle.reference_book import Booked, Choices, Day, Name
from tests.oracle.reference_market import exact
from tests.oracle.reference_position import Position
from tests.oracle.reference_rules import rounded_down

__all__ = ["Composition", "Payout", "ReferenceChain"]

_ZERO = Decimal(0)
_NEGLIGIBLE = Decimal("1e-9")
_COVERED_SESSIONS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Composition:
    """Names of a version from the open of a session on, each with the size of its part."""

    entry: date
    sizes: Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Payout:
    """What a share that is delisted is worth from a day on, in the listing's currency."""

    day: date
    price: float


@dataclass(slots=True)
class _Aim:
    """CNY that a name is to be worth, and for how many sessions its purchase was blocked."""

    target: Decimal
    blocked: int = 0


class ReferenceChain:
    """One cash account over the versions of a basket.

    Parameters
    ----------
    names
        Names of one calendar.
    choices
        Money and how it is traded; whole lots, late sales.
    payouts
        Of the names that are delisted.
    """

    def __init__(
        self, names: Sequence[Name], choices: Choices, payouts: Mapping[str, Payout]
    ) -> None:
        self.positions = {name.listing_id: Position(name, choices) for name in names}
        for position in self.positions.values():
            position.cash = _ZERO
        self.cash, self.choices, self.payouts = exact(choices.capital), choices, payouts
        self.aims: dict[str, _Aim] = {}
        self.worths: dict[date, Decimal] = {}

    def play(self, versions: Sequence[Composition], last: date) -> None:
        """Go from the first version to a day, and note what the account is worth at each close."""
        weights = {one.entry: self._weights(one) for one in versions}
        due = {day: parts for day, parts in weights.items() if parts}
        every = sorted({day for one in self.positions.values() for day in one.market.places})
        for before, session in zip([date.min, *every], every, strict=False):
            if not due or not min(due) <= session <= last:
                continue
            for item, position in self.positions.items():
                if position.tax_lots and not self._paid_out(item, session):
                    position._morning(position.market.places[session])
                    self._collect(position)
            if session in due:
                self._aim(due[session], session, before)
            self._trade(session, before)
            self.worths[session] = self.cash + sum(
                (self._worth(item, session, session) for item in self.positions), _ZERO
            )

    @property
    def orders(self) -> list[Booked]:
        """Every order in which something was traded."""
        return [
            order
            for position in self.positions.values()
            for order in position.orders
            if order.shares
        ]

    # --- who is in

    def _weights(self, version: Composition) -> dict[str, Decimal]:
        sizes = {
            item: exact(size)
            for item, size in version.sizes.items()
            if self._covered(self.positions[item], version.entry)
        }
        total = sum(sizes.values(), _ZERO)
        return {item: size / total for item, size in sizes.items()}

    def _covered(self, position: Position, entry: date) -> bool:
        """Tell whether the tables know a name at an entry: a bar before, and no long gap to it."""
        days = [day for day in position.days if day.session <= entry]
        if all(day.close is None for day in days) or self._paid_out(
            position.name.listing_id, entry
        ):
            return False
        known = [at for at, day in enumerate(days) if _known(day)]
        return len(days) - 1 - known[-1] <= _COVERED_SESSIONS

    def _paid_out(self, item: str, day: date) -> bool:
        return item in self.payouts and day >= self.payouts[item].day

    # --- what it is worth

    def _worth(self, item: str, session: date, seen: date) -> Decimal:
        """Return CNY of what is held in a session, by the last price up to a day."""
        position = self.positions[item]
        if not position.tax_lots:
            return _ZERO
        market, places = position.market, position.market.places
        price = (
            exact(self.payouts[item].price)
            if self._paid_out(item, seen)
            else market.last_worth(places[session], places[seen])
        )
        return position.shares * price * market.fx(places[seen])

    # --- orders

    def _aim(self, weights: Mapping[str, Decimal], session: date, before: date) -> None:
        worth = {item: self._worth(item, session, before) for item in self.positions}
        total = self.cash + sum(worth.values(), _ZERO)
        self.aims = {
            item: _Aim(weights.get(item, _ZERO) * total)
            for item in self.positions
            if item in weights or worth[item]
        }

    def _trade(self, session: date, before: date) -> None:
        worth = {item: self._worth(item, session, before) for item in self.positions}
        total = self.cash + sum(worth.values(), _ZERO)
        least = _NEGLIGIBLE * total
        lacking: dict[str, Decimal] = {}
        for item, aim in list(self.aims.items()):
            if worth[item] - aim.target > least:
                self._sell(item, session, worth[item])
            elif aim.target - worth[item] > least:
                lacking[item] = aim.target - worth[item]
            else:
                del self.aims[item]
        for item in list(lacking):
            if self._unbuyable(item, session):
                del lacking[item]
                self.aims[item].blocked += 1
                if self.aims[item].blocked > self.choices.max_wait:
                    del self.aims[item]
        part = min(Decimal(1), max(self.cash, _ZERO) / sum(lacking.values())) if lacking else _ZERO
        for item, need in lacking.items():
            del self.aims[item]
            if need * part > least:
                self._buy(item, session, need * part)

    def _sell(self, item: str, session: date, worth: Decimal) -> None:
        position, target = self.positions[item], self.aims[item].target
        at, held = position.market.places[session], position.shares
        paid = self._paid_out(item, session)
        if position.market.closed_to_account(at) or (not paid and _unsellable(position, at)):
            return
        lot = position.market.lot(at)
        wanted = held if not target else position.settled(held * (1 - target / worth))
        whole = wanted if wanted == held or lot is None else rounded_down(wanted, lot)
        if paid:
            self._pay_out(position, at, whole)
            del self.aims[item]
            return
        shares = position.market.capped("sell", at, whole, lot)
        if shares:
            position.sell(at, shares, exact(position.days[at].open), capped=shares < whole)
            self._collect(position)
        if shares == whole:
            del self.aims[item]

    def _pay_out(self, position: Position, at: int, shares: Decimal) -> None:
        price = exact(self.payouts[position.name.listing_id].price)
        tax = position._hand_over(at, shares)
        self.cash += (shares * price - tax) * position.market.fx(at, side="sell")
        position._book(
            "sell", at, shares, price, _ZERO, status="filled", reason="", dividend_tax=tax
        )

    def _unbuyable(self, item: str, session: date) -> bool:
        market = self.positions[item].market
        at = market.places[session]
        shut = self._paid_out(item, session) or market.closed_to_account(at)
        return shut or bool(market.why_not_buyable(at))

    def _buy(self, item: str, session: date, budget: Decimal) -> None:
        position = self.positions[item]
        at = position.market.places[session]
        position.cash = position.settled(budget)
        self.cash -= position.cash
        position.buy(at, exact(position.days[at].open))
        self._collect(position)

    def _collect(self, position: Position) -> None:
        self.cash += position.cash
        position.cash = _ZERO


def _known(day: Day) -> bool:
    return day.close is not None or day.suspended


def _unsellable(position: Position, at: int) -> bool:
    day, market = position.days[at], position.market
    if day.suspended or day.open is None or day.volume == 0:
        return True
    lower = market.limit_price(at, upper=False)
    return lower is not None and exact(day.open) <= lower + market._touch()
