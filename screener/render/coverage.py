"""What the lake holds, how fresh it is, and what baskets lack, on the terminal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from rich.console import Group, RenderableType
from rich.text import Text

from screener.data.doctor.holdings import Holdings
from screener.data.doctor.lacks import Cell
from screener.data.lake.schema import SIMULATED, TABLES, TableName
from screener.render.tables import UNDEFINED, Column, facts, number, or_dash, plain_table
from screener.workflows.data.status import Status

__all__ = [
    "BasketLine",
    "CellLine",
    "CoverageLine",
    "FreshnessLine",
    "GapLine",
    "size_text",
    "status_page",
    "status_view",
    "table_line",
]

_SOURCES_SHOWN = 3
_GAPS_SHOWN = 20
_HEADERS = {
    "bars": "bars",
    "actions": "act.",
    "factors": "fac.",
    "valuation": "val.",
    "fundamentals": "fund.",
    "names": "names",
    "board_lots": "lots",
    "fx": "fx",
    "benchmark": "index",
}  # short, so that a basket is one line on a terminal of 80 columns
_LEGEND = (
    "names that have rows / that need them · act.: actions · fac.: factors · val.: valuation · "
    "fund.: fundamentals · index: benchmark"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CoverageLine:
    """What a table holds; `sources` with their rows, largest first."""

    table: str
    rows: int
    listings: int | None
    first: date | None
    last: date | None
    sources: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FreshnessLine:
    """Last day of a table in a market, and how many finished sessions have come since."""

    market: str
    table: str
    last: date
    finished: date | None
    behind: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class BasketLine:
    """How many names of a basket have rows, of those that need them, by table."""

    basket: str
    counts: Mapping[str, tuple[int, int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class GapLine:
    """A name without bars, or whose bars stop early, and its baskets."""

    listing: str
    name: str
    reason: str
    baskets: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CellLine:
    """What one table holds about one listing."""

    listing: str
    table: str
    first: date | None
    last: date | None
    rows: int
    missing: str


def status_view(
    lines: Sequence[CoverageLine],
    freshness: Sequence[FreshnessLine],
    baskets: Sequence[BasketLine],
    gaps: Sequence[GapLine],
    cells: Sequence[CellLine],
    *,
    remarks: Sequence[str],
    banner: str,
    footer: Iterable[str],
) -> RenderableType:
    """Return the whole page.

    Parameters
    ----------
    lines
        Tables.
    freshness
        Last days against finished sessions.
    baskets, gaps
        What baskets lack, and the names whose bars are missing or stop early.
    cells
        Listings asked for one by one, instead of baskets.
    remarks
        What could not be told.
    banner
        What stands above all, or empty.
    footer
        Lines below all.
    """
    parts: list[RenderableType] = [Text(banner, style="bold reverse"), Text()] if banner else []
    parts.append(_tables(lines))
    parts.extend(_sources(lines))
    if freshness:
        parts.extend([Text(), _freshness(freshness)])
    if baskets:
        parts.extend([Text(), _baskets(baskets), Text(_LEGEND, style="dim")])
    if gaps:
        parts.extend([Text(), *_gaps(gaps)])
    if cells:
        parts.extend([Text(), _cells(cells)])
    parts.extend(Text(f"· {remark}") for remark in remarks)
    return Group(*parts, Text(), *(Text(line, style="dim") for line in footer))


def size_text(count: int) -> str:
    """Write a number of bytes, `53.1 MB`."""
    if count < 1e6:
        return f"{number(count / 1e3, digits=0)} kB"
    return f"{number(count / 1e6, digits=1)} MB"


def _tables(lines: Sequence[CoverageLine]) -> RenderableType:
    columns: list[Column | str] = [
        "table",
        Column(header="rows", numeric=True),
        Column(header="listings", numeric=True),
        "first",
        "last",
    ]
    rows = [
        [
            line.table,
            f"{line.rows:,}",
            UNDEFINED if line.listings is None else f"{line.listings:,}",
            _day(line.first),
            _day(line.last),
        ]
        for line in lines
    ]
    return plain_table(columns, rows)


def _sources(lines: Sequence[CoverageLine]) -> list[RenderableType]:
    known = [(line.table, _mix(line.sources)) for line in lines if line.sources]
    if not known:
        return []
    return [Text(), Text("rows by source", style="bold"), facts(known)]


def _mix(sources: tuple[tuple[str, int], ...]) -> str:
    shown = [f"{name} {rows:,}" for name, rows in sources[:_SOURCES_SHOWN]]
    hidden = sources[_SOURCES_SHOWN:]
    if hidden:
        shown.append(f"and {len(hidden)} more {sum(rows for _, rows in hidden):,}")
    return " · ".join(shown)


def _freshness(lines: Sequence[FreshnessLine]) -> RenderableType:
    columns: list[Column | str] = ["market", "table", "last day", "last finished", "behind"]
    rows = [
        [line.market, line.table, _day(line.last), _day(line.finished), _behind(line.behind)]
        for line in lines
    ]
    return plain_table(columns, rows)


def _behind(sessions: int | None) -> str:
    if sessions is None:
        return "the calendar does not reach that far"
    if not sessions:
        return "up to date"
    return f"{sessions:,} session{'s' if sessions > 1 else ''}"


def _baskets(lines: Sequence[BasketLine]) -> RenderableType:
    columns: list[Column | str] = [
        "basket",
        *(Column(header=header, numeric=True) for header in _HEADERS.values()),
    ]
    rows = [
        [line.basket, *(_share(line.counts.get(table)) for table in _HEADERS)] for line in lines
    ]
    return plain_table(columns, rows)


def _share(count: tuple[int, int] | None) -> str:
    return UNDEFINED if count is None or not count[1] else f"{count[0]}/{count[1]}"


def _gaps(lines: Sequence[GapLine]) -> list[RenderableType]:
    rows = [
        [line.listing, or_dash(line.name), line.reason, ", ".join(line.baskets)]
        for line in lines[:_GAPS_SHOWN]
    ]
    parts: list[RenderableType] = [plain_table(["listing", "name", "bars", "baskets"], rows)]
    hidden = len(lines) - _GAPS_SHOWN
    if hidden > 0:
        parts.append(Text(f"and {hidden:,} more: --csv FILE lists them all"))
    return parts


def _cells(lines: Sequence[CellLine]) -> RenderableType:
    columns: list[Column | str] = [
        "listing",
        "table",
        "first",
        "last",
        Column(header="rows", numeric=True),
        "missing",
    ]
    rows = [
        [
            line.listing,
            line.table,
            _day(line.first),
            _day(line.last),
            f"{line.rows:,}",
            or_dash(line.missing),
        ]
        for line in lines
    ]
    return plain_table(columns, rows)


def _day(day: date | None) -> str:
    return UNDEFINED if day is None else day.isoformat()


def status_page(status: Status) -> RenderableType:
    """Return the status as a page."""
    disk, kept = status.disk, status.versions
    oldest = "" if kept.oldest is None else f", the oldest is {kept.oldest}"
    alone = status.by_listing
    return status_view(
        [table_line(status.holdings, table) for table in TABLES],
        [
            FreshnessLine(
                market=item.market,
                table=item.table,
                last=item.last,
                finished=item.finished,
                behind=item.behind,
            )
            for item in status.freshness
        ],
        [] if alone else _basket_lines(status.cells),
        [] if alone else _gap_lines(status.cells),
        [_cell_line(cell) for cell in status.cells] if alone else [],
        remarks=status.remarks,
        banner=f" {SIMULATED}: invented prices " if status.simulated else "",
        footer=(
            f"data version {status.data_version} · {kept.count} readable{oldest}",
            f"{size_text(disk.data)} in {disk.files:,} data files · "
            f"catalog {size_text(disk.catalog)} · runs {size_text(disk.runs)}",
            status.place,
        ),
    )


def table_line(holdings: Holdings, table: TableName) -> CoverageLine:
    """Return what a table holds as a line for the terminal."""
    extent = holdings.tables[table]
    by_listing = "listing" in TABLES[table].column_names
    return CoverageLine(
        table=table,
        rows=extent.rows,
        listings=extent.keys if by_listing else None,
        first=extent.first,
        last=extent.last,
        sources=holdings.sources[table],
    )


def _basket_lines(cells: Sequence[Cell]) -> list[BasketLine]:
    counts: dict[str, dict[str, tuple[int, int]]] = {}
    for cell in cells:
        own = counts.setdefault(cell.wanted.basket, {})
        held, needed = own.get(cell.table, (0, 0))
        if cell.needed:
            own[cell.table] = (held + (cell.extent is not None), needed + 1)
    return [BasketLine(basket=basket, counts=own) for basket, own in counts.items()]


def _gap_lines(cells: Sequence[Cell]) -> list[GapLine]:
    """Return each name whose bars fall short once, with all its baskets."""
    found: dict[str, GapLine] = {}
    for cell in cells:
        if cell.table != TableName.BARS or not cell.missing:
            continue
        wanted = cell.wanted
        line = found.get(wanted.listing.id)
        found[wanted.listing.id] = GapLine(
            listing=wanted.listing.id,
            name=(line.name if line else "") or wanted.name,
            reason=line.reason if line else cell.missing,
            baskets=(*(line.baskets if line else ()), wanted.basket),
        )
    return sorted(found.values(), key=lambda line: line.listing)


def _cell_line(cell: Cell) -> CellLine:
    extent = cell.extent
    return CellLine(
        listing=cell.wanted.listing.id,
        table=cell.table,
        first=extent.first if extent else None,
        last=extent.last if extent else None,
        rows=extent.rows if extent else 0,
        missing=cell.missing,
    )
