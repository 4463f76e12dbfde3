"""Laws of the executable path over random markets: no look-ahead, and money that adds up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, replace
from datetime import date, timedelta
from unittest import mock

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from screener.backtest import attribution
from screener.backtest.benchmark import BenchmarkSeries
from screener.backtest.execution.shares import Execution
from screener.backtest.frictions import Frictions, Order, OrderStatus
from screener.backtest.run import EventResult, Settings, run_backtest
from screener.domain.basket import EntryPrice, Rebalance
from screener.domain.listing import Exchange, parse_listing
from screener.domain.panel import PricePanel, TradingPanel
from screener.market.calendars import calendar_of
from screener.paths.legs import Leg, LegState
from screener.paths.windows import Window, WindowStatus
from tests.support.laws import laws
from tests.support.random_markets import Market, frictions_of, random_market

LAWS = laws(25)
FEW = laws(8)
SEEDS = st.integers(0, 2**32 - 1)
_OF_THE_DAY = ("open", "vwap", "close", "volume", "amount")
_FILLED = (OrderStatus.FILLED, OrderStatus.PARTIAL)


def sound_market(seed: int) -> Market:
    """Return a random market in which no dividend is worth more than its share."""
    market = random_market(seed)
    assume((market.trading.prices.factor > 0).all())
    return market


def backtest(
    market: Market,
    trading: TradingPanel,
    capitals: tuple[float, ...],
    index: BenchmarkSeries | None = None,
) -> tuple[EventResult, ...]:
    horizon = market.choices.horizon
    asked = Settings(
        horizons=tuple(sorted({1, 2, min(horizon, 5), horizon})),
        max_wait=market.choices.max_wait,
        frictions=frictions_of(market.choices),
        capitals=capitals,
        entry=EntryPrice(market.choices.entry),
        rebalance=Rebalance(market.choices.rebalance),
    )
    events = [(market.event, (market.entries,))]
    return run_backtest(trading.prices, events, asked, lambda *_: index, trading)


def cut(market: Market, last: date) -> TradingPanel:
    """Return the panels as the tables stood when `last` was their last session."""
    panel, trading = market.trading.prices, market.trading
    reach = max(last, *(day for _, day in market.entries))
    rows = slice(0, panel.row_after(reach))
    known = panel.row_after(last)  # rows from there on are sessions without data

    def blanked(source: PricePanel | TradingPanel, name: str) -> np.ndarray:
        matrix: np.ndarray = getattr(source, name)[rows].copy()
        if name in _OF_THE_DAY:
            matrix[known:] = np.nan
        elif name in ("suspended", "st", "untraded"):
            matrix[known:] = False
        elif name in ("share_ratio", "dividend", "rights", "rights_price"):
            matrix[known:] = float(name == "share_ratio")
        elif name in ("factor", "board_lot") and known:
            matrix[known:] = matrix[known - 1]
        return matrix

    bars = [
        [day.session for day in one if day.close is not None and day.session <= last]
        for one in market.days
    ]
    prices = {part.name: getattr(panel, part.name) for part in fields(panel) if part.init}
    for name, value in prices.items():
        if isinstance(value, np.ndarray) and value.ndim == 2:
            prices[name] = blanked(panel, name)
    prices |= {
        "sessions": panel.sessions[rows].copy(),
        "first_bars": tuple(min(one, default=None) for one in bars),
        "last_bars": tuple(max(one, default=None) for one in bars),
        "last_sessions": {place: min(day, last) for place, day in panel.last_sessions.items()},
    }
    matrices = {
        field.name: blanked(trading, field.name)
        for field in fields(TradingPanel)
        if isinstance(getattr(trading, field.name), np.ndarray)
    }
    return TradingPanel(prices=PricePanel(**prices), **matrices)


def cut_day(market: Market, part: float) -> date:
    """Return a session from the first entry to the end of the tables."""
    days = market.trading.prices.sessions
    first = min(day for _, day in market.entries)
    last = max(market.trading.prices.last_sessions.values())
    inside = [day.item() for day in days if first <= day.item() <= last]
    assume(inside)
    found: date = inside[round(part * (len(inside) - 1))]
    return found


def made(orders: Sequence[Order]) -> list[tuple[object, ...]]:
    """Return the trades of some orders; their status may say that more is to come."""
    return [
        (order.leg, str(order.side), order.session, order.shares, order.price, order.amount)
        for order in orders
        if order.status in _FILLED
    ]


def told(result: EventResult) -> tuple[object, ...]:
    return (
        result.status,
        result.entry_session,
        result.exit_session,
        result.paper_return,
        result.executable_return,
        result.fees,
        result.max_drawdown,
        result.orders,
    )


def row_of(result: EventResult) -> tuple[int, float | None]:
    return result.window.horizon, result.capital


@LAWS
@given(SEEDS, st.floats(0, 1))
def test_later_sessions_change_no_mature_row_and_no_trade(seed: int, part: float) -> None:
    market = sound_market(seed)
    capitals = (market.choices.capital,)
    short = backtest(market, cut(market, cut_day(market, part)), capitals)
    later = {row_of(found): found for found in backtest(market, market.trading, capitals)}
    for found in short:
        if found.status is WindowStatus.NO_DATA:
            continue
        whole = later[row_of(found)]
        if found.status is WindowStatus.MATURE:
            assert told(found) == told(whole)
            # Its gap may come later: a counterfactual run sells what this one never bought.
            assert found.shortfall in ((), whole.shortfall)
            continue
        # A name whose data stop before its entry is left out until they go on: another basket.
        if found.window.weights == whole.window.weights:
            trades = made(whole.orders)
            assert [trade for trade in made(found.orders) if trade not in trades] == []


@FEW
@given(SEEDS)
def test_steps_close_and_no_trade_spends_more_than_its_budget(seed: int) -> None:
    market = sound_market(seed)
    for found in backtest(market, market.trading, (market.choices.capital, 30_000.0)):
        if found.shortfall and found.executable_return is not None:
            reached = sum(step for _, step in found.shortfall)
            assert reached == pytest.approx(found.executable_return, abs=1e-10)
        for order in found.orders:
            # What brings a name back to its weight is paid by what others gained.
            if order.side == "buy" and order.status in _FILLED and not order.rebalances:
                budget = found.window.weights[order.leg] * (found.capital or 0.0)
                assert order.amount + order.fees <= budget * (1 + 1e-9)


def index_of(trading: TradingPanel, draw: np.random.Generator) -> BenchmarkSeries:
    """Return a random index of the mainland, on every session of its exchange."""
    panel, calendar = trading.prices, calendar_of(Exchange.SH)
    days = calendar.between(panel.session(0) - timedelta(days=30), panel.session(-1))
    closes = 100 * np.exp(np.cumsum(draw.normal(0, 0.02, len(days))))
    opens = closes * np.exp(draw.normal(0, 0.01, len(days)))
    return BenchmarkSeries(
        listing=parse_listing("000300.SH"),
        basis="price",
        calendar=calendar,
        sessions=days,
        values=np.column_stack([opens, closes]),
    )


@FEW
@given(SEEDS)
def test_the_waterfall_closes_from_the_index_on(seed: int) -> None:
    market, draw = sound_market(seed), np.random.default_rng(seed)
    panel = market.trading.prices
    themes = np.where(panel.trading, np.exp(draw.normal(0, 0.02, panel.close.shape)), 1.0)
    themes[:, draw.random(themes.shape[1]) < 0.3] = np.nan
    index = index_of(market.trading, draw)
    trading = replace(market.trading, themes=themes)
    for found in backtest(market, trading, (market.choices.capital,), index):
        if not found.shortfall:
            continue
        assert sum(effect for _, effect in found.shortfall) == pytest.approx(
            found.executable_return, abs=1e-10
        )
        told = dict(found.shortfall)
        if found.benchmark_return is not None:
            assert told["market"] == found.benchmark_return
            unthemed = {panel.listings[leg.column] for leg in held(found.window)}
            unthemed &= {
                name for at, name in enumerate(panel.listings) if np.isnan(themes[1:, at]).any()
            }
            assert set(found.unthemed) == unthemed
            assert (told["theme and selection"] == 0) or found.unthemed


def engine_alone(
    trading: TradingPanel,
    frictions: Frictions,
    windows: Sequence[Window],
    capital: float,
    known: Sequence[object],
) -> tuple[Execution, ...]:
    del known
    return attribution.execute_all(trading, windows, capital, frictions)


@LAWS
@given(SEEDS)
def test_a_counterfactual_run_is_what_the_engine_makes_of_it(seed: int) -> None:
    market = sound_market(seed)
    told = backtest(market, market.trading, (2e4, 1e6))
    with mock.patch.object(attribution, "_executed", engine_alone):
        whole = backtest(market, market.trading, (2e4, 1e6))
    for found, other in zip(told, whole, strict=True):
        assert [step for step, _ in found.shortfall] == [step for step, _ in other.shortfall]
        effects = [effect for _, effect in found.shortfall]
        assert effects == pytest.approx([effect for _, effect in other.shortfall], abs=1e-11)


def held(window: Window) -> list[Leg]:
    return [
        leg
        for leg, weight in zip(window.legs, window.weights, strict=True)
        if weight and leg.entry_row is not None
    ]


@FEW
@given(SEEDS)
def test_a_result_does_not_depend_on_the_company_that_it_is_run_in(seed: int) -> None:
    market = sound_market(seed)
    capitals = (20_000.0, market.choices.capital)
    together = {row_of(found): told(found) for found in backtest(market, market.trading, capitals)}
    for capital in capitals:
        for found in backtest(market, market.trading, (capital,)):
            if found.capital is not None:
                assert told(found) == together[row_of(found)]


@FEW
@given(SEEDS)
def test_every_name_with_money_has_an_order(seed: int) -> None:
    market = sound_market(seed)
    for found in backtest(market, market.trading, (market.choices.capital,)):
        if found.capital is None or not found.orders:
            continue
        asked = {order.leg for order in found.orders}
        begun = {
            at
            for at, leg in enumerate(found.window.legs)
            if leg.state is not LegState.DROPPED and leg.entry_row is not None
        }
        assert asked == begun
