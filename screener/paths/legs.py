"""What becomes of one name in one window: held, waiting or left out, and until when."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from screener.domain.panel import PricePanel
from screener.market.rules import (
    LimitRule,
    free_sessions,
    half_up,
    lower_limit_price,
    price_limit,
    upper_limit_price,
)

__all__ = ["Leg", "LegState", "Reason", "buy_block", "resolve_leg", "sale_block"]

_EXACT = 1e-6  # raw prices lie on the tick grid: anything less than a tick will do
_ADJUSTED = 0.01  # adjusted prices lie off that grid: within a tick of the unrounded limit


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
    COVERAGE_ENDED = "coverage ended before the entry session"
    DATA_END = "the tables end before the entry session"
    SUSPENDED = "suspended"
    NO_BAR = "no bar that session"
    LIMIT_UP = "open at the upper limit"
    LIMIT_DOWN = "close at the lower limit"
    SAME_DAY = "bought that session, sold the next at the earliest (T+1)"


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
        Scheduled entry; `None` if the panel ends before it.
    exit_row
        Scheduled exit, session h; `None` if the panel does not reach it.
    fill_row
        Session of the purchase, at the open; `None` unless held.
    last_row
        Last session that the data cover within the window.
    stopped
        Whether this name's data stop while those of others go on.
    """

    column: int
    state: LegState
    reason: Reason
    entry_row: int | None
    exit_row: int | None
    fill_row: int | None = None
    last_row: int | None = None
    stopped: bool = False

    @property
    def reached(self) -> bool:
        """Whether the data reach the scheduled exit."""
        return self.exit_row is not None and self.last_row == self.exit_row


def resolve_leg(panel: PricePanel, column: int, *, entry: date, horizon: int, max_wait: int) -> Leg:
    """Resolve what becomes of one name that is to be bought at the open of `entry`.

    Only facts up to the scheduled exit decide, so later sessions change nothing in a window
    that the data already cover.

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
    """
    own = np.flatnonzero(panel.trading[:, column])
    at = int(np.searchsorted(own, panel.row(entry)))
    if at == len(own):
        return _dropped(column, _absence(panel, column, entry, Reason.DATA_END), None, None)
    entry_row = int(own[at])
    exit_row = int(own[at + horizon - 1]) if at + horizon - 1 < len(own) else None
    window = own[at : at + horizon]
    covered = window[_covered(panel, column)[window]]
    absence = _absence(panel, column, entry, Reason.COVERAGE_ENDED)
    if absence is not Reason.COVERAGE_ENDED or not len(covered):
        return _dropped(column, absence, entry_row, exit_row)
    last_row = int(covered[-1])
    fill_row, reason = _first_buyable(
        panel, column, window[: min(max_wait, horizon - 1) + 1], last_row
    )
    return Leg(
        column=column,
        state=LegState.WAITING if fill_row is None else LegState.HELD,
        reason=reason,
        entry_row=entry_row,
        exit_row=exit_row,
        fill_row=fill_row,
        last_row=last_row,
        stopped=last_row != exit_row and _stopped(panel, column, last_row, exit_row),
    )


def buy_block(panel: PricePanel, column: int, row: int) -> Reason:
    """Tell why a purchase at the open of `row` is blocked, `Reason.NONE` if it is not."""
    price = float(panel.open[row, column])
    block = _untradable(panel, column, row, price)
    if block or price < _limit(panel, column, row, upper=True):
        return block
    return Reason.LIMIT_UP


def sale_block(panel: PricePanel, column: int, row: int) -> Reason:
    """Tell why a sale at the close of `row` is blocked, `Reason.NONE` if it is not."""
    price = float(panel.close[row, column])
    block = _untradable(panel, column, row, price)
    if block or price > _limit(panel, column, row, upper=False):
        return block
    return Reason.LIMIT_DOWN


def _untradable(panel: PricePanel, column: int, row: int, price: float) -> Reason:
    if panel.suspended[row, column]:
        return Reason.SUSPENDED
    return Reason.NONE if math.isfinite(price) else Reason.NO_BAR


def _limit(panel: PricePanel, column: int, row: int, *, upper: bool) -> float:
    """Return the price from which on a side of the market is locked; infinite without a limit."""
    sign = 1 if upper else -1
    rule, reference = _limit_and_reference(panel, column, row)
    if rule is None:
        return sign * math.inf
    if panel.adjusted[column]:
        return reference * (1 + sign * rule.limit) - sign * _ADJUSTED
    exact = (upper_limit_price if upper else lower_limit_price)(reference, rule.limit)
    return exact - sign * _EXACT


def _dropped(column: int, reason: Reason, entry_row: int | None, exit_row: int | None) -> Leg:
    return Leg(
        column=column,
        state=LegState.DROPPED,
        reason=reason,
        entry_row=entry_row,
        exit_row=exit_row,
    )


def _absence(panel: PricePanel, column: int, entry: date, otherwise: Reason) -> Reason:
    first = panel.first_bars[column]
    if first is None:
        return Reason.NO_BARS
    return Reason.NOT_YET_LISTED if first > entry else otherwise


def _covered(panel: PricePanel, column: int) -> npt.NDArray[np.bool_]:
    covered: npt.NDArray[np.bool_] = np.isfinite(panel.close[:, column])
    return np.logical_or(covered, panel.suspended[:, column])


def _first_buyable(
    panel: PricePanel, column: int, window: npt.NDArray[np.intp], last_row: int
) -> tuple[int | None, Reason]:
    first_block = Reason.NONE
    for row in window:
        if row > last_row:
            break
        block = buy_block(panel, column, int(row))
        if block is Reason.NONE:
            return int(row), first_block
        first_block = first_block or block
    return None, first_block


def _stopped(panel: PricePanel, column: int, last_row: int, exit_row: int | None) -> bool:
    """Tell whether the data of this name stop while the tables go on."""
    frontier = panel.frontier.get(panel.listings[column].exchange)
    others_go_on = frontier is not None and frontier > panel.session(last_row)
    latest = max(panel.frontier.values(), default=None)
    window_over = exit_row is not None and latest is not None and panel.session(exit_row) <= latest
    return others_go_on or window_over


def _limit_and_reference(
    panel: PricePanel, column: int, row: int
) -> tuple[LimitRule | None, float]:
    listing = panel.listings[column]
    session = panel.session(row)
    rule = price_limit(listing.board, session, st=bool(panel.st[row, column]))
    if rule is None or _in_free_sessions(panel, column, row):
        return None, np.nan
    earlier = np.flatnonzero(np.isfinite(panel.close[:row, column]))
    if not len(earlier):
        return None, np.nan
    before = int(earlier[-1])
    ratio = panel.factor[before, column] / panel.factor[row, column]
    reference = float(panel.close[before, column] * ratio)
    # On an ex-date the exchanges publish the reference price rounded to the tick.
    return rule, reference if panel.adjusted[column] else half_up(reference)


def _in_free_sessions(panel: PricePanel, column: int, row: int) -> bool:
    listed = panel.list_dates[column]
    if listed is None or listed < panel.session(0):
        return False
    since = np.count_nonzero(panel.trading[panel.row(listed) : row + 1, column])
    return bool(since <= free_sessions(panel.listings[column].board, listed))
