"""Dated industries and southbound eligibility, through akshare's own code on canned files."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from screener.data.lake.batch import Batch
from screener.data.lake.rows import empty_rows, make_rows
from screener.data.lake.schema import TABLES, TableName
from screener.data.sources.online.providers.eastmoney_lists import (
    EastmoneyEligibility,
    EastmoneyHkSessionList,
    EastmoneySessionList,
)
from screener.data.sources.online.providers.shenwan import ShenwanIndustries
from screener.data.sources.online.transport.protocol import Ask, Need
from screener.data.update.eligibility import recorded_spells
from screener.domain.listing import Exchange
from screener.errors import SourceChanged
from tests.support.canned import eastmoney_lists, shenwan
from tests.support.canned.market import CannedMarket
from tests.support.laws import laws
from tests.support.transport import Router, offline
from tests.support.wire_clock import FakeClock, make_wire

AT = datetime(2026, 5, 27, 12, tzinfo=UTC)
TODAY = date(2026, 5, 27)
KINDS = (EastmoneySessionList, EastmoneyHkSessionList)
ASK = Ask(need=Need.INDUSTRIES, start=date(2020, 1, 2), end=TODAY, fetched_at=AT)


@pytest.fixture(scope="module")
def market() -> CannedMarket:
    return CannedMarket.make(n_other=0, start=date(2026, 4, 1))


@pytest.fixture(scope="module")
def router(market: CannedMarket) -> Router:
    router = Router()
    for vendor in (shenwan, eastmoney_lists):
        vendor.serve(router, market)
    return router


def fetched(kind: Any, router: Router, **changes: Any) -> Batch:
    wire, _ = make_wire(FakeClock(instant=AT))
    source = kind(wire)
    market = Exchange.SH if Exchange.SH in source.exchanges else Exchange.HK
    ask = replace(ASK, **{"need": source.need, "exchange": market, **changes})
    query = source.build_query(ask)
    with offline(router):
        payload = source.fetch(query)
    return source.normalise(query, payload)  # type: ignore[no-any-return]


def spells(batch: Batch, listing: str) -> list[tuple[date, str]]:
    rows = batch.tables[TableName.INDUSTRIES].to_pylist()
    return [(row["valid_from"], row["industry"]) for row in rows if row["listing"] == listing]


def test_industries_change_with_the_code_and_with_the_scheme(router: Router) -> None:
    batch = fetched(ShenwanIndustries, router)
    assert batch.rejects == ()
    assert spells(batch, "000630.SZ") == [(date(1996, 11, 20), "有色金属")]
    assert spells(batch, "300857.SZ") == [  # one number, two meanings
        (date(2012, 7, 27), "信息服务"),
        (date(2014, 1, 1), "计算机"),
    ]
    assert spells(batch, "600000.SH") == [
        (date(1999, 11, 10), "金融服务"),
        (date(2014, 1, 1), "银行"),
    ]
    assert spells(batch, "688256.SH") == [(date(2020, 7, 20), "电子")]
    rows = batch.tables[TableName.INDUSTRIES]
    assert rows.column_names == list(TABLES[TableName.INDUSTRIES].column_names)


def test_later_changes_change_nothing_before(router: Router) -> None:
    whole = fetched(ShenwanIndustries, router)
    early = fetched(ShenwanIndustries, router, end=date(2013, 12, 31))
    for name in ("300857.SZ", "600000.SH", "000630.SZ"):
        cut = [item for item in spells(whole, name) if item[0] <= date(2013, 12, 31)]
        assert spells(early, name) == cut


def industries_of(frame: pd.DataFrame) -> Batch:
    source: Any = ShenwanIndustries(None)  # type: ignore[arg-type]
    return source.normalise(source.build_query(ASK), (frame,))  # type: ignore[no-any-return]


def file_of(**changes: Any) -> pd.DataFrame:
    columns = {"symbol": "600000", "start_date": date(2021, 7, 30), "industry_code": "480301"}
    codes = [f"{600000 + at}" for at in range(5000)]
    return pd.DataFrame({**columns, "symbol": codes, **changes})


def test_an_unknown_code_is_rejected_and_many_are_a_change() -> None:
    codes = ["480301"] * 4998 + ["990101", ""]
    batch = industries_of(file_of(industry_code=codes))
    assert batch.tables[TableName.INDUSTRIES].num_rows == 4998
    assert [item.reason for item in batch.rejects] == [
        "industry code 990101 is unknown",
        "industry code 000000 is unknown",
    ]
    with pytest.raises(SourceChanged, match="of 5000 rows cannot be read"):
        industries_of(file_of(industry_code="990101"))
    with pytest.raises(SourceChanged, match="no longer sends"):
        industries_of(file_of().rename(columns={"start_date": "day"}))
    with pytest.raises(SourceChanged, match="truncated"):
        industries_of(file_of()[:4000])


def test_the_list_of_a_market_is_in_shares_and_its_own_currency(
    router: Router, market: CannedMarket
) -> None:
    for kind in KINDS:
        batch = fetched(kind, router, start=TODAY)
        assert batch.rejects == ()
        bars = {row["listing"]: row for row in batch.tables[TableName.BARS].to_pylist()}
        for item in market.listings:
            truth = market.traded(item.id)[-1]
            if item.id in bars and truth["session"] == TODAY:
                for field in ("open", "high", "low", "close", "volume", "amount"):
                    assert bars[item.id][field] == truth[field], (item, field)
        assert {row["basis"] for row in bars.values()} == {"raw"}


def listed() -> list[dict[str, Any]]:
    columns = {
        "代码": "600000",
        "名称": "甲",
        "今开": 10.0,
        "最高": 10.5,
        "最低": 9.5,
        "最新价": 10.2,
    }
    columns |= {"成交量": 1000, "成交额": 1.02e6, "昨收": 10.0, "市净率": 1.1, "总市值": 1e9}
    return [{**columns, "流通市值": 5e8, "代码": f"{600000 + at}"} for at in range(4600)]


def list_of(rows: list[dict[str, Any]]) -> Batch:
    source: Any = EastmoneySessionList(None)  # type: ignore[arg-type]
    ask = replace(ASK, need=Need.SESSION_LIST, start=TODAY, exchange=Exchange.SH)
    return source.normalise(source.build_query(ask), (pd.DataFrame(rows),))  # type: ignore[no-any-return]


def test_rows_of_a_list_that_cannot_be_right_are_rejected() -> None:
    rows = listed()
    rows[1]["成交额"] = 1.02e8  # a hundred times its volume
    rows[2]["最高"] = "x"
    rows[3]["今开"], rows[3]["成交额"] = 10.0, None
    rows.append({**rows[4], "最新价": 10.3})  # twice, with another price
    rows.append(dict(rows[5]))  # twice, and the same
    rows[6] |= dict.fromkeys(("今开", "最高", "最低", "成交量", "成交额"))  # did not trade
    batch = list_of(rows)
    assert [(item.listing, item.reason) for item in batch.rejects] == [
        ("600002.SH", "high 'x' is no number"),
        ("600003.SH", "amount is missing"),
        ("600004.SH", "the listing comes twice with different values"),
        ("600001.SH", "amount and volume do not belong together"),
    ]
    told = set(batch.tables[TableName.BARS]["listing"].to_pylist())
    assert not told & {"600001.SH", "600002.SH", "600003.SH", "600004.SH", "600006.SH"}
    assert len(told) == 4600 - 5
    assert batch.references["600006.SH"] == 10.0
    assert batch.tables[TableName.BARS]["volume"][0].as_py() == 100_000


def test_a_list_in_another_unit_is_told_or_refused() -> None:
    shares = [{**row, "成交量": row["成交量"] * 100} for row in listed()]
    batch = list_of(shares)
    assert "multiplied by 0.01" in batch.remarks[0]
    assert batch.tables[TableName.BARS]["volume"][0].as_py() == 100_000
    odd = [{**row, "成交量": row["成交量"] * 10} for row in listed()]
    with pytest.raises(SourceChanged, match="neither in shares nor in lots"):
        list_of(odd)
    with pytest.raises(SourceChanged, match="truncated"):
        list_of(listed()[:3000])


# --- eligibility ---


def test_todays_list_is_dated_today(router: Router) -> None:
    rows = fetched(EastmoneyEligibility, router).tables[TableName.ELIGIBILITY].to_pylist()
    assert len(rows) == eastmoney_lists.ELIGIBLE
    assert {row["valid_from"] for row in rows} == {TODAY}
    assert {row["programme"] for row in rows} == {"southbound"}
    assert "00700.HK" in {row["listing"] for row in rows}


def seen(day: date, *names: str) -> pa.Table:
    columns = {
        "listing": sorted(names),
        "programme": "southbound",
        "valid_from": [day] * len(names),
    }
    at = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    return make_rows(TableName.ELIGIBILITY, columns, source="eastmoney", fetched_at=at)


def kept(stored: pa.Table, rows: pa.Table) -> pa.Table:
    """Store rows over those of their key, as the lake does."""
    key = TABLES[TableName.ELIGIBILITY].key
    found = {tuple(row[name] for name in key): row for row in stored.to_pylist()}
    found |= {tuple(row[name] for name in key): row for row in rows.to_pylist()}
    return pa.Table.from_pylist([found[item] for item in sorted(found)], schema=rows.schema)


def test_spells_begin_when_first_seen_and_end_when_last_seen() -> None:
    first, second, third = date(2026, 5, 4), date(2026, 5, 11), date(2026, 5, 18)
    stored = empty_rows(TableName.ELIGIBILITY)
    stored = kept(
        stored,
        recorded_spells(stored, seen(first, "00001.HK", "00002.HK"), today=first, seen_before=None),
    )
    rows = recorded_spells(stored, seen(second, "00002.HK"), today=second, seen_before=first)
    assert [(row["listing"], row["valid_from"], row["valid_to"]) for row in rows.to_pylist()] == [
        ("00001.HK", first, first)  # what came between is not known, so it does not count
    ]
    stored = kept(stored, rows)
    again = seen(third, "00001.HK", "00002.HK")
    rows = recorded_spells(stored, again, today=third, seen_before=second)
    assert [(row["listing"], row["valid_from"], row["valid_to"]) for row in rows.to_pylist()] == [
        ("00001.HK", third, None)
    ]


def test_history_of_a_file_goes_on() -> None:
    file = seen(date(2024, 9, 10), "09988.HK")
    rows = recorded_spells(file, seen(TODAY, "09988.HK"), today=TODAY, seen_before=None)
    assert rows.num_rows == 0


@laws(60)
@given(st.lists(st.sets(st.sampled_from("ABCD")), min_size=1, max_size=8))
def test_every_day_of_a_list_lies_in_a_spell_and_no_later_list_changes_it(
    days: list[set[str]],
) -> None:
    names = dict(zip("ABCD", ("00001.HK", "00002.HK", "00003.HK", "00005.HK"), strict=True))
    stored, before = empty_rows(TableName.ELIGIBILITY), None
    for at, letters in enumerate(days):
        day = date(2026, 1, 5) + timedelta(days=3 * at)
        rows = seen(day, *(names[item] for item in letters), "00700.HK")
        stored = kept(stored, recorded_spells(stored, rows, today=day, seen_before=before))
        before = day
    spells_ = stored.to_pylist()
    for at, letters in enumerate(days):
        day = date(2026, 1, 5) + timedelta(days=3 * at)
        eligible = {
            row["listing"]
            for row in spells_
            if row["valid_from"] <= day and (row["valid_to"] is None or day <= row["valid_to"])
        }
        assert eligible == {names[item] for item in letters} | {"00700.HK"}
