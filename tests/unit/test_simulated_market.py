"""The simulated market against rules and arithmetic recomputed here, outside its code."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import ROUND_HALF_UP, Decimal

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from screener.data.lake.schema import SIMULATED, TABLES, TableName, Type
from screener.data.sources.simulated import (
    MarketModel,
    PlantedEffect,
    SimulatedMarket,
    SimulationRequest,
)
from screener.data.sources.simulated.returns import factor_returns
from screener.data.sources.simulated.simulation import simulate
from screener.data.sources.simulated.trading import limit_band
from screener.domain.listing import Exchange, Listing, parse_listing
from screener.errors import DateRangeError, InputError
from screener.market.calendars import calendar_of
from tests.support.soaking import soaked

NAMED = (
    (parse_listing("300857.SZ"), "协创数据", "算力"),
    (parse_listing("601899.SH"), "紫金矿业", "铜"),
    (parse_listing("688256.SH"), "寒武纪", "算力"),
    (parse_listing("920002.BJ"), "万达轴承", "机械"),
    (parse_listing("00700.HK"), "腾讯控股", "互联网"),
)
REQUEST = SimulationRequest(
    seed=20260528,
    start=date(2024, 6, 3),
    end=date(2026, 5, 28),
    fetched_at=datetime(2026, 6, 1, 8, tzinfo=UTC),
    securities=NAMED,
    n_other=125,
    model=MarketModel(suspension_rate=0.003, idiosyncratic_volatility=0.5),
)
INDICES = ("000300.SH", "HSI.HK")
ARROW = {
    Type.TEXT: pa.string(),
    Type.DATE: pa.date32(),
    Type.NUMBER: pa.float64(),
    Type.COUNT: pa.int64(),
    Type.FLAG: pa.bool_(),
    Type.INSTANT: pa.timestamp("us", tz="UTC"),
}
Tables = Mapping[TableName, pa.Table]


def simulated(request: SimulationRequest) -> Tables:
    market = SimulatedMarket()
    query = market.build_query(request)
    return market.normalise(query, market.fetch(query)).tables


@pytest.fixture(scope="module")
def tables() -> Tables:
    return simulated(REQUEST)


@pytest.fixture(scope="module")
def bars(tables: Tables) -> pd.DataFrame:
    """Bars with their status, sorted by listing and session."""
    frame = tables[TableName.BARS].to_pandas()
    status = tables[TableName.STATUS].to_pandas()[["listing", "session", "suspended", "st"]]
    frame = frame.merge(status, how="left", on=["listing", "session"])
    for name in ("suspended", "st"):
        frame[name] = frame[name].eq(True)
    return frame.sort_values(["listing", "session"], ignore_index=True)


@pytest.fixture(scope="module")
def stocks(bars: pd.DataFrame) -> pd.DataFrame:
    return bars[~bars["listing"].isin(INDICES)].reset_index(drop=True)


def test_tables_have_the_columns_types_and_keys_of_the_schema(tables: Tables) -> None:
    real_only = {
        TableName.CALENDAR,
        TableName.FUNDAMENTALS,
        TableName.FETCHES,
        TableName.RATINGS,
        TableName.EX_FACTORS,
        TableName.INDUSTRIES,
        TableName.ELIGIBILITY,
        TableName.ESTIMATES,
    }
    assert set(tables) == set(TABLES) - {TableName.QUARANTINE} - real_only
    for name, rows in tables.items():
        spec = TABLES[name]
        assert [(f.name, f.type) for f in rows.schema] == [
            (c.name, ARROW[c.type]) for c in spec.columns
        ]
        assert rows.num_rows > 0, name
        assert rows.group_by(list(spec.key)).aggregate([]).num_rows == rows.num_rows, name
        for column in spec.columns:
            assert not (column.required and rows[column.name].null_count), (name, column.name)


def test_every_row_says_simulated_and_so_does_every_name(tables: Tables) -> None:
    for rows in tables.values():
        assert rows["source"].unique().to_pylist() == [SIMULATED]
        assert rows["fetched_at"].unique().to_pylist() == [REQUEST.fetched_at]
    assert all(
        name.endswith("（SIMULATED）") for name in tables[TableName.NAMES]["name"].to_pylist()
    )
    english = tables[TableName.LISTINGS]["name_en"].to_pylist()
    assert all(name.endswith("(SIMULATED)") for name in english)


def test_named_securities_are_there_from_start_to_end(tables: Tables, bars: pd.DataFrame) -> None:
    names = tables[TableName.NAMES].to_pandas().set_index("listing")["name"]
    industry = tables[TableName.LISTINGS].to_pandas().set_index("listing")["industry"]
    for listing, name, sector in NAMED:
        sessions = calendar_of(listing.exchange).between(REQUEST.start, REQUEST.end)
        assert bars.loc[bars["listing"] == listing.id, "session"].tolist() == sessions.tolist()
        assert names[listing.id] == f"{name}（SIMULATED）"
        assert industry[listing.id] == sector


def test_every_board_currency_and_fate_is_there(tables: Tables) -> None:
    listings = tables[TableName.LISTINGS].to_pandas()
    assert set(listings["board"]) == {"main", "chinext", "star", "bse", "hk", "index"}
    for row in listings.itertuples():
        listing = parse_listing(row.listing)
        assert (row.board, row.currency) == (listing.board, listing.currency)
    assert set(listings.loc[listings["kind"] == "index", "return_basis"]) == {"price"}
    assert (listings["list_date"].dropna() > REQUEST.start).any()
    assert listings["delist_date"].notna().any()
    names = tables[TableName.NAMES].to_pandas()
    for mark in ("ST模拟", "*ST模拟", "新模拟"):
        assert names["name"].str.startswith(mark).any(), mark
    lots = tables[TableName.BOARD_LOTS]["listing"].to_pylist()
    in_hong_kong = (listings["board"] == "hk").sum()
    assert len(lots) == in_hong_kong
    assert all(item.endswith(".HK") for item in lots)


def test_bars_lie_between_listing_and_delisting(tables: Tables, stocks: pd.DataFrame) -> None:
    listings = tables[TableName.LISTINGS].to_pandas().set_index("listing")
    first = stocks.groupby("listing")["session"].min()
    last = stocks.groupby("listing")["session"].max()
    for listing, row in listings[listings["kind"] == "stock"].iterrows():
        calendar = calendar_of(parse_listing(str(listing)).exchange)
        assert first[listing] == calendar.on_or_after(max(row["list_date"], REQUEST.start))
        if row["delist_date"] is None:
            assert last[listing] == calendar.between(REQUEST.start, REQUEST.end)[-1].item()
        else:
            assert calendar.after(last[listing]) == row["delist_date"]


def test_prices_are_sane_everywhere(bars: pd.DataFrame) -> None:
    price = bars[["open", "high", "low", "close"]]
    assert np.isfinite(price).all(axis=None)
    assert (price > 0).all(axis=None)
    assert (bars["high"] >= price.max(axis=1)).all()
    assert (bars["low"] <= price.min(axis=1)).all()
    assert set(bars["basis"]) == {"raw"}


def test_prices_stand_on_the_tick(stocks: pd.DataFrame) -> None:
    for listing, price in stocks[["listing", "close"]].itertuples(index=False):
        value = Decimal(repr(price))
        tick = Decimal("0.01")
        if listing.endswith(".HK") and value < Decimal("0.5"):
            tick = Decimal("0.001") if value < Decimal("0.25") else Decimal("0.005")
        assert value % tick == 0, (listing, price)


def test_volume_and_amount_agree(stocks: pd.DataFrame) -> None:
    trading = stocks[~stocks["suspended"]]
    assert (trading["volume"] >= 100).all()
    mean = trading["amount"] / trading["volume"]
    assert (mean <= trading["high"] + 1e-4).all()
    assert (mean >= trading["low"] - 1e-4).all()


def test_a_suspended_day_is_flat_at_the_close_before_for_one_to_many_sessions(
    stocks: pd.DataFrame,
) -> None:
    before = stocks.groupby("listing")["close"].shift(1)
    halted = stocks["suspended"]
    assert halted.any()
    for name in ("open", "high", "low", "close"):
        assert (stocks.loc[halted, name] == before[halted]).all()
    assert (stocks.loc[halted, ["volume", "amount"]] == 0).all(axis=None)
    runs = stocks.groupby(["listing", (~halted).cumsum()])["suspended"].sum()
    assert runs[runs > 0].min() == 1
    assert 5 <= runs.max() <= 20  # two in a row may touch


def _limit(listing: Listing, day: date, *, st: bool) -> Decimal | None:
    if listing.exchange is Exchange.HK:
        return None
    if listing.code.startswith(("688", "300", "301")):
        return Decimal("0.20")
    if listing.exchange is Exchange.BJ:
        return Decimal("0.30")
    return Decimal("0.05") if st else Decimal("0.10")


def _cent(value: Decimal) -> Decimal:
    return value.quantize(Decimal("0.01"), rounding=ROUND_HALF_UP)


def _references(stocks: pd.DataFrame, actions: pd.DataFrame) -> dict[tuple[str, date], Decimal]:
    """Return the previous close, or the rounded ex-reference price, of each bar after a first."""
    terms = {(row.listing, row.ex_session): row for row in actions.itertuples()}
    found = {}
    before: tuple[str, float] = ("", 0.0)
    for listing, session, close in stocks[["listing", "session", "close"]].itertuples(index=False):
        if before[0] == listing:
            reference = Decimal(repr(before[1]))
            if (listing, session) in terms:
                row = terms[listing, session]
                held = (1 + Decimal(repr(row.bonus))) * Decimal(repr(row.split))
                reference = _cent((reference - Decimal(repr(row.cash))) / held)
            found[listing, session] = reference
        before = (listing, close)
    return found


def test_daily_limits_are_never_broken_and_sometimes_reached(
    tables: Tables, stocks: pd.DataFrame
) -> None:
    listed = tables[TableName.LISTINGS].to_pandas().set_index("listing")["list_date"]
    references = _references(stocks, tables[TableName.ACTIONS].to_pandas())
    opens_at_limit = one_price = free_beyond = 0
    since: dict[str, int] = {}
    for row in stocks.itertuples():
        since[row.listing] = since.get(row.listing, 0) + 1
        listing = parse_listing(row.listing)
        limit = _limit(listing, row.session, st=row.st)
        if limit is None or (row.listing, row.session) not in references:
            continue
        reference = references[row.listing, row.session]
        top = max(_cent(reference * (1 + limit)), reference + Decimal("0.01"))
        bottom = min(_cent(reference * (1 - limit)), reference - Decimal("0.01"))
        low, high = Decimal(repr(row.low)), Decimal(repr(row.high))
        free = 1 if listing.exchange is Exchange.BJ else 5
        if listed[row.listing] >= REQUEST.start and since[row.listing] <= free:
            free_beyond += high > top or low < bottom
            continue
        assert bottom <= low <= high <= top, row
        at_limit = Decimal(repr(row.open)) in (top, bottom)
        opens_at_limit += at_limit
        one_price += at_limit and low == high
    assert opens_at_limit > 10
    assert one_price > 5


@pytest.mark.parametrize(
    ("reference", "rate", "band"),
    [
        (10.05, 0.05, (9.55, 10.55)),  # by hand, half-up: 9.5475 and 10.5525
        (10.05, 0.10, (9.05, 11.06)),  # 9.045 and 11.055: both halves go up
        (10.0542, 0.10, (9.05, 11.06)),  # an ex-reference is rounded before its limits are
        (0.05, 0.10, (0.04, 0.06)),  # at least a tick away
        (0.01, 0.10, (0.01, 0.02)),
        (10.0, np.inf, (0.01, np.inf)),
    ],
)
def test_limit_band_by_hand(reference: float, rate: float, band: tuple[float, float]) -> None:
    found = limit_band(np.array([reference]), np.array([rate]), np.array([False]))
    assert (found[0][0], found[1][0]) == band


def test_limit_band_of_beijing_is_cut_by_hand() -> None:
    found = limit_band(np.array([13.49]), np.array([0.30]), np.array([True]))
    assert (found[0][0], found[1][0]) == (9.45, 17.53)  # 9.443 and 17.537


def test_without_limits_prices_leave_the_band() -> None:
    free = simulated(replace(REQUEST, n_other=20, price_limits=False))[TableName.BARS].to_pandas()
    main = free[free["listing"].str.match(r"60\d{4}\.SH")]
    moves = main.sort_values(["listing", "session"]).groupby("listing")["close"].pct_change()
    assert moves.abs().max() > 0.11


def test_close_times_factor_is_the_latent_path(tables: Tables) -> None:
    request = replace(REQUEST, price_limits=False, suspensions=False)
    market = SimulatedMarket()
    query = market.build_query(request)
    payload = market.fetch(query)
    batch = market.normalise(query, payload)
    frame = batch.tables[TableName.BARS].to_pandas()
    factors = batch.tables[TableName.FACTORS].to_pandas()
    assert len(factors) > 80
    daily = _with_factor(frame, factors)
    compared = 0
    for side in simulate(query, payload):
        for column, member in enumerate(side.market.members):
            own = daily[daily["listing"] == member.listing.id]
            if own.empty:
                continue
            path = side.paths.close[side.lives.listed[:, column], column]
            total = np.log((own["close"] * own["factor"]).to_numpy())
            start = np.median(total - path)
            # Half a tick at both ends; the lowest prices have the coarsest ticks.
            tolerance = (0.01 / own["close"]).to_numpy()
            assert (np.abs(total - path - start) <= tolerance + tolerance.min()).all()
            compared += 1
    assert compared > 115


def _with_factor(frame: pd.DataFrame, factors: pd.DataFrame) -> pd.DataFrame:
    left = frame.assign(session=pd.to_datetime(frame["session"])).sort_values("session")
    right = factors.assign(session=pd.to_datetime(factors["ex_session"])).sort_values("session")
    daily = pd.merge_asof(left, right[["listing", "session", "factor"]], on="session", by="listing")
    return daily.fillna({"factor": 1.0}).sort_values(["listing", "session"])


def test_actions_hang_together(tables: Tables, bars: pd.DataFrame) -> None:
    actions = tables[TableName.ACTIONS].to_pandas()
    assert (actions["cash"] > 0).any()
    assert (actions["bonus"] > 0).any()
    assert (actions["announced"] < actions["record_date"]).all()
    assert (actions["record_date"] < actions["ex_session"]).all()
    assert (actions["pay_date"] >= actions["ex_session"]).all()
    traded = bars[~bars["suspended"]].set_index(["listing", "session"]).index
    assert pd.MultiIndex.from_frame(actions[["listing", "ex_session"]]).isin(traded).all()


DETAILED = replace(
    REQUEST, start=date(2021, 1, 4), end=date(2024, 6, 28), n_other=60, detailed=True
)


@pytest.fixture(scope="module")
def detailed() -> Mapping[TableName, pd.DataFrame]:
    return {name: rows.to_pandas() for name, rows in simulated(DETAILED).items()}


def test_market_value_is_the_close_times_shares_that_only_actions_change(
    tables: Tables, bars: pd.DataFrame
) -> None:
    values = tables[TableName.VALUATION].to_pandas()
    close = bars.set_index(["listing", "session"])["close"]
    at = values.set_index(["listing", "session"])
    shares = (at["market_cap"] / close.loc[at.index]).reset_index()
    ends = shares.groupby("listing").agg(["first", "last"])
    grown = ends[0, "last"] / ends[0, "first"]
    for listing, rows in tables[TableName.ACTIONS].to_pandas().groupby("listing"):
        held = rows["ex_session"] > ends.loc[listing, ("session", "first")]
        issued = ((1 + rows["bonus"]) * rows["split"])[held].prod()
        assert grown.pop(listing) == pytest.approx(issued, rel=1e-9)
    assert np.allclose(grown, 1)  # without an action the count of shares stands
    assert (values["pe_static"] < 0).mean() > 0.02
    assert 0 < values["pe_ttm"].isna().mean() < 0.15
    assert (values["float_cap"] <= values["market_cap"]).all()
    assert values["dividend_yield"].dropna().between(0, 0.3).all()


def _as_known(statements: pd.DataFrame, day: date) -> dict[str, float]:
    """Return what one company's statements tell on a day, worked out period by period."""
    known = statements[statements["known_at"] <= day].sort_values("known_at")
    last = known.groupby("period_end").tail(1).set_index("period_end").sort_index()
    if last.empty:
        return {}
    end = last.index[-1]
    year = end if end.month == 12 else date(end.year - 1, 12, 31)
    ago = date(end.year - 1, end.month, end.day)
    figures = ["net_profit", "revenue", "operating_cash_flow"]
    total = last.loc[end, figures]
    if end != year:
        both = year in last.index and ago in last.index
        total = total + last.loc[year, figures] - last.loc[ago, figures] if both else total * np.nan
    return {
        "pe_ttm": total["net_profit"],
        "ps_ttm": total["revenue"],
        "pcf_ttm": total["operating_cash_flow"],
        "pe_static": last["net_profit"].get(year, np.nan),
        "pb": last.loc[end, "equity"],
    }


