"""The tradable universe, characteristics and nearest stocks, worked by hand."""

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from screener.domain.listing import parse_listing
from screener.domain.market_panel import MarketPanel
from screener.errors import ComputeError
from screener.paths.legs import Reason, buy_block
from screener.study.placebo.characteristics import Characteristic, traits_before
from screener.study.placebo.matching import match_names
from screener.study.placebo.universe import in_market, tradable, tradable_in
from tests.support.markets import market_of, simulated

ROW = 90


def flat(n_listings: int, n_rows: int = 100) -> np.ndarray:
    return np.full((n_rows, n_listings), 10.0)


def sized(sizes: list[float], **options: object) -> MarketPanel:
    """Make a market in which nothing but size tells stocks apart."""
    closes = flat(len(sizes))
    caps = np.tile(np.exp(sizes), (len(closes), 1))
    return market_of(closes, market_cap=caps, **options)  # type: ignore[arg-type]


def test_universe_holds_what_could_be_bought_that_day() -> None:
    closes = flat(8)
    closes[ROW, 1] = np.nan  # no bar
    opens = np.where(np.isfinite(closes), 10.0, np.nan)
    opens[ROW, 2], opens[ROW, 3] = 11.0, 10.99  # 10 % is the limit of the main board
    market = market_of(
        closes,
        opens=opens,
        list_dates=(None, None, None, None, None, date(2024, 5, 30), date(2024, 5, 22), None),
    )
    assert market.prices.session(ROW) == date(2024, 5, 22)
    suspended = market.prices.suspended.copy()
    suspended[ROW, 4] = True
    gone = (None,) * 7 + (date(2024, 5, 22),)
    panel = replace(market.prices, suspended=suspended, delist_dates=gone)
    # 0 plain, 3 a tick below the limit, 6 listed that very day
    assert np.flatnonzero(tradable(panel, ROW)).tolist() == [0, 3, 6]
    later = replace(panel, delist_dates=(None,) * 7 + (date(2024, 5, 23),))
    assert tradable(later, ROW)[7]  # delisted later: nobody knew


def test_universe_agrees_with_the_rules_of_the_backtest_everywhere() -> None:
    market = simulated(3, n_listings=60, n_rows=70)
    generator = np.random.default_rng(5)
    jumps = generator.choice([1.0, 1.05, 1.0999, 1.1, 1.1003], market.prices.open.shape)
    opens = np.round(market.prices.open * jumps, 2)
    closes = np.where(generator.random(opens.shape) < 0.05, np.nan, market.prices.close)
    cheap = np.where(np.arange(60) % 5 == 0, 0.02, 1.0)
    panel = replace(
        market.prices,
        open=np.where(np.isfinite(closes), opens * cheap, np.nan),
        close=closes * cheap,
        st=np.tile(np.arange(60) % 3 == 0, (70, 1)),
        adjusted=np.arange(60) % 2 == 0,
    )
    blocked = 0
    for row in range(1, 70):
        found = tradable(panel, row)
        for column in range(60):
            reason = buy_block(panel, column, row)
            assert found[column] == (reason is Reason.NONE), (row, column, reason)
            blocked += reason is Reason.LIMIT_UP
    assert blocked > 100
    some = [3, 17, 40]
    together = tradable_in(panel, range(70), some)
    assert_array_equal(together, [tradable(panel, row)[some] for row in range(70)])


def test_markets_are_told_apart_and_b_shares_left_out() -> None:
    names = tuple(parse_listing(text) for text in ("600000.SH", "900901.SH", "00700.HK"))
    panel = market_of(flat(3), listings=names).prices
    assert in_market(panel, mainland=True).tolist() == [True, False, False]
    assert in_market(panel, mainland=False).tolist() == [False, False, True]


def test_momentum_and_volatility_are_those_of_the_sixty_sessions_before() -> None:
    closes = np.full((100, 4), 10.0)
    closes[:, 1] = np.where(np.arange(100) % 2, 10.0, 11.0)
    closes[ROW - 1 :, 2] = 12.0  # the close before the purchase is the last that counts
    closes[: ROW - 61, 3] = 5.0  # 60 sessions back it was 10 already
    closes[ROW:, :] = 99.0  # nothing of that day or later does
    everyone = np.ones(4, dtype=bool)
    market = market_of(closes, turnover=np.exp(np.tile([1.0, 2, 3, 4], (100, 1))))
    traits = traits_before(market, ROW, everyone)
    momentum = np.array([0.0, 0.0, 0.2, 0.0])
    # the interquartile range of 0, 0, 0, 0.2 is 0.05
    own = traits_before(replace(market, market_cap=np.ones((100, 4))), ROW, everyone)
    assert traits.scores[Characteristic.MOMENTUM] == pytest.approx(momentum * 1.349 / 0.05)
    assert traits.scores[Characteristic.TURNOVER] == pytest.approx(
        np.array([1.0, 2, 3, 4]) * 1.349 / 1.5
    )
    assert Characteristic.MARKET_VALUE not in own.scores  # the same for all
    assert any("the same for at least half" in why for why in own.lacking)


