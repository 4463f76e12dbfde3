"""Costs of orders, worked out by hand from the published rates."""

from datetime import date

import pytest

from screener.domain.listing import Currency, Listing, parse_listing
from screener.errors import DataError, DateRangeError, InputError
from screener.market.charges import (
    ChargeKind,
    OrderCosts,
    Plan,
    Side,
    charges_on,
    commission_bounds,
    commission_of,
    order_costs,
    portfolio_fee,
    proportional_rate,
    round_trip_rate,
)

DAY = date(2026, 5, 15)
PLAN = Plan()
MAOTAI = parse_listing("600519.SH")
BEIJING = parse_listing("920002.BJ")
TENCENT = parse_listing("00700.HK")


def costs(listing: Listing, side: Side, day: date, shares: float, price: float) -> OrderCosts:
    return order_costs(listing, side, day, shares=shares, price=price, plan=PLAN)


def lines(found: OrderCosts) -> dict[str, float]:
    return {charge.name: amount for charge, amount in found.lines}


def test_a_mainland_order_line_by_line() -> None:
    bought = costs(MAOTAI, Side.BUY, DAY, 100, 50.0)
    assert lines(bought) == {"commission": 5.0, "transfer fee": 0.05}
    sold = costs(MAOTAI, Side.SELL, DAY, 1_000, 50.0)
    assert lines(sold) == {"commission": 12.5, "stamp duty": 25.0, "transfer fee": 0.5}
    assert sold.total == 38.0
    assert sold.amount == 50_000.0
    assert sold.currency is Currency.CNY
    assert sold.of_kind(ChargeKind.TAX) == 25.0
    assert sold.of_kind(ChargeKind.COMMISSION) == 12.5


@pytest.mark.parametrize(
    ("day", "stamp", "transfer"),
    [
        (date(2022, 4, 28), 100.0, 2.0),
        (date(2022, 4, 29), 100.0, 1.0),
        (date(2023, 8, 25), 100.0, 1.0),
        (date(2023, 8, 27), 100.0, 1.0),
        (date(2023, 8, 28), 50.0, 1.0),
    ],
)
def test_mainland_changes_on_their_days(day: date, stamp: float, transfer: float) -> None:
    found = lines(costs(MAOTAI, Side.SELL, day, 1_000, 100.0))
    assert (found["stamp duty"], found["transfer fee"]) == (stamp, transfer)
    assert "stamp duty" not in lines(costs(MAOTAI, Side.BUY, day, 1_000, 100.0))


def test_the_transfer_fee_is_shanghai_and_shenzhen_alike() -> None:
    shenzhen = lines(costs(parse_listing("000001.SZ"), Side.BUY, DAY, 1_000, 100.0))
    assert (
        shenzhen["transfer fee"]
        == lines(costs(MAOTAI, Side.BUY, DAY, 1_000, 100.0))["transfer fee"]
    )
    before = lines(costs(BEIJING, Side.BUY, date(2022, 4, 28), 1_000, 100.0))
    assert before["transfer fee"] == 2.5


@pytest.mark.parametrize(
    ("day", "settlement", "total"),
    [  # HK$5,000: 0.14 SFC, 0.01 AFRC, 0.28 trading fee, 5 stamp, 5 commission
        (date(2025, 6, 29), 2.0, 12.43),
        (date(2025, 6, 30), 0.21, 10.64),
    ],
)
def test_settlement_fee_changes_on_2025_06_30(day: date, settlement: float, total: float) -> None:
    found = costs(TENCENT, Side.BUY, day, 100, 50.0)
    assert lines(found) == {
        "commission": 5.0,
        "stamp duty": 5.0,
        "SFC levy": 0.14,
        "AFRC levy": 0.01,
        "trading fee": 0.28,
        "settlement fee": settlement,
    }
    assert found.total == total
    assert found.currency is Currency.HKD


def test_settlement_fee_had_a_maximum() -> None:
    before = costs(TENCENT, Side.SELL, date(2025, 6, 27), 20_000, 500.0)
    after = costs(TENCENT, Side.SELL, date(2025, 6, 30), 20_000, 500.0)
    assert lines(before)["settlement fee"] == 100.0
    assert lines(after)["settlement fee"] == 420.0


