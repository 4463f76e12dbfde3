"""The page of several events: one table, and for each event its verdict and its chart."""

from __future__ import annotations

from collections.abc import Sequence

from screener.language import Language, bound, say, say_count
from screener.render.pages.basket import basket_title
from screener.render.pages.document import Page, Way, document, section, ways
from screener.render.pages.event_charts import event_chart
from screener.render.pages.markup import Node, node
from screener.render.pages.sentences import told
from screener.render.pages.tables import result_table
from screener.render.verdict import verdict_text
from screener.workflows.backtest.rows import result_table as results_of
from screener.workflows.page.basket import BasketPage

__all__ = ["events_document"]

_COLUMNS = (
    "basket",
    "report",
    "entry_session",
    "horizon",
    "status",
    "n_held",
    "paper_return",
    "executable_return",
    "benchmark_return",
    "active_return",
    "max_drawdown",
)
_VARIED = ("capital", "entry", "delay", "rebalance", "weighting")
"""Columns that are shown where the events differ in them."""


def events_document(
    pages: Sequence[BasketPage],
    *,
    title: tuple[str, str] | None = None,
    way: Sequence[Way] = (),
    links: Sequence[str] = (),
) -> str:
    """Return the page of several events as one HTML file.

    Parameters
    ----------
    pages
        The events.
    title
        What they have in common, in English and in Chinese.
    way
        Links to the pages around it.
    links
        Address of each event's own page, where there are such pages.
    """
    table = results_of([page.run for page in pages])
    varied = [
        name
        for name in _VARIED
        if name in table.spec.names and len({row[name] for row in table.rows}) > 1
    ]
    remarks = dict.fromkeys(line for page in pages for line in page.run.remarks)

    def build() -> Page:
        caption = say("Returns of all events")
        counted = say_count("{n} event", "{n} events", len(pages))
        version = say("data version {version}", version=pages[0].run.data_version)
        return Page(
            title=counted if title is None else title[bound() is Language.ZH],
            under=[f"{counted} · {version}"],
            way=ways(way),
            simulated=pages[0].run.simulated,
            parts=(
                section(
                    caption,
                    result_table(
                        table.spec,
                        table.rows,
                        name="returns",
                        caption=caption,
                        columns=[*_COLUMNS, *varied],
                    ),
                    name="returns",
                ),
                *(_event(at, page, links[at] if links else "") for at, page in enumerate(pages)),
                section(
                    say("Remarks"),
                    node("ul", (node("li", told(line)) for line in remarks)),
                    name="remarks",
                ),
            ),
        )

    return document(build)


def _event(at: int, page: BasketPage, address: str) -> Node:
    title = basket_title(page)
    return section(
        title,
        node("p", node("a", say("{event}: whole page", event=title), href=address))
        if address
        else None,
        node("p", verdict_text(page.verdict), class_="verdict"),
        event_chart(page),
        name=f"event-{at + 1}",
    )
