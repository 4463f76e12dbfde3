"""The waterfall from the index to the money against figures worked by hand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from screener.backtest.attribution import FRICTION_STEPS, SHORTFALL_STEPS
from screener.backtest.benchmark import BenchmarkSeries
from screener.backtest.decision import TOGETHER
from screener.backtest.frictions import Frictions
from screener.backtest.run import EventResult, Settings, run_backtest
from screener.domain.basket import Rebalance
from screener.domain.exits import ExitRules
from screener.domain.listing import Exchange
from screener.domain.panel import PricePanel
from screener.market.calendars import calendar_of
from screener.paths.known import entry_choices
from screener.workflows.backtest.rows import mean_shortfalls
from tests.support.panels import bars_of, event_of, listing, panel_of, sessions
from tests.unit.test_executing import trading_of

SZ = Exchange.SZ
DAY = date(2026, 5, 14)
FREE = Frictions(commission=False, levies=False, dividend_tax=False, participation=None)
FLAT = [(10.0, 10.0)] * 6
# Known at the close of 10.00, opens at 10.50 and ends at 12.60.
GAPS_UP = [(10.0, 10.0), (10.5, 11.0), (11.0, 11.5), (11.5, 12.6), (12.6, 12.6), (12.6, 12.6)]


def index_of(closes: Mapping[date, float]) -> BenchmarkSeries:
    """An index that opens at the close of the day before."""
    days = np.array(list(closes), dtype="datetime64[D]")
    values = np.array(list(closes.values()))
    opens = np.concatenate([values[:1], values[:-1]])
    return BenchmarkSeries(
        listing=listing("000300.SH"),
        basis="price",
        calendar=calendar_of(Exchange.SH),
        sessions=days,
        values=np.column_stack([opens, values]),
    )


def rising_index(levels: list[float]) -> BenchmarkSeries:
    return index_of(dict(zip(sessions(SZ, DAY, len(levels)), levels, strict=True)))


def run(
    panel: PricePanel,
    *,
    index: BenchmarkSeries | None = None,
    themes: np.ndarray | None = None,
    frictions: Frictions = FREE,
    **settings: object,
) -> EventResult:
    event = event_of([item.id for item in panel.listings], DAY)
    delay = int(str(settings.get("delay", 0)))
    choices = entry_choices(event.published, [SZ], calendar_of, delay=delay)
    options = {"horizons": (3,), "capitals": (1e9,), **settings}
    trading = replace(trading_of(panel), themes=themes)
    asked = Settings(frictions=frictions, **options)  # type: ignore[arg-type]
    return run_backtest(panel, [(event, choices)], asked, lambda *_: index, trading)[0]


def steps_of(found: EventResult) -> dict[str, float]:
    assert sum(effect for _, effect in found.shortfall) == pytest.approx(
        found.executable_return, abs=1e-10
    )
    return dict(found.shortfall)


def test_from_the_index_over_theme_and_selection_to_the_delay() -> None:
    panel = panel_of({"300857.SZ": bars_of(SZ, DAY, GAPS_UP)})
    themes = np.ones(panel.close.shape)
    themes[1:4, 0] = (1.02, 1.03, 1.04)
    found = run(panel, index=rising_index([100, 101, 102, 103, 104, 105]), themes=themes)
    told = steps_of(found)
    assert tuple(told) == SHORTFALL_STEPS
    # The index opens at 100 and ends at 103; its close when the report was known is 100, too.
    assert told["market"] == pytest.approx(0.03, abs=1e-12)
    assert told["theme"] == pytest.approx(1.02 * 1.03 * 1.04 - 1.03, abs=1e-12)
    assert told["selection"] == pytest.approx(1.26 - 1.02 * 1.03 * 1.04, abs=1e-12)
    assert told["theme and selection"] == 0
    assert told["delay"] == pytest.approx(12.6 / 10.5 - 1.26, abs=1e-12)  # the index did not gap
    assert told["waiting and unfilled"] == pytest.approx(0, abs=1e-12)


def test_the_delay_is_what_the_names_lost_to_the_index_until_the_entry() -> None:
    panel = panel_of({"300857.SZ": bars_of(SZ, DAY, GAPS_UP)})
    index = rising_index([100, 101, 102, 103, 104, 105])
    index = replace(index, values=index.values + np.eye(6, 2, k=-1))  # opens at 101
    told = steps_of(run(panel, index=index))
    assert told["market"] == pytest.approx(103 / 101 - 1, abs=1e-12)
    names, of_index = 12.6 / 10.5 - 1.26, 103 / 101 - 103 / 100
    assert told["delay"] == pytest.approx(names - of_index, abs=1e-12)
    # Without an industry theme and selection are one step, from the same close.
    assert told["theme"] == told["selection"] == 0
    assert told["theme and selection"] == pytest.approx(1.26 - 1.03, abs=1e-12)


def test_sessions_to_wait_are_part_of_the_delay() -> None:
    panel = panel_of({"300857.SZ": bars_of(SZ, DAY, GAPS_UP)})
    told = steps_of(run(panel, delay=2))  # bought at 11.50, at the end 12.60
    assert told[TOGETHER] == pytest.approx(0.26, abs=1e-12)
    assert told["delay"] == pytest.approx(12.6 / 11.5 - 1.26, abs=1e-12)


def test_a_suspended_name_that_rises_while_one_waits_costs_its_rise() -> None:
    """Ten per cent between the last close and the first open after it, on half of the money."""
    held_up = [(10.0, 10.0), None, (11.0, 11.0), (11.0, 12.1), (12.1, 12.1), (12.1, 12.1)]
    days = sessions(SZ, DAY, 2)
    panel = panel_of(
        {"300857.SZ": bars_of(SZ, DAY, held_up), "002428.SZ": bars_of(SZ, DAY, FLAT)},
        suspended={"300857.SZ": [days[1]]},
    )
    found = run(panel)
    told = steps_of(found)
    assert found.paper_return == pytest.approx(0.5 * 0.1, abs=1e-12)
    # Meant to be bought at 10.00 and worth 12.10: 21 %; bought at 11.00: 10 %.
    assert told[TOGETHER] == pytest.approx(0.5 * 0.21, abs=1e-12)
    assert told["delay"] == 0
    assert told["waiting and unfilled"] == pytest.approx(0.5 * (0.10 - 0.21), abs=1e-12)


@pytest.mark.parametrize("rebalance", [Rebalance.NONE, Rebalance.DAILY])
def test_a_name_that_was_never_bought_costs_all_that_it_did(rebalance: Rebalance) -> None:
    """Locked at its upper limit each morning: 10.00, then 11, 12.1 and 13.31."""
    locked = [(10.0, 10.0), (11.0, 11.0), (12.1, 12.1), (13.31, 13.31), (14.64, 14.64)]
    panel = panel_of({"002428.SZ": bars_of(SZ, DAY, locked)})
    found = run(panel, rebalance=rebalance)
    told = steps_of(found)
    assert found.n_held == 0
    assert found.executable_return == 0
    assert told[TOGETHER] == pytest.approx(0.331, abs=1e-12)
    assert told["delay"] == pytest.approx(13.31 / 11 - 1.331, abs=1e-12)
    assert told["waiting and unfilled"] == pytest.approx(1 - 13.31 / 11, abs=1e-12)
    assert [told[step] for step in FRICTION_STEPS[1:]] == [0.0] * 8


def test_a_sale_that_waits_costs_what_the_name_fell_since_it_was_due() -> None:
    falls = [*FLAT[:3], (9.5, 9.0), (8.1, 8.1), (8.0, 8.0)]
    panel = panel_of({"002428.SZ": bars_of(SZ, DAY, falls)})  # closes at its lower limit, 9.00
    told = steps_of(run(panel))
    # Due at 9.00; the next close is a limit again, 8.10, and the one after is 8.00.
    assert told["waiting and unfilled"] == pytest.approx(0.8 - 0.9, abs=1e-12)


def test_a_dividend_has_a_tax_of_its_own() -> None:
    panel = panel_of({"300857.SZ": bars_of(SZ, DAY, FLAT)})
    dividend, factors = np.zeros(panel.close.shape), np.ones(panel.close.shape)
    dividend[2], factors[2:] = 1.0, 10 / 9
    panel = replace(panel, factor=factors)
    event = event_of(["300857.SZ"], DAY)
    choices = entry_choices(event.published, [SZ], calendar_of)
    asked = Settings(
        horizons=(3,), capitals=(10_000.0,), frictions=replace(FREE, dividend_tax=True)
    )
    trading = trading_of(panel, dividend=dividend)
    (found,) = run_backtest(panel, [(event, choices)], asked, lambda *_: None, trading)
    told = steps_of(found)
    assert told["dividend tax"] == pytest.approx(-1_000 * 0.2 / 10_000, abs=1e-12)
    assert told["taxes and fees"] == 0


def test_the_mean_of_many_events_has_every_event_alike() -> None:
    index = rising_index([100, 101, 102, 103, 104, 105])
    panels = [panel_of({"300857.SZ": bars_of(SZ, DAY, prices)}) for prices in (GAPS_UP, FLAT)]
    found = [run(panel, index=index) for panel in panels]
    (mean,) = mean_shortfalls([*found, run(panels[0])])  # without an index, and so in no mean
    assert (mean.horizon, mean.capital, mean.n_events) == (3, 1e9, 2)
    for step in SHORTFALL_STEPS:
        parts = [dict(item.shortfall)[step] for item in found]
        assert mean.steps[step] == pytest.approx(sum(parts) / 2, abs=1e-12)
    assert sum(mean.steps.values()) == pytest.approx(mean.traded, abs=1e-10)


def test_a_name_that_leaves_early_ends_at_an_open_in_every_step() -> None:
    """Its gain reaches 9 % at the close of 11.50: it is sold at 11.50 the morning after."""
    panel = panel_of({"300857.SZ": bars_of(SZ, DAY, GAPS_UP)})
    themes = np.full(panel.close.shape, 1.01)
    index = rising_index([100, 101, 102, 103, 104, 105])
    exits = ExitRules(take=0.09)
    found = run(panel, index=index, themes=themes, horizons=(5,), exits=exits)
    told = steps_of(found)
    assert found.executable_return == pytest.approx(11.5 / 10.5 - 1, abs=1e-7)
    assert told["market"] == pytest.approx(0.02, abs=1e-12)  # opens at the close before
    assert told["theme"] == pytest.approx(1.01**2 - 1.02, abs=1e-12)
    assert told["selection"] == pytest.approx(1.15 - 1.01**2, abs=1e-12)
    assert told["delay"] == pytest.approx(11.5 / 10.5 - 1.15, abs=1e-12)
    assert told["waiting and unfilled"] == pytest.approx(0, abs=1e-12)
