"""Options by which a user corrects what was read of a report."""

from __future__ import annotations

from typing import Annotated

import typer

__all__ = ["BrokerOption", "PublishedOption", "ThemeOption", "TitleOption"]

PublishedOption = Annotated[
    str | None,
    typer.Option(
        "--published",
        metavar="D",
        help="When it was published: 2026-05-14 or 2026-05-14T19:48+08:00.",
    ),
]
TitleOption = Annotated[
    str, typer.Option("--title", metavar="TEXT", help="Its title, instead of the one read.")
]
BrokerOption = Annotated[
    str,
    typer.Option("--broker", metavar="NAME", help="Who wrote it; of a digest, who publishes it."),
]
ThemeOption = Annotated[
    list[str] | None,
    typer.Option(
        "--theme",
        metavar="[OLD=]NEW",
        help="The theme of all of it, or another name for one theme; several times for several.",
    ),
]
