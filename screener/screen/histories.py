"""How a field of statements stands among its own days, as each day could know it.

Between two publications nothing changes but the price: a listing's history is a few steps, each
computed from the rows that were known on its first day, and weighted by its days.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import TypeAlias

import numpy as np

from screener.domain.arrays import DayArray, FlagArray, FloatVector, IntArray, SessionAxis
from screener.screen.computed import Computed
from screener.screen.statements import STALE_MONTHS, TELLING, Statements, place_statements

__all__ = ["Counts", "Rows", "StepField", "Steps", "count_steps", "counted", "steps_of"]

_AT_ONCE = 4_000  # steps that are computed together
_NEVER = np.datetime64("9999-12-31", "D")

StepField: TypeAlias = Callable[[Statements], Computed]
Counts: TypeAlias = tuple[FloatVector, FloatVector, FloatVector]
"""Of each listing: days with a value, how many are below the last one, how many are the same."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Rows:
    """Rows of `fundamentals` as of a day, sorted by listing, period and `known_at`.

    Parameters
    ----------
    listings
        `(n_rows,)` place of each row's listing.
    period_end, known_at
        `(n_rows,)` days.
    figures
        `(n_rows,)` by column, NaN where empty.
    """

    listings: IntArray
    period_end: DayArray
    known_at: DayArray
    figures: Mapping[str, FloatVector]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Steps:
    """What fields were from one publication of a listing to the next, by listing and day.

    Parameters
    ----------
    listings
        `(n_steps,)` place of the listing.
    since, until
        `(n_steps,)` day of the publication, and of the next one.
    values
        `(n_steps,)` by field; NaN for none.
    stale
        `(n_steps,)` by field: first day on which its statement is too old.
    last_rows
        `(n_steps,)` place of the row of the last period known.
    """

    listings: IntArray
    since: DayArray
    until: DayArray
    values: Mapping[str, FloatVector]
    stale: Mapping[str, DayArray]
    last_rows: IntArray

    def at(self, listings: IntArray, days: DayArray) -> IntArray:
        """Return the step that holds for a listing on a day, -1 for none."""
        keys, wanted = (_key(*pair) for pair in ((self.listings, self.since), (listings, days)))
        found = np.searchsorted(keys, wanted, side="right") - 1
        there = found >= 0
        there[there] = self.listings[found[there]] == listings[there]
        return np.where(there, found, -1)

    def told(self, name: str, steps: IntArray, days: DayArray) -> FloatVector:
        """Return a field's values of some steps, NaN where there is none or it is stale."""
        there = steps >= 0
        held = np.full(len(steps), np.nan)
        own = steps[there]
        fresh = days[there] < self.stale[name][own]
        held[there] = np.where(fresh, self.values[name][own], np.nan)
        return held


def _key(listings: IntArray, days: DayArray) -> IntArray:
    keys: IntArray = listings * 10_000_000 + days.astype("datetime64[D]").astype(np.int64)
    return keys


def steps_of(rows: Rows, fields: Mapping[str, StepField], *, first: np.datetime64) -> Steps:
    """Compute fields at each publication of each listing.

    Parameters
    ----------
    rows
        Rows that were known on the day asked for.
    fields
        How each is computed, by name.
    first
        First day asked for: of the steps that are over by then none is computed.
    """
    parts = [_computed(rows, fields, *group) for group in _groups(rows, first)]
    empty = np.empty(0, dtype=np.int64)
    days = np.empty(0, dtype="datetime64[D]")
    found = [np.concatenate(held) for held in zip(*(part[:4] for part in parts), strict=True)]
    listings, since, until, last = found or (empty, days, days, empty)
    values = {name: np.concatenate([np.empty(0), *(p[4][name] for p in parts)]) for name in fields}
    stale = {name: np.concatenate([days, *(part[5][name] for part in parts)]) for name in fields}
    return Steps(
        listings=listings, since=since, until=until, values=values, stale=stale, last_rows=last
    )


_Group: TypeAlias = tuple[list[tuple[int, DayArray, DayArray]], list[IntArray], list[IntArray]]


