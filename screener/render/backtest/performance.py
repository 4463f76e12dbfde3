"""Measures of value paths on the terminal: a block per event, one line per horizon."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from itertools import groupby

from rich.console import Group, RenderableType
from rich.text import Text

from screener.language import say, say_count
from screener.paths.metrics.performance import LEAST_FOR_A_YEAR, LEAST_RETURNS, Performance
from screener.paths.windows import WindowStatus
from screener.render.backtest.blocks import event_title
from screener.render.local import word
from screener.render.tables import UNDEFINED, Column, banner, heads, number, plain_table
from screener.results.backtest import METRICS
from screener.workflows.backtest.measures import EventMeasures, event_measures, sharpe_errors
from screener.workflows.backtest.run import BacktestRun

__all__ = ["metrics_page"]

_Line = tuple[EventMeasures, Performance]
"""A window that is long enough, and its measures."""


def metrics_page(run: BacktestRun, titles: Mapping[str, str] | None = None) -> RenderableType:
    """Return the measures of a run as a page, of every window that is long enough for them.

    `titles` are what to call baskets instead of their names.
    """
    measured = list(event_measures(run))
    shown = _long(measured)
    parts = banner(simulated=run.simulated)
    for _, items in groupby(measured, key=lambda item: id(item.result.window.event)):
        parts.extend(_block(list(items), titles or {}))
    left_out = len(measured) - len(shown)
    if left_out:
        told = say_count(
            "{n} window has fewer than {least} sessions: not shown",
            "{n} windows have fewer than {least} sessions: not shown",
            left_out,
            least=LEAST_RETURNS,
        )
        parts.append(Text(told))
    footer = say("data version {version} · run {run}", version=run.data_version, run=run.run_id)
    return Group(*parts, *(Text(line, style="dim") for line in (*_legend(shown), footer)))


def _long(items: Sequence[EventMeasures]) -> list[_Line]:
    return [(item, found) for item in items if (found := item.long_enough) is not None]


def _block(items: Sequence[EventMeasures], titles: Mapping[str, str]) -> Iterator[RenderableType]:
    lines, first = _long(items), items[0].result
    if not lines:
        return
    years = dict.fromkeys(f"{found.sessions_a_year:.4g}" for _, found in lines)
    yield Text(event_title(first.window.event, titles), style="bold")
    yield Text(
        say("from {day} · a year of {n} sessions", day=first.entry_session, n=" / ".join(years))
    )
    fall = Column(header=say("from..to"))
    columns = [*heads(METRICS, "horizon", *_RATIOS), fall, *heads(METRICS, "n_up")]
    yield plain_table(columns, [_own(item, found) for item, found in lines])
    benchmarks = dict.fromkeys(name for item, _ in lines for name in item.result.benchmarks)
    if benchmarks:
        bases = dict.fromkeys(item.result.benchmark_basis for item, _ in lines)
        basis = " / ".join(word(basis) for basis in bases if basis)
        index = " + ".join(benchmarks)
        index = say("{index} ({basis} index)", index=index, basis=basis) if basis else index
        rows = [_beside(item, found) for item, found in lines]
        title = say("against {index}", index=index)
        yield plain_table(heads(METRICS, *_BESIDE), rows, title=title)
    for item, found in lines:
        window = item.result.window
        if window.status is not WindowStatus.MATURE:
            so_far = say(
                "hold {horizon}: {status}, {n} returns so far",
                horizon=window.horizon,
                status=word(str(window.status)),
                n=found.n_sessions,
            )
            yield Text(f"  {so_far}")
    yield Text()


_RATIOS = ("annualised_return", "volatility", "sharpe", "sortino", "max_drawdown")
_BESIDE = ("horizon", "beta", "alpha", "tracking_error", "information_ratio")


def _own(item: EventMeasures, found: Performance) -> list[str]:
    return [
        str(item.result.window.horizon),
        _points(found.annualised_return, signed=True),
        _points(found.volatility),
        number(found.sharpe),
        number(found.sortino),
        _points(found.max_drawdown),
        _span(found.drawdown_peak, found.drawdown_trough),
        f"{found.n_up}/{found.n_sessions}",
    ]


def _beside(item: EventMeasures, found: Performance) -> list[str]:
    return [
        str(item.result.window.horizon),
        number(found.beta),
        _points(found.alpha, signed=True),
        _points(found.tracking_error),
        number(found.information_ratio),
    ]


def _span(start: date | None, end: date | None) -> str:
    """Write two days, the year of the second only where it is another."""
    if start is None or end is None:
        return UNDEFINED
    return f"{start}..{end:%m-%d}" if start.year == end.year else f"{start}..{end}"


def _points(value: float | None, *, signed: bool = False) -> str:
    return number(None if value is None else value * 100, digits=1, signed=signed)


def _legend(lines: Sequence[_Line]) -> Iterator[str]:
    """Say what the figures rest on, and how far a Sharpe ratio of so few sessions can be off."""
    if not lines:
        return
    yield say(
        "on paper, in %, risk-free rate 0; a year and alpha from {n} sessions on",
        n=LEAST_FOR_A_YEAR,
    )
    errors = (
        say("{error:.1f} at {n}", error=error, n=n) for n, error in sharpe_errors(lines[0][1])
    )
    yield say("one standard error of a Sharpe ratio: {errors} sessions", errors=", ".join(errors))
