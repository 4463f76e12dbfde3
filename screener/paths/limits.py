"""The price limit of a name in a session of a panel, and what its quotes say of it."""

from __future__ import annotations

import math

import numpy as np

from screener.domain.panel import PricePanel
from screener.language import say
from screener.market.limits import DayLimit, Standing, day_limit

__all__ = ["limit_on", "limit_price", "locked", "quoted_beyond", "without_limit"]

_TOUCH = 0.5  # ticks from a limit within which a quote is at it, whatever noise its file adds
_HAIR = 1e-9
_BEYOND = 2.0  # ticks beyond the limit, if prices are adjusted, that no rounding explains


def limit_on(panel: PricePanel, column: int, row: int) -> DayLimit:
    """Return the limit of a name in a session, whatever its quotes say of it."""
    return day_limit(panel.listings[column], panel.session(row), _standing(panel, column, row))


def limit_price(panel: PricePanel, column: int, row: int, *, upper: bool) -> float:
    """Return the greatest or the least price of a session; infinite without a limit.

    For adjusted prices, which lie off the tick grid, it is not rounded. Where a quote of the
    session is beyond it, none held.
    """
    limit = limit_on(panel, column, row)
    low, high = _limits(panel, column, row, limit)
    if _beyond(panel, column, row, low, high, limit.grid.tick):
        return math.inf if upper else -math.inf
    return high if upper else low


def quoted_beyond(panel: PricePanel, column: int, row: int) -> bool:
    """Tell whether an open or a close is further beyond its limit than rounding explains.

    It proves that no limit held: the first sessions of a listing whose list date is not known, the
    first one after a long halt, an action that the tables lack.
    """
    limit = limit_on(panel, column, row)
    low, high = _limits(panel, column, row, limit)
    return _beyond(panel, column, row, low, high, limit.grid.tick)


def _beyond(panel: PricePanel, column: int, row: int, low: float, high: float, tick: float) -> bool:
    slack = (_BEYOND if panel.adjusted[column] else _TOUCH) * tick
    lowest, highest = low - slack, high + slack
    opened, closed = panel.open[row, column], panel.close[row, column]
    return bool(opened > highest or closed > highest or opened < lowest or closed < lowest)


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
    limit = limit_on(panel, column, row)
    low, high = _limits(panel, column, row, limit)
    touch = _TOUCH * limit.grid.tick + _HAIR
    at_limit = quote >= high - touch if upper else quote <= low + touch
    return at_limit and not _beyond(panel, column, row, low, high, limit.grid.tick)


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
