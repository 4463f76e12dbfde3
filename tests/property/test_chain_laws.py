"""Laws of a basket's versions held with money: the reference simulator, no look-ahead."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given
from hypothesis import strategies as st

from screener.backtest.execution.delisting import with_payouts
from screener.backtest.following.chains import chain_of, follow_chain
from screener.backtest.following.slots import Followed
from screener.backtest.run import Settings
from screener.domain.basket import Event
from screener.domain.panel import TradingPanel
from screener.errors import DataError
from screener.paths.known import EntrySessions
from tests.oracle.reference_chain import Composition, Payout, ReferenceChain
from tests.property.test_execution_laws import cut
from tests.support.laws import laws
from tests.support.panels import event_of
from tests.support.random_markets import Market, frictions_of, random_market

SEEDS = st.integers(0, 2**32 - 1)
CENT = 0.01


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class World:
    """A random market, some of whose names are listed late or delisted, and versions over it."""

    market: Market
    trading: TradingPanel
    versions: tuple[tuple[Event, EntrySessions], ...]
    payouts: dict[str, Payout]
    recovery: float
    settings: Settings

    def __repr__(self) -> str:
        return f"chain_world({self.market.seed})"

    def cut(self, last: date) -> TradingPanel:
        """Return the panels as the tables stood when `last` was their last session."""
        panels = cut(self.market, last)
        gone = [self.payouts.get(item.id) for item in panels.prices.listings]
        days = tuple(one.day if one is not None and one.day <= last else None for one in gone)
        prices = replace(panels.prices, delist_dates=days)
        return replace(panels, prices=with_payouts(prices, self.recovery))

    def followed(self, trading: TradingPanel | None = None) -> Followed:
        panels = trading or self.trading
        try:
            chain = chain_of(panels.prices, self.versions, self.settings)
            assume(chain is not None)
            return follow_chain(panels, chain, self.settings, self.market.choices.capital)  # type: ignore[arg-type]
        except DataError:  # a fixing, a lot or a volume that an order needs is missing
            assume(False)
            raise


def chain_world(seed: int) -> World:
    market = random_market(seed, late=True)
    dice = random.Random(f"{seed}-chain")
    panel = market.trading.prices
    assume((panel.factor > 0).all())
    mainland = dice.random() < 0.7
    ids = [item.id for item in panel.listings if item.exchange.mainland is mainland]
    assume(ids)
    exchanges = sorted({item.exchange for item in panel.listings if item.id in ids})
    own = panel.own_rows(panel.column(next(item for item in panel.listings if item.id in ids)))
    end = panel.row_after(max(panel.last_sessions[item] for item in exchanges))
    first = panel.row(dict(market.entries)[exchanges[0]])
    rows = [int(row) for row in own if first <= row < end]
    # On a day of other exchanges alone the reference has no price of a name.
    assume(len(rows) > 3 and len(rows) == rows[-1] - rows[0] + 1)
    chosen = sorted(dice.sample(rows, min(dice.randint(1, 5), len(rows))))
    versions, weighed = [], dice.random() < 0.4
    for at, row in enumerate(chosen):
        names = dice.sample(ids, dice.randint(1, len(ids)))
        sizes = [dice.choice([1.0, 2.0, 3.0]) for _ in names] if weighed else None
        event = event_of(names, panel.session(row - 1), weights=sizes)
        entries = tuple((exchange, panel.session(row)) for exchange in exchanges)
        versions.append((replace(event, report=f"V{at}"), entries))
    dice.shuffle(versions)
    recovery = dice.choice([0.0, 0.4, 1.0])
    trading, payouts = _delisted(market, rows, recovery, dice)
    choices = replace(
        market.choices,
        entry="open",
        rebalance="none",
        lots=True,
        late_sales=True,
        capital=round(10 ** dice.uniform(4.5, 7.5), 2),
    )
    return World(
        market=replace(market, choices=choices),
        trading=trading,
        versions=tuple(versions),
        payouts=payouts,
        recovery=recovery,
        settings=Settings(
            horizons=(5,), max_wait=choices.max_wait, frictions=frictions_of(choices)
        ),
    )


def _delisted(
    market: Market, rows: list[int], recovery: float, dice: random.Random
) -> tuple[TradingPanel, dict[str, Payout]]:
    """Let names whose bars stop be delisted some day, and pay out a part of their last close."""
    panel = market.trading.prices
    days: list[date | None] = []
    payouts = {}
    for at, item in enumerate(panel.listings):
        known = np.flatnonzero(np.isfinite(panel.close[:, at]))
        later = [row for row in rows if len(known) and row > known[-1]]
        gone = bool(later) and not panel.suspended[later, at].any() and dice.random() < 0.8
        days.append(panel.session(dice.choice(later)) if gone else None)
        if days[-1] is not None:
            payouts[item.id] = Payout(
                day=days[-1], price=float(panel.close[known[-1], at]) * recovery
            )
    prices = with_payouts(replace(panel, delist_dates=tuple(days)), recovery)
    return replace(market.trading, prices=prices), payouts


@laws(90, unchecked=(HealthCheck.filter_too_much, HealthCheck.too_slow))
@given(SEEDS)
def test_every_order_and_every_worth_is_that_of_the_reference(seed: int) -> None:
    one = chain_world(seed)
    found = one.followed()
    panel, choices = one.trading.prices, one.market.choices
    named = {member.listing.id for event, _ in one.versions for member in event.members}
    names = [name for name in one.market.names() if name.listing_id in named]
    account = ReferenceChain(names, choices, one.payouts)
    account.play(
        [
            Composition(
                entry=entries[0][1],
                sizes={member.listing.id: member.weight or 1.0 for member in event.members},
            )
            for event, entries in one.versions
        ],
        max(panel.last_sessions.values()),
    )
    expected = sorted(
        (order.listing_id, order.side, order.session, round(order.shares, 6))
        for order in account.orders
    )
    assert found.execution is not None
    assert expected == sorted(
        (order.listing.id, str(order.side), order.session, round(order.shares, 6))
        for order in found.execution.orders
        if order.shares
    )
    worths = {panel.row(day): float(worth) for day, worth in account.worths.items()}
    told = found.worths(np.array(list(worths)))
    assert told.tolist() == pytest.approx(list(worths.values()), abs=CENT)


@laws(60, unchecked=(HealthCheck.filter_too_much, HealthCheck.too_slow))
@given(SEEDS, st.floats(0, 1))
def test_later_sessions_change_no_earlier_worth(seed: int, part: float) -> None:
    one = chain_world(seed)
    panel = one.trading.prices
    entries = sorted(entries[0][1] for _, entries in one.versions)
    days = [day.item() for day in panel.sessions if entries[0] <= day.item()]
    last = days[int(part * (len(days) - 1))]
    assume(last <= max(panel.last_sessions.values()))
    early, late = one.followed(one.cut(last)), one.followed()
    assert early.first_row == late.first_row
    rows = np.arange(late.first_row, panel.row_after(last))
    np.testing.assert_allclose(early.worths(rows), late.worths(rows), rtol=0, atol=1e-6)
