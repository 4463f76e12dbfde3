"""Windows brought back to their weights: one cash account for all names, session by session.

At a rebalancing close the names that are above their weight are sold first, then those below it
are bought with what is there. A name that cannot be traded in the direction it needs, or was not
bought yet, takes no part. Shares leave first in, first out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from screener.backtest.execution.booking import Fill
from screener.backtest.execution.holdings import Holding, TaxLot
from screener.backtest.execution.models import ExecutionModel
from screener.backtest.frictions import Line, Order
from screener.backtest.portfolio import LEAST_PART
from screener.domain.basket import EntryPrice
from screener.domain.panel import PricePanel
from screener.market.charges import Side
from screener.paths.legs import LegState, Reason, buy_block, sale_block
from screener.paths.windows import Window, WindowStatus

__all__ = ["Played", "Trade", "play_rebalanced"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trade:
    """A fill of one name, and its place in the day: entries, then sales, then purchases."""

    leg: int
    fill: Fill
    side: Side
    place: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """What became of a rebalanced window; money in CNY.

    Parameters
    ----------
    trades, lines
        Fills, and every row of the ledger, by time.
    cash
        What is in the cash account at the end, dividends less their tax included.
    dividends, taxes, subscribed
        Cash dividends received before tax, the tax on them, and money paid for rights.
    open
        Whether a sale that was due still waits.
    """

    trades: tuple[Trade, ...]
    lines: tuple[Line, ...]
    cash: float
    dividends: float
    taxes: float
    subscribed: float
    open: bool

    @property
    def sales(self) -> tuple[Fill, ...]:
        """Fills of its sales."""
        return tuple(trade.fill for trade in self.trades if trade.side is Side.SELL)


@dataclass(slots=True)
class _Name:
    """The money kept for its purchase, what is held, why its sale is late, if it began."""

    reserve: float
    holding: Holding = field(default_factory=Holding)
    late: Reason = Reason.NONE
    leaving: bool = False

    @property
    def shares(self) -> float:
        return self.holding.shares


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


class _Play:
    def __init__(
        self,
        panel: PricePanel,
        window: Window,
        models: Sequence[ExecutionModel],
        capital: float,
        *,
        sell: bool,
    ) -> None:
        self.panel, self.window, self.models = panel, window, models
        self.selling = sell and window.status is WindowStatus.MATURE
        self.held = [_Name(weight * capital) for weight in window.weights]
        self.cash = self.left_over = 0.0
        self.trades: list[Trade] = []
        self.lines: list[Line] = []
        self.dividends = self.taxes = self.subscribed = 0.0

    def over(self, row: int) -> bool:
        """Tell whether nothing can happen from this row on."""
        if not self.selling or row <= self.window.last_row:
            return False
        return not any(name.holding.tax_lots for name in self.held)

    def morning(self, row: int) -> None:
        """Multiply shares and receive dividends, and add yesterday's change to the cash."""
        self.cash, self.left_over = self.cash + self.left_over, 0.0
        for at, name in enumerate(self.held):
            if not name.holding.tax_lots or not self._in_window(at, row):
                continue
            found = self.models[at].morning(name.holding, row, self.cash)
            self.cash += found.cash
            self.dividends += found.dividends
            self.taxes += found.taxes
            self.lines += found.lines
            if found.subscribed is not None:
                self.subscribed += _cost(found.subscribed)
                self.trades.append(Trade(leg=at, fill=found.subscribed, side=Side.BUY, place=0))

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
            self._book(at, Side.BUY, 0, fill, order)
            if due == row:
                self.left_over += self.held[at].reserve - _cost(fill)
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
                shares = self.held[at].shares
                self._sell(
                    at, row, self.models[at].reduce(row, excess / worth[at] * shares, shares)
                )
        needs = {at: targets[at] - worth[at] for at in active}
        needs = {at: need for at, need in needs.items() if need > LEAST_PART * total}
        part = max(self.cash, 0.0) / sum(needs.values()) if needs else 0.0
        bought = 0.0
        for at, need in needs.items():
            if need * part > LEAST_PART * total:  # what is less stays cash
                fill, order = self.models[at].add(row, need * part)
                self._book(at, Side.BUY, 2, fill, order)
                bought += _cost(fill)
        self.cash -= bought

    def leave(self, row: int) -> None:
        """Sell what is due and can be sold at the close."""
        if not self.selling:
            return
        for at, leg in enumerate(self.window.legs):
            name = self.held[at]
            if not name.holding.tax_lots or leg.exit_row is None or row < leg.exit_row:
                continue
            if not self.panel.trading[row, leg.column]:
                continue
            block = self._sale_block(at, row)
            if block:
                name.late = name.late or block
                continue
            late = Reason.NONE if name.leaving else name.late
            booked = self.models[at].leave(row, leg.exit_row, name.shares, late)
            name.leaving = self._sell(at, row, booked) or name.leaving

    def result(self) -> Played:
        """Return what it came to."""
        waits = False
        for at, name in enumerate(self.held):
            due = self.window.legs[at].exit_row
            if self.selling and name.holding.tax_lots and due is not None:
                order = self.models[at].unsold(name.late, due)
                self.lines += [order] if order else []
                waits = True
        return Played(
            trades=tuple(self.trades),
            lines=tuple(self.lines),
            cash=self.cash + self.left_over + sum(name.reserve for name in self.held),
            dividends=self.dividends,
            taxes=self.taxes,
            subscribed=self.subscribed,
            open=waits,
        )

    def _active(self, row: int, decided: int) -> tuple[list[int], dict[int, float]]:
        """Return the names that can be brought to their weight, and the worth of each, in CNY."""
        active = [at for at in range(len(self.held)) if self._tradable(at, row)]
        worth = {at: self.held[at].shares * self.models[at].worth(row, decided) for at in active}
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
        if mainland and self.held[at].holding.bought(row):
            return Reason.SAME_DAY
        return self.models[at].closed(row) or sale_block(self.panel, column, row)

    def _in_window(self, at: int, row: int) -> bool:
        return self.selling or row <= self.window.end_rows[at]

    def _sell(self, at: int, row: int, booked: tuple[Fill | None, Order | None]) -> bool:
        """Take the shares of a sale out of their tax lots; tell whether there was one."""
        fill, order = booked
        if fill is None:
            return False
        tax, lines = self.models[at].taxed(self.held[at].holding, row, fill.shares)
        self.cash += fill.shares * fill.price - fill.fees - tax
        self.taxes += tax
        self._book(at, Side.SELL, 1, fill, order)
        self.lines += lines
        return True

    def _book(
        self, at: int, side: Side, place: int, fill: Fill | None, order: Order | None
    ) -> None:
        if order is not None:
            self.lines.append(order)
        if fill is None:
            return
        self.trades.append(Trade(leg=at, fill=fill, side=side, place=place))
        if side is Side.BUY:
            self.held[at].holding.tax_lots.append(TaxLot(fill.row, fill.shares))


def _cost(fill: Fill | None) -> float:
    return 0.0 if fill is None else fill.shares * fill.price + fill.fees
