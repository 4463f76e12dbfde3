"""When each listing lists, delists, is suspended, under special treatment or renamed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt

from screener.data.sources.simulated.draws import ListingDraws, TraitChance
from screener.data.sources.simulated.request import MarketQuery
from screener.data.sources.simulated.universe import BOARD_OPENED, Fate, Member
from screener.domain.arrays import FlagArray, FloatArray, IntArray, TextArray
from screener.market.calendars import Calendar, calendar_of

__all__ = ["NEVER", "Lives", "live"]


NEVER = np.iinfo(np.int32).max
"""Row of what does not happen."""

_LONGEST_HALT = 10
_SETTLED = 10  # sessions after listing in which no suspension starts
_MEAN_WAIT = {Fate.NEW: 250.0, Fate.DELISTED: 400.0, Fate.ST: 120.0, Fate.RENAMED: 150.0}
_DELISTING_ST = 100  # sessions of special treatment before a delisting


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Lives:
    """Lives of one market's listings; rows index the market's sessions.

    Parameters
    ----------
    list_dates
        First trading day of each listing, possibly before the request's start.
    first
        `(n_listings,)` row of the first session, 0 for those listed before, `NEVER` if the
        listing comes after the end.
    age
        `(n_listings,)` sessions between the first trading day and row 0; negative after it.
    last
        `(n_listings,)` first row no longer listed, `NEVER` for none.
    st_from, st_to
        `(n_listings,)` rows of special treatment, `st_to` excluded.
    renamed
        `(n_listings,)` row of the rename.
    listed, suspended, st
        `(n_sessions, n_listings)` facts of the day.
    """

    list_dates: tuple[date, ...]
    first: IntArray
    age: IntArray
    last: IntArray
    st_from: IntArray
    st_to: IntArray
    renamed: IntArray
    listed: FlagArray
    suspended: FlagArray
    st: FlagArray


def live(
    market: MarketQuery,
    draws: ListingDraws,
    *,
    start: date,
    suspension_rate: float,
    wait_ratio: float,
) -> Lives:
    """Work out the lives of one market's listings.

    Parameters
    ----------
    market
        Sessions and listings.
    draws
        Their random numbers.
    start
        First day of the request.
    suspension_rate
        Daily probability that a suspension starts.
    wait_ratio
        Mean times until something happens, over the usual ones.
    """
    calendar = calendar_of(market.exchange)
    n = len(market.members)
    waits = _waits(market.members, draws.chances[:, TraitChance.FATE_START], wait_ratio)
    fate = np.array([member.fate for member in market.members], dtype=object)
    at_start = int(np.searchsorted(calendar.sessions, market.sessions[0]))
    listed_at = np.array(
        [
            _list_place(calendar, member, start, at_start + int(wait), float(chance))
            for member, wait, chance in zip(
                market.members, waits, draws.chances[:, TraitChance.AGE], strict=True
            )
        ],
        dtype=np.int64,
    ).reshape(n)
    age = at_start - listed_at
    first = np.maximum(-age, 0)
    last = np.where(fate == Fate.DELISTED, np.maximum(waits, first) + 60, NEVER)
    st_from, st_to = _special_treatment(market, fate, first, last, waits, draws)
    row = np.arange(len(market.sessions))[:, None]
    listed = (row >= first) & (row < last)
    return Lives(
        list_dates=tuple(calendar.sessions[listed_at].tolist()),
        first=np.where(first < len(market.sessions), first, NEVER),
        age=age,
        last=last,
        st_from=st_from,
        st_to=st_to,
        renamed=np.where(fate == Fate.RENAMED, first + waits + 5, NEVER),
        listed=listed,
        suspended=_suspended(draws.halts, suspension_rate) & (row >= first + _SETTLED) & listed,
        st=(row >= st_from) & (row < st_to) & listed,
    )


def _waits(members: tuple[Member, ...], chances: FloatArray, ratio: float) -> IntArray:
    mean = ratio * np.array([_MEAN_WAIT.get(member.fate, 0.0) for member in members])
    return 5 + (-mean * np.log1p(-chances)).astype(np.int64)


def _list_place(
    calendar: Calendar, member: Member, start: date, new_place: int, chance: float
) -> int:
    """Return the place in the calendar of the first trading day."""
    opened = np.datetime64(BOARD_OPENED.get(member.listing.board, calendar.first), "D")
    floor = int(np.searchsorted(calendar.sessions, opened))
    if member.fate is Fate.NEW:
        place = new_place
    else:
        earlier = start - timedelta(days=200 + int(4000 * chance))
        place = int(np.searchsorted(calendar.sessions, np.datetime64(earlier, "D")))
    return min(max(place, floor), len(calendar.sessions) - 1)


def _special_treatment(
    market: MarketQuery,
    fate: TextArray,
    first: IntArray,
    last: IntArray,
    waits: IntArray,
    draws: ListingDraws,
) -> tuple[IntArray, IntArray]:
    length = 60 + (200 * draws.chances[:, TraitChance.FATE_LENGTH]).astype(np.int64)
    before_end = np.maximum(last - _DELISTING_ST, first + _SETTLED)
    leaving = (fate == Fate.DELISTED) & market.mainland
    begin = np.where(leaving, before_end, np.where(fate == Fate.ST, first + waits, NEVER))
    return begin, np.where(leaving, last, np.minimum(begin + length, NEVER))


def _suspended(halts: npt.NDArray[np.float32], rate: float) -> FlagArray:
    """Tell who is suspended: one uniform both starts a suspension and gives its length."""
    starts = np.float32(rate) > halts.T
    lengths = np.ceil(halts.T * np.float32(_LONGEST_HALT / rate)) if rate else halts.T
    suspended = starts.copy()
    for later in range(1, _LONGEST_HALT):
        suspended[later:] |= starts[:-later] & (lengths[:-later] > later)
    return suspended
