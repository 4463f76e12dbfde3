"""Stretches of a text in which names are advised: lists, catalogues and sections of advice."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from screener.domain.report import Role
from screener.reports.roles.role_words import ASIDE, LIST_END, describes, role_words
from screener.reports.text.layout import Item, Layout
from screener.reports.text.spans import Spans
from screener.reports.text.text import Place

__all__ = ["Cue", "Entries", "advice_sections", "catalogues", "entries", "heads"]

_LONGEST_HEAD = 60  # of an item: what describes the names that it begins with


@dataclass(frozen=True, slots=True)
class Cue:
    """A word that gives names a part, or a stretch in which a list gives it to them."""

    place: Place
    role: Role
    close: bool  # reaches only names that follow at once
    origin: Place | None = None  # of a list: the cue that opens it
    weak: bool = False  # may only describe the names after it


class Entries:
    """Stretches in which names are advised, in the order in which they are looked at."""

    def __init__(self, entries: Sequence[Cue]) -> None:
        self._entries = entries
        self._spans = Spans([entry.place for entry in entries])

    def at(self, offset: int) -> Iterator[Cue]:
        """Yield those that hold an offset."""
        return (self._entries[number] for number in self._spans.holding(offset))


def advice_sections(clean: str, layout: Layout) -> tuple[Place, ...]:
    """Return the sections of advice: from such a heading to the risks or the next boilerplate."""
    words = role_words()
    found: list[Place] = []
    for match in words.advice_heading.finditer(clean):
        if found and match.start() < found[-1].end:
            continue
        end = words.advice_end.search(clean, match.end())
        stop = layout.next_boilerplate(match.end())
        found.append(Place(match.end(), min(end.start() if end else len(clean), stop)))
    return tuple(found)


def entries(clean: str, layout: Layout, cues: list[Cue]) -> list[Cue]:
    """Return the items of every list that an advice opens: each begins with what is advised."""
    found = []
    lists = _Lists(layout)
    sections: set[int] = set()
    for cue in cues:
        if cue.role is not Role.RECOMMENDED:
            continue
        sentence = layout.sentence(cue.place.start)
        colon = clean.find(":", cue.place.end, min(sentence.end, cue.place.end + 40))
        last = (colon if colon >= 0 else cue.place.end) + 8
        for first in lists.between(cue.place.end, last):
            if _opens(clean[cue.place.end : first.mark.start]):
                found += [
                    Cue(Place(item.mark.end, item.end), Role.RECOMMENDED, False, cue.place)
                    for item in lists.taken(first)
                ]
        word = clean[cue.place.start : cue.place.end]
        soon = colon < 0 and clean[cue.place.end : cue.place.end + 8].find(":") > 0
        if soon or word in role_words().one_by_one:
            section = Place(cue.place.end, _section_end(layout, cue))
            if section.end not in sections:  # one that begins earlier holds this one
                sections.add(section.end)
                found.append(Cue(section, cue.role, True, cue.place))
    return found


class _Lists:
    """The lists of a text, of which each item is taken once, by the first cue that opens it."""

    def __init__(self, layout: Layout) -> None:
        self._items = layout.items
        self._starts = [item.mark.start for item in layout.items]
        self._groups: dict[int, list[Item]] = defaultdict(list)
        for item in layout.items:
            self._groups[item.group].append(item)
        self._begun = {group: len(items) for group, items in self._groups.items()}
        self._bullets: set[int] = set()

    def between(self, start: int, last: int) -> Sequence[Item]:
        """Return the items whose marks begin from one offset to another."""
        return self._items[bisect_left(self._starts, start) : bisect_right(self._starts, last)]

    def taken(self, first: Item) -> Sequence[Item]:
        """Return an item and those after it in its list, without those taken; a bullet alone."""
        items = self._groups[first.group]
        if not first.number:
            fresh = first.mark.start not in self._bullets
            self._bullets.add(first.mark.start)
            return (first,) if fresh else ()
        number = bisect_left(items, first.mark.start, key=lambda item: item.mark.start)
        begun = self._begun[first.group]
        self._begun[first.group] = min(begun, number)
        return items[number:begun]


def catalogues(clean: str, layout: Layout) -> list[Cue]:
    """Return what a catalogue of names by theme covers: each list stands after its label."""
    found: dict[int, Cue] = {}
    for match in role_words().catalogue.finditer(clean):
        origin = Place(*match.span())
        if not layout.in_boilerplate(origin.start):
            end = _section_end(layout, Cue(origin, Role.RECOMMENDED, True))
            entry = Cue(Place(origin.end, end), Role.RECOMMENDED, False, origin)
            found.setdefault(end, entry)  # one that begins earlier holds this one
    return list(found.values())


_LINES = re.compile(r"[^。;!?]{0,14}(?:主线|方向|线索|逻辑|角度|标的|以下|如下)[。:]?")


def _opens(between: str) -> bool:
    """Tell whether a list opens after a cue: at once, or after a word such as 三条主线."""
    return not re.search(r"[。;!?]", between) or _LINES.fullmatch(between) is not None


def _section_end(layout: Layout, cue: Cue) -> int:
    around = layout.around(cue.place.start)
    end = around[0].end if around else layout.length
    return min(end, layout.next_boilerplate(cue.place.end))


def heads(clean: str, entry: Cue, place: Place) -> bool:
    """Tell whether names stand at the head of a list's item, or before a colon in a section."""
    if entry.close:
        return clean.startswith(":", place.end) or clean[place.start - 1] in "。:"
    head = ASIDE.sub("", clean[entry.place.start : place.start]).lstrip("*#:")
    if not head:
        return True
    label, colon, rest = head.partition(":")
    if re.search(r"[。;!?]", label) or LIST_END.match(clean, place.end) is None:
        return False
    if colon:
        return len(label) <= 24 and len(rest) <= 14
    described = len(head) <= _LONGEST_HEAD and describes(re.split(r"[、,]", head)[-1])
    return len(head) <= 8 or described
