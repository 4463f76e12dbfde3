"""Ratings from outside: akshare's own code against canned replies."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from screener.data.doctor import Check, examine
from screener.data.lake.batch import Batch
from screener.data.lake.rows import make_rows
from screener.data.lake.schema import TABLES, TableName
from screener.data.sources.online.providers.ratings import CninfoRatings, EastmoneyRatings
from screener.data.sources.online.transport.protocol import Ask, Need
from screener.domain.listing import Exchange, parse_listing
from screener.errors import SourceBlocked, SourceChanged, SourceEmpty
from tests.support.canned import ratings
from tests.support.canned.market import CannedMarket
from tests.support.transport import Router, offline
from tests.support.wire_clock import FakeClock, make_wire

AT = datetime(2026, 5, 27, 12, tzinfo=UTC)
OF_SHARE = Ask(
    need=Need.RATINGS,
    start=date(2026, 1, 1),
    end=date(2026, 5, 27),
    fetched_at=AT,
    listing=parse_listing("300857.SZ"),
)
OF_DAYS = Ask(
    need=Need.MARKET_RATINGS,
    start=date(2026, 5, 12),
    end=date(2026, 5, 14),
    fetched_at=AT,
    exchange=Exchange.SH,
)


@pytest.fixture
def router() -> Router:
    router = Router()
    ratings.serve(router, CannedMarket({}))
    return router


def fetched(kind: Any, ask: Ask, router: Router) -> Batch:
    wire, _ = make_wire(FakeClock(instant=AT))
    source = kind(wire)
    query = source.build_query(ask)
    with offline(router):
        payload = source.fetch(query)
    return source.normalise(query, payload)


def rows_of(batch: Batch) -> list[dict[str, Any]]:
    table = batch.tables[TableName.RATINGS]
    assert tuple(table.column_names) == TABLES[TableName.RATINGS].column_names
    return table.to_pylist()


def test_reports_of_a_share(router: Router) -> None:
    batch = fetched(EastmoneyRatings, OF_SHARE, router)
    assert [
        (row["listing"], row["published"], row["broker"], row["rating"], row["title"])
        for row in rows_of(batch)
    ] == [
        ("300857.SZ", date(2026, 3, 2), "国金证券", "增持", "年报点评"),
        ("300857.SZ", date(2026, 5, 14), "中邮证券", "买入", "存储与算力"),
    ]
    first = rows_of(batch)[0]
    assert (first["analyst"], first["target_price"], first["initiated"]) == ("", None, None)
    assert (first["industry"], first["source"], first["fetched_at"]) == (
        "通信设备",
        "eastmoney",
        AT,
    )
    assert batch.remarks == ("reports without a rating, left out: 1",)


def test_earnings_are_read_of_reports_of_the_year_of_the_fetch_alone() -> None:
    days = ("2026-05-14", "2026-01-05", "2025-12-30")
    told = [ratings.report("300857", day, "中邮证券", "买入", day) for day in days]
    told[0] |= {"predictThisYearEps": "1.5", "predictNextYearEps": "1.9"}
    told[1] |= {"predictThisYearEps": "0", "predictNextTwoYearEps": "2.4"}
    told.append(ratings.report("300857", days[0], "中邮证券", "买入", "again"))
    told[-1] |= {"predictThisYearEps": "1.6"}
    router = Router()
    reply = {"hits": 4, "size": 5000, "data": told, "TotalPage": 1, "currentYear": 2026}
    router.add("reportapi.eastmoney.com/report/list", reply)
    batch = fetched(EastmoneyRatings, replace(OF_SHARE, start=date(2025, 1, 2)), router)
    assert len(rows_of(batch)) == 4
    table = batch.tables[TableName.ESTIMATES]
    assert tuple(table.column_names) == TABLES[TableName.ESTIMATES].column_names
    names = ("listing", "fiscal_year", "broker", "known_at", "currency", "eps", "profit")
    assert [tuple(row[name] for name in names) for row in table.to_pylist()] == [
        ("300857.SZ", 2026, "中邮证券", date(2026, 5, 14), "CNY", 1.5, None),
        ("300857.SZ", 2027, "中邮证券", date(2026, 5, 14), "CNY", 1.9, None),
        ("300857.SZ", 2028, "中邮证券", date(2026, 1, 5), "CNY", 2.4, None),
    ]


def test_only_the_asked_days_are_kept(router: Router) -> None:
    batch = fetched(EastmoneyRatings, replace(OF_SHARE, start=date(2026, 4, 1)), router)
    assert [row["published"] for row in rows_of(batch)] == [date(2026, 5, 14)]


def test_ratings_of_some_days(router: Router) -> None:
    batch = fetched(CninfoRatings, OF_DAYS, router)
    rows = rows_of(batch)
    assert [(row["listing"], row["published"]) for row in rows] == [
        ("300857.SZ", date(2026, 5, 14)),
        ("601899.SH", date(2026, 5, 12)),
    ]
    assert {row["analyst"] for row in rows} == {"甲,乙"}
    assert [(row["target_price"], row["initiated"], row["title"]) for row in rows] == [
        (12.5, True, ""),
        (12.5, True, ""),
    ]
    assert [sent.query["tdate"] for sent in router.sent] == [
        "2026-05-12",
        "2026-05-13",
        "2026-05-14",
    ]


def test_days_without_any_rating_are_empty_not_wrong(router: Router) -> None:
    ask = replace(OF_DAYS, start=date(2026, 5, 16), end=date(2026, 5, 17))
    with pytest.raises(SourceEmpty, match="nobody was rated"):
        fetched(CninfoRatings, ask, router)


def test_a_share_without_reports_is_empty(router: Router) -> None:
    with pytest.raises(SourceEmpty):
        fetched(EastmoneyRatings, replace(OF_SHARE, listing=parse_listing("600000.SH")), router)


def test_a_shift_of_columns_is_a_change_of_the_source(router: Router) -> None:
    def shifted(_: object) -> dict[str, Any]:
        row = ratings.rated("300857", "2026-05-14", "中邮证券", "买入", "甲")
        turned = dict(zip(row, [*list(row.values())[1:], row["SECNAME"]], strict=True))
        return {"records": [turned] * 5}

    router.add("p_sysapi1089", shifted)
    with pytest.raises(SourceChanged, match="cannot be read"):
        fetched(CninfoRatings, OF_DAYS, router)


def test_another_number_of_columns_is_a_change_of_the_source(router: Router) -> None:
    router.add("p_sysapi1089", {"records": [{"SECCODE": "300857"}]})
    with pytest.raises(SourceChanged):
        fetched(CninfoRatings, OF_DAYS, router)


def test_rows_that_cannot_be_read_are_told(router: Router) -> None:
    good = [
        ratings.rated(code, "2026-05-14", "甲证券", "买入", "丙") for code in ("000001", "600519")
    ]
    bad = ratings.rated("300857", "2026-05-14", "", "买入", "丙")
    router.add("p_sysapi1089", {"records": [*good, good[0], bad]})
    batch = fetched(CninfoRatings, replace(OF_DAYS, start=OF_DAYS.end), router)
    assert [row["listing"] for row in rows_of(batch)] == ["000001.SZ", "600519.SH"]
    assert [reject.reason for reject in batch.rejects] == [
        "a rating of 300857.SZ without its day or its broker"
    ]
    assert batch.remarks == ("reports told twice, taken once: 1",)


def test_hong_kong_cannot_be_asked_for(router: Router) -> None:
    with pytest.raises(SourceBlocked, match="cannot be asked"):
        fetched(EastmoneyRatings, replace(OF_SHARE, listing=parse_listing("00700.HK")), router)


def test_the_doctor_finds_what_contradicts_itself() -> None:
    rows = make_rows(
        TableName.RATINGS,
        {
            "listing": ["300857.SZ"] * 3,
            "published": [date(2026, 5, 14), date(2026, 5, 14), date(2026, 5, 28)],
            "broker": ["甲证券"] * 3,
            "analyst": ["A", "B", ""],
            "title": [""] * 3,
            "rating": ["买入", "增持", "买入"],
        },
        source="test",
        fetched_at=AT,
    )
    found = examine(TableName.RATINGS, {TableName.RATINGS: rows})
    assert [(item.session, item.check, item.value) for item in found] == [
        (date(2026, 5, 14), Check.REPEATED, 2),
        (date(2026, 5, 28), Check.DATES, None),
    ]
