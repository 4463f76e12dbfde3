"""Ranks of computed fields in their own history against pandas, day by day, sharing no code.

Each day's value is worked out anew from the rows that were known on it.
"""

from datetime import date

import numpy as np
import pandas as pd
import pytest

from screener.data.lake.asof import AsOf
from screener.data.lake.batch import Batch
from screener.data.lake.schema import TableName
from screener.data.lake.store import Store
from screener.domain.listing import Currency, Exchange
from screener.market.calendars import calendar_of
from screener.screen.computed import Why
from screener.screen.fields import FIELDS
from screener.workflows.screen import own_history
from screener.workflows.screen.facts import Facts
from tests.support.each import failing
from tests.support.lake_rows import table
from tests.support.soaking import SOAK, soaked

IDS = ("00700.HK", "00981.HK", "600001.SH", "600002.SH", "600003.SH")
DAYS = (date(2024, 5, 1), date(2023, 4, 29))  # a holiday, and a Saturday
RANKS = {"pct": 5, "pct_3y": 3, "pct_10y": 10}
FIGURES = ("revenue", "net_profit", "equity", "gross_margin", "ebit", "income_tax")
FIGURES += ("depreciation", "total_assets", "total_liabilities", "cash_equivalents", "debt")
FIGURES += ("minorities",)
NAMES = ("roe_ttm", "roic_ttm", "debt_ratio", "gross_margin", "net_margin")
NAMES += ("ev_revenue", "ev_ebitda")


def statements(random):
    """Return quarters with restatements; one company stops reporting for two years."""
    for item in IDS:
        for end in pd.date_range("2018-12-31", "2024-03-31", freq="QE"):
            if item == "600003.SH" and 2021 <= end.year <= 2022:
                continue
            figures = dict(
                zip(FIGURES, np.round(random.normal(5, 3, len(FIGURES)), 1), strict=True)
            )
            if end.month in (3, 9):
                figures["depreciation"] = None
            known = end + pd.Timedelta(days=int(random.integers(20, 110)))
            vintages = [(known, figures)]
            if random.random() < 0.3:
                again = {**figures, "net_profit": 4.0, "debt": 1.0}
                vintages.append((known + pd.Timedelta(days=150), again))
            for day, told in vintages:
                yield {
                    "listing": item,
                    "period_end": end.date(),
                    "known_at": day.date(),
                    "known_by": "test",
                    "currency": "CNY",
                    **told,
                }


@pytest.fixture(scope="module")
def lake(tmp_path_factory):
    random = np.random.default_rng(3)
    days = pd.bdate_range("2019-03-01", "2024-06-28")
    values = [
        {"listing": item, "session": day.date(), "market_cap": float(random.integers(1, 60))}
        for item in IDS
        for day in days
        if random.random() < 0.8
    ]
    rates = np.round(0.85 + 0.1 * random.random(len(days)), 2)
    tables = {
        TableName.FUNDAMENTALS: list(statements(random)),
        TableName.VALUATION: values,
        TableName.FX: [
            {"pair": "HKDCNY", "session": day.date(), "rate": float(rate)}
            for day, rate in zip(days, rates, strict=True)
        ],
        TableName.LISTINGS: [
            {
                "listing": item,
                "kind": "stock",
                "board": "main",
                "currency": "HKD" if item.endswith("HK") else "CNY",
                "list_date": date(2023, 1, 9) if item == "600002.SH" else date(2010, 1, 4),
            }
            for item in IDS
        ],
    }
    root = tmp_path_factory.mktemp("own") / "data_cache"
    with Store.create(root) as store:
        rows = {name: table(name, held) for name, held in tables.items()}
        store.commit(Batch(tables=rows), message="rows")
    frames = {name: pd.DataFrame(held) for name, held in tables.items()}
    for frame in frames.values():
        for column in ("session", "period_end", "known_at"):
            if column in frame:
                frame[column] = pd.to_datetime(frame[column])
    with Store.open(root) as store:
        yield store, frames


def fields_on(own, day):
    """Return the fields of one company on a day, and what others claim of it."""
    rows = own[own["known_at"] <= day].sort_values("known_at").groupby("period_end").tail(1)
    rows = rows.set_index("period_end").sort_index()
    nothing = dict.fromkeys((*NAMES, "claims", "revenue_ttm", "ebitda_ttm"), np.nan)
    oldest = day - pd.DateOffset(months=15)
    if not len(rows) or rows.index[-1] < oldest:
        return nothing

    def get(when, name):
        value = rows[name].get(when, np.nan)
        return np.nan if value is None else value

    def ttm(name, end):
        if end.month == 12:
            return get(end, name)
        ago, year = end - pd.DateOffset(years=1), pd.Timestamp(end.year - 1, 12, 31)
        return get(end, name) + get(year, name) - get(ago + pd.offsets.MonthEnd(0), name)

    end = rows.index[-1]
    ago = end - pd.DateOffset(years=1) + pd.offsets.MonthEnd(0)
    both = rows[["ebit", "depreciation"]].astype(float).dropna().index
    worn = np.nan
    if len(both) and both[-1] >= oldest:
        worn = ttm("ebit", both[-1]) + ttm("depreciation", both[-1])
    equity = [get(when, "equity") for when in (end, ago)]
    put_in = [
        get(when, "equity") + get(when, "minorities") + get(when, "debt") for when in (end, ago)
    ]
    profit, revenue = ttm("net_profit", end), ttm("revenue", end)
    assets = get(end, "total_assets")
    return {
        "roe_ttm": profit / np.mean(equity) if min(equity) > 0 else np.nan,
        "roic_ttm": (ttm("ebit", end) - ttm("income_tax", end)) / np.mean(put_in)
        if min(put_in) > 0
        else np.nan,
        "debt_ratio": get(end, "total_liabilities") / assets if assets > 0 else np.nan,
        "gross_margin": get(end, "gross_margin"),
        "net_margin": profit / revenue if revenue > 0 else np.nan,
        "claims": get(end, "debt") + get(end, "minorities") - get(end, "cash_equivalents"),
        "revenue_ttm": revenue,
        "ebitda_ttm": worn,
    }