@soaked
def test_multiples_are_market_value_over_what_was_published_by_then(
    detailed: Mapping[TableName, pd.DataFrame],
) -> None:
    values, statements = detailed[TableName.VALUATION], detailed[TableName.FUNDAMENTALS]
    days = sorted(values["session"].unique())
    assert len(days) > 800  # every session of either market
    own = dict(list(statements.groupby("listing")))
    restated = statements[statements.duplicated(["listing", "period_end"], keep=False)]
    assert len(restated) > 20
    corrected = restated.groupby(["listing", "period_end"])["known_at"].max()
    beside = [day + timedelta(days=shift) for day in corrected.iloc[:6] for shift in (-1, 0, 1)]
    told = empty = 0
    for row in values[values["session"].isin([*days[::90], *beside])].to_dict("records"):
        known = _as_known(own[row["listing"]], row["session"])
        for name in ("pe_ttm", "ps_ttm", "pcf_ttm", "pe_static", "pb"):
            if np.isnan(row[name]):
                empty += 1
                continue
            expected = row["market_cap"] / known[name]
            assert row[name] == pytest.approx(expected, abs=6e-5, rel=1e-9), (name, row)
            told += 1
    assert told > 2000
    assert empty < told / 5


def test_statements_are_one_set_of_books(detailed: Mapping[TableName, pd.DataFrame]) -> None:
    rows = detailed[TableName.FUNDAMENTALS]
    assert not rows.duplicated(["listing", "period_end", "known_at"]).any()
    newest = rows.sort_values("known_at").groupby(["listing", "period_end"]).tail(1)
    told = newest[newest["total_assets"].notna()]
    assert 0.8 < len(told) / len(newest) < 1
    sides = told["total_liabilities"] + told["equity"] + told["minorities"]
    assert np.allclose(told["total_assets"], sides)
    assert told["cash_equivalents"].between(0, told["total_assets"]).all()
    assert (told["debt"] <= told["total_liabilities"]).all()
    total = told["ebit"] - told["interest_expense"] - told["income_tax"]
    assert (total.abs() >= told["net_profit"].abs() * (1 - 1e-12)).all()
    assert (total.abs() <= told["net_profit"].abs() / 0.88 * (1 + 1e-9)).all()
    # Equity grows by the profit, less the dividends that went ex since.
    actions = detailed[TableName.ACTIONS]
    paying = set(actions.loc[actions["cash"] > 0, "listing"])
    annual = newest[[day.month == 12 for day in newest["period_end"]]]
    compared = 0
    for listing, own in annual[~annual["listing"].isin(paying)].groupby("listing"):
        years = own.set_index("period_end").sort_index()
        grown = years["equity"].diff().iloc[1:]
        assert np.allclose(grown, years["net_profit"].iloc[1:]), listing
        compared += len(grown)
    assert compared > 30


