"""Placebo baskets against returns worked by hand, and what every draw keeps to."""

from dataclasses import replace

import numpy as np
import pytest

from screener.errors import ComputeError, InputError
from screener.paths.path_panel import path_panel_of
from screener.study.placebo.drawing import BLOCK, all_baskets, draw_baskets
from screener.study.placebo.matching import Matched
from screener.study.placebo.placebo import (
    Holding,
    joint_placement,
    placebo_layout,
    placebo_returns,
    run_placebo,
)
from screener.study.placebo.random_dates import dated_returns, earlier_dates
from tests.support.markets import codes, market_of
from tests.support.null_baskets import Picks, p_values

ROW = 5
IDS = [item.id for item in codes(40)]


def steps(gains: list[float], n_rows: int = 12) -> np.ndarray:
    """Return closes of 10 that gain a fraction in row 6, the second session of a window."""
    closes = np.full((n_rows, len(gains)), 10.0)
    closes[ROW + 1 :] *= 1 + np.array(gains)
    return closes


def held(columns: list[int], *, horizon: int = 3, reach: int = 7, waits: int = 0) -> Holding:
    n_names = len(columns) + waits
    return Holding(
        columns=(*columns, *range(30, 30 + waits)),
        weights=(1 / n_names,) * n_names,
        entry_rows=(ROW,) * n_names,
        fill_rows=(ROW,) * len(columns) + (-1,) * waits,
        horizon=horizon,
        available_row=reach,
    )


def matched(*controls: list[int]) -> Matched:
    return Matched(
        controls=tuple(np.array(own, dtype=np.intp) for own in controls),
        ids=(),
        matched_on={},
        n_universe=0,
        remarks=(),
    )


def test_one_name_is_compared_with_each_of_its_controls_once() -> None:
    gains = [0.065, *(at / 100 for at in range(9))]
    layout = path_panel_of(market_of(steps(gains)).prices)
    found = run_placebo(
        layout, held([0]), matched(list(range(1, 10))), 0.065, IDS, draws=99, seed=1
    )
    assert found.every
    assert found.placement.draws == 9
    assert found.placement.p_greater == pytest.approx(3 / 10)
    assert found.placement.p_error == 0
    assert found.controls_return == pytest.approx(0.04)
    assert len(found.returns) == 99
    assert set(np.round(found.returns, 6)) <= {at / 100 for at in range(9)}


def test_cash_that_the_real_basket_kept_is_kept_by_every_placebo_basket() -> None:
    layout = path_panel_of(market_of(steps([0.0, 0.1, *[0.0] * 38])).prices)
    returns = placebo_returns(placebo_layout(layout), held([0], waits=1), np.array([[1]]))
    assert returns == pytest.approx([0.05])  # half of the money is cash


def test_a_pending_window_is_compared_up_to_the_same_session() -> None:
    closes = steps([0.0, 0.1])
    closes[7:, 1] = 20.0
    layout = path_panel_of(market_of(closes).prices)
    up_to = placebo_returns(placebo_layout(layout), held([0], horizon=7, reach=6), np.array([[1]]))
    assert up_to == pytest.approx([0.1])  # sessions after row 6 are not looked at


def test_a_control_that_stops_trading_is_valued_at_its_last_close() -> None:
    closes = steps([0.0, *[0.1] * 11])
    closes[ROW + 2 :, 3] = np.nan
    layout = path_panel_of(market_of(closes).prices)
    controls = matched(list(range(1, 12)))
    found = run_placebo(layout, held([0]), controls, 0.0, IDS, draws=99, seed=1)
    assert found.stopped == 1
    assert not found.placement.distinct  # every control gained 10 %
    assert found.placement.p_two_sided is None
    assert found.placement.excess == pytest.approx(-0.1)


def test_the_real_basket_drawn_again_has_its_own_return() -> None:
    dice = np.random.default_rng(2)
    closes = 10 * np.exp(np.cumsum(dice.normal(0, 0.03, (40, 12)), axis=0))
    panel = market_of(closes).prices
    holding = held([0, 3, 7], horizon=20, reach=24)
    found = placebo_returns(placebo_layout(path_panel_of(panel)), holding, np.array([[0, 3, 7]]))
    by_hand = np.mean(panel.close[24, [0, 3, 7]] / panel.open[5, [0, 3, 7]]) - 1
    assert found == pytest.approx([by_hand], abs=1e-12)


def test_no_control_comes_twice_and_each_is_as_likely() -> None:
    own = np.arange(10, 20)
    drawn = np.concatenate(
        [draw_baskets(["a", "b", "c"], [own] * 3, IDS, seed=4, block=at) for at in range(20)]
    )
    assert all(len(set(row)) == 3 for row in drawn.tolist())
    counts = np.array([np.bincount(drawn[:, at], minlength=20)[10:] for at in range(3)])
    expected = len(drawn) / 10
    assert ((counts - expected) ** 2 / expected).sum(axis=1).max() < 27.9  # chi square, 9, 0.1 %


