"""The paths of placebo baskets through a window, and where a real basket ends among them.

The same draws as in `placebo`, valued at every close instead of the last one alone, and without the
compiled kernel, which takes longer to load than a few baskets take to value.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from screener.domain.arrays import FloatArray, IntArray, Places
from screener.paths.path_panel import PathPanel
from screener.study.placebo.drawing import BLOCK, all_baskets, draw_baskets, possible_baskets
from screener.study.placebo.matching import Matched
from screener.study.placebo.monte_carlo import Placement, place
from screener.study.placebo.placebo import Holding, check_draws, placebo_layout

__all__ = ["QUANTILES", "PlaceboBand", "held_paths", "run_band"]

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
"""Shares of placebo baskets below the lines of a band."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PlaceboBand:
    """Placebo baskets of one real basket through its window.

    Parameters
    ----------
    placement
        Where the real return lies among theirs; as that of `Placebo`.
    values
        `(n_rows, 5)` values of theirs at each row asked for, by `QUANTILES`; 1 at the start.
    returns
        `(n_draws,)` paper return of each placebo basket, every name replaced.
    """

    placement: Placement
    values: FloatArray
    returns: FloatArray


def run_band(
    panel: PathPanel,
    holding: Holding,
    matched: Matched,
    real: float,
    ids: Sequence[str],
    rows: IntArray,
    *,
    draws: int,
    seed: int,
) -> PlaceboBand:
    """Compare a real basket with the paths of placebo baskets; parameters as in `run_placebo`.

    Parameters
    ----------
    rows
        `(n_rows,)` rows of the panel at whose close they are valued, the last one valued last.

    Raises
    ------
    InputError
        If there are too few draws.
    ComputeError
        If a name has too few controls.
    """
    check_draws(draws, seed)
    layout = placebo_layout(panel)
    own = [holding.columns[at] for at in holding.bought]
    choices = tuple(
        np.append(controls, column) for controls, column in zip(matched.controls, own, strict=True)
    )
    names = [ids[column] for column in own]
    paths = held_paths(layout, holding, _drawn(names, matched.controls, ids, draws, seed), rows)
    last = rows[-1:]
    every = possible_baskets(choices) - 1 <= draws
    if every:
        baskets = all_baskets(choices)
        among = baskets[(baskets != own).any(axis=1)]
    else:
        among = _drawn(names, choices, ids, draws, seed)
    returns = paths[:, -1] - 1
    return PlaceboBand(
        placement=place(
            real, returns, among=held_paths(layout, holding, among, last)[:, 0] - 1, every=every
        ),
        values=np.quantile(paths, QUANTILES, axis=0).T,
        returns=returns,
    )


def held_paths(layout: PathPanel, holding: Holding, drawn: Places, rows: IntArray) -> FloatArray:
    """Return the values of baskets that are held as the real one was.

    Parameters
    ----------
    layout
        The market, as `placebo_layout` gives it.
    holding
        The real basket.
    drawn
        `(n_baskets, n_bought)` columns in the places of the names that were bought.
    rows
        `(n_rows,)` rows at whose close they are valued.

    Returns
    -------
    numpy.ndarray
        `(n_baskets, n_rows)` values, 1 at the start.
    """
    bought = holding.bought
    kept = math.fsum(weight for at, weight in enumerate(holding.weights) if at not in bought)
    found = np.full((len(drawn), len(rows)), kept)
    for place_, at in enumerate(bought):
        columns, which = np.unique(drawn[:, place_], return_inverse=True)
        fill = holding.fill_rows[at]
        valued = np.minimum(rows, _exit(layout, holding, at))
        marks = layout.marks[columns[:, np.newaxis], valued]
        values = np.where(rows < fill, 1.0, marks / layout.opens[fill, columns][:, np.newaxis])
        found += holding.weights[at] * values[which]
    return found


def _exit(layout: PathPanel, holding: Holding, at: int) -> int:
    """Return the last row at which a name is valued: its session h, or the last one known."""
    own = layout.own_rows[layout.calendars[holding.columns[at]]]
    last = int(np.searchsorted(own, holding.entry_rows[at])) + holding.horizon - 1
    return min(int(own[last]) if last < len(own) else holding.available_row, holding.available_row)


def _drawn(
    names: Sequence[str], choices: Sequence[Places], ids: Sequence[str], draws: int, seed: int
) -> Places:
    blocks = range(-(-draws // BLOCK))
    return np.concatenate(
        [
            draw_baskets(
                names, choices, ids, seed=seed, block=block, count=min(BLOCK, draws - block * BLOCK)
            )
            for block in blocks
        ]
    )
