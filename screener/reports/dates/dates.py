"""Dates in a report's text, and what each of them means.

The day on which a report came out is one date among many: reports listed beside it, notes under a
digest, prices of a day, news, laws, calendars of what is still to come. Which is which is told by
the words around a date (`tables/dates.toml`), never by lines or pages.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, time, timedelta
from enum import StrEnum

from screener.reports.dates.forms import Form, Written, forms_in
from screener.reports.dates.words import date_words, small
from screener.reports.text.text import Place, Text

__all__ = ["DateKind", "FoundDate", "dates_in", "resolve"]

_EARLIEST = 1990
_BACK, _AHEAD = timedelta(days=215), timedelta(days=150)
"""How far before and after the newest dated fact a day without a year may lie."""
_HEAD, _FIRST_PAGES, _TITLE = 300, 1500, 200
_HEADING = 6


class DateKind(StrEnum):
    """What a date in a report speaks of."""

    PRINTED = "printed"  # the document's own: with a label, or in its head
    OWN_NOTE = "own note"  # of one of the notes that a digest names as its sources
    PAST_REPORT = "past report"  # of an earlier report
    DATA = "data"  # of the prices or figures given
    EVENT = "event"  # of something told as done
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


@dataclass(frozen=True, slots=True)
class _Scene:
    """One date with the words around it, in small letters: up to its neighbours' dates."""

    clean: str
    form: Form
    before: str
    after: str
    row: bool  # whether another full date stands right beside it


def dates_in(text: Text, *, today: date) -> tuple[FoundDate, ...]:
    """Find the dates that a text names, in order of appearance.

    Parameters
    ----------
    text
        The text.
    today
        Nothing after it can have happened: later dates are forecasts.

    Returns
    -------
    tuple of FoundDate
        Dates whose year can be told; a year that is not printed is the one nearest to the newest
        dated fact.
    """
    forms = forms_in(text.clean)
    scenes = _scenes(text.clean, forms)
    kinds = _kinds(small(text.clean), scenes)
    anchor = _anchor(text.clean, forms, kinds, today)
    found: list[FoundDate] = []
    ranks: list[int] = []
    for scene, kind in zip(scenes, kinds, strict=True):
        span = resolve(scene.form, anchor=anchor, today=today)
        if span is not None:
            ranks.append(_rank(scene, kind) if span[0] <= today else 0)
            found.append(_found(scene.form, span, kind, today))
    return tuple(_elect(found, ranks))


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


# --- the words around a date


def _scenes(clean: str, forms: Sequence[Form]) -> list[_Scene]:
    lower = small(clean)
    scenes = []
    for i, form in enumerate(forms):
        start, end = form.place
        since = forms[i - 1].place.end if i else 0
        until = forms[i + 1].place.start if i + 1 < len(forms) else len(clean)
        near = (start - since < 3 and i > 0 and forms[i - 1].full_day) or (
            until - end < 3 and i + 1 < len(forms) and forms[i + 1].full_day
        )
        before = lower[max(since, start - 24) : start]
        scenes.append(_Scene(clean, form, before, lower[end : min(until, end + 24)], near))
    return scenes


def _kinds(clean: str, scenes: Sequence[_Scene]) -> list[DateKind]:
    sections = list(date_words().section.finditer(clean))
    kinds: list[DateKind] = []
    row, reach, used = "none", 0, 0
    for scene in scenes:
        start, end = scene.form.place
        while used < len(sections) and sections[used].start() < start:
            next_row = date_words().rows[sections[used][0]]
            # 下周重要 and 事件: are one heading, not the end of the row that it opens.
            if next_row != "none" or sections[used].start() - reach > _HEADING:
                row = next_row
            reach = sections[used].end()
            used += 1
        if row != "none" and start - reach > date_words().gaps[row]:
            row = "none"
        local = _local_kind(scene)
        section = _section_kind(row, scene, local)
        reach = end if section else reach
        kinds.append(section or local)
    return kinds


