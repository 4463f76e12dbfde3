"""What an update still has to ask, and when a session is over."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from screener.data.sources.online.transport.protocol import Need
from screener.data.update.planning import (
    FRESH,
    OVERLAP,
    Fetched,
    Span,
    listing_needs,
    open_span,
    widened,
)
from screener.domain.listing import Exchange, Kind, parse_listing
from screener.errors import DateRangeError
from screener.market.calendars import calendar_of
from screener.market.session_hours import settled_session
from screener.screen.fields import FIELDS
from screener.workflows.data.fetching import FETCHED, update_command
from tests.support.laws import laws

SHANGHAI = calendar_of(Exchange.SH)
NOW = datetime(2026, 5, 28, 9, tzinfo=UTC)
WANTED = Span(start=date(2016, 5, 1), end=date(2026, 5, 28))


def fetched(to: date, *, last: date | None = None, age: timedelta = timedelta(days=1)) -> Fetched:
    return Fetched(asked_from=date(2016, 5, 1), asked_to=to, last=last or to, fetched_at=NOW - age)


def asked(known: Fetched | None, *, daily: bool = True, wanted: Span = WANTED) -> Span | None:
    return open_span(wanted, known, SHANGHAI, NOW, daily=daily)


def test_everything_is_asked_when_nothing_was_answered() -> None:
    assert asked(None) == WANTED


def test_the_last_sessions_are_asked_again() -> None:
    # 2026-05-20 and the four sessions before it: 19, 18, 15, 14 May (16 and 17 are a weekend)
    assert asked(fetched(date(2026, 5, 20))) == Span(start=date(2026, 5, 14), end=WANTED.end)


def test_an_answer_that_stopped_early_is_continued_from_where_it_stopped() -> None:
    known = fetched(date(2026, 5, 27), last=date(2026, 5, 20))
    assert asked(known) == Span(start=date(2026, 5, 14), end=WANTED.end)


def test_what_reaches_the_end_is_not_asked_again() -> None:
    assert asked(fetched(date(2026, 5, 28), age=timedelta(days=3))) is None


def test_a_late_vendor_is_asked_again_after_some_hours() -> None:
    known = fetched(date(2026, 5, 28), last=date(2026, 5, 27), age=FRESH - timedelta(minutes=1))
    assert asked(known) is None
    known = fetched(date(2026, 5, 28), last=date(2026, 5, 27), age=FRESH)
    assert asked(known) == Span(start=date(2026, 5, 21), end=date(2026, 5, 28))


def test_longer_history_is_asked_whole() -> None:
    wanted = Span(start=date(2010, 1, 1), end=WANTED.end)
    assert asked(fetched(date(2026, 5, 28)), wanted=wanted) == wanted


def test_older_history_reaches_up_to_what_is_known() -> None:
    wanted = Span(start=date(2010, 1, 1), end=date(2011, 1, 1))
    span = asked(fetched(date(2026, 5, 28)), wanted=wanted)
    assert span == Span(start=date(2010, 1, 1), end=date(2016, 5, 1))
    assert widened(fetched(date(2026, 5, 28)), span) == Span(
        start=date(2010, 1, 1), end=date(2026, 5, 28)
    )


def test_later_history_begins_where_the_known_one_ends() -> None:
    wanted = Span(start=date(2026, 5, 25), end=WANTED.end)
    assert asked(fetched(date(2026, 5, 20)), wanted=wanted) == Span(
        start=date(2026, 5, 14), end=WANTED.end
    )


def test_a_clock_that_was_ahead_stops_nothing() -> None:
    known = fetched(date(2026, 9, 1), last=date(2026, 5, 20), age=-timedelta(days=90))
    assert asked(known) == Span(start=date(2026, 5, 14), end=WANTED.end)
    assert asked(known, daily=False) == WANTED
    known = fetched(date(2026, 9, 1), last=date(2026, 6, 1), age=-timedelta(days=40))
    assert asked(known) is None


def test_answers_that_are_no_daily_rows_are_asked_whole() -> None:
    assert asked(fetched(date(2026, 5, 27)), daily=False) == WANTED
    assert asked(fetched(date(2026, 5, 28)), daily=False) is None


def test_answers_that_seldom_change_wait() -> None:
    known = fetched(date(2026, 5, 20), age=timedelta(days=8))
    for refresh, expected in ((timedelta(days=30), None), (timedelta(days=7), WANTED)):
        span = open_span(WANTED, known, SHANGHAI, NOW, daily=False, refresh=refresh)
        assert span == expected


@laws(100)
@given(
    st.dates(date(2016, 5, 1), date(2026, 5, 28)),
    st.dates(date(2016, 5, 1), date(2026, 5, 28)),
    st.dates(date(2016, 5, 1), date(2026, 5, 28)),
)
def test_no_session_is_ever_left_out(to: date, last: date, end: date) -> None:
    known = fetched(to, last=min(to, last))
    wanted = Span(start=date(2016, 5, 1), end=end)
    span = asked(known, wanted=wanted)
    if span is None:
        assert end <= to
        return
    assert span.end == end
    answered = SHANGHAI.between(known.asked_from, known.last or known.asked_to)
    again = [day.item() for day in answered if day.item() >= span.start]
    assert len(again) <= OVERLAP or span.start == wanted.start
    assert span.start <= (known.last or end)
    after = widened(known, span)
    assert after.start == known.asked_from
    assert after.end == max(to, end)


def test_answers_that_do_not_touch_are_not_joined() -> None:
    span = Span(start=date(2026, 5, 27), end=date(2026, 5, 28))
    assert widened(fetched(date(2026, 5, 20)), span) == span


def test_needs_of_a_listing() -> None:
    assert listing_needs(parse_listing("000300.SH", kind=Kind.INDEX)) == (Need.INDEX_BARS,)
    mainland = listing_needs(parse_listing("300857.SZ"))
    assert mainland.index(Need.ACTIONS) < mainland.index(Need.BARS)
    assert Need.PROFILE in listing_needs(parse_listing("00700.HK"))
    assert Need.RIGHTS not in listing_needs(parse_listing("00700.HK"))


@pytest.mark.parametrize(
    ("exchange", "local", "expected"),
    [
        (Exchange.SH, "2026-05-28T14:59:59", date(2026, 5, 27)),
        (Exchange.SH, "2026-05-28T15:00:00", date(2026, 5, 28)),
        (Exchange.SZ, "2026-05-30T12:00:00", date(2026, 5, 29)),  # a Saturday
        (Exchange.HK, "2026-05-28T16:09:59", date(2026, 5, 27)),
        (Exchange.HK, "2026-05-28T16:10:00", date(2026, 5, 28)),
        (Exchange.HK, "2026-05-25T18:00:00", date(2026, 5, 22)),  # the Buddha's birthday
        (Exchange.SH, "2026-05-25T18:00:00", date(2026, 5, 25)),
    ],
)
def test_a_session_counts_once_it_is_over(exchange: Exchange, local: str, expected: date) -> None:
    now = datetime.fromisoformat(f"{local}+08:00")
    assert settled_session(exchange, now, calendar_of(exchange)) == expected


def test_vendors_are_given_some_time() -> None:
    now = datetime.fromisoformat("2026-05-28T15:30:00+08:00")
    margin = timedelta(minutes=45)
    assert settled_session(Exchange.SH, now, SHANGHAI, margin=margin) == date(2026, 5, 27)


def test_past_the_calendar_is_an_error() -> None:
    with pytest.raises(DateRangeError, match="past 2026-12-31") as caught:
        settled_session(Exchange.SH, datetime(2027, 1, 4, 12, tzinfo=UTC), SHANGHAI)
    assert "pip install" in caught.value.fix


def test_what_a_table_lacks_is_asked_of_needs_that_there_are() -> None:
    for table, needs in FETCHED.items():
        for need in needs.split(","):
            assert need in set(Need), table
    fields = {name for field in FIELDS.values() for name in field.tables} - {"cards"}
    assert fields <= set(FETCHED)
    assert update_command("names") == "screener data update --only master,renames"