class Oracle:
    def __init__(self, frames, sessions):
        self.sessions, self.kept = sessions, {}
        rows = frames[TableName.FUNDAMENTALS].sort_values("known_at")
        self.rows = dict(tuple(rows.groupby("listing")))
        self.known = {item: own["known_at"].to_numpy() for item, own in self.rows.items()}
        self.listed = frames[TableName.LISTINGS].set_index("listing")["list_date"]
        self.caps = frames[TableName.VALUATION].set_index("session").groupby("listing")
        self.rates = frames[TableName.FX].set_index("session")["rate"]

    def fields(self, item, day):
        known = np.searchsorted(self.known[item], day.to_numpy(), side="right")
        key = item, known, day.year, day.month
        if key not in self.kept:
            self.kept[key] = fields_on(self.rows[item], day)
        return self.kept[key]

    def series(self, item, name, day):
        """Return the values of ten years by day, the last one as of the day."""
        if not name.startswith("ev_"):
            days = self.sessions["HK" if item.endswith("HK") else "SH"]
            days = days[(days <= day) & (days >= pd.Timestamp(self.listed[item]))]
            days = days[days > days[-1] - pd.DateOffset(years=10)]
            return pd.Series([self.fields(item, d)[name] for d in [*days[:-1], day]], days)
        caps = self.caps.get_group(item)["market_cap"].loc[:day]
        if item.endswith("HK"):
            caps = caps * self.rates.reindex(caps.index, method="ffill")
        figure = name.removeprefix("ev_") + "_ttm"
        found = []
        for session, cap in caps.items():
            told = self.fields(item, day if session == caps.index[-1] else session)
            value, over = cap + told["claims"], told[figure]
            found.append(value / over if value > 0 and over > 0 else np.nan)
        return pd.Series(found, caps.index)


def expected(values, years):
    values = values[values.index > values.index[-1] - pd.DateOffset(years=years)]
    last, there = values.iloc[-1], values.dropna()
    if np.isnan(last) or len(there) < 250:
        return np.nan
    return (there.rank().iloc[-1] - 1) / (len(there) - 1)


def facts_on(store, day):
    known = AsOf.after_close(store, day)
    snapshots = known.snapshots()
    return Facts(
        known=known,
        ids=IDS,
        peers=np.ones(len(IDS), dtype=bool),
        snapshots=snapshots,
        valuations=known.valuation(snapshots),
        currency=Currency.CNY,
        currencies={item: Currency(text) for item, text in known.currencies().items()},
    )


def test_every_computed_history_is_compared():
    bases = {field.base for field in FIELDS.values() if field.rank and field.rank.years}
    assert {name for name in bases if not FIELDS[name].stored} == set(NAMES)


@soaked
def test_a_rank_among_its_own_days_agrees_with_pandas(lake, monkeypatch):
    monkeypatch.setattr(own_history, "_SLICE", np.timedelta64(300, "D"))
    store, frames = lake
    sessions = {
        name: pd.DatetimeIndex(calendar_of(exchange).sessions)
        for name, exchange in (("SH", Exchange.SH), ("HK", Exchange.HK))
    }
    oracle, n_ranks = Oracle(frames, sessions), 0

    def check(pair):
        nonlocal n_ranks
        name, day = pair
        held = facts_on(store, day)
        series = [oracle.series(item, name, pd.Timestamp(day)) for item in IDS]
        for rank, years in RANKS.items():
            wanted = [expected(values, years) for values in series]
            found = held.number(f"{name}_{rank}")
            np.testing.assert_allclose(found.values, wanted, rtol=1e-12, err_msg=rank)
            assert (found.why == Why.THERE).tolist() == np.isfinite(wanted).tolist()
            n_ranks += int(np.isfinite(wanted).sum())

    pairs = [(name, day) for day in DAYS for name in NAMES]
    pairs = pairs if SOAK else [(name, DAYS[0]) for name in ("net_margin", "ev_ebitda")]
    assert failing(check, pairs, str) == []
    assert n_ranks > 6 * len(pairs)
