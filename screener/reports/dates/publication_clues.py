"""What a text tells about the day on which it came out: events, weeks, months, calendars, tables.

A report is never older than the newest thing it cites, nor younger than the first release that it
still expects.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from itertools import pairwise

from screener.reports.dates.found import DONE, DateKind, FoundDate
from screener.reports.dates.index_levels import Closes, Level, index_levels, market_session
from screener.reports.text.text import Text
from screener.reports.text.vocabulary import alternatives, read_table

__all__ = ["Clues", "clues_of"]

_ONE = timedelta(days=1)
_NEAR, _CHAIN, _WEEKEND = timedelta(days=45), timedelta(days=7), timedelta(days=3)
_RELEASE_GAP = 80
_FRIDAY = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Clues:
    """What a text tells about its day.

    Parameters
    ----------
    day, day_kind
        Newest day cited, and what it is of; `None` if no day is cited.
    span
        Newest month or part of a month that begins after that day.
    week
        Newest reviewed week.
    weekly
        Whether the text reviews a week, dated or not.
    period
        Last day of the newest period whose figures are out.
    before
        The report came out on this day or earlier.
    session, level
        The one session whose closes its market table shows, and one of them.
    """

    day: date | None
    day_kind: DateKind | None
    span: FoundDate | None
    week: FoundDate | None
    weekly: bool
    period: date | None
    before: date | None
    session: date | None
    level: Level | None


def clues_of(
    text: Text,
    found: Sequence[FoundDate],
    today: date,
    closes: Closes,
    named_week: FoundDate | None,
) -> Clues:
    """Collect what a text tells about its day.

    Parameters
    ----------
    text, found
        The text and the dates found in it.
    today
        The latest day possible.
    closes
        Index closes, which date a market table.
    named_week
        Week that the file's name says is reviewed, if it does.
    """
    past = [one for one in found if one.start <= today]
    week = _reviewed_week(text.clean, past, today) or named_week
    titled = week is not None or _is_weekly(text.clean)
    this_week = _patterns().weekly_inside.search(text.clean) is not None
    day, kind = _newest_day(past, week, weekly=titled or this_week)
    levels = index_levels(text)
    session = market_session(levels, closes, day, today)
    periods = [one.end for one in past if one.kind is DateKind.PERIOD]
    periods += _disclosed(text.clean, [one.end for one in past if one.kind in DONE], periods)
    return Clues(
        day=day,
        day_kind=kind,
        span=_newest_span(past, day, kind),
        week=week,
        # Told on a Friday or later, 本周 is a week gone by; before, it is the week under way.
        weekly=titled or (this_week and day is not None and day.weekday() >= _FRIDAY),
        period=max((end for end in periods if end < today), default=None),
        before=_expected(text.clean, found, day),
        session=session,
        level=next((one for one in levels if session in closes.get(one.listing, {})), None),
    )


def _newest_day(
    found: Sequence[FoundDate], week: FoundDate | None, *, weekly: bool
) -> tuple[date | None, DateKind | None]:
    """Return the newest day cited, days that nothing shows to be past only if they are near."""
    sure = (*DONE, DateKind.PAST_REPORT)
    days = sorted((one.start, one.kind) for one in found if one.start == one.end)
    newest: date | None = None
    kind: DateKind | None = None
    for day, of in days:
        if of in sure:
            newest, kind = day, of
    limit = (newest or week.end) if week else newest
    reach = _WEEKEND if weekly else _CHAIN
    for day, of in days:
        if of is DateKind.MENTION and (limit is None or limit < day <= limit + reach):
            newest = limit = day
            kind = of
    return newest, kind


def _newest_span(
    found: Sequence[FoundDate], day: date | None, kind: DateKind | None
) -> FoundDate | None:
    spans = [one for one in found if _ONE <= one.end - one.start <= timedelta(days=31)]
    sure = [one for one in spans if one.kind in DONE]
    loose = [one for one in spans if one.kind is DateKind.MENTION and not _ahead(one, day, kind)]
    newest = max([*sure, *loose], key=lambda one: (one.start, one.end), default=None)
    return newest if newest and (day is None or newest.start > day) else None


def _ahead(one: FoundDate, day: date | None, kind: DateKind | None) -> bool:
    # Where the text tells what happened lately, a later month without a word is one to come.
    return day is not None and kind in DONE and day < one.start <= day + _NEAR


def _disclosed(clean: str, days: Sequence[date], periods: Sequence[date]) -> Iterator[date]:
    """Yield the last days of the seasons of company reports that the text calls over."""
    newest = max([*days, *periods], default=None)
    if newest is None:
        return
    for match in _patterns().disclosed.finditer(clean):
        month, day = _patterns().disclosed_by[match[1]]
        years = (newest.year - 1, newest.year, newest.year + 1)
        ends = [date(year, month, day) for year in years]
        yield min(ends, key=lambda end: abs(end - newest))


def _is_weekly(clean: str) -> bool:
    words = _patterns()
    head = re.sub(r"《[^《》]{0,80}》", "", clean[:400])
    return bool(words.weekly_title.search(head))


def _reviewed_week(clean: str, found: Sequence[FoundDate], today: date) -> FoundDate | None:
    weeks = [
        one
        for one in found
        if timedelta(days=3) <= one.end - one.start <= timedelta(days=6)
        and one.kind in (*DONE, DateKind.MENTION)
        and one.end <= today
        and one.end.weekday() >= 3
        and _patterns().week.search(clean[max(0, one.place.start - 12) : one.place.end + 6])
    ]
    return max(weeks, key=lambda one: one.end, default=None)


def _expected(clean: str, found: Sequence[FoundDate], day: date | None) -> date | None:
    """Return the first day on which a release is still expected: the report is no younger."""
    bounds = list(_release_bounds(clean, found))
    for one in found:
        before = clean[max(0, one.place.start - 12) : one.place.start]
        if one.kind is DateKind.SCHEDULED and one.start < one.end:
            bounds += [one.start] if _patterns().next_week.search(before) else []
    bound = min(bounds, default=None)
    return bound if bound and (day is None or bound >= day) else None


def _release_bounds(clean: str, found: Sequence[FoundDate]) -> Iterator[date]:
    words = _patterns()
    heads = list(words.releases.finditer(clean))
    starts = [one.place.start for one in found]
    for i, head in enumerate(heads):
        until = heads[i + 1].start() if i + 1 < len(heads) else len(clean)
        rows = found[bisect_left(starts, head.end()) : bisect_left(starts, until)]
        days = _rows_after(clean, rows, head.end())
        if len(days) > 1 and _in_order(days):
            late = words.late_zones.search(clean[max(0, head.start() - 40) : head.start()])
            yield min(days) + (_ONE if late else timedelta(0))


def _rows_after(clean: str, found: Sequence[FoundDate], start: int) -> list[date]:
    days = []
    for one in found:
        if one.place.start - start > _RELEASE_GAP or "。" in clean[start : one.place.start]:
            break  # the table has ended
        days.append(one.start)
        start = one.place.end
    return days


def _in_order(days: Sequence[date]) -> bool:
    return all(first <= second for first, second in pairwise(days))


@dataclass(frozen=True, slots=True)
class _Patterns:
    """Regular expressions over the words of `tables/dates.toml`."""

    releases: re.Pattern[str]
    late_zones: re.Pattern[str]
    next_week: re.Pattern[str]
    disclosed: re.Pattern[str]
    disclosed_by: Mapping[str, tuple[int, int]]
    weekly_title: re.Pattern[str]
    weekly_inside: re.Pattern[str]
    week: re.Pattern[str]


@cache
def _patterns() -> _Patterns:
    table = read_table("dates")
    tables, weekly, season = table["tables"], table["weekly"], table["disclosed"]
    seasons = {name: (int(day[0]), int(day[1])) for name, day in season["by_month"].items()}
    return _Patterns(
        releases=re.compile(alternatives(tables["releases"])),
        late_zones=re.compile(alternatives(tables["late_zones"])),
        next_week=re.compile(alternatives(tables["next_week"])),
        disclosed=re.compile(
            rf"({alternatives(list(seasons))})[^。;]{{0,8}}(?:{alternatives(season['words'])})"
        ),
        disclosed_by=seasons,
        weekly_title=re.compile(alternatives(weekly["titles"]), re.IGNORECASE),
        weekly_inside=re.compile(alternatives(weekly["inside"])),
        week=re.compile(alternatives(weekly["around_a_span"]), re.IGNORECASE),
    )
