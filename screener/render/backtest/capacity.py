"""The capacity on the terminal: the money at which the edge is gone, and the way there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from rich.console import RenderableType
from rich.text import Text

from screener.backtest.capacity import Capacity, CapacityState
from screener.language import say
from screener.render.tables import heads, money_short, plain_table, points
from screener.results.backtest import CAPACITY

__all__ = ["capacity_tables"]


def capacity_tables(found: Iterable[tuple[int, Capacity]]) -> Iterator[RenderableType]:
    """Show each capacity by sessions held: what was found, and the amounts measured."""
    names = ("capital", "traded_return", "active_return", "invested", "participation")
    for horizon, capacity in found:
        yield Text(_told(horizon, capacity), style="bold")
        rows = [
            [
                money_short(one.capital),
                points(one.traded, signed=True),
                points(one.active, signed=True),
                points(one.invested),
                points(one.participation),
            ]
            for one in capacity.path
        ]
        yield plain_table(heads(CAPACITY, *names), rows)


def _told(horizon: int, capacity: Capacity) -> str:
    first, last = (money_short(capacity.path[at].capital) for at in (0, -1))
    if capacity.state is CapacityState.NONE:
        return say(
            "capacity, hold {n}: no edge over the index at any amount from {first} to {last}",
            n=horizon,
            first=first,
            last=last,
        )
    if capacity.state is CapacityState.BEYOND:
        return say(
            "capacity, hold {n}: the edge over the index is still there at {last}",
            n=horizon,
            last=last,
        )
    return say(
        "capacity, hold {n}: {capital}, above which the edge over the index is gone",
        n=horizon,
        capital=money_short(capacity.capital),
    )
