"""What the present coverage allows: for each use of the data how far it reaches, and what adds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from screener.data.doctor.holdings import Extent, Holdings
from screener.data.lake.schema import TableName
from screener.domain.listing import Board, Listing
from screener.study.placebo.characteristics import HISTORY

__all__ = ["PERCENTILE_DAYS", "Allowance", "Reach", "Use", "allowances"]

PERCENTILE_DAYS = 250
"""Least days of valuation in which a percentile of a name's own history is told."""

_YEAR = 365.25


class Use(StrEnum):
    """What the data are for."""

    PLACEBO = "placebo"
    PERCENTILES = "percentiles"
    FUNDAMENTALS = "fundamentals"
    SCORE = "score"
    TODAY = "today"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """Who is looked at.

    Parameters
    ----------
    names
        The baskets' securities.
    indices
        Indices that they, and the industries that cards rate, are judged on.
    industries
        Industry of each security of the market that has one, by listing.
    """

    names: Sequence[Listing]
    indices: Sequence[Listing]
    industries: Mapping[str, str]

    @property
    def peers(self) -> tuple[str, ...]:
        """Ids of the securities that share an industry with a basket's name, its names too."""
        own = self.own_industries
        return tuple(item for item, industry in self.industries.items() if industry in own)

    @property
    def own_industries(self) -> frozenset[str]:
        """The industries of the baskets' names."""
        found = (self.industries.get(item.id) for item in self.names)
        return frozenset(item for item in found if item is not None)

    def keys(self) -> set[str]:
        """Return the ids that `holdings.hold` must count."""
        return {*self.peers, *(item.id for item in (*self.names, *self.indices))}


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """How far the data go for one use.

    Parameters
    ----------
    use
        What they are for.
    held, wanted
        How many there are that suffice, and how many are meant: listings, or indices.
    groups
        Industries that the listings of a placebo are of.
    years
        Span of the longest history that is meant, in years.
    last
        Last day of the one that ends first, or of the market that is furthest behind.
    behind
        Sessions that are finished and missing there.
    """

    use: Use
    held: int = 0
    wanted: int = 0
    groups: int = 0
    years: float | None = None
    last: date | None = None
    behind: int | None = None

    @property
    def enough(self) -> bool:
        """Whether nothing is missing."""
        return self.held >= self.wanted and not self.behind


def allowances(
    holdings: Holdings, reach: Reach, freshness: Iterable[tuple[date, int | None]]
) -> tuple[Allowance, ...]:
    """Tell what the tables allow for the baskets' names.

    Parameters
    ----------
    holdings
        What is held, the keys of `reach` among it.
    reach
        Who is looked at.
    freshness
        Last day of each market's daily tables, and the finished sessions after it.
    """
    names = [item for item in reach.names if item.board is not Board.INDEX]
    late = max(freshness, key=lambda item: item[1] or 0, default=None)
    return (
        _placebo(holdings, reach),
        _percentiles(holdings, names),
        _fundamentals(holdings, names),
        _score(holdings, reach.indices),
        Allowance(
            use=Use.TODAY,
            held=0 if late is None else 1,
            wanted=1,
            last=None if late is None else late[0],
            behind=None if late is None else late[1],
        ),
    )


def _placebo(holdings: Holdings, reach: Reach) -> Allowance:
    """Count the peers with as many sessions as their characteristics need."""
    held = [_own(holdings, TableName.BARS, item) for item in reach.peers]
    return Allowance(
        use=Use.PLACEBO,
        held=sum(item is not None and item.rows >= HISTORY for item in held),
        wanted=len(held),
        groups=len(reach.own_industries),
    )


def _percentiles(holdings: Holdings, names: Sequence[Listing]) -> Allowance:
    found = [_own(holdings, TableName.VALUATION, item.id) for item in names]
    held = [item for item in found if item is not None]
    spans = [(item.last - item.first).days for item in held if item.first and item.last]
    return Allowance(
        use=Use.PERCENTILES,
        held=sum(item.rows >= PERCENTILE_DAYS for item in held),
        wanted=len(names),
        years=max(spans) / _YEAR if spans else None,
    )


def _fundamentals(holdings: Holdings, names: Sequence[Listing]) -> Allowance:
    held = [_own(holdings, TableName.FUNDAMENTALS, item.id) for item in names]
    return Allowance(
        use=Use.FUNDAMENTALS, held=sum(item is not None for item in held), wanted=len(names)
    )


def _score(holdings: Holdings, indices: Sequence[Listing]) -> Allowance:
    found = [_own(holdings, TableName.BARS, item.id) for item in indices]
    lasts = [item.last for item in found if item is not None and item.last is not None]
    return Allowance(
        use=Use.SCORE, held=len(lasts), wanted=len(indices), last=min(lasts, default=None)
    )


def _own(holdings: Holdings, table: TableName, listing: str) -> Extent | None:
    return holdings.listings.get((table, listing))
