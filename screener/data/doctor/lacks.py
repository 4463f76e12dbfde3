"""What the tables lack for a name: each table that a result needs, and why it falls short."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from screener.data.doctor.holdings import Extent, Holdings
from screener.data.lake.asof import REACH, market_of
from screener.data.lake.schema import Basis, TableName
from screener.data.panels.fixings import MAX_AGE, fixing_days
from screener.domain.listing import Board, Currency, Exchange, Listing
from screener.language import say
from screener.language.lists import clauses

__all__ = ["Cell", "Wanted", "holding_keys", "lacks"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A name to look at.

    Parameters
    ----------
    basket, name
        Where it stands and what it is called there; empty for one asked for by itself.
    listing
        The security.
    since
        Day on which the basket first named it, if any.
    benchmark
        What it is measured against.
    """

    basket: str
    name: str
    listing: Listing
    since: date | None
    benchmark: Listing


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """What a table holds about a name.

    Parameters
    ----------
    wanted
        The name.
    table
        Table, or `benchmark` for the bars of the name's benchmark.
    extent
        Rows and days; `None` without a row.
    missing
        What is missing and why, or why nothing is needed; empty where nothing is missing.
    needed
        Whether rows are needed: adjusted prices need no actions.
    """

    wanted: Wanted
    table: str
    extent: Extent | None
    missing: str
    needed: bool = True


def holding_keys(names: Iterable[Wanted]) -> set[str]:
    """Return the keys that `holdings.hold` must count for these names."""
    found: set[str] = set()
    for item in names:
        found.update((item.listing.id, item.benchmark.id, _asked_actions(item.listing)))
        found.add(_pair(item.listing))
    return found


def lacks(holdings: Holdings, wanted: Wanted) -> tuple[Cell, ...]:
    """Return what each table holds and lacks for a name; of an index only its bars."""
    listing = wanted.listing
    if listing.board is Board.INDEX:
        return (_bars(holdings, wanted),)
    looks = [_bars, _actions, _factors, _valuation, _fundamentals, _names]
    if listing.exchange is Exchange.HK:
        looks.append(_lots)
    if listing.currency is not Currency.CNY:
        looks.append(_fixings)
    return tuple(look(holdings, wanted) for look in (*looks, _benchmark))


def _own(holdings: Holdings, table: TableName, wanted: Wanted) -> Extent | None:
    return holdings.listings.get((table, wanted.listing.id))


def _bars(holdings: Holdings, wanted: Wanted) -> Cell:
    found = _own(holdings, TableName.BARS, wanted)
    return Cell(
        wanted=wanted,
        table=TableName.BARS,
        extent=found,
        missing=say("no rows") if found is None else _short(holdings, wanted, found),
    )


def _short(holdings: Holdings, wanted: Wanted, bars: Extent) -> str:
    """Say that bars begin after the name was first named, or end before those of its market."""
    said = []
    if bars.first and wanted.since and bars.first > wanted.since:
        said.append(say("first bar {first}, named {since}", first=bars.first, since=wanted.since))
    last_session = _last_session(holdings, TableName.BARS, wanted.listing)
    if last_session and bars.last and bars.last < last_session:
        said.append(say("last bar {last}, market {market}", last=bars.last, market=last_session))
    return clauses(said)


def _actions(holdings: Holdings, wanted: Wanted) -> Cell:
    found = _own(holdings, TableName.ACTIONS, wanted)
    asked = (TableName.FETCHES, _asked_actions(wanted.listing)) in holdings.listings
    if not found and (given := _own(holdings, TableName.EX_FACTORS, wanted)):
        return _plain(wanted, TableName.EX_FACTORS, given)
    if found or not (_adjusted(holdings, wanted) or asked):
        return _plain(wanted, TableName.ACTIONS, found)
    why = (
        say("not needed: prices are adjusted")
        if _adjusted(holdings, wanted)
        else say("asked: none")
    )
    return Cell(wanted=wanted, table=TableName.ACTIONS, extent=None, missing=why, needed=False)


