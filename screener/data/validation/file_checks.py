"""Checks on the bars of a user's file: those that fetched bars pass, over a whole market at once.

The files' own reader has left out what no session can have (signs, high below low, days without a
session, conflicting rows). What is left is judged beside its neighbours: a row that leaves them
and comes back is rejected, a lasting jump is kept with a doubt. Raw prices are held to the exact
limit, as fetched ones are; adjusted prices are off their tick, so that only what is beyond the
limit by more than rounding can explain counts, and the row is rejected only where the moves on
both sides of it are impossible while the closes around it agree. Special treatment is taken as
unknown, so that the wider limit counts: names are often known from a few days apart alone, and a
limit that no longer holds would take out what was traded.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import reduce

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from screener.data.doctor.bar_columns import BarColumns, Marks
from screener.data.doctor.jumps import MARGIN, Jump, board_limits, find_jumps
from screener.data.lake.rows import empty_rows
from screener.data.lake.schema import TableName
from screener.data.validation.context import Bars, ValidationContext, tick_of
from screener.data.validation.jumps import validate_jumps
from screener.data.validation.price_jumps import Cause, bad_tick
from screener.domain.arrays import FlagArray, FloatArray
from screener.domain.listing import Exchange, Listing
from screener.language import say
from screener.market.calendars import calendar_of

__all__ = ["FileFacts", "Judged", "judge_bars", "suspected"]

_FREE = 6  # bars, at the beginning and after a halt, whose range is left alone
_SPIKE = 5.0  # times, up or down, where no limit holds
_EXACT = 1e-6

_Key = tuple[str, date]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FileFacts:
    """What is known about the listings whose bars are judged.

    Parameters
    ----------
    actions
        Rows of table `actions`, at most one for each listing and ex-session.
    list_dates
        First trading days, where known.
    suspended
        Known suspensions.
    today
        Last day whose bar may be stored.
    older
        Listings of which only the last bars are judged: there are older ones.
    """

    actions: pa.Table
    list_dates: Mapping[str, date]
    suspended: Marks
    today: date
    older: frozenset[str] = frozenset()


@dataclass(slots=True, kw_only=True)
class Judged:
    """Reasons by listing and session: rows that cannot be true, and rows kept with a doubt."""

    rejected: dict[_Key, str] = field(default_factory=dict)
    doubted: dict[_Key, str] = field(default_factory=dict)


def judge_bars(raw: pa.Table, adjusted: pa.Table, facts: FileFacts) -> Judged:
    """Judge the bars of a user's files, whole histories at best.

    Parameters
    ----------
    raw, adjusted
        Rows of table `bars`, at most one for each listing and session, in any order. Raw ones are
        judged with the checks of fetched ones; the limits of adjusted ones are approximate, so
        that only what is beyond doubt is rejected.
    facts
        What is known about their listings.
    """
    found = Judged()
    if raw.num_rows:
        _judge_raw(BarColumns.of(raw), facts, found)
    if adjusted.num_rows:
        _judge_adjusted(BarColumns.of(adjusted), facts, found)
    return found


def suspected(raw: pa.Table, facts: FileFacts) -> frozenset[str]:
    """Return the listings with a raw bar that may be beyond its limit, or with an action."""
    columns = BarColumns.of(raw)
    found = np.flatnonzero(_suspected(columns, facts))
    return frozenset(columns.listings[at].id for at in found)


def _judge_raw(columns: BarColumns, facts: FileFacts, found: Judged) -> None:
    for at in np.flatnonzero(_suspected(columns, facts)):
        listing = columns.listings[at]
        rows = slice(int(columns.starts[at]), int(columns.starts[at + 1]))
        own = _bars(columns, rows)
        jumps = validate_jumps(
            own, np.ones(len(own.days), dtype=np.bool_), _context(listing, facts)
        )
        for reasons, target in ((jumps.rejected, found.rejected), (jumps.doubted, found.doubted)):
            target.update(
                {(listing.id, own.days[row].item()): text for row, text in reasons.items()}
            )


def _judge_adjusted(columns: BarColumns, facts: FileFacts, found: Judged) -> None:
    halted = columns.marked(facts.suspended)
    jumps = find_jumps(columns, halted=halted, list_dates=facts.list_dates, steps={})
    by_row = {(jump.listing, jump.session): jump for jump in jumps}
    for key, back in _returns(columns, by_row):
        jump = by_row.pop(key, None)
        if jump is not None:  # itself the way back from the row before
            by_row.pop((key[0], back.session), None)
            found.rejected[key] = bad_tick(_told(jump), say("and the next close is back"))
    for key, reason in _wicks(columns, halted):
        if key not in by_row:
            found.rejected.setdefault(key, reason)
    found.doubted.update(
        {
            key: say("{jump}: {cause}", jump=_told(jump), cause=jump.text)
            for key, jump in by_row.items()
        }
    )


def _told(jump: Jump) -> str:
    if jump.limited:
        return say(
            "a move of {move:+.1%} is beyond the limit of ±{limit:.0%}",
            move=jump.move,
            limit=jump.limit,
        )
    return say("close moved {move:+.0%} from the one before", move=jump.move)


def _returns(columns: BarColumns, jumps: Mapping[_Key, Jump]) -> list[tuple[_Key, Jump]]:
    """Return the jumps that the next session undoes, each with the jump back."""
    found = []
    place = {listing.id: at for at, listing in enumerate(columns.listings)}
    following = {(jump.listing, jump.before): jump for jump in jumps.values()}
    for key, jump in jumps.items():
        back = following.get(key)
        exchange = columns.listings[place[key[0]]].exchange
        if back is None or _sessions(exchange, jump.before, back.session) != 3:
            continue
        rest = (1 + jump.move) * (1 + back.move) - 1
        if jump.limited:
            wrong = abs(rest) <= (1 + jump.limit) ** 2 - 1 and jump.move * back.move < 0
        else:
            size = max(1 + jump.move, 1 / (1 + jump.move))
            wrong = jump.cause is Cause.TICK and size >= _SPIKE
        if wrong:
            found.append((key, back))
    return found


def _wicks(columns: BarColumns, halted: FlagArray) -> Iterator[tuple[_Key, str]]:
    """Return rows whose high and low no reference allows together."""
    limits = board_limits(columns)
    limits = np.where(np.isinf(limits), np.nan, limits)
    most = (1 + limits) / (1 - limits) * (1 + 2 * MARGIN)
    wide = (columns.high / columns.low > most) & (columns.position >= _FREE)
    for at in np.flatnonzero(wide):
        listing = columns.listings[columns.code[at]]
        first, last = columns.days[at - 1].item(), columns.days[at].item()
        if (
            halted[at - _FREE : at].any()
            or len(calendar_of(listing.exchange).between(first, last)) > 2
        ):
            continue  # the first session after a halt may have no limit
        yield (
            (listing.id, last),
            say(
                "bad tick: no reference allows a high of {high:g} with a low of {low:g} under "
                "the limit of ±{limit:.0%}",
                high=columns.high[at],
                low=columns.low[at],
                limit=limits[at],
            ),
        )


def _sessions(exchange: Exchange, first: date, last: date) -> int:
    """Return how many sessions there are from one day to another, both included."""
    return len(calendar_of(exchange).between(first, last))


def _suspected(columns: BarColumns, facts: FileFacts) -> FlagArray:
    """Tell for each listing whether any of its rows may be beyond a limit, or has an ex-date."""
    n_listings = len(columns.listings)
    previous = np.full(columns.n_rows, np.nan)
    previous[1:] = np.where(columns.same[1:], columns.close[:-1], np.nan)
    limits = board_limits(columns)
    tick = np.array([tick_of(item) for item in columns.listings])[columns.code]
    high, low = _extremes(columns)
    free = np.isinf(limits)
    share = np.where(free, 0.0, limits)
    over = high > _half_up(previous * (1 + share), tick) + _EXACT
    under = low < _half_up(previous * (1 - share), tick) - _EXACT
    # Without a limit, closes alone are judged; a third up or down is looked at.
    far = np.maximum(columns.close / previous, previous / columns.close) > 1.3
    rows = np.where(free, far, over | under)
    found = np.bincount(columns.code[rows], minlength=n_listings) > 0
    acting = set(facts.actions.column("listing").to_pylist())
    found |= np.array([item.id in acting for item in columns.listings], dtype=np.bool_)
    return found


def _extremes(columns: BarColumns) -> tuple[FloatArray, FloatArray]:
    prices = (columns.open, columns.high, columns.low, columns.close)
    return reduce(np.fmax, prices), reduce(np.fmin, prices)


def _half_up(prices: FloatArray, ticks: FloatArray) -> FloatArray:
    rounded: FloatArray = np.floor(prices / ticks + 0.5 + 1e-7) * ticks
    return rounded


def _bars(columns: BarColumns, rows: slice) -> Bars:
    names = ("open", "high", "low", "close", "volume", "amount")
    return Bars(days=columns.days[rows], **{name: getattr(columns, name)[rows] for name in names})


def _context(listing: Listing, facts: FileFacts) -> ValidationContext:
    calendar = calendar_of(listing.exchange)
    halted = facts.suspended.between(listing.id, calendar.first, calendar.last)
    return ValidationContext(
        listing=listing,
        calendar=calendar,
        today=facts.today,
        stored=empty_rows(TableName.BARS),
        actions=facts.actions.filter(pc.equal(facts.actions.column("listing"), listing.id)),
        list_date=facts.list_dates.get(listing.id),
        st=(),
        suspended=frozenset(halted.tolist()),
        older=listing.id in facts.older,
    )
