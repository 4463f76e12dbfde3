from datetime import date

import pytest

from screener.domain.listing import Board, Exchange, parse_listing
from screener.errors import DataError, DateRangeError, InputError
from screener.market.calendars import calendar_of
from screener.market.rules import (
    delisting_limit,
    first_day_limit,
    free_sessions,
    new_listing_rule,
    price_limit,
    unlimited,
)
from screener.market.trading import (
    holding_rule,
    least_tick,
    settlement_rule,
    southbound_open,
    southbound_rule,
    tick_rule,
    tick_size,
)

DAY = date(2026, 5, 15)
TENCENT = parse_listing("00700.HK")
MAOTAI = parse_listing("600519.SH")


@pytest.mark.parametrize(
    ("code", "sessions", "days"),
    [("600519.SH", 1, 1), ("688256.SH", 1, 1), ("920002.BJ", 1, 1), ("00700.HK", 0, 2)],
)
def test_sale_after_purchase_and_settlement(code: str, sessions: int, days: int) -> None:
    assert holding_rule(parse_listing(code), DAY).count == sessions
    assert settlement_rule(parse_listing(code), DAY).count == days


def test_days_beyond_the_table() -> None:
    with pytest.raises(DateRangeError, match="not for 1994-12-30"):
        holding_rule(MAOTAI, date(1994, 12, 30))
    with pytest.raises(DateRangeError, match="not for 2010-01-04"):
        tick_size(TENCENT, date(2010, 1, 4), 10.0)


@pytest.mark.parametrize(
    ("day", "price", "tick"),
    [  # HKEX's spread table, before and from phase 1 of 2025-08-04
        (date(2025, 8, 1), 0.2, 0.001),
        (date(2025, 8, 1), 0.25, 0.005),
        (date(2025, 8, 1), 9.99, 0.01),
        (date(2025, 8, 1), 10.0, 0.02),
        (date(2025, 8, 1), 19.98, 0.02),
        (date(2025, 8, 1), 20.0, 0.05),
        (date(2025, 8, 1), 99.95, 0.05),
        (date(2025, 8, 1), 100.0, 0.1),
        (date(2025, 8, 1), 612.5, 0.5),
        (date(2025, 8, 4), 9.99, 0.01),
        (date(2025, 8, 4), 10.0, 0.01),
        (date(2025, 8, 4), 19.99, 0.01),
        (date(2025, 8, 4), 20.0, 0.02),
        (date(2025, 8, 4), 49.98, 0.02),
        (date(2025, 8, 4), 50.0, 0.05),
        (date(2025, 8, 4), 20.0 - 1e-15, 0.02),  # a float a hair below the band
        (date(2026, 7, 6), 5.0, 0.01),  # phase 2 was planned, its date not found
        (date(2026, 7, 6), 12_000.0, 5.0),
    ],
)
def test_hong_kong_price_steps(day: date, price: float, tick: float) -> None:
    assert tick_size(TENCENT, day, price) == tick


def test_mainland_price_steps() -> None:
    assert tick_size(MAOTAI, DAY, 1_400.0) == 0.01
    assert tick_size(parse_listing("510300.SH"), DAY, 4.0) == 0.001
    assert tick_rule(MAOTAI, DAY).verified
    assert not tick_rule(TENCENT, DAY).verified


@pytest.mark.parametrize("price", [0.0, -1.0, float("nan"), float("inf")])
def test_a_price_step_needs_a_price(price: float) -> None:
    with pytest.raises(InputError, match="is not a price"):
        tick_size(TENCENT, DAY, price)


@pytest.mark.parametrize(
    ("day", "is_open"),
    [
        (date(2026, 5, 15), True),
        (date(2026, 5, 4), False),  # a holiday on the mainland alone
        (date(2026, 4, 7), False),  # Easter holidays in Hong Kong alone
        (date(2026, 5, 16), False),  # a Saturday
    ],
)
def test_southbound_days_are_those_of_both_markets(day: date, is_open: bool) -> None:
    mainland, hong_kong = calendar_of(Exchange.SH), calendar_of(Exchange.HK)
    found = southbound_open(TENCENT, day, mainland=mainland, hong_kong=hong_kong)
    assert found is is_open


