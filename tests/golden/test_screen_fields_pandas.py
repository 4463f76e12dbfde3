"""Every field of the screen against pandas, on the simulated market: 20 dates in the soak.

All listings, those delisted later too, and all fields. The expectation is worked out from the
tables' frames with pandas and numpy alone.
"""

from dataclasses import replace
from datetime import UTC, date, datetime

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from benchmarks.fields import facts_of
from screener.data.lake.asof import AsOf, Market, market_of
from screener.data.lake.batch import Batch
from screener.data.lake.schema import SIMULATED, TABLES, TableName
from screener.data.lake.store import Store
from screener.data.sources.simulated import SimulatedMarket, SimulationRequest
from screener.data.sources.simulated.ratings import simulated_ratings
from screener.domain.listing import Currency
from screener.screen.computed import Computed, Why
from screener.screen.fields import FIELDS, Rank
from screener.workflows.screen.facts import Facts
from tests.support.lake_rows import table
from tests.support.soaking import SOAK

AT = datetime(2025, 1, 2, tzinfo=UTC)
EVERY = [date(year, month, 17) for year in (2022, 2023, 2024) for month in (1, 3, 5, 8, 9, 11)]
EVERY += [date(2024, 4, 29), date(2024, 5, 1)]
DATES = EVERY if SOAK else EVERY[::4]  # all 20 in the soak
CARDS = ("reports", "named_in", "themes", "days_since_report")
SPANS = (5, 20, 60, 120, 250)
DAYS = ("session", "ex_session", "valid_from", "period_end", "known_at", "published")
OWN = [name for name, field in FIELDS.items() if field.rank and field.rank.years]


@pytest.fixture(scope="module")
def market(tmp_path_factory):
    """Return the store, and its tables as frames."""
    source = SimulatedMarket()
    request = SimulationRequest(
        seed=11,
        start=date(2021, 1, 4),
        end=date(2024, 12, 31),
        fetched_at=AT,
        n_other=80,
        detailed=True,
    )
    query = source.build_query(request)
    payload = source.fetch(query)
    batch = source.normalise(query, payload)
    ratings = simulated_ratings(batch.tables, seed=11, at=AT)
    told = half_yearly_depreciation(batch.tables[TableName.FUNDAMENTALS])
    random = np.random.default_rng(5)
    tables = {
        **batch.tables,
        TableName.FUNDAMENTALS: told,
        TableName.RATINGS: ratings,
        TableName.ESTIMATES: estimates(told, random),
        TableName.ELIGIBILITY: eligibility(batch.tables[TableName.LISTINGS], random),
    }
    root = tmp_path_factory.mktemp("fields") / "data_cache"
    with Store.create(root) as store:
        store.commit(replace(batch, tables=tables), message="simulated")
    frames = {name: rows.to_pandas() for name, rows in tables.items()}
    for frame in frames.values():
        for column in (
            "session",
            "ex_session",
            "valid_from",
            "period_end",
            "known_at",
            "published",
        ):
            if column in frame:
                frame[column] = pd.to_datetime(frame[column])
    frames["wide"] = list(wide_tables(frames))
    with Store.open(root) as store:
        yield store, frames


def half_yearly_depreciation(rows):
    """Leave out the depreciation of the first and third quarters, as mainland reports do."""
    frame = rows.to_pandas()
    quarter = pd.to_datetime(frame["period_end"]).dt.month.isin((3, 9))
    frame.loc[quarter, "depreciation"] = np.nan
    return pa.Table.from_pandas(frame, schema=rows.schema, preserve_index=False)


def estimates(statements, random):
    """Return estimates of four brokers and, for a few names, of a consensus."""
    rows = {}
    for at, listing in enumerate(sorted(set(statements.column("listing").to_pylist()))):
        names = ["a", "b", "c", "d", *([""] if at % 7 == 0 else [])]
        for day in pd.date_range("2021-06-01", "2024-12-20", freq="67D").date:
            for broker in random.choice(names, 2, replace=False) if at % 11 else ():
                year = day.year + int(random.integers(0, 2))
                rows[listing, year, broker, day] = {
                    "source": SIMULATED,
                    "listing": listing,
                    "fiscal_year": year,
                    "broker": broker,
                    "known_at": day,
                    "currency": "CNY" if random.random() < 0.7 else "HKD",
                    "eps": None if random.random() < 0.2 else random.normal(1.0, 0.8),
                    "profit": None if at % 3 == 0 else random.normal(1e9, 7e8),
                    "revenue": None if at % 4 == 0 else random.normal(8e9, 4e9),
                }
    return table(TableName.ESTIMATES, list(rows.values()))


