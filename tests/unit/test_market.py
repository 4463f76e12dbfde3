from datetime import date, time

import numpy as np
import pytest

from screener.domain.listing import Board, Exchange, parse_listing
from screener.errors import DateRangeError
from screener.market.calendars import calendar_maker, calendar_of, corrected
from screener.market.rules import (
    free_sessions,
    order_cutoff,
    price_limit,
)


def test_mainland_exchanges_share_shanghais_calendar() -> None:
    assert {calendar_of(item).name for item in (Exchange.SH, Exchange.SZ, Exchange.BJ)} == {"XSHG"}
    assert calendar_of(Exchange.HK).name == "XHKG"


@pytest.mark.parametrize(
    ("day", "expected"),
    [  # from the exchanges' published holiday notices for 2026
        (date(2026, 2, 14), date(2026, 2, 24)),  # Spring Festival closes to 02-23
        (date(2026, 3, 7), date(2026, 3, 9)),  # a Saturday
        (date(2026, 5, 1), date(2026, 5, 6)),  # Labour Day
        (date(2026, 5, 15), date(2026, 5, 15)),
    ],
)
def test_first_session_on_or_after(day: date, expected: date) -> None:
    assert calendar_of(Exchange.SH).on_or_after(day) == expected


def test_beyond_the_recorded_years_is_an_error_that_says_what_to_upgrade() -> None:
    calendar = calendar_of(Exchange.SH)
    with pytest.raises(DateRangeError, match=r"outside the sessions that calendar XSHG") as info:
        calendar.on_or_after(date(2035, 1, 4))
    assert "exchange-calendars" in info.value.fix
    assert calendar.offset(calendar.last, 1) is None


def test_offset_counts_sessions_and_refuses_a_holiday() -> None:
    calendar = calendar_of(Exchange.SH)
    assert calendar.offset(date(2026, 5, 15), 4) == date(2026, 5, 21)
    with pytest.raises(DateRangeError, match="2026-05-16 is not a session"):
        calendar.offset(date(2026, 5, 16), 1)


def test_order_cutoffs() -> None:
    assert order_cutoff(Exchange.SZ, date(2026, 5, 15)).time == time(9, 15)
    assert order_cutoff(Exchange.HK, date(2026, 5, 15)).time == time(9, 0)
    with pytest.raises(DateRangeError, match="no order cut-off"):
        order_cutoff(Exchange.SH, date(1980, 1, 1))


@pytest.mark.parametrize(
    ("text", "day", "st", "limit"),
    [  # the dated rule table of the exchanges
        ("600519.SH", date(2026, 7, 3), False, 0.10),
        ("600519.SH", date(2026, 7, 5), True, 0.05),
        ("600519.SH", date(2026, 7, 6), True, 0.10),
        ("300750.SZ", date(2020, 8, 21), False, 0.10),
        ("300750.SZ", date(2020, 8, 21), True, 0.05),
        ("300750.SZ", date(2020, 8, 24), False, 0.20),
        ("300750.SZ", date(2020, 8, 24), True, 0.20),
        ("688256.SH", date(2019, 7, 22), False, 0.20),
        ("688256.SH", date(2026, 1, 5), True, 0.20),
        ("920002.BJ", date(2026, 1, 5), True, 0.30),
        ("900901.SH", date(2026, 1, 5), False, 0.10),
        ("900901.SH", date(2026, 1, 5), True, 0.05),
        ("200002.SZ", date(2026, 7, 6), True, 0.10),
        ("510300.SH", date(2026, 1, 5), False, 0.10),
        ("588000.SH", date(2026, 1, 5), False, 0.20),
        ("589000.SH", date(2026, 1, 5), False, 0.20),
        ("159915.SZ", date(2020, 8, 21), False, 0.10),
        ("159915.SZ", date(2020, 8, 24), False, 0.20),
        ("159919.SZ", date(2026, 1, 5), False, 0.10),
        ("00700.HK", date(2026, 1, 5), False, None),
        ("000300.SH", date(2026, 1, 5), False, None),
    ],
)
def test_price_limit_by_listing_status_and_date(
    text: str, day: date, st: bool, limit: float | None
) -> None:
    rule = price_limit(parse_listing(text), day, st=st)
    assert (rule.limit if rule else None) == limit
    assert rule is None or rule.source


def test_an_s_share_keeps_to_five_percent() -> None:
    share = parse_listing("600182.SH")
    rule = price_limit(share, date(2025, 5, 14), st=False, unreformed=True)
    assert rule is not None
    assert rule.limit == 0.05
    before = price_limit(share, date(2007, 1, 5), st=False, unreformed=True)
    assert before is not None
    assert before.limit == 0.10


@pytest.mark.parametrize(
    ("board", "listed", "sessions"),
    [
        (Board.MAIN, date(2023, 4, 10), 5),
        (Board.MAIN, date(2023, 4, 7), 1),
        (Board.STAR, date(2024, 1, 5), 5),
        (Board.CHINEXT, date(2020, 8, 24), 5),
        (Board.BSE, date(2024, 1, 5), 1),
    ],
)
def test_free_sessions_of_a_new_listing(board: Board, listed: date, sessions: int) -> None:
    assert free_sessions(board, listed) == sessions


def test_days_on_which_hong_kong_did_not_trade_are_no_sessions() -> None:
    calendar = calendar_of(Exchange.HK)  # HKEX notices: typhoon Saola, black rainstorm
    assert not calendar.is_session(date(2023, 9, 1))
    assert not calendar.is_session(date(2023, 9, 8))
    assert calendar.after(date(2023, 8, 31)) == date(2023, 9, 4)
    assert calendar.offset(date(2023, 9, 4), 4) == date(2023, 9, 11)
    assert calendar_of(Exchange.SH).is_session(date(2023, 9, 1))


def test_a_correction_changes_nothing_where_the_library_is_right_by_itself() -> None:
    days = np.array(["2023-08-31", "2023-09-04"], dtype="datetime64[D]")
    assert corrected("XHKG", days).tolist() == days.tolist()
    assert corrected("XSHG", days).tolist() == days.tolist()


def test_copies_made_before_a_correction_are_told_apart() -> None:
    assert "corrections" in calendar_maker()
