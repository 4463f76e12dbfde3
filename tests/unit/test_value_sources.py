"""Sources of valuation and reported figures, and when the figures could be known."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable
from contextlib import nullcontext
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from screener.data.lake.batch import Batch
from screener.data.lake.rows import empty_rows, make_rows
from screener.data.lake.schema import TABLES, TableName
from screener.data.sources.online.action_rows import ListingSource
from screener.data.sources.online.known import (
    KnownBy,
    hong_kong_deadline,
    known_on,
    mainland_deadline,
    new_vintages,
)
from screener.data.sources.online.providers.baidu import BaiduHkValuation
from screener.data.sources.online.providers.eastmoney_reports import (
    EastmoneyFundamentals,
    EastmoneyHkFundamentals,
)
from screener.data.sources.online.providers.eastmoney_statements import SHEETS
from screener.data.sources.online.providers.eastmoney_values import EastmoneyValuation
from screener.data.sources.online.transport.protocol import Ask, Call, Need
from screener.domain.listing import Exchange, parse_listing
from screener.errors import SourceBlocked, SourceChanged, SourceEmpty
from tests.support.canned import baidu, eastmoney_values
from tests.support.canned.market import CannedMarket
from tests.support.laws import laws
from tests.support.transport import Router, offline
from tests.support.wire_clock import FakeClock, make_wire

AT = datetime(2026, 5, 27, 12, tzinfo=UTC)
TODAY = date(2026, 5, 27)
START, END = date(2024, 1, 2), date(2026, 5, 27)
MAINLAND = ("000630.SZ", "300857.SZ", "601899.SH", "688256.SH", "920002.BJ")
DETAILS = (
    *("ebit", "income_tax", "depreciation", "interest_expense", "total_assets"),
    *("total_liabilities", "cash_equivalents", "debt", "minorities"),
)
MULTIPLES = ("pe_ttm", "pe_static", "pb", "ps_ttm", "pcf_ttm", "market_cap", "float_cap")
KINDS: dict[type[ListingSource], str] = {
    EastmoneyValuation: "300857.SZ",
    BaiduHkValuation: "00700.HK",
    EastmoneyFundamentals: "300857.SZ",
    EastmoneyHkFundamentals: "00700.HK",
}


@pytest.fixture(scope="module")
def market() -> CannedMarket:
    return CannedMarket.make(n_other=10)


@pytest.fixture(scope="module")
def router(market: CannedMarket) -> Router:
    router = Router()
    for vendor in (baidu, eastmoney_values):
        vendor.serve(router, market)
    return router


def ask_for(kind: type[ListingSource], listing: str = "", **changes: Any) -> Ask:
    name = listing or KINDS[kind]
    ask = Ask(need=kind.need, start=START, end=END, fetched_at=AT, listing=parse_listing(name))
    return replace(ask, **changes)


def fetched(kind: type[ListingSource], ask: Ask, router: Router) -> Batch:
    wire, _ = make_wire(FakeClock(instant=AT))
    source: Any = kind(wire)
    query = source.build_query(ask)
    curl = baidu.curl(router, None) if kind is BaiduHkValuation else nullcontext()  # type: ignore[arg-type]
    with offline(router), curl:
        payload = source.fetch(query)
    return source.normalise(query, payload)  # type: ignore[no-any-return]


def read(kind: type[ListingSource], *frames: pd.DataFrame | str, **changes: Any) -> Batch:
    source: Any = kind(None)  # type: ignore[arg-type]
    return source.normalise(source.build_query(ask_for(kind, **changes)), frames)  # type: ignore[no-any-return]


def rows_of(batch: Batch) -> list[dict[str, Any]]:
    ((name, rows),) = batch.tables.items()
    assert rows.column_names == list(TABLES[name].column_names)
    found: list[dict[str, Any]] = rows.to_pylist()
    keys = {tuple(row[key] for key in TABLES[name].key) for row in found}
    assert len(keys) == len(found)
    return found


# --- valuation ---


def check_values(
    found: list[dict[str, Any]], truth: list[dict[str, Any]], fields: Iterable[str]
) -> None:
    assert [row["session"] for row in found] == [row["session"] for row in truth]
    for field in fields:
        expected = [math.nan if row[field] is None else row[field] for row in truth]
        values = [math.nan if row[field] is None else row[field] for row in found]
        np.testing.assert_allclose(values, expected, rtol=1e-12)


@pytest.mark.parametrize("listing", MAINLAND)
def test_valuation_is_that_of_the_market(
    listing: str, market: CannedMarket, router: Router
) -> None:
    batch = fetched(EastmoneyValuation, ask_for(EastmoneyValuation, listing), router)
    found = rows_of(batch)
    check_values(found, market.rows(TableName.VALUATION, listing), MULTIPLES)
    assert {row["dividend_yield"] for row in found} == {None}
    assert {(row["listing"], row["source"]) for row in found} == {(listing, "eastmoney")}
    assert (batch.rejects, batch.remarks) == ((), ())


def test_hong_kong_indicators_are_joined_by_day(market: CannedMarket, router: Router) -> None:
    listings = [item.id for item in market.listings if item.exchange is Exchange.HK]
    for listing in listings:
        truth = market.rows(TableName.VALUATION, listing)
        batch = fetched(BaiduHkValuation, ask_for(BaiduHkValuation, listing), router)
        found = rows_of(batch)
        check_values(found, truth, ("market_cap", "pe_ttm", "pe_static", "pb", "pcf_ttm"))
        assert {row["ps_ttm"] for row in found} == {None}
        weekends = sum(row["session"].weekday() == 4 for row in truth) * 2
        ends_on_friday = truth[-1]["session"].weekday() == 4 and truth[-1]["session"] >= END
        outside = weekends - (2 if ends_on_friday else 0)
        assert batch.remarks == (f"baidu: days without a session, left out: {outside}",)
        assert not batch.rejects
    assert len(listings) > 1


@pytest.mark.parametrize(
    ("start", "period"),
    [
        (date(2025, 6, 10), "近一年"),
        (date(2025, 5, 27), "近三年"),
        (date(2023, 6, 20), "近三年"),
        (date(2023, 5, 27), "全部"),
    ],
)
def test_the_shortest_period_that_reaches_back_is_asked(start: date, period: str) -> None:
    source = BaiduHkValuation(None)  # type: ignore[arg-type]
    calls = source.build_query(ask_for(BaiduHkValuation, start=start)).calls
    asked = [call.arguments for call in calls if isinstance(call, Call)]
    assert [item["indicator"] for item in asked] == list(baidu.FIELDS)
    assert {item["period"] for item in asked} == {period}
    assert {item["symbol"] for item in asked} == {"00700"}


def values(**columns: Any) -> pd.DataFrame:
    """A frame in akshare's own names for Eastmoney."""
    names = EastmoneyValuation.upstream.columns
    cells = {"session": [date(2025, 6, 12)], **dict.fromkeys(names.keys() - {"session"}, 1.0)}
    frame = pd.DataFrame(cells | columns)
    return frame.rename(columns=names)


