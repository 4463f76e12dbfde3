"""Fetched bars checked against what is stored: each listing with its own history and facts."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import pyarrow as pa
import pyarrow.compute as pc

from screener.data.arriving import ArrivalContext, check_bars
from screener.data.schema import Basis, TableName
from screener.data.sources.base import Reject
from screener.data.store import Store
from screener.domain.listing import Listing
from screener.market.calendars import calendar_of
from screener.workflows.rosters import joined, listings_in

__all__ = ["checked_bars"]

_READ = (
    TableName.BARS,
    TableName.ACTIONS,
    TableName.STATUS,
    TableName.NAMES,
    TableName.LISTINGS,
)


def checked_bars(
    store: Store, tables: Mapping[TableName, pa.Table], settled: Mapping[Listing, date]
) -> tuple[pa.Table, tuple[Reject, ...], tuple[str, ...]]:
    """Check the bars of a batch listing by listing.

    Parameters
    ----------
    store
        The lake, at its newest version.
    tables
        Fetched rows by table; actions and listings among them count too.
    settled
        Listings that may be among them, each with the last session that may be stored.

    Returns
    -------
    bars : pyarrow.Table
        Those that may be stored.
    notes : tuple of Reject
        Rows rejected, and doubts about rows kept.
    remarks : tuple of str
        What a user should know.
    """
    fetched = tables[TableName.BARS]
    names = listings_in(fetched)
    facts = _Facts.read(store, tables, names)
    kept, notes, remarks = [fetched.slice(0, 0)], list[Reject](), list[str]()
    for listing, day in settled.items():
        if listing.id in names:
            arrival = check_bars(_own(fetched, listing), facts.context(listing, day))
            kept.append(arrival.rows)
            notes.extend((*arrival.rejects, *arrival.doubts))
            remarks.extend(
                text if listing.id in text else f"{listing.id}: {text}" for text in arrival.remarks
            )
    return pa.concat_tables(kept), tuple(notes), tuple(remarks)


@dataclass(frozen=True, slots=True)
class _Facts:
    """Rows of some listings, stored and fetched, by table."""

    rows: Mapping[TableName, pa.Table]

    @classmethod
    def read(cls, store: Store, tables: Mapping[TableName, pa.Table], names: list[str]) -> _Facts:
        rows = {name: store.read(name, listings=names) for name in _READ}
        for name in (TableName.ACTIONS, TableName.LISTINGS):
            if name in tables:
                fresh = tables[name].cast(rows[name].schema)
                rows[name] = joined(name, [rows[name], fresh])
        bars = rows[TableName.BARS]
        rows[TableName.BARS] = bars.filter(pc.equal(bars.column("basis"), str(Basis.RAW)))
        return cls(rows)

    def context(self, listing: Listing, settled: date) -> ArrivalContext:
        own = {name: _own(rows, listing) for name, rows in self.rows.items()}
        first_days = own[TableName.LISTINGS].column("list_date").to_pylist()
        status = own[TableName.STATUS]
        halted = status.filter(status.column("suspended")).column("session").to_pylist()
        return ArrivalContext(
            listing=listing,
            calendar=calendar_of(listing.exchange),
            today=settled,
            stored=own[TableName.BARS],
            actions=own[TableName.ACTIONS],
            list_date=first_days[0] if first_days else None,
            st=tuple(
                (row["valid_from"], "ST" in unicodedata.normalize("NFKC", row["name"]).upper())
                for row in own[TableName.NAMES].to_pylist()
            ),
            suspended=frozenset(halted),
        )


def _own(rows: pa.Table, listing: Listing) -> pa.Table:
    return rows.filter(pc.equal(rows.column("listing"), listing.id))
