"""The panel that the event-time kernel reads: values by session, laid out listing by listing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from screener.domain.arrays import FlagMatrix, FloatMatrix, IntArray
from screener.domain.basket import EntryPrice
from screener.domain.panel import PricePanel, carried
from screener.errors import DataError
from screener.language import say

__all__ = [
    "BEYOND",
    "NONE",
    "PathPanel",
    "path_panel",
    "path_panel_of",
    "whole_numbers",
]


NONE = -1
"""Row of what has not happened."""
BEYOND = 1 << 40
"""Row of a session after the panel's last one."""

_LISTINGS_AT_ONCE = 256  # bounds the temporaries of carrying closes


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PathPanel:
    """Values of listings by session, laid out for the kernel; made by `path_panel`.

    Parameters
    ----------
    opens
        `(n_sessions, n_listings)` total-return open in the base currency; NaN without a bar.
    closes
        `(n_sessions, n_listings)` total-return close as given; NaN without a bar.
    rates
        `(n_sessions, n_listings)` base currency for 1 of that of `closes`; `None` if it is that.
    marks
        `(n_listings, n_sessions)` last close on or before the session × the session's rate; NaN
        before the first close and without a rate.
    data_ends
        `(n_listings,)` last row of each listing's data, its suspensions included; -1 for none.
    trading
        `(n_calendars, n_sessions)` sessions of each calendar; the first one has them all.
    calendars
        `(n_listings,)` calendar of each listing.
    own_rows
        `(n_calendars, n_sessions)` row of each calendar's sessions in turn, then `BEYOND`.
    positions
        `(n_calendars, n_sessions + 1)` how many sessions of the calendar come before each row.
    """

    opens: FloatMatrix
    closes: FloatMatrix
    rates: FloatMatrix | None
    marks: FloatMatrix
    data_ends: IntArray
    trading: FlagMatrix
    calendars: IntArray
    own_rows: IntArray
    positions: IntArray


def path_panel(
    opens: FloatMatrix,
    closes: FloatMatrix,
    *,
    rates: FloatMatrix | None = None,
    trading: FlagMatrix | None = None,
    data_ends: npt.ArrayLike | None = None,
) -> PathPanel:
    """Lay out total-return prices for the kernel, the last close carried over missing bars.

    Parameters
    ----------
    opens, closes
        `(n_sessions, n_listings)` price × factor; NaN where there is no bar.
    rates
        `(n_sessions, n_listings)` base currency for 1 of the listing's; `None` for one currency.
    trading
        `(n_sessions, n_listings)` sessions of each listing's exchange; `None` for every row.
    data_ends
        `(n_listings,)` last row of each listing's data, suspensions included, -1 for none;
        `None` for its last close.

    Raises
    ------
    DataError
        If the shapes differ, or a data end lies outside the panel.
    """
    shape = closes.shape
    given = {"opens": opens, "rates": rates, "trading": trading}
    for name, matrix in given.items():
        if len(shape) != 2 or (matrix is not None and matrix.shape != shape):
            found = shape if matrix is None else matrix.shape
            raise DataError(
                say(
                    "{name} has shape {found}, closes have {shape}",
                    name=name,
                    found=found,
                    shape=shape,
                ),
                fix=say("give every matrix one row per session and one column per listing"),
            )
    flags, calendars = _calendars(shape, trading)
    positions = np.zeros((len(flags), shape[0] + 1), dtype=np.int64)
    np.cumsum(flags, axis=1, out=positions[:, 1:])
    return PathPanel(
        opens=opens if rates is None else opens * rates,
        closes=closes,
        rates=rates,
        marks=_marks(closes, rates),
        data_ends=_ends(closes, data_ends),
        trading=flags,
        calendars=calendars,
        own_rows=_own_rows(flags),
        positions=positions,
    )


def path_panel_of(prices: PricePanel, price: EntryPrice = EntryPrice.OPEN) -> PathPanel:
    """Lay out a price panel for the kernel: total returns, base currency, every calendar.

    Parameters
    ----------
    prices
        The panel.
    price
        At which price of its session a name is bought; it takes the place of the open.
    """
    covered = np.isfinite(prices.close) | prices.suspended
    return path_panel(
        prices.paid(price) * prices.factor,
        prices.close * prices.factor,
        rates=prices.fx,
        trading=prices.trading,
        data_ends=_last_true(covered),
    )


def whole_numbers(values: npt.ArrayLike, name: str) -> IntArray:
    """Return the values as int64.

    Raises
    ------
    DataError
        If they are not whole numbers.
    """
    array = np.asarray(values)
    if array.size and array.dtype.kind not in "iu":
        raise DataError(
            say("{name} must be whole numbers, not {dtype}", name=name, dtype=array.dtype),
            fix=say("round them first"),
        )
    return np.ascontiguousarray(array, dtype=np.int64)


def _calendars(shape: tuple[int, ...], trading: FlagMatrix | None) -> tuple[FlagMatrix, IntArray]:
    every = np.ones((1, shape[0]), dtype=bool)
    if trading is None:
        return every, np.zeros(shape[1], dtype=np.int64)
    packed = np.packbits(trading, axis=0).T
    _, first, which = np.unique(packed, axis=0, return_index=True, return_inverse=True)
    return np.concatenate([every, trading[:, first].T]), which.reshape(-1).astype(np.int64) + 1


def _own_rows(flags: FlagMatrix) -> IntArray:
    rows = np.full(flags.shape, BEYOND, dtype=np.int64)
    for at, own in enumerate(flags):
        found = np.flatnonzero(own)
        rows[at, : len(found)] = found
    return rows


def _marks(closes: FloatMatrix, rates: FloatMatrix | None) -> FloatMatrix:
    n_rows, n_listings = closes.shape
    marks = np.empty((n_listings, n_rows))
    for start in range(0, n_listings, _LISTINGS_AT_ONCE):
        some = slice(start, start + _LISTINGS_AT_ONCE)
        own = np.ascontiguousarray(closes[:, some].T)
        marks[some] = carried(own, axis=1)
        if rates is not None:
            marks[some] *= rates[:, some].T
    return marks


def _ends(closes: FloatMatrix, given: npt.ArrayLike | None) -> IntArray:
    if given is None:
        return _last_true(np.isfinite(closes))
    ends = whole_numbers(given, "data_ends")
    if ends.shape != closes.shape[1:] or (ends < NONE).any() or (ends >= len(closes)).any():
        raise DataError(
            say(
                "data_ends must hold a row of the panel's {rows}, or -1, for each of {n} listings",
                rows=len(closes),
                n=closes.shape[1],
            ),
            fix=say("give the last row with a close or a suspension of each listing"),
        )
    return ends


def _last_true(flags: FlagMatrix) -> IntArray:
    rows = np.arange(len(flags))[:, np.newaxis]
    last: IntArray = np.where(flags, rows, NONE).max(axis=0, initial=NONE).astype(np.int64)
    return last
