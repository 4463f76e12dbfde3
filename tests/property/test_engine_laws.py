"""Paths through the engine against a plain loop: baskets as large, and spans as long, as real ones.

Prices lie between a thousandth and a million: names of an index or of adjusted prices do.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from screener.backtest.execution.accounts.rebalanced import paper_rebalanced
from screener.backtest.execution.pricing import value_panel
from screener.backtest.frictions import Frictions
from screener.backtest.run import Settings, run_backtest
from screener.domain.basket import Event, Rebalance, Weighting
from screener.domain.listing import Exchange
from screener.domain.panel import CapPanel, PricePanel, TradingPanel
from screener.market.calendars import calendar_of
from screener.paths.rebalancing import rebalancing_rows
from screener.paths.windows import Window, resolve_window
from tests.support.laws import laws
from tests.support.panels import event_of, listing

LAWS = laws(25)
Floats = npt.NDArray[np.float64]
HISTORY = 70  # sessions before the entry, for volatilities
MOST = 250
FIRST = date(2023, 3, 1)
AXIS = calendar_of(Exchange.HK).between(FIRST, date(2025, 12, 31))


@dataclass(frozen=True, kw_only=True)
class World:
    panel: PricePanel
    caps: CapPanel
    window: Window
    event: Event


def world(
    seed: int,
    names: int,
    horizon: int,
    weighting: Weighting,
    rhythm: Rebalance,
    levels: tuple[float, float] = (-3, 6),
) -> World:
    """Draw Hong Kong names, which have no price limit, over a long span."""
    draw = np.random.default_rng(seed)
    axis = AXIS[: HISTORY + horizon + 5]
    shape = (len(axis), names)
    moves = draw.normal(0, draw.choice([1e-7, 0.02, 0.08]), shape)
    level = 10 ** draw.uniform(*levels, names)
    closes = level * np.exp(np.cumsum(moves, axis=0))
    opens = closes * np.exp(draw.normal(0, 0.005, shape))
    ids = [f"{number:05d}.HK" for number in range(101, 101 + names)]
    panel = PricePanel(
        sessions=axis,
        listings=tuple(listing(item) for item in ids),
        open=opens,
        close=closes,
        factor=np.ones(shape),
        fx=np.full(shape, 0.9),
        prior_values=np.full(names, np.nan),
        trading=np.ones(shape, dtype=bool),
        suspended=np.zeros(shape, dtype=bool),
        st=np.zeros(shape, dtype=bool),
        adjusted=np.zeros(names, dtype=bool),
        list_dates=(None,) * names,
        first_bars=(axis[0].item(),) * names,
        last_bars=(axis[-1].item(),) * names,
        last_sessions={Exchange.HK: axis[-1].item()},
    )
    own = list(10 ** draw.uniform(-4, 0, names)) if weighting is Weighting.CUSTOM else None
    event = replace(event_of(ids, axis[HISTORY - 1].item(), weights=own), weighting=weighting)
    sizes = np.broadcast_to(10 ** draw.uniform(8, 12, names), shape).copy()
    caps = CapPanel(market_cap=sizes, float_cap=sizes * 0.4)
    entry = ((Exchange.HK, axis[HISTORY].item()),)
    window = resolve_window(
        panel, event, entry, horizon=horizon, max_wait=0, rebalance=rhythm, caps=caps
    )
    return World(panel=panel, caps=caps, window=window, event=event)


def plain(made: World) -> Floats:
    """Return the path with floats alone: every name can be traded every day."""
    window, panel = made.window, made.panel
    weights = np.array(window.weights)
    units = weights / panel.open[window.first_row]
    rows = {int(at): int(decided) for decided, at in rebalancing_rows(panel, window)}
    path, cash = [], 0.0
    for row in range(window.first_row, window.last_row + 1):
        close = panel.close[row]
        if row in rows:
            worth = units * panel.close[rows[row]]
            lacks = (worth.sum() + cash) * weights - worth
            sold = np.where(lacks < 0, units * lacks / worth, 0.0)
            cash -= float(sold @ close)
            wanted = lacks.clip(0)
            spent = wanted / wanted.sum() * cash if wanted.sum() > 0 else wanted
            units, cash = units + sold + spent / close, cash - float(spent.sum())
        path.append(float(units @ close) + cash)
    return np.array(path)


@LAWS
@given(
    st.integers(0, 10_000),
    st.integers(1, 60),
    st.integers(1, MOST),
    st.sampled_from(Weighting),
    st.sampled_from(Rebalance),
)
def test_a_paper_path_of_any_size_is_that_of_a_plain_loop(
    seed: int, names: int, horizon: int, weighting: Weighting, rhythm: Rebalance
) -> None:
    made = world(seed, names, horizon, weighting, rhythm)
    values = value_panel(made.panel)
    (found,) = paper_rebalanced(values, [made.window])
    np.testing.assert_allclose(found.path, plain(made), rtol=1e-8)


@laws(12)
@given(
    st.integers(0, 10_000),
    st.integers(1, 60),
    st.integers(2, MOST),
    st.sampled_from(Weighting),
    st.sampled_from(Rebalance),
    st.sampled_from([0.0, 0.002]),
)
def test_a_plain_cost_of_any_size_is_run(
    seed: int, names: int, horizon: int, weighting: Weighting, rhythm: Rebalance, cost: float
) -> None:
    made = world(seed, names, horizon, weighting, rhythm)
    asked = Settings(horizons=(horizon,), cost=cost, rebalance=rhythm, max_wait=0)
    (found,) = run_backtest(
        made.panel,
        [(made.event, (made.window.entries,))],
        asked,
        lambda *_: None,
        caps=made.caps,
    )
    assert found.paper_return == pytest.approx(plain(made)[-1] - 1, rel=1e-8, abs=1e-8)
    if found.executable_return is not None and not cost:
        assert found.executable_return == pytest.approx(found.paper_return, rel=1e-8, abs=1e-8)
    elif found.executable_return is not None:
        assert found.executable_return < found.paper_return


@pytest.mark.parametrize("rhythm", Rebalance)
@pytest.mark.parametrize("cost", [None, 0.0])
def test_a_basket_that_is_all_cash_returns_nothing_at_all(
    rhythm: Rebalance, cost: float | None
) -> None:
    """Nobody could buy any of the seven: their sevenths do not sum to 1, but nothing moved."""
    made = world(3, 7, 5, Weighting.EQUAL, rhythm)
    suspended = made.panel.suspended.copy()
    suspended[HISTORY:-1] = True
    panel = replace(made.panel, suspended=suspended)
    asked = Settings(horizons=(5,), cost=cost, rebalance=rhythm, max_wait=3)
    (found,) = run_backtest(
        panel, [(made.event, (made.window.entries,))], asked, lambda *_: None, caps=made.caps
    )
    assert found.status == "mature"
    assert found.paper_return == 0.0
    assert found.executable_return == (None if cost is None else 0.0)


@laws(6)
@given(
    st.integers(0, 10_000),
    st.integers(1, 20),
    st.integers(2, 40),
    st.sampled_from([item for item in Weighting if item.tradable]),
    st.sampled_from(Rebalance),
    st.sampled_from([20_000.0, 1e6]),
)
def test_money_of_any_size_is_run_and_kept(
    seed: int, names: int, horizon: int, weighting: Weighting, rhythm: Rebalance, capital: float
) -> None:
    """What is bought, sold and paid is all that becomes of the money."""
    made = world(seed, names, horizon, weighting, rhythm, levels=(0, 3))
    shape = made.panel.close.shape
    trading = TradingPanel(
        prices=made.panel,
        volume=np.full(shape, 1e7),
        amount=np.full(shape, np.nan),
        share_ratio=np.ones(shape),
        dividend=np.zeros(shape),
        board_lot=np.full(shape, 100.0),
    )
    asked = Settings(
        horizons=(horizon,),
        frictions=Frictions(slippage_bps=3, fx_spread_bps=5),
        capitals=(capital,),
        rebalance=rhythm,
        max_wait=0,
    )
    (found,) = run_backtest(
        made.panel,
        [(made.event, (made.window.entries,))],
        asked,
        lambda *_: None,
        trading,
        made.caps,
    )
    assert found.remarks == ()
    if found.executable_return is not None:
        gained = sum(line.cash for line in found.lines)
        assert gained == pytest.approx(found.executable_return * capital, abs=1e-8 * capital)
