"""Gaps told from suspensions: the days on which a name has no bar are asked about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

import pyarrow.compute as pc

from screener.data.lake.schema import TableName
from screener.data.sources.online.transport.protocol import Ask, Need
from screener.data.update.commit import Piece
from screener.data.update.plan import Question
from screener.data.update.session import UpdateState
from screener.data.validation.bar_checks import gaps
from screener.domain.listing import Exchange, Listing
from screener.language import say_count
from screener.market.calendars import calendar_of

__all__ = ["explain_gaps"]

_TOGETHER = 100
"""Listings whose sessions are looked at together: memory must not grow with the market."""

_Missing = dict[str, set[date]]


def explain_gaps(state: UpdateState, listings: Sequence[Listing]) -> None:
    """Ask about the sessions on which a mainland name has no bar, until each was asked about.

    A source that tells a listing's whole history is asked first, where one is at hand; what it
    leaves open is asked day by day of one that tells all suspensions of a day.
    """
    missing = _missing(state, listings)
    for listing in listings:
        if missing.get(listing.id):
            _by_listing(state, listing, missing)
    state.flush()
    for day in sorted({day for days in missing.values() for day in days}):
        if any(day in days for days in missing.values()) and not _by_day(state, day, missing):
            break
    state.flush()
    state.note(_told(name, days) for name, days in sorted(missing.items()) if days)


def _told(name: str, days: set[date]) -> str:
    return say_count(
        "{name}: no bar and no recorded suspension on one session, first {first}",
        "{name}: no bar and no recorded suspension on {n} sessions, first {first}",
        len(days),
        name=name,
        first=min(days),
    )


def _by_listing(state: UpdateState, listing: Listing, missing: _Missing) -> None:
    question = Question(need=Need.STATUS, exchange=listing.exchange, listing=listing)
    ask = state.plan.ask(question)
    if ask is None or not _at_hand(state, ask):
        return
    piece = state.ask(ask)
    if piece is not None:
        state.hold([piece], {})
        _explained(piece, missing)


def _at_hand(state: UpdateState, ask: Ask) -> bool:
    return any(not state.wire.open_circuit(source.hosts) for source in state.sources(ask))


def _by_day(state: UpdateState, day: date, missing: _Missing) -> bool:
    """Ask about one day; `False` when nobody can be asked any more."""
    if (Need.SUSPENSIONS, day.isoformat()) in state.plan.known:
        return True
    ask = Ask(
        need=Need.SUSPENSIONS,
        start=day,
        end=day,
        fetched_at=state.plan.started,
        exchange=Exchange.SH,
    )
    piece = state.ask(ask)
    if piece is None:
        return False
    state.hold([replace(piece, subject=day.isoformat())], {})
    _explained(piece, missing)
    return True


def _missing(state: UpdateState, listings: Sequence[Listing]) -> _Missing:
    names = [item.id for item in listings]
    halted: _Missing = {}
    for row in state.store.read(TableName.STATUS, listings=names).to_pylist():
        if row["suspended"]:
            halted.setdefault(row["listing"], set()).add(row["session"])
    start = state.plan.request.start
    end = max(state.plan.settled(item.exchange) for item in listings)
    found: _Missing = {}
    for first in range(0, len(listings), _TOGETHER):
        group = listings[first : first + _TOGETHER]
        bars = state.store.read(
            TableName.BARS,
            listings=[item.id for item in group],
            start=start,
            end=end,
            columns=("listing", "session"),
        )
        for listing in group:
            days = gaps(
                bars.filter(pc.equal(bars.column("listing"), listing.id)),
                calendar_of(listing.exchange),
                start,
                state.plan.settled(listing.exchange),
                frozenset(halted.get(listing.id, ())),
            )
            if days:
                found[listing.id] = set(days)
    return found


def _explained(piece: Piece, missing: _Missing) -> None:
    rows = piece.batch.tables.get(TableName.STATUS)
    for row in [] if rows is None else rows.to_pylist():
        if row["suspended"]:
            missing.get(row["listing"], set()).discard(row["session"])
