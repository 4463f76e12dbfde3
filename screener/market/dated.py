"""Dated rows of `tables/*.toml`: what each bears, and the days for which a table knows its rule.

Both ends of a row's dates are included. Beyond `known_to`, the top-level key of a table, nobody
has looked up what holds, so that a question about a later day is refused.
"""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib import resources
from typing import Any, TypedDict, TypeVar, cast

from screener.domain.listing import Board, Exchange, Listing
from screener.errors import DataError, DateRangeError, InputError
from screener.language import say
from screener.market.names import board_name

__all__ = [
    "DatedRow",
    "RowTerms",
    "check_tradable",
    "in_force",
    "outside",
    "row_terms",
    "rule_table",
    "rules_digest",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class DatedRow:
    """What every row of a rule table bears.

    Parameters
    ----------
    boards
        Boards in its scope.
    exchanges
        Exchanges in its scope; all when empty.
    start, end
        First and last day on which it holds.
    open
        Whether no end is recorded: `end` is then the last day that its table knows.
    source
        The rule's name, and its article or circular.
    verified
        Whether the official text, or several independent texts, say so.
    """

    boards: frozenset[Board]
    exchanges: frozenset[Exchange]
    start: date
    end: date
    open: bool
    source: str
    verified: bool

    def concerns(self, listing: Listing) -> bool:
        """Tell whether a listing is in the row's scope, whatever the day."""
        return self.covers(listing.board, listing.exchange)

    def covers(self, board: Board, exchange: Exchange) -> bool:
        """Tell whether listings of a board and exchange are in the row's scope."""
        return board in self.boards and (not self.exchanges or exchange in self.exchanges)

    def holds(self, day: date) -> bool:
        """Tell whether the row is in force on a day."""
        return self.start <= day <= self.end


class RowTerms(TypedDict):
    """Arguments of `DatedRow`, as `row_terms` reads them."""

    boards: frozenset[Board]
    exchanges: frozenset[Exchange]
    start: date
    end: date
    open: bool
    source: str
    verified: bool


RowT = TypeVar("RowT", bound=DatedRow)

_KNOWN = 65_536
_IN_FORCE: dict[
    tuple[int, Board, Exchange, date], tuple[Sequence[DatedRow], tuple[DatedRow, ...]]
] = {}
"""Rows in force by their table, told by identity: every listing of a board asks for the same."""


@cache
def rule_table(name: str) -> dict[str, Any]:
    """Return a rule table of the package as TOML reads it.

    Parameters
    ----------
    name
        File name, such as `lots.toml`.
    """
    text = resources.files("screener.market.tables").joinpath(name).read_text(encoding="utf-8")
    return tomllib.loads(text)


def row_terms(row: dict[str, Any], known_to: date) -> RowTerms:
    """Read the keys that every row has; a row without `to` holds as far as its table knows."""
    return RowTerms(
        boards=frozenset(Board(item) for item in row["boards"]),
        exchanges=frozenset(Exchange(item) for item in row.get("exchanges", ())),
        start=row["from"],
        end=row.get("to", known_to),
        open="to" not in row,
        source=row["source"],
        verified=row["verified"],
    )


def in_force(rows: Sequence[RowT], listing: Listing, day: date, *, what: str) -> tuple[RowT, ...]:
    """Return the rows that hold for a listing on a day, at least one, in the table's order.

    Parameters
    ----------
    rows
        Rows of one table.
    listing
        A security.
    day
        Session, or any day.
    what
        What the rows tell, for the error message: `the lot`.

    Raises
    ------
    InputError
        If the listing is an index.
    DataError
        If the table has nothing on its board.
    DateRangeError
        If the table has nothing on that day.
    """
    check_tradable(listing)
    board, exchange = listing.board, listing.exchange
    key = id(rows), board, exchange, day
    known = _IN_FORCE.get(key)
    if known is not None and known[0] is rows:
        return cast("tuple[RowT, ...]", known[1])
    concerned = [row for row in rows if row.covers(board, exchange)]
    if not concerned:
        raise DataError(
            say(
                "{what} of {listing} is not recorded: the rule tables hold nothing on board "
                "{board}",
                what=what,
                listing=listing,
                board=board_name(listing.board),
            ),
            fix=say(
                "measure it on paper with --paper, or use a listing of the same company "
                "on another board"
            ),
        )
    found = tuple(row for row in concerned if row.holds(day))
    if not found:
        first, last = min(row.start for row in concerned), max(row.end for row in concerned)
        raise outside(listing, day, first=first, last=last, what=what)
    if len(_IN_FORCE) >= _KNOWN:
        _IN_FORCE.clear()
    _IN_FORCE[key] = rows, found
    return found


def outside(listing: Listing, day: date, *, first: date, last: date, what: str) -> DateRangeError:
    """Return the error that a day is not among those that a table knows."""
    return DateRangeError(
        say(
            "{what} of {listing} is recorded from {first} to {last}, not for {day}",
            what=what,
            listing=listing,
            first=first,
            last=last,
            day=day,
        ),
        fix=say("choose a day from {first} on", first=first)
        if day <= last
        else say("upgrade screener: its rule tables end on {last}", last=last),
    )


def check_tradable(listing: Listing) -> None:
    """Refuse an index, which nobody can buy.

    Raises
    ------
    InputError
        If the listing is an index.
    """
    if listing.board is Board.INDEX:
        raise InputError(
            say("{listing} is an index: no trading rules apply to it", listing=listing),
            fix=say("name a share or a fund"),
        )


@cache
def rules_digest() -> str:
    """Return the hash of every rule table, by which a stored run names the rules that it used."""
    digest = hashlib.sha256()
    folder = resources.files("screener.market")
    files = [item for item in folder.joinpath("tables").iterdir() if item.name.endswith(".toml")]
    files.append(folder.joinpath("calendar_corrections.toml"))
    for item in sorted(files, key=lambda item: item.name):
        digest.update(f"{item.name} {hashlib.sha256(item.read_bytes()).hexdigest()}\n".encode())
    return digest.hexdigest()[:12]