def _section_kind(row: str, scene: _Scene, local: DateKind) -> DateKind | None:
    if row == "scheduled":
        return DateKind.SCHEDULED
    told = local in _TO_COME or scene.after.startswith(",")  # a sentence, no entry of a list
    if told or not scene.form.full_day or scene.form.time is not None:
        return None
    return {"sources": DateKind.OWN_NOTE, "past_reports": DateKind.PAST_REPORT}.get(row)


_TO_COME = (DateKind.SCHEDULED, DateKind.FORECAST, DateKind.LEGAL)


_FIRST = 4  # a document that begins with a day bears its own
_STAMP = 160  # characters of a document's head: a day with a time there stamps it


def _local_kind(scene: _Scene) -> DateKind:
    form = scene.form
    stamp = form.time is not None and form.place.start < _STAMP
    opening = form.place.start < _FIRST and scene.after[:1] in tuple("[(【#|*")
    if form.full_day and (stamp or opening) and _stands_alone(scene):
        return DateKind.PRINTED
    return _later_kind(scene)


def _stands_alone(scene: _Scene) -> bool:
    """Tell whether nothing before a stamp makes it another thing's time."""
    return _to_come(scene) is None and not date_words().before_past.search(scene.before)


def _later_kind(scene: _Scene) -> DateKind:
    words, form = date_words(), scene.form
    to_come = _to_come(scene)
    if form.period:
        if to_come is not None or scene.after[:1] == "e":
            return DateKind.FORECAST
        return DateKind.PERIOD if words.reported.search(scene.after) else DateKind.MENTION
    if form.full_day and words.title_end.search(scene.before):
        return DateKind.PAST_REPORT
    if words.legal.match(scene.after):
        return DateKind.LEGAL
    if to_come is not None:
        return to_come
    if words.of_that_day.search(scene.before) or words.at_that_close.match(scene.after):
        return DateKind.PERIOD if _balance_day(scene) else DateKind.DATA
    return _told(scene)


def _to_come(scene: _Scene) -> DateKind | None:
    match = date_words().to_come.search(scene.before)
    if match is None or date_words().past.search(scene.before, match.end(1)):
        return DateKind.FORECAST if scene.form.first.shift == 1 else None
    kind = date_words().scheduled.fullmatch(match[1])
    return DateKind.SCHEDULED if kind else DateKind.FORECAST


def _told(scene: _Scene) -> DateKind:
    words = date_words()
    if scene.form.first.day and words.openings.match(scene.after):
        return DateKind.SCHEDULED
    for match in words.after.finditer(_sentence(scene.after)):
        if match.lastgroup != "neutral":
            return DateKind.EVENT if match.lastgroup == "past" else DateKind.SCHEDULED
    return DateKind.EVENT if words.before_past.search(scene.before) else DateKind.MENTION


def _sentence(after: str) -> str:
    return re.split(r"[。;!?●]", after, maxsplit=1)[0]


def _balance_day(scene: _Scene) -> bool:
    # The last day of a quarter dates the books, which come out weeks later; a close does not.
    first = scene.form.first
    if first.day is None and first.part not in ("末", "底"):
        return False
    last = first.month % 3 == 0 and first.day in (None, 30, 31)
    return last and not date_words().market_close.search(scene.before[-8:] + scene.after[:8])


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


def _anchor(clean: str, forms: Sequence[Form], kinds: Sequence[DateKind], today: date) -> date:
    """Return the newest day that a dated fact of the text proves, `today` if there is none."""
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
    return min(date(min(years), 6, 30), today) if years else today


_DONE = (DateKind.EVENT, DateKind.DATA, DateKind.OWN_NOTE)
_TRUST = {
    DateKind.EVENT: 1,
    DateKind.DATA: 1,
    DateKind.OWN_NOTE: 1,
    DateKind.PAST_REPORT: 1,
    DateKind.MENTION: 2,
    DateKind.PERIOD: 3,
}
_ESTIMATE_YEAR = re.compile(r"(20\d\d)[Ee](?![A-Za-z])")


