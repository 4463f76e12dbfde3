"""What readers call the tables of the lake, their columns, and what a source is asked for."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import resources

from screener.language.reader import Language, bound
from screener.language.saying import say_by

__all__ = ["named"]


def named(word: str) -> str:
    """Return a name as the reader calls it: `bars` as 日线行情; a word that is none as it is.

    Parameters
    ----------
    word
        Name of a table, of a column, of a kind of file, or of what a source is asked for, as it
        is typed.
    """
    own = _terms().get(word, word) if bound() is Language.ZH else str(word)
    return say_by(named, str(word), own)


@cache
def _terms() -> dict[str, str]:
    text = resources.files(__package__).joinpath("terms.toml").read_text(encoding="utf-8")
    terms: dict[str, str] = tomllib.loads(text)["terms"]
    return terms
