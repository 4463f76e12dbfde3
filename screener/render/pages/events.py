"""The page of several events: one table, and each event with its verdict and its chart."""

from __future__ import annotations

from collections.abc import Sequence

from screener.language import Language, bound, say, say_count
from screener.render.pages.basket import EventFacts, basket_title, event_parts
from screener.render.pages.document import Page, Way, document, section, ways
from screener.render.pages.event_charts import event_chart
from screener.render.pages.markup import Node, node
from screener.render.pages.tables import result_table
from screener.render.pages.words import told
from screener.render.study.verdict import verdict_text
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
_WHOLE = 5
"""Events up to which each has all that its own page would show."""
_VARIED = ("capital", "entry", "delay", "rebalance", "weighting")
"""Columns that are shown where the events differ in them."""


def events_document(
    pages: Sequence[BasketPage],
    *,
    title: tuple[str, str] | None = None,
    way: Sequence[Way] = (),
    links: Sequence[str] = (),
) -> str:
    """Return the page of several events as one HTML file; of a few each is whole, but folded.

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
    named = title or _basket(pages)
    whole = [] if links or len(pages) > _WHOLE else [EventFacts(page) for page in pages]
    remarks = dict.fromkeys(line for page in pages for line in page.run.remarks)

    def build() -> Page:
        caption = say("Returns of all events")
        counted = say_count("{n} event", "{n} events", len(pages))
        version = say("data version {version}", version=pages[0].run.data_version)
        return Page(
            title=counted if named is None else named[bound() is Language.ZH],
            under=[f"{counted} · {version}"],
            way=ways(way),
            simulated=pages[0].run.simulated,
            parts=(
                section(
                    caption,
                    result_table(
                        table.spec,
                        table.rows,
                        name="events",
                        caption=caption,
                        columns=[*_COLUMNS, *varied],
                        called=_titles(pages),
                    ),
                    name="returns",
                ),
                *(
                    _whole(at, page, whole[at])
                    if whole
                    else _event(at, page, links[at] if links else "")
                    for at, page in enumerate(pages)
                ),
                section(
                    say("Remarks"),
                    node("ul", (node("li", told(line)) for line in remarks)),
                    name="remarks",
                ),
            ),
        )

    return document(build)


def _titles(pages: Sequence[BasketPage]) -> dict[str, str]:
    """Return what the baskets are called in Chinese; in English by their names."""
    if bound() is not Language.ZH:
        return {}
    baskets = (page.basket for page in pages if page.basket is not None)
    return {basket.name: basket.title_zh for basket in baskets}


def _basket(pages: Sequence[BasketPage]) -> tuple[str, str] | None:
    """Return the name of the basket that all events are of, in English and Chinese."""
    basket = pages[0].basket
    if basket is None or any(page.basket != basket for page in pages):
        return None
    return basket.title_en or basket.name, basket.title_zh or basket.name


def _whole(at: int, page: BasketPage, held: EventFacts) -> Node:
    """Return an event with all that its own page would show, most of it folded."""
    prefix, title = f"event-{at + 1}", basket_title(page)
    verdict, *rest = (_within(part, prefix) for part in event_parts(page, held))
    shown = [part for part in rest if part.attributes.get("id") == f"{prefix}-value"]
    folded = [part for part in rest if part not in shown]
    told_ = say("{event}: names, orders, claims and sources", event=title)
    return section(
        title, verdict, shown, node("details", node("summary", told_), folded), name=prefix
    )


def _within(part: Node, prefix: str) -> Node:
    """Return a part whose anchor is of its event alone."""
    name = part.attributes.get("id")
    if name is None:
        return part
    return Node(part.tag, {**part.attributes, "id": f"{prefix}-{name}"}, part.children)


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