def test_statements_come_by_the_deadlines_and_no_quarter_before_the_year(
    detailed: Mapping[TableName, pd.DataFrame],
) -> None:
    rows = detailed[TableName.FUNDAMENTALS]
    listed = detailed[TableName.LISTINGS].set_index("listing")
    first = rows.groupby(["listing", "period_end"])["known_at"].min().reset_index()
    deadlines = {3: (4, 30), 6: (8, 31), 9: (10, 31), 12: (4, 30)}
    for row in first.to_dict("records"):
        end, known = row["period_end"], row["known_at"]
        hong_kong = row["listing"].endswith(".HK")
        assert not hong_kong or end.month in (6, 12)
        month, day = (3, 31) if hong_kong and end.month == 12 else deadlines[end.month]
        by = date(end.year + (end.month == 12), month, day)
        since = listed.loc[row["listing"], "list_date"]
        assert end < known <= max(by, since)
        gone = listed.loc[row["listing"], "delist_date"]
        assert gone is None or known < gone
    at = first.set_index(["listing", "period_end"])["known_at"]
    for (listing, end), known in at.items():
        before = (listing, date(end.year - 1, 12, 31))
        if end.month == 3 and before in at.index:
            assert known >= at[before]


def test_estimates_and_eligibility_are_dated_and_know_nothing_of_later_years(
    detailed: Mapping[TableName, pd.DataFrame],
) -> None:
    estimates, rows = detailed[TableName.ESTIMATES], detailed[TableName.FUNDAMENTALS]
    years = {day.year for day in estimates["known_at"]}
    assert years == {2020, 2021, 2022, 2023, 2024}  # from the first annual report before the start
    ahead = estimates["fiscal_year"] - [day.year for day in estimates["known_at"]]
    assert set(ahead) == {0, 1}
    first = rows.groupby("listing")["known_at"].min()
    assert (estimates["known_at"].to_numpy() > first.loc[estimates["listing"]].to_numpy()).all()
    annual = rows[[day.month == 12 for day in rows["period_end"]]].sort_values("known_at")
    final = annual.groupby(["listing", "period_end"])["net_profit"].last()
    now = estimates[ahead == 0]
    pairs = [
        (row.profit, final.get((row.listing, date(row.fiscal_year, 12, 31)), np.nan))
        for row in now.itertuples()
    ]
    estimated, true = np.array([pair for pair in pairs if np.isfinite(pair[1])]).T
    assert 0.9 < np.corrcoef(estimated, true)[0, 1] < 0.9999  # good, and never exact
    held = detailed[TableName.ELIGIBILITY]
    assert held["listing"].str.endswith(".HK").all()
    assert "00700.HK" in set(held["listing"])
    assert (held["valid_to"].dropna() > held.loc[held["valid_to"].notna(), "valid_from"]).all()
    moved = detailed[TableName.INDUSTRIES]["listing"].value_counts()
    assert set(moved) == {1, 2}


