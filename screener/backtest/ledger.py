"""The ledger: what became of every name of every window, with the reason and the rule."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np

from screener.backtest.execution.pricing import Exits
from screener.domain.arrays import FloatMatrix
from screener.domain.exits import ExitKind
from screener.domain.panel import PricePanel
from screener.language import say, say_count
from screener.language.lists import clauses
from screener.paths.exits import EndQuote, end_quote
from screener.paths.legs import Leg, LegState, Reason
from screener.paths.limits import limit_on, without_limit
from screener.paths.windows import Window

__all__ = ["LedgerEntry", "ledger_entries"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerEntry:
    """One name in one window.

    Parameters
    ----------
    state
        Held, waiting (in cash) or dropped.
    weight
        Weight at entry as a fraction.
    scheduled_entry, entry_session
        When it was to be bought, and when it was.
    entry_price, exit_price
        Price of the purchase as stored (open, VWAP or close), and stored close, in `currency`.
    scheduled_exit, exit_session
        Session h if the tables reach it, and the last session valued.
    sold_session
        Session of the sale on the executable path.
    return_local
        Total return in the listing's own currency as a fraction.
    sessions_without_bar
        Sessions between entry and exit that were valued at an earlier close.
    reason, rule
        Why it was dropped, waits or was late, and the rule that says so.
    """

    basket: str
    report: str
    horizon: int
    listing: str
    name: str
    state: LegState
    weight: float
    scheduled_entry: date | None
    entry_session: date | None
    entry_price: float | None
    scheduled_exit: date | None
    exit_session: date | None
    exit_price: float | None
    sold_session: date | None
    return_local: float | None
    exit: ExitKind | None
    currency: str
    sessions_without_bar: int | None
    reason: str
    rule: str


def ledger_entries(
    panel: PricePanel, window: Window, exits: Exits | None
) -> tuple[LedgerEntry, ...]:
    """List what became of every name of a window, in the basket's order."""
    return tuple(_entry(panel, window, at, exits) for at in range(len(window.legs)))


def _entry(panel: PricePanel, window: Window, at: int, exits: Exits | None) -> LedgerEntry:
    leg, end = window.legs[at], window.end_rows[at]
    member = window.event.members[at]
    held = leg.fill_row is not None
    sold = exits.rows[at] if exits else -1
    sold_session = _session(panel, sold if sold >= 0 else None)
    late_sale = exits.reasons[at] if exits else Reason.NONE
    quote = end_quote(panel, leg, end) if held else None
    gaps = _gaps(panel, leg, end) if held else None
    return LedgerEntry(
        basket=window.event.basket,
        report=window.event.report,
        horizon=window.horizon,
        listing=member.listing.id,
        name=member.name,
        state=leg.state,
        weight=window.weights[at],
        scheduled_entry=dict(window.entries)[member.listing.exchange],
        entry_session=_session(panel, leg.fill_row),
        entry_price=_price(panel.paid(window.price), leg, leg.fill_row),
        scheduled_exit=_session(panel, leg.exit_row),
        exit_session=_session(panel, end if held else None),
        exit_price=None if quote is None else quote.price,
        sold_session=sold_session,
        return_local=_return_local(panel, window, leg, quote),
        exit=leg.exit if held and end == leg.exit_row else None,
        currency=member.listing.currency,
        sessions_without_bar=gaps,
        reason=_reason(panel, leg, late_sale, sold_session, gaps or 0, end),
        rule=_rule(panel, leg, late_sale),
    )


def _session(panel: PricePanel, row: int | None) -> date | None:
    return None if row is None else panel.session(row)


def _price(prices: FloatMatrix, leg: Leg, row: int | None) -> float | None:
    return None if row is None else float(prices[row, leg.column])


def _return_local(
    panel: PricePanel, window: Window, leg: Leg, quote: EndQuote | None
) -> float | None:
    if quote is None or leg.fill_row is None:
        return None
    factor, column = panel.factor, leg.column
    worth = quote.price * factor[quote.row, column]
    paid = panel.paid(window.price)[leg.fill_row, column] * factor[leg.fill_row, column]
    return float(worth / paid - 1)


def _gaps(panel: PricePanel, leg: Leg, end: int) -> int:
    window = slice(leg.fill_row, end + 1)
    missing = ~np.isfinite(panel.close[window, leg.column]) & panel.trading[window, leg.column]
    return int(missing.sum())


def _reason(
    panel: PricePanel, leg: Leg, late_sale: Reason, sold: date | None, gaps: int, end: int
) -> str:
    parts = []
    if leg.state is LegState.DROPPED:
        parts.append(_why_dropped(panel, leg))
    elif leg.reason:
        parts.append(
            say("bought late: {why}", why=leg.reason.told)
            if leg.fill_row is not None
            else say("not bought: {why}", why=leg.reason.told)
        )
    if leg.fill_row is not None and (free := without_limit(panel, leg.column, leg.fill_row)):
        parts.append(free)
    if gaps:
        parts.append(
            say_count(
                "{n} session without a bar, valued at the last close",
                "{n} sessions without a bar, valued at the last close",
                gaps,
            )
        )
    if leg.state is LegState.HELD and leg.stopped and leg.last_row is not None:
        parts.append(say("data stop at {session}", session=panel.session(leg.last_row)))
    if leg.state is LegState.HELD and leg.reached and (hole := _hole(panel, leg, end)):
        parts.append(hole)
    if leg.state is LegState.HELD and leg.last_row and panel.paid_out(leg.column, leg.last_row):
        parts.append(
            say(
                "delisted on {day}, valued at what was paid out", day=panel.delist_dates[leg.column]
            )
        )
    if leg.early and end == leg.exit_row:
        parts.append(leg.exit.told)
    if late_sale:
        parts.append(
            say("not sold yet: {why}", why=late_sale.told)
            if sold is None
            else say("sold late, on {day}: {why}", day=sold, why=late_sale.told)
        )
    return clauses(parts)


def _hole(panel: PricePanel, leg: Leg, end: int) -> str:
    """Say which sessions lack a bar between the last one valued and the exit, in a cut window."""
    rows = np.arange(end + 1, (leg.exit_row or 0) + 1)
    column = leg.column
    missing = rows[
        panel.trading[rows, column]
        & ~np.isfinite(panel.close[rows, column])
        & ~panel.suspended[rows, column]
    ]
    if not len(missing):
        return ""
    first = panel.session(missing[0])
    return say(
        "sessions without a bar before its exit: {n}, from {first} on", n=len(missing), first=first
    )


def _why_dropped(panel: PricePanel, leg: Leg) -> str:
    if leg.reason in (Reason.COVERAGE_ENDED, Reason.DATA_END):
        last = panel.last_bars[leg.column]
        return say("{why} (last bar {day})", why=leg.reason.told, day=last)
    if leg.reason is Reason.NOT_YET_LISTED:
        first = panel.first_bars[leg.column]
        return say("{why} (first bar {day})", why=leg.reason.told, day=first)
    return leg.reason.told


def _rule(panel: PricePanel, leg: Leg, late_sale: Reason) -> str:
    if not (leg.reason.at_limit or late_sale.at_limit):
        return ""
    row = leg.entry_row if leg.reason.at_limit else leg.exit_row
    return "" if row is None else limit_on(panel, leg.column, row).source
