"""Where a number came from, on the terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich.console import Group, RenderableType
from rich.text import Text

from screener.render.tables import UNDEFINED, Column, facts, plain_table, points

__all__ = ["ExplainedName", "ExplainedOrder", "ExplainedPage", "explained_view"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplainedName:
    """One name: its prices as text, its return and what it adds, as fractions."""

    name: str
    weight: float
    bought: str
    valued: str
    total_return: float | None
    adds: float | None
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplainedOrder:
    """One order as text."""

    name: str
    order: str
    money: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplainedPage:
    """The whole page: a title, facts, the names and their sum, orders, origins and remarks."""

    title: str
    facts: tuple[tuple[str, str], ...]
    names: tuple[ExplainedName, ...]
    total: float | None
    sums: bool
    orders: tuple[ExplainedOrder, ...]
    origins: tuple[str, ...]
    remarks: tuple[str, ...]


def explained_view(page: ExplainedPage, *, banner: str) -> RenderableType:
    """Return the page; `banner` stands above it."""
    parts: list[RenderableType] = [Text(banner, style="bold reverse"), Text()] if banner else []
    parts += [Text(page.title, style="bold"), facts(page.facts), Text()]
    parts += _names(page)
    parts += _orders(page.orders)
    parts += [Text(line) for line in page.origins]
    parts += [Text(f"  {line}") for line in page.remarks]
    return Group(*parts)


def _names(page: ExplainedPage) -> Iterator[RenderableType]:
    columns: list[Column | str] = [
        "name",
        Column(header="weight", numeric=True),
        "bought",
        "valued",
        Column(header="return", numeric=True),
        Column(header="adds", numeric=True),
    ]
    rows = [
        [
            item.name,
            points(item.weight),
            item.bought or UNDEFINED,
            item.valued or UNDEFINED,
            points(item.total_return, signed=True),
            points(item.adds, signed=True),
        ]
        for item in page.names
    ]
    if page.sums:
        rows.append(["sum", "", "", "", "", points(page.total, signed=True)])
    alone = "" if page.sums else ", as if none had been sold or bought since"
    yield plain_table(columns, rows, title=f"the paper return, name by name, in %{alone}")
    for item in page.names:
        if item.why:
            yield Text(f"  {item.name}: {item.why}")
    yield Text()


def _orders(orders: Sequence[ExplainedOrder]) -> list[RenderableType]:
    if not orders:
        return []
    rows = [[item.name, item.order, item.money, item.why or UNDEFINED] for item in orders]
    columns: list[Column | str] = [
        "name",
        "order",
        Column(header="money and fees, CNY", numeric=True),
        "why",
    ]
    return [plain_table(columns, rows, title="with money, order by order"), Text()]
