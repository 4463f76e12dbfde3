"""What fetched bars are judged by, and what the judgement gives."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import pyarrow as pa

from screener.data.lake.batch import Reject
from screener.data.lake.rows import days_of
from screener.data.lake.schema import TableName
from screener.domain.arrays import DayArray, FloatArray, among
from screener.domain.listing import Listing
from screener.language import say
from screener.market.calendars import Calendar
from screener.market.special_treatment import SpecialTreatment
from screener.market.trading import least_tick

__all__ = [
    "KEPT",
    "Bars",
    "ValidatedBars",
    "ValidationContext",
    "kept",
    "make_note",
    "tick_of",
    "told_apart",
]

KEPT = "kept: "
"""How the stored reason of a note begins whose row was kept."""


def kept(doubt: str) -> str:
    """Return the reason of a note whose row was kept: what is doubted."""
    return say("kept: {doubt}", doubt=doubt)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ValidatedBars:
    """Fetched rows after the checks.

    Parameters
    ----------
    rows
        Rows that are kept, values untouched, sorted by session.
    rejects
        Rows left out, with their reason.
    doubts
        Notes on rows that are kept; their reason starts with `KEPT`.
    remarks
        What was left out or changed, one line each, for the user.
    """

    rows: pa.Table
    rejects: tuple[Reject, ...] = ()
    doubts: tuple[Reject, ...] = ()
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ValidationContext:
    """What is known about a listing when its bars are validated.

    Parameters
    ----------
    listing
        The security or index.
    calendar
        Sessions of its exchange.
    today
        Last finished session, whose bar may be stored.
    stored
        Rows of table `bars` of this listing, raw: the fetched days and the last one before;
        more does no harm.
    actions
        Rows of table `actions` of this listing, stored ones first, then those just fetched.
    list_date
        First trading day, if known.
    st
        From which day on it is under special treatment and not.
    suspended
        Sessions recorded as suspended.
    older
        Whether there are bars older than all that are given here.
    """

    listing: Listing
    calendar: Calendar
    today: date
    stored: pa.Table
    actions: pa.Table
    list_date: date | None
    st: SpecialTreatment
    suspended: frozenset[date]
    older: bool = False


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Bars:
    """Columns of bars, all `(n_rows,)`; NaT and NaN where there is no value."""

    days: DayArray
    open: FloatArray
    high: FloatArray
    low: FloatArray
    close: FloatArray
    volume: FloatArray
    amount: FloatArray

    @classmethod
    def of(cls, rows: pa.Table) -> Bars:
        """Read the columns of rows of table `bars`."""
        names = ("open", "high", "low", "close", "volume", "amount")
        numbers = {name: _numbers(rows.column(name)) for name in names}
        return cls(days=days_of(rows, "session"), **numbers)

    @property
    def prices(self) -> Mapping[str, FloatArray]:
        """The four prices by name."""
        return {"open": self.open, "high": self.high, "low": self.low, "close": self.close}

    def untraded(self, suspended: frozenset[date]) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        """Tell which rows are no trade: without volume, or suspended with unknown volume."""
        halted = among(self.days, np.array(sorted(suspended), dtype="datetime64[D]"))
        return np.asarray((self.volume == 0) | (halted & ~(self.volume > 0)))


def tick_of(listing: Listing) -> float:
    """Return the smallest price step that the listing may have by the newest rule."""
    return least_tick(listing, date.max)


def make_note(
    row: Mapping[str, object],
    reason: str,
    *,
    table: TableName,
    listing: Listing,
    day: date | None,
    doubt: str = "",
) -> Reject:
    """Make a note on a fetched row.

    Parameters
    ----------
    row
        The row, with its `source`.
    reason
        Why it is left out, or is kept with a doubt.
    day
        Session or ex-session; its digits are the note's line, 0 without one.
    doubt
        What is doubted, of a row that is kept.
    """
    return Reject(
        table=table,
        file=f"{row.get('source') or 'unnamed source'} {listing.id}",
        line=int(day.strftime("%Y%m%d")) if day else 0,
        reason=reason,
        row=json.dumps(row, ensure_ascii=False, default=str),
        listing=listing.id,
        session=day,
        doubt=doubt,
    )


def told_apart(notes: list[Reject]) -> tuple[Reject, ...]:
    """Give notes that share a key of table `quarantine` a number each, so that all are kept."""
    seen: Counter[tuple[str, str, int]] = Counter()
    found = []
    for note in notes:
        key = (note.table, note.file, note.line)
        seen[key] += 1
        again = seen[key] > 1
        found.append(replace(note, file=f"{note.file} #{seen[key]}") if again else note)
    return tuple(found)


def _numbers(column: pa.ChunkedArray) -> FloatArray:
    values = np.asarray(column.to_numpy(), dtype=np.float64)
    return np.where(np.isfinite(values), values, np.nan)
