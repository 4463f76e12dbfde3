"""Backtest results as rows: returns, ledgers, implementation shortfall and paths."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from screener.backtest.attribution import SHORTFALL_STEPS
from screener.backtest.run import EventResult, Settings
from screener.language.lists import clauses
from screener.paths.legs import LegState
from screener.results.backtest import REMARK, RETURNS, VARIANT
from screener.results.tables import Table
from screener.workflows.backtest.order_rows import keys_of
from screener.workflows.backtest.run import BacktestRun
from screener.workspace.plain import plain_of

__all__ = [
    "MeanShortfall",
    "ledger_rows",
    "mean_shortfall_rows",
    "mean_shortfalls",
    "path_rows",
    "result_rows",
    "result_table",
    "shortfall_rows",
]

_CURRENCY = "CNY"


def result_table(runs: Sequence[BacktestRun], *, whole: bool = False) -> Table:
    """Return the results of some runs, one after the other, as one table.

    The columns of their variants are there if any run does not buy at the first open and hold,
    and that of remarks if anything is missing that a row needs; if whole, all of them anyway.
    """
    spec, rows = RETURNS, [row for run in runs for row in result_rows(run)]
    variants = [_variant(run.request.settings) for run in runs for _ in run.results]
    if whole or set(variants) - {_variant(Settings(horizons=()))}:
        spec = spec.joined(VARIANT)
        rows = [
            {**row, **dict(zip(VARIANT.names, variant, strict=True))}
            for row, variant in zip(rows, variants, strict=True)
        ]
    lacks = [_lack(result) for run in runs for result in run.results]
    if whole or any(lacks):
        spec = spec.joined(REMARK)
        rows = [{**row, "remark": lack} for row, lack in zip(rows, lacks, strict=True)]
    return Table(spec=spec, rows=rows)


def _lack(result: EventResult) -> str:
    return clauses((result.lack, result.index_lack))


def _variant(settings: Settings) -> tuple[str, int, str]:
    return str(settings.entry), settings.delay, str(settings.rebalance)


def result_rows(run: BacktestRun) -> list[dict[str, object]]:
    """Return one row per event and horizon with the columns of `RETURNS`."""
    return [
        _row(run, result, basis) for result, basis in zip(run.results, run.price_basis, strict=True)
    ]


def ledger_rows(run: BacktestRun) -> list[dict[str, object]]:
    """Return one row per event, horizon and name with the columns of the ledger."""
    return [{**plain_of(entry), "run_id": run.run_id} for entry in run.ledger]


def shortfall_rows(run: BacktestRun) -> list[dict[str, object]]:
    """Return one row per step of implementation shortfall, with the columns of `SHORTFALL`.

    The steps of an event, horizon and capital begin with the index and sum to its executable
    return; there are none unless both paths are finished.
    """
    return [row for result in run.results for row in _steps(run, result)]


def _steps(run: BacktestRun, result: EventResult) -> Iterator[dict[str, object]]:
    keys, reached = keys_of(run, result), 0.0
    for step, effect in result.shortfall:
        reached += effect
        yield {**keys, "step": step, "effect": effect, "reached": reached}


@dataclass(frozen=True, slots=True, kw_only=True)
class MeanShortfall:
    """Mean steps over events, each counting alike.

    Parameters
    ----------
    horizon, capital
        Sessions held, and money in CNY.
    n_events
        Events with finished paths and a known index.
    steps
        Mean effect of each step, in order, as fractions; they sum to `traded`.
    traded
        Mean executable return.
    """

    horizon: int
    capital: float | None
    n_events: int
    steps: Mapping[str, float]
    traded: float


def mean_shortfalls(results: Sequence[EventResult]) -> tuple[MeanShortfall, ...]:
    """Return the mean waterfall of every horizon and capital that has one, in their order.

    An event without an index has no such steps, and is in no mean.
    """
    groups: dict[tuple[int, float | None], list[EventResult]] = {}
    for result in results:
        if [step for step, _ in result.shortfall] == list(SHORTFALL_STEPS):
            groups.setdefault((result.window.horizon, result.capital), []).append(result)
    found = []
    for (horizon, capital), some in sorted(groups.items(), key=_by_horizon):
        effects = [[effect for _, effect in result.shortfall] for result in some]
        means = [sum(column) / len(some) for column in zip(*effects, strict=True)]
        found.append(
            MeanShortfall(
                horizon=horizon,
                capital=capital,
                n_events=len(some),
                steps=dict(zip(SHORTFALL_STEPS, means, strict=True)),
                traded=sum(means),
            )
        )
    return tuple(found)


def _by_horizon(item: tuple[tuple[int, float | None], list[EventResult]]) -> tuple[int, float]:
    horizon, capital = item[0]
    return horizon, capital or 0.0


def mean_shortfall_rows(runs: Sequence[BacktestRun]) -> list[dict[str, object]]:
    """Return one row per step of each run's mean waterfall: the columns of `SHORTFALL_MEANS`."""
    return [
        {
            "horizon": mean.horizon,
            "capital": mean.capital,
            "step": step,
            "n_events": mean.n_events,
            "effect": effect,
            "run_id": run.run_id,
        }
        for run in runs
        for mean in mean_shortfalls(run.results)
        for step, effect in mean.steps.items()
    ]


def path_rows(run: BacktestRun) -> list[dict[str, object]]:
    """Return one row per session of each event, horizon and capital, with the columns of `PATHS`.

    Values are relative to the start; a benchmark that lacks a session has no path.
    """
    return [row for result in run.results for row in _path(run, result)]


def _path(run: BacktestRun, result: EventResult) -> Iterator[dict[str, object]]:
    days: list[date] = result.path_sessions.tolist()
    paths = (result.path, result.traded_path, result.benchmark_path)
    lacking = [None] * len(days)
    columns = [path.tolist() or lacking for path in paths]
    for day, paper, traded, benchmark in zip(days, *columns, strict=True):
        yield {
            **keys_of(run, result),
            "session": day,
            "paper_value": paper,
            "traded_value": traded,
            "benchmark_value": benchmark,
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
        "n_named": result.n_named,
        "n_held": result.n_held,
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
