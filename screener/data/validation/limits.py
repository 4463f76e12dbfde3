"""The daily price limits that held for a listing, session by session, and what they allow."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial

import numpy as np

from screener.data.validation.context import ValidationContext
from screener.domain.arrays import FlagArray, SessionAxis
from screener.domain.listing import Listing
from screener.market.limits import PriceGrid
from screener.market.rules import (
    LimitRule,
    free_sessions,
    price_limit,
)
from screener.market.special_treatment import special_on

__all__ = ["Band", "free_of_limit", "rules_in_force"]

_EXACT = 1e-9
_MOST_FREE = 5  # sessions without a limit that any rule gives a new listing


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """Prices that a limit allows around a reference, a tick more on either side."""

    low: float
    high: float

    @classmethod
    def around(cls, reference: float, limit: float, grid: PriceGrid) -> Band:
        """Return the band of a limit, as a fraction, around an ex-reference price."""
        rounded = grid.half_up(reference)  # exchanges publish it so
        return cls(
            low=grid.lower(rounded, limit) - grid.tick - _EXACT,
            high=grid.upper(rounded, limit) + grid.tick + _EXACT,
        )

    def holds(self, price: float) -> bool:
        """Tell whether a price is within the band."""
        return self.low <= price <= self.high


def rules_in_force(days: Sequence[date], context: ValidationContext) -> list[LimitRule | None]:
    """Return the limit in force on each day, `None` where the board has none.

    Where special treatment is unknown, the widest limit counts.

    Parameters
    ----------
    days
        Sessions, ascending.
    context
        Board and special treatment of the listing.
    """
    listing = context.listing
    known = bool(context.st)  # else the same on all days
    states = [special_on(context.st, day) for day in (days if known else days[:1])]
    states = states if known else states * len(days)
    found: list[LimitRule | None] = [None] * len(days)
    for state in set(states):
        places = [place for place, own in enumerate(states) if own is state]
        _fill(found, days, places, partial(_rule, listing, state))
    return found


def free_of_limit(
    days: SessionAxis, context: ValidationContext, first_known: date | None
) -> FlagArray:
    """Tell which sessions are among the first of a new listing, on which no limit holds.

    Parameters
    ----------
    days
        `(n,)` sessions.
    context
        Calendar, board and listing date.
    first_known
        First session ever seen of the listing, `None` if there may be earlier ones; it stands in
        for an unknown listing date, with the longest period that any rule gives.
    """
    if context.list_date is not None:
        start, count = context.list_date, free_sessions(context.listing.board, context.list_date)
    elif first_known is not None:
        start, count = first_known, _MOST_FREE
    else:
        return np.zeros(len(days), dtype=np.bool_)
    sessions = context.calendar.sessions
    since = np.searchsorted(sessions, days) - np.searchsorted(sessions, np.datetime64(start, "D"))
    free: FlagArray = since < count
    return free


def _fill(
    found: list[LimitRule | None],
    days: Sequence[date],
    places: Sequence[int],
    rule_on: Callable[[date], LimitRule | None],
) -> None:
    """Write the rule of each place; one holds from a date to another, so equal ends settle all."""
    first, last = rule_on(days[places[0]]), rule_on(days[places[-1]])
    if first is last:
        for place in places:
            found[place] = first
        return
    found[places[0]], found[places[-1]] = first, last
    middle = len(places) // 2
    for half in (places[:middle], places[middle:]):
        _fill(found, days, half, rule_on)


def _rule(listing: Listing, special: bool | None, day: date) -> LimitRule | None:
    states = (False, True) if special is None else (special,)
    rules = [rule for state in states if (rule := price_limit(listing, day, st=state))]
    return max(rules, key=lambda rule: rule.limit, default=None)
