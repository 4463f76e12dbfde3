"""What every source gives: batches of rows that fit the tables, and what it had to reject."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

import pyarrow as pa

from screener.data.lake.schema import TableName

__all__ = ["Batch", "Reject"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reject:
    """A row that did not get into its table, and why."""

    table: TableName
    file: str
    line: int
    reason: str
    row: str
    listing: str | None = None
    session: date | None = None


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
    """

    tables: Mapping[TableName, pa.Table]
    rejects: tuple[Reject, ...] = ()
    remarks: tuple[str, ...] = ()
    replaces: frozenset[str] = field(default_factory=frozenset)
    removes: Mapping[TableName, frozenset[tuple[object, ...]]] = field(default_factory=dict)
    references: Mapping[str, float] = field(default_factory=dict)
