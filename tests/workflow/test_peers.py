"""Portfolios of a name's industry, against the tables read with pandas."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
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
from screener.data.panels.return_tables import ReturnTable
from screener.data.panels.theme_panel import read_themes
from screener.data.sources.simulated import SimulatedMarket, SimulationRequest
from screener.domain.listing import Exchange, Listing
from screener.errors import DataError
from screener.market.calendars import calendar_of
from screener.workflows.naming import industry_remark
from screener.workflows.study.portfolios import Match, matched_portfolios

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


def by_industry(store: Store, listings: Sequence[Listing], start: date, end: date) -> ReturnTable:
    return matched_portfolios(store, listings, start, end, Match.INDUSTRY)[0]


def daily_returns(store: Store, names: Iterable[str], days: list[date]) -> pd.DataFrame:
    """Return daily total returns, a column a name."""
    bars, factors = (store.read(table).to_pandas() for table in (TableName.BARS, TableName.FACTORS))
    returns = {}
    for name in names:
        own = bars[bars["listing"] == name].set_index("session")["close"].reindex(days)
        steps = factors[factors["listing"] == name].sort_values("ex_session")
        at = np.searchsorted(steps["ex_session"].to_numpy(), np.array(days), side="right")
        worth = own * np.concatenate([[1.0], steps["factor"].to_numpy()])[at]
        returns[name] = worth / worth.shift(1) - 1
    return pd.DataFrame(returns)


def by_pandas(store: Store, wanted: Listing, left_out: set[str]) -> pd.Series:
    """Return the mean of the daily total returns of the others."""
    days = [day.item() for day in calendar_of(Exchange.SH).between(START, END)]
    names = [share.id for share in SHARES if share != wanted and share.id not in left_out]
    found = daily_returns(store, names, days)
    mean: pd.Series = found.mean(axis=1)
    return mean.where(found.notna().sum(axis=1) >= 10)


def test_peers_are_the_other_stocks_of_the_industry(store: Store) -> None:
    table = by_industry(store, SHARES[:2], START, END)
    assert (table.name, table.columns) == (Match.INDUSTRY, tuple(share.id for share in SHARES[:2]))
    left_out = {share.id for share in SHARES[:2]}
    for share in SHARES[:2]:
        expected = by_pandas(store, share, left_out)
        assert [day.item() for day in table.days] == list(expected.index)
        np.testing.assert_allclose(table.column(share.id), expected, rtol=0, atol=1e-12)
    assert np.isfinite(table.values).any(axis=1).sum() > 230


def test_later_sessions_change_no_earlier_return(store: Store) -> None:
    whole = by_industry(store, SHARES[:1], START, END)
    short = by_industry(store, SHARES[:1], START, date(2025, 8, 29))
    first, second = (table.column(SHARES[0].id) for table in (short, whole))
    np.testing.assert_array_equal(first, second[: len(first)])


def test_a_name_without_peers_leaves_the_others_theirs(store: Store) -> None:
    table = by_industry(store, [LONELY, SHARES[0]], START, END)
    assert table.columns == (SHARES[0].id,)
    assert list(table.lacks) == [LONELY.id]
    alone = by_industry(store, [SHARES[0]], START, END)
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
        found = by_industry(lake, SHARES[:1], START, END).column(SHARES[0].id)
        assert "of each session" in industry_remark(lake)
    whole = by_pandas(store, SHARES[0], {SHARES[0].id}).to_numpy()
    without = by_pandas(store, SHARES[0], {SHARES[0].id, moved.id}).to_numpy()
    np.testing.assert_allclose(found[:100], whole[:100], rtol=0, atol=1e-12)
    np.testing.assert_allclose(found[100:], without[100:], rtol=0, atol=1e-12)


def test_too_few_peers_are_told(store: Store) -> None:
    with pytest.raises(DataError, match="industry 别的 has 0 other stocks") as told:
        by_industry(store, [LONELY], START, END)
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


@pytest.mark.parametrize("match", [Match.SIZE, Match.SIZE_INDUSTRY])
def test_portfolios_by_size_hold_the_nearest(store: Store, match: Match) -> None:
    wanted = SHARES[3]
    table, told = matched_portfolios(store, [wanted], START, END, match)
    assert table.name == match
    assert "size is the market value in" in told
    days = [day.item() for day in table.days]
    first, until = (next(day for day in days if day >= date(2025, month, 1)) for month in (9, 10))
    values = store.read(TableName.VALUATION).to_pandas()
    values = values[(values["session"] < first) & ~values["listing"].str.endswith(".HK")]
    sizes = np.log(values.sort_values("session").groupby("listing")["market_cap"].last())
    own = sizes.pop(wanted.id)
    if match is Match.SIZE_INDUSTRY:
        sizes = sizes[[share.id for share in SHARES if share != wanted]]
    n = max(10, -(-len(sizes) // (3 if match is Match.SIZE_INDUSTRY else 10)))
    peers = (sizes - own).abs().sort_values(kind="stable").index[:n]
    expected = daily_returns(store, peers, days).mean(axis=1)
    found = pd.Series(table.column(wanted.id), index=days)
    within = [day for day in days if first <= day < until]
    np.testing.assert_allclose(found[within], expected[within], rtol=0, atol=1e-12)
    short, _ = matched_portfolios(store, [wanted], START, date(2025, 10, 15), match)
    cut = pd.Series(short.column(wanted.id), index=[day.item() for day in short.days])
    np.testing.assert_array_equal(cut, found[cut.index])


def test_a_name_without_an_industry_lacks_a_portfolio_by_size_and_industry_alone(
    store: Store,
) -> None:
    both = [LONELY, SHARES[0]]
    table, _ = matched_portfolios(store, both, START, END, Match.SIZE_INDUSTRY)
    assert list(table.lacks) == [LONELY.id]
    assert "size and industry" in table.lacks[LONELY.id].what
    assert not matched_portfolios(store, both, START, END, Match.SIZE)[0].lacks
