"""How characters are spoken: what a misprint sounds like, and readings that a page prints."""

from __future__ import annotations

import unicodedata
from functools import cache, lru_cache

__all__ = ["in_dictionary", "reads_so", "sounds_alike"]


def sounds_alike(one: str, other: str) -> bool:
    """Tell whether two words are spoken the same, tones aside: how a word is mistyped."""
    return len(one) == len(other) and _spoken(one) == _spoken(other)


@cache
def _spoken(text: str) -> tuple[str, ...]:
    from pypinyin import lazy_pinyin

    return tuple(lazy_pinyin(list(text)))


def in_dictionary(name: str) -> tuple[tuple[str, ...], str]:
    """Return what a name is sorted by, as a Chinese dictionary does: how it is spoken, then itself.

    A character of several readings is read as in the words that it stands in: 长江 is changjiang.
    """
    from pypinyin import lazy_pinyin

    return tuple(part.casefold() for part in lazy_pinyin(name)), name


@lru_cache(maxsize=4096)
def reads_so(character: str, reading: str) -> bool:
    """Tell whether a character can be read so, its tone left aside."""
    from pypinyin import Style, pinyin

    parts = unicodedata.normalize("NFD", reading.replace("ü", "v"))
    plain = "".join(one for one in parts if not unicodedata.combining(one))
    readings = pinyin(character, style=Style.NORMAL, heteronym=True)[0]
    return plain in (*readings, *(one.replace("v", "u") for one in readings))