def test_negative_and_zero_multiples_stay_as_they_come() -> None:
    days = [date(2025, 6, 11), date(2025, 6, 12)]
    batch = read(EastmoneyValuation, values(session=days, pe_ttm=[-12.5, 0.0], pcf_ttm=[0, -3]))
    found = rows_of(batch)
    assert [(row["pe_ttm"], row["pcf_ttm"]) for row in found] == [(-12.5, 0.0), (0.0, -3.0)]


@pytest.mark.parametrize("kind_of_day", [date, "text", "timestamp", "second"])
def test_days_come_in_many_types(kind_of_day: Any) -> None:
    told = {
        date: date(2025, 6, 12),
        "text": "2025-06-12",
        "timestamp": pd.Timestamp(2025, 6, 12),
        "second": "2025-06-12 00:00:00",
    }[kind_of_day]
    (row,) = rows_of(read(EastmoneyValuation, values(session=[told])))
    assert row["session"] == date(2025, 6, 12)


def test_numbers_come_in_many_types() -> None:
    frame = values(pe_ttm=["12.5"], pb=[3], ps_ttm=["--"], pcf_ttm=[math.inf], pe_static=[None])
    (row,) = rows_of(read(EastmoneyValuation, frame))
    found = [row[name] for name in ("pe_ttm", "pb", "ps_ttm", "pcf_ttm", "pe_static")]
    assert found == [12.5, 3.0, None, None, None]


def test_a_row_without_a_day_or_a_number_is_rejected() -> None:
    nothing = dict.fromkeys(EastmoneyValuation.upstream.columns.keys() - {"session"}, None)
    frames = [values(), values(session=["bad"]), values(session=[date(2025, 6, 13)], **nothing)]
    batch = read(EastmoneyValuation, pd.concat(frames, ignore_index=True))
    assert len(rows_of(batch)) == 1
    told = [(item.reason, item.line, item.session) for item in batch.rejects]
    assert told == [
        ("no number can be read", 20250613, date(2025, 6, 13)),
        ("session is missing or no date", 2, None),
    ]
    assert {item.file for item in batch.rejects} == {"eastmoney 300857.SZ"}


def test_a_day_that_comes_again_with_other_values_is_rejected() -> None:
    frame = pd.concat([values(), values(), values(pb=[2.0])], ignore_index=True)
    batch = read(EastmoneyValuation, frame)
    assert [row["pb"] for row in rows_of(batch)] == [1.0]
    assert [item.reason for item in batch.rejects] == ["the day came with other values already"]