def _rank(scene: _Scene, kind: DateKind) -> int:
    """Return how surely a date is the document's own: 3 by a label, 2, 1, 0 not at all."""
    form = scene.form
    timed = form.time is not None
    if form.last is not None or form.first.day is None:
        return 0
    if kind is DateKind.SCHEDULED and not timed:
        return 0
    if (kind is not DateKind.OWN_NOTE or timed) and _labelled(scene):
        return 3
    if kind not in (DateKind.EVENT, DateKind.MENTION) or _in_sentence(scene):
        return 0
    if not form.full_day:
        return int(_bare_head(scene))
    return _head_rank(scene, kind)


def _labelled(scene: _Scene) -> bool:
    match = date_words().label.search(scene.before)
    if match is None or not scene.form.full_day:
        return False
    closed = scene.before[match.end("word" if match["word"] else "short") :].strip("为是(") != ""
    if match["short"] and not closed and scene.form.place.start > _HEAD:
        return False
    if not closed and scene.form.place.start > _FIRST_PAGES and scene.form.time is None:
        return False
    return not date_words().not_label.search(scene.before[: match.start()])


def _in_sentence(scene: _Scene) -> bool:
    words = date_words()
    if scene.form.time is not None:  # a stamp may be followed by anything but a clause
        return scene.after.startswith((",", "、", "起"))
    return bool(words.leads.search(scene.before) or words.follows.match(scene.after))


def _bare_head(scene: _Scene) -> bool:
    if scene.form.place.start > _TITLE:
        return False
    near = scene.before[-8:] + "|" + scene.after[:8]
    return scene.form.weekday is not None or bool(date_words().daily.search(near))


def _head_rank(scene: _Scene, kind: DateKind) -> int:
    words, start = date_words(), scene.form.place.start
    if start > _FIRST_PAGES and not words.foot.search(scene.before + "|" + scene.after[:12]):
        return int(bool(words.signature.search(scene.before)) and kind is DateKind.MENTION)
    if scene.form.time is not None:
        return 2
    if scene.row:
        return 0
    if words.page_before.search(scene.before) or words.page_after.match(scene.after):
        return 2
    if kind is DateKind.EVENT:
        return 0
    return int(start < _HEAD or bool(words.near.search(scene.before[-14:] + scene.after[:14])))


def _found(form: Form, span: tuple[date, date], kind: DateKind, today: date) -> FoundDate:
    settled = kind in (DateKind.SCHEDULED, DateKind.LEGAL)
    later = DateKind.FORECAST if span[0] > today and not settled else kind
    return FoundDate(start=span[0], end=span[1], time=form.time, place=form.place, kind=later)


def _elect(found: Sequence[FoundDate], ranks: Sequence[int]) -> list[FoundDate]:
    best = max(ranks, default=0)
    chosen = [one for one, rank in zip(found, ranks, strict=True) if rank == best > 0]
    if best == 3 and not _one_document(chosen):
        # Several notes, each with its own label: the head's date is the document's, if it has one.
        notes = {one.place for one in chosen}
        found = [
            replace(one, kind=DateKind.OWN_NOTE) if one.place in notes else one for one in found
        ]
        return _elect(found, [0 if rank == 3 else rank for rank in ranks])
    if not chosen or (best == 1 and _overtaken(chosen[0], found)):
        return list(found)
    own = chosen[0].start
    return [
        replace(one, kind=DateKind.PRINTED) if rank and one.start == own else one
        for one, rank in zip(found, ranks, strict=True)
    ]


def _one_document(labelled: Sequence[FoundDate]) -> bool:
    days = {one.start for one in labelled}
    first = labelled[0]  # a label in the head dates the document if no other is younger
    return len(days) == 1 or (first.place.start < _HEAD and first.start == max(days))


def _overtaken(head: FoundDate, found: Sequence[FoundDate]) -> bool:
    return any(one.kind in _DONE and one.start > head.start for one in found)
