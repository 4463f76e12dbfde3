"""Rules by which a name is sold before its horizon: decided at a close, traded at the next open."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from screener.errors import InputError
from screener.language import say
from screener.language.lists import listed

__all__ = ["ExitKind", "ExitRules", "parse_exits"]


class ExitKind(StrEnum):
    """Why a name is sold; of two rules that fire together the earlier one here is named."""

    STOP = "stop"
    TAKE = "take"
    RATING_CUT = "rating-cut"
    NEXT_REPORT = "next-report"
    HORIZON = "horizon"

    @property
    def told(self) -> str:
        """The reason in the reader's language; its value is what it is called in code."""
        return _TOLD[self]()


_TOLD: dict[ExitKind, Callable[[], str]] = {
    ExitKind.STOP: lambda: say("stop loss"),
    ExitKind.TAKE: lambda: say("profit taken"),
    ExitKind.RATING_CUT: lambda: say("its broker cut the rating"),
    ExitKind.NEXT_REPORT: lambda: say("a later report dropped it"),
    ExitKind.HORIZON: lambda: say("end of the horizon"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ExitRules:
    """Rules of early exits; the first to fire wins, and without any the horizon stands.

    Parameters
    ----------
    next_report
        A name goes when a later report of its theme no longer names it.
    rating_cut
        A name goes when a broker of its report lowers its rating.
    stop, take
        Total return in CNY from the price paid on paper to a close, as a fraction, at or below
        (above) which a name goes; `None` for no such rule.
    """

    next_report: bool = False
    rating_cut: bool = False
    stop: float | None = None
    take: float | None = None

    @property
    def any(self) -> bool:
        """Whether there is any rule."""
        return self.dated or self.stop is not None or self.take is not None

    @property
    def dated(self) -> bool:
        """Whether some of them depend on what was published, not on prices."""
        return self.next_report or self.rating_cut

    def told(self) -> str:
        """Return the rules as they are written on the command line; empty for none."""
        found = [
            *([str(ExitKind.NEXT_REPORT)] if self.next_report else []),
            *([str(ExitKind.RATING_CUT)] if self.rating_cut else []),
            *([f"stop:{self.stop:g}"] if self.stop is not None else []),
            *([f"take:{self.take:g}"] if self.take is not None else []),
        ]
        return ",".join(found)


def parse_exits(text: str | Sequence[str]) -> ExitRules:
    """Parse rules such as `next-report`, `stop:-0.1`, `take:0.2`; several with commas.

    Raises
    ------
    InputError
        If a part is no rule, lacks its level or comes twice.
    """
    given = [text] if isinstance(text, str) else list(text)
    parts = [part.strip().lower() for item in given for part in item.split(",") if part.strip()]
    levels: dict[ExitKind, float | None] = {}
    for part in parts:
        name, _, level = part.partition(":")
        kind = next((item for item in ExitKind if item == name), None)
        priced = kind in (ExitKind.STOP, ExitKind.TAKE)
        if kind is None or bool(level) is not priced or kind in levels:
            raise _unread(part)
        levels[kind] = _level(kind, level, part) if priced else None
    return ExitRules(
        next_report=ExitKind.NEXT_REPORT in levels,
        rating_cut=ExitKind.RATING_CUT in levels,
        stop=levels.get(ExitKind.STOP),
        take=levels.get(ExitKind.TAKE),
    )


def _level(kind: ExitKind, text: str, part: str) -> float:
    try:
        value = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
    except ValueError:
        raise _unread(part) from None
    right = -1 <= value < 0 if kind is ExitKind.STOP else value > 0
    if math.isnan(value) or not right:
        raise InputError(
            say("--exit {part}: a stop is from -1 to below 0, a take above 0", part=part),
            fix=say("write them like {example}", example="--exit stop:-0.1,take:0.2"),
        )
    return value


def _unread(part: str) -> InputError:
    return InputError(
        say("--exit {part} is no rule, or comes twice", part=repr(part)),
        where=say(
            "there are {names}",
            names=listed(["horizon", "next-report", "rating-cut", "stop:-0.1", "take:0.2"]),
        ),
        fix=say("write them like {example}", example="--exit stop:-0.1,take:0.2"),
    )