def test_days_without_a_session_are_left_out_and_counted() -> None:
    days = [date(2025, 10, 1), date(2025, 6, 14), date(2025, 6, 13)]
    batch = read(EastmoneyValuation, values(session=days))
    assert [row["session"] for row in rows_of(batch)] == [date(2025, 6, 13)]
    assert batch.remarks == ("eastmoney: days without a session, left out: 2",)


def test_a_full_page_says_that_older_days_may_be_missing() -> None:
    days = pd.bdate_range(end="2026-05-27", periods=5000).date
    batch = read(EastmoneyValuation, values(session=days), start=date(2000, 1, 4))
    assert batch.remarks[-1] == (
        f"eastmoney: it sends no more than 5000 days, so none before {days[0]}"
    )
    assert len(read(EastmoneyValuation, values(session=days)).remarks) == 1  # holidays alone


def test_an_indicator_with_two_values_a_day_keeps_the_first() -> None:
    day = date(2025, 6, 12)
    frames = [pd.DataFrame({"date": [day, day], "value": [5.0, 6.0]})]
    frames += [pd.DataFrame({"date": [day], "value": [7.0]})] * 4
    batch = read(BaiduHkValuation, *frames)
    assert [(row["market_cap"], row["pb"]) for row in rows_of(batch)] == [(5e8, 7.0)]
    assert [item.reason for item in batch.rejects] == ["the day came with other values already"]


# --- reported figures ---


def by_period(batch: Batch) -> dict[date, dict[str, Any]]:
    """The first vintage of each period."""
    return {row["period_end"]: row for row in reversed(rows_of(batch))}


@pytest.mark.parametrize("listing", MAINLAND)
def test_reports_are_those_of_the_vendor(listing: str, router: Router) -> None:
    batch = fetched(EastmoneyFundamentals, ask_for(EastmoneyFundamentals, listing), router)
    found = by_period(batch)
    sent = eastmoney_values.mainland_reports(parse_listing(listing), START, END)
    first = START - timedelta(days=750)
    truth = {date.fromisoformat(item["REPORT_DATE"][:10]): item for item in sent}
    assert found.keys() == {period for period in truth if period >= first}
    assert len(found) >= 14
    fields = {
        "revenue": "TOTALOPERATEREVE",
        "net_profit": "PARENTNETPROFIT",
        "net_profit_deducted": "KCFJCXSYJLR",
        "operating_cash_flow": "NETCASH_OPERATE_PK",
        "eps": "EPSJB",
        "bps": "BPS",
        "currency": "CURRENCY",
    }
    for period, row in found.items():
        item = truth[period]
        assert {name: row[name] for name in fields} == {
            name: item[upstream] for name, upstream in fields.items()
        }
        assert row["roe"] == pytest.approx(item["ROEJQ"] / 100, rel=1e-12)
        assert row["gross_margin"] == pytest.approx(0.255, rel=1e-12)
        notice, update = (
            date.fromisoformat(item[name][:10]) for name in ("NOTICE_DATE", "UPDATE_DATE")
        )
        changed = update > notice
        assert row["known_at"] == (update if changed else notice)
        assert row["known_by"] == ("update" if changed else "notice")
    assert {row["known_by"] for row in found.values()} == {"notice", "update"}
    assert not batch.rejects


def day_of(row: dict[str, Any], name: str) -> date:
    return date.fromisoformat(row[name][:10])


