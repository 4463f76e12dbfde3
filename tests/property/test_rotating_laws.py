"""Laws of an account whose names are chosen anew: the reference, closed money, no look-ahead."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given
from hypothesis import strategies as st

from screener.backtest.frictions import Frictions, Order
from screener.backtest.rotating.account import Target
from screener.backtest.rotating.rotation import Rotation, rotate
from screener.domain.panel import TradingPanel
from screener.errors import DataError
from screener.market.charges import Side
from tests.oracle.reference_rotation import Aim, RotatingAccount
from tests.property.test_execution_laws import cut
from tests.support.laws import laws
from tests.support.random_markets import Market, frictions_of, random_market
from tests.support.streams import _whole

SEEDS = st.integers(0, 2**32 - 1)
CENT = 0.01


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class World:
    """A random market of one calendar, and targets over it."""

    market: Market
    targets: tuple[Target, ...]
    last_row: int
    frictions: Frictions

    def __repr__(self) -> str:
        return f"world({self.market.seed})"

    def rotated(self, trading: TradingPanel | None = None, last_row: int | None = None) -> Rotation:
        choices = self.market.choices
        last = self.last_row if last_row is None else last_row
        try:
            return rotate(
                trading or self.market.trading,
                [one for one in self.targets if one.traded <= last],
                capital=choices.capital,
                frictions=self.frictions,
                max_wait=choices.max_wait,
                last_row=last,
            )
        except DataError:  # a fixing, a lot or a volume that an order needs is missing
            assume(False)
            raise


def world(seed: int) -> World:
    market = random_market(seed)
    dice = random.Random(seed)
    panel = market.trading.prices
    assume((panel.factor > 0).all())
    mainland = dice.random() < 0.7
    columns = [
        at
        for at, item in enumerate(panel.listings)
        if item.exchange.mainland is mainland and _whole(market, at)
    ]
    assume(columns)
    choices = replace(
        market.choices,
        entry="open",
        rebalance="none",
        lots=True,
        late_sales=True,
        max_wait=dice.choice([0, 1, 3]),
        capital=round(10 ** dice.uniform(4.5, 7.5), 2),
    )
    own = panel.own_rows(columns[0])
    first = panel.row(dict(market.entries)[panel.listings[columns[0]].exchange])
    end = panel.row_after(panel.last_sessions[panel.listings[columns[0]].exchange]) - 1
    rows = [int(row) for row in own if first <= row <= end]
    assume(len(rows) > 3)
    # On a day of other exchanges alone the reference has no price of a name.
    assume(len(rows) == end - rows[0] + 1)
    step = dice.choice([1, 2, 3, 5, 8])
    targets = []
    for row in rows[::step][:8]:
        some = [at for at in columns if np.isfinite(panel.close[:row, at]).any()]
        chosen = dice.sample(some, dice.randint(0, len(some)))
        targets.append(Target(decided=row - 1, traded=row, columns=tuple(chosen)))
    assume(targets[0].decided >= 0 and any(one.columns for one in targets))
    return World(
        market=replace(market, choices=choices),
        targets=tuple(targets),
        last_row=end,
        frictions=frictions_of(choices),
    )


def made(rotation: Rotation) -> list[tuple[str, str, date | None, float]]:
    orders = [line for line in rotation.lines if isinstance(line, Order) and line.shares]
    return sorted(
        (one.listing.id, str(one.side), one.session, round(one.shares, 6)) for one in orders
    )


@laws(36, unchecked=(HealthCheck.filter_too_much, HealthCheck.too_slow))
@given(SEEDS)
def test_every_order_and_the_value_are_those_of_the_reference(seed: int) -> None:
    one = world(seed)
    panel = one.market.trading.prices
    found = one.rotated()
    named = {at for target in one.targets for at in target.columns}
    names = [name for at, name in enumerate(one.market.names()) if at in named]
    account = RotatingAccount(names, one.market.choices)
    aims = [
        Aim(
            decided=panel.session(target.decided),
            traded=panel.session(target.traded),
            ids=tuple(panel.listings[at].id for at in target.columns),
        )
        for target in one.targets
    ]
    worth = account.play(aims, panel.session(one.last_row))
    expected = sorted(
        (order.listing_id, order.side, order.session, round(order.shares, 6))
        for order in account.orders
    )
    assert made(found) == expected
    assert found.equity[-1] == pytest.approx(float(worth), abs=CENT)
    assert found.cash[-1] == pytest.approx(float(account.cash), abs=CENT)


@laws(12, unchecked=(HealthCheck.filter_too_much, HealthCheck.too_slow))
@given(SEEDS)
def test_money_is_closed(seed: int) -> None:
    """The ledger sums to the cash; with what is held it is the engine's value at every end."""
    one = world(seed)
    found = one.rotated()
    capital = one.market.choices.capital
    cash = capital + sum(line.cash for line in found.lines)
    assert found.cash[-1] == pytest.approx(cash, abs=1e-6)
    held = sum(found.rotated.last.values())
    assert found.equity[-1] == pytest.approx(cash + held, rel=1e-9, abs=1e-6)
    assert found.rotated.played.cash == pytest.approx(cash, abs=1e-6)
    flat = found.held == 0
    np.testing.assert_allclose(found.equity[flat], found.cash[flat], rtol=1e-9, atol=1e-6)
    assert len(found.equity) == one.last_row - one.targets[0].traded + 1


@laws(12, unchecked=(HealthCheck.filter_too_much, HealthCheck.too_slow))
@given(SEEDS, st.floats(0, 1))
def test_later_sessions_change_no_earlier_value(seed: int, part: float) -> None:
    one = world(seed)
    first = one.targets[0].traded
    last = first + int(part * (one.last_row - first))
    panel = one.market.trading.prices
    early = one.rotated(cut(one.market, panel.session(last)), last)
    late = one.rotated()
    n_rows = last - first + 1
    np.testing.assert_allclose(early.equity, late.equity[:n_rows], rtol=0, atol=1e-6)
    np.testing.assert_allclose(early.cash, late.cash[:n_rows], rtol=0, atol=1e-6)
    np.testing.assert_array_equal(early.held, late.held[:n_rows])


@laws(9, unchecked=(HealthCheck.filter_too_much, HealthCheck.too_slow))
@given(SEEDS)
def test_no_order_is_decided_by_a_later_price(seed: int) -> None:
    """Prices after the session traded change neither what was bought nor how much of it."""
    one = world(seed)
    row = one.targets[0].traded
    market = one.market.trading
    shifted = replace(
        market.prices, close=_times(market.prices.close, row), open=_times(market.prices.open, row)
    )
    found = one.rotated(), one.rotated(replace(market, prices=shifted))
    first = [purchases(each.lines, row) for each in found]
    assert first[0] == first[1]


def _times(matrix: np.ndarray, row: int) -> np.ndarray:
    changed = matrix.copy()
    changed[row + 1 :] *= 1.01
    return changed


def purchases(lines: Sequence[object], row: int) -> list[tuple[str, float]]:
    return [
        (line.listing.id, line.shares)
        for line in lines
        if isinstance(line, Order) and line.side is Side.BUY and line.row == row
    ]
