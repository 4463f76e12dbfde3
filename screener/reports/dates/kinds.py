"""What each date of a text speaks of, told by the words around it (`tables/dates.toml`)."""

from __future__ import annotations

import re
from collections.abc import Sequence

from screener.reports.dates.found import DateKind
from screener.reports.dates.own_date import beside_rating, opens
from screener.reports.dates.scenes import Scene, last_clause, whole_words
from screener.reports.dates.words import date_words, small

__all__ = ["kinds_of"]

_HEADING = 6
_STAMP = 160  # characters of a document's head: a day with a time there stamps it
_ENTRIES = 3
_TO_COME = (DateKind.SCHEDULED, DateKind.FORECAST, DateKind.LEGAL)


def kinds_of(clean: str, scenes: Sequence[Scene]) -> list[DateKind]:
    """Return what each date speaks of.

    Parameters
    ----------
    clean
        `Text.clean`.
    scenes
        Its dates with what surrounds them, in order.
    """
    sections = list(date_words().section.finditer(small(clean)))
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
    listed = [i for i, scene in enumerate(scenes) if _ends_an_entry(clean, scene)]
    if len(listed) >= _ENTRIES:  # a list of notes, each with its day: none of them is the list's
        for i in listed:
            kinds[i] = DateKind.OWN_NOTE
    return kinds


def _ends_an_entry(clean: str, scene: Scene) -> bool:
    form = scene.form
    return (
        form.full_day
        and form.time is None
        and scene.before.endswith("-")
        and (clean[slice(*form.place)].isdigit())
    )


def _section_kind(row: str, scene: Scene, local: DateKind) -> DateKind | None:
    if row == "scheduled":
        return DateKind.SCHEDULED
    told = local in _TO_COME or scene.after.startswith(",")  # a sentence, no entry of a list
    told = told or beside_rating(scene)
    if told or not scene.form.full_day or scene.form.time is not None:
        return None
    return {"sources": DateKind.OWN_NOTE, "past_reports": DateKind.PAST_REPORT}.get(row)


def _local_kind(scene: Scene) -> DateKind:
    form, words = scene.form, date_words()
    if words.page_quote.search(scene.before):
        return DateKind.QUOTE
    if form.full_day and words.title_end.search(scene.before):
        return DateKind.PAST_REPORT
    stamp = form.time is not None and form.place.start < _STAMP
    if scene.signed or (form.full_day and (stamp or opens(scene)) and _stands_alone(scene)):
        return DateKind.PRINTED
    return DateKind.MENTION if scene.alone else _later_kind(scene)


def _stands_alone(scene: Scene) -> bool:
    """Tell whether nothing before a stamp makes it another thing's time."""
    return _to_come(scene) is None and not date_words().before_past.search(scene.before)


def _later_kind(scene: Scene) -> DateKind:
    words, form = date_words(), scene.form
    to_come = _to_come(scene)
    if form.period:
        if to_come is not None or scene.after[:1] == "e":
            return DateKind.FORECAST
        return DateKind.PERIOD if words.reported.search(scene.after) else DateKind.MENTION
    if words.legal.match(scene.after):
        return DateKind.LEGAL
    if to_come is not None:
        return to_come
    if words.of_that_day.search(scene.before) or words.at_that_close.match(scene.after):
        return DateKind.PERIOD if _balance_day(scene) else DateKind.DATA
    return _told(scene)


def _to_come(scene: Scene) -> DateKind | None:
    """Return what a word before a date makes of it, in its own clause."""
    words, clause = date_words(), last_clause(scene.before)
    if scene.heading and scene.form.full_day:
        # What ends a headline (业绩超预期, 回购计划) governs no date: only 将于 and its like do,
        # and what stands between its subject and its verb: 公司计划2026年9月30日投产.
        match = words.governing.search(clause)
        clause = match[0] if match else clause if _begins(words.after, scene.after) else ""
    for match in whole_words(words.to_come, clause):
        between = clause[match.end() :]
        if len(between) > 8 or re.search(r"[,;:、!?]", between) or words.past.search(between):
            continue
        scheduled = words.scheduled.fullmatch(match[0])
        return DateKind.SCHEDULED if scheduled else DateKind.FORECAST
    return DateKind.FORECAST if scene.form.first.shift == 1 else None


def _told(scene: Scene) -> DateKind:
    words = date_words()
    if scene.form.first.day and _begins(words.openings, scene.after):
        return DateKind.SCHEDULED
    if not scene.form.first.day and scene.after.startswith("起"):
        return DateKind.MENTION  # 自6月起 may begin a year hence
    for match in whole_words(words.after, _sentence(scene.after)):
        if match.lastgroup != "neutral":
            return DateKind.EVENT if match.lastgroup == "past" else DateKind.SCHEDULED
    return DateKind.EVENT if words.before_past.search(scene.before) else DateKind.MENTION


def _begins(pattern: re.Pattern[str], after: str) -> bool:
    return any(match.start() == 0 for match in whole_words(pattern, after))


def _sentence(after: str) -> str:
    return re.split(r"[。;!?●]", after, maxsplit=1)[0]


def _balance_day(scene: Scene) -> bool:
    # The last day of a quarter dates the books, which come out weeks later; a close does not.
    first = scene.form.first
    if first.day is None and first.part not in ("末", "底"):
        return False
    last = first.month % 3 == 0 and first.day in (None, 30, 31)
    return last and not date_words().market_close.search(scene.before[-8:] + scene.after[:8])
