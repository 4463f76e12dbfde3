"""Laws of placebo baskets: nothing later, no later listing and no order changes anything."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from screener.domain.market_panel import MarketPanel
from screener.domain.panel import PricePanel
from screener.paths.event_tables import CASH, event_table
from screener.paths.kernel import paper_paths
from screener.paths.path_panel import path_panel_of
from screener.study.placebo.matching import Matched, match_names
from screener.study.placebo.placebo import (
    Holding,
    Placebo,
    held_values,
    placebo_layout,
    placebo_returns,
    run_placebo,
)
from screener.study.placebo.random_dates import dated_returns, earlier_dates
from tests.support.laws import laws
from tests.support.markets import codes, simulated

LAWS = laws(12)
ROW, HORIZON = 90, 10
ROWS = ROW + HORIZON + 15


@st.composite
def worlds(draw: st.DrawFn) -> tuple[MarketPanel, list[int]]:
    """Draw a market with gaps and suspensions, and the names of a basket."""
    seed = draw(st.integers(0, 2**31))
    market = simulated(seed, n_listings=draw(st.sampled_from([80, 120])), n_rows=ROWS)
    dice = np.random.default_rng(seed)
    closes = market.prices.close.copy()
    closes[dice.random(closes.shape) < draw(st.sampled_from([0.0, 0.02]))] = np.nan
    names = dice.choice(80, draw(st.integers(1, 6)), replace=False)
    closes[ROW - 1 :, names] = market.prices.close[ROW - 1 :, names]
    prices = replace(
        market.prices,
        close=closes,
        open=np.where(np.isfinite(closes), market.prices.open, np.nan),
        suspended=dice.random(closes.shape) < draw(st.sampled_from([0.0, 0.02])),
    )
    return replace(market, prices=prices), [int(name) for name in names]


def judged(market: MarketPanel, names: list[int]) -> tuple[Matched, Placebo]:
    matched = match_names(market, names, [ROW] * len(names), excluded=names, count=15)
    holding = Holding(
        columns=tuple(names),
        weights=(1 / len(names),) * len(names),
        entry_rows=(ROW,) * len(names),
        fill_rows=(ROW,) * len(names),
        horizon=HORIZON,
        available_row=ROW + HORIZON - 1,
    )
    ids = [item.id for item in market.prices.listings]
    layout = path_panel_of(market.prices)
    return matched, run_placebo(layout, holding, matched, 0.01, ids, draws=150, seed=3)


def told(market: MarketPanel, found: tuple[Matched, Placebo]) -> tuple[object, ...]:
    """Return all that was found, with ids for columns."""
    matched, placebo = found
    ids = [item.id for item in market.prices.listings]
    controls = [[ids[column] for column in own] for own in matched.controls]
    return (
        controls,
        matched.matched_text,
        matched.n_universe,
        matched.remarks,
        placebo.placement,
        placebo.returns.tobytes(),
        placebo.counted.tobytes(),
    )


def taken(market: MarketPanel, rows: slice, columns: list[int]) -> MarketPanel:
    """Return some rows and columns of a market."""
    prices = market.prices
    parts: dict[str, object] = {}
    for part in fields(PricePanel):
        value = getattr(prices, part.name)
        if part.name.startswith("_"):
            continue
        if isinstance(value, np.ndarray) and value.ndim == 2:
            parts[part.name] = value[rows][:, columns].copy()
        elif part.name == "sessions":
            parts[part.name] = value[rows]
        elif isinstance(value, np.ndarray):
            parts[part.name] = value[columns].copy()
        elif isinstance(value, tuple) and len(value) == len(prices.listings):
            parts[part.name] = tuple(value[column] for column in columns)
        else:
            parts[part.name] = value
    return MarketPanel(
        prices=PricePanel(**parts),  # type: ignore[arg-type]
        turnover=market.turnover[rows][:, columns].copy(),
        market_cap=market.market_cap[rows][:, columns].copy(),
        industries=tuple(market.industries[column] for column in columns),
    )


@given(worlds())
@LAWS
def test_later_sessions_change_nothing(world: tuple[MarketPanel, list[int]]) -> None:
    market, names = world
    every = list(range(len(market.industries)))
    short = taken(market, slice(0, ROW + HORIZON), every)
    assert told(short, judged(short, names)) == told(market, judged(market, names))


@given(worlds())
@LAWS
def test_what_happens_from_the_entry_on_chooses_no_control(
    world: tuple[MarketPanel, list[int]],
) -> None:
    market, names = world
    closes = market.prices.close.copy()
    closes[ROW:] *= np.random.default_rng(1).uniform(0.5, 2, closes.shape[1])
    other = replace(market, prices=replace(market.prices, close=closes))
    first, second = judged(market, names)[0], judged(other, names)[0]
    assert [own.tolist() for own in first.controls] == [own.tolist() for own in second.controls]


@given(worlds())
@LAWS
def test_stocks_listed_later_change_nothing(world: tuple[MarketPanel, list[int]]) -> None:
    market, names = world
    n_old = len(market.industries)
    wider = taken(market, slice(None), [*range(n_old), *range(10)])
    closes, opens = wider.prices.close.copy(), wider.prices.open.copy()
    closes[: ROW + 1, n_old:] = np.nan
    opens[: ROW + 1, n_old:] = np.nan
    listed = wider.prices.session(ROW + 1)
    prices = replace(
        wider.prices,
        listings=codes(n_old + 10),
        open=opens,
        close=closes,
        list_dates=(None,) * n_old + (listed,) * 10,
        first_bars=(*market.prices.first_bars, *[listed] * 10),
    )
    grown = replace(wider, prices=prices)
    assert told(grown, judged(grown, names)) == told(market, judged(market, names))


@given(worlds(), st.randoms(use_true_random=False))
@LAWS
def test_order_of_columns_and_of_names_does_not_matter(
    world: tuple[MarketPanel, list[int]], dice: np.random.Generator
) -> None:
    market, names = world
    order = list(range(len(market.industries)))
    dice.shuffle(order)
    mixed = taken(market, slice(None), order)
    moved = [order.index(name) for name in names]
    found, again = judged(market, names), judged(mixed, moved)
    assert told(market, found)[:4] == told(mixed, again)[:4]
    np.testing.assert_allclose(again[1].returns, found[1].returns, atol=1e-12)
    turned = judged(market, names[::-1])
    np.testing.assert_allclose(turned[1].returns, found[1].returns, atol=1e-12)
    assert turned[1].placement.p_two_sided == found[1].placement.p_two_sided


@given(worlds(), st.sampled_from([1.0, 1.5, 2.0]))
@LAWS
def test_scaled_prices_and_splits_leave_everything_alone(
    world: tuple[MarketPanel, list[int]], scale: float
) -> None:
    market, names = world
    n_rows, n_listings = market.prices.close.shape
    ratio = np.ones((n_rows, n_listings))
    ratio[ROW - 20 :, ::3] = 2.0  # every third stock is split
    prices = replace(
        market.prices,
        open=market.prices.open * scale / ratio,
        close=market.prices.close * scale / ratio,
        factor=ratio,
    )
    other = replace(market, prices=prices)
    found, again = judged(market, names), judged(other, names)
    assert [own.tolist() for own in found[0].controls] == [
        own.tolist() for own in again[0].controls
    ]
    np.testing.assert_allclose(again[1].returns, found[1].returns, atol=1e-12)


@given(worlds())
@LAWS
def test_other_dates_are_earlier_and_later_sessions_change_none(
    world: tuple[MarketPanel, list[int]],
) -> None:
    market, names = world
    holding = Holding(
        columns=tuple(names),
        weights=(1 / len(names),) * len(names),
        entry_rows=(ROW,) * len(names),
        fill_rows=(ROW,) * len(names),
        horizon=5,
        available_row=ROW + 4,
    )
    short = taken(market, slice(0, ROW + 5), list(range(len(market.industries)))).prices
    rows = earlier_dates(market.prices, holding, 5, draws=1000, seed=1)
    assert rows.max() + 5 <= ROW
    assert (earlier_dates(short, holding, 5, draws=1000, seed=1) == rows).all()
    first = dated_returns(path_panel_of(market.prices), holding, rows, 5)
    assert first.tobytes() == dated_returns(path_panel_of(short), holding, rows, 5).tobytes()
    assert np.isfinite(first).all()


@given(worlds(), st.integers(0, 2**31))
@LAWS
def test_values_are_those_of_the_kernel_to_the_last_bit(
    world: tuple[MarketPanel, list[int]], seed: int
) -> None:
    market, names = world
    dice = np.random.default_rng(seed)
    layout = placebo_layout(path_panel_of(market.prices))
    fills = tuple(int(item) for item in dice.choice([-1, ROW, ROW + 2, ROW + 12], len(names)))
    holding = Holding(
        columns=tuple(names),
        weights=tuple(dice.dirichlet(np.ones(len(names))).tolist()),
        entry_rows=(ROW,) * len(names),
        fill_rows=fills,
        horizon=HORIZON,
        available_row=ROW + HORIZON - 1 - int(dice.integers(0, 4)),
    )
    drawn = dice.integers(0, 80, (7, len(holding.bought)))
    columns = np.full((len(drawn), len(names)), CASH, dtype=np.int64)
    columns[:, list(holding.bought)] = drawn
    table = event_table(
        np.arange(len(drawn) + 1) * len(names),
        columns.ravel(),
        np.tile(holding.weights, len(drawn)),
        np.tile(holding.entry_rows, len(drawn)),
        fill_rows=np.tile(fills, len(drawn)),
        available_rows=np.full(len(drawn), holding.available_row),
    )
    kernel = paper_paths(layout, table, (HORIZON,), paths=True)
    assert_array_equal(placebo_returns(layout, holding, drawn), kernel.returns[:, 0])
    for at, own in enumerate(drawn):
        path = kernel.path(at)
        rows = ROW + np.arange(len(path))
        assert_array_equal(held_values(layout, holding, own[np.newaxis], rows)[0], path)
