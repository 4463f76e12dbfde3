"""What a user asks to screen, as a checked request."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date

from screener.data.lake.store import Store
from screener.domain.basket import Member
from screener.domain.choices import choice
from screener.domain.listing import Board, Currency, Listing
from screener.errors import InputError
from screener.language import say
from screener.screen.criteria import parse_criteria, parse_fields, parse_order, parse_rank
from screener.workflows.listing_lookup import find_listing, find_listings
from screener.workflows.report.catalog import (
    BasketEvents,
    basket_events,
    list_reports,
    needed_events,
)
from screener.workflows.screen.run import (
    Exclusion,
    ScreenRequest,
    ScreenResult,
    members_as_of,
    parse_universe,
    run_screen,
)
from screener.workspace.broken import Readable
from screener.workspace.locate import Workspace
from screener.workspace.screens import SavedScreen

__all__ = ["ask_saved", "screen_request"]

Range = str | tuple[float | None, float | None]
"""A range: `a..b`, or its ends, `None` for an open one."""


def screen_request(
    place: Workspace,
    *,
    as_of: date,
    universe: str | None,
    basket: str | None,
    listings: str | Sequence[str | Listing] | None = None,
    ranges: Mapping[str, Range | None],
    where: str | None,
    sort: str | None,
    top: int | None,
    allow_missing: Sequence[str],
    currency: str,
    rank: str | None = None,
    checks: Mapping[str, str] | None = None,
    exclude: Sequence[str] = (),
    industry: str | None = None,
    fields: Sequence[str] = (),
) -> tuple[ScreenRequest, Readable[BasketEvents]]:
    """Make the request of a screen, with the basket's events that it rests on.

    Raises
    ------
    InputError
        If a field, a range, the order or the universe is none.
    NotFoundError
        If there is no such basket.
    """
    groups: Readable[BasketEvents] = Readable(())
    members: tuple[Member, ...] = ()
    if basket is not None and listings is not None:
        raise InputError(
            say("--basket and --listing exclude each other"), fix=say("give one of them")
        )
    if basket is not None:
        groups = basket_events(place, (basket,), None)
        members = members_as_of(needed_events(groups), as_of)
    if listings is not None:
        members = tuple(Member(listing=item) for item in _each_once(place, listings))
    if rank is not None and sort is not None:
        raise InputError(say("--rank and --sort exclude each other"), fix=say("give one of them"))
    order = None if sort is None else parse_order(sort)
    request = ScreenRequest(
        as_of=as_of,
        universe=None if universe is None else parse_universe(universe),
        members=members,
        basket=basket or "",
        criteria=parse_criteria({name: _text(value) for name, value in ranges.items()}),
        where=where,
        sort=order if rank is None else parse_rank(rank),
        checks=tuple((checks or {}).items()),
        exclude=tuple(
            dict.fromkeys(
                choice(Exclusion, item, parameter="--exclude") for item in _words(exclude)
            )
        ),
        industry=industry or "",
        shown=parse_fields(",".join(fields) if fields else None, parameter="--fields"),
        top=top,
        allow_missing=parse_fields(
            ",".join(allow_missing) if allow_missing else None, parameter="--allow-missing"
        ),
        currency=choice(Currency, currency.upper(), parameter="--currency"),
    )
    if any("cards" in field.tables for field in request.questions().needed):
        cards = list_reports(place)
        request = replace(request, cards=tuple(cards))
    return request, groups


def ask_saved(place: Workspace, store: Store, asked: SavedScreen, day: date) -> ScreenResult:
    """Ask a saved screen as of the end of a day; raises as `screen_request` and `run_screen`."""
    given = asked.arguments()
    ranges = {name: given.pop(name) for name in asked.ranges}
    request, _ = screen_request(place, as_of=day, ranges=ranges, **given)
    return run_screen(store, request)


def _words(given: Sequence[str]) -> list[str]:
    parts = re.split(r"[,，、]", ",".join(given))
    return [part.strip().lower() for part in parts if part.strip()]


def _each_once(place: Workspace, listings: str | Sequence[str | Listing]) -> Iterator[Listing]:
    option = "--listing"
    read: Iterable[Listing]
    if isinstance(listings, str):
        read = find_listings(place, listings, parameter=option)
    else:
        read = (
            item
            if isinstance(item, Listing)
            else find_listing(place, item, parameter=option, kind=None)
            for item in listings
        )
    for item in dict.fromkeys(read):
        if item.board is Board.INDEX:
            raise InputError(
                say("--listing {listing} is an index, which has no such fields", listing=item),
                fix=say("name securities"),
            )
        yield item


def _text(value: Range | None) -> str | None:
    if value is None or isinstance(value, str):
        return value
    low, high = ("" if end is None else repr(float(end)) for end in value)
    return f"{low}..{high}"
