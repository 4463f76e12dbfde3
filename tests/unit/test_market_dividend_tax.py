from datetime import date

import pytest

from screener.domain.listing import parse_listing
from screener.errors import DataError, DateRangeError, InputError
from screener.market.dividend_tax import (
    Issuer,
    dividend_tax_rate,
    dividend_tax_rule,
    dividend_tax_rules,
)

DAY = date(2026, 5, 15)
MAOTAI = parse_listing("600519.SH")
TENCENT = parse_listing("00700.HK")


@pytest.mark.parametrize(
    ("bought", "sold", "rate"),
    [  # calendar months: up to one 20 %, up to twelve 10 %, beyond nothing
        (date(2026, 5, 15), date(2026, 5, 15), 0.20),
        (date(2026, 1, 8), date(2026, 2, 8), 0.20),
        (date(2026, 1, 8), date(2026, 2, 9), 0.10),
        (date(2026, 1, 31), date(2026, 2, 28), 0.20),
        (date(2026, 1, 31), date(2026, 3, 2), 0.10),
        (date(2026, 4, 15), date(2026, 5, 15), 0.20),
        (date(2025, 5, 15), date(2026, 5, 15), 0.10),
        (date(2025, 5, 14), date(2026, 5, 15), 0.0),
        (date(2023, 12, 31), date(2024, 12, 31), 0.10),  # 366 days
        (date(2022, 5, 16), date(2026, 5, 15), 0.0),
    ],
)
def test_mainland_tax_by_time_held(bought: date, sold: date, rate: float) -> None:
    assert dividend_tax_rate(MAOTAI, (sold - bought).days, sold) == rate


def test_before_2015_a_long_holding_paid_five_percent() -> None:
    assert dividend_tax_rate(MAOTAI, 800, date(2015, 9, 7)) == 0.05
    assert dividend_tax_rate(MAOTAI, 800, date(2015, 9, 8)) == 0.0
    with pytest.raises(DateRangeError, match="from 2013-01-01"):
        dividend_tax_rate(MAOTAI, 800, date(2012, 12, 31))


@pytest.mark.parametrize(
    ("southbound", "issuer", "rate"),
    [
        (True, Issuer.H_SHARE, 0.20),
        (True, Issuer.RED_CHIP, 0.28),
        (True, Issuer.OTHER, 0.20),
        (False, Issuer.H_SHARE, 0.10),
        (False, Issuer.OTHER, 0.0),
    ],
)
def test_hong_kong_tax_does_not_ask_how_long(southbound: bool, issuer: Issuer, rate: float) -> None:
    for days in (0, 40, 400):
        found = dividend_tax_rate(TENCENT, days, DAY, southbound=southbound, issuer=issuer)
        assert found == rate


@pytest.mark.parametrize(
    ("text", "day", "days", "rate"),
    [
        ("600519.SH", DAY, 5, 0.10),
        ("300750.SZ", DAY, 400, 0.10),
        ("688981.SH", DAY, 40, 0.10),
        ("600519.SH", date(2014, 11, 16), 5, 0.20),  # the day before the programme
        ("920002.BJ", DAY, 5, 0.20),  # not in it
        ("510300.SH", DAY, 5, 0.0),  # a fund
    ],
)
def test_a_hong_kong_account_pays_a_tenth_on_mainland_dividends(
    text: str, day: date, days: int, rate: float
) -> None:
    assert dividend_tax_rate(parse_listing(text), days, day, northbound=True) == rate


def test_what_is_not_verified_says_so() -> None:
    assert [rule.rate for rule in dividend_tax_rules(MAOTAI, DAY)] == [0.20, 0.10, 0.0]
    assert not any(rule.verified for rule in dividend_tax_rules(MAOTAI, DAY))
    rule = dividend_tax_rule(TENCENT, 5, DAY)
    assert not rule.verified
    assert "2014" in rule.source


def test_bad_input() -> None:
    with pytest.raises(InputError, match="0 days or more, not -1"):
        dividend_tax_rate(MAOTAI, -1, DAY)
    with pytest.raises(InputError, match="is an index"):
        dividend_tax_rate(parse_listing("000300.SH"), 1, DAY)
    with pytest.raises(DataError, match="hold nothing on board b_share") as info:
        dividend_tax_rate(parse_listing("900901.SH"), 1, DAY)
    assert info.value.fix
