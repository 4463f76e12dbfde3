"""What the names of a basket were valued at: on the day of the report, and by the newest data."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime

from screener.data.lake.asof import AsOf, market_of
from screener.data.lake.store import Store
from screener.domain.basket import Member
from screener.domain.report import Publication
from screener.results.pages import VALUATIONS
from screener.screen.fields import FIELDS

__all__ = ["Valued", "valuation_rows", "valued_on"]

Row = dict[str, object]
Valued = Mapping[str, Row]
"""Values of names by listing id."""


def valuation_rows(
    store: Store, members: Sequence[Member], published: Publication, now: Valued
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
        Values on the last day of the data, as `valued_on` gives them.
    """
    value = published.value
    known = (
        AsOf(store, value)
        if isinstance(value, datetime)
        else AsOf.after_close(store, published.day)
    )
    then = dict(_valued(known, [member.listing.id for member in members]))
    return [
        VALUATIONS.row({**_named(member), "moment": moment, **values.get(member.listing.id, {})})
        for member in members
        for moment, values in (("report", then), ("now", now))
    ]


def valued_on(store: Store, listings: Iterable[str], day: date) -> Valued:
    """Return the values of names as they could be known after the close of a day."""
    return dict(_valued(AsOf.after_close(store, day), listings))


def _named(member: Member) -> Row:
    listing = member.listing
    return {"listing": listing.id, "name": member.name, "currency": str(listing.currency)}


def _valued(known: AsOf, listings: Iterable[str]) -> Iterator[tuple[str, Row]]:
    ids = sorted(set(listings))
    snapshots = known.snapshots(tuple(dict.fromkeys(market_of(item) for item in ids)))
    for row in known.valuation(snapshots, listings=ids).to_pylist():
        values = {
            name: _defined(name, row.get(name)) for name in FIELDS if name in VALUATIONS.names
        }
        yield row["listing"], {"session": row["session"], **values}


def _defined(name: str, value: float | None) -> float | None:
    return None if value is None or (FIELDS[name].positive_only and value <= 0) else value
