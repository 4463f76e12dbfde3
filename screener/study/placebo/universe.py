"""Which stocks could be bought at the open of a session, as the tables knew it then."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np

from screener.domain.arrays import FlagArray, Places
from screener.domain.listing import Board
from screener.domain.panel import PricePanel
from screener.paths.legs import Reason, buy_block

__all__ = ["in_market", "tradable"]


_BACK = 20  # rows in which a last close is looked for; without one the exact rule is asked
_NEAR = 1.03  # no upper limit is nearer to the reference price than that
_CHEAP = 2.0  # below it a tick, or the tolerance of adjusted prices, is more than a per cent
_NO_COMMON_SHARE = frozenset({Board.B_SHARE, Board.FUND, Board.INDEX})


def in_market(panel: PricePanel, *, mainland: bool) -> FlagArray:
    """Tell which columns are common shares of the mainland, or of Hong Kong.

    B shares are none: they are quoted in another currency, for other buyers.

    Returns
    -------
    numpy.ndarray
        `(n_listings,)`.
    """
    return np.array(
        [
            item.exchange.mainland is mainland and item.board not in _NO_COMMON_SHARE
            for item in panel.listings
        ],
        dtype=bool,
    )


def tradable(panel: PricePanel, row: int, columns: Sequence[int] | None = None) -> FlagArray:
    """Tell which listings could be bought at the open of a session.

    Those listed on or before it and not delisted by then, whatever became of them later, with a
    bar, not suspended and not open at the upper limit, and with a fixing if they are quoted in
    another currency. Nothing of a later session is looked at.

    Parameters
    ----------
    panel
        Prices and facts; its first row comes before `row` wherever there is a limit to heed.
    row
        Row of the session.
    columns
        Listings to look at; all when `None`.

    Returns
    -------
    numpy.ndarray
        `(n_columns,)`.
    """
    every = np.arange(len(panel.listings)) if columns is None else np.array(columns, dtype=np.intp)
    opens = panel.open[row, every]
    found: FlagArray = (
        np.isfinite(opens)
        & (opens > 0)
        & np.isfinite(panel.close[row, every])
        & np.isfinite(panel.fx[row, every])
        & ~panel.suspended[row, every]
    )
    if panel.untraded is not None:
        found &= ~panel.untraded[row, every]
    day = panel.session(row)
    near = _near_limit(panel, row, every)
    for at in np.flatnonzero(found):
        column = int(every[at])
        found[at] = _listed(panel, column, day) and (
            not near[at] or buy_block(panel, column, row) is Reason.NONE
        )
    return found


def _listed(panel: PricePanel, column: int, day: date) -> bool:
    listed = panel.list_dates[column]
    gone = panel.delist_dates[column] if panel.delist_dates else None
    return (listed is None or listed <= day) and (gone is None or gone > day)


def _near_limit(panel: PricePanel, row: int, columns: Places) -> FlagArray:
    """Tell for which columns the exact rule must be asked: all others open well below a limit."""
    opens = panel.open[row, columns]
    before = slice(max(row - _BACK, 0), row)
    worths = panel.close[before, columns] * panel.factor[before, columns]
    if not len(worths):
        return np.ones(len(opens), dtype=bool)
    last = len(worths) - 1 - np.argmax(np.isfinite(worths)[::-1], axis=0)
    with np.errstate(invalid="ignore"):
        far = opens * panel.factor[row, columns] < _NEAR * worths[last, np.arange(len(opens))]
    near: FlagArray = ~far | (opens < _CHEAP)
    return near
