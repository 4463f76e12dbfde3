"""Laws of costs and lots, whatever the listing, the day and the broker."""

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from screener.domain.listing import parse_listing
from screener.market.charges import (
    OrderCosts,
    Plan,
    Side,
    charges_on,
    order_costs,
    proportional_rate,
)
from screener.market.lots import LotRule, buyable_shares
from tests.support.laws import laws

LISTINGS = tuple(
    parse_listing(code)
    for code in ("600519.SH", "000001.SZ", "300857.SZ", "688256.SH", "920002.BJ", "00700.HK")
)
FIRST, LAST = date(2021, 11, 15), date(2026, 12, 31)
CENT = 0.01 + 1e-9
law = laws(150)

listings = st.sampled_from(LISTINGS)
sides = st.sampled_from(Side)
days = st.dates(FIRST, LAST)
prices = st.integers(1, 200_000).map(lambda cents: cents / 100)
shares = st.integers(1, 100_000)
rates = st.integers(0, 30).map(lambda n: n / 10_000)
minimums = st.sampled_from([0.0, 0.1, 5.0, 50.0])
plans = st.builds(
    Plan, commission=rates, minimum=minimums, hk_commission=rates, hk_minimum=minimums
)


@law
@given(listings, sides, days, shares, prices, plans)
def test_costs_are_never_negative_and_add_up(listing, side, day, number, price, plan):
    found = order_costs(listing, side, day, shares=number, price=price, plan=plan)
    assert all(paid >= 0 for _, paid in found.lines)
    assert abs(found.total - sum(paid for _, paid in found.lines)) < 1e-6
    for charge, paid in found.lines:
        assert paid >= charge.minimum - CENT / 2
        assert charge.maximum is None or paid <= charge.maximum + CENT
        assert not charge.included
        assert charge.side in (None, side)


@law
@given(listings, sides, days, shares, shares, prices, plans)
def test_a_larger_order_never_costs_less(listing, side, day, one, other, price, plan):
    small, large = (
        order_costs(listing, side, day, shares=number, price=price, plan=plan)
        for number in sorted((one, other))
    )
    assert small.total <= large.total
    for (_, less), (_, more) in zip(small.lines, large.lines, strict=True):
        assert less <= more


@law
@given(listings, sides, days, shares, shares, prices, plans)
def test_splitting_an_order_saves_no_commission(listing, side, day, one, other, price, plan):
    def commission(number: int) -> float:
        return _commission(order_costs(listing, side, day, shares=number, price=price, plan=plan))

    # Each part is rounded to the cent on its own, which may lose one.
    assert commission(one) + commission(other) >= commission(one + other) - CENT


@law
@given(listings, sides, days, shares, prices, plans)
def test_the_proportional_rate_is_a_lower_bound(listing, side, day, number, price, plan):
    found = order_costs(listing, side, day, shares=number, price=price, plan=plan)
    capped = any(charge.maximum is not None for charge, _ in found.lines)
    rate = proportional_rate(listing, side, day, plan)
    if not capped:
        assert found.total >= rate * found.amount - len(found.lines) * CENT / 2


@law
@given(listings, days)
def test_one_charge_of_a_name_and_a_side_is_in_force(listing, day):
    found = charges_on(listing, day)
    names = [item.name for item in found]
    assert len(set(names)) == len(names)
    assert all(item.holds(day) for item in found)


@law
@given(
    st.floats(0, 1e7),
    st.sampled_from([(100, 100), (200, 1), (100, 1), (500, 500)]),
)
def test_lots(affordable, lot):
    rule = LotRule(least=lot[0], step=lot[1], source="", verified=True)
    bought = buyable_shares(affordable, rule)
    assert bought == 0 or (bought >= rule.least and (bought - rule.least) % rule.step == 0)
    assert bought <= affordable + 1e-6
    assert affordable < rule.least or bought > affordable - rule.step - 1e-6


def _commission(found: OrderCosts) -> float:
    return found.lines[0][1]
