"""A screen over generated rows, through the real store, against pandas and nothing of ours.

The expectation is worked out from the generated frames with pandas alone: last row per listing
within seven days, currency, ranges, predicate, ranks.
"""

from datetime import UTC, date, datetime, timedelta

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from screener.data.lake.batch import Batch
from screener.data.lake.schema import TABLES, TableName
from screener.data.lake.store import Store
from screener.screen.criteria import parse_criteria, parse_order
from screener.workflows.screen.run import ScreenRequest, Universe, run_screen
from screener.workflows.screen.table import screen_table

AS_OF = date(2026, 5, 30)
SNAPSHOT = {"SH": date(2026, 5, 29), "HK": date(2026, 5, 28)}
MULTIPLES = ("pe_ttm", "pe_static", "pb", "ps_ttm", "pcf_ttm")
ARROW = {
    "VARCHAR": pa.string(),
    "DATE": pa.date32(),
    "DOUBLE": pa.float64(),
    "TIMESTAMP WITH TIME ZONE": pa.timestamp("us", tz="UTC"),
}


def generated_valuations():
    rng = np.random.default_rng(20260530)
    codes = [f"{600000 + at}.SH" for at in range(300)] + [f"{at:05d}.HK" for at in range(1, 121)]
    frames = []
    # Days before the market's snapshot; the last two lie after AS_OF and must not be seen.
    for back in (0, 1, 5, 7, 8, 20, -3, -4):
        frame = pd.DataFrame({"listing": codes})
        last = frame["listing"].str[-2:].map(SNAPSHOT)
        frame["session"] = [day - timedelta(days=back) for day in last]
        for name in MULTIPLES:
            frame[name] = np.where(
                rng.random(len(codes)) < 0.1, np.nan, rng.normal(15, 14, len(codes)).round(4)
            )
        frame["market_cap"] = rng.lognormal(23, 1.5, len(codes))
        frame["float_cap"] = frame["market_cap"] * rng.uniform(0.2, 1, len(codes))
        frame["dividend_yield"] = np.where(
            rng.random(len(codes)) < 0.3, np.nan, rng.uniform(0, 0.08, len(codes))
        )
        keep = rng.random(len(codes)) < (0.7 if back >= 0 else 0.9)
        frames.append(frame[keep | ((back == 0) & (frame["listing"].str[-5:-3] == "01"))])
    return pd.concat(frames, ignore_index=True)


def generated_fixings():
    days = [date(2026, 5, 1) + timedelta(days=at) for at in range(0, 27, 2)]
    rates = np.linspace(0.88, 0.92, len(days))
    return pd.DataFrame({"pair": "HKDCNY", "session": days, "rate": rates})


def arrow(table, frame):
    columns = {}
    for item in TABLES[table].columns:
        given = frame.get(item.name)
        if item.name == "source":
            given = ["generated"] * len(frame)
        elif item.name == "fetched_at":
            given = [datetime(2026, 6, 10, tzinfo=UTC)] * len(frame)
        columns[item.name] = pa.array(given, ARROW[item.type], from_pandas=True)
    return pa.table(columns)


@pytest.fixture(scope="module")
def market(tmp_path_factory):
    valuations, fixings = generated_valuations(), generated_fixings()
    root = tmp_path_factory.mktemp("market") / "data_cache"
    batch = Batch(
        tables={
            TableName.VALUATION: arrow(TableName.VALUATION, valuations),
            TableName.FX: arrow(TableName.FX, fixings),
        }
    )
    with Store.create(root) as store:
        store.commit(batch, message="generated market")
    with Store.open(root) as store:
        yield store, valuations, fixings


def expected(valuations, fixings):
    """Return the passes by rank, and all listings looked at, with pandas alone."""
    seen = valuations[pd.to_datetime(valuations["session"]) <= pd.Timestamp(AS_OF)].copy()
    seen["day"] = pd.to_datetime(seen["session"]).astype("datetime64[ns]")
    seen["market"] = seen["listing"].str[-2:]
    seen["snapshot"] = seen.groupby("market")["day"].transform("max")
    near = seen[seen["snapshot"] - seen["day"] <= pd.Timedelta(days=7)]
    last = near.sort_values("day").groupby("listing").tail(1).sort_values("day")
    fx = fixings.assign(fixed=pd.to_datetime(fixings["session"]).astype("datetime64[ns]"))
    last = pd.merge_asof(last, fx[["fixed", "rate"]], left_on="day", right_on="fixed")
    hong_kong = last["market"] == "HK"
    last["market_cap"] = last["market_cap"].where(~hong_kong, last["market_cap"] * last["rate"])
    for name in MULTIPLES:
        last[name] = last[name].where(last[name] > 0)
    passed = last[
        last["pe_ttm"].between(2, 25)
        & (last["pb"] <= 20.5)
        & (last["market_cap"] >= 5e9)
        & ((last["ps_ttm"] < 2 * last["pb"]) | (last["dividend_yield"] >= 0.03))
    ]
    ranked = passed.sort_values(["market_cap", "listing"], ascending=[False, True])
    return ranked, set(near["listing"])


def test_screen_agrees_with_pandas(market):
    store, valuations, fixings = market
    request = ScreenRequest(
        as_of=AS_OF,
        universe=Universe.ALL,
        criteria=parse_criteria({"pe_ttm": "2..25", "pb": "..20.5", "market_cap": "5e9.."}),
        where="ps_ttm < 2 * pb OR dividend_yield >= 0.03",
        sort=parse_order("-market_cap"),
    )
    result = run_screen(store, request)
    ranked, looked_at = expected(valuations, fixings)
    passes = [row for row in result.rows if row.passed]

    assert 40 < len(ranked) < len(looked_at)
    assert set(ranked["market"]) == {"SH", "HK"}
    assert result.sessions == {"mainland": SNAPSHOT["SH"], "Hong Kong": SNAPSHOT["HK"]}
    assert {row.listing for row in result.rows} == looked_at
    assert [row.listing for row in passes] == list(ranked["listing"])
    assert [row.rank for row in passes] == list(range(1, len(ranked) + 1))
    assert [row.session for row in passes] == list(ranked["session"])
    cells = screen_table(result, passed_only=True).rows
    for name in ("pe_ttm", "pb", "market_cap"):
        found = [row[name] for row in cells]
        assert found == pytest.approx(list(ranked[name]), rel=1e-12)
