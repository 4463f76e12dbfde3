"""Laws of the benchmark's path and of the measures of a path, over random markets."""

from __future__ import annotations

import math
from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from screener.backtest.benchmark import BenchmarkSeries
from screener.backtest.run import EventResult, Settings, run_backtest
from screener.domain.listing import Exchange, parse_listing
from screener.domain.panel import PricePanel
from screener.market.calendars import calendar_of
from screener.market.years import sessions_a_year
from screener.paths.known import entry_choices
from screener.paths.metrics import measures as metrics
from screener.paths.metrics.performance import performance_of
from tests.support.laws import laws
from tests.support.panels import event_of, panel_of, sessions

LAWS = laws(40)
FIRST = date(2025, 9, 1)  # Golden Week, Christmas and the New Years differ between the exchanges
LENGTH = 110
NAMES = ("300857.SZ", "601899.SH", "00700.HK", "09988.HK")
BENCHMARKS = {Exchange.SZ: "000300.SH", Exchange.SH: "000905.SH", Exchange.HK: "HSI.HK"}
STEPS = st.lists(st.floats(-0.09, 0.1).map(lambda value: round(value, 5)), min_size=1, max_size=150)


WORLDS = st.integers(0, 2**32 - 1)


def world_of(seed: int) -> dict[str, Any]:
    """Draw names with gaps and early ends, an index for each exchange, an event, and weights."""
    draw = np.random.default_rng(seed)
    bars: dict[str, dict[date, tuple[float, float]]] = {}
    for name in NAMES:
        days = sessions(Exchange(name[-2:]), FIRST, LENGTH)
        ends = draw.choice([LENGTH, LENGTH, LENGTH, 40, 70])
        closes = 10 * np.cumprod(1 + draw.normal(0, 0.03, LENGTH))
        gaps = draw.random(LENGTH) < draw.choice([0.0, 0.0, 0.2])
        bars[name] = {
            day: (float(closes[max(at - 1, 0)]), float(closes[at]))
            for at, day in enumerate(days)
            if at < ends and not gaps[at]
        }
    series = {}
    for exchange, text in BENCHMARKS.items():
        own = sessions(exchange, FIRST, LENGTH + 30)
        closes = 100 * np.cumprod(1 + draw.normal(0, 0.02, len(own)))
        opens = closes * (1 + draw.normal(0, 0.01, len(own)))
        series[exchange] = (text, own, np.column_stack([opens, closes]))
    return {
        "bars": bars,
        "series": series,
        "crossed": draw.random() < 0.5,
        "published": FIRST + timedelta(days=int(draw.integers(5, 120))),
        "weights": list(draw.uniform(0.1, 1, len(NAMES))) if draw.random() < 0.5 else None,
    }


def indices(world: dict[str, Any], last: date | None = None) -> dict[Exchange, BenchmarkSeries]:
    """Return the index of each exchange up to `last`; crossed, that of another market."""
    found = {}
    for exchange, (text, own, values) in world["series"].items():
        kept = [day for day in own if last is None or day <= last]
        found[exchange] = BenchmarkSeries(
            listing=parse_listing(text),
            basis="price",
            calendar=calendar_of(exchange),
            sessions=np.array(kept, dtype="datetime64[D]"),
            values=values[: len(kept)],
        )
    if world["crossed"]:
        found[Exchange.SZ], found[Exchange.HK] = found[Exchange.HK], found[Exchange.SZ]
    return found


def cut(world: dict[str, Any], last: date | None = None) -> PricePanel | None:
    bars = {
        name: {day: price for day, price in series.items() if last is None or day <= last}
        for name, series in world["bars"].items()
    }
    return panel_of(bars, start=FIRST) if any(bars.values()) else None


def results(
    world: dict[str, Any], horizons: tuple[int, ...], last: date | None = None
) -> list[EventResult]:
    panel = cut(world, last)
    if panel is None:
        return []
    event = event_of(NAMES, world["published"], weights=world["weights"])
    exchanges = [member.listing.exchange for member in event.members]
    choices = entry_choices(event.published, exchanges, calendar_of)
    series = indices(world, last)
    return list(
        run_backtest(
            panel,
            [(event, choices)],
            Settings(horizons=horizons),
            lambda _, name: series[name.exchange],
        )
    )


@LAWS
@given(WORLDS)
def test_the_path_ends_in_the_return(seed: int) -> None:
    for result in results(world_of(seed), (1, 4, 25)):
        assert len(result.path) == len(result.path_sessions)
        if result.benchmark_return is None:
            assert len(result.benchmark_path) == 0
            continue
        assert len(result.benchmark_path) == len(result.path)
        assert result.benchmark_path[-1] - 1 == pytest.approx(result.benchmark_return, abs=1e-12)
        assert result.exit_session == result.path_sessions[-1].item()


@LAWS
@given(WORLDS)
def test_the_path_agrees_with_a_plain_loop(seed: int) -> None:
    """Recompute some days' values name by name, from dictionaries of bars."""
    world = world_of(seed)
    series = indices(world)
    for result in results(world, (3, 30)):
        if result.benchmark_return is None:
            continue
        for at in range(0, len(result.path), 4):
            day, expected = result.path_sessions[at].item(), 0.0
            for entry, end in zip(result.ledger, ends_of(result), strict=True):
                own = series[Exchange(entry.listing[-2:])]
                held = [
                    row
                    for session, row in zip(own.sessions.tolist(), own.values, strict=True)
                    if end and entry.scheduled_entry <= session <= min(day, end)
                ]
                expected += entry.weight * (held[-1][1] / held[0][0] if held else 1.0)
            assert result.benchmark_path[at] == pytest.approx(expected, abs=1e-12)


