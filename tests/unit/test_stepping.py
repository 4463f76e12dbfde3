"""A store that is asked day after day answers as the store itself, and reads whole tables once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest

from screener.data.lake.asof import AsOf, Market
from screener.data.lake.batch import Batch
from screener.data.lake.reading import Reader
from screener.data.lake.schema import SOUTHBOUND, TableName
from screener.data.lake.stepping import SteppedStore
from screener.data.lake.store import Store
from tests.support.lake_rows import bar, table

FIRST = date(2026, 5, 4)
DAYS = [FIRST + timedelta(days=n) for n in range(10)]
LISTINGS = ("00700.HK", "600000.SH")


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    told = {"fiscal_year": 2026, "currency": "CNY", "broker": "甲证券"}
    rows = {
        TableName.BARS: [
            bar(name, day, 10.0 + n) for n, day in enumerate(DAYS) for name in LISTINGS
        ],
        TableName.ESTIMATES: [
            {"listing": name, "known_at": day, "eps": 1.0 + n, **told}
            for n, day in enumerate(DAYS[::3])
            for name in LISTINGS
        ],
        TableName.ELIGIBILITY: [
            {
                "listing": "00700.HK",
                "programme": SOUTHBOUND,
                "valid_from": DAYS[2],
                "valid_to": DAYS[6],
            }
        ],
    }
    batch = Batch(tables={name: table(name, found) for name, found in rows.items()})
    with Store.create(tmp_path_factory.mktemp("lake") / "data_cache") as store:
        store.commit(batch, message="test")
        yield store


def told(store: Store, day: date) -> tuple[Any, ...]:
    known = AsOf.after_close(store, day)
    names = ("listing", "session", "close")
    first = day - timedelta(days=3)
    bars = store.read(TableName.BARS, start=first, end=day, columns=names, ordered=False)
    return (
        known.estimates(2026, since=day - timedelta(days=5)).to_pylist(),
        known.southbound_on(),
        sorted(bars.to_pylist(), key=str),
        [known.last_bar_session(market) for market in Market],
        known.snapshots(),
    )


def test_each_day_is_told_as_by_the_store(lake: Store) -> None:
    stepped = SteppedStore(lake)
    found = [told(stepped, day) for day in DAYS]
    assert found == [told(lake, day) for day in DAYS]
    assert [len(item[0]) for item in found[:4]] == [2, 2, 2, 4]
    assert [item[1] for item in found[1:4]] == [None, {"00700.HK": True}, {"00700.HK": True}]
    assert found[7][1] == {"00700.HK": False}


def test_a_table_of_few_rows_is_read_once(lake: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[TableName] = []
    own = Reader.read

    def counted(self: Reader, table: TableName, **asked: Any) -> Any:
        read.append(table)
        return own(self, table, **asked)

    monkeypatch.setattr(Reader, "read", counted)
    stepped = SteppedStore(lake)
    for day in DAYS:
        told(stepped, day)
    assert read.count(TableName.ESTIMATES) == read.count(TableName.ELIGIBILITY) == 1
