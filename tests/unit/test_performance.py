"""Measures of whole paths: against empyrical-reloaded, by hand, short paths, bad input, years."""

from __future__ import annotations

import hashlib
import json
import math
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from screener.domain.listing import Exchange
from screener.errors import ComputeError
from screener.market.calendars import Calendar, calendar_of
from screener.market.years import sessions_a_year
from screener.paths.metrics.performance import (
    LEAST_FOR_A_YEAR,
    LEAST_RETURNS,
    Performance,
    performance_of,
    sharpe_error,
)
from tests.support.panels import sessions

GOLDEN = Path(__file__).resolve().parents[1] / "golden" / "performance"
CASES = json.loads((GOLDEN / "paths.json").read_text(encoding="utf-8"))
EXPECTED = json.loads((GOLDEN / "expected.json").read_text(encoding="utf-8"))
SH, HK = calendar_of(Exchange.SH), calendar_of(Exchange.HK)
SHORT = ("volatility", "sharpe", "sortino", "beta", "tracking_error", "information_ratio")
LONG = ("annualised_return", "calmar", "alpha")


def days(count: int, first: date = date(2025, 1, 2)) -> np.ndarray:
    return np.array(sessions(Exchange.SH, first, count), dtype="datetime64[D]")


def measured(path: list[float], benchmark: list[float] | None = None, **more) -> Performance:  # type: ignore[no-untyped-def]
    options = {"periods": 243, "sessions": days(len(path)), **more}
    return performance_of(path, benchmark, **options)


# Against empyrical-reloaded


@pytest.mark.parametrize("at", range(len(CASES)))
def test_random_paths_agree_with_empyrical(at: int) -> None:
    case, expected = CASES[at], dict(EXPECTED[at])
    axis = days(len(case["path"]))
    found = performance_of(
        case["path"], case["benchmark_path"], periods=case["sessions_a_year"], sessions=axis
    )
    positions = {key: expected.pop(key) for key in ("peak", "trough", "recovery")}
    for key, value in expected.items():
        assert getattr(found, key) == pytest.approx(value, rel=1e-9, abs=1e-12), key
    for key, position in positions.items():
        day = None if position is None else axis[max(position - 1, 0)].item()
        assert getattr(found, f"drawdown_{key}") == day, key


def test_golden_files_are_those_of_their_metadata() -> None:
    metadata = json.loads((GOLDEN / "metadata.json").read_text(encoding="utf-8"))
    for name, digest in metadata["sha256"].items():
        assert hashlib.sha256((GOLDEN / name).read_bytes()).hexdigest() == digest


# By hand


def test_a_loss_in_the_first_session_counts_and_falls_from_the_purchase() -> None:
    found = measured([0.9, 0.95, 1.0, 0.98])
    axis = days(4)
    assert found.max_drawdown == pytest.approx(-0.1, abs=1e-15)
    assert found.drawdown_peak == found.drawdown_trough == axis[0].item()
    assert found.drawdown_recovery == axis[2].item()
    assert (found.n_up, found.n_sessions, found.hit_rate) == (2, 4, 0.5)
    assert found.total_return == pytest.approx(-0.02, abs=1e-15)


def test_up_and_down_by_turns_over_two_months() -> None:
    # +2 % and -1 % by turns, 30 times each, against a benchmark of +1 % and -1 %
    path = np.cumprod(np.tile([1.02, 0.99], 30))
    other = np.cumprod(np.tile([1.01, 0.99], 30))
    found = measured(list(path), list(other), periods=240)
    deviation = 0.015 * math.sqrt(60 / 59)  # both lie 1.5 % from their mean of 0.5 %
    growth = (1.02 * 0.99) ** 30
    assert found.volatility == pytest.approx(deviation * math.sqrt(240))
    assert found.sharpe == pytest.approx(0.005 / deviation * math.sqrt(240))
    assert found.sortino == pytest.approx(0.005 / (0.01 / math.sqrt(2)) * math.sqrt(240))
    assert found.annualised_return == pytest.approx(growth**4 - 1)
    assert found.max_drawdown == pytest.approx(-0.01)
    assert found.calmar == pytest.approx((growth**4 - 1) / 0.01)
    assert found.beta == pytest.approx(1.5)
    assert found.alpha == pytest.approx(1.005**240 - 1)  # 0.5 % less 1.5 times a mean of 0
    active = 0.005 * math.sqrt(60 / 59)  # +1 % and 0 by turns
    assert found.tracking_error == pytest.approx(active * math.sqrt(240))
    assert found.information_ratio == pytest.approx(0.005 / active * math.sqrt(240))
    assert (found.n_up, found.hit_rate, found.turnover) == (30, 0.5, 1.0)


def test_turnover_counts_each_trade_by_the_value_before_it() -> None:
    # half bought on the first session, the other half two sessions later at a value of 1.25
    assert measured([1.1, 1.25, 1.2], traded=[0.5, 0, 0.5]).turnover == 0.9
    assert measured([1.1, 1.25, 1.2], traded=[0, 0, 0]).turnover == 0
    assert measured([1.1, 1.25, 1.2]).turnover == 1


