"""The price limit of one listing in one session, by its state: one answer for every part.

`rules` shows it, `backtest` applies it, and new bars are validated by its steps and its rounding.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from typing import TypeAlias

from screener.domain.listing import Listing
from screener.language import say
from screener.market.rules import (
    DelistingRule,
    FirstDayRule,
    LimitRule,
    NewListingRule,
    UnlimitedRule,
    delisting_limit,
    first_day_limit,
    free_sessions,
    new_listing_rule,
    price_limit,
    rounding_rule,
    unlimited,
)
from screener.market.trading import least_tick

__all__ = ["DayLimit", "PriceGrid", "Standing", "day_limit", "price_grid"]

_HAIR = 1e-7  # of a tick: 10.05 * 1.1 is 11.055 give or take a bit in binary
_PLACES = 6

LimitSource: TypeAlias = LimitRule | DelistingRule | NewListingRule | FirstDayRule | UnlimitedRule


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What about a listing decides its limit in a session.

    Parameters
    ----------
    st
        Whether it is under special treatment (ST, *ST).
    unreformed
        Whether it is an S share.
    list_date, nth
        First trading day, and which session since then it is, from 1; `None` where not known.
    leaving
        Which session of its delisting period it is, from 1; 0 outside of one.
    """

    st: bool = False
    unreformed: bool = False
    list_date: date | None = None
    nth: int | None = None
    leaving: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceGrid:
    """How reference and limit prices of a listing come to the tick.

    Parameters
    ----------
    tick
        Price step, in the listing's currency; where it grows with the price, the least one.
    inward
        Whether limit prices are cut to it: the upper one down, the lower one up.
    """

    tick: float
    inward: bool = False

    def half_up(self, price: float) -> float:
        """Round a price half up to the tick, as exchanges publish reference prices."""
        return self._steps(math.floor(price / self.tick + 0.5 + _HAIR))

    def upper(self, reference: float, fraction: float) -> float:
        """Return the highest price allowed, at least a tick above the reference.

        Parameters
        ----------
        reference
            Ex-reference price: the previous close, corrected for an ex-date.
        fraction
            Limit, such as 0.10.
        """
        raw = reference * (1 + fraction) / self.tick
        steps = math.floor(raw + (_HAIR if self.inward else 0.5 + _HAIR))
        return max(self._steps(steps), self._steps(round(reference / self.tick) + 1))

    def lower(self, reference: float, fraction: float) -> float:
        """Return the lowest price allowed, at least a tick below the reference, and one tick."""
        raw = reference * (1 - fraction) / self.tick
        steps = math.ceil(raw - _HAIR) if self.inward else math.floor(raw + 0.5 + _HAIR)
        least = min(self._steps(steps), self._steps(round(reference / self.tick) - 1))
        return max(least, self.tick)

    def _steps(self, count: int) -> float:
        return round(count * self.tick, _PLACES)


@dataclass(frozen=True, slots=True, kw_only=True)
class DayLimit:
    """The limit of a listing in a session.

    Parameters
    ----------
    fraction
        Greatest move from the reference price; `None` where no limit by it holds.
    grid
        How its prices come to the tick.
    rule
        The row of the table behind it; `None` where the tables are silent.
    standing
        The state that it was asked for.
    """

    fraction: float | None
    grid: PriceGrid
    rule: LimitSource | None
    standing: Standing

    @property
    def source(self) -> str:
        """Where the rule stands; empty where the tables are silent."""
        return "" if self.rule is None else self.rule.source

    @property
    def text(self) -> str:
        """The rule in words, empty where no limit by the reference price holds."""
        if self.fraction is None:
            return ""
        return say("daily limit of {fraction:.0%}", fraction=self.fraction)

    def prices(self, reference: float) -> tuple[float, float]:
        """Return the lowest and the highest price around a reference; infinite without a limit."""
        if self.fraction is None:
            return -math.inf, math.inf
        return self.grid.lower(reference, self.fraction), self.grid.upper(reference, self.fraction)


@lru_cache(maxsize=65_536)
def day_limit(listing: Listing, session: date, standing: Standing) -> DayLimit:
    """Return the price limit of a listing in a session.

    Parameters
    ----------
    listing
        A security.
    session
        The session.
    standing
        What about it decides.
    """
    free = DayLimit(fraction=None, grid=price_grid(listing, session), rule=None, standing=standing)
    none = unlimited(listing.board, session)
    if none is not None:
        return replace(free, rule=none)
    leaving = delisting_limit(listing.board, session) if standing.leaving else None
    if leaving is not None:
        within = standing.leaving > leaving.free_sessions
        return replace(free, rule=leaving, fraction=leaving.limit if within else None)
    listed = standing.list_date
    if listed is not None and 0 < (standing.nth or 0) <= free_sessions(listing.board, listed):
        return replace(free, rule=_first_sessions(listing, listed))
    rule = price_limit(listing, session, st=standing.st, unreformed=standing.unreformed)
    return replace(free, rule=rule, fraction=None if rule is None else rule.limit)


@lru_cache(maxsize=65_536)
def price_grid(listing: Listing, session: date) -> PriceGrid:
    """Return how the prices of a listing come to the tick, on any day and for an index too."""
    rounding = rounding_rule(listing.board, session)
    return PriceGrid(
        tick=least_tick(listing, session), inward=rounding is not None and rounding.inward
    )


def _first_sessions(listing: Listing, list_date: date) -> LimitSource | None:
    rule = new_listing_rule(listing.board, list_date)
    return first_day_limit(listing.board, list_date) if rule is None else rule
