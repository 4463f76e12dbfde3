"""Implementation shortfall (Perold, 1988), by friction: an ordered series of counterfactual runs.

Each run turns one more friction on, in a fixed order; a step is what the result loses by it. The
first run is the paper return and the last the executable one, so that the steps close exactly.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from screener.backtest.execution.executing import execute_all
from screener.backtest.execution.holdings import rights_reinvested
from screener.backtest.execution.pricing import ValuePanel, executed_exits
from screener.backtest.execution.shares import Execution
from screener.backtest.frictions import Frictions
from screener.backtest.plain import sold_values
from screener.domain.panel import TradingPanel
from screener.paths.windows import Window

__all__ = ["SHORTFALL_STEPS", "Shortfall", "shortfall_of"]

SHORTFALL_STEPS = (
    "limits and suspension",
    "lots and cash",
    "rights",
    "participation",
    "slippage",
    "commission",
    "taxes and levies",
    "FX spread",
)
"""The order in which frictions are turned on."""

Shortfall = tuple[tuple[str, float], ...]
"""Steps with what each takes from the return, as fractions; they sum to executable minus paper."""


def shortfall_of(
    values: ValuePanel,
    trading: TradingPanel,
    windows: Sequence[Window],
    paper: Mapping[int, float],
    capital: float,
    frictions: Frictions,
    done: Mapping[int, Execution],
) -> Mapping[int, Shortfall]:
    """Return the implementation shortfall of each window that both paths finish, by identity.

    Parameters
    ----------
    values, trading
        Prices, and what trading with money needs.
    windows
        Windows with at least one name that is not dropped.
    paper
        Paper return by the window's identity.
    capital
        Money for each window, in CNY.
    frictions
        The frictions of the executable path.
    done
        The executable path itself, by the window's identity.
    """
    if not windows:
        return {}
    runs = [_late_sales(values, windows)]
    variants = _variants(trading, frictions)
    found_by = {(trading, frictions): tuple(done[id(window)] for window in windows)}
    for variant in reversed(variants):  # the bound on volume before the run without it
        if variant not in found_by:  # two are the same where a friction is off anyway
            with_bound = variant[0], replace(variant[1], participation=frictions.participation)
            found_by[variant] = _executed(*variant, windows, capital, found_by.get(with_bound))
    for variant in variants:
        ends = [one.value for one in found_by[variant]]
        runs.append([None if end is None else end / capital - 1 for end in ends])
    found = {}
    for at, window in enumerate(windows):
        levels = [paper[id(window)], *(run[at] for run in runs)]
        finished = [level for level in levels if level is not None]
        if len(finished) == len(levels):
            found[id(window)] = tuple(
                (step, float(after - before))
                for step, before, after in zip(
                    SHORTFALL_STEPS, finished, finished[1:], strict=False
                )
            )
    return found


def _executed(
    trading: TradingPanel,
    frictions: Frictions,
    windows: Sequence[Window],
    capital: float,
    bounded: Sequence[Execution] | None,
) -> tuple[Execution, ...]:
    """Execute windows, given what they come to with a bound on volume: most never meet it."""
    if bounded is None:
        return execute_all(trading, windows, capital, frictions)
    met = [window for window, one in zip(windows, bounded, strict=True) if one.capped]
    again = iter(execute_all(trading, met, capital, frictions) if met else ())
    return tuple(next(again) if one.capped else one for one in bounded)


def _late_sales(values: ValuePanel, windows: Sequence[Window]) -> list[float | None]:
    """Return the returns of orders that wait as the rules say, without any other friction."""
    exits = [executed_exits(values.prices, window) for window in windows]
    runs = sold_values(values, windows, exits)
    return [None if own.open else run.value - 1 for own, run in zip(exits, runs, strict=True)]


def _variants(
    trading: TradingPanel, frictions: Frictions
) -> tuple[tuple[TradingPanel, Frictions], ...]:
    bare = replace(
        frictions,
        participation=None,
        slippage_bps=0.0,
        impact_bps=0.0,
        fx_spread_bps=0.0,
        commission=False,
        levies=False,
    )
    capped = replace(bare, participation=frictions.participation)
    slipped = replace(capped, slippage_bps=frictions.slippage_bps, impact_bps=frictions.impact_bps)
    paid = replace(slipped, commission=frictions.commission)
    taxed = replace(paid, levies=frictions.levies)
    turned_on = (bare, capped, slipped, paid, taxed, frictions)
    return (rights_reinvested(trading), bare), *((trading, variant) for variant in turned_on)
