"""What the lake holds, how fresh it is, and what baskets lack, on the terminal."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from rich.console import Group, RenderableType
from rich.text import Text

from screener.data.doctor.holdings import Holdings
from screener.data.lake.schema import TABLES
from screener.language import Language, bound, say, say_count
from screener.language.lists import listed
from screener.language.terms import named
from screener.render.data.allowances import allowance_parts
from screener.render.tables import (
    UNDEFINED,
    Column,
    banner,
    facts,
    heads,
    number,
    or_dash,
    plain_table,
)
from screener.results.data import COVERAGE
from screener.workflows.data.status import Status

__all__ = ["status_page"]

_SOURCES_SHOWN = 3
_GAPS_SHOWN = 20


def _headers() -> dict[str, str]:
    """Return the tables with heads so short that a basket is one line on 80 columns."""
    return {
        "bars": say("bars"),
        "actions": say("act."),
        "factors": say("fac."),
        "valuation": say("val."),
        "fundamentals": say("fund."),
        "names": say("names"),
        "board_lots": say("lot"),
        "fx": say("fx"),
        "benchmark": say("index"),
    }


def status_page(status: Status) -> RenderableType:
    """Return the status as a page: tables, freshness, and what baskets or listings lack."""
    parts = [
        *banner(simulated=status.simulated),
        _tables(status.holdings),
        *_sources(status.holdings),
        *_freshness(status),
        *(_cells(status) if status.by_listing else [*_baskets(status), *_gaps(status)]),
        *_fills(status),
        *allowance_parts(status.allowances),
        *(Text(f"· {remark}") for remark in status.remarks),
    ]
    return Group(*parts, Text(), *(Text(line, style="dim") for line in _footer(status)))


def _size(count: int) -> str:
    """Write a number of bytes, `53.1 MB`."""
    if count < 1e6:
        return f"{number(count / 1e3, digits=0)} kB"
    return f"{number(count / 1e6, digits=1)} MB"


def _footer(status: Status) -> Iterator[str]:
    disk, kept = status.disk, status.versions
    if kept.oldest is None:
        yield say(
            "data version {version} · {n} readable", version=status.data_version, n=kept.count
        )
    else:
        yield say(
            "data version {version} · {n} readable, the oldest is {oldest}",
            version=status.data_version,
            n=kept.count,
            oldest=kept.oldest,
        )
    yield say(
        "{size} in {n:,} data files · catalog {catalog} · runs {runs}",
        size=_size(disk.data),
        n=disk.files,
        catalog=_size(disk.catalog),
        runs=_size(disk.runs),
    )
    yield status.place


def _tables(holdings: Holdings) -> RenderableType:
    rows = []
    for table in TABLES:
        extent, listings = holdings.tables[table], holdings.n_listings(table)
        shown = UNDEFINED if listings is None else f"{listings:,}"
        days = (_day(extent.first), _day(extent.last))
        rows.append([named(table), f"{extent.rows:,}", shown, *days])
    table_, count, first, last = heads(COVERAGE, "table", "rows", "first", "last")
    listings_ = Column(header=say("listings"), numeric=True)
    return plain_table([table_, count, listings_, first, last], rows)


def _sources(holdings: Holdings) -> list[RenderableType]:
    known = [
        (named(table), _mix(holdings.sources[table])) for table in TABLES if holdings.sources[table]
    ]
    if not known:
        return []
    return [Text(), Text(say("rows by source"), style="bold"), facts(known)]


def _mix(sources: tuple[tuple[str, int], ...]) -> str:
    shown = [f"{name} {rows:,}" for name, rows in sources[:_SOURCES_SHOWN]]
    hidden = sources[_SOURCES_SHOWN:]
    if hidden:
        count = sum(rows for _, rows in hidden)
        shown.append(say("and {n} more {rows:,}", n=len(hidden), rows=count))
    return " · ".join(shown)


def _freshness(status: Status) -> list[RenderableType]:
    rows = [
        [
            named(item.market),
            named(item.table),
            _day(item.last),
            _day(item.finished),
            _behind(item.behind),
        ]
        for item in status.freshness
    ]
    headers = [say("market"), say("table"), say("last day"), say("last finished"), say("behind")]
    return [Text(), plain_table(headers, rows)] if rows else []


def _behind(sessions: int | None) -> str:
    if sessions is None:
        return say("the calendar does not reach that far")
    if not sessions:
        return say("up to date")
    return say_count("{n:,} session", "{n:,} sessions", sessions)


def _called(status: Status, basket: str) -> str:
    return status.titles.get(basket, basket) if bound() is Language.ZH else basket


def _baskets(status: Status) -> list[RenderableType]:
    headers = _headers()
    rows = [
        [_called(status, basket), *(_share(counts.get(table)) for table in headers)]
        for basket, counts in status.held().items()
    ]
    columns = [
        *heads(COVERAGE, "basket"),
        *(Column(header=item, numeric=True) for item in headers.values()),
    ]
    legend = say(
        "names that have rows / that need them · act.: actions · fac.: factors · val.: valuation · "
        "fund.: fundamentals · index: benchmark"
    )
    return [Text(), plain_table(columns, rows), Text(legend, style="dim")] if rows else []


def _share(count: tuple[int, int] | None) -> str:
    return UNDEFINED if count is None or not count[1] else f"{count[0]}/{count[1]}"


def _gaps(status: Status) -> list[RenderableType]:
    gaps = status.short_names()
    if not gaps:
        return []
    rows = [
        [
            item.listing,
            or_dash(item.name),
            item.reason,
            listed(_called(status, name) for name in item.baskets),
        ]
        for item in gaps[:_GAPS_SHOWN]
    ]
    headers = [named("listing"), named("name"), say("bars"), say("baskets")]
    parts = [Text(), plain_table(headers, rows)]
    hidden = len(gaps) - _GAPS_SHOWN
    if hidden > 0:
        parts.append(Text(say("and {n:,} more: --csv FILE lists them all", n=hidden)))
    return parts


def _fills(status: Status) -> list[RenderableType]:
    found = [] if status.simulated else status.fills()
    if not found:
        return []
    headers = _headers()
    rows = []
    for fill in found:
        command = f"`{fill.command}`"
        told = say_count(
            "{n} name: {command}", "{n} names: {command}", len(fill.listings), command=command
        )
        rows.append((headers[fill.table], told))
    return [Text(), Text(say("what fills it"), style="bold"), facts(rows)]


def _cells(status: Status) -> list[RenderableType]:
    rows = [
        [
            cell.wanted.listing.id,
            named(cell.table),
            _day(cell.extent.first if cell.extent else None),
            _day(cell.extent.last if cell.extent else None),
            f"{cell.extent.rows if cell.extent else 0:,}",
            or_dash(cell.missing),
        ]
        for cell in status.cells
    ]
    names = ("listing", "table", "first", "last", "rows", "missing")
    return [Text(), plain_table(heads(COVERAGE, *names), rows)] if rows else []


def _day(day: date | None) -> str:
    return UNDEFINED if day is None else day.isoformat()
