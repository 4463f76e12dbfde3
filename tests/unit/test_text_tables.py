"""Text as vendors and spreadsheets write it: line ends, titles, separators, remarks below."""

from __future__ import annotations

from pathlib import Path

import pytest

from screener.data.lake.schema import Basis
from screener.data.sources.files import ImportKind
from screener.data.sources.files.tables.raw import Fit, RawFile
from screener.data.sources.files.tables.text import read_text
from screener.domain.listing import Exchange, Listing
from screener.errors import DataError, InputError, SchemaMismatch
from tests.support.file_imports import FileImports, told, values

HEAD = "code,date,open,high,low,close,volume,amount\n"
ROWS = (
    "601398,2026-05-11,6.10,6.20,6.05,6.15,2000,12260\n"
    "601398,2026-05-12,6.15,6.25,6.11,6.22,3000,18600\n"
)
EXPECTED = [
    ("601398.SH", "2026-05-11", 6.10, 6.20, 6.05, 6.15, 2000.0, 12260.0),
    ("601398.SH", "2026-05-12", 6.15, 6.25, 6.11, 6.22, 3000.0, 18600.0),
]
COLUMNS = ("listing", "session", "open", "high", "low", "close", "volume", "amount")
TDX_HEAD = "      日期\t    开盘\t    最高\t    最低\t    收盘\t    成交量\t    成交额\r\n"
TDX_ROWS = (
    "2026/05/11\t6.10\t6.20\t6.05\t6.15\t2000\t12260.00\r\n"
    '20260512\t6.15\t6.25\t6.11\t6.22\t"3,000"\t"18,600.00"\r\n'
)


@pytest.fixture
def imported(tmp_path: Path) -> FileImports:
    return FileImports(tmp_path)


@pytest.mark.parametrize(
    "text",
    [
        (HEAD + ROWS).replace("\n", "\r"),
        HEAD.replace("\n", "\r") + ROWS,
        (HEAD + ROWS).replace("\n", "\r\n"),
        (HEAD + ROWS).replace("\n", "\r\r\n"),
        (HEAD + ROWS).replace(",", ";"),
        (HEAD + ROWS).replace(",", "\t"),
        (HEAD + ROWS).replace(",", "|"),
        (HEAD + ROWS).replace(",", " "),
        "sep=,\n" + HEAD + ROWS,
        '"sep=;"\r\n' + (HEAD + ROWS).replace(",", ";"),
        HEAD + ROWS.replace("\n", ",\n"),
        HEAD + ROWS.replace("601398,", '="601398",'),
        HEAD + ROWS.replace("601398,", "601398.0,"),
        HEAD + ROWS.replace("601398,", "'601398,"),
        (HEAD + ROWS).replace("volume", '"volume\n(股)"'),
        HEAD + ROWS + "\x1a",
        '5" of rain,,,\n' + HEAD + ROWS,
    ],
)
def test_ways_of_writing_one_table(imported: FileImports, text: str) -> None:
    batch = imported(text)
    assert values(batch, *COLUMNS) == EXPECTED
    assert batch.rejects == ()


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "gb18030"])
@pytest.mark.parametrize("end", ["\r", "\r\n"])
def test_encodings_and_line_ends_together(imported: FileImports, encoding: str, end: str) -> None:
    text = ("中国股票\n" + HEAD + ROWS).replace("\n", end)
    assert values(imported(text.encode(encoding)), *COLUMNS) == EXPECTED


def test_the_header_is_the_first_line_that_names_the_columns(imported: FileImports) -> None:
    text = "工行历史行情,,,,,,,\n\n导出时间：2026-05-30,,,,,,,\n" + HEAD + ROWS
    batch = imported(text + "\n注：仅供参考,,,,,,,\n")
    assert values(batch, *COLUMNS) == EXPECTED
    assert "the header is in line 4; above it: '工行历史行情'" in told(batch, "above it")
    assert "left out below the rows: '注：仅供参考'" in told(batch, "left out")
    assert batch.rejects == ()


def test_lines_are_counted_from_the_top_of_the_file(imported: FileImports) -> None:
    batch = imported("标题\n\n" + HEAD + ROWS + "601398,2026-05-13,x,6,6,6,1,6\n601398,2026\n")
    assert [(item.line, item.reason) for item in batch.rejects] == [
        (6, "open is not a number"),
        (7, "2 cells where the header has 8"),
    ]


@pytest.mark.parametrize("name", ["SH#601398.txt", "601398.xls", "Table.txt"])
def test_a_text_export_of_a_terminal(imported: FileImports, name: str) -> None:
    text = "601398 工商银行 日线 不复权\r\n" + TDX_HEAD + TDX_ROWS + "数据来源:通达信\r\n"
    batch = imported(text.encode("gbk"), name)
    assert values(batch, *COLUMNS) == EXPECTED
    assert "listing 601398.SH is told by" in told(batch, "is told by")
    assert batch.rejects == ()


def test_rows_with_weekdays_and_growth_in_percent(imported: FileImports) -> None:
    text = (
        "时间\t开盘\t最高\t最低\t收盘\t涨幅\t总手\t金额\t换手%\n"
        "2026-05-11,一\t6.10\t6.20\t6.05\t6.15\t+1.23%\t2,000\t1,226,000\t0.42\n"
    )
    batch = imported(text.encode("gbk"), "601398.xls")
    assert values(batch, "session", "volume", "amount") == [("2026-05-11", 200000.0, 1226000.0)]
    assert "is text, though it is called .xls" in told(batch, "called")


