"""Fields of prices by hand: what is suspended, just listed, stopped or adjusted."""

import numpy as np
import pytest

from screener.screen.computed import Why
from screener.screen.prices import Prices, price_field, sessions_needed

NAN = np.nan


def prices(*columns, factor=None, adjusted=False, stopped=False, first=None, amount=None):
    close = np.array(columns, dtype=float).T
    there = np.isfinite(close)
    begun = np.where(there.any(axis=0), there.argmax(axis=0), len(close))
    n_listings = close.shape[1]
    return Prices(
        close=close,
        amount=np.full(close.shape, 7.0) if amount is None else np.array(amount, dtype=float).T,
        factor=np.ones(close.shape) if factor is None else np.array(factor, dtype=float).T,
        adjusted=np.full(n_listings, adjusted),
        stopped=np.full(n_listings, stopped),
        first=begun if first is None else np.full(n_listings, first),
    )


def value(held, name):
    found = price_field(held, name)
    return found.values[0], Why(found.why[0])


def test_a_return_counts_distributions():
    held = prices([10, 11, 12, 10, 5, 6], factor=[[1, 1, 1, 1, 2, 2]])
    assert value(held, "return_5") == (pytest.approx(6 * 2 / 10 - 1), Why.THERE)
    assert value(held, "price") == (6, Why.THERE)


def test_a_suspended_listing_stands_at_its_last_close():
    held = prices([10, 11, 12, NAN, NAN, NAN])
    assert value(held, "return_5")[0] == pytest.approx(0.2)
    assert value(held, "price") == (12, Why.THERE)


def test_a_session_without_a_bar_counts_as_one_without_a_trade():
    held = prices([1, 1, NAN, 1, 1], amount=[[10, 20, NAN, 30, 40]])
    assert value(held, "amount_5") == (20, Why.THERE)
    assert value(prices([1, 1], amount=[[10, NAN]]), "amount_2")[1] is Why.MISSING


def test_just_listed_is_too_short():
    held = prices([NAN, 11, 12, 10, 5, 6])
    assert value(held, "return_5")[1] is Why.SHORT
    assert value(held, "amount_5") == (7, Why.THERE)
    assert value(prices([10, 11]), "return_5")[1] is Why.SHORT


def test_listed_before_and_without_a_first_bar_is_missing():
    assert value(prices([NAN, 11, 12, 10, 5, 6], first=-1), "return_5")[1] is Why.MISSING


def test_bars_that_stop_are_stale_and_none_are_missing():
    assert value(prices([10] * 6, stopped=True), "return_5")[1] is Why.STALE
    assert value(prices([10] * 6, stopped=True), "price")[1] is Why.STALE
    assert value(prices([NAN] * 6), "price")[1] is Why.MISSING


def test_adjusted_prices_are_no_prices_and_still_returns():
    held = prices([10, 11, 12, 10, 5, 6], adjusted=True)
    assert value(held, "price")[1] is Why.UNDEFINED
    assert value(held, "return_5") == (pytest.approx(-0.4), Why.THERE)


def test_distance_from_the_high_and_volatility():
    held = prices([10, 20, 15])
    assert value(held, "from_high_3") == (pytest.approx(-0.25), Why.THERE)
    daily = np.array([1.0, -0.25])
    expected = daily.std(ddof=1) * np.sqrt(250)
    assert value(held, "volatility_2") == (pytest.approx(expected), Why.THERE)


def test_sessions_that_are_read():
    assert sessions_needed([]) == 1
    assert sessions_needed(["price", "return_5"]) == 6
    assert sessions_needed(["amount_20", "from_high_250", "volatility_60"]) == 250
