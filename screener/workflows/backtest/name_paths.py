"""What each name of a window was worth at each close, what it added, and how far paths fell."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from screener.backtest.execution.delisting import with_payouts
from screener.backtest.execution.pricing import ValuePanel, value_panel
from screener.backtest.paper import leg_values, own_rows
from screener.backtest.run import EventResult
from screener.domain.arrays import FloatVector
from screener.domain.basket import Rebalance
from screener.workflows.backtest.run import BacktestRun

__all__ = ["drawdown_rows", "name_path_rows"]

Row = dict[str, object]


def name_path_rows(run: BacktestRun) -> list[Row]:
    """Return one row per session of each name that was bought, with the columns of `NAME_PATHS`.

    Values are in CNY and with distributions; at each session the contributions of an event and
    horizon sum to its paper return so far. Results with several capitals have them once.
    """
    recovery, entry = run.request.settings.recovery, run.request.settings.entry
    found: dict[int, list[Row]] = {}
    for panel, results in run.by_panel():
        values = value_panel(panel if recovery is None else with_payouts(panel, recovery), entry)
        for result in results:
            if len(result.path) and id(result.window) not in found:
                found[id(result.window)] = list(_rows(run, values, result))
    return [row for result in run.results for row in found.pop(id(result.window), ())]


def _rows(run: BacktestRun, panel: ValuePanel, result: EventResult) -> Iterator[Row]:
    window, event = result.window, result.window.event
    rows = window.first_row + own_rows(panel.prices, window)
    days = result.path_sessions.tolist()
    held = window.rebalance is Rebalance.NONE
    for at, (leg, weight, member) in enumerate(
        zip(window.legs, window.weights, event.members, strict=True)
    ):
        if leg.fill_row is None:
            continue
        values = leg_values(panel, leg, window.end_rows[at], rows)
        added = (weight * (values - 1)).tolist() if held else [None] * len(rows)
        for day, value, contribution in zip(days, values.tolist(), added, strict=True):
            yield {
                "basket": event.basket,
                "report": event.report,
                "horizon": window.horizon,
                "listing": member.listing.id,
                "name": member.name,
                "session": day,
                "value": value,
                "contribution": contribution,
                "run_id": run.run_id,
            }


def drawdown_rows(result: EventResult) -> list[Row]:
    """Return one row per session of a result, with the columns of `DRAWDOWNS`."""
    days = result.path_sessions.tolist()
    paths = (result.path, result.traded_path, result.benchmark_path)
    falls = [_falls(path).tolist() if len(path) else [None] * len(days) for path in paths]
    return [
        {
            "session": day,
            "paper_drawdown": paper,
            "traded_drawdown": traded,
            "benchmark_drawdown": benchmark,
        }
        for day, paper, traded, benchmark in zip(days, *falls, strict=True)
    ]


def _falls(path: FloatVector) -> FloatVector:
    """Return how far a path is below its peak, the start included."""
    peaks = np.maximum(np.maximum.accumulate(path), 1.0)
    found: FloatVector = path / peaks - 1
    return found
