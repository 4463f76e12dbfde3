"""The page of a followed stream: the account against the index, its measures, every event."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from screener.domain.basket import Basket
from screener.language import Language, bound, say
from screener.render.follow import title_of
from screener.render.pages.cells import shown
from screener.render.pages.charts.lines import Line, line_chart
from screener.render.pages.document import Page, document, section
from screener.render.pages.event_charts import column_of
from screener.render.pages.markup import Node, node
from screener.render.pages.tables import copied_rows, facts, result_table
from screener.render.pages.words import told
from screener.results.follow import CURVE, EVENTS, MEASURES
from screener.results.tables import Row
from screener.workflows.follow.rows import curve_rows, event_rows, measure_row
from screener.workflows.follow.run import FollowRun

__all__ = ["follow_document"]

_ROWS = 1_500
"""Events that the page lists; its CSV is the command's."""
_SHOWN = (
    "basket",
    "report",
    "entry_session",
    "exit_session",
    "status",
    "money",
    "n_named",
    "n_bought",
    "gain",
    "gain_return",
    "fees",
)


def follow_document(run: FollowRun, baskets: Sequence[Basket] = ()) -> str:
    """Return the page of a followed stream as one HTML file.

    Parameters
    ----------
    run
        The run.
    baskets
        Its baskets, whose titles stand instead of their names.
    """
    events, curve, measures = event_rows(run), curve_rows(run), measure_row(run)

    def build() -> Page:
        called = _titles(baskets)
        each = say("The account at each close")
        caption = say("Events in the order in which the account met them")
        return Page(
            title=say("Followed with one account"),
            under=[title_of(measures)],
            simulated=run.simulated,
            parts=(
                section(each, _chart(run, curve), name="value"),
                section(
                    say("Measures"),
                    facts(_measures(measures)),
                    copied_rows(MEASURES.names, [measures], say("Copy")),
                    name="measures",
                ),
                section(
                    say("Events"),
                    result_table(
                        EVENTS,
                        events[:_ROWS],
                        name="events",
                        caption=caption,
                        columns=_SHOWN,
                        called=called,
                    ),
                    name="events",
                ),
                section(
                    say("Sources and versions"),
                    node(
                        "p",
                        say(
                            "data version {version}, run {id}",
                            version=run.data_version,
                            id=run.run_id,
                        ),
                    ),
                    node("ul", (node("li", told(line)) for line in run.remarks)),
                    result_table(CURVE, curve, name="curve", caption=each)
                    if len(curve) <= _ROWS
                    else None,
                    name="sources",
                ),
            ),
        )

    return document(build)


def _measures(row: Row) -> Iterator[tuple[str, str]]:
    """Yield the measures with their labels, those of too few sessions left out."""
    for column in MEASURES.columns:
        if row[column.name] is not None and column.name not in ("data_version", "run_id"):
            yield column.label(), shown(column, row[column.name])


def _titles(baskets: Sequence[Basket]) -> dict[str, str]:
    if bound() is not Language.ZH:
        return {}
    return {item.name: item.title_zh for item in baskets if item.title_zh}


def _chart(run: FollowRun, curve: Sequence[Row]) -> Node:
    equity = [float(value) / run.capital for value in run.curve.equity]
    lines = [
        Line(column="equity", label=say("account"), look="traded", values=[1.0, *equity]),
        Line(
            column="benchmark_value",
            label=say("index"),
            look="index",
            values=[1.0, *column_of(curve, "benchmark_value")],
        ),
    ]
    shown = lines if len(run.benchmark_path) else lines[:1]
    if len(run.level):
        level = [1.0, *column_of(curve, "chain_level")]
        shown.append(Line(column="chain_level", label=say("on paper"), look="paper", values=level))
    days = [str(row["session"]) for row in curve]
    caption = say(
        "Value of the account against the start, {first} to {last}", first=days[0], last=days[-1]
    )
    return line_chart(shown, [say("start"), *days], caption=caption, told=caption, height=260)
