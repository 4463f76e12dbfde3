"""Capacity: roots that are known, and one of orders worked by hand."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import date

import numpy as np
import pytest

from screener.backtest.capacity import (
    MOST_MEASURED,
    CapacityState,
    Measured,
    capacity_of,
    windows_at,
)
from screener.backtest.execution.executing import execute
from screener.backtest.frictions import Frictions
from screener.domain.listing import Exchange
from screener.errors import InputError
from screener.market.calendars import calendar_of
from screener.paths.known import entry_choices
from screener.paths.windows import resolve_window
from tests.support.panels import bars_of, event_of, panel_of
from tests.unit.test_executing import trading_of

DAY = date(2026, 5, 14)


def measured(edge: Callable[[float], float], asked: list[float]) -> Callable[[float], Measured]:
    def measure(capital: float) -> Measured:
        asked.append(capital)
        active = edge(capital)
        return Measured(
            capital=capital,
            traded=active,
            active=active,
            participation=0.0,
            invested=1.0,
            n_events=1,
        )

    return measure


@pytest.mark.parametrize("root", [1.2e5, 9.99e5, 3.7e7, 8e11])
def test_a_planted_root_is_found_within_a_per_cent(root: float) -> None:
    asked: list[float] = []
    # An impact that grows with the square root of the money takes all of 5 % at the root.
    found = capacity_of(measured(lambda money: 0.05 * (1 - math.sqrt(money / root)), asked))
    assert found.state is CapacityState.FOUND
    assert found.capital is not None
    assert root / 1.01 <= found.capital <= root
    assert len(asked) <= MOST_MEASURED
    amounts = [one.capital for one in found.path]
    assert amounts == sorted(asked)
    assert min(amount for amount in amounts if amount > root) <= found.capital * 1.01


def test_what_small_money_lacks_is_no_root() -> None:
    """Lots and least commissions take everything from less than 400,000."""
    found = capacity_of(
        measured(lambda money: 0.05 - 2e4 / money - 0.05 * math.sqrt(money / 5e8), [])
    )
    assert found.state is CapacityState.FOUND
    assert found.capital == pytest.approx(5e8, rel=0.02)


@pytest.mark.parametrize(
    ("edge", "state"), [(0.01, CapacityState.BEYOND), (-0.01, CapacityState.NONE), (0.0, "none")]
)
def test_an_edge_everywhere_or_nowhere_is_said(edge: float, state: str) -> None:
    asked: list[float] = []
    found = capacity_of(measured(lambda _: edge, asked))
    assert (found.state, found.capital) == (state, None)
    assert asked == [10.0**power for power in range(5, 13)]


@pytest.mark.parametrize("bounds", [(0.0, 1.0), (2.0, 1.0), (1.0, math.inf), (1e-9, 1e12)])
def test_bounds_that_are_none_are_refused(bounds: tuple[float, float]) -> None:
    with pytest.raises(InputError, match="span"):
        capacity_of(measured(lambda _: 1.0, []), least=bounds[0], most=bounds[1])


def test_orders_move_prices_until_the_edge_is_gone() -> None:
    """Bought at 100.00 and sold at 102.00, a million shares a session, 2 % over a flat index.

    Each order is worse by 500 basis points x the root of its share of the volume: with x of the
    volume the edge is gone where (1.02 x (1 - 0.05 sqrt x)) / (1 + 0.05 sqrt x) = 1, that is
    sqrt x = 0.02 / (0.05 x 2.02) = 0.198: x = 3.92 %, some 39,200 shares at 100.99: 3.96 million.
    """
    prices = [(100.0, 100.0), (100.0, 101.0), (101.0, 102.0), (102.0, 102.0)]
    panel = panel_of({"688981.SH": bars_of(Exchange.SH, DAY, prices)})
    trading = trading_of(panel, volume=1e6)
    free = Frictions(
        impact_bps=500,
        commission=False,
        levies=False,
        dividend_tax=False,
        participation=0.5,
    )
    event = event_of(["688981.SH"], DAY)
    (entries,) = entry_choices(event.published, [Exchange.SH], calendar_of)
    window = resolve_window(panel, event, entries, horizon=2, max_wait=0)

    def measure(capital: float) -> Measured:
        return windows_at(trading, [window], [0.0], free, capital)

    found = capacity_of(measure)
    assert found.state is CapacityState.FOUND
    root = (0.02 / (0.05 * 2.02)) ** 2 * 1e6 * 100 * (1 + 0.05 * 0.02 / (0.05 * 2.02))
    assert found.capital == pytest.approx(root, rel=0.011)
    at = next(one for one in found.path if one.capital == found.capital)
    assert at.participation == pytest.approx((0.02 / (0.05 * 2.02)) ** 2, rel=0.02)
    assert at.invested == pytest.approx(1, abs=1e-3)
    one = execute(trading, window, found.capital, free)
    assert at.traded == pytest.approx(float(one.path[-1]) / found.capital - 1, abs=1e-12)
    assert np.isclose(at.active, at.traded)
    assert capacity_of(measure) == found
