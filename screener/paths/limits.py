"""The price limit of a name in a session of a panel, and what its quotes say of it."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from screener.domain.panel import PricePanel
from screener.language import say
from screener.market.limits import DayLimit, Standing, day_limit

__all__ = ["limit_on", "limit_price", "locked", "quoted_beyond", "without_limit"]

_TOUCH = 0.5  # ticks from a limit within which a quote is at it, whatever noise its file adds
_HAIR = 1e-9
_KNOWN = 100_000  # sessions of names that are remembered
_BEYOND = 2.0  # ticks beyond the limit, if prices are adjusted, that no rounding explains


class _Band(NamedTuple):
    """Least and greatest price of a session by the rule, and whether a quote lies beyond them."""

    limit: DayLimit
    low: float
    high: float
    beyond: bool


def limit_on(panel: PricePanel, column: int, row: int) -> DayLimit:
    """Return the limit of a name in a session, whatever its quotes say of it."""
    return _band(panel, column, row).limit


def limit_price(panel: PricePanel, column: int, row: int, *, upper: bool) -> float:
    """Return the greatest or the least price of a session; infinite without a limit.

    For adjusted prices, which lie off the tick grid, it is not rounded. Where a quote of the
    session is beyond it, none held.
    """
    band = _band(panel, column, row)
    if band.beyond:
        return math.inf if upper else -math.inf
    return band.high if upper else band.low


def quoted_beyond(panel: PricePanel, column: int, row: int) -> bool:
    """Tell whether an open or a close is further beyond its limit than rounding explains.

    It proves that no limit held: the first sessions of a listing whose list date is not known, the
    first one after a long halt, an action that the tables lack.
    """
    return _band(panel, column, row).beyond


def without_limit(panel: PricePanel, column: int, row: int) -> str:
    """Say that no limit held in a session, as its quotes prove; empty where they do not."""
    if not quoted_beyond(panel, column, row):
        return ""
    rule = limit_on(panel, column, row).text
    return say(
        "quoted beyond its {rule} on {session}: no limit held",
        rule=rule,
        session=panel.session(row),
    )


def locked(panel: PricePanel, column: int, row: int, quote: float, *, upper: bool) -> bool:
    """Tell whether a quote is at its limit, so that one side of the market finds nobody."""
    band = _band(panel, column, row)
    touch = _TOUCH * band.limit.grid.tick + _HAIR
    at_limit = quote >= band.high - touch if upper else quote <= band.low + touch
    return at_limit and not band.beyond


def _band(panel: PricePanel, column: int, row: int) -> _Band:
    """Return what a panel says of a session, which every run of a window asks again."""
    known: dict[tuple[int, int], _Band] = panel.once(_Band, dict)
    found = known.get((row, column))
    if found is None:
        if len(known) >= _KNOWN:
            known.clear()
        limit = day_limit(panel.listings[column], panel.session(row), _standing(panel, column, row))
        low, high = _limits(panel, column, row, limit)
        beyond = _beyond(panel, column, row, low, high, limit.grid.tick)
        found = known[row, column] = _Band(limit, low, high, beyond)
    return found


def _beyond(panel: PricePanel, column: int, row: int, low: float, high: float, tick: float) -> bool:
    slack = (_BEYOND if panel.adjusted[column] else _TOUCH) * tick
    lowest, highest = low - slack, high + slack
    opened, closed = panel.open[row, column], panel.close[row, column]
    return bool(opened > highest or closed > highest or opened < lowest or closed < lowest)


def _limits(panel: PricePanel, column: int, row: int, limit: DayLimit) -> tuple[float, float]:
    """Return the least and the greatest price by the rule alone; infinite without one."""
    reference = math.nan if limit.fraction is None else _reference(panel, column, row)
    if limit.fraction is None or not math.isfinite(reference) or panel.paid_out(column, row):
        return -math.inf, math.inf
    if panel.adjusted[column]:
        # Where limits are cut to the tick, they lie from nothing to a tick within these.
        within = _TOUCH * limit.grid.tick if limit.grid.inward else 0.0
        return (
            reference * (1 - limit.fraction) + within,
            reference * (1 + limit.fraction) - within,
        )
    # On an ex-date the exchanges publish the reference price rounded to the tick.
    return limit.prices(limit.grid.half_up(reference))


def _reference(panel: PricePanel, column: int, row: int) -> float:
    """Return the last close before a session, corrected for an ex-date; NaN where none is known."""
    worth = panel.prior_values[column]
    before = row - 1
    while before >= 0 and not math.isfinite(panel.close[before, column]):
        before -= 1
    if before >= 0:
        worth = panel.close[before, column] * panel.factor[before, column]
    return float(worth / panel.factor[row, column])


def _standing(panel: PricePanel, column: int, row: int) -> Standing:
    listed = panel.list_dates[column]
    nth = None
    if listed is not None and listed >= panel.session(0):
        nth = int(np.count_nonzero(panel.trading[panel.row(listed) : row + 1, column]))
    return Standing(
        st=bool(panel.st[row, column]),
        unreformed=panel.unreformed is not None and bool(panel.unreformed[row, column]),
        list_date=listed,
        nth=nth or None,
        leaving=panel.leaving_session(row, column),
    )
