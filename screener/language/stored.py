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
_JOINTS = frozenset(
    {
        "{jump}: {cause}",
        "{name} {value:g}",
        "{name}: {text}",
        "{what} ({detail})",
    }
)
"""Sentences without a word of their own that stand in what is stored; others fit any text."""
_BETWEEN = (", ", "; ")  # what stands between the parts of a list, and of a line
_MOST_LEFT = 0.7  # of the letters: what explains fewer is hardly the sentence that it was
# What has a format is a number.
_NUMBER = r"[-+]?(?:[0-9]+(?:,[0-9]{3})*(?:\.[0-9]+)?(?:e[-+]?[0-9]+)?|nan|inf)%?"


def retold(text: str) -> str:
    """Return a stored English text as the reader says it; what is no sentence of ours as it is.

    Parameters
    ----------
    text
        A text as it was stored, or one that was said in this run, which is returned as it is.
    """
    if isinstance(text, Said) or bound() is Language.EN:
        return text
    return _read(bound(), text, _DEPTH).told


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


@dataclass(frozen=True, slots=True)
class _Reading:
    """One way to read a text: its translation, and how much the way explains.

    Parameters
    ----------
    told
        The text in the reader's language.
    left
        Letters that are left as they are.
    n_sentences
        Sentences and names that it is made of.
    """

    told: str
    left: int
    n_sentences: int

    @property
    def rank(self) -> tuple[int, int]:
        """Of two ways the one is better that leaves fewer letters, and needs fewer sentences."""
        return self.left, self.n_sentences


@lru_cache(maxsize=4096)
def _read(language: Language, text: str, depth: int) -> _Reading:
    """Return the best way to read a text."""
    plain, sentences = _sentences(language)
    own = str(named(text))
    if own == text:  # a name goes before a sentence, of which a word may be one
        own = plain.get(text, text)
    if own != text:
        return _Reading(own, 0, 1)
    letters = sum(letter.isalpha() for letter in text)
    best = _Reading(text, letters, 0)
    for sentence in sentences if depth and letters else ():
        values = sentence.values(text)
        if values is None:
            continue
        parts = {name: _read(language, value, depth - 1) for name, value in values.items()}
        left = sum(part.left for part in parts.values())
        told = sentence.told.format(**{name: part.told for name, part in parts.items()})
        found = _Reading(told, left, 1 + sum(part.n_sentences for part in parts.values()))
        if left <= _MOST_LEFT * letters and found.rank < best.rank:
            best = found
    return best


@cache
def _sentences(language: Language) -> tuple[dict[str, str], tuple[_Sentence, ...]]:
    """Return the sentences of a language: those without placeholders, and the others."""
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
            elif isinstance(message, str) and text and "{" not in text:
                plain[str(text)] = told
    joined = (
        _sentence(f"{{first}}{between}{{rest}}", f"{{first}}{plain[between]}{{rest}}", joint=True)
        for between in _BETWEEN
        if between in plain
    )
    return plain, (*found, *(item for item in joined if item is not None))


def _sentence(english: str, told: str, *, joint: bool = False) -> _Sentence | None:
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
    wordless = not any(letter.isalpha() for piece in pieces for letter in piece)
    if not seen or (wordless and not joint and english not in _JOINTS):
        return None
    return _Sentence(pieces=tuple(pieces), pattern=compiled, told=bare)
