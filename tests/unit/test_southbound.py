"""Mainland money trades in Hong Kong on the days of both markets; funds there pay no stamp duty."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from screener.backtest.frictions import Frictions, OrderStatus
from screener.backtest.run import EventResult, Settings, run_backtest
from screener.domain.basket import Rebalance
from screener.domain.eligibility import Eligibility
from screener.domain.listing import Exchange, parse_listing
from screener.domain.panel import TradingPanel
from screener.market.calendars import calendar_of
from screener.market.charges import Plan, Side, charges_on, order_costs
from screener.paths.known import entry_choices
from tests.support.panels import bars_of, event_of, panel_of

SHARE, HK = "00700.HK", Exchange.HK
# 2025-10-01 to 10-08 the mainland was closed; Hong Kong held sessions on 10-02, 03, 06 and 08.
BEFORE, ENTRY, BOTH = date(2025, 9, 30), date(2025, 10, 2), date(2025, 10, 9)
RISING = [(100.0, 100.0), *((100.0 + at, 100.5 + at) for at in range(12))]
FREE = Frictions(participation=None, commission=False, levies=False)


def run(
    horizon: int = 8,
    *,
    frictions: Frictions = FREE,
    rebalance: Rebalance = Rebalance.NONE,
    published: date = BEFORE,
    funds: tuple[bool, ...] = (False,),
    eligible: Eligibility | None = None,
    max_wait: int = 10,
) -> EventResult:
    panel = panel_of({SHARE: bars_of(HK, BEFORE, RISING)}, fx=1.0)
    mainland = calendar_of(Exchange.SH)
    days = [[mainland.is_session(day)] for day in panel.sessions.tolist()]
    shape = panel.close.shape
    trading = TradingPanel(
        prices=panel,
        volume=np.full(shape, 1e9),
        amount=np.full(shape, np.nan),
        share_ratio=np.ones(shape),
        dividend=np.zeros(shape),
        board_lot=np.full(shape, 100.0),
        southbound=np.array(days),
        funds=funds,
        eligibility=() if eligible is None else (eligible,),
    )
    event = event_of([SHARE], published)
    choices = entry_choices(event.published, [HK], calendar_of)
    asked = Settings(
        horizons=(horizon,),
        capitals=(100_000.0,),
        frictions=frictions,
        rebalance=rebalance,
        max_wait=max_wait,
    )
    (found,) = run_backtest(panel, [(event, choices)], asked, lambda *_: None, trading)
    return found


def test_a_purchase_waits_for_the_first_day_of_both_markets() -> None:
    found = run()
    bought, sold = found.orders
    assert (bought.scheduled, bought.session) == (ENTRY, BOTH)
    assert (bought.price, bought.reason) == (104.0, "waited: no southbound trading that session")
    assert bought.rule == "southbound days"
    assert "both markets are open" in bought.source
    # session 8 of Hong Kong from 10-02 on is 10-14: its close is 107.5
    assert (sold.session, sold.price) == (date(2025, 10, 14), 107.5)
    assert found.executable_return == pytest.approx(900 * (107.5 - 104) / 100_000)
    assert found.paper_return == pytest.approx(107.5 / 100 - 1)  # paper is nobody's account


def test_an_account_in_hong_kong_trades_on_all_its_days() -> None:
    found = run(frictions=replace(FREE, plan=Plan(southbound=False)))
    assert [order.session for order in found.orders] == [ENTRY, date(2025, 10, 14)]
    assert found.orders[0].price == 100.0


def test_a_window_without_a_common_day_is_not_bought() -> None:
    found = run(3)
    (order,) = found.orders
    assert order.status is OrderStatus.UNFILLED
    assert order.reason == "no southbound trading that session"
    assert found.executable_return == 0.0
    assert found.paper_return == pytest.approx(102.5 / 100 - 1)


def test_a_sale_waits_too() -> None:
    early = run(2, published=date(2025, 9, 29))  # bought on 09-30, due on 10-02
    bought, sold = early.orders
    assert bought.session == BEFORE
    assert (sold.scheduled, sold.session) == (ENTRY, BOTH)
    assert sold.reason == "waited: no southbound trading that session"


LISTS = date(2025, 9, 1)
"""The day from which on lists of what is eligible are recorded."""


def spelled(*spells: tuple[date, date | None]) -> Eligibility:
    return Eligibility(recorded=LISTS, spells=spells)


def test_what_is_not_in_the_list_is_not_bought_and_the_ledger_says_since_when_it_is() -> None:
    found = run(eligible=spelled((date(2025, 12, 1), None)))
    (order,) = found.orders
    assert order.status is OrderStatus.UNFILLED
    assert order.reason == "no southbound trading that session; buyable for you since 2025-12-01"
    assert found.executable_return == 0.0
    later = run(4, published=BOTH, eligible=spelled((date(2025, 12, 1), None)))
    assert later.orders[0].reason == (
        "not eligible for southbound trading; buyable for you since 2025-12-01"
    )
    assert later.orders[0].rule == "the list of the day"
    told = dict(later.shortfall)
    # Meant to be bought at 105.00 on 10-10, it closes at 108.50 on session 4: all of it is missed.
    assert told["waiting and unfilled"] == pytest.approx(1 - 108.5 / 105, abs=1e-12)


def test_it_is_bought_when_it_comes_into_the_list_within_the_wait() -> None:
    joins = spelled((date(2025, 10, 14), None))
    found = run(6, published=BOTH, eligible=joins)
    bought = found.orders[0]
    assert (bought.scheduled, bought.session) == (date(2025, 10, 10), date(2025, 10, 14))
    assert bought.reason == "waited: not eligible for southbound trading"
    (order,) = run(6, published=BOTH, eligible=joins, max_wait=1).orders
    assert order.status is OrderStatus.UNFILLED


def test_what_left_the_list_is_sold_and_bought_no_more() -> None:
    left = spelled((LISTS, date(2025, 10, 13)))
    bought, sold = run(6, published=BOTH, eligible=left).orders
    assert bought.session == date(2025, 10, 10)
    assert sold.status is OrderStatus.FILLED
    (order,) = run(3, published=date(2025, 10, 13), eligible=left).orders
    assert order.reason == ("not eligible for southbound trading; buyable for you until 2025-10-13")
    daily = run(6, published=BOTH, eligible=left, rebalance=Rebalance.DAILY).orders
    days = [one.session for one in daily if one.side is Side.BUY]
    assert all(day is not None and day <= date(2025, 10, 13) for day in days)


@pytest.mark.parametrize(
    "eligible", [Eligibility(), Eligibility(recorded=date(2025, 10, 13), spells=())]
)
def test_what_nobody_recorded_keeps_nobody_from_buying(eligible: Eligibility) -> None:
    assert run(4, published=BOTH, eligible=eligible).orders[0].session == date(2025, 10, 10)


def test_an_account_in_hong_kong_asks_no_southbound_list() -> None:
    at_home = replace(FREE, plan=Plan(southbound=False, northbound=True))
    found = run(frictions=at_home, eligible=spelled())
    assert found.orders[0].session == ENTRY


@pytest.mark.parametrize(
    ("text", "recorded", "spell", "session", "why"),
    [
        # 2025-10-29 was a holiday of Hong Kong alone (Chung Yeung).
        ("600519.SH", None, None, date(2025, 10, 30), "waited: no northbound trading that session"),
        ("600519.SH", LISTS, (LISTS, None), date(2025, 10, 30), "northbound trading"),
        ("600519.SH", LISTS, None, None, "northbound trading"),
        ("920002.BJ", None, None, None, "not eligible for northbound trading"),
    ],
)
def test_an_account_in_hong_kong_buys_the_mainland_northbound(
    text: str,
    recorded: date | None,
    spell: tuple[date, date | None] | None,
    session: date | None,
    why: str,
) -> None:
    exchange, before = parse_listing(text).exchange, date(2025, 10, 28)
    panel = panel_of({text: bars_of(exchange, before, RISING)})
    open_, shape = calendar_of(HK).is_session, panel.close.shape
    both = [[exchange is Exchange.BJ or open_(day)] for day in panel.sessions.tolist()]
    trading = TradingPanel(
        prices=panel,
        volume=np.full(shape, 1e9),
        amount=np.full(shape, np.nan),
        share_ratio=np.ones(shape),
        dividend=np.zeros(shape),
        board_lot=np.full(shape, np.nan),
        northbound=np.array(both),
        eligibility=(Eligibility(recorded=recorded, spells=(spell,) if spell else ()),),
    )
    event = event_of([text], before)
    choices = entry_choices(event.published, [exchange], calendar_of)
    abroad = replace(FREE, plan=Plan(southbound=False, northbound=True))
    for frictions, day, told in ((abroad, session, why), (FREE, date(2025, 10, 29), "")):
        asked = Settings(horizons=(4,), capitals=(1e6,), frictions=frictions)
        (found,) = run_backtest(panel, [(event, choices)], asked, lambda *_: None, trading)
        assert found.orders[0].session == day
        assert told in found.orders[0].reason


def test_a_rebalanced_basket_keeps_to_the_days_too() -> None:
    found = run(rebalance=Rebalance.DAILY)
    assert found.orders[0].session == BOTH
    assert all(order.session >= BOTH for order in found.orders if order.session)


def test_a_fund_pays_no_stamp_duty_in_hong_kong() -> None:
    paid = {
        fund: run(frictions=replace(FREE, levies=True), funds=(fund,)).fees
        for fund in (False, True)
    }
    # 900 shares bought at 104 and sold at 107.5: 0.1 % of 93,600 and 96,750, each up to a dollar
    assert paid[False] is not None
    assert paid[True] is not None
    assert paid[False] - paid[True] == pytest.approx(94 + 97)


@pytest.mark.parametrize(
    ("text", "day", "fund", "rate"),
    [
        ("00823.HK", date(2023, 11, 16), True, 0.0013),
        ("00823.HK", date(2023, 11, 17), True, 0.001),
        ("00823.HK", date(2024, 12, 20), True, 0.001),  # a master calls trusts funds
        ("00823.HK", date(2024, 12, 21), False, 0.0),
        ("02800.HK", date(2024, 12, 20), True, 0.0),
        ("00700.HK", date(2024, 12, 23), False, 0.001),
    ],
)
def test_stamp_duty_of_shares_funds_and_trusts(
    text: str, day: date, fund: bool, rate: float
) -> None:
    found = charges_on(parse_listing(text), day, fund=fund)
    (duty,) = [charge for charge in found if charge.name == "stamp duty"]
    assert duty.rate == rate


def test_the_order_of_a_trust_after_its_exemption() -> None:
    trust = parse_listing("00823.HK")
    costs = {
        day: order_costs(trust, Side.BUY, day, shares=1_000, price=33.3, plan=Plan(), fund=True)
        for day in (date(2024, 12, 20), date(2024, 12, 23))
    }
    before, after = (found.total for found in costs.values())
    assert before - after == pytest.approx(34.0)  # 33.30 rounded up
