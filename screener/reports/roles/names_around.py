"""The names of a text, to be found from either side, with the lists that they stand in."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from functools import cache

from screener.reports.securities.mentions import Mention
from screener.reports.text.vocabulary import alternatives, read_table

__all__ = ["PROSE", "QUOTE", "ROW", "NamesAround", "unquoted", "verbs_of_rating"]

ROW = 200
"""Characters of a row from its name to its rating."""
PROSE = 300
"""Characters from the name that is spoken of to its rating, over sentences."""
_LONGEST_LIST = 60  # names that one rating is given to

QUOTE = (
    r"[+-]?\d{1,6}\.\d{1,4}\([+-]?\d{1,6}\.\d{1,4}%\)"
    r"(?:沽空\$\d{1,6}(?:\.\d{1,4})?[百千万亿]{0,2};?比率\d{1,3}(?:\.\d{1,4})?%)?"
)
"""A regular expression for the live price that a news site puts after a name."""


class NamesAround:
    """The names of a text, to be found from either side."""

    def __init__(self, clean: str, mentions: Sequence[Mention]) -> None:
        self.mentions = mentions
        self.starts = [one.whole.start for one in mentions]
        self.ends = [one.whole.end for one in mentions]
        self.clean = clean

    def before(self, offset: int) -> int | None:
        """Return the last name that ends by an offset."""
        number = bisect_right(self.ends, offset) - 1
        return number if number >= 0 else None

    def rated_by(self, offset: int) -> int | None:
        """Return the last name that ends by an offset and is not that of a house that rates."""
        number = self.before(offset)
        while number is not None and self._gives(number):
            number = number - 1 if number and self.ends[number] > offset - PROSE else None
        return number

    def after(self, offset: int) -> int | None:
        """Return the first name that begins from an offset on."""
        number = bisect_left(self.starts, offset)
        return number if number < len(self.starts) else None

    def coded(self, number: int) -> bool:
        """Tell whether a company's code is printed with its name, or as the name before it."""
        one = self.mentions[number]
        before = self.mentions[number - 1] if number else one
        return one.coded or (before.coded and before.listings == one.listings)

    def alone(self, number: int) -> bool:
        """Tell whether no other company is named before a name in its sentence."""
        start = self.starts[number]
        begin = max(start - PROSE, 0)
        first = bisect_left(self.starts, max(begin, self.clean.rfind("。", begin, start)))
        own = self.mentions[number].listings
        return all(self.mentions[one].listings == own for one in range(first, number))

    def lines(self, number: int) -> tuple[int, ...]:
        """Return a name with the other line of its company that is printed before it."""
        found = [number]
        while len(found) < _LONGEST_LIST and found[-1] and self._same(found[-1] - 1, found[-1]):
            found.append(found[-1] - 1)
        return tuple(found)

    def together(self, number: int) -> tuple[int, ...]:
        """Return a name with the other lines of its company that are printed around it."""
        found = [*self.lines(number)]
        last = min(len(self.mentions) - 1, number + _LONGEST_LIST)
        while number < last and self._same(number, number + 1):
            number += 1
            found.append(number)
        return tuple(found)

    def listed(self, number: int) -> tuple[int, ...]:
        """Return a name with those before it in its list."""
        found = [number]
        while len(found) < _LONGEST_LIST and found[-1] and self._joined(found[-1] - 1, found[-1]):
            found.append(found[-1] - 1)
        return tuple(found)

    def listed_after(self, number: int) -> tuple[int, ...]:
        """Return a name with those after it in its list."""
        last = min(len(self.mentions) - 1, number + _LONGEST_LIST)
        end = number
        while end < last and self._joined(end, end + 1):
            end += 1
        return tuple(range(number, end + 1))

    def _gives(self, number: int) -> bool:
        """Tell whether a name is that of the house that gives a rating."""
        one = self.mentions[number]
        if _AGENT.search(self.clean, *one.place) is None:
            return False
        before = self.clean[max(0, one.whole.start - 2) : one.whole.start]
        follows = _gives_ratings().match(self.clean, one.whole.end)
        return follows is not None or before.endswith(_TAKES)

    def _same(self, left: int, right: int) -> bool:
        if self.starts[right] - self.ends[left] > ROW:
            return False
        gap = unquoted(self.clean[self.ends[left] : self.starts[right]])
        return _SAME.fullmatch(gap) is not None and self._alone(right)

    def _alone(self, number: int) -> bool:
        one = self.mentions[number]
        return one.trust is None  # a code without a name of its own goes with the name before it

    def _joined(self, left: int, right: int) -> bool:
        if self.starts[right] - self.ends[left] > ROW // 2:
            return False
        gap = unquoted(self.clean[self.ends[left] : self.starts[right]])
        return _JOINT.fullmatch(gap) is not None or self._same(left, right)


# Between the two lines of one company: A股(601390.SH)和H股(390.HK).
_SAME = re.compile(r"\)\(|[()/,、]?|\)?(?:[、/,;]|和|与|及|以及)?(?:[AH]股|港股)[(/:]?")
_JOINT = re.compile(r"[)\]】]?(?:[、,/]|以及|和|与|及|and){1,2}(?:\d{1,3}[、.])?[(\[【]?")
_QUOTED = re.compile(QUOTE)


def unquoted(gap: str) -> str:
    """Return what stands between two names without live prices."""
    return _QUOTED.sub("", gap) if "%)" in gap else gap


_AGENT = re.compile(r"证券|证劵|中金|国泰|海通|银河|国信|信达|Securities")
_TAKES = ("获", "由", "被", "经", "据", "得", "得到", "因")


@cache
def _gives_ratings() -> re.Pattern[str]:
    verbs = verbs_of_rating()
    return re.compile(rf"(?:对|于)?[^,。;]{{0,4}}?(?:{verbs}|研报|报告|认为|预计|指|料|称)")


@cache
def verbs_of_rating() -> str:
    """Return a regular expression for the words that give a rating or change it."""
    table = read_table("ratings")
    return alternatives(
        [
            *(word for words in table["changes"].values() for word in words),
            *table["verbs"]["giving"],
            *table["verbs"]["stock"],
        ]
    )
