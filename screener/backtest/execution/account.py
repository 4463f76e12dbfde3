"""What an account cannot trade, though its exchange could: whole windows, and without money."""

from __future__ import annotations

from dataclasses import replace

from screener.backtest.execution.dealing import Dealing
from screener.backtest.execution.pricing import Exits, executed_exits
from screener.backtest.frictions import Frictions
from screener.domain.panel import TradingPanel
from screener.paths.legs import Leg, LegState
from screener.paths.windows import Window

__all__ = ["account_exits", "account_window"]


def account_window(trading: TradingPanel, window: Window, frictions: Frictions) -> Window:
    """Return a window whose names are bought when its account can buy them.

    Those that it never can wait with their money to the end.
    """
    legs = tuple(
        _bought(leg, Dealing(trading, leg.column, frictions), window, end)
        for leg, end in zip(window.legs, window.end_rows, strict=True)
    )
    return replace(window, legs=legs)


def account_exits(trading: TradingPanel, window: Window, frictions: Frictions) -> Exits:
    """Return the sales of a window where its account must be open to them; see `executed_exits`."""
    dealings = {leg.column: Dealing(trading, leg.column, frictions) for leg in window.legs}
    return executed_exits(trading.prices, window, lambda column, row: dealings[column].closed(row))


def _bought(leg: Leg, dealing: Dealing, window: Window, end: int) -> Leg:
    row, reason = dealing.first_open(leg, window.price, end, window.max_wait)
    if row == leg.fill_row:
        return leg
    state = LegState.WAITING if row is None else LegState.HELD
    return replace(leg, state=state, fill_row=row, reason=reason)