def test_dividend_yield_is_the_cash_of_a_year_over_the_close(
    tables: Tables, bars: pd.DataFrame
) -> None:
    values = tables[TableName.VALUATION].to_pandas()
    actions = tables[TableName.ACTIONS].to_pandas()
    close = bars.set_index(["listing", "session"])["close"]
    plain = actions.groupby("listing").filter(
        lambda rows: (rows["bonus"] == 0).all() and (rows["split"] == 1).all()
    )
    day = date(2025, 12, 26)
    of_day = values[values["session"] == day].set_index("listing")["dividend_yield"]
    recent = plain[(plain["ex_session"] > day - timedelta(days=365)) & (plain["ex_session"] <= day)]
    assert len(recent) > 25
    for listing, cash in recent.groupby("listing")["cash"].sum().items():
        if listing in of_day.index:
            assert of_day[listing] == pytest.approx(cash / close[listing, day], abs=6e-7)


def test_valuation_days_are_the_last_sessions_of_weeks(tables: Tables) -> None:
    days = tables[TableName.VALUATION].to_pandas()
    mainland = sorted(set(days.loc[~days["listing"].str.endswith(".HK"), "session"]))
    weeks = [day.isocalendar()[:2] for day in mainland]
    assert len(set(weeks)) == len(weeks)
    assert mainland[-1] == date(2026, 5, 28)
    sessions = calendar_of(Exchange.SH).between(REQUEST.start, REQUEST.end).tolist()
    last = {day.isocalendar()[:2]: day for day in sessions}
    assert mainland == sorted(last.values())


