"""The event-time kernel: paper paths of many events in one call.

Each name is bought at the open of its fill row and valued at the close, its last close carried
over sessions without a bar; the basket is the weighted sum, never rebalanced. A name's exit is the
close of its own session `entry + delay + h - 1`. A row is mature when the data of every name reach
its exit; until then it is pending, and valued at the last row at which every name that is held,
and has not reached its exit, still has data. That is how `backtest` values windows; no fee, lot or
limit enters here: which purchases they delay is told by the fill rows.

The loops are compiled when first called (numba is imported then), and kept on disk.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from screener.domain.arrays import FloatArray, IntArray
from screener.errors import DataError, InputError
from screener.language import say
from screener.paths.event_tables import EventTable, PaperPaths, event_table
from screener.paths.path_panel import BEYOND, PathPanel

__all__ = ["available_rows_of", "check_events", "checked_horizons", "load_kernel", "paper_paths"]

_Kind = TypeVar("_Kind", bound=np.generic)


def paper_paths(
    panel: PathPanel,
    events: EventTable,
    horizons: Sequence[int],
    *,
    delay: int = 0,
    paths: bool = False,
) -> PaperPaths:
    """Return the paper returns of events over every horizon.

    Parameters
    ----------
    panel
        Values of the listings.
    events
        The baskets, their entries and fills.
    horizons
        Sessions to hold, ascending.
    delay
        Further sessions of its own exchange that each name waits before its session 1. Fill rows,
        where they are given, are those after the delay.
    paths
        Whether to return the value path of each event over the longest horizon too.

    Raises
    ------
    InputError
        If the horizons are not ascending numbers from 1 on, or the delay is negative.
    DataError
        If a column or a row of the events lies outside the panel.
    """
    from screener.paths.kernel_compiled import AT_ENTRY, measure, trace

    held = checked_horizons(horizons, delay)
    check_events(panel, events, delay)
    names = _names(events, AT_ENTRY)
    maps = (
        _fixed(panel.data_ends),
        _fixed(panel.calendars),
        _fixed(panel.own_rows),
        _fixed(panel.positions),
    )
    offsets, marks, opens = _fixed(events.offsets), _fixed(panel.marks), _fixed(panel.opens)
    available_rows = _fixed(available_rows_of(panel, events))
    found = _empty(len(events), len(held))
    spans = np.empty((len(events.columns), 2), dtype=np.int64)
    rows = (found.returns, found.sessions_held, found.pending, found.last_rows, found.first_rows)
    measure(offsets, available_rows, _fixed(held), delay, names, maps, marks, opens, *rows, spans)
    if not paths:
        return found
    path_offsets = _path_offsets(found)
    values = np.empty(int(path_offsets[-1]))
    trace(offsets, names, found.first_rows, spans, marks, opens, path_offsets, values)
    return _with_paths(found, path_offsets, values)


def load_kernel(panel: PathPanel) -> None:
    """Compile the loops or load them from disk: copies of this process then have them, too."""
    paper_paths(panel, event_table([0], [], [], []), (1,), paths=True)


def checked_horizons(horizons: Sequence[int], delay: int) -> IntArray:
    """Return the horizons as an array.

    Raises
    ------
    InputError
        If they are not ascending numbers from 1 on, or the delay is negative.
    """
    held = [int(horizon) for horizon in horizons]
    if not held or held[0] < 1 or held != sorted(set(held)):
        raise InputError(
            say(
                "horizons must be ascending numbers of sessions from 1 on, not {horizons}",
                horizons=list(horizons),
            ),
            fix=say("give for example --hold 5,20,60"),
        )
    if delay < 0:
        raise InputError(
            say("a delay of {delay} sessions would look ahead", delay=delay),
            fix=say("give 0 or more"),
        )
    return np.array(held, dtype=np.int64)


def check_events(panel: PathPanel, events: EventTable, delay: int) -> None:
    """Refuse events of another panel, and purchases before their entry.

    Raises
    ------
    DataError
        If a column or a row of the events lies outside the panel, or a fill row comes before the
        delayed entry.
    """
    n_listings, n_rows = panel.marks.shape
    bounds = {"columns": n_listings, "fill_rows": n_rows, "available_rows": n_rows}
    for name, bound in bounds.items():
        values = getattr(events, name)
        if values is not None and len(values) and not -1 <= values.min() <= values.max() < bound:
            raise DataError(
                say(
                    "{name} of the events run from {first} to {last}, those of the panel from 0 "
                    "to {bound}",
                    name=name,
                    first=values.min(),
                    last=values.max(),
                    bound=bound - 1,
                ),
                fix=say("make the events from the same panel"),
            )
    if events.fill_rows is not None and (events.fill_rows >= 0).any():
        early = (events.fill_rows >= 0) & (events.fill_rows < _starts(panel, events, delay))
        if early.any():
            at = int(np.flatnonzero(early)[0])
            raise DataError(
                say(
                    "name {at} of the events is bought in row {row}, before its entry "
                    "after {delay} sessions of delay",
                    at=at,
                    row=events.fill_rows[at],
                    delay=delay,
                ),
                fix=say("resolve the fill rows with the same delay"),
            )


def _starts(panel: PathPanel, events: EventTable, delay: int) -> IntArray:
    """Return the delayed entry of each name, past the panel where it has none."""
    n_rows = panel.positions.shape[1] - 1
    cash = (events.columns < 0) | (events.entry_rows < 0)
    calendars = np.append(panel.calendars, 0)  # the last one is that of cash
    own = np.where(cash, 0, calendars[events.columns])
    at = panel.positions[own, np.clip(events.entry_rows, 0, n_rows)] + delay
    starts = panel.own_rows[own, np.minimum(at, n_rows - 1)]
    return np.where((at >= n_rows) | (events.entry_rows < 0), BEYOND, starts)


def available_rows_of(panel: PathPanel, events: EventTable) -> IntArray:
    """Return the last available row of each event."""
    if events.available_rows is not None:
        return events.available_rows
    last = int(panel.data_ends.max(initial=-1))
    return np.full(len(events), last, dtype=np.int64)


def _names(events: EventTable, at_entry: int) -> tuple[IntArray, FloatArray, IntArray, IntArray]:
    fills = events.fill_rows
    if fills is None:
        fills = np.full(len(events.columns), at_entry, dtype=np.int64)
    return (
        _fixed(events.columns),
        _fixed(events.weights),
        _fixed(events.entry_rows),
        _fixed(fills),
    )


def _fixed(array: npt.NDArray[_Kind]) -> npt.NDArray[_Kind]:
    """Return a contiguous read-only view: one type for numba, wherever an array comes from."""
    view: npt.NDArray[_Kind] = np.ascontiguousarray(array).view(np.ndarray)[...]
    view.setflags(write=False)
    return view


def _empty(n_events: int, n_horizons: int) -> PaperPaths:
    shape = (n_events, n_horizons)
    return PaperPaths(
        returns=np.empty(shape),
        sessions_held=np.empty(shape, dtype=np.int64),
        pending=np.empty(shape, dtype=np.bool_),
        last_rows=np.empty(shape, dtype=np.int64),
        first_rows=np.empty(n_events, dtype=np.int64),
        path_offsets=np.zeros(n_events + 1, dtype=np.int64),
        path_values=np.empty(0),
    )


def _path_offsets(found: PaperPaths) -> IntArray:
    begun = found.first_rows >= 0
    lengths = np.where(begun, found.last_rows[:, -1] - found.first_rows + 1, 0)
    offsets = np.zeros(len(lengths) + 1, dtype=np.int64)
    np.cumsum(np.maximum(lengths, 0), out=offsets[1:])
    return offsets


def _with_paths(found: PaperPaths, offsets: IntArray, values: FloatArray) -> PaperPaths:
    return PaperPaths(
        returns=found.returns,
        sessions_held=found.sessions_held,
        pending=found.pending,
        last_rows=found.last_rows,
        first_rows=found.first_rows,
        path_offsets=offsets,
        path_values=values,
    )
