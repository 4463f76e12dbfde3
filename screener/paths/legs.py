"""What becomes of one name in one window: held, waiting or left out, and until when."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

import numpy as np

from screener.domain.arrays import Places
from screener.domain.basket import EntryPrice
from screener.domain.exits import ExitKind
from screener.domain.panel import PricePanel
from screener.errors import DataError
from screener.language import say
from screener.paths.limits import locked

__all__ = [
    "COVERAGE_GAP",
    "Leg",
    "LegState",
    "Reason",
    "buy_block",
    "left_out",
    "resolve_leg",
    "sale_block",
]

COVERAGE_GAP = 20
"""Sessions without a bar or a suspension after which a name counts as no longer covered."""


class LegState(StrEnum):
    """Part that a name plays in a window."""

    HELD = "held"
    WAITING = "waiting"
    DROPPED = "dropped"


class Reason(StrEnum):
    """Why a name was left out, or an order had to wait."""

    NONE = ""
    NO_BARS = "no bars in the tables"
    NOT_YET_LISTED = "no bars at or before the entry session"
    DELISTED = "delisted"
    COVERAGE_ENDED = "coverage ended before the entry session"
    DATA_END = "the tables end before its entry session"
    SUSPENDED = "suspended"
    NO_BAR = "no bar that session"
    NO_OPEN = "no opening price that session"
    NO_TRADE = "nothing traded that session"
    LIMIT_UP = "open at the upper limit"
    CLOSE_LIMIT_UP = "close at the upper limit"
    LIMIT_DOWN = "close at the lower limit"
    OPEN_LIMIT_DOWN = "open at the lower limit"
    SAME_DAY = "bought that session, sold the next at the earliest (T+1)"
    NO_SOUTHBOUND = "no southbound trading that session"
    NO_NORTHBOUND = "no northbound trading that session"
    NOT_SOUTHBOUND = "not eligible for southbound trading"
    NOT_NORTHBOUND = "not eligible for northbound trading"
    NO_CAP = "no market value known in the 30 days before its entry"
    NO_VOLATILITY = "too few returns before its entry for a volatility"
    NO_FIXING = "no fixing of its currency in its window"
    UNVALUED = "its basket cannot be valued"

    @property
    def at_limit(self) -> bool:
        """Whether a price limit is behind it."""
        return self in (
            Reason.LIMIT_UP,
            Reason.CLOSE_LIMIT_UP,
            Reason.LIMIT_DOWN,
            Reason.OPEN_LIMIT_DOWN,
        )

    @property
    def told(self) -> str:
        """The reason in the reader's language; its value is what it is called in code."""
        return _TOLD[self]()


