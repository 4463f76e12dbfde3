"""The command that brings market data up to date from public sources."""

from __future__ import annotations

import re
from functools import partial
from typing import Annotated

import typer

from screener.api import Workspace
from screener.cli.common import WorkspaceOption, console, tell_broken, workspace_of
from screener.cli.terminal.progress import shown
from screener.data.update import YEARS
from screener.language import say

__all__ = ["update"]


def update(
    basket: Annotated[
        list[str] | None,
        typer.Option(
            "--basket",
            metavar="NAME",
            help="Names of this basket; repeat for several (default: all).",
        ),
    ] = None,
    listing: Annotated[
        str | None, typer.Option("--listing", metavar="A,B,…", help="Only these listings.")
    ] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Every listing of table listings: hours, or days.")
    ] = False,
    only: Annotated[
        str | None,
        typer.Option("--only", metavar="NEED,…", help="Ask only for these, such as bars,actions."),
    ] = None,
    source: Annotated[
        str | None,
        typer.Option("--source", metavar="NAME,…", help="Ask only these, such as sina,cninfo."),
    ] = None,
    start: Annotated[
        str | None,
        typer.Option("--from", metavar="D", help=f"First day (default: {YEARS} years back)."),
    ] = None,
    end: Annotated[
        str | None,
        typer.Option("--to", metavar="D", help="Last day (default: the last finished session)."),
    ] = None,
    replace_adjusted: Annotated[
        bool,
        typer.Option(
            "--replace-adjusted",
            help="Let raw prices replace the adjusted ones of imported files.",
        ),
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be asked, and ask nobody.")
    ] = False,
    workspace: WorkspaceOption = None,
) -> None:
    """Fetch what is missing from public sources: bars, actions, names, valuation, fixings.

    Sources are asked slowly, so as not to be banned: some ten seconds a listing.

    What was committed stays: an interrupted update goes on where it stopped.

    Example: screener data update --basket copper
    """
    from screener.render.data.update import plan_page, update_page

    asked = partial(
        Workspace(workspace_of(workspace), broken=tell_broken).update,
        baskets=basket or (),
        listings=None if listing is None else _words(listing),
        everything=everything,
        needs=_lower(only),
        sources=_lower(source),
        start=start,
        end=end,
        replace_adjusted=replace_adjusted,
        dry_run=dry_run,
    )
    if dry_run:
        console().print(plan_page(asked().planned))
        return
    with shown(say("updating")) as told:
        report = asked(progress=told)
    if report.outcomes or report.cut_off is None:
        console().print(update_page(report))
    if report.failure is not None:
        raise report.failure


def _words(text: str) -> list[str]:
    return [part for part in re.split(r"[,，、;；]", text) if part.strip()]


def _lower(text: str | None) -> list[str]:
    return [word.strip().lower() for word in _words(text or "")]
