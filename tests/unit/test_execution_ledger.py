"""The rows of the order ledger against the results: money out, money in, nothing else."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pytest

from screener.backtest.executing import execute
from screener.backtest.frictions import Entitlement, Frictions, OrderStatus
from screener.backtest.run import EventResult, Settings, run_backtest
from screener.backtest.shares import Execution
from screener.domain.basket import EntryPrice, Rebalance
from screener.domain.listing import Exchange
from screener.domain.panel import TradingPanel
from screener.market.calendars import calendar_of
from screener.paths.known import entry_choices
from screener.paths.windows import WindowStatus, resolve_window
from screener.render.files import csv_text
from screener.workflows.backtest_rows import BACKTEST_COLUMNS, result_rows
from screener.workflows.backtesting import BacktestRun
from screener.workflows.order_rows import order_rows
from screener.workflows.requests import BacktestRequest
from tests.support.panels import bars_of, event_of, panel_of, sessions
from tests.support.random_markets import Market, frictions_of, random_market

SEEDS = range(300, 350)
FEW = range(300, 318)
CAPITALS = (30_000.0, 2_000_000.0)


def executed(market: Market, trading: TradingPanel) -> tuple[Execution, WindowStatus]:
    window = resolve_window(
        trading.prices,
        market.event,
        market.entries,
        horizon=market.choices.horizon,
        max_wait=market.choices.max_wait,
        price=EntryPrice(market.choices.entry),
        rebalance=Rebalance(market.choices.rebalance),
    )
    if window.status is WindowStatus.NO_DATA:
        pytest.skip("no name has data")
    return execute(
        trading, window, market.choices.capital, frictions_of(market.choices)
    ), window.status


def run_of(market: Market, trading: TradingPanel) -> BacktestRun:
    asked = Settings(
        horizons=(2, 5),
        max_wait=market.choices.max_wait,
        frictions=frictions_of(market.choices),
        capitals=CAPITALS,
        entry=EntryPrice(market.choices.entry),
        rebalance=Rebalance(market.choices.rebalance),
    )
    results = run_backtest(
        trading.prices, [(market.event, (market.entries,))], asked, lambda *_: None, trading
    )
    return BacktestRun(
        request=BacktestRequest(events=(market.event,), settings=asked),
        results=results,
        price_basis=("raw",) * len(results),
        data_version=1,
        run_id="0" * 12,
        simulated=False,
        remarks=(),
    )


def finished(result: EventResult) -> bool:
    return result.status is WindowStatus.MATURE and result.executable_return is not None


@pytest.mark.parametrize("seed", SEEDS)
def test_orders_fees_and_dividends_make_the_value(seed: int) -> None:
    market = random_market(seed)
    done, status = executed(market, market.trading)
    if done.value is None or status is not WindowStatus.MATURE:
        pytest.skip("something is still held")
    money = market.choices.capital + sum(line.cash for line in done.lines)
    assert done.value == pytest.approx(money, abs=1e-6)


@pytest.mark.parametrize("seed", FEW)
def test_the_rows_of_the_ledger_make_the_executable_return(seed: int) -> None:
    market = random_market(seed)
    run = run_of(market, market.trading)
    rows = order_rows(run)
    for result in run.results:
        if not finished(result):
            continue
        own = [
            row
            for row in rows
            if (row["horizon"], row["capital"]) == (result.window.horizon, result.capital)
        ]
        assert result.capital is not None
        cash: list[Any] = [row.get("cash_cny") or 0.0 for row in own]
        gained = sum(cash)
        assert gained / result.capital == pytest.approx(result.executable_return, abs=1e-10)
        fees: list[Any] = [row.get("fees_cny") or 0.0 for row in own]
        taxes: list[Any] = [row["amount_cny"] for row in own if row.get("side") == "dividend tax"]
        paid = sum(fees) + sum(taxes)
        assert paid == pytest.approx(result.fees, abs=1e-6)


@pytest.mark.parametrize("seed", FEW)
def test_what_is_bought_is_sold_whole(seed: int) -> None:
    market = random_market(seed)
    done, status = executed(market, market.trading)
    if done.pending or status is not WindowStatus.MATURE:
        pytest.skip("something is still held")
    ratios = market.trading.share_ratio
    for leg in {order.leg for order in done.orders}:
        own = [order for order in done.orders if order.leg == leg and order.shares]
        if not own:
            continue
        column = market.trading.prices.column(own[0].listing)
        bought = next(order for order in own if order.side == "buy")
        left = bought.shares
        for line in done.lines:
            if line.leg == leg and isinstance(line, Entitlement) and line.kind == "rights":
                left += line.shares / float(np.prod(ratios[bought.row + 1 : line.row + 1, column]))
        for order in (order for order in own if order.side == "sell"):
            left -= order.shares / float(np.prod(ratios[bought.row + 1 : order.row + 1, column]))
        assert left == pytest.approx(0, abs=1e-6 * bought.shares)
        assert own[-1].status is OrderStatus.FILLED


def test_one_row_for_each_event_horizon_and_capital() -> None:
    market = random_market(301)
    rows = result_rows(run_of(market, market.trading))
    assert all(tuple(row) == BACKTEST_COLUMNS for row in rows)
    asked = [(row["horizon"], row["capital"]) for row in rows]
    assert asked == [(horizon, capital) for horizon in (2, 5) for capital in CAPITALS]


def test_the_table_as_csv_holds_plain_numbers() -> None:
    rows = result_rows(run_of(random_market(301), random_market(301).trading))
    text = csv_text(BACKTEST_COLUMNS, rows)
    assert "np." not in text
    at = BACKTEST_COLUMNS.index("executable_return")
    assert all(float(line.split(",")[at]) for line in text.splitlines()[1:])


def test_an_amount_that_lacks_a_fact_leaves_the_others_alone() -> None:
    """The small one buys nothing and asks for no volume; the large one does and has none."""
    market = random_market(301)
    asked = replace(market.choices, capital=CAPITALS[1])
    volume = np.full_like(market.trading.volume, np.nan)
    trading = TradingPanel(
        prices=market.trading.prices,
        volume=volume,
        amount=market.trading.amount,
        share_ratio=market.trading.share_ratio,
        dividend=market.trading.dividend,
        board_lot=market.trading.board_lot,
    )
    settings = Settings(
        horizons=(5,),
        max_wait=asked.max_wait,
        frictions=replace(frictions_of(market.choices), participation=0.1),
        capitals=(1.0, CAPITALS[1]),
    )
    small, large = run_backtest(
        trading.prices, [(market.event, (market.entries,))], settings, lambda *_: None, trading
    )
    assert small.executable_return == pytest.approx(0, abs=1e-12)
    assert large.executable_return is None
    assert "no volume" in large.remarks[-1]


def pending_with_one_suspended() -> EventResult:
    """Return the result of two names on the last session of the tables, one of them suspended."""
    first, last = sessions(Exchange.SZ, date(2026, 5, 14), 2)
    bars = {
        "300857.SZ": {first: (10.0, 10.0), last: (10.0, 10.5)},
        "002428.SZ": {first: (8.0, 8.0)},
    }
    panel = panel_of(bars, suspended={"002428.SZ": [last]})
    ones = np.ones_like(panel.close)
    trading = TradingPanel(
        prices=panel,
        volume=ones * 1e9,
        amount=ones * np.nan,
        share_ratio=ones,
        dividend=ones * 0,
        board_lot=ones * np.nan,
    )
    event = event_of(list(bars), first)
    choices = entry_choices(event.published, [Exchange.SZ, Exchange.SZ], calendar_of)
    asked = Settings(horizons=(5,), frictions=Frictions(), capitals=(10_000.0,))
    (found,) = run_backtest(panel, [(event, choices)], asked, lambda *_: None, trading)
    return found


def test_a_purchase_that_may_still_be_made_waits() -> None:
    order = pending_with_one_suspended().orders[1]
    assert order.reason == "suspended"
    assert order.status is OrderStatus.WAITING


def test_a_suspension_is_no_matter_of_the_daily_limit() -> None:
    assert "limit" not in pending_with_one_suspended().orders[1].rule


def test_an_order_below_one_lot_names_the_source_of_the_lot() -> None:
    first = sessions(Exchange.SZ, date(2026, 5, 14), 1)[0]
    panel = panel_of({"300857.SZ": bars_of(Exchange.SZ, first, [(10.0, 10.0)] * 5)})
    ones = np.ones_like(panel.close)
    trading = TradingPanel(
        prices=panel,
        volume=ones * 1e9,
        amount=ones * np.nan,
        share_ratio=ones,
        dividend=ones * 0,
        board_lot=ones * np.nan,
    )
    event = event_of(["300857.SZ"], first)
    choices = entry_choices(event.published, [Exchange.SZ], calendar_of)
    asked = Settings(horizons=(2,), frictions=Frictions(), capitals=(900.0,))
    (found,) = run_backtest(panel, [(event, choices)], asked, lambda *_: None, trading)
    (order,) = found.orders
    assert "lot" in order.reason
    assert order.source


def test_dates_of_orders_are_sessions_of_the_name() -> None:
    market = random_market(301)
    panel = market.trading.prices
    done, _ = executed(market, market.trading)
    for order in done.orders:
        if order.session is not None:
            assert isinstance(order.session, date)
            assert panel.trading[order.row, panel.column(order.listing)]
            assert order.session >= order.scheduled
