"""How long a fixing holds: over days without one, and not over a hole."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from screener.data.panels.fixings import Fixings, fixing_days
from screener.domain.listing import Currency, Exchange
from screener.errors import DataError
from screener.market.calendars import calendar_of
from tests.support.laws import laws

HKD, CNY = Currency.HKD, Currency.CNY
MAINLAND = calendar_of(Exchange.SH).sessions
HONG_KONG = calendar_of(Exchange.HK).sessions


def axis(*days: date) -> np.ndarray:
    return np.array(days, dtype="datetime64[D]")


@pytest.mark.parametrize(
    ("last", "session"),
    [
        # Hong Kong trades on, the mainland is closed: Golden Week and Spring Festival
        (date(2025, 9, 30), date(2025, 10, 8)),
        (date(2024, 9, 30), date(2024, 10, 7)),
        (date(2023, 9, 28), date(2023, 10, 6)),
        (date(2024, 2, 8), date(2024, 2, 16)),
        (date(2020, 1, 23), date(2020, 1, 31)),  # prolonged that year
    ],
)
def test_fixing_holds_until_the_next_day_that_has_one(last: date, session: date) -> None:
    fixings = Fixings({"HKDCNY": [(last, 0.9)]})
    assert fixings.rate(HKD, CNY, session) == 0.9
    assert fixings.to_pivot(HKD, axis(session)).tolist() == [0.9]
    after = calendar_of(Exchange.SH).after(session)
    assert np.isnan(fixings.to_pivot(HKD, axis(after))).all()  # that day has one: it is missing


@pytest.mark.parametrize(("age", "holds"), [(1, True), (4, True), (5, True), (6, False)])
def test_hole_on_days_with_a_fixing_is_bridged_for_five_days(age: int, holds: bool) -> None:
    session = date(2026, 3, 20)  # a Friday after plain weeks
    fixings = Fixings({"HKDCNY": [(session - timedelta(days=age), 0.91)]})
    assert np.isfinite(fixings.to_pivot(HKD, axis(session)))[0] == holds
    if holds:
        assert fixings.rate(HKD, CNY, session) == 0.91
    else:
        with pytest.raises(DataError, match="no HKDCNY fixing within 5 days on or before") as told:
            fixings.rate(HKD, CNY, session)
        assert "--kind fx" in told.value.fix


def test_hole_before_a_holiday_counts_up_to_its_last_session() -> None:
    # 2025-09-30 is the last mainland session before 10-09: 09-25 holds to it, 09-24 does not.
    session = date(2025, 10, 6)
    for day, holds in ((date(2025, 9, 25), True), (date(2025, 9, 24), False)):
        fixings = Fixings({"CNYHKD": [(day, 1.1)]})
        assert np.isfinite(fixings.to_pivot(HKD, axis(session)))[0] == holds


def test_days_past_the_recorded_calendar_stand_for_themselves() -> None:
    beyond = MAINLAND[-1] + np.timedelta64(40, "D")
    assert fixing_days(np.array([beyond]))[0] == beyond
    fixings = Fixings({"HKDCNY": [(MAINLAND[-1].item(), 0.9)]})
    assert np.isnan(fixings.to_pivot(HKD, np.array([beyond]))).all()


@laws(60)
@given(
    st.integers(6_000, len(HONG_KONG) - 60),
    st.lists(st.booleans(), min_size=60, max_size=60),
    st.integers(1, 59),
)
def test_both_ways_agree_and_later_fixings_change_nothing(
    first: int, kept: list[bool], cut: int
) -> None:
    days = HONG_KONG[first : first + 60]
    fixed = [
        (day.item(), 0.8 + at / 1000)
        for at, (day, keep) in enumerate(zip(days, kept, strict=True))
        if keep and day in MAINLAND
    ]
    fixings = Fixings({"HKDCNY": fixed})
    found = fixings.to_pivot(HKD, days)
    for day, value in zip(days, found, strict=True):
        if np.isfinite(value):
            assert fixings.rate(HKD, CNY, day.item()) == value
        else:
            with pytest.raises(DataError):
                fixings.rate(HKD, CNY, day.item())
    earlier = Fixings({"HKDCNY": [item for item in fixed if item[0] <= days[cut].item()]})
    np.testing.assert_array_equal(earlier.to_pivot(HKD, days[: cut + 1]), found[: cut + 1])
