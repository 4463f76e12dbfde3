"""When a screen is asked, and when what it names is traded."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

import numpy as np

from screener.domain.listing import Exchange
from screener.errors import DateRangeError
from screener.language import say
from screener.market.calendars import calendar_of

__all__ = ["Every", "Rhythm", "rebalancing_days"]


class Every(StrEnum):
    """How often names are chosen anew."""

    MONTH = "month"
    QUARTER = "quarter"

    @property
    def months(self) -> int:
        """Months from one time to the next."""
        return 3 if self is Every.QUARTER else 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Rhythm:
    """One rebalancing.

    Parameters
    ----------
    decided
        Last session of any of the exchanges before it: nothing later is known to the screen.
    traded
        Session of all the exchanges in whose morning it is traded.
    """

    decided: date
    traded: date


def rebalancing_days(
    exchanges: Collection[Exchange], first: date, last: date, every: Every, *, delay: int = 0
) -> tuple[Rhythm, ...]:
    """Return the rebalancings of a span: its first session, then the first of each period.

    Parameters
    ----------
    exchanges
        Exchanges whose names are traded; all of them must be open.
    first, last
        The span, both days included.
    every
        How often names are chosen anew; a quarter begins with January, April, July, October.
    delay
        Sessions between the first that could be traded in and the one that is; -1 for one that
        comes too early, in which the decision is still to be made.

    Raises
    ------
    DateRangeError
        If no session of all the exchanges lies in the span.
    """
    calendars = [calendar_of(item) for item in exchanges]
    common = calendars[0].sessions
    for calendar in calendars[1:]:
        common = np.intersect1d(common, calendar.sessions)
    some = np.unique(np.concatenate([calendar.sessions for calendar in calendars]))
    start, end = np.datetime64(first, "D"), np.datetime64(last, "D")
    within = np.flatnonzero((common >= start) & (common <= end))
    periods = common.astype("datetime64[M]").astype(np.int64) // every.months
    opened = [at for at in within if at == within[0] or periods[at] != periods[at - 1]]
    found = []
    for at in opened:
        decided = some[np.searchsorted(some, common[at]) - 1]
        place = at + delay
        if 0 <= place < len(common) and common[place] <= end:
            found.append(Rhythm(decided=decided.item(), traded=common[place].item()))
    if not found:
        raise DateRangeError(
            say("there is no session from {first} to {last}", first=first, last=last),
            fix=say("give a longer span"),
        )
    return tuple(found)
