"""What each column of a command's tables means, at the end of its help."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from screener.language import say
from screener.results.tables import Column, TableSpec, declared

__all__ = ["add_legend"]

_TABLES: Mapping[tuple[str, ...], Sequence[tuple[str, str]]] = {
    ("backtest",): (("backtest", "returns"), ("backtest", "variant"), ("backtest", "remark")),
    ("study",): (("study", "tests"), ("placebo", "placebos")),
    ("score",): (("score", "scores"), ("score", "plain")),
    ("screen",): (("screen", "identity"), ("screen", "judgement")),
    ("rules",): (("rules", "rules"),),
    ("explain",): (("backtest", "names"), ("backtest", "orders")),
    ("today",): (("today", "cards"), ("today", "matured"), ("today", "judged")),
    ("follow",): (("follow", "measures"), ("follow", "events")),
    ("report", "check"): (("reports", "checking"),),
    ("data", "status"): (("data", "coverage"),),
    ("data", "verify"): (("data", "findings"),),
    ("data", "diff"): (("data", "diff"),),
}
"""Tables that a command shows or writes with `--csv`, by file and name in `declared/`."""


def add_legend(root: Any, arguments: Sequence[str]) -> None:
    """Add the meanings of its columns to the help of the command that a command line names."""
    command = root
    path: list[str] = []
    for name in arguments:
        inner = getattr(command, "commands", {}).get(name)
        if inner is None:
            break
        command, path = inner, [*path, name]
    tables = _TABLES.get(tuple(path), ())
    if tables:
        lines = list(_lines([declared(file)[name] for file, name in tables]))
        command.format_help = partial(_help, type(command).format_help, command, lines)


def _help(
    show: Any, command: Any, lines: Sequence[tuple[str, str]], ctx: Any, formatter: Any
) -> None:
    from rich.panel import Panel

    from screener.cli.common import console
    from screener.render.tables import facts

    show(command, ctx, formatter)
    title = say("Columns of its tables")
    console().print(Panel(facts(lines), title=title, title_align="left", border_style="dim"))


def _lines(tables: Sequence[TableSpec]) -> Iterator[tuple[str, str]]:
    columns: dict[tuple[str, str], Column] = {}
    for table in tables:
        for column in table.columns:
            columns.setdefault((column.name, column.en), column)
    for column in columns.values():
        label = say("{label} ({name})", label=column.label(), name=column.name)
        yield label, column.told()
