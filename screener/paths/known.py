"""When a report was known, and the first session in which a reader could act on it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date, datetime, time, timedelta

from screener.domain.days import SHANGHAI
from screener.domain.listing import Exchange
from screener.domain.report import Moment, Precision, Publication
from screener.errors import DateRangeError
from screener.language import say
from screener.market.calendars import Calendar
from screener.market.rules import order_cutoff

__all__ = [
    "CalendarOf",
    "EntrySessions",
    "entry_choices",
    "entry_session",
    "instant_of",
    "known_at",
]

CalendarOf = Callable[[Exchange], Calendar]
EntrySessions = tuple[tuple[Exchange, date], ...]
"""Entry session by exchange, in the exchanges' order."""


def known_at(publication: Publication) -> Moment:
    """Return the moment from which the report counts as known: published or received, the later."""
    return _later(publication.moment, publication.received_at)


def entry_session(
    moment: Moment, exchange: Exchange, calendar: Calendar, *, delay: int = 0
) -> date:
    """Return the first session whose order cut-off comes after `moment`.

    Parameters
    ----------
    moment
        When the report was known; a date counts as after that day's close.
    exchange
        Exchange on which to enter.
    calendar
        Its sessions.
    delay
        Further sessions to wait.

    Raises
    ------
    DateRangeError
        If the calendar does not record that far.
    """
    instant = instant_of(moment).astimezone(SHANGHAI)
    day = instant.date()
    open_today = (
        calendar.first <= day
        and calendar.is_session(day)
        and instant < datetime.combine(day, order_cutoff(exchange, day).time, SHANGHAI)
    )
    first = day if open_today else calendar.after(day)
    if not delay:
        return first
    later = calendar.offset(first, delay)
    if later is None:
        return calendar.after(calendar.last)  # raises: the entry is past what is recorded
    return later


def entry_choices(
    publication: Publication,
    exchanges: Iterable[Exchange],
    calendar_of: CalendarOf,
    *,
    delay: int = 0,
) -> tuple[EntrySessions, ...]:
    """List every combination of entry sessions that a publication allows, the main one first.

    A publication known to the day or better allows one. An estimated one allows every session
    from that of its range's start to that of its range's end.

    Parameters
    ----------
    publication
        When the report was published.
    exchanges
        Exchanges of the basket's names.
    calendar_of
        Gives the calendar of an exchange.
    delay
        Further sessions to wait before each entry.
    """
    ordered = sorted(set(exchanges))

    def entries(moment: Moment) -> EntrySessions:
        known = _later(moment, publication.received_at)
        return tuple(
            (item, entry_session(known, item, calendar_of(item), delay=delay)) for item in ordered
        )

    main = entries(publication.moment)
    if publication.precision is not Precision.ESTIMATED:
        return (main,)
    others = {entries(moment) for moment in _moments(publication, ordered, calendar_of)}
    return (main, *sorted(others - {main}))


def _moments(
    publication: Publication, exchanges: list[Exchange], calendar_of: CalendarOf
) -> list[Moment]:
    """List moments that stand for every distinct entry: the ends, and just before each cut-off."""
    start, end = publication.range_start, publication.range_end
    if start is None or end is None:  # Publication refuses an estimate without its range
        raise DateRangeError(say("an estimated publication has no range"))
    found: list[Moment] = [start, end]
    for exchange in exchanges:
        days = calendar_of(exchange).between(_local_day(start), _local_day(end))
        for label in days:
            day: date = label.item()
            cutoff = datetime.combine(day, order_cutoff(exchange, day).time, SHANGHAI)
            moment = cutoff - timedelta(microseconds=1)
            if instant_of(start) <= moment <= instant_of(end):
                found.append(moment)
    return found


def _local_day(moment: Moment) -> date:
    return instant_of(moment).astimezone(SHANGHAI).date()


def _later(moment: Moment, received: datetime | None) -> Moment:
    return moment if received is None else max(moment, received, key=instant_of)


def instant_of(moment: Moment) -> datetime:
    """Return the instant of `moment`; a bare date stands for the last microsecond of its day."""
    if isinstance(moment, datetime):
        return moment
    return datetime.combine(moment, time.max, SHANGHAI)
