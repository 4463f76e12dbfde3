"""Words and reasons of results on the terminal: the English stands, Chinese is said for it."""

from __future__ import annotations

from screener.language import Language, again, bound
from screener.render.pages import words

__all__ = ["measure", "told", "traits", "word"]


def told(text: str) -> str:
    """Return a reason or a remark of a result in the reader's language."""
    return again(text) if bound() is Language.EN else words.told(text)


def measure(text: str) -> str:
    """Return what a claim measures in the reader's language."""
    return text if bound() is Language.EN else words.measure(text)


def traits(text: str) -> str:
    """Return by which traits random baskets are matched in the reader's language."""
    return text if bound() is Language.EN else words.traits(text)


def word(text: str) -> str:
    """Return a word of a closed set in the reader's language."""
    return again(text) if bound() is Language.EN else words.word(text)
