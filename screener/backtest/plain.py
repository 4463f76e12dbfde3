"""Windows whose names are sold when they can be, under a plain proportional cost or none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from screener.backtest.execution.accounts.rebalanced import paper_rebalanced
from screener.backtest.execution.pricing import Exits, ValuePanel, order_book
from screener.backtest.portfolio import simulate
from screener.domain.basket import Rebalance
from screener.paths.windows import Window

__all__ = ["PlainRun", "sold_values"]

_MONEY = 2.0**20
"""Money of the size of a basket, so that the engine's floor takes no order for none; a power of two
changes no digit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlainRun:
    """Value at the end and fees of a window, with 1 at the start."""

    value: float
    fees: float


def sold_values(
    values: ValuePanel, windows: Sequence[Window], exits: Sequence[Exits], *, cost: float = 0.0
) -> tuple[PlainRun, ...]:
    """Run windows without lots, each order at a proportional cost.

    Parameters
    ----------
    values
        Prices in units of total return.
    windows
        Windows with at least one name that is not dropped.
    exits
        Sales of each window; one that is still open leaves its value at the last close.
    cost
        Cost of each order, as a fraction.
    """
    held = [at for at, window in enumerate(windows) if window.rebalance is Rebalance.NONE]
    others = [at for at, window in enumerate(windows) if window.rebalance is not Rebalance.NONE]
    found: dict[int, PlainRun] = {}
    if held:
        some, own = tuple(windows[at] for at in held), tuple(exits[at] for at in held)
        book = order_book(values, some, fee=cost, exits=own)
        simulation = simulate(replace(book, cash=book.cash * _MONEY))
        gains, fees = simulation.gains[-1] / _MONEY, simulation.fees / _MONEY
        for group, at in enumerate(held):
            found[at] = PlainRun(value=1 + float(gains[group]), fees=float(fees[group]))
    if others:
        runs = paper_rebalanced(values, [windows[at] for at in others], sell=True, cost=cost)
        for at, run in zip(others, runs, strict=True):
            found[at] = PlainRun(value=float(run.path[-1]), fees=run.fees)
    return tuple(found[at] for at in range(len(windows)))
