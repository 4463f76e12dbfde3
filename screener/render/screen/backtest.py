"""What a screen would have earned on the terminal: summary, rebalancings, biases."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import Group, RenderableType
from rich.text import Text

from screener.language import say, say_count
from screener.render.account import as_float, closing_facts, opening_facts
from screener.render.backtest.blocks import sparkline
from screener.render.local import told
from screener.render.tables import (
    banner,
    facts,
    heads,
    plain_table,
    points,
)
from screener.results.screen_backtest import BIASES, MEASURES, REBALANCES
from screener.results.tables import Row
from screener.workflows.screen.backtest.rows import bias_rows, measure_row, rebalance_rows
from screener.workflows.screen.backtest.run import ScreenBacktest

__all__ = ["screen_backtest_view", "title_of"]

_COLUMNS = (
    *("traded", "n_named", "n_entered", "n_left"),
    *("turnover", "fees", "period_return", "benchmark_return"),
)
_SHOWN = 36
"""Rebalancings on the terminal: the newest; all are in the CSV."""
_NUMBERS = ("sharpe", "turnover", "mean_named")


def screen_backtest_view(run: ScreenBacktest) -> RenderableType:
    """Return what a screen would have earned as a page; remarks are not part of it."""
    row, rows, biases = measure_row(run), rebalance_rows(run), bias_rows(run)
    footer = say(
        "returns in %, in CNY · data version {version} · run {id}",
        version=run.data_version,
        id=run.run_id,
    )
    left = len(rows) - _SHOWN
    more = say_count(
        "{n} earlier rebalancing is in the CSV.",
        "{n} earlier rebalancings are in the CSV.",
        max(left, 0),
    )
    return Group(
        *banner(simulated=run.simulated),
        Text(title_of(run, row), style="bold"),
        *(Text(told(line)) for line in run.questions),
        Text(sparkline(run.rotation.equity.tolist())),
        facts([*opening_facts(MEASURES, row), *closing_facts(MEASURES, row, _NUMBERS)]),
        Text(),
        plain_table(heads(REBALANCES, *_COLUMNS), [_cells(one) for one in rows[-_SHOWN:]]),
        *([Text(more)] if left > 0 else []),
        *_biases(biases),
        Text(footer, style="dim"),
    )


def title_of(run: ScreenBacktest, row: Row) -> str:
    """Tell which screen was held, how often its names were chosen, and over which span."""
    every = (
        say("chosen anew each quarter")
        if row["every"] == "quarter"
        else say("chosen anew each month")
    )
    return say(
        "What the screen {screen} would have earned, {first} to {last}: {names}, {every}",
        screen=run.request.name or told(run.request.screen.label),
        first=row["from_session"],
        last=row["to_session"],
        names=say_count("the {n} best name", "the {n} best names", run.request.screen.top)
        if run.request.screen.top
        else say("all that passed"),
        every=every,
    )


def _cells(row: Row) -> list[str]:
    return [
        str(row["traded"]),
        *(f"{row[name]}" for name in ("n_named", "n_entered", "n_left")),
        points(as_float(row["turnover"])),
        f"{row['fees']:,.0f}",
        points(as_float(row["period_return"]), signed=True),
        points(as_float(row["benchmark_return"]), signed=True),
    ]


def _biases(rows: Sequence[Row]) -> Iterator[RenderableType]:
    if not rows:
        return
    yield Text()
    yield Text(say("What would have been added by knowing too early"), style="bold")
    yield plain_table(
        heads(BIASES, "what", "total_return", "added", "n_changed"),
        [
            [
                told(str(row["what"])),
                points(as_float(row["total_return"]), signed=True),
                points(as_float(row["added"]), signed=True),
                f"{row['n_changed']}",
            ]
            for row in rows
        ],
    )
