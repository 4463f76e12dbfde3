"""The console command `screener`."""

from __future__ import annotations

import atexit
import gc
import io
import os
import sys
from typing import Annotated

import typer

from screener.cli.backtest import backtest
from screener.cli.basket import basket_app
from screener.cli.data.store import data_app
from screener.cli.demo import demo
from screener.cli.exits import RootGroup
from screener.cli.explain import explain
from screener.cli.init import init
from screener.cli.report import report_app
from screener.cli.rules import rules
from screener.cli.score import score
from screener.cli.screen import screen
from screener.cli.study import study
from screener.files.program import program_version
from screener.language import bound, check_choice, is_lacking

__all__ = ["app", "run"]

_LACKING = (
    "中文文本尚未生成，暂以英文显示；请运行 `pip install -e .`\n"
    "the Chinese texts are not built here, English is shown: `pip install -e .` builds them"
)
_NEW_OBJECTS, _YOUNG, _OLD = 50_000, 20, 20  # by default 700, 10, 10

app = typer.Typer(
    cls=RootGroup,
    help="Read broker reports as baskets; measure what they returned after you could know of them.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command()(demo)
app.command()(init)
app.add_typer(report_app, name="report")
app.add_typer(basket_app, name="basket")
app.add_typer(data_app, name="data")
app.command()(backtest)
app.command()(study)
app.command()(score)
app.command()(explain)
app.command()(rules)
app.command()(screen)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"screener {program_version()}")
        raise typer.Exit


@app.callback()
def _root(
    _version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version and exit."
        ),
    ] = False,
    lang: Annotated[
        str | None,
        typer.Option(
            "--lang",
            metavar="zh|en|auto",
            help="Language of all that is shown, before or after the command "
            "(default: $SCREENER_LANG, else that of the locale).",
        ),
    ] = None,
) -> None:
    check_choice(lang, os.environ)
    if is_lacking(bound()):
        typer.echo(_LACKING, err=True)


def run() -> None:
    """Run the console command."""
    _spare_collections()
    for stream in (sys.stdout, sys.stderr):
        # Names are Chinese: what a terminal cannot show is escaped there, never lost in a file.
        if isinstance(stream, io.TextIOWrapper):
            utf8 = not stream.isatty() or (stream.encoding or "").lower().startswith("utf")
            stream.reconfigure(encoding="utf-8" if utf8 else None, errors="backslashreplace")
    app()


def _spare_collections() -> None:
    """Look for garbage in cycles seldom, and not at all at the end.

    Importing vectorbt makes four hundred thousand lasting objects: by the defaults a third of that
    time goes into looking through them again and again, and into a last look when all is done.
    """
    gc.set_threshold(_NEW_OBJECTS, _YOUNG, _OLD)
    atexit.register(gc.freeze)
