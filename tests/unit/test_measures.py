"""Rows and page of the measures of a run: columns, short and pending windows, 80 columns."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from rich.cells import cell_len
from rich.console import Console, RenderableType

from screener.backtest.benchmark import BenchmarkSeries
from screener.backtest.run import Settings, run_backtest
from screener.domain.basket import Event
from screener.domain.listing import Exchange, Kind, parse_listing
from screener.domain.panel import PricePanel
from screener.files.writing import csv_text
from screener.market.calendars import calendar_of
from screener.paths.known import entry_choices
from screener.render.backtest.performance import metrics_page
from screener.results.backtest import METRICS, PATHS
from screener.results.tables import fits
from screener.workflows.backtest.measures import event_measures, metric_rows, sharpe_errors
from screener.workflows.backtest.rows import path_rows, shortfall_rows
from screener.workflows.backtest.run import BacktestRequest, BacktestRun
from tests.support.panels import event_of, panel_of, sessions

SH, HK = Exchange.SH, Exchange.HK
FIRST = date(2025, 1, 2)
COUNT = 101
TURNS = np.cumprod(np.tile([1.02, 0.99], COUNT))[:COUNT]
WAVES = np.exp(0.001 * np.arange(COUNT) + 0.06 * np.sin(np.arange(COUNT) / 5))
MARKET = np.cumprod(np.tile([1.01, 0.99], COUNT))[:COUNT]


def bars(exchange: Exchange, closes: np.ndarray) -> dict[date, tuple[float, float]]:
    """Return bars that open at the close before."""
    days = sessions(exchange, FIRST, len(closes))
    opens = [float(closes[0]), *map(float, closes[:-1])]
    return {
        day: (opened, float(closed))
        for day, opened, closed in zip(days, opens, closes, strict=True)
    }


def index(name: str = "000300.SH") -> BenchmarkSeries:
    listing = parse_listing(name, kind=Kind.INDEX)
    own = bars(listing.exchange, 100 * MARKET)
    return BenchmarkSeries(
        listing=listing,
        basis="price",
        calendar=calendar_of(listing.exchange),
        sessions=np.array(list(own), dtype="datetime64[D]"),
        values=np.array(list(own.values())),
    )


def run_of(
    panel: PricePanel,
    events: Sequence[Event],
    horizons: tuple[int, ...],
    *,
    simulated: bool = False,
    series: Mapping[Exchange, BenchmarkSeries] | None = None,
) -> BacktestRun:
    chosen = [
        (
            event,
            entry_choices(
                event.published, [item.listing.exchange for item in event.members], calendar_of
            ),
        )
        for event in events
    ]
    settings = Settings(horizons=horizons)
    given = {SH: index()} if series is None else series
    results = run_backtest(panel, chosen, settings, lambda _, name: given.get(name.exchange))
    return BacktestRun(
        request=BacktestRequest(events=tuple(events), settings=settings),
        results=results,
        price_basis=("raw",) * len(results),
        data_version=7,
        run_id="SIMULATED-0123456789ab" if simulated else "0123456789ab",
        simulated=simulated,
        remarks=(),
    )


def show(page: RenderableType, width: int = 80) -> list[str]:
    file = io.StringIO()
    Console(file=file, width=width, highlight=False).print(page)
    return [line.rstrip() for line in file.getvalue().splitlines()]


@pytest.fixture(scope="module")
def run() -> BacktestRun:
    panel = panel_of({"601899.SH": bars(SH, 10 * TURNS), "600000.SH": {}})
    told, empty = event_of(["601899.SH"], FIRST), event_of(["600000.SH"], FIRST)
    return run_of(panel, [told, empty], (5, 20, 60, 240))


def test_a_row_for_each_event_and_horizon_with_every_column(run: BacktestRun) -> None:
    rows = metric_rows(run)
    assert [row["horizon"] for row in rows] == [5, 20, 60, 240] * 2
    assert [len(results) for results in run.by_event] == [4, 4]
    assert {tuple(row) for row in rows} == {METRICS.names}
    assert not fits(METRICS, rows)
    assert [row["status"] for row in rows] == ["mature"] * 3 + ["pending"] + ["no_data"] * 4
    assert [row["n_sessions"] for row in rows] == [5, 20, 60, 100] + [None] * 4


def test_a_row_by_hand(run: BacktestRun) -> None:
    row = metric_rows(run)[2]
    # -1 % and +2 % by turns from the second session on, the benchmark -1 % and +1 %
    growth, deviation = (0.99 * 1.02) ** 30, 0.015 * np.sqrt(60 / 59)
    days = sessions(SH, FIRST, COUNT)
    assert (row["entry_session"], row["exit_session"]) == (days[1], days[60])
    assert row["sessions_a_year"] == 243
    assert row["total_return"] == pytest.approx(growth - 1)
    assert row["annualised_return"] == pytest.approx(growth ** (243 / 60) - 1)
    assert row["volatility"] == pytest.approx(deviation * np.sqrt(243))
    assert row["sharpe"] == pytest.approx(0.005 / deviation * np.sqrt(243))
    assert row["max_drawdown"] == pytest.approx(-0.01)
    assert row["beta"] == pytest.approx(1.5)
    assert row["alpha"] == pytest.approx(1.005**243 - 1)
    assert (row["benchmark"], row["price_basis"]) == ("000300.SH", "raw")
    assert (row["hit_rate"], row["n_up"], row["turnover"]) == (0.5, 30, 1.0)
    assert (row["data_version"], row["run_id"]) == (7, "0123456789ab")


def test_the_days_of_the_deepest_fall() -> None:
    panel = panel_of({"601899.SH": bars(SH, 10 * WAVES)})
    (row,) = metric_rows(run_of(panel, [event_of(["601899.SH"], FIRST)], (60,)))
    days, own = sessions(SH, FIRST, COUNT), list(WAVES[:61])
    # the sine turns at 5 * pi / 2 + k * 5 * pi: tops near 8 and 39, bottoms near 23 and 55
    assert days.index(row["drawdown_peak"]) == 8  # type: ignore[arg-type]
    assert days.index(row["drawdown_trough"]) == 23  # type: ignore[arg-type]
    back = next(at for at in range(23, 61) if own[at] >= own[8])
    assert row["drawdown_recovery"] == days[back]
    assert row["max_drawdown"] == pytest.approx(own[23] / own[8] - 1)
    assert row["calmar"] == pytest.approx(row["annualised_return"] / (1 - own[23] / own[8]))  # type: ignore[operator]


def test_a_short_window_has_no_figure_of_a_year_and_one_without_data_has_none(
    run: BacktestRun,
) -> None:
    short, month, empty = metric_rows(run)[0], metric_rows(run)[1], metric_rows(run)[4]
    annual = ("volatility", "sharpe", "sortino", "beta", "tracking_error", "information_ratio")
    rates = ("annualised_return", "calmar", "alpha")
    assert {short[name] for name in (*annual, *rates)} == {None}
    assert short["max_drawdown"] == pytest.approx(
        0.99 * 1.02 * 0.99 * 1.02 * 0.99 / (1.0098**2) - 1
    )
    assert None not in {month[name] for name in annual}
    assert {month[name] for name in rates} == {None}
    asked = ("basket", "report", "horizon", "weighting", "entry", "delay", "rebalance")
    told = (*asked, "status", "entry_session", "data_version", "run_id")
    assert {
        empty[name] for name in METRICS.names if name not in (*told, "benchmark", "price_basis")
    } == {None}
    assert ",no_data,2025-01-03,,,,,," in csv_text(METRICS.names, [empty])


def test_the_sessions_of_a_path_by_hand(run: BacktestRun) -> None:
    rows = path_rows(run)
    assert not fits(PATHS, rows)
    assert [sum(row["horizon"] == n for row in rows) for n in (5, 20, 60, 240)] == [5, 20, 60, 100]
    own = rows[:5]
    assert [row["session"] for row in own] == sessions(SH, FIRST, COUNT)[1:6]
    # -1 % and +2 % by turns, the benchmark -1 % and +1 %
    paper = [0.99, 1.0098, 0.999702, 1.01969604, 1.0094990796]
    beside = [0.99, 0.9999, 0.989901, 0.99980001, 0.9898020099]
    assert [row["paper_value"] for row in own] == pytest.approx(paper, abs=1e-12)
    assert [row["benchmark_value"] for row in own] == pytest.approx(beside, abs=1e-12)
    assert {row["traded_value"] for row in rows} == {None}
    for result in run.results[:4]:
        last = [row for row in rows if row["horizon"] == result.window.horizon][-1]
        assert last["session"] == result.exit_session
        assert result.paper_return is not None
        assert last["paper_value"] == result.paper_return + 1


def test_a_path_without_a_benchmark_or_without_a_session() -> None:
    panel = panel_of({"601899.SH": bars(SH, 10 * TURNS), "600000.SH": {}})
    told = run_of(panel, [event_of(["601899.SH"], FIRST)], (2,), series={})
    rows = path_rows(told)
    assert not fits(PATHS, rows)
    assert [row["benchmark_value"] for row in rows] == [None, None]
    assert path_rows(run_of(panel, [event_of(["600000.SH"], FIRST)], (2,))) == []
    assert shortfall_rows(told) == []  # on paper


def test_a_window_is_long_enough_from_twenty_returns_on(run: BacktestRun) -> None:
    long = [item.long_enough for item in event_measures(run)]
    assert [found.n_sessions if found else None for found in long] == [
        *(None, 20, 60, 100),
        *[None] * 4,
    ]
    # Lo (2002) at a ratio of 0: the root of years by the number of sessions
    assert long[1] is not None
    expected = {n: np.sqrt(243 / n) for n in (20, 60, 120)}
    assert dict(sharpe_errors(long[1])) == pytest.approx(expected, rel=1e-12)


def test_several_amounts_of_money_are_one_row() -> None:
    panel = panel_of({"601899.SH": bars(SH, 10 * TURNS)})
    run = run_of(panel, [event_of(["601899.SH"], FIRST)], (5, 20))
    twice = BacktestRun(
        **{
            **{name: getattr(run, name) for name in run.__slots__},
            "results": tuple(result for result in run.results for _ in range(2)),
            "price_basis": ("raw",) * 4,
        }
    )
    assert metric_rows(twice) == metric_rows(run)


def test_a_name_bought_late_is_turned_over_when_bought_and_one_never_bought_is_not() -> None:
    days = sessions(SH, FIRST, COUNT)
    names = ["601899.SH", "600000.SH", "600004.SH"]
    panel = panel_of(
        {name: bars(SH, 10 * TURNS) for name in names},
        suspended={"600000.SH": days[1:3], "600004.SH": days[1:]},
    )
    (row,) = metric_rows(run_of(panel, [event_of(names, FIRST)], (30,)))
    # a third at the start; another third when the basket is worth 2/3 + 0.99 * 1.02 / 3
    assert row["turnover"] == pytest.approx(1 / 3 + 1 / 3 / (2 / 3 + 0.99 * 1.02 / 3))


def test_a_basket_of_two_calendars_has_the_year_of_both() -> None:
    panel = panel_of({"601899.SH": bars(SH, 10 * TURNS), "00700.HK": bars(HK, 300 * TURNS)})
    series = {SH: index(), HK: index("HSI.HK")}
    event = event_of(["601899.SH", "00700.HK"], FIRST)
    (row,) = metric_rows(run_of(panel, [event], (60,), series=series))
    assert row["sessions_a_year"] == 252  # 243 of Shanghai and 9 of Hong Kong alone
    assert row["n_sessions"] > 60  # type: ignore[operator]
    assert row["benchmark"] == "000300.SH+HSI.HK"
    assert row["beta"] is not None


# The figures are those of empyrical-reloaded to every digit printed.
PAGE = """\
 SIMULATED: invented prices

