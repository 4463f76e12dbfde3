"""Expected returns, forecast errors and parametric tests: by hand and against statsmodels."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from statsmodels.regression.linear_model import OLS
from statsmodels.tools import add_constant

from screener.errors import DataError, InputError
from screener.study.models import Convention, Model, abnormal_returns
from screener.study.returns import EventReturns
from screener.study.statistics.parametric import (
    boehmer_test,
    cross_sectional_test,
    kolari_pynnonen_test,
    patell_test,
)
from screener.study.windows import Part, StudyWindows
from tests.support.event_returns import event_returns, market_world

WINDOWS = StudyWindows(estimation=(-60, -11), event=(-10, 5))
PARTS = [part.part for part in WINDOWS.parts()]


def studied(model: Model = Model.MARKET):  # type: ignore[no-untyped-def]
    returns, market = market_world(1)
    given = None if model is Model.MEAN_ADJUSTED else market
    found, timeline = event_returns(WINDOWS, returns, given, range(8), range(100, 340, 30))
    return found, abnormal_returns(found, model), timeline


def test_market_model_agrees_with_statsmodels() -> None:
    given, found, _ = studied()
    for unit in range(len(given)):
        design = add_constant(given.estimation_factors[0, unit])
        fit = OLS(given.estimation[unit], design).fit()
        assert found.coefficients[unit] == pytest.approx(fit.params, rel=1e-10)
        assert found.sigma[unit] == pytest.approx(math.sqrt(fit.mse_resid), rel=1e-10)
        ahead = add_constant(given.event_factors[0, unit], has_constant="add")
        told = fit.get_prediction(ahead)
        np.testing.assert_allclose(
            found.values[unit], given.event[unit] - told.predicted_mean, rtol=1e-9, atol=1e-14
        )
        np.testing.assert_allclose(
            found.values[unit] / found.standardised[unit], told.se_obs, rtol=1e-10
        )


def test_factor_model_agrees_with_statsmodels_on_sums_too() -> None:
    returns, market = market_world(2)
    second = np.random.default_rng(3).normal(0, 0.01, len(market))
    one, _ = event_returns(WINDOWS, returns, market, range(5), range(100, 250, 30))
    two, _ = event_returns(WINDOWS, returns, second, range(5), range(100, 250, 30))
    given = replace(
        one,
        estimation_factors=np.concatenate([one.estimation_factors, two.estimation_factors]),
        event_factors=np.concatenate([one.event_factors, two.event_factors]),
    )
    found = abnormal_returns(given, Model.FACTORS)
    part = WINDOWS.parts()[PARTS.index(Part.DRIFT)]
    for unit in range(5):
        design = add_constant(given.estimation_factors[:, unit].T)
        fit = OLS(given.estimation[unit], design).fit()
        within = given.event_factors[:, unit, part.columns].sum(axis=1)
        length = part.stop - part.start
        ahead = np.array([length, *within])
        variance = fit.mse_resid * (length + ahead @ fit.normalized_cov_params @ ahead)
        total = given.event[unit, part.columns].sum() - ahead @ fit.params
        at = PARTS.index(Part.DRIFT)
        assert found.car[unit, at] == pytest.approx(total, rel=1e-9)
        assert found.scar[unit, at] == pytest.approx(total / math.sqrt(variance), rel=1e-9)
        assert found.freedom[unit] == 50 - 3


def test_simple_models_by_hand() -> None:
    windows = StudyWindows(estimation=(-31, -2), event=(0, 1), reader=False)
    signs = np.tile([0.01, -0.01], 15)
    given = EventReturns(
        windows=windows,
        estimation=np.array([signs + 0.002]),
        estimation_factors=np.empty((0, 1, 30)),
        event=np.array([[0.05, -0.01]]),
        event_factors=np.empty((0, 1, 2)),
    )
    found = abnormal_returns(given, Model.MEAN_ADJUSTED)
    sigma = 0.01 * math.sqrt(30 / 29)
    assert found.values == pytest.approx(np.array([[0.048, -0.012]]))
    assert found.sigma == pytest.approx([sigma])
    assert found.standardised[0, 0] == pytest.approx(0.048 / (sigma * math.sqrt(1 + 1 / 30)))
    # day, drift, after, whole: sums, and 1.05 × 0.99 - 1.002²
    assert found.car[0] == pytest.approx([0.048, -0.012, 0.036, 0.036])
    assert found.bhar[0, 2] == pytest.approx(1.05 * 0.99 - 1.002**2)
    assert found.scar[0, 2] == pytest.approx(0.036 / (sigma * math.sqrt(2 + 4 / 30)))
    index = np.full((1, 1, 30), 0.001)
    adjusted = abnormal_returns(
        replace(given, estimation_factors=index, event_factors=np.full((1, 1, 2), 0.02)),
        Model.MARKET_ADJUSTED,
    )
    assert adjusted.values == pytest.approx(np.array([[0.03, -0.03]]))
    assert adjusted.freedom == pytest.approx([29])
    assert adjusted.scar[0, 2] == pytest.approx(0.0, abs=1e-12)


def test_a_return_over_several_sessions_is_expected_to_be_that_much() -> None:
    windows = StudyWindows(estimation=(-31, -2), event=(0, 2), reader=False)
    signs = np.tile([0.01, -0.01], 15)
    given = EventReturns(
        windows=windows,
        estimation=np.array([signs + 0.002]),
        estimation_factors=np.empty((0, 1, 30)),
        event=np.array([[0.0, 0.0, 0.10]]),  # suspended for two sessions, then +10 %
        event_factors=np.empty((0, 1, 3)),
        spans=np.array([[0.0, 0.0, 3.0]]),
    )
    found = abnormal_returns(given, Model.MEAN_ADJUSTED)
    assert found.values == pytest.approx(np.array([[0.0, 0.0, 0.094]]))
    assert np.isnan(found.standardised[0, :2]).all()
    error = found.sigma[0] * math.sqrt(3 + 9 / 30)
    assert found.standardised[0, 2] == pytest.approx(0.094 / error)
    # the day held no trade: it has no value of its own; drift and whole have
    assert np.isnan(found.car[0, 0])
    assert found.car[0, 1:] == pytest.approx([0.094, 0.094, 0.094])


def test_tests_by_hand() -> None:
    values = np.array([0.01, 0.03, 0.05])
    # mean 0.03, standard deviation 0.02, error 0.02 / √3
    found = cross_sectional_test(values)
    assert found.value == pytest.approx(0.03 / (0.02 / math.sqrt(3)))
    assert found.p == pytest.approx(0.12169, abs=5e-6)  # tables of Student's t: 2.5981, 2 d.f.
    assert (found.low, found.high) == pytest.approx((0.03 - 4.302653 * 0.0115470, 0.0796826), 1e-5)
    patell = patell_test(np.array([1.0, 2.0, 0.5]), np.array([6.0, 6.0, 6.0]))
    assert patell.value == pytest.approx(3.5 / math.sqrt(3 * 6 / 4))
    assert boehmer_test(values).value == found.value
    adjusted = kolari_pynnonen_test(values, 0.4)
    assert adjusted.value == pytest.approx(found.value * math.sqrt(0.6 / 1.8))
    assert kolari_pynnonen_test(values, 0.0).value == pytest.approx(found.value)


def test_tests_that_cannot_answer_say_why() -> None:
    none, one = np.empty(0), np.array([0.02])
    for test in (cross_sectional_test, boehmer_test):
        assert (test(none).value, test(none).note) == (None, "no event has finished this window")
        assert test(one).note == "one event: nothing to compare it with"
        assert test(np.array([0.02, 0.02])).note == "all events have the same value"
    assert patell_test(none, none).value is None
    assert patell_test(one, np.array([48.0])).value is not None
    assert kolari_pynnonen_test(one, None).note.startswith("one event")
    assert "leaves no variance" in kolari_pynnonen_test(np.array([1.0, 2.0]), -1.0).note


def test_units_that_cannot_be_judged_have_no_numbers() -> None:
    given, _, _ = studied()
    estimation = given.estimation.copy()
    estimation[0, :30] = np.nan  # 20 of 50 returns, 30 are needed
    estimation[1] = 0.01 + 0.5 * given.estimation_factors[0, 1]
    factors = given.estimation_factors.copy()
    factors[0, 2] = 0.003
    broken = replace(given, estimation=estimation, estimation_factors=factors)
    found = abnormal_returns(broken)
    assert found.fitted.tolist() == [False, False, False] + [True] * 5
    for name in ("values", "standardised", "car", "scar", "bhar", "residuals", "coefficients"):
        assert np.isnan(getattr(found, name)[:3]).all(), name
        assert np.isfinite(getattr(found, name)[3:]).all(), name
    assert found.observations[0] == 20


def test_workers_change_nothing() -> None:
    returns, market = market_world(4, n_listings=40)
    draw = np.random.default_rng(5)
    given, _ = event_returns(
        WINDOWS, returns, market, draw.integers(0, 40, 2_500), draw.integers(70, 380, 2_500)
    )
    one, two = abnormal_returns(given), abnormal_returns(given, jobs=2)
    assert one.scar.tobytes() == two.scar.tobytes()
    assert one.residuals.tobytes() == two.residuals.tobytes()


@pytest.mark.parametrize(
    ("options", "match", "fix"),
    [
        ({"estimation": (-250, -20)}, "overlaps the event window", "end the estimation window"),
        ({"estimation": (-30, -250)}, "runs backwards", "earlier session first"),
        ({"event": (1, 20)}, "leaves out session 0", "from 0 or before"),
        ({"estimation": (-50, -30)}, "has 21 sessions, fewer than 30", "begin earlier"),
        ({"least": 10}, "10 returns are no fit", "ask for 30 to 221"),
        ({"event": (-20, 9_999)}, "beyond 2500 sessions", "earlier session first"),
    ],
)
def test_windows_that_cannot_work_are_refused(
    options: dict[str, object], match: str, fix: str
) -> None:
    with pytest.raises(InputError, match=match) as info:
        StudyWindows(**options)  # type: ignore[arg-type]
    assert fix in info.value.fix


def test_shapes_and_factors_are_checked() -> None:
    given, _, _ = studied()
    with pytest.raises(DataError, match=r"event of the events has shape \(8, 3\)"):
        replace(given, event=given.event[:, :3])
    with pytest.raises(InputError, match="mean-adjusted does not take 1 factors"):
        abnormal_returns(given, Model.MEAN_ADJUSTED)
    with pytest.raises(InputError, match="known for the model market"):
        abnormal_returns(given, Model.MARKET_ADJUSTED, convention=Convention.ESTUDY2)
