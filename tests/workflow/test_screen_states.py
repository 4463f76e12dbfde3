"""Who never passes by what is not known: a name in each state, every rule stated once.

state             rule
loss              a multiple of the loss is undefined; the loss itself is a value
negative equity   what is told per equity is undefined
missing           a field without its rows is missing
stale             figures of a statement that ended over 15 months before are stale
suspended         it stands at its last close, and `suspended` tells
stopped           bars that stop without a suspension give no price
new               a return over more sessions than it has is too short; `new` tells
"""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest

import screener
from screener.data.lake.asof import AsOf, Market
from screener.data.lake.batch import Batch
from screener.data.lake.schema import TableName
from screener.data.lake.store import Store
from screener.domain.listing import Exchange
from screener.market.calendars import calendar_of
from screener.screen.prices import price_field
from screener.workflows.screen.readers import read_prices
from tests.support.lake_rows import bar, table
from tests.support.report_lake import empty_workspace

DAY = date(2025, 6, 20)
LOSS, NEGATIVE, MISSING, STALE = (f"60000{n}.SH" for n in range(1, 5))
SUSPENDED, STOPPED, NEW, SOUND = (f"60000{n}.SH" for n in range(5, 9))
IDS = (LOSS, NEGATIVE, MISSING, STALE, SUSPENDED, STOPPED, NEW, SOUND)
HALT, BEGUN = date(2025, 5, 6), date(2025, 6, 9)


@pytest.fixture(scope="module")
def ws(tmp_path_factory):
    place = empty_workspace(tmp_path_factory.mktemp("states") / "w")
    sessions = calendar_of(Exchange.SH).sessions
    days = [day for day in sessions.tolist() if date(2024, 3, 1) <= day <= DAY]
    figures = {"currency": "CNY", "known_by": "test", "revenue": 100.0, "equity": 50.0}
    profits = {LOSS: -5.0, NEGATIVE: 5.0, STALE: 5.0, SUSPENDED: 5.0, NEW: 5.0, SOUND: 5.0}
    tables = {
        TableName.LISTINGS: [
            {
                "listing": name,
                "kind": "stock",
                "board": "main",
                "currency": "CNY",
                "list_date": BEGUN if name == NEW else date(2010, 1, 4),
            }
            for name in IDS
        ],
        TableName.BARS: [
            bar(name, day)
            for name in IDS
            for day in days
            if not (name in (SUSPENDED, STOPPED) and day >= HALT)
            and not (name == NEW and day < BEGUN)
        ],
        TableName.STATUS: [
            {"listing": SUSPENDED, "session": day, "suspended": True} for day in days if day >= HALT
        ],
        TableName.FACTORS: [
            {"listing": SUSPENDED, "ex_session": HALT + timedelta(days=2), "factor": 1.1}
        ],
        TableName.VALUATION: [
            {
                "listing": name,
                "session": days[-1],
                "pe_ttm": {LOSS: -20.0, MISSING: None}.get(name, 10.0),
                "pb": -2.0 if name == NEGATIVE else 1.0,
                "market_cap": 1e9,
            }
            for name in IDS
        ],
        TableName.FUNDAMENTALS: [
            {
                "listing": name,
                "period_end": date(2024 - back - (name == STALE), 12, 31),
                "known_at": date(2025 - back - (name == STALE), 3, 31),
                **figures,
                "net_profit": profit,
                **({"equity": -50.0} if name == NEGATIVE else {}),
            }
            for name, profit in profits.items()
            for back in (0, 1)
        ],
    }
    with Store.create(place.data_cache) as store:
        made = {name: table(name, rows) for name, rows in tables.items()}
        store.commit(Batch(tables=made), message="states")
    return screener.open(place.root)


def rows(ws, **asked):
    found = ws.screen(listings=IDS, as_of=DAY, **asked).result.rows
    return {row.listing: row for row in found}


RULES = [
    (LOSS, "pe_ttm", "pe_ttm undefined (raw -20: loss)"),
    (LOSS, "roe_ttm", -0.1),
    (LOSS, "net_profit_ttm", -5.0),
    (NEGATIVE, "pb", "pb undefined (raw -2: no positive book value)"),
    (NEGATIVE, "roe_ttm", "roe_ttm undefined: no positive book value"),
    (NEGATIVE, "equity", -50.0),
    (MISSING, "pe_ttm", "pe_ttm missing"),
    (MISSING, "roe_ttm", "roe_ttm missing"),
    (STALE, "net_profit_ttm", "net_profit_ttm stale"),
    (STALE, "roe_ttm", "roe_ttm stale"),
    (SUSPENDED, "price", 10.0),
    (SUSPENDED, "return_20", 0.0),
    (STOPPED, "price", "price stale"),
    (STOPPED, "return_20", "return_20 stale"),
    (NEW, "return_20", "return_20 too short a history"),
    (NEW, "price", 10.0),
    *((SOUND, name, value) for name, value in (("pe_ttm", 10.0), ("roe_ttm", 0.1))),
]


def test_a_state_gives_a_value_or_its_reason_and_what_has_none_never_passes(ws):
    fields = list(dict.fromkeys(field for _, field, _ in RULES))
    either = {f"any {name}": f"{name} < 1 OR {name} >= 1 OR NOT ({name} > 0)" for name in fields}
    found = rows(ws, checks=either, **dict.fromkeys(fields, (None, 1e300)))
    for listing, field, told in RULES:
        row, at = found[listing], fields.index(field)
        there = isinstance(told, float)
        assert row.values[field] == (pytest.approx(told) if there else None), (listing, field)
        assert row.marks[at] == (True if there else None)
        if not there:
            assert told in row.reasons
    passed = {name for name, row in found.items() if row.passed}
    assert passed == {SUSPENDED, SOUND}
    for row in found.values():
        assert row.passed == all(row.values[name] is not None for name in fields)


def test_who_is_suspended_or_new_is_told(ws):
    found = rows(ws, exclude=("suspended", "new"), price=(0, None))
    told = {name: row.reasons[1:] for name, row in found.items()}
    sound = ("not suspended: passed", "listed for a year: passed")
    assert told[SUSPENDED] == ("not suspended: failed", sound[1])
    assert told[NEW] == (sound[0], "listed for a year: failed")
    assert told[SOUND] == told[LOSS] == sound
    assert not found[STOPPED].passed


@pytest.mark.parametrize("field", ["price", "return_5", "return_20", "amount_20", "from_high_250"])
def test_a_field_is_the_same_whatever_else_is_asked(ws, field):
    alone, beside = (
        rows(ws, **{field: (None, 1e300)}, fields=more) for more in ((), ("return_250",))
    )
    told = {name: (row.values[field], row.reasons) for name, row in alone.items()}
    assert told == {name: (row.values[field], row.reasons) for name, row in beside.items()}
    assert told[SUSPENDED][0] is not None


def test_what_was_distributed_while_nobody_could_trade_counts(ws):
    known = AsOf.after_close(Store.open(ws.place.data_cache), DAY)
    listed = np.full(2, np.datetime64("2010-01-04", "D"))
    held = read_prices(known, [SUSPENDED, SOUND], Market.MAINLAND, 21, listed)
    assert held.close[0].tolist() == [10.0, 10.0]
    assert np.isnan(held.close[1:, 0]).all()
    # A factor of 1.1 since the third day of the suspension, which began before the panel.
    assert held.factor[0].tolist() == [1.0, 1.0]
    assert held.factor[-1].tolist() == [1.1, 1.0]
    assert price_field(held, "return_20").values.tolist() == pytest.approx([0.0, 0.0])
