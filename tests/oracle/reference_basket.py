"""The reference simulator's basket: names that share their cash are brought back to their weights.

The positions of the names are played together, session by session. At the close of each session of
the rhythm the names bought so far put their cash into one pool. What is above its weight is sold,
and of the pool's cash each of the others is handed a budget, of which it gives back what is left.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import pairwise

from tests.oracle.reference_book import Choices
from tests.oracle.reference_market import exact
from tests.oracle.reference_position import Position

__all__ = ["Basket", "Stake"]

_ZERO = Decimal(0)
_NEGLIGIBLE = Decimal("1e-9")  # of the value that is brought back to its weights


@dataclass(slots=True, kw_only=True)
class Stake:
    """A name that can be traded: CNY for a share when it was decided, and what it lacked."""

    position: Position
    at: int
    price: Decimal
    need: Decimal = _ZERO

    @property
    def value(self) -> Decimal:
        """Return CNY that its shares were worth when it was decided."""
        return self.position.shares * self.price

    def stuck(self) -> bool:
        """Return whether the close is locked on the side that the need asks for."""
        return bool(self.need) and self.position.market.locked(self.at, upper=self.need > 0)


class Basket:
    """The positions of one window, with the cash that their names share.

    Parameters
    ----------
    positions
        One position a name, in the basket's order.
    choices
        Money and how it is traded; `rebalance` is not `none`.
    """

    def __init__(self, positions: Sequence[Position], choices: Choices) -> None:
        self.positions = positions
        self.choices = choices
        self.cash = _ZERO

    def play(self, *, cut: date, sell: bool) -> None:
        """Go through the sessions one by one, to `cut` or, if all is to be sold, to the end."""
        for position in self.positions:
            position.book_never_bought(cut)
        due = self._due(cut)
        for session in sorted(
            {day for position in self.positions for day in position.market.places}
        ):
            trading = [
                (position, position.market.places.get(session, -1)) for position in self.positions
            ]
            busy = [
                (position, at)
                for position, at in trading
                if at >= 0 and position.open_at(at, cut=cut, sell=sell)
            ]
            for position, at in busy:
                position.begin(at)
            if session in due:
                self.rebalance(session, due[session])
            for position, at in busy:
                position.finish(at, sell=sell)

    # --- when

    def _due(self, cut: date) -> dict[date, date]:
        """Return when the basket is brought back to its weights, and when that was decided."""
        common = sorted(
            set.intersection(*(set(position.market.places) for position in self.positions))
        )
        after = max(position.name.entry for position in self.positions)
        exits = [
            position.market.session(position.exit)
            for position in self.positions
            if position.exit is not None
        ]
        before = min(exits, default=date.max)
        return {
            session: last
            for last, session in pairwise(common)
            if self._period(last) != self._period(session)
            and after < session < before
            and session <= cut
        }

    def _period(self, session: date) -> tuple[int, ...]:
        if self.choices.rebalance == "daily":
            return (session.toordinal(),)
        months = 3 if self.choices.rebalance == "quarterly" else 1
        return (session.year, (session.month - 1) // months)

    # --- how

    def rebalance(self, session: date, decided: date) -> None:
        """Bring the names bought before a session back to their weights at its close.

        How much, was decided at an earlier close; what is sold is spent on what is bought.
        """
        stakes = self.stakes(session, decided)
        least = _NEGLIGIBLE * self._total(stakes)
        for stake in stakes:
            if stake.need < 0:
                stake.position.reduce(stake.at, -stake.need / stake.price)
                self._collect(stake.position)
        lacking = [stake for stake in stakes if stake.need > 0]
        wanted = sum((stake.need for stake in lacking), _ZERO)
        part = max(self.cash, _ZERO) / wanted if lacking else _ZERO
        for stake in lacking:
            if stake.need * part > least:
                self._buy(stake, stake.need * part)

    def stakes(self, session: date, decided: date) -> list[Stake]:
        """Pool the cash; return what each name that takes part was worth and lacked by then."""
        pool = [position for position in self.positions if position.bought_before(session)]
        for position in pool:
            self._collect(position)
        places = [
            (position, position.market.places[session], position.market.places[decided])
            for position in pool
        ]
        active = [
            Stake(
                position=position,
                at=at,
                price=position.market.last_worth(at, until) * position.market.fx(until),
            )
            for position, at, until in places
            if position.market.tradable(at)
        ]
        while True:
            self._set_needs(active)
            free = [stake for stake in active if not stake.stuck()]
            if len(free) == len(active):
                return active
            active = free

    def _set_needs(self, active: Sequence[Stake]) -> None:
        total = self._total(active)
        weights = sum((exact(stake.position.name.weight) for stake in active), _ZERO)
        for stake in active:
            need = total * exact(stake.position.name.weight) / weights - stake.value
            stake.need = need if abs(need) >= _NEGLIGIBLE * total else _ZERO

    def _total(self, active: Sequence[Stake]) -> Decimal:
        return self.cash + sum((stake.value for stake in active), _ZERO)

    def _collect(self, position: Position) -> None:
        self.cash += position.cash
        position.cash = _ZERO

    def _buy(self, stake: Stake, budget: Decimal) -> None:
        budget = stake.position.settled(budget)
        self.cash -= budget
        stake.position.cash += budget
        stake.position.buy(stake.at, stake.position.market.close(stake.at))
        self._collect(stake.position)
