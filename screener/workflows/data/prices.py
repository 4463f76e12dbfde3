"""Bars of listings as rows, as stored or on the total-return index."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa

from screener.data.lake.schema import Basis, TableName
from screener.data.lake.store import Store
from screener.data.panels.held_factors import factor_on
from screener.domain.arrays import DayArray, FloatArray
from screener.domain.listing import Listing
from screener.errors import BarsMissing
from screener.language import say

__all__ = ["price_rows"]

_PRICES = ("open", "high", "low", "close")
_FACTS = ("listing", "session", "volume", "amount", "basis")


def price_rows(
    store: Store,
    listings: Sequence[Listing],
    *,
    start: date | None,
    end: date | None,
    adjusted: bool,
) -> list[dict[str, object]]:
    """Return one row per listing and session with the columns of `PRICES`.

    Parameters
    ----------
    store
        The lake, at the version to read.
    listings
        Listings; rows come in their order.
    start, end
        First and last session, both included.
    adjusted
        Whether prices are multiplied by the total-return factor, 1 in a listing's first session.

    Raises
    ------
    BarsMissing
        If there is no bar of one of them.
    """
    wanted = list(dict.fromkeys(item.id for item in listings))
    bars = store.read(TableName.BARS, listings=wanted, start=start, end=end)
    factors = store.read(TableName.FACTORS, listings=wanted)
    bars_of, steps_of = _by_listing(bars), _by_listing(factors)
    rows: list[dict[str, object]] = []
    for listing in wanted:
        own, steps = bars_of[listing], steps_of[listing]
        if not own:
            raise BarsMissing(
                say("there is no bar of {listing} in the sessions asked for", listing=listing),
                fix=say(
                    "`screener data status --listing {listing}` shows what is stored",
                    listing=listing,
                ),
            )
        days = np.array([row["session"] for row in own], dtype="datetime64[D]")
        factor = _factors(steps, days) if adjusted and own[0]["basis"] == Basis.RAW else 1.0
        for row, multiplier in zip(own, np.broadcast_to(factor, days.shape), strict=True):
            prices = {
                name: None if row[name] is None else row[name] * float(multiplier)
                for name in _PRICES
            }
            facts = {name: row[name] for name in _FACTS}
            rows.append({**facts, **prices, "factor": float(multiplier)})
    return rows


def _by_listing(table: pa.Table) -> defaultdict[str, list[dict[str, Any]]]:
    found: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in table.to_pylist():
        found[row["listing"]].append(row)
    return found


def _factors(steps: Sequence[dict[str, object]], days: DayArray) -> FloatArray:
    """Return `(n_sessions,)` the total-return multiplier, 1 in the first session."""
    ex_sessions = np.array([row["ex_session"] for row in steps], dtype="datetime64[D]")
    values = np.array([row["factor"] for row in steps], dtype=np.float64)
    found = factor_on(ex_sessions, values, days)
    first: FloatArray = found / found[0]
    return first
