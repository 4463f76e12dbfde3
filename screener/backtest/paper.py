"""Paper paths of windows: by the event-time kernel, or through the engine where rebalanced."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby

import numpy as np

from screener.backtest.portfolio import FloatVector, RowVector
from screener.backtest.pricing import ValuePanel, no_fixing
from screener.backtest.rebalanced import paper_rebalanced
from screener.domain.basket import Rebalance
from screener.domain.panel import PricePanel
from screener.errors import ComputeError
from screener.paths.event_tables import PaperPaths, events_of_legs
from screener.paths.kernel import paper_paths
from screener.paths.kernel_numpy import paper_paths_numpy
from screener.paths.legs import LegState
from screener.paths.path_panel import PathPanel, path_panel_of
from screener.paths.windows import Window, WindowStatus

__all__ = ["FEW_WINDOWS", "own_rows", "paper_values"]

FEW_WINDOWS = 200
"""Up to so many windows plain numpy is done before the compiled loops are loaded."""


def paper_values(
    values: ValuePanel, windows: Sequence[Window], *, compiled: bool
) -> Mapping[int, FloatVector]:
    """Return the paper value path of each window that has data, by the window's identity.

    Parameters
    ----------
    values
        Prices in units of total return.
    windows
        The windows.
    compiled
        Whether to use the compiled kernel or its twin in numpy; they agree to the last digits.

    Returns
    -------
    Mapping
        `(n,)` value at the close of each row, from the entry on, in which an exchange of the
        window's names trades; 1 before it.

    Raises
    ------
    DataError
        If a name in foreign currency has no fresh fixing on a day that it is valued.
    """
    priced = [window for window in windows if window.status is not WindowStatus.NO_DATA]
    held = [window for window in priced if window.rebalance is Rebalance.NONE]
    others = [window for window in priced if window.rebalance is not Rebalance.NONE]
    found = _held_values(values, held, compiled=compiled) if held else {}
    if others:
        for window, run in zip(others, paper_rebalanced(values, others), strict=True):
            found[id(window)] = run.path[own_rows(values.prices, window)]
    return found


def own_rows(panel: PricePanel, window: Window) -> RowVector:
    """Return the rows, from the entry on, in which an exchange of the window's names trades."""
    columns = [leg.column for leg in window.legs if leg.entry_row is not None]
    trading = panel.trading[window.first_row : window.last_row + 1, columns]
    return np.flatnonzero(trading.any(axis=1))


def _held_values(
    values: ValuePanel, windows: Sequence[Window], *, compiled: bool
) -> dict[int, FloatVector]:
    panel = path_panel_of(values.prices, windows[0].price)
    found = {}
    by_horizon = sorted(windows, key=lambda window: window.horizon)
    for horizon, group in groupby(by_horizon, key=lambda window: window.horizon):
        some = list(group)
        paths = _paths(panel, values.prices, some, horizon, compiled=compiled)
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


def _path(values: ValuePanel, window: Window, paths: PaperPaths, at: int) -> FloatVector:
    span = int(paths.first_rows[at]), int(paths.last_rows[at, -1])
    if span != (window.first_row, window.last_row):
        raise ComputeError(
            f"the kernel values rows {span} of a window of {window.first_row, window.last_row}",
            fix="this is a fault of the program: please report it with the command you typed",
        )
    path = paths.path(at)[own_rows(values.prices, window)]
    if not np.isfinite(path).all():
        raise _missing(values, window)
    return path


def _missing(values: ValuePanel, window: Window) -> Exception:
    for leg, end in zip(window.legs, window.end_rows, strict=True):
        if leg.state is LegState.HELD and leg.fill_row is not None:
            held = values.marks[leg.fill_row : end + 1, leg.column]
            if not (np.isfinite(held).all() and np.isfinite(values.paid[leg.fill_row, leg.column])):
                return no_fixing(values.prices, leg, end)
    return ComputeError("a path without a value", fix="please report it with the command you typed")
