"""Estimates of a publication's day: one rule for each kind of evidence, the strongest first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from screener.domain.days import SHANGHAI
from screener.domain.report import Moment
from screener.reports.dates.found import DONE, DateKind
from screener.reports.dates.publication_clues import Clues

__all__ = ["Estimate", "estimate_of"]

_ONE = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A likely day with the first and the last possible moment, and what they rest on."""

    low: Moment
    best: date
    high: date
    evidence: str


def estimate_of(clues: Clues, today: date) -> Estimate | None:
    """Return the estimate by the strongest evidence, `None` if the clues tell nothing.

    Parameters
    ----------
    clues
        What the text tells.
    today
        The latest day possible.
    """
    return (
        _by_week(clues)
        or _by_table(clues, today)
        or _by_calendar(clues)
        or _by_span(clues)
        or _by_period(clues)
        or _by_day(clues)
    )


def _by_week(clues: Clues) -> Estimate | None:
    """Place a weekly review on the weekend after its week."""
    if not clues.weekly or (clues.day_kind is DateKind.PAST_REPORT and clues.week is None):
        return None
    days = [day for day in (clues.week and clues.week.end, clues.day, clues.session) if day]
    newest = max(days, default=None)
    if newest is None or (clues.span and clues.week is None):
        return None
    base = clues.week.end if clues.week else newest
    saturday = base + timedelta(days=5 - base.weekday()) if base.weekday() < 5 else base
    saturday -= timedelta(days=max(0, saturday.weekday() - 5))
    monday = saturday + timedelta(days=2)
    if newest > monday:
        return None
    low = max(newest, saturday)
    said = f"reviews the week to {clues.week.end}" if clues.week else "reviews a week"
    return Estimate(
        low=low,
        best=max(low, saturday + _ONE),
        high=monday,
        evidence=f"no date printed; it {said} and {_cited(newest)}",
    )


def _by_table(clues: Clues, today: date) -> Estimate | None:
    """Place a note on the weekday after the session that its market table shows."""
    if clues.session is None or clues.level is None:
        return None
    day = _weekday_after(clues.session)
    if clues.day and clues.day > day:
        return None
    level = f"{clues.level.listing} at {clues.level.value:,.{clues.level.decimals}f}"
    evidence = f"no date printed; its market table is the close of {clues.session} ({level})"
    if day - clues.session > _ONE:
        evidence += "; the next weekday is taken, holidays are not looked up"
    day = min(day, today)
    return Estimate(
        low=datetime.combine(day, time(0), tzinfo=SHANGHAI), best=day, high=day, evidence=evidence
    )


def _weekday_after(day: date) -> date:
    later = day + _ONE
    while later.weekday() > 4:
        later += _ONE
    return later


def _by_calendar(clues: Clues) -> Estimate | None:
    """Place a report on the last weekday on which all its expected releases are still to come."""
    bound = clues.before
    if bound is None:
        return None
    best = bound - timedelta(days=max(0, bound.weekday() - 4))
    low = bound - timedelta(days=3)
    if clues.day and clues.day > low:
        low = clues.day
    return Estimate(
        low=low,
        best=max(best, low),
        high=bound,
        evidence=f"no date printed; the first release that it still expects bounds it by {bound}",
    )


def _by_span(clues: Clues) -> Estimate | None:
    """Place a report two thirds into the month in which its newest event fell."""
    span = clues.span
    if span is None or (clues.period and clues.period >= span.end):
        return None
    low = max(span.start, clues.period + _ONE if clues.period else span.start)
    high = _month_end(span.start)
    whole = low.day == 1
    best = low.replace(day=20) if whole else low + (high - low) * 2 // 3
    said = f"{span.start:%Y-%m}" if whole else f"{span.start} to {span.end}"
    return Estimate(
        low=low,
        best=best,
        high=high,
        evidence=f"no date printed; the newest event it cites is of {said}, the day is not told",
    )


def _month_end(day: date) -> date:
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1) - _ONE


def _by_period(clues: Clues) -> Estimate | None:
    """Place a report in the season in which figures of its newest period come out."""
    end = clues.period
    if end is None or (clues.day and clues.day > end):
        return None
    if clues.day_kind in DONE and clues.day and end - clues.day < timedelta(days=92):
        return None  # it tells of days before the period's end: the period is one expected
    season = timedelta(days=30)
    return Estimate(
        low=end + _ONE,
        best=end + season,
        high=end + 2 * season,
        evidence=f"no date printed; the newest figures it cites are of the period to {end}",
    )


def _by_day(clues: Clues) -> Estimate | None:
    """Place a report on the day after the newest that it cites."""
    day = clues.day
    if day is None:
        return None
    if clues.day_kind is DateKind.PAST_REPORT:
        return Estimate(
            low=day + _ONE,
            best=day + timedelta(days=7),
            high=day + timedelta(days=31),
            evidence=f"no date printed; the newest date in it is of an earlier report, {day}",
        )
    return Estimate(
        low=day,
        best=day + _ONE,
        high=day + timedelta(days=3),
        evidence=f"no date printed; {_what(clues.day_kind, day)}",
    )


def _what(kind: DateKind | None, day: date) -> str:
    if kind is DateKind.DATA:
        return f"its newest figures are as of {day}"
    if kind is DateKind.OWN_NOTE:
        return f"the newest of its notes is of {day}"
    return f"the newest event it cites is of {day}"


def _cited(day: date) -> str:
    return f"cites nothing after {day}"
