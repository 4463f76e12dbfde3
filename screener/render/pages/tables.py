"""Tables of a page: made from the declaration of a result, sorted, filtered and copied there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from screener.language import say
from screener.render.pages.cells import cell
from screener.render.pages.markup import Child, Node, csv_rows, node
from screener.results.tables import Column, Dtype, Row, TableSpec

__all__ = ["copied_rows", "facts", "plain_table", "result_table"]

_FILTERED = 8
"""Rows from which on a table has a filter."""
_TALL = 40
"""Rows from which on a table scrolls by itself."""

Extra = tuple[str, Sequence[Child]]
"""A further column that is no value: its heading, and what stands in each row."""


def result_table(
    spec: TableSpec,
    rows: Sequence[Row],
    *,
    name: str,
    caption: str,
    columns: Iterable[str] | None = None,
    called: Mapping[str, str] | None = None,
    drawn: Mapping[str, Sequence[Sequence[Child]]] | None = None,
    first: Iterable[Extra] = (),
    last: Iterable[Extra] = (),
) -> Node:
    """Return a table of a result with the rows of its CSV embedded.

    Parameters
    ----------
    spec, rows
        The result, as its CSV is made from it.
    name
        Its name on the page.
    caption
        What it shows.
    columns
        The columns to show; every one when left out. The embedded rows have all of them.
    called
        What baskets are called instead of their names.
    drawn
        What stands in each row of a column instead of its text.
    first, last
        Columns before and after those.
    """
    shown = [spec[item] for item in (spec.names if columns is None else columns)]
    before, after, pictures = list(first), list(last), drawn or {}
    heads = [
        *(node("th", head, scope="col") if head else node("td") for head, _ in before),
        *(_head(column) for column in shown),
        *(node("th", head, scope="col") if head else node("td") for head, _ in after),
    ]
    body = [
        node(
            "tr",
            (node("td", children[at]) for _, children in before),
            (
                node("td", pictures[column.name][at])
                if column.name in pictures
                else cell(column, _called(row, called or {}))
                for column in shown
            ),
            (node("td", children[at]) for _, children in after),
        )
        for at, row in enumerate(rows)
    ]
    return node(
        "div",
        _tools(name, caption, len(rows)),
        _scrolled(caption, heads, body, look="sorted"),
        csv_rows(spec.names, rows),
        class_="held",
        data_table=name,
    )


def _called(row: Row, titles: Mapping[str, str]) -> Row:
    title = titles.get(str(row.get("basket")))
    return {**row, "basket": title} if title else row


def copied_rows(columns: Sequence[str], rows: Iterable[Row], label: str) -> Node:
    """Return a button that copies rows which the page does not show as a table."""
    return node(
        "div",
        node("button", label, type="button", data_copy=""),
        csv_rows(columns, rows),
        class_="held",
    )


def plain_table(
    heads: Sequence[str],
    rows: Iterable[Sequence[Child]],
    *,
    caption: str,
    numeric: Sequence[int] = (),
    is_sorted: bool = False,
) -> Node:
    """Return a table of what no file has.

    Parameters
    ----------
    heads, rows
        Headings, and the cells of each row.
    caption
        What it shows.
    numeric
        The columns of numbers, from 0.
    is_sorted
        Whether a reader may sort it.
    """
    looks = ["n" if at in numeric else "wrap" for at in range(len(heads))]
    top = [
        node(
            "th",
            node("button", head, type="button") if is_sorted else head,
            scope="col",
            class_=look,
            aria_sort="none" if is_sorted else None,
        )
        for head, look in zip(heads, looks, strict=True)
    ]
    body = [
        node("tr", (node("td", item, class_=look) for item, look in zip(row, looks, strict=True)))
        for row in rows
    ]
    return _scrolled(caption, top, body, look="sorted" if is_sorted else None)


def _scrolled(
    caption: str, heads: Sequence[Node], body: Sequence[Node], *, look: str | None = None
) -> Node:
    return node(
        "div",
        node(
            "table",
            node("caption", caption),
            node("thead", node("tr", heads)),
            node("tbody", body),
            class_=look,
        ),
        class_="scroll tall" if len(body) > _TALL else "scroll",
        tabindex="0",
        role="region",
        aria_label=caption,
    )


def facts(pairs: Iterable[tuple[str, Child]]) -> Node:
    """Return a list of labels and values; pairs with an empty value are left out."""
    return node(
        "dl", (node("div", node("dt", label), node("dd", value)) for label, value in pairs if value)
    )


def _tools(name: str, caption: str, n_rows: int) -> Node:
    told = say("{table}: filter the rows", table=caption)
    asked = (
        node("input", type="search", placeholder=say("Filter"), aria_label=told, data_filter=name)
        if n_rows >= _FILTERED
        else None
    )
    copied = say("{table}: copy as CSV", table=caption)
    return node(
        "div",
        asked,
        node("button", say("Copy"), type="button", data_copy=name, aria_label=copied),
        class_="tools",
    )


def _head(column: Column) -> Node:
    look = ["n"] if column.dtype in (Dtype.NUMBER, Dtype.WHOLE) else []
    if column.en == column.name:  # in either language: a head of two is one cell
        look.append("key")  # what one types has no capital
    return node(
        "th",
        node("button", column.label(), type="button", title=column.told()),
        scope="col",
        aria_sort="none",
        class_=" ".join(look) or None,
    )
