"""Closes of indices in a report's market table, and the session that they are of."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache

from screener.reports.dates.words import small
from screener.reports.text.text import Place, Text, clean_name
from screener.reports.text.vocabulary import alternatives, read_table

__all__ = ["Closes", "Level", "index_levels", "market_session", "reference_session"]

Closes = Mapping[str, Mapping[date, float]]
"""Closes of indices: listing id to session to close."""

_ONE = timedelta(days=1)
_CARRY = timedelta(days=10)
"""How long an index stands at its last close while another exchange trades."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """Close of an index as a market table or a sentence prints it.

    Parameters
    ----------
    name, listing
        Name as read, and the index meant, such as `000300.SH`.
    value, decimals
        Points, and how many decimals are printed.
    place
        Where it stands in `Text.clean`.
    """

    name: str
    listing: str
    value: float
    decimals: int
    place: Place


def index_levels(text: Text) -> tuple[Level, ...]:
    """Find closes of indices, in market tables and in sentences (恒生指数 25,679, 收于 4758.21 点).

    Returns
    -------
    tuple of Level
        The first level of each index, in order of appearance.
    """
    pattern, indices = _level_pattern()
    found: dict[str, Level] = {}
    for match in pattern.finditer(small(text.clean)):
        listing = indices[match["name"]]
        printed = match["value"].replace(",", "")
        decimals = len(printed.partition(".")[2])
        if listing not in found:
            found[listing] = Level(
                name=match["name"],
                listing=listing,
                value=float(printed),
                decimals=decimals,
                place=Place(*match.span("value")),
            )
    return tuple(found.values())


def reference_session(levels: Sequence[Level], closes: Closes) -> date | None:
    """Return the one session whose closes fit the levels printed.

    Parameters
    ----------
    levels
        Levels as printed.
    closes
        Index closes by listing id and session.

    Returns
    -------
    date or None
        `None` if no session fits, more than one does, or no index is known. A close fits if the
        level is its rounding or its cutting-off to the decimals printed. While one exchange rests,
        its index stands at its last close.
    """
    sessions = _fitting(levels, closes)
    return sessions[0] if len(sessions) == 1 else None


def _fitting(levels: Sequence[Level], closes: Closes) -> list[date]:
    known = [one for one in levels if closes.get(one.listing)]
    if not known:
        return []
    by_level = [_sessions_of(one, closes[one.listing]) for one in known]
    possible = set().union(*by_level)
    return sorted(
        session
        for session in possible
        if all(_stands(one, closes[one.listing], session) for one in known)
    )


def _sessions_of(level: Level, closes: Mapping[date, float]) -> set[date]:
    return {session for session, close in closes.items() if _fits(level, close)}


def _stands(level: Level, closes: Mapping[date, float], session: date) -> bool:
    day = session
    while day not in closes and session - day < _CARRY:
        day -= _ONE
    return day in closes and _fits(level, closes[day])


def _fits(level: Level, close: float) -> bool:
    unit = 10.0**-level.decimals
    return -0.5 * unit - 1e-9 <= close - level.value < unit - 1e-9


def market_session(
    levels: Sequence[Level], closes: Closes, day: date | None, today: date
) -> date | None:
    """Return the session of a market table: of several that fit, the one near the newest day cited.

    Parameters
    ----------
    levels, closes
        As for `reference_session`.
    day
        Newest day that the text cites, if any.
    today
        No session after it counts.
    """
    sessions = [session for session in _fitting(levels, closes) if session <= today]
    if len(sessions) > 1 and day is not None:
        sessions = [one for one in sessions if abs(one - day) <= _CARRY]
    return sessions[0] if len(sessions) == 1 else None


@cache
def _level_pattern() -> tuple[re.Pattern[str], Mapping[str, str]]:
    table = read_table("dates")["indices"]
    indices = {
        clean_name(name).lower(): listing for listing, names in table.items() for name in names
    }
    pattern = re.compile(
        rf"(?P<name>{alternatives(list(indices))})"
        r"(?:[^\d。;:]{0,4}[涨跌升降]\D{0,2}\d+(?:\.\d+)?%,?)?"
        r"(?:[:|(]|收盘|收市|报收|收报|收于|报于|收|报|于|在|至|点位)*"
        # The next cell may be glued on: 2101.3 and 1.2% read 2101.31.2%.
        r"(?P<value>\d{1,3}(?:,\d{3})+(?:\.\d{1,2}(?!\.))?(?!\d*%)"
        r"|\d{3,6}\.\d{1,2}(?!\.)(?!\d*%)|\d{3,6}(?!\d*\.?\d*%|\d|\.\d))",
    )
    return pattern, indices