def test_market_value_is_that_of_the_session_before_and_turnover_stands_in() -> None:
    sizes = [1.0, 2.0, 3.0, 4.0]
    market = sized(sizes)
    caps = market.market_cap.copy()
    caps[ROW:] = 1.0
    traits = traits_before(replace(market, market_cap=caps), ROW, np.ones(4, dtype=bool))
    assert traits.scores[Characteristic.MARKET_VALUE] == pytest.approx(
        np.array(sizes) * 1.349 / 1.5
    )
    bare = traits_before(market_of(flat(4)), ROW, np.ones(4, dtype=bool))
    assert bare.scores == {}
    assert [why.split(":")[0] for why in bare.lacking] == [
        "size (market value)",
        "size (turnover)",
        "momentum",
        "volatility",
        "industry",
    ]


def test_the_nearest_by_size_are_chosen_and_ties_go_by_id() -> None:
    market = sized([float(at) for at in range(30)])
    found = match_names(market, [15], [ROW], excluded=[15, 16], count=10)
    assert sorted(found.controls[0]) == [9, 10, 11, 12, 13, 14, 17, 18, 19, 20]
    assert found.controls[0][:4].tolist() == [14, 13, 17, 12]
    assert found.matched_text == "size (market value)"
    assert (found.n_universe, found.n_controls) == (28, 10)
    assert "not matched on industry: the tables know none" in found.remarks


def test_industry_is_exact_where_it_has_enough_stocks_and_told_where_not() -> None:
    industries = ("coal",) * 12 + ("steel",) * 8 + ("",) + ("paper",) * 20
    market = sized([float(at % 7) for at in range(41)], industries=industries)
    names = [0, 12, 20]
    found = match_names(market, names, [ROW] * 3, excluded=names, count=10)
    assert all(industries[column] == "coal" for column in found.controls[0])
    assert found.matched_on[Characteristic.INDUSTRY] == 1
    assert found.matched_text == "size (market value) + industry 1/3"
    assert "600012.SH: industry steel: 7 stocks, 10 are needed" in found.remarks
    assert "600020.SH: industry unknown" in found.remarks


def test_a_dated_industry_is_that_of_the_session_before() -> None:
    industries = ("coal",) * 12 + ("steel",) * 20
    market = sized([float(at % 7) for at in range(32)], industries=industries)
    before, day = market.prices.session(ROW - 1), market.prices.session(ROW)
    moved = replace(market, spells=((0, before, None, "steel"), (0, day, None, "paper")))
    found = match_names(moved, [0], [ROW], excluded=[0], count=10)
    assert all(industries[column] == "steel" for column in found.controls[0])
    over = replace(
        market, spells=((0, before - timedelta(days=9), before - timedelta(days=5), "x"),)
    )
    found = match_names(over, [0], [ROW], excluded=[0], count=10)
    assert all(industries[column] == "coal" for column in found.controls[0])


def test_a_name_without_a_characteristic_is_matched_on_the_others_and_told() -> None:
    market = sized([float(at) for at in range(30)])
    caps = market.market_cap.copy()
    caps[:, 3] = np.nan
    found = match_names(replace(market, market_cap=caps), [3, 15], [ROW] * 2, excluded=[3, 15])
    assert found.matched_on == {Characteristic.MARKET_VALUE: 1}
    assert "600003.SH: size (market value) unknown" in found.remarks
    assert len(found.controls[0]) == 28
    assert 3 not in found.controls[1]


def test_nothing_known_draws_from_all_and_says_so() -> None:
    found = match_names(market_of(flat(60)), [0], [ROW], excluded=[0])
    assert found.matched_text == "nothing"
    assert len(found.remarks) == 5


def test_too_few_stocks_are_refused() -> None:
    with pytest.raises(ComputeError, match="9 mainland stocks could be bought on 2024-05-22") as at:
        match_names(market_of(flat(10)), [0], [ROW], excluded=[0])
    assert "screener data import" in at.value.fix
    with pytest.raises(ComputeError, match="at least 15 are needed"):
        match_names(market_of(flat(29)), list(range(15)), [ROW] * 15, excluded=list(range(15)))
