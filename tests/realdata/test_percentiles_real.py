"""Percentiles of real multiples, imported as a user does, against pandas: 50 names, 20 dates."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import screener
from screener.data.lake.asof import AsOf, Market, market_of
from screener.data.lake.schema import TableName
from screener.data.lake.store import Store
from screener.domain.listing import Currency
from screener.screen.computed import Why
from screener.workflows.screen.facts import Facts
from tests.support.soaking import soaked

ROOT = Path(__file__).resolve().parents[2]
FILE = ROOT.parent / "shared/data/later/valuation/pe_ttm_self_computed_2014_2026-04.parquet"
YEARS = {"pct": 5, "pct_3y": 3, "pct_10y": 10}
DAYS = pd.date_range("2017-03-01", "2026-04-03", periods=20).normalize()

pytestmark = [
    pytest.mark.realdata,
    pytest.mark.skipif(not FILE.is_file(), reason="../shared/data is not there"),
]


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Store, pd.DataFrame]]:
    desk = screener.init(tmp_path_factory.mktemp("percentiles") / "w")
    desk.import_data(FILE, "valuation")
    with Store.open(desk.place.data_cache) as store:
        # What the import refused (days without a session, impossible values) has no rank.
        frame = store.read(TableName.VALUATION, columns=["listing", "session", "pe_ttm"])
        found = frame.to_pandas()
        found["session"] = pd.to_datetime(found["session"])
        assert len(found) > 600_000
        yield store, found


@soaked
def test_percentiles_of_real_multiples_agree_with_pandas(
    market: tuple[Store, pd.DataFrame],
) -> None:
    store, frame = market
    known = AsOf.after_close(store, DAYS[-1].date())
    named = sorted(known.valuation().column("listing").to_pylist())
    ids = tuple(named[:: len(named) // 50][:50])
    assert len(ids) == 50
    own = {item: frame[frame["listing"] == item].set_index("session") for item in ids}
    n_ranks = 0
    for day in DAYS:
        known = AsOf.after_close(store, day.date())
        snapshots = known.snapshots()
        facts = Facts(
            known=known,
            ids=ids,
            peers=np.ones(len(ids), dtype=bool),
            snapshots=snapshots,
            valuations=known.valuation(snapshots, listings=ids),
            currency=Currency.CNY,
            currencies={},
        )
        for rank, years in YEARS.items():
            expected = [
                _rank(own[item]["pe_ttm"], snapshots[market_of(item)], years) for item in ids
            ]
            found = facts.number(f"pe_ttm_{rank}")
            np.testing.assert_allclose(found.values, expected, 1e-12, 0, err_msg=f"{day} {rank}")
            n_ranks += int((found.why == Why.THERE).sum())
    assert n_ranks > 1000


def _rank(series: pd.Series[float], snapshot: object, years: int) -> float:
    """Rank the last multiple among the positive ones of its last years, by pandas alone."""
    seen = series.sort_index().loc[: pd.Timestamp(snapshot)]  # type: ignore[arg-type]
    if seen.empty or seen.index[-1] < pd.Timestamp(snapshot) - pd.Timedelta(days=7):  # type: ignore[arg-type]
        return np.nan
    last = seen.index[-1]
    window = seen[(seen.index > last - pd.DateOffset(years=years)) & (seen > 0)]
    if not seen.iloc[-1] > 0 or len(window) < 250:
        return np.nan
    return float((window.rank().iloc[-1] - 1) / (len(window) - 1))


def test_both_markets_are_there(market: tuple[Store, pd.DataFrame]) -> None:
    assert all(AsOf.after_close(market[0], DAYS[-1].date()).snapshots(tuple(Market)).values())
