"""Members of closed sets as people write them, read once, at the edge."""

from __future__ import annotations

from enum import StrEnum
from typing import TypeVar

from screener.errors import InputError

__all__ = ["choice"]

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
        raise InputError(f"{parameter} {text!r} is not one of {', '.join(known)}")
    return kind(text)
