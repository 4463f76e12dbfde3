"""The reader's language: bound once, before any text is made; every sentence goes through it.

A sentence is written in English where it is said, whole and with named placeholders:

    say("{name}: nothing could be held.", name=basket)
    say_count("{n} name was left out.", "{n} names were left out.", n)

Its Chinese stands in `locale/zh/LC_MESSAGES/screener.po`; `make catalogs` finds the sentences. What
was said can be said `again` in another language, as on pages that hold both, and `in_english`, as
it is stored.
The language is `--lang`, else `SCREENER_LANG`, else that of the workspace's settings, else that of
the locale, else English.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import islice

from screener.errors import InputError
from screener.language.reader import (
    VARIABLE,
    Language,
    bind,
    bind_framework,
    bound,
    is_lacking,
    language_of,
    speaking,
)
from screener.language.saying import (
    Said,
    again,
    in_english,
    say,
    say_all,
    say_count,
    say_declared,
)

__all__ = [
    "AUTO",
    "VARIABLE",
    "Language",
    "Said",
    "again",
    "bind",
    "bind_process",
    "bound",
    "check_choice",
    "in_english",
    "is_lacking",
    "language_of",
    "say",
    "say_all",
    "say_count",
    "say_declared",
    "speaking",
    "split_option",
]

AUTO = "auto"
"""Choice of the locale's language, whatever else is set."""

_OPTION = "--lang"
_LOCALE = ("LC_ALL", "LC_MESSAGES", "LANG")  # the first that is set holds


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


def bind_process(arguments: Sequence[str], environ: Mapping[str, str]) -> None:
    """Bind the language of a command line, also for the command framework's own texts."""
    option, _ = split_option(arguments)
    bind(language_of(option[1] if len(option) > 1 else None, environ))
    bind_framework()
