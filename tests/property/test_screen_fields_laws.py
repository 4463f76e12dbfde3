"""The look-ahead law of every field: later rows of any table change no field of an earlier day."""

from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from screener.data.lake.asof import AsOf
from screener.data.lake.batch import Batch
from screener.data.lake.schema import TableName
from screener.data.lake.store import Store
from screener.domain.listing import Currency
from screener.screen.computed import Computed, Why
from screener.screen.fields import FIELDS
from screener.screen.percentiles import rank_among
from screener.screen.statements import DETAILS
from screener.workflows.screen.facts import Facts
from tests.support.lake_rows import bar, table
from tests.support.laws import laws
from tests.support.soaking import soaked

AS_OF = date(2024, 6, 14)
IDS = tuple(f"60000{at}.SH" for at in range(8))
ENDS = [date(year, *day) for year in (2021, 2022, 2023) for day in ((3, 31), (6, 30), (12, 31))]


def rows_of(random, first, last, until):
    """Return random rows of all tables, dated from a day to another."""
    span = (last - first).days
    days = [first + timedelta(days=int(at)) for at in random.integers(0, span + 1, 60)]
    days = sorted({day for day in days if day.weekday() < 5})
    pick = lambda: str(random.choice(IDS))  # noqa: E731
    number = lambda: float(random.normal(10, 8))  # noqa: E731
    ends = [end for end in ENDS if end < until]
    return {
        TableName.BARS: {
            (item, day): {**bar(item, day, abs(number()) + 1), "volume": 5.0, "amount": 50.0}
            for day in days
            for item in IDS
            if random.random() < 0.9
        },
        TableName.FACTORS: {
            (item, day): {"listing": item, "ex_session": day, "factor": 1 + abs(number())}
            for day in days[:1]
            for item in (pick(),)
        },
        TableName.VALUATION: {
            (item, day): {
                "listing": item,
                "session": day,
                "pe_ttm": number(),
                "pb": number(),
                "float_cap": 1e9 + number(),
                "market_cap": 2e9,
            }
            for day in days
            for item in IDS
        },
        TableName.FUNDAMENTALS: {
            (item, end, day): {
                "listing": item,
                "period_end": end,
                "known_at": day,
                "known_by": "test",
                "currency": "CNY",
                "revenue": abs(number()),
                "net_profit": number(),
                "equity": number(),
                "gross_margin": 0.3,
                "operating_cash_flow": number(),
                **{name: abs(number()) for name in DETAILS if random.random() < 0.9},
            }
            for day in days
            for item, end in ((pick(), ends[int(random.integers(len(ends)))]),)
            if end < day
        },
        TableName.NAMES: {
            (item, day): {"listing": item, "valid_from": day, "name": f"{mark}名{item[5]}"}
            for day in days[:6]
            for item, mark in ((pick(), str(random.choice(["", "*ST", "退市"]))),)
        },
        TableName.INDUSTRIES: {
            (item, day): {
                "listing": item,
                "valid_from": day,
                "industry": str(random.choice(["铜", "云"])),
            }
            for day in days
            for item, sector in ((pick(), str(random.choice(["铜", "云"]))),)
        },
        TableName.STATUS: {
            (item, day): {"listing": item, "session": day, "suspended": True, "st": True}
            for day in days[-3:]
            for item in (pick(),)
        },
        TableName.ESTIMATES: {
            (item, year, broker, day): {
                "listing": item,
                "fiscal_year": year,
                "broker": broker,
                "known_at": day,
                "currency": "CNY",
                "profit": number() if random.random() < 0.6 else None,
                "revenue": number() if random.random() < 0.6 else None,
                "eps": number(),
            }
            for day in days
            for item, broker in ((pick(), str(random.choice(["甲", "乙", ""]))),)
            for year in (2024, 2025)
        },
        TableName.ACTIONS: {
            (item, day): {"listing": item, "ex_session": day, "bonus": 0.5, "announced": day}
            for day in days[-5:]
            for item in (pick(),)
        },
        TableName.ELIGIBILITY: {
            (item, day): {"listing": item, "programme": "southbound", "valid_from": day}
            for day in days[:5]
            for item in (pick(),)
        },
        TableName.RATINGS: {
            (item, day): {
                "listing": item,
                "published": day,
                "broker": "甲",
                "analyst": "",
                "title": "",
                "rating": "买入",
                "target_price": abs(number()) + 1,
            }
            for day in days
            for item in (pick(),)
        },
    }


def values(root, tables):
    masters = [
        {"listing": item, "kind": "stock", "board": "main", "currency": "CNY"} for item in IDS
    ]
    batch = {name: table(name, list(rows.values())) for name, rows in tables.items() if rows}
    batch[TableName.LISTINGS] = table(TableName.LISTINGS, masters)
    with Store.create(root) as store:
        store.commit(Batch(tables=batch), message="rows")
    with Store.open(root) as store:
        known = AsOf.after_close(store, AS_OF)
        snapshots = known.snapshots()
        facts = Facts(
            known=known,
            ids=IDS,
            peers=np.ones(len(IDS), dtype=bool),
            snapshots=snapshots,
            valuations=known.valuation(snapshots),
            currency=Currency.CNY,
            currencies={},
            fields=tuple(FIELDS.values()),
        )
        found = {}
        for name in FIELDS:
            column = facts.column(name)
            if isinstance(column, Computed):
                found[name] = (column.values.tolist(), column.why.tolist())
            else:
                found[name] = column.tolist()
        return found


@pytest.mark.parametrize("seed", [1, 2])
@soaked
def test_later_rows_change_no_field_of_an_earlier_day(tmp_path, seed):
    random = np.random.default_rng(seed)
    before = rows_of(random, date(2022, 9, 1), AS_OF, AS_OF)
    after = rows_of(random, AS_OF + timedelta(days=1), date(2024, 12, 20), date(2025, 1, 1))
    both = {name: {**after[name], **rows} for name, rows in before.items()}
    first, second = values(tmp_path / "a", before), values(tmp_path / "b", both)
    assert {name for name in FIELDS if repr(first[name]) != repr(second[name])} == set()
    n_values = sum(Why.THERE in column[1] for column in first.values() if isinstance(column, tuple))
    assert n_values > 15


numbers = st.lists(
    st.tuples(st.one_of(st.just(float("nan")), st.integers(-4, 4).map(float)), st.integers(-1, 2)),
    min_size=1,
    max_size=30,
)


@laws(60)
@given(numbers, st.integers(0, 6))
def test_ranks_among_others_are_those_of_counting(pairs, least):
    values_, groups = (np.array(item) for item in zip(*pairs, strict=True))
    found = rank_among(Computed.of(values_), groups.astype(np.int64), least=least)
    for at, (value, group) in enumerate(pairs):
        mates = [v for v, g in pairs if g == group and not np.isnan(v)]
        if np.isnan(value) or group < 0 or len(mates) < max(least, 2):
            assert np.isnan(found.values[at])
            assert found.why[at] != Why.THERE
            continue
        below, same = (
            sum(test) for test in ([m < value for m in mates], [m == value for m in mates])
        )
        assert found.values[at] == pytest.approx((below + (same - 1) / 2) / (len(mates) - 1))
