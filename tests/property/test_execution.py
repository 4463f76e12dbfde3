"""The executable path against the reference simulator: to the cent, over random markets."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from screener.backtest.execution.executing import execute
from screener.backtest.execution.shares import Execution
from screener.domain.basket import EntryPrice, Rebalance
from screener.paths.legs import LegState
from screener.paths.windows import Window, WindowStatus, resolve_window
from tests.oracle.reference import Simulated, play
from tests.support.laws import laws
from tests.support.random_markets import Market, frictions_of, random_market

LAWS = laws(300)
CENT = 0.005

Trade = tuple[str, str, date | None, str]
Numbers = tuple[float, float, float]


def both(market: Market) -> tuple[Window, Simulated, Execution]:
    """Play the market's event by the reference simulator and execute it by the fast path."""
    choices = replace(market.choices, lots=True, late_sales=True)
    window = resolve_window(
        market.trading.prices,
        market.event,
        market.entries,
        horizon=choices.horizon,
        max_wait=choices.max_wait,
        price=EntryPrice(choices.entry),
        rebalance=Rebalance(choices.rebalance),
    )
    kept = [at for at, leg in enumerate(window.legs) if leg.state is not LegState.DROPPED]
    assume(kept)
    # A name left out because its data stop keeps its window unfinished: the simulator never saw it.
    assume(len(kept) == len(window.legs) or window.status is WindowStatus.MATURE)
    names = [replace(market.names()[at], weight=window.weights[at]) for at in kept]
    done = execute(market.trading, window, choices.capital, frictions_of(choices))
    return window, play(names, choices), done


def simulated_trades(found: Simulated) -> tuple[list[Trade], list[Numbers]]:
    made = sorted(
        (order for order in found.orders if order.shares),
        key=lambda order: (order.session or date.max, order.listing_id, order.side),
    )
    return (
        [(order.listing_id, order.side, order.session, order.status) for order in made],
        [(order.shares, order.price or 0.0, order.fees) for order in made],
    )


def executed_trades(done: Execution) -> tuple[list[Trade], list[Numbers]]:
    """Return what was traded; fees in the listing's currency, as the simulator books them."""
    made = sorted(
        (order for order in done.orders if order.shares and order.price),
        key=lambda order: (order.session or date.max, order.listing.id, str(order.side)),
    )
    return (
        [(order.listing.id, str(order.side), order.session, str(order.status)) for order in made],
        [
            (
                order.shares,
                order.price or 0.0,
                order.fees * order.shares * (order.price or 0.0) / order.amount,
            )
            for order in made
        ],
    )


def unfilled(found: Simulated | Execution) -> int:
    return sum(order.status == "unfilled" for order in found.orders)


@LAWS
@given(st.integers(0, 2**32 - 1))
def test_the_executable_path_agrees_with_the_reference_to_the_cent(seed: int) -> None:
    window, simulated, done = both(random_market(seed))
    trades, numbers = simulated_trades(simulated)
    fast_trades, fast_numbers = executed_trades(done)
    assert fast_trades == trades
    for fast, slow in zip(fast_numbers, numbers, strict=True):
        assert fast == pytest.approx(slow, rel=1e-9, abs=1e-6)
    if window.status is WindowStatus.MATURE:
        assert unfilled(done) == unfilled(simulated)
    assert (done.value is None) is (simulated.value is None)
    if done.value is not None:
        assert done.value == pytest.approx(simulated.value, abs=CENT)
    assert done.fees == pytest.approx(simulated.fees, abs=CENT)
