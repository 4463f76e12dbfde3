"""Recorded sessions kept beside the lake: reading them back spares the calendar library's start.

The library takes a third of a second to import. What is kept is derived and disposable: it bears
the library's version in its name, and a folder that cannot be written keeps nothing.
"""

from __future__ import annotations

import json
import os
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path

import numpy as np

from screener.domain.listing import Exchange
from screener.market.calendars import Calendar, calendar_name, calendar_of

__all__ = ["FOLDER", "recorded_calendar"]

FOLDER = "derived"
"""Folder of what can be made again, within the market data."""

_PACKAGE = "exchange-calendars"


def recorded_calendar(root: Path, exchange: Exchange) -> Calendar:
    """Return the recorded sessions of an exchange, from the copy kept in the lake's folder.

    Parameters
    ----------
    root
        Folder of the lake.
    exchange
        Whose sessions.
    """
    name = calendar_name(exchange)
    path = root / FOLDER / f"sessions-{name}-{version(_PACKAGE)}.json"
    with suppress(OSError, ValueError):
        days = json.loads(path.read_text(encoding="utf-8"))
        return Calendar(name=name, sessions=np.array(days, dtype="datetime64[D]"))
    calendar = calendar_of(exchange)
    with suppress(OSError):
        _keep(path, calendar)
    return calendar


def _keep(path: Path, calendar: Calendar) -> None:
    path.parent.mkdir(exist_ok=True)
    for older in path.parent.glob(f"sessions-{calendar.name}-*"):
        older.unlink()
    temporary = path.with_suffix(f".{os.getpid()}")
    temporary.write_text(json.dumps(calendar.sessions.astype(str).tolist()), encoding="utf-8")
    temporary.replace(path)