def ends_of(result: EventResult) -> list[date | None]:
    """Return the last session valued of each name, `None` for one whose window has not begun."""
    axis = [*sessions(Exchange.SH, FIRST, LENGTH + 40), *sessions(Exchange.HK, FIRST, LENGTH + 40)]
    own = sorted(set(axis))
    start = own.index(result.path_sessions[0].item()) - result.window.first_row
    return [own[start + row] if row >= 0 else None for row in result.window.end_rows]


@LAWS
@given(WORLDS, st.integers(10, LENGTH - 1))
def test_later_sessions_change_no_mature_row(seed: int, keep: int) -> None:
    world, last = world_of(seed), sessions(Exchange.SZ, FIRST, LENGTH)[keep]
    before, after = results(world, (1, 6, 25), last), results(world, (1, 6, 25))
    for was, now in zip(before, after, strict=False):
        if was.status == "mature":
            assert list(was.path) == list(now.path)
            assert list(was.benchmark_path) == list(now.benchmark_path)
            assert list(was.path_sessions) == list(now.path_sessions)
            assert measured(was) == measured(now)


def measured(result: EventResult) -> object:
    calendars = [
        calendar_of(member.listing.exchange)
        for member, leg in zip(result.window.event.members, result.window.legs, strict=True)
        if leg.entry_row is not None
    ]
    periods = sessions_a_year(calendars, result.path_sessions)
    assert periods is not None
    assert 240 < periods < 256
    return performance_of(
        result.path, result.benchmark_path, periods=periods, sessions=result.path_sessions
    )


@LAWS
@given(WORLDS)
def test_the_benchmark_of_a_basket_of_itself_is_its_path(seed: int) -> None:
    """Give each name a benchmark of its own prices, without a gap: the two paths are one."""
    name = "601899.SH"
    own = sessions(Exchange.SH, FIRST, LENGTH)
    closes = world_of(seed)["series"][Exchange.SH][2][:LENGTH, 1]
    values = np.column_stack([np.concatenate([closes[:1], closes[:-1]]), closes])
    panel = panel_of({name: {day: tuple(row) for day, row in zip(own, values, strict=True)}})
    series = BenchmarkSeries(
        listing=parse_listing("000300.SH"),
        basis="price",
        calendar=calendar_of(Exchange.SH),
        sessions=np.array(own, dtype="datetime64[D]"),
        values=values,
    )
    event = event_of([name], own[20])
    choices = entry_choices(event.published, [Exchange.SH], calendar_of)
    (result,) = run_backtest(panel, [(event, choices)], Settings(horizons=(60,)), lambda *_: series)
    assert result.benchmark_path == pytest.approx(result.path, abs=1e-12)
    found = performance_of(
        result.path, result.benchmark_path, periods=242, sessions=result.path_sessions
    )
    assert (found.tracking_error, found.information_ratio) == (0.0, None)
    assert found.beta == pytest.approx(1, abs=1e-9)
    assert found.alpha == pytest.approx(0, abs=1e-9)


@LAWS
@given(STEPS, STEPS, st.sampled_from([242.0, 243.0, 246.5]))
def test_each_measure_is_that_of_the_returns(
    own: list[float], other: list[float], periods: float
) -> None:
    count = min(len(own), len(other))
    one, two = np.array(own[:count]), np.array(other[:count])
    path, beside = np.cumprod(1 + one), np.cumprod(1 + two)
    axis = np.array(sessions(Exchange.SH, FIRST, count), dtype="datetime64[D]")
    found = performance_of(path, beside, periods=periods, sessions=axis)
    assert found.total_return == pytest.approx(metrics.total_return(one), abs=1e-12)
    assert found.max_drawdown == pytest.approx(metrics.max_drawdown(path), abs=1e-12)
    assert found.n_up == int((one > 0).sum())
    values = [getattr(found, name) for name in found.__slots__]
    assert all(math.isfinite(value) for value in values if isinstance(value, float))
    if count >= 60 and min(np.ptp(one), np.ptp(two), np.ptp(one - two)) > 1e-3:
        expected = metrics.sharpe_ratio(one, periods=periods)
        assert found.sharpe == pytest.approx(expected, rel=1e-6)
        assert found.beta == pytest.approx(metrics.beta(one, two), rel=1e-6, abs=1e-9)
        expected = metrics.information_ratio(one, two, periods=periods)
        assert found.information_ratio == pytest.approx(expected, rel=1e-6, abs=1e-9)
    if count < 20:
        assert (found.volatility, found.sharpe, found.beta) == (None, None, None)


@LAWS
@given(STEPS, st.integers(1, 149))
def test_a_longer_path_falls_no_less_and_keeps_its_up_days(steps: list[float], keep: int) -> None:
    path = np.cumprod(1 + np.array(steps))
    axis = np.array(sessions(Exchange.SH, FIRST, len(path)), dtype="datetime64[D]")
    before = performance_of(path[:keep], None, periods=243, sessions=axis[:keep])
    whole = performance_of(path, None, periods=243, sessions=axis)
    assert whole.max_drawdown is not None
    assert before.max_drawdown is not None
    assert whole.max_drawdown <= before.max_drawdown
    assert 0 <= whole.n_up - before.n_up <= len(path) - before.n_sessions
    if whole.max_drawdown == before.max_drawdown:
        assert whole.drawdown_trough == before.drawdown_trough
