"""Files of fixings, fundamentals, sessions, suspensions and industries."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from screener.data.lake.batch import Batch
from screener.data.lake.schema import TableName
from screener.data.sources.files import FileSource, ImportKind, ImportRequest
from screener.domain.listing import Kind, parse_listing
from screener.errors import DataError, ScreenerError

NOW = datetime(2026, 6, 30, tzinfo=UTC)


def read(
    folder: Path, text: str, kind: ImportKind, *, name: str = "given.csv", **more: object
) -> Batch:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    request = ImportRequest(
        paths=(path,),
        kind=kind,
        fetched_at=NOW,
        today=NOW.date(),
        as_of=NOW.date(),
        **more,  # type: ignore[arg-type]
    )
    source = FileSource()
    query = source.build_query(request)
    return source.normalise(query, source.fetch(query))


def values(batch: Batch, table: TableName, *columns: str) -> list[tuple[object, ...]]:
    return [tuple(row[name] for name in columns) for row in batch.tables[table].to_pylist()]


@pytest.mark.parametrize(
    ("name", "text", "pair", "rate"),
    [
        ("given.csv", "date,rate,pair\n2026-02-26,6.9,USDCNY\n", "USDCNY", 6.9),
        ("given.csv", "date,rate,pair\n2026-02-26,690,usd/cny\n", "USDCNY", 6.9),
        ("given.csv", "日期,中间价,货币对\n2026-02-26,6.9,美元\n", "USDCNY", 6.9),
        ("given.csv", "date,rate,pair\n2026-02-26,6.9,USDCNY.IB\n", "USDCNY", 6.9),
        ("given.csv", "date,rate,pair\n2026-02-26,1.25,CNYHKD\n", "HKDCNY", 0.8),
        ("given.csv", "date,rate,pair\n2026-02-26,0.125,CNY/USD\n", "USDCNY", 8.0),
        ("fx_usd.csv", "date,rate\n2026-02-26,6.9\n", "USDCNY", 6.9),
        ("USDCNY_2026.csv", "date,rate\n2026-02-26,6.9\n", "USDCNY", 6.9),
        ("hkdcny.csv", "date,rate\n2026-02-26,0.9\n", "HKDCNY", 0.9),
    ],
)
def test_fixings_of_either_dollar(
    tmp_path: Path, name: str, text: str, pair: str, rate: float
) -> None:
    batch = read(tmp_path, text, ImportKind.FX, name=name)
    assert values(batch, TableName.FX, "pair", "session", "rate") == [
        (pair, date(2026, 2, 26), pytest.approx(rate, rel=1e-12))
    ]


def test_two_pairs_of_one_file_stay_apart(tmp_path: Path) -> None:
    text = "date,rate,pair\n2026-02-26,6.9,USDCNY\n2026-02-26,0.9,HKDCNY\n2026-02-26,8,EURCNY\n"
    batch = read(tmp_path, text, ImportKind.FX)
    assert values(batch, TableName.FX, "pair", "rate") == [("USDCNY", 6.9), ("HKDCNY", 0.9)]
    assert [(item.line, item.reason[:25]) for item in batch.rejects] == [
        (4, "the pair is not renminbi ")
    ]


def test_a_rate_that_fits_another_pair_says_which(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="it could be CNY for 1 USD") as caught:
        read(tmp_path, "date,rate\n2026-02-26,6.9\n", ImportKind.FX)
    assert "name the file after it, USDCNY.csv" in str(caught.value.fix)
    with pytest.raises(DataError, match="it could be HKD for 1 CNY"):
        read(tmp_path, "date,rate,pair\n2026-02-26,1.1,HKDCNY\n", ImportKind.FX)


def test_fundamentals_are_known_from_their_announcement(tmp_path: Path) -> None:
    text = (
        "ts_code,ann_date,end_date,revenue,roe(%)\n"
        "600000.SH,20260428,20260331,1e9,3.5\n"
        "600001.SH,20260301,20260331,1e9,3.5\n"
        "600002.SH,,20260331,1e9,3.5\n"
    )
    batch = read(tmp_path, text, ImportKind.FUNDAMENTALS)
    columns = ("listing", "period_end", "known_at", "currency", "revenue", "roe")
    assert values(batch, TableName.FUNDAMENTALS, *columns) == [
        ("600000.SH", date(2026, 3, 31), date(2026, 4, 28), "CNY", 1e9, pytest.approx(0.035))
    ]
    assert [item.reason for item in batch.rejects] == [
        "published before its period ended",
        "known_at is missing",
    ]


DETAILS = ("ebit", "income_tax", "interest_expense", "total_assets", "total_liabilities")
DETAILS += ("cash_equivalents", "debt", "minorities", "depreciation")


@pytest.mark.parametrize(
    ("head", "scale"),
    [
        (
            "息税前利润(万元),所得税费用(万元),利息费用(万元),资产总计(万元),负债合计(万元),"
            "货币资金(万元),有息负债(万元),少数股东权益(万元),折旧与摊销(万元)",
            1e4,
        ),
        ("EBIT,所得税,利息支出,总资产,总负债,现金及现金等价物,带息债务,非控股权益,折旧和摊销", 1),
        (
            "ebit,income_tax,fin_exp_int_exp,total_assets,total_liab,money_cap,interestdebt,"
            "minority_int,daa",
            1,
        ),
    ],
)
def test_a_balance_sheet_under_the_heads_of_vendors(
    tmp_path: Path, head: str, scale: float
) -> None:
    told = [130.0, 30.0, 4.0, 2000.0, 900.0, 80.0, 300.0, 100.0, 55.0]
    text = f"代码,报告期,公告日期,{head}\n600000.SH,20251231,20260328,"
    batch = read(tmp_path, text + ",".join(map(str, told)) + "\n", ImportKind.FUNDAMENTALS)
    (found,) = values(batch, TableName.FUNDAMENTALS, *DETAILS)
    assert found == tuple(pytest.approx(number * scale) for number in told)


def test_a_balance_sheet_that_cannot_be_is_rejected(tmp_path: Path) -> None:
    text = (
        "code,known_at,period_end,total_assets,total_liabilities,equity,minorities,debt\n"
        "600000,2026-04-28,2026-03-31,2000,900,1000,100,5\n"
        "600001,2026-04-28,2026-03-31,2000,900,0.1,0.01,5\n"  # another unit
        "600002,2026-04-28,2026-03-31,2000,900,1000,100,-5\n"
        "600003,2026-04-28,2026-03-31,-2000,900,,,\n"
        "600004,2026-04-28,2026-03-31,2000,900,,,\n"
    )
    batch = read(tmp_path, text, ImportKind.FUNDAMENTALS)
    kept = values(batch, TableName.FUNDAMENTALS, "listing")
    assert kept == [("600000.SH",), ("600004.SH",)]
    assert [item.reason for item in batch.rejects] == [
        "assets less liabilities are not the equity: is a unit another?",
        "debt is negative",
        "total_assets is negative",
    ]


def test_a_percentage_is_asked_about(tmp_path: Path) -> None:
    text = "code,known_at,period_end,roe\n600000,2026-04-28,2026-03-31,12.5\n"
    with pytest.raises(DataError, match="a percentage, not a fraction") as caught:
        read(tmp_path, text, ImportKind.FUNDAMENTALS)
    assert "roe(%)" in str(caught.value.fix)


def test_a_calendar_keeps_open_days_and_says_what_differs(tmp_path: Path) -> None:
    text = (
        "exchange,cal_date,is_open\nSSE,20260619,0\nSSE,20260618,1\nSSE,20260622,1\n"
        "SZSE,20260618,1\nSSE,20260618,1\nNYSE,20260618,1\nSSE,20260620,1\n"
    )
    batch = read(tmp_path, text, ImportKind.CALENDAR)
    assert values(batch, TableName.CALENDAR, "exchange", "session", "half_day") == [
        ("SH", date(2026, 6, 18), None),
        ("SH", date(2026, 6, 22), None),
        ("SZ", date(2026, 6, 18), None),
        ("SH", date(2026, 6, 20), None),
    ]
    assert [item.reason for item in batch.rejects] == ["the exchange is none of SH, SZ, BJ and HK"]
    told = " ".join(batch.remarks)
    assert "1 rows are days without a session" in told
    assert "2026-06-20" in told  # a Saturday, which calendar XSHG has not


def test_suspensions_are_facts_of_sessions(tmp_path: Path) -> None:
    text = "code,date,停牌,is_st\n600000,2026-06-18,停牌,否\n600000,2026-06-20,1,0\n"
    batch = read(tmp_path, text, ImportKind.STATUS)
    assert values(batch, TableName.STATUS, "listing", "session", "suspended", "st") == [
        ("600000.SH", date(2026, 6, 18), True, False)
    ]
    assert [item.session for item in batch.rejects] == [date(2026, 6, 20)]


def test_industries_bear_dates(tmp_path: Path) -> None:
    text = (
        "code,industry,from,to\n600000,银行,2020-01-02,2024-12-31\n600000,金融,2025-01-01,\n"
        "600001,钢铁,2025-01-01,2024-01-01\n600002,,2025-01-01,\n"
    )
    batch = read(tmp_path, text, ImportKind.INDUSTRIES)
    assert values(batch, TableName.INDUSTRIES, "industry", "valid_from", "valid_to") == [
        ("银行", date(2020, 1, 2), date(2024, 12, 31)),
        ("金融", date(2025, 1, 1), None),
    ]
    assert [item.reason for item in batch.rejects] == [
        "valid_to is before valid_from",
        "industry is missing",
    ]


def test_eligibility_bears_dates(tmp_path: Path) -> None:
    text = (
        "code,类型,from,to\n00700.HK,沪港通下的港股通,2014-11-17,\n9988.HK,港股通,2024-09-10,\n"
        "01024.HK,southbound,2021-06-01,2022-05-31\n01024.HK,southbound,2023-01-03,\n"
        "600000.SH,southbound,2020-01-02,\n00005.HK,northbound,2020-01-02,\n"
        "00005.HK,southbound,2020-01-02,2019-01-02\n00005.HK,southbound,2027-01-04,\n"
    )
    batch = read(tmp_path, text, ImportKind.ELIGIBILITY)
    columns = ("listing", "programme", "valid_from", "valid_to")
    assert sorted(values(batch, TableName.ELIGIBILITY, *columns)) == [
        ("00700.HK", "southbound", date(2014, 11, 17), None),
        ("01024.HK", "southbound", date(2021, 6, 1), date(2022, 5, 31)),
        ("01024.HK", "southbound", date(2023, 1, 3), None),
        ("09988.HK", "southbound", date(2024, 9, 10), None),
    ]
    assert [item.reason for item in batch.rejects] == [
        "southbound is for Hong Kong listings",
        "the programme is not southbound",
        "valid_to is before valid_from",
        "date in the future",
    ]


def test_estimates_of_several_brokers_and_years_share_a_day(tmp_path: Path) -> None:
    text = (
        "code,年度,机构,发布日期,预测每股收益,预测净利润(亿元),营业收入(亿元)\n"
        "600000,2026,甲证券,2026-05-06,1.5,300,900\n600000,2027,甲证券,2026-05-06,1.8,,\n"
        "600000,2026,乙证券,2026-05-06,1.4,,\n600000,2026,,2026-05-06,1.45,,\n"
        "600000,2026,乙证券,2026-05-06,1.4,,\n"
        "600001,2026.5,甲证券,2026-05-06,1,,\n600002,2026,甲证券,2026-05-06,,,\n"
        "600003,2026,甲证券,2026-05-06,1,,\n600003,2026,甲证券,2026-05-06,2,,\n"
        "600004,2026,甲证券,2026-07-06,1,,\n00700.HK,2026,甲证券,2026-05-06,25,,\n"
        "00005.HK,2026,甲证券,2026-05-06,,,5\n"
    )
    batch = read(tmp_path, text, ImportKind.ESTIMATES)
    columns = ("listing", "fiscal_year", "broker", "known_at", "currency")
    columns += ("eps", "profit", "revenue")
    day = date(2026, 5, 6)
    assert set(values(batch, TableName.ESTIMATES, *columns)) == {
        ("00005.HK", 2026, "甲证券", day, "HKD", None, None, 5e8),
        ("00700.HK", 2026, "甲证券", day, "HKD", 25.0, None, None),
        ("600000.SH", 2026, "", day, "CNY", 1.45, None, None),
        ("600000.SH", 2026, "乙证券", day, "CNY", 1.4, None, None),
        ("600000.SH", 2026, "甲证券", day, "CNY", 1.5, 3e10, 9e10),
        ("600000.SH", 2027, "甲证券", day, "CNY", 1.8, None, None),
    }
    reasons = [item.reason for item in batch.rejects]
    assert "fiscal_year is no year" in reasons
    assert "no value in the row" in reasons
    assert sum("listing, year, broker" in text for text in reasons) == 2
    assert "date in the future" in reasons


@pytest.mark.parametrize(
    ("code", "listing", "basis"),
    [
        ("H00905", "H00905.CSI", "total"),
        ("H20955.CSI", "H20955.CSI", "total"),
        ("H30269.CSI", "H30269.CSI", "price"),
        ("801080.SI", "801080.SI", "price"),
        ("8841678.WI", "8841678.WI", "price"),
    ],
)
def test_indices_of_compilers_import(tmp_path: Path, code: str, listing: str, basis: str) -> None:
    text = f"code,date,open,high,low,close\n{code},2026-06-18,10,11,9,10\n"
    batch = read(tmp_path, text, ImportKind.INDEX)
    assert values(batch, TableName.LISTINGS, "listing", "currency", "return_basis") == [
        (listing, "CNY", basis)
    ]
    alone = read(
        tmp_path,
        "date,close\n2026-06-18,10\n",
        ImportKind.INDEX,
        listing=parse_listing(code, kind=Kind.INDEX),
    )
    assert values(alone, TableName.BARS, "listing", "open", "close") == [(listing, None, 10.0)]


def test_kinds_that_have_no_listing_refuse_one(tmp_path: Path) -> None:
    with pytest.raises(ScreenerError, match="--listing is not for a calendar"):
        read(
            tmp_path,
            "exchange,date\nSH,2026-06-18\n",
            ImportKind.CALENDAR,
            listing=parse_listing("600000.SH"),
        )