def eligibility(listings, random):
    """Return spells of Hong Kong listings from the second year on, some of them over."""
    names = [item for item in listings.column("listing").to_pylist() if item.endswith(".HK")]
    rows = []
    for item in names[::2]:
        ends = [None, date(2023, 5, 17), date(2023, 12, 1)][int(random.integers(0, 3))]
        spell = {"listing": item, "programme": "southbound", "source": SIMULATED}
        spell["valid_from"] = date(2022, 3, 17)
        rows.append({**spell, "valid_to": ends})
        if ends is not None and random.random() < 0.5:
            rows.append({**spell, "valid_from": date(2024, 4, 1), "valid_to": None})
    return table(TableName.ELIGIBILITY, rows)


def is_hk(ids):
    return pd.Series(list(ids)).str.endswith(".HK").to_numpy()


def found(store, day):
    """Return the ids of the stocks of the day, and each field as our code has it."""
    facts = facts_of(store, day, FIELDS)
    left_out = CARDS if day == DATES[-1] else (*CARDS, *OWN)
    return facts.ids, {name: facts.column(name) for name in FIELDS if name not in left_out}


def wide_tables(frames):
    """Return the bars of each market as sessions by listings."""
    bars, steps = frames[TableName.BARS], frames[TableName.FACTORS]
    factor = steps.pivot_table("factor", "ex_session", "listing")
    for hk in (False, True):
        own = bars[bars["listing"].str.endswith(".HK") == hk]
        names = ("close", "amount", "volume")
        wide = {name: own.pivot_table(name, "session", "listing") for name in names}
        close = wide["close"]
        held = factor.reindex(close.index.union(factor.index)).ffill().reindex(close.index)
        wide["level"] = close * held.reindex(columns=close.columns).fillna(1.0)
        yield wide


