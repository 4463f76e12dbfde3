"""Measures of the paper paths of a backtest, as rows and as a page."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import groupby

from rich.console import RenderableType

from screener.backtest.run import EventResult
from screener.data.lake.schema import SIMULATED
from screener.market.calendars import calendar_of
from screener.market.years import sessions_a_year
from screener.paths.metrics.performance import LEAST_RETURNS, Performance, performance_of
from screener.paths.windows import WindowStatus
from screener.render.performance import MetricBlock, MetricLine, metrics_view
from screener.workflows.backtest.run import BacktestRun

__all__ = ["METRIC_COLUMNS", "EventMeasures", "event_measures", "metric_rows", "metrics_page"]

METRIC_COLUMNS = (
    "basket",
    "report",
    "horizon",
    "weighting",
    "entry",
    "delay",
    "rebalance",
    "status",
    "entry_session",
    "exit_session",
    "n_sessions",
    "sessions_a_year",
    "total_return",
    "annualised_return",
    "volatility",
    "sharpe",
    "sortino",
    "max_drawdown",
    "drawdown_peak",
    "drawdown_trough",
    "drawdown_recovery",
    "calmar",
    "benchmark",
    "beta",
    "alpha",
    "tracking_error",
    "information_ratio",
    "hit_rate",
    "n_up",
    "turnover",
    "price_basis",
    "data_version",
    "run_id",
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class EventMeasures:
    """Measures of one event and horizon.

    Parameters
    ----------
    result
        The result, at the first of the run's amounts of money: the paper path has none.
    price_basis
        `raw`, `adjusted` or `mixed`.
    performance
        Its measures; `None` without data.
    """

    result: EventResult
    price_basis: str
    performance: Performance | None


def event_measures(run: BacktestRun) -> Iterator[EventMeasures]:
    """Yield the measures of the paper path of each event and horizon, in the run's order.

    A pending or partial window is measured as far as it got.
    """
    paired = zip(run.results, run.price_basis, strict=True)
    for _, group in groupby(paired, key=lambda item: id(item[0].window)):
        result, basis = next(group)
        yield EventMeasures(result=result, price_basis=basis, performance=_performance(result))


def metric_rows(run: BacktestRun) -> list[dict[str, object]]:
    """Return one row per event and horizon with the columns of `METRIC_COLUMNS`.

    Rates are fractions; what is undefined or rests on too few sessions is `None`. `status` is that
    of the paper path: a row of `result_rows` may be pending for longer, for a sale that waits.
    """
    return [_row(run, item) for item in event_measures(run)]


def metrics_page(run: BacktestRun) -> RenderableType:
    """Return the measures of a run as a page, of every window that is long enough for them."""
    measured = list(event_measures(run))
    blocks = [
        block
        for _, items in groupby(measured, key=lambda item: id(item.result.window.event))
        if (block := _block(list(items))).lines
    ]
    return metrics_view(
        blocks,
        left_out=len(measured) - sum(len(block.lines) for block in blocks),
        banner=f" {SIMULATED}: invented prices " if run.simulated else "",
        footer=f"data version {run.data_version} · run {run.run_id}",
    )


def _performance(result: EventResult) -> Performance | None:
    if not len(result.path):
        return None
    window = result.window
    calendars = [
        calendar_of(member.listing.exchange)
        for member, leg in zip(window.event.members, window.legs, strict=True)
        if leg.entry_row is not None
    ]
    a_year = sessions_a_year(calendars, result.path_sessions)
    if a_year is None:
        return None
    return performance_of(
        result.path,
        result.benchmark_path,
        periods=a_year,
        sessions=result.path_sessions,
        traded=result.bought,
    )


def _row(run: BacktestRun, item: EventMeasures) -> dict[str, object]:
    window, found = item.result.window, item.performance
    row: dict[str, object] = {
        "basket": window.event.basket,
        "report": window.event.report,
        "horizon": window.horizon,
        "weighting": str(window.event.weighting),
        "entry": str(window.price),
        "delay": run.request.settings.delay,
        "rebalance": str(window.rebalance),
        "status": str(window.status),
        "entry_session": item.result.entry_session,
        "exit_session": item.result.exit_session,
        **({} if found is None else asdict(found)),
        "benchmark": "+".join(item.result.benchmarks),
        "price_basis": item.price_basis,
        "data_version": run.data_version,
        "run_id": run.run_id,
    }
    return {name: row.get(name) for name in METRIC_COLUMNS}


def _block(items: list[EventMeasures]) -> MetricBlock:
    event = items[0].result.window.event
    shown = [(item.result, line) for item in items if (line := _line(item)) is not None]
    benchmarks = dict.fromkeys(name for result, _ in shown for name in result.benchmarks)
    bases = dict.fromkeys(result.benchmark_basis for result, _ in shown)
    return MetricBlock(
        title=" · ".join(part for part in (event.basket, event.report) if part),
        entry=items[0].result.entry_session,
        benchmark=" + ".join(benchmarks),
        benchmark_basis=" / ".join(basis for basis in bases if basis),
        lines=tuple(line for _, line in shown),
    )


def _line(item: EventMeasures) -> MetricLine | None:
    """Return the line of a window, `None` where it is too short."""
    window, found = item.result.window, item.performance
    if found is None or found.n_sessions < LEAST_RETURNS:
        return None
    status = "" if window.status is WindowStatus.MATURE else str(window.status)
    return MetricLine(horizon=window.horizon, status=status, performance=found)
