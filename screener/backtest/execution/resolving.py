"""Windows that can be valued, and what those lack that cannot."""

from __future__ import annotations

from functools import partial

from screener.backtest.execution.pricing import ValuePanel, unfixed
from screener.domain.basket import EntryPrice, Event, Rebalance
from screener.domain.exits import ExitRules
from screener.domain.panel import CapPanel
from screener.errors import DataError
from screener.language.lists import in_a_line
from screener.paths.known import EntrySessions
from screener.paths.legs import Reason
from screener.paths.windows import NO_EXITS, Window, resolve_window, unvalued_window

__all__ = ["resolved_window"]


def resolved_window(
    values: ValuePanel,
    event: Event,
    entries: EntrySessions,
    *,
    horizon: int,
    max_wait: int,
    price: EntryPrice,
    rebalance: Rebalance,
    caps: CapPanel | None,
    exits: ExitRules = NO_EXITS,
) -> tuple[Window, str]:
    """Resolve one window of an event; see `resolve_window`.

    Returns
    -------
    tuple of Window and str
        The window, and what is missing that its value needs (a fixing, a VWAP): it is then without
        data, so that it costs no other one. Empty if nothing is missing.
    """
    panel = values.prices
    unvalued = partial(
        unvalued_window, panel, event, entries, horizon=horizon, price=price, rebalance=rebalance
    )
    try:
        window = resolve_window(
            panel,
            event,
            entries,
            horizon=horizon,
            max_wait=max_wait,
            price=price,
            rebalance=rebalance,
            caps=caps,
            exits=exits,
        )
    except DataError as error:
        return unvalued({}), in_a_line(error)
    lacking = unfixed(values, window)
    if lacking is None:
        return window, ""
    leg, lack = lacking
    return unvalued({leg.column: Reason.NO_FIXING}), in_a_line(lack)