def test_indices_are_chained_from_their_members(tables: Tables, bars: pd.DataFrame) -> None:
    values = tables[TableName.VALUATION].to_pandas()
    index = bars[bars["listing"] == "HSI.HK"].set_index("session")["close"]
    # Between these days nobody joins or leaves, so the index moves with the sum of float caps.
    days = [date(2025, 1, 10), date(2025, 1, 17)]
    caps = values[values["listing"].str.endswith(".HK")].pivot_table(
        index="session", columns="listing", values="float_cap"
    )
    both = caps.loc[days].dropna(axis="columns", how="all")
    assert both.notna().all(axis=None)
    expected = both.sum(axis=1).loc[days[1]] / both.sum(axis=1).loc[days[0]]
    assert index[days[1]] / index[days[0]] == pytest.approx(expected, rel=2e-6)


def test_exchange_rate_covers_every_day_of_both_calendars(tables: Tables) -> None:
    fx = tables[TableName.FX].to_pandas()
    both = [
        calendar_of(ex).between(REQUEST.start, REQUEST.end) for ex in (Exchange.SH, Exchange.HK)
    ]
    assert fx["session"].tolist() == np.union1d(*both).tolist()
    assert set(fx["pair"]) == {"HKDCNY"}
    assert fx["rate"].between(0.8, 1.05).all()


