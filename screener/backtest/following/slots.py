"""One account that follows a stream of events: slots of equal money, each event in one of them.

At its entry an event gets the money of a slot: what the account was worth at the close before it,
divided by the number of slots, and no more than the cash that is free that morning. It is then
traded as a backtest of that money would be, with every rule and charge; what it does not spend, and
what it is paid, stays in the slot until its last sale, and is free from the session after it on.
An event that finds every slot taken, or no cash, is skipped. What several slots buy, or sell, of
one name in one session is bound by its volume, and moves its price, together; the event that was
met first goes first.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum

import numpy as np

from screener.backtest.execution.dealing import Dealing, Taken
from screener.backtest.execution.executing import execute
from screener.backtest.execution.pricing import ValuePanel, unfixed
from screener.backtest.execution.shares import Execution
from screener.backtest.frictions import Frictions
from screener.backtest.run import Settings
from screener.domain.arrays import FloatVector, IntArray
from screener.domain.basket import Event
from screener.domain.panel import CapPanel, PricePanel, TradingPanel
from screener.errors import DataError, DateRangeError
from screener.language.lists import listed
from screener.market.charges import Side
from screener.paths.exits import exited
from screener.paths.known import EntrySessions, instant_of, known_at
from screener.paths.legs import Leg, LegState, resolve_leg
from screener.paths.weights import weighted, without_weight
from screener.paths.windows import Window, WindowStatus
from screener.progress import counted

__all__ = ["Followed", "Skip", "follow_events", "take_volume"]


class Skip(StrEnum):
    """Why an event of the stream was not followed."""

    NONE = ""
    NO_SLOT = "no_slot"
    NO_MONEY = "no_money"
    NO_DATA = "no_data"
    NOT_REACHED = "not_reached"
    NOT_TRADABLE = "not_tradable"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Followed:
    """What became of one event of the stream.

    Parameters
    ----------
    event, entries
        The event, and its entry session by exchange.
    first_row
        Row of its earliest entry session.
    skip, why
        Why it was skipped, and what is lacking; empty where it was followed.
    money
        Money of its slot, in CNY; 0 where it was skipped.
    window, execution
        Its names, and what the money came to; `None` where it was skipped.
    last_row
        Row of its last sale, or of the exit of what was never bought; where nothing was bought and
        nothing can be any more, of the last session in which that was tried. `None` while something
        of it is still held or waited for.
    """

    event: Event
    entries: EntrySessions
    first_row: int
    skip: Skip = Skip.NONE
    why: str = ""
    money: float = 0.0
    window: Window | None = None
    execution: Execution | None = None
    last_row: int | None = None

    @property
    def bought(self) -> bool:
        """Whether anything of it was bought."""
        orders = () if self.execution is None else self.execution.orders
        return any(order.side is Side.BUY and order.shares for order in orders)

    def worth(self, row: int) -> float:
        """Return its money at the close of a row, in CNY; that of its slot before it begins."""
        return float(self.worths(np.array([row]))[0])

    def worths(self, rows: IntArray) -> FloatVector:
        """Return `(n_rows,)` its money at the close of each row, in CNY; see `worth`."""
        if self.execution is None or self.window is None:
            return np.full(len(rows), self.money)
        path = self.execution.path
        at = np.minimum(rows - self.window.first_row, len(path) - 1)
        return np.where(at < 0, self.money, path[np.maximum(at, 0)])


@dataclass(slots=True)
class _Account:
    """Free cash, and the events whose slots are taken."""

    cash: float
    slots: int
    held: list[Followed] = field(default_factory=list)
    taken: dict[tuple[int, int, Side], float] = field(default_factory=dict)

    def release(self, row: int) -> None:
        """Take back the money of slots whose last sale came before a row."""
        done = [one for one in self.held if one.last_row is not None and one.last_row < row]
        for one in done:
            self.cash += one.worth(one.last_row or 0)
            self.held.remove(one)

    def slot(self, row: int) -> float:
        """Return the money of a slot for an entry in a row, in CNY."""
        worth = self.cash + sum(one.worth(row - 1) for one in self.held)
        return min(self.cash, worth / self.slots)

    def take(self, one: Followed) -> None:
        """Give an event the money of its slot."""
        self.cash -= one.money
        self.held.append(one)


def follow_events(
    values: ValuePanel,
    trading: TradingPanel,
    events: Iterable[tuple[Event, EntrySessions]],
    settings: Settings,
    slots: int,
    caps: CapPanel | None = None,
) -> tuple[Followed, ...]:
    """Follow a stream of events with one account.

    Parameters
    ----------
    values, trading, caps
        Prices of all names in units of total return, and what trading and weighting need.
    events
        Events with their entries. Their order is irrelevant: the earlier entry comes first, then
        the earlier known, then by report and basket.
    settings
        The first horizon and amount of money count; frictions are needed.
    slots
        Events that are held at once, at most.

    Returns
    -------
    tuple
        One for each event, in the order in which they were met.
    """
    panel, capital = values.prices, settings.capitals[0]
    account = _Account(cash=capital, slots=slots)
    found = []
    for event, entries in counted(_in_order(events)):
        row = panel.row(min(day for _, day in entries))
        account.release(row)
        one = _met(values, trading, event, entries, row, settings, account, caps)
        if not one.skip:
            account.take(one)
            take_volume(account.taken, panel, one)
        found.append(one)
    return tuple(found)


def take_volume(
    taken: dict[tuple[int, int, Side], float], panel: PricePanel, one: Followed
) -> None:
    """Add what an event trades to what its account does, by column, row and side."""
    for order in () if one.execution is None else one.execution.orders:
        if order.row >= 0 and order.shares:
            key = panel.column(order.listing), order.row, order.side
            taken[key] = taken.get(key, 0.0) + order.shares


def _in_order(
    events: Iterable[tuple[Event, EntrySessions]],
) -> Sequence[tuple[Event, EntrySessions]]:
    def place(item: tuple[Event, EntrySessions]) -> tuple[object, ...]:
        event, entries = item
        known = instant_of(known_at(event.published))
        return min(day for _, day in entries), known, event.report, event.basket

    return sorted(events, key=place)


def _met(
    values: ValuePanel,
    trading: TradingPanel,
    event: Event,
    entries: EntrySessions,
    row: int,
    settings: Settings,
    account: _Account,
    caps: CapPanel | None,
) -> Followed:
    """Return what becomes of an event that the account meets at the open of a row."""
    one = Followed(event=event, entries=entries, first_row=row)
    if not event.weighting.tradable:
        return replace(one, skip=Skip.NOT_TRADABLE)
    if len(account.held) >= account.slots:
        return replace(one, skip=Skip.NO_SLOT)
    money = account.slot(row)
    if money <= 0:
        return replace(one, skip=Skip.NO_MONEY)
    try:
        window = _window(values.prices, event, entries, settings, caps)
        if window.status is WindowStatus.NO_DATA or not window.valued:
            return _unreached(one, window)
        lacking = unfixed(values, window)
        if lacking is not None:
            return replace(one, skip=Skip.NO_DATA, why=str(lacking[1]))
        return _traded(trading, replace(one, window=window, money=money), settings, account.taken)
    except (DataError, DateRangeError) as error:
        return replace(one, skip=Skip.NO_DATA, why=str(error))


def _unreached(one: Followed, window: Window) -> Followed:
    """Return an event none of whose names has begun: left out, or beyond the tables."""
    reasons = dict.fromkeys(leg.reason.told for leg in window.legs if leg.reason)
    skip = Skip.NO_DATA if window.status is WindowStatus.NO_DATA else Skip.NOT_REACHED
    return replace(one, skip=skip, why=listed(reasons))


def _window(
    panel: PricePanel,
    event: Event,
    entries: EntrySessions,
    settings: Settings,
    caps: CapPanel | None,
) -> Window:
    """Return the window of an event as whoever acts on it sees it.

    Each name is sold when its own exit is reached, whatever becomes of the others: one whose data
    stop waits for its sale at its last close, and keeps its slot taken. So it counts as mature,
    and a name whose exit is still to come has no `exit_row`.
    """
    by_exchange, horizon = dict(entries), settings.horizons[0]
    last = panel.last_available(by_exchange)
    scheduled = tuple(by_exchange[member.listing.exchange] for member in event.members)
    legs = tuple(
        _awaited(
            panel,
            resolve_leg(
                panel,
                panel.column(member.listing),
                entry=entry,
                horizon=horizon,
                max_wait=settings.max_wait,
                last_available=last,
                price=settings.entry,
            ),
            entry,
            horizon,
        )
        for member, entry in zip(event.members, scheduled, strict=True)
    )
    legs = tuple(
        exited(panel, leg, settings.exits, member.leaves, settings.entry)
        for leg, member in zip(legs, event.members, strict=True)
    )
    legs = without_weight(panel, caps, event, legs, scheduled)
    dropped = all(leg.state is LegState.DROPPED for leg in legs)
    return Window(
        event=event,
        horizon=horizon,
        entries=entries,
        legs=legs,
        weights=weighted(panel, caps, event, legs, scheduled),
        end_rows=tuple(-1 if leg.entry_row is None else _end(panel, leg.exit_row) for leg in legs),
        status=WindowStatus.NO_DATA if dropped else WindowStatus.MATURE,
        sessions_held=0,
        price=settings.entry,
    )


def _awaited(panel: PricePanel, leg: Leg, entry: date, horizon: int) -> Leg:
    """Return a leg whose data stop right before its entry as one whose money waits.

    They may go on tomorrow: what is bought of the others today must not hang on that.
    """
    if leg.state is not LegState.DROPPED or leg.settled:
        return leg
    own = panel.own_rows(leg.column)
    own = own[own < panel.row_after(panel.last_sessions[panel.listings[leg.column].exchange])]
    window = own[own >= panel.row(entry)][:horizon]
    exit_row = int(window[-1]) if len(window) == horizon else None
    return replace(leg, state=LegState.WAITING, entry_row=int(window[0]), exit_row=exit_row)


def _end(panel: PricePanel, exit_row: int | None) -> int:
    """Return the last row to which a name is valued: its exit, else the end of the tables.

    Where another exchange alone has a session a name has a worth, too: its currency has a fixing.
    """
    return panel.row_after(max(panel.last_sessions.values())) - 1 if exit_row is None else exit_row


def _traded(trading: TradingPanel, one: Followed, settings: Settings, taken: Taken) -> Followed:
    """Return an event with what its money came to; skipped if it buys nothing and never will."""
    window, frictions = one.window, settings.frictions
    if window is None or frictions is None:
        raise ValueError("an event is followed with a window, and under rules and charges")
    done = _executed(trading, window, one.money, frictions, taken)
    bought = [order for order in done.orders if order.side is Side.BUY]
    tried = [leg for leg in window.legs if leg.state is not LegState.DROPPED]
    at_once = all(_at_once(Dealing(trading, leg.column, frictions), leg) for leg in tried)
    if at_once and not any(order.shares for order in bought):
        reasons = dict.fromkeys(order.reason for order in bought)
        skipped = replace(one, skip=Skip.NO_MONEY, why=listed(reasons), money=0.0)
        return replace(skipped, window=None)
    found = replace(one, execution=done)
    if found.bought:
        return replace(found, last_row=_last_row(window, done))
    given_up = [
        _given_up(Dealing(trading, leg.column, frictions), leg, settings) for leg in window.legs
    ]
    known = [row for row in given_up if row is not None]
    return replace(found, last_row=max(known) if len(known) == len(given_up) else None)


def _given_up(dealing: Dealing, leg: Leg, settings: Settings) -> int | None:
    """Return the row from whose close on a name that was not bought can be bought no more."""
    if leg.state is LegState.DROPPED:
        return leg.known_row
    if leg.fill_row is not None:
        return leg.exit_row if dealing.shut(leg.fill_row) else leg.fill_row
    if leg.entry_row is None:
        return None
    panel = dealing.panel
    own, covered = panel.own_rows(leg.column), panel.covered_rows(leg.column)
    at = int(np.searchsorted(own, leg.entry_row)) + min(settings.max_wait, settings.horizons[0] - 1)
    # Its wait is over once its data, bars or suspensions, have come to the end of it.
    over = at < len(own) and len(covered) and int(covered[-1]) >= int(own[at])
    return int(own[at]) if over else None


def _at_once(dealing: Dealing, leg: Leg) -> bool:
    """Tell whether a purchase is tried at its entry, and nothing has it wait."""
    return leg.fill_row is not None and not (leg.reason or dealing.shut(leg.fill_row))


def _executed(
    trading: TradingPanel, window: Window, money: float, frictions: Frictions, taken: Taken
) -> Execution:
    done = execute(trading, window, money, frictions, taken)
    if not done.pending:
        return done
    # What waits for its sale is worth its last close, to the end of the tables.
    panel = trading.prices
    ends = tuple(
        end if leg.entry_row is None else _end(panel, None)
        for leg, end in zip(window.legs, window.end_rows, strict=True)
    )
    return execute(trading, replace(window, end_rows=ends), money, frictions, taken)


def _last_row(window: Window, done: Execution) -> int | None:
    exits = [leg.exit_row for leg in window.legs if leg.state is not LegState.DROPPED]
    known = [row for row in exits if row is not None]
    if done.pending or len(known) < len(exits):
        return None
    sales = [order.row for order in done.orders if order.side is Side.SELL]
    return max([*known, *sales])
