"""Placebo baskets: what other baskets of the same days, weights and length returned."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from screener.domain.arrays import FloatArray, IntArray, Places
from screener.errors import ComputeError, InputError
from screener.language import say
from screener.paths.path_panel import PathPanel
from screener.study.placebo.drawing import BLOCK, all_baskets, draw_baskets, possible_baskets
from screener.study.placebo.matching import Matched
from screener.study.placebo.monte_carlo import Placement, place

__all__ = [
    "LEAST_DRAWS",
    "Drawing",
    "Holding",
    "Placebo",
    "check_draws",
    "control_returns",
    "every_other",
    "held_values",
    "joint_placement",
    "placebo_layout",
    "placebo_returns",
    "run_placebo",
    "with_itself",
]

_GAIN, _LOSS = 2.0, -0.8  # returns of a control that deserve a look at its bars

LEAST_DRAWS = 99
"""Fewer draws cannot show a p-value of 1 %."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """A real basket as it was held, in rows of the market's panel.

    Parameters
    ----------
    columns
        Column of each name that has a weight.
    weights
        Their weights, fractions that sum to 1.
    entry_rows
        Scheduled entries; -1 for one that the tables have not reached.
    fill_rows
        Rows of the purchases; -1 for a name that was not bought, whose money stays cash.
    horizon
        Sessions held.
    available_row
        Last row to look at: that of the last session valued.
    """

    columns: tuple[int, ...]
    weights: tuple[float, ...]
    entry_rows: tuple[int, ...]
    fill_rows: tuple[int, ...]
    horizon: int
    available_row: int

    @property
    def bought(self) -> tuple[int, ...]:
        """Places of the names that were bought."""
        return tuple(at for at, row in enumerate(self.fill_rows) if row >= 0)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Placebo:
    """What placebo baskets say about one real basket; returns are fractions.

    Parameters
    ----------
    placement
        Where the real return lies among theirs.
    returns
        `(n_draws,)` paper return of each placebo basket, every name replaced, draw by draw.
    counted
        `(n_draws,)` the same with names that may stay: what p-values count.
    every
        Whether there are so few that the p-values count every possible one once instead.
    controls_return
        Weighted sum of the mean returns of each name's controls, cash included.
    stopped
        Controls whose data end before the window does, valued at their last close.
    extreme
        Ids of controls that gained more than 200 % or lost more than 80 %: wrong bars, perhaps.
    """

    placement: Placement
    returns: FloatArray
    counted: FloatArray
    every: bool
    controls_return: float
    stopped: int
    extreme: tuple[str, ...]


def check_draws(draws: int, seed: int) -> None:
    """Refuse a number of draws or a seed that gives no p-value.

    Raises
    ------
    InputError
        If there are fewer than 99 draws, or the seed is negative.
    """
    if draws < LEAST_DRAWS:
        raise InputError(
            say("{draws} placebo baskets cannot show a p-value of 1 %", draws=draws),
            fix=say("give {least_draws} or more", least_draws=LEAST_DRAWS),
        )
    if seed < 0:
        raise InputError(say("seed {seed} is negative", seed=seed), fix=say("give 0 or more"))


def placebo_layout(panel: PathPanel) -> PathPanel:
    """Return the panel in which a stock whose data stop is held on at its last close.

    A real basket is cut there; thousands of placebo baskets all must end with the real one.
    """
    last = panel.marks.shape[1] - 1
    return replace(panel, data_ends=np.full(len(panel.data_ends), last, dtype=np.int64))


def run_placebo(
    panel: PathPanel,
    holding: Holding,
    matched: Matched,
    real: float,
    ids: Sequence[str],
    *,
    draws: int,
    seed: int,
    stay: bool = True,
) -> Placebo:
    """Compare a real basket with placebo baskets.

    Where there are no more placebo baskets than draws are wanted, the p-values count each of them
    once.

    Parameters
    ----------
    panel
        The market as the kernel reads it, from the first purchase to the last session valued.
    holding
        The real basket.
    matched
        Controls of the names that were bought, in the order of `holding.bought`.
    real
        Its paper return, as a fraction.
    ids
        Id of every column.
    draws
        Placebo baskets.
    seed
        Seed of the random keys.
    stay
        Whether the p-values count baskets in which a name may stay; see `drawing`.

    Raises
    ------
    InputError
        If there are too few draws.
    ComputeError
        If nothing was bought, or a name has too few controls.
    """
    check_draws(draws, seed)
    if not holding.bought:
        raise ComputeError(say("no name was bought, so that none can be replaced"))
    layout = placebo_layout(panel)
    names = tuple(ids[holding.columns[at]] for at in holding.bought)
    drawing = Drawing(names=names, ids=ids, draws=draws, seed=seed)
    returns = placebo_returns(layout, holding, drawing.baskets(matched.controls))
    choices = with_itself(holding, matched) if stay else matched.controls
    counted = placebo_returns(layout, holding, drawing.baskets(choices)) if stay else returns
    every = possible_baskets(choices) - stay <= draws
    singles = control_returns(layout, holding, matched.controls)
    return Placebo(
        placement=place(
            real,
            returns,
            among=placebo_returns(layout, holding, every_other(holding, choices))
            if every
            else counted,
            every=every,
        ),
        returns=returns,
        counted=counted,
        every=every,
        controls_return=sum(
            holding.weights[at] * float(np.mean(returns))
            for at, returns in zip(holding.bought, singles, strict=True)
        ),
        stopped=_stopped(panel, holding, matched),
        extreme=_extreme(matched.controls, singles, ids),
    )


def _extreme(
    controls: Sequence[Places], singles: Sequence[FloatArray], ids: Sequence[str]
) -> tuple[str, ...]:
    found = {
        ids[column]
        for own, returns in zip(controls, singles, strict=True)
        for column in own[(returns > _GAIN) | (returns < _LOSS)]
    }
    return tuple(sorted(found))


def with_itself(holding: Holding, matched: Matched) -> tuple[Places, ...]:
    """Return the places of each name's controls and of the name itself."""
    own = (holding.columns[at] for at in holding.bought)
    return tuple(
        np.append(controls, column) for controls, column in zip(matched.controls, own, strict=True)
    )