@pytest.mark.parametrize("listing", ["300857.SZ", "601899.SH", "920002.BJ"])
def test_statements_fill_what_the_indicators_leave_open(listing: str, router: Router) -> None:
    """Every column of the table, worked out beside the code; a later change is a vintage."""
    found: dict[date, list[dict[str, Any]]] = {}
    for row in rows_of(
        fetched(EastmoneyFundamentals, ask_for(EastmoneyFundamentals, listing), router)
    ):
        found.setdefault(row["period_end"], []).append(row)
    sheets = {
        kind: {
            day_of(row, "REPORT_DATE"): row
            for row in eastmoney_values.statements(parse_listing(listing), kind, START, END)
        }
        for kind in ("BALANCE", "INCOME", "CASHFLOW")
    }
    vintages = 0
    for period, rows in found.items():
        sheet, income, cash = (sheets[kind][period] for kind in ("BALANCE", "INCOME", "CASHFLOW"))
        last = rows[-1]
        loans = ("SHORT_LOAN", "NONCURRENT_LIAB_1YEAR", "LONG_LOAN", "LEASE_LIAB")
        interest, depreciation = income["FE_INTEREST_EXPENSE"], cash["FA_IR_DEPR"]
        assert {name: last[name] for name in (*DETAILS, "equity")} == {
            "ebit": None if interest is None else pytest.approx(income["TOTAL_PROFIT"] + interest),
            "income_tax": income["INCOME_TAX"],
            "depreciation": None
            if depreciation is None
            else pytest.approx(depreciation + cash["IA_AMORTIZE"] + 5e5),
            "interest_expense": interest,
            "total_assets": sheet["TOTAL_ASSETS"],
            "total_liabilities": sheet["TOTAL_LIABILITIES"],
            "cash_equivalents": cash["END_CCE"],
            "debt": pytest.approx(sum(sheet[name] for name in loans)),
            "minorities": pytest.approx(sheet["MINORITY_EQUITY"]),
            "equity": sheet["TOTAL_PARENT_EQUITY"],
        }
        changed = day_of(sheet, "UPDATE_DATE")
        assert last["known_at"] == max(changed, rows[0]["known_at"])
        assert len(rows) == 1 + (changed > rows[0]["known_at"])
        if len(rows) == 2:
            vintages += 1
            assert last["known_by"] == "update"
            assert [rows[0][name] for name in DETAILS] == [None] * len(DETAILS)
            assert rows[0]["revenue"] == last["revenue"]
    assert vintages
    assert {len(rows) for rows in found.values()} == {1, 2}


def test_a_bank_has_no_debt_and_no_interest(router: Router) -> None:
    batch = fetched(EastmoneyFundamentals, ask_for(EastmoneyFundamentals, "000630.SZ"), router)
    assert (batch.rejects, batch.remarks) == ((), ())
    assert {row[name] for row in rows_of(batch) for name in DETAILS} == {None}
    assert all(row["revenue"] is not None for row in rows_of(batch))


def sheet(**changes: Any) -> dict[str, Any]:
    """A balance sheet as it is sent: 100 of assets, 30 of loans."""
    row = dict.fromkeys(SHEETS[0].columns.values())
    row |= {"REPORT_DATE": "2024-12-31 00:00:00", "CURRENCY": "CNY"}
    row |= {"NOTICE_DATE": "2025-04-20", "UPDATE_DATE": "2025-04-20", "TOTAL_ASSETS": 100.0}
    row |= {"TOTAL_LIABILITIES": 40.0, "TOTAL_EQUITY": 60.0, "TOTAL_PARENT_EQUITY": 55.0}
    return {**row, "LONG_LOAN": 20.0, "SHORT_LOAN": 10.0} | changes


def page(*rows: dict[str, Any], **more: Any) -> str:
    return json.dumps({"result": {"data": list(rows), "pages": 1, **more}})


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({}, (30.0, 5.0, 100.0)),
        ({"LONG_LOAN": None, "SHORT_LOAN": None}, (0.0, 5.0, 100.0)),  # lines it does not have
        ({"TOTAL_LIABILITIES": None}, (None, 5.0, 100.0)),
        ({"TOTAL_EQUITY": None}, (30.0, None, 100.0)),
        ({"TOTAL_PARENT_EQUITY": None}, (30.0, None, 100.0)),
    ],
)
def test_parts_of_a_balance_sheet(changes: Any, told: tuple[float | None, ...]) -> None:
    (row,) = rows_of(read(EastmoneyFundamentals, reports(), page(sheet(**changes))))
    assert (row["debt"], row["minorities"], row["total_assets"]) == told
    assert row["known_at"] == date(2025, 4, 20)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"TOTAL_EQUITY": 6e5}, "assets less liabilities are not the equity: is a unit another?"),
        ({"LONG_LOAN": "viel"}, "long_loan 'viel' is no number"),
        ({"CURRENCY": "HKD"}, "its statements are in HKD"),
        ({"CURRENCY": None}, "currency '' is unknown"),
        ({"REPORT_DATE": None}, "a report without its period"),
    ],
)
def test_a_balance_sheet_that_cannot_be_is_rejected(changes: Any, reason: str) -> None:
    batch = read(EastmoneyFundamentals, reports(), page(sheet(**changes)))
    assert [item.reason for item in batch.rejects] == [reason]
    (row,) = rows_of(batch)
    assert (row["revenue"], row["debt"], row["total_assets"]) == (1.0, None, None)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("<html>", "Eastmoney no longer sends a list of statements"),
        ('{"result": {"data": 5}}', "Eastmoney no longer sends a list of statements"),
        (page(sheet(), pages=2), "Eastmoney sends only a part of the statements"),
        (page({"REPORT_DATE": "2024-12-31"}), "eastmoney_statements no longer sends"),
    ],
)
def test_statements_of_another_shape_leave_the_indicators(text: str, told: str) -> None:
    batch = read(EastmoneyFundamentals, reports(), text)
    (row,) = rows_of(batch)
    assert (row["revenue"], row["debt"]) == (1.0, None)
    (remark,) = batch.remarks
    assert remark.startswith(f"eastmoney: {told}")


