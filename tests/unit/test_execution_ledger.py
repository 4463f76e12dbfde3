"""The rows of the order ledger against the results: money out, money in, nothing else."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pytest

from screener.backtest.execution.executing import execute
from screener.backtest.execution.shares import Execution
from screener.backtest.frictions import Entitlement, Frictions, Order, OrderStatus
from screener.backtest.run import EventResult, Settings, run_backtest
from screener.domain.basket import EntryPrice, Rebalance
from screener.domain.listing import Exchange
from screener.domain.panel import TradingPanel
from screener.files.writing import csv_text
from screener.market.calendars import calendar_of
from screener.paths.known import entry_choices
from screener.paths.windows import WindowStatus, resolve_window
from screener.results.backtest import NAMES, ORDERS, RETURNS
from screener.results.tables import fits
from screener.workflows.backtest.order_rows import order_rows
from screener.workflows.backtest.requests import BacktestRequest
from screener.workflows.backtest.rows import ledger_rows, result_rows
from screener.workflows.backtest.run import BacktestRun
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


def held_at(trading: TradingPanel, result: EventResult, leg: int, row: int) -> float:
    """Return the shares of a name that the ledger leaves at a close."""
    column, shares = result.window.legs[leg].column, 0.0
    for line in result.lines:
        bought = line.side == "buy" if isinstance(line, Order) else line.kind == "rights"
        moves = isinstance(line, Order) or (bought and line.cash)
        if line.leg == leg and moves and 0 <= line.row <= row:
            ratio = float(np.prod(trading.share_ratio[line.row + 1 : row + 1, column]))
            shares += (1 if bought else -1) * line.shares * ratio
    return shares


@pytest.mark.parametrize("seed", FEW)
def test_the_traded_path_is_the_money_of_the_ledger_and_the_shares_at_each_close(seed: int) -> None:
    market = random_market(seed)
    panel = market.trading.prices
    seen = 0
    for result in run_of(market, market.trading).results:
        if not len(result.traded_path):
            continue
        assert result.capital is not None
        for day, value in zip(result.path_sessions.tolist(), result.traded_path, strict=True):
            row = panel.row(day)
            money = result.capital + sum(x.cash for x in result.lines if 0 <= x.row <= row)
            shares = [held_at(market.trading, result, at, row) for at in range(result.n_named)]
            prices = [
                float(panel.close[row, leg.column] * panel.fx[row, leg.column])
                for leg in result.window.legs
            ]
            held = [(n, p) for n, p in zip(shares, prices, strict=True) if n > 1e-6]
            if np.isfinite([price for _, price in held]).all():  # others are carried
                seen += 1
                money += sum(number * price for number, price in held)
                assert value == pytest.approx(money / result.capital, abs=1e-7), (day, result)
    assert seen or all(not len(item.traded_path) for item in run_of(market, market.trading).results)


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
    run = run_of(market, market.trading)
    rows = result_rows(run)
    assert all(tuple(row) == RETURNS.names for row in rows)
    assert not fits(RETURNS, rows)
    assert not fits(NAMES, ledger_rows(run))
    orders = order_rows(run)
    # A row of the ledger of orders has no more columns than there is something to say in.
    assert not [told for row in orders for told in fits(ORDERS.selected(row), [row])]
    assert [(row["n_named"], row["n_held"]) for row in rows] == [
        (len(result.ledger), sum(entry.state == "held" for entry in result.ledger))
        for result in run.results
    ]
    asked = [(row["horizon"], row["capital"]) for row in rows]
    assert asked == [(horizon, capital) for horizon in (2, 5) for capital in CAPITALS]


def test_the_table_as_csv_holds_plain_numbers() -> None:
    rows = result_rows(run_of(random_market(301), random_market(301).trading))
    text = csv_text(RETURNS.names, rows)
    assert "np." not in text
    at = RETURNS.names.index("executable_return")
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


def rows_of(
    names: dict[str, list[tuple[float, float]]], *, horizon: int, **given: float | np.ndarray
) -> list[dict[str, Any]]:
    """Return the rows of a ledger with 100,000 CNY, published before the first price."""
    day = date(2026, 5, 14)
    panel = panel_of(
        {
            name: bars_of(Exchange.HK if name.endswith("HK") else Exchange.SZ, day, prices)
            for name, prices in names.items()
        }
    )
    shape = panel.close.shape
    matrices: dict[str, Any] = {
        "volume": np.full(shape, 1e9),
        "amount": np.full(shape, np.nan),
        "share_ratio": np.ones(shape),
        "dividend": np.zeros(shape),
        "board_lot": np.full(shape, np.nan),
    }
    for name, value in given.items():
        matrices[name] = np.broadcast_to(np.asarray(value, dtype=float), shape).copy()
    trading = TradingPanel(prices=panel, **matrices)
    event = event_of(list(names), day)
    entries = entry_choices(
        event.published, [member.listing.exchange for member in event.members], calendar_of
    )
    asked = Settings(
        horizons=(horizon,), frictions=Frictions(fx_spread_bps=10), capitals=(100_000.0,)
    )
    results = run_backtest(panel, [(event, entries)], asked, lambda *_: None, trading)
    run = BacktestRun(
        request=BacktestRequest(events=(event,), settings=asked),
        results=results,
        price_basis=("raw",) * len(results),
        data_version=1,
        run_id="0" * 12,
        simulated=False,
        remarks=(),
    )
    return [dict(row) for row in order_rows(run)]


FLAT = [(10.0, 10.0)] * 6


def test_a_hong_kong_row_is_in_its_currency_and_its_money_is_changed_in_a_row_of_its_own() -> None:
    dividend = np.zeros((6, 1))
    dividend[3] = 0.5
    rows = rows_of({"01208.HK": FLAT}, horizon=4, board_lot=500.0, dividend=dividend)
    assert [row["side"] for row in rows] == [
        *("buy", "fx", "dividend", "fx", "dividend tax", "fx", "sell", "fx"),
    ]
    bought, changed = rows[:2]
    # 100,000 CNY at 0.9 and 10 basis points more are 111,000.00 HKD: 11,000 shares.
    assert (bought["shares"], bought["price"], bought["currency"]) == (11_000, 10.0, "HKD")
    assert bought["amount"] == pytest.approx(110_000)
    assert bought["fx"] == pytest.approx(0.9009)
    assert bought["amount_cny"] == pytest.approx(110_000 * 0.9009)
    assert bought["fees_cny"] == pytest.approx(bought["fees"] * 0.9009, abs=1e-6)
    spent = (110_000 + bought["fees"]) * 0.9009
    assert bought["cash_cny"] == pytest.approx(-spent)
    assert (changed["currency"], changed["price"]) == ("CNY", pytest.approx(0.9009))
    assert changed["amount"] == pytest.approx(spent)
    assert changed.get("cash_cny") is None
    assert changed["reason"].startswith("CNY to HKD: 110,")
    paid, taxed = rows[2], rows[4]
    assert (paid["amount"], paid["fx"], paid["cash_cny"]) == (5_500, 0.9, pytest.approx(4_950))
    assert (taxed["amount"], taxed["cash_cny"]) == (pytest.approx(1_100), pytest.approx(-990))


def test_a_window_of_one_session_says_why_nothing_is_ordered() -> None:
    (row,) = rows_of({"300857.SZ": FLAT}, horizon=1)
    assert (row["side"], row["status"], row["weight"]) == ("buy", "unfilled", 1.0)
    assert "the next at the earliest (T+1)" in row["reason"]


def test_every_name_of_a_refused_window_says_what_is_missing() -> None:
    rows = rows_of({"300857.SZ": FLAT, "01208.HK": FLAT}, horizon=3)
    assert [row["listing"] for row in rows] == ["300857.SZ", "01208.HK"]
    for row in rows:
        assert row["status"] == "unfilled"
        assert "no board lot of 01208.HK is known" in row["reason"]


def test_a_name_whose_session_the_tables_do_not_reach_waits_in_a_row() -> None:
    """Hong Kong was closed on the first day after the report, the mainland open."""
    rows = rows_of({"300857.SZ": FLAT[:2], "01208.HK": FLAT[:1]}, horizon=3, board_lot=500.0)
    status = {row["listing"]: (row["side"], row["status"]) for row in rows}
    assert status["01208.HK"] == ("buy", "waiting")
    assert all(row["reason"] for row in rows if row["status"] == "waiting")
