"""What an update has to ask: the difference between what is wanted and what was answered."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

import pyarrow as pa

from screener.data.sources.online.transport.protocol import Need
from screener.domain.listing import Board, Exchange, Listing
from screener.market.calendars import Calendar

__all__ = [
    "FRESH",
    "LIST_MARK",
    "ON_REQUEST",
    "OVERLAP",
    "REFRESH",
    "RENEWED",
    "SETTLED_BY_LISTS",
    "Fetched",
    "Span",
    "fetched_spans",
    "listing_needs",
    "open_span",
    "widened",
]

OVERLAP = 5
"""Sessions that are asked again, since vendors are late and correct themselves."""

FRESH = timedelta(hours=6)
"""How long an answer that does not reach the asked end is not asked for again."""

ON_REQUEST = frozenset({Need.RATINGS, Need.MARKET_RATINGS})
"""Needs that are asked only where they are named: no price depends on them, and they take long."""

LIST_MARK = " list"
"""Ends the source of an answer about bars that a market's list gave."""

RENEWED = timedelta(days=7)
"""How old the other answers about a listing may grow while a market's list gives its bars."""

SETTLED_BY_LISTS = {
    False: frozenset({Need.VALUATION, Need.FUNDAMENTALS, Need.PROFILE}),
    True: frozenset({Need.ACTIONS, Need.RIGHTS, Need.VALUATION, Need.FUNDAMENTALS, Need.RENAMES}),
}
"""What waits then, by whether the listing is on the mainland, where the previous closes in a list
tell that no name of it has an ex-date."""

REFRESH = {
    Need.PROFILE: timedelta(days=30),
    Need.DELISTED: timedelta(days=7),
    Need.INDUSTRIES: timedelta(days=7),
    Need.ELIGIBILITY: timedelta(days=7),
    Need.RENAMES: timedelta(days=30),
}
"""How long answers that seldom change are not asked for again; a session otherwise."""

_MAINLAND = (
    Need.ACTIONS,
    Need.RIGHTS,
    Need.BARS,
    Need.VALUATION,
    Need.FUNDAMENTALS,
    Need.RATINGS,
)
_HONG_KONG = (Need.ACTIONS, Need.BARS, Need.VALUATION, Need.FUNDAMENTALS, Need.PROFILE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """First and last day to ask for, both included."""

    start: date
    end: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """What was answered so far about one need of one subject (a row of table `fetches`)."""

    asked_from: date
    asked_to: date
    last: date | None
    fetched_at: datetime
    source: str = ""


def fetched_spans(fetches: pa.Table) -> dict[tuple[Need, str], Fetched]:
    """Return what table `fetches` tells, by need and subject."""
    return {
        (Need(row["need"]), row["subject"]): Fetched(
            asked_from=row["asked_from"],
            asked_to=row["asked_to"],
            last=row["last"],
            fetched_at=row["fetched_at"],
            source=row["source"],
        )
        for row in fetches.to_pylist()
    }


def listing_needs(listing: Listing) -> tuple[Need, ...]:
    """Return what is asked about a listing, in the order in which it is asked."""
    if listing.board is Board.INDEX:
        return (Need.INDEX_BARS,)
    if not listing.exchange.mainland:
        return _HONG_KONG
    # Shenzhen tells its renames with their dates, of the whole market at once.
    return _MAINLAND if listing.exchange is Exchange.SZ else (*_MAINLAND, Need.RENAMES)


def open_span(
    wanted: Span,
    known: Fetched | None,
    calendar: Calendar,
    now: datetime,
    *,
    daily: bool,
    refresh: timedelta = timedelta(0),
) -> Span | None:
    """Return the days still to ask for, or `None` when there is nothing to ask.

    Parameters
    ----------
    wanted
        Days that are wanted; the end is a session that is over.
    known
        What was answered so far.
    calendar
        Sessions, to count the overlap.
    now
        Instant of the update.
    daily
        Whether the answer has a row a day, so that one that stops early may be late.
    refresh
        How old an answer that is not daily must be before it is asked for again.

    Returns
    -------
    Span or None
        All that is wanted when it reaches further back than what was answered, and of needs that
        are no daily rows; otherwise from `OVERLAP` sessions before the end of what was answered.
        It always touches what was answered, so that no hole is left between.
    """
    if known is None:
        return wanted
    if wanted.start < known.asked_from:
        return Span(start=wanted.start, end=max(wanted.end, known.asked_from))
    age = now - known.fetched_at
    went_back = age < timedelta(0)  # the clock: what was asked then may not have been there yet
    if wanted.end <= known.asked_to:
        reached = not daily or (known.last is not None and known.last >= wanted.end)
        if (reached and not (went_back and not daily)) or timedelta(0) <= age < FRESH:
            return None
    if not daily:
        early = timedelta(0) <= age < refresh
        return None if early else Span(start=known.asked_from, end=wanted.end)
    return Span(start=_overlap(known, calendar), end=wanted.end)


def widened(known: Fetched | None, span: Span) -> Span:
    """Return the days answered once `span` has been answered too."""
    day = timedelta(days=1)
    apart = known is None or span.start > known.asked_to + day or span.end + day < known.asked_from
    if known is None or apart:
        return span
    return Span(start=min(known.asked_from, span.start), end=max(known.asked_to, span.end))


def _overlap(known: Fetched, calendar: Calendar) -> date:
    reached = known.asked_to if known.last is None else min(known.asked_to, known.last)
    before = calendar.between(known.asked_from, reached)[-OVERLAP:]
    first: date = before[0].item() if len(before) else known.asked_from
    return first
