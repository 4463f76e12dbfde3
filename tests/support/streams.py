"""Streams of events over one random market, each of names of one calendar."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from datetime import date, timedelta

from hypothesis import assume

from screener.backtest.execution.pricing import value_panel
from screener.backtest.following.slots import Followed, follow_events
from screener.backtest.run import Settings
from screener.domain.basket import Event
from screener.domain.panel import TradingPanel
from screener.market.calendars import calendar_of
from screener.paths.known import EntrySessions
from tests.oracle.reference import Name
from tests.support.panels import event_of
from tests.support.random_markets import Market, frictions_of, random_market

__all__ = ["Stream", "followed", "random_stream"]


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Stream:
    """Some events over one market, and the account that follows them."""

    market: Market
    events: tuple[tuple[Event, EntrySessions], ...]
    settings: Settings
    slots: int

    def __repr__(self) -> str:
        return f"random_stream({self.market.seed})"

    def names(self, event: Event, entries: EntrySessions) -> list[Name]:
        """Return the reference simulator's names of one of the events, each with its part.

        A name without any bar by the close of its entry session is left out.
        """
        known, entry = {name.listing_id: name for name in self.market.names()}, entries[0][1]
        names = [known[member.listing.id] for member in event.members]
        held = [
            name
            for name in names
            if any(day.close is not None for day in name.days if day.session <= entry)
        ]
        return [replace(name, weight=1 / len(held), entry=entry) for name in held]


def random_stream(seed: int) -> Stream:
    """Make the stream of a seed: names whose days have no hole, on paper that everybody can buy."""
    market = random_market(seed, late=True)
    dice = random.Random(seed)
    panel = market.trading.prices
    assume((panel.factor > 0).all())
    mainland = dice.random() < 0.7
    ids = [
        item.id
        for at, item in enumerate(panel.listings)
        if item.exchange.mainland is mainland and _whole(market, at)
    ]
    assume(ids)
    horizon, capital = dice.choice([2, 3, 5, 8]), round(10 ** dice.uniform(5.5, 7.5), 2)
    choices = replace(
        market.choices, horizon=horizon, rebalance="none", entry="open", lots=True, late_sales=True
    )
    events = [_event(ids, market, dice, at) for at in range(dice.randint(2, 6))]
    return Stream(
        market=replace(market, choices=choices),
        events=tuple(events),
        settings=Settings(
            horizons=(horizon,),
            max_wait=choices.max_wait,
            frictions=frictions_of(choices),
            capitals=(capital,),
        ),
        slots=dice.randint(1, 4),
    )


def followed(stream: Stream, trading: TradingPanel | None = None) -> tuple[Followed, ...]:
    """Follow a stream, on other panels than its own if they are given."""
    panels = trading or stream.market.trading
    return follow_events(
        value_panel(panels.prices), panels, stream.events, stream.settings, stream.slots
    )


def _whole(market: Market, at: int) -> bool:
    """Tell whether a name has a bar or a suspension on every session that the tables cover."""
    panel = market.trading.prices
    born, entry = panel.list_dates[at], dict(market.entries)[panel.listings[at].exchange]
    first = born if born and born > entry else date.min  # listed late
    days = [day for day in market.days[at] if day.trading and day.session >= first]
    return bool(days) and all(day.close is not None or day.suspended for day in days)


def _event(
    ids: list[str], market: Market, dice: random.Random, at: int
) -> tuple[Event, EntrySessions]:
    chosen = dice.sample(ids, dice.randint(1, len(ids)))
    day = market.entries[0][1] + timedelta(days=dice.randint(0, 20))
    day = min(day, max(market.trading.prices.last_sessions.values()))
    event = event_of(chosen, day - timedelta(days=1))
    entries = tuple(
        (exchange, calendar_of(exchange).on_or_after(day))
        for exchange in sorted({member.listing.exchange for member in event.members})
    )
    reach = market.trading.prices.last_sessions
    assume(all(item <= reach[place] for place, item in entries))
    return replace(event, report=f"T{at}"), entries
