"""Intervals, shrinkage, ranks and their tests against numbers from outside this code."""

from __future__ import annotations

import math
from datetime import date, timedelta

import numpy as np
import pytest
from statsmodels.stats.proportion import proportion_confint

from screener.domain.listing import Exchange
from screener.market.calendars import calendar_of
from screener.scoring.board.intervals import design_effect, p_value, spans_enough
from screener.scoring.board.leaderboard import Grouping, Leaderboard, leaderboard, memberships
from screener.scoring.board.persistence import persistence
from screener.scoring.board.shrinkage import shrink
from screener.scoring.calls import CallTable
from screener.scoring.crowding import BUCKETS, places_in_crowd
from screener.scoring.definitions.contracts import Contracts
from screener.scoring.score import Judged, judge_calls
from screener.study.statistics.intervals import wilson
from tests.support.score_worlds import (
    call,
    contracts_of,
    definition,
    panel_of,
    random_calls,
    random_market,
    share,
)

START, END = date(2016, 1, 4), date(2022, 12, 30)


@pytest.mark.parametrize(
    ("hits", "trials"), [(0, 1), (1, 1), (0, 10), (3, 10), (10, 10), (157, 320)]
)
def test_wilson_is_that_of_statsmodels(hits: int, trials: int) -> None:
    expected = proportion_confint(hits, trials, alpha=0.05, method="wilson")
    assert wilson(hits, trials) == pytest.approx(expected, abs=1e-12)


def test_wilson_of_nothing_is_undefined() -> None:
    assert all(math.isnan(bound) for bound in wilson(0, 0))


def test_independent_calls_count_as_themselves() -> None:
    draw = np.random.default_rng(5)
    excess = (draw.random(20_000) < 0.3) - 0.3
    months = np.repeat(np.arange(2_000), 10)
    assert design_effect(excess, months, np.arange(20_000), lags=1) == pytest.approx(1, abs=0.15)


def test_calls_that_end_alike_count_as_one() -> None:
    # Five calls in each of four months, all of a month alike: twenty calls tell as much as four,
    # and 13 of 31 months are hidden by taking the mean off.
    months = np.repeat([0, 10, 20, 30], 5)
    excess = np.repeat([0.5, -0.5, 0.5, -0.5], 5)
    every = np.arange(20)
    assert design_effect(excess, months, every, lags=6) == pytest.approx(5 / (1 - 13 / 31))
    assert design_effect(np.ones(20), months, every, lags=6) == pytest.approx(5)  # never varies
    assert design_effect(np.ones(1), np.zeros(1, dtype=int), every[:1], lags=6) == 1


def test_overlapping_months_hang_together() -> None:
    # One call a month, two alike, then two alike: with one lag the sum's variance is
    # 4 x 0.25 + 2 x 0.5 x (0.25 - 0.25 + 0.25) = 1.25 against 1, of which two thirds are hidden.
    excess, months = np.array([0.5, 0.5, -0.5, -0.5]), np.arange(4)
    assert design_effect(excess, months, np.arange(4), lags=1) == pytest.approx(1.25 * 3)


def test_calls_on_one_security_hang_together_while_their_horizons_overlap() -> None:
    # Months 0 and 1 on one security, 20 and 21 on another: 4 x 0.25 + 2 x (0.25 + 0.25) = 2
    # against 1, where the months alone give 1.5.
    excess, months = np.array([0.5, 0.5, -0.5, -0.5]), np.array([0, 1, 20, 21])
    found = design_effect(excess, months, np.array([7, 7, 9, 9]), lags=1)
    assert found == pytest.approx(2 / (1 - 3 / 22))
    apart = design_effect(excess, months, np.arange(4), lags=1)
    assert apart == pytest.approx(1.5 / (1 - 3 / 22))


def test_a_p_needs_twice_the_horizon() -> None:
    assert not spans_enough(np.array([3, 14]), 6)
    assert spans_enough(np.array([3, 15]), 6)
    assert not spans_enough(np.array([], dtype=int), 6)


