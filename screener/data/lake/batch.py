"""What every source gives: batches of rows that fit the tables, and what it had to reject."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

import pyarrow as pa

from screener.data.lake.schema import TableName
from screener.language import in_english

__all__ = ["Batch", "Reject"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reject:
    """A row that did not get into its table, or is kept with a doubt, and why.

    Parameters
    ----------
    table, file, line
        Where it was to go, and whence it came.
    reason
        Why, in the reader's language; stored in English, which begins with `KEPT` for a row that
        is kept.
    row
        The row as read, as JSON.
    listing, session
        As far as they could be read.
    doubt
        What is doubted, of a row that is kept; empty for one that is left out.
    """

    table: TableName
    file: str
    line: int
    reason: str
    row: str
    listing: str | None = None
    session: date | None = None
    doubt: str = ""

    @property
    def stored_reason(self) -> str:
        """The reason as it is stored: in English, whoever reads it."""
        return in_english(self.reason)


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Normalised rows by table, ready for one transaction.

    Parameters
    ----------
    tables
        Arrow tables with exactly the columns of `schema.TABLES`, in order, units converted.
    rejects
        Rows left out, with their reason.
    remarks
        What was assumed or ignored, one line each, to be shown to the user.
    replaces
        Listings whose whole history in `bars` is replaced, not merged: a change of basis or
        anchor.
    removes
        Keys of stored rows that are no longer true, by table, in the order of the table's key.
    """

    tables: Mapping[TableName, pa.Table]
    rejects: tuple[Reject, ...] = ()
    remarks: tuple[str, ...] = ()
    replaces: frozenset[str] = field(default_factory=frozenset)
    removes: Mapping[TableName, frozenset[tuple[object, ...]]] = field(default_factory=dict)
