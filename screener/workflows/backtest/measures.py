"""Measures of the paper paths of a backtest, and their rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import groupby

from screener.backtest.run import EventResult
from screener.market.calendars import calendar_of
from screener.market.years import sessions_a_year
from screener.paths.metrics.performance import (
    LEAST_RETURNS,
    Performance,
    performance_of,
    sharpe_error,
)
from screener.results.backtest import METRICS
from screener.workflows.backtest.run import BacktestRun

__all__ = ["EventMeasures", "event_measures", "metric_rows", "sharpe_errors"]

_EXAMPLES = (20, 60, 120)


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

    @property
    def long_enough(self) -> Performance | None:
        """Its measures, if it has the `LEAST_RETURNS` that most of them need."""
        found = self.performance
        return found if found is not None and found.n_sessions >= LEAST_RETURNS else None


def sharpe_errors(found: Performance) -> tuple[tuple[int, float], ...]:
    """Return the standard error of a Sharpe ratio of so many sessions, in its calendars' years."""
    return tuple((n, sharpe_error(n, found.sessions_a_year)) for n in _EXAMPLES)


def event_measures(run: BacktestRun) -> Iterator[EventMeasures]:
    """Yield the measures of the paper path of each event and horizon, in the run's order.

    A pending or partial window is measured as far as it got.
    """
    paired = zip(run.results, run.price_basis, strict=True)
    for _, group in groupby(paired, key=lambda item: id(item[0].window)):
        result, basis = next(group)
        yield EventMeasures(result=result, price_basis=basis, performance=_performance(result))


def metric_rows(run: BacktestRun) -> list[dict[str, object]]:
    """Return one row per event and horizon with the columns of `METRICS`.

    Rates are fractions; what is undefined or rests on too few sessions is `None`. `status` is that
    of the paper path: a row of `result_rows` may be pending for longer, for a sale that waits.
    """
    return [_row(run, item) for item in event_measures(run)]


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
    return {name: row.get(name) for name in METRICS.names}