@pytest.mark.parametrize(
    ("day", "amount", "stamp"),
    [
        (date(2023, 11, 16), 5_000.0, 7.0),  # 6.50 up to a dollar
        (date(2023, 11, 17), 5_000.0, 5.0),
        (date(2023, 11, 17), 5_000.01, 6.0),
        (date(2023, 11, 17), 1.0, 1.0),
        (date(2023, 11, 16), 100_000.0, 130.0),
        (date(2023, 11, 17), 100_000.0, 100.0),
    ],
)
def test_hong_kong_stamp_duty_is_rounded_up(day: date, amount: float, stamp: float) -> None:
    for side in Side:
        assert lines(costs(TENCENT, side, day, 1, amount))["stamp duty"] == stamp


def test_a_hair_of_a_float_is_not_a_dollar_of_duty() -> None:
    assert 100_000 * 0.07 > 7_000  # 7000.000000000001
    whole = costs(TENCENT, Side.BUY, DAY, 100_000, 0.07)
    assert lines(whole)["stamp duty"] == 7.0
    assert costs(TENCENT, Side.BUY, DAY, 1, 100_000 * 0.07) == whole


def test_hong_kong_before_2023_had_a_tariff() -> None:
    before = lines(costs(TENCENT, Side.BUY, date(2022, 12, 30), 100, 500.0))
    assert (before["trading fee"], before["trading tariff"]) == (2.5, 0.5)
    after = lines(costs(TENCENT, Side.BUY, date(2023, 1, 3), 100, 500.0))
    assert after["trading fee"] == 2.83  # 2.825, half up
    assert "trading tariff" not in after
    assert "AFRC levy" not in lines(costs(TENCENT, Side.BUY, date(2021, 12, 31), 100, 500.0))


def test_exchange_traded_funds_pay_no_stamp_duty() -> None:
    fund = parse_listing("02800.HK")
    found = order_costs(fund, Side.BUY, DAY, shares=500, price=20.0, plan=PLAN, fund=True)
    assert lines(found)["stamp duty"] == 0.0
    mainland = costs(parse_listing("510300.SH"), Side.SELL, DAY, 10_000, 4.0)
    assert mainland.total == 10.0  # the commission alone


def test_hong_kong_sums_to_0_1127_percent_a_side() -> None:
    bare = Plan(hk_commission=0.0, hk_minimum=0.0)
    for side in Side:
        assert proportional_rate(TENCENT, side, DAY, bare) == 0.001127
        assert proportional_rate(TENCENT, side, DAY, PLAN) == 0.001377


def test_mainland_rates_by_side() -> None:
    assert proportional_rate(MAOTAI, Side.BUY, DAY, PLAN) == 0.00026
    assert proportional_rate(MAOTAI, Side.SELL, DAY, PLAN) == 0.00076


@pytest.mark.parametrize(
    ("listing", "amount", "basis_points"),
    [  # 0.025 % with a minimum of 5, no slippage
        (MAOTAI, 5_000.0, 25.2),
        (MAOTAI, 20_000.0, 10.2),
        (MAOTAI, 1_000_000.0, 10.2),
        (TENCENT, 5_000.0, 42.5),
        (TENCENT, 20_000.0, 27.5),
        (TENCENT, 1_000_000.0, 27.5),
    ],
)
def test_round_trips(listing: Listing, amount: float, basis_points: float) -> None:
    rate = round_trip_rate(listing, DAY, amount, PLAN)
    assert round(rate * 1e4, 1) == basis_points
    orders = [costs(listing, side, DAY, 1, amount).total for side in Side]
    # Cents add up: HK$0.0075 of AFRC levy on an order of HK$5,000 is one cent.
    assert sum(orders) / amount == pytest.approx(rate, abs=0.03e-4)


def test_what_is_inside_the_commission_is_shown_and_not_added() -> None:
    charges = {item.name: item for item in charges_on(MAOTAI, DAY)}
    handling = charges["exchange handling fee"]
    assert handling.included
    assert not handling.verified
    assert handling.rate == 0.0000341
    assert not handling.applies(Side.BUY)
    assert charges["stamp duty"].verified
    assert not charges["stamp duty"].applies(Side.BUY)


