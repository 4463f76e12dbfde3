"""How far a written form can be trusted to mean a company where nothing else speaks."""

from __future__ import annotations

import re
from enum import StrEnum

from screener.reports.text.vocabulary import is_word, ordinary, pieces, read_table, tagged_name

__all__ = ["Trust", "capitals", "trust_in", "trust_in_alias", "trust_in_stem"]

_HAN = re.compile(r"[\u4e00-\u9fff]")
_LATIN = re.compile(r"[A-Z*]")
_LATIN_LEAST = 5


class Trust(StrEnum):
    """How far a written form can be trusted to mean the company where nothing else speaks."""

    DISTINCT = "distinct"  # four characters or more, not made of words alone
    COMPOUND = "compound"  # made of ordinary words: 中国软件
    SHORT = "short"  # two characters, or three that are no word
    WORD = "word"  # itself an ordinary word: 机器人
    LATIN = "latin"  # an English name
    LETTERS = "letters"  # an abbreviation of up to four letters
    RARE = "rare"  # three characters that make no word: 凯莱英
    NICK = "nick"  # the first two characters of a longer name: 光迅 for 光迅科技
    BESIDE = "beside"  # a word that means a company where the text names it in full, too: 平安


def capitals(text: str) -> str:
    """Return a text with its ASCII letters in capitals, nothing else changed."""
    return _SMALL.sub(lambda letters: letters[0].upper(), text)


_SMALL = re.compile("[a-z]+")


def trust_in_stem(stem: str) -> Trust:
    """Return the trust in two characters that a name leaves when ST is taken away."""
    return Trust.WORD if is_word(stem) else Trust.NICK


def trust_in(form: str) -> Trust:
    """Return the trust in a written form."""
    if not _HAN.search(form):
        known = len(form) >= _LATIN_LEAST or form in read_table("aliases")["letters"]
        return Trust.LATIN if known else Trust.LETTERS
    if form in _brands() or (len(form) > 2 and _LATIN.search(form)):
        return Trust.DISTINCT
    if len(form) <= 3:
        if _reads_as_word(form):
            return Trust.WORD
        apart = len(form) == 3 and not (ordinary(form[:2]) or ordinary(form[1:]))
        return Trust.RARE if apart else Trust.SHORT
    parts = pieces(form)
    if any(len(part) == 1 for part in parts[:-1]) or len(parts) > 3:
        return Trust.DISTINCT
    if len(parts[-1]) == 1 and not is_word(form):
        return Trust.DISTINCT
    named = len(parts) > 1 and any(tagged_name(part) for part in parts)
    return Trust.DISTINCT if named else Trust.COMPOUND


def _reads_as_word(form: str) -> bool:
    """Tell whether two or three characters are an ordinary word, or made of one."""
    if len(form) == 2:
        return is_word(form)  # persons and places bear such names as well
    inner = ordinary(form[:2]) or ordinary(form[1:])
    return inner and (ordinary(form) or all(len(part) > 1 for part in pieces(form)))


def trust_in_alias(form: str) -> Trust:
    """Return the trust in a short name that research uses: no mere word."""
    trust = trust_in(form)
    return Trust.SHORT if trust is Trust.WORD and len(form) == 2 else trust


def _brands() -> frozenset[str]:
    return frozenset(read_table("aliases")["brands"])
