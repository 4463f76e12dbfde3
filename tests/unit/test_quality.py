"""Arrival checks: each fault by hand, on arrays of a few rows."""

from __future__ import annotations

from datetime import date

import numpy as np

from screener.data.validation.row_checks import (
    Rejections,
    RowFault,
    duplicate_faults,
    future_fault,
    missing_fault,
    negative_fault,
    off_tick_share,
    price_faults,
    session_faults,
)
from screener.domain.listing import Exchange
from screener.market.calendars import calendar_of

NAN = float("nan")


def days(*texts: str) -> np.ndarray:
    return np.array(texts, dtype="datetime64[D]")


def reasons(findings: list[RowFault], n_rows: int) -> list[str]:
    verdict = Rejections.clean(n_rows).also(findings)
    return [verdict.reason(row) for row in range(n_rows)]


def test_price_checks_name_the_first_fault() -> None:
    #                 good  zero  high<low  open out  close out  within rounding  missing
    open_ = np.array([10.0, 0.0, 10.0, 9.0, 10.0, 10.0, NAN])
    high = np.array([11.0, 11.0, 9.0, 11.0, 11.0, 11.0, 11.0])
    low = np.array([9.5, 9.5, 9.5, 9.5, 9.5, 9.5, 9.5])
    close = np.array([10.5, 10.5, 9.2, 10.5, 11.1, 11.001, 10.5])
    assert reasons(price_faults(open_, high, low, close), 7) == [
        "",
        "open is not positive",
        "high is below low",
        "open is outside low and high",
        "close is outside low and high",
        "",
        "",
    ]


def test_rounding_tolerance_is_one_in_ten_thousand() -> None:
    ones = np.ones(2)
    close = np.array([1.00009, 1.00011])
    assert reasons(price_faults(ones, ones, ones, close), 2) == [
        "",
        "close is outside low and high",
    ]


def test_today_is_not_the_future() -> None:
    found = future_fault(days("2026-03-02", "2026-03-03", "NaT"), date(2026, 3, 2))
    assert found.reason == "date in the future"
    assert found.rows.tolist() == [False, True, False]


def test_each_exchange_has_its_own_sessions() -> None:
    # 2025-10-01: mainland closed (National Day) and so is Hong Kong; 2025-10-02: only the mainland.
    labels = days("2025-10-02", "2025-10-02", "2025-09-30", "2025-10-04", "NaT")
    order = list(Exchange)
    exchange = np.array([order.index(item) for item in ["SH", "HK", "SH", "HK", "SH"]])
    calendars = {item: calendar_of(item) for item in (Exchange.SH, Exchange.HK)}
    assert reasons(session_faults(labels, exchange, calendars), 5) == [
        "not a session of SH (calendar XSHG)",
        "",
        "",
        "not a session of HK (calendar XHKG)",
        "",
    ]


def test_days_past_the_recorded_calendar_pass() -> None:
    exchange = np.zeros(2, dtype=np.int64)
    labels = days("2050-01-01", "1970-01-01")
    found = session_faults(labels, exchange, {Exchange.SH: calendar_of(Exchange.SH)})
    assert found[0].rows.tolist() == [False, True]


def test_same_rows_are_taken_once_and_conflicts_not_at_all() -> None:
    listing = np.array([0, 0, 0, 1, 1, 2, 2])
    day = days(*["2025-01-02"] * 2, "2025-01-03", *["2025-01-02"] * 4)
    close = np.array([1.0, 1.0, 1.0, 2.0, 2.5, NAN, NAN])
    considered = np.ones(7, dtype=np.bool_)
    repeats, conflict = duplicate_faults(
        [listing, day], [close], considered, key_name="listing and session"
    )
    assert repeats.tolist() == [False, True, False, False, False, False, True]
    assert conflict.rows.tolist() == [False, False, False, True, True, False, False]
    assert conflict.reason == "listing and session comes more than once with different values"


def test_a_rejected_row_does_not_make_its_twin_a_conflict() -> None:
    key = np.array([1, 1])
    considered = np.array([True, False])
    repeats, conflict = duplicate_faults(
        [key], [np.array([1.0, -1.0])], considered, key_name="listing"
    )
    assert not repeats.any()
    assert not conflict.rows.any()


def test_a_row_keeps_its_first_reason_and_counts_are_sorted() -> None:
    first = missing_fault(np.array([True, False, False]), "close")
    second = negative_fault(np.array([-1.0, -1.0, -2.0]), "volume")
    verdict = Rejections.clean(3).also([first, second])
    assert [verdict.reason(row) for row in range(3)] == [
        "close is missing",
        "volume is negative",
        "volume is negative",
    ]
    assert verdict.counts() == (("volume is negative", 2), ("close is missing", 1))


def test_joined_verdicts_keep_their_reasons() -> None:
    left = Rejections.clean(2).also([RowFault(rows=np.array([True, False]), reason="a")])
    right = Rejections.clean(1).also([RowFault(rows=np.array([True]), reason="b")])
    joined = Rejections.joined([left, right])
    assert [joined.reason(row) for row in range(3)] == ["a", "", "b"]
    assert joined.passed.tolist() == [False, True, False]


def test_off_tick_share() -> None:
    prices = np.array([10.01, 0.29, 1234.56, 10.0123])
    assert off_tick_share(prices, np.full(4, 0.01)) == 0.25
    assert off_tick_share(np.array([0.0]), np.array([0.01])) == 0.0
    assert off_tick_share(np.array([]), np.array([])) == 0.0