def test_factors_have_the_volatility_and_correlation_asked_for() -> None:
    model = MarketModel(market_volatility=0.2, hk_volatility=0.3, correlation=0.5)
    request = replace(REQUEST, start=date(1995, 1, 3), n_other=3, securities=(), model=model)
    market = SimulatedMarket()
    query = market.build_query(request)
    found = factor_returns(query, market.fetch(query))
    # About 7,900 days: the error of a volatility is near 1.5 %, of a correlation 0.01.
    assert found.market.std(axis=0) * 242**0.5 == pytest.approx([0.2, 0.3], rel=0.06)
    assert np.corrcoef(found.market.T)[0, 1] == pytest.approx(0.5, abs=0.04)
    assert found.sectors.std() * 242**0.5 == pytest.approx(model.sector_volatility, rel=0.05)
    assert np.mean(found.regime**2) == pytest.approx(1, abs=0.12)
    # Fat tails and clusters: kurtosis above a normal's 3, and squares that predict squares.
    moves = found.market[:, 0] / found.market[:, 0].std()
    assert np.mean(moves**4) > 3.3
    assert np.corrcoef(moves[1:] ** 2, moves[:-1] ** 2)[0, 1] > 0.05


def test_own_returns_have_fat_tails_of_the_size_asked_for() -> None:
    market = SimulatedMarket()
    query = market.build_query(replace(REQUEST, n_other=300, securities=()))
    shocks = market.fetch(query).listings[0].shocks
    assert shocks.std() == pytest.approx(1, rel=0.05)
    assert np.mean(np.abs(shocks) > 4) > 10 * 6.3e-5  # a normal's share beyond four deviations


