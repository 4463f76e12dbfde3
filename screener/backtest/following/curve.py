"""The equity curve of an account that followed events, session by session."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from screener.backtest.following.slots import Followed
from screener.backtest.frictions import Line, Order
from screener.domain.arrays import FloatVector, IntArray, SessionAxis
from screener.domain.panel import PricePanel
from screener.errors import ComputeError
from screener.language import say
from screener.market.charges import Side

__all__ = ["Curve", "curve_of"]

_AGREE = 1e-6  # of the capital


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Curve:
    """An account at the close of each session; money in CNY.

    Parameters
    ----------
    sessions
        `(n_sessions,)` sessions of any exchange of its names.
    equity
        `(n_sessions,)` cash, and what is held at its last close.
    cash
        `(n_sessions,)` cash in all slots and outside of them.
    slots
        `(n_sessions,)` slots taken.
    bought
        `(n_sessions,)` money spent on purchases before fees.
    """

    sessions: SessionAxis
    equity: FloatVector
    cash: FloatVector
    slots: IntArray
    bought: FloatVector

    @property
    def exposure(self) -> FloatVector:
        """`(n_sessions,)` share of the equity that is held in names, as a fraction."""
        return 1 - self.cash / self.equity


def curve_of(
    panel: PricePanel, followed: Sequence[Followed], capital: float, first_row: int, last_row: int
) -> Curve:
    """Return the curve of an account from one row of the panel to another, both included.

    Parameters
    ----------
    panel
        Prices of all names.
    followed
        What became of each event; none of them was entered before `first_row`, and what came after
        `last_row` counts for nothing.
    capital
        Money at the start, in CNY.
    first_row, last_row
        Rows of the first and the last session.

    Raises
    ------
    ComputeError
        If the cash of the orders and the values by the engine differ when nothing is held.
    """
    rows = np.arange(first_row, last_row + 1)
    equity = np.full(len(rows), capital)
    flows, bought = np.zeros(len(rows)), np.zeros(len(rows))
    taken = np.zeros(len(rows), dtype=np.int64)
    for one in followed:
        if one.execution is None or one.first_row > last_row:
            continue
        equity += _gains(one, rows)
        end = last_row if one.last_row is None else one.last_row  # a row beyond is none of these
        taken += (rows >= one.first_row) & (rows <= end)
        for row, line in _dated(one.execution.lines, last_row):
            flows[row - first_row] += line.cash
            if isinstance(line, Order) and line.side is Side.BUY:
                bought[row - first_row] += line.amount
    cash = capital + np.cumsum(flows)
    _check(panel, rows, equity, cash, followed, capital)
    return Curve(
        sessions=panel.sessions[rows], equity=equity, cash=cash, slots=taken, bought=bought
    )


def _gains(one: Followed, rows: IntArray) -> FloatVector:
    """Return `(n_rows,)` what an event has gained by the close of each row."""
    path = one.worths(rows)
    return path - one.money


def _dated(lines: Sequence[Line], last_row: int) -> Iterator[tuple[int, Line]]:
    """Yield the lines that took place up to a row, each with its row."""
    for line in lines:
        if line.cash and line.row <= last_row:
            yield line.row, line


def _check(
    panel: PricePanel,
    rows: IntArray,
    equity: FloatVector,
    cash: FloatVector,
    followed: Sequence[Followed],
    capital: float,
) -> None:
    """Hold the engine's values to the cash of all orders, where nothing is held."""
    busy = np.zeros(len(rows), dtype=bool)
    for one in followed:
        if one.execution is not None:
            end = rows[-1] + 1 if one.last_row is None else one.last_row
            busy |= (rows >= one.first_row) & (rows < end)
    apart = np.flatnonzero(~busy & (np.abs(equity - cash) > _AGREE * capital))
    if len(apart):
        at = int(apart[0])
        counted, valued = f"{cash[at]:.4f}", f"{equity[at]:.4f}"
        raise ComputeError(
            say(
                "the orders come to {cash} in cash on {day}, the engine to {equity}",
                cash=counted,
                day=panel.session(int(rows[at])),
                equity=valued,
            ),
            fix=say("this is a fault of the program: please report it with the command you typed"),
        )
