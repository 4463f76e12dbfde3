"""The names of a report when it could be known and now, beside the report's own figures."""

from __future__ import annotations

import pytest

import screener
from screener.errors import DataError
from screener.results.screen import BESIDE
from screener.results.tables import fits
from screener.workflows.screen.beside import beside_document, beside_rows
from tests.support import screen_worlds as planted
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