def test_rounding_makes_no_return() -> None:
    noise = 1 + 1e-16 * np.arange(80) % 3e-16
    path = list(np.cumprod(np.tile([1.02, 0.99], 40)))
    still, same = measured(list(noise)), measured(path, list(np.array(path) * noise))
    assert (still.volatility, still.sharpe, still.sortino, still.n_up) == (0.0, None, None, 0)
    assert (still.max_drawdown, still.drawdown_peak, still.calmar) == (0.0, None, None)
    assert (same.tracking_error, same.information_ratio) == (0.0, None)
    assert same.beta == pytest.approx(1)


# Too short, or nothing there


@pytest.mark.parametrize("length", [1, 5, LEAST_RETURNS - 1])
def test_a_short_path_has_no_figure_of_a_year(length: int) -> None:
    path = list(np.cumprod(np.tile([1.1, 0.98], 10))[:length])
    found = measured(path, path)
    assert {getattr(found, name) for name in (*SHORT, *LONG)} == {None}
    assert found.total_return == pytest.approx(path[-1] - 1)
    assert found.max_drawdown is not None
    assert (found.n_sessions, found.turnover) == (length, 1.0)


def test_each_figure_begins_at_its_bound() -> None:
    path = list(np.cumprod(np.tile([1.1, 0.98], 40)))
    other = list(np.cumprod(np.tile([1.01, 1.02, 0.98, 0.99], 20)))
    month = measured(path[:LEAST_RETURNS], other[:LEAST_RETURNS])
    assert all(getattr(month, name) is not None for name in SHORT)
    assert {getattr(month, name) for name in LONG} == {None}
    before = measured(path[: LEAST_FOR_A_YEAR - 1], other[: LEAST_FOR_A_YEAR - 1])
    assert {getattr(before, name) for name in LONG} == {None}
    quarter = measured(path[:LEAST_FOR_A_YEAR], other[:LEAST_FOR_A_YEAR])
    assert all(getattr(quarter, name) is not None for name in (*SHORT, *LONG))


def test_without_a_benchmark_its_measures_are_undefined() -> None:
    path = list(np.cumprod(np.tile([1.1, 0.98], 40)))
    for none in (None, []):
        found = measured(path, none)
        assert (found.beta, found.alpha) == (None, None)
        assert (found.tracking_error, found.information_ratio) == (None, None)
        assert found.sharpe is not None


def test_an_empty_path_has_no_measure() -> None:
    found = measured([])
    assert (found.n_sessions, found.n_up) == (0, 0)
    kept = ("n_sessions", "n_up", "sessions_a_year")
    assert {getattr(found, name) for name in found.__slots__ if name not in kept} == {None}


# Bad input


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        ({"path": [1.0, 1.1], "benchmark": [1.0]}, "1 values cannot be told on 2 sessions"),
        ({"path": [1.0, 1.1], "sessions": days(3)}, "2 values cannot be told on 3 sessions"),
        ({"path": [1.0, math.nan]}, "value nan at position 1"),
        ({"path": [0.0, 1.0]}, r"value 0\.0 at position 0"),
        ({"path": [1.0], "benchmark": [math.inf]}, "value inf at position 0"),
        ({"path": [1.0], "traded": [1.0, 0.0]}, "2 amounts traded cannot be told on 1 sessions"),
        ({"path": [1.0], "periods": 0}, "positive number of periods, not 0"),
    ],
)
def test_bad_input_is_an_error_with_a_way_out(arguments: dict[str, object], match: str) -> None:
    with pytest.raises(ComputeError, match=match) as info:
        measured(**arguments)  # type: ignore[arg-type]
    assert info.value.fix


# Sessions a year


@pytest.mark.parametrize(
    ("calendars", "year", "expected"),
    # counted on the exchanges' own calendars; 6 sessions of 2025 are Shanghai's alone
    [([SH], 2024, 242), ([SH], 2025, 243), ([HK], 2025, 246), ([SH, HK], 2025, 252)],
)
def test_a_year_has_the_sessions_of_its_calendars(
    calendars: list[Calendar], year: int, expected: int
) -> None:
    axis = SH.between(date(year, 3, 1), date(year, 4, 30))
    assert sessions_a_year(calendars, axis) == expected


def test_whole_years_are_annualised_over_exactly_so_many() -> None:
    axis = SH.between(date(2023, 1, 1), date(2025, 12, 31))
    found = sessions_a_year([SH], axis)
    assert found is not None
    assert len(axis) / found == pytest.approx(3, abs=1e-12)
    assert 242 < found < 243
    assert sessions_a_year([SH], axis[:0]) is None


def test_a_year_recorded_in_part_is_not_taken_for_a_year() -> None:
    found = sessions_a_year([SH], SH.sessions[:5])  # of December 1990
    assert found is not None
    assert found > 200


def test_error_of_a_sharpe_ratio() -> None:
    assert sharpe_error(60, 240) == 2.0
