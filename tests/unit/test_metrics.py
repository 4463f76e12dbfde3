"""Measures against stored figures of empyrical-reloaded, figures by hand, and bad input."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from screener.errors import ComputeError
from screener.paths.metrics import measures as metrics
from screener.paths.metrics.measures import (
    Drawdown,
    HitRate,
    drawdown,
    hit_rate,
    max_drawdown,
    turnover,
)

GOLDEN = Path(__file__).resolve().parents[1] / "golden" / "metrics"
SERIES = json.loads((GOLDEN / "series.json").read_text(encoding="utf-8"))
EXPECTED = json.loads((GOLDEN / "expected.json").read_text(encoding="utf-8"))
NAN = float("nan")


def ours(own: list[float], other: list[float], a_year: int) -> dict[str, float | None]:
    """Return our measures under the names of the golden file."""
    year = {"periods": a_year}
    path = np.cumprod(1 + np.array(own))
    return {
        "total_return": metrics.total_return(own),
        "annualised_return": metrics.annualised_return(own, **year),
        "volatility": metrics.volatility(own, **year),
        "sharpe_ratio": metrics.sharpe_ratio(own, **year),
        "sharpe_ratio_rf": metrics.sharpe_ratio(own, risk_free=0.0001, **year),
        "sortino_ratio": metrics.sortino_ratio(own, **year),
        "sortino_ratio_required": metrics.sortino_ratio(own, required=0.0001, **year),
        "max_drawdown": max_drawdown(path),
        "calmar_ratio": metrics.calmar_ratio(own, **year),
        "beta": metrics.beta(own, other),
        "alpha": metrics.alpha(own, other, **year),
        "alpha_rf": metrics.alpha(own, other, risk_free=0.0001, **year),
        "tracking_error": metrics.tracking_error(own, other, **year),
        "information_ratio": metrics.information_ratio(own, other, **year),
    }


def assert_measures(
    found: dict[str, float | None], expected: dict[str, float | None], *, rel: float
) -> None:
    assert found.keys() == expected.keys()
    for key, value in expected.items():
        if value is None:
            assert found[key] is None, key
        else:
            assert found[key] == pytest.approx(value, rel=rel, abs=1e-13), key


# Against empyrical-reloaded


@pytest.mark.parametrize("case", SERIES)
@pytest.mark.parametrize("a_year", [243, 246, 52])
def test_measures_equal_those_of_empyrical(case: str, a_year: int) -> None:
    own, other = SERIES[case]["returns"], SERIES[case]["benchmark"]
    expected = dict(EXPECTED[case][str(a_year)])
    found = ours(own, other, a_year)
    if len(own) == 1:
        # The one difference: a year made of a single day's return says nothing.
        assert expected.pop("annualised_return") > 1
        assert found.pop("annualised_return") is None
    assert_measures(found, expected, rel=1e-10)


def test_golden_files_are_those_of_the_record() -> None:
    record = json.loads((GOLDEN / "metadata.json").read_text(encoding="utf-8"))
    for name, digest in record["sha256"].items():
        assert hashlib.sha256((GOLDEN / name).read_bytes()).hexdigest() == digest
    assert record["source_licence"] == "Apache-2.0"


@pytest.mark.skipif(
    importlib.util.find_spec("empyrical") is None, reason="empyrical-reloaded is not installed"
)
def test_golden_files_can_be_made_again() -> None:
    spec = importlib.util.spec_from_file_location("make_expected", GOLDEN / "make_expected.py")
    assert spec
    assert spec.loader
    script: Any = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    assert script.series() == SERIES
    for case, by_year in script.expected(SERIES).items():
        for a_year, values in by_year.items():
            assert_measures(values, EXPECTED[case][a_year], rel=1e-12)


# By hand


def test_annual_figures_of_a_few_days_by_hand() -> None:
    returns = [0.10, -0.05, 0.02]
    wealth = 1.1 * 0.95 * 1.02
    assert metrics.total_return(returns) == pytest.approx(wealth - 1, abs=1e-15)
    assert metrics.annualised_return(returns) == pytest.approx(wealth ** (243 / 3) - 1)
    mean = 0.07 / 3
    spread = math.sqrt(sum((r - mean) ** 2 for r in returns) / 2)
    assert metrics.volatility(returns, periods=1) == pytest.approx(spread)
    assert metrics.sharpe_ratio(returns, periods=4) == pytest.approx(2 * mean / spread)
    downside = 0.05 / math.sqrt(3)
    assert metrics.sortino_ratio(returns, periods=4) == pytest.approx(2 * mean / downside)


def test_period_returns_start_from_the_initial_value() -> None:
    assert metrics.period_returns([0.9, 0.99]) == pytest.approx([-0.1, 0.1])
    assert metrics.period_returns([110.0], initial=100.0) == pytest.approx([0.1])
    assert len(metrics.period_returns([])) == 0


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([0.9, 0.95], (-0.1, -1, 0, None)),  # the first day's loss counts
        ([0.9, 1.0, 1.2], (-0.1, -1, 0, 1)),
        ([1.0, 0.8, 0.7, 1.1], (-0.3, 0, 2, 3)),  # the last position of the peak's value
        ([1.2, 0.9, 1.3, 0.65, 0.65, 1.3], (-0.5, 2, 3, 5)),  # the deepest, not the first
        ([1.1, 1.1, 1.2], (0.0, None, None, None)),
    ],
)
def test_drawdown_tells_peak_trough_and_recovery(
    values: list[float], expected: tuple[float, int | None, int | None, int | None]
) -> None:
    found = drawdown(values)
    assert found is not None
    assert found.depth == pytest.approx(expected[0], abs=1e-15)
    assert (found.peak, found.trough, found.recovery) == expected[1:]
    assert found.depth == max_drawdown(np.array(values))


def test_drawdown_starts_from_the_wealth_given() -> None:
    assert drawdown([90.0, 120.0], initial=100.0) == Drawdown(
        depth=0.9 - 1, peak=-1, trough=0, recovery=1
    )


def test_hit_rate_counts_what_is_defined_and_strictly_above() -> None:
    assert hit_rate([0.1, 0.0, -0.2, NAN, 0.3]) == HitRate(rate=0.5, hits=2, n=4)
    assert hit_rate([0.1, 0.3], threshold=0.1) == HitRate(rate=0.5, hits=1, n=2)
    assert hit_rate([NAN]) == HitRate(rate=None, hits=0, n=0)


def test_turnover_is_half_of_all_changes() -> None:
    assert turnover([0.5, 0.5, 0.0], [0.5, 0.0, 0.5]) == pytest.approx(0.5)
    assert turnover([1.0, 0.0], [0.0, 1.0]) == 1.0
    assert turnover([], []) is None


# What is not defined


SINGLE: list[Callable[[list[float]], float | None]] = [
    metrics.annualised_return,
    metrics.volatility,
    metrics.sharpe_ratio,
    metrics.sortino_ratio,
    metrics.calmar_ratio,
]
PAIRED: list[Callable[[list[float], list[float]], float | None]] = [
    metrics.beta,
    metrics.alpha,
    metrics.tracking_error,
    metrics.information_ratio,
]


@pytest.mark.parametrize("measure", SINGLE)
@pytest.mark.parametrize("returns", [[], [0.01], [0.01, NAN, 0.02], [0.01, math.inf]])
def test_too_few_or_unknown_returns_are_undefined(
    measure: Callable[[list[float]], float | None], returns: list[float]
) -> None:
    assert measure(returns) is None


@pytest.mark.parametrize("measure", PAIRED)
@pytest.mark.parametrize("returns", [[], [0.01], [0.01, NAN, 0.02]])
def test_too_few_or_unknown_pairs_are_undefined(
    measure: Callable[[list[float], list[float]], float | None], returns: list[float]
) -> None:
    known = [0.01, 0.02, 0.03][: len(returns)]
    assert measure(returns, known) is None
    assert measure(known, returns) is None


def test_no_variation_gives_no_ratio() -> None:
    flat, moving = [0.001] * 10, [0.01, -0.02] * 5
    assert metrics.volatility(flat) == 0
    assert metrics.sharpe_ratio(flat) is None
    assert metrics.sortino_ratio(flat) is None
    assert metrics.calmar_ratio(flat) is None
    assert metrics.beta(moving, flat) is None
    assert metrics.alpha(moving, flat) is None
    assert metrics.tracking_error(moving, moving) == 0
    assert metrics.information_ratio(moving, moving) is None


def test_rates_beyond_any_number_are_undefined_and_a_total_loss_is_a_loss() -> None:
    assert metrics.total_return([]) is None
    assert metrics.annualised_return([9.0, 9.0], periods=1000) is None
    assert metrics.annualised_return([-1.5, 0.1]) is None
    assert metrics.annualised_return([-1.0, 0.1]) == -1
    assert metrics.alpha([9.0, 9.1], [0.0, 0.1], periods=1000) is None
    assert metrics.drawdown([]) is None
    assert metrics.drawdown([1.0, NAN]) is None


# Bad input


def test_series_of_different_lengths_are_refused() -> None:
    with pytest.raises(ComputeError, match="two series of 2 and 3 values") as info:
        metrics.beta([0.1, 0.2], [0.1, 0.2, 0.3])
    assert "same periods" in info.value.fix


def test_a_table_is_not_a_series() -> None:
    with pytest.raises(ComputeError, match=r"array of shape \(2, 2\)") as info:
        metrics.volatility(np.zeros((2, 2)))
    assert "each column" in info.value.fix


@pytest.mark.parametrize("periods", [0, -1, NAN, math.inf])
def test_a_year_needs_periods(periods: float) -> None:
    with pytest.raises(ComputeError, match="positive number of periods") as info:
        metrics.sharpe_ratio([0.1, 0.2], periods=periods)
    assert "243" in info.value.fix
