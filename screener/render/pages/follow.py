"""The page of a followed stream: the account against the index, its measures, every event."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from screener.domain.basket import Basket
from screener.language import Language, bound, say
from screener.render.follow import title_of
from screener.render.pages.account import measures_part, sources_part, value_part
from screener.render.pages.charts.lines import Line
from screener.render.pages.document import Page, document, section
from screener.render.pages.event_charts import column_of
from screener.render.pages.tables import result_table
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
                value_part(run.curve.equity, run.capital, curve, _level(run, curve)),
                measures_part(MEASURES, measures),
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
                sources_part(
                    run.data_version,
                    run.run_id,
                    run.remarks,
                    result_table(CURVE, curve, name="curve", caption=each)
                    if len(curve) <= _ROWS
                    else None,
                ),
            ),
        )

    return document(build)


def _titles(baskets: Sequence[Basket]) -> dict[str, str]:
    if bound() is not Language.ZH:
        return {}
    return {item.name: item.title_zh for item in baskets if item.title_zh}


def _level(run: FollowRun, curve: Sequence[Row]) -> Iterator[Line]:
    """Give the level of chains on paper, where there are any."""
    if len(run.level):
        level = [1.0, *column_of(curve, "chain_level")]
        yield Line(column="chain_level", label=say("on paper"), look="paper", values=level)
