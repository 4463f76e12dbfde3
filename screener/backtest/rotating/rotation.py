"""Targets through the engine: the equity curve of an account, and what each rebalancing cost."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from screener.backtest.execution.accounts.book import AccountBook, simulated_books
from screener.backtest.execution.shares import dated
from screener.backtest.frictions import EntitlementKind, Frictions, Line, Order
from screener.backtest.rotating.account import (
    Rebalanced,
    Rotated,
    Target,
    models_of,
    play_targets,
)
from screener.domain.arrays import FloatVector, IntArray
from screener.domain.panel import TradingPanel
from screener.market.charges import Side

__all__ = ["Rotation", "rotate"]

_ONE_IN_TEN = 0.9


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Rotation:
    """An account that held the names of its newest target; money in CNY.

    Parameters
    ----------
    first_row, last_row
        Its first session and its last one, rows of the panel.
    rotated
        What became of it.
    equity, cash
        `(n_rows,)` cash and what is held at its last close, and cash alone, at each close.
    bought, sold, fees
        `(n_rows,)` money spent on purchases and taken from sales before fees, and commission,
        levies and taxes, that on dividends included, in each session.
    capacity
        Money at the start at which one purchase in ten would have been more than its share of the
        session's volume, were all of them larger alike; `None` without such a bound.
    """

    first_row: int
    last_row: int
    rotated: Rotated
    equity: FloatVector
    cash: FloatVector
    bought: FloatVector
    sold: FloatVector
    fees: FloatVector
    capacity: float | None

    @property
    def lines(self) -> tuple[Line, ...]:
        """Every order, filled or not, dividend, tax and rights issue, by time."""
        return self.rotated.played.lines

    @property
    def held(self) -> IntArray:
        """`(n_rows,)` names held at each close."""
        return self.rotated.held

    @property
    def exposure(self) -> FloatVector:
        """`(n_rows,)` share of the equity that is held in names, as a fraction."""
        return 1 - self.cash / self.equity

    def spans(self) -> Iterator[tuple[Rebalanced, slice]]:
        """Give what each target came to, with the places of its sessions in the curve."""
        every = self.rotated.rebalanced
        starts = [one.target.traded - self.first_row for one in every]
        ends = [*starts[1:], self.last_row - self.first_row + 1]
        for one, start, end in zip(every, starts, ends, strict=True):
            yield one, slice(start, end)


def rotate(
    trading: TradingPanel,
    targets: Sequence[Target],
    *,
    capital: float,
    frictions: Frictions,
    max_wait: int,
    last_row: int,
) -> Rotation:
    """Hold the names of each target in equal parts until the next one.

    Parameters
    ----------
    trading
        Prices, volumes, entitlements and lots.
    targets
        By row, at least one.
    capital
        Money at the start, in CNY.
    frictions
        What trading costs and forbids.
    max_wait
        Sessions that a blocked purchase may wait.
    last_row
        Last row of the curve.

    Raises
    ------
    DataError
        If a board lot, a volume or a fresh fixing that an order needs is missing.
    ComputeError
        If the engine did not fill every order, or does not come to the same money.
    """
    models = models_of(trading, frictions)
    done = play_targets(
        trading, models, targets, capital=capital, max_wait=max_wait, last_row=last_row
    )
    first_row = targets[0].traded
    ends = [last_row] * len(models)
    book = AccountBook(models, done.played, ends, (first_row, last_row), capital, packed=True)
    (path,) = simulated_books([book])
    lines, n_rows = done.played.lines, last_row - first_row + 1
    flows, bought, sold, fees = np.zeros((4, n_rows))
    for line in lines:
        if line.row < 0:
            continue
        at = line.row - first_row
        flows[at] += line.cash
        if isinstance(line, Order):
            (bought if line.side is Side.BUY else sold)[at] += line.amount
            fees[at] += line.fees
        elif line.kind is EntitlementKind.TAX:
            fees[at] += line.amount
    return Rotation(
        first_row=first_row,
        last_row=last_row,
        rotated=done,
        equity=dated(path, first_row, lines, done.played.sales),
        cash=capital + np.cumsum(flows),
        bought=bought,
        sold=sold,
        fees=fees,
        capacity=_capacity(trading, done.rebalanced, capital, frictions.participation),
    )


def _capacity(
    trading: TradingPanel,
    rebalanced: Sequence[Rebalanced],
    capital: float,
    participation: float | None,
) -> float | None:
    if participation is None:
        return None
    panel = trading.prices
    rows = [one.target.traded for one in rebalanced for _ in one.wanted]
    columns = [at for one in rebalanced for at in one.wanted]
    money = np.array([budget for one in rebalanced for budget in one.wanted.values()])
    if not len(money):
        return None
    price = panel.open[rows, columns] * panel.fx[rows, columns]
    with np.errstate(all="ignore"):
        parts = money / (price * trading.volume[rows, columns])
    known = parts[np.isfinite(parts)]
    if not len(known):
        return None
    return float(capital * participation / np.quantile(known, _ONE_IN_TEN))
