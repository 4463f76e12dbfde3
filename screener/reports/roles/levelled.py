"""A text in which marks of reference, blanks and dashes read as the punctuation they stand for.

Summaries put `[3]` where a sentence ends and blanks where clauses do, English prose and copied
text put a full stop, and lists a dash for a colon. What tells the part of a name reads commas,
colons and sentences: here every text has them.
"""

from __future__ import annotations

import re
from array import array
from bisect import bisect_right
from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

from screener.reports.ratings.ratings import SPOKEN, stances
from screener.reports.securities.mentions import Mention
from screener.reports.text.related import related_headlines
from screener.reports.text.text import Place, Text
from screener.reports.text.vocabulary import alternatives

__all__ = ["Levelled", "levelled"]

_REFERENCE = re.compile(r"(?:\[\d{1,3}(?:[,、-]\d{1,3}){0,9}\])+")
# How characters are spoken, a converter's tags, the line under each page.
_FURNITURE = re.compile(
    rf"{SPOKEN}|\[Table_[A-Za-z_]{{1,24}}\]"
    r"|请(?:务必|仔细)?(?:仔细)?阅读[^。;,:]{0,24}?"
    r"(?:(?:重要|免责|法律|特别)?(?:条款|声明|说明|披露)|部分){1,6}(?:\d{1,3}/\d{1,3})?"
)
_GOES_ON = re.compile(r"[,;。、:!?)】”]|等|和|及|与")
_STOP = re.compile(r"(?<=[\u4e00-\u9fffa-z%)”])\.(?=[\u4e00-\u9fffA-Z“(])")
_DASH = re.compile(r"(?<=[\u4e00-\u9fff)】”])-(?=[\u4e00-\u9fff]|[A-Z]{2})")
_BLANK = re.compile(r"(?<=[\u4e00-\u9fff])[ \u3000]{1,9}(?=[\u4e00-\u9fff])")
_HAN = re.compile(r"[\u4e00-\u9fff]")
_LEAST_CLAUSE = 6  # characters between two blanks
_CLAUSES = 15  # commas to a full stop, beyond which a text has none
_LEAST_BLANKS = 6  # of a text whose clauses they part


class _Edit(NamedTuple):
    start: int
    end: int
    by: str


class Levelled(NamedTuple):
    """The text, its names in it, and the way back.

    Parameters
    ----------
    text, mentions
        The text as it is read here, and the names where they stand in it.
    offsets
        Offset in the first text of each character of this one; `None` where both are the same.
    """

    text: Text
    mentions: tuple[Mention, ...]
    offsets: array[int] | None

    def back(self, place: Place) -> Place:
        """Return where a stretch stands in the first text."""
        if self.offsets is None or place.start >= place.end:
            return place
        return Place(self.offsets[place.start], self.offsets[place.end - 1] + 1)


def levelled(text: Text, mentions: Sequence[Mention]) -> Levelled:
    """Return a text with punctuation, and the names in it."""
    edits = _apart(
        sorted([*_references(text), *_stops(text), *_blanks(text), *_emphasis(text)]), mentions
    )
    if not edits:
        return Levelled(text, tuple(mentions), None)
    parts: list[str] = []
    offsets, starts, at = array("I"), array("I"), 0
    for edit in edits:
        parts += [text.clean[at : edit.start], edit.by]
        offsets.extend(range(at, edit.start))
        offsets.extend([edit.start] * len(edit.by))
        starts.extend(text.starts[at : edit.start])
        starts.extend([text.starts[edit.start]] * len(edit.by))
        at = edit.end
    parts.append(text.clean[at:])
    offsets.extend(range(at, len(text.clean)))
    starts.extend(text.starts[at:])
    shifts = _Shifts(edits)
    return Levelled(
        Text(text.original, "".join(parts), starts),
        tuple(
            # Written out: `replace` of so many takes as long as all else here.
            Mention(
                listings=one.listings,
                place=shifts.moved(one.place),
                whole=shifts.moved(one.whole),
                confidence=one.confidence,
                coded=one.coded,
                trust=one.trust,
                run=one.run,
            )
            for one in mentions
        ),
        offsets,
    )


