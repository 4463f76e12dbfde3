"""The reader's language: bound once, before any text is made; every sentence goes through it.

A sentence is written in English where it is said, whole and with named placeholders:

    say("{name}: nothing could be held.", name=basket)
    say_count("{n} name was left out.", "{n} names were left out.", n)

Its Chinese stands in `locale/zh/LC_MESSAGES/screener.po`; `make catalogs` finds the sentences.
The language is `--lang`, else `SCREENER_LANG`, else that of the workspace's settings, else that of
the locale, else English.
"""

from __future__ import annotations

import gettext
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from enum import StrEnum
from itertools import islice
from pathlib import Path

from screener.errors import InputError

__all__ = [
    "AUTO",
    "VARIABLE",
    "Language",
    "bind",
    "bind_process",
    "bound",
    "check_choice",
    "is_lacking",
    "language_of",
    "say",
    "say_count",
    "speaking",
    "split_option",
]

AUTO = "auto"
"""Choice of the locale's language, whatever else is set."""

_DOMAIN, _FOLDER = "screener", str(Path(__file__).parent / "locale")
VARIABLE = "SCREENER_LANG"
"""Environment variable that names the language."""

_OPTION = "--lang"
_LOCALE = ("LC_ALL", "LC_MESSAGES", "LANG")  # the first that is set holds


class Language(StrEnum):
    """Language of what people read."""

    EN = "en"
    ZH = "zh"


_bound: tuple[Language, gettext.NullTranslations] | None = None


def language_of(option: str | None, environ: Mapping[str, str]) -> Language:
    """Return the language to speak; what is no language at all counts as `auto`.

    Parameters
    ----------
    option
        `en`, `zh` or `auto`, as given on the command line; `None` for nothing.
    environ
        The environment.
    """
    asked = option or environ.get(VARIABLE)
    return Language(asked) if asked in set(Language) else _language_of_locale(environ)


def check_choice(option: str | None, environ: Mapping[str, str]) -> None:
    """Refuse what is neither a language nor `auto`; parameters as those of `language_of`.

    Raises
    ------
    InputError
        If the option, or else `SCREENER_LANG`, is none of these.
    """
    known = (*Language, AUTO)
    name, asked = (VARIABLE, environ.get(VARIABLE) or AUTO) if option is None else (_OPTION, option)
    if asked not in known:
        choice, all_known = f"{name} {asked!r}", ", ".join(known)
        raise InputError(say("{choice} is not one of {known}", choice=choice, known=all_known))


def _language_of_locale(environ: Mapping[str, str]) -> Language:
    locale = next((environ[name] for name in _LOCALE if environ.get(name)), "")
    return Language.ZH if locale.lower().startswith("zh") else Language.EN


def split_option(arguments: Sequence[str]) -> tuple[list[str], list[str]]:
    """Take `--lang` out of the arguments of a command line, wherever it stands.

    Returns
    -------
    tuple of two lists
        The option as typed, the last one if there are several, alone if its value is missing; and
        all other arguments.
    """
    option: list[str] = []
    rest: list[str] = []
    left = iter(arguments)
    for item in left:
        if item == "--":
            rest += [item, *left]
        elif item == _OPTION:
            option = [item, *islice(left, 1)]
        elif item.startswith(f"{_OPTION}="):
            option = [_OPTION, item.removeprefix(f"{_OPTION}=")]
        else:
            rest.append(item)
    return option, rest


def bind(language: Language) -> None:
    """Say everything in a language from now on."""
    global _bound
    _bound = (language, _catalog(language))


def bind_process(arguments: Sequence[str], environ: Mapping[str, str]) -> None:
    """Bind the language of a command line, also for the command framework's own texts."""
    option, _ = split_option(arguments)
    bind(language_of(option[1] if len(option) > 1 else None, environ))
    gettext.bindtextdomain(_DOMAIN, _FOLDER)
    gettext.textdomain(_DOMAIN)
    os.environ["LANGUAGE"] = bound()  # what the framework's `gettext` goes by


def bound() -> Language:
    """Return the language that is spoken; the environment's until one is bound."""
    return _held()[0]


@contextmanager
def speaking(language: Language) -> Iterator[None]:
    """Speak a language for a while."""
    global _bound
    before = _bound
    bind(language)
    try:
        yield
    finally:
        _bound = before


def is_lacking(language: Language) -> bool:
    """Tell whether the texts of a language are not built here: they are said in English then."""
    return language is not Language.EN and type(_catalog(language)) is gettext.NullTranslations


def say(message: str, /, **values: object) -> str:
    """Return a message in the reader's language.

    Parameters
    ----------
    message
        A whole sentence in English, written out where `say` is called. Without values it is taken
        as it stands, braces and all.
    **values
        What its placeholders stand for.
    """
    told = _held()[1].gettext(message)
    return told.format(**values) if values else told


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
    return _held()[1].ngettext(one, many, n).format(n=n, **values)


def _held() -> tuple[Language, gettext.NullTranslations]:
    global _bound
    if _bound is None:
        language = language_of(None, os.environ)
        _bound = (language, _catalog(language))
    return _bound


def _catalog(language: Language) -> gettext.NullTranslations:
    if language is Language.EN:
        return gettext.NullTranslations()
    return gettext.translation(_DOMAIN, _FOLDER, [language], fallback=True)
