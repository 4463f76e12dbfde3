"""How a text is laid out where line breaks mean nothing: sentences, numbered items, boilerplate."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter, deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache, lru_cache
from itertools import groupby

from screener.reports.documents.bounds import BOUNDS
from screener.reports.text.spans import Spans
from screener.reports.text.text import Place, clean_name
from screener.reports.text.vocabulary import WordList, alternatives, read_table

__all__ = ["Item", "Layout", "lay_out"]

_SENTENCE_END = re.compile(r"[。!?]+[”\"')）】]*")
_HAN_NUMBERS = "一二三四五六七八九十"
_STYLES = (
    ("han", re.compile(rf"(?=[第{_HAN_NUMBERS}])第?([{_HAN_NUMBERS}]{{1,3}})[、.:，,](?=[^\d])")),
    ("han_bracket", re.compile(r"\(([一二三四五六七八九十]{1,3})\)")),
    ("digit_stop", re.compile(r"(?=[0-9])(?<![\d.%年月第QH/-])(\d{1,2})[、.](?=[^\d、.%])")),
    ("digit_bracket", re.compile(r"(?=[(0-9])(?<![\d.%A-Za-z(-])\(?(\d{1,2})\)(?=[^\d%、,。;)])")),
    ("circled", re.compile(r"([①②③④⑤⑥⑦⑧⑨⑩])")),
    ("bullet", re.compile(r"([●■◆▶►➤◼▲★☆•√])")),
    ("bold", re.compile(r"(\*\*)[^*]{1,40}\*\*|\*\*[^*]+\*\*")),  # a longer one is no label
    ("bracket", re.compile(r"(【)(?=[^】]{2,12}】)")),
    ("hash", re.compile(r"(#{1,6})(?=[^#])")),
)
_LONGEST_LEGAL = 250
_LONGEST_CLAUSE = 80
_SEEN_AFTER = re.compile(
    r"[^。;]{0,24}?(?:请见|详见|参见|参阅|请务必|阅读|的一部分|组成部分|见(?:尾页|末页|文末|最后|报告|附录|正文))"
)
_EARLY = 0.3  # of a text: boilerplate that begins before does not go on to its end
_EXCERPT = 1500  # characters: a shorter text rarely has its disclaimer at the end of all
_LONG = 300  # characters after its heading
_CLAUSE_BEGINS = re.compile("[,;:⚠❗\ufe0f]")
_SEE = re.compile(
    r"(?:阅读|参阅|参见|详见|请见|参看|查看|敬请关注|请关注|注意)[^。;,]{0,18}$"
)  # a footer that refers to it
_OF_REPORT = re.compile(
    r"[^。;]{0,30}(?:是|为|属于|构成)本?(?:研究)?报告的?(?:重要)?(?:一部分|组成部分)"
)
_HAN_DIGITS = {word: number for number, word in enumerate(_HAN_NUMBERS, start=1)}


_List = tuple[str, list[tuple[int, Place]]]  # style of its marks; their numbers and places


@dataclass(frozen=True, slots=True)
class Item:
    """A numbered or marked stretch: a heading with what stands under it, or an entry of a list.

    Parameters
    ----------
    style
        Style of its mark; items of one list share it.
    number
        Its number, 0 for a bullet.
    mark
        Where the mark stands.
    end
        Where the next item of the list, or of one around it, begins.
    group
        Which list it belongs to.
    """

    style: str
    number: int
    mark: Place
    end: int
    group: int

    def holds(self, offset: int) -> bool:
        """Tell whether an offset lies in it."""
        return self.mark.start <= offset < self.end


@dataclass(frozen=True, slots=True)
class Layout:
    """Layout of one text.

    Parameters
    ----------
    sentences
        Offsets at which a sentence begins, ascending, the first is 0.
    items
        Items in the order of their marks.
    boilerplate
        Stretches of disclaimers, contacts and rating tables.
    length
        Length of the text.
    """

    sentences: tuple[int, ...]
    items: tuple[Item, ...]
    boilerplate: tuple[Place, ...]
    length: int
    _spans: Spans = field(init=False, repr=False, compare=False)
    _covered: tuple[tuple[int, ...], tuple[int, ...]] = field(init=False, repr=False, compare=False)
    _stops: tuple[int, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Make what finds items and boilerplate at an offset."""
        # An item is held from the end of its mark on.
        spans = Spans([(item.mark.end, item.end) for item in self.items])
        object.__setattr__(self, "_spans", spans)
        merged = _merged(self.boilerplate)
        covered = tuple(start for start, _ in merged), tuple(end for _, end in merged)
        object.__setattr__(self, "_covered", covered)
        object.__setattr__(self, "_stops", tuple(sorted(one.start for one in self.boilerplate)))

    def sentence(self, offset: int) -> Place:
        """Return the sentence at an offset."""
        number = bisect_right(self.sentences, offset)
        end = self.sentences[number] if number < len(self.sentences) else self.length
        return Place(self.sentences[number - 1], end)

    def around(self, offset: int) -> tuple[Item, ...]:
        """Return the items that hold an offset, the innermost first."""
        held = [self.items[number] for number in self._spans.holding(offset)]
        return tuple(sorted(held, key=lambda item: item.mark.start, reverse=True))

    def in_boilerplate(self, offset: int) -> bool:
        """Tell whether an offset lies in boilerplate."""
        begins, ends = self._covered
        number = bisect_right(begins, offset)
        return number > 0 and offset < ends[number - 1]

    def next_boilerplate(self, offset: int) -> int:
        """Return where the next boilerplate after an offset begins; the length where none does."""
        number = bisect_right(self._stops, offset)
        return self._stops[number] if number < len(self._stops) else self.length


