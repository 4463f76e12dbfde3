"""Days and times as people write them, read once, at the edge."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta, timezone

from screener.errors import DateRangeError
from screener.language import say

__all__ = ["MOST_SESSIONS", "SHANGHAI", "parse_day", "parse_moment", "parse_past"]

MOST_SESSIONS = 2_500
"""Greatest number of sessions that anything is held or waits."""

SHANGHAI = timezone(timedelta(hours=8))
"""Zone of both markets and of the vendors: one time, without summer time since 1992."""

_DAY = re.compile(
    r"(\d{4})(?:(\d\d)(\d\d)|-(\d{1,2})-(\d{1,2})|/(\d{1,2})/(\d{1,2})|\.(\d{1,2})\.(\d{1,2})"
    r"|年(\d{1,2})月(\d{1,2})日?)"
)
_TIME = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}.*")


def parse_day(value: date | str, *, parameter: str) -> date:
    """Read a day: 2026-05-27, 20260527, 2026/5/27, 2026.5.27 or 2026年5月27日.

    Raises
    ------
    DateRangeError
        If it is none; `parameter` is named.
    """
    if isinstance(value, date):
        return value.date() if isinstance(value, datetime) else value
    found = _DAY.fullmatch(value.strip())
    year, month, day = filter(None, found.groups()) if found else ("0", "0", "0")
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        raise DateRangeError(
            say("{parameter} {value} is not a date", parameter=parameter, value=repr(value)),
            fix=say("write it like 2026-05-27"),
        ) from None


def parse_past(value: date | str, *, parameter: str, now: datetime) -> date:
    """Read a day that has begun in Shanghai; see `parse_day`.

    Raises
    ------
    DateRangeError
        If it is none, or lies in the future.
    """
    day, today = parse_day(value, parameter=parameter), now.astimezone(SHANGHAI).date()
    if day > today:
        raise DateRangeError(
            say(
                "{option} {day} is in the future; today is {today}",
                option=parameter,
                day=day,
                today=today,
            )
        )
    return day


def parse_moment(value: date | str, *, parameter: str) -> date:
    """Read a day, or a time (a `datetime`), which is Asia/Shanghai without a zone.

    Raises
    ------
    DateRangeError
        If it is neither; `parameter` is named.
    """
    if isinstance(value, str) and _TIME.fullmatch(value.strip()):
        try:
            value = datetime.fromisoformat(value.strip())
        except ValueError as error:
            fix = say("write it like 2026-05-14 or 2026-05-14T19:48+08:00")
            raise DateRangeError(f"{parameter} {value!r}: {error}", fix=fix) from error
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=SHANGHAI)
    return parse_day(value, parameter=parameter)
