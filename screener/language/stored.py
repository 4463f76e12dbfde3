"""What is stored in English, for those who read another language.

Whatever is stored is stored in English, filled in (`in_english`), so that it does not depend on
who stored it. Its sentence is found again by the catalog: one whose English has these words in this
order; and what stood in its placeholders, in the same way.
"""

from __future__ import annotations

import re
import string
from dataclasses import dataclass
from functools import cache, lru_cache

from screener.language.reader import Language, bound, catalog
from screener.language.saying import Said
from screener.language.terms import named

__all__ = ["retold"]

_DEPTH = 6  # sentences within sentences
_NUMBER = r"[-+]?(?:[0-9][0-9.,]*(?:e[-+]?[0-9]+)?|nan|inf)%?"  # what has a format is a number


def retold(text: str) -> str:
    """Return a stored English text as the reader says it; what is no sentence of ours as it is.

    Parameters
    ----------
    text
        A text as it was stored, or one that was said in this run, which is returned as it is.
    """
    if isinstance(text, Said) or bound() is Language.EN:
        return text
    return _retold(bound(), text, _DEPTH)[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sentence:
    """A sentence of the catalog that has placeholders.

    Parameters
    ----------
    pieces
        Its English between the placeholders.
    pattern
        Matches the sentence filled in.
    told
        The translation, its placeholders without formats.
    """

    pieces: tuple[str, ...]
    pattern: re.Pattern[str]
    told: str

    @property
    def rank(self) -> int:
        """How many letters of its own it has; one without any tells little."""
        return sum(letter.isalpha() for piece in self.pieces for letter in piece)

    def values(self, text: str) -> dict[str, str] | None:
        """Return what stands in the placeholders of a text; `None` if it is another sentence."""
        at = 0
        for piece in self.pieces:  # quicker than the pattern, which few texts get to
            at = text.find(piece, at)
            if at < 0:
                return None
            at += len(piece)
        found = self.pattern.fullmatch(text)
        return None if found is None else found.groupdict()


@lru_cache(maxsize=4096)
def _retold(language: Language, text: str, depth: int) -> tuple[str, int]:
    """Return a text in a language, and how many letters of it are left as they are.

    Of the sentences that it may be, the one is taken that leaves the fewest letters.
    """
    plain, sentences = _sentences(language)
    if text in plain:
        return plain[text], 0
    own = str(named(text))
    best = (own, 0) if own != text else (text, sum(letter.isalpha() for letter in text))
    for sentence in sentences if depth else ():
        values = sentence.values(text) if best[1] else None
        if values is None:
            continue
        found = {name: _retold(language, value, depth - 1) for name, value in values.items()}
        left = sum(count for _, count in found.values())
        if left < best[1]:
            told = sentence.told.format(**{name: value for name, (value, _) in found.items()})
            best = (told, left)
    return best


@cache
def _sentences(language: Language) -> tuple[dict[str, str], tuple[_Sentence, ...]]:
    """Return the sentences of a language: those without placeholders, and the others by rank."""
    if bound() is not language:
        raise ValueError(f"{language} is not bound")
    messages: dict[str | tuple[str, int], str] = getattr(catalog(), "_catalog", {})
    plain: dict[str, str] = {}
    found: list[_Sentence] = []
    for message, told in messages.items():
        for text in (message,) if isinstance(message, str) else message[:1]:
            sentence = _sentence(str(text), told)
            if sentence is not None:
                found.append(sentence)
            elif isinstance(message, str) and text:
                plain[str(text)] = told
    return plain, tuple(sorted(found, key=lambda item: -item.rank))


def _sentence(english: str, told: str) -> _Sentence | None:
    pieces: list[str] = []
    pattern, seen = "", set[str]()
    try:
        for literal, name, form, _ in string.Formatter().parse(english):
            pieces.append(literal)
            pattern += re.escape(literal)
            if name:
                value = _NUMBER if form else ".+?"
                pattern += f"(?P={name})" if name in seen else f"(?P<{name}>{value})"
                seen.add(name)
        bare = "".join(
            literal.replace("{", "{{").replace("}", "}}") + (f"{{{name}}}" if name else "")
            for literal, name, _, _ in string.Formatter().parse(told)
        )
        compiled = re.compile(pattern, re.DOTALL)
    except (ValueError, re.error):  # braces that are no placeholders
        return None
    return _Sentence(pieces=tuple(pieces), pattern=compiled, told=bare) if seen else None
