from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from screener.domain.listing import Exchange
from screener.domain.report import Precision, Publication
from screener.errors import DateRangeError
from screener.market.calendars import calendar_of
from screener.paths.known import entry_choices, entry_session, known_at

CN = timezone(timedelta(hours=8))
SH, HK = Exchange.SH, Exchange.HK


def entry(moment: date | datetime, exchange: Exchange = SH, delay: int = 0) -> date:
    return entry_session(moment, exchange, calendar_of(exchange), delay=delay)


@pytest.mark.parametrize(
    ("moment", "exchange", "expected"),
    [
        (datetime(2026, 5, 14, 19, 48, tzinfo=CN), SH, date(2026, 5, 15)),  # after the close
        (datetime(2026, 5, 14, 9, 14, 59, tzinfo=CN), SH, date(2026, 5, 14)),
        (datetime(2026, 5, 14, 9, 15, tzinfo=CN), SH, date(2026, 5, 15)),  # at the cut-off: late
        (datetime(2026, 5, 14, 9, 5, tzinfo=CN), HK, date(2026, 5, 15)),  # Hong Kong's is earlier
        (datetime(2026, 5, 14, 8, 59, tzinfo=CN), HK, date(2026, 5, 14)),
        (datetime(2026, 5, 14, 1, 0, tzinfo=UTC), SH, date(2026, 5, 14)),  # 09:00 in Shanghai
        (date(2026, 5, 14), SH, date(2026, 5, 15)),  # a day only: after its close
        (date(2026, 3, 8), SH, date(2026, 3, 9)),  # a Sunday moves forward
        (date(2026, 4, 3), HK, date(2026, 4, 8)),  # Easter and Ching Ming in Hong Kong
        (date(2026, 4, 3), SH, date(2026, 4, 7)),  # only Ching Ming on the mainland
        (datetime(2026, 5, 16, 8, 0, tzinfo=CN), SH, date(2026, 5, 18)),  # a Saturday morning
    ],
)
def test_entry_is_the_first_session_whose_cutoff_comes_after(
    moment: date | datetime, exchange: Exchange, expected: date
) -> None:
    assert entry(moment, exchange) == expected


def test_delay_waits_further_sessions() -> None:
    assert entry(date(2026, 5, 14), delay=2) == date(2026, 5, 19)


def test_entry_past_the_recorded_calendar_is_an_error() -> None:
    with pytest.raises(DateRangeError, match="outside the sessions"):
        entry(date(2026, 12, 31))
    with pytest.raises(DateRangeError, match="outside the sessions"):
        entry(date(2026, 12, 30), delay=1)


def test_received_later_counts() -> None:
    published = Publication(
        value=date(2026, 5, 14),
        precision=Precision.DAY,
        received_at=datetime(2026, 5, 18, 10, 0, tzinfo=CN),
    )
    assert known_at(published) == datetime(2026, 5, 18, 10, 0, tzinfo=CN)
    assert entry_choices(published, [SH], calendar_of) == (((SH, date(2026, 5, 19)),),)


def test_estimate_allows_every_session_of_its_range() -> None:
    published = Publication(
        value=date(2026, 4, 20),
        precision=Precision.ESTIMATED,
        range_start=date(2026, 4, 15),
        range_end=date(2026, 4, 30),
        evidence="cites nothing later",
    )
    choices = entry_choices(published, [SH], calendar_of)
    days = [day for ((_, day),) in choices]
    assert days[0] == date(2026, 4, 21)
    # by hand: sessions from 04-16 to 04-30, then 05-06 after Labour Day
    expected = {date(2026, 4, day) for day in (16, 17, 20, 21, 22, 23, 24, 27, 28, 29, 30)}
    assert set(days) == expected | {date(2026, 5, 6)}
    assert len(days) == len(set(days))


def test_estimate_from_before_the_open_allows_the_same_day() -> None:
    published = Publication(
        value=date(2026, 4, 29),
        precision=Precision.ESTIMATED,
        range_start=datetime(2026, 4, 29, 0, 0, tzinfo=CN),
        range_end=date(2026, 4, 29),
        evidence="a morning note",
    )
    days = [day for ((_, day),) in entry_choices(published, [SH], calendar_of)]
    assert days == [date(2026, 4, 30), date(2026, 4, 29)]


def test_range_in_another_zone_is_read_in_the_exchanges_own() -> None:
    published = Publication(
        value=datetime(2026, 4, 29, 8, 0, tzinfo=CN),
        precision=Precision.ESTIMATED,
        range_start=datetime(2026, 4, 28, 16, 0, tzinfo=CN),
        range_end=datetime(2026, 4, 29, 22, 0, tzinfo=timezone(timedelta(hours=-5))),
        evidence="by its contents",
    )
    days = {day for ((_, day),) in entry_choices(published, [SH], calendar_of)}
    assert days == {date(2026, 4, 29), date(2026, 4, 30), date(2026, 5, 6)}


def test_two_exchanges_may_enter_on_two_dates() -> None:
    published = Publication(value=date(2026, 4, 3), precision=Precision.DAY)
    assert entry_choices(published, [HK, SH], calendar_of) == (
        ((HK, date(2026, 4, 8)), (SH, date(2026, 4, 7))),
    )
