"""Windows brought back to their weights: one cash account for all names, session by session.

At a rebalancing close the names that are above their weight are sold first, then those below it
are bought with what is there. A name that cannot be traded in the direction it needs, or was not
bought yet, takes no part. Shares leave first in, first out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from screener.backtest.execution.accounts.cash_account import CashAccount, Played, cost_of
from screener.backtest.execution.accounts.models import ExecutionModel
from screener.backtest.portfolio import LEAST_PART
from screener.domain.basket import EntryPrice
from screener.domain.panel import PricePanel
from screener.market.charges import Side
from screener.paths.legs import LegState, Reason, buy_block, sale_block
from screener.paths.windows import Window, WindowStatus

__all__ = ["play_rebalanced"]


@dataclass(slots=True)
class _Name:
    """The money kept for its purchase, why its sale is late, if it began."""

    reserve: float
    late: Reason = Reason.NONE
    leaving: bool = False


def play_rebalanced(
    panel: PricePanel,
    window: Window,
    models: Sequence[ExecutionModel],
    rows: Sequence[Sequence[int]],
    *,
    capital: float,
    sell: bool,
) -> Played:
    """Play a window session by session.

    Parameters
    ----------
    panel
        Prices and facts.
    window
        A window with at least one name that is not dropped.
    models
        One for each of its names.
    rows
        Pairs of rows: at whose close a rebalancing is decided, and at whose it is traded.
    capital
        Money for the whole basket, in CNY.
    sell
        Whether everything is sold from the scheduled exits on, if the window is mature.

    Raises
    ------
    DataError
        If a board lot, a fixing or a volume that an order needs is missing.
    """
    play = _Play(panel, window, models, capital, sell=sell)
    wanted = {int(traded): int(decided) for decided, traded in rows}
    row = window.first_row
    last = len(panel.sessions) - 1 if play.selling else window.last_row
    while row <= last and not play.over(row):
        play.morning(row)
        play.enter(row)
        if row in wanted:
            play.rebalance(row, wanted[row])
        play.leave(row)
        row += 1
    return play.result()


class _Play(CashAccount):
    def __init__(
        self,
        panel: PricePanel,
        window: Window,
        models: Sequence[ExecutionModel],
        capital: float,
        *,
        sell: bool,
    ) -> None:
        super().__init__(models, 0.0)
        self.panel, self.window = panel, window
        self.selling = sell and window.status is WindowStatus.MATURE
        self.held = [_Name(weight * capital) for weight in window.weights]
        self.left_over = 0.0

    def over(self, row: int) -> bool:
        """Tell whether nothing can happen from this row on."""
        if not self.selling or row <= self.window.last_row:
            return False
        return not any(holding.tax_lots for holding in self.holdings)

    def morning(self, row: int) -> None:
        """Multiply shares and receive dividends, and add yesterday's change to the cash."""
        self.cash, self.left_over = self.cash + self.left_over, 0.0
        for at, holding in enumerate(self.holdings):
            if holding.tax_lots and self._in_window(at, row):
                self.receive(at, row)

    def enter(self, row: int) -> None:
        """Buy the names whose session of entry this is; the change is for tomorrow."""
        for at, leg in enumerate(self.window.legs):
            if leg.state is LegState.DROPPED:
                continue
            due = self.models[at].entry_row
            unbought = due is None and row == self.window.first_row
            if due != row and not unbought:
                continue
            fill, order = self.models[at].enter(self.held[at].reserve)
            self.book(at, Side.BUY, 0, fill, order)
            if due == row:
                self.left_over += self.held[at].reserve - cost_of(fill)
                self.held[at].reserve = 0.0

    def rebalance(self, row: int, decided: int) -> None:
        """Bring the names that can be traded back to their weights at the close.

        How much of each is decided at the close of an earlier row; what is sold that day is spent
        on what is bought.
        """
        active, worth = self._active(row, decided)
        targets = self._targets(active, worth)
        total = sum(worth.values()) + self.cash
        for at in active:
            excess = worth[at] - targets[at]
            if excess > LEAST_PART * total:
                shares = self.holdings[at].shares
                self.sell(at, row, self.models[at].reduce(row, excess / worth[at] * shares, shares))
        needs = {at: targets[at] - worth[at] for at in active}
        needs = {at: need for at, need in needs.items() if need > LEAST_PART * total}
        part = max(self.cash, 0.0) / sum(needs.values()) if needs else 0.0
        bought = 0.0
        for at, need in needs.items():
            if need * part > LEAST_PART * total:  # what is less stays cash
                fill, order = self.models[at].add(row, need * part)
                self.book(at, Side.BUY, 2, fill, order)
                bought += cost_of(fill)
        self.cash -= bought

    def leave(self, row: int) -> None:
        """Sell what is due and can be sold at the close."""
        if not self.selling:
            return
        for at, leg in enumerate(self.window.legs):
            name = self.held[at]
            if not self.holdings[at].tax_lots or leg.exit_row is None or row < leg.exit_row:
                continue
            if not self.panel.trading[row, leg.column]:
                continue
            block = self._sale_block(at, row)
            if block:
                name.late = name.late or block
                continue
            late = Reason.NONE if name.leaving else name.late
            booked = self.models[at].leave(row, leg.exit_row, self.holdings[at].shares, late)
            name.leaving = self.sell(at, row, booked) or name.leaving

    def result(self) -> Played:
        """Return what it came to."""
        waits = False
        for at, name in enumerate(self.held):
            due = self.window.legs[at].exit_row
            if self.selling and self.holdings[at].tax_lots and due is not None:
                order = self.models[at].unsold(name.late, due)
                self.lines += [order] if order else []
                waits = True
        cash = self.cash + self.left_over + sum(name.reserve for name in self.held)
        return self.played(cash, waits=waits)

    def _active(self, row: int, decided: int) -> tuple[list[int], dict[int, float]]:
        """Return the names that can be brought to their weight, and the worth of each, in CNY."""
        active = [at for at in range(len(self.held)) if self._tradable(at, row)]
        worth = {
            at: self.holdings[at].shares * self.models[at].worth(row, decided) for at in active
        }
        # Nothing can be decided about a name of which no price was known by then.
        active = [at for at in active if np.isfinite(worth[at])]
        worth = {at: worth[at] for at in active}
        while True:
            targets = self._targets(active, worth)
            stuck = {at for at in active if self._stuck(at, row, targets[at], worth)}
            if not stuck:
                return active, {at: worth[at] for at in active}
            active = [at for at in active if at not in stuck]

    def _tradable(self, at: int, row: int) -> bool:
        leg = self.window.legs[at]
        newest = row - 1 if self.window.event.weighting.tradable else row
        bought = self.models[at].entry_row
        if bought is None or bought > newest or self.models[at].closed(row):
            return False
        closed = np.isfinite(self.panel.close[row, leg.column])
        shut = self.panel.suspended[row, leg.column] or self.panel.traded_nothing(row, leg.column)
        return bool(closed) and not shut

    def _targets(self, active: Sequence[int], worth: dict[int, float]) -> dict[int, float]:
        total = sum(worth[at] for at in active) + self.cash
        weights = sum(self.window.weights[at] for at in active)
        return {at: total * self.window.weights[at] / weights for at in active}

    def _stuck(self, at: int, row: int, target: float, worth: dict[int, float]) -> bool:
        least = LEAST_PART * (sum(worth.values()) + self.cash)
        column = self.window.legs[at].column
        if target - worth[at] > least:
            unwanted = self.models[at].ineligible(row)
            return bool(unwanted or buy_block(self.panel, column, row, EntryPrice.CLOSE))
        return worth[at] - target > least and bool(sale_block(self.panel, column, row))

    def _sale_block(self, at: int, row: int) -> Reason:
        column = self.window.legs[at].column
        mainland = self.panel.listings[column].exchange.mainland
        if mainland and self.holdings[at].bought(row):
            return Reason.SAME_DAY
        return self.models[at].closed(row) or sale_block(self.panel, column, row)

    def _in_window(self, at: int, row: int) -> bool:
        return self.selling or row <= self.window.end_rows[at]
