"""Placebo baskets: `python -m benchmarks.placebo [DRAWS] [LISTINGS]`.

How fast 10,000 placebo baskets of 10 names over 250 sessions are drawn and valued, beside the time
that memory takes to give as many prices, and beside what one would write in pandas (on a slice,
its time multiplied up). Then how honest the p-values are: how often they reject at 5 % where names
are picked at random, and how often where an effect of known size is planted.
"""

from __future__ import annotations

import resource
import sys
from collections.abc import Sequence
from math import sqrt

import numpy as np
import pandas as pd

from benchmarks.measuring import Line, report, seconds
from screener.paths.event_tables import event_table
from screener.paths.kernel import paper_paths
from screener.paths.path_panel import path_panel_of
from screener.study.placebo.drawing import BLOCK, draw_baskets
from screener.study.placebo.matching import match_names
from screener.study.placebo.placebo import Holding, Placebo, placebo_layout, run_placebo
from tests.support.markets import simulated
from tests.support.null_baskets import Picks, p_values

DRAWS = 10_000
LISTINGS = 5_000
NAMES = 10
SESSIONS = 250
ROW = 100
LOOP = 20
LEVEL = 0.05
EFFECTS = (0.0, 0.01, 0.02, 0.04)


def measured(draws: int, listings: int) -> list[Line]:
    """Return the measurements of speed."""
    market = simulated(1, n_listings=listings, n_rows=ROW + SESSIONS + 10, n_industries=100)
    layout = path_panel_of(market.prices)
    ids = [item.id for item in market.prices.listings]
    columns = [int(item) for item in np.linspace(5, listings - 5, NAMES)]
    matched = match_names(market, columns, [ROW] * NAMES, excluded=columns)
    holding = Holding(
        columns=tuple(columns),
        weights=(1 / NAMES,) * NAMES,
        entry_rows=(ROW,) * NAMES,
        fill_rows=(ROW,) * NAMES,
        horizon=SESSIONS,
        available_row=ROW + SESSIONS - 1,
    )

    def whole() -> Placebo:
        return run_placebo(layout, holding, matched, 0.0, ids, draws=draws, seed=1, stay=False)

    names = [ids[column] for column in columns]
    drawn = np.concatenate(
        [
            draw_baskets(names, matched.controls, ids, seed=1, block=at)
            for at in range(draws // BLOCK)
        ]
    )
    table = event_table(
        np.arange(len(drawn) + 1) * NAMES,
        drawn.ravel(),
        np.full(drawn.size, 1 / NAMES),
        np.full(drawn.size, ROW),
    )
    held = placebo_layout(layout)
    prices = np.random.default_rng(3).random(drawn.size * SESSIONS)
    copying = seconds(lambda: np.copy(prices), 3)
    frames = pd.DataFrame(layout.opens), pd.DataFrame(layout.closes)
    loop = seconds(lambda: by_pandas(*frames, drawn[:LOOP]), 3) * len(drawn) / LOOP
    paths = seconds(lambda: paper_paths(held, table, (SESSIONS,), paths=True), 3)
    one = seconds(whole, 3)
    np.testing.assert_allclose(
        [path.iloc[-1] - 1 for path in by_pandas(*frames, drawn[:LOOP])],
        whole().returns[:LOOP],
        atol=1e-12,
    )
    what = f"{draws:,} x {NAMES} x {SESSIONS}"
    return [
        (f"drawn and valued at the end, {what}", one, "pandas loop, slice scaled", loop),
        (f"every session's value, {what}", paths, "np.copy of the prices touched", copying),
        ("pandas loop, slice scaled", loop, "every session's value", paths),
        (
            f"controls of {NAMES} names among {listings:,}",
            seconds(lambda: match_names(market, columns, [ROW] * NAMES, excluded=columns), 3),
            "drawn and valued",
            one,
        ),
    ]


def by_pandas(
    opens: pd.DataFrame, closes: pd.DataFrame, drawn: np.ndarray[tuple[int, ...], np.dtype[np.intp]]
) -> list[pd.Series]:
    """Return the value paths as one would write them in pandas, one basket after the other."""
    window = closes.iloc[ROW : ROW + SESSIONS]
    return [(window[names].ffill() / opens.loc[ROW, names]).mean(axis=1) for names in drawn]


def wilson(count: int, trials: int, z: float = 1.96) -> tuple[float, float]:
    """Return the 95 % interval of a share (Wilson, 1927)."""
    share, weight = count / trials, z * z / trials
    middle = (share + weight / 2) / (1 + weight)
    half = z * sqrt(share * (1 - share) / trials + weight / (4 * trials)) / (1 + weight)
    return middle - half, middle + half


def head(name: str) -> str:
    """Return the first line of a table."""
    return f"{name:52} {'share':>7}  {'95 % interval':>16}  {'trials':>6}"


def told(name: str, values: Sequence[float], level: float = LEVEL) -> str:
    """Return a line: how often p-values are at most the level, with the interval of that share."""
    count = sum(value <= level for value in values)
    low, high = wilson(count, len(values))
    return f"{name:52} {count / len(values):7.1%}  [{low:6.1%}, {high:6.1%}]  {len(values):6,}"


def calibration() -> list[str]:
    """Return the table of rejections where nothing is to be found."""
    lines = [head("rejections at 5 % where names are random")]
    for count, stay in ((20, False), (20, True), (50, False), (50, True)):
        kind = f"{count} controls" + (", a name may stay" if stay else ", every name replaced")
        found = p_values(Picks(count=count, stay=stay, markets=100, groups=4))
        lines.append(told(f"one basket, {kind}", found.single))
        lines.append(told(f"  one-sided, {kind}", found.greater))
        lines.append(told(f"5 events on one day, {kind}", found.joint))
    spread = p_values(Picks(markets=100, groups=4, days=5))
    lines.append(told("5 events on 5 days that overlap", spread.joint))
    same = p_values(Picks(markets=100, groups=4, common=6))
    lines.append(told("5 events on one day, 6 of 8 names in common", same.joint))
    lines.append(told("  the same by a t test of the 5 excess returns", same.naive))
    return lines


def power() -> list[str]:
    """Return the table of rejections where the names gained more by a known effect."""
    lines = [head("rejections at 5 % with an effect planted")]
    for effect in EFFECTS:
        found = p_values(Picks(markets=50, groups=4, effect=effect), first_seed=500)
        lines.append(told(f"{effect:+.0%} on each of 8 names, one basket", found.single))
        lines.append(told(f"{effect:+.0%}, 5 events together", found.joint))
    return lines


def main() -> None:
    """Measure and print."""
    draws = int(sys.argv[1]) if len(sys.argv) > 1 else DRAWS
    listings = int(sys.argv[2]) if len(sys.argv) > 2 else LISTINGS
    report(measured(draws, listings))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{draws * NAMES * SESSIONS * 8 / 1e6:.0f} MB of prices touched, peak {peak:,.0f} MB\n")
    print("\n".join([*calibration(), "", *power()]))


if __name__ == "__main__":
    main()
