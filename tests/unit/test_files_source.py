"""Files as a source: tiny files written here, read, checked and turned into rows."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from screener.data.lake.batch import Batch
from screener.data.lake.schema import TABLES, Basis, TableName
from screener.data.sources.files import FileSource, ImportKind, ImportRequest
from screener.data.sources.files.columns.values import parse_day
from screener.domain.listing import Exchange, Listing
from screener.errors import DataError, InputError, SchemaMismatch

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
TODAY = date(2026, 3, 2)
HEAD = "code,date,open,high,low,close,volume\n"
GOOD = "600519,2026-02-26,10.00,10.50,9.90,10.20,1000\n"


@dataclass
class Importer:
    """Writes files and imports them."""

    folder: Path

    def write(self, content: str | bytes, name: str = "f.csv") -> Path:
        path = self.folder / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def __call__(
        self,
        *files: str | bytes | Path,
        kind: ImportKind = ImportKind.BARS,
        basis: Basis | None = None,
        name: str = "f.csv",
        **options: object,
    ) -> Batch:
        paths = tuple(item if isinstance(item, Path) else self.write(item, name) for item in files)
        if basis is None and kind is ImportKind.BARS:
            basis = Basis.RAW
        request = ImportRequest(
            paths=paths, kind=kind, basis=basis, fetched_at=NOW, today=TODAY, **options
        )
        source = FileSource()
        query = source.build_query(request)
        batch = source.normalise(query, source.fetch(query))
        for table, rows in batch.tables.items():
            assert tuple(rows.column_names) == TABLES[table].column_names
            for column in TABLES[table].columns:
                assert not (column.required and rows.column(column.name).null_count)
        return batch


@pytest.fixture
def imported(tmp_path: Path) -> Importer:
    return Importer(tmp_path)


def rows_of(batch: Batch, table: TableName, *names: str) -> list[tuple[object, ...]]:
    columns = [batch.tables[table].column(name).to_pylist() for name in names]
    return list(zip(*columns, strict=True))


def reasons(batch: Batch) -> list[tuple[int, str]]:
    return [(item.line, item.reason) for item in batch.rejects]


# --- bars ---------------------------------------------------------------------------------------


def test_bars_land_with_their_origin(imported: Importer) -> None:
    batch = imported(HEAD + GOOD)
    bars = batch.tables[TableName.BARS].to_pylist()
    assert bars == [
        {
            "listing": "600519.SH",
            "session": date(2026, 2, 26),
            "open": 10.0,
            "high": 10.5,
            "low": 9.9,
            "close": 10.2,
            "volume": 1000.0,
            "amount": None,
            "basis": "raw",
            "source": "f.csv",
            "fetched_at": NOW,
        }
    ]
    assert batch.rejects == ()
    assert batch.replaces == frozenset()
    assert set(batch.tables) == {TableName.BARS}


def test_adjusted_bars_say_their_basis(imported: Importer) -> None:
    text = HEAD + GOOD + "300857.SZ,20260226,5,5,5,5,10\n"
    batch = imported(text, basis=Basis.ADJUSTED)
    assert batch.replaces == frozenset()  # what becomes of stored bars is not the file's to say
    assert set(batch.tables[TableName.BARS].column("basis").to_pylist()) == {"adjusted"}


def test_every_fault_has_its_line_and_reason(imported: Importer) -> None:
    lines = [
        GOOD.strip(),
        "300857.SH,2026-02-26,10,11,9,10,1",
        ",2026-02-26,10,11,9,10,1",
        "600519,2026-02-31,10,11,9,10,1",
        "600519,2026-03-03,10,11,9,10,1",
        "600519,2026-02-28,10,11,9,10,1",
        '600519,2026-02-25,"1,5",11,9,10,1',
        "600519,2026-02-25,,11,9,10,1",
        "600519,2026-02-25,-10,11,9,10,1",
        "600519,2026-02-25,10,8,9,10,1",
        "600519,2026-02-25,10,11,9,12,1",
        "600519,2026-02-25,10,11,9,10,-1",
        "600519,2026-02-24,10,11,9,10,1",
        "600519,2026-02-24,10,11,9,10.5,1",
        "000300.SH,2026-02-26,10,11,9,10,1",
        "600519,2026-02-25,10",
        "600519,2026-02-25,10,inf,9,10,1",
    ]
    batch = imported(HEAD + "\n".join(lines) + "\n")
    assert batch.tables[TableName.BARS].num_rows == 1
    twice = "listing and session comes more than once with different values"
    assert sorted(reasons(batch)) == [
        (3, "code '300857.SH': 300857 is a code of SZ, not of SH"),
        (4, "code is missing"),
        (5, "session is not a date"),
        (6, "date in the future"),
        (7, "not a session of SH (calendar XSHG)"),
        (8, "open is not a number"),
        (9, "open is missing"),
        (10, "open is not positive"),
        (11, "high is below low"),
        (12, "close is outside low and high"),
        (13, "volume is negative"),
        (14, twice),
        (15, twice),
        (16, "the code is that of an index: import it with --kind index"),
        (17, "3 cells where the header has 7"),
        (18, "high is not a number"),
    ]
    by_line = {item.line: item for item in batch.rejects}
    assert by_line[6].listing == "600519.SH"
    assert by_line[6].session == date(2026, 3, 3)
    assert by_line[3].listing is None
    assert by_line[5].session is None
    assert json.loads(by_line[13].row)["volume"] == "-1"


def test_identical_rows_are_taken_once_and_said(imported: Importer) -> None:
    batch = imported(HEAD + GOOD * 3)
    assert batch.tables[TableName.BARS].num_rows == 1
    assert batch.rejects == ()
    assert "2 rows repeat another row exactly and were taken once" in batch.remarks


def test_conflicts_are_found_across_files(imported: Importer) -> None:
    first = imported.write(HEAD + GOOD + "600000,2026-02-26,5,5,5,5,1\n", "a.csv")
    second = imported.write(HEAD + GOOD.replace("10.20", "10.30"), "b.csv")
    batch = imported(first, second)
    assert [(item.file, item.line) for item in batch.rejects] == [("a.csv", 2), ("b.csv", 2)]
    assert rows_of(batch, TableName.BARS, "listing") == [("600000.SH",)]


def test_blank_lines_keep_the_line_numbers(imported: Importer) -> None:
    batch = imported("\n" + HEAD + "\n" + GOOD + "\n,,,,,,\n600519,2026-02-25,0,1,1,1,1\n\n")
    assert reasons(batch) == [(7, "open is not positive")]


def test_all_rejected_is_an_error_with_the_commonest_reasons(imported: Importer) -> None:
    text = HEAD + "x,2026-02-26,1,1,1,1,1\n" + "600519,2026-02-28,1,1,1,1,1\n" * 2
    with pytest.raises(DataError, match=r"all 3 rows are rejected: not a session of SH") as error:
        imported(text)
    assert "'x' is not a listing code (1)" in error.value.what
    assert error.value.where == "f.csv"
    assert error.value.fix == "check the days, and the exchange of the codes"


def test_suspended_sessions_go_to_status_and_the_flat_bar_stays(imported: Importer) -> None:
    head = HEAD.replace("\n", ",suspended\n")
    text = (
        head
        + "600519,2026-02-25,10,10,10,10,0,True\n"
        + "600519,2026-02-26,10,10,10,10,5,False\n"
        + "600519,2026-02-27,,,,,,停牌\n"
        + "600519,2026-02-24,1,1,1,1,1,maybe\n"
    )
    batch = imported(text)
    assert rows_of(batch, TableName.BARS, "session") == [
        (date(2026, 2, 25),),
        (date(2026, 2, 26),),
    ]
    assert rows_of(batch, TableName.STATUS, "session", "suspended", "st") == [
        (date(2026, 2, 25), True, None),
        (date(2026, 2, 27), True, None),
    ]
    assert reasons(batch) == [(5, "suspended is not a yes or no")]
    assert any("1 of them without prices" in line for line in batch.remarks)


def test_listing_from_the_file_name_or_the_option(imported: Importer) -> None:
    text = "Date,Close,High,Low,Open,Volume\n2026-02-26,1,1,1,1,5\n"
    named = imported(text, name="0700.HK.csv")
    assert rows_of(named, TableName.BARS, "listing", "volume") == [("00700.HK", 5.0)]
    assert "0700.HK.csv: listing 00700.HK is told by the file name" in named.remarks
    given = imported(text, listing=Listing("02513", Exchange.HK))
    assert rows_of(given, TableName.BARS, "listing") == [("02513.HK",)]
    with pytest.raises(SchemaMismatch, match="no column for listing"):
        imported(text)


def test_listing_option_against_a_listing_column(imported: Importer) -> None:
    assert imported(HEAD + GOOD, listing=Listing("600519", Exchange.SH)).rejects == ()
    with pytest.raises(InputError, match=r"listing column, with 600519\.SH in it") as error:
        imported(HEAD + GOOD, listing=Listing("00700", Exchange.HK))
    assert error.value.fix == "drop --listing"


def test_adjusted_prices_called_raw_are_asked_about(imported: Importer) -> None:
    text = HEAD + GOOD + "600519,2026-02-25,10,11,9,10.1234,1\n"
    asked = [line for line in imported(text).remarks if "--basis adjusted" in line]
    assert asked
    assert asked[0].startswith("50.0% of the closes")
    assert not any("tick" in line for line in imported(text, basis=Basis.ADJUSTED).remarks)


def test_hong_kong_ticks_are_a_tenth_of_a_cent(imported: Importer) -> None:
    text = HEAD + "00700.HK,2026-02-26,1,1.1,0.9,1.005,1\n"
    assert not any("tick" in line for line in imported(text).remarks)


# --- units --------------------------------------------------------------------------------------

AK_HEAD = "日期,股票代码,开盘,收盘,最高,最低,成交量,成交额,换手率\n"


def test_lots_of_akshare_become_shares(imported: Importer) -> None:
    # 10 lots = 1,000 shares at 10.2, so an amount near 10,200.
    batch = imported(AK_HEAD + "2026-02-26,600519,10,10.2,10.5,9.9,10,10150,0.1\n")
    assert rows_of(batch, TableName.BARS, "volume", "amount") == [(1000.0, 10150.0)]
    assert any("成交量 is volume: in lots of 100 shares" in line for line in batch.remarks)
    assert any("only to prove the unit of volume: 换手率" in line for line in batch.remarks)


def test_shares_under_a_lot_header_are_found_by_the_amount(imported: Importer) -> None:
    batch = imported(AK_HEAD + "2026-02-26,600519,10,10.2,10.5,9.9,1000,10150,0.1\n")
    assert rows_of(batch, TableName.BARS, "volume") == [(1000.0,)]
    assert any("is in shares after all" in line for line in batch.remarks)


def test_hong_kong_volume_of_akshare_is_in_shares(imported: Importer) -> None:
    text = "日期,开盘,收盘,最高,最低,成交量\n2026-02-26,1,1,1,1,700\n"
    batch = imported(text, name="00700.csv")
    assert rows_of(batch, TableName.BARS, "volume") == [(700.0,)]


def test_lots_under_a_plain_header_are_found_by_the_amount(imported: Importer) -> None:
    head = HEAD.replace("\n", ",amount\n")
    text = head + "600519,2026-02-26,10,10.5,9.9,10.2,10,10150\n"
    batch = imported(text)
    assert rows_of(batch, TableName.BARS, "volume") == [(1000.0,)]
    assert any("multiplied by 100" in line and "600519.SH" in line for line in batch.remarks)


def test_volume_that_fits_no_unit_is_rejected(imported: Importer) -> None:
    head = HEAD.replace("\n", ",amount\n")
    text = head + (
        "600519,2026-02-26,10,10.5,9.9,10.2,1000,10150\n"
        "600000,2026-02-26,10,10.5,9.9,10.2,1000,77\n"
    )
    batch = imported(text)
    assert [item.listing for item in batch.rejects] == ["600000.SH"]
    assert "neither shares (1) nor lots (100)" in batch.rejects[0].reason


def test_adjusted_prices_prove_no_unit(imported: Importer) -> None:
    head = HEAD.replace("\n", ",amount\n")
    text = head + "600519,2026-02-26,10,10.5,9.9,10.2,10,10150\n"
    assert rows_of(imported(text, basis=Basis.ADJUSTED), TableName.BARS, "volume") == [(10.0,)]


def test_tushare_units(imported: Importer) -> None:
    text = (
        "ts_code,trade_date,open,high,low,close,pre_close,change,pct_chg,vol,amount\n"
        "600519.SH,20260226,10,10.5,9.9,10.2,10,0.2,2,10,10.15\n"
    )
    batch = imported(text)
    assert rows_of(batch, TableName.BARS, "volume", "amount") == [(1000.0, 10150.0)]


def test_wind_units_and_thousands_separators(imported: Importer) -> None:
    text = (
        "代码,名称,日期,开盘价(元),最高价(元),最低价(元),收盘价(元),成交量(万股),成交额(万元)\n"
        '600519.SH,某酒,2026/2/26,"1,400.00","1,450.00","1,390.00","1,420.00",0.1,141\n'
    )
    batch = imported(text)
    assert rows_of(batch, TableName.BARS, "open", "volume", "amount") == [
        (1400.0, 1000.0, 1_410_000.0)
    ]


def test_a_false_unit_in_a_header_is_not_overruled(imported: Importer) -> None:
    text = (
        "代码,日期,开盘价(元),最高价(元),最低价(元),收盘价(元),成交量(股),成交额(元)\n"
        "600519.SH,2026-02-26,10,10,10,10,10,10000\n"
        "600000.SH,2026-02-26,10,10,10,10,10,100\n"
    )
    batch = imported(text)
    assert [item.listing for item in batch.rejects] == ["600519.SH"]
    assert "the unit in 成交量(股) is not true" in batch.rejects[0].reason


def test_a_currency_that_is_not_the_listings_is_rejected(imported: Importer) -> None:
    text = "代码,日期,总市值(亿港元)\n00700.HK,2026-02-26,2\n600519.SH,2026-02-26,2\n"
    batch = imported(text, kind=ImportKind.VALUATION)
    assert rows_of(batch, TableName.VALUATION, "listing", "market_cap") == [("00700.HK", 2e8)]
    assert reasons(batch) == [(3, "market_cap is printed in HKD, not in the listing's currency")]


# --- other kinds --------------------------------------------------------------------------------


def test_index_bars_come_with_their_listing(imported: Importer) -> None:
    text = "date,open,high,low,close\n2026-02-26,4000.1,4010.123,3990,4005\n"
    batch = imported(text, kind=ImportKind.INDEX, listing=Listing("000300", Exchange.SH))
    assert rows_of(batch, TableName.BARS, "listing", "basis", "volume") == [
        ("000300.SH", "raw", None)
    ]
    assert rows_of(
        batch, TableName.LISTINGS, "listing", "kind", "board", "currency", "return_basis"
    ) == [("000300.SH", "index", "index", "CNY", "price")]


def test_bare_code_of_an_index_file_is_the_index(imported: Importer) -> None:
    text = "code,date,open,high,low,close\n000300,2026-02-26,1,1,1,1\n600519,2026-02-26,1,1,1,1\n"
    batch = imported(text, kind=ImportKind.INDEX)
    assert rows_of(batch, TableName.BARS, "listing") == [("000300.SH",)]
    assert reasons(batch) == [(3, "the code is not that of an index")]


def test_rows_under_a_former_code_are_stored_under_the_present_one(imported: Importer) -> None:
    text = (
        "code,date,open,high,low,close,volume\n"
        "831175.BJ,2025-09-30,5,5,5,5,100\n"
        "835174.BJ,2025-09-30,7,7,7,7,100\n"
        "920375.BJ,2025-10-09,6,6,6,6,100\n"
    )
    batch = imported(text)
    assert rows_of(batch, TableName.BARS, "listing", "close") == [
        ("920375.BJ", 5.0),
        ("920174.BJ", 7.0),
        ("920375.BJ", 6.0),
    ]
    assert any(
        "former codes are stored under the present ones: 831175 is 920375 since 2025-10-09, "
        "and 1 more" in line
        for line in batch.remarks
    )


def test_a_convertible_among_bars_is_refused_by_name(imported: Importer) -> None:
    text = (
        "code,date,open,high,low,close\n"
        "128034.SZ,2025-09-30,5,5,5,5\n"
        "600519.SH,2025-09-30,7,7,7,7\n"
    )
    batch = imported(text)
    assert rows_of(batch, TableName.BARS, "listing") == [("600519.SH",)]
    assert "convertible bond" in reasons(batch)[0][1]


def test_total_return_index(imported: Importer) -> None:
    text = "date,open,high,low,close\n2026-02-26,1,1,1,1\n"
    batch = imported(text, kind=ImportKind.INDEX, listing=Listing("H00300", Exchange.SH))
    assert rows_of(batch, TableName.LISTINGS, "return_basis") == [("total",)]


def test_valuation_of_tushare(imported: Importer) -> None:
    text = (
        "ts_code,trade_date,total_mv,circ_mv,turnover_rate,pe,pb,dv_ratio\n"
        "600519.SH,20260226,125000,100500,0.1,,-3.5,2.5\n"
        "600000.SH,20260226,0,90000,0.1,5,1,\n"
        "600004.SH,20260226,,,0.1,,,\n"
    )
    batch = imported(text, kind=ImportKind.VALUATION)
    names = ("market_cap", "float_cap", "pe_static", "pe_ttm", "pb", "dividend_yield")
    assert rows_of(batch, TableName.VALUATION, *names) == [
        (1_250_000_000.0, 1_005_000_000.0, None, None, -3.5, 0.025)
    ]
    assert reasons(batch) == [(3, "market_cap is not positive"), (4, "no value in the row")]


def test_master_gives_listings_names_and_lots(imported: Importer) -> None:
    text = (
        "code,name_zh_hans,name_en,board_lot,list_date,type,as_of\n"
        "00700,某 讯,SOME HOLDINGS,100,2004-06-16,Equity (Main Board),2026-02-26\n"
        "82800,某基金－Ｒ,FUND-R,500,,Exchange Traded Funds,2026-02-25\n"
        "09001,,BOND FUND-U,5,,Exchange Traded Funds,2026-02-25\n"
        "02461,,SOME W29,10,,Equity Warrants,2026-02-25\n"
        "00005,丙,C,0.5,,,2026-02-25\n"
        "00006,丁,D,100,,,2026-03-25\n"
    )
    batch = imported(text, kind=ImportKind.LISTINGS)
    assert rows_of(batch, TableName.LISTINGS, "listing", "kind", "currency", "list_date") == [
        ("00700.HK", "stock", "HKD", date(2004, 6, 16)),
        ("82800.HK", "fund", "CNY", None),
        ("09001.HK", "fund", "USD", None),
    ]
    assert rows_of(batch, TableName.NAMES, "listing", "valid_from", "name") == [
        ("00700.HK", date(2026, 2, 26), "某讯"),
        ("82800.HK", date(2026, 2, 25), "某基金－Ｒ"),
    ]
    assert rows_of(batch, TableName.BOARD_LOTS, "listing", "lot") == [
        ("00700.HK", 100),
        ("82800.HK", 500),
        ("09001.HK", 5),
    ]
    assert reasons(batch) == [
        (5, "its type is no stock, fund or index"),
        (6, "board_lot is no number of shares"),
        (7, "date in the future"),
    ]


def test_undated_master_takes_the_given_day_and_says_so(imported: Importer) -> None:
    text = "ts_code,symbol,name,industry,list_date\n000002.SZ,000002,万  科Ａ,地产,19910129\n"
    batch = imported(text, kind=ImportKind.LISTINGS, as_of=date(2026, 2, 1))
    assert rows_of(batch, TableName.NAMES, "valid_from", "name") == [(date(2026, 2, 1), "万科Ａ")]
    assert rows_of(batch, TableName.LISTINGS, "board", "industry") == [("main", "地产")]
    assert any("dated 2026-02-01" in line for line in batch.remarks)
    with pytest.raises(InputError, match="as of when its names are") as error:
        imported(text, kind=ImportKind.LISTINGS)
    assert "--as-of" in error.value.fix


def test_delisted_list_is_bracketed(imported: Importer) -> None:
    text = "ts_code,name,last_seen,missing_by\n600001.SH,某钢,2025-01-02,2025-06-03\n"
    batch = imported(text, kind=ImportKind.LISTINGS)
    assert rows_of(batch, TableName.LISTINGS, "delist_date") == [(date(2025, 6, 3),)]
    assert rows_of(batch, TableName.NAMES, "valid_from") == [(date(2025, 1, 2),)]
    assert any("bracketed" in line for line in batch.remarks)


def test_bars_are_no_master(imported: Importer) -> None:
    with pytest.raises(SchemaMismatch, match="no column for name"):
        imported(HEAD + GOOD, kind=ImportKind.LISTINGS, as_of=TODAY)


def test_names_keep_only_the_changes(imported: Importer) -> None:
    text = (
        "ts_code,name,as_of\n"
        "000002.SZ,万科Ａ,2026-01-05\n"
        "000002.SZ,万科A,2025-01-05\n"
        "000004.SZ,*ST某,2026-01-05\n"
        "000004.SZ,某,2025-01-05\n"
        "000004.SZ,某,2025-07-01\n"
        "000006.SZ,,2025-07-01\n"
    )
    batch = imported(text, kind=ImportKind.NAMES)
    assert sorted(rows_of(batch, TableName.NAMES, "listing", "valid_from", "name")) == [
        ("000002.SZ", date(2025, 1, 5), "万科A"),
        ("000004.SZ", date(2025, 1, 5), "某"),
        ("000004.SZ", date(2026, 1, 5), "*ST某"),
    ]
    assert reasons(batch) == [(7, "name is missing")]
    assert any(line.startswith("2 rows give a name") for line in batch.remarks)


def test_fx_per_one_and_per_hundred(imported: Importer) -> None:
    one = imported("date,rate\n2026-02-26,0.92\n", kind=ImportKind.FX)
    hundred = imported("日期,央行中间价\n2026-02-26,92\n", kind=ImportKind.FX)
    expected = [("HKDCNY", date(2026, 2, 26), 0.92)]
    assert rows_of(one, TableName.FX, "pair", "session", "rate") == expected
    assert rows_of(hundred, TableName.FX, "pair", "session", "rate") == expected
    assert any("divided by 100" in line for line in hundred.remarks)


@pytest.mark.parametrize("rate", ["1.08", "7.2", "720"])
def test_fx_of_something_else(imported: Importer, rate: str) -> None:
    with pytest.raises(DataError, match="is no price of 1 or 100 Hong Kong dollars") as error:
        imported(f"date,rate\n2026-02-26,{rate}\n", kind=ImportKind.FX)
    assert "CNY for 1 HKD" in error.value.fix


def test_actions_per_ten_shares(imported: Importer) -> None:
    text = (
        "实施方案公告日期,分红类型,送股比例,转增比例,派息比例,股权登记日,除权日,派息日\n"
        "2025-06-01,年度,1,2,3,2025-06-09,2025-06-10,2025-06-10\n"
        "2025-06-01,年度,,,2.5,2026-06-09,2026-06-10,\n"
        "2026-01-01,年度,,,2.5,,,\n"
        "2025-06-01,年度,,,,2025-07-09,2025-07-10,\n"
    )
    batch = imported(text, kind=ImportKind.ACTIONS, name="sh600519.csv")
    names = ("listing", "ex_session", "cash", "bonus", "split", "announced", "pay_date")
    assert rows_of(batch, TableName.ACTIONS, *names) == [
        (
            "600519.SH",
            date(2025, 6, 10),
            0.3,
            pytest.approx(0.3),
            1.0,
            date(2025, 6, 1),
            date(2025, 6, 10),
        ),
        ("600519.SH", date(2026, 6, 10), 0.25, None, 1.0, date(2025, 6, 1), None),
    ]
    assert reasons(batch) == [(4, "no ex-date yet"), (5, "nothing is distributed")]


# --- reading ------------------------------------------------------------------------------------

CHINESE = "代码,名称,日期\n600519,贵州某酒股份,2026-02-26\n000002,某地产集团,2026-02-26\n"
TRADITIONAL = "代碼,名稱,日期\n00700,騰某控股集團,2026-02-26\n00005,滙某銀行,2026-02-26\n"


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (CHINESE, "utf-8"),
        (CHINESE, "utf-8-sig"),
        (CHINESE, "utf-16"),
        (CHINESE, "utf-16-be"),
        (CHINESE, "gb18030"),
        (TRADITIONAL, "utf-16-le"),
        (TRADITIONAL, "big5hkscs"),
        (TRADITIONAL, "gb18030"),
    ],
)
def test_encodings(imported: Importer, text: str, encoding: str) -> None:
    batch = imported(text.encode(encoding), kind=ImportKind.NAMES)
    printed = [line.split(",")[1] for line in text.splitlines()[1:]]
    assert [name for (name,) in rows_of(batch, TableName.NAMES, "name")] == printed


@pytest.mark.parametrize("mark", ["\t", ";"])
def test_delimiters_and_windows_line_ends(imported: Importer, mark: str) -> None:
    text = (HEAD + GOOD).replace(",", mark).replace("\n", "\r\n").rstrip()
    assert imported(text, name="f.txt").tables[TableName.BARS].num_rows == 1


def test_a_damaged_byte_is_named_by_its_offset(imported: Importer) -> None:
    content = CHINESE.encode() + b"600000,\xff\xfe,2026-02-26\n"
    with pytest.raises(SchemaMismatch, match=f"0xff at offset {len(CHINESE.encode()) + 7}") as e:
        imported(content, kind=ImportKind.NAMES)
    assert e.value.where == "f.csv"
    assert "UTF-8" in e.value.fix


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "the file is empty"),
        (b" \n\n", "the file is empty"),
        (b"PK\x03\x04rest", "an Excel workbook or zip archive that cannot be read"),
        (b"\xd0\xcf\x11\xe0rest", "an old Excel workbook"),
        (b"PAR1rest", "not a readable Parquet file"),
        (b"<html><table><tr><td>1</td></tr></table>", "a web page or XML"),
        (bytes(range(1, 200)), "not a text file"),
        (b"a,b\n\x00\x01\x02\x00", "not a text file"),
        (b"a,b\n\xff\xff\xff\xff", "0xff at offset"),
    ],
)
def test_what_is_no_table(imported: Importer, content: bytes, message: str) -> None:
    with pytest.raises(SchemaMismatch, match=message) as error:
        imported(content)
    assert error.value.where == "f.csv"
    assert error.value.fix


def test_header_only(imported: Importer) -> None:
    with pytest.raises(DataError, match="a header and no rows"):
        imported(HEAD)


def test_only_broken_lines(imported: Importer) -> None:
    for kind in (ImportKind.BARS, ImportKind.INDEX):
        with pytest.raises(
            DataError, match=r"all 2 rows are rejected: wrong number of cells \(2\)"
        ):
            imported(HEAD + "a\nb\n", kind=kind)


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (ImportKind.VALUATION, "code,date,pb\nx\n"),
        (ImportKind.LISTINGS, "code,name,as_of\nx\n"),
        (ImportKind.NAMES, "code,name,as_of\nx\n"),
        (ImportKind.FX, "date,rate\nx\n"),
        (ImportKind.ACTIONS, "code,ex_date,cash\nx\n"),
    ],
)
def test_only_broken_lines_of_other_kinds(imported: Importer, kind: ImportKind, text: str) -> None:
    with pytest.raises(DataError, match="all 1 rows are rejected: wrong number of cells"):
        imported(text, kind=kind)


def test_many_rejects_stay_short(imported: Importer) -> None:
    wide = "600519,2026-02-25," + "9" * 5000 + ",1,1,1,1\n"
    batch = imported(HEAD + GOOD + wide)
    assert len(batch.rejects[0].row) < 300
    assert json.loads(batch.rejects[0].row)["open"] == "9" * 24


def test_parquet_types(imported: Importer) -> None:
    table = pa.table(
        {
            "code": pa.array(["600519", "600000"]).dictionary_encode(),
            "date": pa.array([date(2026, 2, 26), None], pa.date32()).cast(pa.timestamp("ms")),
            **{name: pa.array([10, 11], pa.int32()) for name in ("open", "high", "low", "close")},
            "volume": pa.array([5.0, None]),
            "suspended": pa.array([None, True]),
        }
    )
    path = imported.folder / "f.parquet"
    pq.write_table(table, path)
    batch = imported(path)
    assert rows_of(batch, TableName.BARS, "listing", "session", "open") == [
        ("600519.SH", date(2026, 2, 26), 10.0)
    ]
    assert reasons(batch) == [(2, "session is missing")]


def test_parquet_instants_are_taken_to_the_exchanges_zone(imported: Importer) -> None:
    evening = datetime(2026, 2, 25, 16, tzinfo=UTC)  # midnight of the 26th in Shanghai
    columns = {name: pa.array([1.0]) for name in ("open", "high", "low", "close", "volume")}
    stamps = pa.array([evening], pa.timestamp("us", tz="UTC"))
    path = imported.folder / "sh600519.parquet"
    pq.write_table(pa.table({"date": stamps, **columns}), path)
    assert rows_of(imported(path), TableName.BARS, "session") == [(date(2026, 2, 26),)]


def test_damaged_parquet(imported: Importer) -> None:
    path = imported.folder / "f.parquet"
    pq.write_table(pa.table({"code": ["1"]}), path)
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(SchemaMismatch, match="not a readable Parquet file") as error:
        imported(path)
    assert error.value.where == "f.parquet"


def test_simulated_rows_are_refused(imported: Importer) -> None:
    text = HEAD.replace("\n", ",source\n") + GOOD.replace("\n", ",SIMULATED\n")
    with pytest.raises(InputError, match="simulated market"):
        imported(text)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2026-02-26", date(2026, 2, 26)),
        ("20260226", date(2026, 2, 26)),
        ("20260226.0", date(2026, 2, 26)),
        ("2026/2/6", date(2026, 2, 6)),
        ("2026.02.06", date(2026, 2, 6)),
        ("2026年2月6日", date(2026, 2, 6)),
        ("2026-02-26 00:00:00", date(2026, 2, 26)),
        ("2026-02-26T15:00:00.000", date(2026, 2, 26)),
        ("2026-02-25T16:00:00Z", date(2026, 2, 26)),
        ("2026-02-26 00:00:00+08:00", date(2026, 2, 26)),
        ("2026-02-30", None),
        ("26/02/2026", None),
        ("2026-02/26", None),
        ("2026-02-26 noon", None),
        ("2026-02-26 25:00", None),
        ("", None),
    ],
)
def test_days(text: str, day: date | None) -> None:
    assert parse_day(text) == day


def test_numbers_in_wide_digits_and_blanks(imported: Importer) -> None:
    text = HEAD + "600519,２０２６０２２６,１０.５,+10.5,1.05E1,10.5,--\n"
    batch = imported(text)
    assert rows_of(batch, TableName.BARS, "open", "low", "volume") == [(10.5, 10.5, None)]


# --- requests -----------------------------------------------------------------------------------


def refuse(imported: Importer, message: str, **changes: object) -> InputError:
    path = imported.write(HEAD + GOOD)
    options: dict[str, object] = {
        "paths": (path,),
        "kind": ImportKind.BARS,
        "basis": Basis.RAW,
        "fetched_at": NOW,
        "today": TODAY,
        **changes,
    }
    make: Callable[..., ImportRequest] = ImportRequest
    with pytest.raises(InputError, match=message) as error:
        FileSource().build_query(make(**options))
    return error.value


def test_bars_need_a_basis(imported: Importer) -> None:
    error = refuse(imported, "whether their prices are adjusted", basis=None)
    assert "--basis raw" in error.fix
    assert "--basis adjusted" in error.fix


def test_requests_that_cannot_be(imported: Importer) -> None:
    missing = imported.folder / "none.csv"
    assert refuse(imported, "there is no such file", paths=(missing,)).where == str(missing)
    refuse(imported, "no file to import", paths=())
    refuse(imported, ".ods is not a type", paths=(imported.folder / "book.ods",))
    twice = imported.write("")
    refuse(imported, "named more than once", paths=(twice, twice))
    refuse(imported, "--basis is for bars", kind=ImportKind.FX)
    refuse(imported, "no adjusted prices", kind=ImportKind.INDEX, basis=Basis.ADJUSTED)
    given = Listing("00700", Exchange.HK)
    refuse(imported, "not for exchange rates", kind=ImportKind.FX, basis=None, listing=given)
    refuse(imported, "no time zone", fetched_at=datetime(2026, 3, 2))  # noqa: DTZ001
    refuse(imported, "is after today", as_of=date(2026, 3, 3))
    refuse(imported, "have no field", column_map=(("x", "y"),))


def test_files_of_one_name_are_told_apart(imported: Importer) -> None:
    paths = []
    for folder, code in (("a", "600519"), ("b", "600000")):
        (imported.folder / folder).mkdir()
        paths.append(imported.write(HEAD + GOOD.replace("600519", code), f"{folder}/f.csv"))
    batch = imported(*paths)
    assert rows_of(batch, TableName.BARS, "source") == [("a/f.csv",), ("b/f.csv",)]
