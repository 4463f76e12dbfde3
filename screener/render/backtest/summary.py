"""Many events on the terminal: one table, a line of verdict for each that is known."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.measure import Measurement
from rich.text import Text

from screener.domain.report import Precision
from screener.language import say, say_count
from screener.paths.legs import LegState
from screener.render.backtest.blocks import (
    NAMES_TOLD,
    footer_of,
    run_text,
    status_label,
    status_text,
)
from screener.render.backtest.shortfall import means_table
from screener.render.pages.words import told
from screener.render.study.verdict import verdict_line
from screener.render.tables import (
    UNDEFINED,
    Column,
    banner,
    heads,
    money_short,
    number,
    or_dash,
    plain_table,
    points,
)
from screener.results.backtest import RETURNS, VARIANT
from screener.workflows.backtest.rows import mean_shortfalls
from screener.workflows.backtest.run import BacktestRun
from screener.workflows.backtest.summary import ReportTotal, Summary, SummaryLine
from screener.workflows.study.verdict import Verdict

__all__ = ["summary_page"]

_RETURNS = ("paper_return", "executable_return", "benchmark_return", "active_return")
_ESTIMATED = "≈"
_WAYS = ("entry", "delay", "weighting", "rebalance")
_UNBOUND = 1_000  # columns: as wide as a table would like to be
_DAY, _HALF_A_DAY = re.compile(r"\d{4}-\d\d-\d\d"), 5
_LEAST_NAME = 8  # columns for the name of a basket, however narrow the terminal


def summary_page(
    runs: Sequence[BacktestRun],
    summary: Summary,
    *,
    titles: Mapping[str, str] | None = None,
    verdicts: Sequence[Verdict] = (),
    beside: str = "",
) -> RenderableType:
    """Return one line per event as a page, as wide as the terminal allows.

    Parameters
    ----------
    runs
        The runs; what differs between them has a column.
    summary
        Their lines.
    titles
        What to call a basket instead of its name.
    verdicts
        Verdicts that are known at its data version.
    beside
        The command that finds the verdicts, told where none is known; empty to tell nothing.
    """
    held = {line.result.window.horizon for line in summary.lines}
    title = [
        Text(say_count("held {n} session", "held {n} sessions", n), style="bold")
        for n in (held if len(held) == 1 else ())
    ]
    table = _SummaryTable(_Layout.of(summary.lines, titles or {}, several=len(runs) > 1))
    notes = [
        *_remarks(summary),
        *(verdict_line(item, called=(titles or {}).get(item.basket)) for item in verdicts),
    ]
    if not verdicts and beside:
        notes.append(say("No verdict is known at these data: `{command}`", command=beside))
    ids = run_text(runs[0]) if len(runs) == 1 else say_count("{n} run", "{n} runs", len(runs))
    footer = Text(f"{footer_of(runs[0])} · {ids}", style="dim")
    return Group(
        *banner(simulated=runs[0].simulated),
        *title,
        table,
        *(Text(note) for note in notes),
        *(means_table(mean_shortfalls(runs[0].results)) if len(runs) == 1 else ()),
        footer,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Layout:
    """A table to be, the name of the basket in its first column.

    Parameters
    ----------
    columns, rows
        What always stands in it.
    more_columns, more_cells
        What stands at its end where there is room, by column; cells by row.
    """

    columns: tuple[Column, ...]
    rows: tuple[tuple[str, ...], ...]
    more_columns: tuple[Column, ...] = ()
    more_cells: tuple[tuple[str, ...], ...] = ()

    @classmethod
    def of(
        cls, lines: Sequence[SummaryLine], titles: Mapping[str, str], *, several: bool
    ) -> _Layout:
        horizons = {line.result.window.horizon for line in lines}
        capitals = {line.result.capital for line in lines}
        names = [
            *("basket", "report"),
            *(["horizon"] if len(horizons) != 1 else []),
            *(["capital"] if len(capitals) > 1 else []),
            *(name for name in (_WAYS if several else ()) if _differs(lines, name)),
            *([] if several else ["entry_session"]),  # the room is needed for the ways
            *("n_held", *_RETURNS, "status"),
        ]
        longer = sorted({int(str(row["horizon"])) for line in lines for row in line.others})
        active = RETURNS["active_return"].label()
        return cls(
            columns=tuple(heads(RETURNS.joined(VARIANT), *names)),
            rows=tuple(tuple(_cell(line, name, titles) for name in names) for line in lines),
            more_columns=tuple(Column(header=f"{active} {n}", numeric=True) for n in longer),
            more_cells=tuple(_longer(line, longer) for line in lines),
        )

    def widened(self, count: int) -> _Layout:
        """Return it with so many of the further columns."""
        cells = zip(self.rows, self.more_cells, strict=True)
        return replace(
            self,
            columns=(*self.columns, *self.more_columns[:count]),
            rows=tuple((*row, *more[:count]) for row, more in cells),
        )

    def folded(self, width: int) -> _Layout:
        """Return it with the names of baskets folded at their hyphens, days too if need be."""
        rows = [(_folded(row[0], max(width, _LEAST_NAME)), *row[1:]) for row in self.rows]
        if width < _LEAST_NAME:
            rows = [
                (
                    row[0],
                    *(
                        _folded(cell, _HALF_A_DAY) if _DAY.fullmatch(cell) else cell
                        for cell in row[1:]
                    ),
                )
                for row in rows
            ]
        return replace(self, rows=tuple(rows))

    def table(self, *, tight: bool = False) -> RenderableType:
        """Return it as a table, one blank between its columns if it is tight."""
        return plain_table(self.columns, self.rows, tight=tight)


@dataclass(frozen=True, slots=True)
class _SummaryTable:
    """A table that takes what the terminal's width allows: further horizons, else less room."""

    layout: _Layout

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        for count in range(len(self.layout.more_columns), -1, -1):
            found = self.layout.widened(count).table()
            if _width(console, options, found) <= options.max_width:
                yield found
                return
        found = self.layout.table(tight=True)
        over = _width(console, options, found) - options.max_width
        if over > 0:
            named = max((cell_len(row[0]) for row in self.layout.rows), default=0)
            found = self.layout.folded(named - over).table(tight=True)
        yield found