def test_a_planted_effect_comes_out_exactly() -> None:
    effects = (
        PlantedEffect(
            listing=NAMED[0][0], first_session=date(2025, 5, 28), log_return=0.08, n_sessions=20
        ),
        PlantedEffect(
            listing=NAMED[4][0], first_session=date(2026, 3, 9), log_return=-0.3, n_sessions=5
        ),
    )
    plain = replace(REQUEST, price_limits=False, suspensions=False)
    without, planted = simulated(plain), simulated(replace(plain, effects=effects))
    for effect in effects:
        sessions = calendar_of(effect.listing.exchange)
        before = sessions.offset(effect.first_session, -1)
        last = sessions.offset(effect.first_session, effect.n_sessions - 1)
        gains = {}
        for name, tables in (("without", without), ("planted", planted)):
            daily = _with_factor(
                tables[TableName.BARS].to_pandas(), tables[TableName.FACTORS].to_pandas()
            )
            own = daily[daily["listing"] == effect.listing.id].set_index("session")
            end, ticks = own.loc[pd.Timestamp(last)], 0.01 / own["close"].min()
            close = np.log(end["close"] * end["factor"])
            previous = own.loc[pd.Timestamp(before)]
            opened = own.loc[pd.Timestamp(effect.first_session)]
            gains[name] = (
                close - np.log(previous["close"] * previous["factor"]),
                close - np.log(opened["open"] * opened["factor"]),
            )
        for with_effect, plain_gain in zip(gains["planted"], gains["without"], strict=True):
            assert with_effect - plain_gain == pytest.approx(effect.log_return, abs=2 * ticks)


def test_remarks_tell_what_was_simulated() -> None:
    effect = PlantedEffect(
        listing=NAMED[0][0], first_session=date(2025, 5, 28), log_return=0.08, n_sessions=20
    )
    market = SimulatedMarket()
    query = market.build_query(replace(REQUEST, n_other=0, effects=(effect,)))
    remarks = market.normalise(query, market.fetch(query)).remarks
    assert remarks[0] == "SIMULATED market, seed 20260528: no price here was ever traded"
    assert "planted +0.08 log return on 300857.SZ over 20 sessions from 2025-05-28" in remarks


