"""Checks on fetched bars: each fault by hand, on a few sessions around a close of 10."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from screener.data.lake.batch import Reject
from screener.data.lake.rows import empty_rows, make_rows
from screener.data.lake.schema import TableName
from screener.data.validation.bar_checks import (
    ValidatedBars,
    ValidationContext,
    check_bars,
    check_calendar,
    check_factors,
    gaps,
)
from screener.data.validation.context import Bars
from screener.data.validation.jumps import validate_jumps
from screener.domain.listing import Exchange, Kind, Listing, parse_listing
from screener.market.calendars import calendar_of

FETCHED = datetime(2024, 3, 20, tzinfo=UTC)
# Monday to Friday, 4 to 15 March 2024: sessions in Shanghai and in Hong Kong.
DAYS = [date(2024, 3, day) for day in (4, 5, 6, 7, 8, 11, 12, 13, 14, 15)]
PAIR = parse_listing("600000.SH")
TENCENT = parse_listing("00700.HK")

Row = dict[str, Any]


def bar(place: int, close: float = 10.0, **values: Any) -> Row:
    """One session's bar: open, high and low at the close, amount to match."""
    row = {"open": close, "high": close, "low": close, "volume": 1e6, "amount": None}
    row.update({"session": DAYS[place], "close": close, **values})
    if row["amount"] is None and row["volume"] is not None:
        row["amount"] = row["volume"] * close
    return row


def table(rows: list[Row], *, listing: Listing = PAIR, source: str = "tencent") -> pa.Table:
    names = ("session", "open", "high", "low", "close", "volume", "amount")
    columns = {name: [row[name] for row in rows] for name in names}
    return make_rows(
        TableName.BARS,
        {**columns, "listing": listing.id, "basis": "raw"},
        source=source,
        fetched_at=FETCHED,
    )


def actions(place: int, *, listing: Listing = PAIR, **terms: float) -> pa.Table:
    columns = {name: [value] for name, value in terms.items()}
    return make_rows(
        TableName.ACTIONS,
        {"listing": [listing.id], "ex_session": [DAYS[place]], **columns},
        source="cninfo",
        fetched_at=FETCHED,
    )


def context(listing: Listing = PAIR, **changes: Any) -> ValidationContext:
    known = ValidationContext(
        listing=listing,
        calendar=calendar_of(listing.exchange),
        today=DAYS[-1],
        stored=empty_rows(TableName.BARS),
        actions=empty_rows(TableName.ACTIONS),
        list_date=date(1999, 11, 10),
        st=((date.min, False),),
        suspended=frozenset(),
    )
    return replace(known, **changes)


def check(rows: list[Row], known: ValidationContext | None = None, **origin: Any) -> ValidatedBars:
    known = known or context()
    return check_bars(table(rows, listing=known.listing, **origin), known)


def reasons(notes: tuple[Reject, ...]) -> list[str]:
    return [note.reason for note in notes]


def sessions(checked: ValidatedBars) -> list[date]:
    return list(checked.rows["session"].to_pylist())


# One row at a time


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"close": None}, "close is missing"),
        ({"open": float("nan")}, "open is missing"),
        ({"high": float("inf")}, "high is missing"),
        ({"session": None}, "session is missing"),
        ({"session": date(2024, 3, 9)}, "not a session of SH (calendar XSHG)"),
        ({"low": 0.0}, "low is not positive"),
        ({"high": 9.9, "low": 10.1}, "high is below low"),
        ({"open": 9.98}, "open is outside low and high"),
        ({"volume": -1.0}, "volume is negative"),
        ({"amount": -1.0}, "amount is negative"),
    ],
)
def test_a_row_that_cannot_be_is_rejected(changes: Row, reason: str) -> None:
    wrong = {**bar(1), **changes}
    checked = check([bar(0), wrong, bar(2)])
    assert reasons(checked.rejects) == [reason]
    assert sessions(checked) == [DAYS[0], DAYS[2]]
    (note,) = checked.rejects
    day = wrong["session"]
    assert (note.table, note.file) == (TableName.BARS, "tencent 600000.SH")
    assert note.line == (int(f"{day:%Y%m%d}") if day else 0)
    assert json.loads(note.row)["source"] == "tencent"


def test_rows_of_another_listing_or_basis_are_rejected() -> None:
    other = table([bar(0)], listing=TENCENT)
    adjusted = table([bar(1)])
    place = adjusted.column_names.index("basis")
    adjusted = adjusted.set_column(place, "basis", pa.array(["adjusted"]))
    checked = check_bars(pa.concat_tables([other, adjusted]), context())
    assert reasons(checked.rejects) == ["row is not of 600000.SH", "prices are not raw"]