def test_a_page_of_statements_that_is_gone_leaves_the_indicators(router: Router) -> None:
    other = Router(routes=[*router.routes]).add("RPT_F10_FINANCE_GINCOME", (404, ""))
    batch = fetched(EastmoneyFundamentals, ask_for(EastmoneyFundamentals), other)
    assert batch.remarks == ("eastmoney: Eastmoney no longer sends a list of statements",)
    last = rows_of(batch)[-1]
    assert last["revenue"] is not None
    assert (last["debt"] is None, last["interest_expense"]) == (False, None)
    blocked = Router(routes=[*router.routes]).add("RPT_F10_FINANCE_GINCOME", (403, ""))
    with pytest.raises(SourceBlocked):  # asked again later, before anything is stored
        fetched(EastmoneyFundamentals, ask_for(EastmoneyFundamentals), blocked)


def test_a_balance_sheet_without_its_report_is_a_report() -> None:
    other = sheet(REPORT_DATE="2024-09-30", NOTICE_DATE="2024-10-25", UPDATE_DATE=None)
    first, second = rows_of(read(EastmoneyFundamentals, reports(), page(other)))
    assert (first["known_at"], first["debt"], first["revenue"]) == (date(2024, 10, 25), 30.0, None)
    assert (second["revenue"], second["debt"]) == (1.0, None)


def test_hong_kong_reports_are_known_when_they_were_due(router: Router) -> None:
    batch = fetched(EastmoneyHkFundamentals, ask_for(EastmoneyHkFundamentals), router)
    found = by_period(batch)
    known = {period: row["known_at"] for period, row in found.items()}
    assert known == {
        date(2021, 12, 31): date(2022, 3, 31),
        date(2022, 6, 30): date(2022, 8, 31),
        date(2022, 12, 31): date(2023, 3, 31),
        date(2023, 6, 30): date(2023, 8, 31),
        date(2023, 12, 31): date(2024, 3, 31),
        date(2024, 6, 30): date(2024, 8, 31),
        date(2024, 12, 31): date(2025, 3, 31),
        date(2025, 6, 30): date(2025, 8, 31),
        date(2025, 12, 31): date(2026, 3, 31),
    }
    assert {row["known_by"] for row in found.values()} == {"deadline"}
    assert {row["currency"] for row in found.values()} == {"CNY"}  # the reports', in words
    assert [row["gross_margin"] for row in found.values()] == pytest.approx([0.405] * len(found))
    assert {row["net_profit_deducted"] for row in found.values()} == {None}
    assert not batch.rejects


def test_nine_newest_and_nine_annual_reports_are_asked_for(router: Router) -> None:
    ask = ask_for(EastmoneyHkFundamentals, start=date(2021, 1, 4))
    periods = by_period(fetched(EastmoneyHkFundamentals, ask, router)).keys()
    assert date(2019, 12, 31) in periods
    assert date(2019, 6, 30) not in periods


def test_a_newcomer_without_an_annual_report_has_its_others(router: Router) -> None:
    def answer(sent: Any) -> Any:
        if "DATE_TYPE_CODE" in sent.query["filter"]:
            return {"result": {"data": []}}
        rows = eastmoney_values.hong_kong_reports(parse_listing("00700.HK"), START, END)
        return {"result": {"data": [row for row in rows if row["DATE_TYPE_CODE"] != "001"]}}

    other = Router(routes=[*router.routes]).add("RPT_HKF10_FN_MAININDICATOR", answer)
    found = rows_of(fetched(EastmoneyHkFundamentals, ask_for(EastmoneyHkFundamentals), other))
    assert {row["period_end"].month for row in found} == {6}


def reports(kind: type[ListingSource] = EastmoneyFundamentals, **columns: Any) -> pd.DataFrame:
    """A frame of one report in upstream's names, figures 1, announced on 2025-04-20."""
    names = kind.upstream.columns
    cells: dict[str, Any] = dict.fromkeys(names, "1")
    cells |= {"period_end": "2024-12-31 00:00:00", "currency": "CNY", "kind": "001"}
    cells |= {"notice": "2025-04-20 00:00:00", "update": "2025-04-20 00:00:00"} | columns
    frame = pd.DataFrame([{field: cells[field] for field in names}])
    return frame.rename(columns=names)