@pytest.mark.parametrize("few", [False, True])
def test_chance_is_rejected_about_as_often_as_it_should(few: bool) -> None:
    # 150 houses without skill: five in a hundred should come out below 5 %, by the exact binomial
    # hardly more than sixteen. Houses with four securities each make overlapping calls on them.
    panel = random_market(300, START, END, seed=21, missing=0)
    draw = np.random.default_rng(3)
    made = []
    for house in range(150):
        rows = draw.integers(0, len(panel.sessions) - 140, 60)
        columns = draw.choice(draw.integers(0, 300, 4), 60) if few else draw.integers(0, 300, 60)
        for number, (row, column) in enumerate(zip(rows, columns, strict=True)):
            day: date = panel.sessions[row].item()
            made.append(call(day, panel.listings[column], broker=f"h{house:03d}", number=number))
    table = CallTable.of(made)
    houses = [f"h{house:03d}" for house in range(150)]
    judged = judge_calls(table, contracts_of(houses), [(panel, calendar_of(Exchange.SH))])
    board = scored(table, judged)
    assert board.trials == 150
    assert sum(score.p is not None and score.p < 0.05 for score in board.scores) <= 16
    assert sum(score.rank is not None for score in board.scores) <= 3


def test_p_by_hand() -> None:
    # 8 of 10 at a chance of a half: (8 - 5) / sqrt(2.5) = 1.897 standard deviations.
    hits = np.array([1.0] * 8 + [0.0] * 2)
    assert p_value(hits, np.full(10, 0.5), 1.0) == pytest.approx(0.0578, abs=5e-5)
    assert p_value(hits, np.full(10, 0.5), 4.0) == pytest.approx(0.3428, abs=5e-5)
    assert math.isnan(p_value(hits, np.ones(10), 1.0))


def test_shrinkage_draws_small_groups_further() -> None:
    hits, trials = np.array([9.0, 90.0, 20.0, 200.0]), np.array([10.0, 100.0, 100.0, 1000.0])
    found = shrink(hits, trials, np.full(4, 0.25))
    assert 0 < found.precision < 100
    assert abs(found.rates[0] - 0.9) > abs(found.rates[1] - 0.9)
    assert found.rates[1] > found.rates[0] > found.rates[2]


def test_groups_that_differ_as_chance_lets_them_are_drawn_together() -> None:
    found = shrink(np.array([5.0, 5.0]), np.array([10.0, 10.0]), np.array([0.3, 0.4]))
    assert math.isinf(found.precision)
    assert found.rates - np.array([0.3, 0.4]) == pytest.approx([0.15, 0.15])


def test_a_group_without_trials_has_no_shrunk_rate() -> None:
    found = shrink(np.array([0.0, 3.0]), np.array([0.0, 10.0]), np.array([np.nan, 0.3]))
    assert np.isnan(found.rates[0])
    assert np.isnan(shrink(np.zeros(1), np.zeros(1), np.array([np.nan])).rates).all()


def test_places_in_the_crowd_by_hand() -> None:
    day = date(2025, 1, 2)
    made = [
        call(day, share(1), themes=("a",), number=1),
        call(day, share(2), themes=("a",), number=2),  # of the same day: not before each other
        call(day + timedelta(days=90), share(3), themes=("a", "b"), number=3),
        call(day + timedelta(days=91), share(4), themes=("a",), number=4),  # the first two are out
        call(day + timedelta(days=91), share(5), themes=(), number=5),
    ]
    assert places_in_crowd(CallTable.of(made)).tolist() == [1, 1, 3, 2, 0]
    assert [item.label for item in BUCKETS] == ["1", "2-3", "4-10", "11+"]


def scored(
    table: CallTable, judged: Judged, *, by: Grouping = Grouping.BROKER, min_calls: int = 20
) -> Leaderboard:
    return leaderboard(table, judged.columns, by=[by], min_calls=min_calls)


def test_planted_skill_is_found_and_the_lucky_are_not() -> None:
    panel = random_market(150, START, END, seed=4)
    houses = {"good": 0.5, **{f"plain{at}": 0.0 for at in range(6)}}
    table = random_calls(panel, 4_000, houses, seed=3)
    judged = judge_calls(table, contracts_of(list(houses)), [(panel, calendar_of(Exchange.SH))])
    board = scored(table, judged)
    best = board.scores[0]
    assert (best.key, best.rank) == (("good",), 1)
    assert best.edge is not None
    assert best.edge > 0.2
    assert best.p_adjusted is not None
    assert best.p_adjusted < 1e-6
    assert board.trials == 7
    for score in board.scores[1:]:
        assert score.p_adjusted is not None
        assert score.p_adjusted > 0.05
        assert score.shrunk is not None
        assert score.at_end.rate is not None
    assert best.mean_active is not None
    assert best.base_active is not None
    assert best.mean_active > best.base_active
    assert best.first.n + best.repeated.n == best.at_end.n
    assert board.n_fit == 7
    assert scored(table, judged, min_calls=4_000).n_fit == 0