def _groups(rows: Rows, first: np.datetime64) -> Iterator[_Group]:
    """Give some listings at a time: their steps, and the rows that each step knows."""
    starts = np.flatnonzero(np.append(True, rows.listings[1:] != rows.listings[:-1]))
    ends = np.append(starts[1:], len(rows.listings))
    steps, numbers, places, n_steps = [], [], [], 0
    for start, end in zip(starts, ends, strict=True) if len(rows.listings) else ():
        known = rows.known_at[start:end]
        since = np.unique(known)
        until = np.append(since[1:], _NEVER)
        since, until = since[until > first], until[until > first]
        step, row = np.nonzero(known[None, :] <= since[:, None])
        steps.append((int(rows.listings[start]), since, until))
        numbers.append(step + n_steps)
        places.append(row + start)
        n_steps += len(since)
        if n_steps >= _AT_ONCE:
            yield steps, numbers, places
            steps, numbers, places, n_steps = [], [], [], 0
    if steps:
        yield steps, numbers, places


_Part: TypeAlias = tuple[
    IntArray, DayArray, DayArray, IntArray, dict[str, FloatVector], dict[str, DayArray]
]


def _computed(
    rows: Rows,
    fields: Mapping[str, StepField],
    steps: list[tuple[int, DayArray, DayArray]],
    numbers: list[IntArray],
    places: list[IntArray],
) -> _Part:
    listings = np.repeat([item[0] for item in steps], [len(item[1]) for item in steps])
    since, until = (np.concatenate([item[at] for item in steps]) for at in (1, 2))
    number, place = np.concatenate(numbers), np.concatenate(places)
    held = place_statements(
        listings=number,
        n_listings=len(listings),
        period_end=rows.period_end[place],
        known_at=rows.known_at[place],
        figures={name: values[place] for name, values in rows.figures.items()},
        as_of=date.min,  # whether one is stale is asked of each day
    )
    last = np.full(len(listings), -1)
    last[number] = place  # of several rows the last one stays
    values, stale = {}, {}
    for name, field in fields.items():
        values[name] = field(held).values
        ends = held.telling(*TELLING[name]).ends if name in TELLING else held.ends
        stale[name] = (ends + STALE_MONTHS + 1).astype("datetime64[D]")
    return listings.astype(np.int64), since, until, last, values, stale


def count_steps(
    steps: Steps, name: str, sessions: SessionAxis, listed: DayArray, day: date
) -> Counts:
    """Count the days of each listing on which a field was below what it is on the last one.

    Parameters
    ----------
    steps
        Its steps.
    name
        The field.
    sessions
        Sessions of the window; the last one stands for the day asked for.
    listed
        `(n_listings,)` first day listed, NaT where it is not told.
    day
        The day asked for.
    """
    n_listings = len(listed)
    days = np.append(sessions[:-1], np.datetime64(day, "D"))
    begun = np.where(np.isnat(listed), days[0], listed)[steps.listings]
    ends = np.minimum(steps.until, steps.stale[name])
    low, high = (np.searchsorted(days, bound) for bound in (np.maximum(steps.since, begun), ends))
    values = steps.values[name]
    weights = np.where(np.isfinite(values), np.maximum(high - low, 0), 0).astype(float)
    every = np.arange(n_listings)
    last = np.full(n_listings, np.datetime64(day, "D"))
    now = steps.told(name, steps.at(every, last), last)[steps.listings]
    return counted(steps.listings, weights, values < now, values == now, n_listings)


def counted(
    listings: IntArray, weights: FloatVector, below: FlagArray, same: FlagArray, n_listings: int
) -> Counts:
    """Sum weights, those of what is below and those of what is the same, by listing.

    Parameters
    ----------
    listings, weights, below, same
        `(n_values,)`.
    n_listings
        Number of listings.
    """
    every = np.ones(len(weights), dtype=bool)
    n, less, equal = (
        np.bincount(listings, weights * kept, minlength=n_listings).astype(np.float64)
        for kept in (every, below, same)
    )
    return n, less, equal
