"""Ratings as sources print them: the word, what changed it, and the risk grade beside it."""

from __future__ import annotations

import re
from enum import IntEnum
from functools import cache
from typing import NamedTuple

from screener.reports.ratings.ratings import stances
from screener.reports.text.text import clean_name
from screener.reports.text.vocabulary import alternatives, read_table

__all__ = ["Grade", "PrintedRating", "grade_of", "read_rating"]

_ORDINAL = re.compile(r"^\d{1,2}[.、)](?=\D)")
_FILLING = re.compile(r"公司|行业|股票|投资|评级|给予|予以|至|为|到|[^\w]|_")
_GRADE = re.compile(r"[a-d]")


_UTMOST = {
    "good": frozenset(
        [
            "强烈推荐",
            "强推",
            "强力买入",
            "强烈买入",
            "确信买入",
            "买入",
            "a-买入",
            "strongbuy",
            "buy",
        ]
    ),
    "poor": frozenset(["卖出", "沽出", "沽售", "回避", "sell", "avoid"]),
}
"""Words that every house means alike: its strongest, either way."""


class Grade(IntEnum):
    """A rating on one scale for all houses, the better the greater."""

    SELL = 1
    REDUCE = 2
    HOLD = 3
    ACCUMULATE = 4
    BUY = 5

    @property
    def label(self) -> str:
        """What it is called on the command line."""
        return self.name.lower()


class PrintedRating(NamedTuple):
    """A rating as a source prints it.

    Parameters
    ----------
    word
        Its word as tables have it; empty where the source says that there is none; the whole text
        where it holds no rating, or several.
    change
        `initiated`, `raised`, `lowered`, `maintained`, or empty.
    risk
        Risk grade, such as `A`; empty without one.
    """

    word: str
    change: str = ""
    risk: str = ""


def read_rating(text: str) -> PrintedRating:
    """Read a rating out of a cell such as `买入-A`, `增持(维持)`, `推荐/维持`, `首次買入`, `buy`.

    What is left beside one word of a rating must be a change of it, a grade, or words that mean
    nothing here; else the text is returned as it is, and no house defines it.
    """
    clean = clean_name(text).strip("“”\"'")
    folded = _ORDINAL.sub("", clean).casefold()
    if folded in _words():
        return PrintedRating(
            "" if folded in read_table("ratings")["none"]["chinese"] else _words()[folded]
        )
    words = dict.fromkeys(match[0] for match in _rating_pattern().finditer(folded))
    if len(words) != 1:
        return PrintedRating(text.strip())
    (word,) = words
    left, change = _changed(folded.replace(word, " "))
    left = _FILLING.sub("", left)
    if left and not _GRADE.fullmatch(left):
        return PrintedRating(text.strip())
    return PrintedRating(_words()[word], change, left.upper())


@cache
def grade_of(word: str) -> Grade | None:
    """Return the grade of a rating's word as `read_rating` gives it; `None` if it is none.

    Buying, recommending strongly and selling are so in every mouth. All other words that advise
    to hold more than the market, such as 推荐, 增持 or 优于大市, are one grade: houses of three
    grades have them at the top, those of five below it.
    """
    key = word.casefold()
    for kind, least, most in (
        ("good", Grade.ACCUMULATE, Grade.BUY),
        ("neutral", Grade.HOLD, Grade.HOLD),
        ("poor", Grade.REDUCE, Grade.SELL),
    ):
        words = read_table("ratings")[kind]
        if key in {item.casefold() for item in (*words["chinese"], *words["english"])}:
            return most if key in _UTMOST.get(kind, ()) else least
    return None


def _changed(text: str) -> tuple[str, str]:
    """Return what is left of a text without the words of changes, and the change they tell."""
    found = list(dict.fromkeys(match[0] for match in _change_pattern().finditer(text)))
    told = {_changes()[word] for word in found}
    if not told:
        return text, ""
    # "first, maintained" contradict each other: the words are taken out, and nothing is told.
    change = told.pop() if len(told) == 1 else ""
    return _change_pattern().sub(" ", text), change


@cache
def _words() -> dict[str, str]:
    return {word.casefold(): word for word in reversed(stances())}


@cache
def _changes() -> dict[str, str]:
    changes = read_table("ratings")["changes"]
    return {word.casefold(): kind for kind, words in changes.items() for word in words}


@cache
def _rating_pattern() -> re.Pattern[str]:
    return re.compile(alternatives(list(_words())))


@cache
def _change_pattern() -> re.Pattern[str]:
    return re.compile(alternatives(list(_changes())))
