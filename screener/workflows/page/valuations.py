"""What the names of a basket were valued at: on the day of the report, and by the newest data."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime

from screener.data.lake.asof import AsOf, market_of
from screener.data.lake.store import Store
from screener.domain.basket import Member
from screener.domain.report import Publication
from screener.results.pages import VALUATIONS
from screener.screen.fields import FIELDS

__all__ = ["valuation_rows"]

Row = dict[str, object]


def valuation_rows(
    store: Store, members: Sequence[Member], published: Publication, now: date
) -> list[Row]:
    """Return two rows for each name with the columns of `VALUATIONS`, in the basket's order.

    Parameters
    ----------
    store
        The lake, at the version to read.
    members
        The names.
    published
        When the report could be read: nothing later is used for its rows.
    now
        The last day of the data.
    """
    moment = published.value
    known = (
        AsOf(store, moment)
        if isinstance(moment, datetime)
        else AsOf.after_close(store, published.day)
    )
    instants = (("report", known), ("now", AsOf.after_close(store, now)))
    by_time = {at: dict(_valued(instant, members)) for at, instant in instants}
    return [
        VALUATIONS.row({**_named(member), "moment": at, **by_time[at].get(member.listing.id, {})})
        for member in members
        for at, _ in instants
    ]


def _named(member: Member) -> Row:
    listing = member.listing
    return {"listing": listing.id, "name": member.name, "currency": str(listing.currency)}


def _valued(known: AsOf, members: Sequence[Member]) -> Iterator[tuple[str, Row]]:
    ids = sorted(member.listing.id for member in members)
    snapshots = known.snapshots(tuple(dict.fromkeys(market_of(item) for item in ids)))
    for row in known.valuation(snapshots, listings=ids).to_pylist():
        values = {
            name: _defined(name, row.get(name)) for name in FIELDS if name in VALUATIONS.names
        }
        yield row["listing"], {"session": row["session"], **values}


def _defined(name: str, value: float | None) -> float | None:
    return None if value is None or (FIELDS[name].positive_only and value <= 0) else value
