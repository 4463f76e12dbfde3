"""Total-return indices: every listing of one market, dividends reinvested."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import date
from enum import IntEnum
from functools import cached_property

import numpy as np
import numpy.typing as npt

from screener.domain.arrays import (
    DayArray,
    FlagMatrix,
    FloatMatrix,
    FloatVector,
    IntArray,
    SessionAxis,
)
from screener.domain.listing import Listing
from screener.domain.market_panel import Spell
from screener.errors import DataError
from screener.language import say

__all__ = ["IndexSeries", "Peers", "TotalReturnPanel"]


class Peers(IntEnum):
    """Groups of columns that base rates are taken over."""

    NONE = 0
    STOCKS = 1
    INDUSTRIES = 2


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class IndexSeries:
    """Levels of one index on the sessions of a panel.

    Parameters
    ----------
    listing
        The index.
    basis
        `price` or `total`: whether its level includes dividends.
    open, close
        `(n_sessions,)` points; NaN where there is no bar.
    """

    listing: Listing
    basis: str
    open: FloatVector
    close: FloatVector


@dataclass(frozen=True, kw_only=True, eq=False)
class TotalReturnPanel:
    """Total-return index of every listing that shares one market's sessions.

    Parameters
    ----------
    sessions
        `(n_sessions,)` `datetime64[D]`, ascending, none missing, from the first to the last
        session with a bar.
    listings
        `n_listings` listings, the columns.
    open, close
        `(n_sessions, n_listings)` price × cumulative total-return factor, in the listing's
        currency. The open is NaN where there is no bar. The close is carried from the last one
        while a suspension is recorded and from the delisting on, and else NaN.
    traded
        `(n_sessions, n_listings)` whether it traded: a bar, and no suspension.
    peers
        `(n_listings,)` of `Peers`: which base rate a column belongs to.
    indices
        Benchmarks on the same sessions.
    industries
        Industry of each column that is an industry's index.
    sectors
        `n_listings` industries of the columns as the master has them today; empty where unknown.
    spells
        Column, first and last day (`None` while it lasts) and industry, where the tables date them.
    """

    sessions: SessionAxis
    listings: tuple[Listing, ...]
    open: FloatMatrix
    close: FloatMatrix
    traded: FlagMatrix
    peers: npt.NDArray[np.int8]
    indices: Mapping[Listing, IndexSeries]
    industries: Mapping[Listing, str] = field(default_factory=dict)
    sectors: tuple[str, ...] = ()
    spells: tuple[Spell, ...] = ()

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

    @cached_property
    def mainland(self) -> bool:
        """Whether it is the mainland market; an empty panel is taken for it."""
        return all(item.exchange.mainland for item in self.listings)

    def sector_codes(self, row: int) -> IntArray:
        """Return `(n_listings,)` codes of the columns' industries on a session; 0 where unknown.

        The dated industry holds, else the master's of today; equal codes are equal industries.
        """
        columns, first, last, codes, today = self._sectors
        day = self.sessions[row]
        held = (first <= day) & (day <= last)
        found: IntArray = today.copy()
        found[columns[held]] = codes[held]
        return found

    @cached_property
    def _sectors(self) -> tuple[IntArray, DayArray, DayArray, IntArray, IntArray]:
        known = {"": 0}
        sectors = self.sectors or ("",) * len(self.listings)
        today = [known.setdefault(text, len(known)) for text in sectors]
        codes = [known.setdefault(text, len(known)) for *_, text in self.spells]
        ends = [last or date.max for _, _, last, _ in self.spells]
        return (
            np.array([column for column, *_ in self.spells], dtype=np.int64),
            np.array([first for _, first, _, _ in self.spells], dtype="datetime64[D]"),
            np.array(ends, dtype="datetime64[D]"),
            np.array(codes, dtype=np.int64),
            np.array(today, dtype=np.int64),
        )

    @property
    def last_available(self) -> date | None:
        """Last session, `None` without any."""
        return self.sessions[-1].item() if len(self.sessions) else None
