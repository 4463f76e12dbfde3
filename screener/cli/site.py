"""Command that writes the pages of a workspace."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from screener.api import Workspace
from screener.cli.common import (
    ClusterOption,
    VersionOption,
    WorkspaceOption,
    console,
    ends_lacking,
    horizons_of,
    sharing,
    tell_broken,
    working,
    workspace_of,
)
from screener.language import say

__all__ = ["site"]


def site(
    context: typer.Context,
    directory: Annotated[
        Path, typer.Argument(metavar="DIR", help="New folder, or one that this command has made.")
    ],
    hold: Annotated[
        str,
        typer.Option("--hold", metavar="H,…", help="Sessions to hold; the entry is session 1."),
    ] = "5,20,60,120",
    placebo: Annotated[
        int,
        typer.Option(
            "--placebo", metavar="N", help="Random baskets to compare each event with; 0 for none."
        ),
    ] = 1_000,
    jobs: Annotated[
        int,
        typer.Option("--jobs", metavar="N", help="Processes that share the events; -1 for all."),
    ] = 1,
    cluster: ClusterOption = None,
    data_version: VersionOption = None,
    workspace: WorkspaceOption = None,
) -> None:
    """Write an index and a page for each event, report, basket, broker and saved screen.

    They are linked to each other; of a screen saved in the workspace there is also a page of what
    it would have earned over the last twelve months. Pages that have not changed are not touched.
    They open from a folder, a server or a phone.

    Example: screener site pages
    """
    from screener.files.folders import check_folder

    check_folder(directory)
    desk = Workspace(workspace_of(workspace), broken=tell_broken)
    with working(say("making the pages")):
        made = desk.site(
            directory,
            hold=horizons_of(hold),
            placebo=placebo,
            data_version=data_version,
            **sharing(context, jobs, cluster),
        )
    console().print(
        say(
            "{written} pages written, {kept} as they were, {removed} taken away: {index}",
            written=made.written,
            kept=made.kept,
            removed=made.removed,
            index=directory / made.index,
        ),
        markup=False,
        soft_wrap=True,
    )
    ends_lacking(made.lacking)
