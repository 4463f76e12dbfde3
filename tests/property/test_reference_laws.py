"""Laws of the slow judge over random markets."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from screener.backtest.reference import Choices, Name, Outcome, play
from tests.support.random_markets import Market, random_market

LAWS = settings(deadline=None, derandomize=True, max_examples=60)
SEEDS = st.integers(0, 2**32 - 1)
FREE: dict[str, Any] = {"lots": False, "commission": False, "levies": False}


def outcome(market: Market, **chosen: Any) -> Outcome:
    return play(market.names(), replace(market.choices, **chosen))


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
    together = outcome(market)
    assume(not together.pending)
    apart = [play([name], market.choices) for name in market.names()]
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
    slow = replace(market.choices, **FREE, participation=None, impact_bps=0.0, fx_spread_bps=0.0)
    cheap = play(market.names(), replace(slow, slippage_bps=0.0))
    dear = play(market.names(), replace(slow, slippage_bps=30.0))
    spread = play(market.names(), replace(slow, fx_spread_bps=30.0))
    if cheap.value is not None and dear.value is not None and spread.value is not None:
        assert dear.value <= cheap.value * (1 + 1e-12)
        assert spread.value <= cheap.value * (1 + 1e-12)


@LAWS
@given(SEEDS, st.integers(0, 60))
def test_later_sessions_change_nothing_of_a_finished_window(seed: int, later: int) -> None:
    market = random_market(seed)
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


def last_session(name: Name, choices: Choices) -> date:
    own = [day.session for day in name.days if day.trading and day.session >= name.entry]
    return own[min(choices.horizon, len(own)) - 1]
