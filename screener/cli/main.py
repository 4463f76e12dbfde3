"""The console command `screener`."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterable
from importlib import import_module
from typing import Annotated

import typer

from screener.cli.terminal.exits import RootGroup
from screener.cli.terminal.sparing import spare_collections, spare_pandas, spare_plugins
from screener.files.program import program_version
from screener.language import bound, check_choice, is_lacking

__all__ = ["app", "run"]

_LACKING = (
    "中文文本尚未生成，暂以英文显示；请运行 `pip install -e .`\n"
    "the Chinese texts are not built here, English is shown: `pip install -e .` builds them"
)
_WITHOUT_PANDAS = ("backtest", "report", "rules", "screen")

_GROUPS = ("report", "basket", "data")
_PLACES = {"data": "data.store"}
_JOBS = {
    "Start here": ("demo", "report", "backtest"),
    "Is it real, and would I have got it?": ("study", "score", "follow", "explain", "rules"),
    "What is cheap, what is new": ("screen", "today", "site"),
    "Your data and your workspace": ("data", "basket", "init", "config"),
}
_COMMANDS = tuple(name for names in _JOBS.values() for name in names)

app: typer.Typer
"""The whole command line, made when it is first asked for."""


def __getattr__(name: str) -> typer.Typer:
    if name != "app":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = made = _app_of(_COMMANDS)
    return made


def _app_of(names: Iterable[str]) -> typer.Typer:
    """Return the command line with some commands alone: a command's options take time to make."""
    made = typer.Typer(
        cls=RootGroup,
        help="Read broker reports as baskets; measure what they returned after you could know of "
        "them.",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    made.callback()(_root)
    panels = {name: job for job, inside in _JOBS.items() for name in inside}
    for name in names:
        module = import_module(f"screener.cli.{_PLACES.get(name, name)}")
        if name in _GROUPS:
            group = getattr(module, f"{name}_app")
            made.add_typer(group, name=name, rich_help_panel=panels[name])
        else:
            made.command(rich_help_panel=panels[name])(getattr(module, name))
    return made


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"screener {program_version()}")
        raise typer.Exit


def _root(
    _version: Annotated[
        bool,
        typer.Option(
            "--version",
            "-V",
            callback=_print_version,
            is_eager=True,
            help="Print the version and exit.",
        ),
    ] = False,
    lang: Annotated[
        str | None,
        typer.Option(
            "--lang",
            metavar="zh|en|auto",
            help="Language of all that is shown, before or after the command "
            "(default: $SCREENER_LANG, else that of the settings, else that of the locale).",
        ),
    ] = None,
) -> None:
    check_choice(lang, os.environ)
    if is_lacking(bound()):
        typer.echo(_LACKING, err=True)


def run() -> None:
    """Run the console command."""
    spare_collections()
    spare_plugins()
    named = [name for name in sys.argv[1:2] if name in _COMMANDS]
    if named and named[0] in _WITHOUT_PANDAS:
        spare_pandas()
    for stream in (sys.stdout, sys.stderr):
        # Names are Chinese: what a terminal cannot show is escaped there, never lost in a file.
        if isinstance(stream, io.TextIOWrapper):
            utf8 = not stream.isatty() or (stream.encoding or "").lower().startswith("utf")
            stream.reconfigure(encoding="utf-8" if utf8 else None, errors="backslashreplace")
    (_app_of(named) if named else __getattr__("app"))()
