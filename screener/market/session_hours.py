"""When a session is over: the last one whose closing price an instant can know."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache
from importlib import resources

import numpy as np

from screener.domain.days import SHANGHAI
from screener.domain.listing import Exchange
from screener.errors import DateRangeError
from screener.language import say
from screener.market.calendars import Calendar

__all__ = ["SessionEnd", "session_end", "settled_session"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionEnd:
    """Time of day after which a session's closing price is final."""

    exchanges: frozenset[Exchange]
    start: date
    time: time
    source: str
    verified: bool


def session_end(exchange: Exchange, day: date) -> SessionEnd:
    """Return the rule in force on `exchange` on `day`.

    Raises
    ------
    DateRangeError
        If the table starts after `day`.
    """
    fitting = [rule for rule in _rules() if exchange in rule.exchanges and rule.start <= day]
    if not fitting:
        raise DateRangeError(
            say("no end of session of {exchange} is recorded for {day}", exchange=exchange, day=day)
        )
    return max(fitting, key=lambda rule: rule.start)


def settled_session(
    exchange: Exchange, now: datetime, calendar: Calendar, *, margin: timedelta = timedelta(0)
) -> date:
    """Return the last session of an exchange that is over at an instant.

    Parameters
    ----------
    exchange
        Whose sessions.
    now
        Aware instant.
    calendar
        Sessions of `exchange`.
    margin
        How long after the end a session still counts as running: vendors are late.

    Raises
    ------
    DateRangeError
        If the calendar does not record that far, or starts later.
    """
    local = (now - margin).astimezone(SHANGHAI)
    day = local.date()
    if local.time() < session_end(exchange, day).time:
        day -= timedelta(days=1)
    if day > calendar.last:
        raise DateRangeError(
            say(
                "{day} is past {last}, the last session that calendar {calendar} records",
                day=day,
                last=calendar.last,
                calendar=calendar.name,
            ),
            fix=say("upgrade the package exchange_calendars: `pip install -U exchange-calendars`"),
        )
    at = int(np.searchsorted(calendar.sessions, np.datetime64(day, "D"), side="right"))
    if not at:
        raise DateRangeError(
            say(
                "{day} is before the first session that {calendar} records",
                day=day,
                calendar=calendar.name,
            )
        )
    found: date = calendar.sessions[at - 1].item()
    return found


@cache
def _rules() -> tuple[SessionEnd, ...]:
    text = resources.files("screener.market.tables").joinpath("session_ends.toml")
    rows = tomllib.loads(text.read_text(encoding="utf-8"))["rows"]
    return tuple(
        SessionEnd(
            exchanges=frozenset(Exchange(item) for item in row["exchanges"]),
            start=row["from"],
            time=row["time"],
            source=row["source"],
            verified=row["verified"],
        )
        for row in rows
    )
