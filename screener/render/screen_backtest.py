"""What a screen would have earned on the terminal: summary, rebalancings, biases."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import Group, RenderableType
from rich.text import Text

from screener.language import say, say_count
from screener.render.backtest import sparkline
from screener.render.local import told
from screener.render.tables import (
    UNDEFINED,
    banner,
    facts,
    heads,
    money_short,
    number,
    percent,
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
_PERCENTS = ("total_return", "annualised_return", "volatility", "max_drawdown", "exposure")


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
        facts(_facts(row)),
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


def _facts(row: Row) -> Iterator[tuple[str, str]]:
    """Yield the measures with their labels; what rests on too few sessions is left out."""
    equity = f"{row['equity']:,.0f}"
    yield (
        MEASURES["equity"].label(),
        say(
            "{equity}, from {capital} at the start",
            equity=equity,
            capital=money_short(_float(row["capital"])),
        ),
    )
    for name in _PERCENTS:
        yield MEASURES[name].label(), _percent(row[name])
    for name in _NUMBERS:
        yield MEASURES[name].label(), _number(row[name])
    yield MEASURES["fees"].label(), f"{row['fees']:,.0f}"
    if row["capacity"] is not None:
        yield MEASURES["capacity"].label(), money_short(_float(row["capacity"]))
    if row["benchmark"]:
        index = _percent(row["benchmark_return"]) or UNDEFINED
        yield MEASURES["benchmark_return"].label(), f"{index} ({row['benchmark']})"
    if row["alpha_t"] is not None:
        yield (
            MEASURES["alpha"].label(),
            say(
                "{alpha} a year, t {t}, p {p}, beta {beta}",
                alpha=_percent(row["alpha"]) or UNDEFINED,
                t=_number(row["alpha_t"]),
                p=_number(row["alpha_p"]),
                beta=_number(row["beta"]),
            ),
        )


def _cells(row: Row) -> list[str]:
    return [
        str(row["traded"]),
        *(f"{row[name]}" for name in ("n_named", "n_entered", "n_left")),
        points(_float(row["turnover"])),
        f"{row['fees']:,.0f}",
        points(_float(row["period_return"]), signed=True),
        points(_float(row["benchmark_return"]), signed=True),
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
                points(_float(row["total_return"]), signed=True),
                points(_float(row["added"]), signed=True),
                f"{row['n_changed']}",
            ]
            for row in rows
        ],
    )


def _float(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) else None


def _percent(value: object) -> str:
    found = _float(value)
    return "" if found is None else percent(found, digits=2)


def _number(value: object) -> str:
    found = _float(value)
    return "" if found is None else number(found)
