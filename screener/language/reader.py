"""The language that is bound, and its catalog."""

from __future__ import annotations

import gettext
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path

__all__ = [
    "VARIABLE",
    "Language",
    "bind",
    "bind_framework",
    "bound",
    "catalog",
    "is_lacking",
    "language_of",
    "speaking",
]

_DOMAIN, _FOLDER = "screener", str(Path(__file__).parent / "locale")
VARIABLE = "SCREENER_LANG"
"""Environment variable that names the language."""

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


def _language_of_locale(environ: Mapping[str, str]) -> Language:
    locale = next((environ[name] for name in _LOCALE if environ.get(name)), "")
    return Language.ZH if locale.lower().startswith("zh") else Language.EN


def bind(language: Language) -> None:
    """Say everything in a language from now on."""
    global _bound
    _bound = (language, _catalog(language))


def bind_framework() -> None:
    """Bind the language for the command framework's own texts as well."""
    gettext.bindtextdomain(_DOMAIN, _FOLDER)
    gettext.textdomain(_DOMAIN)
    os.environ["LANGUAGE"] = bound()  # what the framework's `gettext` goes by


def bound() -> Language:
    """Return the language that is spoken; the environment's until one is bound."""
    return _held()[0]


def catalog() -> gettext.NullTranslations:
    """Return the catalog of the language that is spoken."""
    return _held()[1]


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
