"""Recorded sessions kept beside the lake: reading them back spares the calendar library's start.

The library takes a third of a second to import and to ask. What is kept is derived and disposable:
it says what made it, and bears a checksum. A copy that is older, damaged or of something else is
made again, and a folder that cannot be written keeps nothing.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np

from screener.domain.arrays import SessionAxis
from screener.domain.listing import Exchange
from screener.files.derived import FOLDER
from screener.files.whole import write_whole
from screener.market.calendars import (
    Calendar,
    calendar_maker,
    calendar_name,
    calendar_of,
    take_over,
)

__all__ = ["recorded_calendar", "recorded_sessions"]


@contextmanager
def recorded_sessions(root: Path) -> Iterator[None]:
    """Let `calendar_of` answer from the copies kept in the lake's folder, for every exchange.

    A copy that lacks is made when the work within ends well: a command that fails leaves nothing.

    Parameters
    ----------
    root
        Folder of the lake.
    """
    each = {calendar_name(exchange): exchange for exchange in Exchange}.values()
    lacking = [exchange for exchange in each if not _took(root, exchange)]
    yield
    for exchange in lacking:
        _keep(root, calendar_of(exchange))


def recorded_calendar(root: Path, exchange: Exchange) -> Calendar:
    """Return the recorded sessions of an exchange, from the copy kept in the lake's folder.

    Parameters
    ----------
    root
        Folder of the lake.
    exchange
        Whose sessions.
    """
    if not _took(root, exchange):
        _keep(root, calendar_of(exchange))
    return calendar_of(exchange)


def _took(root: Path, exchange: Exchange) -> bool:
    """Take over the sessions of a copy, and tell whether there was one to be used."""
    name = calendar_name(exchange)
    with suppress(OSError, ValueError, KeyError, TypeError, OverflowError, RecursionError):
        take_over(Calendar(name=name, sessions=_kept(_path(root, name).read_bytes(), name)))
        return True
    return False


def _path(root: Path, name: str) -> Path:
    return root / FOLDER / f"sessions-{name}.json"


def _kept(content: bytes, name: str) -> SessionAxis:
    """Return the sessions of a copy; one of the errors suppressed above if it is not to be used."""
    document = json.loads(content)
    if (document["calendar"], document["maker"]) != (name, calendar_maker()):
        raise ValueError("another calendar, or of another version")
    days = np.array(document["days"], dtype=np.int64)
    if document["sha256"] != _checksum(days):
        raise ValueError("damaged")
    return days.astype("datetime64[D]")


def _keep(root: Path, calendar: Calendar) -> None:
    """Write the copy, whole or not at all; a folder that cannot be written keeps nothing."""
    days = calendar.sessions.astype(np.int64)
    document = {
        "calendar": calendar.name,
        "maker": calendar_maker(),
        "sha256": _checksum(days),
        "days": days.tolist(),  # since 1970-01-01
    }
    path = _path(root, calendar.name)
    with suppress(OSError):
        path.parent.mkdir(exist_ok=True)
        write_whole(path, json.dumps(document))


def _checksum(days: np.ndarray[tuple[int, ...], np.dtype[np.int64]]) -> str:
    return hashlib.sha256(days.astype("<i8").tobytes()).hexdigest()
