"""The page of what happened since the last look: a table for each kind of news."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from screener.files.clean import clean_line
from screener.language import again, say
from screener.render.pages.document import Page, document, section
from screener.render.pages.markup import Child, Node, node
from screener.render.pages.tables import Extra, result_table
from screener.render.pages.words import told
from screener.render.today import news, today_cell, today_heading
from screener.results.tables import Row, TableSpec
from screener.results.today import LACKS
from screener.workflows.today.run import Today

__all__ = ["today_html"]

_LACKS = ("state", "what", "detail", "command")
_OWN = ("column", "old", "new")
"""Columns that are shown otherwise than their values stand."""


def today_html(found: Today, titles: Callable[[], Mapping[str, str]]) -> str:
    """Return what happened as one HTML file.

    Parameters
    ----------
    found
        What happened.
    titles
        Returns what to call each basket in the language that is bound.
    """

    def build() -> Page:
        return Page(
            title=today_heading(found),
            simulated=found.simulated,
            parts=tuple(_parts(found, titles())),
        )

    return document(build)


def _parts(found: Today, titles: Mapping[str, str]) -> Iterator[Child]:
    for name, title, spec, columns, rows in news(found):
        if rows:
            yield _table(name, title, spec, columns, rows, titles)
    if found.lacks:
        yield _table("lacks", say("Stale, missing or broken"), LACKS, _LACKS, found.lacks, titles)
    remarks = [*map(told, found.remarks), *(error.told(again) for error in found.failed)]
    if remarks:
        lines = [node("li", clean_line(line)) for line in remarks]
        yield section(say("Remarks"), node("ul", lines), name="remarks")


def _table(
    name: str,
    title: str,
    spec: TableSpec,
    columns: Sequence[str],
    rows: Sequence[Row],
    titles: Mapping[str, str],
) -> Node:
    told_otherwise: list[Extra] = [
        (
            spec[column].label(),
            [clean_line(today_cell(spec, column, row, titles)) for row in rows],
        )
        for column in columns
        if column in _OWN
    ]
    table = result_table(
        spec,
        rows,
        name=name,
        caption=title,
        columns=[column for column in columns if column not in _OWN],
        called=titles,
        last=told_otherwise,
    )
    return section(title, table, name=name)
