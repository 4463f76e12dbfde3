"""Parts of a page of one account: its curve, its measures, and what they rest on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from screener.domain.arrays import FloatVector
from screener.language import say
from screener.render.pages.cells import shown
from screener.render.pages.charts.lines import Line, line_chart
from screener.render.pages.document import section
from screener.render.pages.event_charts import column_of
from screener.render.pages.markup import Child, Node, node
from screener.render.pages.tables import copied_rows, facts
from screener.render.pages.words import told
from screener.results.tables import Row, TableSpec

__all__ = ["measures_part", "sources_part", "value_part"]

_TOLD = frozenset({"every"})
"""Measures that are words."""


def value_part(
    equity: FloatVector, capital: float, curve: Sequence[Row], more: Iterable[Line] = ()
) -> Node:
    """Return the account at each close, beside its index where it has one, and further lines."""
    each = [float(value) / capital for value in equity]
    lines = [Line(column="equity", label=say("account"), look="traded", values=[1.0, *each])]
    if curve[-1]["benchmark_value"] is not None:
        lines.append(
            Line(
                column="benchmark_value",
                label=say("index"),
                look="index",
                values=[1.0, *column_of(curve, "benchmark_value")],
            )
        )
    days = [str(row["session"]) for row in curve]
    caption = say(
        "Value of the account against the start, {first} to {last}", first=days[0], last=days[-1]
    )
    chart = line_chart(
        [*lines, *more], [say("start"), *days], caption=caption, told=caption, height=260
    )
    return section(say("The account at each close"), chart, name="value")


def measures_part(spec: TableSpec, row: Row) -> Node:
    """Return the measures with their labels, those of too few sessions left out."""
    return section(
        say("Measures"),
        facts(_measures(spec, row)),
        copied_rows(spec.names, [row], say("Copy")),
        name="measures",
    )


def _measures(spec: TableSpec, row: Row) -> Iterator[tuple[str, str]]:
    for column in spec.columns:
        if row[column.name] not in (None, "") and column.name not in ("data_version", "run_id"):
            text = shown(column, row[column.name])
            yield column.label(), told(text) if column.name in _TOLD else text


def sources_part(
    data_version: int, run_id: str, remarks: Sequence[str], *more: Child | None
) -> Node:
    """Return what a run rests on, its remarks, and further parts."""
    return section(
        say("Sources and versions"),
        node("p", say("data version {version}, run {id}", version=data_version, id=run_id)),
        node("ul", (node("li", told(line)) for line in remarks)),
        *more,
        name="sources",
    )
