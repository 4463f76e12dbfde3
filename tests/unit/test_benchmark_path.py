"""The benchmark's path by hand: calendars that differ, weights, holes."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from screener.backtest.benchmark import BenchmarkSeries
from screener.backtest.run import EventResult, Settings, run_backtest
from screener.domain.listing import Exchange, Listing
from screener.domain.panel import PricePanel
from screener.market.calendars import calendar_of
from screener.paths.known import entry_choices
from tests.support.panels import bars_of, event_of, listing, panel_of, sessions

SZ, HK = Exchange.SZ, Exchange.HK
DAY = date(2026, 5, 14)
FLAT = [(10.0, 10.0)] * 12


def index(
    name: str, first: date, values: list[tuple[float, float]], basis: str = "price"
) -> BenchmarkSeries:
    own = Listing(name.split(".")[0], Exchange(name[-2:]))
    return BenchmarkSeries(
        listing=own,
        basis=basis,
        calendar=calendar_of(own.exchange),
        sessions=np.array(sessions(own.exchange, first, len(values)), dtype="datetime64[D]"),
        values=np.array(values, dtype=float),
    )


def run(
    panel: PricePanel,
    names: list[str],
    day: date,
    hold: int,
    series: dict[Exchange, object],
    **more: object,
) -> EventResult:
    event = event_of(names, day, **more)  # type: ignore[arg-type]
    choices = entry_choices(
        event.published, [member.listing.exchange for member in event.members], calendar_of
    )
    (found,) = run_backtest(
        panel,
        [(event, choices)],
        Settings(horizons=(hold,)),
        lambda _, name: series.get(name.exchange),  # type: ignore[arg-type, return-value]
    )
    return found


def test_closes_over_the_open_of_the_entry() -> None:
    panel = panel_of({"300857.SZ": bars_of(SZ, DAY, FLAT)})
    series = index("000300.SH", DAY, [(100, 101), (100, 110), (111, 120), (119, 90), (90, 95)])
    found = run(panel, ["300857.SZ"], DAY, 3, {SZ: series})
    assert list(found.benchmark_path) == pytest.approx([1.1, 1.2, 0.9], abs=1e-15)
    assert found.benchmark_return == pytest.approx(-0.1, abs=1e-15)
    assert [day.item() for day in found.path_sessions] == sessions(SZ, DAY, 4)[1:]
    assert len(found.path) == len(found.path_sessions) == 3


def test_each_name_has_its_own_window_and_the_last_close_stays_over_a_closed_day() -> None:
    # The mainland trades on 2026-05-22, 25, 26; Hong Kong on 22, 26, 27 (25: Buddha's Birthday).
    day = date(2026, 5, 21)
    bars = {"300857.SZ": bars_of(SZ, day, FLAT), "00700.HK": bars_of(HK, day, FLAT)}
    series = {
        SZ: index("000300.SH", day, [(100, 100), (100, 110), (110, 120), (120, 130), (130, 500)]),
        HK: index("HSI.HK", day, [(50, 50), (50, 60), (60, 70), (70, 80), (80, 900)]),
    }
    names = ["300857.SZ", "00700.HK"]
    found = run(panel_of(bars), names, day, 3, series, weights=[0.75, 0.25])
    assert [str(session)[5:] for session in found.path_sessions] == [
        "05-22",
        "05-25",
        "05-26",
        "05-27",
    ]
    expected = [
        0.75 * 1.1 + 0.25 * 1.2,
        0.75 * 1.2 + 0.25 * 1.2,  # Hong Kong is closed
        0.75 * 1.3 + 0.25 * 1.4,
        0.75 * 1.3 + 0.25 * 1.6,  # the mainland name's window has ended
    ]
    assert list(found.benchmark_path) == pytest.approx(expected, abs=1e-15)
    assert found.benchmark_return == pytest.approx(expected[-1] - 1, abs=1e-12)


def test_a_benchmark_closed_on_the_entry_is_worth_one_until_it_opens() -> None:
    # Hong Kong enters on 2025-10-08, the last day of the mainland's holiday
    day = date(2025, 10, 6)
    panel = panel_of({"00700.HK": bars_of(HK, day, FLAT)})
    series = index("000300.SH", date(2025, 10, 9), [(100.0, 104.0), (104.0, 105.0)])
    found = run(panel, ["00700.HK"], day, 3, {HK: series})
    assert [str(session)[5:] for session in found.path_sessions] == ["10-08", "10-09", "10-10"]
    assert list(found.benchmark_path) == pytest.approx([1.0, 1.04, 1.05], abs=1e-15)


def test_hole_within_the_window_leaves_the_return_and_says_what_is_missing() -> None:
    panel = panel_of({"300857.SZ": bars_of(SZ, DAY, FLAT)})
    whole = index("000300.SH", DAY, [(100.0, 100.0), (100.0, 101.0), *[(101.0, 104.0)] * 3])
    holed = replace(
        whole, sessions=np.delete(whole.sessions, 2), values=np.delete(whole.values, 2, axis=0)
    )
    values = whole.values.copy()
    values[2, 1] = np.nan
    for series, told in (
        (holed, "no bar on 2026-05-18"),
        (replace(whole, values=values), "no value in the base currency"),
    ):
        found = run(panel, ["300857.SZ"], DAY, 3, {SZ: series})
        assert found.benchmark_return == pytest.approx(0.04, abs=1e-12)
        assert not len(found.benchmark_path)
        assert told in found.remarks[0]


def test_without_a_benchmark_or_without_its_sessions_there_is_no_path() -> None:
    panel = panel_of({"300857.SZ": bars_of(SZ, DAY, FLAT)})
    assert len(run(panel, ["300857.SZ"], DAY, 3, {}).benchmark_path) == 0
    day = date(2025, 9, 30)  # Hong Kong enters on 2025-10-02, in the mainland's Golden Week
    panel = panel_of({"00700.HK": bars_of(HK, day, FLAT)})
    found = run(panel, ["00700.HK"], day, 1, {HK: index("000300.SH", day, [(1.0, 1.0)])})
    assert found.benchmark_return is None
    assert len(found.benchmark_path) == 0
    assert len(found.path) == 1


def test_no_data_has_no_path() -> None:
    panel = panel_of({"300857.SZ": bars_of(SZ, DAY, FLAT), "002428.SZ": {}})
    found = run(panel, ["002428.SZ"], DAY, 3, {SZ: index("000300.SH", DAY, [(1.0, 1.0)] * 5)})
    assert found.status == "no_data"
    assert len(found.path) == len(found.path_sessions) == len(found.benchmark_path) == 0
    assert listing("002428.SZ") in panel.listings
