"""What today's list of eligible securities adds to what is recorded: spells with both ends."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

import pyarrow as pa

from screener.data.lake.rows import ARROW
from screener.data.lake.schema import TABLES, TableName
from screener.domain.days import SHANGHAI

__all__ = ["recorded_spells"]


def recorded_spells(
    stored: pa.Table, seen: pa.Table, *, today: date, seen_before: date | None
) -> pa.Table:
    """Return the rows that a list of one day adds or ends.

    A security that is in the list and in no spell that goes on begins one today: since when it was
    eligible before, nobody recorded. One that is no more in the list was eligible at the latest on
    the day on which it was last seen; what comes between is not known, so it does not count.

    Parameters
    ----------
    stored
        Rows of `eligibility` in the lake.
    seen
        Rows of today's whole list.
    today
        Its day.
    seen_before
        Day of the list before it, if there was one.

    Returns
    -------
    pyarrow.Table
        Rows to be stored, sorted by their key.
    """
    listed: Mapping[tuple[str, str], dict[str, object]] = {
        (row["listing"], row["programme"]): row for row in seen.to_pylist()
    }
    programmes = {programme for _, programme in listed}
    lasting: set[tuple[str, str]] = set()
    found = []
    for row in stored.to_pylist():
        key = row["listing"], row["programme"]
        if row["programme"] not in programmes or row["valid_from"] > today:
            continue
        if row["valid_to"] is not None and row["valid_to"] < today:
            continue
        if key in listed:
            lasting.add(key)
        elif row["valid_to"] is None:
            told = row["fetched_at"].astimezone(SHANGHAI).date()
            last = max(told, seen_before or told, row["valid_from"])
            found.append({**row, "valid_to": min(last, max(row["valid_from"], today - _DAY))})
    found += [row for key, row in listed.items() if key not in lasting]
    found.sort(key=lambda row: (row["listing"], row["programme"], row["valid_from"]))
    columns = TABLES[TableName.ELIGIBILITY].columns
    schema = pa.schema([(column.name, ARROW[column.type]) for column in columns])
    return pa.Table.from_pylist(found, schema=schema)


_DAY = timedelta(days=1)
