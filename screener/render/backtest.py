"""Backtest results on the terminal: one block per event, one line per horizon."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from rich.console import Group, RenderableType
from rich.text import Text

from screener.render.tables import (
    UNDEFINED,
    Column,
    money_short,
    percent,
    plain_table,
    points,
)

__all__ = [
    "EventBlock",
    "HorizonLine",
    "SummaryLine",
    "backtest_view",
    "sparkline",
    "summary_view",
]

_LEVELS = "▁▂▃▄▅▆▇█"
_PATH_WIDTH = 60
_DIGITS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class HorizonLine:
    """One horizon of an event; returns are fractions, `None` where undefined.

    `capital` is the money of the executable path in CNY, and `gap` what each friction takes from
    the paper return.
    """

    horizon: int
    exit_session: date | None
    status: str
    sessions_held: int | None
    n_held: int
    n_named: int
    paper_return: float | None
    executable_return: float | None
    benchmark_return: float | None
    active_return: float | None
    max_drawdown: float | None
    band: tuple[float, float] | None
    capital: float | None = None
    gap: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class EventBlock:
    """One event: its title, its facts, its horizons, what to know about it, and its path.

    Parameters
    ----------
    path
        Paper value at each close of the longest horizon, 1 before it.
    """

    title: str
    subtitle: str
    lines: tuple[HorizonLine, ...]
    notes: tuple[str, ...]
    path: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SummaryLine:
    """One horizon of one event, in a table of many events."""

    basket: str
    report: str
    entry: date
    line: HorizonLine


def summary_view(lines: Sequence[SummaryLine], *, banner: str) -> RenderableType:
    """Return one line per event; `banner` stands above the table."""
    columns: list[Column | str] = ["basket", "from", "entry"]
    names = ("held", "paper", "traded", "index", "active")
    columns += [Column(header=name, numeric=True) for name in names]
    parts: list[RenderableType] = [Text(banner, style="bold reverse"), Text()] if banner else []
    return Group(*parts, plain_table(columns, [_summary(item) for item in lines]))


def _summary(item: SummaryLine) -> list[str]:
    line = item.line
    returns = (
        line.paper_return,
        line.executable_return,
        line.benchmark_return,
        line.active_return,
    )
    held = f"{line.n_held}/{line.n_named}"
    return [
        item.basket,
        item.report or UNDEFINED,
        item.entry.isoformat(),
        held if line.status == "mature" else f"{held} {line.status}",
        *(points(value, signed=True) for value in returns),
    ]


def backtest_view(blocks: Sequence[EventBlock], *, banner: str, footer: str) -> RenderableType:
    """Return the blocks as one page; `banner` stands above it and `footer` below."""
    parts: list[RenderableType] = [Text(banner, style="bold reverse"), Text()] if banner else []
    for block in blocks:
        parts.extend(_block(block))
        parts.append(Text())
    return Group(*parts, Text(footer, style="dim"))


def sparkline(values: Sequence[float], *, width: int = _PATH_WIDTH) -> str:
    """Draw values as a line of blocks, at most `width` wide; a flat path is drawn low."""
    if not values:
        return ""
    step = max(1, -(-len(values) // width))
    shown = [*values[::step], values[-1]] if (len(values) - 1) % step else list(values[::step])
    low, high = min(shown), max(shown)
    span = high - low
    top = len(_LEVELS) - 1
    return "".join(_LEVELS[round((v - low) / span * top) if span else 0] for v in shown)


def _block(block: EventBlock) -> Iterator[RenderableType]:
    yield Text(block.title, style="bold")
    yield Text(block.subtitle)
    costed = any(line.executable_return is not None for line in block.lines)
    amounts = len({line.capital for line in block.lines if line.capital is not None}) > 1
    shown = list({line.horizon: line for line in reversed(block.lines)}.values())[::-1]
    costed = costed and not amounts  # with several amounts the second table has what each came to
    columns = [
        Column(header="hold", numeric=True),
        Column(header="to"),
        Column(header="status"),
        Column(header="held", numeric=True),
        Column(header="paper", numeric=True),
        *([Column(header="traded", numeric=True)] if costed else []),
        Column(header="index", numeric=True),
        Column(header="active", numeric=True),
        Column(header="drawdown", numeric=True),
    ]
    yield plain_table(columns, [_cells(line, costed=costed) for line in shown])
    yield from _gaps(block.lines, amounts=amounts)
    for line in shown:
        if line.band is not None:
            low, high = (percent(end, digits=_DIGITS, signed=True) for end in line.band)
            yield Text(f"  hold {line.horizon}: {low} to {high} over every entry the range allows")
    if len(block.path) > 1:
        yield Text(f"  path {sparkline((1.0, *block.path))} 1 to {block.path[-1]:.3f}")
    for note in block.notes:
        yield Text(f"  {note}")


_SHORT = {
    "limits and suspension": "limits",
    "lots and cash": "lots",
    "participation": "volume",
    "slippage": "slip",
    "commission": "comm.",
    "taxes and levies": "taxes",
    "FX spread": "FX",
}


_SELDOM = "rights"  # a step that is shown where there is any


def _gaps(lines: Sequence[HorizonLine], *, amounts: bool) -> Iterator[RenderableType]:
    """Show what each friction took, for the windows that both paths finished."""
    told = [line for line in lines if line.gap or (amounts and line.capital is not None)]
    steps = next(([step for step, _ in line.gap] for line in told if line.gap), [])
    if not any(dict(line.gap).get(_SELDOM) for line in told):
        steps = [step for step in steps if step != _SELDOM]
    if not told:
        return
    columns = [
        Column(header="hold", numeric=True),
        *([Column(header="capital", numeric=True)] if amounts else []),
        Column(header="paper", numeric=True),
        *(Column(header=_SHORT.get(step, step), numeric=True) for step in steps),
        Column(header="traded", numeric=True),
    ]
    yield plain_table(
        columns,
        [
            [
                str(line.horizon),
                *([money_short(line.capital)] if amounts else []),
                points(line.paper_return, signed=True),
                *_parts(line, steps),
                points(line.executable_return, signed=True),
            ]
            for line in told
        ],
        title="from paper to traded",
    )


def _parts(line: HorizonLine, steps: Sequence[str]) -> list[str]:
    taken = dict(line.gap)
    return [points(taken.get(step), signed=True) for step in steps]


def _cells(line: HorizonLine, *, costed: bool) -> list[str]:
    held = line.status
    if line.status != "mature" and line.sessions_held:
        held = f"{line.status} {line.sessions_held}"
    returns = [line.paper_return]
    if costed:
        returns.append(line.executable_return)
    returns.extend((line.benchmark_return, line.active_return))
    return [
        str(line.horizon),
        line.exit_session.isoformat() if line.exit_session else UNDEFINED,
        held,
        f"{line.n_held}/{line.n_named}",
        *(points(value, signed=True) for value in returns),
        points(line.max_drawdown),
    ]
