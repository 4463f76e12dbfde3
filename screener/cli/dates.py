"""Moments as the user writes them on the command line."""

from __future__ import annotations

import re
from datetime import date, datetime
from zoneinfo import ZoneInfo

from screener.domain.report import Moment
from screener.errors import DateRangeError

__all__ = ["parse_moment"]

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_TIME = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}.*")
_FIX = "write it like 2026-05-14 or 2026-05-14T19:48+08:00"


def parse_moment(text: str, *, parameter: str) -> Moment:
    """Parse a day, or a time, which is Asia/Shanghai without a zone.

    Raises
    ------
    DateRangeError
        If it is neither; `parameter` is named.
    """
    given = text.strip()
    try:
        if _DAY.fullmatch(given):
            return date.fromisoformat(given)
        if _TIME.fullmatch(given):
            moment = datetime.fromisoformat(given)
            return moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo("Asia/Shanghai"))
    except ValueError as error:
        raise DateRangeError(f"{parameter} {text!r}: {error}", fix=_FIX) from error
    raise DateRangeError(f"{parameter} {text!r} is no date", fix=_FIX)
