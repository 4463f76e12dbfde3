"""Status workflow: what the tables hold, how fresh it is, and what the baskets lack."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime

import numpy as np

from screener.data.doctor.holdings import Disk, Holdings, Versions, hold, measure, versions
from screener.data.doctor.lacks import Cell, Wanted, holding_keys, lacks
from screener.data.lake.asof import Market
from screener.data.lake.schema import TableName
from screener.data.lake.store import Store
from screener.data.panels.calendar_cache import recorded_calendar
from screener.domain.basket import Basket, Event
from screener.domain.listing import Board, Kind, Listing, parse_listing
from screener.errors import DateRangeError
from screener.language import say
from screener.market.benchmarks import default_benchmark
from screener.market.calendars import Calendar
from screener.market.session_hours import settled_session
from screener.workflows.data.allowances import Allowance, Reach, allowances
from screener.workflows.data.fetching import BENCHMARK, FETCHED, update_command
from screener.workflows.data.targets import basket_targets, in_stages, industry_groups
from screener.workflows.report.catalog import basket_events
from screener.workspace.broken import Broken
from screener.workspace.locate import Workspace

__all__ = ["Fill", "Freshness", "ShortName", "Status", "coverage_rows", "read_status"]

_DAILY = (TableName.BARS, TableName.VALUATION)


@dataclass(frozen=True, slots=True, kw_only=True)
class Freshness:
    """Last day of a table in a market, against the last finished session.

    Parameters
    ----------
    finished
        Last finished session; `None` where the calendar does not reach that far.
    behind
        Finished sessions after the last day.
    """

    market: Market
    table: TableName
    last: date
    finished: date | None
    behind: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ShortName:
    """A name without bars, or whose bars stop early, why, and its baskets."""

    listing: str
    name: str
    reason: str
    baskets: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fill:
    """Listings of which a table lacks rows, or `benchmark` bars, and the command that asks."""

    table: str
    listings: tuple[str, ...]
    command: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """What the lake of a workspace holds and lacks.

    Parameters
    ----------
    holdings
        Rows and days by table.
    freshness
        By market and daily table.
    cells
        What is held and lacking, by name and table.
    disk, versions
        Size on disk, and readable data versions.
    data_version
        Version that was read.
    simulated
        Whether the tables hold the simulated market.
    place
        Folder of the lake.
    remarks
        What could not be told.
    by_listing
        Whether listings were asked for, instead of baskets.
    allowances
        What the coverage allows for the baskets' names; nothing where listings were asked for.
    titles
        Chinese titles of the baskets that have one, by name.
    """

    holdings: Holdings
    freshness: tuple[Freshness, ...]
    cells: tuple[Cell, ...]
    disk: Disk
    versions: Versions
    data_version: int
    simulated: bool
    place: str
    remarks: tuple[str, ...]
    by_listing: bool
    allowances: tuple[Allowance, ...] = ()
    titles: Mapping[str, str] = field(default_factory=dict)

    def held(self) -> dict[str, dict[str, tuple[int, int]]]:
        """Count by basket and table the names that have rows, and those that need them."""
        counts: dict[str, dict[str, tuple[int, int]]] = {}
        for cell in self.cells:
            own = counts.setdefault(cell.wanted.basket, {})
            held, needed = own.get(cell.table, (0, 0))
            if cell.needed:
                own[cell.table] = (held + (cell.extent is not None), needed + 1)
        return counts

    def fills(self) -> list[Fill]:
        """Return for each table that lacks rows of some names what fetches them; by table."""
        lacking: dict[str, dict[str, None]] = {}
        for cell in self.cells:
            if cell.needed and cell.missing and cell.table in FETCHED:
                who = cell.wanted.benchmark if cell.table == BENCHMARK else cell.wanted.listing
                lacking.setdefault(cell.table, {})[who.id] = None
        asked = ",".join(dict.fromkeys(cell.wanted.listing.id for cell in self.cells))
        where = f" --listing {asked}" if self.by_listing else ""  # else every basket's names
        return [
            Fill(
                table=table,
                listings=tuple(sorted(lacking[table])),
                command=update_command(table) + where,
            )
            for table in FETCHED
            if table in lacking
        ]

    def short_names(self) -> list[ShortName]:
        """Return each name whose bars fall short once, with all its baskets, by listing."""
        found: dict[str, ShortName] = {}
        for cell in self.cells:
            if cell.table != TableName.BARS or not cell.missing:
                continue
            wanted = cell.wanted
            known = found.get(wanted.listing.id)
            found[wanted.listing.id] = ShortName(
                listing=wanted.listing.id,
                name=(known.name if known else "") or wanted.name,
                reason=known.reason if known else cell.missing,
                baskets=(*(known.baskets if known else ()), wanted.basket),
            )
        return sorted(found.values(), key=lambda item: item.listing)


def read_status(
    workspace: Workspace,
    *,
    now: datetime,
    version: int | None = None,
    listings: Sequence[Listing] | None = None,
) -> Status:
    """Read what the tables hold and what the baskets, or some listings, lack.

    Parameters
    ----------
    workspace
        Where the lake and the baskets are.
    now
        Aware instant, against which freshness is told.
    version
        Data version to read; the newest when `None`.
    listings
        Listings to look at instead of the baskets' names.

    Raises
    ------
    DataError
        If there is no market data yet.
    """
    names, titles, remarks = _names(workspace, listings)
    with Store.open(workspace.lake, version=version) as store:
        reach = None if listings is not None else _reach(workspace, store)
        keys = holding_keys(names) | (set() if reach is None else reach.keys())
        holdings = hold(store, keys)
        kept = versions(store)
        data_version, simulated = store.version, store.simulated()
        disk = measure(store)
    fresh = tuple(_freshness(workspace, holdings, now))
    late = [(item.last, item.behind) for item in fresh]
    return Status(
        holdings=holdings,
        freshness=fresh,
        cells=tuple(cell for name in names for cell in lacks(holdings, name)),
        disk=disk,
        versions=kept,
        data_version=data_version,
        simulated=simulated,
        place=str(workspace.lake),
        remarks=remarks,
        by_listing=listings is not None,
        allowances=() if reach is None else allowances(holdings, reach, late),
        titles=titles,
    )


def _reach(workspace: Workspace, store: Store) -> Reach:
    """Return whom the baskets need: their names, indices and the industries of their market."""
    listed, _ = in_stages([basket_targets(workspace, None)])
    indices = [item for item in listed if item.board is Board.INDEX]
    names = [item for item in listed if item.board is not Board.INDEX]
    return Reach(names=names, indices=indices, industries=industry_groups(store))


def coverage_rows(status: Status) -> list[dict[str, object]]:
    """Return one row for each name and table with the columns of `COVERAGE`."""
    return [
        {
            "basket": cell.wanted.basket,
            "listing": cell.wanted.listing.id,
            "table": str(cell.table),
            "first": cell.extent.first if cell.extent else None,
            "last": cell.extent.last if cell.extent else None,
            "rows": cell.extent.rows if cell.extent else 0,
            "missing": cell.missing,
        }
        for cell in status.cells
    ]


def _names(
    workspace: Workspace, listings: Sequence[Listing] | None
) -> tuple[list[Wanted], dict[str, str], tuple[str, ...]]:
    """Return the names to look at, what their baskets are called, and what cannot be read."""
    if listings is not None:
        return [_alone(item) for item in listings], {}, ()
    groups = basket_events(workspace)
    told = tuple(_broken(item) for item in groups.broken)
    titles = {basket.name: basket.title_zh for basket, _ in groups if basket.title_zh}
    return [name for basket, group in groups for name in _members(basket, group)], titles, told


def _broken(item: Broken) -> str:
    if item.kind == "basket":
        return say("some of the baskets cannot be read: {error}", error=item.error)
    return say("some of the reports cannot be read: {error}", error=item.error)


def _alone(listing: Listing) -> Wanted:
    index = listing.board is Board.INDEX
    return Wanted(
        basket="",
        name="",
        listing=listing,
        since=None,
        benchmark=listing if index else default_benchmark(listing),
    )


def _members(basket: Basket, events: Iterable[Event]) -> Iterator[Wanted]:
    """Return each name of a basket once, with the day on which it was first named."""
    found: dict[Listing, Wanted] = {}
    for event in events:
        chosen = event.benchmark and parse_listing(
            event.benchmark, parameter="benchmark", kind=Kind.INDEX
        )
        for member in event.members:
            new = Wanted(
                basket=basket.name,
                name=member.name,
                listing=member.listing,
                since=event.published.day,
                benchmark=chosen or default_benchmark(member.listing),
            )
            known = found.setdefault(member.listing, new)
            if new.since and known.since and new.since < known.since:
                found[member.listing] = replace(known, since=new.since)
    yield from found.values()


def _freshness(workspace: Workspace, holdings: Holdings, now: datetime) -> Iterator[Freshness]:
    for market in Market:
        for table in _DAILY:
            held = holdings.markets.get((table, str(market.exchange)))
            if held is None or held.last is None:
                continue
            calendar = recorded_calendar(workspace.data_cache, market.exchange)
            try:
                finished = settled_session(market.exchange, now, calendar)
            except DateRangeError:
                finished = None
            yield Freshness(
                market=market,
                table=table,
                last=held.last,
                finished=finished,
                behind=None if finished is None else _behind(calendar, held.last, finished),
            )


def _behind(calendar: Calendar, last: date, finished: date) -> int:
    days = np.array([last, finished], dtype="datetime64[D]")
    places = np.searchsorted(calendar.sessions, days, side="right")
    return max(0, int(places[1] - places[0]))
