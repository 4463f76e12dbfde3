"""Listings that end: what a share paid out takes the place of its price."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from screener.domain.panel import PricePanel

__all__ = ["with_payouts"]


def with_payouts(panel: PricePanel, recovery: float) -> PricePanel:
    """Return a panel in which each delisted share is worth a fraction of its last close.

    From the first session of its exchange on or after the day on which it was delisted, its open
    and its close are that fraction of its last close: nobody can buy it any more, and what is held
    is paid out without lot, volume or charge. A listing whose day lies past the panel is as it was.

    Parameters
    ----------
    panel
        Prices and facts.
    recovery
        What is paid out, as a fraction of the last close.
    """
    opens, closes = panel.open.copy(), panel.close.copy()
    suspended, payouts = panel.suspended.copy(), {}
    for column, (day, last) in enumerate(zip(panel.delist_dates, panel.last_bars, strict=False)):
        if day is None or last is None:
            continue
        first = max(panel.row(day), panel.row_after(last))  # its last bar may lie past the panel
        own = np.flatnonzero(panel.trading[first:, column]) + first
        known = np.flatnonzero(np.isfinite(panel.close[:, column]))
        value = panel.prior_values[column]
        if len(known):
            value = panel.close[known[-1], column] * panel.factor[known[-1], column]
        if not len(own) or not np.isfinite(value):
            continue
        worth = value * recovery
        opens[own, column] = closes[own, column] = worth / panel.factor[own, column]
        suspended[own, column] = False
        payouts[column] = int(own[0])
    return replace(panel, open=opens, close=closes, suspended=suspended, payouts=payouts)