def _merged(places: Iterable[Place]) -> list[tuple[int, int]]:
    """Join stretches that overlap."""
    found: list[tuple[int, int]] = []
    for start, end in sorted(places):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((start, end))
    return found


@lru_cache(maxsize=2)  # asked for by several readers of one text
def lay_out(clean: str) -> Layout:
    """Return the layout of a clean text."""
    ends = [match.end() for match in _SENTENCE_END.finditer(clean)]
    sentences = tuple(dict.fromkeys((0, *(end for end in ends if end < len(clean)))))
    items = _items(clean)
    boilerplate = (*_boilerplate(clean, sentences), *_legal(clean, sentences))
    return Layout(sentences, items, boilerplate, len(clean))


def _items(clean: str) -> tuple[Item, ...]:
    """Find the lists: marks of one style whose numbers follow one another from 1."""
    lists: list[_List] = []
    for style, pattern in _STYLES:
        if style in ("bullet", "bold", "bracket", "hash"):
            marks = [(0, Place(*match.span(1))) for match in pattern.finditer(clean) if match[1]]
            if marks:
                lists.append((style, marks))
        else:
            lists.extend((style, marks) for marks in _sequences(clean, pattern))
    return _nested(lists, len(clean))


def _sequences(clean: str, pattern: re.Pattern[str]) -> list[list[tuple[int, Place]]]:
    """Numbers 1, 2, 3 …; a list may stand inside an item of another one of its own style."""
    done: list[list[tuple[int, Place]]] = []
    running: deque[list[tuple[int, Place]]] = deque()
    last: Counter[int] = Counter()  # how many of the running lists have come to each number
    for match in pattern.finditer(clean):
        number, place = _number(match[1]), Place(*match.span())
        if number == 1:
            running.append([(1, place)])
            last[1] += 1
            if len(running) > BOUNDS.lists:
                done.append(running.popleft())
                last[done[-1][-1][0]] -= 1
            continue
        while last[number - 1]:
            last[running[-1][-1][0]] -= 1
            if running[-1][-1][0] == number - 1:
                running[-1].append((number, place))
                last[number] += 1
                break
            done.append(running.pop())
    return [marks for marks in (*done, *running) if len(marks) > 1]


def _number(text: str) -> int:
    if text.isdecimal():
        return int(text)
    if text in "①②③④⑤⑥⑦⑧⑨⑩":
        return "①②③④⑤⑥⑦⑧⑨⑩".index(text) + 1
    tens, _, units = text.rpartition("十")
    if "十" in text:
        return 10 * _HAN_DIGITS.get(tens, 1) + _HAN_DIGITS.get(units, 0)
    return _HAN_DIGITS.get(text, 0)


def _nested(lists: list[_List], length: int) -> tuple[Item, ...]:
    """Close every item at its list's next mark, or where an item around the list closes."""
    ends = _outer_ends(lists, length)
    found = []
    for group, (style, marks) in enumerate(lists):
        # The last one ends with what the list stands in.
        starts = [*(place.start for _, place in marks[1:]), ends[group]]
        found += [
            Item(style, number, place, end, group)
            for (number, place), end in zip(marks, starts, strict=True)
        ]
    return tuple(sorted(found, key=lambda item: (item.mark.start, -item.end)))


