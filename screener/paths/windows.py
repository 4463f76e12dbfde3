"""Windows: one event at one entry and one horizon, with its legs, its status and its cut."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np

from screener.domain.basket import EntryPrice, Event, Rebalance
from screener.domain.exits import ExitRules
from screener.domain.panel import CapPanel, PricePanel
from screener.paths.exits import exited
from screener.paths.known import EntrySessions
from screener.paths.legs import Leg, LegState, Reason, left_out, resolve_leg
from screener.paths.weights import weighted, without_weight

__all__ = ["NO_EXITS", "Window", "WindowStatus", "resolve_window", "unvalued_window"]


NO_EXITS = ExitRules()
"""No name is sold before its horizon, but for what was published of it."""


class WindowStatus(StrEnum):
    """How complete a window is."""

    MATURE = "mature"
    PENDING = "pending"
    PARTIAL = "partial"
    NO_DATA = "no_data"


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """One event held for one horizon from one choice of entry sessions.

    Parameters
    ----------
    event, horizon, entries
        What was asked.
    legs
        One per name, in the event's order.
    weights
        Weight at entry of each leg as a fraction; 0 for a dropped one. They sum to 1, or to 0 if
        every name was dropped.
    end_rows
        Last session valued of each leg, a row of the panel; -1 for a dropped one.
    status
        How complete the window is. No data: every name was dropped, or something that its value
        needs is missing; pending too while the tables have not reached its entry.
    sessions_held
        Sessions from entry to the last one valued, of the name that got least far.
    price
        At which price of its session each name is bought.
    rebalance
        How often it is brought back to its weights.
    max_wait
        Sessions that a blocked purchase may wait.
    """

    event: Event
    horizon: int
    entries: EntrySessions
    legs: tuple[Leg, ...]
    weights: tuple[float, ...]
    end_rows: tuple[int, ...]
    status: WindowStatus
    sessions_held: int
    price: EntryPrice = EntryPrice.OPEN
    rebalance: Rebalance = Rebalance.NONE
    max_wait: int = 10

    @property
    def valued(self) -> bool:
        """Whether it has begun, and nothing that its value needs is missing."""
        begun = any(leg.entry_row is not None for leg in self.legs)
        return begun and self.status is not WindowStatus.NO_DATA

    @property
    def first_row(self) -> int:
        """Earliest scheduled entry of a name that has a weight; `ValueError` before it begins."""
        return min(leg.entry_row for leg in self.legs if leg.entry_row is not None)

    @property
    def last_row(self) -> int:
        """Last session valued of any name; -1 before it begins."""
        return max(self.end_rows)

    def count(self, state: LegState) -> int:
        """Return how many names are in `state`."""
        return sum(leg.state is state for leg in self.legs)


def resolve_window(
    panel: PricePanel,
    event: Event,
    entries: EntrySessions,
    *,
    horizon: int,
    max_wait: int,
    price: EntryPrice = EntryPrice.OPEN,
    rebalance: Rebalance = Rebalance.NONE,
    caps: CapPanel | None = None,
    exits: ExitRules = NO_EXITS,
) -> Window:
    """Resolve one window of an event.

    Parameters
    ----------
    panel
        Prices and facts of all its names.
    event
        The basket event.
    entries
        Scheduled entry session by exchange.
    horizon
        Sessions to hold, the entry being session 1.
    max_wait
        Sessions that a blocked purchase may wait.
    price
        At which price of its session each name is bought.
    rebalance
        How often it is brought back to its weights; daily where the weighting is an index's.
    caps
        Market values, needed by weightings that are made of them.
    exits
        Rules by which names are sold before their horizon.

    Raises
    ------
    DataError
        If VWAPs or market values are wanted and not known.
    """
    by_exchange = dict(entries)
    last_available = panel.last_available(by_exchange)
    legs = tuple(
        resolve_leg(
            panel,
            panel.column(member.listing),
            entry=by_exchange[member.listing.exchange],
            horizon=horizon,
            max_wait=max_wait,
            last_available=last_available,
            price=price,
        )
        for member in event.members
    )
    legs = tuple(
        exited(panel, leg, exits, member.leaves, price)
        for leg, member in zip(legs, event.members, strict=True)
    )
    scheduled = tuple(by_exchange[member.listing.exchange] for member in event.members)
    legs = without_weight(panel, caps, event, legs, scheduled)
    status = _status(legs)
    if status is WindowStatus.NO_DATA:
        legs = tuple(replace(leg, state=LegState.DROPPED) for leg in legs)
    final = status in (WindowStatus.MATURE, WindowStatus.NO_DATA)
    cut = None if final else _cut(legs, panel.row_after(last_available) - 1)
    legs = tuple(_seen_by(leg, cut) for leg in legs)
    end_rows = tuple(_end_row(panel, leg, cut) for leg in legs)
    return Window(
        event=event,
        horizon=horizon,
        entries=entries,
        legs=legs,
        weights=weighted(panel, caps, event, legs, scheduled),
        end_rows=end_rows,
        status=status,
        sessions_held=_sessions_held(panel, legs, end_rows, horizon, status),
        price=price,
        rebalance=rebalance if event.weighting.tradable else Rebalance.DAILY,
        max_wait=max_wait,
    )


def unvalued_window(
    panel: PricePanel,
    event: Event,
    entries: EntrySessions,
    lacking: Mapping[int, Reason],
    *,
    horizon: int,
    price: EntryPrice = EntryPrice.OPEN,
    rebalance: Rebalance = Rebalance.NONE,
) -> Window:
    """Return the window of an event that cannot be valued: without data, and every name out.

    Parameters
    ----------
    panel, event, entries, horizon, price, rebalance
        As in `resolve_window`.
    lacking
        Columns of the names that lack something, and what; the others go with them.
    """
    columns = [panel.column(member.listing) for member in event.members]
    return Window(
        event=event,
        horizon=horizon,
        entries=entries,
        legs=tuple(left_out(at, lacking.get(at, Reason.UNVALUED)) for at in columns),
        weights=(0.0,) * len(columns),
        end_rows=(-1,) * len(columns),
        status=WindowStatus.NO_DATA,
        sessions_held=0,
        price=price,
        rebalance=rebalance if event.weighting.tradable else Rebalance.DAILY,
    )


def _status(legs: tuple[Leg, ...]) -> WindowStatus:
    """Tell how complete a window of some legs is.

    A window is partial by the names that it holds alone: one whose data stop before it could be
    bought may yet be, once they go on, and until then the window waits for it.
    """
    if all(leg.state is LegState.DROPPED for leg in legs):
        return WindowStatus.NO_DATA
    if all(leg.settled for leg in legs):
        return WindowStatus.MATURE
    stopped = any(leg.stopped and leg.state is LegState.HELD for leg in legs)
    return WindowStatus.PARTIAL if stopped else WindowStatus.PENDING


def _cut(legs: tuple[Leg, ...], end: int) -> int:
    """Return the last row at which every name held so far still has data."""
    ends = [
        leg.last_row
        for leg in legs
        if leg.state is LegState.HELD and not leg.reached and leg.last_row is not None
    ]
    return min(ends, default=end)


def _seen_by(leg: Leg, cut: int | None) -> Leg:
    """Return the leg as it stands at the cut: a later purchase has not happened yet."""
    if cut is None or leg.fill_row is None or leg.fill_row <= cut:
        return leg
    return replace(leg, state=LegState.WAITING, fill_row=None)


def _end_row(panel: PricePanel, leg: Leg, cut: int | None) -> int:
    if leg.entry_row is None:
        return -1
    bound = min(row for row in (leg.exit_row, cut) if row is not None)
    own = panel.own_rows(leg.column)
    at = int(np.searchsorted(own, bound, side="right")) - 1
    return int(own[at]) if at >= 0 else -1


def _sessions_held(
    panel: PricePanel,
    legs: tuple[Leg, ...],
    end_rows: tuple[int, ...],
    horizon: int,
    status: WindowStatus,
) -> int:
    if status is WindowStatus.MATURE:
        return horizon
    counts = [
        int(np.count_nonzero(panel.trading[leg.entry_row : end + 1, leg.column]))
        for leg, end in zip(legs, end_rows, strict=True)
        if leg.state is not LegState.DROPPED and leg.entry_row is not None
    ]
    return min(counts, default=0)
