"""When a basket is brought back to its weights."""

from __future__ import annotations

import numpy as np

from screener.domain.arrays import IntArray
from screener.domain.basket import Rebalance
from screener.domain.panel import PricePanel
from screener.paths.legs import LegState
from screener.paths.windows import Window

__all__ = ["rebalancing_rows"]

_MONTHS = {Rebalance.MONTHLY: 1, Rebalance.QUARTERLY: 3}


def rebalancing_rows(panel: PricePanel, window: Window) -> IntArray:
    """Return `(n, 2)` rows: at whose close a rebalancing is decided, and at whose it is traded.

    Those of trading are sessions of every exchange on which the window has a name with a weight:
    after the last of their entries (an index begins with it), before the first of their exits, and
    not after what an unfinished window is valued at. Each session, or the first one of each
    calendar month or quarter. It is decided at the close of the session before; an index decides
    and trades at once.

    Parameters
    ----------
    panel
        The panel of the window.
    window
        The window; it says how often.
    """
    rebalance = window.rebalance
    legs = [leg for leg in window.legs if leg.state is not LegState.DROPPED]
    entries = [leg.entry_row for leg in legs if leg.entry_row is not None]
    if rebalance is Rebalance.NONE or not legs or len(entries) < len(legs):
        return np.empty((0, 2), dtype=np.int64)
    common = np.flatnonzero(panel.trading[:, [leg.column for leg in legs]].all(axis=1))
    exits = [leg.exit_row for leg in legs if leg.exit_row is not None]
    tradable = window.event.weighting.tradable
    after = common > max(entries) if tradable else common >= max(entries)
    within = (
        after & (common <= window.last_row) & (common < min(exits, default=window.last_row + 1))
    )
    if rebalance in _MONTHS:
        months = panel.sessions[common].astype("datetime64[M]").astype(np.int64)
        period = months // _MONTHS[rebalance]
        within &= np.diff(period, prepend=period[:1]) != 0
    decided = np.concatenate([common[:1], common[:-1]]) if tradable else common
    return np.column_stack([decided, common])[within].astype(np.int64)
