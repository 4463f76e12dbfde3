"""Dated market rules read from `tables/*.toml`: order cut-offs and daily price limits."""

from __future__ import annotations

import math
import tomllib
from dataclasses import dataclass
from datetime import date, time
from functools import cache
from importlib import resources
from typing import Any

from screener.domain.listing import Board, Exchange
from screener.errors import DateRangeError

__all__ = [
    "CutoffRule",
    "DelistingRule",
    "FirstDayRule",
    "LimitRule",
    "NewListingRule",
    "UnlimitedRule",
    "delisting_limit",
    "first_day_limit",
    "free_sessions",
    "half_up",
    "lower_limit_price",
    "new_listing_rule",
    "order_cutoff",
    "price_limit",
    "unlimited",
    "upper_limit_price",
]

_TICK = 0.01


@dataclass(frozen=True, slots=True, kw_only=True)
class CutoffRule:
    """Time of day by which an order must be known to enter at the open."""

    exchanges: frozenset[Exchange]
    start: date
    time: time
    source: str
    verified: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitRule:
    """Daily price limit of a board as a fraction; `st` is `None` where ST makes no difference."""

    board: Board
    st: bool | None
    start: date
    end: date
    limit: float
    source: str
    verified: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class NewListingRule:
    """First sessions of a new listing on which no price limit holds."""

    board: Board
    start: date
    free_sessions: int
    source: str
    verified: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstDayRule:
    """Widest prices of a first session, as fractions of the issue price, before free sessions."""

    board: Board
    start: date
    end: date
    up: float
    down: float
    source: str
    verified: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DelistingRule:
    """Daily price limit of the delisting period, after its first sessions without any."""

    board: Board
    start: date
    free_sessions: int
    limit: float
    source: str
    verified: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class UnlimitedRule:
    """A board without any daily price limit."""

    board: Board
    start: date
    source: str
    verified: bool


def order_cutoff(exchange: Exchange, day: date) -> CutoffRule:
    """Return the order cut-off in force on `exchange` on `day`.

    Raises
    ------
    DateRangeError
        If the table starts after `day`.
    """
    fitting = [rule for rule in _cutoffs() if exchange in rule.exchanges and rule.start <= day]
    if not fitting:
        raise DateRangeError(f"no order cut-off of {exchange} is recorded for {day}")
    return max(fitting, key=lambda rule: rule.start)


def price_limit(board: Board, day: date, *, st: bool) -> LimitRule | None:
    """Return the daily price limit in force for a board, or `None` where there is none.

    Parameters
    ----------
    board
        Board of the listing.
    day
        Session.
    st
        Whether the listing is under special treatment (ST, *ST) that session.
    """
    for rule in _limits():
        fits = rule.board is board and rule.start <= day <= rule.end
        if fits and (rule.st is None or rule.st is st):
            return rule
    return None


def free_sessions(board: Board, list_date: date) -> int:
    """Return how many first sessions of a listing have no price limit.

    One where the table is silent: older rules had a wider limit of their own on the first day.
    """
    rule = new_listing_rule(board, list_date)
    return 1 if rule is None else rule.free_sessions


def new_listing_rule(board: Board, list_date: date) -> NewListingRule | None:
    """Return the rule on the first sessions of a listing, or `None` where the table is silent."""
    fitting = [rule for rule in _new_listings() if rule.board is board and rule.start <= list_date]
    return max(fitting, key=lambda rule: rule.start, default=None)


def first_day_limit(board: Board, list_date: date) -> FirstDayRule | None:
    """Return how far the first session may go from the issue price, under the older rules.

    `None` where the first sessions are free, or nothing is recorded.
    """
    for rule in _first_days():
        if rule.board is board and rule.start <= list_date <= rule.end:
            return rule
    return None


def delisting_limit(board: Board, day: date) -> DelistingRule | None:
    """Return the limit of a board's delisting period, or `None` where nothing is recorded.

    Parameters
    ----------
    board
        Board of the listing.
    day
        Session of the delisting period.
    """
    fitting = [rule for rule in _delistings() if rule.board is board and rule.start <= day]
    return max(fitting, key=lambda rule: rule.start, default=None)


def unlimited(board: Board, day: date) -> UnlimitedRule | None:
    """Return the rule that a board has no daily limit, or `None` where it is not recorded."""
    for rule in _unlimited():
        if rule.board is board and rule.start <= day:
            return rule
    return None


def upper_limit_price(reference: float, fraction: float) -> float:
    """Return the highest price allowed: half-up to the tick of 0.01, at least a tick above.

    Parameters
    ----------
    reference
        Ex-reference price: the previous close, corrected for an ex-date, in the price's currency.
    fraction
        Limit, such as 0.10.
    """
    return max(half_up(reference * (1 + fraction)), round(reference + _TICK, 2))


def lower_limit_price(reference: float, fraction: float) -> float:
    """Return the lowest price allowed: half-up to the tick of 0.01, at least a tick below."""
    return max(min(half_up(reference * (1 - fraction)), round(reference - _TICK, 2)), _TICK)


def half_up(price: float) -> float:
    """Round a price half-up to the tick of 0.01."""
    # 10.05 * 1.1 is 11.055000000000001 or 11.054999999999998 in binary: decide at 1e-7 of a tick.
    return math.floor(price / _TICK + 0.5 + 1e-7) * _TICK


def _table(name: str) -> dict[str, list[dict[str, Any]]]:
    text = resources.files("screener.market.tables").joinpath(name).read_text(encoding="utf-8")
    return tomllib.loads(text)


@cache
def _cutoffs() -> tuple[CutoffRule, ...]:
    return tuple(
        CutoffRule(
            exchanges=frozenset(Exchange(item) for item in row["exchanges"]),
            start=row["from"],
            time=row["time"],
            source=row["source"],
            verified=row["verified"],
        )
        for row in _table("order_cutoffs.toml")["rows"]
    )


@cache
def _limits() -> tuple[LimitRule, ...]:
    return tuple(
        LimitRule(
            board=Board(row["board"]),
            st=row.get("st"),
            start=row["from"],
            end=row.get("to", date.max),
            limit=row["limit"],
            source=row["source"],
            verified=row["verified"],
        )
        for row in _table("price_limits.toml")["rows"]
    )


@cache
def _new_listings() -> tuple[NewListingRule, ...]:
    return tuple(
        NewListingRule(
            board=Board(row["board"]),
            start=row["from"],
            free_sessions=row["free_sessions"],
            source=row["source"],
            verified=row["verified"],
        )
        for row in _table("price_limits.toml")["new_listings"]
    )


@cache
def _first_days() -> tuple[FirstDayRule, ...]:
    return tuple(
        FirstDayRule(
            board=Board(row["board"]),
            start=row["from"],
            end=row["to"],
            up=row["up"],
            down=row["down"],
            source=row["source"],
            verified=row["verified"],
        )
        for row in _table("price_limits.toml")["first_day"]
    )


@cache
def _delistings() -> tuple[DelistingRule, ...]:
    return tuple(
        DelistingRule(
            board=Board(row["board"]),
            start=row["from"],
            free_sessions=row["free_sessions"],
            limit=row["limit"],
            source=row["source"],
            verified=row["verified"],
        )
        for row in _table("price_limits.toml")["delisting"]
    )


@cache
def _unlimited() -> tuple[UnlimitedRule, ...]:
    return tuple(
        UnlimitedRule(
            board=Board(row["board"]),
            start=row["from"],
            source=row["source"],
            verified=row["verified"],
        )
        for row in _table("price_limits.toml")["unlimited"]
    )
