"""Laws of the measures."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from screener.paths.metrics import measures as metrics
from tests.support.laws import laws

LAWS = laws(60)
RETURNS = st.lists(st.floats(-0.2, 0.2).map(lambda value: round(value, 6)), min_size=2, max_size=60)


def close(value: float | None, rel: float = 1e-9) -> object:
    return None if value is None else pytest.approx(value, rel=rel, abs=1e-9)


@LAWS
@given(RETURNS)
def test_a_series_against_itself(returns: list[float]) -> None:
    assert metrics.tracking_error(returns, returns) == 0
    assert metrics.information_ratio(returns, returns) is None
    slope = metrics.beta(returns, returns)
    assert slope is None or slope == pytest.approx(1, abs=1e-9)
    if slope is not None:
        assert metrics.alpha(returns, returns) == pytest.approx(0, abs=1e-9)


@LAWS
@given(RETURNS, st.floats(0.1, 3))
def test_beta_of_a_leveraged_benchmark_is_its_leverage(
    returns: list[float], leverage: float
) -> None:
    assume(np.ptp(returns) > 1e-3)
    scaled = [leverage * value + 0.001 for value in returns]
    assert metrics.beta(scaled, returns) == pytest.approx(leverage, rel=1e-6)
    assert metrics.alpha(scaled, returns, periods=12) == pytest.approx(1.001**12 - 1, abs=1e-6)


@LAWS
@given(RETURNS)
def test_total_return_and_drawdown_agree_with_the_path(returns: list[float]) -> None:
    path = np.cumprod(1 + np.array(returns))
    assert metrics.total_return(returns) == pytest.approx(path[-1] - 1, abs=1e-12)
    assert metrics.period_returns(path) == pytest.approx(returns, abs=1e-12)
    found = metrics.drawdown(path)
    assert found is not None
    assert found.depth == metrics.max_drawdown(path)
    if found.trough is None:
        assert found.depth == 0
        return
    assert found.peak is not None
    whole = np.concatenate([[1.0], path])
    assert whole[found.trough + 1] / whole[found.peak + 1] - 1 == found.depth
    assert whole[found.peak + 1] == whole[: found.trough + 2].max()
    after = whole[found.trough + 1 :] >= whole[found.peak + 1]
    assert after.any() == (found.recovery is not None)


@LAWS
@given(RETURNS, st.floats(0.1, 10))
def test_drawdown_and_returns_ignore_the_scale_of_wealth(
    returns: list[float], scale: float
) -> None:
    path = np.cumprod(1 + np.array(returns))
    one, two = metrics.drawdown(path), metrics.drawdown(path * scale, initial=scale)
    assert one is not None
    assert two is not None
    assert two.depth == pytest.approx(one.depth, abs=1e-12)


@LAWS
@given(RETURNS, st.sampled_from([12.0, 52.0, 243.0, 246.0]))
def test_ratios_grow_with_the_root_of_the_year(returns: list[float], periods: float) -> None:
    root = math.sqrt(periods)
    for measure in (metrics.volatility, metrics.sharpe_ratio, metrics.sortino_ratio):
        one = measure(returns, periods=1)
        expected = None if one is None else one * root
        assert measure(returns, periods=periods) == close(expected)


@LAWS
@given(RETURNS, st.randoms(use_true_random=False))
def test_order_matters_to_the_drawdown_alone(returns: list[float], random: object) -> None:
    shuffled = list(returns)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    for measure in (metrics.total_return, metrics.volatility, metrics.sharpe_ratio):
        value = measure(returns)
        assume(value is None or abs(value) < 1e6)  # beyond that there is hardly any variation
        assert measure(shuffled) == close(value, rel=1e-6)


@LAWS
@given(RETURNS)
def test_nothing_is_ever_nan_or_infinite(returns: list[float]) -> None:
    other = returns[::-1]
    found = [
        *(f(returns) for f in (metrics.total_return, metrics.annualised_return)),
        *(f(returns) for f in (metrics.volatility, metrics.sharpe_ratio, metrics.sortino_ratio)),
        metrics.calmar_ratio(returns),
        *(f(returns, other) for f in (metrics.beta, metrics.alpha)),
        *(f(returns, other) for f in (metrics.tracking_error, metrics.information_ratio)),
    ]
    assert all(value is None or math.isfinite(value) for value in found)


@LAWS
@given(st.lists(st.floats(0, 1), min_size=2, max_size=8), st.integers(0, 7))
def test_turnover_of_normal_weights_lies_between_0_and_1(raw: list[float], turn: int) -> None:
    assume(sum(raw) > 0.01)
    before = np.array(raw) / sum(raw)
    after = np.roll(before, turn)
    found = metrics.turnover(before, after)
    assert found is not None
    assert -1e-12 <= found <= 1 + 1e-12
    assert metrics.turnover(before, before) == 0
    assert metrics.turnover(after, before) == pytest.approx(found, abs=1e-15)