_TOLD: dict[Reason, Callable[[], str]] = {
    Reason.NONE: str,
    Reason.NO_BARS: lambda: say("no bars in the tables"),
    Reason.NOT_YET_LISTED: lambda: say("no bars at or before the entry session"),
    Reason.DELISTED: lambda: say("delisted"),
    Reason.COVERAGE_ENDED: lambda: say("coverage ended before the entry session"),
    Reason.DATA_END: lambda: say("the tables end before its entry session"),
    Reason.SUSPENDED: lambda: say("suspended"),
    Reason.NO_BAR: lambda: say("no bar that session"),
    Reason.NO_OPEN: lambda: say("no opening price that session"),
    Reason.NO_TRADE: lambda: say("nothing traded that session"),
    Reason.LIMIT_UP: lambda: say("open at the upper limit"),
    Reason.CLOSE_LIMIT_UP: lambda: say("close at the upper limit"),
    Reason.LIMIT_DOWN: lambda: say("close at the lower limit"),
    Reason.OPEN_LIMIT_DOWN: lambda: say("open at the lower limit"),
    Reason.SAME_DAY: lambda: say("bought that session, sold the next at the earliest (T+1)"),
    Reason.NO_SOUTHBOUND: lambda: say("no southbound trading that session"),
    Reason.NO_NORTHBOUND: lambda: say("no northbound trading that session"),
    Reason.NOT_SOUTHBOUND: lambda: say("not eligible for southbound trading"),
    Reason.NOT_NORTHBOUND: lambda: say("not eligible for northbound trading"),
    Reason.NO_CAP: lambda: say("no market value known in the 30 days before its entry"),
    Reason.NO_VOLATILITY: lambda: say("too few returns before its entry for a volatility"),
    Reason.NO_FIXING: lambda: say("no fixing of its currency in its window"),
    Reason.UNVALUED: lambda: say("its basket cannot be valued"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Leg:
    """One name in one window. Rows index the panel's sessions.

    Parameters
    ----------
    column
        The name's column in the panel.
    state
        Held, waiting (its weight stays in cash) or dropped.
    reason
        Why it is not held, or why the entry came late.
    entry_row
        Scheduled entry; `None` if the tables end before it.
    exit_row
        Scheduled exit, session h; `None` if the tables of the event's exchanges end before it.
    fill_row
        Session of the purchase; `None` unless held.
    last_row
        Last session of the window up to which its value is known; `None` if dropped.
    settled
        Whether no later session can change this leg.
    stopped
        Whether its data stop before its exit while those of others go on.
    exit
        Which rule makes its exit; but for the horizon it is at the open of that session.
    known_row
        Of one that is left out for good: the row from whose close on that is known. The number of
        rows where the tables end before it, and `None` where the window alone leaves it out.
    """

    column: int
    state: LegState
    reason: Reason
    entry_row: int | None
    exit_row: int | None
    fill_row: int | None = None
    last_row: int | None = None
    settled: bool
    stopped: bool = False
    exit: ExitKind = ExitKind.HORIZON
    known_row: int | None = None

    @property
    def early(self) -> bool:
        """Whether it is sold at an open, by another rule than its horizon."""
        return self.exit is not ExitKind.HORIZON

    @property
    def reached(self) -> bool:
        """Whether its value at the scheduled exit is known."""
        return self.exit_row is not None and self.last_row == self.exit_row


def resolve_leg(
    panel: PricePanel,
    column: int,
    *,
    entry: date,
    horizon: int,
    max_wait: int,
    last_available: date,
    price: EntryPrice = EntryPrice.OPEN,
) -> Leg:
    """Resolve what becomes of one name that is to be bought in session `entry`.

    A name is covered at its entry if the tables have a bar or a suspension of it within the last
    20 sessions, and go on after a gap; otherwise it is left out. A gap up to the end of the tables
    may be a suspension or their end, so such a leg is not settled.

    Parameters
    ----------
    panel
        Prices and facts.
    column
        The name's column.
    entry
        Scheduled entry session on the name's own exchange, session 1.
    horizon
        Sessions to hold; the exit is the close of session `horizon`.
    max_wait
        Sessions that a blocked purchase may wait, at most `horizon - 1`.
    last_available
        Last available session of any exchange of the event.
    price
        At which price of its session it is bought.

    Raises
    ------
    DataError
        If its VWAP is wanted and the tables do not give it.
    """
    first, row = panel.first_bars[column], panel.row(entry)
    if first is None or first > entry:
        reason = Reason.NO_BARS if first is None else Reason.NOT_YET_LISTED
        return left_out(column, reason, known_row=row)
    own = panel.own_rows(column)
    at = int(np.searchsorted(own, row))
    covered = panel.covered_rows(column)
    last_session = panel.last_sessions.get(panel.listings[column].exchange)
    begun = last_session is not None and entry <= last_session
    # Where no exchange of the event has reached its entry, no name's coverage can have ended.
    if entry <= last_available and _gap(own, covered, at) > COVERAGE_GAP:
        return left_out(column, Reason.COVERAGE_ENDED, known_row=row)
    if at < len(own) and panel.paid_out(column, int(own[at])):
        return left_out(column, Reason.DELISTED, known_row=row)
    if not begun:
        return _not_begun(column)
    if int(covered[-1]) < int(own[at]):
        return left_out(column, Reason.COVERAGE_ENDED, settled=False)
    window = own[at : at + horizon]
    window = window[window < panel.row_after(last_available)]
    return _covered_leg(panel, column, window, covered, horizon, max_wait, last_available, price)


def _covered_leg(
    panel: PricePanel,
    column: int,
    window: Places,
    covered: Places,
    horizon: int,
    max_wait: int,
    last_available: date,
    price: EntryPrice,
) -> Leg:
    exit_row = int(window[-1]) if len(window) == horizon else None
    data_end = int(covered[-1])
    waits = window[: min(max_wait, horizon - 1) + 1]
    fill_row, reason = _first_buyable(panel, column, waits, data_end, price)
    within = covered[covered <= window[-1]]
    # A hole that ends later is valued at the last close; one that has not ended may be the end.
    reached = exit_row is not None and data_end >= exit_row
    # One that was never bought is cash: its wait being over, its data need not go on.
    cash = fill_row is None and data_end >= int(waits[-1])
    known = reached or (cash and exit_row is not None)
    last_row = exit_row if known else int(within[-1])
    return Leg(
        column=column,
        state=LegState.WAITING if fill_row is None else LegState.HELD,
        reason=reason,
        entry_row=int(window[0]),
        exit_row=exit_row,
        fill_row=fill_row,
        last_row=last_row,
        settled=known,  # the wait is over before the exit
        stopped=not reached and _stopped(panel, column, data_end, exit_row, last_available),
    )


def _not_begun(column: int) -> Leg:
    """Return a leg whose entry the tables of its exchange have not reached: its money waits."""
    return Leg(
        column=column,
        state=LegState.WAITING,
        reason=Reason.DATA_END,
        entry_row=None,
        exit_row=None,
        settled=False,
    )


def buy_block(
    panel: PricePanel, column: int, row: int, price: EntryPrice = EntryPrice.OPEN
) -> Reason:
    """Tell why a purchase in session `row` is blocked, `Reason.NONE` if it is not.

    One at the close is blocked by a close at the upper limit, any other by such an open.

    Raises
    ------
    DataError
        If the VWAP is wanted, and turnover and volume do not give it.
    """
    closing = price is EntryPrice.CLOSE
    quoted = float((panel.close if closing else panel.open)[row, column])
    block = _untradable(panel, column, row, quoted)
    if block is Reason.NO_BAR and math.isfinite(panel.close[row, column]):
        return Reason.NO_OPEN
    if block:
        return block
    if panel.paid_out(column, row):
        return Reason.DELISTED
    if locked(panel, column, row, quoted, upper=True):
        return Reason.CLOSE_LIMIT_UP if closing else Reason.LIMIT_UP
    return _without_average(panel, column, row) if price is EntryPrice.VWAP else Reason.NONE


def _without_average(panel: PricePanel, column: int, row: int) -> Reason:
    average = float(panel.paid(EntryPrice.VWAP)[row, column])
    if average == 0:
        return Reason.NO_TRADE
    if math.isfinite(average):
        return Reason.NONE
    name, day = panel.listings[column], panel.session(row)
    if panel.adjusted[column]:
        raise DataError(
            say(
                "the prices of {name} are adjusted, its turnover is not: they give no VWAP",
                name=name,
            ),
            where=say("table bars"),
            fix=say("buy at the open or the close, or import raw prices"),
        )
    raise DataError(
        say(
            "turnover and volume of {name} on {day} give no price between its high and its low",
            name=name,
            day=day,
        ),
        where=say("table bars"),
        fix=say(
            "import bars with volume in shares and amount in the listing's currency, or "
            "buy at the open or the close"
        ),
    )


def sale_block(panel: PricePanel, column: int, row: int, *, opening: bool = False) -> Reason:
    """Tell why a sale at the close, or the open, of `row` is blocked; else `Reason.NONE`."""
    price = float((panel.open if opening else panel.close)[row, column])
    block = _untradable(panel, column, row, price)
    if block is Reason.NO_BAR and opening and math.isfinite(panel.close[row, column]):
        return Reason.NO_OPEN
    if block or not locked(panel, column, row, price, upper=False):
        return block
    return Reason.OPEN_LIMIT_DOWN if opening else Reason.LIMIT_DOWN


def _untradable(panel: PricePanel, column: int, row: int, price: float) -> Reason:
    if panel.suspended[row, column]:
        return Reason.SUSPENDED
    if not math.isfinite(price):
        return Reason.NO_BAR
    return Reason.NO_TRADE if panel.traded_nothing(row, column) else Reason.NONE


def left_out(
    column: int, reason: Reason, *, settled: bool = True, known_row: int | None = None
) -> Leg:
    """Return a leg that has no weight, whether that is final, and from when on that is known."""
    return Leg(
        column=column,
        state=LegState.DROPPED,
        reason=reason,
        entry_row=None,
        exit_row=None,
        settled=settled,
        stopped=not settled,
        known_row=known_row,
    )


def _gap(own: Places, covered: Places, at: int) -> int:
    """Return the sessions from the last covered one to the entry, at position `at` of `own`."""
    before = covered[covered <= own[at]] if at < len(own) else covered
    if not len(before):
        return COVERAGE_GAP + 1  # the panel begins further back than that
    return at - int(np.searchsorted(own, before[-1]))


def _first_buyable(
    panel: PricePanel,
    column: int,
    waits: Places,
    data_end: int,
    price: EntryPrice,
) -> tuple[int | None, Reason]:
    first_block = Reason.NONE
    for row in waits[waits <= data_end]:
        block = buy_block(panel, column, int(row), price)
        if block is Reason.NONE:
            return int(row), first_block
        first_block = first_block or block
    return None, first_block


def _stopped(
    panel: PricePanel, column: int, data_end: int, exit_row: int | None, last_available: date
) -> bool:
    """Tell whether the data of this name stop while the tables go on."""
    last_session = panel.last_sessions.get(panel.listings[column].exchange)
    others_go_on = last_session is not None and last_session > panel.session(data_end)
    window_over = exit_row is not None and panel.session(exit_row) <= last_available
    return others_go_on or window_over