def test_a_market_without_names_has_no_index() -> None:
    tables = simulated(replace(REQUEST, securities=NAMED[:1], n_other=0))
    assert tables[TableName.LISTINGS]["listing"].to_pylist() == ["300857.SZ", "000300.SH"]
    assert tables[TableName.BOARD_LOTS].num_rows == 0


def test_a_board_starts_on_its_opening_day() -> None:
    request = replace(REQUEST, start=date(2019, 7, 1), end=date(2019, 8, 30), n_other=60)
    tables = simulated(request)
    listed = tables[TableName.LISTINGS].to_pandas().set_index("listing")
    assert listed.loc["688256.SH", "list_date"] == date(2019, 7, 22)
    assert "920002.BJ" not in listed.index
    stars = tables[TableName.BARS].to_pandas().query("listing.str.startswith('688')")
    assert stars["session"].min() == date(2019, 7, 22)


def _effect(**changed: object) -> PlantedEffect:
    usual = {
        "listing": NAMED[0][0],
        "first_session": date(2025, 5, 28),
        "log_return": 0.1,
        "n_sessions": 5,
    }
    return PlantedEffect(**{**usual, **changed})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changed", "kind", "what", "fix"),
    [
        ({"seed": -1}, InputError, "seed -1 is negative", "0 or more"),
        ({"n_other": 100_000}, InputError, "n_other is 100000", "0 to 9000"),
        ({"n_other": 0, "securities": ()}, InputError, "no listings", "name securities"),
        ({"fetched_at": datetime(2026, 6, 1)}, InputError, "not in UTC", "aware"),  # noqa: DTZ001
        (
            {"fetched_at": datetime(2026, 6, 1, tzinfo=timezone(timedelta(hours=8)))},
            InputError,
            "not in UTC",
            "aware",
        ),
        ({"end": date(2024, 6, 3)}, DateRangeError, "not before end 2024-06-03", "earlier"),
        (
            {"start": date(2024, 6, 8), "end": date(2024, 6, 10)},
            DateRangeError,
            "fewer than 2 sessions",
            "widen",
        ),
        ({"end": date(2100, 1, 4)}, DateRangeError, "outside the sessions", "upgrade"),
        ({"securities": (NAMED[0], NAMED[0])}, InputError, "named 2 times", "once"),
        (
            {"securities": ((parse_listing("HSI.HK"), "x", "y"),)},
            InputError,
            "board index, which is not simulated",
            "main board",
        ),
        ({"securities": ((NAMED[0][0], "x", ""),)}, InputError, "no sector", "give both"),
        ({"model": MarketModel(correlation=1.5)}, InputError, "correlation is 1.5", "-1 to 1"),
        ({"model": MarketModel(drift=float("nan"))}, InputError, "drift is nan", "number"),
        ({"model": MarketModel(tail_degrees=2.0)}, InputError, "tail_degrees", "more than 2"),
        ({"model": MarketModel(storm_share=1.0)}, InputError, "too large", "below 1"),
        (
            {"effects": (_effect(listing=parse_listing("600000.SH")),)},
            InputError,
            "not among the securities",
            "add it",
        ),
        ({"effects": (_effect(log_return=2.0),)}, InputError, "is 2.0", "at most 1"),
        ({"effects": (_effect(n_sessions=0),)}, InputError, "no session", "1 or more"),
        (
            {"effects": (_effect(first_session=date(2025, 5, 31)),)},
            InputError,
            "2025-05-31, which is not a session",
            "give a session",
        ),
        (
            {"effects": (_effect(first_session=date(2024, 6, 3)),)},
            InputError,
            "after its first one",
            "give a session",
        ),
    ],
)
def test_unusable_requests_are_refused(
    changed: dict[str, object], kind: type[InputError], what: str, fix: str
) -> None:
    with pytest.raises(kind, match=re.escape(what)) as error:
        SimulatedMarket().build_query(replace(REQUEST, **changed))  # type: ignore[arg-type]
    assert fix in error.value.fix
