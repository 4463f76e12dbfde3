"""Calls with their terms, and how they ended: the values that judging takes and gives."""

from __future__ import annotations

from dataclasses import dataclass, fields
from enum import StrEnum

import numpy as np

from screener.domain.arrays import DayArray, FlagArray, FloatArray, IntArray, TextArray
from screener.domain.listing import Listing
from screener.scoring.definitions.bands import Bands
from screener.scoring.judging.base_rates import BaseRates

__all__ = ["CallState", "Outcomes", "Terms"]


class CallState(StrEnum):
    """How a call ends."""

    MET = "met"
    MISSED = "missed"
    PENDING = "pending"
    UNJUDGED = "cannot be judged"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Terms:
    """Calls with their contracts, `(n,)` each.

    Parameters
    ----------
    listings, listing
        The distinct listings, and each call's place among them.
    published, act_from
        The call's own date, and the first day on which a reader could act at the open.
    months_low, months_high
        Horizon in calendar months.
    bands
        Promised active return.
    benchmarks, benchmark
        The distinct benchmarks, `None` for a promise of the security's own return, and each
        call's place among them.
    """

    listings: tuple[Listing, ...]
    listing: IntArray
    published: DayArray
    act_from: DayArray
    months_low: IntArray
    months_high: IntArray
    bands: Bands
    benchmarks: tuple[Listing | None, ...]
    benchmark: IntArray

    def __len__(self) -> int:
        return len(self.listing)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Outcomes:
    """How the calls end, `(n,)` each; returns and rates are fractions, NaN where undefined.

    Parameters
    ----------
    verdict
        Of `CallState`, by the headline rule at the horizon's end.
    why
        Why a call cannot be judged; empty for the others.
    start, end, entry
        Sessions of the first close, the last close, and the reader's open; NaT where unknown. A
        pending call ends at the last session there is, of an index at its own last bar.
    stock_return, benchmark_return, active_return
        From the close of the first session to that of the last; of a pending call to date.
    in_band, any_time
        1 or 0 for a matured call: whether the return lies in the band itself, and whether the
        rule held at any session from the horizon's low end to its high end.
    tradable_return, tradable_met
        Active return from the reader's open, and 1 or 0 for a matured call.
    early_end, early_stock, early_benchmark
        Session of the horizon's low end, where that comes before its end, and both returns to it:
        a state, and no verdict.
    rates
        Base rates of matured calls.
    """

    verdict: TextArray
    why: TextArray
    start: DayArray
    end: DayArray
    entry: DayArray
    stock_return: FloatArray
    benchmark_return: FloatArray
    active_return: FloatArray
    in_band: FloatArray
    any_time: FloatArray
    tradable_return: FloatArray
    tradable_met: FloatArray
    early_end: DayArray
    early_stock: FloatArray
    early_benchmark: FloatArray
    rates: BaseRates

    @classmethod
    def empty(cls, n: int) -> Outcomes:
        """Return outcomes of calls that cannot be judged, to be filled."""
        made: dict[str, object] = {}
        for part in fields(cls):
            if part.name == "rates":
                made[part.name] = BaseRates.empty(n)
            elif part.name in ("start", "end", "entry", "early_end"):
                made[part.name] = np.full(n, np.datetime64("NaT"), dtype="datetime64[D]")
            elif part.name in ("verdict", "why"):
                text = CallState.UNJUDGED if part.name == "verdict" else ""
                made[part.name] = np.full(n, text, dtype=np.object_)
            else:
                made[part.name] = np.full(n, np.nan)
        return cls(**made)  # type: ignore[arg-type]

    @property
    def matured(self) -> FlagArray:
        """`(n,)` whether a call was met or missed."""
        found: FlagArray = (self.verdict == CallState.MET) | (self.verdict == CallState.MISSED)
        return found

    @property
    def met(self) -> FlagArray:
        """`(n,)` whether a call was met."""
        found: FlagArray = self.verdict == CallState.MET
        return found

    def put(self, rows: IntArray, other: Outcomes) -> None:
        """Write the outcomes of some rows."""
        for part in fields(self):
            if part.name == "rates":
                self.rates.put(rows, other.rates)
            else:
                getattr(self, part.name)[rows] = getattr(other, part.name)