test · T1
from 2025-01-03 · a year of 243 sessions
hold  a year   vol  Sharpe  Sortino  drawdown  from..to           up days
─────────────────────────────────────────────────────────────────────────
  20       -  13.9   -2.15    -2.96      -8.9  2025-01-14..02-07     8/20
  60   +11.9  13.0    0.93     1.42      -9.9  2025-01-14..02-12    30/60
 240   +45.7  13.4    2.88     4.77      -9.9  2025-04-22..05-16   55/100
against 000300.SH (price index)
hold   beta  alpha    TE     IR
───────────────────────────────
  20  -0.05      -  21.8  -1.37
  60   0.00  +12.9  20.4   0.59
 240   0.00  +47.0  20.6   1.87
  hold 240: pending, 100 returns so far

1 window has fewer than 20 sessions: not shown
on paper, in %, risk-free rate 0; a year and alpha from 60 sessions on
one standard error of a Sharpe ratio: 3.5 at 20, 2.0 at 60, 1.4 at 120 sessions
data version 7 · run SIMULATED-0123456789ab"""


def test_the_page_at_eighty_columns() -> None:
    panel = panel_of({"601899.SH": bars(SH, 10 * WAVES)})
    run = run_of(panel, [event_of(["601899.SH"], FIRST)], (5, 20, 60, 240), simulated=True)
    assert "\n".join(show(metrics_page(run))) == PAGE


def test_wide_figures_and_names_stay_within_eighty_columns() -> None:
    path = 1e4 * np.cumprod(np.tile([1.09, 0.93, 0.98], 60))
    panel = panel_of({"601899.SH": bars(SH, path), "00700.HK": bars(HK, path)})
    series = {SH: index(), HK: replace(index("HSI.HK"), basis="total")}
    named = {"basket": "算力租赁与数据中心", "report": "R12"}
    event = replace(event_of(["601899.SH", "00700.HK"], FIRST), **named)  # type: ignore[arg-type]
    lines = show(metrics_page(run_of(panel, [event], (5, 10, 15, 2500), series=series)))
    assert max(cell_len(line) for line in lines) <= 80
    (row,) = (line for line in lines if line.startswith("2500") and "/" in line)
    assert len(row.split()) == 8  # no cell is folded
    assert lines[0] == "算力租赁与数据中心 · R12"
    assert "2025-01-03" in lines[1]
    assert "252 sessions" in lines[1]
    assert "against 000300.SH + HSI.HK (mixed index)" in lines
    assert "3 windows have fewer than 20 sessions: not shown" in lines


def test_a_page_without_any_long_window_says_so() -> None:
    panel = panel_of({"601899.SH": bars(SH, 10 * TURNS)})
    lines = show(metrics_page(run_of(panel, [event_of(["601899.SH"], FIRST)], (5, 10))))
    assert lines == [
        "2 windows have fewer than 20 sessions: not shown",
        "data version 7 · run 0123456789ab",
    ]


def test_without_a_benchmark_there_is_no_second_table() -> None:
    panel = panel_of({"601899.SH": bars(SH, 10 * TURNS)})
    run = run_of(panel, [event_of(["601899.SH"], FIRST)], (60,), series={})
    assert not [line for line in show(metrics_page(run)) if "beta" in line or "against" in line]
    (row,) = metric_rows(run)
    assert (row["benchmark"], row["beta"], row["tracking_error"]) == ("", None, None)