def test_every_hong_kong_charge_is_unverified_and_names_its_source() -> None:
    found = charges_on(TENCENT, DAY)
    assert len(found) == 5
    assert not any(item.verified for item in found)
    assert all(item.source and item.start <= DAY <= item.end for item in found)


def test_commission_is_the_plans_own() -> None:
    plan = Plan(commission=0.0001, minimum=0.0, hk_commission=0.0003, hk_minimum=50.0)
    found = order_costs(MAOTAI, Side.BUY, DAY, shares=100, price=50.0, plan=plan)
    assert found.lines[0][1] == 0.5
    commission = commission_of(TENCENT, plan)
    assert (commission.rate, commission.minimum) == (0.0003, 50.0)
    assert commission.source == "the broker's terms: no rule"
    bounds = commission_bounds(MAOTAI, DAY)
    assert bounds is not None
    assert (bounds.highest, bounds.minimum) == (0.003, 5.0)
    assert commission_bounds(TENCENT, DAY) is None


def test_holding_through_a_southbound_account_costs() -> None:
    fee = portfolio_fee(TENCENT, DAY)
    assert fee.rate == 0.00008
    assert not fee.verified
    with pytest.raises(DataError, match="the portfolio fee of 600519"):
        portfolio_fee(MAOTAI, DAY)


@pytest.mark.parametrize(
    ("code", "day", "first"),
    [
        ("600519.SH", date(2015, 7, 31), "2015-08-01"),
        ("00700.HK", date(2021, 7, 30), "2021-08-01"),
        ("920002.BJ", date(2021, 11, 12), "2021-11-15"),
    ],
)
def test_days_before_the_record(code: str, day: date, first: str) -> None:
    with pytest.raises(DateRangeError, match=f"from {first} to 2026-12-31, not for {day}") as info:
        charges_on(parse_listing(code), day)
    assert info.value.fix == f"choose a day from {first} on"


def test_days_after_the_record() -> None:
    with pytest.raises(DateRangeError, match="not for 2027-01-04") as info:
        charges_on(MAOTAI, date(2027, 1, 4))
    assert "upgrade screener" in info.value.fix


@pytest.mark.parametrize(
    ("code", "error", "match"),
    [
        ("000300.SH", InputError, "is an index"),
        ("900901.SH", DataError, "hold nothing on board b_share"),
        ("80700.HK", DataError, "it trades in CNY"),
    ],
)
def test_listings_whose_costs_are_not_recorded(
    code: str, error: type[Exception], match: str
) -> None:
    assert charges_on(parse_listing("00700.HK"), DAY)  # its board has charges
    with pytest.raises(error, match=match) as info:
        charges_on(parse_listing(code), DAY)
    assert info.value.fix  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("shares", "price", "match"),
    [
        (0, 10.0, "for some shares, not 0"),
        (-100, 10.0, "for some shares"),
        (100, 0.0, "is not a price of 600519"),
        (100, float("nan"), "is not a price of 600519"),
    ],
)
def test_orders_that_are_none(shares: float, price: float, match: str) -> None:
    with pytest.raises(InputError, match=match):
        costs(MAOTAI, Side.BUY, DAY, shares, price)
    with pytest.raises(InputError, match="is not an amount of an order"):
        round_trip_rate(MAOTAI, DAY, 0.0, PLAN)


@pytest.mark.parametrize(
    ("terms", "match"),
    [
        ({"commission": 2.5}, "commission 2.5 is not a fraction"),
        ({"hk_commission": -0.1}, "hk_commission -0.1"),
        ({"minimum": -5.0}, "minimum -5.0 is not an amount"),
        ({"hk_minimum": float("inf")}, "hk_minimum inf"),
    ],
)
def test_terms_that_no_broker_has(terms: dict[str, float], match: str) -> None:
    with pytest.raises(InputError, match=match):
        Plan(**terms)  # type: ignore[arg-type]
