"""Who was listed, and under which name, as of a day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from screener.data.schema import TableName
from screener.data.store import Store
from screener.domain.listing import Currency

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
    def read(cls, store: Store, as_of: date) -> ListedStocks:
        """Read the listing master as of a day; a stock without list date counts as listed."""
        table = store.read(TableName.LISTINGS)
        names = ("listing", "kind", "currency", "list_date", "delist_date")
        stocks: set[str] = set()
        excluded: set[str] = set()
        currencies: dict[str, Currency] = {}
        for listing, kind, currency, start, end in zip(
            *(table.column(name).to_pylist() for name in names), strict=True
        ):
            currencies[listing] = Currency(currency)
            if kind != "stock" or (end is not None and end <= as_of):
                excluded.add(listing)
            elif start is None or start <= as_of:
                stocks.add(listing)
        return cls(frozenset(stocks), frozenset(excluded), currencies)


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
    def read(cls, store: Store, as_of: date, given: Mapping[str, str]) -> SecurityNames:
        """Read the names as of a day, and beside them the earliest later ones."""
        table = store.read(TableName.NAMES)
        known: dict[str, str] = {}
        later: dict[str, tuple[date, str]] = {}
        for listing, start, name in zip(
            *(table.column(column).to_pylist() for column in ("listing", "valid_from", "name")),
            strict=True,
        ):
            if start <= as_of:
                known[listing] = name
            else:
                later.setdefault(listing, (start, name))
        return cls(known, {key: name for key, name in given.items() if name}, later)

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
        span = f"{min(days)}" if min(days) == max(days) else f"{min(days)} to {max(days)}"
        return (
            f"names of {span} for {len(days)} of {len(listings)} listings: no earlier name "
            "is known; shown only, never used to decide",
        )