def _differs(lines: Sequence[SummaryLine], name: str) -> bool:
    return len({line.row[name] for line in lines}) > 1


def _width(console: Console, options: ConsoleOptions, table: RenderableType) -> int:
    return Measurement.get(console, options.update(max_width=_UNBOUND), table).maximum


def _cell(line: SummaryLine, name: str, titles: Mapping[str, str]) -> str:
    result, value = line.result, line.row[name]
    if name == "basket":
        return titles.get(str(value)) or str(value)
    if name == "report":
        estimated = result.window.event.published.precision is Precision.ESTIMATED
        return or_dash(str(value)) + (_ESTIMATED if estimated else "")
    if name == "n_held":
        return f"{result.n_held}/{result.n_named}"
    if name == "status":
        return status_text(result)
    if name == "capital":
        return money_short(result.capital)
    if name in _RETURNS:
        return points(None if value is None else float(str(value)), signed=True)
    return UNDEFINED if value is None else str(value)


def _longer(line: SummaryLine, horizons: Sequence[int]) -> tuple[str, ...]:
    """Write the active returns at longer horizons; one that is not mature yet is in brackets."""
    found = {int(str(row["horizon"])): row for row in line.others}
    return tuple(_active(found.get(horizon)) for horizon in horizons)


def _active(row: Mapping[str, object] | None) -> str:
    if row is None:
        return UNDEFINED
    value = row["active_return"]
    if value is None:
        return UNDEFINED if row["status"] == "mature" else status_label(str(row["status"]))
    told = number(float(str(value)) * 100, signed=True)
    return told if row["status"] == "mature" else f"({told})"


def _folded(name: str, width: int) -> str:
    """Fold a name into lines at its hyphens; what has none is left to the table."""
    lines: list[str] = []
    for part in name.replace("-", "-\n").split("\n"):
        if lines and cell_len(lines[-1] + part) <= width:
            lines[-1] += part
        else:
            lines.append(part)
    return "\n".join(lines)


def _remarks(summary: Summary) -> Iterator[str]:
    """Tell how to read the table, and what it leaves out."""
    lines = summary.lines
    longer = sorted({int(str(row["horizon"])) for line in lines for row in line.others})
    if longer:
        told = ", ".join(map(str, longer))
        yield say(
            "{horizons} sessions: --detail; on a wide terminal their active return stands at the "
            "right, in brackets until mature",
            horizons=told,
        )
    if any(_is_estimated(line) for line in lines):
        yield say(
            "{mark} the report's date is estimated; --detail shows the range of returns",
            mark=_ESTIMATED,
        )
    yield from dict.fromkeys(_in_all(total) for total in summary.totals)
    yield from _left_out(lines)
    if summary.hidden:
        yield say_count(
            "{n} line is hidden by --filter", "{n} lines are hidden by --filter", summary.hidden
        )


def _in_all(total: ReportTotal) -> str:
    paper = f"{total.paper:+.2%}"
    if total.index is None:
        return say(
            "{report} in all: its {n} names alike returned {paper} on paper in {horizon} sessions",
            report=total.report,
            n=total.n_names,
            paper=paper,
            horizon=total.horizon,
        )
    index = f"{total.index:+.2%}"
    return say(
        "{report} in all: its {n} names alike returned {paper} on paper in {horizon} sessions, "
        "the index {index}",
        report=total.report,
        n=total.n_names,
        paper=paper,
        horizon=total.horizon,
        index=index,
    )


def _is_estimated(line: SummaryLine) -> bool:
    return line.result.window.event.published.precision is Precision.ESTIMATED


def _left_out(lines: Sequence[SummaryLine]) -> Iterator[str]:
    """Tell for each reason which names are not held."""
    names: dict[str, dict[str, None]] = {}
    for line in lines:
        for entry in line.result.ledger:
            if entry.state is not LegState.HELD:
                names.setdefault(entry.reason, {})[f"{entry.listing} {entry.name}".strip()] = None
    for reason, found in names.items():
        some = say_count("{n} name", "{n} names", len(found))
        listed = ", ".join(found) if len(found) <= NAMES_TOLD else some
        yield say("not held: {names}: {reason}", names=listed, reason=told(reason))
