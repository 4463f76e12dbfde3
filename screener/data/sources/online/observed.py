"""What a source shows, row by row, and what an undated observation adds to what is known."""

from __future__ import annotations

import json
import unicodedata
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence, Sized
from datetime import date, datetime
from typing import TypeAlias

import pandas as pd
import pyarrow as pa

from screener.data.lake.batch import Reject
from screener.data.lake.schema import TableName
from screener.data.sources.files.kinds.masters import printed_name
from screener.data.sources.online.transport.protocol import Ask
from screener.data.sources.online.transport.upstream import Endpoint
from screener.domain.days import SHANGHAI
from screener.errors import InputError, SourceChanged, SourceEmpty
from screener.language import say
from screener.language.terms import named

__all__ = [
    "Row",
    "day_in",
    "day_of",
    "first_observed",
    "folded",
    "frames_of",
    "readable",
    "records_of",
    "rejected",
    "text_in",
    "whole_list",
]

Row: TypeAlias = Mapping[str, object]
"""Fields of one row under our names."""

_FEW = 3
_Known: TypeAlias = dict[str, list[tuple[date, object]]]


def day_of(ask: Ask) -> date:
    """Return the exchange's date at the instant of an ask: the day something was observed."""
    return ask.fetched_at.astimezone(SHANGHAI).date()


def folded(name: str) -> str:
    """Return a name as it is compared: without padding, without regard to wide letters."""
    return unicodedata.normalize("NFKC", printed_name(name))


def first_observed(stored: pa.Table, fetched: pa.Table, *, value: str) -> pa.Table:
    """Keep the observations that tell something new.

    An observation says that a value held on its day, not since when. It is kept if another value,
    or none, was in force on that day, by what is stored and by the older observations of the same
    batch. A day that already has a stored value keeps it: what is dated, or was seen first, is
    not overridden. Later stored values stand, whatever an older observation adds before them.

    Parameters
    ----------
    stored
        Rows of `names` or `board_lots` in the lake, any order.
    fetched
        Observed rows of the same table.
    value
        Column observed: `name` (compared by `folded`) or `lot`.

    Returns
    -------
    pyarrow.Table
        Rows of `fetched`, sorted by listing and day.
    """
    known: _Known = {}
    for row in stored.to_pylist():
        known.setdefault(row["listing"], []).append((row["valid_from"], _plain(row[value])))
    for facts in known.values():
        facts.sort(key=_day)
    rows = fetched.to_pylist()
    order = sorted(range(len(rows)), key=lambda at: (rows[at]["listing"], rows[at]["valid_from"]))
    kept = [
        at
        for at in order
        if _adds(known, rows[at]["listing"], rows[at]["valid_from"], _plain(rows[at][value]))
    ]
    return fetched.take(pa.array(kept, pa.int64()))


def frames_of(payload: Iterable[pd.DataFrame | str]) -> list[pd.DataFrame]:
    """Return the frames of a payload, in order."""
    return [item for item in payload if isinstance(item, pd.DataFrame)]


def records_of(frame: pd.DataFrame) -> list[Row]:
    """Return the rows of a frame that has our names."""
    return [{str(key): value for key, value in row.items()} for row in frame.to_dict("records")]


def whole_list(place: Endpoint, frame: pd.DataFrame) -> None:
    """Refuse a list that is empty or cut off.

    Raises
    ------
    SourceEmpty
        If it has no rows.
    SourceChanged
        If it has fewer rows than `floor`, or as many as `page_rows`, which hold no more.
    """
    n_rows, floor, page = len(frame), place.extra.get("floor", 0), place.extra.get("page_rows")
    if not n_rows:
        raise SourceEmpty(
            say("{function} sent no rows", function=place.function), where=place.function
        )
    if n_rows < floor:
        raise SourceChanged(
            say(
                "{function} sent {n} rows, fewer than {floor}: the list is truncated",
                function=place.function,
                n=n_rows,
                floor=floor,
            ),
            where=place.function,
            fix=say(
                "ask again later; if so few are right, lower floor in {file}", file=place.place
            ),
        )
    if page is not None and n_rows >= page:
        raise SourceChanged(
            say(
                "{function} sent {n} rows, and {page} are all it can hold: what follows is cut off",
                function=place.function,
                n=n_rows,
                page=page,
            ),
            where=place.function,
            fix=say("bring the list as a file: `screener data import`"),
        )


def readable(place: Endpoint, rows: Sized, rejects: Sequence[Reject]) -> None:
    """Refuse a reply most of whose rows cannot be read: its shape has changed, not its rows.

    akshare names many columns by their place, so a shift of them shows in the values alone.

    Raises
    ------
    SourceChanged
        If more than a few rows, and more than half of them, are rejected.
    """
    if len(rejects) > _FEW and 2 * len(rejects) > len(rows):
        raise SourceChanged(
            say(
                "{n} of {total} rows cannot be read, the first: {reason}",
                n=len(rejects),
                total=len(rows),
                reason=rejects[0].reason,
            ),
            where=place.function,
            fix=say("correct the columns in {file}, or wait for a new release", file=place.place),
        )


def rejected(
    table: TableName,
    file: str,
    line: int,
    row: Row,
    reason: str,
    *,
    listing: str | None = None,
    session: date | None = None,
) -> Reject:
    """Return a row that does not get into its table, with the row as it came."""
    told = {key: None if _blank(value) else value for key, value in row.items()}
    return Reject(
        table=table,
        file=file,
        line=line,
        reason=reason,
        row=json.dumps(told, ensure_ascii=False, default=str),
        listing=listing,
        session=session,
    )


def text_in(row: Row, field: str) -> str:
    """Return a text without blanks around it, empty where there is none."""
    value = row.get(field)
    text = "" if _blank(value) else str(value).strip()
    return "" if text in {"-", "--"} else text


def day_in(row: Row, field: str) -> date | None:
    """Return a day, or `None` where there is none.

    Raises
    ------
    InputError
        If something stands there that is no date.
    """
    text = text_in(row, field)
    if not text:
        return None
    try:
        return datetime.fromisoformat(text).date()
    except ValueError:
        day = pd.to_datetime(text, errors="coerce")
    if pd.isna(day):
        raise InputError(say("{field} {value!r} is no date", field=named(field), value=text))
    return date(day.year, day.month, day.day)


def _adds(known: _Known, listing: str, day: date, seen: object) -> bool:
    facts = known.setdefault(listing, [])
    at = bisect_right(facts, day, key=_day)
    if at and (facts[at - 1][0] == day or facts[at - 1][1] == seen):
        return False
    facts.insert(at, (day, seen))
    return True


def _day(fact: tuple[date, object]) -> date:
    return fact[0]


def _plain(value: object) -> object:
    return folded(value) if isinstance(value, str) else value


def _blank(value: object) -> bool:
    return (
        value is None
        or value is pd.NaT
        or value is pd.NA
        or (isinstance(value, float) and value != value)
    )
