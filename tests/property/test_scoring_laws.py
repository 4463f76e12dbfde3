"""Laws of scoring: later sessions change no matured call, order of input changes nothing."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import date, timedelta

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from screener.domain.listing import Exchange
from screener.domain.total_return import IndexSeries, TotalReturnPanel
from screener.market.calendars import calendar_of
from screener.scoring.calls import CallTable
from screener.scoring.definitions.contracts import Contracts
from screener.scoring.definitions.horizons import add_months
from screener.scoring.judging.outcomes import CallState, Outcomes
from screener.scoring.score import judge_calls
from tests.support.laws import laws
from tests.support.score_worlds import call, definition, random_market, share

START, END = date(2023, 1, 3), date(2024, 6, 28)
WORLD = random_market(12, START, END, seed=11, missing=0.05)
CONTRACTS = Contracts(
    [
        definition("甲证券", months=(3, 6)),
        definition("乙证券", months=(6, 6)),
        definition("丙证券", months=(1, 1)),
    ]
)
RATINGS = ("买入", "增持", "中性", "回避")

calls = st.lists(
    st.builds(
        lambda offset, listing, broker, rating: (offset, listing, broker, rating),
        st.integers(0, 420),
        st.integers(0, 11),
        st.sampled_from(["甲证券", "乙证券", "丙证券", "丁证券"]),
        st.sampled_from(RATINGS),
    ),
    min_size=1,
    max_size=25,
)


def table_of(items: list[tuple[int, int, str, str]]) -> CallTable:
    return CallTable.of(
        [
            call(
                START + timedelta(days=offset),
                share(listing),
                broker=broker,
                rating=rating,
                number=at,
            )
            for at, (offset, listing, broker, rating) in enumerate(items)
        ]
    )


def until(panel: TotalReturnPanel, rows: int) -> TotalReturnPanel:
    """The same market as it stood after some sessions."""
    return replace(
        panel,
        sessions=panel.sessions[:rows].copy(),
        open=panel.open[:rows].copy(),
        close=panel.close[:rows].copy(),
        traded=panel.traded[:rows].copy(),
        indices={
            name: IndexSeries(
                listing=name, basis=item.basis, open=item.open[:rows], close=item.close[:rows]
            )
            for name, item in panel.indices.items()
        },
    )


def judged(table: CallTable, panel: TotalReturnPanel) -> Outcomes:
    return judge_calls(table, CONTRACTS, [(panel, calendar_of(Exchange.SH))]).outcomes


def same(one: Outcomes, other: Outcomes, rows: np.ndarray) -> None:
    for part in fields(one):
        if part.name == "rates":
            for rate in fields(one.rates):
                left, right = getattr(one.rates, rate.name), getattr(other.rates, rate.name)
                np.testing.assert_array_equal(left[rows], right[rows])
        else:
            left, right = getattr(one, part.name), getattr(other, part.name)
            np.testing.assert_array_equal(left[rows], right[rows])


@laws(60)
@given(calls, st.integers(30, len(WORLD.sessions) - 1))
def test_later_sessions_change_no_matured_call(
    items: list[tuple[int, int, str, str]], rows: int
) -> None:
    table = table_of(items)
    early, late = judged(table, until(WORLD, rows)), judged(table, WORLD)
    done = np.flatnonzero(early.matured | (early.verdict == CallState.UNJUDGED))
    same(early, late, done)


@laws(40)
@given(calls, st.randoms(use_true_random=False))
def test_the_order_of_calls_changes_nothing(
    items: list[tuple[int, int, str, str]], random: object
) -> None:
    table = table_of(items)
    order = list(range(len(table)))
    random.shuffle(order)  # type: ignore[attr-defined]
    rows = np.array(order, dtype=np.int64)
    one, other = judged(table, WORLD), judged(table.take(rows), WORLD)
    np.testing.assert_array_equal(one.verdict[rows], other.verdict)
    np.testing.assert_array_equal(one.rates.at_end[rows], other.rates.at_end)
    assert table.take(rows).by_date().id.tolist() == table.by_date().id.tolist()


@laws(40)
@given(calls, st.floats(0.1, 50))
def test_scaling_prices_changes_no_verdict(
    items: list[tuple[int, int, str, str]], scale: float
) -> None:
    table = table_of(items)
    scaled = replace(WORLD, close=WORLD.close * scale, open=WORLD.open * scale)
    one, other = judged(table, WORLD), judged(table, scaled)
    np.testing.assert_allclose(one.active_return, other.active_return, atol=1e-9)


@laws(40)
@given(calls)
def test_every_call_ends_in_one_way_and_says_why_it_cannot_be_judged(
    items: list[tuple[int, int, str, str]],
) -> None:
    found = judged(table_of(items), WORLD)
    unjudged = found.verdict == CallState.UNJUDGED
    assert ((found.why != "") == unjudged).all()
    assert np.isfinite(found.active_return[found.matured]).all()
    assert np.isfinite(found.any_time[found.matured]).all()
    # What was met at the end was met at some time of the horizon.
    assert (found.any_time[found.met] == 1).all()
    known = np.isfinite(found.rates.at_end)
    assert (found.rates.any_time[known] >= found.rates.at_end[known]).all()


@given(
    st.dates(date(1995, 1, 1), date(2040, 1, 1)),
    st.integers(1, 36),
)
def test_months_are_calendar_months(day: date, months: int) -> None:
    found: date = add_months(np.array([day], dtype="datetime64[D]"), np.array([months]))[0].item()
    assert (found.year * 12 + found.month) - (day.year * 12 + day.month) == months
    last = (found + timedelta(days=1)).day == 1
    assert found.day == day.day or (last and found.day < day.day)
