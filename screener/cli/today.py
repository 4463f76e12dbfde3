"""The command `screener today`."""

from __future__ import annotations

from typing import Annotated

import typer

from screener.api import Workspace
from screener.cli.common import (
    ForceOption,
    HtmlOption,
    JsonOption,
    WorkspaceOption,
    console,
    messages,
    working,
    workspace_of,
)
from screener.language import say

__all__ = ["NEWS", "today"]

NEWS = 10
"""Exit code where there is news."""


def today(
    since: Annotated[
        str | None,
        typer.Option(
            "--since",
            metavar="DATE",
            help="Tell what is of this day or later, whatever was looked at (default: since the "
            "last look).",
        ),
    ] = None,
    json: JsonOption = None,
    html: HtmlOption = None,
    force: ForceOption = False,
    workspace: WorkspaceOption = None,
) -> None:
    """Tell what is new since the last look: cards, ended windows and calls, screens, corrections.

    Ends with 0 where nothing is new and 10 where there is news, so that cron can mail it.

    Example: screener today --since 2026-05-01
    """
    from screener.files.writing import check_targets, write_json, write_text
    from screener.render.today import today_page
    from screener.workflows.today.run import today_document

    check_targets(json, html, force=force)
    desk = Workspace(workspace_of(workspace))
    with working(say("looking")):
        found = desk.today(since)
    if json is not None:
        write_json(json, today_document(found.today))
    if html is not None:
        write_text(html, found.to_html())
    if "-" not in (json, html):
        console().print(today_page(found.today, found.titles))
    for line in found.today.remarks:
        messages().print(line, markup=False)
    for error in found.today.failed:
        messages().print(str(error), markup=False, soft_wrap=True)
    found.keep()
    if found.today.has_news:
        raise typer.Exit(NEWS)
    if found.today.failed:
        raise typer.Exit(found.today.failed[0].exit_code)
