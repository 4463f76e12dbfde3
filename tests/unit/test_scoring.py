"""Rating contracts by hand: horizons, bands, definitions by date, and how single calls end."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest

from screener.domain.listing import Exchange, Listing
from screener.domain.report import Band, RatingLevel, Unused
from screener.domain.total_return import Peers
from screener.market.calendars import calendar_of
from screener.scoring.calls import CallTable
from screener.scoring.definitions.bands import Bands, Direction, direction_of
from screener.scoring.definitions.contracts import Contracts, benchmark_of
from screener.scoring.definitions.horizons import add_months, last_on_or_before
from screener.scoring.judging.outcomes import CallState
from screener.scoring.score import Judged, judge_calls, needed_benchmarks
from screener.workflows.score.summary import first_due, unjudged, verdict_counts
from tests.support.score_worlds import (
    HSI,
    INDEX,
    LADDER,
    band,
    call,
    definition,
    panel_of,
    sessions_between,
    share,
)

DAY = date(2025, 8, 29)  # a Friday
START, END = date(2025, 8, 1), date(2026, 3, 31)
ONE, TWO, THREE = share(1), share(2), share(3)
HK = Listing("00001", Exchange.HK)


def days(*texts: str) -> np.ndarray:
    return np.array(texts, dtype="datetime64[D]")


def bands(low: float | None, high: float | None) -> Bands:
    one = band("x", low, high)
    return Bands(
        low=np.array([np.nan if low is None else low]),
        high=np.array([np.nan if high is None else high]),
        direction=np.array([direction_of(one)], dtype=np.int8),
    )


def path(*steps: tuple[date, float]) -> np.ndarray:
    """Closes that step to a value on some days, 10 before."""
    axis = sessions_between(START, END)
    values = np.full(len(axis), 10.0)
    for day, value in steps:
        values[[at for at, label in enumerate(axis) if label >= day]] = value
    return values


def judged(
    calls: list, contracts: Contracts | None = None, *, backdate: bool = False, **world: object
) -> Judged:
    closes = world.pop("closes", {ONE: 10.0, TWO: 10.0, THREE: 10.0})
    panel = panel_of(START, world.pop("end", END), closes, **world)  # type: ignore[arg-type]
    table = CallTable.of(calls)
    return judge_calls(
        table,
        contracts or Contracts([definition()]),
        [(panel, calendar_of(panel.listings[0].exchange))],
        backdate=backdate,
    )


def test_months_end_on_the_last_day_of_shorter_ones() -> None:
    given = days("2025-08-31", "2024-02-29", "2026-01-31", "2025-11-30", "2026-05-14")
    found = add_months(given, np.array([6, 12, 1, 3, 6]))
    expected = days("2026-02-28", "2025-02-28", "2026-02-28", "2026-02-28", "2026-11-14")
    assert (found == expected).all()
    assert np.isnat(add_months(days("NaT"), np.array([6]))).all()


def test_a_horizon_ends_with_the_last_session_on_or_before_its_day() -> None:
    # 2025-08-31 is a Sunday and 2026-02-28 a Saturday: from Friday's close to Friday's close.
    found = judged([call(date(2025, 8, 31), ONE)]).outcomes
    assert found.start[0] == np.datetime64("2025-08-29")
    assert found.end[0] == np.datetime64("2026-02-27")
    assert found.entry[0] == np.datetime64("2025-09-01")
    assert found.verdict[0] == CallState.MISSED


def test_days_before_the_first_session_have_none() -> None:
    sessions = days("2025-08-28", "2025-08-29")
    assert last_on_or_before(sessions, days("2025-08-27", "2025-08-30", "NaT")).tolist() == [
        -1,
        1,
        -1,
    ]


@pytest.mark.parametrize(
    ("low", "high", "active", "kept", "held"),
    [
        (0.20, None, 0.20, False, False),  # "above 20 %" is not 20 %
        (0.20, None, 0.2000001, True, True),
        (0.20, None, 1.2 - 1, False, False),  # 0.19999999999999996 is 20 %
        (0.10, 0.20, 0.10, True, True),
        (0.10, 0.20, 0.20, True, True),
        (0.10, 0.20, 0.35, True, False),  # at least what was promised, not in the band
        (0.10, 0.20, 0.0999, False, False),
        (-0.10, 0.10, -0.10, True, True),
        (-0.10, 0.10, 0.11, False, False),
        (None, -0.10, -0.10, False, False),
        (None, -0.10, -0.11, True, True),
        (-0.20, -0.10, -0.30, True, False),
        (-0.20, -0.10, -0.05, False, False),
        (0.20, None, float("nan"), False, False),
    ],
)
def test_bounds(
    low: float | None, high: float | None, active: float, kept: bool, held: bool
) -> None:
    given = np.array([active])
    assert bands(low, high).keeps(given).tolist() == [kept]
    assert bands(low, high).holds(given).tolist() == [held]


def test_directions() -> None:
    found = [direction_of(item) for item in LADDER[:4]]
    assert found == [Direction.UP, Direction.UP, Direction.LEVEL, Direction.DOWN]
    assert direction_of(band("x", -0.2, -0.1)) is Direction.DOWN


def test_a_call_is_met_by_its_active_return_from_close_to_close() -> None:
    # 10 to 13 is +30 %, the index 100 to 105 is +5 %: 25 % more.
    end = date(2026, 2, 27)
    closes = {ONE: path((end, 13.0)), TWO: path((end, 12.5)), THREE: 10.0}
    found = judged(
        [call(DAY, ONE), call(DAY, TWO), call(DAY, THREE, rating="中性")],
        closes=closes,
        index=path((end, 10.5)),
    ).outcomes
    assert found.verdict.tolist() == [CallState.MET, CallState.MISSED, CallState.MET]
    assert found.active_return.tolist() == pytest.approx([0.25, 0.20, -0.05])
    assert found.benchmark_return.tolist() == pytest.approx([0.05] * 3)
    # Of three listings one beats the index by more than 20 %, one lies within 10 % of it.
    assert found.rates.at_end.tolist() == pytest.approx([1 / 3] * 3)
    assert found.rates.n_listings.tolist() == [3, 3, 3]


def test_the_tradable_column_begins_at_the_first_open_a_reader_could_have() -> None:
    closes = {ONE: path((date(2025, 9, 1), 13.0))}
    opens = {ONE: path((date(2025, 9, 1), 12.0))}
    found = judged([call(DAY, ONE)], closes=closes, opens=opens).outcomes
    assert found.verdict[0] == CallState.MET  # +30 % from the close of the note's day
    assert found.tradable_return[0] == pytest.approx(13 / 12 - 1)
    assert found.tradable_met[0] == 0
    assert found.rates.tradable[0] == 0


def test_an_open_that_does_not_exist_leaves_the_tradable_column_empty() -> None:
    opens = np.full(len(sessions_between(START, END)), np.nan)
    found = judged([call(DAY, ONE)], opens={ONE: opens}).outcomes
    assert found.verdict[0] == CallState.MISSED
    assert np.isnan(found.tradable_return[0])
    assert np.isnan(found.tradable_met[0])


def test_three_to_six_months_is_judged_at_six_and_at_any_time_between() -> None:
    # Above 20 % in January only: not at the end, yet within three to six months.
    closes = {ONE: path((date(2026, 1, 5), 13.0), (date(2026, 1, 12), 10.0))}
    contracts = Contracts([definition(months=(3, 6))])
    found = judged([call(DAY, ONE)], contracts, closes=closes).outcomes
    assert (found.verdict[0], found.any_time[0], found.rates.any_time[0]) == (
        CallState.MISSED,
        1,
        1,
    )
    early = {ONE: path((date(2025, 10, 9), 13.0), (date(2025, 10, 16), 10.0))}
    found = judged([call(DAY, ONE)], contracts, closes=early).outcomes
    assert found.any_time[0] == 0  # before the third month nothing counts


@pytest.mark.parametrize(
    ("rating", "value", "kept"), [("回避", 8.0, 1), ("中性", 10.5, 1), ("回避", 13, 0)]
)
def test_any_time_in_the_other_directions(rating: str, value: float, kept: int) -> None:
    # Outside the band at the end, inside it in January: or the other way round.
    closes = {
        ONE: path((date(2025, 9, 1), 13.0), (date(2026, 1, 5), value), (date(2026, 1, 12), 13.0))
    }
    contracts = Contracts([definition(months=(3, 6))])
    found = judged([call(DAY, ONE, rating=rating)], contracts, closes=closes).outcomes
    assert (found.verdict[0], found.any_time[0]) == (CallState.MISSED, kept)


def test_a_horizon_of_one_length_has_no_other_time() -> None:
    closes = {ONE: path((date(2026, 1, 5), 13.0), (date(2026, 1, 12), 10.0))}
    found = judged([call(DAY, ONE)], closes=closes).outcomes
    assert (found.verdict[0], found.any_time[0]) == (CallState.MISSED, 0)


def test_a_call_that_is_not_due_is_pending_with_its_return_to_date() -> None:
    found = judged(
        [call(DAY, ONE)], closes={ONE: path((date(2025, 12, 1), 14.0))}, end=date(2025, 12, 31)
    ).outcomes
    assert (found.verdict[0], found.why[0]) == (CallState.PENDING, "")
    assert found.active_return[0] == pytest.approx(0.4)
    assert found.end[0] == np.datetime64("2025-12-31")
    assert np.isnan([found.in_band[0], found.any_time[0], found.rates.at_end[0]]).all()


def test_a_call_after_the_last_session_is_pending_without_a_return() -> None:
    found = judged([call(date(2026, 6, 1), ONE)]).outcomes
    assert found.verdict[0] == CallState.PENDING
    assert np.isnan(found.active_return[0])
    assert np.isnat(found.end[0])


def test_a_horizon_past_the_recorded_calendar_is_pending() -> None:
    last = calendar_of(Exchange.SH).last
    found = judged([call(last - timedelta(days=10), ONE)]).outcomes
    assert found.verdict[0] == CallState.PENDING


def test_the_first_call_that_falls_due_is_the_first_pending_one() -> None:
    last = date(2026, 1, 30)
    made = [
        call(date(2026, 3, 2), ONE, number=1),
        call(date(2025, 8, 31), TWO, number=2),
        call(date(2025, 8, 1), THREE, number=3, broker="乙证券"),  # cannot be judged
    ]
    found = judged(made, end=last)
    assert found.due.tolist() == [date(2026, 9, 2), date(2026, 2, 28), None]
    assert first_due(found) == (date(2026, 2, 28), made[1].id)
    counts = verdict_counts(found)
    assert (counts[CallState.PENDING], counts[CallState.UNJUDGED]) == (2, 1)
    assert first_due(judged([call(DAY, ONE)])) is None


def test_reasons_are_told_by_how_many_they_concern() -> None:
    made = [
        call(DAY, share(98), number=1),
        call(DAY, share(99), number=2),
        call(DAY, share(98), number=3),
        call(DAY, ONE, number=4, rating=""),
        call(DAY, ONE, number=5),
    ]
    bars, rating = unjudged(judged(made))
    assert bars.reason == "no bars of 600098.SH in the tables"
    assert (set(bars.calls), bars.n_alike) == ({made[0].id, made[1].id, made[2].id}, 1)
    assert (rating.reason, rating.calls, rating.n_alike) == ("no rating given", (made[3].id,), 0)
    assert unjudged(judged([call(DAY, ONE)])) == ()


@pytest.mark.parametrize(
    ("broker", "level", "rating", "day", "why"),
    [
        ("乙证券", "stock", "买入", DAY, "no definition of 乙证券 known"),
        ("甲证券", "stock", "", DAY, "no rating given"),
        ("甲证券", "stock", "推荐", DAY, "甲证券 does not define 推荐 as a rating of a stock"),
        ("甲证券", "convertible", "买入", DAY, "no definition of 甲证券 known for a rating of a"),
        (
            "甲证券",
            "stock",
            "买入",
            date(2014, 1, 1),
            "no definition of 甲证券 known before 2015-01-01",
        ),
        ("甲证券", "industry", "看好", DAY, "no index of its industry in the tables"),
    ],
)
def test_why_a_call_cannot_be_judged(
    broker: str, level: str, rating: str, day: date, why: str
) -> None:
    subject = None if level == "industry" else ONE
    made = call(day, subject, broker=broker, rating=rating, level=level)
    found = judged([made]).outcomes
    assert found.verdict[0] == CallState.UNJUDGED
    assert found.why[0].startswith(why)


def test_a_security_without_bars_cannot_be_judged() -> None:
    found = judged([call(DAY, share(99))]).outcomes
    assert found.why[0] == "no bars of 600099.SH in the tables"


def test_a_market_without_prices_cannot_be_judged() -> None:
    found = judged([call(DAY, Listing("00700", Exchange.HK))]).outcomes
    assert found.why[0] == "no prices of its market in the tables"


def test_an_unexplained_gap_at_the_end_cannot_be_judged() -> None:
    closes = {ONE: path((date(2026, 2, 27), np.nan))}
    found = judged([call(DAY, ONE)], closes=closes).outcomes
    assert found.verdict[0] == CallState.UNJUDGED
    assert found.why[0] == (
        "no bar of 600001.SH on 2026-02-27, and no suspension or delisting recorded"
    )


def test_a_benchmark_with_a_gap_cannot_judge() -> None:
    level = path((date(2026, 2, 27), np.nan))
    found = judged([call(DAY, ONE)], index=level).outcomes
    assert found.why[0] == "benchmark 000300.SH has no bar on 2026-02-27"


def test_prices_that_begin_later_cannot_judge() -> None:
    found = judged([call(date(2025, 7, 1), ONE)]).outcomes
    assert found.why[0] == "prices of its market begin on 2025-08-01, after 2025-07-01"


def test_the_definition_in_force_on_the_day_decides() -> None:
    strict = definition(since=date(2025, 8, 29), bands=[band("买入", 0.30)], card="D2")
    contracts = Contracts([strict, definition()])
    end = date(2026, 2, 27)
    table = [call(DAY - timedelta(days=1), ONE), call(DAY, ONE)]
    found = judged(table, contracts, closes={ONE: path((end, 12.5))})
    assert found.outcomes.verdict.tolist() == [CallState.MET, CallState.MISSED]
    assert [found.contracts[at].card for at in found.contract] == ["D1", "D2"]


def test_a_card_that_defines_industries_alone_leaves_stock_ratings_as_they_were() -> None:
    other = definition(since=date(2025, 1, 1), bands=[LADDER[4]], card="D2")
    found = judged([call(DAY, ONE)], Contracts([definition(), other]))
    assert found.contracts[found.contract[0]].card == "D1"


def test_older_calls_are_judged_by_the_first_definition_where_asked() -> None:
    contracts = Contracts([definition(since=date(2026, 1, 1))])
    calls = CallTable.of([call(date(2025, 8, 29), ONE)])
    found = contracts.resolve(calls)
    assert found.contract.tolist() == [-1]
    assert found.why[0] == "no definition of 甲证券 known before 2026-01-01 for a rating of a stock"
    assert contracts.resolve(calls, backdate=True).contract.tolist() == [0]


def test_what_a_house_printed_under_an_earlier_name_holds_only_where_asked() -> None:
    mine = replace(definition(since=date(2015, 1, 1)), former="旧证券")
    contracts = Contracts([mine])
    found = judged([call(DAY, ONE)], contracts).outcomes
    assert found.why[0] == (
        "no definition of 甲证券 known for a rating of a stock, only one of 旧证券, "
        "as it was called before"
    )
    again = judged([call(DAY, ONE)], contracts, backdate=True)
    assert again.outcomes.verdict[0] == CallState.MISSED
    assert again.contracts[again.contract[0]].former == "旧证券"


def test_an_own_definition_of_later_gives_way_to_one_that_was_known_then() -> None:
    former = replace(definition(since=date(2015, 1, 1)), former="旧证券", card="D1")
    later = definition(since=date(2026, 1, 1), bands=[band("买入", 0.5)], card="D2")
    found = Contracts([later, former])
    calls = CallTable.of([call(DAY, ONE)])
    assert found.resolve(calls).contract.tolist() == [-1]
    (at,) = found.resolve(calls, backdate=True).contract.tolist()
    assert found.contracts[at].band.low == 0.20


def test_a_definition_of_a_time_that_is_over_holds_within_it_alone() -> None:
    over = replace(definition(since=date(2025, 12, 1)), last_day=date(2025, 8, 30))
    contracts = Contracts([over])
    calls = CallTable.of([call(DAY, ONE), call(date(2025, 12, 2), ONE)])
    assert contracts.resolve(calls).contract.tolist() == [-1, -1]
    assert contracts.resolve(calls, backdate=True).contract.tolist() == [0, -1]


def test_an_absolute_promise_is_of_the_security_itself() -> None:
    own = definition(absolute=True, bands=[band("买入", 0.15)])
    end = date(2026, 2, 27)
    found = judged(
        [call(DAY, ONE)], Contracts([own]), closes={ONE: path((end, 11.6)), TWO: 10.0}, index=200.0
    )
    risen = judged(
        [call(DAY, ONE)],
        Contracts([own]),
        closes={ONE: path((end, 11.6)), TWO: 10.0},
        index=path((end, 20.0)),
    )
    for item in (found, risen):  # whatever the index does
        assert item.outcomes.active_return[0] == pytest.approx(0.16)
        assert item.outcomes.verdict[0] == CallState.MET
        assert item.outcomes.rates.at_end[0] == 0.5
        assert (item.benchmark[0], item.index[0]) == ("", None)


def test_better_and_worse_in_words_are_judged_and_in_line_is_not() -> None:
    words = [
        Band(level=RatingLevel.STOCK, rating="跑赢行业", low=0.0, high=None, qualitative=True),
        Band(level=RatingLevel.STOCK, rating="中性", low=0.0, high=0.0, qualitative=True),
        Band(level=RatingLevel.STOCK, rating="跑输行业", low=None, high=0.0, qualitative=True),
    ]
    end = date(2026, 2, 27)
    table = [
        call(DAY, listing, rating=word, number=number)
        for number, (listing, word) in enumerate(
            [(ONE, "跑赢行业"), (TWO, "跑赢行业"), (TWO, "跑输行业"), (ONE, "中性")]
        )
    ]
    found = judged(
        table,
        Contracts([definition(bands=words)]),
        closes={ONE: path((end, 10.1)), TWO: 10.0, THREE: 10.0},
    ).outcomes
    assert found.verdict.tolist() == [
        CallState.MET,
        CallState.MISSED,
        CallState.MISSED,
        CallState.UNJUDGED,
    ]
    assert found.why[3] == "甲证券 prints no figure for 中性"


def test_a_band_of_a_risk_class_holds_for_it_alone() -> None:
    risky = Band(level=RatingLevel.STOCK, rating="买入", low=0.25, high=None, case="High")
    contracts = Contracts([definition(bands=[band("买入", 0.15), risky])])
    table = CallTable.of([call(DAY, ONE), call(DAY, TWO, risk="High"), call(DAY, ONE, risk="A")])
    found = contracts.resolve(table).contract
    assert [contracts.contracts[at].band.low for at in found] == [0.15, 0.25, 0.15]


def test_what_was_not_seen_whole_judges_nothing() -> None:
    contracts = Contracts([replace(definition(), unused=Unused.HURDLE)])
    found = judged([call(DAY, ONE)], contracts).outcomes
    assert found.verdict[0] == CallState.UNJUDGED
    assert found.why[0] == (
        "the definition of 甲证券 seen on 2015-01-01 is against a required return that no table "
        "holds"
    )


def test_an_industry_is_judged_on_its_index_where_the_tables_have_one() -> None:
    sector, rival = Listing("000993", Exchange.SH), Listing("399998", Exchange.SZ)
    end = date(2026, 2, 27)
    made = call(DAY, None, rating="看好", level="industry", industry="信息")
    found = judged(
        [made],
        closes={ONE: 10.0, sector: path((end, 12.0)), rival: path((end, 10.5))},
        peers={sector: Peers.INDUSTRIES, rival: Peers.INDUSTRIES},
        industries={sector: "信息", rival: "煤炭"},
    ).outcomes
    assert found.verdict[0] == CallState.MET
    assert (found.rates.at_end[0], found.rates.n_listings[0]) == (0.5, 2)  # indices, not shares


def test_the_basket_of_an_industry_call_is_a_labelled_proxy_and_never_counts() -> None:
    end = date(2026, 2, 27)
    made = call(
        DAY, None, rating="看好", level="industry", industry="信息", members=(ONE, TWO, share(77))
    )
    found = judged([made], closes={ONE: path((end, 14.0)), TWO: path((end, 11.0))})
    assert found.outcomes.verdict[0] == CallState.UNJUDGED
    assert found.outcomes.why[0] == "no index of industry 信息 in the tables"
    assert (found.proxy_verdict[0], found.proxy_names[0]) == (CallState.MET, 2)
    assert found.proxy_active[0] == pytest.approx(0.25)


def test_a_proxy_is_pending_until_its_horizon_is_over() -> None:
    made = call(DAY, None, rating="看好", level="industry", members=(ONE,))
    found = judged([made], end=date(2025, 12, 31))
    assert (found.proxy_verdict[0], found.proxy_active[0]) == (CallState.PENDING, 0.0)


def test_the_base_rate_counts_those_that_traded_that_day_and_are_delisted_since() -> None:
    end = date(2026, 2, 27)
    axis = sessions_between(START, END)
    closes = {ONE: path((end, 13.0)), TWO: path((end, 13.0)), THREE: path((date(2026, 1, 5), 1.0))}
    traded = np.ones((len(axis), 3), dtype=bool)
    traded[axis.index(DAY), 1] = False  # suspended on the call's day
    traded[[day >= date(2026, 1, 5) for day in axis], 2] = False  # delisted, its last close carried
    found = judged([call(DAY, ONE)], closes=closes, traded=traded).outcomes
    assert (found.rates.at_end[0], found.rates.n_listings[0]) == (0.5, 2)


def test_funds_and_indices_are_no_part_of_the_base_rate() -> None:
    found = judged([call(DAY, ONE)], peers={TWO: Peers.NONE}).outcomes
    assert found.rates.n_listings[0] == 2
    alone = judged([call(DAY, TWO)], peers={TWO: Peers.NONE}).outcomes
    assert alone.verdict[0] == CallState.MISSED
    assert np.isnan(alone.rates.at_end[0])


def test_a_house_that_names_no_benchmark_is_measured_against_its_market() -> None:
    contracts = Contracts([definition(benchmarks=())])
    mine, theirs = (benchmark_of(contracts.contracts[0], item) for item in (ONE, HK))
    assert (mine.index, mine.name, mine.assumed, mine.printed) == (INDEX, "沪深300", True, "")
    assert (theirs.index, theirs.name, theirs.assumed) == (HSI, "恒生指数", True)
    found = judged([call(DAY, ONE)], contracts)
    assert (found.benchmark[0], found.assumed[0]) == ("沪深300", True)


def test_a_benchmark_that_no_table_holds_is_stood_in_for_and_told() -> None:
    contracts = Contracts([definition(benchmarks=(("A", "万得全A"),))])
    found = judged([call(DAY, ONE)], contracts)
    assert found.outcomes.verdict[0] == CallState.MISSED
    told = (found.benchmark[0], found.assumed[0], found.printed[0])
    assert told == ("沪深300", True, "万得全A")


@pytest.mark.parametrize(
    ("printed", "listing", "name"),
    [
        ((("A", "恒生指数或恒生中国企业指数"),), ONE, "恒生指数"),
        ((("SH", "上证指数"), ("SZ", "深证成指")), ONE, "上证指数"),
        ((("SH", "上证指数"), ("SZ", "深证成指")), Listing("000001", Exchange.SZ), "深证成指"),
        ((("SH", "上证指数"), ("SZ", "深证成指")), None, "上证指数"),
        ((("A", "沪深300"), ("BJ", "北证50")), Listing("920002", Exchange.BJ), "北证50"),
        ((("A", "沪深300"), ("chinext", "创业板指")), Listing("300001", Exchange.SZ), "创业板指"),
        ((("A", "沪深300"), ("chinext", "创业板指")), Listing("000001", Exchange.SZ), "沪深300"),
        ((("A", "沪深300"), ("A", "中证800")), ONE, "沪深300"),
    ],
)
def test_the_benchmark_of_a_board_or_an_exchange(
    printed: tuple[tuple[str, str], ...], listing: Listing | None, name: str
) -> None:
    contract = Contracts([definition(benchmarks=printed)]).contracts[0]
    found = benchmark_of(contract, listing)
    assert found.name == name
    assert found.assumed == (name not in [text for _, text in printed])
    assert found.index in needed_benchmarks(Contracts([definition(benchmarks=printed)]))


def test_no_call_at_all() -> None:
    found = judged([])
    assert len(found.outcomes.verdict) == 0
    assert judge_calls(CallTable.of([]), Contracts([]), []).outcomes.matured.tolist() == []


def test_levels_of_a_house_are_apart() -> None:
    contracts = Contracts([definition()])
    level = {item.level for item in contracts.contracts}
    assert level == {RatingLevel.STOCK, RatingLevel.INDUSTRY}
