"""Rebalanced windows against hand-worked numbers and against a plain loop in pandas."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest

from screener.backtest.execution.pricing import value_panel
from screener.backtest.paper import paper_values
from screener.backtest.run import EventResult, Settings, run_backtest
from screener.domain.arrays import FloatVector
from screener.domain.basket import EntryPrice, Event, Rebalance, Weighting
from screener.domain.listing import Exchange
from screener.domain.panel import PricePanel
from screener.errors import InputError
from screener.market.calendars import calendar_of
from screener.paths.known import EntrySessions, entry_choices
from screener.paths.path_panel import path_panel_of
from screener.paths.rebalancing import rebalancing_rows
from screener.paths.windows import Window, resolve_window
from tests.support.panels import Bars, bars_of, event_of, panel_of, sessions

FIRST = date(2025, 8, 18)
NAMES = ("600000.SH", "000002.SZ", "300857.SZ")
HONG_KONG = "00700.HK"
N = 150


def walk(seed: int, n: int = N) -> list[tuple[float, float]]:
    """Return opens and closes that never touch a price limit."""
    draw = np.random.default_rng(seed)
    closes = 20 * np.exp(np.cumsum(draw.normal(0, 0.01, n).clip(-0.03, 0.03)))
    opens = closes * (1 + draw.normal(0, 0.002, n).clip(-0.005, 0.005))
    return [(round(float(o), 2), round(float(c), 2)) for o, c in zip(opens, closes, strict=True)]


def market(*names: str, **changes: Bars) -> PricePanel:
    bars: dict[str, Bars] = {}
    for at, name in enumerate(names):
        exchange = Exchange.HK if name.endswith("HK") else Exchange.SH
        bars[name] = changes.get(name) or bars_of(exchange, FIRST, walk(at))
    return panel_of(bars)


def entries_of(event: Event) -> tuple[EntrySessions, ...]:
    exchanges = [member.listing.exchange for member in event.members]
    return entry_choices(event.published, exchanges, calendar_of)


def window_of(panel: PricePanel, event: Event, horizon: int, rebalance: Rebalance) -> Window:
    return resolve_window(
        panel, event, entries_of(event)[0], horizon=horizon, max_wait=10, rebalance=rebalance
    )


def published() -> date:
    return sessions(Exchange.SH, FIRST, 10)[4]


def path_of(panel: PricePanel, window: Window) -> FloatVector:
    values, layout = value_panel(panel, window.price), path_panel_of(panel, window.price)
    found = paper_values(values, layout, [window], compiled=False)[id(window)]
    return found.values  # noqa: PD011 - no frame of pandas


def results(
    panel: PricePanel, events: list[Event], settings: Settings, **more: int
) -> tuple[EventResult, ...]:
    dated = [(event, entries_of(event)) for event in events]
    return run_backtest(panel, dated, settings, no_benchmark, **more)


def no_benchmark(event: object, name: object) -> None:
    del event, name


def traded_rows(panel: PricePanel, window: Window) -> list[int]:
    return [traded for _, traded in rebalancing_rows(panel, window).tolist()]


# --- when


def test_a_month_begins_with_its_first_common_session() -> None:
    panel = market(*NAMES)
    window = window_of(panel, event_of(NAMES, published()), 120, Rebalance.MONTHLY)
    found = [panel.session(row) for row in traded_rows(panel, window)]
    assert found == [
        date(2025, 9, 1),
        date(2025, 10, 9),  # after the golden week
        date(2025, 11, 3),
        date(2025, 12, 1),
        date(2026, 1, 5),
        date(2026, 2, 2),
    ]
    quarters = traded_rows(panel, replace(window, rebalance=Rebalance.QUARTERLY))
    assert [panel.session(row) for row in quarters] == [date(2025, 10, 9), date(2026, 1, 5)]


def test_both_markets_must_be_open() -> None:
    panel = market(NAMES[0], HONG_KONG)
    window = window_of(panel, event_of([NAMES[0], HONG_KONG], published()), 60, Rebalance.MONTHLY)
    found = [panel.session(row) for row in traded_rows(panel, window)]
    # The mainland is closed from 1 to 8 October 2025; Hong Kong opens on the 2nd.
    assert found == [date(2025, 9, 1), date(2025, 10, 9), date(2025, 11, 3)]


def test_the_first_and_the_last_session_are_none_of_them() -> None:
    panel = market(*NAMES)
    window = window_of(panel, event_of(NAMES, published()), 6, Rebalance.DAILY)
    rows = rebalancing_rows(panel, window)
    assert rows[:, 1].tolist() == list(range(window.first_row + 1, window.last_row))
    assert (rows[:, 0] == rows[:, 1] - 1).all()  # decided the session before


def test_an_unfinished_window_is_not_rebalanced_past_its_end() -> None:
    short = panel_of(
        {name: bars_of(Exchange.SH, FIRST, walk(at, 40)) for at, name in enumerate(NAMES)}
    )
    window = window_of(short, event_of(NAMES, published()), 120, Rebalance.DAILY)
    rows = rebalancing_rows(short, window)
    assert rows.max() == window.last_row == len(short.sessions) - 1


# --- what it returns


def looped(panel: PricePanel, window: Window, weights: list[float]) -> pd.Series:
    """Return the path as one would write it in pandas."""
    wanted = {traded: decided for decided, traded in rebalancing_rows(panel, window).tolist()}
    columns = [leg.column for leg in window.legs]
    closes, opens = pd.DataFrame(panel.close)[columns], pd.DataFrame(panel.open)[columns]
    share = (pd.Series(weights) / sum(weights)).to_numpy()
    units = share / opens.iloc[window.first_row].to_numpy()
    path = {}
    for row in range(window.first_row, window.last_row + 1):
        price = closes.iloc[row].to_numpy()
        path[row] = (units * price).sum()
        if row in wanted:
            decided = closes.iloc[wanted[row]].to_numpy()
            lacking = (units * decided).sum() * share - units * decided
            sold = np.where(lacking < 0, -lacking / decided, 0.0)
            wishes = np.where(lacking > 0, lacking, 0.0)
            units = units - sold + (sold * price).sum() * wishes / wishes.sum() / price
    return pd.Series(path)


@pytest.mark.parametrize("rebalance", [Rebalance.DAILY, Rebalance.MONTHLY, Rebalance.QUARTERLY])
@pytest.mark.parametrize("weights", [[1.0, 1.0, 1.0], [3.0, 1.0, 0.5]])
def test_the_paper_path_is_that_of_a_plain_loop(rebalance: Rebalance, weights: list[float]) -> None:
    panel = market(*NAMES)
    window = window_of(panel, event_of(NAMES, published(), weights=weights), 120, rebalance)
    path = path_of(panel, window)
    expected = looped(panel, window, weights)
    np.testing.assert_allclose(path, expected, rtol=0, atol=1e-12)
    held = path_of(panel, replace(window, rebalance=Rebalance.NONE))
    assert abs(held[-1] - path[-1]) > 1e-6


def test_daily_equal_is_the_mean_of_the_daily_returns() -> None:
    panel = market(*NAMES)
    event = replace(event_of(NAMES, published()), weighting=Weighting.DAILY_EQUAL)
    window = window_of(panel, event, 60, Rebalance.NONE)
    path = path_of(panel, window)
    rows = slice(window.first_row, window.last_row + 1)
    first = panel.close[window.first_row] / panel.open[window.first_row]
    later = panel.close[rows][1:] / panel.close[rows][:-1]
    means = np.concatenate([[first.mean()], later.mean(axis=1)])
    np.testing.assert_allclose(path, np.cumprod(means), rtol=0, atol=1e-12)


def test_daily_equal_has_no_executable_path() -> None:
    panel = market(*NAMES)
    event = replace(event_of(NAMES, published()), weighting=Weighting.DAILY_EQUAL)
    (found,) = results(panel, [event], Settings(horizons=(20,), cost=0.001))
    assert found.paper_return is not None
    assert found.executable_return is None


def flat(*changes: tuple[int, float]) -> Bars:
    """Return thirty days at 10.00, closed at other prices from given days on."""
    closes = [10.0] * 30
    for at, price in changes:
        closes[at:] = [price] * (30 - at)
    opens = [10.0, *closes[:-1]]
    return bars_of(Exchange.SH, date(2025, 9, 22), list(zip(opens, closes, strict=True)))


def test_a_name_without_a_bar_keeps_its_shares() -> None:
    """10.00 to 11.00 on day 6; the third has no bar on 9 October, when the month begins."""
    day = date(2025, 10, 9)
    third = {key: value for key, value in flat((12, 9.5)).items() if key != day}
    panel = panel_of({NAMES[0]: flat((5, 10.5)), NAMES[1]: flat(), NAMES[2]: third})
    event = event_of(NAMES, date(2025, 9, 22))
    window = window_of(panel, event, 20, Rebalance.MONTHLY)
    path = path_of(panel, window)
    # A third each: at the close of 9 October 1.05/3 and 1/3 become 1.025/3 each.
    assert [panel.session(row) for row in traded_rows(panel, window)] == [day]
    assert path[-1] == pytest.approx((1.05 + 1 + 0.95) / 3, abs=1e-12)
    traded = results(
        panel, [event], Settings(horizons=(20,), cost=0.0, rebalance=Rebalance.MONTHLY)
    )
    assert traded[0].executable_return == pytest.approx(0.0, abs=1e-12)


def test_a_name_at_its_upper_limit_is_not_bought_but_the_others_are_levelled() -> None:
    """On 9 October the second closes 10 % up at its limit and would have to be bought."""
    day = date(2025, 10, 9)
    at = sessions(Exchange.SH, date(2025, 9, 22), 30).index(day)
    fallen = flat((2, 9.2), (3, 8.5), (4, 8.0), (at, 8.8), (at + 1, 8.8))
    panel = panel_of({NAMES[0]: flat((5, 10.5)), NAMES[1]: fallen, NAMES[2]: flat((6, 9.7))})
    event = event_of(NAMES, date(2025, 9, 22))
    window = window_of(panel, event, 20, Rebalance.MONTHLY)
    both = (1.05 + 0.97) / 3 / 2
    later = path_of(panel, window)
    assert later[-1] == pytest.approx((0.88 + 1.05 + 0.97) / 3, abs=1e-12)
    moved = dict(panel_bars(panel, NAMES[0]))
    for key in moved:
        if key > day:
            moved[key] = (10.5, 10.71)
    again = panel_of({NAMES[0]: moved, NAMES[1]: fallen, NAMES[2]: flat((6, 9.7))})
    window = window_of(again, event, 20, Rebalance.MONTHLY)
    path = path_of(again, window)
    assert path[-1] == pytest.approx(0.88 / 3 + both * 10.71 / 10.5 + both, abs=1e-12)


def panel_bars(panel: PricePanel, name: str) -> list[tuple[date, tuple[float, float]]]:
    column = [item.id for item in panel.listings].index(name)
    return [
        (panel.session(row), (float(panel.open[row, column]), float(panel.close[row, column])))
        for row in range(len(panel.sessions))
    ]


def test_a_plain_cost_is_paid_for_what_is_traded() -> None:
    """One of two names rises by a tenth: a twentieth is sold, less than that bought."""
    panel = panel_of({NAMES[0]: flat((5, 11.0)), NAMES[1]: flat()})
    event = event_of(NAMES[:2], date(2025, 9, 22))
    settings = Settings(horizons=(20,), cost=0.01, rebalance=Rebalance.MONTHLY, capitals=(1.0,))
    (found,) = results(panel, [event], settings)
    units = 0.5 / 10.1
    worth = np.array([units * 11, units * 10])
    sold = worth[0] - worth.mean()
    bought = sold * 0.99 / 1.01
    assert found.fees == pytest.approx(
        2 * units * 10 * 0.01 + sold * 0.01 + bought * 0.01 + (worth.sum() - sold + bought) * 0.01,
        abs=1e-12,
    )
    assert found.executable_return == pytest.approx(
        (worth.sum() - sold + bought) * 0.99 - 1, abs=1e-12
    )


# --- laws


@pytest.mark.parametrize("rebalance", [Rebalance.DAILY, Rebalance.MONTHLY])
@pytest.mark.parametrize("keep", [70, 100])
def test_later_sessions_change_no_finished_path(rebalance: Rebalance, keep: int) -> None:
    event = event_of([*NAMES, HONG_KONG], published())
    names = (*NAMES, HONG_KONG)

    def run(n: int) -> np.ndarray:
        bars = {
            name: bars_of(Exchange.HK if name == HONG_KONG else Exchange.SH, FIRST, walk(at)[:n])
            for at, name in enumerate(names)
        }
        panel = panel_of(bars)
        window = window_of(panel, event, 50, rebalance)
        assert window.status == "mature"
        return path_of(panel, window)

    np.testing.assert_array_equal(run(keep), run(N))


def variants() -> list[tuple[str, Settings]]:
    usual = Settings(horizons=(5, 20), cost=0.001)
    return [
        ("held", usual),
        ("monthly", replace(usual, rebalance=Rebalance.MONTHLY)),
        ("close", replace(usual, entry=EntryPrice.CLOSE)),
    ]


@pytest.mark.parametrize(("name", "settings"), variants())
def test_results_hang_on_neither_chunks_nor_workers(name: str, settings: Settings) -> None:
    del name
    panel = market(*NAMES, HONG_KONG)
    days = sessions(Exchange.SH, FIRST, 60)
    events = [event_of([*NAMES, HONG_KONG], day) for day in days[5:17]]

    def told(**more: int) -> list[tuple[object, ...]]:
        return [
            (item.paper_return, item.executable_return, item.fees, item.path.tobytes(), item.ledger)
            for item in results(panel, events, settings, **more)
        ]

    whole = told()
    assert told(chunk=1) == whole
    assert told(chunk=5) == whole
    assert told(chunk=4, jobs=2) == whole


@pytest.mark.parametrize("jobs", [0, -2])
def test_a_number_of_workers_makes_sense(jobs: int) -> None:
    panel = market(*NAMES)
    with pytest.raises(InputError, match="workers"):
        results(panel, [event_of(NAMES, published())], Settings(horizons=(5,)), jobs=jobs)


# --- the price of entry


def test_bought_at_the_close_the_first_session_is_worth_one() -> None:
    panel = market(*NAMES)
    window = resolve_window(
        panel,
        event_of(NAMES, published()),
        entries_of(event_of(NAMES, published()))[0],
        horizon=10,
        max_wait=10,
        price=EntryPrice.CLOSE,
    )
    path = path_of(panel, window)
    closes = panel.close[window.first_row : window.last_row + 1]
    np.testing.assert_allclose(path, (closes / closes[0]).mean(axis=1), rtol=0, atol=1e-12)
    assert path[0] == 1
