"""Windows in event time: where the expected return is learned, and where it is compared."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from screener.errors import InputError
from screener.language import say

__all__ = ["LEAST_OBSERVATIONS", "Part", "PartWindow", "StudyWindows"]

LEAST_OBSERVATIONS = 30
"""Fewest returns from which a model is ever fitted."""

_FURTHEST = 2_500


class Part(StrEnum):
    """Part of an event window."""

    RUN_UP = "run-up"
    DAY = "day"
    DRIFT = "drift"
    AFTER = "after"
    WHOLE = "whole"
    READER = "reader"

    @property
    def meaning(self) -> str:
        """What the part measures."""
        return _MEANINGS[self]()

    @property
    def column(self) -> str:
        """Its name within the names of columns."""
        return self.replace("-", "_")


_MEANINGS: dict[Part, Callable[[], str]] = {
    Part.RUN_UP: lambda: say("before a reader could trade"),
    Part.DAY: lambda: say("the entry session, from the close before it"),
    Part.DRIFT: lambda: say("after the entry session"),
    Part.AFTER: lambda: say("entry session and after, from the close before it"),
    Part.WHOLE: lambda: say("the whole event window"),
    Part.READER: lambda: say("from the open at which a reader could buy"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PartWindow:
    """One part of an event window: sessions `first` to `last`, columns `start` up to `stop`."""

    part: Part
    first: int
    last: int
    start: int
    stop: int

    @property
    def columns(self) -> slice:
        """The columns of an event matrix that it covers."""
        return slice(self.start, self.stop)


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyWindows:
    """Estimation and event window, in sessions of each listing's own exchange.

    Session 0 is the entry session, the first in which a reader could trade. An event matrix has a
    column for each session of the event window and then, if `reader`, one for each session from 0
    on, in which the first return begins at the open of the purchase.

    Parameters
    ----------
    estimation, event
        First and last session, both included.
    least
        Fewest returns in the estimation window; by default half of its sessions, never below 30.
    reader
        Whether the reader's own window is measured too.

    Raises
    ------
    InputError
        If a window is reversed, they overlap, or the estimation window cannot hold enough returns.
    """

    estimation: tuple[int, int] = (-250, -30)
    event: tuple[int, int] = (-20, 20)
    least: int = 0
    reader: bool = True

    def __post_init__(self) -> None:
        for name, (first, last) in (
            (say("estimation"), self.estimation),
            (say("event"), self.event),
        ):
            if first > last or max(abs(first), abs(last)) > _FURTHEST:
                raise InputError(
                    say(
                        "the {name} window {first}..{last} runs backwards or beyond "
                        "{furthest} sessions",
                        name=name,
                        first=first,
                        last=last,
                        furthest=_FURTHEST,
                    ),
                    fix=say("write the earlier session first, like -20..20"),
                )
        first, last = self.event
        if not first <= 0 <= last:
            raise InputError(
                say(
                    "the event window {first}..{last} leaves out session 0, the entry session",
                    first=first,
                    last=last,
                ),
                fix=say("let it run from 0 or before to 0 or after, like -20..20"),
            )
        if self.estimation[1] >= first:
            raise InputError(
                say(
                    "the estimation window {estimation} overlaps the event window {event}: what is "
                    "to be judged would be part of what is expected",
                    estimation=_text(self.estimation),
                    event=_text(self.event),
                ),
                fix=say("end the estimation window at {first} or before", first=first - 1),
            )
        self._check_least()

    def _check_least(self) -> None:
        if self.n_estimation < LEAST_OBSERVATIONS:
            raise InputError(
                say(
                    "the estimation window {text} has {n_estimation} sessions, fewer than "
                    "{least_observations}",
                    text=_text(self.estimation),
                    n_estimation=self.n_estimation,
                    least_observations=LEAST_OBSERVATIONS,
                ),
                fix=say("let it begin earlier, like --estimation -250..-30"),
            )
        if self.least and not LEAST_OBSERVATIONS <= self.least <= self.n_estimation:
            raise InputError(
                say(
                    "{least} returns are no fit for an estimation window of {n_estimation} "
                    "sessions",
                    least=self.least,
                    n_estimation=self.n_estimation,
                ),
                fix=say(
                    "ask for {least_observations} to {n_estimation}",
                    least_observations=LEAST_OBSERVATIONS,
                    n_estimation=self.n_estimation,
                ),
            )

    @property
    def n_estimation(self) -> int:
        """Sessions of the estimation window."""
        return self.estimation[1] - self.estimation[0] + 1

    @property
    def n_event(self) -> int:
        """Sessions of the event window."""
        return self.event[1] - self.event[0] + 1

    @property
    def n_columns(self) -> int:
        """Columns of an event matrix."""
        return self.n_event + (self.event[1] + 1 if self.reader else 0)

    @property
    def needed(self) -> int:
        """Fewest returns in the estimation window."""
        return self.least or max(LEAST_OBSERVATIONS, (self.n_estimation + 1) // 2)

    def parts(self) -> tuple[PartWindow, ...]:
        """Return the parts that the event window has, in order."""
        first, last = self.event
        spans = {
            Part.RUN_UP: (first, -1),
            Part.DAY: (0, 0),
            Part.DRIFT: (1, last),
            Part.AFTER: (0, last),
            Part.WHOLE: (first, last),
        }
        found = [
            PartWindow(part=part, first=a, last=b, start=a - first, stop=b - first + 1)
            for part, (a, b) in spans.items()
            if a <= b
        ]
        if self.reader:
            start = self.n_event
            found.append(
                PartWindow(part=Part.READER, first=0, last=last, start=start, stop=self.n_columns)
            )
        return tuple(found)


def _text(window: tuple[int, int]) -> str:
    return f"{window[0]}..{window[1]}"
