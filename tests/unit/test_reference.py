"""The reference simulator against arithmetic done by hand, written out beside each case."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from screener.errors import DataError, DateRangeError, InputError
from tests.oracle.reference import Booked, Choices, Day, Name, Simulated, play
from tests.oracle.reference_rules import (
    dividend_tax_rate,
    free_sessions,
    levies,
    lower_price,
    upper_price,
)
from tests.support.panels import listing, sessions

MAIN, CHINEXT, STAR, BSE, HK = "601899.SH", "300857.SZ", "688981.SH", "920002.BJ", "00700.HK"
START = date(2024, 3, 4)  # a Monday; sessions follow on 03-05, 03-06, 03-07, 03-08, 03-11 …
FREE: dict[str, Any] = {"commission": False, "levies": False, "participation": None}

Price = float | tuple[float, float] | None


def days_of(item: str, prices: Sequence[Price], *, start: date = START) -> list[Day]:
    """Return one day per price (open and close, or both at once), with plenty of volume."""
    found = []
    own = sessions(listing(item).exchange, start, len(prices))
    for session, price in zip(own, prices, strict=True):
        opened, closed = price if isinstance(price, tuple) else (price or 0.0, price or 0.0)
        bar = price is not None
        found.append(
            Day(
                session=session,
                open=opened if bar else None,
                high=max(opened, closed) if bar else None,
                low=min(opened, closed) if bar else None,
                close=closed if bar else None,
                volume=1e9 if bar else None,
                amount=1e9 * (opened + closed) / 2 if bar else None,
                fx=0.9 if item.endswith(".HK") else 1.0,
                board_lot=100 if item.endswith(".HK") else None,
            )
        )
    return found


def name_of(item: str, days: Sequence[Day], *, weight: float = 1.0, **facts: Any) -> Name:
    """Return a name whose entry is the second day: the first gives the reference price."""
    return Name(
        listing_id=item, weight=weight, days=tuple(days), **{"entry": days[1].session, **facts}
    )


def played(
    item: str, days: Sequence[Day], capital: float, horizon: int, **chosen: Any
) -> Simulated:
    return play(
        [name_of(item, days)],
        Choices(**{"capital": capital, "horizon": horizon, "participation": None, **chosen}),
    )


def told(order: Booked) -> tuple[str, int, float, float, str]:
    return (order.side, order.session.day, order.shares, order.fees, order.status)


def test_a_share_pays_the_least_commission_and_stamp_duty_when_sold() -> None:
    # 1,000 shares would cost 10,000 + 5 + 0.10, more than there is. So 900 for 9,000:
    #   commission max(2.25, 5) = 5, transfer fee 0.09; left 10,000 - 9,005.09 = 994.91
    # sold for 9,450: commission 5, transfer 0.0945 -> 0.09, stamp 0.05 % = 4.725 -> 4.73
    #   994.91 + 9,450 - 9.82 = 10,435.09; fees 5.09 + 9.82 = 14.91
    found = played(MAIN, days_of(MAIN, [10.0, 10.0, 10.5]), 10_000, 2)
    assert [told(order) for order in found.orders] == [
        ("buy", 5, 900, 5.09, "filled"),
        ("sell", 6, 900, 9.82, "filled"),
    ]
    assert (found.value, found.fees, found.pending) == (10_435.09, 14.91, False)


@pytest.mark.parametrize(
    ("start", "stamp"),
    [
        # sold on Friday 2023-08-25: 0.1 % of 9,450 = 9.45
        (date(2023, 8, 23), 9.45),
        # sold on Monday 2023-08-28: 0.05 % of 9,450 = 4.725 -> 4.73
        (date(2023, 8, 24), 4.73),
    ],
)
def test_stamp_duty_was_halved_on_2023_08_28(start: date, stamp: float) -> None:
    found = played(MAIN, days_of(MAIN, [10.0, 10.0, 10.5], start=start), 10_000, 2)
    assert found.orders[1].fees == pytest.approx(5.09 + stamp)


@pytest.mark.parametrize(
    ("capital", "shares", "fees"),
    [
        # 249 x 100 = 24,900 + commission 6.225 -> 6.23 + transfer 0.249 -> 0.25 = 24,906.48
        (25_000, 249, 6.48),
        # 200 x 100 = 20,000 + 5 + 0.20 = 20,005.20, to the cent
        (20_005.20, 200, 5.20),
        (20_005.19, 0, 0.0),
    ],
)
def test_star_takes_200_shares_and_then_any_number(
    capital: float, shares: int, fees: float
) -> None:
    found = played(STAR, days_of(STAR, [100.0] * 3), capital, 2)
    assert (found.orders[0].shares, found.orders[0].fees) == (shares, fees)
    if not shares:
        assert found.orders[0].reason == "budget below one lot"
        assert (found.value, found.fees) == (capital, 0.0)


def test_bse_takes_100_shares_and_then_any_number() -> None:
    # 104 x 9.50 = 988 + 5 + transfer 0.00988 -> 0.01 = 993.01; 105 would cost 997.50 + 5.01
    found = played(BSE, days_of(BSE, [9.5] * 3), 1_000, 2)
    assert found.orders[0].shares == 104
    assert played(BSE, days_of(BSE, [10.0] * 3), 1_005, 2).orders[0].shares == 0


@pytest.mark.parametrize(
    ("start", "settlement"),
    [
        (date(2025, 6, 25), 2.00),  # bought on Thursday 06-26: 0.002 % = 1.80, at least 2
        (date(2025, 6, 27), 3.78),  # bought on Monday 06-30: 0.0042 % of 90,030 = 3.78126
    ],
)
def test_hong_kong_lot_and_levies(start: date, settlement: float) -> None:
    # HKD 100,035 / 300.10 -> 3 lots of 100 = 90,030 (with x = 0.9: 90,031.50 CNY of capital)
    #   stamp 0.1 % = 90.03 -> 91; SFC 0.0027 % = 2.43081 -> 2.43; AFRC 0.00015 % = 0.135 -> 0.14
    #   trading fee 0.00565 % = 5.086695 -> 5.09; commission 0.025 % = 22.5075 -> 22.51
    found = played(HK, days_of(HK, [300.1] * 3, start=start), 90_031.5, 2)
    bought = found.orders[0]
    assert bought.shares == 300
    assert bought.fees == pytest.approx(91 + 2.43 + 0.14 + 5.09 + 22.51 + settlement, abs=1e-9)
    assert found.fees == pytest.approx((bought.fees + found.orders[1].fees) * 0.9)


def test_stamp_duty_of_hong_kong_fell_on_2023_11_17() -> None:
    # 0.13 % of 10,000 = 13, then 0.1 % = 10; the rest: 2 + 0.27 + 0.015 -> 0.02 + 0.565 -> 0.57
    amount = Decimal(10_000)
    before, after = (
        levies(HK, "buy", day, amount) for day in (date(2023, 11, 16), date(2023, 11, 17))
    )
    assert (before, after) == (Decimal("15.86"), Decimal("12.86"))


def test_round_trips_cost_what_the_rules_say() -> None:
    # 5,000 CNY: 2 x 5 commission, 2 x 0.05 transfer, 2.50 stamp = 12.60 = 25.2 bp
    # 20,000 CNY: 2 x 5 + 2 x 0.20 + 10 = 20.40 = 10.2 bp
    for price, basis_points in ((50.0, 25.2), (200.0, 10.2)):
        amount = price * 100
        found = played(MAIN, days_of(MAIN, [price] * 3), amount + 10, 2)
        assert found.fees / amount * 1e4 == pytest.approx(basis_points)
    # HKD 5,000: 2 x (5 + 5 + 0.135 + 0.0075 + 0.2825 + 0.21), near 42.5 bp once rounded
    # HKD 20,000: 2 x (5 + 20 + 0.54 + 0.03 + 1.13 + 0.84) = 55.08 = 27.54 bp
    for price, basis_points in ((50.0, 42.5), (200.0, 27.5)):
        amount = price * 100
        days = days_of(HK, [price] * 3, start=date(2025, 7, 2))
        found = played(HK, days, (amount + 40) * 0.9, 2)
        assert found.fees / 0.9 / amount * 1e4 == pytest.approx(basis_points, abs=0.1)


def test_an_open_at_the_upper_limit_waits_for_the_next_session() -> None:
    # reference 10.00: limit 11.00. Reference 11.00: limit 12.10, and 12.09 can be bought.
    days = days_of(MAIN, [10.0, (11.0, 11.0), (12.09, 12.0), 12.0])
    found = played(MAIN, days, 10_000, 3)
    assert (found.orders[0].session, found.orders[0].price) == (days[2].session, 12.09)
    assert found.orders[0].reason == "open at the upper limit"
    # without waiting, the money stays
    still = played(MAIN, days, 10_000, 3, max_wait=0)
    assert [told(order) for order in still.orders] == [("buy", 5, 0.0, 0.0, "unfilled")]
    assert still.value == 10_000
    # the open of the next day is no question when the close is what is paid
    assert played(MAIN, days, 10_000, 3, entry="close").orders[0].price == 12.0


@pytest.mark.parametrize(
    ("day", "opened", "bought"),
    [
        # ST on the main board: 10.05 x 1.05 = 10.5525 -> 10.55, from 2026-07-06 11.055 -> 11.06
        (date(2026, 7, 3), 10.54, True),
        (date(2026, 7, 3), 10.55, False),
        (date(2026, 7, 6), 11.05, True),
        (date(2026, 7, 6), 11.06, False),
    ],
)
def test_st_widened_on_2026_07_06(day: date, opened: float, bought: bool) -> None:
    days = days_of(MAIN, [10.05, 10.05, opened, 10.05], start=date(2026, 7, 2))
    at = next(at for at, item in enumerate(days) if item.session == day)
    days = [replace(item, st=True) for item in days]
    days[at] = replace(days[at], open=opened, close=10.05)
    days[at - 1] = replace(days[at - 1], close=10.05)
    name = name_of(MAIN, days, entry=day)
    found = play([name], Choices(capital=10_000, horizon=1, participation=None))
    assert bool(found.orders[0].shares) is bought


def test_limits_are_rounded_half_up_and_a_tick_away() -> None:
    ten, five = Decimal("0.10"), Decimal("0.05")
    dear, cheap = Decimal("10.05"), Decimal("0.08")
    assert upper_price(dear, ten, "main") == Decimal("11.06")  # 11.055
    assert lower_price(dear, ten, "main") == Decimal("9.05")  # 9.045
    assert upper_price(cheap, five, "main") == Decimal("0.09")
    assert lower_price(cheap, five, "main") == Decimal("0.07")


def test_limits_of_beijing_are_cut() -> None:
    reference, limit = Decimal("13.49"), Decimal("0.30")
    assert upper_price(reference, limit, "bse") == Decimal("17.53")  # 17.537
    assert lower_price(reference, limit, "bse") == Decimal("9.45")  # 9.443


def test_a_new_listing_has_no_limit_at_first() -> None:
    assert [free_sessions("main", day) for day in (date(2023, 4, 7), date(2023, 4, 10))] == [1, 5]
    assert free_sessions("bse", date(2024, 1, 2)) == 1
    # listed on the first day: sessions 2 to 5 are free, session 6 is not
    days = days_of(CHINEXT, [10.0, 15.0, 22.0, 33.0, 49.0, 58.80, 58.80])
    for at, bought in ((1, True), (4, True), (5, False)):
        name = name_of(CHINEXT, days, list_date=days[0].session, entry=days[at].session)
        found = play([name], Choices(capital=10_000, horizon=1, participation=None))
        assert bool(found.orders[0].shares) is bought


def test_a_sale_waits_for_a_suspension_and_a_lower_limit() -> None:
    # due on 03-06: suspended, 03-07: 9.00 is the limit below 10.00, 03-08: 8.11 is above 8.10
    days = days_of(MAIN, [10.0, 10.0, None, 9.0, (8.11, 8.11), 8.5])
    days[2] = replace(days[2], suspended=True)
    found = played(MAIN, days, 10_000, 2)
    assert told(found.orders[1])[:3] == ("sell", 8, 900)
    assert (found.orders[1].price, found.orders[1].reason) == (8.11, "suspended")
    # the tables end before: the window is pending, and worth nothing that can be told
    early = played(MAIN, days[:4], 10_000, 2)
    assert (early.value, early.pending, len(early.orders)) == (None, True, 1)
    # on paper it is sold on the day, at the last close
    paper = played(MAIN, days, 10_000, 2, late_sales=False, **FREE)
    assert (paper.orders[1].session, paper.orders[1].price) == (days[2].session, 10.0)
    assert paper.value == 10_000


def test_mainland_shares_are_sold_the_day_after_at_the_earliest() -> None:
    found = played(MAIN, days_of(MAIN, [10.0, 10.0, 10.2]), 10_000, 1)
    assert told(found.orders[1])[:3] == ("sell", 6, 900)
    assert "T+1" in found.orders[1].reason
    assert played(MAIN, days_of(MAIN, [10.0, 10.0]), 10_000, 1).pending
    same_day = played(HK, days_of(HK, [10.0, (10.0, 10.4)]), 10_000, 1)
    assert told(same_day.orders[1])[:3] == ("sell", 5, 1100)


def test_a_bonus_issue_leaves_an_odd_lot_that_is_sold_whole() -> None:
    # 1,000 at 10.00, 3 for 10: 1,300 at 7.69 (10 / 1.3 = 7.6923); sold for 1,300 x 7.70
    days = days_of(MAIN, [10.0, 10.0, 7.7])
    days[2] = replace(days[2], share_ratio=1.3)
    found = played(MAIN, days, 10_000, 2, **FREE)
    assert found.orders[1].shares == 1300
    assert found.value == pytest.approx(10_010)
    # 0.45 for one leaves half shares: 1,000 x 1.0455 = 1,045.5, sold whole
    days[2] = replace(days[2], share_ratio=1.0455, open=9.6, close=9.6)
    assert played(MAIN, days, 10_000, 2, **FREE).value == pytest.approx(1_045.5 * 9.6)


def test_rights_are_paid_from_the_cash_and_beyond_it_from_outside() -> None:
    # 1,000 at 10.00, 3 for 10 at 5.00: 1,300 at (10 + 1.5) / 1.3 = 8.85; sold for 1,300 x 9.00
    days = days_of(MAIN, [10.0, 10.0, 9.0])
    days[2] = replace(days[2], rights=0.3, rights_price=5.0)
    found = played(MAIN, days, 10_000, 2, **FREE)
    assert found.orders[1].shares == 1300
    assert found.value == pytest.approx(11_700 - 1_500)
    lapsed = played(MAIN, days, 10_000, 2, take_up=False, **FREE)
    assert lapsed.value == pytest.approx(9_000)
    # Without lots the holding keeps what it is worth at the reference price: 9.00 / 8.846...
    paper = played(MAIN, days, 10_000, 2, lots=False, **FREE)
    assert paper.value == pytest.approx(10_000 * 9 / ((10 + 1.5) / 1.3))


def test_the_limit_of_an_ex_day_is_taken_from_the_ex_reference() -> None:
    # (10.00 - 0.50) / 2 = 4.75: upper limit 5.225 -> 5.23, lower 4.275 -> 4.28
    days = days_of(MAIN, [10.0, (5.22, 5.0), 5.0])
    days[1] = replace(days[1], share_ratio=2.0, dividend=0.5)
    assert played(MAIN, days, 10_000, 2).orders[0].shares
    days[1] = replace(days[1], open=5.23)
    assert played(MAIN, days, 10_000, 2, max_wait=0).orders[0].status == "unfilled"


@pytest.mark.parametrize(
    ("count", "sold", "rate"),
    [
        # bought on 2024-01-08: a month ends with the sale on 02-08, a year with that on 01-08
        (24, date(2024, 2, 8), 0.2),
        (25, date(2024, 2, 19), 0.1),  # the next session, after the New Year
        (243, date(2025, 1, 8), 0.1),
        (244, date(2025, 1, 9), 0.0),
    ],
)
def test_dividends_are_taxed_by_holding_time(count: int, sold: date, rate: float) -> None:
    # 900 shares x 0.50 = 450 before tax, in cash on the ex-day
    days = days_of(MAIN, [10.0] * 260, start=date(2024, 1, 5))
    assert days[1].session == date(2024, 1, 8)
    days[2] = replace(days[2], dividend=0.5)
    found = played(MAIN, days, 9_500, count, commission=False)
    sale = found.orders[1]
    assert sale.session == sold
    assert sale.dividend_tax == pytest.approx(450 * rate)
    # transfer 0.09 twice, stamp 4.50
    assert found.fees == pytest.approx(0.09 + 0.09 + 4.50 + 450 * rate)
    assert found.value == pytest.approx(9_500 + 450 - found.fees)


def test_a_month_ends_where_the_next_one_has_no_such_day() -> None:
    bought = date(2024, 1, 31)
    assert dividend_tax_rate(bought, date(2024, 2, 29)) == Decimal("0.20")
    assert dividend_tax_rate(bought, date(2024, 3, 1)) == Decimal("0.10")


def test_dividends_go_to_who_held_at_the_close_before() -> None:
    days = days_of(MAIN, [10.0] * 4)
    days[1] = replace(days[1], dividend=0.5)  # bought ex: nothing
    assert played(MAIN, days, 10_000, 2, **FREE).value == 10_000
    days[2] = replace(days[2], dividend=0.5)  # sold ex: still entitled
    assert played(MAIN, days, 10_000, 2, **FREE).value == pytest.approx(10_500)


def test_hong_kong_dividends_come_net_of_the_southbound_tax() -> None:
    # 1,100 x 0.50 = HKD 550, at the day's 0.92: 506 CNY before tax, 404.80 after 20 %
    days = days_of(HK, [10.0] * 4)
    days[2] = replace(days[2], dividend=0.5, fx=0.92)
    found = played(HK, days, 10_000, 3, commission=False)
    gross = played(HK, days, 10_000, 3, **FREE)
    assert gross.value == pytest.approx(10_000 + 506)
    orders = sum(order.fees for order in found.orders) * 0.9
    assert found.fees == pytest.approx(orders + 101.2)
    assert found.value == pytest.approx(10_000 + 404.8 - orders)


def test_the_volume_caps_both_orders() -> None:
    # 10 % of 5,250 = 525 -> 500 bought of 900. Sold: 10 % of 3,190 = 319 -> 300, then 10 % of
    # 2,050 = 205 covers the 200 that are left. Each order pays its own least commission.
    days = days_of(MAIN, [10.0] * 5)
    for at, volume in ((1, 5_250.0), (2, 3_190.0), (3, 2_050.0)):
        days[at] = replace(days[at], volume=volume)
    found = played(MAIN, days, 10_000, 2, participation=0.1)
    assert [told(order) for order in found.orders] == [
        ("buy", 5, 500, 5.05, "partial"),
        ("sell", 6, 300, 6.53, "partial"),  # 5 + 0.03 + 1.50
        ("sell", 7, 200, 6.02, "filled"),  # 5 + 0.02 + 1.00
    ]
    assert found.value == pytest.approx(10_000 - 5.05 - 6.53 - 6.02)
    days[1] = replace(days[1], volume=990.0)
    unfilled = played(MAIN, days, 10_000, 2, participation=0.1).orders
    assert [order.reason for order in unfilled] == ["volume cap below one lot"]


def test_an_odd_lot_that_the_volume_covers_is_sold_whole() -> None:
    # 100 shares become 145; 10 % of 1,460 = 146 covers them, 10 % of 1,440 = 144 does not
    days = days_of(MAIN, [10.0, 10.0, 6.9, 6.9])
    days[2] = replace(days[2], share_ratio=1.45, volume=1_460.0)
    found = played(MAIN, days, 1_500, 2, participation=0.1)
    assert [order.shares for order in found.orders] == [100, 145]
    days[2] = replace(days[2], volume=1_440.0)
    found = played(MAIN, days, 1_500, 2, participation=0.1)
    assert [order.shares for order in found.orders] == [100, 100, 45]


def test_slippage_and_impact_make_both_prices_worse() -> None:
    # 100 bps always and 100 x sqrt(900 / 90,000) = 10 bps: 10 x 1.011 = 10.11 for 900 shares
    # (989 would be affordable, so 900 before and after); sold at 10 x (1 - 0.011) = 9.89
    days = [replace(day, volume=90_000.0) for day in days_of(MAIN, [10.0] * 3)]
    chosen = {**FREE, "slippage_bps": 100.0, "impact_bps": 100.0}
    found = played(MAIN, days, 9_999, 2, **chosen)
    assert [order.price for order in found.orders] == pytest.approx([10.11, 9.89])
    assert found.value == pytest.approx(9_999 - 900 * 0.22)
    # 9,090 pays 900 at 10.10 but not at 10.11: a lot fewer, at the impact of 900
    fewer = played(MAIN, days, 9_090, 2, **chosen).orders[0]
    assert fewer.shares == 800
    assert fewer.price == pytest.approx(10.11)


def test_slippage_stops_at_the_limits_of_the_day() -> None:
    # reference 10.00. Bought at 10.95 x 1.02 = 11.169, more than 11.00; for 9,900 that is 900.
    # Sold where the reference is 10.00 again: 9.05 x 0.98 = 8.869, less than 9.00.
    days = days_of(MAIN, [10.0, (10.95, 10.0), (9.05, 9.05)])
    found = played(MAIN, days, 9_900, 2, slippage_bps=200.0, **FREE)
    assert [(order.shares, order.price) for order in found.orders] == [(900, 11.0), (900, 9.0)]
    # Impact alone, 300 x sqrt(900 / 8,100) = 100 bp: 11.0595, held at 11.00; 9,899.99 pays 800.
    thin = [replace(day, volume=8_100.0) for day in days]
    bought = played(MAIN, thin, 9_899.99, 2, impact_bps=300.0, **FREE).orders[0]
    assert (bought.shares, bought.price) == (800, 11.0)
    # Hong Kong has no limit
    days = days_of(HK, [10.0, (10.95, 10.0), (9.05, 9.05)])
    found = played(HK, days, 0.9 * 9_900, 2, slippage_bps=200.0, **FREE)
    assert [order.price for order in found.orders] == pytest.approx([11.169, 8.869])


def test_slippage_of_adjusted_prices_stops_at_the_limit_without_its_tick() -> None:
    # 10.03 x 1.1 = 11.033: bought below 11.023 only, but for up to 11.033
    days = days_of(MAIN, [10.03, (11.02, 10.5), 10.5])
    name = name_of(MAIN, days, adjusted=True)
    chosen = Choices(capital=20_000, horizon=2, slippage_bps=50.0, **FREE)
    assert play([name], chosen).orders[0].price == pytest.approx(11.033)


def test_the_average_price_is_turnover_by_volume() -> None:
    # 10,400 / 1,000 = 10.40, though the close is at the limit: only the open says who can buy
    days = days_of(MAIN, [10.0, (10.0, 11.0), 10.5])
    days[1] = replace(days[1], volume=1_000.0, amount=10_400.0)
    assert played(MAIN, days, 10_500, 2, entry="vwap", **FREE).orders[0].price == 10.4
    days[1] = replace(days[1], open=11.0, close=10.9)
    blocked = played(MAIN, days, 10_500, 2, entry="vwap", max_wait=0).orders[0]
    assert (blocked.status, blocked.reason) == ("unfilled", "open at the upper limit")


def test_adjusted_prices_have_no_average() -> None:
    name = name_of(MAIN, days_of(MAIN, [10.0] * 3), adjusted=True)
    with pytest.raises(DataError, match="no average price") as told_average:
        play([name], Choices(capital=10_000, horizon=2, entry="vwap"))
    assert told_average.value.where == "601899.SH, 2024-03-05"
    assert "at the open or at the close" in told_average.value.fix


def test_bought_at_the_close_the_first_session_costs_its_fees_alone() -> None:
    # 900 at 10.40 = 9,360 + 5 + 0.09; the open at the limit is no matter, the close is
    days = days_of(MAIN, [10.0, (11.0, 10.4), 10.4])
    found = played(MAIN, days, 10_000, 5, entry="close")
    assert (found.orders[0].price, found.value) == (10.4, pytest.approx(10_000 - 5.09))
    days[1] = replace(days[1], open=10.4, close=11.0)
    blocked = played(MAIN, days, 10_000, 2, entry="close", max_wait=0).orders[0]
    assert (blocked.status, blocked.reason) == ("unfilled", "close at the upper limit")


def test_two_currencies_convert_with_their_own_days_and_spread() -> None:
    # HKD: 5,000 CNY / (0.9 x 1.01) = 5,500.55 -> 500 at 10.00 = 4,545 CNY; sold at x = 0.95 less
    # 1 %: 500 x 10 x 0.9405 = 4,702.50. CNY: 500 at 10.00 pay no spread.
    days = days_of(HK, [10.0] * 3)
    days[2] = replace(days[2], fx=0.95)
    names = [
        name_of(HK, days, weight=0.5),
        name_of(MAIN, days_of(MAIN, [10.0, 10.0, 10.1]), weight=0.5),
    ]
    found = play(names, Choices(capital=10_000, horizon=2, fx_spread_bps=100, **FREE))
    assert found.value == pytest.approx(5_000 - 4_545 + 4_702.5 + 5_050)


def test_without_lots_dividends_are_reinvested_at_the_ex_reference() -> None:
    # 9,999 / 10 = 999.9 shares; ex 0.50 from 10.00: x 10 / 9.50; sold at 9.60
    days = days_of(MAIN, [10.0, 10.0, 9.6])
    days[2] = replace(days[2], dividend=0.5)
    found = played(MAIN, days, 9_999, 2, lots=False, **FREE)
    assert found.value == pytest.approx(999.9 * 10 / 9.5 * 9.6)


def test_an_unfinished_window_is_marked_and_nothing_is_sold() -> None:
    found = played(MAIN, days_of(MAIN, [10.0, 10.0, 10.4]), 10_000, 5)
    assert found.pending
    assert found.value == pytest.approx(10_000 - 5.09 + 900 * 0.4)
    # what left the share while it was suspended is cash already
    days = days_of(MAIN, [10.0, 10.0, None])
    days[2] = replace(days[2], suspended=True, dividend=0.5)
    found = played(MAIN, days, 10_000, 5, **FREE)
    assert found.value == pytest.approx(10_000)


def test_an_unfinished_window_stops_where_the_first_name_does() -> None:
    stops = name_of(MAIN, days_of(MAIN, [10.0, 10.0, 10.0]), weight=0.5)
    goes_on = name_of(CHINEXT, days_of(CHINEXT, [10.0, 10.0, 10.5, 11.0, 12.0]), weight=0.5)
    found = play([stops, goes_on], Choices(capital=20_000, horizon=9, **FREE))
    assert found.value == pytest.approx(10_000 + 10_500)


# Two names of equal weight, bought on 2024-03-26 for 10.00 each. The first session of April is the
# 1st, day 5 of what is given; by then the first name stands at 14.00.
OTHER = "600030.SH"
BEFORE_APRIL = date(2024, 3, 25)
RISING = [10.0, 10.0, 11.0, 12.0, 14.0, 14.0, 14.0, 14.0]  # decided on the fifth, traded after


def pair_of(rising: Sequence[Day], other: Sequence[Day]) -> list[Name]:
    return [name_of(MAIN, rising, weight=0.5), name_of(OTHER, other, weight=0.5)]


def monthly(names: Sequence[Name], **chosen: Any) -> Simulated:
    settings: dict[str, Any] = {"capital": 200_000, "horizon": 7, "participation": None, **chosen}
    return play(names, Choices(**{"rebalance": "monthly", **settings}))


def of(found: Simulated, item: str) -> list[tuple[str, int, float, float, str]]:
    return [told(order) for order in found.orders if order.listing_id == item]


def test_a_basket_is_brought_back_to_its_weights_at_the_first_close_of_a_month() -> None:
    # 9,900 each: 99,000 + 24.75 + 0.99, 974.26 left of each budget
    # April: 138,600 + 99,000 + 1,948.52 = 239,548.52, 119,774.26 each
    #   sold (138,600 - 119,774.26) / 14 = 1,344.7 -> 1,300 for 18,200 - 5 - 0.18 - 9.10
    #   cash 1,948.52 + 18,185.72 = 20,134.24, wanted 20,774.26
    #   bought 2,000 for 20,000 + 5 + 0.20; 129.04 left
    # End: 8,600 x 14 - 30.10 - 1.20 - 60.20 and 11,900 x 10 - 29.75 - 1.19 - 59.50
    flat = days_of(OTHER, [10.0] * 8, start=BEFORE_APRIL)
    found = monthly(pair_of(days_of(MAIN, RISING, start=BEFORE_APRIL), flat))
    assert of(found, MAIN) == [
        ("buy", 26, 9_900, 25.74, "filled"),
        ("sell", 1, 1_300, 14.28, "filled"),
        ("sell", 3, 8_600, 91.50, "filled"),
    ]
    assert of(found, OTHER) == [
        ("buy", 26, 9_900, 25.74, "filled"),
        ("buy", 1, 2_000, 5.20, "filled"),
        ("sell", 3, 11_900, 90.44, "filled"),
    ]
    assert found.value == pytest.approx(129.04 + 120_308.50 + 118_909.56)
    assert found.fees == pytest.approx(252.90)
    # bought that day, or sold: no rebalancing
    for horizon in (4, 5):
        early = monthly(pair_of(days_of(MAIN, RISING, start=BEFORE_APRIL), flat), horizon=horizon)
        assert len(early.orders) == 4


def test_a_suspended_name_stays_out_but_its_left_over_cash_does_not() -> None:
    # the other has the 1,948.52 for itself: 100 x 14.00 + 5 + 0.01
    flat = days_of(OTHER, [10.0] * 8, start=BEFORE_APRIL)
    for idle in (replace(flat[5], suspended=True), replace(flat[5], open=None, close=None)):
        days = [*flat[:5], idle, *flat[6:]]
        found = monthly(pair_of(days_of(MAIN, RISING, start=BEFORE_APRIL), days))
        assert of(found, MAIN)[1] == ("buy", 1, 100, 5.01, "filled")
        assert [order[2] for order in of(found, OTHER)] == [9_900, 9_900]


def test_a_name_locked_on_the_wrong_side_leaves_and_the_others_are_weighed_anew() -> None:
    # 100,000 and 100,000 and 200,000 shares. 1,400,000 + 1,000,000 + 2,000,000: the second lacks
    # 100,000 at its upper limit. Without it 3,400,000, a third and two thirds:
    #   sold 266,666.67 / 14 = 19,047.6 -> 19,000 for 266,000, which buy 26,600 of the third
    names = [
        name_of(MAIN, days_of(MAIN, RISING, start=BEFORE_APRIL), weight=0.25),
        name_of(OTHER, days_of(OTHER, [10.0] * 5 + [11.0] * 3, start=BEFORE_APRIL), weight=0.25),
        name_of("000725.SZ", days_of("000725.SZ", [10.0] * 8, start=BEFORE_APRIL), weight=0.5),
    ]
    found = monthly(names, capital=4_000_000, **FREE)
    assert of(found, MAIN)[1] == ("sell", 1, 19_000, 0.0, "filled")
    assert [order[:2] for order in of(found, OTHER)] == [("buy", 26), ("sell", 3)]
    assert of(found, "000725.SZ")[1] == ("buy", 1, 26_600, 0.0, "filled")
    # what would be sold at its lower limit leaves too: then none is left to trade with
    days = days_of(MAIN, [*RISING[:4], 15.55, 14.0, 14.0, 14.0], start=BEFORE_APRIL)
    assert len(monthly(pair_of(days, names[1].days[:8]), **FREE).orders) == 4


def test_the_volume_caps_rebalancing_orders_and_the_rest_is_cancelled() -> None:
    # sold 800 of 1,300 for 11,200 - 5 - 0.11 - 5.60; cash 1,948.52 + 11,189.29 = 13,137.81 would
    # buy 1,300; the volume lets 1,230 -> 1,200 through, for 12,000 + 5 + 0.12
    rising = days_of(MAIN, RISING, start=BEFORE_APRIL)
    flat = days_of(OTHER, [10.0] * 8, start=BEFORE_APRIL)
    rising[5], flat[5] = replace(rising[5], volume=8_000.0), replace(flat[5], volume=12_300.0)
    found = monthly(pair_of(rising, flat), participation=0.1)
    assert of(found, MAIN)[1] == ("sell", 1, 800, 10.71, "partial")
    assert of(found, OTHER)[1] == ("buy", 1, 1_200, 5.12, "partial")
    assert [found.orders[at].reason for at in (1, 4)] == ["volume cap"] * 2
    assert [order[2] for order in of(found, MAIN)[2:]] == [9_100]
    # less than a lot of either: nothing is booked
    rising[5], flat[5] = replace(rising[5], volume=900.0), replace(flat[5], volume=900.0)
    assert len(monthly(pair_of(rising, flat), participation=0.1).orders) == 4


def test_what_a_division_leaves_of_a_lot_is_a_lot() -> None:
    # 30,000 + 3 x 1,000, so that three lack 7,250 each; of the first the volume lets only 100 go.
    # 7,250 x 3,000 / 21,750 is 1,000 for 1,000 shares, not 999.999… for 900
    first = days_of(MAIN, [10.0] * 3 + [30.0] * 5, start=BEFORE_APRIL)
    first[5] = replace(first[5], volume=1_000.0)
    fallen = [OTHER, "000725.SZ", "002428.SZ"]
    names = [
        name_of(MAIN, first, weight=0.25),
        *(
            name_of(item, days_of(item, [10.0] * 3 + [1.0] * 5, start=BEFORE_APRIL), weight=0.25)
            for item in fallen
        ),
    ]
    found = monthly(names, capital=40_000, **{**FREE, "participation": 0.1})
    assert of(found, MAIN)[1][2:] == (100, 0.0, "partial")
    assert [of(found, item)[1][2] for item in fallen] == [1_000, 1_000, 1_000]


@pytest.mark.parametrize("ex", [3, 5])
def test_dividends_belong_to_the_pool_and_new_shares_get_later_ones(ex: int) -> None:
    # 10,000 x 0.50 = 5,000 in cash, on the day itself at the latest. 100,000 + 95,000 + 5,000:
    # 5,000 / 9.50 -> 500 bought, 250 left; then 10,500 x 0.10 = 1,050
    days = days_of(OTHER, [10.0] * ex + [9.5] * (6 - ex) + [9.4, 9.4], start=BEFORE_APRIL)
    days[ex], days[6] = replace(days[ex], dividend=0.5), replace(days[6], dividend=0.1)
    names = pair_of(days_of(MAIN, [10.0] * 8, start=BEFORE_APRIL), days)
    found = monthly(names, **FREE)
    assert of(found, OTHER)[1] == ("buy", 1, 500, 0.0, "filled")
    assert found.value == pytest.approx(100_000 + 10_500 * 9.4 + 250 + 1_050)
    # marked where the tables end, the cash of all counts
    cut = [replace(name, days=name.days[:7]) for name in names]
    unfinished = monthly(cut, **FREE)
    assert (unfinished.pending, unfinished.value) == (True, pytest.approx(200_000))


def test_shares_bought_first_leave_first_with_the_tax_on_their_dividends() -> None:
    # The second name: 2,000 bought on 06-26 (10 % of 20,000), 7,900 on 07-01 at the same price;
    #   0.50 each on 07-10: 1,000 and 3,950. At 20.00 on 08-01:
    #   198,000 + 99,000 + 1,998.02 + 4,950 = 303,948.02, so (198,000 - 151,974.01) / 20 -> 2,300
    #   2,000 held over a month: 1,000 x 10 % = 100; 300 to the very day: 150 x 20 % = 30
    # Sold on 08-05 the other 7,600: 3,800 x 10 % = 380
    start = date(2024, 6, 25)
    days = days_of(OTHER, [10.0] * 11 + [9.5] * 4 + [20.0] * 15, start=start)
    assert (days[4].session, days[11].session) == (date(2024, 7, 1), date(2024, 7, 10))
    days[1], days[11] = replace(days[1], volume=20_000.0), replace(days[11], dividend=0.5)
    names = pair_of(days_of(MAIN, [10.0] * 30, start=start), days)
    found = monthly(names, horizon=29, participation=0.1, commission=False)
    assert of(found, OTHER) == [
        ("buy", 26, 2_000, 0.20, "partial"),
        ("buy", 1, 7_900, 0.79, "filled"),
        ("sell", 1, 2_300, 23.46, "filled"),
        ("sell", 5, 7_600, 77.52, "filled"),
    ]
    taxes = [order.dividend_tax for order in found.orders if order.listing_id == OTHER]
    assert taxes == pytest.approx([0, 0, 130, 380])
    # bought 9,900 (0.99) and, for 52,794.56, 5,200 (0.52); sold 15,100 (1.51 + 75.50)
    assert [order[2] for order in of(found, MAIN)] == [9_900, 5_200, 15_100]
    assert found.fees == pytest.approx(0.20 + 0.79 + 23.46 + 130 + 77.52 + 380 + 78.52)
    assert found.value == pytest.approx(200_000 + 4_950 + 99_000 - found.fees)


def test_a_name_bought_that_day_or_never_keeps_its_money_to_itself() -> None:
    # 1.00 a share is 10,000: they buy 1,100 at 9.00, whatever the other's 100,000 could
    paying = days_of(MAIN, [10.0] * 3 + [9.0] * 5, start=BEFORE_APRIL)
    paying[3] = replace(paying[3], dividend=1.0)
    flat = days_of(OTHER, [10.0] * 8, start=BEFORE_APRIL)
    for until, bought in ((5, [("buy", 1, 10_000, 0.0, "filled")]), (8, [])):
        days = [replace(day, suspended=0 < at < until) for at, day in enumerate(flat)]
        found = monthly(pair_of(paying, days), **FREE)
        assert of(found, MAIN)[1] == ("buy", 1, 1_100, 0.0, "filled")
        assert [order for order in of(found, OTHER) if order[0] == "buy" and order[2]] == bought
        assert found.value == pytest.approx(100_000 + 100_000)
    # with it the first would be sold: 140,000 and 100,000
    days = [replace(day, suspended=0 < at < 5) for at, day in enumerate(flat)]
    found = monthly(pair_of(days_of(MAIN, RISING, start=BEFORE_APRIL), days), **FREE)
    assert len(found.orders) == 4
    # Bought the day before it takes part: at 10.90 by then 90,000 + 109,000 + 10,000, 104,500 each,
    # sold 412 -> 400 for 4,360, and 14,360 buy 1,500
    flat = days_of(OTHER, [10.0] * 5 + [10.9] * 3, start=BEFORE_APRIL)
    flat[4] = replace(flat[4], close=10.9)
    days = [replace(day, suspended=0 < at < 4) for at, day in enumerate(flat)]
    found = monthly(pair_of(paying, days), **FREE)
    assert of(found, MAIN)[1] == ("buy", 1, 1_500, 0.0, "filled")


def test_money_too_little_for_a_lot_at_first_takes_part_later() -> None:
    # 2,000 / 30.00 buys none; the other pays 4.00 x 200 = 800. April: 1,200 + 2,000 + 800 = 4,000
    # and 19.00 by then: 2,000 buy 100
    paying = days_of(MAIN, [10.0, 10.0, 6.0, 6.0, 6.0, 6.0, 6.0, 6.0], start=BEFORE_APRIL)
    paying[2] = replace(paying[2], dividend=4.0)
    dear = days_of(OTHER, [30.0, 30.0, 27.0, 25.0, 22.0, 19.0, 19.0, 19.0], start=BEFORE_APRIL)
    found = monthly(pair_of(paying, dear), capital=4_000, **FREE)
    assert [order[2:] for order in of(found, OTHER)] == [
        (0.0, 0.0, "unfilled"),
        (100, 0.0, "filled"),
        (100, 0.0, "filled"),
    ]
    assert of(found, MAIN)[1] == ("buy", 1, 100, 0.0, "filled")


def test_slippage_of_rebalancing_stops_at_the_limits_too() -> None:
    # sold at 12.40 x 0.9 = 11.16 where 13.00 x 0.9 = 11.70 is the lower limit; bought at
    # 10.50 x 1.1 = 11.55 where it is 11.00 at most
    rising = days_of(MAIN, [10.0, 10.0, 11.0, 12.0, 13.0, 12.4, 12.4, 12.4], start=BEFORE_APRIL)
    other = days_of(OTHER, [10.0] * 5 + [10.5] * 3, start=BEFORE_APRIL)
    found = monthly(pair_of(rising, other), slippage_bps=1_000.0, **FREE)
    prices = [order.price for order in found.orders]
    # entry 11.00, a limit as well; 12.40 x 0.9 at the end, 10.50 x 0.9
    assert prices == pytest.approx([11.0, 11.7, 11.16, 11.0, 11.0, 9.45])


def test_months_and_quarters_begin_at_the_first_session_that_all_exchanges_share() -> None:
    # 2024-07-01 is a holiday in Hong Kong, 10-01 to 10-07 are on the mainland
    start = date(2024, 6, 20)
    names = [
        name_of(item, days_of(item, [10.0 + at * step for at in range(90)], start=start))
        for item, step in ((MAIN, 0.01), (HK, 0.0))
    ]
    names = [replace(name, weight=0.5) for name in names]
    firsts = [date(2024, 7, 2), date(2024, 8, 1), date(2024, 9, 2), date(2024, 10, 8)]
    for rhythm, expected in (("monthly", firsts), ("quarterly", [firsts[0], firsts[3]])):
        found = monthly(names, rebalance=rhythm, horizon=80, lots=False, **FREE)
        sold = [order.session for order in found.orders if order.listing_id == MAIN][1:-1]
        assert sold == expected
    daily = monthly(names, rebalance="daily", horizon=80, lots=False, **FREE)
    assert [order.session for order in daily.orders if order.listing_id == MAIN][1:-1] == [
        day.session
        for day in names[0].days
        if date(2024, 6, 24) < day.session < daily.orders[-1].session
        and day.session in {other.session for other in names[1].days}
    ]


def test_a_rebalancing_falls_on_neither_entry_nor_exit() -> None:
    days = days_of(MAIN, RISING, start=date(2024, 3, 29))  # entry on April 1st
    flat = days_of(OTHER, [10.0] * 8, start=date(2024, 3, 29))
    assert len(monthly(pair_of(days, flat), **FREE).orders) == 4
    # nor on the entry of the last: the first has 10,000 in cash since 03-28, and keeps it
    days = days_of(MAIN, [10.0] * 3 + [9.0] * 5, start=BEFORE_APRIL)
    days[3] = replace(days[3], dividend=1.0)
    other = days_of(OTHER, [10.0] * 8, start=BEFORE_APRIL)
    later = replace(name_of(OTHER, other, weight=0.5), entry=date(2024, 4, 1))
    found = monthly([name_of(MAIN, days, weight=0.5), later], **FREE)
    assert [(order.side, order.session.day) for order in found.orders] == [("buy", 26), ("buy", 1)]


def test_what_an_order_needs_and_nobody_knows_is_an_error() -> None:
    days = days_of(HK, [10.0] * 3)
    with pytest.raises(DataError, match="no board lot") as told_lot:
        played(HK, [replace(day, board_lot=None) for day in days], 10_000, 2)
    assert "--kind listings" in told_lot.value.fix
    assert told_lot.value.where == "00700.HK, 2024-03-05"
    with pytest.raises(DataError, match="HKD/CNY") as told_fx:
        played(HK, [replace(day, fx=None) for day in days], 10_000, 2)
    assert told_fx.value.where == "00700.HK, 2024-03-05"
    with pytest.raises(InputError, match=r"900901\.SH is no ordinary") as told_board:
        played("900901.SH", days_of(MAIN, [10.0] * 3), 10_000, 2)
    assert "300857.SZ" in told_board.value.fix
    with pytest.raises(DateRangeError, match="no rate is noted"):
        levies(HK, "buy", date(2020, 1, 2), Decimal(1))


@pytest.mark.parametrize(
    ("chosen", "match"),
    [
        ({"capital": 0}, "capital 0"),
        ({"horizon": 0}, "horizon 0"),
        ({"participation": 1.5}, "participation 1.5"),
        ({"lots": False}, "whole lots only"),
        ({"rebalance": "yearly"}, "'yearly' is no rhythm"),
    ],
)
def test_impossible_choices_are_refused(chosen: dict[str, Any], match: str) -> None:
    with pytest.raises(InputError, match=match):
        Choices(**{"capital": 1_000.0, "horizon": 2, **chosen})
