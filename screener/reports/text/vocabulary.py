"""Words of the reader: tables of facts and cues, and the dictionary that tells words from names."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from importlib import resources
from itertools import accumulate
from typing import Any

from ahocorasick_rs import AhoCorasick, MatchKind

from screener.reports.text.text import clean_name

__all__ = [
    "WordList",
    "alternatives",
    "begins_with_verb",
    "cut_points",
    "is_word",
    "names_a_place",
    "ordinary",
    "pieces",
    "read_table",
    "tagged_name",
]

_LONGEST_WORD = 5
_NAME_TAGS = ("nt", "nz", "nr", "nrt", "nrfg")  # organisations, brands and persons


@cache
def read_table(name: str) -> Mapping[str, Any]:
    """Read `tables/NAME.toml`."""
    source = resources.files("screener.reports.tables").joinpath(f"{name}.toml")
    return tomllib.loads(source.read_text(encoding="utf-8"))


def alternatives(words: Sequence[str]) -> str:
    """Return a regular expression that matches any of the words, the longest first.

    It branches letter by letter: a text is held against the letters that words begin with, and not
    against every word.
    """
    root: _Letters = {}
    for word in sorted({clean_name(word) for word in words}):
        node = root
        for letter in word:
            node = node.setdefault(letter, {})
        node[""] = {}
    return _branch(root)


_Letters = dict[str, "_Letters"]
"""What words go on with, letter by letter; the empty letter ends one."""


def _branch(node: _Letters) -> str:
    parts = [re.escape(letter) + _branch(below) for letter, below in node.items() if letter]
    if len(parts) < 2 and "" not in node:
        return "".join(parts)
    if not parts:
        return ""
    inner = f"(?:{'|'.join(parts)})"
    return f"{inner}?" if "" in node else inner


class WordList:
    """Words that are looked for in whole texts, all of them in one pass.

    Parameters
    ----------
    words
        In any written form; they are cleaned.
    """

    def __init__(self, words: Iterable[str]) -> None:
        self._words = tuple(dict.fromkeys(clean_name(word) for word in words))
        self._automaton = AhoCorasick(self._words, matchkind=MatchKind.LeftmostLongest)

    def find(self, text: str) -> list[tuple[str, int, int]]:
        """Return each word found with its first offset and the one after its last, in order.

        Of words at one place the longest is found, and no word that begins inside another.
        """
        found = self._automaton.find_matches_as_indexes(text)
        return [(self._words[number], start, end) for number, start, end in found]


@cache
def _dictionary() -> Any:
    """Return the general dictionary, which is loaded when a text is first held against it."""
    import rjieba

    return rjieba


def pieces(text: str) -> list[str]:
    """Cut a text into dictionary words; what is in no dictionary falls into single characters."""
    return list(_dictionary().cut(text, False))


def cut_points(text: str) -> frozenset[int]:
    """Return the offsets at which a word of the text begins, its end included."""
    return frozenset(accumulate(map(len, _dictionary().cut(text, False)), initial=0))


def is_word(text: str) -> bool:
    """Tell whether the general dictionary holds it."""
    return bool(_dictionary().has_word(text))


def ordinary(text: str) -> bool:
    """Tell whether it is an ordinary word: in the dictionary, and not as a name of its own."""
    if not is_word(text):
        return False
    return all(tag not in _NAME_TAGS for _, tag in _dictionary().tag(text))


def tagged_name(text: str) -> bool:
    """Tell whether the general dictionary holds it as a name: of a firm, a brand or a person."""
    return is_word(text) and all(tag in _NAME_TAGS for _, tag in _dictionary().tag(text))


def begins_with_verb(text: str, start: int) -> bool:
    """Tell whether a verb begins at an offset, or a word that leads to one: 公布, 被, 大幅."""
    return _is_verb(pieces(text[start : start + _LONGEST_WORD])[:1])


def _is_verb(words: Sequence[str]) -> bool:
    tags = (tag for word in words for _, tag in _dictionary().tag(word)[:1])
    return any(tag in ("v", "vd", "d", "p") for tag in tags)


@cache
def names_a_place(text: str) -> bool:
    """Tell whether the first word of a name is a place or a direction: 上海电力, 国际医学."""
    first = pieces(text)[0]
    return (
        all(tag in ("ns", "s", "f", "b") for _, tag in _dictionary().tag(first)) or first in _WIDE
    )


_WIDE = frozenset({"国际", "中国", "全球", "世界", "亚洲", "东方", "国家", "华夏"})
