"""Fetched bars checked against what is stored: each listing with its own history and facts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import pyarrow as pa
import pyarrow.compute as pc

from screener.data.lake.batch import Reject
from screener.data.lake.schema import Basis, TableName
from screener.data.lake.store import Store
from screener.data.update.listing_master import joined, listings_in
from screener.data.validation.bar_checks import ValidationContext, check_bars
from screener.data.validation.price_jumps import BAD_TICK
from screener.data.validation.ticks import on_ticks, tick_remarks
from screener.domain.listing import Listing
from screener.errors import DataError
from screener.language import say
from screener.market.calendars import calendar_of
from screener.market.special_treatment import special_by_name

__all__ = ["CheckedBars", "checked_bars"]

_LEAST = 0.5
"""An answer of which less than this part passes the checks is no answer."""

_READ = (
    TableName.BARS,
    TableName.ACTIONS,
    TableName.STATUS,
    TableName.NAMES,
    TableName.LISTINGS,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedBars:
    """Bars after their checks.

    Parameters
    ----------
    bars
        Those that may be stored.
    removed
        Keys (listing, session) of stored bars that turned out to be bad ticks.
    notes
        Rows rejected, and doubts about rows kept.
    remarks
        What a user should know.
    """

    bars: pa.Table
    removed: frozenset[tuple[object, ...]]
    notes: tuple[Reject, ...]
    remarks: tuple[str, ...]


def checked_bars(
    store: Store, tables: Mapping[TableName, pa.Table], settled: Mapping[Listing, date]
) -> CheckedBars:
    """Check the bars of a batch listing by listing.

    Parameters
    ----------
    store
        The lake, at its newest version.
    tables
        Fetched rows by table; actions and listings among them count too.
    settled
        Listings that may be among them, each with the last session that may be stored.

    Raises
    ------
    DataError
        If most rows of a listing fail: the source changed its meaning.
    """
    rounded = on_ticks(tables[TableName.BARS])
    fetched = rounded.bars
    names = listings_in(fetched)
    facts = _Facts.read(store, tables, names)
    kept, notes, remarks = [fetched.slice(0, 0)], list[Reject](), tick_remarks(rounded)
    removed: set[tuple[object, ...]] = set()
    for listing, day in settled.items():
        if listing.id in names:
            own, context = _own(fetched, listing), facts.context(listing, day)
            validated = check_bars(own, context)
            _refuse_most(own, validated.rejects, listing)
            kept.append(_news(validated.rows, context.stored))
            notes.extend((*validated.rejects, *validated.doubts))
            removed |= _bad_ticks(validated.rejects, own, context.stored)
            remarks.extend(
                text if listing.id in text else say("{name}: {text}", name=listing.id, text=text)
                for text in validated.remarks
            )
    return CheckedBars(
        bars=pa.concat_tables(kept),
        removed=frozenset(removed),
        notes=tuple(notes),
        remarks=tuple(remarks),
    )


def _refuse_most(rows: pa.Table, rejects: tuple[Reject, ...], listing: Listing) -> None:
    if len(rejects) > max(1, (1 - _LEAST) * rows.num_rows):
        raise DataError(
            say(
                "{n} of {total} fetched bars fail the checks, the first: {reason}",
                n=len(rejects),
                total=rows.num_rows,
                reason=rejects[0].reason,
            ),
            where=f"{listing.id}, {rejects[0].file}",
            fix=say("try another source with --source; nothing of this answer was stored"),
        )


def _news(rows: pa.Table, stored: pa.Table) -> pa.Table:
    """Return rows without those that another source told before and that agree with it.

    The stored row keeps its source, which may still correct it.
    """
    theirs = {
        row["session"]: row["source"] for row in stored.select(["session", "source"]).to_pylist()
    }
    ours = zip(rows.column("session").to_pylist(), rows.column("source").to_pylist(), strict=True)
    news = [theirs.get(session, source) == source for session, source in ours]
    return rows.filter(pa.array(news, pa.bool_()))


def _bad_ticks(
    rejects: tuple[Reject, ...], rows: pa.Table, stored: pa.Table
) -> set[tuple[object, ...]]:
    """Return the keys of stored rows that are the very rows now known as bad ticks."""
    days = {item.session for item in rejects if BAD_TICK in item.stored_reason}
    if not days:
        return set()
    columns = ["session", "open", "high", "low", "close", "source"]
    told = {tuple(row.values()) for row in rows.select(columns).to_pylist()}
    return {
        (row["listing"], row["session"])
        for row in stored.select(["listing", *columns]).to_pylist()
        if row["session"] in days and tuple(row[name] for name in columns) in told
    }


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

    def context(self, listing: Listing, settled: date) -> ValidationContext:
        own = {name: _own(rows, listing) for name, rows in self.rows.items()}
        first_days = own[TableName.LISTINGS].column("list_date").to_pylist()
        status = own[TableName.STATUS]
        halted = status.filter(status.column("suspended")).column("session").to_pylist()
        return ValidationContext(
            listing=listing,
            calendar=calendar_of(listing.exchange),
            today=settled,
            stored=own[TableName.BARS],
            actions=own[TableName.ACTIONS],
            list_date=first_days[0] if first_days else None,
            st=special_by_name(
                (row["valid_from"], row["name"]) for row in own[TableName.NAMES].to_pylist()
            ),
            suspended=frozenset(halted),
        )


def _own(rows: pa.Table, listing: Listing) -> pa.Table:
    return rows.filter(pc.equal(rows.column("listing"), listing.id))
