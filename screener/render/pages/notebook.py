"""Results as a notebook shows them: charts and tables with a style of their own and no script."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from screener.errors import InputError
from screener.language import bound, say
from screener.render.pages.basket import basket_title
from screener.render.pages.document import asset
from screener.render.pages.event_charts import event_chart
from screener.render.pages.markup import Node, markup_of, node
from screener.render.pages.tables import result_table
from screener.results.tables import Row, TableSpec
from screener.workflows.backtest.rows import result_table as results_of
from screener.workflows.page.basket import BasketPage

__all__ = ["Picture", "backtest_shown", "chart_of", "table_shown"]

_CHARTS = 3
"""Events whose charts are shown; all are in the table, and on the page."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A chart that a notebook shows."""

    chart: Node

    @property
    def svg(self) -> str:
        """Markup of the chart with its legend, without a style."""
        return markup_of(self.chart)

    def _repr_html_(self) -> str:
        return _styled([self.chart])


def chart_of(page: BasketPage) -> Node:
    """Return the chart of an event.

    Raises
    ------
    InputError
        If nothing of it could be held.
    """
    found = event_chart(page)
    if found is None:
        name = basket_title(page)
        raise InputError(
            say("{name}: nothing could be held, so that there is nothing to draw", name=name)
        )
    return found


def backtest_shown(pages: Sequence[BasketPage]) -> str:
    """Return a backtest as a notebook shows it: its table, and the first charts."""
    table = results_of([page.run for page in pages])
    parts = [_table(table.spec, table.rows)]
    for page in pages[:_CHARTS]:
        chart = event_chart(page)
        if chart is not None:
            parts += [node("h3", basket_title(page)), chart]
    return _styled(parts)


def table_shown(spec: TableSpec, rows: Sequence[Row], *, most: int = 60) -> str:
    """Return a result as a notebook shows it; of many rows the first."""
    return _styled([_table(spec, rows[:most])])


def _table(spec: TableSpec, rows: Sequence[Row]) -> Node:
    name = spec.name.replace("_", " ")
    found = result_table(spec, rows, name=spec.name, caption=name)
    return node("div", found.children[1])  # without what only a script serves


def _styled(parts: Sequence[Node]) -> str:
    """Return parts under the style of pages, which reaches nothing else of the notebook."""
    style = asset("page.css").replace(":root", ":scope").replace("html[lang", ":scope[lang")
    style = style.replace("body{", ":scope{").replace("main{", ".none{")
    quiet = "figcaption button{display:none}th button{pointer-events:none}"
    scoped = f"@scope(.screener-shown){{{style}{quiet}}}"
    shown = node("div", parts, class_="screener-shown", lang=bound())
    return f"<style>{scoped}</style>{markup_of(shown)}"
