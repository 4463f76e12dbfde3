"""Raw prices put on their tick: what is stored is what was quoted, whatever type the file had."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from screener.data.lake.rows import days_of
from screener.data.lake.schema import Basis
from screener.data.validation.context import tick_of
from screener.domain.arrays import FloatArray
from screener.domain.listing import Board, stored_listing
from screener.language import say
from screener.language.terms import named

__all__ = ["OnTicks", "on_ticks", "tick_remarks"]

_PRICES = ("open", "high", "low", "close")
_NOISE = 0.1  # of a tick; a float32 of 1,000 is off by 0.00003
_EXACT = 1e-9  # of a tick: a double is off its decimal value by less


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class OnTicks:
    """Bars with their prices on the tick, how many bars changed, and the first change in words."""

    bars: pa.Table
    changed: int
    first: str


def on_ticks(bars: pa.Table) -> OnTicks:
    """Round raw prices that are off their tick by less than a tenth of it.

    A price of 10.1 stored in 32 bits comes back as 10.100000381: at a limit, such a price is no
    limit price any more. What is further off is left: it is no noise.

    Parameters
    ----------
    bars
        Rows of table `bars`; adjusted prices and the points of an index have no tick, and stay.
    """
    if not pc.any(pc.equal(bars.column("basis"), str(Basis.RAW))).as_py():
        return OnTicks(bars=bars, changed=0, first="")
    ticks = _ticks(bars)
    columns: dict[str, FloatArray] = {}
    moved = np.zeros(bars.num_rows, dtype=np.bool_)
    first = ""
    for name in _PRICES:
        prices: FloatArray = bars.column(name).to_numpy().astype(np.float64)
        steps = prices / ticks
        off = np.abs(steps - np.round(steps))
        noisy = (off < _NOISE) & (off > _EXACT * np.maximum(1.0, np.abs(steps)))
        if noisy.any():
            # By the number of ticks in one: 1010 / 100 is 10.1, while 1010 * 0.01 is not.
            per_one = np.round(1 / ticks[noisy])
            rounded = np.round(steps[noisy]) / per_one
            first = first or _told(bars, name, int(np.argmax(noisy)), rounded[0])
            columns[name] = prices.copy()
            columns[name][noisy] = rounded
            moved |= noisy
    if not columns:
        return OnTicks(bars=bars, changed=0, first="")
    for name, values in columns.items():
        place = bars.column_names.index(name)
        column = pa.array(values, bars.schema.field(name).type, from_pandas=True)
        bars = bars.set_column(place, bars.schema.field(name), column)
    return OnTicks(bars=bars, changed=int(moved.sum()), first=first)


def _ticks(bars: pa.Table) -> FloatArray:
    """Return `(n_rows,)` ticks, NaN where prices have none."""
    coded = bars.column("listing").combine_chunks().dictionary_encode()
    listings = [stored_listing(str(name)) for name in coded.dictionary.to_pylist()]
    own = np.array(
        [np.nan if item.board is Board.INDEX else tick_of(item) for item in listings],
        dtype=np.float64,
    )
    ticks: FloatArray = own[coded.indices.to_numpy(zero_copy_only=False)]
    basis = bars.column("basis").combine_chunks().dictionary_encode()
    raw = np.array([text == Basis.RAW for text in basis.dictionary.to_pylist()])
    found: FloatArray = np.where(raw[basis.indices.to_numpy(zero_copy_only=False)], ticks, np.nan)
    return found


def _told(bars: pa.Table, name: str, row: int, rounded: float) -> str:
    day = days_of(bars.slice(row, 1), "session")[0]
    return say(
        "{listing} {day}, {name} {price:.10g} to {rounded:g}",
        listing=bars.column("listing")[row],
        day=day,
        name=named(name),
        price=bars.column(name)[row].as_py(),
        rounded=rounded,
    )


def tick_remarks(rounded: OnTicks) -> list[str]:
    """Say how many bars were rounded, if any was."""
    if not rounded.changed:
        return []
    return [
        say(
            "prices of {n:,} bars were off their tick by less than a tenth of it and were rounded "
            "to it (first {first})",
            n=rounded.changed,
            first=rounded.first,
        )
    ]
