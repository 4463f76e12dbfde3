"""Members of closed sets as people write them, read once, at the edge."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import TypeVar

from screener.errors import InputError
from screener.language import say
from screener.language.lists import listed

__all__ = ["check_known", "choice", "parse_answer"]

_ANSWERS = {
    **dict.fromkeys(("y", "yes", "true", "是", "是的", "对", "好", "确认"), True),
    **dict.fromkeys(("n", "no", "false", "否", "不", "不是", "取消"), False),
}

ChoiceT = TypeVar("ChoiceT", bound=StrEnum)


def choice(kind: type[ChoiceT], text: str, *, parameter: str) -> ChoiceT:
    """Return the member of a closed set that a text names.

    Raises
    ------
    InputError
        If it names none; `parameter` is named, and what there is.
    """
    known = [str(item) for item in kind]
    if text not in known:
        raise InputError(
            say(
                "{parameter} {text} is not one of {known}",
                parameter=parameter,
                text=repr(text),
                known=listed(known),
            )
        )
    return kind(text)


def check_known(given: Iterable[str], known: Iterable[str]) -> None:
    """Refuse an option that there is not.

    Raises
    ------
    InputError
        If one of `given` is not one of `known`.
    """
    there = sorted(known)
    for name in sorted(given):
        if name not in there:
            raise InputError(
                say("there is no option {name}", name=repr(name)),
                fix=say("one of {there}", there=listed(there)),
            )


def parse_answer(text: str) -> bool | None:
    """Return whether a text says yes or no, in English or Chinese; `None` for any other text."""
    return _ANSWERS.get(text.strip().casefold())
