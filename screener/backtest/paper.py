"""Paper paths of windows: by the event-time kernel, or through the engine where rebalanced."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np

from screener.backtest.execution.accounts.rebalanced import paper_rebalanced
from screener.backtest.execution.pricing import ValuePanel, exit_value, no_fixing
from screener.domain.arrays import FloatVector, IntArray
from screener.domain.basket import Rebalance
from screener.domain.panel import PricePanel
from screener.errors import ComputeError
from screener.language import say
from screener.paths.event_tables import PaperPaths, events_of_legs
from screener.paths.kernel import paper_paths
from screener.paths.kernel_numpy import paper_paths_numpy
from screener.paths.legs import Leg, LegState
from screener.paths.path_panel import PathPanel
from screener.paths.windows import Window

__all__ = ["FEW_WINDOWS", "PaperPath", "leg_values", "own_rows", "paper_values"]

FEW_WINDOWS = 200
"""Up to so many windows plain numpy is done before the compiled loops are loaded."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PaperPath:
    """The paper path of one window, at each row in which an exchange of its names trades.

    Parameters
    ----------
    values
        `(n,)` value at the close of each such row from the entry on; 1 before it.
    bought
        `(n,)` worth of what was bought in each of them.
    """

    values: FloatVector
    bought: FloatVector


def paper_values(
    values: ValuePanel, layout: PathPanel, windows: Sequence[Window], *, compiled: bool
) -> Mapping[int, PaperPath]:
    """Return the paper path of each window that is valued, by the window's identity.

    Parameters
    ----------
    values, layout
        Prices in units of total return, and the same as the kernel reads them.
    windows
        The windows.
    compiled
        Whether to use the compiled kernel or its twin in numpy; they agree to the last digits.

    Raises
    ------
    DataError
        If a name in foreign currency has no fresh fixing on a day that it is valued.
    """
    priced = [window for window in windows if window.valued]
    left = [window for window in priced if any(leg.early for leg in window.legs)]
    priced = [window for window in priced if not any(leg.early for leg in window.legs)]
    held = [window for window in priced if window.rebalance is Rebalance.NONE]
    others = [window for window in priced if window.rebalance is not Rebalance.NONE]
    found = _held_values(values, layout, held, compiled=compiled) if held else {}
    found |= {id(window): _left_early(values, window) for window in left}
    if others:
        for window, run in zip(others, paper_rebalanced(values, others), strict=True):
            rows = own_rows(values.prices, window)
            found[id(window)] = PaperPath(values=run.path[rows], bought=run.bought[rows])
    return found


def leg_values(values: ValuePanel, leg: Leg, end: int, rows: IntArray) -> FloatVector:
    """Return `(n_rows,)` value of 1 in a held name at the close of each row, 1 before its purchase.

    It is valued to row `end`, and stays as it is from there on.
    """
    if leg.fill_row is None:
        return np.ones(len(rows))
    worth = values.marks[np.clip(rows, leg.fill_row, end), leg.column]
    if leg.early and end == leg.exit_row:
        worth = np.where(rows >= end, exit_value(values, leg, end), worth)
    path = worth / values.paid[leg.fill_row, leg.column]
    return np.where(rows < leg.fill_row, 1.0, path)


def _left_early(values: ValuePanel, window: Window) -> PaperPath:
    """Return the paper path of a window of which a name leaves before the horizon."""
    rows = own_rows(values.prices, window)
    at = window.first_row + rows
    path, bought = np.zeros(len(rows)), np.zeros(len(rows))
    for leg, weight, end in zip(window.legs, window.weights, window.end_rows, strict=True):
        if leg.state is LegState.DROPPED:
            continue
        path += weight * leg_values(values, leg, end, at)
        if leg.fill_row is not None:
            bought[at == leg.fill_row] += weight
    if not np.isfinite(path).all():
        raise _missing(values, window)
    return PaperPath(values=path, bought=bought)


def own_rows(panel: PricePanel, window: Window) -> IntArray:
    """Return the rows, from the entry on, in which an exchange of the window's names trades."""
    columns = [leg.column for leg in window.legs if leg.entry_row is not None]
    trading = panel.trading[window.first_row : window.last_row + 1, columns]
    return np.flatnonzero(trading.any(axis=1))


def _held_values(
    values: ValuePanel, layout: PathPanel, windows: Sequence[Window], *, compiled: bool
) -> dict[int, PaperPath]:
    found = {}
    by_horizon = sorted(windows, key=lambda window: window.horizon)
    for horizon, group in groupby(by_horizon, key=lambda window: window.horizon):
        some = list(group)
        paths = _paths(layout, values.prices, some, horizon, compiled=compiled)
        for at, window in enumerate(some):
            found[id(window)] = _path(values, window, paths, at)
    return found


def _paths(
    panel: PathPanel,
    prices: PricePanel,
    windows: Sequence[Window],
    horizon: int,
    *,
    compiled: bool,
) -> PaperPaths:
    events = events_of_legs(
        prices, [window.legs for window in windows], [window.weights for window in windows]
    )
    run = paper_paths if compiled else paper_paths_numpy
    return run(panel, events, (horizon,), paths=True)


def _path(values: ValuePanel, window: Window, paths: PaperPaths, at: int) -> PaperPath:
    span = int(paths.first_rows[at]), int(paths.last_rows[at, -1])
    if span != (window.first_row, window.last_row):
        raise ComputeError(
            say(
                "the kernel values rows {span} of a window of {value}",
                span=span,
                value=(window.first_row, window.last_row),
            ),
            fix=say("this is a fault of the program: please report it with the command you typed"),
        )
    rows = own_rows(values.prices, window)
    path = paths.path(at)
    if not np.isfinite(path[rows]).all():
        raise _missing(values, window)
    bought = np.zeros(len(path))
    for leg, weight in zip(window.legs, window.weights, strict=True):
        if leg.fill_row is not None:
            bought[leg.fill_row - window.first_row] += weight
    return PaperPath(values=path[rows], bought=bought[rows])


def _missing(values: ValuePanel, window: Window) -> Exception:
    for leg, end in zip(window.legs, window.end_rows, strict=True):
        if leg.state is LegState.HELD and leg.fill_row is not None:
            held = values.marks[leg.fill_row : end + 1, leg.column]
            if not (np.isfinite(held).all() and np.isfinite(values.paid[leg.fill_row, leg.column])):
                return no_fixing(values.prices, leg, end)
    return ComputeError(
        say("a path without a value"), fix=say("please report it with the command you typed")
    )