class Oracle:
    """The fields of one day with pandas."""

    def __init__(self, frames, day, ids):
        self.frames, self.day, self.ids = frames, pd.Timestamp(day), list(ids)
        self.fx = frames[TableName.FX].set_index("session")["rate"].loc[: self.day].iloc[-1]
        self.fields = {}
        self.valued()
        self.priced()
        self.reported()
        self.told()
        self.mixed()
        self.ranked()

    def at(self, series):
        return series.reindex(self.ids)

    def rate(self):
        return np.where(is_hk(self.ids), self.fx, 1.0)

    def valued(self):
        rows = self.frames[TableName.VALUATION]
        rows = rows[rows["session"] <= self.day]
        parts = []
        for hk in (False, True):
            own = rows[rows["listing"].str.endswith(".HK") == hk]
            last = own["session"].max()
            near = own[own["session"] >= last - pd.Timedelta(days=7)].sort_values("session")
            parts.append(near.groupby("listing").tail(1))
        last = pd.concat(parts).set_index("listing")
        self.raw = last
        for name in ("pe_ttm", "pe_static", "pb", "ps_ttm", "pcf_ttm"):
            self.fields[name] = self.at(last[name].where(last[name] > 0))
        fx = self.frames[TableName.FX].set_index("session")["rate"]
        on = self.at(last["session"])
        pairs = zip(is_hk(self.ids), on, strict=True)
        rate = np.array(
            [1.0 if not hk or pd.isna(day) else fx.loc[:day].iloc[-1] for hk, day in pairs]
        )
        for name in ("market_cap", "float_cap"):
            self.fields[name] = self.at(last[name]) * rate
        self.fields["dividend_yield"] = self.at(last["dividend_yield"])

    def priced(self):
        columns = {}
        for wide in self.frames["wide"]:
            names = [item for item in self.ids if item in wide["close"]]
            close, level, amount, volume = (
                wide[name][names].loc[: self.day] for name in ("close", "level", "amount", "volume")
            )
            count = close.notna().sum()
            for n in SPANS:
                ret = level.iloc[-1] / level.shift(n).iloc[-1] - 1
                columns.setdefault(f"return_{n}", []).append(ret)
            daily = level.pct_change(fill_method=None).iloc[-60:]
            vol = daily.std(ddof=1) * np.sqrt(250)
            columns.setdefault("volatility_60", []).append(vol.where(daily.notna().sum() == 60))
            high = level.iloc[-1] / level.iloc[-250:].max() - 1
            columns.setdefault("from_high_250", []).append(high.where(count >= 250))
            mean = amount.iloc[-20:].mean().where(count >= 20)
            columns.setdefault("amount", []).append(mean)
            columns.setdefault("price", []).append(close.iloc[-1])
            columns.setdefault("suspended", []).append(volume.iloc[-1] == 0)
        for name, parts in columns.items():
            self.fields[name] = self.at(pd.concat(parts))
        self.fields["amount_20"] = self.fields["amount"] * self.rate()

    def reported(self):
        rows = self.frames[TableName.FUNDAMENTALS]
        rows = rows[rows["known_at"] <= self.day].sort_values("known_at")
        last = rows.groupby(["listing", "period_end"]).tail(1)
        figures = {}
        for listing, own in last.groupby("listing"):
            if listing in set(self.ids):
                figures[listing] = self.of_company(own.set_index("period_end").sort_index())
        frame = pd.DataFrame.from_dict(figures, orient="index")
        for name in frame:
            self.fields[name] = self.at(frame[name])
        money = ("revenue_ttm", "net_profit_ttm", "core_profit_ttm", "equity", "ebit_ttm")
        for name in (*money, "operating_cash_flow_ttm", "ebitda_ttm", "net_cash", "claims"):
            self.fields[name] = self.fields[name] * self.rate()

    def of_company(self, own):
        end = own.index[-1]
        if end < self.day - pd.DateOffset(months=15):
            return {}
        get = lambda when, name: own[name].get(when, np.nan)  # noqa: E731
        ago = end - pd.DateOffset(years=1) + pd.offsets.MonthEnd(0)
        year_end = end if end.month == 12 else pd.Timestamp(end.year - 1, 12, 31)

        def ttm(name):
            if end.month == 12:
                return get(end, name)
            return get(end, name) + get(year_end, name) - get(ago, name)

        def yoy(name):
            now, before = get(end, name), get(ago, name)
            return now / before - 1 if before > 0 else np.nan

        def cagr(name):
            now, before = get(year_end, name), get(year_end - pd.DateOffset(years=3), name)
            return (now / before) ** (1 / 3) - 1 if now > 0 and before > 0 else np.nan

        annual = own["net_profit"][own.index.month == 12].loc[:year_end]
        there = len(annual) and annual.index[-1] == year_end
        streak = grown = np.nan
        if there:
            values = annual.to_numpy()[::-1]
            streak = next((at for at, value in enumerate(values) if value <= 0), len(values))
            if len(values) > 1:
                rises = values[:-1] > values[1:]
                grown = next((at for at, up in enumerate(rises) if not up), len(rises))
        profit, revenue, cash = ttm("net_profit"), ttm("revenue"), ttm("operating_cash_flow")
        now, before = get(end, "equity"), get(ago, "equity")
        put_in = [
            get(when, "equity") + get(when, "minorities") + get(when, "debt") for when in (end, ago)
        ]
        interest, tax = ttm("interest_expense"), ttm("income_tax")
        assets, debt, held = (get(end, n) for n in ("total_assets", "debt", "cash_equivalents"))
        return {
            "revenue_ttm": revenue,
            "net_profit_ttm": profit,
            "core_profit_ttm": ttm("net_profit_deducted"),
            "operating_cash_flow_ttm": cash,
            "equity": now,
            "roe_ttm": profit / ((now + before) / 2) if now > 0 and before > 0 else np.nan,
            "gross_margin": get(end, "gross_margin"),
            "ebit_ttm": ttm("ebit"),
            "ebitda_ttm": self.worn(own),
            "roic_ttm": (ttm("ebit") - tax) / np.mean(put_in) if min(put_in) > 0 else np.nan,
            "debt_ratio": get(end, "total_liabilities") / assets if assets > 0 else np.nan,
            "interest_cover": ttm("ebit") / interest if interest > 0 else np.nan,
            "net_cash": held - debt,
            "claims": debt + get(end, "minorities") - held,
            "core_profit_cagr_3y": cagr("net_profit_deducted"),
            "net_margin": profit / revenue if revenue > 0 else np.nan,
            "revenue_yoy": yoy("revenue"),
            "profit_yoy": yoy("net_profit"),
            "core_profit_yoy": yoy("net_profit_deducted"),
            "revenue_cagr_3y": cagr("revenue"),
            "profit_cagr_3y": cagr("net_profit"),
            "cash_to_profit": cash / profit if profit > 0 else np.nan,
            "profit_years": streak,
            "growth_years": grown,
            "statement_days": (self.day - own["known_at"].iloc[-1]).days,
        }

    def worn(self, own):
        """Return EBITDA of four quarters, to the last statement that tells depreciation."""
        both = (own["ebit"] + own["depreciation"]).dropna()
        if not len(both) or both.index[-1] < self.day - pd.DateOffset(months=15):
            return np.nan
        end = both.index[-1]
        if end.month == 12:
            return both.iloc[-1]
        ago = end - pd.DateOffset(years=1) + pd.offsets.MonthEnd(0)
        return both.iloc[-1] + both.get(pd.Timestamp(end.year - 1, 12, 31)) - both.get(ago)

    def shares_since(self, rows, day):
        """Return the shares of today that one of each row's day became."""
        actions = self.frames[TableName.ACTIONS]
        actions = actions[actions["ex_session"] <= self.day]
        made = (1 + actions["bonus"].fillna(0)) * actions["split"].fillna(1)
        actions = actions.assign(made=made)[made != 1]
        ratio = []
        for listing, since in zip(rows["listing"], rows[day], strict=True):
            own = actions[(actions["listing"] == listing) & (actions["ex_session"] > since)]
            ratio.append(own["made"].prod())
        return np.array(ratio)

    def expected(self):
        rows = self.frames[TableName.ESTIMATES]
        near = (rows["known_at"] <= self.day) & (
            rows["known_at"] >= self.day - pd.Timedelta(days=180)
        )
        rows = rows[near & (rows["fiscal_year"] == self.day.year)].sort_values("known_at")
        rows = rows.groupby(["listing", "broker"]).tail(1)
        agreed = set(rows[rows["broker"] == ""]["listing"])
        rows = rows[(rows["broker"] == "") | ~rows["listing"].isin(agreed)]
        fx = self.frames[TableName.FX].set_index("session")["rate"]
        last = [wide["close"].loc[: self.day].index[-1] for wide in self.frames["wide"]]
        mainland, hong_kong = (fx.loc[:day].iloc[-1] for day in last)  # of its market's session
        of_market = np.where(is_hk(rows["listing"]), hong_kong, mainland)
        rate = np.where(rows["currency"] == "HKD", of_market, 1.0)
        rows = rows.assign(
            profit=rows["profit"].astype(float) * rate,
            eps=rows["eps"].astype(float) * rate / self.shares_since(rows, "known_at"),
            revenue=rows["revenue"].astype(float) * rate,
        )
        profit, eps, self.fields["revenue_expected"] = (
            self.at(rows.groupby("listing")[name].median()) for name in ("profit", "eps", "revenue")
        )
        whole = (self.fields["market_cap"] / profit).where(profit > 0)
        share = (self.fields["price"] * self.rate() / eps).where(eps > 0)
        first = profit.notna() & self.fields["market_cap"].notna()
        self.fields["pe_forward"] = whole.where(first, share)

    def told(self):
        spells = self.frames[TableName.ELIGIBILITY]
        spells = spells[spells["valid_from"] <= self.day]
        ends = pd.to_datetime(spells["valid_to"])
        inside = set(spells[ends.isna() | (ends >= self.day)]["listing"])
        bought = pd.Series([item in inside for item in self.ids], self.ids, dtype=object)
        unknown = is_hk(self.ids) & (len(spells) == 0)
        self.fields["southbound"] = bought.where(~unknown, None)
        listed = self.frames[TableName.LISTINGS].set_index("listing")["list_date"]
        self.fields["days_listed"] = (self.day - pd.to_datetime(self.at(listed))).dt.days
        spells = self.frames[TableName.INDUSTRIES]
        spells = spells[spells["valid_from"] <= self.day].sort_values("valid_from")
        self.fields["industry"] = self.at(spells.groupby("listing")["industry"].last())
        names = self.frames[TableName.NAMES]
        names = names[names["valid_from"] <= self.day].sort_values("valid_from")
        name = self.at(names.groupby("listing")["name"].last())
        status = self.frames[TableName.STATUS]
        marked = set(status[(status["session"] == self.day) & status["st"]]["listing"])
        by_name = name.str.replace("*", "", regex=False).str.startswith("ST")
        self.fields["st"] = by_name | pd.Series(self.ids, self.ids).isin(marked)
        self.fields["delisting"] = name.str.startswith("退市") | name.str.endswith("退")
        self.fields["exchange"] = pd.Series(self.ids, self.ids).str[-2:]
        boards = self.frames[TableName.LISTINGS].set_index("listing")["board"]
        self.fields["board"] = self.at(boards)
        rated = self.frames[TableName.RATINGS]
        rated = rated[rated["published"] <= self.day].sort_values("published", kind="stable")
        recent = rated[rated["published"] > self.day - pd.Timedelta(days=90)]
        brokers = recent.groupby("listing")["broker"].nunique()
        self.fields["brokers_90"] = self.at(brokers).fillna(0)
        near = rated[rated["published"] >= self.day - pd.Timedelta(days=180)]
        self.rated = len(near)
        targets = near.dropna(subset=["target_price"]).groupby(["listing", "broker"]).tail(1)
        today = targets["target_price"].astype(float) / self.shares_since(targets, "published")
        median = today.groupby(targets["listing"]).median()
        self.fields["target_upside"] = self.at(median) / self.fields["price"] - 1

    def mixed(self):
        growth = self.fields["profit_cagr_3y"]
        peg = self.fields["pe_ttm"] / (100 * growth)
        self.fields["peg"] = peg.where(growth > 0)
        self.expected()
        value = self.fields["ev"] = self.fields["market_cap"] + self.fields["claims"]
        for name, of in {
            "revenue": "revenue_ttm",
            "ebitda": "ebitda_ttm",
            "revenue_forward": "revenue_expected",
        }.items():
            figure = self.fields[of]
            self.fields[f"ev_{name}"] = (value / figure).where((figure > 0) & (value > 0))
        self.fields["turnover_20"] = self.fields["amount"] / self.at(self.raw["float_cap"])

    def ranked(self):
        market = pd.Series(is_hk(self.ids), self.ids)
        for field in FIELDS.values():
            if field.rank is Rank.MARKET:
                by, least = [market], 20
            elif field.rank is Rank.INDUSTRY:
                by, least = [market, self.fields["industry"]], 5
            else:
                continue
            groups = self.fields[field.base].astype(float).groupby(by)
            n = groups.transform("count")
            rank = (groups.rank() - 1) / (n - 1)
            self.fields[field.name] = rank.where(n >= least)


