"""How often tests find something where there is nothing, and where there is: a small version.

`python -m benchmarks.study` does the same with more draws, scenes and tests.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from screener.study.models import abnormal_returns
from screener.study.statistics.clustering import CrossCorrelation
from screener.study.statistics.intervals import wilson
from screener.study.statistics.parametric import (
    boehmer_test,
    cross_sectional_test,
    kolari_pynnonen_test,
    patell_test,
)
from screener.study.statistics.ranks import rank_test
from screener.study.windows import Part, StudyWindows
from tests.support.event_returns import event_returns, market_world

WINDOWS = StudyWindows(estimation=(-110, -11), event=(-5, 10), reader=False)
DRIFT = [part.part for part in WINDOWS.parts()].index(Part.DRIFT)
DRAWS = 300
APART = tuple(range(120, 1120, 50))
ONE_DATE = (120,) * 20
FIVE_DATES = tuple(day for day in range(120, 245, 25) for _ in range(4))
OVERLAPPING = tuple(day for day in range(120, 150, 3) for _ in range(2))


@cache
def rates(days: tuple[int, ...], theme: float, effect: float) -> dict[str, float]:
    """Return the share of drawn studies in which each test rejects at 5 %."""
    rejected = dict.fromkeys(("t", "patell", "bmp", "kolari", "rank"), 0)
    for seed in range(DRAWS):
        returns, market = market_world(seed, n_listings=20, n_sessions=max(days) + 20, theme=theme)
        at = np.array(days)
        returns[np.arange(20)[:, None], at[:, None] + np.arange(1, 11)] += effect / 10
        given, timeline = event_returns(WINDOWS, returns, market, range(20), at)
        found = abnormal_returns(given)
        car, scar = found.car[:, DRIFT], found.scar[:, DRIFT]
        correlations = CrossCorrelation(found.residuals, timeline, estimation=WINDOWS.estimation)
        answers = {
            "t": cross_sectional_test(car),
            "patell": patell_test(scar, found.freedom),
            "bmp": boehmer_test(scar),
            "kolari": kolari_pynnonen_test(scar, correlations.mean((1, 10))),
            "rank": rank_test(found.residuals, found.values[:, 6:]),
        }
        for name, answer in answers.items():
            assert answer.p is not None
            rejected[name] += answer.p < 0.05
    return {name: count / DRAWS for name, count in rejected.items()}


def holds(rate: float) -> bool:
    """Tell whether 5 % lies in the interval of a rejection rate."""
    low, high = wilson(round(rate * DRAWS), DRAWS)
    return low <= 0.05 <= high


@pytest.mark.parametrize("test", ["t", "patell", "bmp", "kolari", "rank"])
def test_every_test_holds_for_events_that_are_apart(test: str) -> None:
    assert holds(rates(APART, 0.012, 0.0)[test])


@pytest.mark.parametrize("days", [ONE_DATE, FIVE_DATES, OVERLAPPING])
def test_naive_tests_fail_for_clustered_dates_and_the_adjusted_one_holds(
    days: tuple[int, ...],
) -> None:
    found = rates(days, 0.012, 0.0)
    for naive in ("t", "patell", "bmp"):
        assert found[naive] > 0.1
        assert not holds(found[naive])
    assert holds(found["kolari"])


@pytest.mark.parametrize("days", [ONE_DATE, FIVE_DATES])
def test_ranks_hold_for_events_of_one_date(days: tuple[int, ...]) -> None:
    assert rates(days, 0.012, 0.0)["rank"] < 0.08


def test_planted_effects_are_found_the_more_often_the_greater() -> None:
    """Normal returns: mean CAR effect by √(10 × 0.0233² / 20) = 0.0165 over 20 events apart."""
    none, some, more = (rates(APART, 0.012, effect)["kolari"] for effect in (0.0, 0.04, 0.08))
    assert none < 0.1 < some < more
    assert 0.5 < some < 0.8  # power of a t test with 19 degrees of freedom: 0.64
    assert more > 0.98
