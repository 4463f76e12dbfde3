"""The command `screener demo`."""

from __future__ import annotations

import shlex
import shutil
import sys
from pathlib import Path
from typing import Annotated

import typer

from screener.cli.common import console, working
from screener.files.program import program_version
from screener.language import bound, say

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
    from screener.render.score import board_view
    from screener.render.screen import screen_view
    from screener.render.summary import summary_page
    from screener.workflows.backtest.summary import Shown, summarise

    out = console()
    place = demo_workspace(directory)
    with working(say("simulating a market")):
        outcome = simulate(place)
    rows = sum(item.added + item.changed + item.unchanged for item in outcome.changes)
    out.print(f"1. A simulated market: {rows:,} rows, data version {outcome.version}.\n")
    with working(say("backtesting")):
        run = back_test(place, program_version=program_version())
    out.print(f"2. What the reports' baskets returned in it, held {_HOLD} sessions, in %:\n")
    out.print(summary_page([run], summarise([run], Shown(), horizon=_HOLD)))
    with working(say("screening")):
        result = screen(place)
    out.print("\n3. What is cheap in it:\n")
    out.print(screen_view(result))
    with working("scoring"):
        told = score(place)
    out.print("\n4. Who met the ratings that they print, beside chance:\n")
    out.print(board_view(told, bound(), width=out.width))
    files = DemoFiles.of(place)
    out.print("\n5. Files:\n")
    for path in (files.backtest, files.ledger, files.screen):
        out.print(f"   {path}", markup=False, soft_wrap=True)
    out.print("\nNext, type:\n")
    for line in _next(directory):
        out.print(f"   {line}", markup=False, soft_wrap=True)


def _next(directory: Path) -> tuple[str, ...]:
    return (
        *on_path(Path(sys.argv[0])),
        f"cd {shlex.quote(str(directory))}",
        "screener report show R1",
        "screener backtest compute-leasing --hold 5,20,60",
        "screener basket new mine --listing 300857,00700.HK --date 2026-05-14",
        "screener backtest mine --csv mine.csv",
        "screener explain mine.csv 2",
        "screener study --all --placebo 500",
        "screener score",
    )


def on_path(program: Path) -> tuple[str, ...]:
    """Return the line that makes the shell find this program, if it does not, or finds another."""
    found = shutil.which(_PROGRAM)
    if program.stem != _PROGRAM or (found and Path(found).resolve() == program.resolve()):
        return ()
    return (f"export PATH={shlex.quote(str(program.resolve().parent))}:$PATH",)
