"""Lots: how many shares an order may be for, and what to do with the rest."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date
from functools import cache

from screener.domain.listing import Listing
from screener.errors import DataError, InputError
from screener.language import say
from screener.market.dated import DatedRow, in_force, row_terms, rule_table

__all__ = ["LotRule", "LotTerms", "buyable_shares", "lot_rule", "lot_terms"]

_SLACK = 1e-9  # of a share: what a division of floats may lose, worth nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class LotTerms(DatedRow):
    """A row of the table; `least` and `step` are `None` where each listing has its own lot."""

    least: int | None
    step: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LotRule:
    """Orders of one listing: at least `least` shares, in steps of `step`."""

    least: int
    step: int
    source: str
    verified: bool


def lot_terms(listing: Listing, session: date) -> LotTerms:
    """Return the row of the table in force for a listing; raises as `in_force` does."""
    return in_force(_rows(), listing, session, what=say("the lot"))[0]


def lot_rule(listing: Listing, session: date, board_lot: int | None = None) -> LotRule:
    """Return the lot of a listing in force on a session.

    Parameters
    ----------
    listing
        A security.
    session
        Day of the order.
    board_lot
        Shares in the listing's own board lot, as the tables have it; only Hong Kong asks for it.

    Raises
    ------
    DataError
        If the listing has a board lot of its own and none is given.
    InputError
        If the board lot is no number of shares, or the listing an index.
    DateRangeError
        If the table knows nothing of that day.
    """
    terms = lot_terms(listing, session)
    if terms.least is not None and terms.step is not None:
        return LotRule(
            least=terms.least, step=terms.step, source=terms.source, verified=terms.verified
        )
    if board_lot is None:
        raise DataError(
            say(
                "no board lot of {listing} is known for {session}", listing=listing, session=session
            ),
            where=say("table board_lots"),
            fix=say(
                "fetch it with `screener data update --listing {listing}`, or import a "
                "file with column board_lot: `screener data import FILE --kind listings`",
                listing=listing,
            ),
        )
    if board_lot < 1:
        raise InputError(
            say(
                "a board lot of {listing} has at least 1 share, not {board_lot}",
                listing=listing,
                board_lot=board_lot,
            )
        )
    return LotRule(least=board_lot, step=board_lot, source=terms.source, verified=terms.verified)


def buyable_shares(affordable: float, rule: LotRule) -> int:
    """Return the most shares that one order may buy.

    Parameters
    ----------
    affordable
        Shares that the money would pay for, fees reserved, as a fraction.
    rule
        Lot of the listing.

    Returns
    -------
    int
        0 where the money does not reach the least order.

    Raises
    ------
    InputError
        If `affordable` is negative or not finite.
    """
    if not (math.isfinite(affordable) and affordable >= 0):
        raise InputError(
            say(
                "{affordable} is not a number of shares that can be paid for", affordable=affordable
            )
        )
    return _whole(math.floor(affordable + _SLACK), rule)


def _whole(shares: int, rule: LotRule) -> int:
    if shares < rule.least:
        return 0
    return rule.least + (shares - rule.least) // rule.step * rule.step


@cache
def _rows() -> tuple[LotTerms, ...]:
    table = rule_table("lots.toml")
    return tuple(
        LotTerms(**row_terms(row, table["known_to"]), least=row.get("least"), step=row.get("step"))
        for row in table["rows"]
    )
