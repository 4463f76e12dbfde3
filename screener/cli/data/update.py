"""The command that brings market data up to date from public sources."""

from __future__ import annotations

import random
import time
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from screener.cli.common import WorkspaceOption, console, tell_broken, workspace_of
from screener.cli.terminal.progress import shown
from screener.domain.days import parse_day
from screener.errors import InputError
from screener.language import say

if TYPE_CHECKING:
    from screener.data.sources.online.transport.clock import Clock
    from screener.data.sources.online.transport.protocol import Need
    from screener.domain.listing import Listing
    from screener.workspace.locate import Workspace

__all__ = ["real_clock", "update"]

_YEARS = 10


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
        typer.Option("--from", metavar="D", help=f"First day (default: {_YEARS} years back)."),
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
    from screener.data.sources.online.registry import open_sources, way_out
    from screener.data.update.plan import UpdateRequest
    from screener.data.update.run import plan_update
    from screener.data.update.run import update as run_update
    from screener.data.update.session import failure_of
    from screener.render.data.update import plan_page, update_page

    place = workspace_of(workspace)
    clock = real_clock()
    today = clock.now().astimezone().date()
    request = UpdateRequest(
        listings=_targets(place, basket, listing, everything=everything),
        start=parse_day(start, parameter="--from") if start else _years_back(today),
        end=parse_day(end, parameter="--to") if end else None,
        needs=_needs(only),
        sources=frozenset(_words(source)),
        replace_adjusted=replace_adjusted,
    )
    if request.end is not None and request.end < request.start:
        raise InputError(
            f"--from {request.start} is after --to {request.end}", fix="exchange the two"
        )
    if request.start > today:
        raise InputError(f"--from {request.start} is in the future", fix="give an earlier day")
    if dry_run:
        console().print(plan_page(plan_update(place.data_cache, request, clock=clock)))
        return
    jitter = random.Random()  # noqa: S311 - no secret
    with (
        open_sources(place.data_cache, clock, jitter, network=way_out()) as sources,
        shown(say("updating")) as told,
    ):
        sources.check_names(request.sources)
        report = run_update(
            place.data_cache,
            request,
            chains=sources.chains,
            wire=sources,
            clock=clock,
            progress=told,
        )
    if report.outcomes or report.cut_off is None:
        console().print(update_page(report))
    failure = failure_of(report)
    if failure is not None:
        raise failure


def real_clock() -> Clock:
    """Return the machine's clock."""
    from screener.data.sources.online.transport.clock import Clock

    return Clock(now=lambda: datetime.now(UTC), sleep=time.sleep)


def _targets(
    place: Workspace, baskets: list[str] | None, listing: str | None, *, everything: bool
) -> tuple[Listing, ...]:
    from screener.data.lake.store import Store
    from screener.domain.listing import parse_listings
    from screener.workflows.data.targets import basket_targets, every_target, with_benchmarks

    if sum([bool(baskets), listing is not None, everything]) > 1:
        raise InputError("--basket, --listing and --all exclude each other", fix="give one of them")
    if listing is not None:
        return with_benchmarks(parse_listings(listing))
    if everything:
        with Store.open(place.data_cache) as store:
            return with_benchmarks(every_target(store))
    targets = basket_targets(place, baskets or None)
    tell_broken(targets.broken)
    return with_benchmarks(targets)


def _needs(only: str | None) -> frozenset[Need]:
    from screener.data.sources.online.transport.protocol import Need

    words = _words(only)
    unknown = [word for word in words if word not in set(Need)]
    if unknown:
        raise InputError(f"--only {unknown[0]!r} is not one of {', '.join(Need)}")
    return frozenset(Need(word) for word in words)


def _words(text: str | None) -> list[str]:
    return [word.strip().lower() for word in (text or "").split(",") if word.strip()]


def _years_back(today: date) -> date:
    return today.replace(year=today.year - _YEARS, day=1)