def test_without_skill_nobody_is_ranked() -> None:
    panel = random_market(150, START, END, seed=8)
    houses = {f"plain{at}": 0.0 for at in range(6)}
    table = random_calls(panel, 1_500, houses, seed=9)
    judged = judge_calls(table, contracts_of(list(houses)), [(panel, calendar_of(Exchange.SH))])
    board = scored(table, judged)
    assert [score.rank for score in board.scores] == [None] * 6
    assert board.total.at_end.rate == pytest.approx(board.total.at_end.base_rate, abs=0.05)


def test_skill_lasts_from_year_to_year_and_luck_does_not() -> None:
    panel = random_market(120, START, END, seed=6)
    houses = {f"h{at:02d}": at / 12 for at in range(12)}
    table = random_calls(panel, 12_000, houses, seed=7)
    judged = judge_calls(table, contracts_of(list(houses)), [(panel, calendar_of(Exchange.SH))])
    found = persistence(table, judged.outcomes, memberships(table, [Grouping.BROKER]), min_calls=10)
    assert [item.year for item in found] == [*range(2016, 2022), 0]
    together = found[-1]
    assert together.correlation is not None
    assert together.correlation > 0.7
    assert together.p is not None
    assert together.p < 1e-6
    lucky = random_calls(panel, 6_000, dict.fromkeys(houses, 0.0), seed=7)
    judged = judge_calls(lucky, contracts_of(list(houses)), [(panel, calendar_of(Exchange.SH))])
    found = persistence(lucky, judged.outcomes, memberships(lucky, [Grouping.BROKER]), min_calls=10)
    assert found[-1].p is not None
    assert found[-1].p > 0.01


def one_call(rating: str = "买入") -> tuple[CallTable, Judged]:
    panel = panel_of(date(2025, 8, 1), date(2026, 3, 31), {share(1): 10.0, share(2): 10.0})
    table = CallTable.of([call(date(2025, 8, 29), share(1), rating=rating)])
    return table, judge_calls(table, Contracts([definition()]), [(panel, calendar_of(Exchange.SH))])


def test_one_call_has_a_wide_interval_and_no_rank() -> None:
    board = scored(*one_call(), min_calls=1)
    (score,) = board.scores
    assert (score.at_end.n, score.n_met, score.rank) == (1, 0, None)
    assert (score.low, score.high) == pytest.approx(proportion_confint(0, 1, method="wilson"))
    assert score.p is None  # chance gives 0 % as well: nothing is open
    assert board.trials == 0


def test_a_rating_around_the_benchmark_has_no_direction() -> None:
    (score,) = scored(*one_call("中性"), min_calls=1).scores
    assert score.at_end.rate == 1
    assert (score.mean_active, score.worst_active, score.base_active) == (None, None, None)


def test_all_pending_leaves_every_number_undefined() -> None:
    panel = panel_of(date(2025, 8, 1), date(2025, 9, 30), {share(1): 10.0})
    table = CallTable.of([call(date(2025, 8, 29), share(1), number=at) for at in range(3)])
    judged = judge_calls(table, Contracts([definition()]), [(panel, calendar_of(Exchange.SH))])
    board = scored(table, judged)
    assert board.n_fit == 0
    (score,) = board.scores
    assert (score.n_calls, score.n_pending, score.at_end.n) == (3, 3, 0)
    told = (score.at_end.rate, score.low, score.high, score.p, score.shrunk, score.mean_active)
    assert told == (None,) * 6
    assert (
        persistence(table, judged.outcomes, memberships(table, [Grouping.BROKER]), min_calls=1)
        == ()
    )


def test_calls_count_under_each_of_their_analysts_and_themes() -> None:
    made = [
        call(date(2025, 8, 29), share(1), analysts=("A", "B"), themes=("x", "y")),
        call(date(2025, 9, 1), share(1), analysts=("B",), themes=()),
    ]
    table = CallTable.of(made)
    found = memberships(table, [Grouping.ANALYST, Grouping.THEME])
    assert found.keys == (("A", "x"), ("A", "y"), ("B", ""), ("B", "x"), ("B", "y"))
    assert found.call.tolist() == [0, 0, 1, 0, 0]
