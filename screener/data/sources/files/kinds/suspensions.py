"""Sessions without a trade: on the mainland they are suspensions where the file does not say."""

from __future__ import annotations

import numpy as np

from screener.data.sources.files.remarks import Remark
from screener.data.sources.files.rows import Rows
from screener.domain.arrays import FlagArray
from screener.language import say

__all__ = ["taken_as_suspended"]

_OPENING = ("open", "high", "low")


def taken_as_suspended(rows: Rows, file: str) -> tuple[Rows, list[Remark]]:
    """Mark mainland rows in which nothing was traded as suspended, and say so.

    That is: volume 0, no amount, and one price for all, or no price but a close. A name that is
    not suspended trades every session there; in Hong Kong many do not, so that nothing is
    concluded. A file with a column for suspensions is believed. A listing whose volume is 0
    throughout while its price moves has no volumes, and nothing is concluded either.

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
    untold = np.append(_without_volumes(rows), False)[rows.listing]
    found = (flat | unpriced) & ~untold
    remarks = []
    if (flat & untold).any():
        first = rows.listings[int(rows.listing[np.flatnonzero(flat & untold)[0]])].id
        count = len(np.unique(rows.listing[flat & untold]))
        remarks.append(
            say(
                "volume is 0 throughout while prices move for {n} listing(s), first {first}: "
                "no suspension is concluded from it",
                n=count,
                first=first,
            )
        )
    if found.any():
        remarks.append(
            say(
                "{n} mainland rows have volume 0 and one price: taken as suspended (a column "
                "`suspended` would say so itself)",
                n=int(found.sum()),
            )
        )
        blank = {name: np.where(unpriced & found, np.nan, prices[name]) for name in prices}
        rows = rows.with_values(suspended=found, **blank)
    return rows, [Remark(text=text, file=file) for text in remarks]


def _mainland(rows: Rows) -> FlagArray:
    spread = rows.of_listing([item.exchange.mainland for item in rows.listings], False)
    return spread.astype(np.bool_)


def _without_volumes(rows: Rows) -> FlagArray:
    """`(n_listings,)` whether a listing's volume is never above 0 although its close moves."""
    has = rows.listing >= 0
    owner, close = rows.listing[has], rows.numbers("close")[has]
    count = len(rows.listings)
    traded = np.zeros(count, dtype=np.bool_)
    traded[owner[rows.numbers("volume")[has] > 0]] = True
    low, high = np.full(count, np.inf), np.full(count, -np.inf)
    np.fmin.at(low, owner, close)
    np.fmax.at(high, owner, close)
    untold: FlagArray = ~traded & (high > low)
    return untold
