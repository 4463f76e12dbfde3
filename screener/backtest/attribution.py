"""Implementation shortfall (Perold, 1988), by friction: an ordered series of counterfactual runs.

The waterfall starts from the index and ends with the money: `decision` tells what leads from the
index to the price at which each name was to be bought. From there each run turns one more friction
on, in a fixed order; a step is what the result loses by it. The last run is the executable path,
so that the steps sum to its return.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise

from screener.backtest.decision import DECISION_STEPS
from screener.backtest.execution.account import account_exits, account_window
from screener.backtest.execution.counterfactual import (
    told_by,
    with_less_charges,
    without_rights,
    without_tax,
)
from screener.backtest.execution.executing import execute_all
from screener.backtest.execution.holdings import rights_reinvested
from screener.backtest.execution.pricing import ValuePanel
from screener.backtest.execution.shares import Execution, Outcome
from screener.backtest.frictions import Frictions
from screener.backtest.plain import sold_values
from screener.domain.basket import Rebalance
from screener.domain.listing import Currency
from screener.domain.panel import TradingPanel
from screener.paths.windows import Window

__all__ = ["FRICTION_STEPS", "SHORTFALL_STEPS", "Shortfall", "shortfall_of"]

FRICTION_STEPS = (
    "waiting and unfilled",
    "lots and cash",
    "rights",
    "participation",
    "slippage and impact",
    "commission",
    "taxes and fees",
    "dividend tax",
    "FX",
)
"""The order in which frictions are turned on."""

SHORTFALL_STEPS = (*DECISION_STEPS, *FRICTION_STEPS)
"""The whole waterfall where an index is known."""

Shortfall = tuple[tuple[str, float], ...]
"""Steps with what each adds to the return, as fractions."""


def shortfall_of(
    values: ValuePanel,
    trading: TradingPanel,
    windows: Sequence[Window],
    scheduled: Mapping[int, float],
    capital: float,
    frictions: Frictions,
    done: Mapping[int, Execution],
) -> Mapping[int, Shortfall]:
    """Return what each friction takes from each window that its path finishes, by identity.

    Waiting costs what a name did between its scheduled entry and its purchase, not being filled
    all that it did to the end of the window, and a late sale what it did since it was due.

    Parameters
    ----------
    values, trading
        Prices, and what trading with money needs.
    windows
        Windows with at least one name that is not dropped.
    scheduled
        Return with every name bought at the price of its scheduled entry, by the window's identity.
    capital
        Money for each window, in CNY.
    frictions
        The frictions of the executable path.
    done
        The executable path itself, by the window's identity.
    """
    windows = [window for window in windows if done[id(window)].value is not None]
    if not windows:
        return {}
    runs = [_waited(values, trading, windows, frictions)]
    variants = _variants(trading, frictions)
    executed: tuple[Outcome, ...] = tuple(done[id(window)] for window in windows)
    found_by = {(trading, frictions): executed}
    for own, less in reversed(variants):  # each before the run with less, which may be the same
        if (own, less) not in found_by:  # two are the same where a friction is off anyway
            known = _known(found_by, trading, own, less, windows, capital, frictions)
            found_by[own, less] = _executed(own, less, windows, capital, known)
    for variant in variants:
        ends = [one.value for one in found_by[variant]]
        runs.append([None if end is None else end / capital - 1 for end in ends])
    found = {}
    for at, window in enumerate(windows):
        levels = [scheduled[id(window)], *(run[at] for run in runs)]
        finished = [level for level in levels if level is not None]
        if len(finished) == len(levels):
            found[id(window)] = tuple(
                (step, float(after - before))
                for step, (before, after) in zip(FRICTION_STEPS, pairwise(finished), strict=True)
            )
    return found


def _known(
    found_by: Mapping[tuple[TradingPanel, Frictions], Sequence[Outcome]],
    trading: TradingPanel,
    own: TradingPanel,
    less: Frictions,
    windows: Sequence[Window],
    capital: float,
    frictions: Frictions,
) -> Sequence[Outcome | None]:
    """Return what runs with one more friction tell of a run without it, for each window."""
    if own is not trading:
        return [without_rights(one) for one in found_by[trading, less]]
    converted = own, replace(less, fx_spread_bps=frictions.fx_spread_bps)
    if converted in found_by:
        runs = zip(windows, found_by[converted], strict=True)
        return [None if _is_foreign(window) else one for window, one in runs]
    bounded = own, replace(less, participation=frictions.participation)
    if bounded in found_by:
        return [None if one.capped else one for one in found_by[bounded]]
    taxed = own, replace(less, dividend_tax=frictions.dividend_tax)
    if taxed in found_by:
        free = [(one, without_tax(one)) for one in found_by[taxed]]
        return [
            untaxed if untaxed is one or _is_held(window) else None
            for window, (one, untaxed) in zip(windows, free, strict=True)
        ]
    for charged in (
        replace(less, commission=frictions.commission),
        replace(less, levies=frictions.levies),
    ):
        if (own, charged) in found_by:
            return [
                with_less_charges(own, window, one, capital, less) if _is_held(window) else None
                for window, one in zip(windows, found_by[own, charged], strict=True)
            ]
    return (None,) * len(windows)


def _executed(
    trading: TradingPanel,
    frictions: Frictions,
    windows: Sequence[Window],
    capital: float,
    known: Sequence[Outcome | None],
) -> tuple[Outcome, ...]:
    """Run the windows of which it is not known yet what they come to."""
    left = [window for window, one in zip(windows, known, strict=True) if one is None]
    others = [window for window in left if not _is_held(window)]
    runs = iter(execute_all(trading, others, capital, frictions) if others else ())
    again = iter(
        told_by(trading, window, capital, frictions) if _is_held(window) else next(runs)
        for window in left
    )
    return tuple(next(again) if one is None else one for one in known)


def _is_foreign(window: Window) -> bool:
    """Tell whether any name is quoted in another currency than the money."""
    return any(item.listing.currency is not Currency.CNY for item in window.event.members)


def _is_held(window: Window) -> bool:
    """Tell whether a window is bought once, each name with its own money."""
    return window.rebalance is Rebalance.NONE


def _waited(
    values: ValuePanel, trading: TradingPanel, windows: Sequence[Window], frictions: Frictions
) -> list[float | None]:
    """Return the returns of orders that wait as the rules say, without any other friction."""
    own = [account_window(trading, window, frictions) for window in windows]
    exits = [account_exits(trading, window, frictions) for window in own]
    runs = sold_values(values, own, exits)
    return [None if one.open else run.value - 1 for one, run in zip(exits, runs, strict=True)]


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
        dividend_tax=False,
    )
    capped = replace(bare, participation=frictions.participation)
    slipped = replace(capped, slippage_bps=frictions.slippage_bps, impact_bps=frictions.impact_bps)
    paid = replace(slipped, commission=frictions.commission)
    levied = replace(paid, levies=frictions.levies)
    taxed = replace(levied, dividend_tax=frictions.dividend_tax)
    turned_on = (bare, capped, slipped, paid, levied, taxed, frictions)
    return (rights_reinvested(trading), bare), *((trading, variant) for variant in turned_on)
