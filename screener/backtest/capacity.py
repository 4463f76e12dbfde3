"""Capacity: the money at which what a strategy earns over its index is gone.

Anything that can be traded with an amount of money is measured at one: `capacity_of` looks for the
root, by tens first and then by halves of the last ten that holds it. Its cost is bounded by
`MOST_MEASURED` simulations, whatever it finds.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from screener.backtest.execution.executing import execute_all
from screener.backtest.execution.shares import Execution
from screener.backtest.frictions import Frictions, Order
from screener.domain.panel import TradingPanel
from screener.errors import InputError
from screener.language import say
from screener.market.charges import Side
from screener.paths.windows import Window

__all__ = [
    "LEAST_MONEY",
    "MOST_MEASURED",
    "MOST_MONEY",
    "Capacity",
    "CapacityState",
    "Measured",
    "capacity_of",
    "orders_share",
    "windows_at",
]

LEAST_MONEY, MOST_MONEY = 1e5, 1e12
"""Between which amounts, in CNY, an edge is looked for."""
MOST_MEASURED = 24
"""Simulations at most."""
_NEAR = 1.01  # the amounts on both sides of the root lie no further apart
_TEN = 10.0


class CapacityState(StrEnum):
    """What the search found."""

    FOUND = "found"
    BEYOND = "beyond"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What an amount of money came to.

    Parameters
    ----------
    capital
        The money, in CNY.
    traded, active
        Its return, and that less the index's, as fractions.
    participation
        Greatest share of a session's volume that its purchases, or sales, of a name were; 0 without
        an order.
    invested
        Share of the money that its purchases spent at the entries, fees included.
    n_events
        Events behind it.
    """

    capital: float
    traded: float
    active: float
    participation: float
    invested: float
    n_events: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Capacity:
    """The money at which the edge is gone, and the way there.

    Parameters
    ----------
    state
        Whether it was found; beyond: an edge is there at the largest amount; none: at no amount.
    capital
        The most money that was measured to have an edge, within one per cent of the least above
        it that has none; `None` unless found.
    path
        What was measured, by amount.
    """

    state: CapacityState
    capital: float | None
    path: tuple[Measured, ...]


def capacity_of(
    measure: Callable[[float], Measured],
    *,
    least: float = LEAST_MONEY,
    most: float = MOST_MONEY,
) -> Capacity:
    """Return the money at which the edge that `measure` finds is gone.

    An edge is an active return above 0. Small money may have none, for lots and for the least
    commission, where more has: the root is above the greatest of the amounts by tens that has one.

    Parameters
    ----------
    measure
        What an amount of money, in CNY, comes to; it gives the same for the same amount.
    least, most
        Between which amounts to look.

    Raises
    ------
    InputError
        If the bounds are no amounts, or too far apart for the number of simulations.
    """
    if not (0 < least < most < math.inf):
        raise InputError(
            say("{least:g} to {most:g} CNY is no span of money", least=least, most=most)
        )
    tens = [least]
    while tens[-1] * _TEN < most:
        tens.append(tens[-1] * _TEN)
    tens.append(most)
    if len(tens) > MOST_MEASURED // 2:
        raise InputError(
            say("{least:g} to {most:g} CNY is too wide a span", least=least, most=most)
        )
    found = [measure(capital) for capital in tens]
    with_edge = [at for at, one in enumerate(found) if one.active > 0]
    if not with_edge:
        return Capacity(state=CapacityState.NONE, capital=None, path=tuple(found))
    last = with_edge[-1]
    if last == len(found) - 1:
        return Capacity(state=CapacityState.BEYOND, capital=None, path=tuple(found))
    low, high = found[last], found[last + 1]
    while high.capital / low.capital > _NEAR and len(found) < MOST_MEASURED:
        middle = measure(math.sqrt(low.capital * high.capital))
        found.append(middle)
        low, high = (middle, high) if middle.active > 0 else (low, middle)
    path = tuple(sorted(found, key=lambda one: one.capital))
    return Capacity(state=CapacityState.FOUND, capital=low.capital, path=path)


def windows_at(
    trading: TradingPanel,
    windows: Sequence[Window],
    index_returns: Sequence[float],
    frictions: Frictions,
    capital: float,
) -> Measured:
    """Measure an amount of money in each of some windows: the means over them.

    What could not be sold by the end of the tables counts at its last close.

    Parameters
    ----------
    trading
        Prices, volumes, entitlements and lots.
    windows, index_returns
        Mature windows, at least one, and the return of the index over each.
    frictions
        What trading costs and forbids.
    capital
        Money for each window, in CNY.
    """
    done = execute_all(trading, windows, capital, frictions)
    returns = np.array([float(one.path[-1]) / capital - 1 for one in done])
    shares = [orders_share(trading, one) for one in done]
    spent = [sum(-order.cash for order in one.orders if _enters(order)) for one in done]
    return Measured(
        capital=capital,
        traded=float(returns.mean()),
        active=float((returns - np.array(index_returns)).mean()),
        participation=max(shares, default=0.0),
        invested=float(np.mean(spent)) / capital,
        n_events=len(windows),
    )


def orders_share(trading: TradingPanel, *done: Execution) -> float:
    """Return the greatest share of a session's volume that an account's purchases, or sales, were.

    Of one execution, or of several that are one account's; 0 without an order.
    """
    shares: dict[tuple[int, int, Side], float] = {}
    for order in (item for one in done for item in one.orders):
        if order.row >= 0 and order.shares:
            key = trading.prices.column(order.listing), order.row, order.side
            shares[key] = shares.get(key, 0.0) + order.shares
    parts = (
        (traded, float(trading.volume[row, column])) for (column, row, _), traded in shares.items()
    )
    return max((traded / volume for traded, volume in parts if volume > 0), default=0.0)


def _enters(order: Order) -> bool:
    return order.side is Side.BUY and not order.rebalances
