"""The reference simulator's rotating account: targets of equal parts, traded at the open.

It shares no code with the fast path: positions and market data are those of the reference
simulator, the cash is one exact decimal.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from tests.oracle.reference_book import Booked, Choices, Name
from tests.oracle.reference_market import exact
from tests.oracle.reference_position import Position
from tests.oracle.reference_rules import rounded_down

__all__ = ["Aim", "RotatingAccount"]

_ZERO = Decimal(0)
_NEGLIGIBLE = Decimal("1e-9")


@dataclass(frozen=True, slots=True, kw_only=True)
class Aim:
    """Ids to hold from the open of a session on, decided by the closes of an earlier one."""

    decided: date
    traded: date
    ids: tuple[str, ...]


class RotatingAccount:
    """One cash account over some names.

    Parameters
    ----------
    names
        Names of one calendar that have a bar or a suspension each session.
    choices
        Money and how it is traded; whole lots, late sales.
    """

    def __init__(self, names: Sequence[Name], choices: Choices) -> None:
        self.positions = {name.listing_id: Position(name, choices) for name in names}
        for position in self.positions.values():
            position.cash = _ZERO
        self.cash = exact(choices.capital)
        self.max_wait = choices.max_wait
        self.leaving: set[str] = set()
        self.buying: dict[str, tuple[Decimal, int]] = {}

    def play(self, aims: Sequence[Aim], last: date) -> Decimal:
        """Go from the first aim to a day, and return what the account is worth at its close."""
        due = {aim.traded: aim for aim in aims}
        every = {day for one in self.positions.values() for day in one.market.places}
        for session in sorted(day for day in every if aims[0].traded <= day <= last):
            for position in self.positions.values():
                if position.tax_lots:
                    position._morning(position.market.places[session])
                    self._collect(position)
            if session in due:
                self._aim(due[session], session)
            else:
                self._sell(session)
            self._buy(session)
        end = max(day for day in every if day <= last)
        return self.cash + sum(
            (
                position.shares * self._price(position, end, end)
                for position in self.positions.values()
                if position.tax_lots
            ),
            _ZERO,
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

    def _price(self, position: Position, day: date, decided: date) -> Decimal:
        places = position.market.places
        worth = position.market.last_worth(places[day], places[decided])
        return worth * position.market.fx(places[decided])

    def _aim(self, aim: Aim, session: date) -> None:
        self.buying.clear()
        worth = {
            item: position.shares * self._price(position, session, aim.decided)
            for item, position in self.positions.items()
            if position.tax_lots
        }
        total = self.cash + sum(worth.values(), _ZERO)
        part = total / len(aim.ids) if aim.ids else _ZERO
        self.leaving = {item for item in worth if item not in aim.ids}
        self._sell(session)
        for item in aim.ids:
            excess = worth.get(item, _ZERO) - part
            if item in worth and excess > _NEGLIGIBLE * total:
                position = self.positions[item]
                self._cut(position, session, excess / worth[item] * position.shares)
        lacks = {item: part - worth.get(item, _ZERO) for item in aim.ids}
        lacks = {item: lack for item, lack in lacks.items() if lack > _NEGLIGIBLE * total}
        wanted = sum(lacks.values(), _ZERO)
        if wanted:
            share = max(self.cash, _ZERO) / wanted
            self.buying = {item: (lack * share, 0) for item, lack in lacks.items() if share}

    def _sell(self, session: date) -> None:
        for item in sorted(self.leaving):
            position = self.positions[item]
            at = position.market.places[session]
            if self._unsellable(position, at):
                continue
            held = position.shares
            shares = position.market.capped("sell", at, held, position.market.lot(at))
            if shares:
                position.sell(at, shares, exact(position.days[at].open), capped=shares < held)
                self._collect(position)
            if not position.tax_lots:
                self.leaving.discard(item)

    def _cut(self, position: Position, session: date, wanted: Decimal) -> None:
        at = position.market.places[session]
        if self._unsellable(position, at):
            return
        lot, wanted = position.market.lot(at), position.settled(wanted)
        if lot is not None:
            wanted = rounded_down(wanted, lot)
        shares = position.market.capped("sell", at, wanted, lot)
        if shares:
            position.sell(at, shares, exact(position.days[at].open), capped=shares < wanted)
            self._collect(position)

    def _buy(self, session: date) -> None:
        for item, (budget, waited) in list(self.buying.items()):
            position = self.positions[item]
            market = position.market
            at = market.places[session]
            if market.why_not_buyable(at) or market.closed_to_account(at):
                self.buying[item] = budget, waited + 1
                if waited >= self.max_wait:
                    del self.buying[item]
                continue
            del self.buying[item]
            position.cash = position.settled(min(budget, self.cash))
            self.cash -= position.cash
            position.buy(at, exact(position.days[at].open))
            self._collect(position)

    def _unsellable(self, position: Position, at: int) -> bool:
        day, market = position.days[at], position.market
        if day.suspended or day.open is None or day.volume == 0 or market.closed_to_account(at):
            return True
        lower = market.limit_price(at, upper=False)
        return lower is not None and exact(day.open) <= lower + market._touch()

    def _collect(self, position: Position) -> None:
        self.cash += position.cash
        position.cash = _ZERO
