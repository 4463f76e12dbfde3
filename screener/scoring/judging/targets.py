"""Target prices: whether and when they were reached, what came before, and how far off they were.

A target is set against the price of the call's own date, as traded. It is reached at the first
close, within the horizon, at which the security has returned as much: dividends and splits paid on
the way count, as the price falls by them. The horizon is that of the rating's contract; twelve
months, as most targets are set for, where there is none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from enum import StrEnum

import numpy as np

from screener.domain.arrays import DayArray, FloatArray, IntArray, Places, TextArray
from screener.domain.total_return import TotalReturnPanel
from screener.market.calendars import Calendar
from screener.scoring.definitions.horizons import add_months, last_on_or_before

__all__ = ["TargetScore", "TargetState", "Targets", "judge_targets", "target_score"]

_MONTHS = 12
_Panels = Sequence[tuple[TotalReturnPanel, Calendar]]


class TargetState(StrEnum):
    """What became of a target price."""

    REACHED = "reached"
    MISSED = "not reached"
    PENDING = "pending"
    UNKNOWN = "cannot be judged"
    NONE = ""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Targets:
    """Target prices of calls, `(n,)` each; fractions and sessions are NaN where undefined.

    Parameters
    ----------
    state
        Of `TargetState`.
    upside
        Target over the price of the call's date, less 1.
    sessions
        Sessions after that date to the first close at or beyond it.
    worst
        Least favourable return on a close until then; to the horizon's end where it was missed.
    bias
        The target's upside less the return to the horizon's end: positive where it was too high.
        NaN until the end.
    """

    state: TextArray
    upside: FloatArray
    sessions: FloatArray
    worst: FloatArray
    bias: FloatArray

    @classmethod
    def empty(cls, n: int) -> Targets:
        """Return none for any of some calls."""
        parts = {part.name: np.full(n, np.nan) for part in fields(cls) if part.name != "state"}
        return cls(state=np.full(n, TargetState.NONE, dtype=np.object_), **parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetScore:
    """Targets of one group whose horizon is over; `None` where there is none.

    Parameters
    ----------
    n, reached
        How many, and the share that was reached.
    sessions
        Median sessions to reach one, of those reached.
    worst
        Median of the least favourable return before.
    bias
        Mean of upside less return.
    """

    n: int
    reached: float | None = None
    sessions: float | None = None
    worst: float | None = None
    bias: float | None = None


def judge_targets(
    listing: TextArray,
    published: DayArray,
    months: IntArray,
    target: FloatArray,
    price: FloatArray,
    panels: _Panels,
) -> Targets:
    """Follow target prices to the end of their horizon, or of the data.

    Parameters
    ----------
    listing
        `(n,)` of `Listing` or `None`.
    published, months
        `(n,)` own date of each call, and its horizon; 0 months for none.
    target, price
        `(n,)` target, and the price as traded at the close of the last session on or before the
        call's date, both in the listing's currency; NaN for none.
    panels
        Panels of both markets with their calendars.
    """
    found = Targets.empty(len(listing))
    given = np.isfinite(target)
    found.state[given] = TargetState.UNKNOWN
    for panel, calendar in panels:
        if not len(panel.sessions):
            continue
        column: dict[object, int] = {item: at for at, item in enumerate(panel.listings)}
        starts = _places(panel, calendar, published)
        horizon = np.where(months > 0, months, _MONTHS)
        due = add_months(published, horizon)
        for row in np.flatnonzero(given & np.isfinite(price) & (price > 0)).tolist():
            at, start = column.get(listing[row], -1), int(starts[row])
            if at < 0 or start < 0:
                continue
            over = due[row] <= panel.sessions[-1]
            end = int(last_on_or_before(panel.sessions, due[row : row + 1])[0])
            path = panel.close[start : end + 1, at] / panel.close[start, at] - 1
            _follow(found, row, path, target[row] / price[row] - 1, over=bool(over))
    return found


def target_score(targets: Targets, rows: Places) -> TargetScore:
    """Return what became of the targets of some calls whose horizon is over."""
    done = rows[np.isfinite(targets.bias[rows])]
    if not len(done):
        return TargetScore(n=0)
    reached = done[targets.state[done] == TargetState.REACHED]
    return TargetScore(
        n=len(done),
        reached=len(reached) / len(done),
        sessions=float(np.median(targets.sessions[reached])) if len(reached) else None,
        worst=float(np.median(targets.worst[done])),
        bias=float(targets.bias[done].mean()),
    )


def _follow(found: Targets, row: int, path: FloatArray, upside: float, *, over: bool) -> None:
    """Fill in one target from the returns on the closes since its date, the first of them 0."""
    if not np.isfinite(path[0]):
        return
    sign = 1.0 if upside >= 0 else -1.0
    found.upside[row] = upside
    after = path[1:]
    with np.errstate(invalid="ignore"):
        at = np.flatnonzero(sign * after >= sign * upside - 1e-9)
    ended = bool(np.isfinite(after[-1:]).all())
    if not len(at) and over and not ended:  # no price at the end: nothing is known of it
        return
    before = after[: int(at[0])] if len(at) else after
    worst = np.nanmin(sign * before) if np.isfinite(before).any() else 0.0
    found.worst[row] = min(float(worst), 0.0)
    if len(at):
        found.state[row], found.sessions[row] = TargetState.REACHED, float(at[0] + 1)
    else:
        found.state[row] = TargetState.MISSED if over else TargetState.PENDING
    if over and ended and len(after):
        found.bias[row] = sign * (upside - after[-1])


def _places(panel: TotalReturnPanel, calendar: Calendar, published: DayArray) -> IntArray:
    """Return the row of the last session on or before each day; −1 where the panel has none."""
    days = calendar.sessions
    place = last_on_or_before(days, published)
    label = days[np.maximum(place, 0)]
    row = np.searchsorted(panel.sessions, label)
    inside = (place >= 0) & (row < len(panel.sessions))
    same = panel.sessions[np.minimum(row, len(panel.sessions) - 1)] == label
    found: IntArray = np.where(inside & same, row, -1).astype(np.int64)
    return found
