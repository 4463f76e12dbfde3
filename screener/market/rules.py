"""Dated market rules read from `tables/*.toml`: order cut-offs and daily price limits."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import date, time
from functools import cache
from importlib import resources
from typing import Any

from screener.domain.listing import Board, Exchange, Listing
from screener.errors import DateRangeError
from screener.language import say

__all__ = [
    "CutoffRule",
    "DelistingRule",
    "FirstDayRule",
    "LimitRule",
    "NewListingRule",
    "RoundingRule",
    "UnlimitedRule",
    "delisting_limit",
    "first_day_limit",
    "free_sessions",
    "new_listing_rule",
    "order_cutoff",
    "price_limit",
    "rounding_rule",
    "unlimited",
]


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
    """Daily price limit of a board as a fraction.

    Parameters
    ----------
    board
        Its board.
    codes
        Beginnings of the codes that it is for; all of the board when empty.
    st
        Whether it is for special treatment; `None` where that makes no difference.
    unreformed
        Whether it is for S shares, those without a share reform, alone.
    limit
        Greatest move from the reference price.
    """

    board: Board
    codes: tuple[str, ...]
    st: bool | None
    unreformed: bool
    start: date
    end: date
    limit: float
    source: str
    verified: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundingRule:
    """Whether a board's limit prices are cut to the tick, or else rounded half up."""

    board: Board
    start: date
    inward: bool
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
        raise DateRangeError(
            say("no order cut-off of {exchange} is recorded for {day}", exchange=exchange, day=day)
        )
    return max(fitting, key=lambda rule: rule.start)


def price_limit(
    listing: Listing, day: date, *, st: bool, unreformed: bool = False
) -> LimitRule | None:
    """Return the daily price limit in force for a listing, or `None` where there is none.

    Parameters
    ----------
    listing
        A security.
    day
        Session.
    st
        Whether it is under special treatment (ST, *ST) that session.
    unreformed
        Whether it is an S share that session.
    """
    for rule in _limits():
        fits = rule.board is listing.board and rule.start <= day <= rule.end
        mine = not rule.codes or listing.code.startswith(rule.codes)
        if fits and mine and (unreformed or not rule.unreformed) and rule.st in (None, st):
            return rule
    return None


def rounding_rule(board: Board, day: date) -> RoundingRule | None:
    """Return how a board's limit prices come to the tick, or `None` where it has none."""
    fitting = [rule for rule in _roundings() if rule.board is board and rule.start <= day]
    return max(fitting, key=lambda rule: rule.start, default=None)


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
            codes=tuple(row.get("codes", ())),
            st=row.get("st"),
            unreformed=row.get("unreformed", False),
            start=row["from"],
            end=row.get("to", date.max),
            limit=row["limit"],
            source=row["source"],
            verified=row["verified"],
        )
        for row in _table("price_limits.toml")["rows"]
    )


@cache
def _roundings() -> tuple[RoundingRule, ...]:
    return tuple(
        RoundingRule(
            board=Board(board),
            start=row["from"],
            inward=row["inward"],
            source=row["source"],
            verified=row["verified"],
        )
        for row in _table("price_limits.toml")["rounding"]
        for board in row["boards"]
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