def test_a_choice_hangs_on_name_number_and_seed_alone() -> None:
    own, other = np.arange(10, 20), np.arange(20, 30)
    both = draw_baskets(["a", "b"], [own, other], IDS, seed=1, block=2)
    assert (draw_baskets(["b", "a"], [other, own], IDS, seed=1, block=2)[:, ::-1] == both).all()
    assert (draw_baskets(["a", "z"], [own, other], IDS, seed=1, block=2)[:, 0] == both[:, 0]).all()
    assert (draw_baskets(["a", "b"], [own, other], IDS, seed=1, block=2, count=7) == both[:7]).all()
    assert (draw_baskets(["a", "b"], [own[::-1], other], IDS, seed=1, block=2) == both).all()
    assert (draw_baskets(["a", "b"], [own, other], IDS, seed=2, block=2) != both).any()
    assert (draw_baskets(["a", "b"], [own, other], IDS, seed=1, block=3) != both).any()
    fewer = draw_baskets(["a"], [own[:9]], IDS, seed=1, block=2)[:, 0]
    kept = both[:, 0] != 19
    assert (fewer[kept] == both[kept, 0]).all()  # one control less moves only what drew it


def test_every_basket_there_is() -> None:
    found = all_baskets([np.array([1, 2]), np.array([2, 3])])
    assert found.tolist() == [[1, 2], [1, 3], [2, 3]]


def test_draws_are_independent_of_their_number() -> None:
    dice = np.random.default_rng(3)
    closes = 10 * np.exp(np.cumsum(dice.normal(0, 0.03, (12, 40)), axis=0))
    layout = path_panel_of(market_of(closes).prices)
    controls = matched(list(range(3, 20)), list(range(10, 30)), list(range(20, 40)))
    one, more = (
        run_placebo(layout, held([0, 1, 2]), controls, 0.0, IDS, draws=draws, seed=1)
        for draws in (2 * BLOCK + 300, 4 * BLOCK)
    )
    assert (more.counted[: 2 * BLOCK + 300] == one.counted).all()


def test_events_of_the_same_names_are_no_more_than_one() -> None:
    dice = np.random.default_rng(4)
    closes = 10 * np.exp(np.cumsum(dice.normal(0, 0.03, (12, 40)), axis=0))
    layout = path_panel_of(market_of(closes).prices)
    controls = matched(list(range(3, 20)), list(range(10, 30)), list(range(20, 40)))
    one = run_placebo(layout, held([0, 1, 2]), controls, 0.02, IDS, draws=500, seed=1)
    joint = joint_placement([0.02] * 4, [one] * 4)
    assert joint.p_two_sided == one.placement.p_two_sided
    assert joint.sd == pytest.approx(one.placement.sd)


def test_bad_requests_are_refused() -> None:
    layout = path_panel_of(market_of(steps([0.0] * 12)).prices)
    controls = matched(list(range(1, 12)))
    with pytest.raises(InputError, match="98 placebo baskets") as few:
        run_placebo(layout, held([0]), controls, 0.0, IDS, draws=98, seed=1)
    assert few.value.fix == "give 99 or more"
    with pytest.raises(InputError, match="seed -1"):
        run_placebo(layout, held([0]), controls, 0.0, IDS, draws=99, seed=-1)
    with pytest.raises(ComputeError, match="no name was bought"):
        run_placebo(layout, held([], waits=1), matched(), 0.0, IDS, draws=99, seed=1)
    with pytest.raises(ComputeError, match="has 1 controls"):
        draw_baskets(["a", "b"], [np.array([1]), np.array([2, 3])], IDS, seed=1, block=0)
    with pytest.raises(ComputeError, match="no finished window"):
        joint_placement([], [])


def test_other_dates_end_before_the_real_window_and_miss_no_bar() -> None:
    closes = np.full((60, 2), 10.0)
    closes[20, 1] = np.nan  # no purchase there
    closes[30:, 0] = 11.0
    panel = market_of(closes).prices
    holding = replace(held([0, 1], horizon=5, reach=54), entry_rows=(50, 50), fill_rows=(50, 50))
    rows = earlier_dates(panel, holding, 5, draws=1000, seed=1)
    # no bar in row 20, so that row 21 opens without one either; 45 to 49 is the last window
    assert rows.tolist() == [row for row in range(46) if row not in (20, 21)]
    returns = dated_returns(path_panel_of(panel), holding, rows, 5)
    crossing = [at for at, row in enumerate(rows) if 26 <= row <= 30]  # opens are yesterday's close
    assert returns[crossing] == pytest.approx([0.05] * 5)
    assert np.delete(returns, crossing) == pytest.approx(np.zeros(len(rows) - 5))
    few = earlier_dates(panel, holding, 5, draws=30, seed=1)
    assert len(few) == 30
    assert set(few) <= set(rows)
    with pytest.raises(ComputeError, match="19 earlier sessions"):
        earlier_dates(panel, holding, 32, draws=1000, seed=1)


def test_random_names_are_rejected_about_as_often_as_said_and_planted_gains_found() -> None:
    null = p_values(Picks(markets=3, groups=12), first_seed=50)
    assert 0.01 <= np.mean(np.array(null.single) <= 0.05) <= 0.11  # 180 baskets: 5 % ± 3 × 2 %
    assert np.mean(np.array(null.joint) <= 0.05) <= 0.17  # 36 groups, all events on one day
    assert 0.35 <= np.median(null.single) <= 0.65
    planted = p_values(Picks(markets=1, groups=12, effect=0.06), first_seed=60)
    assert np.mean(np.array(planted.joint) <= 0.05) >= 0.8
