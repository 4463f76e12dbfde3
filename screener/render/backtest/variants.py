"""Several ways to buy and keep the same baskets on the terminal: a table per event."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from rich.console import Group, RenderableType
from rich.text import Text

from screener.backtest.run import EventResult
from screener.language import say
from screener.paths.legs import LegState
from screener.render import local
from screener.render.backtest.blocks import NAMES_TOLD, event_title, footer_of, n_names, status_text
from screener.render.local import word
from screener.render.tables import Column, banner, heads, money_short, plain_table, points
from screener.results.backtest import RETURNS
from screener.workflows.backtest.run import BacktestRun

__all__ = ["variants_page"]

_FEW, _FEWER = 2, 1  # varying columns beside which a line of 80 columns has room for more

_Line = tuple[int, EventResult]
"""A result, and the sessions that its run waits before the entry."""


def variants_page(
    runs: Sequence[BacktestRun], titles: Mapping[str, str] | None = None
) -> RenderableType:
    """Return several runs of the same baskets as one page; `titles` are what to call baskets.

    Each event has a table, in which only what differs between its lines has a column.
    """
    found: dict[tuple[str, str], list[_Line]] = {}
    for run in runs:
        for result in run.results:
            event = result.window.event
            line = (run.request.settings.delay, result)
            found.setdefault((event.basket, event.report), []).append(line)
    parts = banner(simulated=runs[0].simulated)
    for lines in found.values():
        results = [result for _, result in lines]
        title = event_title(results[0].window.event, titles)
        notes = (Text(f"  {note}") for note in _notes(results))
        parts += [Text(title, style="bold"), *_table(lines), *notes, Text()]
    counted = say("{n} runs, each with its id in the CSV", n=len(runs))
    footer = f"{footer_of(runs[0])} · {counted}"
    return Group(*parts, Text(footer, style="dim"))


def _table(lines: Sequence[_Line]) -> list[RenderableType]:
    results = [result for _, result in lines]
    told = [
        (say("buy at"), [word(str(item.window.price)) for item in results]),
        (say("delay"), [str(delay) for delay, _ in lines]),
        (say("weights"), [_weighting(item) for item in results]),
        (say("rebal."), [word(str(item.window.rebalance)) for item in results]),
        (say("capital"), [money_short(item.capital) for item in results]),
    ]
    shown = [(name, cells) for name, cells in told if len(set(cells)) > 1]
    same = [f"{name} {cells[0]}" for name, cells in told[:-1] if len(set(cells)) == 1]
    measures = [
        ("paper_return", [item.paper_return for item in results]),
        ("executable_return", [item.executable_return for item in results]),
        *([("benchmark_return", [i.benchmark_return for i in results])] * (len(shown) <= _FEWER)),
        ("active_return", [item.active_return for item in results]),
        *([("max_drawdown", [i.max_drawdown for i in results])] * (len(shown) <= _FEW)),
    ]
    columns = [
        *(Column(header=name) for name, _ in shown),
        *heads(RETURNS, "horizon", "status", *(name for name, _ in measures)),
    ]
    rows = [
        [
            *(cells[at] for _, cells in shown),
            str(item.window.horizon),
            status_text(item),
            *(points(values[at], signed=name != "max_drawdown") for name, values in measures),
        ]
        for at, item in enumerate(results)
    ]
    return [Text("  " + " · ".join(same)), plain_table(columns, rows)]


def _weighting(result: EventResult) -> str:
    return word(str(result.window.event.weighting))


def _notes(results: Sequence[EventResult]) -> Iterator[str]:
    """Tell which names are left out, with the weightings that do so unless all do."""
    left_out: dict[str, dict[str, None]] = {}
    for result in results:
        for told in _left_out(result):
            left_out.setdefault(told, {})[_weighting(result)] = None
    every = {_weighting(result) for result in results}
    for told, some in left_out.items():
        if set(some) == every:
            yield say("left out {names}", names=told)
        else:
            yield say("left out by {weightings} {names}", weightings=", ".join(some), names=told)


def _left_out(result: EventResult) -> Iterator[str]:
    """Tell in a line for each reason which names a window leaves out."""
    names: dict[str, list[str]] = {}
    for entry in result.ledger:
        if entry.state is LegState.DROPPED:
            names.setdefault(entry.reason, []).append(entry.listing)
    for reason, found in names.items():
        listed = ", ".join(found) if len(found) <= NAMES_TOLD else n_names(len(found))
        yield say("{names}: {why}", names=listed, why=local.told(reason))
