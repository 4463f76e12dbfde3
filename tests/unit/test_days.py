"""Days and times as people write them."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest

from screener.domain.days import SHANGHAI, parse_day, parse_moment
from screener.errors import DateRangeError

DAY = date(2026, 5, 7)


@pytest.mark.parametrize(
    "text",
    [
        "2026-05-07",
        "20260507",
        "2026/5/7",
        "2026/05/07",
        "2026.5.7",
        "2026年5月7日",
        " 2026-05-07 ",
    ],
)
def test_every_form_of_a_day(text: str) -> None:
    assert parse_day(text, parameter="--at") == DAY
    assert parse_moment(text, parameter="--at") == DAY


@pytest.mark.parametrize(
    "text", ["", "May", "2026-05", "2026051", "2026-0507", "2026-05/07", "2026-02-30", "26-05-07"]
)
def test_what_is_no_day_is_told(text: str) -> None:
    with pytest.raises(DateRangeError, match=f"--at {text!r} is not a date") as told:
        parse_day(text, parameter="--at")
    assert "2026-05-27" in told.value.fix


def test_times_have_a_zone() -> None:
    found = parse_moment("2026-05-07 19:48", parameter="--date")
    assert found == datetime(2026, 5, 7, 19, 48, tzinfo=SHANGHAI)
    assert found.utcoffset() == timedelta(hours=8)  # type: ignore[attr-defined]
    assert parse_moment("2026-05-07T11:48+00:00", parameter="--date") == found
    assert parse_day(found, parameter="--date") == DAY
    with pytest.raises(DateRangeError, match="--date '2026-05-07T25:00'"):
        parse_moment("2026-05-07T25:00", parameter="--date")