def test_sessions_that_are_not_finished_are_left_out_with_a_remark() -> None:
    checked = check([bar(0), bar(1), bar(2)], context(today=DAYS[1]))
    assert sessions(checked) == DAYS[:2]
    assert (checked.rejects, checked.doubts) == ((), ())
    assert checked.remarks == ("600000.SH: 1 sessions after 2024-03-05 left out, not finished yet",)


def test_exact_repeats_are_taken_once() -> None:
    checked = check([bar(0), bar(1), bar(0)])
    assert sessions(checked) == DAYS[:2]
    assert checked.rejects == ()
    assert checked.remarks == ("600000.SH: 1 rows repeat another exactly and were taken once",)


def test_conflicting_rows_are_both_rejected_under_keys_of_their_own() -> None:
    checked = check([bar(0), bar(1), bar(1, 10.01)])
    assert sessions(checked) == DAYS[:1]
    text = "the session comes more than once with different values"
    assert reasons(checked.rejects) == [text, text]
    assert [note.file for note in checked.rejects] == [
        "tencent 600000.SH",
        "tencent 600000.SH #2",
    ]
    assert {note.line for note in checked.rejects} == {20240305}


def test_no_rows_pass() -> None:
    checked = check([])
    assert (checked.rows.num_rows, checked.rejects, checked.remarks) == (0, (), ())


@pytest.mark.parametrize(
    ("row", "doubted"),
    [
        (bar(1, high=10.2, low=9.8, amount=9.71e6), False),  # within 1 % of low
        (bar(1, high=10.2, low=9.8, amount=9.69e6), True),
        (bar(1, high=10.2, low=9.8, amount=10.29e6), False),
        (bar(1, high=10.2, low=9.8, amount=10.31e6), True),
        (bar(1, volume=1e4, amount=1e7), True),  # hands for shares
        (bar(1, volume=100.0, amount=700.0), False),  # half a hand is half of it
        (bar(1, volume=0.0, amount=5e4), True),
        (bar(1, volume=None), False),
    ],
)
def test_amount_must_fit_volume_and_prices(row: Row, doubted: bool) -> None:
    checked = check([bar(0), row])
    assert sessions(checked) == DAYS[:2]
    assert len(checked.doubts) == doubted
    assert all(text.startswith("kept: amount") for text in reasons(checked.doubts))


def test_hong_kong_s_amount_is_held_to_the_unit_alone() -> None:
    known = context(TENCENT)
    assert check([bar(0), bar(1, amount=6e6)], known).doubts == ()
    (text,) = reasons(check([bar(0), bar(1, amount=4e6)], known).doubts)
    assert text == "kept: amount 4000000 for volume 1000000 is not within low 10 and high 10"


def test_an_index_has_no_price_per_share() -> None:
    index = parse_listing("000300.SH", kind=Kind.INDEX)
    assert check([bar(0, 3500.0), bar(1, 5500.0, amount=1.0)], context(index)).doubts == ()


def test_trading_on_a_suspended_session_is_doubted() -> None:
    known = context(suspended=frozenset({DAYS[1]}))
    checked = check([bar(0), bar(1), bar(2)], known)
    assert len(sessions(checked)) == 3
    assert reasons(checked.doubts) == ["kept: volume 1000000 on a session recorded as suspended"]
    assert check([bar(0), bar(1, volume=0.0, amount=0.0), bar(2)], known).doubts == ()


# Against what is stored


def stored(rows: list[Row], source: str, listing: Listing = PAIR) -> ValidationContext:
    return context(listing, stored=table(rows, source=source, listing=listing))


def test_another_source_s_price_stays() -> None:
    checked = check([bar(0), bar(1, 10.02), bar(2)], stored([bar(1, 10.2)], "sina"))
    assert reasons(checked.rejects) == ["tencent says close 10.02, stored from sina 10.2"]
    assert sessions(checked) == [DAYS[0], DAYS[2]]


@pytest.mark.parametrize(
    ("volume", "agrees"), [(1.009e6, True), (1.011e6, False), (None, True), (0.98e6, False)]
)
def test_sources_agree_on_the_volume_within_one_per_cent(
    volume: float | None, agrees: bool
) -> None:
    checked = check([bar(0), bar(1, volume=volume)], stored([bar(1)], "sina"))
    assert (checked.rejects == ()) is agrees
    if not agrees:
        assert reasons(checked.rejects)[0].startswith("tencent says volume")


