"""Calls: one rating of one broker on one day, from cards and from imported histories alike."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import date

import numpy as np
import numpy.typing as npt

from screener.domain.arrays import DayArray, FlagArray, FloatArray, IntArray, TextArray
from screener.domain.listing import Listing

__all__ = ["Call", "CallTable"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call.

    Parameters
    ----------
    id, source
        What it is called, and the card or the file that it comes from.
    broker, analysts
        Who made it.
    published, act_from
        Its own date, and the first day on which a reader could act at the open.
    rating, level
        The rating's word, and what it speaks of: `stock`, `industry` or `convertible`.
    listing
        The security, or the index, that it speaks of; `None` for an industry without an index.
    themes
        Themes under which it counts.
    industry
        Industry that it speaks of, as printed.
    members
        Names that an industry call recommends: its labelled proxy.
    repeated
        Whether the broker had said so before.
    estimated
        Whether its date is an estimate.
    title
        Title of the note.
    printed
        The rating as the source prints it, where that is more than its word.
    risk
        Risk grade printed beside the rating, such as `A`; empty without one.
    change
        `initiated`, `raised`, `lowered`, `maintained`, or empty where nothing tells.
    target_price
        In the listing's currency; NaN for none.
    vendor
        Whether the rating's word is a vendor's, not the house's.
    """

    id: str
    source: str
    broker: str
    published: date
    act_from: date
    rating: str
    level: str
    analysts: tuple[str, ...] = ()
    listing: Listing | None = None
    themes: tuple[str, ...] = ()
    industry: str = ""
    members: tuple[Listing, ...] = ()
    repeated: bool = False
    estimated: bool = False
    title: str = ""
    printed: str = ""
    risk: str = ""
    change: str = ""
    target_price: float = math.nan
    vendor: bool = False


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CallTable:
    """Calls as columns, `(n,)` each; their meaning is that of `Call`.

    Parameters
    ----------
    listing
        Of `Listing` or `None`.
    analysts, themes, members
        Of tuples.
    """

    id: TextArray
    source: TextArray
    broker: TextArray
    published: DayArray
    act_from: DayArray
    rating: TextArray
    level: TextArray
    analysts: TextArray
    listing: TextArray
    themes: TextArray
    industry: TextArray
    members: TextArray
    repeated: FlagArray
    estimated: FlagArray
    title: TextArray
    printed: TextArray
    risk: TextArray
    change: TextArray
    target_price: FloatArray
    vendor: FlagArray

    def __len__(self) -> int:
        return len(self.id)

    @classmethod
    def of(cls, calls: Sequence[Call]) -> CallTable:
        """Return calls as columns, in their order."""
        return cls(**{part.name: _column(part.name, calls) for part in fields(cls)})  # type: ignore[arg-type]

    @classmethod
    def joined(cls, tables: Iterable[CallTable]) -> CallTable:
        """Return the calls of several tables, one after the other."""
        parts = list(tables)
        if not parts:
            return cls.of([])
        return cls(
            **{
                part.name: np.concatenate([getattr(table, part.name) for table in parts])
                for part in fields(cls)
            }
        )

    def take(self, rows: IntArray) -> CallTable:
        """Return some of the calls."""
        return CallTable(**{part.name: getattr(self, part.name)[rows] for part in fields(self)})

    def by_date(self) -> CallTable:
        """Return the calls in order of their date, then of their ids: the same for any input."""
        ids = np.array([str(item) for item in self.id], dtype=np.str_)
        return self.take(np.lexsort((ids, self.published)).astype(np.int64))


def _column(name: str, calls: Sequence[Call]) -> npt.NDArray[np.generic]:
    values = [getattr(call, name) for call in calls]
    if name in ("published", "act_from"):
        return np.array(values, dtype="datetime64[D]")
    if name in ("repeated", "estimated", "vendor"):
        return np.array(values, dtype=np.bool_)
    if name == "target_price":
        return np.array(values, dtype=np.float64)
    column = np.empty(len(values), dtype=np.object_)
    column[:] = values  # tuples stay whole
    return column
