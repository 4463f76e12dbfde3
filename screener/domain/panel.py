"""The price panel: sessions × listings, as the backtest sees the tables."""

from __future__ import annotations

from collections.abc import Callable, Container, Hashable, Mapping
from dataclasses import dataclass, field, fields
from datetime import date
from typing import Any, TypeVar

import numpy as np

from screener.domain.arrays import (
    FlagArray,
    FlagMatrix,
    FloatArray,
    FloatMatrix,
    Places,
    SessionAxis,
)
from screener.domain.basket import EntryPrice
from screener.domain.eligibility import Eligibility
from screener.domain.listing import Exchange, Listing
from screener.errors import DataError
from screener.language import say

MadeT = TypeVar("MadeT")

__all__ = ["CapPanel", "PricePanel", "TradingPanel", "carried", "known_places"]


_WIDE = 64  # columns


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PricePanel:
    """Prices of some listings over the union of their exchanges' sessions.

    Parameters
    ----------
    sessions
        `(n_sessions,)` `datetime64[D]`, ascending: every session of any exchange in the panel.
    listings
        `n_listings` listings, the columns.
    open, close
        `(n_sessions, n_listings)` in the listing's currency, as stored; NaN where there is no bar.
    factor
        `(n_sessions, n_listings)` cumulative total-return multiplier; 1 before the first action.
    fx
        `(n_sessions, n_listings)` base currency for 1 of the listing's currency; NaN where no
        fixing is fresh enough.
    prior_values
        `(n_listings,)` last close before the first session × its factor; NaN where there is none.
    trading
        `(n_sessions, n_listings)` whether the listing's exchange has a session that day.
    suspended, st
        `(n_sessions, n_listings)` facts of the day.
    adjusted
        `(n_listings,)` whether the stored prices are already adjusted.
    list_dates
        First trading day of each listing, `None` where unknown.
    first_bars, last_bars
        First and last session with a bar of each listing, `None` if it has none at all.
    last_sessions
        Last session with a bar of any security, by exchange.
    vwap
        `(n_sessions, n_listings)` turnover by volume in the listing's currency; 0 where nothing
        was traded, NaN where the two do not fit the day's prices or the prices are adjusted.
        `None` where it was not read.
    delist_dates
        Day from which a listing is traded no more, `None` where none is known; empty for none.
    payouts
        Rows from which on a delisted share is what it paid out, by column; see
        `backtest.delisting`.
    untraded
        `(n_sessions, n_listings)` whether there is a bar whose volume is 0; `None` for nowhere.
    unreformed, leaving
        `(n_sessions, n_listings)` whether it is an S share that day, and whether it is in its
        delisting period; `None` for nowhere.
    """

    sessions: SessionAxis
    listings: tuple[Listing, ...]
    open: FloatMatrix
    close: FloatMatrix
    factor: FloatMatrix
    fx: FloatMatrix
    prior_values: FloatArray
    trading: FlagMatrix
    suspended: FlagMatrix
    st: FlagMatrix
    adjusted: FlagArray
    list_dates: tuple[date | None, ...]
    first_bars: tuple[date | None, ...]
    last_bars: tuple[date | None, ...]
    last_sessions: dict[Exchange, date]
    vwap: FloatMatrix | None = None
    delist_dates: tuple[date | None, ...] = ()
    payouts: Mapping[int, int] = field(default_factory=dict)
    untraded: FlagMatrix | None = None
    unreformed: FlagMatrix | None = None
    leaving: FlagMatrix | None = None
    _column_of: dict[Listing, int] = field(init=False, repr=False, default_factory=dict)
    _rows_of: dict[tuple[str, int | Exchange], Places] = field(
        init=False, repr=False, default_factory=dict
    )
    _days: list[date] = field(init=False, repr=False, default_factory=list)
    _made: dict[Hashable, Any] = field(init=False, repr=False, default_factory=dict)

    def __post_init__(self) -> None:
        shape = (len(self.sessions), len(self.listings))
        for part in fields(self):
            value = getattr(self, part.name)
            if isinstance(value, np.ndarray):
                if value.ndim == 2 and value.shape != shape:
                    raise DataError(
                        say(
                            "panel {name} has shape {shape}, not {wanted}",
                            name=part.name,
                            shape=value.shape,
                            wanted=shape,
                        )
                    )
                value.setflags(write=False)
        if len(self.sessions) > 1 and not (self.sessions[1:] > self.sessions[:-1]).all():
            raise DataError(say("the panel's sessions are not in ascending order"))

    def once(self, key: Hashable, make: Callable[[], MadeT]) -> MadeT:
        """Return what `make` makes of this panel, which never changes: made once for a key."""
        if key not in self._made:
            self._made[key] = make()
        found: MadeT = self._made[key]
        return found

    def column(self, listing: Listing) -> int:
        """Return the column of `listing`; `KeyError` if it is not in the panel."""
        if not self._column_of:
            self._column_of.update({item: at for at, item in enumerate(self.listings)})
        return self._column_of[listing]

    def own_rows(self, column: int) -> Places:
        """Return the rows in which a listing's exchange has a session, ascending."""
        key = ("own", self.listings[column].exchange)
        if key not in self._rows_of:
            self._rows_of[key] = np.flatnonzero(self.trading[:, column])
        return self._rows_of[key]

    def row_before(self, row: int, column: int) -> int | None:
        """Return the row of the last session of a listing's own exchange before a row."""
        own = self.own_rows(column)
        at = int(np.searchsorted(own, row))
        return int(own[at - 1]) if at else None

    def covered_rows(self, column: int) -> Places:
        """Return the rows with a bar or a suspension of a listing, ascending."""
        key = ("covered", column)
        if key not in self._rows_of:
            covered = np.isfinite(self.close[:, column]) | self.suspended[:, column]
            self._rows_of[key] = np.flatnonzero(covered)
        return self._rows_of[key]

    def paid_out(self, column: int, row: int) -> bool:
        """Tell whether a listing is delisted by then, and is what it paid out."""
        first = self.payouts.get(column)
        return first is not None and row >= first

    def traded_nothing(self, row: int, column: int) -> bool:
        """Tell whether a listing's bar of a session has a volume of 0."""
        return self.untraded is not None and bool(self.untraded[row, column])

    def leaving_session(self, row: int, column: int) -> int:
        """Return which session of a listing's delisting period a row is, from 1; 0 outside of one.

        A period that the panel begins in is taken to have begun before.
        """
        if self.leaving is None or not self.leaving[row, column]:
            return 0
        outside = np.flatnonzero(~self.leaving[:row, column])
        first = int(outside[-1]) + 1 if len(outside) else 0
        began_before = not len(outside)
        return int(np.count_nonzero(self.trading[first : row + 1, column])) + began_before

    def paid(self, price: EntryPrice) -> FloatMatrix:
        """Return `(n_sessions, n_listings)` what a purchase of each session pays for a share.

        Raises
        ------
        DataError
            If volume-weighted averages are wanted and were not read.
        """
        if price is EntryPrice.VWAP:
            if self.vwap is None:
                raise DataError(say("no turnover was read, so that no VWAP is known"))
            return self.vwap
        return self.close if price is EntryPrice.CLOSE else self.open

    def row(self, session: date) -> int:
        """Return the row of the first session on or after `session`."""
        return int(np.searchsorted(self.sessions, np.datetime64(session, "D")))

    def row_after(self, session: date) -> int:
        """Return the row after that of the last session on or before `session`."""
        return int(np.searchsorted(self.sessions, np.datetime64(session, "D"), side="right"))

    def session(self, row: int) -> date:
        """Return the session of `row`."""
        if not self._days:
            self._days.extend(self.sessions.tolist())
        return self._days[row]

    def last_available(self, exchanges: Container[Exchange]) -> date:
        """Return the last available session of any of some exchanges; else the first session."""
        first = self.session(0) if len(self.sessions) else date.min
        days = (day for exchange, day in self.last_sessions.items() if exchange in exchanges)
        return max(days, default=first)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CapPanel:
    """Market values on the sessions and listings of a price panel.

    Parameters
    ----------
    market_cap, float_cap
        `(n_sessions, n_listings)` value of all shares and of those that trade, in the base
        currency, as known at the close of each session; NaN where none is known that is fresh.
    """

    market_cap: FloatMatrix
    float_cap: FloatMatrix


