"""The market around some events: what is read together, and the real baskets' places in it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from screener.backtest.run import EventResult
from screener.data.lake.store import Store
from screener.data.panels.market_panel import read_market_panel
from screener.domain.basket import EntryPrice
from screener.domain.listing import Exchange
from screener.domain.market_panel import MarketPanel
from screener.domain.panel import PricePanel
from screener.market.calendars import calendar_of
from screener.paths.path_panel import NONE, PathPanel, path_panel_of
from screener.study.placebo.characteristics import HISTORY
from screener.study.placebo.placebo import Holding

__all__ = ["Around", "around_events", "holding_of"]

_SPAN = timedelta(days=366)
"""Events whose windows lie within so many days are read together: what bounds the memory."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Around:
    """The market around the windows of some events.

    Parameters
    ----------
    market
        Every stock, from before the first entry to the last session valued.
    layout
        The same as the kernel reads it.
    ids
        Id of every column.
    places
        Numbers of the results that lie in it.
    price
        At which price names are bought.
    """

    market: MarketPanel
    layout: PathPanel
    ids: tuple[str, ...]
    places: tuple[int, ...]
    price: EntryPrice

    @classmethod
    def of(cls, market: MarketPanel, places: tuple[int, ...], price: EntryPrice) -> Around:
        """Return what is made of a market."""
        return cls(
            market=market,
            layout=path_panel_of(market.prices, price),
            ids=tuple(item.id for item in market.prices.listings),
            places=places,
            price=price,
        )

    def __reduce__(self) -> tuple[object, ...]:
        return Around.of, (self.market, self.places, self.price)  # its layout is made again


def around_events(
    store: Store, panel: PricePanel, results: Sequence[EventResult], price: EntryPrice
) -> Iterator[Around]:
    """Read the market around the windows of some results, as many at a time as lie near together.

    What is found for one of them is independent of which others are read with it.

    Parameters
    ----------
    store
        The lake, at the version to read.
    panel
        Panel of the results' own names.
    results
        Results; those without any data are left out.
    price
        At which price names are bought.
    """
    for places in _together(panel, results):
        some = [results[at] for at in places]
        named = {panel.listings[leg.column]: None for item in some for leg in item.window.legs}
        exchanges = list(dict.fromkeys(item.exchange for item in named))
        first = min(_first(panel, item) for item in some)
        market = read_market_panel(
            store,
            exchanges,
            min(_before(item, first) for item in exchanges),
            max(_last(panel, item) for item in some),
            named=sorted(named),
        )
        yield Around.of(market, tuple(places), price)


def holding_of(market: PricePanel, panel: PricePanel, result: EventResult) -> Holding:
    """Return a result's basket as it was held, in rows and columns of another panel.

    Parameters
    ----------
    market
        Panel that holds the basket's names and the sessions of its window.
    panel
        Panel in which the result was resolved.
    result
        A result with data.
    """
    window = result.window
    held = [(leg, w) for leg, w in zip(window.legs, window.weights, strict=True) if w > 0]

    def row(at: int | None) -> int:
        return NONE if at is None else market.row(panel.session(at))

    return Holding(
        columns=tuple(market.column(panel.listings[leg.column]) for leg, _ in held),
        weights=tuple(weight for _, weight in held),
        entry_rows=tuple(row(leg.entry_row) for leg, _ in held),
        fill_rows=tuple(row(leg.fill_row) for leg, _ in held),
        horizon=window.horizon,
        available_row=row(window.last_row),
    )


def _together(panel: PricePanel, results: Sequence[EventResult]) -> list[list[int]]:
    """Return the numbers of the results with data, in groups that lie near together."""
    ordered = sorted(
        (at for at, item in enumerate(results) if len(item.path)),
        key=lambda at: (_first(panel, results[at]), at),
    )
    groups: list[list[int]] = []
    for at in ordered:
        if groups and _last(panel, results[at]) - _first(panel, results[groups[-1][0]]) <= _SPAN:
            groups[-1].append(at)
        else:
            groups.append([at])
    return groups


def _first(panel: PricePanel, result: EventResult) -> date:
    return panel.session(result.window.first_row)


def _last(panel: PricePanel, result: EventResult) -> date:
    return panel.session(result.window.last_row)


def _before(exchange: Exchange, entry: date) -> date:
    """Return the session from which characteristics at an entry are measured."""
    calendar = calendar_of(exchange)
    at = int(np.searchsorted(calendar.sessions, np.datetime64(entry, "D")))
    found: date = calendar.sessions[max(at - HISTORY, 0)].item()
    return found
