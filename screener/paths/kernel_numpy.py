"""The event-time kernel once more, plainly: the oracle that the compiled one is held against.

Written from the definitions, name by name, in numpy alone: closes are carried here anew, exits are
counted along each calendar, and a return is the last value of its path.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from screener.domain.arrays import FloatVector, IntArray
from screener.paths.event_tables import CASH, EventTable, PaperPaths
from screener.paths.kernel import available_rows_of, check_events, checked_horizons
from screener.paths.path_panel import PathPanel

__all__ = ["paper_paths_numpy"]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Name:
    """One name of one event over one horizon; `None` for what the tables do not reach."""

    column: int
    weight: float
    sessions: IntArray
    start: int | None
    stop: int | None
    data_end: int
    bought: int | None
    for_good: bool

    @property
    def settled(self) -> bool:
        if self.start is None:
            return self.for_good
        return self.stop is not None and self.stop <= self.data_end

    def fill(self, cut: int) -> int | None:
        """Return the row of the purchase as it stands at `cut`."""
        bounds = [cut, self.data_end, *([] if self.stop is None else [self.stop])]
        return self.bought if self.bought is not None and self.bought <= min(bounds) else None

    def end(self, cut: int) -> int:
        """Return the last row valued: the exit, or the last own session up to `cut`."""
        bound = cut if self.stop is None else min(cut, self.stop)
        own = self.sessions[self.sessions <= bound]
        return int(own[-1]) if len(own) else -1

    def held(self, cut: int) -> int:
        """Return the own sessions from the entry to the last row valued."""
        inside = (self.sessions >= (self.start or 0)) & (self.sessions <= self.end(cut))
        return int(inside.sum())


def paper_paths_numpy(
    panel: PathPanel,
    events: EventTable,
    horizons: Sequence[int],
    *,
    delay: int = 0,
    paths: bool = False,
) -> PaperPaths:
    """Return what `kernel.paper_paths` returns, to rounding, without compiled code.

    Parameters
    ----------
    panel, events, horizons, delay, paths
        As in `kernel.paper_paths`.

    Raises
    ------
    InputError
        If the horizons are not ascending numbers from 1 on, or the delay is negative.
    DataError
        If a column or a row of the events lies outside the panel.
    """
    held = checked_horizons(horizons, delay)
    check_events(panel, events, delay)
    rows = [
        [
            _row(
                panel,
                _names(panel, events, event, int(horizon), delay, available_row),
                int(horizon),
                available_row,
            )
            for horizon in held
        ]
        for event, available_row in enumerate(available_rows_of(panel, events).tolist())
    ]
    shape = (len(events), len(held))
    longest = [row[-1][4] if paths else np.empty(0) for row in rows]
    return PaperPaths(
        returns=np.array([[item[0] for item in row] for row in rows]).reshape(shape),
        sessions_held=_whole(rows, 1).reshape(shape),
        pending=_whole(rows, 2).astype(np.bool_).reshape(shape),
        last_rows=_whole(rows, 3).reshape(shape),
        first_rows=np.array([row[-1][5] for row in rows], dtype=np.int64),
        path_offsets=np.cumsum([0, *map(len, longest)], dtype=np.int64),
        path_values=np.concatenate([np.empty(0), *longest]),
    )


_Row = tuple[float, int, bool, int, FloatVector, int]
"""Return, sessions held, pending, last row, path, first row."""


def _whole(rows: list[list[_Row]], at: int) -> IntArray:
    return np.array([[item[at] for item in row] for row in rows], dtype=np.int64)


def _names(
    panel: PathPanel, events: EventTable, event: int, horizon: int, delay: int, available_row: int
) -> list[_Name]:
    places = range(int(events.offsets[event]), int(events.offsets[event + 1]))
    return [_name(panel, events, at, horizon, delay, available_row) for at in places]


def _name(
    panel: PathPanel, events: EventTable, at: int, horizon: int, delay: int, available_row: int
) -> _Name:
    column, entry = int(events.columns[at]), int(events.entry_rows[at])
    cash = column == CASH
    sessions = np.flatnonzero(panel.trading[0 if cash else panel.calendars[column]])
    later = sessions[sessions >= entry][delay:] if entry >= 0 else sessions[:0]
    start = int(later[0]) if len(later) and later[0] <= available_row else None
    bought = start if events.fill_rows is None else int(events.fill_rows[at])
    return _Name(
        column=column,
        weight=float(events.weights[at]),
        sessions=sessions,
        start=start,
        stop=int(later[horizon - 1]) if len(later) >= horizon else None,
        data_end=available_row if cash else min(int(panel.data_ends[column]), available_row),
        bought=None if cash or bought is None or bought < 0 else bought,
        for_good=cash and entry < 0,
    )


def _row(panel: PathPanel, names: list[_Name], horizon: int, available_row: int) -> _Row:
    settled = all(name.settled for name in names)
    begun = [name for name in names if name.start is not None]
    if not begun:
        return np.nan, 0, not settled, -1, np.empty(0), -1
    open_ends = [n.data_end for n in begun if not n.settled and n.fill(available_row) is not None]
    cut = available_row if settled else min(open_ends, default=available_row)
    first = min(name.start for name in begun if name.start is not None)
    last = max(name.end(cut) for name in begun)
    path = np.ones(last - first + 1)
    for name in names:
        path = path + name.weight * (_growth(panel, name, first, last, cut) - 1)
    held = horizon if settled else min(name.held(cut) for name in begun)
    return float(path[-1]) - 1, held, not settled, last, path, first


def _growth(panel: PathPanel, name: _Name, first: int, last: int, cut: int) -> FloatVector:
    """Return the value of 1 put into a name, from row `first` to `last`: cash before the fill."""
    growth = np.ones(last - first + 1)
    fill = None if name.start is None else name.fill(cut)
    if fill is None:
        return growth
    end = name.end(cut)
    opened = panel.opens[fill, name.column]
    held = _carried(panel, name.column, end)[fill:] / (opened if opened > 0 else np.nan)
    growth[fill - first : end - first + 1] = held
    growth[end - first + 1 :] = held[-1]
    return growth


def _carried(panel: PathPanel, column: int, end: int) -> FloatVector:
    """Return a column's closes to row `end`, the last one carried, in the base currency."""
    closes = panel.closes[: end + 1, column]
    known = np.flatnonzero(np.isfinite(closes))
    before = np.searchsorted(known, np.arange(end + 1), side="right")
    carried = np.concatenate([[np.nan], closes[known]])[before]
    return carried if panel.rates is None else carried * panel.rates[: end + 1, column]
