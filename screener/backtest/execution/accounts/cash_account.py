"""One cash account for several names: what their mornings bring, and what their orders change."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from screener.backtest.execution.accounts.models import ExecutionModel
from screener.backtest.execution.booking import Fill
from screener.backtest.execution.holdings import Holding, TaxLot
from screener.backtest.frictions import Line, Order
from screener.market.charges import Side

__all__ = ["CashAccount", "Played", "Trade", "cost_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trade:
    """A fill of one name, and its place in the day: entries, then sales, then purchases."""

    leg: int
    fill: Fill
    side: Side
    place: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """What became of an account; money in CNY.

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


class CashAccount:
    """Cash and holdings; shares leave first in, first out.

    Parameters
    ----------
    models
        Execution model of each name.
    cash
        Money at the start, in CNY.
    """

    def __init__(self, models: Sequence[ExecutionModel], cash: float) -> None:
        self.models, self.cash = models, cash
        self.holdings = [Holding() for _ in models]
        self.trades: list[Trade] = []
        self.lines: list[Line] = []
        self.dividends = self.taxes = self.subscribed = 0.0

    def receive(self, at: int, row: int) -> None:
        """Let a name that is held have its dividends, its split and its rights of a session."""
        found = self.models[at].morning(self.holdings[at], row, self.cash)
        self.cash += found.cash
        self.dividends += found.dividends
        self.taxes += found.taxes
        self.lines += found.lines
        if found.subscribed is not None:
            self.subscribed += cost_of(found.subscribed)
            self.trades.append(Trade(leg=at, fill=found.subscribed, side=Side.BUY, place=0))

    def sell(self, at: int, row: int, booked: tuple[Fill | None, Order | None]) -> bool:
        """Take the shares of a sale out of their tax lots; tell whether there was one."""
        fill, order = booked
        if fill is None:
            return False
        tax, lines = self.models[at].taxed(self.holdings[at], row, fill.shares)
        self.cash += fill.shares * fill.price - fill.fees - tax
        self.taxes += tax
        self.book(at, Side.SELL, 1, fill, order)
        self.lines += lines
        return True

    def book(self, at: int, side: Side, place: int, fill: Fill | None, order: Order | None) -> None:
        """Write down an order, filled or not; shares that were bought are held from then on."""
        if order is not None:
            self.lines.append(order)
        if fill is None:
            return
        self.trades.append(Trade(leg=at, fill=fill, side=side, place=place))
        if side is Side.BUY:
            self.holdings[at].tax_lots.append(TaxLot(fill.row, fill.shares))

    def played(self, cash: float, *, waits: bool) -> Played:
        """Return what became of it, with all cash there is, and whether a sale still waits."""
        return Played(
            trades=tuple(self.trades),
            lines=tuple(self.lines),
            cash=cash,
            dividends=self.dividends,
            taxes=self.taxes,
            subscribed=self.subscribed,
            open=waits,
        )


def cost_of(fill: Fill | None) -> float:
    """Return what a purchase takes from the cash, in CNY; 0 without one."""
    return 0.0 if fill is None else fill.shares * fill.price + fill.fees
