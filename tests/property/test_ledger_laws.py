"""The ledger alone gives the return: random markets, every currency, dividends, taxes, rights."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from screener.backtest.frictions import Rights
from screener.backtest.run import EventResult, Settings, run_backtest
from screener.domain.basket import EntryPrice, Rebalance
from screener.files.writing import csv_text
from screener.paths.windows import WindowStatus
from screener.results.backtest import ORDERS
from screener.workflows.backtest.order_rows import order_rows
from screener.workflows.backtest.requests import BacktestRequest
from screener.workflows.backtest.run import BacktestRun
from tests.support.laws import laws
from tests.support.ledger_returns import charges, faults, gains
from tests.support.random_markets import Market, frictions_of, random_market

LAWS = laws(50)
CAPITALS = (30_000.0, 2_000_000.0)
CENT = 0.005


def run_of(market: Market, rights: Rights = Rights.TAKE_UP) -> BacktestRun:
    choices = market.choices
    asked = Settings(
        horizons=tuple(sorted({1, 2, choices.horizon})),
        max_wait=choices.max_wait,
        frictions=replace(frictions_of(choices), rights=rights),
        capitals=CAPITALS,
        entry=EntryPrice(choices.entry),
        rebalance=Rebalance(choices.rebalance),
    )
    results = run_backtest(
        market.trading.prices,
        [(market.event, (market.entries,))],
        asked,
        lambda *_: None,
        market.trading,
    )
    return BacktestRun(
        request=BacktestRequest(events=(market.event,), settings=asked),
        results=results,
        price_basis=("raw",) * len(results),
        data_version=1,
        run_id="0" * 12,
        simulated=False,
        remarks=(),
    )


def key_of(found: EventResult) -> tuple[str, str, int, float]:
    event = found.window.event
    return event.basket, event.report, found.window.horizon, found.capital or 0.0


@LAWS
@given(st.integers(5_000, 7_000), st.sampled_from(Rights))
def test_the_ledger_alone_gives_every_mature_return(seed: int, rights: Rights) -> None:
    run = run_of(random_market(seed), rights)
    text = csv_text(ORDERS.names, order_rows(run))
    assert faults(text) == []
    gained, charged = gains(text), charges(text)
    for found in run.results:
        if found.status is WindowStatus.MATURE and found.executable_return is not None:
            capital = found.capital or 0.0
            told = gained[key_of(found)]
            assert told == pytest.approx(found.executable_return * capital, abs=CENT)
            assert charged[key_of(found)] == pytest.approx(found.fees, abs=CENT)


@LAWS
@given(st.integers(5_000, 7_000))
def test_every_name_of_every_window_has_a_row(seed: int) -> None:
    run = run_of(random_market(seed))
    rows = order_rows(run)
    for found in run.results:
        own = [row for row in rows if (row["horizon"], row["capital"]) == (key_of(found)[2:])]
        named = {member.listing.id for member in found.window.event.members}
        assert {row["listing"] for row in own} == named
        for row in own:
            assert row["status"] in ("filled", "partial", "lapsed") or row["reason"]


def test_the_markets_hold_what_the_law_is_about() -> None:
    sought = ("dividend", "dividend tax", "rights", "fx")
    seen: Counter[str] = Counter()
    for seed in range(5_000, 5_040):
        seen.update(str(row.get("side", "")) for row in order_rows(run_of(random_market(seed))))
        if min(seen[side] for side in sought) > 5:
            return
    raise AssertionError(seen)
