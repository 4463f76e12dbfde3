"""How a name is printed before its code: whole, by its beginning, abbreviated, in English.

What stands right before a code needs less to be the company's name than what stands alone: the code
says whose name it would be.
"""

from __future__ import annotations

import re
from functools import lru_cache

from screener.reports.securities.name_index import KIND_WORD, Company, capitals
from screener.reports.text.text import Text
from screener.reports.text.vocabulary import names_a_place

__all__ = ["after_a_name", "english_before", "printed_before"]

_LONGEST = 10
_ABBREVIATED = (5, 4, 3, 2)
_HAN = re.compile(r"[\u4e00-\u9fff]+")
_LATIN = re.compile(r"[A-Za-z0-9&.'*-]")
_LONGEST_LATIN = 48
_TAIL = re.compile(r"-[A-Z]{1,3}$")
_LEAST_LATIN = 3


def printed_before(text: Text, end: int, company: Company) -> int | None:
    """Return where the company's name begins that is printed right before an offset.

    Parameters
    ----------
    text, end
        The text, and the offset at which the name would end.
    company
        Company that the code after it names.
    """
    clean = text.clean
    tail = re.search(r"-[A-Z]{1,3}$", clean[max(0, end - 4) : end])
    end -= len(tail[0]) if tail else 0
    names = tuple(dict.fromkeys(name for _, name in company.names)) or (company.name,)
    found = [_begun(clean, end, name) for name in names]
    found += [_abbreviated(clean, end, name) for name in names]
    if company.name_en:
        found.append(_english(text, end, company.name_en))
    return min((start for start in found if start is not None), default=None)


def _begun(clean: str, end: int, name: str) -> int | None:
    """Return where a name or its beginning stands: 东方海外 of 东方海外国际."""
    name = capitals(name)
    for size in range(min(len(name), _LONGEST, end), 1, -1):
        said = name[:size]
        if capitals(clean[end - size : end]) == said:
            return end - size if size == len(name) or not _generic(said) else None
    return None


def _abbreviated(clean: str, end: int, name: str) -> int | None:
    """Return where an abbreviation stands, characters of a name in order: 国寿 of 中国人寿."""
    for size in _ABBREVIATED:
        said = clean[max(0, end - size) : end]
        if len(said) == size and _HAN.fullmatch(said) and _shortens(said, name):
            return end - size
    return None


@lru_cache(maxsize=8192)
def _shortens(said: str, name: str) -> bool:
    first = name.find(said[0])
    if first not in (0, 1) or len(said) >= len(name) or _generic(said):
        return False
    at = first
    for character in said[1:]:
        at = name.find(character, at + 1)
        if at < 0:
            return False
    return True


def _generic(said: str) -> bool:
    """Tell whether a word of two characters stands in many names: 中国, 科技."""
    return KIND_WORD.fullmatch(said) is not None or (len(said) == 2 and names_a_place(said))


def _english(text: Text, end: int, name: str) -> int | None:
    """Return where an English name stands that says the same in full: Great Wall Motor, GWMOTOR."""
    wanted = _letters(_TAIL.sub("", name.upper()))
    if len(wanted) < _LEAST_LATIN:
        return None
    starts = _word_starts(text, end)
    for start in starts:  # the longest first
        said = _letters(text.clean[start:end].upper())
        if text.clean[start].isupper() and _says(said, wanted):
            return start
    return None


def _says(said: str, wanted: str) -> bool:
    if len(said) < _LEAST_LATIN or said[0] != wanted[0]:
        return False
    return wanted.startswith(said) or _in_order(wanted, said)


def _in_order(wanted: str, said: str) -> bool:
    at = 0
    for letter in wanted:
        at = said.find(letter, at) + 1
        if not at:
            return False
    return True


def _letters(name: str) -> str:
    return re.sub("[^A-Z0-9]", "", name)


def _word_starts(text: Text, end: int) -> list[int]:
    """Return where the Latin words before an offset begin, the furthest first."""
    first = end
    while first > max(0, end - _LONGEST_LATIN) and _LATIN.match(text.clean[first - 1]):
        if text.clean[first - 1] == "." and first < end and text.blank_before(first):
            break  # a sentence ends
        first -= 1
    found = [at for at in range(first, end) if at == first or text.blank_before(at)]
    return found[-6:]


def english_before(text: Text, end: int) -> int:
    """Return where the words in Latin letters begin that end right before an offset."""
    starts = _word_starts(text, end)
    return starts[0] if starts else end


def after_a_name(text: Text, end: int) -> bool:
    """Tell whether a word in Latin letters that begins with a capital ends at an offset."""
    starts = _word_starts(text, end)
    return bool(starts) and text.clean[starts[-1]].isupper()
