"""Event studies on the terminal: what was counted, the parts of the window, tests, events."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from rich.console import Group, RenderableType
from rich.text import Text

from screener.render.backtest import sparkline
from screener.render.tables import UNDEFINED, Column, facts, number, or_dash, plain_table, points

__all__ = ["GroupBlock", "PartLine", "StudyPage", "UnitLine", "study_view"]

_EVENTS_SHOWN = 40
_PATH = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class PartLine:
    """One part of the window: returns as fractions, and each test's value and p.

    `tests` are pairs of value and p in the order of the page's `statistics`; `adjusted` are the
    p of the test that answers for dependence after Holm and after Benjamini and Hochberg.
    """

    part: str
    sessions: str
    n: int
    n_dates: int
    mean: float | None
    low: float | None
    high: float | None
    bhar: float | None
    positive: int
    correlation: float | None
    tests: tuple[tuple[float | None, float | None], ...]
    adjusted: tuple[float | None, float | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupBlock:
    """Units studied together: counts, parts, the mean path, the reversal, what to know."""

    title: str
    counts: str
    lines: tuple[PartLine, ...]
    path: tuple[float, ...]
    path_from: int
    reversal: str
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitLine:
    """One event: what became of it, and its abnormal returns by part."""

    basket: str
    report: str
    listing: str
    entry: date
    status: str
    kept: str
    returns: tuple[float | None, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyPage:
    """A whole study.

    Parameters
    ----------
    banner, header, footer
        Lines above and below.
    statistics
        Short names of the tests, in the order of each line's `tests`.
    groups
        Units studied together.
    parts, units
        Short names of the parts, and a line for each unit.
    notes
        Names left out and why.
    conventions
        How each test is computed.
    """

    banner: str
    header: tuple[str, ...]
    statistics: tuple[str, ...]
    groups: tuple[GroupBlock, ...]
    parts: tuple[str, ...]
    units: tuple[UnitLine, ...]
    notes: tuple[str, ...]
    conventions: tuple[tuple[str, str], ...]
    footer: str


def study_view(page: StudyPage) -> RenderableType:
    """Return a study as one page."""
    parts: list[RenderableType] = []
    if page.banner:
        parts += [Text(page.banner, style="bold reverse"), Text()]
    parts += [Text(line) for line in page.header]
    parts.append(Text())
    for group in page.groups:
        parts += [*_group(group, page.statistics), Text()]
    parts += [*_units(page), *(Text(f"  {note}") for note in page.notes), Text()]
    parts.append(Text("how each test is computed", style="bold"))
    parts.append(facts(page.conventions))
    parts += [Text(), Text(page.footer, style="dim")]
    return Group(*parts)


def _group(group: GroupBlock, statistics: Sequence[str]) -> Iterator[RenderableType]:
    yield Text(f"{group.title}: {group.counts}", style="bold")
    yield _means(group.lines)
    yield _tests(group.lines, statistics)
    if len(group.path) > 1:
        first, last = group.path_from, group.path_from + len(group.path) - 1
        end = points(group.path[-1], signed=True)
        yield Text(f"  CAAR {first}..{last} {sparkline(group.path, width=_PATH)} {end} %")
    if group.reversal:
        yield Text(f"  {group.reversal}")
    for note in group.notes:
        yield Text(f"  {note}")


def _means(lines: Sequence[PartLine]) -> RenderableType:
    columns = [
        Column(header="part"),
        Column(header="sessions"),
        Column(header="n", numeric=True),
        Column(header="dates", numeric=True),
        Column(header="CAAR", numeric=True),
        Column(header="from", numeric=True),
        Column(header="to", numeric=True),
        Column(header="BHAR", numeric=True),
        Column(header="up", numeric=True),
        Column(header="r", numeric=True),
    ]
    return plain_table(
        columns,
        [
            [
                line.part,
                line.sessions,
                str(line.n),
                str(line.n_dates),
                points(line.mean, signed=True),
                points(line.low, signed=True),
                points(line.high, signed=True),
                points(line.bhar, signed=True),
                f"{line.positive}/{line.n}",
                number(line.correlation),
            ]
            for line in lines
        ],
    )


def _tests(lines: Sequence[PartLine], statistics: Sequence[str]) -> RenderableType:
    """Show what each test says: its value, and its p beneath it."""
    columns = [Column(header="test"), *(Column(header=line.part, numeric=True) for line in lines)]
    rows = []
    for at, name in enumerate(statistics):
        told = [line.tests[at] for line in lines]
        rows.append([name, *(_value_and_chance(value, p) for value, p in told)])
    for at, name in enumerate(("KP p, Holm", "KP p, B-H")):
        rows.append([name, *(_chance(line.adjusted[at]) for line in lines)])
    return plain_table(columns, rows)


def _value_and_chance(value: float | None, p: float | None) -> str:
    if p is None:
        return UNDEFINED
    return f"{number(value)} {_chance(p)}" if value is not None else _chance(p)


def _chance(p: float | None) -> str:
    if p is None:
        return UNDEFINED
    return "<.001" if p < 0.001 else f"{p:.3f}".removeprefix("0")


def _units(page: StudyPage) -> Iterator[RenderableType]:
    alone = any(line.listing for line in page.units)
    columns = [
        Column(header="basket"),
        Column(header="by"),
        *([Column(header="listing")] if alone else []),
        Column(header="entry"),
        Column(header="status" if alone else "kept"),
        *(Column(header=name, numeric=True) for name in page.parts),
    ]
    shown = page.units[:_EVENTS_SHOWN]
    yield plain_table(columns, [_unit(line, alone=alone) for line in shown], title="events, CAR")
    if len(page.units) > len(shown):
        yield Text(f"  and {len(page.units) - len(shown)} more: --events FILE writes them all")


def _unit(line: UnitLine, *, alone: bool) -> list[str]:
    return [
        line.basket,
        or_dash(line.report),
        *([line.listing] if alone else []),
        line.entry.isoformat(),
        line.status if alone else _kept(line),
        *(points(value, signed=True) for value in line.returns),
    ]


def _kept(line: UnitLine) -> str:
    return line.kept if line.status == "finished" else f"{line.kept} {line.status}"
