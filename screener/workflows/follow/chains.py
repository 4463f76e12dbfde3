"""Chains of a stream: a basket's events as its versions, each with an equal part of the money."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from screener.backtest.execution.pricing import ValuePanel
from screener.backtest.following.chains import Chain, chain_of, follow_chain, paper_level
from screener.backtest.following.slots import Followed, take_volume
from screener.backtest.run import Settings
from screener.domain.arrays import FloatVector
from screener.domain.basket import Event
from screener.domain.panel import TradingPanel
from screener.errors import DataError
from screener.language import say
from screener.market.calendars import calendar_of
from screener.market.charges import Side
from screener.paths.known import EntrySessions, entry_choices
from screener.workflows.backtest.market import DatedEvents, Market

__all__ = ["chains_of", "followed_chains", "level_of"]


def chains_of(market: Market, some: DatedEvents, settings: Settings) -> tuple[Chain, ...]:
    """Return the chain of each basket of which some name can be held.

    Raises
    ------
    DataError
        If there is none.
    """
    exchanges = {item.exchange for item in market.panel.listings}
    versions: dict[str, list[tuple[Event, EntrySessions]]] = {}
    for event, _ in some:
        # Versions have an entry on every exchange: what one drops is sold on its own.
        known = entry_choices(event.published, exchanges, calendar_of, delay=settings.delay)
        versions.setdefault(event.basket, []).append((event, known[0]))
    found = (chain_of(market.panel, own, settings, market.caps) for own in versions.values())
    chains = tuple(chain for chain in found if chain is not None)
    if not chains:
        raise DataError(
            say("no version of the chain could be held for want of data"),
            fix=say("`screener data status` shows what the tables hold"),
        )
    return chains


def followed_chains(
    trading: TradingPanel, chains: Sequence[Chain], settings: Settings
) -> tuple[Followed, ...]:
    """Follow each chain with an equal part of the money.

    What they trade of one name in one session is bound by its volume together: by the names of
    their baskets, the first of them first.
    """
    money = settings.capitals[0] / len(chains)
    taken: dict[tuple[int, int, Side], float] = {}
    found: dict[int, Followed] = {}
    for at in sorted(range(len(chains)), key=lambda at: chains[at].event.basket):
        found[at] = follow_chain(trading, chains[at], settings, money, taken)
        take_volume(taken, trading.prices, found[at])
    return tuple(found[at] for at in range(len(chains)))


def level_of(
    values: ValuePanel, chains: Sequence[Chain], settings: Settings, first: int, last: int
) -> FloatVector:
    """Return the mean level of chains on paper from one row to another; empty without chains."""
    levels = []
    for chain in chains:
        before = np.ones(min(chain.first_row, last + 1) - first)
        begun = chain.first_row <= last
        own = paper_level(values, chain, settings, last) if begun else np.empty(0)
        levels.append(np.concatenate([before, own]))
    found: FloatVector = np.mean(levels, axis=0) if levels else np.empty(0)
    return found
