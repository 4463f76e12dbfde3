"""Sessions without a trade: on the mainland they are suspensions where the file does not say."""

from __future__ import annotations

import numpy as np

from screener.data.quality import BoolArray
from screener.data.sources.files.remarks import Remark
from screener.data.sources.files.rows import Rows

__all__ = ["taken_as_suspended"]

_OPENING = ("open", "high", "low")


def taken_as_suspended(rows: Rows, file: str) -> tuple[Rows, list[Remark]]:
    """Mark mainland rows in which nothing was traded as suspended, and say so.

    That is: volume 0, no amount, and one price for all, the close of the row before where there
    is one; or no price but a close. A name that is not suspended trades every session there; in
    Hong Kong many do not, so that nothing is concluded. A file with a column for suspensions is
    believed. A listing whose volume is 0 throughout while its price moves has no volumes.

    Parameters
    ----------
    rows
        Bars of one file.
    file
        Name for the remark.
    """
    if "suspended" in rows.values or "volume" not in rows.values or not rows.n_rows:
        return rows, []
    prices = {name: rows.numbers(name) for name in (*_OPENING, "close")}
    close = prices["close"]
    no_amount = ~(rows.numbers("amount") > 0)
    idle = (rows.numbers("volume") == 0) & no_amount & (close > 0) & _mainland(rows)
    unpriced = idle & np.all([prices[name] == 0 for name in _OPENING], axis=0)
    flat = idle & np.all([prices[name] == close for name in _OPENING], axis=0)
    found = (flat | unpriced) & _unmoved(rows)
    if not found.any():
        return rows, []
    blank = {name: np.where(unpriced & found, np.nan, prices[name]) for name in prices}
    text = (
        f"{int(found.sum())} mainland rows have volume 0 and one price: taken as suspended "
        "(a column `suspended` would say so itself)"
    )
    return rows.with_values(suspended=found, **blank), [Remark(text=text, file=file)]


def _mainland(rows: Rows) -> BoolArray:
    spread = rows.of_listing([item.exchange.mainland for item in rows.listings], False)
    return spread.astype(np.bool_)


def _unmoved(rows: Rows) -> BoolArray:
    """`(n_rows,)` whether the close is that of the listing's row before, or there is none."""
    days = rows.days("session").astype(np.int64)
    order = np.lexsort((days, rows.listing))
    owner, close = rows.listing[order], rows.numbers("close")[order]
    same = np.ones(rows.n_rows, dtype=np.bool_)
    same[1:] = (owner[1:] != owner[:-1]) | (close[1:] == close[:-1])
    result = np.empty_like(same)
    result[order] = same
    return result
