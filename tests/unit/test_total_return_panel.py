"""Worth of a whole market, read from a lake."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from screener.data.lake.batch import Batch
from screener.data.lake.rows import make_rows
from screener.data.lake.schema import TableName
from screener.data.lake.store import Store
from screener.data.panels.total_return_panel import read_total_returns
from screener.domain.listing import Exchange, Listing
from screener.domain.total_return import Peers, TotalReturnPanel

DAYS = [date(2026, 5, day) for day in (11, 12, 13, 14, 15)]
INDEX = Listing("000300", Exchange.SH)
Closes = Mapping[str, Mapping[date, float]]


def rows_of(name: TableName, rows: list[dict[str, Any]]) -> Any:
    columns = {
        key: [row.get(key) for row in rows] for key in dict.fromkeys(k for r in rows for k in r)
    }
    return make_rows(name, columns, source="test", fetched_at=datetime(2026, 6, 1, tzinfo=UTC))


def panel(
    root: Path, closes: Closes, *, basis: str = "raw", **tables: list[dict[str, Any]]
) -> TotalReturnPanel:
    bars = [
        {
            "listing": name,
            "session": day,
            "open": close - 1,
            "high": close,
            "low": close - 1,
            "close": close,
            "basis": basis,
        }
        for name, days in closes.items()
        for day, close in days.items()
    ]
    made = {TableName.BARS: rows_of(TableName.BARS, bars)}
    made |= {TableName(name): rows_of(TableName(name), rows) for name, rows in tables.items()}
    with Store.create(root / "lake") as store:
        store.commit(Batch(tables=made), message="test")
        return read_total_returns(store, mainland=True, start=DAYS[0], benchmarks=[INDEX])


def flat(*days: date, price: float = 10.0) -> dict[date, float]:
    return dict.fromkeys(days or DAYS, price)


def of(found: TotalReturnPanel, name: str) -> int:
    return [item.id for item in found.listings].index(name)


def test_closes_and_opens_are_multiplied_by_the_factor(tmp_path: Path) -> None:
    factors = [{"listing": "600001.SH", "ex_session": DAYS[2], "factor": 1.5}]
    found = panel(tmp_path, {"600001.SH": flat(), "600002.SH": flat()}, factors=factors)
    assert found.sessions.tolist() == DAYS
    assert found.close[:, of(found, "600001.SH")].tolist() == [10, 10, 15, 15, 15]
    assert found.open[:, of(found, "600001.SH")].tolist() == [9, 9, 13.5, 13.5, 13.5]
    assert found.close[:, of(found, "600002.SH")].tolist() == [10] * 5


def test_adjusted_prices_have_no_factor(tmp_path: Path) -> None:
    factors = [{"listing": "600001.SH", "ex_session": DAYS[2], "factor": 1.5}]
    found = panel(tmp_path, {"600001.SH": flat()}, basis="adjusted", factors=factors)
    assert found.close[:, 0].tolist() == [10] * 5


def test_a_recorded_suspension_carries_the_last_close_and_does_not_trade(tmp_path: Path) -> None:
    status = [{"listing": "600001.SH", "session": DAYS[2], "suspended": True}]
    gap = {"600001.SH": flat(*DAYS[:2], *DAYS[3:]), "600002.SH": flat()}
    found = panel(tmp_path, gap, status=status)
    assert found.close[:, 0].tolist() == [10] * 5
    assert found.traded[:, 0].tolist() == [True, True, False, True, True]
    assert np.isnan(found.open[2, 0])


def test_an_unexplained_gap_stays_one(tmp_path: Path) -> None:
    found = panel(tmp_path, {"600001.SH": flat(*DAYS[:2]), "600002.SH": flat()})
    assert np.isnan(found.close[2:, 0]).all()


def test_a_delisted_share_keeps_its_last_close(tmp_path: Path) -> None:
    listings = [
        {
            "listing": "600001.SH",
            "kind": "stock",
            "board": "main",
            "currency": "CNY",
            "delist_date": DAYS[3],
        }
    ]
    found = panel(tmp_path, {"600001.SH": flat(*DAYS[:3]), "600002.SH": flat()}, listings=listings)
    assert found.close[:, 0].tolist() == [10] * 5
    assert found.traded[:, 0].tolist() == [True, True, True, False, False]


def test_what_belongs_to_a_base_rate(tmp_path: Path) -> None:
    names = ("600001.SH", "900901.SH", "510300.SH", "000300.SH", "000993.SH", "600002.SH")
    listings = [
        {
            "listing": "000300.SH",
            "kind": "index",
            "board": "index",
            "currency": "CNY",
            "return_basis": "total",
        },
        {
            "listing": "000993.SH",
            "kind": "index",
            "board": "index",
            "currency": "CNY",
            "industry": "信息",
        },
        {"listing": "600002.SH", "kind": "fund", "board": "main", "currency": "CNY"},
    ]
    found = panel(tmp_path, {name: flat() for name in names}, listings=listings)
    peers = {item.id: Peers(kind) for item, kind in zip(found.listings, found.peers, strict=True)}
    assert peers == {
        "600001.SH": Peers.STOCKS,
        "900901.SH": Peers.NONE,
        "510300.SH": Peers.NONE,
        "000300.SH": Peers.NONE,
        "000993.SH": Peers.INDUSTRIES,
        "600002.SH": Peers.NONE,
    }
    assert found.indices[INDEX].basis == "total"
    assert {item.id: text for item, text in found.industries.items()} == {"000993.SH": "信息"}


def test_the_sessions_end_with_the_last_bar_of_a_security(tmp_path: Path) -> None:
    found = panel(tmp_path, {"600001.SH": flat(*DAYS[:3]), "000300.SH": flat()})
    assert found.last_available == DAYS[2]
    assert found.indices[INDEX].close.tolist() == [10] * 3


@pytest.mark.parametrize("closes", [{}, {"00700.HK": flat()}])
def test_a_market_without_bars_has_no_sessions(tmp_path: Path, closes: Closes) -> None:
    with Store.create(tmp_path / "lake") as store:
        if closes:
            bars = [
                {
                    "listing": name,
                    "session": day,
                    "open": 1,
                    "high": 1,
                    "low": 1,
                    "close": 1.0,
                    "basis": "raw",
                }
                for name, days in closes.items()
                for day in days
            ]
            store.commit(Batch(tables={TableName.BARS: rows_of(TableName.BARS, bars)}), message="x")
        found = read_total_returns(store, mainland=True, start=DAYS[0], benchmarks=[INDEX])
    assert (len(found.sessions), found.listings, found.last_available) == (0, (), None)
