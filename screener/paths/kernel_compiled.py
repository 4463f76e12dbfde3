"""The loops of the event-time kernel, compiled by numba; importing this imports numba.

All of it stays in one file: the cache on disk notices changes of the file of a function, not
those of another file that it calls. IntArray and columns are checked before they come here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar, cast

import numpy as np
from numba import njit

from screener.domain.arrays import FlagArray, FloatArray, IntArray
from screener.paths.path_panel import BEYOND

__all__ = ["AT_ENTRY", "measure", "trace"]

Names = tuple[IntArray, FloatArray, IntArray, IntArray]
"""Columns, weights, entry rows and fill rows of the names."""
Maps = tuple[IntArray, IntArray, IntArray, IntArray]
"""Data ends and calendars by listing; own rows and positions by calendar."""
Call = TypeVar("Call", bound=Callable[..., object])

AT_ENTRY = -2
"""Fill row that stands for the delayed entry."""


def _compiled(function: Call) -> Call:
    try:
        return cast(
            Call, njit(cache=True, nogil=True, error_model="numpy", forceinline=True)(function)
        )
    except RuntimeError:  # neither this folder nor the user's cache can be written
        return cast(Call, njit(nogil=True, error_model="numpy", forceinline=True)(function))


@_compiled
def _own_row(own_rows: IntArray, calendar: int, position: int) -> int:
    """Return the row of a calendar's session by its position, `BEYOND` past the panel."""
    return own_rows[calendar, position] if position < own_rows.shape[1] else BEYOND


@_compiled
def _leg(
    name: int, horizon: int, delay: int, available_row: int, names: Names, maps: Maps
) -> tuple[int, int, int, int, int]:
    """Return a name's calendar, start, exit, data end and fill: rows before any cut."""
    columns, _, entries, fills = names
    data_ends, calendars, own_rows, positions = maps
    column, entry = columns[name], entries[name]
    calendar = calendars[column] if column >= 0 else 0
    end = min(data_ends[column], available_row) if column >= 0 else available_row
    if entry < 0 or entry >= positions.shape[1]:
        return calendar, BEYOND, BEYOND, end, -1
    at = positions[calendar, entry] + delay
    start = _own_row(own_rows, calendar, at)
    stop = _own_row(own_rows, calendar, at + horizon - 1)
    fill = start if fills[name] == -2 else fills[name]
    if column < 0 or fill > min(stop, end):
        fill = -1
    return calendar, start, stop, end, fill


@_compiled
def _survey(
    first: int, last: int, horizon: int, delay: int, available_row: int, names: Names, maps: Maps
) -> tuple[int, bool, int]:
    """Return an event's first row (-1: not begun), whether it is settled, and its cut."""
    begun, settled, cut = BEYOND, True, available_row
    for name in range(first, last):
        _, start, stop, end, fill = _leg(name, horizon, delay, available_row, names, maps)
        if start > available_row:
            # One left out for good is cash without an entry: nothing about it is open.
            settled = settled and names[0][name] < 0 and names[2][name] < 0
            continue
        begun = min(begun, start)
        if stop > end:
            settled = False
            if fill >= 0:
                cut = min(cut, end)
    return (-1 if begun == BEYOND else begun), settled, cut


@_compiled
def _gain(
    fill: int, end: int, column: int, weight: float, marks: FloatArray, opens: FloatArray
) -> float:
    """Return what a name adds to 1; nothing at all while it is cash, so that cash returns 0."""
    if fill < 0:
        return 0.0
    opened = opens[fill, column]
    return weight / opened * marks[column, end] - weight if opened > 0 else np.nan


@_compiled
def _span(
    leg: tuple[int, int, int, int, int], settled: bool, cut: int, maps: Maps
) -> tuple[int, int, int]:
    """Return a begun name's fill and last row as they stand at the cut, and its sessions held."""
    calendar, start, stop, _, fill = leg
    own_rows, positions = maps[2], maps[3]
    bound = stop if settled else min(stop, cut)
    before = positions[calendar, bound + 1]
    held = max(before - positions[calendar, start], 0)
    end = own_rows[calendar, before - 1] if before else -1
    return (fill if fill <= bound else -1), end, held


@_compiled
def measure(
    offsets: IntArray,
    available_rows: IntArray,
    horizons: IntArray,
    delay: int,
    names: Names,
    maps: Maps,
    marks: FloatArray,
    opens: FloatArray,
    returns: FloatArray,
    sessions: IntArray,
    pending: FlagArray,
    last_rows: IntArray,
    first_rows: IntArray,
    spans: IntArray,
) -> None:
    """Fill in the rows of every event and horizon, and the spans of the longest horizon."""
    for event in range(len(offsets) - 1):
        first, last, available_row = offsets[event], offsets[event + 1], available_rows[event]
        for at in range(len(horizons)):
            horizon = horizons[at]
            begun, settled, cut = _survey(first, last, horizon, delay, available_row, names, maps)
            value, least, furthest = 1.0, horizon, -1
            for name in range(first, last):
                leg = _leg(name, horizon, delay, available_row, names, maps)
                fill, end = -1, -1
                if leg[1] <= available_row:
                    fill, end, held = _span(leg, settled, cut, maps)
                    least, furthest = min(least, held), max(furthest, end)
                value += _gain(fill, end, names[0][name], names[1][name], marks, opens)
                spans[name, 0], spans[name, 1] = fill, end
            first_rows[event], last_rows[event, at] = begun, furthest
            pending[event, at] = not settled
            returns[event, at] = value - 1 if begun >= 0 else np.nan
            sessions[event, at] = least if begun >= 0 else 0


@_compiled
def _add(
    path: FloatArray,
    first: int,
    fill: int,
    end: int,
    weight: float,
    opened: float,
    prices: FloatArray,
) -> None:
    """Add to a path of 1 what one name gains: nothing in cash, then by its prices to its last."""
    if fill < 0:
        return
    scale = weight / opened if opened > 0 else np.nan
    bought, stopped = fill - first, end - first + 1
    held, own = path[bought:stopped], prices[fill : end + 1]
    for row in range(len(own)):
        held[row] += scale * own[row] - weight
    path[stopped:] += scale * prices[end] - weight


@_compiled
def trace(
    offsets: IntArray,
    names: Names,
    first_rows: IntArray,
    spans: IntArray,
    marks: FloatArray,
    opens: FloatArray,
    path_offsets: IntArray,
    path_values: FloatArray,
) -> None:
    """Fill in the value path of every event that has begun."""
    columns, weights = names[0], names[1]
    for event in range(len(offsets) - 1):
        path = path_values[path_offsets[event] : path_offsets[event + 1]]
        if len(path) == 0:
            continue
        path[:] = 1.0
        for name in range(offsets[event], offsets[event + 1]):
            fill, end, column = spans[name, 0], spans[name, 1], max(columns[name], 0)
            opened = opens[fill, column] if fill >= 0 else 1.0
            _add(path, first_rows[event], fill, end, weights[name], opened, marks[column])
