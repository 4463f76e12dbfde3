"""Which of a text's dates is the document's own."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from screener.reports.dates.found import DONE, DateKind, FoundDate
from screener.reports.dates.scenes import HEAD, Scene, whole_words
from screener.reports.dates.words import date_words

__all__ = ["beside_rating", "elect", "opens", "own_rank"]

_FIRST_PAGES, _TITLE = 1500, 200
_FIRST = 4  # a document that begins with a day bears its own
_LABEL, _PAGE, _HEADING, _SITE = 4, 3, 2, 1
_VERB = 6
_NAMED_ON = re.compile(r"[-_][一-龥]")  # 20260514-某证券-…: the name of a file goes on
_SIGN = re.compile(r"[\[(【#|*]|$")


def opens(scene: Scene) -> bool:
    """Tell whether a text begins with a day that no sentence goes on from."""
    if not scene.form.full_day or scene.form.place.start >= _FIRST:
        return False
    if re.search(r"\w", scene.before):
        return False
    if _SIGN.match(scene.after) or scene.alone:
        return True
    told = any(match.start() < _VERB for match in whole_words(date_words().after, scene.after))
    return not told and not _in_sentence(scene)


def beside_rating(scene: Scene) -> bool:
    """Tell whether a rating and its change stand right before a day: 买入(维持) 2026-05-14."""
    return scene.form.full_day and bool(date_words().rating_before.search(scene.before))


def own_rank(scene: Scene, kind: DateKind) -> int:
    """Return how surely a date is the document's own: 4 by a label or signature, 0 not at all.

    A stamp of the page that carries the document comes last: the document may be older.
    """
    form = scene.form
    timed = form.time is not None
    if form.last is not None or form.first.day is None or kind is DateKind.QUOTE:
        return 0
    if kind is DateKind.SCHEDULED and not timed:
        return 0
    if form.full_day and _of_site(scene):
        return _SITE
    if scene.signed or ((kind is not DateKind.OWN_NOTE or timed) and _labelled(scene)):
        return _LABEL
    if _labelled_other(scene):
        return 0
    if beside_rating(scene) and kind is not DateKind.OWN_NOTE:
        return _PAGE
    if kind not in (DateKind.EVENT, DateKind.MENTION):
        return 0
    if scene.alone and form.place.start < 2 * HEAD:
        return _PAGE if scene.heading else _HEADING
    return _by_words(scene, kind)


def _by_words(scene: Scene, kind: DateKind) -> int:
    if _in_sentence(scene):
        return 0
    return _head_rank(scene, kind) if scene.form.full_day else _HEADING * _bare_head(scene)


def _of_site(scene: Scene) -> bool:
    words = date_words()
    if scene.after.startswith(("-", "_")):  # it begins the name of a file
        return False
    return bool(words.site_before.search(scene.before) or words.site_after.match(scene.after))


def _labelled(scene: Scene) -> bool:
    match = date_words().label.search(scene.before)
    if match is None or not scene.form.full_day:
        return False
    closed = scene.before[match.end("word" if match["word"] else "short") :].strip("为是(") != ""
    if match["short"] and not closed and scene.form.place.start > HEAD:
        return False
    if not closed and scene.form.place.start > _FIRST_PAGES and scene.form.time is None:
        return False
    return not date_words().not_label.search(scene.before[: match.start()])


def _labelled_other(scene: Scene) -> bool:
    """Tell whether a label makes it the day of something else: 会议时间, 上市日期."""
    words = date_words()
    match = words.label.search(scene.before)
    if match is None or scene.before.endswith("评级", 0, match.start()):
        return False  # the day of a rating is that of the note which gives it
    return bool(words.not_label.search(scene.before[: match.start()]))


def _in_sentence(scene: Scene) -> bool:
    words = date_words()
    if scene.form.time is not None:  # a stamp may be followed by anything but a clause
        return scene.after.startswith((",", "、", "起"))
    if _NAMED_ON.match(scene.after):
        return False
    led = any(match.end() == len(scene.before) for match in whole_words(words.lead, scene.before))
    return led or any(match.start() == 0 for match in whole_words(words.follow, scene.after))


def _bare_head(scene: Scene) -> bool:
    if scene.form.place.start > _TITLE:
        return False
    near = scene.before[-8:] + "|" + scene.after[:8]
    return scene.form.weekday is not None or bool(date_words().daily.search(near))


def _head_rank(scene: Scene, kind: DateKind) -> int:
    words, start = date_words(), scene.form.place.start
    if start > _FIRST_PAGES and not words.foot.search(scene.before + "|" + scene.after[:12]):
        return _HEADING * (bool(words.signature.search(scene.before)) and kind is DateKind.MENTION)
    if scene.form.time is not None:
        return _PAGE
    if scene.row:
        return 0
    if words.page_before.search(scene.before) or words.page_after.match(scene.after):
        return _PAGE
    if kind is DateKind.EVENT:
        return 0
    near = words.near.search(scene.before[-14:] + scene.after[:14])
    return _HEADING * (start < HEAD or bool(near))


def elect(found: Sequence[FoundDate], ranks: Sequence[int]) -> list[FoundDate]:
    """Mark the dates that are the document's own as printed.

    Parameters
    ----------
    found, ranks
        The dates of a text, and how surely each is its own.
    """
    best = max(ranks, default=0)
    chosen = [one for one, rank in zip(found, ranks, strict=True) if rank == best > 0]
    if best == _LABEL and not _one_document(chosen):
        # Several notes, each with its own label: the head's date is the document's, if it has one.
        notes = {one.place for one in chosen}
        found = [
            replace(one, kind=DateKind.OWN_NOTE) if one.place in notes else one for one in found
        ]
        return elect(found, [0 if rank == _LABEL else rank for rank in ranks])
    if not chosen or (best <= _HEADING and _overtaken(chosen[0], found)):
        return list(found)
    own, kind = chosen[0].start, DateKind.STAMP if best == _SITE else DateKind.PRINTED
    return [
        replace(one, kind=kind) if rank and one.start == own else one
        for one, rank in zip(found, ranks, strict=True)
    ]


def _one_document(labelled: Sequence[FoundDate]) -> bool:
    days = {one.start for one in labelled}
    first = labelled[0]  # a label in the head dates the document if no other is younger
    return len(days) == 1 or (first.place.start < HEAD and first.start == max(days))


def _overtaken(head: FoundDate, found: Sequence[FoundDate]) -> bool:
    return any(one.kind in DONE and one.start > head.start for one in found)
