"""Rows of the tables that a result rests on, each with its source and since when it is known."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date

from screener.data.lake.asof import AsOf
from screener.data.lake.schema import TableName
from screener.data.lake.store import Store
from screener.language import say

__all__ = ["SourceRow", "action_sources", "bar_sources", "last_statements", "row_sources"]

_ORIGIN = ("source", "fetched_at", "known_at", "listing", "session", "basis")


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceRow:
    """One value that a result rests on, with the columns of `SOURCES`."""

    used_for: str
    table: str
    column: str
    value: object
    listing: str = ""
    day: date | None = None
    source: str = ""
    known_at: str = ""

    def row(self) -> dict[str, object]:
        """Return it as a row of its table."""
        return asdict(self)


def row_sources(
    table: str,
    row: Mapping[str, object],
    used_for: str,
    columns: Iterable[str] = (),
    *,
    day: str = "session",
) -> Iterator[SourceRow]:
    """Give some columns of a stored row, or all that it tells.

    Parameters
    ----------
    table
        The table.
    row
        A row of it.
    used_for
        What it was used for.
    columns
        Which columns; all but those of its origin when empty.
    day
        Column of its day.
    """
    known = row.get("known_at") or row.get("fetched_at")
    found = row.get(day)
    for column in columns or [name for name in row if name not in (*_ORIGIN, day)]:
        if row.get(column) is not None:
            yield SourceRow(
                used_for=used_for,
                table=table,
                listing=str(row.get("listing") or ""),
                day=found if isinstance(found, date) else None,
                column=column,
                value=row[column],
                source=str(row.get("source") or ""),
                known_at="" if known is None else str(known),
            )


def bar_sources(
    store: Store,
    listing: str,
    first: date,
    last: date,
    used_for: str,
    columns: Sequence[str] = ("close",),
) -> list[SourceRow]:
    """Return the stored bars of a listing from one day to another, by session."""
    rows = store.read(TableName.BARS, listings=[listing], start=first, end=last).to_pylist()
    rows.sort(key=lambda row: row["session"])
    return [one for row in rows for one in row_sources("bars", row, used_for, columns)]


def action_sources(store: Store, listing: str, first: date, last: date) -> list[SourceRow]:
    """Return the corporate actions of a listing with their ex-date from one day to another."""
    rows = store.read(TableName.ACTIONS, listings=[listing]).to_pylist()
    rows = [row for row in rows if first <= row["ex_session"] <= last]
    rows.sort(key=lambda row: row["ex_session"])
    why = say("distribution or split between them")
    return [one for row in rows for one in row_sources("actions", row, why, day="ex_session")]


def last_statements(known: AsOf, listing: str, columns: Sequence[str]) -> list[SourceRow]:
    """Return the latest figures of the last eight periods of a listing, as known by then."""
    rows = known.fundamentals(listings=[listing]).to_pylist()
    rows.sort(key=lambda row: row["period_end"])
    why = say("statement")
    return [
        one
        for row in rows[-8:]
        for one in row_sources("fundamentals", row, why, columns, day="period_end")
    ]