def test_hong_kong_reports_tell_a_balance_sheet_without_debt() -> None:
    sheet = {"TOTAL_ASSETS": 100.0, "TOTAL_LIABILITIES": 40.0, "TOTAL_PARENT_EQUITY": 55.0}
    frame = reports(EastmoneyHkFundamentals).assign(**sheet, END_CASH=7.0)
    (row,) = rows_of(read(EastmoneyHkFundamentals, frame))
    told = (row["total_assets"], row["minorities"], row["cash_equivalents"], row["equity"])
    assert told == (100.0, 5.0, 7.0, 55.0)
    assert (row["debt"], row["interest_expense"], row["ebit"]) == (None, None, None)


def test_a_report_that_cannot_be_read_is_rejected() -> None:
    frames = [
        reports(revenue="viele"),
        reports(period_end="2025-13-45"),
        reports(period_end=None),
        reports(currency="金"),
        reports(
            **dict.fromkeys(("revenue", "net_profit", "net_profit_deducted", "eps"), None)
        ).assign(BPS=None, ROEJQ="--", XSMLL="-"),
        reports(period_end="2024-09-30"),
    ]
    batch = read(EastmoneyFundamentals, pd.concat(frames, ignore_index=True))
    assert [row["period_end"] for row in rows_of(batch)] == [date(2024, 9, 30)]
    assert [(item.reason, item.line) for item in batch.rejects] == [
        ("revenue 'viele' is no number", 20241231),
        ("period_end '2025-13-45' is no date", 2),
        ("a report without its period", 3),
        ("currency '金' is unknown", 20241231),
        ("a report without any figure", 20241231),
    ]
    assert len({(item.file, item.line) for item in batch.rejects}) == 5


def test_a_report_that_comes_again_must_be_the_same() -> None:
    frame = pd.concat([reports(), reports(), reports(eps="2")], ignore_index=True)
    batch = read(EastmoneyFundamentals, frame)
    assert [row["eps"] for row in rows_of(batch)] == [1.0]
    assert [item.reason for item in batch.rejects] == ["the period came with other figures already"]


def test_known_at_follows_from_the_dates_of_the_report() -> None:
    cases = {
        ("2025-04-20", "2025-04-20"): (date(2025, 4, 20), "notice"),
        ("2025-04-20", None): (date(2025, 4, 20), "notice"),
        ("2025-04-20", "2025-04-01"): (date(2025, 4, 20), "notice"),
        ("2025-04-20", "2026-04-28"): (date(2026, 4, 28), "update"),
        (None, None): (date(2025, 4, 30), "deadline"),
        ("bald", "--"): (date(2025, 4, 30), "deadline"),
        ("2024-12-30", None): (date(2025, 4, 30), "deadline"),  # before the period's end
        (None, "2025-04-01"): (date(2025, 4, 30), "deadline"),
        (None, "2025-07-01"): (date(2025, 7, 1), "update"),
        ("2027-01-01", None): (TODAY, "notice"),
    }
    for (notice, update), expected in cases.items():
        (row,) = rows_of(read(EastmoneyFundamentals, reports(notice=notice, update=update)))
        assert (row["known_at"], row["known_by"]) == expected


@pytest.mark.parametrize(
    ("period_end", "due"),
    [
        (date(2025, 3, 31), date(2025, 4, 30)),
        (date(2025, 6, 30), date(2025, 8, 31)),
        (date(2025, 9, 30), date(2025, 10, 31)),
        (date(2025, 12, 31), date(2026, 4, 30)),
        (date(2025, 10, 31), date(2026, 2, 28)),  # no reporting day: as long as the longest
    ],
)
def test_mainland_deadlines(period_end: date, due: date) -> None:
    assert mainland_deadline(period_end) == due


@pytest.mark.parametrize(
    ("period_end", "annual", "period_start", "due"),
    [
        (date(2025, 12, 31), True, date(2025, 1, 1), date(2026, 3, 31)),
        (date(2025, 3, 31), True, date(2024, 4, 1), date(2025, 6, 30)),
        (date(2025, 6, 30), False, date(2025, 1, 1), date(2025, 8, 31)),
        (date(2025, 12, 31), False, date(2025, 7, 1), date(2026, 2, 28)),
        (date(2025, 9, 30), False, date(2025, 1, 1), date(2025, 12, 31)),  # nine months
        (date(2025, 6, 30), False, None, date(2025, 9, 30)),
        (date(2025, 6, 30), True, date(2025, 1, 1), date(2025, 9, 30)),  # first short year
    ],
)
def test_hong_kong_deadlines(
    period_end: date, annual: bool, period_start: date | None, due: date
) -> None:
    assert hong_kong_deadline(period_end, annual=annual, period_start=period_start) == due


def test_a_deadline_yet_to_come_gives_way_to_the_day_it_was_seen() -> None:
    seen = datetime(2025, 4, 10, 12, tzinfo=UTC)
    batch = read(EastmoneyFundamentals, reports(notice=None, update=None), fetched_at=seen)
    assert [row["known_at"] for row in rows_of(batch)] == [date(2025, 4, 10)]