def _factors(holdings: Holdings, wanted: Wanted) -> Cell:
    found = _own(holdings, TableName.FACTORS, wanted)
    if found:
        return _plain(wanted, TableName.FACTORS, found)
    adjusted = _adjusted(holdings, wanted)
    kinds = (TableName.ACTIONS, TableName.EX_FACTORS)
    acts = any(_own(holdings, kind, wanted) is not None for kind in kinds)
    if acts and not adjusted:
        missing, needed = say("its actions wait for raw bars on both sides"), True
    else:
        why = say("not needed: prices are adjusted") if adjusted else say("not needed: no action")
        missing, needed = why, False
    return Cell(wanted=wanted, table=TableName.FACTORS, extent=None, missing=missing, needed=needed)


def _valuation(holdings: Holdings, wanted: Wanted) -> Cell:
    found = _own(holdings, TableName.VALUATION, wanted)
    last_session = _last_session(holdings, TableName.VALUATION, wanted.listing)
    return Cell(
        wanted=wanted,
        table=TableName.VALUATION,
        extent=found,
        missing=say("no rows") if found is None else _late(found, last_session, REACH),
    )


def _fundamentals(holdings: Holdings, wanted: Wanted) -> Cell:
    return _plain(wanted, TableName.FUNDAMENTALS, _own(holdings, TableName.FUNDAMENTALS, wanted))


def _names(holdings: Holdings, wanted: Wanted) -> Cell:
    return _plain(wanted, TableName.NAMES, _own(holdings, TableName.NAMES, wanted))


def _lots(holdings: Holdings, wanted: Wanted) -> Cell:
    return _plain(wanted, TableName.BOARD_LOTS, _own(holdings, TableName.BOARD_LOTS, wanted))


def _fixings(holdings: Holdings, wanted: Wanted) -> Cell:
    found = holdings.listings.get((TableName.FX, _pair(wanted.listing)))
    bars = _own(holdings, TableName.BARS, wanted)
    missing = say("no rows") if found is None else _late(found, _fixed(bars), MAX_AGE)
    return Cell(wanted=wanted, table=TableName.FX, extent=found, missing=missing)


def _fixed(bars: Extent | None) -> date | None:
    """Return the last day on which bars needed a fixing."""
    if bars is None or bars.last is None:
        return None
    due: date = fixing_days(np.array([bars.last], dtype="datetime64[D]"))[0].item()
    return due


def _benchmark(holdings: Holdings, wanted: Wanted) -> Cell:
    index = holdings.listings.get((TableName.BARS, wanted.benchmark.id))
    bars = _own(holdings, TableName.BARS, wanted)
    late = "" if index is None else _late(index, bars.last if bars else None, timedelta(0))
    missing = say("no rows of {index}", index=wanted.benchmark) if index is None else late
    return Cell(wanted=wanted, table="benchmark", extent=index, missing=missing)


def _plain(wanted: Wanted, table: TableName, found: Extent | None) -> Cell:
    return Cell(wanted=wanted, table=table, extent=found, missing="" if found else say("no rows"))


def _late(found: Extent, needed: date | None, age: timedelta) -> str:
    if needed is None or found.last is None or needed - found.last <= age:
        return ""
    return say("ends {last}, needed to {needed}", last=found.last, needed=needed)


def _adjusted(holdings: Holdings, wanted: Wanted) -> bool:
    bars = _own(holdings, TableName.BARS, wanted)
    return bars is not None and bars.basis is Basis.ADJUSTED


def _last_session(holdings: Holdings, table: TableName, listing: Listing) -> date | None:
    found = holdings.markets.get((table, str(market_of(listing.id).exchange)))
    return found.last if found else None


def _asked_actions(listing: Listing) -> str:
    return f"actions {listing.id}"


def _pair(listing: Listing) -> str:
    return f"{listing.currency}{Currency.CNY}"
