"""What tables and report cards tell of a listing, as of a day: no amounts, nothing computed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property

import numpy as np

from screener.data.lake.asof import AsOf, Market
from screener.data.lake.rows import days_of
from screener.domain.arrays import DayArray, TextArray
from screener.domain.listing import stored_listing
from screener.domain.report import Report
from screener.market.special_treatment import in_delisting_period
from screener.screen.computed import Computed
from screener.workflows.screen.readers import columns_of

__all__ = ["TOLD", "Told"]

_RATED, _ANY = timedelta(days=90), timedelta(days=180)
_NEWEST = 20  # cards of one listing that are named


@dataclass(frozen=True, kw_only=True, eq=False)
class Told:
    """Facts of listings, as they could be known by the end of a day.

    Parameters
    ----------
    known
        The tables as of that day.
    ids
        Listing ids, sorted.
    cards
        Report cards of the workspace.
    """

    known: AsOf
    ids: tuple[str, ...]
    cards: Sequence[Report] = ()

    @cached_property
    def list_dates(self) -> DayArray:
        """First day listed, `(n_ids,)`; NaT where it is not told."""
        alive = self.known.listings_alive()
        days = np.full(len(self.ids), np.datetime64("NaT"), dtype="datetime64[D]")
        places = columns_of(alive, self.ids)
        kept = places >= 0
        days[places[kept]] = days_of(alive, "list_date")[kept]
        return days

    @cached_property
    def _names(self) -> dict[str, str]:
        rows = self.known.names_on()
        columns = (rows.column(name).to_pylist() for name in ("listing", "name"))
        return dict(zip(*columns, strict=True))

    def days_listed(self) -> Computed:
        """Return the days since the first session."""
        dates = self.list_dates
        days = (np.datetime64(self.known.day, "D") - dates).astype(np.float64)
        return Computed.of(np.where(np.isnat(dates), np.nan, days))

    def industry(self) -> TextArray:
        """Return the industry in force on the day."""
        rows = self.known.industries_on()
        columns = (rows.column(name).to_pylist() for name in ("listing", "industry"))
        return self._texts(dict(zip(*columns, strict=True)).get)

    def board(self) -> TextArray:
        """Return the board that each code tells."""
        return self._texts(lambda item: str(stored_listing(item).board))

    def exchange(self) -> TextArray:
        """Return the exchange of each listing."""
        return self._texts(lambda item: item.rpartition(".")[2])

    def southbound(self) -> TextArray:
        """Tell who may be bought southbound; unknown in Hong Kong before the first record."""
        found = self.known.southbound_on()
        return self._texts(
            lambda item: (
                None if found is None and item.endswith(".HK") else (found or {}).get(item, False)
            )
        )

    def special(self) -> TextArray:
        """Tell who is under special treatment; unknown without a name or a status."""
        marked = self.known.st_on()
        return self._texts(
            lambda item: True if item in marked else (False if item in self._names else None)
        )

    def delisting(self) -> TextArray:
        """Tell who is in its delisting period, by its name."""
        return self._texts(
            lambda item: in_delisting_period(self._names[item]) if item in self._names else None
        )

    def suspended(self) -> TextArray:
        """Tell who was not traded in its market's last session; unknown without bar and status."""
        found: dict[str, bool] = {}
        for market in Market:
            last = self.known.last_bar_session(market)
            if last is not None:
                found.update(self.known.suspensions(last, market))
        return self._texts(found.get)

    def _texts(self, told: Callable[[str], object]) -> TextArray:
        return np.array([told(item) for item in self.ids] or [], dtype=object)

    @cached_property
    def _known_cards(self) -> list[Report]:
        return [
            card
            for card in self.cards
            if card.published.value is not None and card.published.day <= self.known.day
        ]

    @cached_property
    def _naming(self) -> dict[str, list[tuple[date, str]]]:
        """Return of each listing the day and theme of each card that named it by then."""
        found: dict[str, list[tuple[date, str]]] = defaultdict(list)
        for card in self._known_cards:
            for item in card.securities:
                found[item.listing.id].append((card.published.day, item.theme))
        return found

    @cached_property
    def _carded(self) -> dict[str, int]:
        counts: dict[str, int] = defaultdict(int)
        for card in self._known_cards:
            for listing in {item.listing.id for item in card.securities}:
                counts[listing] += 1
        return counts

    def reports(self) -> Computed:
        """Count the cards that name each listing; none is 0."""
        return Computed.of(np.array([float(self._carded.get(i, 0)) for i in self.ids]))

    def themes(self) -> TextArray:
        """Return the themes under which cards name each listing."""
        return self._texts(
            lambda item: (
                ",".join(dict.fromkeys(t for _, t in self._naming.get(item, ()) if t)) or None
            )
        )

    def named_in(self) -> TextArray:
        """Return the ids of the newest cards that name each listing, the newest first."""
        names: dict[str, dict[str, None]] = defaultdict(dict)
        for card in sorted(
            self._known_cards, key=lambda card: (card.published.day, card.id), reverse=True
        ):
            for item in card.securities:
                if len(names[item.listing.id]) < _NEWEST:
                    names[item.listing.id][card.id] = None
        return self._texts(lambda item: ",".join(names.get(item, ())) or None)

    def days_since_report(self) -> Computed:
        """Return the days since the newest card that names each listing."""
        last = {item: max(day for day, _ in held) for item, held in self._naming.items()}
        days = [(self.known.day - last[i]).days if i in last else np.nan for i in self.ids]
        return Computed.of(np.array(days, dtype=np.float64))

    def brokers(self) -> Computed:
        """Count the brokers that rated each listing within 90 days; missing without any rating."""
        columns = ("listing", "published", "broker")
        rows = self.known.ratings_since(self.known.day - _ANY, columns=columns)
        bound = np.datetime64(self.known.day - _RATED, "D")
        names: dict[str, set[str]] = defaultdict(set)
        told = (rows.column(name).to_pylist() for name in ("listing", "broker"))
        for listing, broker, day in zip(*told, days_of(rows, "published"), strict=True):
            if day > bound:
                names[listing].add(broker)
        counts = np.array([float(len(names.get(item, ()))) for item in self.ids])
        return Computed.of(counts if rows.num_rows else np.full(len(counts), np.nan))


TOLD: Mapping[str, Callable[[Told], Computed | TextArray]] = {
    "industry": Told.industry,
    "board": Told.board,
    "exchange": Told.exchange,
    "days_listed": Told.days_listed,
    "southbound": Told.southbound,
    "st": Told.special,
    "delisting": Told.delisting,
    "suspended": Told.suspended,
    "reports": Told.reports,
    "named_in": Told.named_in,
    "themes": Told.themes,
    "days_since_report": Told.days_since_report,
    "brokers_90": Told.brokers,
}
"""How each field that is told is read."""
