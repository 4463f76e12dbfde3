"""The paths of placebo baskets through a window, and where a real basket ends among them.

The same draws as in `placebo`, valued at every close instead of the last one alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from screener.domain.arrays import FloatArray, IntArray
from screener.paths.path_panel import PathPanel
from screener.study.placebo.drawing import possible_baskets
from screener.study.placebo.matching import Matched
from screener.study.placebo.monte_carlo import Placement, place
from screener.study.placebo.placebo import (
    Drawing,
    Holding,
    check_draws,
    every_other,
    held_values,
    placebo_layout,
    with_itself,
)

__all__ = ["QUANTILES", "PlaceboBand", "run_band"]

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
    names = tuple(ids[holding.columns[at]] for at in holding.bought)
    drawing = Drawing(names=names, ids=ids, draws=draws, seed=seed)
    choices = with_itself(holding, matched)
    paths = held_values(layout, holding, drawing.baskets(matched.controls), rows)
    every = possible_baskets(choices) - 1 <= draws
    among = every_other(holding, choices) if every else drawing.baskets(choices)
    returns = paths[:, -1] - 1
    return PlaceboBand(
        placement=place(
            real,
            returns,
            among=held_values(layout, holding, among, rows[-1:])[:, 0] - 1,
            every=every,
        ),
        values=np.quantile(paths, QUANTILES, axis=0).T,
        returns=returns,
    )