@pytest.fixture(scope="module")
def compared(market):
    store, frames = market
    days = {}
    for day in DATES:
        ids, ours = found(store, day)
        days[day] = ids, ours, Oracle(frames, day, ids)
    return days


CHECKED = [name for name in FIELDS if name not in (*CARDS, *OWN)]


@pytest.mark.parametrize("name", CHECKED)
def test_a_field_agrees_with_pandas(compared, name):
    n_values = 0
    for day, (_, ours, oracle) in compared.items():
        mine, theirs = ours[name], oracle.fields[name]
        if isinstance(mine, Computed):
            expected = theirs.to_numpy(dtype=float)
            assert (mine.why == Why.THERE).tolist() == np.isfinite(mine.values).tolist()
            np.testing.assert_allclose(
                mine.values, expected, rtol=1e-12, atol=1e-15, err_msg=str(day)
            )
            n_values += int(np.isfinite(expected).sum())
        else:
            assert list(mine) == [None if pd.isna(item) else item for item in theirs], day
            n_values += sum(item is not None for item in mine)
    assert n_values > 40, f"{name} has too few values to compare"


STORED = TABLES[TableName.VALUATION].column_names
VALUED = [name for name in OWN if FIELDS[name].base in STORED]


@pytest.mark.parametrize("name", VALUED if SOAK else VALUED[::5])
def test_a_rank_in_its_own_history_agrees_on_the_market(market, compared, name):
    ids, ours, oracle = compared[DATES[-1]]
    base = FIELDS[name].base
    years = {Rank.OWN: 5, Rank.OWN_3Y: 3, Rank.OWN_10Y: 10}[FIELDS[name].rank]
    rows = market[1][TableName.VALUATION]
    by_listing = rows[rows["session"] <= oracle.day].groupby("listing")
    expected, last = [], oracle.raw["session"]
    for item in ids:
        value = oracle.fields[base][item]
        if not np.isfinite(value):
            expected.append(np.nan)
            continue
        own = by_listing.get_group(item).set_index("session")[base]
        own = own[own.index > last[item] - pd.DateOffset(years=years)]
        own = own.dropna() if base == "dividend_yield" else own[own > 0]
        below = (own < value).sum() + ((own == value).sum() - 1) / 2
        expected.append(below / (len(own) - 1) if len(own) >= 250 else np.nan)
    np.testing.assert_allclose(ours[name].values, expected, rtol=1e-12)
    assert np.isfinite(expected).sum() > 40


