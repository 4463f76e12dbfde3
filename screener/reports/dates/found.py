"""What is told of a date that a text names."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, time
from enum import StrEnum

from screener.reports.text.text import Place

__all__ = ["DONE", "DateKind", "FoundDate"]


class DateKind(StrEnum):
    """What a date in a report speaks of."""

    PRINTED = "printed"  # the document's own: with a label, or in its head
    STAMP = "stamp"  # of the page that carries the document, which may be older
    OWN_NOTE = "own note"  # of one of the notes that a digest names as its sources
    PAST_REPORT = "past report"  # of an earlier report
    DATA = "data"  # of the prices or figures given
    EVENT = "event"  # of something told as done
    QUOTE = "quote"  # of the prices that the page around the report keeps fresh
    MENTION = "mention"  # nothing around it tells what is done from what is to come
    PERIOD = "period"  # a span whose figures are out
    SCHEDULED = "scheduled"  # still to come when the text was written
    FORECAST = "forecast"  # expected, or after today
    LEGAL = "legal"  # of a law or a licence


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundDate:
    """A date that a text names.

    Parameters
    ----------
    start, end
        First and last day; equal for a day, further apart for a week, a month or a period.
    time
        Time of the day printed with it, with a zone only if that is printed too.
    place
        Where it stands in `Text.clean`.
    kind
        What it speaks of.
    """

    start: date
    end: date
    time: time | None
    place: Place
    kind: DateKind


DONE = (DateKind.EVENT, DateKind.DATA, DateKind.OWN_NOTE)
"""Kinds of dates that lie before the report without a doubt."""
