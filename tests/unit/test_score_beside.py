"""Beside the contracts, by hand: plain returns, early states, changes, targets, industries."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from screener.domain.listing import Exchange, Listing
from screener.domain.total_return import Peers, TotalReturnPanel
from screener.market.calendars import calendar_of
from screener.market.industries import industry_index, industry_indices
from screener.scoring.board.leaderboard import Grouping, leaderboard
from screener.scoring.calls import Call, CallTable
from screener.scoring.definitions.contracts import Contracts
from screener.scoring.judging.outcomes import CallState
from screener.scoring.judging.plain import HORIZONS, plain_return, plain_returns
from screener.scoring.judging.targets import TargetState
from screener.scoring.score import Judged, judge_calls
from tests.support.laws import laws
from tests.support.score_worlds import band, call, definition, panel_of, sessions_between, share

START, END = date(2024, 1, 2), date(2025, 12, 31)
DAY = date(2024, 7, 1)
ONE, TWO = share(1), share(2)
AXIS = sessions_between(START, END)
AT = AXIS.index(DAY)
NONE = Contracts([])


def path(*steps: tuple[int, float]) -> np.ndarray:
    """Closes of 10 that step to a value so many sessions after the call's day."""
    values = np.full(len(AXIS), 10.0)
    for after, value in steps:
        values[AT + after :] = value
    return values


def world(
    calls: list[Call],
    closes: dict[Listing, np.ndarray | float],
    contracts: Contracts | None = None,
    **more: object,
) -> tuple[Judged, list]:
    prices = more.pop("prices", None)
    spells = more.pop("spells", ())
    panel: TotalReturnPanel = panel_of(START, END, closes, **more)  # type: ignore[arg-type]
    panels = [(replace(panel, spells=spells), calendar_of(Exchange.SH))]
    table = CallTable.of(calls)
    held = Contracts([definition()]) if contracts is None else contracts
    return judge_calls(table, held, panels, prices=prices), panels


def after(judged: Judged, panels: list) -> list[float]:
    return plain_returns(judged, panels).active[0].tolist()


def test_a_call_is_followed_without_any_definition() -> None:
    # Session 20 is the 20th from the entry, the session after the call's day: 20 after that day.
    closes = {ONE: path((20, 11.0), (21, 12.0), (60, 13.0), (120, 9.0), (250, 15.0))}
    judged, panels = world([call(DAY, ONE)], closes, NONE)
    assert judged.outcomes.verdict[0] == CallState.UNJUDGED
    assert after(judged, panels) == pytest.approx([0.1, 0.3, -0.1, 0.5])


def test_it_is_less_the_benchmark_and_in_the_direction_of_the_word() -> None:
    closes = {ONE: path((20, 11.0)), TWO: path((20, 11.0))}
    table = [
        call(DAY, ONE, rating="卖出"),
        call(DAY, TWO, rating="中性"),
        call(DAY, TWO, rating="", number=1),
    ]
    judged, panels = world(table, closes, NONE, index=path((20, 10.5)))
    found = plain_returns(judged, panels).active[:, 0]
    assert found[0] == pytest.approx(-0.05)
    assert np.isnan(found[1])  # stays with the market: neither side
    assert found[2] == pytest.approx(0.05)  # no rating: a recommendation


def test_what_the_data_do_not_reach_is_pending() -> None:
    late = AXIS[-30]
    judged, panels = world([call(late, ONE)], {ONE: 10.0}, NONE)
    found = plain_returns(judged, panels)
    assert found.pending[0].tolist() == [False, True, True, True]
    assert np.isfinite(found.active[0]).tolist() == [True, False, False, False]
    (first, second, *_) = plain_return(found, np.array([0]))
    assert (first.n, first.n_pending, second.n, second.n_pending) == (1, 0, 0, 1)
    assert (first.mean, first.low, second.mean) == (0.0, None, None)


def test_an_industry_call_is_that_of_its_index_else_the_mean_of_its_names() -> None:
    sector = Listing("801750", Exchange.SI)
    made = call(DAY, None, level="industry", industry="计算机", members=(ONE, TWO))
    closes = {ONE: path((20, 12.0)), TWO: path((20, 11.0)), sector: path((20, 10.4))}
    peers, names = {sector: Peers.INDUSTRIES}, {sector: "计算机"}
    judged, panels = world([made], closes, NONE, peers=peers, industries=names)
    assert after(judged, panels)[0] == pytest.approx(0.04)
    judged, panels = world([made], {ONE: closes[ONE], TWO: closes[TWO]}, NONE)
    assert after(judged, panels)[0] == pytest.approx(0.15)