def test_listings_of_both_markets_and_later_delisted_ones_are_compared(compared):
    ids = {item for listed, _, _ in compared.values() for item in listed}
    assert {market_of(item) for item in ids} == set(Market)
    first, last = (set(compared[day][0]) for day in (DATES[0], DATES[-1]))
    assert first - last
    assert last - first


def test_the_market_has_every_reason_to_lack_a_value(compared):
    reasons = {
        Why(code)
        for _, ours, _ in compared.values()
        for column in ours.values()
        if isinstance(column, Computed)
        for code in column.why
    }
    assert reasons == set(Why) - {Why.STALE}


@pytest.fixture(scope="module")
def histories(tmp_path_factory):
    """Daily multiples of 12 listings over eleven years, with gaps, losses and ties."""
    random = np.random.default_rng(5)
    days = pd.bdate_range("2013-06-03", "2024-06-28")
    parts = []
    for at in range(12):
        values = np.round(random.normal(18, 15, len(days)), 1)  # rounded: many ties
        values[random.random(len(days)) < 0.05] = np.nan
        kept = random.random(len(days)) < (0.9, 0.2, 0.05)[at % 3]
        parts.append(
            pd.DataFrame({"listing": f"{600000 + at}.SH", "session": days, "pe_ttm": values})[kept]
        )
    frame = pd.concat(parts, ignore_index=True)
    rows = [
        {
            **row,
            "session": row["session"].date(),
            "pe_ttm": None if np.isnan(row["pe_ttm"]) else row["pe_ttm"],
        }
        for row in frame.to_dict("records")
    ]
    root = tmp_path_factory.mktemp("histories") / "data_cache"
    tables = {TableName.VALUATION: table(TableName.VALUATION, rows)}
    with Store.create(root) as store:
        store.commit(Batch(tables=tables), message="histories")
    with Store.open(root) as store:
        yield store, frame


