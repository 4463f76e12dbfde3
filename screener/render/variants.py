"""Several ways to buy and keep the same baskets on the terminal: a table per event."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Group, RenderableType
from rich.text import Text

from screener.render.backtest import HorizonLine
from screener.render.tables import Column, money_short, plain_table, points

__all__ = ["VariantBlock", "VariantLine", "variants_view"]


_FEW, _FEWER = 2, 1  # varying columns beside which a line of 80 columns has room for more


@dataclass(frozen=True, slots=True, kw_only=True)
class VariantBlock:
    """One event: its title, a line for each variant and horizon, and what to know about them."""

    title: str
    lines: tuple[VariantLine, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class VariantLine:
    """One horizon of an event, bought and kept in one way."""

    entry: str
    delay: int
    weighting: str
    rebalance: str
    line: HorizonLine


def variants_view(blocks: Sequence[VariantBlock], *, banner: str, footer: str) -> RenderableType:
    """Return a table for each event; only what differs between its lines has a column."""
    parts: list[RenderableType] = [Text(banner, style="bold reverse"), Text()] if banner else []
    for block in blocks:
        notes = [Text(f"  {note}") for note in block.notes]
        parts += [Text(block.title, style="bold"), *_table(block.lines), *notes, Text()]
    return Group(*parts, Text(footer, style="dim"))


def _table(lines: Sequence[VariantLine]) -> list[RenderableType]:
    told = [
        ("entry", [line.entry for line in lines]),
        ("delay", [str(line.delay) for line in lines]),
        ("weights", [line.weighting for line in lines]),
        ("rebal.", [line.rebalance for line in lines]),
        ("capital", [money_short(line.line.capital) for line in lines]),
    ]
    shown = [(name, cells) for name, cells in told if len(set(cells)) > 1]
    wide = [
        ("index", len(shown) <= _FEWER, [line.line.benchmark_return for line in lines]),
        ("active", True, [line.line.active_return for line in lines]),
        ("drawdown", len(shown) <= _FEW, [line.line.max_drawdown for line in lines]),
    ]
    measures = [
        ("paper", [line.line.paper_return for line in lines]),
        ("traded", [line.line.executable_return for line in lines]),
        *((name, values) for name, fits, values in wide if fits),
    ]
    same = [f"{name} {cells[0]}" for name, cells in told[:-1] if len(set(cells)) == 1]
    columns = [
        *(Column(header=name) for name, _ in shown),
        Column(header="hold", numeric=True),
        Column(header="status"),
        *(Column(header=name, numeric=True) for name, _ in measures),
    ]
    rows = [
        [
            *(cells[at] for _, cells in shown),
            str(line.line.horizon),
            _status(line.line),
            *(points(values[at], signed=name != "drawdown") for name, values in measures),
        ]
        for at, line in enumerate(lines)
    ]
    return [Text("  " + " · ".join(same)), plain_table(columns, rows)]


def _status(line: HorizonLine) -> str:
    if line.status == "mature" or not line.sessions_held:
        return line.status
    return f"{line.status} {line.sessions_held}"