def test_hands_of_a_small_volume_are_no_difference() -> None:
    known = stored([bar(1, volume=1234.0)], "sina")
    assert check([bar(0), bar(1, volume=1200.0, amount=12340.0)], known).rejects == ()


def test_half_a_tick_is_the_tolerance_of_prices() -> None:
    assert check([bar(1, 10.004)], stored([bar(1)], "sina")).rejects == ()
    assert len(check([bar(1, 10.006)], stored([bar(1)], "sina")).rejects) == 1
    hong_kong = stored([bar(1, 0.203)], "sina", TENCENT)
    assert check([bar(1, 0.2034)], hong_kong).rejects == ()
    assert len(check([bar(1, 0.204)], hong_kong).rejects) == 1


def test_the_same_source_may_correct_itself() -> None:
    known = stored([bar(0), bar(1, 10.2)], "tencent")
    checked = check([bar(0), bar(1, 10.02), bar(2)], known)
    assert (checked.rejects, checked.doubts) == ((), ())
    assert sessions(checked) == DAYS[:3]
    assert checked.remarks == (
        "600000.SH: tencent corrected 1 sessions, first 2024-03-05: close 10.02, was 10.2",
    )


def test_adjusted_rows_are_not_compared() -> None:
    old = table([bar(1, 99.0)], source="file.csv")
    place = old.column_names.index("basis")
    known = context(stored=old.set_column(place, "basis", pa.array(["adjusted"])))
    assert check([bar(0), bar(1)], known).rejects == ()


# Against the limit: 10 % of 10.00 is 9.00 to 11.00, and a tick more passes


def test_a_spike_that_is_back_is_a_bad_tick() -> None:
    checked = check([bar(0), bar(1, 15.0), bar(2, 10.1), bar(3, 10.2)])
    assert sessions(checked) == [DAYS[0], DAYS[2], DAYS[3]]
    assert reasons(checked.rejects) == [
        "bad tick: close 15 is beyond the limit of ±10% around 10, "
        "and the next close is back at 10.1"
    ]
    assert checked.doubts == ()


@pytest.mark.parametrize("close", [11.01, 8.99, 11.0, 9.0])
def test_a_limit_and_a_tick_pass(close: float) -> None:
    checked = check([bar(0), bar(1, close), bar(2, close)])
    assert (checked.rejects, checked.doubts) == ((), ())


def test_what_the_next_close_can_be_reached_from_is_kept() -> None:
    # 11.20 is beyond 11.01, but 10.90 lies within 10 % of both: the reference may be what is wrong
    checked = check([bar(0), bar(1, 11.2), bar(2, 10.9)])
    assert checked.rejects == ()
    assert reasons(checked.doubts) == [
        "kept: close 11.2 is beyond the limit of ±10% around 10: unexplained"
    ]


def test_the_last_row_is_kept_until_the_next_is_there() -> None:
    rows = [bar(0), bar(1, 15.0)]
    assert sessions(check(rows)) == DAYS[:2]
    assert len(check(rows).doubts) == 1
    assert len(check([*rows, bar(2)]).rejects) == 1


@pytest.mark.parametrize(
    ("close", "opened", "cause"),
    [
        (7.2, 7.1, "missed split 1.4×"),
        (6.9, 6.9, "missed split 1.45×"),  # the open fits 10 for 4.5 closely
        (5.1, 5.0, "missed split 2×"),
        (0.1, 0.1, "unit error, 100×"),
        (1000.0, 1000.0, "unit error, 100×"),
        (20.0, 20.5, "missed reverse split 2×"),
        (8.5, 9.5, "unexplained"),
    ],
)
def test_a_lasting_jump_is_kept_with_its_likely_cause(
    close: float, opened: float, cause: str
) -> None:
    jumped = bar(1, close, open=opened, high=max(close, opened), low=min(close, opened))
    checked = check([bar(0), {**jumped, "amount": None}, bar(2, close), bar(3, close)])
    assert checked.rejects == ()
    assert [text.rpartition(": ")[2] for text in reasons(checked.doubts)] == [cause]
    assert checked.doubts[0].session == DAYS[1]
    assert checked.rows.num_rows == 4


