"""Tests of abnormal returns by hand, and against other packages."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats
from statsmodels.regression.linear_model import OLS
from statsmodels.stats.multitest import multipletests
from statsmodels.tools import add_constant

from screener.study.calendar_time import calendar_time_test
from screener.study.models import Model, abnormal_returns
from screener.study.returns import EventReturns, Timeline
from screener.study.reversal import reversal_of
from screener.study.statistics.bootstrap import bootstrap_test, mean_block
from screener.study.statistics.clustering import CrossCorrelation, clusters_of
from screener.study.statistics.intervals import wilson
from screener.study.statistics.multiple_testing import benjamini_hochberg, holm
from screener.study.statistics.parametric import (
    boehmer_test,
    cross_sectional_test,
    kolari_pynnonen_test,
    patell_test,
)
from screener.study.statistics.ranks import rank_deviations, rank_test, sign_test
from screener.study.windows import StudyWindows


def test_the_three_events_of_the_readme() -> None:
    """Worked by hand in the README: three shares that one report names on one day."""
    step = np.array([0.01, -0.01, 0.01, -0.01])
    apart = np.array([0.01, 0.01, -0.01, -0.01])
    index = np.zeros(32)
    residuals = np.array([np.tile(step, 8), np.tile(step, 8), np.tile(apart, 8)])
    windows = StudyWindows(estimation=(-33, -2), event=(0, 1), reader=False)
    returns = EventReturns(
        windows=windows,
        estimation=residuals + index,
        estimation_factors=np.zeros((1, 3, 32)),
        event=np.array([[0.03, 0.005], [0.02, -0.005], [0.04, 0.015]]),
        event_factors=np.tile([0.01, -0.005], (1, 3, 1)),
    )
    found = abnormal_returns(returns, Model.MARKET_ADJUSTED)
    after = [str(part.part) for part in windows.parts()].index("after")
    car, scar = found.car[:, after], found.scar[:, after]
    assert found.values == pytest.approx(np.array([[0.02, 0.01], [0.01, 0.0], [0.03, 0.02]]))
    assert car == pytest.approx([0.03, 0.01, 0.05])
    assert found.bhar[:, after] == pytest.approx([0.0302, 0.00995, 0.05065])
    assert found.sigma == pytest.approx(3 * [0.010160], abs=5e-7)
    assert scar == pytest.approx([2.0879, 0.6960, 3.4799], abs=5e-5)
    t = cross_sectional_test(car)
    assert t.value == pytest.approx(2.5981, abs=5e-5)
    assert t.p == pytest.approx(0.1217, abs=5e-5)
    assert patell_test(scar, found.freedom).value == pytest.approx(3.4978, abs=5e-5)
    assert boehmer_test(scar).value == pytest.approx(2.5981, abs=5e-5)
    timeline = Timeline.single([40, 40, 40], 60)
    r = CrossCorrelation(found.residuals, timeline, estimation=windows.estimation).mean((0, 1))
    assert r == pytest.approx(1 / 3)
    adjusted = kolari_pynnonen_test(scar, r)
    assert adjusted.value == pytest.approx(1.6432, abs=5e-5)
    assert adjusted.p == pytest.approx(0.2421, abs=5e-5)


def test_correlation_of_one_date_is_that_of_the_residuals() -> None:
    residuals = np.random.default_rng(1).normal(0, 1, (6, 50)) + np.linspace(0, 1, 50)
    timeline = Timeline.single(np.full(6, 70), 100)
    matrix = np.corrcoef(residuals)
    expected = (matrix.sum() - 6) / 30
    correlations = CrossCorrelation(residuals, timeline, estimation=(-60, -11))
    assert correlations.mean((0, 5)) == pytest.approx(expected)
    assert correlations.mean((-5, -1)) == pytest.approx(expected)


def test_correlation_of_two_dates_counts_by_the_sessions_in_common() -> None:
    series = np.random.default_rng(2).normal(0, 1, 100)
    # the same series, seen from two dates that are 4 sessions apart: where both have it they agree
    first, second = series[10:60], series[14:64]
    timeline = Timeline.single([70, 74], 100)
    correlations = CrossCorrelation(np.array([first, second]), timeline, estimation=(-60, -11))
    a, b = first - first.mean(), second - second.mean()
    alike = (a[4:] @ b[:-4]) / math.sqrt((a @ a) * (b @ b)) * 50 / 46
    assert correlations.mean((0, 9)) == pytest.approx(alike * 6 / 10)
    assert correlations.mean((0, 3)) == pytest.approx(0.0, abs=1e-12)
    assert correlations.mean((0, 0)) == pytest.approx(0.0, abs=1e-12)


def test_correlation_across_calendars_goes_by_the_day() -> None:
    """Two exchanges, one closed on row 20: event time differs, calendar time is what counts."""
    series = np.random.default_rng(3).normal(0, 1, 120)
    every = np.arange(120)
    fewer = np.delete(every, 20)
    timeline = Timeline(
        positions=np.array([70, 69]), calendars=np.array([0, 1]), own_rows=(every, fewer)
    )
    first, second = series[every[70 - 60 : 70 - 10]], series[fewer[69 - 60 : 69 - 10]]
    correlations = CrossCorrelation(np.array([first, second]), timeline, estimation=(-60, -11))
    assert clusters_of(timeline).days.tolist() == [70, 70]
    a, b = first - first.mean(), second - second.mean()
    # rows 10 to 59 without row 20 are in both windows
    both = np.delete(a, 10) @ b[1:]
    assert correlations.mean((0, 3)) == pytest.approx(both / math.sqrt((a @ a) * (b @ b)) * 50 / 49)


def test_ranks_by_hand() -> None:
    residuals = np.array([[0.01, -0.02, 0.03]])
    values = np.array([[0.05, np.nan]])
    found = rank_deviations(residuals, values)
    # ranks 2, 1, 3, 4 of 4 returns: over 5, less a half
    assert found[0, :4] == pytest.approx([-0.1, -0.3, 0.1, 0.3])
    assert np.isnan(found[0, 4])
    assert rank_deviations(np.array([[1.0, 1.0]]), np.array([[2.0]]))[0] == pytest.approx(
        [1.5 / 4 - 0.5, 1.5 / 4 - 0.5, 0.25]
    )
    test = rank_test(residuals, values[:, :1])
    spread = math.sqrt((0.01 + 0.09 + 0.01 + 0.09) / 4)
    assert test.value == pytest.approx(0.3 / spread)


def test_ranks_agree_with_scipy() -> None:
    draw = np.random.default_rng(4)
    joined = draw.integers(0, 9, (20, 15)).astype(float)
    ours = rank_deviations(joined[:, :10], joined[:, 10:])
    np.testing.assert_allclose(ours, stats.rankdata(joined, axis=1) / 16 - 0.5)


def test_signs_by_hand() -> None:
    residuals = np.tile([0.01, -0.01, -0.01, -0.01], (8, 2))  # 25 % of the sessions gain
    totals = np.array([0.1] * 5 + [-0.1] * 3)
    found = sign_test(totals, residuals)
    assert found.value == pytest.approx((5 - 2) / math.sqrt(8 * 0.25 * 0.75))
    assert found.estimate == 5 / 8
    assert wilson(5, 8) == pytest.approx(
        tuple(stats.binomtest(5, 8).proportion_ci(method="wilson")), rel=1e-9
    )


def test_bootstrap_is_the_seeds_alone_and_draws_dates_whole() -> None:
    timeline = Timeline.single(np.repeat(np.arange(50, 650, 30), 3), 700)
    totals = np.random.default_rng(5).normal(0.01, 0.03, 60)
    one, two = (
        bootstrap_test(totals, timeline, length=10, draws=500, seed=(7, 1)) for _ in range(2)
    )
    assert one == two
    assert bootstrap_test(totals, timeline, length=10, draws=500, seed=(8, 1)) != one
    assert one.estimate == pytest.approx(totals.mean())
    dates = totals.reshape(20, 3).mean(axis=1)
    reach = 1.96 * dates.std(ddof=1) / math.sqrt(20)
    assert one.low == pytest.approx(totals.mean() - reach, abs=0.3 * reach)
    assert one.high == pytest.approx(totals.mean() + reach, abs=0.3 * reach)
    assert mean_block(clusters_of(timeline), 10) == 1.0
    assert mean_block(clusters_of(timeline), 61) == pytest.approx((18 * 3 + 2 + 1) / 20)
    few = bootstrap_test(totals[:6], timeline.take(np.arange(6)), length=10, draws=500, seed=(7,))
    assert few.p is None
    assert few.note == "2 dates of entry, 10 are needed"


def test_calendar_time_is_a_regression_of_the_mean_of_open_windows() -> None:
    draw = np.random.default_rng(6)
    at = np.array([5, 10, 10, 30])
    market = draw.normal(0, 0.01, 60)
    rows = at[:, np.newaxis] + np.arange(1, 21)
    values = 0.002 + market[rows] + draw.normal(0, 0.01, rows.shape)
    timeline = Timeline.single(at, 60)
    found = calendar_time_test(values, market[rows][np.newaxis], np.ones(rows.shape), timeline, 1)
    days = np.unique(rows)
    portfolio = np.array([values[rows == day].mean() for day in days])
    lag = int(4 * (len(days) / 100) ** (2 / 9))
    fit = OLS(portfolio, add_constant(market[days])).fit(
        cov_type="HAC", cov_kwds={"maxlags": lag, "use_correction": True}
    )
    assert found.estimate == pytest.approx(fit.params[0])
    assert found.value == pytest.approx(fit.tvalues[0])
    assert found.note == f"{len(days)} sessions, lag {lag}"
    short = calendar_time_test(
        values[:1], market[rows[:1]][np.newaxis], np.ones((1, 20)), timeline.take(np.array([0])), 1
    )
    assert short.note == "20 sessions in the portfolio, 30 are needed"


def test_reversal_by_hand() -> None:
    before = np.array([0.10, -0.05, 0.05, np.nan])
    drift = np.array([-0.04, 0.02, 0.02, 0.5])
    residuals = np.random.default_rng(7).normal(0, 1, (4, 40))
    timeline = Timeline.single([50, 150, 250, 350], 400)
    found = reversal_of(before, drift, residuals, timeline, estimation=(-45, -6), window=(1, 5))
    assert (found.n, found.n_against) == (3, 2)
    assert found.moved == pytest.approx(0.2 / 3)
    assert found.drifted == pytest.approx((-0.04 - 0.02 + 0.02) / 3)
    assert found.taken_back == pytest.approx(0.04 / 0.2)
    assert found.test.value == cross_sectional_test(np.array([-0.04, -0.02, 0.02])).value
    none = reversal_of(
        before[3:],
        drift[3:],
        residuals[3:],
        timeline.take(np.array([3])),
        estimation=(-45, -6),
        window=(1, 5),
    )
    assert (none.n, none.moved, none.taken_back) == (0, None, None)


def test_several_questions_by_hand_and_as_statsmodels() -> None:
    chances = (0.01, 0.04, None, 0.03, 0.005)
    assert holm(chances) == pytest.approx((0.03, 0.06, None, 0.06, 0.02))
    assert benjamini_hochberg(chances) == pytest.approx((0.02, 0.04, None, 0.04, 0.02))
    many = np.random.default_rng(8).random(40)
    for ours, theirs in ((holm, "holm"), (benjamini_hochberg, "fdr_bh")):
        np.testing.assert_allclose(ours(list(many)), multipletests(many, method=theirs)[1])
    assert holm([None]) == (None,)
    assert benjamini_hochberg([]) == ()
