"""The door to vectorbt: the same records either way, nothing left behind, and a way round."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from screener.backtest import engine, portfolio
from screener.backtest.engine import LOG_TYPE, ORDER_TYPE, Asked, Filled, fill
from screener.backtest.execution.accounts.rebalanced import paper_rebalanced
from screener.backtest.execution.executing import execute
from screener.backtest.execution.pricing import executed_exits, value_panel
from screener.backtest.plain import sold_values
from screener.domain.basket import Rebalance
from screener.paths.windows import resolve_window
from tests.support.random_markets import frictions_of, random_market

LAWS = settings(deadline=None, derandomize=True, max_examples=60)
SOURCES = Path(__file__).resolve().parents[2]
PARTS = ("vectorbt", "vectorbt.portfolio", "vectorbt.portfolio.enums")


@pytest.fixture(scope="module", autouse=True)
def _vectorbt() -> None:
    import_module(PARTS[-1])  # takes a second, so not with the file


@contextmanager
def unloaded() -> Iterator[None]:
    """Let vectorbt look as if nobody had imported it."""
    kept = {name: sys.modules.pop(name) for name in PARTS}
    try:
        yield
        assert not set(PARTS) & set(sys.modules)
    finally:
        sys.modules.update(kept)


def directly(asked: Asked) -> Filled:
    with unloaded():
        return engine._filled_by_engine(asked)


def drawn(seed: int, *, shared: bool) -> Asked:
    """Draw orders of which some lack money, a price, a size, or something to sell."""
    draw = np.random.default_rng(seed)
    shape = int(draw.integers(1, 40)), int(draw.integers(1, 12))
    marks = np.exp(draw.normal(0, 0.1, shape).cumsum(axis=0))
    sizes = np.where(draw.random(shape) < 0.3, draw.normal(0, 1, shape), np.nan)
    sizes[draw.random(shape) < 0.05] = draw.choice([0.0, 1e-9, 2e-8])
    prices = marks * np.exp(draw.normal(0, 0.02, shape))
    prices[draw.random(shape) < 0.03] = np.nan
    groups = np.unique(np.sort(draw.integers(0, 3, shape[1])), return_inverse=True)[1]
    return Asked(
        marks=marks,
        sizes=sizes,
        prices=prices,
        rates=draw.choice([0.0, 0.01]) * draw.random((1, shape[1])),
        fixed=draw.choice([0.0, 0.01]) * draw.random(shape),
        cash=draw.random(groups[-1] + 1 if shared else shape[1]) * 3,
        groups=groups.astype(np.int64) if shared else None,
        most=marks.size,
    )


def assert_same(one: Filled, other: Filled) -> None:
    assert one.orders.dtype == other.orders.dtype == ORDER_TYPE
    assert one.orders.tobytes() == other.orders.tobytes()
    assert one.values.tobytes() == other.values.tobytes()


def test_the_types_of_the_records_are_those_of_vectorbt() -> None:
    from vectorbt.portfolio import enums

    for own, real in ((ORDER_TYPE, enums.order_dt), (LOG_TYPE, enums.log_dt)):
        assert own == real
        assert own.isalignedstruct is real.isalignedstruct
        assert own.itemsize == real.itemsize


def test_the_version_that_was_tried_is_the_one_that_is_tested() -> None:
    import vectorbt

    assert vectorbt.__version__ == engine._TRIED


@LAWS
@given(st.integers(0, 2**32 - 1), st.booleans())
def test_both_ways_fill_the_same_orders(seed: int, shared: bool) -> None:
    asked = drawn(seed, shared=shared)
    assert_same(directly(asked), engine._filled_by_vectorbt(asked))


def test_the_orders_that_are_drawn_are_filled_and_refused() -> None:
    filled = [len(directly(drawn(seed, shared=bool(seed % 2))).orders) for seed in range(60)]
    wanted = [np.isfinite(drawn(seed, shared=bool(seed % 2)).sizes).sum() for seed in range(60)]
    assert 300 < sum(filled) < sum(wanted) * 0.8


def test_parts_of_a_book_fill_as_they_are() -> None:
    """A slice of a matrix lies in memory with gaps."""
    asked = drawn(5, shared=False)
    some = slice(1, None, 2)
    part = Asked(
        marks=asked.marks[:, some],
        sizes=asked.sizes[:, some],
        prices=asked.prices[:, some],
        rates=0.001,
        fixed=0.0,
        cash=asked.cash[some],
        groups=None,
        most=asked.marks.size,
    )
    assert_same(directly(part), engine._filled_by_vectorbt(part))


@pytest.mark.parametrize("rhythm", Rebalance)
def test_baskets_are_filled_the_same_either_way(
    rhythm: Rebalance, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With money, on paper and at a plain cost: rules, lots and fees of random markets."""
    met: list[int] = []

    def both(asked: Asked) -> Filled:
        found = directly(asked)
        assert_same(found, engine._filled_by_vectorbt(asked))
        met.append(len(found.orders))
        return found

    monkeypatch.setattr(portfolio, "fill", both)
    for seed in range(12):
        market = random_market(seed)
        trading, choices = market.trading, market.choices
        window = resolve_window(
            trading.prices,
            market.event,
            market.entries,
            horizon=choices.horizon,
            max_wait=choices.max_wait,
            rebalance=rhythm,
        )
        if window.valued and any(end >= 0 for end in window.end_rows):
            values = value_panel(trading.prices)
            execute(trading, window, choices.capital, frictions_of(choices))
            sold_values(values, [window], [executed_exits(trading.prices, window)], cost=0.002)
            if rhythm is not Rebalance.NONE:
                paper_rebalanced(values, [window])
    assert sum(met) > 50


