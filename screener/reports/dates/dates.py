"""Dates in a report's text, and what each of them means.

The day on which a report came out is one date among many: reports listed beside it, notes under a
digest, prices of a day, news, laws, calendars of what is still to come. Which is which is told by
the words around a date (`tables/dates.toml`), by a line that a date has for itself, and by who
signs beside it.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

from screener.reports.dates.forms import Form, Written, forms_in
from screener.reports.dates.found import DateKind, FoundDate
from screener.reports.dates.kinds import kinds_of
from screener.reports.dates.own_date import elect, own_rank
from screener.reports.dates.scenes import scenes_of
from screener.reports.text.text import Place, Text

__all__ = ["DateKind", "FoundDate", "dates_in", "resolve"]

_EARLIEST = 1990
_BACK, _AHEAD = timedelta(days=215), timedelta(days=150)
"""How far before and after the newest dated fact a day without a year may lie."""


def dates_in(text: Text, *, today: date, year_of: date | None = None) -> tuple[FoundDate, ...]:
    """Find the dates that a text names, in order of appearance.

    Parameters
    ----------
    text
        The text.
    today
        Nothing after it can have happened: later dates are forecasts.
    year_of
        Day near which a date without a year lies, where nothing of the text tells.

    Returns
    -------
    tuple of FoundDate
        Dates whose year can be told; a year that is not printed is the one nearest to the newest
        dated fact. In a text that prints no year at all it is not guessed.
    """
    forms = [_unglued(text, form) for form in forms_in(text.clean)]
    scenes = scenes_of(text, forms)
    kinds = kinds_of(text.clean, scenes)
    anchor = _anchor(text.clean, forms, kinds, today) or year_of
    found: list[FoundDate] = []
    ranks: list[int] = []
    for scene, kind in zip(scenes, kinds, strict=True):
        if anchor is None and scene.form.first.year is None:
            continue
        span = resolve(scene.form, anchor=anchor or today, today=today)
        if span is not None:
            ranks.append(own_rank(scene, kind) if span[0] <= today else 0)
            found.append(_found(scene.form, span, kind, today))
    return tuple(elect(found, ranks))


def resolve(form: Form, *, anchor: date, today: date) -> tuple[date, date] | None:
    """Return a written date's first and last day.

    Parameters
    ----------
    form
        The date as written.
    anchor
        Newest day known of the text, which tells a missing year.
    today
        A day without a year never lies after it.

    Returns
    -------
    tuple of date, date, or None
        `None` if there is no such day, or a span of numbers is no working week.
    """
    years = _years(form, anchor)
    spans = [span for year in years if (span := _span(form, year)) and _fits_week(form, span)]
    if form.first.year is not None or form.first.shift is not None:
        return spans[0] if spans else None
    past = [span for span in spans if span[0] <= today]
    near = [span for span in past if anchor - _BACK <= span[0] <= anchor + _AHEAD]
    return min(near or past, key=lambda span: abs(span[0] - anchor), default=None)


def _unglued(text: Text, form: Form) -> Form:
    """Take a figure that stands apart from a day away from it: page 1, 1 Feb 2021."""
    start, end = form.place
    day, digits = form.first.day, text.clean[start : start + 2]
    english = end - start > 2 and text.clean[start + 2 : start + 3].isascii()
    if not (day and day > 9 and english and digits == str(day) and text.blank_before(start + 1)):
        return form
    first = replace(form.first, day=int(digits[1])) if digits[1] != "0" else form.first
    return replace(form, first=first, place=Place(start + 1, end))


def _years(form: Form, anchor: date) -> Sequence[int]:
    if form.first.year is not None:
        return (form.first.year,)
    if form.first.shift is not None:
        return (anchor.year + form.first.shift,)
    return range(anchor.year - 1, anchor.year + 2)


def _span(form: Form, year: int) -> tuple[date, date] | None:
    first = _days(form.first, year)
    last = _days(form.last, form.last.year or year) if form.last else first
    if first is None or last is None:
        return None
    if last[1] < first[0] and form.last and form.last.year is None and not form.period:
        last = _days(form.last, year + 1)  # 12月29日-1月2日
    if last is None or not timedelta(0) <= last[1] - first[0] <= timedelta(days=370):
        return None
    return first[0], last[1]


def _days(written: Written, year: int) -> tuple[date, date] | None:
    if not _EARLIEST <= year <= 2099:
        return None
    length = monthrange(year, written.month)[1]
    if written.day is not None:
        if not 1 <= written.day <= length:
            return None
        return (day := date(year, written.month, written.day)), day
    low, high = _PARTS.get(written.part, (1, 31))
    return date(year, written.month, low), date(year, written.month, min(high, length))


_PARTS = {"初": (1, 7), "上旬": (1, 10), "中旬": (11, 20), "下旬": (21, 31), "末": (24, 31)}
_PARTS["底"] = _PARTS["末"]


def _fits_week(form: Form, span: tuple[date, date]) -> bool:
    if form.weekday is not None and form.first.year is None:
        return span[0].weekday() == form.weekday
    if not form.week:
        return True
    days = (span[1] - span[0]).days
    return span[0].weekday() == 0 and 3 <= days <= 6


def _anchor(
    clean: str, forms: Sequence[Form], kinds: Sequence[DateKind], today: date
) -> date | None:
    """Return the newest day that a dated fact of the text proves; `None` if there is none."""
    best: dict[int, date] = {}
    for form, kind in zip(forms, kinds, strict=True):
        trust = _TRUST.get(kind)
        span = _span(form, form.first.year) if trust and form.first.year else None
        if trust and span and span[0] <= today:
            day = min(span[1], today)
            best[trust] = max(best.get(trust, day), day)
    if best:
        return best[min(best)]
    years = [int(match[1]) for match in _ESTIMATE_YEAR.finditer(clean)]
    if not years:  # one year alone is the text's own; of several nobody can tell
        spoken = {int(match[1]) for match in _SPOKEN_YEAR.finditer(clean)}
        years = list(spoken) if len(spoken) == 1 else []
    return min(date(min(years), 6, 30), today) if years else None


_SPOKEN_YEAR = re.compile(r"(?<!\d)(20\d\d)年(?!\d)")
_TRUST = {
    DateKind.PRINTED: 1,
    DateKind.EVENT: 1,
    DateKind.DATA: 1,
    DateKind.OWN_NOTE: 1,
    DateKind.PAST_REPORT: 1,
    DateKind.MENTION: 2,
    DateKind.PERIOD: 3,
}
_ESTIMATE_YEAR = re.compile(r"(20\d\d)[Ee](?![A-Za-z])")


def _found(form: Form, span: tuple[date, date], kind: DateKind, today: date) -> FoundDate:
    settled = kind in (DateKind.SCHEDULED, DateKind.LEGAL)
    later = DateKind.FORECAST if span[0] > today and not settled else kind
    return FoundDate(start=span[0], end=span[1], time=form.time, place=form.place, kind=later)
