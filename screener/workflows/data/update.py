"""Bringing a workspace's data up to date: what is asked for, of whom, by which clock."""

from __future__ import annotations

import random
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date

from screener.data.lake.store import Store
from screener.data.sources.online.registry import open_sources, way_out
from screener.data.sources.online.transport.clock import Clock
from screener.data.sources.online.transport.protocol import Need
from screener.data.update import YEARS
from screener.data.update.forecast import forecast_update
from screener.data.update.plan import UpdateRequest
from screener.data.update.run import Progress
from screener.data.update.run import update as run_update
from screener.data.update.session import UpdateReport
from screener.domain.choices import choice
from screener.domain.listing import Listing
from screener.errors import DateRangeError, InputError
from screener.language import say
from screener.workflows.data.targets import (
    basket_targets,
    every_target,
    in_stages,
    industry_groups,
)
from screener.workflows.listing_lookup import find_listings
from screener.workspace.broken import Broken
from screener.workspace.locate import Workspace

__all__ = ["UpdateWish", "planned_update", "update_data", "update_request"]


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateWish:
    """What a user wants brought up to date.

    Parameters
    ----------
    baskets
        Baskets whose names are meant; every basket if none of the first three is given.
    listings
        Codes.
    everything
        Every listing of table `listings`.
    needs
        What to ask for; everything when empty.
    sources
        Whom to ask; everyone when empty.
    start, end
        First and last day of history.
    replace_adjusted
        Whether the adjusted prices of an imported file give way to raw ones.
    peers
        Whether every listing of the industries of the baskets' names is meant, too.
    """

    baskets: Sequence[str] = ()
    listings: Sequence[str] | None = None
    everything: bool = False
    needs: Collection[str] = ()
    sources: Collection[str] = ()
    start: date | None = None
    end: date | None = None
    replace_adjusted: bool = False
    peers: bool = False


def update_request(
    place: Workspace, wish: UpdateWish, *, today: date
) -> tuple[UpdateRequest, tuple[Broken, ...]]:
    """Return what is asked for, and the cards and baskets that cannot be read.

    Raises
    ------
    InputError
        If the names are given in two ways, or a need is not known.
    DateRangeError
        If the days are the wrong way round, or in the future.
    BasketNotFound
        If there is no such basket.
    """
    parts, broken = _targets(place, wish)
    listings, stages = in_stages(parts)
    request = UpdateRequest(
        listings=listings,
        stages=stages,
        start=wish.start or today.replace(year=today.year - YEARS, day=1),
        end=wish.end,
        needs=frozenset(choice(Need, word, parameter="--only") for word in wish.needs),
        sources=frozenset(wish.sources),
        replace_adjusted=wish.replace_adjusted,
    )
    if request.end is not None and request.end < request.start:
        raise DateRangeError(
            say("--from {start} is after --to {end}", start=request.start, end=request.end),
            fix=say("exchange the two"),
        )
    if request.start > today:
        raise DateRangeError(
            say("--from {start} is in the future", start=request.start),
            fix=say("give an earlier day"),
        )
    return request, broken


def _targets(
    place: Workspace, wish: UpdateWish
) -> tuple[Sequence[Sequence[Listing]], tuple[Broken, ...]]:
    """Return the listings that are meant, in the parts in which they are worked off."""
    if sum([bool(wish.baskets), wish.listings is not None, wish.everything]) > 1:
        raise InputError(
            say("--basket, --listing and --all exclude each other"), fix=say("give one of them")
        )
    if wish.listings is not None:
        if wish.peers:
            raise InputError(
                say("--peers is for the names of baskets"), fix=say("drop --peers, or --listing")
            )
        return [find_listings(place, ",".join(wish.listings), parameter="--listing")], ()
    targets = basket_targets(place, wish.baskets or None)
    if not (wish.everything or wish.peers):
        return [tuple(targets)], targets.broken
    with Store.open(place.lake) as store:
        every, groups = every_target(store), industry_groups(store)
    own = {groups[item.id] for item in targets if item.id in groups}
    peers = [item for item in every if groups.get(item.id) in own]
    return [tuple(targets), peers, every if wish.everything else ()], targets.broken


def planned_update(place: Workspace, request: UpdateRequest, *, clock: Clock) -> UpdateReport:
    """Return an update with the questions that it would ask; nobody is asked, nothing changes."""
    found = forecast_update(place.lake, request, clock=clock)
    return UpdateReport(planned=found.counts, stages=found.stages)


def update_data(
    place: Workspace, request: UpdateRequest, *, clock: Clock, progress: Progress
) -> UpdateReport:
    """Ask the sources what is missing; each answer is committed as it comes.

    Raises
    ------
    InputError
        If a source is not known.
    StorageError
        If another update is at work, or something cannot be written.
    """
    jitter = random.Random()  # noqa: S311 - no secret
    with open_sources(place.lake, clock, jitter, network=way_out()) as sources:
        sources.check_names(request.sources)
        return run_update(
            place.lake,
            request,
            chains=sources.chains,
            wire=sources,
            clock=clock,
            progress=progress,
        )