Splits = tuple[tuple[int, float], ...]
"""Row and share ratio."""


def _nowhere() -> FloatMatrix:
    return np.zeros((0, 0))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TradingPanel:
    """What money needs beyond prices, on the sessions and listings of a price panel.

    Parameters
    ----------
    prices
        The price panel.
    volume
        `(n_sessions, n_listings)` shares traded; NaN where there is no bar.
    amount
        `(n_sessions, n_listings)` turnover in the listing's currency; NaN where unknown.
    share_ratio
        `(n_sessions, n_listings)` by how much a holding of shares multiplies that morning: 1, or
        more for a bonus or a split, less for a consolidation. 1 throughout for adjusted prices.
    dividend
        `(n_sessions, n_listings)` cash for each share held at the close before, before tax, in the
        listing's currency; 0 without one, and throughout for adjusted prices.
    board_lot
        `(n_sessions, n_listings)` shares of a board lot in force; NaN where unknown.
    rights, rights_price
        `(n_sessions, n_listings)` shares that a rights issue offers for each share held at the
        close before, and what one of them costs in the listing's currency; 0 without one, and
        throughout for adjusted prices.
    southbound, northbound
        `(n_sessions, n_listings)` whether a mainland account may trade it that session: always but
        for Hong Kong; whether a Hong Kong account may: always but for the mainland. `None` where
        that was not read.
    eligibility
        Of each listing the days in the list of its programme, southbound or northbound; empty
        where that was not read.
    funds
        Whether each listing is a fund, by its master; empty where that was not read.
    themes
        `(n_sessions, n_listings)` growth of the stocks of each listing's industry over the session
        before, in its own currency: 1 on no session of its exchange, NaN where it is not known;
        `None` where that was not read.
    """

    prices: PricePanel
    volume: FloatMatrix
    amount: FloatMatrix
    share_ratio: FloatMatrix
    dividend: FloatMatrix
    board_lot: FloatMatrix
    rights: FloatMatrix = field(default_factory=_nowhere)
    rights_price: FloatMatrix = field(default_factory=_nowhere)
    southbound: FlagMatrix | None = None
    northbound: FlagMatrix | None = None
    eligibility: tuple[Eligibility, ...] = ()
    funds: tuple[bool, ...] = ()
    themes: FloatMatrix | None = None
    _entitled: dict[int, Places] = field(init=False, repr=False, default_factory=dict)
    _splits: dict[int, Splits] = field(init=False, repr=False, default_factory=dict)

    def __post_init__(self) -> None:
        shape = self.prices.close.shape
        for name in ("rights", "rights_price"):
            if getattr(self, name).shape == (0, 0):
                object.__setattr__(self, name, np.zeros(shape))
        for part in fields(self):
            value = getattr(self, part.name)
            if isinstance(value, np.ndarray):
                if value.shape != shape:
                    raise DataError(
                        say(
                            "panel {name} has shape {shape}, not {wanted}",
                            name=part.name,
                            shape=value.shape,
                            wanted=shape,
                        )
                    )
                value.setflags(write=False)

    def entitled_rows(self, column: int) -> Places:
        """Return the rows with a dividend or a rights issue of a listing, ascending."""
        if column not in self._entitled:
            entitled = (self.dividend[:, column] > 0) | (self.rights[:, column] > 0)
            self._entitled[column] = np.flatnonzero(entitled)
        return self._entitled[column]

    def splits(self, column: int) -> Splits:
        """Return row and share ratio of each session that multiplies a listing's shares, in order.

        That is where `share_ratio` is not 1.
        """
        if column not in self._splits:
            ratios = self.share_ratio[:, column]
            rows = np.flatnonzero(ratios != 1.0)
            self._splits[column] = tuple(zip(rows.tolist(), ratios[rows].tolist(), strict=True))
        return self._splits[column]

    def ex_price(self, price: float, row: int, column: int) -> float:
        """Return what a share of the close before is worth as a share of a session, unquoted.

        Its dividend has left it, and it stands among the shares of a split, a bonus and a rights
        issue, whose subscription has been paid.
        """
        rights = self.rights[row, column]
        worth = price - self.dividend[row, column] + rights * self.rights_price[row, column]
        return float(worth / (self.share_ratio[row, column] + rights))


def known_places(values: FloatArray, axis: int = 0) -> Places:
    """Return for each cell of a matrix the place along `axis` of the last number up to it.

    Before the first one it is 0.
    """
    places = np.arange(values.shape[axis]).reshape((-1, 1) if axis == 0 else (1, -1))
    found: Places = np.where(np.isfinite(values), places, 0)
    if axis == 0 and values.shape[1] > _WIDE:  # row by row, which memory holds side by side
        for at in range(1, len(found)):
            np.maximum(found[at], found[at - 1], out=found[at])
        return found
    return np.asarray(np.maximum.accumulate(found, axis=axis))


def carried(values: FloatArray, axis: int = 0) -> FloatArray:
    """Return a matrix with the last number along `axis` carried over NaN; NaN before the first."""
    return np.take_along_axis(values, known_places(values, axis), axis=axis)