def test_calls_of_one_month_alone_have_a_mean_and_no_interval() -> None:
    shares = [share(number) for number in range(1, 6)]
    closes = {item: path((20, 10.0 + at)) for at, item in enumerate(shares)}
    judged, panels = world([call(DAY, item) for item in shares], closes, NONE)
    found = plain_return(plain_returns(judged, panels), np.arange(5))[0]
    assert (found.n, found.low, found.high) == (5, None, None)
    assert found.mean == pytest.approx(0.2)
    assert found.positive == 0.8


def test_independent_calls_have_the_interval_of_students_t() -> None:
    days = [AXIS[at] for at in range(0, 440, 22)]
    draw = np.random.default_rng(3).normal(0.02, 0.05, len(days))
    closes, table = {}, []
    for at, (day, move) in enumerate(zip(days, draw, strict=True)):
        values = np.full(len(AXIS), 10.0)
        values[AXIS.index(day) + 20 :] = 10.0 * (1 + move)
        closes[share(at)] = values
        table.append(call(day, share(at)))
    judged, panels = world(table, closes, NONE)
    found = plain_return(plain_returns(judged, panels), np.arange(len(days)))[0]
    assert found.mean == pytest.approx(draw.mean())
    half = draw.std(ddof=1) / np.sqrt(len(days)) * 2.093  # t of 19 degrees
    assert found.low is not None
    assert found.high is not None
    assert found.high - found.mean >= half * 0.999
    assert found.mean - found.low == pytest.approx(found.high - found.mean)


@given(cut=st.integers(min_value=AT + 2, max_value=len(AXIS)), seed=st.integers(0, 99))
@laws(20)
def test_later_sessions_change_no_plain_return(cut: int, seed: int) -> None:
    walk = 10 * np.exp(np.cumsum(np.random.default_rng(seed).normal(0, 0.02, len(AXIS))))
    whole, panels = world([call(DAY, ONE)], {ONE: walk}, NONE)
    known = plain_returns(whole, panels)
    cut_panel = panel_of(START, AXIS[cut - 1], {ONE: walk})
    early = judge_calls(CallTable.of([call(DAY, ONE)]), NONE, [(cut_panel, panels[0][1])])
    found = plain_returns(early, [(cut_panel, panels[0][1])])
    done = ~found.pending[0]
    assert done.tolist() == [AT + sessions < cut for sessions in HORIZONS]
    assert found.active[0][done].tolist() == known.active[0][done].tolist()


def test_the_state_at_the_low_end_of_a_horizon_is_told_and_is_no_verdict() -> None:
    closes = {ONE: path((60, 12.5), (100, 10.0))}  # 2024-10-01 is no session: 09-30
    contracts = Contracts([definition(months=(3, 6))])
    judged, _ = world([call(DAY, ONE)], closes, contracts, index=path((60, 10.2)))
    found = judged.outcomes
    assert found.early_end[0] == np.datetime64("2024-09-30")
    assert found.early_stock[0] == pytest.approx(0.25)
    assert found.early_benchmark[0] == pytest.approx(0.02)
    assert found.verdict[0] == CallState.MISSED
    flat, _ = world([call(DAY, ONE)], closes)
    assert np.isnan(flat.outcomes.early_stock[0])


def test_an_index_whose_data_end_early_is_pending_with_its_state() -> None:
    sector = Listing("801750", Exchange.SI)
    made = call(DAY, None, rating="看好", level="industry", industry="计算机")
    closes = {ONE: 10.0, sector: path((60, 8.5), (80, 9.0), (100, np.nan))}
    judged, _ = world(
        [made],
        closes,
        Contracts([definition(months=(3, 6))]),
        peers={sector: Peers.INDUSTRIES},
        industries={sector: "计算机"},
    )
    found = judged.outcomes
    assert found.verdict[0] == CallState.PENDING
    assert found.end[0] == np.datetime64(AXIS[AT + 99])
    assert found.stock_return[0] == pytest.approx(-0.1)
    assert found.early_stock[0] == pytest.approx(-0.15)


def test_changes_are_as_told_else_as_the_call_before_shows() -> None:
    days = [date(2024, month, 3) for month in range(1, 8)]
    words = ["增持", "增持", "买入", "中性", "中性", "买入", "跑赢大市"]
    table = [call(day, ONE, rating=word) for day, word in zip(days, words, strict=True)]
    table[4] = replace(table[4], change="raised")  # its source says so
    table.append(call(days[3], TWO, rating="买入"))
    judged, _ = world(table, {ONE: 10.0, TWO: 10.0})
    found = dict(zip(judged.calls.id.tolist(), judged.calls.change.tolist(), strict=True))
    assert [found[item.id] for item in table] == [
        "",
        "maintained",
        "raised",
        "lowered",
        "raised",
        "raised",
        "",  # the house has no such word: nothing to compare
        "",
    ]


