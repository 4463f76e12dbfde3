"""One cash account that holds the names of its newest target in equal parts, session by session.

At the open of the session after a decision the names that are no longer wanted are sold, those
above their part are cut, and what is in the cash account then is spent on those below it. How much
of each is decided by the closes known at the decision. A sale that is blocked, or larger than its
share of the session's volume, goes on at the opens to come; what it brings waits for the next
target. A purchase that is blocked waits for some sessions with its money kept, and no longer than
to the next target. A cut that is blocked is given up. Shares of a delisted name are paid out where
a recovery is given, and else stay, worth their last close.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from screener.backtest.execution.accounts.cash_account import CashAccount, Played, cost_of
from screener.backtest.execution.accounts.models import MoneyModel
from screener.backtest.execution.booking import Booking, Fill
from screener.backtest.execution.dealing import Dealing
from screener.backtest.execution.fills import purchase
from screener.backtest.frictions import Frictions, Order
from screener.backtest.portfolio import LEAST_PART
from screener.domain.arrays import IntArray
from screener.domain.basket import EntryPrice
from screener.domain.panel import TradingPanel
from screener.language import say
from screener.market.charges import Side
from screener.paths.legs import Reason, buy_block

__all__ = ["Rebalanced", "Rotated", "Target", "models_of", "play_targets"]

_PRICE = EntryPrice.OPEN


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Names to hold from a session on.

    Parameters
    ----------
    decided
        Row of the panel at whose close they were decided.
    traded
        Row in which they are traded, at the open.
    columns
        Columns of the names, the best first, each once; none for cash alone.
    """

    decided: int
    traded: int
    columns: tuple[int, ...]


@dataclass(slots=True, kw_only=True)
class Rebalanced:
    """What a target came to, up to the next one; money in CNY.

    Parameters
    ----------
    target
        What was wanted.
    worth
        What the account was worth at the decision's prices.
    wanted
        By column the money that its purchase was to spend.
    kept
        Columns of the names that were held before and stay.
    entered, left
        Names that were bought anew, and of which all was sold.
    waiting
        Names that were to be sold and are still held when the next target comes.
    """

    target: Target
    worth: float
    wanted: dict[int, float]
    kept: frozenset[int]
    entered: int = 0
    left: int = 0
    waiting: int = 0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Rotated:
    """What became of an account; money in CNY.

    Parameters
    ----------
    played
        Its trades, its ledger, and its cash at the end.
    rebalanced
        What each target came to.
    held
        `(n_rows,)` names held at the close of each row from the first trade on.
    last
        By column what is held at the end, at its last close.
    due
        Columns of the names whose sale still waits.
    """

    played: Played
    rebalanced: tuple[Rebalanced, ...]
    held: IntArray
    last: dict[int, float]
    due: tuple[int, ...]


@dataclass(slots=True)
class _Waiting:
    """An order that is due: its row, its money, what it waited for, and whether it began."""

    due: int
    budget: float = 0.0
    late: Reason = Reason.NONE
    begun: bool = False


def models_of(trading: TradingPanel, frictions: Frictions) -> list[MoneyModel]:
    """Return the execution model of each name of a panel."""
    panel = trading.prices
    dealings = [Dealing(trading, at, frictions) for at in range(len(panel.listings))]
    start = panel.session(0)
    return [
        MoneyModel(dealing, Booking(dealing, at, start), price=_PRICE)
        for at, dealing in enumerate(dealings)
    ]


def play_targets(
    trading: TradingPanel,
    models: Sequence[MoneyModel],
    targets: Sequence[Target],
    *,
    capital: float,
    max_wait: int,
    last_row: int,
) -> Rotated:
    """Play targets session by session.

    Parameters
    ----------
    trading
        Prices, volumes, entitlements and lots.
    models
        One for each column of the panel; see `models_of`.
    targets
        By row, at least one.
    capital
        Money at the start, in CNY.
    max_wait
        Sessions that a blocked purchase may wait.
    last_row
        Last row that is played.

    Returns
    -------
    Rotated
        What became of the account, and what each target came to.

    Raises
    ------
    DataError
        If a board lot, a fixing or a volume that an order needs is missing.
    """
    play = _Play(trading, models, capital, max_wait)
    due = {target.traded: target for target in targets}
    for row in range(targets[0].traded, last_row + 1):
        play.morning(row)
        if row in due:
            play.retarget(due[row])
        play.sell_due(row)
        if row in due:
            play.share_out(row)
        play.buy_due(row)
        play.counts.append(len(play.held))
    return play.result(last_row)