DAYS = st.dates(date(2024, 12, 1), date(2026, 12, 31))


@laws(100)
@given(st.none() | DAYS, st.none() | DAYS, DAYS)
def test_nothing_is_known_before_it_was_announced_or_after_it_was_seen(
    notice: date | None, update: date | None, today: date
) -> None:
    period_end, deadline = date(2024, 12, 31), date(2025, 4, 30)
    day, by = known_on(period_end, notice=notice, update=update, deadline=deadline, today=today)
    assert day <= today
    dated = [item for item in (notice, update) if item is not None and item >= period_end]
    assert all(day >= min(item, today) for item in dated)
    assert (by is KnownBy.DEADLINE) <= (notice is None or notice < period_end)


# --- vintages ---

PERIODS = (date(2024, 12, 31), date(2025, 3, 31))
FETCHED = datetime(2026, 5, 27, 12, tzinfo=UTC)


def vintage(known_at: date, eps: float | None, period: date = PERIODS[0], **more: Any) -> Any:
    cells = {"listing": "300857.SZ", "period_end": period, "known_at": known_at, "eps": eps}
    return {**cells, "known_by": "notice", "currency": "CNY", **more}


def table(*rows: dict[str, Any]) -> pa.Table:
    if not rows:
        return empty_rows(TableName.FUNDAMENTALS)
    columns = {name: [row.get(name) for row in rows] for name in rows[0]}
    return make_rows(TableName.FUNDAMENTALS, columns, source="eastmoney", fetched_at=FETCHED)


def added(stored: pa.Table, fetched_rows: pa.Table, today: date = TODAY) -> list[tuple[Any, ...]]:
    rows = new_vintages(stored, fetched_rows, today=today)
    assert rows.schema.equals(fetched_rows.schema)
    return [(row["known_at"], row["eps"], row["known_by"]) for row in rows.to_pylist()]


def test_a_period_of_which_nothing_is_stored_comes_in_as_it_is() -> None:
    day = date(2025, 4, 20)
    assert added(table(), table(vintage(day, 1.0))) == [(day, 1.0, "notice")]
    other = table(vintage(day, 9.0, PERIODS[1]))
    assert added(other, table(vintage(day, 1.0))) == [(day, 1.0, "notice")]


def test_equal_figures_add_nothing() -> None:
    stored = table(vintage(date(2025, 4, 20), 1.0), vintage(date(2025, 9, 1), None))
    for day in (date(2025, 4, 20), date(2025, 9, 1), date(2026, 5, 27)):
        assert added(stored, table(vintage(day, None, known_by="update"))) == []
    digits = table(vintage(date(2025, 4, 20), 1 / 3))
    assert added(digits, table(vintage(date(2025, 4, 20), 0.33333333333333))) == []


def test_a_figure_from_rounded_ratios_of_another_source_is_no_change() -> None:
    stored = table(vintage(date(2025, 4, 20), 1.0))
    near, far = (table(vintage(date(2025, 4, 20), eps)) for eps in (1.00005, 1.0005))
    other = pa.array(["baostock"])
    for rows, changes in ((near, 0), (far, 1)):
        told = rows.set_column(rows.column_names.index("source"), "source", other)
        assert len(added(stored, told.cast(rows.schema))) == changes
        assert len(added(stored, rows)) == 1  # the same source changed it


@pytest.mark.parametrize(
    ("own", "known_at", "known_by"),
    [
        (date(2025, 4, 20), TODAY, "fetched"),  # taken
        (date(2025, 1, 2), TODAY, "fetched"),  # before what is stored
        (date(2025, 9, 1), TODAY, "fetched"),  # after it, but nobody saw it then
        (TODAY, TODAY, "notice"),
        (date(2026, 6, 1), date(2026, 6, 1), "notice"),
    ],
)
def test_figures_that_differ_become_a_vintage_of_today(
    own: date, known_at: date, known_by: str
) -> None:
    stored = table(vintage(date(2025, 4, 20), 1.0))
    assert added(stored, table(vintage(own, 2.0))) == [(known_at, 2.0, known_by)]


def test_a_second_change_on_one_day_comes_after_the_first() -> None:
    stored = table(vintage(date(2025, 4, 20), 1.0), vintage(TODAY, 2.0))
    tomorrow = TODAY + timedelta(days=1)
    assert added(stored, table(vintage(date(2025, 4, 20), 1.0))) == [(tomorrow, 1.0, "fetched")]


def test_a_change_of_currency_is_a_change() -> None:
    stored = table(vintage(date(2025, 4, 20), 1.0))
    assert len(added(stored, table(vintage(date(2025, 4, 20), 1.0, currency="HKD")))) == 1


