"""Checks on a whole series: missing sessions, factors against a vendor's, a calendar's sessions."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from screener.data.lake.batch import Reject
from screener.data.lake.rows import days_of
from screener.data.lake.schema import TableName
from screener.data.validation.context import kept, make_note, tick_of, told_apart
from screener.domain.arrays import DayArray
from screener.domain.listing import Exchange, Listing
from screener.language import say
from screener.language.lists import listed
from screener.market.calendars import Calendar

__all__ = ["check_calendar", "check_factors", "gaps"]

_STEP_TOLERANCE = 2e-3
"""Relative difference of two steps where no close is known: a tick of 0.01 at a price of 5."""

_LEAST_TOLERANCE = 2e-4  # vendors print factors with few digits
_NO_STEP = 1e-6
_TOLD = 5  # days that a remark names


@dataclass(frozen=True, slots=True, kw_only=True)
class _Step:
    """What a factor is multiplied by on one ex-session; `None` without an earlier factor."""

    ratio: float | None
    row: dict[str, object]


def gaps(
    rows: pa.Table, calendar: Calendar, start: date, end: date, suspended: Iterable[date]
) -> tuple[date, ...]:
    """List sessions without a bar that no suspension explains.

    Parameters
    ----------
    rows
        Rows of table `bars` of one listing, in any order.
    calendar
        Sessions of its exchange.
    start, end
        First and last day looked at; bars outside are ignored.
    suspended
        Sessions recorded as suspended.

    Returns
    -------
    tuple of date
        Ascending, all between the first and the last bar.
    """
    days = days_of(rows, "session")
    inside = days[(days >= np.datetime64(start, "D")) & (days <= np.datetime64(end, "D"))]
    if not len(inside):
        return ()
    expected = calendar.between(inside.min().item(), inside.max().item())
    explained = np.array(sorted(suspended), dtype="datetime64[D]")
    missing = expected[~np.isin(expected, inside) & ~np.isin(expected, explained)]
    return tuple(missing.tolist())


def check_factors(
    ours: pa.Table,
    vendor: pa.Table,
    *,
    listing: Listing,
    start: date,
    end: date,
    closes: pa.Table | None = None,
) -> tuple[Reject, ...]:
    """Compare our factor steps with a vendor's.

    Parameters
    ----------
    ours, vendor
        Rows of table `factors`; rows of other listings are ignored. Ours is 1 before its first
        row. The vendor's may begin anywhere: of its first row only the date is compared, so a
        source that knows the factor before the first step gives a row for it.
    listing
        Whose factors.
    start, end
        First and last ex-session compared.
    closes
        Rows of table `bars`, raw: the tolerance is then a tick at the previous close, since
        vendors round the reference price to the tick; 0.2 % without.

    Returns
    -------
    tuple of Reject
        A doubt for each step that only one of them has, or that differs; of table `factors`, its
        line the ex-session.
    """
    own = _steps(ours, listing, base=1.0)
    other = _steps(vendor, listing, base=None)
    source = _source(vendor, listing)
    tolerances = _Tolerances.of(listing, closes)
    notes = []
    for day in sorted(own.keys() | other.keys()):
        if start <= day <= end:
            allowed = tolerances.at(day, own.get(day))
            reason = _disagreement(own.get(day), other.get(day), allowed, source)
            if reason:
                row = {
                    "ex_session": day,
                    "ours": own[day].row["factor"] if day in own else None,
                    "vendor": other[day].row["factor"] if day in other else None,
                    "source": source,
                }
                note = make_note(
                    row,
                    kept(reason),
                    table=TableName.FACTORS,
                    listing=listing,
                    day=day,
                    doubt=reason,
                )
                notes.append(note)
    return told_apart(notes)


def check_calendar(fetched: pa.Table, calendar: Calendar, exchange: Exchange) -> tuple[str, ...]:
    """Compare fetched sessions with the recorded ones, over the days that both cover.

    Parameters
    ----------
    fetched
        Rows of table `calendar`; rows of other exchanges are ignored.
    calendar
        Recorded sessions of the exchange.
    exchange
        Which exchange.

    Returns
    -------
    tuple of str
        A remark for sessions that only the source has, and one for those that it lacks.
    """
    rows = fetched.filter(pc.equal(fetched.column("exchange"), str(exchange)))
    if not rows.num_rows:
        return ()
    source = rows.column("source")[0].as_py()
    days = np.unique(days_of(rows, "session"))
    recorded = calendar.between(days[0].item(), days[-1].item())
    common = days[(days >= calendar.sessions[0]) & (days <= calendar.sessions[-1])]
    recorded_as = say("calendar {name}", name=calendar.name)
    return tuple(
        _told(exchange, who, left, other)
        for who, left, other in (
            (source, common[~np.isin(common, recorded)], recorded_as),
            (recorded_as, recorded[~np.isin(recorded, common)], source),
        )
        if len(left)
    )


def _told(exchange: Exchange, who: str, days: DayArray, other: str) -> str:
    shown = listed(days[:_TOLD])
    if len(days) > _TOLD:
        shown = say("{shown} and {n} more", shown=shown, n=len(days) - _TOLD)
    return say(
        "{exchange}: {source} has {n} sessions that {other} has not: {shown}",
        exchange=exchange,
        source=who,
        n=len(days),
        other=other,
        shown=shown,
    )


def _steps(factors: pa.Table, listing: Listing, *, base: float | None) -> dict[date, _Step]:
    own = factors.filter(pc.equal(factors.column("listing"), listing.id)).sort_by("ex_session")
    found: dict[date, _Step] = {}
    before = base
    for row in own.select(["ex_session", "factor"]).to_pylist():
        ratio = None if before is None else row["factor"] / before
        found[row["ex_session"]] = _Step(ratio=ratio, row=row)
        before = row["factor"]
    return {
        day: step
        for day, step in found.items()
        if (step.row["factor"] if step.ratio is None else step.ratio) != 1
    }


def _source(vendor: pa.Table, listing: Listing) -> str:
    rows = vendor.filter(pc.equal(vendor.column("listing"), listing.id))
    return str(rows.column("source")[0].as_py()) if rows.num_rows else "vendor"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Tolerances:
    """How far two steps may be apart, relative."""

    tick: float
    days: DayArray
    closes: np.ndarray[tuple[int], np.dtype[np.float64]]

    @classmethod
    def of(cls, listing: Listing, bars: pa.Table | None) -> _Tolerances:
        if bars is None:
            none = np.array([], dtype="datetime64[D]")
            return cls(tick=tick_of(listing), days=none, closes=np.array([], dtype=np.float64))
        own = bars.filter(
            pc.and_(pc.equal(bars.column("listing"), listing.id), pc.is_finite(bars["close"]))
        ).sort_by("session")
        return cls(
            tick=tick_of(listing), days=days_of(own, "session"), closes=own["close"].to_numpy()
        )

    def at(self, day: date, step: _Step | None) -> float:
        before = int(np.searchsorted(self.days, np.datetime64(day, "D"))) - 1
        if before < 0:
            return _STEP_TOLERANCE
        ratio = step.ratio if step is not None and step.ratio is not None else 1.0
        return max(self.tick * ratio / float(self.closes[before]), _LEAST_TOLERANCE)


def _disagreement(
    own: _Step | None, other: _Step | None, allowed: float, source: str
) -> str | None:
    """Say how two steps of one day disagree; `None` if they do not."""
    if own is None:
        ratio = other.ratio if other is not None else None
        if ratio is not None and abs(ratio - 1) <= _NO_STEP:
            return None
        if ratio is None:
            return say("{source} has a step, and no action is recorded", source=source)
        return say(
            "{source} has a step of {ratio:.6g}, and no action is recorded",
            source=source,
            ratio=ratio,
        )
    mine = own.ratio or 1.0
    if other is None:
        if abs(mine - 1) <= allowed:
            return None
        return say(
            "an action makes a step of {ratio:.6g}, and {source} has none",
            ratio=mine,
            source=source,
        )
    if other.ratio is None or abs(mine / other.ratio - 1) <= allowed:
        return None
    return say(
        "our step is {ratio:.6g}, that of {source} {other:.6g}",
        ratio=mine,
        source=source,
        other=other.ratio,
    )
