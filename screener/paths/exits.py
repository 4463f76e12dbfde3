"""Names that are sold before their horizon, and at which quote the paper path values their end.

A rule fires at the close of a session, or by what was published before the next one's order
cut-off; the name is sold at the next session's open. On paper that open is its last value, blocked
or not: limits and suspensions delay the sale with money alone. Where there is no open its last
close stands.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from typing import NamedTuple

import numpy as np

from screener.domain.arrays import Places
from screener.domain.basket import EntryPrice, Leaves
from screener.domain.exits import ExitKind, ExitRules
from screener.domain.panel import PricePanel
from screener.paths.legs import Leg

__all__ = ["EndQuote", "end_quote", "exited"]

_ORDER = {kind: at for at, kind in enumerate(ExitKind)}


class EndQuote(NamedTuple):
    """The quote that values the end of a name: its row, and whether it is the open or the close."""

    row: int
    price: float
    opening: bool


def end_quote(panel: PricePanel, leg: Leg, end: int) -> EndQuote:
    """Return the quote by which a held name is valued at a row, in its currency.

    The open of an early exit, else the last close on or before the row.
    """
    if leg.early and end == leg.exit_row:
        opened = float(panel.open[end, leg.column])
        if np.isfinite(opened) and not panel.paid_out(leg.column, end):
            return EndQuote(end, opened, opening=True)
    row = int(np.flatnonzero(np.isfinite(panel.close[: end + 1, leg.column]))[-1])
    return EndQuote(row, float(panel.close[row, leg.column]), opening=False)


def exited(panel: PricePanel, leg: Leg, rules: ExitRules, leaves: Leaves, price: EntryPrice) -> Leg:
    """Return a leg with its early exit, if a rule fires before its horizon ends.

    Parameters
    ----------
    panel
        Prices and facts.
    leg
        As `resolve_leg` has it.
    rules
        Rules that depend on prices.
    leaves
        Exits that depend on what was published.
    price
        At which price it was bought.
    """
    if leg.fill_row is None or leg.last_row is None or not (rules.any or leaves):
        return leg
    own = panel.own_rows(leg.column)
    own = own[(own > leg.fill_row) & (own <= leg.last_row)]  # sold the next day at the earliest
    found = [*_published(panel, own, leaves), *_fired(panel, leg, own, rules, price)]
    if not found:
        return leg
    row, kind = min(found, key=lambda item: (item[0], _ORDER[item[1]]))
    return replace(leg, exit_row=row, last_row=row, settled=True, stopped=False, exit=kind)


def _published(panel: PricePanel, own: Places, leaves: Leaves) -> Iterator[tuple[int, ExitKind]]:
    for day, kind in leaves:
        at = int(np.searchsorted(own, _row_from(panel, day)))
        if at < len(own):
            yield int(own[at]), kind


def _row_from(panel: PricePanel, day: date) -> int:
    """Return the first row on or after a day; the number of rows if there is none."""
    return int(np.searchsorted(panel.sessions, np.datetime64(day, "D")))


def _fired(
    panel: PricePanel,
    leg: Leg,
    own: Places,
    rules: ExitRules,
    price: EntryPrice,
) -> Iterator[tuple[int, ExitKind]]:
    """Yield the sale of each rule of prices that fires, in the session after that close."""
    if leg.fill_row is None or not len(own) or (rules.stop is None and rules.take is None):
        return
    column, closes = leg.column, np.concatenate([[leg.fill_row], own[:-1]])
    bought = (leg.fill_row, column)
    paid = panel.paid(price)[bought] * panel.factor[bought] * panel.fx[bought]
    worth = panel.close[closes, column] * panel.factor[closes, column] * panel.fx[closes, column]
    gained = worth / paid - 1  # NaN without a close, which fires nothing
    for level, kind, fires in (
        (rules.stop, ExitKind.STOP, np.less_equal),
        (rules.take, ExitKind.TAKE, np.greater_equal),
    ):
        if level is not None and len(at := np.flatnonzero(fires(gained, level))):
            yield int(own[at[0]]), kind
