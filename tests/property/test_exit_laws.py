"""Laws of early exits: no look-ahead, and rules that cannot fire change nothing."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from screener.backtest.execution.pricing import value_panel
from screener.backtest.paper import leg_values
from screener.backtest.run import EventResult, Settings, run_backtest
from screener.domain.basket import EntryPrice, Event, Rebalance
from screener.domain.exits import ExitKind, ExitRules
from screener.domain.panel import TradingPanel
from screener.paths.legs import LegState
from screener.paths.windows import NO_EXITS, WindowStatus
from tests.property.test_execution_laws import cut, cut_day, made, sound_market, told
from tests.property.test_follow_laws import told as stream_told
from tests.support.laws import laws
from tests.support.random_markets import Market, frictions_of
from tests.support.streams import followed, random_stream

SEEDS = st.integers(0, 2**32 - 1)
NEVER = ExitRules(stop=-1.0, take=float("inf"))
RULES = st.builds(
    ExitRules,
    stop=st.sampled_from([None, -0.01, -0.03, -0.1]),
    take=st.sampled_from([None, 0.01, 0.05]),
)


def leaving(market: Market) -> Event:
    """Return the event of a market, some of whose names a later report drops."""
    dice, entry = random.Random(market.seed), market.entries[0][1]
    members = tuple(
        replace(member, leaves=((entry + timedelta(days=dice.randint(0, 12)), kind),))
        if (kind := dice.choice([None, ExitKind.NEXT_REPORT, ExitKind.RATING_CUT]))
        else member
        for member in market.event.members
    )
    return replace(market.event, members=members)


def backtest(
    market: Market, trading: TradingPanel, rules: ExitRules, event: Event
) -> tuple[EventResult, ...]:
    horizon = market.choices.horizon
    asked = Settings(
        horizons=tuple(sorted({2, min(horizon, 5), horizon})),
        max_wait=market.choices.max_wait,
        frictions=frictions_of(market.choices),
        capitals=(market.choices.capital,),
        entry=EntryPrice(market.choices.entry),
        rebalance=Rebalance.NONE,
        exits=rules,
    )
    return run_backtest(
        trading.prices, [(event, (market.entries,))], asked, lambda *_: None, trading
    )


@laws(60)
@given(SEEDS)
def test_a_stop_at_everything_and_a_take_at_infinity_are_the_horizon(seed: int) -> None:
    market = sound_market(seed)
    found = backtest(market, market.trading, NEVER, market.event)
    plain = backtest(market, market.trading, NO_EXITS, market.event)
    assert list(map(told, found)) == list(map(told, plain))
    stream = random_stream(seed)
    never = replace(stream, settings=replace(stream.settings, exits=NEVER))
    assert stream_told(followed(never)) == stream_told(followed(stream))


@laws(90)
@given(SEEDS, st.floats(0, 1), RULES)
def test_later_sessions_change_no_mature_row_and_no_earlier_value(
    seed: int, part: float, rules: ExitRules
) -> None:
    market = sound_market(seed)
    event = leaving(market)
    short = backtest(market, cut(market, cut_day(market, part)), rules, event)
    later = {one.window.horizon: one for one in backtest(market, market.trading, rules, event)}
    for found in short:
        whole = later[found.window.horizon]
        if found.status is WindowStatus.NO_DATA:
            continue
        if found.status is WindowStatus.MATURE:
            assert told(found) == told(whole)
            continue
        # A name whose data stop before its entry is left out until they go on: another basket.
        if found.window.weights == whole.window.weights and len(found.path):
            trades = made(whole.orders)
            assert [trade for trade in made(found.orders) if trade not in trades] == []
            shared = np.isin(found.path_sessions, whole.path_sessions)
            same = np.isin(whole.path_sessions, found.path_sessions)
            np.testing.assert_allclose(found.path[shared], whole.path[same], rtol=1e-12)


@laws(60)
@given(SEEDS, RULES)
def test_paper_and_money_agree_on_what_leaves_when(seed: int, rules: ExitRules) -> None:
    """The steps close, and no name is sold before the open after its rule fired."""
    market = sound_market(seed)
    for found in backtest(market, market.trading, rules, leaving(market)):
        if found.shortfall and found.executable_return is not None:
            steps = sum(step for _, step in found.shortfall)
            assert steps == pytest.approx(found.executable_return, abs=1e-10)
        legs = found.window.legs
        for order in found.orders:
            if order.side == "sell" and order.session and legs[order.leg].early:
                assert order.row >= (legs[order.leg].exit_row or 0)
                assert order.reason


@laws(30)
@given(SEEDS)
def test_the_paths_of_names_sum_to_the_kernel_s(seed: int) -> None:
    market = sound_market(seed)
    panel = market.trading.prices
    values = value_panel(panel, EntryPrice(market.choices.entry))
    for found in backtest(market, market.trading, NO_EXITS, market.event):
        window = found.window
        assume(len(found.path))
        rows = np.searchsorted(panel.sessions, found.path_sessions)
        total = sum(
            weight * leg_values(values, leg, end, rows)
            for leg, weight, end in zip(window.legs, window.weights, window.end_rows, strict=True)
            if leg.state is not LegState.DROPPED
        )
        np.testing.assert_allclose(total, found.path, rtol=1e-9)