def test_vectorbt_that_is_there_is_not_shadowed(monkeypatch: pytest.MonkeyPatch) -> None:
    real = engine._simulated

    def watched(*arguments: Any) -> Any:
        found = real(*arguments)
        assert [sys.modules[name] for name in PARTS] == there
        return found

    there = [sys.modules[name] for name in PARTS]
    monkeypatch.setattr(engine, "_simulated", watched)
    asked = drawn(1, shared=True)
    assert_same(engine._filled_by_engine(asked), engine._filled_by_vectorbt(asked))
    assert [sys.modules[name] for name in PARTS] == there


def test_what_stands_in_is_seen_by_the_engine_alone_and_goes_after_a_failure() -> None:
    def failing() -> None:
        with engine._record_types():
            kinds = {name: type(sys.modules[name]) for name in PARTS}
            assert kinds == dict.fromkeys(PARTS, ModuleType)
            assert sys.modules[PARTS[-1]].order_dt is ORDER_TYPE
            raise ZeroDivisionError

    with unloaded():
        with pytest.raises(ZeroDivisionError):
            failing()
        assert not set(PARTS) & set(sys.modules)


class Panic(BaseException):
    """What a panic of Rust is to Python: no Exception."""


@pytest.mark.parametrize("error", [RuntimeError, IndexError, Panic])
def test_whatever_fails_vectorbt_itself_does_it(
    error: type[BaseException], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = drawn(2, shared=True)
    expected = directly(asked)

    def fails(*_: Any) -> Any:
        raise error

    monkeypatch.setattr(engine, "_simulated", fails)
    assert_same(fill(asked), expected)


@pytest.mark.parametrize("error", [KeyboardInterrupt, MemoryError])
def test_what_no_other_way_helps_is_passed_on(
    error: type[BaseException], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: Any) -> Any:
        raise error

    monkeypatch.setattr(engine, "_simulated", fails)
    with pytest.raises(error):
        fill(drawn(2, shared=True))


@pytest.mark.parametrize("package", ["vectorbt", "vectorbt_rust"])
def test_another_version_goes_through_vectorbt_itself(
    package: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = drawn(3, shared=False)
    expected = directly(asked)
    if package == "vectorbt":
        monkeypatch.setattr(engine, "version", lambda _: "1.3.0")
    else:
        monkeypatch.setattr("vectorbt_rust.__version__", "1.2.1")
    monkeypatch.setattr(engine, "_simulated", lambda *_: pytest.fail("an engine never tried"))
    with pytest.raises(ImportError, match=r"1\.3\.0|1\.2\.1"):
        engine._filled_by_engine(asked)
    assert_same(fill(asked), expected)


def test_the_engine_is_reached_without_the_seconds_of_its_import() -> None:
    script = (
        "import sys, numpy as np\n"
        "from screener.backtest.portfolio import OrderBook, simulate\n"
        "one = np.ones(1)\n"
        "rows = np.zeros(1, dtype=np.int64)\n"
        "found = simulate(OrderBook(marks=np.ones((2, 1)), groups=rows, cash=one, buy_rows=rows,\n"
        "    buy_prices=one, sell_rows=rows - 1, sell_prices=one, fees=one * 0.01))\n"
        "assert found.values.shape == (2, 1)\n"
        "heavy = {'vectorbt', 'vectorbt.portfolio.enums', 'pandas', 'numba'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
        "import vectorbt\n"
        "assert vectorbt.Portfolio.from_orders\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=SOURCES, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
