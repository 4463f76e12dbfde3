"""One written form of a report's text, with the way back to what is printed.

A report comes with wide and narrow letters, in Traditional or Simplified characters, with lines
and pages broken inside words and names. Everything is read from one form of it: width folded
(Unicode NFKC, where it keeps the number of characters), Simplified, without any white space. A
line break therefore carries no meaning at all, and both scripts read the same.
"""

from __future__ import annotations

import re
import unicodedata
from array import array
from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import NamedTuple

import opencc

from screener.reports.text.spoken import reads_so

__all__ = ["Place", "Text", "clean_name", "make_text", "simplified"]

_CONFIGURATIONS = ("t2s", "hk2s", "tw2s")  # the last two know the variants of Hong Kong and Taiwan
_INVISIBLE = frozenset("\u200b\u200c\u200d\u2060\ufeff\u00ad")
# Written forms that differ from print to print and mean the same.
_SAME = str.maketrans(
    {
        "﹪": "%",
        "％": "%",
        "〇": "零",
        "•": "·",
        "‧": "·",
        "∙": "·",
        "・": "·",
        "‐": "-",
        "‑": "-",
        "‒": "-",
        "–": "-",
        "—": "-",
        "―": "-",
        "−": "-",
        "﹣": "-",
        "丨": "|",  # a stroke among the characters, and lines of tables
        "│": "|",
        "┃": "|",
        "┆": "|",
        "┊": "|",
        "║": "|",
        "∣": "|",
        "¦": "|",
        "〔": "【",
        "〕": "】",
        "﹝": "【",
        "﹞": "】",
        "「": "“",
        "」": "”",
        "『": "“",
        "』": "”",
        "｢": "“",
        "｣": "”",
        # Traditional forms that OpenCC writes for these and does not bring back.
        "甦": "苏",
        "瞭": "了",
        "藉": "借",
        "鍊": "链",
    }
)


class Place(NamedTuple):
    """A stretch of `Text.clean`: first character, and the one after the last."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Text:
    """A report's text as printed and as read.

    Parameters
    ----------
    original
        As decoded from the document.
    clean
        The form that is read: width folded, Simplified, no white space.
    starts
        Offset in `original` of each character of `clean`.
    """

    original: str
    clean: str
    starts: array[int]

    def __hash__(self) -> int:
        """Return the hash of what is printed: what is found in a text is remembered by it."""
        return hash(self.original)

    def printed(self, place: Place) -> str:
        """Return a stretch as printed, without the white space inside it."""
        return "".join(self.original[slice(*self.span(place))].split())

    def span(self, place: Place) -> tuple[int, int]:
        """Return a stretch's offsets in the original: first character, one after the last."""
        if place.start >= place.end:
            first = self.starts[place.start] if place.start < len(self.starts) else 0
            return first, first
        return self.starts[place.start], self.starts[place.end - 1] + 1

    def blank_before(self, offset: int) -> bool:
        """Tell whether white space of any kind stands before a character of `clean`."""
        if offset <= 0 or offset >= len(self.starts):
            return True
        return self.starts[offset] - self.starts[offset - 1] > 1

    def line(self, place: Place) -> Place | None:
        """Return the printed line that a stretch stands in; `None` for a very long one."""
        first, last = self.span(place)
        before = self.original.rfind("\n", max(0, first - _LONGEST_LINE), first)
        after = self.original.find("\n", last, last + _LONGEST_LINE)
        if (before < 0 and first > _LONGEST_LINE) or (
            after < 0 and last + _LONGEST_LINE < len(self.original)
        ):
            return None
        end = after if after >= 0 else len(self.original)
        return Place(bisect_right(self.starts, before), bisect_left(self.starts, end))


_LONGEST_LINE = 400

# A page's number on a line of its own, inside a sentence that goes on. A figure of the sentence is
# told by the word before it or by its unit, and that of an index by the index's name.
_PAGE_NUMBER = re.compile(
    r"(?<=[\u4e00-\u9fff])(?<![第约近超达为至到共有月年])"
    r"(?<!沪深|中证|上证|深证|国证|北证|科创|标普)[ \t]*\n"
    r"\s*(?:-\s*)?(\d{1,3}(?:\s*/\s*\d{1,3})?)(?:\s*-)?[ \t]*\n\s*(?=[\u4e00-\u9fff])"
    r"(?![年月日号时分秒点元倍万亿千百个家只股期天周季度片吨名位次台件条项座层辆艘成大])"
)


# How a character is read, in a bracket after it, as pages print it that were made by machine.
_READING = re.compile(
    r"[(（](?<=[\u3400-\u9fff].) ?"
    r"([a-zāáǎàēéěèīíǐìōóǒòūúǔùǖǘǚǜüńňǹ]{1,6}) ?[)）]"
)


def make_text(original: str) -> Text:
    """Return the text to be read, and the offsets that lead back to the original."""
    folded = original.translate(_PLACED)  # one character for one: what is left out is a gap
    passed = [match.span(1) for match in _PAGE_NUMBER.finditer(original)]
    passed += [
        match.span()
        for match in _READING.finditer(original)
        if reads_so(original[match.start() - 1], match[1])
    ]
    for start, end in passed:
        folded = folded[:start] + _GAP * (end - start) + folded[end:]
    starts = array("I")
    for match in _KEPT.finditer(folded):
        starts.extend(range(*match.span()))
    return Text(original, folded.replace(_GAP, ""), starts)


def clean_name(name: str) -> str:
    """Return a name in the form in which `Text.clean` would show it."""
    return name.translate(_FOLDED)


def simplified(text: str) -> str:
    """Return text in Simplified characters, one for one, everything else left alone."""
    return "".join(_simplified(character) for character in text)


_GAP = "\n"
_KEPT = re.compile(rf"[^{_GAP}]+")


class _Folds(dict[int, str]):
    """What each character becomes, as `str.translate` asks for it."""

    def __init__(self, left_out: str) -> None:
        self._left_out = left_out

    def __missing__(self, code: int) -> str:
        folded = _fold(chr(code)) or self._left_out
        if len(self) < _MOST_FOLDS:
            self[code] = folded
        return folded


_MOST_FOLDS = 65_536
_FOLDED, _PLACED = _Folds(""), _Folds(_GAP)


def _fold(character: str) -> str:
    if character.isspace() or character in _INVISIBLE:
        return ""
    same = character.translate(_SAME)
    wide = unicodedata.normalize("NFKC", same)
    numbered = unicodedata.category(same) == "No"  # a circled 1 numbers a list, it is no digit
    one = wide if len(wide) == 1 and not wide.isspace() and not numbered else same
    return _simplified(one.translate(_SAME))


@cache
def _converters() -> tuple[opencc.OpenCC, ...]:
    return tuple(opencc.OpenCC(name) for name in _CONFIGURATIONS)


@lru_cache(maxsize=65_536)
def _simplified(character: str) -> str:
    # Character by character: a name must read the same whatever stands around it.
    if character.isascii():
        return character
    for converter in _converters():
        found = str(converter.convert(character))
        if found != character and len(found) == 1:
            return found
    return character