def test_groups_tell_changes_and_vendors_words_apart() -> None:
    days = [date(2024, month, 3) for month in range(1, 5)]
    words = ["增持", "买入", "强推", "增持"]
    table = [
        call(day, ONE, rating=word, vendor=True) for day, word in zip(days, words, strict=True)
    ]
    bands = [band("强推", 0.2), band("推荐", 0.1, 0.2), band("中性", -0.1, 0.1)]
    judged, _ = world(table, {ONE: 10.0}, Contracts([definition(bands=bands)]))
    assert judged.ranked.tolist() == [True, True, False, True]
    board = leaderboard(judged.calls, judged.columns, by=[Grouping.BROKER], min_calls=1)
    (score,) = board.scores
    assert {kind: share.n for kind, share in score.changes.items()} == {
        "initiated": 0,
        "raised": 1,
        "lowered": 1,
        "maintained": 1,
    }
    assert (score.ranked.n, score.at_end.n) == (3, 4)


TARGETS = [
    # target, closes by sessions after the call's day; state, sessions, worst, bias
    (12.0, [(5, 9.0), (9, 12.0), (30, 11.0)], TargetState.REACHED, 9, -0.1, 0.1),
    (12.0, [(5, 11.9)], TargetState.MISSED, None, 0.0, 0.01),
    (8.0, [(3, 10.5), (7, 8.0)], TargetState.REACHED, 7, -0.05, 0.0),
    (9.0, [(3, 11.0)], TargetState.MISSED, None, -0.1, 0.2),
]


@pytest.mark.parametrize(("target", "steps", "state", "sessions", "worst", "bias"), TARGETS)
def test_a_target_is_followed_to_the_end_of_its_horizon(
    target: float,
    steps: list[tuple[int, float]],
    state: TargetState,
    sessions: int | None,
    worst: float,
    bias: float,
) -> None:
    made = call(DAY, ONE, target_price=target)
    found = world([made], {ONE: path(*steps)}, prices=np.array([10.0]))[0].targets
    assert found.state[0] == state
    assert found.upside[0] == pytest.approx(target / 10 - 1)
    assert np.isnan(found.sessions[0]) if sessions is None else found.sessions[0] == sessions
    assert found.worst[0] == pytest.approx(worst)
    assert found.bias[0] == pytest.approx(bias)


def test_a_target_counts_from_the_price_as_traded_whatever_the_adjustment() -> None:
    made = call(DAY, ONE, target_price=24.0)  # 20 as traded; the panel's level is another
    found = world([made], {ONE: path((9, 12.0))}, prices=np.array([20.0]))[0].targets
    assert (found.state[0], found.sessions[0]) == (TargetState.REACHED, 9)


def test_a_target_that_cannot_be_followed_says_so_and_none_is_none() -> None:
    table = [
        call(DAY, ONE, target_price=12.0),
        call(DAY, ONE, number=1),
        call(DAY, share(9), number=2, target_price=5.0),
    ]
    found = world(table, {ONE: 10.0}, prices=np.array([np.nan, 10.0, 4.0]))[0].targets
    assert found.state.tolist() == [TargetState.UNKNOWN, TargetState.NONE, TargetState.UNKNOWN]
    assert np.isnan(found.upside).all()


def test_a_target_without_a_contract_has_twelve_months() -> None:
    table = [call(DAY, ONE, target_price=11.0), call(AXIS[-20], ONE, target_price=11.0, number=1)]
    closes = {ONE: path((300, 11.0))}  # after twelve months
    found = world(table, closes, NONE, prices=np.array([10.0, 12.0]))[0].targets
    assert found.state.tolist() == [TargetState.MISSED, TargetState.PENDING]
    assert np.isnan(found.bias[1])


