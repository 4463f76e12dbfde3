"""When reported figures could be known, and what a later fetch adds to what is stored.

The rule behind all of it: a date that is too late costs a little information, a date that is too
early is look-ahead.
"""

from __future__ import annotations

import calendar
import math
from collections.abc import Mapping
from datetime import date, timedelta
from enum import StrEnum

import pyarrow as pa

from screener.data.lake.schema import TABLES, TableName

__all__ = ["KnownBy", "hong_kong_deadline", "known_on", "mainland_deadline", "new_vintages"]


class KnownBy(StrEnum):
    """What `known_at` of a row of `fundamentals` rests on."""

    NOTICE = "notice"
    """The day on which the report was announced."""
    UPDATE = "update"
    """The day on which the vendor last changed the figures, later than the announcement."""
    DEADLINE = "deadline"
    """The last day on which the report was due by law or by the exchange's rules."""
    FETCHED = "fetched"
    """The day on which figures were seen that differ from those stored for the period."""


_MAINLAND_MONTHS = {(3, 31): 1, (6, 30): 2, (9, 30): 1, (12, 31): 4}
_LONGEST_MAINLAND = 4
_ANNUAL_MONTHS, _INTERIM_MONTHS = 3, 2
_HALF_YEAR = 6


def mainland_deadline(period_end: date) -> date:
    """Return the day by which a report of a mainland listing is due.

    The annual report within four months of the year's end, the half-year's within two, the
    quarterly ones within one month of the third and the ninth (CSRC, Measures for Disclosure of
    Information by Listed Companies, and the exchanges' listing rules): 30 April for the annual and
    the first quarter's, 31 August, 31 October. A period with another end gets four months.
    """
    months = _MAINLAND_MONTHS.get((period_end.month, period_end.day), _LONGEST_MAINLAND)
    return _months_after(period_end, months)


def hong_kong_deadline(period_end: date, *, annual: bool, period_start: date | None = None) -> date:
    """Return the day by which results of a Hong Kong listing are due.

    Annual results within three months of the year's end, those of the first six months within two
    (HKEX Main Board Rules 13.49(1) and 13.49(6)). Nobody is bound to publish quarters there: what
    is not known to be six months gets three.

    Parameters
    ----------
    period_end
        Last day of the period.
    annual
        Whether it is a fiscal year.
    period_start
        First day of the period, if it is told.
    """
    half = period_start is not None and _months_after(
        period_start - timedelta(days=1), _HALF_YEAR
    ) == _months_after(period_end, 0)
    return _months_after(period_end, _INTERIM_MONTHS if half and not annual else _ANNUAL_MONTHS)


def known_on(
    period_end: date, *, notice: date | None, update: date | None, deadline: date, today: date
) -> tuple[date, KnownBy]:
    """Return the day on which figures were known, and what tells it.

    Parameters
    ----------
    period_end
        Last day of the period; dates before it are taken as missing.
    notice, update
        Days of the announcement and of the vendor's last change. Figures that were changed later
        than announced may be restated ones, which nobody knew on the day of the announcement.
    deadline
        When the report was due: stands in for a missing announcement.
    today
        The day of the ask, on which the figures were seen: nothing is known later than that.
    """
    changed = update if update is not None and update >= period_end else None
    if notice is not None and notice >= period_end:
        day, by = notice, KnownBy.NOTICE
    else:
        day, by = deadline, KnownBy.DEADLINE
    if changed is not None and changed > day:
        day, by = changed, KnownBy.UPDATE
    return min(day, today), by


def new_vintages(stored: pa.Table, fetched: pa.Table, *, today: date) -> pa.Table:
    """Keep the fetched rows that say something new, dated so that nothing older changes.

    A period of which nothing is stored comes in as it is. Figures equal to the latest stored
    vintage of their period add nothing, nor do those of another source that differ by no more than
    its ratios are rounded. Figures that differ become a further vintage, known from
    the latest of their own date, today, and the day after the latest stored vintage: until today
    nobody could see them here, so whatever was answered as of an earlier day stays as it was. A
    figure that the source does not tell stays as it is stored.

    Parameters
    ----------
    stored
        Rows of `fundamentals` in the lake, any order.
    fetched
        Rows of the same table, just fetched.
    today
        Day of the fetch.

    Returns
    -------
    pyarrow.Table
        Rows of `fetched` to be added, sorted by listing, period and `known_at`; no key of them is
        stored already.
    """
    latest: dict[tuple[str, date], Mapping[str, object]] = {}
    for row in sorted(stored.to_pylist(), key=lambda item: item["known_at"]):
        latest[row["listing"], row["period_end"]] = row
    before = frozenset(latest)
    added = []
    for row in sorted(fetched.to_pylist(), key=lambda item: tuple(item[name] for name in _KEY)):
        period = row["listing"], row["period_end"]
        known = latest.get(period)
        if known is not None:
            row = {name: known[name] if row[name] is None else row[name] for name in row}
            if _same(known, row):
                continue
            row = _dated(row, known, today if period in before else None)
        latest[period] = row
        added.append(row)
    return pa.Table.from_pylist(added, schema=fetched.schema)


_DIGITS, _RATIOS = 1e-9, 1e-4
_SPEC = TABLES[TableName.FUNDAMENTALS]
_KEY = _SPEC.key
_FIGURES = tuple(
    name for name in _SPEC.column_names if name not in {*_KEY, "known_by", "source", "fetched_at"}
)


def _dated(
    row: Mapping[str, object], known: Mapping[str, object], today: date | None
) -> dict[str, object]:
    own, after = _day(row), _day(known) + timedelta(days=1)
    day = max(own, after, today or own)
    return {**row, "known_at": day} | ({} if day == own else {"known_by": str(KnownBy.FETCHED)})


def _day(row: Mapping[str, object]) -> date:
    day = row["known_at"]
    if not isinstance(day, date):
        raise TypeError(f"known_at {day!r} is no date")
    return day


def _same(first: Mapping[str, object], second: Mapping[str, object]) -> bool:
    # One source prints a figure with more or fewer digits, another has it from rounded ratios.
    near = _DIGITS if first["source"] == second["source"] else _RATIOS
    return all(_equal(first[name], second[name], near) for name in _FIGURES)


def _equal(first: object, second: object, near: float) -> bool:
    if isinstance(first, float) and isinstance(second, float):
        return math.isclose(first, second, rel_tol=near) or (first != first and second != second)
    return first == second


def _months_after(day: date, months: int) -> date:
    """Return the last day of the month that is so many months later."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, calendar.monthrange(year, month + 1)[1])
