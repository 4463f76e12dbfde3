"""Measures of value paths on the terminal: a block per event, one line per horizon."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from rich.console import Group, RenderableType
from rich.text import Text

from screener.paths.metrics.performance import (
    LEAST_FOR_A_YEAR,
    LEAST_RETURNS,
    Performance,
    sharpe_error,
)
from screener.render.tables import UNDEFINED, Column, number, plain_table

__all__ = ["MetricBlock", "MetricLine", "metrics_view"]

_EXAMPLES = (20, 60, 120)


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricLine:
    """One horizon of an event; `status` is empty once the window is mature."""

    horizon: int
    status: str
    performance: Performance


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricBlock:
    """One event with its horizons; `benchmark` is empty without one."""

    title: str
    entry: date
    benchmark: str
    benchmark_basis: str
    lines: tuple[MetricLine, ...]


def metrics_view(
    blocks: Sequence[MetricBlock], *, left_out: int = 0, banner: str = "", footer: str = ""
) -> RenderableType:
    """Return the blocks as one page.

    Parameters
    ----------
    blocks
        Events with at least one line.
    left_out
        Windows that are too short for these figures; their number is told.
    banner, footer
        Lines above and below.
    """
    parts: list[RenderableType] = [Text(banner, style="bold reverse"), Text()] if banner else []
    for block in blocks:
        parts.extend(_block(block))
        parts.append(Text())
    if left_out:
        plural = "windows have" if left_out > 1 else "window has"
        parts.append(Text(f"{left_out} {plural} fewer than {LEAST_RETURNS} sessions: not shown"))
    parts.extend(Text(line, style="dim") for line in (*_legend(blocks), footer) if line)
    return Group(*parts)


def _block(block: MetricBlock) -> Iterator[RenderableType]:
    years = dict.fromkeys(_year(line.performance) for line in block.lines)
    yield Text(block.title, style="bold")
    yield Text(f"from {block.entry} · a year of {' / '.join(years)} sessions")
    yield plain_table(_columns(*_OWN), [_own(line) for line in block.lines])
    if block.benchmark:
        basis = f" ({block.benchmark_basis} index)" if block.benchmark_basis else ""
        rows = [_beside(line) for line in block.lines]
        yield plain_table(_columns(*_BESIDE), rows, title=f"against {block.benchmark}{basis}")
    for line in block.lines:
        if line.status:
            held = line.performance.n_sessions
            yield Text(f"  hold {line.horizon}: {line.status}, {held} returns so far")


_OWN = ("hold", "a year", "vol", "Sharpe", "Sortino", "drawdown", "from..to", "up days")
_BESIDE = ("hold", "beta", "alpha", "TE", "IR")
_WORDS = ("from..to",)


def _columns(*names: str) -> list[Column | str]:
    return [Column(header=name, numeric=name not in _WORDS) for name in names]


def _own(line: MetricLine) -> list[str]:
    found = line.performance
    return [
        str(line.horizon),
        _points(found.annualised_return, signed=True),
        _points(found.volatility),
        number(found.sharpe),
        number(found.sortino),
        _points(found.max_drawdown),
        _span(found.drawdown_peak, found.drawdown_trough),
        f"{found.n_up}/{found.n_sessions}",
    ]


def _beside(line: MetricLine) -> list[str]:
    found = line.performance
    return [
        str(line.horizon),
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


def _year(found: Performance) -> str:
    return f"{found.sessions_a_year:.4g}"


def _legend(blocks: Sequence[MetricBlock]) -> Iterator[str]:
    """Say what the figures rest on, and how far a Sharpe ratio of so few sessions can be off."""
    years = [line.performance.sessions_a_year for block in blocks for line in block.lines]
    if not years:
        return
    yield f"on paper, in %, risk-free rate 0; a year and alpha from {LEAST_FOR_A_YEAR} sessions on"
    errors = (f"{sharpe_error(n, years[0]):.1f} at {n}" for n in _EXAMPLES)
    yield f"one standard error of a Sharpe ratio: {', '.join(errors)} sessions"