@pytest.mark.parametrize(("rank", "years"), [("pct", 5), ("pct_3y", 3), ("pct_10y", 10)])
def test_a_rank_in_its_own_history_agrees_with_pandas(histories, rank, years):
    store, frame = histories
    ids = tuple(sorted(frame["listing"].unique()))
    n_ranks = 0
    for day in pd.bdate_range("2016-02-29", "2024-06-28", freq="331B"):
        known = AsOf.after_close(store, day.date())
        snapshots = known.snapshots((Market.MAINLAND,))
        facts = Facts(
            known=known,
            ids=ids,
            peers=np.ones(len(ids), dtype=bool),
            snapshots=snapshots,
            valuations=known.valuation(snapshots),
            currency=Currency.CNY,
            currencies={},
        )
        seen = frame[frame["session"] <= day]
        near = seen["session"].max() - pd.Timedelta(days=7)
        expected = []
        for item in ids:
            own = seen[seen["listing"] == item].set_index("session")["pe_ttm"].sort_index()
            last = own.index[-1]
            window = own.loc[own.index > last - pd.DateOffset(years=years)]
            window = window[window > 0]
            there = last >= near and own.iloc[-1] > 0 and len(window) >= 250
            expected.append((window.rank().iloc[-1] - 1) / (len(window) - 1) if there else np.nan)
        ours = facts.number(f"pe_ttm_{rank}")
        np.testing.assert_allclose(ours.values, expected, rtol=1e-12)
        n_ranks += int(np.isfinite(ours.values).sum())
    assert n_ranks > 8