class _Play(CashAccount):
    def __init__(
        self,
        trading: TradingPanel,
        models: Sequence[MoneyModel],
        capital: float,
        max_wait: int,
    ) -> None:
        super().__init__(models, capital)
        self.panel, self.own, self.max_wait = trading.prices, models, max_wait
        ratio, cash, rights = trading.share_ratio, trading.dividend, trading.rights
        self.entitled = (ratio != 1.0) | (cash > 0) | (rights > 0)
        self.held: set[int] = set()
        self.leaving: dict[int, _Waiting] = {}
        self.cuts: dict[int, float] = {}
        self.needs: dict[int, float] = {}
        self.buying: dict[int, _Waiting] = {}
        self.done: list[Rebalanced] = []
        self.counts: list[int] = []

    def morning(self, row: int) -> None:
        """Receive what shares are entitled to; what is delisted is to be sold."""
        for at in sorted(self.held):
            if self.entitled[row, at]:
                self.receive(at, row)
            if self.panel.paid_out(at, row):
                self.leaving.setdefault(at, _Waiting(row))

    def retarget(self, target: Target) -> None:
        """Decide what is sold, what is cut, and what each of the others lacks."""
        row, wanted = target.traded, set(target.columns)
        self._end()
        worth = {
            at: self.holdings[at].shares * self.own[at].worth(row, target.decided)
            for at in sorted(self.held)
        }
        total = self.cash + sum(worth.values())
        part = total / len(wanted) if wanted else 0.0
        least = LEAST_PART * total
        for at in worth:
            if at not in wanted or self.panel.paid_out(at, row):
                self.leaving.setdefault(at, _Waiting(row))
                continue
            self.leaving.pop(at, None)
            excess = worth[at] - part
            if excess > least:
                self.cuts[at] = excess / worth[at] * self.holdings[at].shares
        lacks = {at: part - worth.get(at, 0.0) for at in target.columns}
        self.needs = {at: lack for at, lack in lacks.items() if lack > least}
        kept = frozenset(wanted & self.held)
        self.done.append(Rebalanced(target=target, worth=total, wanted={}, kept=kept))

    def sell_due(self, row: int) -> None:
        """Sell what leaves and can be sold at the open, and cut what is above its part."""
        for at in sorted(self.leaving):
            self._leave(at, row, self.leaving[at])
        for at, shares in sorted(self.cuts.items()):
            if self.panel.trading[row, at] and not self._sale_block(at, row):
                self.sell(at, row, self.own[at].reduce(row, shares, self.holdings[at].shares))
        self.cuts.clear()

    def share_out(self, row: int) -> None:
        """Share the cash among the names below their part, by what each of them lacks."""
        total = sum(self.needs.values())
        part = max(self.cash, 0.0) / total if total else 0.0
        least = LEAST_PART * self.done[-1].worth
        budgets = {at: lack * part for at, lack in self.needs.items()}
        self.buying = {at: _Waiting(row, money) for at, money in budgets.items() if money > least}
        self.done[-1].wanted = {at: waiting.budget for at, waiting in self.buying.items()}

    def buy_due(self, row: int) -> None:
        """Buy at the open what can be bought; what cannot waits, and in the end is given up."""
        for at, order in list(self.buying.items()):
            if not self.panel.trading[row, at]:
                continue
            block = self.own[at].closed(row) or buy_block(self.panel, at, row, _PRICE)
            if not block:
                del self.buying[at]
                self._buy(at, row, order)
                continue
            order.late = order.late or block
            if self._waited(at, order.due, row) >= self.max_wait:
                self._give_up(at)

    def result(self, last_row: int) -> Rotated:
        """Return what became of the account; what still waits is booked as waiting."""
        for at, order in sorted(self.leaving.items()):
            self.lines.append(self.own[at].booking.unsold(order.late, order.due))
        self.done[-1].waiting = len(self.leaving)
        return Rotated(
            played=self.played(self.cash, waits=bool(self.leaving)),
            rebalanced=tuple(self.done),
            held=np.array(self.counts, dtype=np.int64),
            last={
                at: self.holdings[at].shares * self.own[at].worth(last_row, last_row)
                for at in sorted(self.held)
            },
            due=tuple(sorted(self.leaving)),
        )

    def _end(self) -> None:
        """End what the target before left undone."""
        for at in list(self.buying):
            self._give_up(at)
        if self.done:
            self.done[-1].waiting = len(self.leaving)

    def _waited(self, at: int, due: int, row: int) -> int:
        return int(np.count_nonzero(self.panel.trading[due:row, at]))

    def _give_up(self, at: int) -> None:
        order = self.buying.pop(at)
        booking = self._booking(at, order.due)
        why = order.late.told or say("not bought by the next rebalancing")
        cited = booking.cited(order.late, order.due)
        self.lines.append(booking.unfilled(why, cited, due=order.due))

    def _booking(self, at: int, due: int) -> Booking:
        return Booking(self.own[at].dealing, at, self.panel.session(due))

    def _buy(self, at: int, row: int, order: _Waiting) -> None:
        budget = min(order.budget, self.cash)
        found = purchase(
            self.own[at].dealing,
            self._booking(at, order.due),
            _PRICE,
            budget,
            row=row,
            due=order.due,
            late=order.late,
        )
        self.book(at, Side.BUY, 2, *found)
        self.cash -= cost_of(found[0])
        if found[0] is not None:
            self.done[-1].entered += at not in self.held
            self.held.add(at)

    def _sale_block(self, at: int, row: int) -> Reason:
        mainland = self.panel.listings[at].exchange.mainland
        if mainland and self.holdings[at].bought(row):
            return Reason.SAME_DAY
        return self.own[at].dealing.sale_block(row, opening=True)

    def _leave(self, at: int, row: int, order: _Waiting) -> None:
        if not self.panel.trading[row, at]:
            return
        block = self._sale_block(at, row)
        if block:
            order.late = order.late or block
            return
        held = self.holdings[at].shares
        late = Reason.NONE if order.begun else order.late
        booked: tuple[Fill | None, Order | None] = self.own[at].leave(row, order.due, held, late)
        order.begun = self.sell(at, row, booked) or order.begun
        if not self.holdings[at].tax_lots:
            del self.leaving[at]
            self.held.discard(at)
            self.done[-1].left += 1
