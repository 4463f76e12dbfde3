"""Options and helpers that every command shares."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from screener.cli.terminal.progress import working
from screener.domain.days import MOST_SESSIONS
from screener.errors import DataError, InputError
from screener.language import Language, bound, say

if TYPE_CHECKING:
    from rich.console import Console

    from screener.workspace.broken import Broken
    from screener.workspace.locate import Workspace

__all__ = [
    "MOST_SESSIONS",
    "ClusterOption",
    "CsvOption",
    "ExcelOption",
    "ForceOption",
    "HeadersOption",
    "HtmlOption",
    "JsonOption",
    "VersionOption",
    "WorkspaceOption",
    "check_excel",
    "console",
    "ends_lacking",
    "given",
    "horizons_of",
    "messages",
    "sharing",
    "tell_broken",
    "titles_of",
    "working",
    "workspace_of",
]

WorkspaceOption = Annotated[
    Path | None,
    typer.Option(
        "--workspace",
        metavar="DIR",
        help="Folder with seeds/, baskets/ and data_cache/ "
        "(default: $SCREENER_WORKSPACE, else the nearest parent folder that holds baskets/).",
    ),
]
CsvOption = Annotated[
    str | None,
    typer.Option(
        "--csv",
        metavar="FILE",
        help="Write the rows as CSV, - is standard output; as a workbook if it ends in .xlsx.",
    ),
]
ExcelOption = Annotated[
    bool,
    typer.Option(
        "--excel", help="Begin the CSV with a byte-order mark, so that Excel reads it as UTF-8."
    ),
]
HeadersOption = Annotated[
    Language | None,
    typer.Option(
        "--headers",
        metavar="en|zh",
        help="Language of the headers of CSV and workbooks (default: CSV en, workbooks that of all "
        "that is shown).",
    ),
]
ForceOption = Annotated[
    bool,
    typer.Option("--force", help="Let a file that is no result of this program be replaced."),
]
JsonOption = Annotated[
    str | None,
    typer.Option("--json", metavar="FILE", help="Write the rows as JSON; - is standard output."),
]
HtmlOption = Annotated[
    str | None,
    typer.Option(
        "--html",
        metavar="FILE",
        help="Write a page with charts and tables, whole in one file; - is standard output.",
    ),
]
ClusterOption = Annotated[
    str | None,
    typer.Option(
        "--cluster",
        metavar="ADDRESS",
        help="Let the workers of a Dask cluster share the events instead: tls://HOST:8786.",
    ),
]
VersionOption = Annotated[
    int | None,
    typer.Option("--data-version", metavar="N", help="Read the tables as they were at version N."),
]


def workspace_of(option: Path | None) -> Workspace:
    """Return the workspace that a command works in."""
    from screener.workspace.locate import find_workspace

    return find_workspace(option, environ=os.environ, cwd=Path.cwd())


def console() -> Console:
    """Return the console for results: standard output."""
    from screener.cli.terminal.screens import clean_console

    return clean_console()


def messages() -> Console:
    """Return the console for progress and remarks: standard error."""
    from screener.cli.terminal.screens import clean_console

    return clean_console(stderr=True)


def horizons_of(text: str) -> tuple[int, ...]:
    """Parse `--hold`: sessions to hold, ascending and each once.

    Raises
    ------
    InputError
        If they are no whole numbers from 1 to 2,500.
    """
    try:
        found = sorted({int(part) for part in text.split(",") if part.strip()})
    except ValueError:
        found = []
    if not found or found[0] < 1 or found[-1] > MOST_SESSIONS:
        raise InputError(
            say(
                "{option} {text}: sessions to hold are whole numbers from 1 to {most}",
                option="--hold",
                text=repr(text),
                most=MOST_SESSIONS,
            ),
            fix=say("write them like {example}", example="--hold 5,20,60"),
        )
    return tuple(found)


def check_excel(excel: bool, *targets: str | None) -> None:
    """Refuse `--excel` where no CSV is written."""
    if excel and not any(targets):
        raise InputError(
            say("--excel needs --csv or another CSV file"), fix=say("write --csv FILE --excel")
        )


def titles_of(place: Workspace) -> dict[str, str]:
    """Return what baskets are called instead of their names by people who read Chinese."""
    if bound() is not Language.ZH:
        return {}
    from screener.workflows.report.catalog import list_baskets

    return {item.name: item.title_zh for item in list_baskets(place) if item.title_zh}


def given(context: typer.Context, *parameters: str) -> list[str]:
    """Return those of some options that stand on the command line, as they are typed."""
    typed = {item.name: item.opts[-1] for item in context.command.params if item.name}
    found = []
    for name in parameters:
        source = context.get_parameter_source(name)
        if source is not None and source.name == "COMMANDLINE":
            found.append(typed[name])
    return found


def sharing(context: typer.Context, jobs: int, cluster: str | None) -> dict[str, Any]:
    """Return who shares the work, as the library takes it: what is typed goes before settings."""
    typed = given(context, "jobs", "cluster")
    if typed == ["--jobs"] or not cluster:
        return {"jobs": jobs, "cluster": None}
    return {"jobs": jobs if "--jobs" in typed else None, "cluster": cluster}


def tell_broken(broken: Iterable[Broken]) -> None:
    """Name on standard error the cards and baskets that are left out, and why."""
    for item in broken:
        messages().print(item.told(), markup=False, soft_wrap=True)


def ends_lacking(lacking: bool) -> None:
    """End with the code of missing data, after all that could be told: some rows lack something."""
    if lacking:
        raise typer.Exit(DataError.exit_code)
