"""Time as an argument: what the clock says, and how to wait."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

__all__ = ["Clock"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """A clock that is handed in, so that tests run without waiting.

    Parameters
    ----------
    now
        Returns the instant, aware, in UTC.
    sleep
        Waits for a number of seconds.
    """

    now: Callable[[], datetime]
    sleep: Callable[[float], None]