def test_a_wick_that_no_reference_allows_is_a_bad_tick() -> None:
    checked = check([bar(0), bar(1, high=15.0)])
    assert reasons(checked.rejects) == [
        "bad tick: high 15 is beyond the limit of ±10% around 10, "
        "and no reference allows a high of 15 with a low of 10"
    ]


def test_a_wick_that_another_reference_allows_is_kept() -> None:
    # a cash dividend of 0.30 that nobody recorded: the true lower limit is 8.73
    checked = check([bar(0), bar(1, 9.2, low=8.73), bar(2, 9.3)])
    assert checked.rejects == ()
    assert reasons(checked.doubts)[0].startswith("kept: low 8.73 is beyond the limit of ±10%")


def test_the_reference_is_corrected_on_an_ex_date() -> None:
    rows = [bar(0), bar(1, 6.5), bar(2, 6.6)]  # 10 new shares for 10 and 0.20 in cash: 4.90
    told = context(actions=actions(1, bonus=0.5, cash=0.2))  # 6.53
    assert len(check(rows).doubts) == 1
    checked = check(rows, told)
    assert (checked.rejects, checked.doubts) == ((), ())


def test_actions_told_twice_count_once() -> None:
    twice = pa.concat_tables([actions(1, bonus=0.5), actions(1, bonus=0.5, rights=0.0)])
    assert check([bar(0), bar(1, 6.7)], context(actions=twice)).doubts == ()


def test_a_bad_tick_before_an_ex_date_is_found() -> None:
    known = context(actions=actions(2, bonus=1.0))
    checked = check([bar(0), bar(1, 15.0), bar(2, 5.1)], known)
    assert len(checked.rejects) == 1
    assert sessions(checked) == [DAYS[0], DAYS[2]]


def test_the_stored_row_before_the_first_is_its_reference() -> None:
    known = stored([bar(0)], "tencent")
    assert check([bar(1)], known).doubts == ()
    assert len(check([bar(1, 15.0)], known).doubts) == 1
    assert check([bar(1, 15.0)]).doubts == ()


def test_a_gap_gives_no_verdict() -> None:
    assert check([bar(0), bar(2, 15.0), bar(3)]).doubts[0].session == DAYS[3]
    halted = bar(1, volume=0.0, amount=0.0)
    checked = check([bar(0), halted, bar(2, 15.0)])
    assert (checked.rejects, checked.doubts) == ((), ())


def test_special_treatment_narrows_the_limit() -> None:
    rows = [bar(0), bar(1, 10.7), bar(2, 10.7)]
    assert check(rows, context(st=())).doubts == ()
    assert len(check(rows, context(st=((date.min, True),))).doubts) == 1
    since = ((date(2020, 1, 1), False), (DAYS[1], True))
    assert len(check(rows, context(st=since)).doubts) == 1
    assert check(rows, context(st=((DAYS[2], True),))).doubts == ()


def test_boards_have_their_own_limits() -> None:
    rows = [bar(0), bar(1, 11.9), bar(2, 11.9)]
    star = context(parse_listing("688256.SH"), list_date=date(2020, 7, 20))
    assert check(rows, star).doubts == ()
    beyond = [bar(0), bar(1, 12.1), bar(2, 12.1)]
    assert len(check(beyond, star).doubts) == 1


def test_a_rule_that_is_not_verified_never_rejects() -> None:
    checked = check([bar(0), bar(1, 15.0), bar(2)], context(parse_listing("510300.SH")))
    assert checked.rejects == ()
    assert "and the next close is back at 10" in reasons(checked.doubts)[0]


@pytest.mark.parametrize(("list_date", "found"), [(DAYS[0], 0), (date(2024, 2, 26), 1)])
def test_a_new_listing_has_free_sessions(list_date: date, found: int) -> None:
    # five on the main board since 2023: 26 February to 1 March are the five of the second case
    checked = check([bar(0), bar(1, 15.0), bar(2)], context(list_date=list_date))
    assert len(checked.rejects) == found


def test_an_unknown_listing_date_frees_the_first_sessions_ever_seen() -> None:
    spike = [bar(0), bar(1, 15.0), bar(2)]
    assert check(spike, context(list_date=None)).rejects == ()
    old = context(list_date=None, stored=table([bar(0)], source="tencent"))
    assert len(check(spike[1:], old).rejects) == 1
    late = [bar(0), bar(1), bar(2), bar(3), bar(4), bar(5), bar(6, 15.0), bar(7)]
    assert len(check(late, context(list_date=None)).rejects) == 1


