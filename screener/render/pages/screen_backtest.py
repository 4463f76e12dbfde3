"""The page of what a screen would have earned: curve, measures, rebalancings, names, biases."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from screener.language import say
from screener.render.pages.account import measures_part, sources_part, value_part
from screener.render.pages.document import Page, Way, document, section, ways
from screener.render.pages.markup import Child, node
from screener.render.pages.tables import copied_rows, result_table
from screener.render.pages.words import told
from screener.render.screen.backtest import title_of
from screener.results.screen_backtest import BIASES, CURVE, MEASURES, NAMES, REBALANCES
from screener.results.tables import Row
from screener.workflows.screen.backtest.rows import (
    bias_rows,
    curve_rows,
    measure_row,
    name_rows,
    rebalance_rows,
)
from screener.workflows.screen.backtest.run import ScreenBacktest

__all__ = ["screen_backtest_document"]

_ROWS = 1_500
"""Rows of names that the page lists; all are in the JSON and in the library's frame."""
_REBALANCES = tuple(name for name in REBALANCES.names if name != "run_id")
_NAMES = tuple(name for name in NAMES.names if name not in ("run_id", "traded"))
_BIASES = ("what", "total_return", "added", "n_changed")


def screen_backtest_document(run: ScreenBacktest, *, way: Sequence[Way] = ()) -> str:
    """Return the page of what a screen would have earned as one HTML file."""
    rebalances, names, curve = rebalance_rows(run), name_rows(run), curve_rows(run)
    measures, biases = measure_row(run), bias_rows(run)

    def build() -> Page:
        return Page(
            title=say("What a screen would have earned"),
            under=[title_of(run, measures), "; ".join(told(line) for line in run.questions)],
            simulated=run.simulated,
            way=ways(way),
            parts=(
                value_part(run.rotation.equity, run.capital, curve),
                measures_part(MEASURES, measures),
                *_biased(biases),
                section(
                    say("Rebalancings"),
                    result_table(
                        REBALANCES,
                        rebalances,
                        name="rebalances",
                        caption=say("Rebalancings, the first one first"),
                        columns=_REBALANCES,
                    ),
                    name="rebalances",
                ),
                section(
                    say("Names"),
                    result_table(
                        NAMES,
                        names[-_ROWS:],
                        name="names",
                        caption=say("Names of each rebalancing, by rank"),
                        columns=_NAMES,
                    ),
                    name="names",
                ),
                sources_part(
                    run.data_version,
                    run.run_id,
                    run.remarks,
                    copied_rows(CURVE.names, curve, say("Copy")),
                ),
            ),
        )

    return document(build)


def _biased(rows: Sequence[Row]) -> Iterator[Child]:
    if not rows:
        return
    note = say(
        "The same screen, money and rules, with something that nobody knew then. What it adds is "
        "no return that anybody could have had."
    )
    again = [{**row, "what": told(str(row["what"]))} for row in rows]
    yield section(
        say("What would have been added by knowing too early"),
        node("p", note, class_="note"),
        result_table(
            BIASES,
            again,
            name="biases",
            caption=say("Return with each bias, and what it adds"),
            columns=_BIASES,
        ),
        name="biases",
    )
