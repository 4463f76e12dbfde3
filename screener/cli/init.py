"""Command that makes a workspace."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from screener.cli.common import console

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
    counts = f"{len(list_reports(made))} report cards and {len(list_baskets(made))} baskets"
    out = console()
    out.print(f"Made a workspace with {counts} in {directory}", markup=False, soft_wrap=True)
    out.print("Next: cd there and type: screener basket list", markup=False, soft_wrap=True)