@given(cut=st.integers(min_value=AT + 2, max_value=len(AXIS)), seed=st.integers(0, 99))
@laws(30)
def test_later_sessions_change_no_target_that_is_reached_or_over(cut: int, seed: int) -> None:
    walk = 10 * np.exp(np.cumsum(np.random.default_rng(seed).normal(0, 0.02, len(AXIS))))
    price = np.array([walk[AT]])
    made = CallTable.of([call(DAY, ONE, target_price=walk[AT] * 1.1)])
    calendar = calendar_of(Exchange.SH)
    early, late = (
        judge_calls(made, NONE, [(panel_of(START, end, {ONE: walk}), calendar)], prices=price)
        for end in (AXIS[cut - 1], END)
    )
    before, known = early.targets, late.targets
    if before.state[0] == TargetState.REACHED:
        assert known.state[0] == TargetState.REACHED
        assert (before.sessions[0], before.worst[0]) == (known.sessions[0], known.worst[0])
    if np.isfinite(before.bias[0]):
        assert (before.state[0], before.bias[0]) == (known.state[0], known.bias[0])


def test_only_targets_whose_horizon_is_over_count_for_their_house() -> None:
    table = [
        call(DAY, ONE, target_price=12.0),
        call(DAY, TWO, target_price=12.0),
        call(AXIS[-20], ONE, target_price=9.5, number=1),  # reached already, and not over
    ]
    closes = {ONE: path((4, 12.5)), TWO: 10.0}
    judged, _ = world(table, closes, prices=np.array([10.0, 10.0, 9.0]))
    (score,) = leaderboard(judged.calls, judged.columns, by=[Grouping.BROKER], min_calls=1).scores
    found = score.targets
    assert (found.n, found.reached, found.sessions) == (2, 0.5, 4)
    assert found.bias == pytest.approx((-0.05 + 0.2) / 2)


def test_the_base_rate_of_an_industry_is_of_those_that_were_in_it_that_day() -> None:
    shares = [share(number) for number in range(40)]
    # Of the first ten, six kept it; they leave the industry after the call's day.
    closes = {item: path((60, 13.0 if at < 6 else 10.0)) for at, item in enumerate(shares)}
    spells = tuple(
        [(at, START, DAY, "甲业") for at in range(10)]
        + [(at, date(2024, 7, 2), None, "乙业") for at in range(10)]
        + [(at, START, None, "乙业") for at in range(10, 40)]
    )
    judged, _ = world([call(DAY, shares[0]), call(DAY, shares[20])], closes, spells=spells)
    rates = judged.outcomes.rates
    assert rates.at_end.tolist() == [0.15, 0.15]
    assert rates.industry.tolist() == [0.6, 0.0]


def test_too_few_of_an_industry_give_no_base_rate() -> None:
    shares = [share(number) for number in range(9)]
    spells = tuple((at, START, None, "甲业") for at in range(9))
    judged, _ = world([call(DAY, shares[0])], dict.fromkeys(shares, 10.0), spells=spells)
    assert np.isfinite(judged.outcomes.rates.at_end[0])
    assert np.isnan(judged.outcomes.rates.industry[0])


def test_who_is_reliably_worse_is_marked() -> None:
    shares = [share(number) for number in range(60)]
    # Nearly all of the market keeps a "buy", save those that one house chooses.
    closes: dict[Listing, np.ndarray | float] = {
        item: 10.0 * 1.01 ** np.arange(len(AXIS)) if at >= 20 else 10.0
        for at, item in enumerate(shares)
    }
    days = [AXIS[at] for at in range(5, 330, 6)]
    table = [
        call(day, shares[at % 20 + (20 if broker == "乙证券" else 0)], broker=broker)
        for broker in ("甲证券", "乙证券")
        for at, day in enumerate(days)
    ]
    contracts = Contracts([definition("甲证券"), definition("乙证券")])
    judged, _ = world(table, closes, contracts)
    board = leaderboard(judged.calls, judged.columns, by=[Grouping.BROKER], min_calls=20)
    assert {score.key[0]: score.reliably for score in board.scores} == {
        "甲证券": "worse",
        "乙证券": "better",
    }


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("计算机", "801750"),
        ("计算机行业", "801750"),
        ("电子|半导体", "801080"),
        ("化工", "801030"),
        ("军工", "801740"),
        ("医药", "801150"),
    ],
)
def test_an_industry_is_known_by_the_names_that_reports_use(text: str, code: str) -> None:
    found = industry_index(text)
    assert found is not None
    assert found.listing.id == f"{code}.SI"


@pytest.mark.parametrize("text", ["半导体", "白酒", "", "房"])
def test_a_part_of_an_industry_is_not_the_industry(text: str) -> None:
    assert industry_index(text) is None


def test_the_table_of_industries() -> None:
    found = industry_indices()
    names = [text for item in found for text in (item.name, *item.also)]
    assert len(found) == 31
    assert len(set(names)) == len(names)
    assert all(item.listing.exchange is Exchange.SI and item.name_en for item in found)