def test_vintages_of_a_new_period_keep_their_dates() -> None:
    rows = table(vintage(date(2025, 4, 20), 1.0), vintage(date(2025, 9, 1), 2.0))
    assert [row[0] for row in added(table(), rows)] == [date(2025, 4, 20), date(2025, 9, 1)]


VINTAGES = st.lists(
    st.builds(
        vintage,
        st.dates(date(2025, 1, 1), date(2026, 7, 1)),
        st.sampled_from([1.0, 2.0, 3.0, None]),
        st.sampled_from(PERIODS),
    ),
    max_size=6,
    unique_by=lambda row: (row["period_end"], row["known_at"]),
)


def as_of(rows: Iterable[dict[str, Any]], day: date, periods: Iterable[date]) -> dict[date, Any]:
    known = sorted((row for row in rows if row["known_at"] <= day), key=lambda row: row["known_at"])
    return {row["period_end"]: row["eps"] for row in known if row["period_end"] in set(periods)}


@laws(150)
@given(VINTAGES, VINTAGES, st.dates(date(2025, 1, 1), date(2026, 7, 1)), st.integers(1, 600))
def test_a_refetch_changes_no_answer_of_an_earlier_day(
    before: list[dict[str, Any]], later: list[dict[str, Any]], today: date, back: int
) -> None:
    stored, rows = table(*before), table(*later)
    new = new_vintages(stored, rows, today=today).to_pylist()
    keys = [(row["period_end"], row["known_at"]) for row in [*before, *new]]
    assert len(set(keys)) == len(keys)  # no stored vintage is written over
    periods = {row["period_end"] for row in before}
    day = today - timedelta(days=back)
    assert as_of([*before, *new], day, periods) == as_of(before, day, periods)
    again = new_vintages(table(*before, *new) if before or new else stored, rows, today=today)
    if len({row["period_end"] for row in later}) == len(later):
        assert again.num_rows == 0  # fetching the same once more adds nothing


# --- what cannot be asked, is not there, or has changed ---


@pytest.mark.parametrize(
    ("kind", "listing"),
    [
        (EastmoneyValuation, "510300.SH"),
        (EastmoneyValuation, "200012.SZ"),
        (EastmoneyFundamentals, "510300.SH"),
        (BaiduHkValuation, "300857.SZ"),
        (EastmoneyHkFundamentals, "300857.SZ"),
    ],
)
def test_what_a_source_does_not_know_is_not_asked(kind: type[ListingSource], listing: str) -> None:
    with pytest.raises(SourceBlocked, match="cannot be asked for") as caught:
        kind(None).build_query(ask_for(kind, listing))  # type: ignore[arg-type]
    assert "screener data import" in caught.value.fix


@pytest.mark.parametrize("kind", list(KINDS))
def test_an_empty_frame_is_empty_and_a_missing_column_a_change(kind: type[ListingSource]) -> None:
    source: Any = kind(None)  # type: ignore[arg-type]
    query = source.build_query(ask_for(kind))
    names = list(kind.upstream.columns.values())
    with pytest.raises(SourceEmpty, match="sent no rows"):
        source.normalise(query, [pd.DataFrame(columns=names)] * len(query.calls))
    for name in names:
        frame = pd.DataFrame([dict.fromkeys(names)]).drop(columns=name)
        with pytest.raises(SourceChanged, match=f"no longer sends {re.escape(name)}") as caught:
            source.normalise(query, [frame] * len(query.calls))
        assert "correct the columns in sources/online/upstream_tables/" in caught.value.fix


NOTHING = {"result": None, "success": False}


@pytest.mark.parametrize("kind", [EastmoneyValuation, BaiduHkValuation, EastmoneyFundamentals])
def test_where_rows_are_due_none_is_no_answer(kind: type[ListingSource]) -> None:
    reply = {"Result": []} if kind is BaiduHkValuation else NOTHING
    with pytest.raises(SourceChanged):
        fetched(kind, ask_for(kind), Router().add("", reply))


def test_a_hong_kong_listing_may_have_no_reports() -> None:
    with pytest.raises(SourceEmpty):
        fetched(
            EastmoneyHkFundamentals, ask_for(EastmoneyHkFundamentals), Router().add("", NOTHING)
        )


def test_classes_say_what_they_offer() -> None:
    mainland = {Exchange.SH, Exchange.SZ, Exchange.BJ}
    assert EastmoneyValuation.exchanges == EastmoneyFundamentals.exchanges == mainland
    assert BaiduHkValuation.exchanges == EastmoneyHkFundamentals.exchanges == {Exchange.HK}
    assert EastmoneyValuation.need is BaiduHkValuation.need is Need.VALUATION
    assert [kind.due for kind in KINDS] == [True, True, True, False]