def test_three_lines_of_header_of_yfinance(imported: FileImports) -> None:
    text = "Price,Close,High,Low,Open,Volume\nTicker" + ",0700.HK" * 5 + "\nDate,,,,,\n"
    batch = imported(text + "2026-05-11,405,410,395,400,1000\n")
    assert values(batch, "listing", "close", "open") == [("00700.HK", 405.0, 400.0)]


@pytest.mark.parametrize(
    ("title", "basis", "what", "fix"),
    [
        ("601398 工商银行 日线 前复权", Basis.RAW, "says 前复权, --basis says raw", "adjusted"),
        ("601398 工商银行 日线 不复权", Basis.ADJUSTED, "says 不复权", "--basis raw"),
        ("601398 工商银行 周线", Basis.RAW, "no daily bars: the title says 周线", "日线"),
        ("601398 工商银行 5分钟线", Basis.RAW, "the title says 5分钟", "日线"),
    ],
)
def test_a_title_that_contradicts(
    imported: FileImports, title: str, basis: Basis, what: str, fix: str
) -> None:
    with pytest.raises(InputError, match=what) as error:
        imported(f"{title}\n{TDX_HEAD}{TDX_ROWS}".encode("gbk"), "601398.txt", basis=basis)
    assert fix in error.value.fix


def test_a_title_and_a_name_of_two_listings(imported: FileImports) -> None:
    text = f"601398 工商银行 日线\n{TDX_HEAD}{TDX_ROWS}"
    with pytest.raises(InputError, match=r"title says 601398\.SH, the file name says 601288\.SH"):
        imported(text, "601288.txt")
    with pytest.raises(InputError, match=r"--listing says 601288\.SH"):
        imported(text, listing=Listing("601288", Exchange.SH))


@pytest.mark.parametrize(
    ("title", "listing"),
    [
        ("工商银行（601398） 日线", "601398.SH"),
        ("证券代码：601398，不复权", "601398.SH"),
        ("SH601398 日线", "601398.SH"),
        ("0700.HK,0700.HK", "00700.HK"),
        ("00700 腾讯控股", "00700.HK"),
        ("导出 300000 行，2026年5月", None),
        ("601398 与 601288", None),
        ("共12345条", None),
    ],
)
def test_a_listing_is_read_from_a_title_that_names_one(
    imported: FileImports, title: str, listing: str | None
) -> None:
    text = f"{title}\n{TDX_HEAD}{TDX_ROWS}".encode("gb18030")
    if listing is None:
        with pytest.raises(SchemaMismatch, match="no column for listing"):
            imported(text)
    else:
        assert values(imported(text), "listing")[0] == (listing,)


def test_a_title_of_an_index_is_the_index(imported: FileImports) -> None:
    text = f"000001 上证指数 日线\n{TDX_HEAD}{TDX_ROWS}"
    with pytest.raises(DataError, match="the code is that of an index") as error:
        imported(text)
    assert error.value.fix == "import it with --kind index"
    assert values(imported(text, kind=ImportKind.INDEX), "listing")[0] == ("000001.SH",)


def test_what_is_missing_is_said_of_the_line_of_the_header(imported: FileImports) -> None:
    with pytest.raises(SchemaMismatch, match="no column for close") as error:
        imported("标题\n代码,日期,开盘,最高,最低\n601398,2026-05-11,1,1,1\n")
    assert error.value.where == "f.csv, header in line 2"
    assert error.value.fix == 'name it: --map "COLUMN=close"'


@pytest.mark.parametrize(
    ("text", "fix"),
    [
        (ROWS, "no line names the columns: put a header above the rows"),
        ("代码\t名称\t市净率\t总市值\n601398\t甲\t1\t1亿\n", "--kind valuation and --as-of D"),
        ("code,date,name\n601398,2026-05-11,工商银行\n", "--kind names"),
    ],
)
def test_the_advice_is_the_one_that_helps(imported: FileImports, text: str, fix: str) -> None:
    with pytest.raises(SchemaMismatch, match="no column for") as error:
        imported(text)
    assert fix in error.value.fix


def test_decimal_commas_are_told(imported: FileImports) -> None:
    with pytest.raises(DataError, match="open is not a number") as error:
        imported((HEAD + ROWS.replace(",", ";").replace(".", ",")).replace(",", ";", 7))
    assert "a point before the decimals" in error.value.fix


def test_an_endless_cell_is_no_traceback(imported: FileImports) -> None:
    with pytest.raises(SchemaMismatch, match="not a readable table: field larger"):
        imported("code,date," + "x" * 200_000 + "\n1,2,3\n")


def test_a_wanted_header_wins_over_an_earlier_line() -> None:
    def header(cells: tuple[str, ...]) -> Fit:
        return Fit(complete="b" in cells, fields=len({"a", "b"} & set(cells)))

    raw = read_text(b"a;x\na,b\n1,2\n", stem="f", label="f", header=header)
    assert isinstance(raw, RawFile)
    assert (raw.headers, raw.titles, raw.header_line) == (("a", "b"), ("a x",), 2)
    assert raw.lines.tolist() == [3]
