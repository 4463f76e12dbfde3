"""How long an update takes at the pace that the sources bear, told before it begins.

Nothing is measured: requests of a question (`requests.toml`) are laid one after the other on a
clock on which each group of hosts keeps its mean distance (`hosts.toml`), as the update does.
"""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from screener.data.sources.online.transport.protocol import Ask, Need
from screener.data.sources.online.transport.rate_limit import group_named
from screener.domain.listing import Exchange, Listing

__all__ = ["Stage", "list_seconds", "listing_seconds", "staged"]

_LATENCY = 0.4
"""Seconds that a request takes beside the wait for its turn."""

_CYCLES = 3
_MORE_THAN_A_YEAR = 366


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """A part of an update that is worked off before the next one.

    Parameters
    ----------
    n_listings
        Listings that have a question in it.
    n_questions
        Their questions.
    seconds
        How long it takes, about.
    """

    n_listings: int
    n_questions: int
    seconds: float


def staged(asks: Iterable[Iterable[Ask]], *, checked: bool) -> Stage:
    """Return a part of an update.

    Parameters
    ----------
    asks
        The questions of each of its listings.
    checked
        Whether a first history is checked against the vendor's factors: one question more.
    """
    kinds = Counter[tuple[tuple[str, int], ...]]()
    n_questions = 0
    for own in asks:
        items = list(own)
        n_questions += len(items)
        if items:
            kinds[tuple(_requests(items, checked=checked))] += 1
    seconds = sum(listing_seconds(kind) * count for kind, count in kinds.items())
    return Stage(n_listings=kinds.total(), n_questions=n_questions, seconds=seconds)


@cache
def listing_seconds(requests: tuple[tuple[str, int], ...]) -> float:
    """Return how long a listing takes among many of its kind.

    Parameters
    ----------
    requests
        Group of hosts and number of requests, in the order in which they are made.
    """
    now, free = 0.0, dict[str, float]()
    begun = [0.0]
    for _ in range(_CYCLES):
        for group, count in requests:
            for _ in range(count):
                now = max(now, free.get(group, 0.0))
                free[group] = now + pace(group)
                now += _LATENCY
        begun.append(now)
    return begun[-1] - begun[-2]


def list_seconds(market: Exchange) -> float:
    """Return how long the list of a market takes."""
    told = _table()["lists"][market]
    return float(told["each"] * max(pace(told["group"]), _LATENCY))


def pace(group: str) -> float:
    """Return the mean seconds between two requests to a group of hosts."""
    hosts = group_named(group)
    return hosts.min_seconds * (1 + hosts.jitter / 2)


def _requests(asks: Iterable[Ask], *, checked: bool) -> Iterator[tuple[str, int]]:
    for ask in asks:
        told = _of(ask.listing).get(ask.need) if ask.listing is not None else None
        if told is not None:
            years = ask.end.year - ask.start.year + 1
            yield told["group"], told["each"] + told.get("yearly", 0) * years
            long = (ask.end - ask.start).days > _MORE_THAN_A_YEAR
            if checked and long and ask.need is Need.BARS:
                yield _of(ask.listing)[Need.VENDOR_FACTORS]["group"], 1


def _of(listing: Listing | None) -> Mapping[str, Any]:
    mainland = listing is None or listing.exchange is not Exchange.HK
    found: Mapping[str, Any] = _table()["mainland" if mainland else "hong_kong"]
    return found


@cache
def _table() -> dict[str, Any]:
    folder = resources.files("screener.data.sources.online.upstream_tables")
    return tomllib.loads(folder.joinpath("requests.toml").read_text(encoding="utf-8"))
