"""Baskets of names picked at random on a simulated market, and what placebo baskets say of them."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from screener.domain.market_panel import MarketPanel
from screener.paths.path_panel import PathPanel, path_panel_of
from screener.study.placebo.matching import match_names
from screener.study.placebo.placebo import (
    Holding,
    Placebo,
    joint_placement,
    placebo_layout,
    placebo_returns,
    run_placebo,
)
from tests.support.markets import simulated

ROW = 95
NAMES = 8
EVENTS = 5
HORIZON = 20
T_5_PERCENT = 2.776
"""Two-sided 5 % point of Student's t with 4 degrees of freedom."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Picks:
    """How names are picked.

    Parameters
    ----------
    markets, groups
        Simulated markets, and groups of five events in each.
    count, stay, draws
        As in `match_names` and `run_placebo`.
    effect
        Fraction by which each name gained more until the end of its window.
    days
        Entry sessions on which the five events are spread.
    common
        How many of their eight names all five have in common.
    """

    markets: int
    groups: int
    count: int = 50
    stay: bool = True
    draws: int = 499
    effect: float = 0.0
    days: int = 1
    common: int = 0


@dataclass(frozen=True, slots=True)
class Found:
    """P-values: of each event, two- and one-sided; of five together.

    `naive` is 0 where a t test of the five excess returns rejects at 5 %, else 1.
    """

    single: list[float] = field(default_factory=list)
    greater: list[float] = field(default_factory=list)
    joint: list[float] = field(default_factory=list)
    naive: list[float] = field(default_factory=list)


def p_values(picks: Picks, *, first_seed: int = 0) -> Found:
    """Pick names as if recommended, and return what placebo baskets say of them."""
    found = Found()
    for seed in range(first_seed, first_seed + picks.markets):
        market = simulated(seed, n_listings=400, n_rows=ROW + HORIZON + picks.days + 25)
        layout = path_panel_of(market.prices)
        dice = np.random.default_rng((seed, 7))
        for group in range(picks.groups):
            _add(found, picks, market, layout, dice, seed=1000 * seed + group)
    return found


def _add(
    found: Found,
    picks: Picks,
    market: MarketPanel,
    layout: PathPanel,
    dice: np.random.Generator,
    *,
    seed: int,
) -> None:
    n_listings = len(market.industries)
    first = ROW + seed % 20
    same, rest = np.split(dice.permutation(n_listings), [picks.common])
    reals, placebos = [], []
    for event in range(EVENTS):
        columns = [*same, *dice.choice(rest, NAMES - picks.common, replace=False)]
        row = first + event % picks.days
        real, placebo = _judged(picks, market, layout, [int(c) for c in columns], row, seed)
        found.single.append(placebo.placement.p_two_sided or 0.0)
        found.greater.append(placebo.placement.p_greater or 0.0)
        reals.append(real)
        placebos.append(placebo)
    found.joint.append(joint_placement(reals, placebos).p_two_sided or 0.0)
    excess = [item.placement.excess for item in placebos]
    statistic = np.mean(excess) / (np.std(excess, ddof=1) / np.sqrt(EVENTS))
    found.naive.append(0.0 if abs(statistic) > T_5_PERCENT else 1.0)


def _judged(
    picks: Picks,
    market: MarketPanel,
    layout: PathPanel,
    columns: list[int],
    row: int,
    seed: int,
) -> tuple[float, Placebo]:
    matched = match_names(market, columns, [row] * NAMES, excluded=columns, count=picks.count)
    holding = Holding(
        columns=tuple(columns),
        weights=(1 / NAMES,) * NAMES,
        entry_rows=(row,) * NAMES,
        fill_rows=(row,) * NAMES,
        horizon=HORIZON,
        available_row=row + HORIZON - 1,
    )
    own = placebo_returns(placebo_layout(layout), holding, np.array([columns]))[0]
    real = float((1 + own) * (1 + picks.effect) - 1)
    ids = [item.id for item in market.prices.listings]
    placebo = run_placebo(
        layout,
        holding,
        matched,
        real,
        ids,
        draws=picks.draws,
        seed=seed,
        stay=picks.stay,
    )
    return real, placebo