@pytest.mark.parametrize(
    ("closes", "cause"),
    [
        ((14.0, 14.0), None),
        ((15.7, 22.0), None),  # a real move looks like no split
        ((16.0, 10.5), "the next close is back at 10.5"),
        ((2.0, 2.1), "missed split 5×"),
        ((100.0, 101.0), "missed reverse split 10×"),  # ten into one is common there
        ((46.0, 45.0), "missed reverse split 5×"),  # the share lost 8 % on the day
        ((1000.0, 1010.0), "unit error, 100×"),
        ((27.0, 27.0), "unexplained"),
        ((24.5, 24.0), None),
    ],
)
def test_hong_kong_has_no_limit(closes: tuple[float, float], cause: str | None) -> None:
    opened = {"open": 13.0, "low": 13.0} if closes[0] == 15.7 else {}
    rows = [bar(0), bar(1, closes[0], **opened), bar(2, closes[1])]
    checked = check(rows, context(TENCENT))
    assert checked.rejects == ()
    assert [text.rpartition(": ")[2] for text in reasons(checked.doubts)] == [
        *([cause] if cause else [])
    ]


@pytest.mark.parametrize(("close", "rejected"), [(49.0, 0), (51.0, 1), (1000.0, 1), (1.9, 1)])
def test_a_row_five_times_its_neighbours_is_a_bad_tick_without_a_limit(
    close: float, rejected: int
) -> None:
    checked = check([bar(0), bar(1, close), bar(2, 10.4), bar(3, 10.4)], context(TENCENT))
    assert len(checked.rejects) == rejected
    assert len(checked.doubts) == 1 - rejected
    assert all(text.startswith("bad tick: close") for text in reasons(checked.rejects))


def test_without_a_limit_the_last_trade_is_the_reference_and_ex_dates_since_count() -> None:
    quiet = bar(1, volume=0.0, amount=0.0)
    rows = [bar(0), quiet, bar(2, 50.0), bar(3, 50.0)]
    (text,) = reasons(check(rows, context(TENCENT)).doubts)
    assert text.endswith("moved +400% from 10: missed reverse split 5×")
    told = context(TENCENT, actions=actions(1, listing=TENCENT, split=0.2))
    assert check(rows, told).doubts == ()


def test_an_action_that_the_move_denies_is_named_as_the_cause() -> None:
    upside_down = context(TENCENT, actions=actions(1, listing=TENCENT, split=5.0))
    (text,) = reasons(check([bar(0), bar(1, 50.0), bar(2, 50.0)], upside_down).doubts)
    assert text == (
        "kept: close 50 moved +2400% from 2: the action or factor of that day says otherwise"
    )
    doubled = context(actions=actions(1, bonus=1.0))
    (text,) = reasons(check([bar(0), bar(1), bar(2)], doubled).doubts)
    assert text.endswith("around 5: the action or factor of that day says otherwise")


@pytest.mark.parametrize("listing", [PAIR, TENCENT])
def test_closes_alone_are_judged_too(listing: Listing) -> None:
    # The checks of a source refuse such rows; those of a file may bring them.
    nan = float("nan")
    closes = [10.0, 10.0, 2.0, 2.0]
    rows = table([bar(at, close) for at, close in enumerate(closes)], listing=listing)
    whole = Bars.of(rows)
    alone = replace(whole, **{name: np.full(4, nan) for name in ("open", "high", "low")})
    jumps = validate_jumps(alone, np.ones(4, dtype=np.bool_), context(listing))
    assert list(jumps.doubted) == [2]
    assert jumps.rejected == {}
    assert jumps.doubted[2].endswith("missed split 5×")


def test_several_doubts_of_a_row_make_one_note() -> None:
    known = context(suspended=frozenset({DAYS[1]}))
    checked = check([bar(0), bar(1, 15.0, amount=1e6), bar(2, 15.0)], known)
    (text,) = reasons(checked.doubts)
    assert text.startswith("kept: amount")
    assert text.count("; ") == 2


# Series


def test_gaps_are_what_no_suspension_explains() -> None:
    rows = table([bar(0), bar(3), bar(5)])
    calendar = calendar_of(Exchange.SH)
    found = gaps(rows, calendar, DAYS[0], DAYS[-1], frozenset({DAYS[1]}))
    assert found == (DAYS[2], DAYS[4])
    assert gaps(rows, calendar, DAYS[1], DAYS[-1], frozenset()) == (DAYS[4],)
    assert gaps(rows, calendar, DAYS[6], DAYS[-1], frozenset()) == ()