class _Shifts:
    """By how much the edits before an offset move it; asked in ascending order or not."""

    def __init__(self, edits: Sequence[_Edit]) -> None:
        self._ends = [edit.end for edit in edits]
        self._by = [0]
        for edit in edits:
            self._by.append(self._by[-1] + len(edit.by) - (edit.end - edit.start))

    def moved(self, place: Place) -> Place:
        """Return a stretch without an edit inside where it stands after them."""
        by = self._by[bisect_right(self._ends, place.start)]
        return Place(place.start + by, place.end + by) if by else place


def _apart(edits: Sequence[_Edit], mentions: Sequence[Mention]) -> list[_Edit]:
    """Return the edits that touch no name and no edit before them."""
    found: list[_Edit] = []
    number = 0
    for edit in edits:
        while number < len(mentions) and mentions[number].whole.end <= edit.start:
            number += 1
        inside = number < len(mentions) and mentions[number].whole.start < edit.end
        if not inside and (not found or found[-1].end <= edit.start):
            found.append(edit)
    return found


@cache
def _bold() -> re.Pattern[str]:
    ratings = alternatives([*stances()])
    first = "".join({re.escape(word[0]) for word in stances()})  # most characters begin neither
    return re.compile(
        rf"(?=[*{first}])(?:[*]{{2}}(?P<bold>{ratings})[*]{{2}}|(?P<twice>{ratings})(?=(?P=twice)))"
    )


def _emphasis(text: Text) -> list[_Edit]:
    """Return what is left out of ratings in bold print, and of those printed twice."""
    found = []
    for match in _bold().finditer(text.clean):
        if match["twice"]:
            found.append(_Edit(*match.span(), ""))
        else:
            found += [
                _Edit(match.start(), match.start("bold"), ""),
                _Edit(match.end("bold"), match.end(), ""),
            ]
    return found


def _references(text: Text) -> list[_Edit]:
    clean = text.clean
    furniture = [_Edit(*match.span(), "") for match in _FURNITURE.finditer(clean)]
    for headline in related_headlines(text):  # the cell before it ends, and so does the headline
        furniture.append(_Edit(headline.start, headline.start, "|"))
        if headline.end < len(clean):
            furniture.append(_Edit(headline.end, headline.end, "。"))
    return furniture + [
        _Edit(*match.span(), "" if _GOES_ON.match(clean, match.end()) else "。")
        for match in _REFERENCE.finditer(clean)
    ]


def _stops(text: Text) -> list[_Edit]:
    found = []
    for match in _STOP.finditer(text.clean):
        start = match.start()
        word = text.clean[start - 1].isascii() and text.clean[start - 1].isalpha()
        if not word or text.blank_before(match.end()):
            found.append(_Edit(start, match.end(), "。"))
    found += [
        _Edit(*match.span(), ":")
        for match in _DASH.finditer(text.clean)
        if not text.blank_before(match.start())
    ]
    return found


def _blanks(text: Text) -> list[_Edit]:
    """Return a mark for each blank of a text whose clauses or sentences are parted by blanks."""
    clean, starts, original = text.clean, text.starts, text.original
    commas, stops = clean.count(","), clean.count("。")
    least = max(_LEAST_BLANKS, commas if stops * _CLAUSES >= commas else 0)
    if sum(1 for _ in _BLANK.finditer(original)) < least:
        return []
    blanks = [
        0,
        *(at for at in range(1, len(clean)) if starts[at] - starts[at - 1] > 1),
        len(clean),
    ]
    places = [
        at
        for before, at, after in zip(blanks, blanks[1:], blanks[2:], strict=False)
        if min(at - before, after - at) >= _LEAST_CLAUSE
        and _HAN.match(clean, at)
        and _HAN.match(clean, at - 1)
        and "\n" not in original[starts[at - 1] : starts[at]]
    ]
    if len(places) < _LEAST_BLANKS:
        return []
    if len(places) >= commas:
        return [_Edit(offset, offset, ",") for offset in places]
    if stops * _CLAUSES < commas:
        return [_Edit(offset, offset, "。") for offset in places]
    return []
