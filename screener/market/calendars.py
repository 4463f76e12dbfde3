"""Trading sessions of the exchanges: the one door to exchange_calendars.

It has no Shenzhen or Beijing calendar (its XBSE is Bucharest), so both follow Shanghai's here.
What it has wrong stands in `calendar_corrections.toml`, each day with its source.
"""

from __future__ import annotations

import hashlib
import tomllib
import warnings
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from importlib import resources
from importlib.metadata import version
from typing import Any

import numpy as np

from screener.domain.arrays import FlagArray, SessionAxis, among
from screener.domain.listing import Exchange
from screener.errors import DateRangeError
from screener.language import say

__all__ = [
    "Calendar",
    "calendar_maker",
    "calendar_name",
    "calendar_of",
    "corrected",
    "take_over",
]


_CALENDAR = {
    Exchange.SH: "XSHG",
    Exchange.SZ: "XSHG",
    Exchange.BJ: "XSHG",
    Exchange.HK: "XHKG",
    **dict.fromkeys((Exchange.CSI, Exchange.SI, Exchange.WI), "XSHG"),
}
_FIRST_SESSION = "1990-12-19"  # Shanghai's first; nothing in the tables is older
_UNBOUNDED_END = "2049-12-31"


@dataclass(frozen=True, slots=True, eq=False)
class Calendar:
    """Sessions of one exchange, as far as they are recorded.

    Parameters
    ----------
    name
        Name in exchange_calendars, such as `XSHG`.
    sessions
        `(n_sessions,)` session labels.
    """

    name: str
    sessions: SessionAxis

    @property
    def first(self) -> date:
        """First recorded session."""
        return _day(self.sessions[0])

    @property
    def last(self) -> date:
        """Last recorded session."""
        return _day(self.sessions[-1])

    def is_session(self, day: date) -> bool:
        """Tell whether the exchange trades on `day`."""
        at = int(np.searchsorted(self.sessions, np.datetime64(day, "D")))
        return at < len(self.sessions) and bool(self.sessions[at] == np.datetime64(day, "D"))

    def on_or_after(self, day: date) -> date:
        """Return the first session on or after `day`.

        Raises
        ------
        DateRangeError
            If the calendar does not record that far, or `day` is before its first session.
        """
        label = np.datetime64(day, "D")
        at = int(np.searchsorted(self.sessions, label))
        if at == len(self.sessions) or label < self.sessions[0]:
            raise DateRangeError(
                say(
                    "{day} is outside the sessions that calendar {name} records, {first} to {last}",
                    day=day,
                    name=self.name,
                    first=self.first,
                    last=self.last,
                ),
                fix=say(
                    "upgrade the package exchange_calendars: `pip install -U exchange-calendars`"
                ),
            )
        return _day(self.sessions[at])

    def after(self, day: date) -> date:
        """Return the first session after `day`; raises like `on_or_after`."""
        return self.on_or_after(day + timedelta(days=1))

    def offset(self, session: date, count: int) -> date | None:
        """Return the session `count` sessions after `session`, or `None` past the recorded end.

        Raises
        ------
        DateRangeError
            If `session` is not a session.
        """
        at = int(np.searchsorted(self.sessions, np.datetime64(session, "D")))
        if not self.is_session(session):
            raise DateRangeError(
                say(
                    "{session} is not a session of calendar {name}", session=session, name=self.name
                )
            )
        target = at + count
        if not 0 <= target < len(self.sessions):
            return None
        return _day(self.sessions[target])

    def between(self, start: date, end: date) -> SessionAxis:
        """Return the sessions from `start` to `end`, both included; may be empty."""
        low = np.searchsorted(self.sessions, np.datetime64(start, "D"), side="left")
        high = np.searchsorted(self.sessions, np.datetime64(end, "D"), side="right")
        return self.sessions[low:high]

    def known(self, labels: SessionAxis) -> FlagArray:
        """Tell for each label whether it is a session, or beyond what is recorded.

        Parameters
        ----------
        labels
            `(n,)` dates in any order.

        Returns
        -------
        numpy.ndarray
            `(n,)` of bool; True past the recorded end, where nobody can tell.
        """
        listed = among(labels, self.sessions)
        beyond: FlagArray = labels > self.sessions[-1]
        return np.logical_or(listed, beyond)


_LOADED: dict[str, Calendar] = {}  # one for each calendar that was asked for


def _day(label: np.datetime64) -> date:
    day: date = label.astype(object)
    return day


def calendar_name(exchange: Exchange) -> str:
    """Return the name in exchange_calendars of the calendar that `exchange` follows."""
    return _CALENDAR[exchange]


def calendar_maker() -> str:
    """Say what the recorded sessions come from: the same words mean the same sessions."""
    packages = (f"{name} {version(name)}" for name in ("exchange_calendars", "pandas"))
    digest = hashlib.sha256(_corrections_text().encode()).hexdigest()[:12]
    return f"{', '.join(packages)}, {_FIRST_SESSION} to {_UNBOUNDED_END}, corrections {digest}"


def corrected(name: str, sessions: SessionAxis) -> SessionAxis:
    """Return sessions with the days taken out or put in that the library has wrong.

    Parameters
    ----------
    name
        Name of the calendar in exchange_calendars.
    sessions
        `(n,)` sessions as the library has them, ascending.

    Returns
    -------
    numpy.ndarray
        Ascending; a correction that the library has made by itself changes nothing.
    """
    rows = [row for row in tomllib.loads(_corrections_text())["rows"] if row["calendar"] == name]
    wrong = [row["day"] for row in rows if not row["session"]]
    right = [row["day"] for row in rows if row["session"]]
    kept = np.setdiff1d(sessions, np.array(wrong, dtype="datetime64[D]"))
    found: SessionAxis = np.union1d(kept, np.array(right, dtype="datetime64[D]"))
    return found


def calendar_of(exchange: Exchange) -> Calendar:
    """Return the recorded sessions of `exchange`, loaded once per process."""
    name = _CALENDAR[exchange]
    if name not in _LOADED:
        _LOADED[name] = _load(name)
    return _LOADED[name]


def take_over(calendar: Calendar) -> None:
    """Let `calendar_of` return sessions that `calendar_maker` made in an earlier process."""
    calendar.sessions.setflags(write=False)
    _LOADED.setdefault(calendar.name, calendar)


def _load(name: str) -> Calendar:
    with warnings.catch_warnings():
        # The library still calls names that pandas 4 will drop: its business, not the user's.
        warnings.simplefilter("ignore", DeprecationWarning)
        known = _library_calendar(name)
        bound = known.bound_max()
        end = _UNBOUNDED_END if bound is None else str(bound.date())
        # Explicit bounds: by default a calendar ends a year after today, whatever is recorded.
        recorded = known(start=_FIRST_SESSION, end=end)
    sessions = corrected(name, recorded.sessions.to_numpy().astype("datetime64[D]"))
    sessions.setflags(write=False)
    return Calendar(name=name, sessions=sessions)


@cache
def _corrections_text() -> str:
    text = resources.files("screener.market").joinpath("calendar_corrections.toml")
    return text.read_text(encoding="utf-8")


def _library_calendar(name: str) -> Any:
    # Half a second to import, so only when sessions are asked for.
    if name == "XSHG":
        from exchange_calendars.exchange_calendar_xshg import XSHGExchangeCalendar

        return XSHGExchangeCalendar
    from exchange_calendars.exchange_calendar_xhkg import XHKGExchangeCalendar

    return XHKGExchangeCalendar