def test_southbound_days_before_the_record() -> None:
    calendars = {"mainland": calendar_of(Exchange.SH), "hong_kong": calendar_of(Exchange.HK)}
    assert southbound_rule(TENCENT, date(2014, 11, 14)) is None
    with pytest.raises(DateRangeError, match="from 2014-11-17 to"):
        southbound_open(TENCENT, date(2014, 11, 14), **calendars)
    with pytest.raises(DataError, match="hold nothing on board main"):
        southbound_open(MAOTAI, DAY, **calendars)


@pytest.mark.parametrize(
    ("code", "limit"),
    [
        ("301308.SZ", 0.20),
        ("302132.SZ", 0.20),
        ("689009.SH", 0.20),
        ("920002.BJ", 0.30),
        ("830799.BJ", 0.30),
        ("600519.SH", 0.10),
    ],
)
def test_limits_by_prefix(code: str, limit: float) -> None:
    rule = price_limit(parse_listing(code), DAY, st=False)
    assert rule is not None
    assert rule.limit == limit


@pytest.mark.parametrize(
    ("board", "day", "limit"),
    [
        (Board.MAIN, date(2020, 12, 31), 0.10),
        (Board.CHINEXT, DAY, 0.20),
        (Board.STAR, DAY, 0.20),
        (Board.BSE, DAY, 0.30),
        (Board.MAIN, date(2020, 12, 30), None),
        (Board.HK, DAY, None),
    ],
)
def test_limit_of_the_delisting_period(board: Board, day: date, limit: float | None) -> None:
    rule = delisting_limit(board, day)
    assert (rule.limit if rule else None) == limit
    assert rule is None or rule.free_sessions == 1


def test_first_sessions_of_new_listings() -> None:
    rule = new_listing_rule(Board.MAIN, date(2023, 4, 10))
    assert rule is not None
    assert rule.free_sessions == 5
    assert new_listing_rule(Board.BSE, DAY).free_sessions == 1  # type: ignore[union-attr]
    assert new_listing_rule(Board.MAIN, date(2023, 4, 7)) is None
    assert free_sessions(Board.MAIN, date(2023, 4, 7)) == 1  # as it always was
    older = first_day_limit(Board.MAIN, date(2023, 4, 7))
    assert older is not None
    assert (older.up, older.down) == (0.44, 0.36)
    assert first_day_limit(Board.MAIN, date(2023, 4, 10)) is None


def test_hong_kong_has_no_daily_limit() -> None:
    rule = unlimited(Board.HK, DAY)
    assert rule is not None
    assert not rule.verified
    assert unlimited(Board.MAIN, DAY) is None


@pytest.mark.parametrize(("year", "days"), [(2025, 9), (2026, 11)])
def test_sessions_of_hong_kong_alone_are_closed_to_mainland_money(year: int, days: int) -> None:
    mainland, hong_kong = calendar_of(Exchange.SH), calendar_of(Exchange.HK)
    own = hong_kong.between(date(year, 1, 1), date(year, 12, 31)).tolist()
    closed = [
        day
        for day in own
        if not southbound_open(TENCENT, day, mainland=mainland, hong_kong=hong_kong)
    ]
    assert len(closed) == days  # counted by hand from the two exchanges' holiday notices


@pytest.mark.parametrize(
    ("text", "day", "step"),
    [
        ("510300.SH", date(2025, 5, 14), 0.001),
        ("900901.SH", date(2025, 5, 14), 0.001),
        ("200002.SZ", date(2025, 5, 14), 0.01),
        ("00700.HK", date(2010, 5, 14), 0.001),  # before the table begins
        ("000300.SH", date(2025, 5, 14), 0.01),  # points of an index
    ],
)
def test_smallest_step_that_a_price_may_have(text: str, day: date, step: float) -> None:
    assert least_tick(parse_listing(text), day) == step
