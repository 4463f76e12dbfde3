"""Tests of buy-and-hold returns and winsorising: by hand, by scipy, and on skewed samples."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats
from scipy.stats import mstats

from screener.errors import InputError
from screener.study.evaluating import StudySettings
from screener.study.statistics.buy_and_hold import skewness_bootstrap_test, skewness_test
from screener.study.statistics.intervals import wilson
from screener.study.statistics.parametric import cross_sectional_test
from screener.study.statistics.winsorising import winsorised


def test_the_skewness_adjusted_t_of_four_events_by_hand() -> None:
    """Mean 3, squares 1+1+1+9 = 12 so s = 2, cubes -1-1-1+27 = 24 so the skewness is 24/(4·8)."""
    found = skewness_test(np.array([2.0, 2.0, 2.0, 6.0]))
    share, skewness = 3 / 2, 0.75
    value = 2 * (share + skewness * share**2 / 3 + skewness / 24)
    assert value == 4.1875
    assert found.value == pytest.approx(4.1875, rel=1e-14)
    assert found.p == pytest.approx(2 * stats.t.sf(4.1875, 3))
    middle, half = 3 + 0.75 * 2 / 24, stats.t.ppf(0.975, 3) * 2 / 2
    assert (found.low, found.high) == pytest.approx((middle - half, middle + half))
    assert found.note == "skewness 0.75"


def by_scipy(sample: np.ndarray) -> float:
    n = len(sample)
    skewness = float(stats.skew(sample)) * ((n - 1) / n) ** 1.5
    share = float(stats.ttest_1samp(sample, 0.0).statistic) / math.sqrt(n)
    return math.sqrt(n) * (share + skewness * share**2 / 3 + skewness / (6 * n))


@pytest.mark.parametrize("seed", range(5))
def test_the_skewness_adjusted_t_is_scipys(seed: int) -> None:
    sample = np.random.default_rng(seed).lognormal(0, 0.6, 30) - 1.1
    assert skewness_test(sample).value == pytest.approx(by_scipy(sample), rel=1e-10)


def test_the_bootstrapped_one_is_judged_by_resamples_of_a_quarter() -> None:
    draw = np.random.default_rng(5)
    sample = draw.lognormal(0, 0.8, 80) - 1.25
    found = skewness_bootstrap_test(sample, draws=4_000, seed=(1,))
    centre = float(sample.mean())
    many = draw.choice(sample, (4_000, 20))
    skewness = stats.skew(many, axis=1) * (19 / 20) ** 1.5
    share = stats.ttest_1samp(many, centre, axis=1).statistic / math.sqrt(20)
    drawn = math.sqrt(20) * (share + skewness * share**2 / 3 + skewness / 120)
    value = by_scipy(sample)
    expected = 2 * min((drawn >= value).mean(), (drawn <= value).mean())
    assert found.value == pytest.approx(value)
    assert found.p == pytest.approx(expected, abs=4 * math.sqrt(expected / 2_000))
    again = skewness_bootstrap_test(draw.permutation(sample), draws=4_000, seed=(1,))
    assert again.p == found.p


def test_skewed_returns_fool_the_plain_t_and_not_the_bootstrapped_one() -> None:
    """Mean 0, skewness about 6: the plain t rejects far too often, on the left alone."""
    draw = np.random.default_rng(11)
    rejected = {"t": 0, "bootstrapped": 0}
    n_draws, mean = 400, math.exp(0.5)
    for number in range(n_draws):
        sample = draw.lognormal(0, 1, 60) - mean
        plain = cross_sectional_test(sample).p
        bootstrapped = skewness_bootstrap_test(sample, draws=300, seed=(number,)).p
        assert plain is not None
        assert bootstrapped is not None
        rejected["t"] += plain < 0.05
        rejected["bootstrapped"] += bootstrapped < 0.05
    assert wilson(rejected["t"], n_draws)[0] > 0.05
    assert rejected["bootstrapped"] < rejected["t"]
    low, high = wilson(rejected["bootstrapped"], n_draws)
    assert low <= 0.06
    assert high >= 0.03


def test_too_few_or_equal_events_have_no_answer() -> None:
    for sample in (np.empty(0), np.array([0.1]), np.array([0.1, 0.2]), np.full(30, 0.1)):
        for answer in (
            skewness_test(sample),
            skewness_bootstrap_test(sample, draws=100, seed=(1,)),
        ):
            assert answer.p is None
            assert answer.note
    turned = skewness_test(np.array([1.0] * 11 + [0.9]) + np.linspace(0, 0.01, 12))
    assert turned.p is None
    assert "against their mean" in turned.note
    few = skewness_bootstrap_test(np.arange(19) / 10, draws=100, seed=(1,))
    assert (few.p, few.note) == (None, "19 events, 20 are needed")


@pytest.mark.parametrize("share", [0.01, 0.05, 0.1, 0.25])
@pytest.mark.parametrize("n", [3, 10, 40, 101])
def test_winsorised_as_scipy_does(share: float, n: int) -> None:
    values = np.random.default_rng(n).normal(size=n).round(1)
    found, places = winsorised(values, share)
    expected = np.asarray(mstats.winsorize(values, limits=(share, share)))
    np.testing.assert_array_equal(found, expected)
    np.testing.assert_array_equal(np.flatnonzero(found != values), places)


@pytest.mark.parametrize("share", [-0.01, 0.26, math.nan])
def test_no_more_than_a_quarter_of_a_tail_is_winsorised(share: float) -> None:
    with pytest.raises(InputError, match=r"outside 0 to 0\.25") as told:
        StudySettings(winsor=share)
    assert told.value.fix == "write --winsor 1%"
