"""Laws of the simulated market: determinism, independence of listings, no look-ahead, effects."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from hypothesis import given
from hypothesis import strategies as st

from screener.data.lake.schema import TABLES, TableName
from screener.data.sources.simulated import (
    MarketModel,
    PlantedEffect,
    SimulatedMarket,
    SimulationRequest,
)
from screener.domain.listing import parse_listing
from screener.market.calendars import calendar_of
from tests.support.laws import laws

NAMED = (
    (parse_listing("300857.SZ"), "协创数据", "算力"),
    (parse_listing("600000.SH"), "浦发银行", "银行"),
    (parse_listing("00700.HK"), "腾讯控股", "互联网"),
)
INDICES = pa.array(["000300.SH", "HSI.HK"])
Tables = Mapping[TableName, pa.Table]

requests = st.builds(
    SimulationRequest,
    seed=st.integers(0, 2**32),
    start=st.dates(date(2023, 1, 3), date(2024, 12, 31)),
    end=st.dates(date(2025, 4, 1), date(2025, 12, 31)),
    fetched_at=st.just(datetime(2026, 6, 1, tzinfo=UTC)),
    securities=st.sampled_from([NAMED, NAMED[:1]]),
    n_other=st.integers(0, 40),
    price_limits=st.booleans(),
    suspensions=st.booleans(),
    detailed=st.booleans(),
    model=st.builds(MarketModel, suspension_rate=st.sampled_from([0.0, 0.001, 0.01])),
)
few = laws(9)


def simulated(request: SimulationRequest) -> Tables:
    market = SimulatedMarket()
    query = market.build_query(request)
    return market.normalise(query, market.fetch(query)).tables


def of_stocks(table: pa.Table) -> pa.Table:
    """Rows of securities, sorted, without the indices that depend on all of them."""
    kept = table.filter(pc.invert(pc.is_in(table["listing"], value_set=INDICES)))
    return kept.sort_by([(name, "ascending") for name in ("listing", kept.column_names[1])])


@few
@given(requests)
def test_the_same_request_gives_the_same_bytes(request: SimulationRequest) -> None:
    first, second = simulated(request), simulated(request)
    for name in first:
        assert _bytes(first[name]) == _bytes(second[name])


def _bytes(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return bytes(sink.getvalue())


@few
@given(requests, st.integers(1, 200))
def test_a_later_end_changes_nothing_before(request: SimulationRequest, days: int) -> None:
    shorter = simulated(request)
    longer = simulated(replace(request, end=request.end + timedelta(days=days)))
    for name, early in shorter.items():
        if name is TableName.LISTINGS:  # a delisting after the end is not known yet
            early = early.drop_columns(["delist_date"])
        if name is TableName.VALUATION:  # the last session need not end its week
            early = early.filter(pc.less(early["session"], request.end - timedelta(days=7)))
        if name is TableName.ELIGIBILITY:  # nor is the end of an eligibility
            early = early.drop_columns(["valid_to"])
        keys = TABLES[name].key
        late = longer[name].select(early.column_names)
        found = late.join(early.select(keys), list(keys), join_type="left semi")
        order = [(key, "ascending") for key in keys]
        assert found.sort_by(order).equals(early.sort_by(order)), name


@few
@given(requests)
def test_adding_a_listing_leaves_the_others_alone(request: SimulationRequest) -> None:
    added = (parse_listing("601398.SH"), "工商银行", "新行业")
    one, two = (
        simulated(request),
        simulated(replace(request, securities=(*request.securities, added))),
    )
    for name in (TableName.BARS, TableName.ACTIONS, TableName.FACTORS, TableName.VALUATION):
        more = two[name].filter(pc.not_equal(two[name]["listing"], "601398.SH"))
        assert of_stocks(one[name]).equals(of_stocks(more)), name


@few
@given(requests)
def test_more_others_keep_the_first_ones(request: SimulationRequest) -> None:
    few_bars = of_stocks(simulated(request)[TableName.BARS])
    many = of_stocks(simulated(replace(request, n_other=request.n_other + 25))[TableName.BARS])
    kept = many.filter(pc.is_in(many["listing"], value_set=few_bars["listing"].unique()))
    assert few_bars.equals(kept)


@few
@given(
    requests,
    st.floats(-0.5, 0.5),
    st.integers(1, 60),
    st.integers(5, 60),
    st.sampled_from(range(3)),
)
def test_an_effect_of_known_size_comes_out(
    request: SimulationRequest, size: float, length: int, after: int, which: int
) -> None:
    listing = NAMED[which][0]
    sessions = calendar_of(listing.exchange).between(request.start, request.end)
    effect = PlantedEffect(
        listing=listing,
        first_session=sessions[after].item(),
        log_return=size,
        n_sessions=min(length, len(sessions) - after),
    )
    plain = replace(request, securities=NAMED, price_limits=False, suspensions=False)
    without = _total_return(simulated(plain), listing.id)
    planted = _total_return(simulated(replace(plain, effects=(effect,))), listing.id)
    gain = np.log(planted[0] / without[0])
    tolerance = 0.011 / np.minimum(planted[1], without[1])
    stop = after + effect.n_sessions
    assert (np.abs(gain[:after]) < 1e-12).all()
    assert (np.abs(gain[stop - 1 :] - size) <= tolerance[stop - 1 :]).all()


def _total_return(tables: Tables, listing: str) -> tuple[np.ndarray, np.ndarray]:
    bars = of_stocks(tables[TableName.BARS]).to_pandas().query("listing == @listing")
    factors = tables[TableName.FACTORS].to_pandas().query("listing == @listing")
    daily = pd.Series(1.0, index=bars["session"])
    for row in factors.itertuples():
        daily[daily.index >= row.ex_session] = row.factor
    close = bars["close"].to_numpy()
    return close * daily.to_numpy(), close
