from datetime import date

import pytest

from screener.domain.listing import Listing, parse_listing
from screener.errors import DataError, DateRangeError, InputError
from screener.market.lots import LotRule, buyable_shares, lot_rule, lot_terms

DAY = date(2026, 5, 15)


def listing(text: str) -> Listing:
    return parse_listing(text)


def lot(least: int, step: int) -> LotRule:
    return LotRule(least=least, step=step, source="a rule", verified=True)


@pytest.mark.parametrize(
    ("code", "least", "step"),
    [  # main and ChiNext in hundreds; STAR from 200, BSE from 100, both in single shares
        ("600519.SH", 100, 100),
        ("300857.SZ", 100, 100),
        ("301308.SZ", 100, 100),
        ("302132.SZ", 100, 100),
        ("688256.SH", 200, 1),
        ("689009.SH", 200, 1),
        ("920002.BJ", 100, 1),
        ("510300.SH", 100, 100),
    ],
)
def test_lots_by_board(code: str, least: int, step: int) -> None:
    rule = lot_rule(listing(code), DAY)
    assert (rule.least, rule.step) == (least, step)
    assert rule.source
    assert not rule.verified  # the official text was not read


def test_hong_kong_takes_the_listings_own_lot() -> None:
    rule = lot_rule(listing("00700.HK"), DAY, 100)
    assert (rule.least, rule.step) == (100, 100)
    assert lot_rule(listing("01810.HK"), DAY, 200).least == 200


def test_hong_kong_without_a_board_lot_says_how_to_get_it() -> None:
    with pytest.raises(DataError, match=r"no board lot of 00700\.HK is known") as info:
        lot_rule(listing("00700.HK"), DAY)
    assert "screener data update --listing 00700.HK" in info.value.fix
    assert "--kind listings" in info.value.fix
    with pytest.raises(InputError, match="at least 1 share, not 0"):
        lot_rule(listing("00700.HK"), DAY, 0)


def test_days_and_listings_beyond_the_table() -> None:
    with pytest.raises(DateRangeError, match="from 2019-07-22 to 2026-12-31, not for 2019-07-19"):
        lot_terms(listing("688001.SH"), date(2019, 7, 19))
    with pytest.raises(DateRangeError, match="not for 2027-01-04") as info:
        lot_terms(listing("600519.SH"), date(2027, 1, 4))
    assert "upgrade screener" in info.value.fix
    with pytest.raises(InputError, match="is an index"):
        lot_terms(listing("000300.SH"), DAY)


@pytest.mark.parametrize(
    ("affordable", "rule", "shares"),
    [
        (99.9, lot(100, 100), 0),
        (100.0, lot(100, 100), 100),
        (0.1 * 3 / 0.001, lot(100, 100), 300),  # 300.00000000000006
        (300 - 1e-12, lot(100, 100), 300),  # what a division of floats loses
        (399.999, lot(100, 100), 300),
        (199.0, lot(200, 1), 0),
        (201.7, lot(200, 1), 201),
        (1_234.5, lot(500, 500), 1_000),
        (0.0, lot(100, 1), 0),
    ],
)
def test_buyable_shares(affordable: float, rule: LotRule, shares: int) -> None:
    assert buyable_shares(affordable, rule) == shares


@pytest.mark.parametrize("affordable", [-1.0, float("nan"), float("inf")])
def test_buyable_shares_refuses_what_is_no_number_of_shares(affordable: float) -> None:
    with pytest.raises(InputError, match="not a number of shares"):
        buyable_shares(affordable, lot(100, 100))
