"""Which stocks could be bought at the open of a session, as the tables knew it then."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from screener.domain.listing import Board
from screener.domain.panel import PricePanel
from screener.paths.legs import Reason, buy_block

__all__ = ["Flags", "in_market", "tradable"]

Flags = npt.NDArray[np.bool_]

_BACK = 20  # rows in which a last close is looked for; without one the exact rule is asked
_NEAR = 1.03  # no upper limit is nearer to the reference price than that
_CHEAP = 2.0  # below it a tick, or the tolerance of adjusted prices, is more than a per cent
_NO_COMMON_SHARE = frozenset({Board.B_SHARE, Board.FUND, Board.INDEX})


def in_market(panel: PricePanel, *, mainland: bool) -> Flags:
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


def tradable(panel: PricePanel, row: int) -> Flags:
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

    Returns
    -------
    numpy.ndarray
        `(n_listings,)`.
    """
    opens = panel.open[row]
    found: Flags = (
        np.isfinite(opens)
        & (opens > 0)
        & np.isfinite(panel.close[row])
        & np.isfinite(panel.fx[row])
        & ~panel.suspended[row]
        & _listed(panel, row)
    )
    for column in np.flatnonzero(found & _near_limit(panel, row)):
        found[column] = buy_block(panel, int(column), row) is Reason.NONE
    return found


def _listed(panel: PricePanel, row: int) -> Flags:
    day = np.datetime64(panel.session(row), "D")
    listed = np.array([item or "0001-01-01" for item in panel.list_dates], dtype="datetime64[D]")
    known: Flags = listed <= day
    if panel.delist_dates:
        gone = [item or "9999-12-31" for item in panel.delist_dates]
        known &= np.array(gone, dtype="datetime64[D]") > day
    return known


def _near_limit(panel: PricePanel, row: int) -> Flags:
    """Tell for which columns the exact rule must be asked: all others open well below a limit."""
    opens = panel.open[row]
    first = max(row - _BACK, 0)
    worths = panel.close[first:row] * panel.factor[first:row]
    known = np.isfinite(worths)
    if not len(worths):
        return np.ones(len(opens), dtype=bool)
    last = len(worths) - 1 - np.argmax(known[::-1], axis=0)
    before = worths[last, np.arange(len(opens))]
    with np.errstate(invalid="ignore"):
        far = opens * panel.factor[row] < _NEAR * before
    near: Flags = ~far | (opens < _CHEAP)
    return near
