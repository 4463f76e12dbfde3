"""Fields of prices: returns, volatility, distance from the high, amounts, on the market's sessions.

A listing that is suspended stands at its last close. One whose bars stop without a word of a
suspension has no price: what it is worth is not known.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from screener.domain.arrays import FlagArray, FlagMatrix, FloatMatrix, FloatVector, IntArray
from screener.domain.panel import carried
from screener.screen.computed import Computed, Why

__all__ = ["Prices", "price_field", "sessions_needed"]

_SPAN = re.compile(r".*_([0-9]+)")
_PRICE = 1
_YEAR = 250  # sessions
STALE_DAYS = 7
"""A listing that is not known to be suspended has a bar so many days before the market's last."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Prices:
    """Bars of one market's listings up to its last session that is over.

    Parameters
    ----------
    close, amount
        `(n_sessions, n_listings)` as stored; NaN without a bar, but for the first session, where
        the last close before it stands, with an amount of zero.
    factor
        `(n_sessions, n_listings)` total-return factor; 1 where prices are adjusted.
    adjusted
        `(n_listings,)` whether the stored prices are adjusted.
    stopped
        `(n_listings,)` whether the bars stop without a suspension.
    first
        `(n_listings,)` row of the first bar; `n_sessions` for none, -1 for one before the panel.
    """

    close: FloatMatrix
    amount: FloatMatrix
    factor: FloatMatrix
    adjusted: FlagArray
    stopped: FlagArray
    first: IntArray

    @property
    def n_sessions(self) -> int:
        """Number of sessions."""
        return len(self.close)

    def levels(self, n_sessions: int) -> FloatMatrix:
        """Return the total-return index of the last sessions, a close carried over those without.

        Returns
        -------
        numpy.ndarray
            `(n_sessions, n_listings)`; NaN before the first bar.
        """
        return self._filled[len(self._filled) - n_sessions :]

    @cached_property
    def _filled(self) -> FloatMatrix:
        return carried(self.close * self.factor)

    def last_close(self) -> FloatVector:
        """Return the last close of each listing, NaN without any."""
        there = np.isfinite(self.close)
        last = self.n_sessions - 1 - there[::-1].argmax(axis=0)
        found: FloatVector = self.close[last, np.arange(self.close.shape[1])]
        return found

    def judged(self, values: FloatVector, n_sessions: int) -> Computed:
        """Return values that need so many sessions, with the reasons of those that lack them."""
        reached = self.first < self.n_sessions  # any bar at all
        short = reached & (self.first > self.n_sessions - n_sessions)
        return Computed.of(
            values, (~reached, Why.MISSING), (self.stopped, Why.STALE), (short, Why.SHORT)
        )


def sessions_needed(names: Iterable[str]) -> int:
    """Return how many sessions some fields look back over, the last one included."""
    return max((_span(name) for name in names), default=_PRICE)


def _span(name: str) -> int:
    match = _SPAN.fullmatch(name)
    if match is None:
        return _PRICE
    # A return over n sessions needs the close before the first of them.
    return int(match[1]) + (name.startswith(("return_", "volatility_")))


def price_field(held: Prices, name: str) -> Computed:
    """Compute a field of prices.

    Parameters
    ----------
    held
        At least `sessions_needed([name])` sessions.
    name
        `price`, `return_N`, `volatility_N`, `from_high_N` or `amount_N`, over N sessions.
    """
    n_sessions = _span(name)
    if held.n_sessions < n_sessions:
        nothing = np.full(held.close.shape[1], np.nan)
        return Computed.of(nothing, (held.first < held.n_sessions, Why.SHORT))
    if name == "price":
        found = held.judged(held.last_close(), n_sessions)
        return Computed.of(
            found.values, (held.adjusted & (found.why == Why.THERE), Why.UNDEFINED)
        ).because_of(found)
    if name.startswith("amount_"):
        return held.judged(_amounts(held, n_sessions), n_sessions)
    levels = held.levels(n_sessions)
    with np.errstate(all="ignore"):
        if name.startswith("return_"):
            values = levels[-1] / levels[0] - 1
        elif name.startswith("volatility_"):
            values = np.std(levels[1:] / levels[:-1] - 1, axis=0, ddof=1) * np.sqrt(_YEAR)
        else:
            values = levels[-1] / levels.max(axis=0) - 1
    return held.judged(values, n_sessions)


def _amounts(held: Prices, n_sessions: int) -> FloatVector:
    """Return the mean amount; a session without a bar counts as one without a trade."""
    amounts: FloatMatrix = held.amount[-n_sessions:]
    there: FlagMatrix = np.isfinite(held.close[-n_sessions:])
    unknown = (there & ~np.isfinite(amounts)).any(axis=0)
    mean: FloatVector = np.where(there, np.nan_to_num(amounts), 0.0).mean(axis=0)
    return np.where(unknown, np.nan, mean)
