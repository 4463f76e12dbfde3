"""What every source gives: batches of rows that fit the tables, and what it had to reject."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date

import pyarrow as pa

from screener.data.lake.schema import TableName
from screener.language import in_english

__all__ = ["Batch", "Reject", "Span"]


@dataclass(frozen=True, slots=True)
class Span:
    """Days from the first to the last, both included, and all rows of a batch that lie in them."""

    first: date
    last: date
    rows: pa.Table


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
    references
        Of a market's list: the close before the session, by listing, as the exchange refers to
        it, in the listing's currency. It proves which session the list is of, and is no row.
    spans
        Rows of `bars` that are not held in memory: spans that together hold every day, one after
        the other, each time they are asked for. They stand in place of rows in `tables`.
    """

    tables: Mapping[TableName, pa.Table]
    rejects: tuple[Reject, ...] = ()
    remarks: tuple[str, ...] = ()
    replaces: frozenset[str] = field(default_factory=frozenset)
    removes: Mapping[TableName, frozenset[tuple[object, ...]]] = field(default_factory=dict)
    references: Mapping[str, float] = field(default_factory=dict)
    spans: Iterable[Span] = ()

    @property
    def touches(self) -> frozenset[TableName]:
        """Tables that it brings rows of, or removes rows from."""
        found = {*self.tables, *self.removes}
        return frozenset(found | ({TableName.BARS} if self.spans else set()))
