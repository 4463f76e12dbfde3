"""The command `screener demo`."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from pathlib import Path
from typing import Annotated

import typer

from screener.cli.common import console, titles_of, working
from screener.files.program import program_version
from screener.language import say

__all__ = ["demo", "on_path"]

_HOLD = 20
_PROGRAM = "screener"


def demo(
    directory: Annotated[
        Path, typer.Option("--dir", metavar="DIR", help="Workspace of the demonstration.")
    ] = Path("screener-demo"),
) -> None:
    """Do the whole main job on a simulated market, offline: import, backtest, screen, CSV.

    Example: screener demo
    """
    from screener.demo import (
        DemoFiles,
        back_test,
        demo_workspace,
        score,
        screen,
        simulate,
    )
    from screener.render.backtest.summary import summary_page
    from screener.render.score.board import board_view
    from screener.render.screen.table import screen_view
    from screener.workflows.backtest.summary import Shown, summarise

    out = console()
    place = demo_workspace(directory)
    with working(say("simulating a market")):
        outcome = simulate(place)
    rows = sum(item.added + item.changed + item.unchanged for item in outcome.changes)
    out.print(
        say(
            "1. A simulated market: {rows:,} rows, data version {version}.",
            rows=rows,
            version=outcome.version,
        )
    )
    out.print()
    with working(say("backtesting")):
        run = back_test(place, program_version=program_version())
    titles = titles_of(place)
    out.print(say("2. What the reports' baskets returned in it, held {n} sessions, in %:", n=_HOLD))
    out.print()
    out.print(summary_page([run], summarise([run], Shown(), horizon=_HOLD), titles=titles))
    _tell_meanings("screener backtest --help")
    with working(say("screening")):
        result = screen(place)
    _heading(say("3. What is cheap in it:"))
    out.print(screen_view(result, titles))
    _tell_meanings("screener screen --help")
    with working(say("scoring")):
        told = score(place)
    _heading(say("4. Who met the ratings that they print, beside chance:"))
    out.print(board_view(told, width=out.width))
    _tell_meanings("screener score --help")
    files = DemoFiles.of(place)
    _heading(say("5. Files:"))
    for path in (files.backtest, files.ledger, files.screen):
        out.print(f"   {path}", markup=False, soft_wrap=True)
    _heading(say("Next, type:"))
    for line in _next(directory):
        out.print(f"   {line}", markup=False, soft_wrap=True)


def _heading(text: str) -> None:
    out = console()
    out.print()
    out.print(text)
    out.print()


def _tell_meanings(command: str) -> None:
    """Say where the meaning of each column stands."""
    from rich.text import Text

    told = say("What each column means: {command}", command=command)
    console().print(Text(told, style="dim"))


def _next(directory: Path) -> tuple[str, ...]:
    return (
        *on_path(Path(sys.argv[0])),
        f"cd {_quoted(directory)}",
        "screener report show R1",
        "screener backtest compute-leasing --hold 5,20,60",
        "screener basket new mine --listing 300857,00700.HK --date 2026-05-14",
        "screener backtest mine --csv mine.csv",
        "screener explain mine.csv 2",
        "screener study --all --placebo 500",
        "screener score",
    )


def _quoted(directory: Path) -> str:
    return f'"{directory}"' if os.name == "nt" else shlex.quote(str(directory))


def on_path(program: Path, *, windows: bool = os.name == "nt") -> tuple[str, ...]:
    """Return the line that makes the shell find this program, if it does not, or finds another.

    It is for a POSIX shell, or on Windows for PowerShell.
    """
    found = shutil.which(_PROGRAM)
    if program.stem != _PROGRAM or (found and Path(found).resolve() == program.resolve()):
        return ()
    if windows:
        return (f'$env:Path = "{program.resolve().parent};$env:Path"',)
    return (f"export PATH={shlex.quote(str(program.resolve().parent))}:$PATH",)
