"""When shares may be sold again and are settled, and in which steps their prices move."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any

from screener.domain.listing import Board, Exchange, Listing
from screener.errors import InputError
from screener.language import say
from screener.market.calendars import Calendar
from screener.market.dated import DatedRow, in_force, row_terms, rule_table

__all__ = [
    "ConnectRule",
    "CountRule",
    "TickRule",
    "holding_rule",
    "least_tick",
    "northbound_rule",
    "settlement_rule",
    "southbound_open",
    "southbound_rule",
    "tick_rule",
    "tick_size",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class CountRule(DatedRow):
    """A number of sessions after the trade: T+`count`."""

    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TickRule(DatedRow):
    """Price steps: each band's lowest price and its step, in the listing's currency, ascending."""

    bands: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectRule(DatedRow):
    """On which days investors of one market may trade in the other: when both are open."""


def holding_rule(listing: Listing, session: date) -> CountRule:
    """Return how many sessions after its purchase a share may be sold; raises as `in_force`."""
    return in_force(_counts("holding", "sessions"), listing, session, what=say("T+n"))[0]


def settlement_rule(listing: Listing, session: date) -> CountRule:
    """Return how many settlement days after the trade money is settled; raises as `in_force`."""
    return in_force(_counts("settlement", "days"), listing, session, what=say("settlement"))[0]


def tick_rule(listing: Listing, session: date) -> TickRule:
    """Return the price steps in force; raises as `in_force` does."""
    return in_force(_ticks(), listing, session, what=say("the tick"))[0]


def tick_size(listing: Listing, session: date, price: float) -> float:
    """Return the price step at a price, in the listing's currency.

    At a price where two bands meet, it is the step of the upper one.

    Parameters
    ----------
    listing
        A security.
    session
        Day of the order.
    price
        Price in the listing's currency.

    Raises
    ------
    InputError
        If the price is not positive and finite, or the listing an index.
    DateRangeError
        If the table knows nothing of that day.
    """
    if not (math.isfinite(price) and price > 0):
        raise InputError(say("{price} is not a price", price=price))
    bands = tick_rule(listing, session).bands
    # A price computed as a float may lie a hair below the band that it begins.
    return max(band for band in bands if band[0] <= price * (1 + 1e-12))[1]


def least_tick(listing: Listing, session: date) -> float:
    """Return the smallest price step that a listing may have, in its currency.

    Of a day that the table does not know the nearest one that it knows counts; points of an index
    are told in hundredths.
    """
    return _least_tick(listing.board, listing.exchange, session)


@cache  # a file of a market asks for each of its listings
def _least_tick(board: Board, exchange: Exchange, session: date) -> float:
    fitting = (row for row in _ticks() if row.covers(board, exchange))
    rows = sorted(fitting, key=lambda row: row.start)
    if not rows:
        return 0.01
    begun = [row for row in rows if row.start <= session] or rows[:1]
    return min(step for _, step in begun[-1].bands)


def southbound_rule(listing: Listing, session: date) -> ConnectRule | None:
    """Return the rule on southbound days, or `None` where none is recorded."""
    return _connect_rule("southbound", listing, session)


def northbound_rule(listing: Listing, session: date) -> ConnectRule | None:
    """Return the rule on northbound days, or `None` where none is recorded: it is not in it."""
    return _connect_rule("northbound", listing, session)


def _connect_rule(section: str, listing: Listing, session: date) -> ConnectRule | None:
    rows = (row for row in _connect(section) if row.concerns(listing) and row.holds(session))
    return next(rows, None)


def southbound_open(
    listing: Listing, session: date, *, mainland: Calendar, hong_kong: Calendar
) -> bool:
    """Tell whether mainland investors could trade in Hong Kong on a day.

    Whether the listing was eligible is another question; the further condition of before
    2023-04-24, that the days of settlement fit, is not modelled.

    Parameters
    ----------
    listing
        A Hong Kong listing.
    session
        Any day.
    mainland, hong_kong
        Sessions of the two markets.

    Raises
    ------
    DataError
        If the listing is not of Hong Kong.
    DateRangeError
        If the table knows nothing of that day.
    """
    in_force(_connect("southbound"), listing, session, what=say("the southbound calendar"))
    return mainland.is_session(session) and hong_kong.is_session(session)


@cache
def _counts(section: str, key: str) -> tuple[CountRule, ...]:
    table = rule_table("trading.toml")
    return tuple(
        CountRule(**row_terms(row, table["known_to"]), count=row[key]) for row in table[section]
    )


@cache
def _ticks() -> tuple[TickRule, ...]:
    table = rule_table("trading.toml")
    return tuple(
        TickRule(**row_terms(row, table["known_to"]), bands=_bands(row)) for row in table["ticks"]
    )


def _bands(row: dict[str, Any]) -> tuple[tuple[float, float], ...]:
    return tuple((low, step) for low, step in row["bands"])


@cache
def _connect(section: str) -> tuple[ConnectRule, ...]:
    table = rule_table("trading.toml")
    return tuple(ConnectRule(**row_terms(row, table["known_to"])) for row in table[section])
