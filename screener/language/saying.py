"""Sentences: said in the reader's language, and said again in another one when it is asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from copy import copy
from datetime import date
from typing import TypeVar, cast

from screener.errors import ScreenerError
from screener.language.reader import Language, catalog, speaking

__all__ = [
    "Said",
    "again",
    "in_english",
    "say",
    "say_all",
    "say_by",
    "say_count",
    "say_declared",
]

ValueT = TypeVar("ValueT")

_UNSAID = frozenset({str, int, float, bool, date, type(None)})
"""What most values are: there is nothing to say in them."""


class Said(str):
    """A text that remembers of what it was made, so that `again` can say it in another language.

    In all else it is the text as it was first said: it is compared, hashed, written, pickled and
    cut like any `str`, and what is cut from it or joined with it remembers nothing.
    """

    __slots__ = ("_say", "_texts", "_values")
    _say: Callable[..., str]
    _texts: tuple[object, ...]
    _values: Mapping[str, object]

    def again(self) -> str:
        """Return the same text in the language that is bound now, its values as well."""
        values = {name: _value_again(item) for name, item in self._values.items()}
        return self._say(*map(_value_again, self._texts), **values)


def _said(
    text: str, how: Callable[..., str], texts: tuple[object, ...], values: Mapping[str, object]
) -> str:
    said = Said(text)
    said._say, said._texts = how, texts
    for item in values.values():  # a whole market has thousands: hardly any holds an error
        if isinstance(item, BaseException):
            values = {name: _kept(value) for name, value in values.items()}
            break
    said._values = values
    return said


def _kept(value: object) -> object:
    """Return what stands for a value from now on: for an error what it tells, and no more.

    An error itself would keep alive all that was at hand where it was raised.
    """
    if isinstance(value, ScreenerError):
        return copy(value)  # without its traceback
    return str(value) if isinstance(value, BaseException) else value


def say_by(how: Callable[[str], str], word: str, told: str, /) -> str:
    """Return what a word is called, told by a function that calls it otherwise in another language.

    Parameters
    ----------
    how
        The function; it is asked again with the word.
    word
        What is called so.
    told
        What it is called in the language that is bound.
    """
    return _said(told, how, (word,), {})


def say(message: str, /, **values: object) -> str:
    """Return a message in the reader's language, as a `Said`.

    Parameters
    ----------
    message
        A whole sentence in English, written out where `say` is called. Without values it is taken
        as it stands, braces and all.
    **values
        What its placeholders stand for.
    """
    told = catalog().gettext(message)
    return _said(told.format(**values) if values else told, say, (message,), values)


def say_count(one: str, many: str, n: int, /, **values: object) -> str:
    """Return a message that counts something; `{n}` is the count, other placeholders as in `say`.

    Parameters
    ----------
    one, many
        The sentence for one thing, and for any other number.
    n
        The number.
    **values
        What its other placeholders stand for.
    """
    told = catalog().ngettext(one, many, n).format(n=n, **values)
    return _said(told, say_count, (one, many, n), values)


def say_declared(text: str, /) -> str:
    """Return a text that is declared elsewhere, such as the help of an option, in the same way.

    What may come here is told to `hatch_build.py`, which puts it into the catalogs.
    """
    told = catalog().gettext(text) if text else ""
    return _said(told, say_declared, (text,), {})


def say_all(between: str, parts: Iterable[str], /) -> str:
    """Return texts one after another, as `between.join` does, each of which can be said again."""
    texts = (between, *parts)
    return _said(between.join(texts[1:]), _all_again, texts, {})


def _all_again(between: str, *parts: str) -> str:
    return say_all(between, parts)


def again(text: str) -> str:
    """Return a text in the language that is bound now; one that was not said by `say` as it is."""
    return text.again() if isinstance(text, Said) else text


def _value_again(value: object) -> object:
    if isinstance(value, Said):
        return value.again()
    if isinstance(value, ScreenerError):
        return value.told(again)
    return value


def in_english(value: ValueT) -> ValueT:
    """Return a value of mappings and lists with all that was said in it in English.

    What is stored or hashed goes through it, so that it is the same whoever the reader is.
    """
    with speaking(Language.EN):
        return cast(ValueT, _all_in_english(value))


def _all_in_english(value: object) -> object:
    if isinstance(value, Said):
        return str(value.again())
    if isinstance(value, Mapping):
        if _UNSAID.issuperset(map(type, value.values())) and _UNSAID.issuperset(map(type, value)):
            return dict(value)  # as most rows of a result
        return {
            (str(key.again()) if isinstance(key, Said) else key): item
            if type(item) in _UNSAID
            else _all_in_english(item)
            for key, item in value.items()
        }
    if isinstance(value, (list, tuple)):
        return [item if type(item) in _UNSAID else _all_in_english(item) for item in value]
    return value
