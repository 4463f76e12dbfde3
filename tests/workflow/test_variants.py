"""Ways to buy and keep the same baskets, on a simulated market, against tables read anew."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from rich.console import Console

from screener.backtest.frictions import Frictions
from screener.backtest.run import Settings
from screener.data.lake.batch import Batch
from screener.data.lake.schema import TableName
from screener.data.lake.store import Store
from screener.domain.basket import EntryPrice, Event, Member, Rebalance, Weighting
from screener.domain.listing import parse_listing
from screener.domain.report import Precision, Publication
from screener.errors import InputError
from screener.paths.legs import LegState
from screener.render.backtest.variants import variants_page
from screener.results.backtest import RETURNS, VARIANT
from screener.results.tables import fits
from screener.workflows.backtest.requests import BacktestRequest, Variants, variant_requests
from screener.workflows.backtest.rows import result_table
from screener.workflows.backtest.run import BacktestRun, run_events, run_variants
from tests.support.canned.market import CannedMarket

NAMES = ("601899.SH", "300857.SZ", "00700.HK")
PUBLISHED = date(2026, 3, 2)


@pytest.fixture(scope="module")
def market() -> CannedMarket:
    return CannedMarket.make(n_other=0, start=date(2025, 9, 1))


@pytest.fixture(scope="module")
def store(market: CannedMarket, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with Store.create(tmp_path_factory.mktemp("variants")) as opened:
        opened.commit(Batch(tables=market.tables), message="market")
        yield opened


def request(*, horizons: tuple[int, ...] = (5, 20), money: bool = False) -> BacktestRequest:
    event = Event(
        basket="mine",
        report="",
        published=Publication(value=PUBLISHED, precision=Precision.DAY),
        members=tuple(Member(listing=parse_listing(name), name=name) for name in NAMES),
        weighting=Weighting.EQUAL,
    )
    settings = Settings(horizons=horizons, frictions=Frictions() if money else None)
    return BacktestRequest(events=(event,), settings=settings)


def ran(store: Store, asked: BacktestRequest, variants: Variants) -> tuple[BacktestRun, ...]:
    return run_variants(store, variant_requests(asked, variants), program_version="test")


def frame(market: CannedMarket, table: TableName, name: str) -> pd.DataFrame:
    rows = market.tables[table].to_pandas()
    return rows[rows["listing"] == name].sort_values("session").set_index("session")


def weights(run: BacktestRun) -> dict[str, float]:
    return {entry.listing: entry.weight for entry in run.results[0].ledger}


# --- weights


@pytest.mark.parametrize("weighting", [Weighting.MARKET_CAP, Weighting.FLOAT_CAP])
def test_market_values_are_those_before_the_entry(
    store: Store, market: CannedMarket, weighting: Weighting
) -> None:
    (run,) = ran(store, request(), Variants(weightings=(weighting,)))
    column = weighting.replace("-", "_")
    fx = market.tables[TableName.FX].to_pandas().sort_values("session").set_index("session")["rate"]
    entry = run.results[0].entry_session
    sizes = {}
    for name in NAMES:
        values = frame(market, TableName.VALUATION, name)[column]
        before = values[values.index < entry]
        rate = fx[fx.index < entry].iloc[-1] if name.endswith("HK") else 1.0
        sizes[name] = before.iloc[-1] * rate
    total = sum(sizes.values())
    assert weights(run) == pytest.approx({name: size / total for name, size in sizes.items()})


def test_inverse_volatility_is_that_of_the_sixty_returns_before(
    store: Store, market: CannedMarket
) -> None:
    (run,) = ran(store, request(), Variants(weightings=(Weighting.INVERSE_VOL,)))
    entry = run.results[0].entry_session
    sizes = {}
    for name in NAMES:
        bars = frame(market, TableName.BARS, name)
        factors = market.tables[TableName.FACTORS].to_pandas()
        own = factors[factors["listing"] == name].set_index("ex_session")["factor"].sort_index()
        steps = own.reindex(bars.index.union(own.index)).ffill().fillna(1.0).reindex(bars.index)
        suspended = bars["volume"] == 0
        worth = (bars["close"] * steps)[~suspended & (bars.index < entry)]
        sizes[name] = 1 / worth.pct_change().dropna().iloc[-60:].std()
    total = sum(sizes.values())
    found = weights(run)
    assert found == pytest.approx({name: size / total for name, size in sizes.items()}, rel=0.05)
    assert sum(found.values()) == pytest.approx(1.0)


def test_a_name_of_unknown_value_is_left_out_and_told(market: CannedMarket, tmp_path: Path) -> None:
    tables = dict(market.tables)
    rows = tables[TableName.VALUATION]
    listings = np.array(rows.column("listing").to_pylist())
    tables[TableName.VALUATION] = rows.filter(listings != NAMES[1])
    with Store.create(tmp_path / "lake") as lake:
        lake.commit(Batch(tables=tables), message="market")
        (run,) = ran(lake, request(), Variants(weightings=(Weighting.MARKET_CAP,)))
    entry = run.results[0].ledger[1]
    assert (entry.state, entry.weight) == (LegState.DROPPED, 0.0)
    assert entry.reason == "no market value known in the 30 days before its entry"
    assert run.results[0].window.count(LegState.DROPPED) == 1
    assert sum(weights(run).values()) == pytest.approx(1.0)


# --- entries


def test_entry_prices_are_those_of_the_day(store: Store, market: CannedMarket) -> None:
    runs = ran(store, request(), Variants(entries=tuple(EntryPrice)))
    for run, price in zip(runs, EntryPrice, strict=True):
        for entry in run.results[0].ledger:
            bar = frame(market, TableName.BARS, entry.listing).loc[entry.entry_session]
            expected = {
                EntryPrice.OPEN: bar["open"],
                EntryPrice.CLOSE: bar["close"],
                EntryPrice.VWAP: bar["amount"] / bar["volume"],
            }[price]
            assert entry.entry_price == pytest.approx(expected, rel=1e-12)
    returns = [run.results[1].paper_return for run in runs]
    assert len(set(returns)) == len(EntryPrice)


def test_the_benchmark_of_a_close_entry_begins_at_the_close(
    store: Store, market: CannedMarket
) -> None:
    asked = request(horizons=(5,))
    event = replace(asked.events[0], members=asked.events[0].members[:1])
    (run,) = ran(store, replace(asked, events=(event,)), Variants(entries=(EntryPrice.CLOSE,)))
    index = frame(market, TableName.BARS, "000300.SH")["close"]
    (found,) = run.results
    assert found.exit_session is not None
    expected = index[found.exit_session] / index[found.entry_session] - 1
    assert found.benchmark_return == pytest.approx(expected, abs=1e-12)
    assert found.benchmark_path[0] == 1.0


# --- many at once


ALL = Variants(
    delays=(0, 3),
    weightings=(None, Weighting.INVERSE_VOL, Weighting.MARKET_CAP),
    entries=(EntryPrice.OPEN, EntryPrice.CLOSE, EntryPrice.VWAP),
    rebalances=(Rebalance.NONE, Rebalance.MONTHLY),
)


@pytest.fixture(scope="module")
def together(store: Store) -> tuple[BacktestRun, ...]:
    return ran(store, request(money=True), ALL)


def test_variants_give_what_each_gives_alone(
    store: Store, together: tuple[BacktestRun, ...]
) -> None:
    assert len(together) == 2 * 3 * 3 * 2
    assert len({run.run_id for run in together}) == len(together)
    for run in together[::5]:
        alone = run_events(store, run.request, program_version="test")
        assert alone.run_id == run.run_id
        for one, other in zip(alone.results, run.results, strict=True):
            assert one.paper_return == other.paper_return
            assert one.executable_return == other.executable_return
            # Rows count from where a panel begins, which the other variants decide too.
            first, second = (
                [replace(order, row=0) for order in item.orders] for item in (one, other)
            )
            assert first == second
            assert one.shortfall == other.shortfall


def test_the_gap_closes_for_every_variant(together: tuple[BacktestRun, ...]) -> None:
    for run in together:
        for result in run.results:
            assert result.shortfall
            taken = sum(step for _, step in result.shortfall)
            assert taken == pytest.approx(result.executable_return, abs=1e-10)
            assert result.shortfall[0] == ("market", result.benchmark_return)


def test_rows_say_how_each_was_bought_and_kept(
    store: Store, together: tuple[BacktestRun, ...]
) -> None:
    plain = result_table(ran(store, request(), Variants()))
    assert plain.spec == RETURNS
    assert not set(plain.rows[0]) & set(VARIANT.names)
    told = result_table(together)
    assert told.spec.names == (*RETURNS.names, *VARIANT.names)
    assert not fits(told.spec, told.rows)
    keys = ("weighting", "entry", "delay", "rebalance", "horizon")
    assert len({tuple(row[key] for key in keys) for row in told.rows}) == len(told.rows) == 2 * 36
    (only,) = ran(store, request(), Variants(delays=(2,)))
    assert result_table([only]).rows[0]["delay"] == 2


def test_workers_change_nothing(store: Store) -> None:
    asked = request(money=True)
    days = [date(2026, 1, 5), date(2026, 2, 2), PUBLISHED]
    events = tuple(
        replace(
            asked.events[0],
            basket=f"b{at}",
            published=Publication(value=day, precision=Precision.DAY),
        )
        for at, day in enumerate(days)
    )
    asked = replace(asked, events=events)
    one = run_variants(store, [asked], program_version="test")
    two = run_variants(store, [asked], program_version="test", jobs=2)
    assert result_table(one) == result_table(two)


@pytest.mark.parametrize("width", [80, 160])
def test_the_page_fits_and_names_what_differs(
    together: tuple[BacktestRun, ...], width: int
) -> None:
    console = Console(width=width, record=True, file=io.StringIO())
    console.print(variants_page(together))
    text = console.export_text()
    assert max(len(line) for line in text.splitlines()) <= width
    assert "weights" in text
    assert "inverse-vol" in text
    assert "36 runs" in text


def test_an_index_is_not_rebalanced_by_the_month() -> None:
    asked = Variants(weightings=(Weighting.DAILY_EQUAL,), rebalances=(Rebalance.MONTHLY,))
    with pytest.raises(InputError, match="daily-equal"):
        variant_requests(request(), asked)
