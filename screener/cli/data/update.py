"""The command that brings market data up to date from public sources."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import partial
from typing import Annotated

import typer

from screener.api import Workspace
from screener.cli.common import WorkspaceOption, console, messages, tell_broken, workspace_of
from screener.cli.terminal.exits import INTERRUPTED
from screener.cli.terminal.progress import shown
from screener.data.update import YEARS
from screener.language import say

__all__ = ["update"]

_WORTH_SAYING = 60  # seconds


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
        bool,
        typer.Option(
            "--all",
            help="Every listing of table listings: hours, or days; the baskets' names and those "
            "of their industries come first.",
        ),
    ] = False,
    peers: Annotated[
        bool,
        typer.Option(
            "--peers",
            help="The other listings of the industries of the baskets' names too, for random "
            "baskets and base rates.",
        ),
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

    Sources are asked slowly, so as not to be banned: some half a minute a listing with ten years
    of history; how long all of it takes is said before it begins.

    What was committed stays: an interrupted update goes on where it stopped.

    Where 200 names of a market lack today's session alone, one list of the market gives it after
    the close, in place of a question for each.

    Example: screener data update --basket copper
    """
    from screener.render.data.update import forecast_page, plan_page, update_page

    desk = Workspace(workspace_of(workspace), broken=tell_broken)
    asked = partial(
        Workspace.update,
        baskets=basket or (),
        listings=None if listing is None else _words(listing),
        everything=everything,
        needs=_lower(only),
        sources=_lower(source),
        start=start,
        end=end,
        replace_adjusted=replace_adjusted,
        peers=peers,
    )
    planned = asked(desk, dry_run=True)
    if dry_run:
        console().print(plan_page(planned.planned))
        if planned.planned:
            console().print(forecast_page(planned.stages))
        return
    if sum(item.seconds for item in planned.stages) > _WORTH_SAYING:
        messages().print(forecast_page(planned.stages))
    try:
        with shown(say("updating")) as told:
            report = asked(replace(desk, broken=_told_before), progress=told)
    except KeyboardInterrupt:
        messages().print(say("Stopped: what was fetched is stored; the same command goes on."))
        raise typer.Exit(INTERRUPTED) from None
    if report.outcomes or report.cut_off is None:
        console().print(update_page(report))
    if report.failure is not None:
        raise report.failure


def _told_before(_broken: object) -> None:
    """Say nothing of cards and baskets that were named with the plan."""


def _words(text: str) -> list[str]:
    return [part for part in re.split(r"[,，、;；]", text) if part.strip()]


def _lower(text: str | None) -> list[str]:
    return [word.strip().lower() for word in _words(text or "")]