def every_other(holding: Holding, choices: Sequence[Places]) -> Places:
    """Return every possible basket but the real one, `(n_baskets, n_bought)` columns."""
    real = [holding.columns[at] for at in holding.bought]
    baskets = all_baskets(choices)
    others: Places = baskets[(baskets != real).any(axis=1)]
    return others


def _stopped(panel: PathPanel, holding: Holding, matched: Matched) -> int:
    every = np.unique(np.concatenate(matched.controls))
    return int((panel.data_ends[every] < holding.available_row).sum())


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """How baskets are drawn.

    Parameters
    ----------
    names
        Id of each name that is replaced.
    ids
        Id of every column.
    draws, seed
        As in `run_placebo`.
    """

    names: tuple[str, ...]
    ids: Sequence[str]
    draws: int
    seed: int

    def baskets(self, choices: Sequence[Places]) -> Places:
        """Return `(draws, n_names)` columns; the first draws are the same however many there are.

        Parameters
        ----------
        choices
            Places that may take the place of each name.
        """
        return np.concatenate(
            [
                draw_baskets(
                    self.names,
                    choices,
                    self.ids,
                    seed=self.seed,
                    block=block,
                    count=min(BLOCK, self.draws - block * BLOCK),
                )
                for block in range(-(-self.draws // BLOCK))
            ]
        )


def placebo_returns(layout: PathPanel, holding: Holding, drawn: Places) -> FloatArray:
    """Return `(n_baskets,)` paper returns, as fractions, of baskets held as the real one was.

    Parameters
    ----------
    layout, holding, drawn
        As in `held_values`.
    """
    last = np.array([holding.available_row])
    returns: FloatArray = held_values(layout, holding, drawn, last)[:, 0] - 1
    return returns


def held_values(layout: PathPanel, holding: Holding, drawn: Places, rows: IntArray) -> FloatArray:
    """Return the values of baskets that are held as the real one was.

    With the arithmetic of `paths.kernel`, to the last bit; but a stock that takes a name's place in
    many baskets is valued once, so that as many baskets cost little more than their draws.

    Parameters
    ----------
    layout
        The market, as `placebo_layout` gives it.
    holding
        The real basket.
    drawn
        `(n_baskets, n_bought)` columns in the places of the names that were bought; of the
        calendar of the name whose place they take.
    rows
        `(n_rows,)` rows at whose close they are valued.

    Returns
    -------
    numpy.ndarray
        `(n_baskets, n_rows)` values, 1 at the start. What was not bought is cash.
    """
    found = np.ones((len(drawn), len(rows)))
    for place_, at in enumerate(holding.bought):
        columns, which = np.unique(drawn[:, place_], return_inverse=True)
        fill, weight = holding.fill_rows[at], holding.weights[at]
        valued = np.minimum(rows, _exit(layout, holding, at))
        opened = layout.opens[fill, columns]
        scale = weight / np.where(opened > 0, opened, np.nan)
        gains = scale[:, np.newaxis] * layout.marks[columns[:, np.newaxis], valued] - weight
        found += np.where(valued < fill, 0.0, gains)[which]
    return found


def _exit(layout: PathPanel, holding: Holding, at: int) -> int:
    """Return the last row at which a name is valued: its session h, or its last one until then."""
    own = layout.own_rows[layout.calendars[holding.columns[at]]]
    last = int(np.searchsorted(own, holding.entry_rows[at])) + holding.horizon - 1
    stop = int(own[last]) if last < len(own) else holding.available_row
    bound = min(stop, holding.available_row)
    return int(own[int(np.searchsorted(own, bound, side="right")) - 1])


def control_returns(
    layout: PathPanel, holding: Holding, controls: Sequence[Places]
) -> tuple[FloatArray, ...]:
    """Return the paper return of every control of each name, held as the name was.

    Parameters
    ----------
    layout
        The market, as `placebo_layout` gives it.
    holding
        The real basket.
    controls
        Places of each bought name's controls.

    Returns
    -------
    tuple
        For each name `(n_controls,)` fractions.
    """
    return tuple(
        placebo_returns(
            layout,
            replace(
                holding,
                columns=(holding.columns[at],),
                weights=(1.0,),
                entry_rows=(holding.entry_rows[at],),
                fill_rows=(holding.fill_rows[at],),
            ),
            own[:, np.newaxis],
        )
        for at, own in zip(holding.bought, controls, strict=True)
    )


def joint_placement(reals: Sequence[float], placebos: Sequence[Placebo]) -> Placement:
    """Tell where the mean of several real baskets lies among the means of their placebo baskets.

    Draws are aligned by number: each mean is over one placebo basket of every event, held on that
    event's days, so that what moved all stocks on the same days moves both sides alike.

    Parameters
    ----------
    reals
        Return of each event.
    placebos
        Placebo baskets of each event, as many for each.

    Raises
    ------
    ComputeError
        If there is no event.
    """
    if not reals:
        raise ComputeError(say("no finished window to take a mean of"), fix=say("ask again later"))
    return place(
        float(np.mean(reals)),
        np.mean([item.returns for item in placebos], axis=0),
        among=np.mean([item.counted for item in placebos], axis=0),
    )
