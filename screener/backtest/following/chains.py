"""Versions of one basket held one after the other: an account, and an index-like level on paper.

Each version replaces the one before it at the open of its entry session: what the holding is worth
by the closes before the first of its entries is shared out by the new weights, names that are above
their part (or dropped) are sold first, and those below it are bought with the cash there is. A
purchase that is blocked waits as at any entry and is then given up; a sale that is blocked, or cut
by the session's volume, goes on at the next opens. Nothing else is traded: weights drift.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Protocol

import numpy as np

from screener.backtest.execution.accounts.cash_account import Played, Trade
from screener.backtest.execution.accounts.models import MoneyModel
from screener.backtest.execution.accounts.rebalanced import simulated
from screener.backtest.execution.booking import Booking, Fill, waited
from screener.backtest.execution.dealing import NOTHING_TAKEN, Dealing, Taken
from screener.backtest.execution.holdings import Holding, TaxLot
from screener.backtest.execution.pricing import ValuePanel
from screener.backtest.execution.shares import Execution, dated
from screener.backtest.following.slots import Followed
from screener.backtest.frictions import Line, OrderStatus
from screener.backtest.portfolio import LEAST_PART
from screener.backtest.run import Settings
from screener.domain.arrays import FloatVector
from screener.domain.basket import EntryPrice, Event, Member
from screener.domain.listing import Exchange, Listing
from screener.domain.panel import CapPanel, PricePanel, TradingPanel
from screener.errors import DataError
from screener.language import say
from screener.language.lists import clauses
from screener.market.charges import Side
from screener.paths.known import EntrySessions, instant_of, known_at
from screener.paths.legs import Leg, LegState, Reason, buy_block, resolve_leg
from screener.paths.weights import weighted, without_weight
from screener.paths.windows import Window, WindowStatus

__all__ = ["Chain", "chain_of", "follow_chain", "paper_level"]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Version:
    """One composition: when each exchange's names are traded, and the weight of each leg."""

    rows: Mapping[Exchange, int]
    weights: tuple[float, ...]

    @property
    def first_row(self) -> int:
        return min(self.rows.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """Versions of one basket over time, over all names that any of them has.

    Parameters
    ----------
    event
        The first version, with the names of all of them and every report.
    entries
        Entry sessions of the first version, on the exchanges of all names.
    columns
        Column of each name in the panel.
    versions
        The versions, by time; of several with one entry session the last known stands.
    """

    event: Event
    entries: EntrySessions
    columns: tuple[int, ...]
    versions: tuple[_Version, ...]

    @property
    def first_row(self) -> int:
        """Row of its first entry."""
        return self.versions[0].first_row

    def window(self, panel: PricePanel) -> Window:
        """Return its names as one window to the end of the tables."""
        end = panel.row_after(max(panel.last_sessions.values())) - 1
        legs, weights = [], []
        for at, column in enumerate(self.columns):
            exchange = panel.listings[column].exchange
            named = [item for item in self.versions if item.weights[at] > 0]
            weights.append(named[-1].weights[at] if named else 0.0)
            legs.append(
                Leg(
                    column=column,
                    state=LegState.WAITING if named else LegState.DROPPED,
                    reason=Reason.NONE,
                    entry_row=named[0].rows[exchange] if named else None,
                    exit_row=None,
                    settled=False,
                )
            )
        return Window(
            event=self.event,
            horizon=0,
            entries=self.entries,
            legs=tuple(legs),
            weights=tuple(weights),
            end_rows=tuple(-1 if leg.entry_row is None else end for leg in legs),
            status=WindowStatus.PENDING,
            sessions_held=0,
        )


def chain_of(
    panel: PricePanel,
    versions: Iterable[tuple[Event, EntrySessions]],
    settings: Settings,
    caps: CapPanel | None = None,
) -> Chain | None:
    """Put versions of one basket into a chain; `None` if no name of any of them can be held.

    Parameters
    ----------
    panel, caps
        Prices of all names, and market values where the weighting needs them.
    versions
        Events with entries on the exchanges of all names of all versions, in any order. Those whose
        entry the tables have not reached are left out.
    settings
        Price and waiting of purchases.
    """
    ordered = sorted(
        versions, key=lambda item: (instant_of(known_at(item[0].published)), item[0].report)
    )
    members: dict[Listing, Member] = {}
    for event, _ in ordered:
        for member in event.members:
            members.setdefault(member.listing, member)
    columns = tuple(panel.column(item) for item in members)
    place = {item: at for at, item in enumerate(members)}
    end = max(panel.last_sessions.values())
    found: dict[int, _Version] = {}
    reached = [item for item in ordered if min(day for _, day in item[1]) <= end]
    for event, entries in reached:
        own = _weights(panel, event, dict(entries), settings, caps)
        weights = [0.0] * len(columns)
        for member, weight in zip(event.members, own, strict=True):
            weights[place[member.listing]] = weight
        rows = {exchange: panel.row(day) for exchange, day in entries}
        version = _Version(rows=rows, weights=tuple(weights))
        if sum(weights):
            found[version.first_row] = version
    if not found:
        return None
    reports = "+".join(dict.fromkeys(event.report for event, _ in reached if event.report))
    return Chain(
        event=replace(reached[0][0], report=reports, members=tuple(members.values())),
        entries=reached[0][1],
        columns=columns,
        versions=tuple(found[row] for row in sorted(found)),
    )


def _weights(
    panel: PricePanel,
    event: Event,
    entries: Mapping[Exchange, date],
    settings: Settings,
    caps: CapPanel | None,
) -> tuple[float, ...]:
    """Return the weights of a version's names, 0 for those that no table covers."""
    scheduled = tuple(entries[member.listing.exchange] for member in event.members)
    last = panel.last_available({member.listing.exchange for member in event.members})
    legs = tuple(
        resolve_leg(
            panel,
            panel.column(member.listing),
            entry=entry,
            horizon=settings.max_wait + 2,
            max_wait=settings.max_wait,
            last_available=last,
        )
        for member, entry in zip(event.members, scheduled, strict=True)
    )
    # Data that stop right before an entry may go on tomorrow: the money waits, as at any entry.
    legs = tuple(
        replace(leg, state=LegState.WAITING, entry_row=panel.row(entry))
        if leg.state is LegState.DROPPED and not leg.settled
        else leg
        for leg, entry in zip(legs, scheduled, strict=True)
    )
    legs = without_weight(panel, caps, event, legs, scheduled)
    return weighted(panel, caps, event, legs, scheduled)


class _Name(Protocol):
    """One name of a chain: what is held of it, and its orders. Money is in CNY."""

    def worth(self, row: int) -> float:
        """Return what is held on the morning of a row, by the close before."""

    def sale_block(self, row: int) -> Reason:
        """Tell why it cannot be sold at an open."""

    def buy_block(self, row: int) -> Reason:
        """Tell why it cannot be bought at an open."""

    def sell(self, row: int, part: float, late: Reason) -> tuple[float, bool]:
        """Sell a part of it at an open; return the cash, and whether all of that part went."""

    def buy(self, row: int, budget: float, late: Reason) -> float:
        """Buy with a budget at an open; return what it cost."""

    def give_up(self, row: int, why: Reason) -> None:
        """Record a purchase that is not tried again."""


@dataclass(slots=True)
class _Order:
    """What a name is to be worth, from which row on, and what has blocked it so far."""

    target: float
    row: int
    tried: int = 0
    late: Reason = Reason.NONE


class _Play:
    """The versions of a chain traded with one cash account, row by row."""

    def __init__(
        self, panel: PricePanel, chain: Chain, names: Sequence[_Name], cash: float
    ) -> None:
        self.panel, self.chain, self.names, self.cash = panel, chain, names, cash
        self.orders: dict[int, _Order] = {}
        self._versions = {version.first_row: version for version in chain.versions}

    def trade(self, row: int, max_wait: int) -> None:
        """Take up a new version, and trade what is due at the open of a row."""
        version = self._versions.get(row)
        if version is not None:
            self._take_up(version, row)
        due = {at: order for at, order in self.orders.items() if self._is_due(at, order, row)}
        total = self.cash + sum(name.worth(row) for name in self.names)
        worth = {at: self.names[at].worth(row) for at in due}
        for at, order in due.items():
            if worth[at] - order.target > LEAST_PART * total:
                self._sell(at, order, row, worth[at])
            elif order.target - worth[at] <= LEAST_PART * total:
                del self.orders[at]
        self._buy({at: due[at] for at in due if at in self.orders}, row, worth, total, max_wait)

    def _take_up(self, version: _Version, row: int) -> None:
        total = self.cash + sum(name.worth(row) for name in self.names)
        for at, weight in enumerate(version.weights):
            self.orders.pop(at, None)
            if weight > 0 or self.names[at].worth(row) > 0:
                exchange = self.panel.listings[self.chain.columns[at]].exchange
                self.orders[at] = _Order(target=weight * total, row=version.rows[exchange])

    def _is_due(self, at: int, order: _Order, row: int) -> bool:
        return row >= order.row and bool(self.panel.trading[row, self.chain.columns[at]])

    def _sell(self, at: int, order: _Order, row: int, worth: float) -> None:
        block = self.names[at].sale_block(row)
        if block:
            order.late = order.late or block
            return
        part = 1.0 if not order.target else 1 - order.target / worth
        cash, done = self.names[at].sell(row, part, order.late)
        self.cash += cash
        if done:
            del self.orders[at]

    def _buy(
        self,
        due: Mapping[int, _Order],
        row: int,
        worth: Mapping[int, float],
        total: float,
        max_wait: int,
    ) -> None:
        needs: dict[int, float] = {}
        for at, order in due.items():
            if order.target <= worth[at]:
                continue  # a sale that goes on
            block = self.names[at].buy_block(row)
            if not block:
                needs[at] = order.target - worth[at]
                continue
            order.late, order.tried = order.late or block, order.tried + 1
            if order.tried > max_wait:
                self.names[at].give_up(row, order.late)
                del self.orders[at]
        part = min(1.0, max(self.cash, 0.0) / sum(needs.values())) if needs else 0.0
        for at, need in needs.items():
            if need * part > LEAST_PART * total:
                self.cash -= self.names[at].buy(row, need * part, due[at].late)
            del self.orders[at]


# ---- on paper ------------------------------------------------------------------------------------


@dataclass(slots=True)
class _PaperName:
    """Units of total return, bought and sold at opens without lot, cost or blocked sale."""

    values: ValuePanel
    column: int
    units: float = 0.0

    def worth(self, row: int) -> float:
        return self.units * self._mark(row - 1) if self.units else 0.0

    def close(self, row: int) -> float:
        """Return what is held at the close of a row."""
        return self.units * self._mark(row) if self.units else 0.0

    def sale_block(self, row: int) -> Reason:
        """Where there is no open the last close stands, as for any exit on paper."""
        del row
        return Reason.NONE

    def buy_block(self, row: int) -> Reason:
        return buy_block(self.values.prices, self.column, row, EntryPrice.OPEN)

    def sell(self, row: int, part: float, late: Reason) -> tuple[float, bool]:
        del late
        sold = self.units * part
        self.units -= sold
        opened = float(self.values.paid[row, self.column])
        return sold * (opened if np.isfinite(opened) else self._mark(row - 1)), True

    def buy(self, row: int, budget: float, late: Reason) -> float:
        del late
        self.units += budget / float(self.values.paid[row, self.column])
        return budget

    def give_up(self, row: int, why: Reason) -> None:
        del row, why

    def _mark(self, row: int) -> float:
        return float(self.values.marks[row, self.column])


def paper_level(values: ValuePanel, chain: Chain, settings: Settings, last_row: int) -> FloatVector:
    """Return `(n_rows,)` level of a chain at the close of each row, 1 before its first entry.

    Parameters
    ----------
    values
        Prices in units of total return, purchases at the open.
    chain
        The chain.
    settings
        Its waiting counts.
    last_row
        Last row of the level; the first is that of the first entry.

    Raises
    ------
    DataError
        If a name in foreign currency has no fresh fixing on a day that it is valued.
    """
    names = [_PaperName(values, column) for column in chain.columns]
    play = _Play(values.prices, chain, names, 1.0)
    level = np.empty(last_row - chain.first_row + 1)
    for at in range(len(level)):
        row = chain.first_row + at
        play.trade(row, settings.max_wait)
        level[at] = play.cash + sum(name.close(row) for name in names)
        if not np.isfinite(level[at]):
            day = values.prices.session(row)
            raise DataError(
                say("the chain has no value on {day}: a fixing is missing", day=day),
                where=say("table fx"),
                fix=say("import the fixings: `screener data import FILE --kind fx`"),
            )
    return level


# ---- with money ----------------------------------------------------------------------------------


@dataclass(slots=True)
class _Ledger:
    """What the names of a chain traded and received."""

    trades: list[Trade] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    dividends: float = 0.0
    taxes: float = 0.0
    subscribed: float = 0.0


class _MoneyName:
    """One name under the rules and charges of each day."""

    def __init__(self, dealing: Dealing, window: Window, at: int, ledger: _Ledger) -> None:
        self.at, self.ledger, self.dealing = at, ledger, dealing
        self.booking = Booking.of(self.dealing, window, at)
        self.model = MoneyModel(self.dealing, self.booking, window)
        self.holding = Holding()
        trading, column = dealing.trading, dealing.column
        split = np.flatnonzero(trading.share_ratio[:, column] != 1)
        self.ex_rows = frozenset([*trading.entitled_rows(column).tolist(), *split.tolist()])

    def morning(self, row: int, cash: float) -> float:
        """Let what is held have its dividends, its split and its rights; return the cash."""
        if row not in self.ex_rows or not self.holding.tax_lots:
            return 0.0
        found, ledger = self.model.morning(self.holding, row, cash), self.ledger
        ledger.dividends += found.dividends
        ledger.taxes += found.taxes
        ledger.lines += found.lines
        if found.subscribed is not None:
            ledger.subscribed += found.subscribed.shares * found.subscribed.price
            self._trade(found.subscribed, Side.BUY, 0)
        return found.cash

    def worth(self, row: int) -> float:
        shares = self.holding.shares
        return shares * self.model.worth(row, row - 1) if shares else 0.0

    def sale_block(self, row: int) -> Reason:
        return self.dealing.sale_block(row, opening=True)

    def buy_block(self, row: int) -> Reason:
        return self.dealing.shut(row) or buy_block(self.dealing.panel, self.dealing.column, row)

    def sell(self, row: int, part: float, late: Reason) -> tuple[float, bool]:
        held = self.holding.shares
        wanted = held if part == 1.0 else held * part
        shares = self.dealing.sellable(row, wanted, held)
        cap = self.dealing.volume_cap(row, Side.SELL)
        capped = cap is not None and cap < wanted
        if not shares:  # less than a lot above its part is left as it is
            return 0.0, part < 1.0 and not capped
        price = self.dealing.sold_at(row, shares, opening=True)
        fill = self._fill(Side.SELL, row, shares, price)
        tax, lines = self.model.taxed(self.holding, row, shares)
        dropped = say("no more in the basket") if part == 1.0 else say("back to its weight")
        self._book(Side.SELL, fill, price, row, [dropped, waited(late)], capped=capped)
        self.ledger.taxes += tax
        self.ledger.lines += lines
        self._trade(fill, Side.SELL, 1)
        return fill.shares * fill.price - fill.fees - tax, not capped

    def buy(self, row: int, budget: float, late: Reason) -> float:
        dealing = self.dealing
        rate = dealing.conversion(row, Side.BUY)
        aimed = float(dealing.panel.open[row, dealing.column])
        new = not self.holding.tax_lots
        shares, price, reason = dealing.affordable(budget, row, rate, aimed)
        if not shares:
            if new:
                self.ledger.lines.append(
                    self.booking.unfilled(reason, self.booking.lot_cited(row), due=row)
                )
            return 0.0
        fill = self._fill(Side.BUY, row, shares, price)
        told = "" if new else say("back to its weight")
        self._book(Side.BUY, fill, price, row, [told, waited(late), reason], capped=bool(reason))
        self.holding.tax_lots.append(TaxLot(row, fill.shares))
        self._trade(fill, Side.BUY, 2)
        return fill.shares * fill.price + fill.fees

    def give_up(self, row: int, why: Reason) -> None:
        cited = self.booking.cited(why, row)
        told = clauses([why.told, self.dealing.eligible_told(row)])
        self.ledger.lines.append(self.booking.unfilled(told, cited, due=row))

    def _fill(self, side: Side, row: int, shares: float, price: float) -> Fill:
        rate = self.dealing.conversion(row, side)
        fees = self.dealing.fees(side, row, shares, price) * rate
        return Fill(row=row, shares=shares, units=shares, price=price * rate, fees=fees)

    def _book(
        self,
        side: Side,
        fill: Fill,
        price: float,
        row: int,
        reasons: Sequence[str],
        *,
        capped: bool,
    ) -> None:
        self.ledger.lines.append(
            self.booking.filled(
                side,
                self.dealing.panel.session(row),
                fill,
                price,
                status=OrderStatus.PARTIAL if capped else OrderStatus.FILLED,
                reason=clauses([text for text in reasons if text]),
                cited=("", ""),
            )
        )

    def _trade(self, fill: Fill, side: Side, place: int) -> None:
        self.ledger.trades.append(Trade(leg=self.at, fill=fill, side=side, place=place))


def follow_chain(
    trading: TradingPanel,
    chain: Chain,
    settings: Settings,
    capital: float,
    taken: Taken = NOTHING_TAKEN,
) -> Followed:
    """Follow a chain with an account of its own, to the end of the tables.

    Parameters
    ----------
    trading
        Prices and what trading needs.
    chain
        The chain.
    settings
        Its frictions and waiting count.
    capital
        Money at the start, in CNY.
    taken
        What other chains of the account trade.

    Raises
    ------
    DataError
        If a board lot, a fixing or a volume that an order needs is missing.
    ComputeError
        If the engine comes to other money than the orders.
    """
    if settings.frictions is None:
        raise ValueError("a chain is followed under rules and charges")
    panel, window, ledger = trading.prices, chain.window(trading.prices), _Ledger()
    names = [
        _MoneyName(Dealing(trading, column, settings.frictions, taken), window, at, ledger)
        for at, column in enumerate(chain.columns)
    ]
    play = _Play(panel, chain, names, capital)
    for row in range(chain.first_row, window.last_row + 1):
        for name in names:
            play.cash += name.morning(row, play.cash)
        play.trade(row, settings.max_wait)
    played = Played(
        trades=tuple(ledger.trades),
        lines=tuple(ledger.lines),
        cash=play.cash,
        dividends=ledger.dividends,
        taxes=ledger.taxes,
        subscribed=ledger.subscribed,
        open=False,
    )
    path = simulated([window], [[name.model for name in names]], [played], capital=capital)[0]
    fees = sum(trade.fill.fees for trade in ledger.trades) + ledger.taxes
    done = Execution(
        value=None,
        lines=played.lines,
        fees=float(fees),
        dividends=ledger.dividends,
        pending=False,
        path=dated(path, window.first_row, played.lines, played.sales),
        capped=any(name.dealing.capped for name in names),
    )
    return Followed(
        event=chain.event,
        entries=chain.entries,
        first_row=chain.first_row,
        money=capital,
        window=window,
        execution=done,
    )
