"""Backtest results as rows: one per event, horizon and capital; the ledgers; stored documents."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict

from screener.backtest.run import EventResult, Settings
from screener.paths.legs import LegState
from screener.workflows.backtest.order_rows import order_rows
from screener.workflows.backtest.run import BacktestRun

__all__ = [
    "BACKTEST_COLUMNS",
    "REMARK_COLUMN",
    "VARIANT_COLUMNS",
    "ledger_rows",
    "result_rows",
    "result_table",
    "run_document",
]

_CURRENCY = "CNY"

BACKTEST_COLUMNS = (
    "basket",
    "report",
    "published",
    "precision",
    "entry_session",
    "exit_session",
    "horizon",
    "sessions_held",
    "status",
    "n_named",
    "n_held",
    "n_waiting",
    "n_dropped",
    "weighting",
    "currency",
    "paper_return",
    "band_low",
    "band_high",
    "executable_return",
    "benchmark",
    "benchmark_basis",
    "benchmark_return",
    "active_return",
    "max_drawdown",
    "capital",
    "fees",
    "price_basis",
    "data_version",
    "run_id",
)

VARIANT_COLUMNS = ("entry", "delay", "rebalance")
"""Further columns of runs that do anything else than buy at the first open and hold."""


REMARK_COLUMN = "remark"
"""The last column of runs in which something is missing: what, and what to do about it."""


def result_table(
    runs: Sequence[BacktestRun],
) -> tuple[tuple[str, ...], list[dict[str, object]]]:
    """Return columns and rows of the results of some runs, one after the other.

    The columns of their variants are there if any run does not buy at the first open and hold,
    and that of remarks if anything is missing that a row needs.
    """
    found = {_variant(run.request.settings) for run in runs}
    usual = found <= {_variant(Settings(horizons=()))}
    rows = []
    for run in runs:
        told = zip(VARIANT_COLUMNS, _variant(run.request.settings), strict=True)
        further = {} if usual else dict(told)
        rows += [{**row, **further} for row in result_rows(run)]
    columns = BACKTEST_COLUMNS if usual else (*BACKTEST_COLUMNS, *VARIANT_COLUMNS)
    lacks = [_lack(result) for run in runs for result in run.results]
    if any(lacks):
        columns = (*columns, REMARK_COLUMN)
        rows = [{**row, REMARK_COLUMN: lack} for row, lack in zip(rows, lacks, strict=True)]
    return columns, rows


def _lack(result: EventResult) -> str:
    return "; ".join(part for part in (result.lack, result.index_lack) if part)


def _variant(settings: Settings) -> tuple[str, int, str]:
    return str(settings.entry), settings.delay, str(settings.rebalance)


def result_rows(run: BacktestRun) -> list[dict[str, object]]:
    """Return one row per event and horizon with the columns of `BACKTEST_COLUMNS`."""
    return [
        _row(run, result, basis) for result, basis in zip(run.results, run.price_basis, strict=True)
    ]


def ledger_rows(run: BacktestRun) -> list[dict[str, object]]:
    """Return one row per event, horizon and name with the columns of the ledger."""
    return [{**asdict(entry), "run_id": run.run_id} for entry in run.ledger]


def run_document(run: BacktestRun) -> dict[str, object]:
    """Return all that a stored run keeps: its inputs, results and ledger."""
    return {
        "run_id": run.run_id,
        "data_version": run.data_version,
        "simulated": run.simulated,
        "request": json.loads(json.dumps(asdict(run.request), default=str)),
        "results": result_rows(run),
        "ledger": ledger_rows(run),
        "orders": order_rows(run),
        "gaps": [dict(result.gap) for result in run.results],
        "remarks": list(run.remarks),
    }


def _row(run: BacktestRun, result: EventResult, basis: str) -> dict[str, object]:
    window, event = result.window, result.window.event
    low, high = result.band or (None, None)
    return {
        "basket": event.basket,
        "report": event.report,
        "published": event.published.text(),
        "precision": str(event.published.precision),
        "entry_session": result.entry_session,
        "exit_session": result.exit_session,
        "horizon": window.horizon,
        "sessions_held": window.sessions_held or None,
        "status": str(result.status),
        "n_named": len(window.legs),
        "n_held": window.count(LegState.HELD),
        "n_waiting": window.count(LegState.WAITING),
        "n_dropped": window.count(LegState.DROPPED),
        "weighting": str(event.weighting),
        "currency": _CURRENCY,
        "paper_return": result.paper_return,
        "band_low": low,
        "band_high": high,
        "executable_return": result.executable_return,
        "benchmark": "+".join(result.benchmarks),
        "benchmark_basis": result.benchmark_basis,
        "benchmark_return": result.benchmark_return,
        "active_return": result.active_return,
        "max_drawdown": result.max_drawdown,
        "capital": result.capital,
        "fees": result.fees,
        "price_basis": basis,
        "data_version": run.data_version,
        "run_id": run.run_id,
    }
