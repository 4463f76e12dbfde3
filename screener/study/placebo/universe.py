"""Which stocks could be bought at the open of a session, as the tables knew it then."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np

from screener.domain.arrays import DayArray, FlagArray, FlagMatrix, FloatMatrix, Places
from screener.domain.listing import Board, Listing
from screener.domain.panel import PricePanel, carried
from screener.paths.legs import Reason, buy_block

__all__ = ["in_market", "tradable", "tradable_in"]


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
    return panel.once(("in_market", mainland), lambda: _common(panel.listings, mainland=mainland))


def _common(listings: Sequence[Listing], *, mainland: bool) -> FlagArray:
    found = np.array(
        [
            item.exchange.mainland is mainland and item.board not in _NO_COMMON_SHARE
            for item in listings
        ],
        dtype=bool,
    )
    found.setflags(write=False)
    return found


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
    found: FlagArray = tradable_in(panel, [row], columns)[0]
    return found


def tradable_in(
    panel: PricePanel, rows: Sequence[int] | Places, columns: Sequence[int] | None = None
) -> FlagMatrix:
    """Tell for several sessions which listings could be bought at their opens; see `tradable`.

    Returns
    -------
    numpy.ndarray
        `(n_rows, n_columns)`.
    """
    every = np.arange(len(panel.listings)) if columns is None else np.array(columns, dtype=np.intp)
    at = np.array(rows, dtype=np.intp)
    cells = np.ix_(at, every)
    opens = panel.open[cells]
    found: FlagMatrix = (
        np.isfinite(opens)
        & (opens > 0)
        & np.isfinite(panel.close[cells])
        & np.isfinite(panel.fx[cells])
        & ~panel.suspended[cells]
        & _listed(panel, at, every)
    )
    if panel.untraded is not None:
        found &= ~panel.untraded[cells]
    near = _near_limit(opens, panel.factor[cells], _references(panel, at, columns))
    for row, column in np.argwhere(found & near).tolist():
        block = buy_block(panel, int(every[column]), int(at[row]))
        found[row, column] = block is Reason.NONE
    return found


def _listed(panel: PricePanel, rows: Places, columns: Places) -> FlagMatrix:
    days = panel.sessions[rows][:, np.newaxis]
    # A day that is not known is NaT, which compares as false.
    after = days < panel.once("list days", lambda: _days(panel.list_dates))[columns]
    found: FlagMatrix = ~after
    if panel.delist_dates:
        found &= ~(days >= panel.once("delist days", lambda: _days(panel.delist_dates))[columns])
    return found


def _days(days: Sequence[date | None]) -> DayArray:
    return np.array(days, dtype="datetime64[D]")


def _near_limit(opens: FloatMatrix, factor: FloatMatrix, references: FloatMatrix) -> FlagMatrix:
    """Tell in which cells the exact rule must be asked: all others open well below a limit."""
    with np.errstate(invalid="ignore"):
        far = opens * factor < _NEAR * references  # not where there is no reference
    found: FlagMatrix = ~far | (opens < _CHEAP)
    return found


def _references(panel: PricePanel, rows: Places, columns: Sequence[int] | None) -> FloatMatrix:
    """Return the last close before each session, by total return; NaN where none is known."""
    if columns is None:
        before = panel.once("worths before", lambda: _before(panel.close * panel.factor))
    else:
        own = np.array(columns, dtype=np.intp)
        before = _before(panel.close[:, own] * panel.factor[:, own])
    found: FloatMatrix = before[rows]
    return found


def _before(worths: FloatMatrix) -> FloatMatrix:
    found: FloatMatrix = np.full(worths.shape, np.nan)
    found[1:] = carried(worths[:-1])
    found.setflags(write=False)
    return found