def factors(steps: list[tuple[date, float]], source: str = "sina") -> pa.Table:
    return make_rows(
        TableName.FACTORS,
        {
            "listing": [PAIR.id] * len(steps),
            "ex_session": [day for day, _ in steps],
            "factor": [value for _, value in steps],
        },
        source=source,
        fetched_at=FETCHED,
    )


BASE = (date(1990, 1, 1), 1.0)


def compare(ours: pa.Table, vendor: pa.Table, **known: Any) -> tuple[Reject, ...]:
    return check_factors(ours, vendor, listing=PAIR, start=DAYS[0], end=DAYS[-1], **known)


def test_equal_steps_pass_whatever_their_base() -> None:
    ours = factors([(date(2020, 6, 1), 2.0), (DAYS[1], 2.1), (DAYS[5], 2.52)])
    vendor = factors([(date(2020, 6, 1), 50.0), (DAYS[1], 52.55), (DAYS[5], 63.06)])
    assert compare(ours, vendor) == ()


@pytest.mark.parametrize(
    ("ours", "vendor", "reason"),
    [
        ([(DAYS[1], 1.05)], [BASE, (DAYS[1], 1.06)], "our step is 1.05, that of sina 1.06"),
        ([(DAYS[1], 1.05)], [BASE], "an action makes a step of 1.05, and sina has none"),
        ([], [BASE, (DAYS[1], 1.05)], "sina has a step of 1.05, and no action is recorded"),
        ([], [(DAYS[1], 1.05)], "sina has a step, and no action is recorded"),
    ],
)
def test_other_steps_are_doubts(
    ours: list[tuple[date, float]], vendor: list[tuple[date, float]], reason: str
) -> None:
    (note,) = compare(factors(ours, "own"), factors(vendor))
    assert note.reason == f"kept: {reason}"
    assert (note.table, note.file) == (TableName.FACTORS, "sina 600000.SH")
    assert (note.line, note.session) == (20240305, DAYS[1])


def test_steps_that_are_none_and_steps_outside_pass() -> None:
    outside = [(date(2024, 3, 1), 1.3), (date(2024, 3, 18), 1.5)]
    assert compare(factors([]), factors([BASE, *outside])) == ()
    assert compare(factors([]), factors([BASE, (DAYS[1], 1.0), (DAYS[2], 1.0)])) == ()
    assert compare(factors([(DAYS[1], 1.0015)]), factors([BASE])) == ()


@pytest.mark.parametrize(("close", "found"), [(2.0, 0), (20.0, 1)])
def test_a_tick_at_the_previous_close_is_the_tolerance(close: float, found: int) -> None:
    ours, vendor = factors([(DAYS[1], 1.05)]), factors([BASE, (DAYS[1], 1.053)])
    assert len(compare(ours, vendor, closes=table([bar(0, close)]))) == found


def test_a_vendor_without_rows_has_no_step() -> None:
    (note,) = compare(factors([(DAYS[1], 1.05)]), factors([]))
    assert note.file == "vendor 600000.SH"


def calendar_rows(days: list[date]) -> pa.Table:
    return make_rows(
        TableName.CALENDAR,
        {"exchange": ["SH"] * len(days), "session": days},
        source="sina",
        fetched_at=FETCHED,
    )


@pytest.mark.parametrize(
    ("days", "remarks"),
    [
        (DAYS, ()),
        (
            [*DAYS[:5], date(2024, 3, 9), *DAYS[5:]],
            ("SH: sina has 1 sessions that calendar XSHG has not: 2024-03-09",),
        ),
        (
            [DAYS[0], DAYS[9]],
            (
                "SH: calendar XSHG has 8 sessions that sina has not: 2024-03-05, 2024-03-06, "
                "2024-03-07, 2024-03-08, 2024-03-11 and 3 more",
            ),
        ),
        ([], ()),
    ],
)
def test_calendars_are_compared(days: list[date], remarks: tuple[str, ...]) -> None:
    fetched = calendar_rows(days)
    assert check_calendar(fetched, calendar_of(Exchange.SH), Exchange.SH) == remarks
    assert check_calendar(fetched, calendar_of(Exchange.HK), Exchange.HK) == ()


def test_sessions_past_the_recorded_end_are_not_compared() -> None:
    calendar = calendar_of(Exchange.SH)
    days = [*calendar.sessions[-3:].tolist(), date(2049, 1, 4)]
    assert check_calendar(calendar_rows(days), calendar, Exchange.SH) == ()
