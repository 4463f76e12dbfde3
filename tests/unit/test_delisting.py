"""Listings that end within a window, and what is paid out for them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest

from screener.backtest.execution.delisting import with_payouts
from screener.backtest.execution.pricing import value_panel
from screener.backtest.frictions import Frictions, OrderStatus
from screener.backtest.run import EventResult, Settings, run_backtest
from screener.domain.basket import Rebalance
from screener.domain.listing import Exchange
from screener.domain.panel import PricePanel, TradingPanel
from screener.market.calendars import calendar_of
from screener.paths.known import entry_choices
from screener.paths.legs import LegState, Reason
from tests.support.panels import bars_of, event_of, panel_of, sessions

FIRST = date(2026, 3, 2)
NAMES = ("600000.SH", "000002.SZ")
DAYS = sessions(Exchange.SH, FIRST, 30)
GONE = DAYS[12]


def market(last: int = 10, n: int = 30, day: date | None = GONE) -> PricePanel:
    """Return two names at 10.00; the first has bars for `last` sessions, then it is delisted."""
    flat = [(10.0, 10.0)] * n
    bars = {
        NAMES[0]: bars_of(Exchange.SH, FIRST, flat[:last]),
        NAMES[1]: bars_of(Exchange.SZ, FIRST, flat),
    }
    return replace(panel_of(bars), delist_dates=(day, None))


def trading_of(panel: PricePanel) -> TradingPanel:
    shape = panel.close.shape
    return TradingPanel(
        prices=panel,
        volume=np.where(np.isfinite(panel.close), 1e6, np.nan),
        amount=np.where(np.isfinite(panel.close), 1e7, np.nan),
        share_ratio=np.ones(shape),
        dividend=np.zeros(shape),
        board_lot=np.full(shape, np.nan),
    )


def run(panel: PricePanel, recovery: float | None, **more: object) -> EventResult:
    event = event_of(NAMES, DAYS[1])
    exchanges = [member.listing.exchange for member in event.members]
    entries = entry_choices(event.published, exchanges, calendar_of)
    settings = Settings(
        horizons=(20,),
        frictions=Frictions(),
        capitals=(100_000.0,),
        recovery=recovery,
        **more,  # type: ignore[arg-type]
    )
    return run_backtest(panel, [(event, entries)], settings, lambda *_: None, trading_of(panel))[0]


def test_without_a_stated_recovery_the_window_is_partial() -> None:
    found = run(market(), None)
    assert found.status == "partial"
    assert found.executable_return is not None or not found.shortfall


@pytest.mark.parametrize("recovery", [0.0, 0.3, 1.0])
def test_a_delisted_share_is_what_it_paid_out(recovery: float) -> None:
    found = run(market(), recovery)
    assert found.status == "mature"
    assert found.paper_return == pytest.approx((recovery - 1) / 2, abs=1e-12)
    assert "delisted on" in found.ledger[0].reason
    sale = next(order for order in found.orders if order.listing.id == NAMES[0] and order.row > 5)
    assert (sale.status, sale.fees, sale.price) == (OrderStatus.FILLED, 0.0, 10 * recovery)
    assert sale.reason == "delisted: paid out"
    assert sum(step for _, step in found.shortfall) == pytest.approx(
        found.executable_return, abs=1e-10
    )


def test_it_is_worth_its_last_close_until_that_day() -> None:
    found = run(market(), 0.3)
    at = [day.item() for day in found.path_sessions].index(GONE)
    assert found.path[at - 1] == pytest.approx(1.0, abs=1e-12)
    assert found.path[at] == pytest.approx(0.65, abs=1e-12)


def test_a_day_that_the_tables_have_not_reached_changes_nothing() -> None:
    early = run(market(n=12), 0.3)
    assert early.status in ("partial", "pending")
    assert early.paper_return == pytest.approx(0.0, abs=1e-12)
    assert run(market(n=12, day=None), 0.3).paper_return == early.paper_return


def test_nobody_buys_it_any_more() -> None:
    entered = run(market(last=1), 0.3)
    assert entered.window.legs[0].state is not LegState.DROPPED
    day = DAYS[1]
    before = market()
    bars = (DAYS[0], *before.last_bars[1:])
    after = replace(before, delist_dates=(day, None), last_bars=bars)
    cut = run(replace(after, close=_until(after, day), open=_until(after, day)), 0.3)
    assert cut.window.legs[0].reason is Reason.DELISTED
    assert cut.window.weights == (0.0, 1.0)


def test_bars_past_the_panel_keep_it_from_paying_out() -> None:
    listed = market(n=12)
    day = DAYS[8]
    again = replace(listed, delist_dates=(day, None), last_bars=(DAYS[20], *listed.last_bars[1:]))
    assert not with_payouts(again, 0.3).payouts
    gone = replace(again, last_bars=(DAYS[6], *listed.last_bars[1:]))
    assert with_payouts(gone, 0.3).payouts == {0: 8}


def test_one_that_is_halted_since_before_the_panel_pays_out_what_it_was_worth() -> None:
    listed = market(n=12)
    none = np.full(len(listed.sessions), np.nan)
    halted = replace(
        listed,
        open=np.column_stack([none, listed.open[:, 1]]),
        close=np.column_stack([none, listed.close[:, 1]]),
        prior_values=np.array([10.0, np.nan]),
        delist_dates=(DAYS[8], None),
        last_bars=(DAYS[0] - timedelta(days=100), *listed.last_bars[1:]),
    )
    found = with_payouts(halted, 0.3)
    assert found.payouts == {0: 8}
    assert found.close[8, 0] == pytest.approx(3.0, abs=1e-12)
    assert value_panel(halted).marks[0, 0] == 10.0


def _until(panel: PricePanel, day: date) -> np.ndarray:
    prices = panel.close.copy()
    prices[panel.row(day) :, 0] = np.nan
    return prices


def test_what_is_paid_out_is_invested_in_the_other_names() -> None:
    found = run(market(), 0.4, rebalance=Rebalance.DAILY)
    assert found.paper_return == pytest.approx(-0.3, abs=1e-12)
    assert found.status == "mature"
