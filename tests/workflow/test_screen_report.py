"""The names of a report when it could be known and now, beside the report's own figures."""

from __future__ import annotations

from datetime import date

import pytest

import screener
from screener.data.lake.batch import Batch
from screener.data.lake.schema import TableName
from screener.data.lake.store import Store
from screener.errors import DataError
from screener.results.screen import BESIDE
from screener.results.tables import fits
from screener.workflows.screen.beside import beside_document, beside_rows
from tests.support import screen_worlds as planted
from tests.support.lake_rows import table
from tests.support.report_lake import empty_workspace

CARD = """
id = "R9"
title = "x"
publisher = "x"
language = "zh"
published.value = {day}
published.precision = "day"
securities = [
  {{ listing = "600001.SH", printed = "x", name = "x", role = "recommended", theme = "growing" }},
]
claims = [
  {{ subject = "x", listing = "600001.SH", measure = "price", value = 12.0, unit = "CNY" }},
  {{ subject = "x", listing = "600001.SH", measure = "PB", value = 1.5, unit = "x" }},
  {{ subject = "x", listing = "600001.SH", measure = "target price", value = 20.0, unit = "CNY" }},
  {{ subject = "x", listing = "600001.SH", measure = "revenue", value = 9.0, unit = "CNY" }},
]

[[notes]]
id = "R9-1"
broker = "x"
themes = ["growing"]
"""


def workspace(folder, day):
    place = empty_workspace(folder)
    planted.fill(place)
    (place.root / "seeds/R9.toml").write_text(CARD.format(day=day), encoding="utf-8")
    return screener.open(place.root)


def close(day):
    price = 10.0
    for session in planted.days():
        if session <= day:
            price = round(price * (1 + planted.MOVES[planted.GROWING](session)), 2)
    return price


def test_both_moments_stand_beside_what_the_report_tells(tmp_path):
    ws = workspace(tmp_path / "w", "2025-04-15")
    found = ws.screen_report("R9", as_of="2025-06-20").found
    rows = beside_rows(found)
    assert not fits(BESIDE, [BESIDE.row(row) for row in rows])
    then, now = (close(planted.date(2025, *day)) for day in ((4, 15), (6, 20)))
    assert then < now
    prices = [row for row in rows if row["field"] == "price"]
    assert [row["measure"] for row in prices] == ["price", "target price"]
    assert [row["claimed"] for row in prices] == [12.0, 20.0]
    assert (prices[0]["then"], prices[0]["now"]) == (then, now)
    assert prices[0]["relative_change"] == pytest.approx(now / then - 1)
    (pb,) = [row for row in rows if row["field"] == "pb"]
    assert (pb["then"], pb["now"], pb["claimed"]) == (1.02, 1.02, 1.5)
    assert [row["measure"] for row in rows if not row["field"]] == ["revenue"]
    assert beside_document(found)["known"] == "2025-04-15"
    with pytest.raises(DataError, match="R9 was known on 2025-04-15, after 2025-04-14"):
        ws.screen_report("R9", as_of="2025-04-14")


def test_a_multiple_of_a_year_to_come_stands_beside_what_brokers_expect(tmp_path):
    ws = workspace(tmp_path / "w", "2025-04-15")
    path = ws.root / "seeds/R9.toml"
    ahead = '"EV/revenue", value = 7.8, unit = "x", as_of = "2025E" }'
    path.write_text(path.read_text("utf-8").replace('"PB", value = 1.5, unit = "x" }', ahead))
    figures = {"debt": 30.0, "minorities": 5.0, "cash_equivalents": 10.0, "revenue": 50.0}
    told = {"listing": "600001.SH", "known_by": "x", "currency": "CNY", **figures}
    tables = {
        TableName.FUNDAMENTALS: [
            {**told, "period_end": date(2024, 12, 31), "known_at": date(2025, 3, 20)}
        ],
        TableName.VALUATION: [
            {"listing": "600001.SH", "session": day, "market_cap": cap}
            for day, cap in ((date(2025, 4, 15), 1000.0), (date(2025, 4, 17), 1200.0))
        ],
        TableName.ESTIMATES: [
            {
                "listing": "600001.SH",
                "fiscal_year": 2025,
                "broker": broker,
                "known_at": day,
                "currency": "CNY",
                "revenue": revenue,
            }
            for broker, day, revenue in (
                ("甲", date(2025, 4, 1), 80.0),
                ("乙", date(2025, 4, 1), 120.0),
                ("乙", date(2025, 4, 16), 160.0),
            )
        ],
    }
    with Store.open(ws.place.data_cache) as store:
        batch = Batch(tables={name: table(name, rows) for name, rows in tables.items()})
        store.commit(batch, message="a balance sheet, and what is expected")
    found = ws.screen_report("R9", as_of="2025-04-17").found
    rows = {row["field"]: row for row in beside_rows(found)}
    forward, trailing = rows["ev_revenue_forward"], rows["ev_revenue"]
    assert (forward["measure"], forward["claimed"], forward["claimed_as_of"]) == (
        "EV/revenue",
        7.8,
        "2025E",
    )
    assert (forward["then"], forward["now"]) == pytest.approx((1025 / 100, 1225 / 120))
    assert (trailing["then"], trailing["now"]) == pytest.approx((1025 / 50, 1225 / 50))
    assert trailing["claimed"] is None
    assert list(rows).index("ev_revenue_forward") == list(rows).index("ev_revenue") + 1
    assert found.remarks[0] == (
        "The report's EV/revenue is for 2025E and stands beside ev_revenue_forward; ev_revenue is "
        "of the last four quarters."
    )
