"""Ratings as sources print them: the word, what changed it, and the risk grade beside it."""

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple

from screener.reports.ratings.ratings import stances
from screener.reports.text.text import clean_name
from screener.reports.text.vocabulary import alternatives, read_table

__all__ = ["PrintedRating", "read_rating"]

_ORDINAL = re.compile(r"^\d{1,2}[.、)](?=\D)")
_FILLING = re.compile(r"公司|行业|股票|投资|评级|给予|予以|至|为|到|[^\w]|_")
_GRADE = re.compile(r"[a-d]")


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
