"""Laws of the reference simulator over random markets."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.oracle.reference import Booked, Choices, Name, Simulated, play
from tests.oracle.reference_basket import Basket, Stake
from tests.oracle.reference_position import Position
from tests.support.laws import laws
from tests.support.random_markets import Market, random_market

LAWS = laws(60)
SEEDS = st.integers(0, 2**32 - 1)
RHYTHMS = st.sampled_from(["daily", "monthly", "quarterly"])
FREE: dict[str, Any] = {"lots": False, "commission": False, "levies": False}
FRICTIONLESS: dict[str, Any] = {
    **FREE,
    "participation": None,
    "slippage_bps": 0.0,
    "impact_bps": 0.0,
    "fx_spread_bps": 0.0,
}


def outcome(market: Market, **chosen: Any) -> Simulated:
    return play(market.names(), replace(market.choices, **chosen))


def rebalanced(seed: int, rhythm: str) -> Market:
    """Return a market that is rebalanced, long enough for it to matter."""
    market = random_market(seed)
    assume(market.choices.horizon >= 5)
    return replace(market, choices=replace(market.choices, rebalance=rhythm))


def until(name: Name, last: date) -> Name:
    return replace(name, days=tuple(day for day in name.days if day.session <= last))


@LAWS
@given(SEEDS)
def test_money_is_never_negative_and_every_order_is_paid(seed: int) -> None:
    market = random_market(seed)
    found = outcome(market)
    assert found.value is None or found.value >= 0
    assert found.fees >= 0
    for order in found.orders:
        assert (order.shares > 0) is (order.status != "unfilled")
        assert order.shares >= 0
        assert order.fees >= 0
        assert order.dividend_tax >= 0
    assert (found.value is not None) or found.pending


@LAWS
@given(SEEDS)
def test_fees_are_the_sum_of_the_orders_and_of_dividend_taxes(seed: int) -> None:
    market = random_market(seed)
    # One currency, no tax withheld in Hong Kong: what is left are the orders.
    assume(all(not name.listing_id.endswith(".HK") for name in market.names()))
    found = outcome(market)
    paid = sum(order.fees + order.dividend_tax for order in found.orders)
    assert found.fees == pytest.approx(paid, abs=1e-6)


@LAWS
@given(SEEDS)
def test_each_name_is_played_for_itself(seed: int) -> None:
    market = random_market(seed)
    choices = replace(market.choices, rebalance="none")
    together = play(market.names(), choices)
    assume(not together.pending)
    apart = [play([name], choices) for name in market.names()]
    assert together.value == pytest.approx(sum(one.value or 0 for one in apart))
    assert together.fees == pytest.approx(sum(one.fees for one in apart))
    assert together.orders == tuple(order for one in apart for order in one.orders)


@LAWS
@given(SEEDS, st.floats(0.01, 50))
def test_without_lots_caps_and_fees_money_scales(seed: int, times: float) -> None:
    market = random_market(seed)
    free = {**FREE, "participation": None, "impact_bps": 0.0}
    once = outcome(market, **free)
    more = outcome(market, **free, capital=market.choices.capital * times)
    assert (more.value is None) is (once.value is None)
    if once.value is not None:
        assert more.value == pytest.approx(once.value * times, rel=1e-9)


@LAWS
@given(SEEDS)
def test_each_cost_takes_and_none_gives(seed: int) -> None:
    market = random_market(seed)
    # Fees may leave a lot unbought, which may be luck: compared without lots where they bind.
    slow = replace(market.choices, **FRICTIONLESS, rebalance="none")
    cheap = play(market.names(), slow)
    dear = play(market.names(), replace(slow, slippage_bps=30.0))
    spread = play(market.names(), replace(slow, fx_spread_bps=30.0))
    if cheap.value is not None and dear.value is not None and spread.value is not None:
        assert dear.value <= cheap.value * (1 + 1e-12)
        assert spread.value <= cheap.value * (1 + 1e-12)


@LAWS
@given(SEEDS, st.integers(0, 60))
def test_later_sessions_change_nothing_of_a_finished_window(seed: int, later: int) -> None:
    assert_finished(random_market(seed), later)


@LAWS
@given(SEEDS, RHYTHMS, st.integers(0, 60))
def test_nor_do_they_change_one_that_was_rebalanced(seed: int, rhythm: str, later: int) -> None:
    assert_finished(rebalanced(seed, rhythm), later)


def assert_finished(market: Market, later: int) -> None:
    names, found = market.names(), outcome(market)
    assume(not found.pending)
    done = max((order.session for order in found.orders), default=date.min)
    # A window is finished once every name's own session h has passed.
    known = max(done, *(last_session(name, market.choices) for name in names))
    sessions = sorted({day.session for name in names for day in name.days if day.session >= known})
    cut = sessions[min(later, len(sessions) - 1)]
    earlier = play([until(name, cut) for name in names], market.choices)
    if not earlier.pending:  # a suspension that a later day ends may still look like an end
        assert earlier == found


@LAWS
@given(SEEDS, st.integers(1, 80))
def test_what_was_ordered_so_far_does_not_depend_on_what_comes(seed: int, count: int) -> None:
    market = random_market(seed)
    names, found = market.names(), outcome(market)
    sessions = sorted({day.session for name in names for day in name.days})
    cut = sessions[min(count, len(sessions) - 1)]
    earlier = play([until(name, cut) for name in names], market.choices)
    bought = [order for order in earlier.orders if order.side == "buy" and order.shares]
    assert all(order in found.orders for order in bought) or found.pending
    sold = [order for order in earlier.orders if order.side == "sell"]
    assert all(order in found.orders for order in sold)


@LAWS
@given(SEEDS, RHYTHMS, st.floats(0, 1))
def test_no_rebalancing_order_depends_on_what_comes(seed: int, rhythm: str, part: float) -> None:
    market = rebalanced(seed, rhythm)
    names, found = market.names(), outcome(market)
    sessions = sorted({day.session for name in names for day in name.days})
    cut = sessions[round(part * (len(sessions) - 1))]
    earlier = play([until(name, cut) for name in names], market.choices)
    assert [order for order in earlier.orders if order.shares and order not in found.orders] == []


class Watched(Basket):
    """A basket that tells what it was worth before and after it was brought to its weights."""

    def __init__(self, positions: list[Position], choices: Choices) -> None:
        super().__init__(positions, choices)
        self.seen: list[tuple[Decimal, Decimal, list[Decimal]]] = []
        self.taking_part: list[Stake] = []

    def stakes(self, session: date, decided: date) -> list[Stake]:
        self.taking_part = super().stakes(session, decided)
        return self.taking_part

    def rebalance(self, session: date, decided: date) -> None:
        before = self.worth(session)
        super().rebalance(session, decided)
        reached = [
            stake.value / Decimal(stake.position.name.weight)
            for stake in self.taking_part
            if stake.need < 0
        ]
        self.seen.append((before, self.worth(session), reached))

    def worth(self, session: date) -> Decimal:
        money = self.cash + sum(position.cash for position in self.positions)
        for position in self.positions:
            if position.tax_lots:
                at = position.market.places[session]
                money += position.shares * position.market.last_worth(at) * position.market.fx(at)
        return Decimal(money)


@LAWS
@given(SEEDS, RHYTHMS)
def test_without_frictions_money_is_kept_and_weights_are_met(seed: int, rhythm: str) -> None:
    market = rebalanced(seed, rhythm)
    choices = replace(market.choices, **FRICTIONLESS)
    basket = Watched([Position(name, choices) for name in market.names()], choices)
    basket.play(cut=date.max, sell=False)
    for before, after, sold in basket.seen:
        assert float(after) == pytest.approx(float(before), rel=1e-12)
        # What is sold comes down to its weight at the prices by which that was decided.
        for scale in sold:
            assert float(scale) == pytest.approx(float(sold[0]), rel=1e-8)
    assert abs(float(basket.cash)) <= 1e-8 * choices.capital  # all of it is in shares


@LAWS
@given(SEEDS, RHYTHMS)
def test_one_name_alone_has_nothing_to_share(seed: int, rhythm: str) -> None:
    market = rebalanced(seed, rhythm)
    choices = replace(market.choices, **FRICTIONLESS)
    for name in market.names():
        shared, alone = play([name], choices), play([name], replace(choices, rebalance="none"))
        assert shared == alone


@LAWS
@given(SEEDS, RHYTHMS)
def test_the_order_of_the_names_is_no_matter(seed: int, rhythm: str) -> None:
    market = rebalanced(seed, rhythm)
    found = outcome(market)
    turned = play(market.names()[::-1], market.choices)
    assert (turned.pending, turned.value is None) == (found.pending, found.value is None)
    assert turned.fees == pytest.approx(found.fees)
    assert turned.value == pytest.approx(found.value)
    assert [told(order) for order in found.orders] == [
        told(order)
        for name in market.names()
        for order in turned.orders
        if order.listing_id == name.listing_id
    ]


def told(order: Booked) -> tuple[object, ...]:
    return order.listing_id, order.side, order.session, pytest.approx(order.shares), order.status


@LAWS
@given(SEEDS, RHYTHMS)
def test_rebalancing_orders_are_paid_and_within_their_volume(seed: int, rhythm: str) -> None:
    market = rebalanced(seed, rhythm)
    found, names = outcome(market), {name.listing_id: name for name in market.names()}
    assert found.value is None or found.value >= 0
    for order in found.orders:
        assert (order.shares > 0) is (order.status != "unfilled")
        assert min(order.shares, order.fees, order.dividend_tax) >= 0
        day = next(day for day in names[order.listing_id].days if day.session == order.session)
        if order.shares and market.choices.participation:
            assert order.shares <= market.choices.participation * (day.volume or 0) * (1 + 1e-12)
    if all(not item.endswith(".HK") for item in names):
        paid = sum(order.fees + order.dividend_tax for order in found.orders)
        assert found.fees == pytest.approx(paid, abs=1e-6)


def last_session(name: Name, choices: Choices) -> date:
    own = [day.session for day in name.days if day.trading and day.session >= name.entry]
    return own[min(choices.horizon, len(own)) - 1]
