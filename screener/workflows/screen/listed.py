"""Who was listed, and under which name, as of a day."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import pyarrow as pa

from screener.data.lake.asof import AsOf
from screener.domain.listing import Currency
from screener.language import say

__all__ = ["ListedStocks", "SecurityNames"]


@dataclass(frozen=True, slots=True)
class ListedStocks:
    """The listing master on a day.

    Parameters
    ----------
    stocks
        Ids of the stocks listed on or before the day and not delisted by then.
    excluded
        Ids of what is delisted by then, or is no stock.
    currencies
        Currency by listing id.
    """

    stocks: frozenset[str]
    excluded: frozenset[str]
    currencies: Mapping[str, Currency]

    @classmethod
    def read(cls, known: AsOf) -> ListedStocks:
        """Read the listing master as of an instant; a stock without list date counts as listed."""
        alive = known.listings_alive()
        kinds = zip(
            alive.column("listing").to_pylist(), alive.column("kind").to_pylist(), strict=True
        )
        stocks = {listing for listing, kind in kinds if kind == "stock"}
        others = {*alive.column("listing").to_pylist()} - stocks
        gone = known.listings_gone().column("listing").to_pylist()
        currencies = {item: Currency(text) for item, text in known.currencies().items()}
        return cls(frozenset(stocks), frozenset(others.union(gone)), currencies)


@dataclass(frozen=True, slots=True)
class SecurityNames:
    """Names by listing id, as of a day.

    Parameters
    ----------
    known
        Names known by the day.
    given
        Names that a basket gives.
    later
        First day and name of those known only later.
    """

    known: Mapping[str, str]
    given: Mapping[str, str]
    later: Mapping[str, tuple[date, str]]

    @classmethod
    def read(cls, known: AsOf, given: Mapping[str, str]) -> SecurityNames:
        """Read the names as of an instant, and beside them the earliest later ones."""
        held, later = known.names_on(), known.names_after()
        return cls(
            dict(_pairs(held, "name")),
            {key: name for key, name in given.items() if name},
            {
                listing: (start, name)
                for (listing, start), (_, name) in zip(
                    _pairs(later, "valid_from"), _pairs(later, "name"), strict=True
                )
            },
        )

    def shown(self, listing: str) -> str:
        """Return the name to show: known, given, else a later one; empty if there is none."""
        found = self.known.get(listing) or self.given.get(listing)
        return found or self.later.get(listing, (None, ""))[1]

    def remarks(self, listings: Sequence[str]) -> tuple[str, ...]:
        """Say how many of the listings are shown under a name of a later day."""
        days = [
            self.later[item][0]
            for item in listings
            if item not in self.known and item not in self.given and item in self.later
        ]
        if not days:
            return ()
        first, last = min(days), max(days)
        span = f"{first}" if first == last else say("{first} to {last}", first=first, last=last)
        return (
            say(
                "names of {span} for {n} of {total} listings: no earlier name is known; shown "
                "only, never used to decide",
                span=span,
                n=len(days),
                total=len(listings),
            ),
        )


def _pairs(rows: pa.Table, column: str) -> Iterator[tuple[str, Any]]:
    return zip(rows.column("listing").to_pylist(), rows.column(column).to_pylist(), strict=True)
