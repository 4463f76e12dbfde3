"""Command that makes a workspace."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from screener.cli.common import console
from screener.language import say

__all__ = ["init"]


def init(
    directory: Annotated[
        Path, typer.Argument(metavar="DIR", help="New folder, or one without a workspace.")
    ],
) -> None:
    """Make a workspace with the shipped report cards and baskets.

    Example: screener init research
    """
    from screener.workflows.report.catalog import init_workspace, list_baskets, list_reports

    made = init_workspace(directory)
    told = say(
        "Made a workspace with {cards} report cards and {baskets} baskets in {folder}",
        cards=len(list_reports(made)),
        baskets=len(list_baskets(made)),
        folder=directory,
    )
    following = say("Next: cd there and type: {command}", command="screener basket list")
    for line in (told, following):
        console().print(line, markup=False, soft_wrap=True)
