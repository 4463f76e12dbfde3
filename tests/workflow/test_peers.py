"""Portfolios of a name's industry, against the tables read with pandas."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from screener.data.lake.batch import Batch
from screener.data.lake.rows import make_rows
from screener.data.lake.schema import SIMULATED, TableName
from screener.data.lake.store import Store
from screener.data.panels.price_panel import read_panel
from screener.data.panels.theme_panel import read_themes
from screener.data.sources.simulated import SimulatedMarket, SimulationRequest
from screener.domain.listing import Exchange, Listing
from screener.errors import DataError
from screener.market.calendars import calendar_of
from screener.workflows.naming import industry_remark
from screener.workflows.study.industry_returns import INDUSTRY, industry_returns

START, END = date(2025, 1, 2), date(2025, 12, 31)
SHARES = tuple(Listing(f"60{number:04d}", Exchange.SH) for number in range(100, 116))
LONELY = Listing("600900", Exchange.SH)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    source = SimulatedMarket()
    named = [(share, f"样本{share.code}", "测试") for share in SHARES]
    query = source.build_query(
        SimulationRequest(
            seed=3,
            start=START,
            end=END,
            fetched_at=datetime(2026, 1, 1, tzinfo=UTC),
            securities=(*named, (LONELY, "孤独", "别的")),
            n_other=5,
        )
    )
    with Store.create(tmp_path_factory.mktemp("peers")) as lake:
        lake.commit(source.normalise(query, source.fetch(query)), message="market")
        yield lake


def by_pandas(store: Store, wanted: Listing, left_out: set[str]) -> pd.Series:
    """Return the mean of the daily total returns of the others."""
    bars, factors = (store.read(table).to_pandas() for table in (TableName.BARS, TableName.FACTORS))
    days = [day.item() for day in calendar_of(Exchange.SH).between(START, END)]
    returns = {}
    for name in (share.id for share in SHARES):
        if name == wanted.id or name in left_out:
            continue
        own = bars[bars["listing"] == name].set_index("session")["close"].reindex(days)
        steps = factors[factors["listing"] == name].sort_values("ex_session")
        at = np.searchsorted(steps["ex_session"].to_numpy(), np.array(days), side="right")
        worth = own * np.concatenate([[1.0], steps["factor"].to_numpy()])[at]
        returns[name] = worth / worth.shift(1) - 1
    found = pd.DataFrame(returns)
    mean: pd.Series = found.mean(axis=1)
    return mean.where(found.notna().sum(axis=1) >= 10)


def test_peers_are_the_other_stocks_of_the_industry(store: Store) -> None:
    table = industry_returns(store, SHARES[:2], START, END)
    assert (table.name, table.columns) == (INDUSTRY, tuple(share.id for share in SHARES[:2]))
    left_out = {share.id for share in SHARES[:2]}
    for share in SHARES[:2]:
        expected = by_pandas(store, share, left_out)
        assert [day.item() for day in table.days] == list(expected.index)
        np.testing.assert_allclose(table.column(share.id), expected, rtol=0, atol=1e-12)
    assert np.isfinite(table.values).any(axis=1).sum() > 230


def test_later_sessions_change_no_earlier_return(store: Store) -> None:
    whole = industry_returns(store, SHARES[:1], START, END)
    short = industry_returns(store, SHARES[:1], START, date(2025, 8, 29))
    first, second = (table.column(SHARES[0].id) for table in (short, whole))
    np.testing.assert_array_equal(first, second[: len(first)])


def test_a_name_without_peers_leaves_the_others_theirs(store: Store) -> None:
    table = industry_returns(store, [LONELY, SHARES[0]], START, END)
    assert table.columns == (SHARES[0].id,)
    assert list(table.lacks) == [LONELY.id]
    alone = industry_returns(store, [SHARES[0]], START, END)
    np.testing.assert_array_equal(table.column(SHARES[0].id), alone.column(SHARES[0].id))


def test_a_dated_industry_holds_from_its_first_day(store: Store, tmp_path: Path) -> None:
    days = [day.item() for day in calendar_of(Exchange.SH).between(START, END)]
    moved, since = SHARES[5], days[100]
    with Store.create(tmp_path / "lake") as lake:
        for name in TableName:
            rows = store.read(name)
            if rows.num_rows:
                lake.commit(Batch(tables={name: rows}), message="copy")
        assert "bear no date" in industry_remark(lake)
        row = make_rows(
            TableName.INDUSTRIES,
            {"listing": [moved.id], "valid_from": [since], "industry": ["别处"]},
            source=SIMULATED,
            fetched_at=datetime(2026, 1, 1, tzinfo=UTC),
        )
        lake.commit(Batch(tables={TableName.INDUSTRIES: row}), message="moved")
        found = industry_returns(lake, SHARES[:1], START, END).column(SHARES[0].id)
        assert "of each session" in industry_remark(lake)
    whole = by_pandas(store, SHARES[0], {SHARES[0].id}).to_numpy()
    without = by_pandas(store, SHARES[0], {SHARES[0].id, moved.id}).to_numpy()
    np.testing.assert_allclose(found[:100], whole[:100], rtol=0, atol=1e-12)
    np.testing.assert_allclose(found[100:], without[100:], rtol=0, atol=1e-12)


def test_too_few_peers_are_told(store: Store) -> None:
    with pytest.raises(DataError, match="industry 别的 has 0 other stocks") as told:
        industry_returns(store, [LONELY], START, END)
    assert "--matched FILE" in told.value.fix


def themes_of(store: Store, names: list[Listing], entry: date) -> tuple[list[date], np.ndarray]:
    panel = read_panel(store, names, first_entry=entry, last_entry=entry)
    return [day.item() for day in panel.sessions], read_themes(store, panel)


def test_a_theme_is_the_mean_of_all_stocks_of_the_industry(store: Store) -> None:
    days, found = themes_of(store, [LONELY, SHARES[0]], date(2025, 6, 2))
    assert np.isnan(found[1:, 0]).all()  # one stock is no industry
    expected = by_pandas(store, LONELY, set()).reindex(days[1:]) + 1
    np.testing.assert_allclose(found[1:, 1], expected, rtol=0, atol=1e-12)
    assert found[0].tolist() == [1.0, 1.0]
    later_days, later = themes_of(store, [SHARES[0]], date(2025, 9, 1))  # knows less
    np.testing.assert_array_equal(later[1:, 0], found[days.index(later_days[1]) :, 1])


def test_a_theme_takes_a_stock_while_it_is_in_the_industry(store: Store, tmp_path: Path) -> None:
    moved, since = SHARES[5], date(2025, 6, 3)
    with Store.create(tmp_path / "lake") as lake:
        for name in TableName:
            rows = store.read(name)
            if rows.num_rows:
                lake.commit(Batch(tables={name: rows}), message="copy")
        row = make_rows(
            TableName.INDUSTRIES,
            {"listing": [moved.id], "valid_from": [since], "industry": ["别处"]},
            source=SIMULATED,
            fetched_at=datetime(2026, 1, 1, tzinfo=UTC),
        )
        lake.commit(Batch(tables={TableName.INDUSTRIES: row}), message="moved")
        days, found = themes_of(lake, [SHARES[0], moved], since)
    at = days.index(since)
    whole = by_pandas(store, LONELY, set()).reindex(days) + 1
    without = by_pandas(store, LONELY, {moved.id}).reindex(days) + 1
    np.testing.assert_allclose(found[1:at, 0], whole[1:at], rtol=0, atol=1e-12)
    np.testing.assert_allclose(found[at:, 0], without[at:], rtol=0, atol=1e-12)
    np.testing.assert_allclose(found[1:at, 1], whole[1:at], rtol=0, atol=1e-12)
    assert np.isnan(found[at:, 1]).all()  # alone where it is now