def _outer_ends(lists: list[_List], length: int) -> list[int]:
    """Return where each list ends: at the next mark of one that began before it, or of its style.

    Lists are taken from the last begun to the first, and their marks out of those that count.
    """
    marks = sorted({place.start for _, found in lists for _, place in found})
    left = [0] * len(marks)  # lists that count and have this mark
    following = list(range(len(marks) + 1))  # the next mark that counts, found by halving paths
    by_style: dict[str, list[int]] = {}
    number = {mark: at for at, mark in enumerate(marks)}
    for style, found in lists:
        by_style.setdefault(style, []).extend(place.start for _, place in found)
        for _, place in found:
            left[number[place.start]] += 1
    for starts in by_style.values():
        starts.sort()

    def counting(at: int) -> int:
        while following[at] != at:
            following[at] = following[following[at]]
            at = following[at]
        return at

    ends = [length] * len(lists)
    begun = sorted(range(len(lists)), key=lambda group: -lists[group][1][0][1].start)
    for _, together in groupby(begun, key=lambda group: lists[group][1][0][1].start):
        groups = list(together)
        for place in (place for group in groups for _, place in lists[group][1]):
            at = number[place.start]
            left[at] -= 1
            if not left[at]:
                following[at] = at + 1
        for group in groups:
            style, found = lists[group]
            last = found[-1][1].start
            outer = counting(bisect_right(marks, last))
            own = by_style[style]
            same = bisect_right(own, last)
            ends[group] = min(
                marks[outer] if outer < len(marks) else length,
                own[same] if same < len(own) else length,
            )
    return ends


@dataclass(frozen=True, slots=True)
class _Legal:
    headings: WordList
    referring: tuple[str, ...]
    resuming: re.Pattern[str]
    sentences: WordList
    early: re.Pattern[str]


@cache
def _patterns() -> _Legal:
    table = read_table("cues")["boilerplate"]
    return _Legal(
        headings=WordList(table["headings"]),
        referring=tuple(clean_name(word) for word in table["referring"]),
        resuming=re.compile(alternatives(table["resuming"])),
        sentences=WordList(table["sentences"]),
        early=re.compile(alternatives([*table["early"], *table["sentences"]])),
    )


def _legal(clean: str, sentences: tuple[int, ...]) -> list[Place]:
    """Return the clauses that a lawyer wrote, wherever they stand, to the sentence's end."""
    ends = (*sentences[1:], len(clean))
    found = []
    for _, start, end in _patterns().sentences.find(clean):
        number = bisect_right(sentences, start) - 1
        # A text of lines has no stops.
        begin = max(sentences[number], start - _LONGEST_CLAUSE)
        clauses = [match.end() for match in _CLAUSE_BEGINS.finditer(clean, begin, start)]
        begin = clauses[-1] if clauses else begin
        found.append(Place(begin, min(ends[number], end + _LONGEST_LEGAL)))
    return found


def _boilerplate(clean: str, sentences: tuple[int, ...]) -> tuple[Place, ...]:
    """From a heading of boilerplate to the end, or to where a proper section begins again."""
    words = _patterns()
    found: list[Place] = []
    told = 0
    for _, begun, after in words.headings.find(clean):
        # A footer may refer to a heading right before that heading itself.
        before = clean[max(told, begun - 20) : begun]
        told = after
        if found and begun < found[-1].end:
            continue
        if before.endswith(words.referring) or _SEE.search(before):
            continue
        if (
            clean[after : after + 1] in ("”", "》")
            or _SEEN_AFTER.match(clean, after)
            or _OF_REPORT.match(clean, after)
        ):
            continue
        again = words.resuming.search(clean, after)
        end = again.start() if again else len(clean)
        part = _EARLY if len(clean) > _EXCERPT else 2 * _EARLY
        if begun < part * len(clean) and len(clean) - begun > _LONG:
            end = min(end, _last_of_early(clean, sentences, after))
        found.append(Place(begun, end))
    return tuple(found)


def _last_of_early(clean: str, sentences: tuple[int, ...], begin: int) -> int:
    """Return where boilerplate ends that stands before the text itself.

    It goes on as long as each sentence has a lawyer's word, the one with its heading without.
    """
    ends = (*sentences[1:], len(clean))
    number = bisect_right(sentences, begin) - 1
    while number + 1 < len(sentences) and _patterns().early.search(
        clean, sentences[number + 1], min(ends[number + 1], sentences[number + 1] + _LONGEST_LEGAL)
    ):
        number += 1
    return min(ends[number], max(begin, sentences[number]) + _LONGEST_LEGAL)
