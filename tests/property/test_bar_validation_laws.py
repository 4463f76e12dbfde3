"""Laws of the checks on fetched bars: nothing is lost or changed, order is nothing, no look-ahead.

Whether a jump is a bad tick shows on the next session alone, so of the rows that a prefix holds
only the last one's verdict may change when later sessions come.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from screener.data.lake.rows import empty_rows, make_rows
from screener.data.lake.schema import TABLES, TableName
from screener.data.panels.factors import total_return_factors
from screener.data.validation.bar_checks import (
    ValidatedBars,
    ValidationContext,
    check_bars,
    check_factors,
    gaps,
)
from screener.domain.listing import Board, Listing, parse_listing
from screener.market.calendars import calendar_of
from tests.support.canned.market import CannedMarket
from tests.support.laws import laws

LAWS = laws(150)
FETCHED = datetime(2024, 7, 1, tzinfo=UTC)
LISTINGS = [parse_listing(text) for text in ("600000.SH", "688256.SH", "00700.HK", "510300.SH")]
SESSIONS = calendar_of(LISTINGS[0].exchange).sessions
FIRST = int(np.searchsorted(SESSIONS, np.datetime64("2024-03-01")))
DAYS: list[date] = SESSIONS[FIRST : FIRST + 14].tolist()

# Mostly quiet prices, now and then one beyond any limit, a wrong unit, nothing at all.
PRICE = st.one_of(
    st.floats(9.5, 10.5).map(lambda price: round(price, 2)),
    st.sampled_from([15.0, 5.0, 11.0, 11.2, 1000.0, 0.1, 0.0, -1.0, None, float("nan")]),
)
ROW = st.fixed_dictionaries(
    {
        "session": st.one_of(
            st.sampled_from(DAYS), st.sampled_from([date(2024, 3, 9), date(2031, 1, 1), None])
        ),
        "close": PRICE,
        "open": st.one_of(st.none(), PRICE),
        "volume": st.sampled_from([1e6, 0.0, 1e4, -1.0, None]),
        "amount": st.sampled_from([1e7, 1e5, 0.0, None]),
    }
)
ROWS = st.lists(ROW, min_size=1, max_size=16)
STORED = st.lists(st.sampled_from(DAYS), unique=True, max_size=4)
KNOWN = st.fixed_dictionaries(
    {
        "listing": st.sampled_from(LISTINGS),
        "today": st.sampled_from([DAYS[-1], DAYS[8]]),
        "list_date": st.sampled_from([None, date(1999, 11, 10), DAYS[2]]),
        "special": st.sampled_from([True, False, None]),
        "suspended": st.sets(st.sampled_from(DAYS), max_size=2).map(frozenset),
        "ex": st.lists(st.sampled_from(DAYS), unique=True, max_size=2),
        "stored": STORED,
        "stored_source": st.sampled_from(["tencent", "sina"]),
    }
)


def bars(rows: list[dict[str, Any]], listing: Listing, source: str = "tencent") -> pa.Table:
    """Make bars, open where none is drawn at the close, high and low around both."""
    filled = []
    for row in rows:
        close = row["close"]
        opened = close if row["open"] is None else row["open"]
        known = [price for price in (close, opened) if price is not None]
        extremes = {"high": max(known, default=None), "low": min(known, default=None)}
        filled.append({**row, **extremes, "open": opened})
    names = ("session", "open", "high", "low", "close", "volume", "amount")
    return make_rows(
        TableName.BARS,
        {
            **{name: [row[name] for row in filled] for name in names},
            "listing": listing.id,
            "basis": "raw",
        },
        source=source,
        fetched_at=FETCHED,
    )


def context(known: dict[str, Any]) -> ValidationContext:
    listing = known["listing"]
    held = [
        {"session": day, "close": 10.0, "open": None, "volume": 1e6, "amount": 1e7}
        for day in sorted(known["stored"])
    ]
    bonus = {"listing": [listing.id] * len(known["ex"]), "ex_session": known["ex"]}
    return ValidationContext(
        listing=listing,
        calendar=calendar_of(listing.exchange),
        today=known["today"],
        stored=bars(held, listing, known["stored_source"]),
        actions=make_rows(
            TableName.ACTIONS,
            {**bonus, "bonus": [0.5] * len(known["ex"])},
            source="cninfo",
            fetched_at=FETCHED,
        ),
        list_date=known["list_date"],
        st=() if known["special"] is None else ((date.min, known["special"]),),
        suspended=known["suspended"],
    )


def printed(row: dict[str, Any]) -> str:
    return json.dumps(row, ensure_ascii=False, default=str)


def told(validated: ValidatedBars) -> tuple[Any, ...]:
    kept = [printed(row) for row in validated.rows.to_pylist()]
    return kept, validated.rejects, validated.doubts, validated.remarks


@LAWS
@given(rows=ROWS, known=KNOWN)
def test_every_row_is_kept_as_it_is_or_accounted_for(
    rows: list[dict[str, Any]], known: dict[str, Any]
) -> None:
    fetched, judged = bars(rows, known["listing"]), context(known)
    validated = check_bars(fetched, judged)
    late = [row for row in fetched.to_pylist() if row["session"] and row["session"] > judged.today]
    sent = Counter(printed(row) for row in fetched.to_pylist())
    sent -= Counter(printed(row) for row in late)
    kept = Counter(printed(row) for row in validated.rows.to_pylist())
    rejected = Counter(note.row for note in validated.rejects)
    assert not kept - sent  # a subset, values untouched
    repeats = sent - kept - rejected
    assert all(kept[text] for text in repeats)  # what is neither repeats a row that is kept
    assert sum(sent.values()) == sum((kept + rejected + repeats).values())
    assert validated.rows.schema == fetched.schema
    assert any("not finished yet" in text for text in validated.remarks) is bool(late)
    assert any("repeat another" in text for text in validated.remarks) is bool(repeats)


@LAWS
@given(rows=ROWS, known=KNOWN)
def test_notes_have_keys_of_their_own_and_doubts_are_on_kept_rows(
    rows: list[dict[str, Any]], known: dict[str, Any]
) -> None:
    validated = check_bars(bars(rows, known["listing"]), context(known))
    notes = (*validated.rejects, *validated.doubts)
    keys = [(note.table, note.file, note.line) for note in notes]
    assert len(set(keys)) == len(keys)
    sessions = validated.rows["session"].to_pylist()
    assert sessions == sorted(set(sessions))
    assert {note.session for note in validated.doubts} <= set(sessions)
    assert all(note.reason.startswith("kept: ") for note in validated.doubts)
    assert not any(note.reason.startswith("kept: ") for note in validated.rejects)


@LAWS
@given(rows=ROWS, known=KNOWN, order=st.randoms(use_true_random=False))
def test_the_order_of_rows_is_nothing(
    rows: list[dict[str, Any]], known: dict[str, Any], order: Any
) -> None:
    judged, shuffled = context(known), list(rows)
    order.shuffle(shuffled)
    one = check_bars(bars(rows, known["listing"]), judged)
    other = check_bars(bars(shuffled, known["listing"]), judged)
    assert told(one) == told(other)


@LAWS
@given(rows=ROWS, known=KNOWN, cut=st.sampled_from(DAYS))
def test_later_sessions_change_no_verdict_but_the_last(
    rows: list[dict[str, Any]], known: dict[str, Any], cut: date
) -> None:
    judged = context({**known, "stored": [day for day in known["stored"] if day <= cut]})
    early = [row for row in rows if row["session"] is None or row["session"] <= cut]
    if not early:
        return
    before = check_bars(bars(early, known["listing"]), judged)
    after = check_bars(bars(rows, known["listing"]), judged)
    days = [row["session"] for row in early if row["session"] in DAYS]
    if not days:
        return
    last = max(days)
    assert verdicts(before, before=last) == verdicts(after, before=last)
    open_call = [note for note in before.doubts if note.session == last]
    if verdicts(before, on=last) != verdicts(after, on=last):
        # it was kept with a doubt for want of the next session, and no other verdict ever moves
        settled = [note for note in after.rejects if note.session == last]
        assert known["listing"].board == "hk" or open_call
        assert all(note.reason.startswith("bad tick") for note in settled)


def verdicts(
    validated: ValidatedBars, *, before: date | None = None, on: date | None = None
) -> list[tuple[str, str, str]]:
    def chosen(day: date | None) -> bool:
        return day is not None and (day == on if before is None else day < before)

    kept = [
        ("kept", printed(row), "") for row in validated.rows.to_pylist() if chosen(row["session"])
    ]
    notes = [
        (note.file, note.row, note.reason)
        for note in (*validated.rejects, *validated.doubts)
        if chosen(note.session)
    ]
    return sorted([*kept, *notes])


@LAWS
@given(rows=ROWS, known=KNOWN)
def test_what_was_kept_passes_again_against_itself(
    rows: list[dict[str, Any]], known: dict[str, Any]
) -> None:
    judged = context(known)
    validated = check_bars(bars(rows, known["listing"]), judged)
    again = check_bars(validated.rows, replace(judged, stored=validated.rows))
    sources = [note.reason for note in again.rejects if "stored from" in note.reason]
    assert sources == []
    assert not any("corrected" in text for text in again.remarks)


@LAWS
@given(
    present=st.sets(st.sampled_from(DAYS), min_size=1),
    halted=st.sets(st.sampled_from(DAYS)),
)
def test_gaps_bars_and_suspensions_make_up_the_calendar(
    present: set[date], halted: set[date]
) -> None:
    listing = LISTINGS[0]
    quiet = {"close": 10.0, "open": None, "volume": 1.0, "amount": 10.0}
    rows = bars([{"session": day, **quiet} for day in present], listing)
    found = set(gaps(rows, calendar_of(listing.exchange), DAYS[0], DAYS[-1], frozenset(halted)))
    between = {day for day in DAYS if min(present) <= day <= max(present)}
    assert not found & (present | halted)
    assert found | present | (halted & between) == between


# Clean bars: what the simulated market trades is within every limit


@pytest.fixture(scope="module")
def market() -> CannedMarket:
    return CannedMarket.make(n_other=18, start=date(2014, 1, 2))


def known_of(market: CannedMarket, listing: Listing, *, told_all: bool) -> ValidationContext:
    status = {row["session"]: row for row in market.rows(TableName.STATUS, listing.id)}
    days = own(market, TableName.BARS, listing).column("session").to_pylist()
    (master,) = market.rows(TableName.LISTINGS, listing.id)
    return ValidationContext(
        listing=listing,
        calendar=calendar_of(listing.exchange),
        today=date(2026, 5, 27),
        stored=empty_rows(TableName.BARS),
        actions=own(market, TableName.ACTIONS, listing),
        list_date=master["list_date"] if told_all else None,  # type: ignore[arg-type]
        st=tuple((day, bool(status.get(day, {}).get("st"))) for day in days) if told_all else (),
        suspended=frozenset(market.suspended(listing.id)),
    )


def own(market: CannedMarket, name: TableName, listing: Listing) -> pa.Table:
    rows = market.tables[name]
    return rows.filter(pc.equal(rows["listing"], listing.id))


def without_suspensions(rows: pa.Table, suspended: frozenset[date]) -> pa.Table:
    halted = pa.array(sorted(suspended), pa.date32())
    return rows.filter(pc.invert(pc.is_in(rows["session"], halted)))


@pytest.mark.parametrize("told_all", [True, False])
@pytest.mark.parametrize("flat_rows", [True, False])
def test_clean_bars_pass(market: CannedMarket, told_all: bool, flat_rows: bool) -> None:
    count = 0
    for listing in (*market.listings, *market.indices):
        known = known_of(market, listing, told_all=told_all)
        rows = own(market, TableName.BARS, listing)
        if not flat_rows:
            rows = without_suspensions(rows, known.suspended)
        validated = check_bars(rows, known)
        assert (validated.rejects, validated.doubts, validated.remarks) == ((), (), ())
        assert validated.rows.num_rows == rows.num_rows
        count += rows.num_rows
    assert count > 200 * 243  # listing-years


def test_clean_factors_agree_with_themselves_and_gaps_are_suspensions(
    market: CannedMarket,
) -> None:
    names = list(TABLES[TableName.FACTORS].column_names)
    for listing in market.listings:
        actions, rows = (own(market, name, listing) for name in (TableName.ACTIONS, TableName.BARS))
        ours = total_return_factors(actions, rows).select(names)
        start, end = rows["session"][0].as_py(), rows["session"][-1].as_py()
        assert check_factors(ours, ours, listing=listing, start=start, end=end) == ()
        halted = frozenset(market.suspended(listing.id))
        traded = without_suspensions(rows, halted)
        assert gaps(traded, calendar_of(listing.exchange), start, end, halted) == ()


@LAWS
@given(data=st.data())
def test_one_wrong_row_in_clean_bars_harms_no_other(
    market: CannedMarket, data: st.DataObject
) -> None:
    mainland = [item for item in market.listings if item.exchange.mainland]
    listing = data.draw(st.sampled_from(mainland))
    known = known_of(market, listing, told_all=True)
    traded = market.traded(listing.id)[-300:]
    at = data.draw(st.integers(1, len(traded) - 2))
    small = [1.7, 0.4] if listing.board is Board.MAIN else []  # a wide limit may allow them
    factor = data.draw(st.sampled_from([10.0, 100.0, 0.1, 0.01, *small]))
    rows = [dict(row) for row in traded]
    for name in ("open", "high", "low", "close"):
        rows[at][name] = rows[at][name] * factor  # type: ignore[operator]
    schema = market.tables[TableName.BARS].schema
    validated = check_bars(pa.Table.from_pylist(rows, schema=schema), known)
    session = rows[at]["session"]
    noted = {note.session for note in (*validated.rejects, *validated.doubts)}
    neighbours = {rows[at + step]["session"] for step in (-1, 0, 1)}
    assert noted <= neighbours
    near = calendar_of(listing.exchange).between(rows[at - 1]["session"], rows[at + 1]["session"])  # type: ignore[arg-type]
    if len(near) == 3:  # its neighbours are those of the calendar
        assert [note.session for note in validated.rejects] == [session]
