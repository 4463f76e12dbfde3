"""Workbooks as files to import: cells of every type, titles, several sheets, damage."""

from __future__ import annotations

import io
import zipfile
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from openpyxl import Workbook
from openpyxl.utils.datetime import CALENDAR_MAC_1904
from openpyxl.worksheet.worksheet import Worksheet

from screener.data.lake.schema import TableName
from screener.data.sources.files import ImportKind
from screener.errors import DataError, InputError, SchemaMismatch
from tests.support.file_imports import FileImports, told, values

HEAD = ("代码", "日期", "开盘", "最高", "最低", "收盘", "成交量(股)", "成交额")
ROW = (6.1, 6.2, 6.05, 6.15, 2000, 12260)
DAY = datetime(2026, 5, 11)  # noqa: DTZ001 - as a workbook holds it


@pytest.fixture
def imported(tmp_path: Path) -> FileImports:
    return FileImports(tmp_path)


def book(*rows: tuple[object, ...]) -> Workbook:
    made = Workbook()
    fill(sheet_of(made), *rows)
    return made


def sheet_of(made: Workbook) -> Worksheet:
    sheet = made.active
    assert isinstance(sheet, Worksheet)
    return sheet


def fill(sheet: Worksheet, *rows: tuple[object, ...]) -> None:
    for row in rows:
        sheet.append(row)


def content(made: Workbook) -> bytes:
    stream = io.BytesIO()
    made.save(stream)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("code", "day"),
    [
        ("601398", DAY),
        (601398, date(2026, 5, 11)),
        (601398.0, "2026/5/11"),
        ("SSE:601398", 20260511),
        ("601398.SH", 46153),  # the day as a workbook counts it, without a format
        ("sh601398", DAY + timedelta(hours=15)),
    ],
)
def test_cells_of_every_type(imported: FileImports, code: object, day: object) -> None:
    batch = imported(book(HEAD, (code, day, *ROW)), "b.xlsx")
    assert values(batch, "listing", "session", "close", "volume") == [
        ("601398.SH", "2026-05-11", 6.15, 2000.0)
    ]
    assert batch.rejects == ()


def test_days_of_a_workbook_that_counts_from_1904(imported: FileImports) -> None:
    made = Workbook()
    made.epoch = CALENDAR_MAC_1904
    fill(sheet_of(made), HEAD, ("601398", 46153 - 1462, *ROW), ("601288", DAY, *ROW))
    assert values(imported(made, "b.xlsx"), "session") == [("2026-05-11",)] * 2


def test_a_merged_title_blank_rows_and_a_remark_below(imported: FileImports) -> None:
    made = book(("工商银行 历史行情",), HEAD, ("601398", DAY, *ROW), (), ("数据来源: Wind",))
    sheet_of(made).merge_cells("A1:H1")
    batch = imported(made, "b.xlsx")
    assert values(batch, "listing") == [("601398.SH",)]
    assert "header is in line 2; above it: '工商银行 历史行情'" in told(batch, "above it")
    assert "数据来源: Wind" in told(batch, "left out below")
    assert batch.rejects == ()


def test_rejects_name_the_row_of_the_sheet(imported: FileImports) -> None:
    rows = (HEAD, (), ("601398", DAY, *ROW), ("601398", "#N/A", *ROW), ("601398", "小计", *ROW))
    batch = imported(book(*rows), "b.xlsx")
    assert [(item.line, item.reason) for item in batch.rejects] == [
        (4, "session is missing"),
        (5, "session is not a date"),
    ]


def test_codes_shown_with_zeros_keep_them(imported: FileImports) -> None:
    made = book(HEAD, (2, DAY, *ROW), (2594, DAY, *ROW))
    for place in ("A2", "A3"):
        sheet_of(made)[place].number_format = "000000"
    assert values(imported(made, "b.xlsx"), "listing") == [("000002.SZ",), ("002594.SZ",)]


@pytest.mark.parametrize("header", ["dividend_yield", "股息率", "股息率(%)"])
def test_percentages_are_what_the_workbook_shows(imported: FileImports, header: str) -> None:
    made = book(("代码", "日期", "市净率", header), ("601398", DAY, 0.6, 0.057))
    sheet_of(made)["D2"].number_format = "0.00%"
    batch = imported(made, "v.xlsx", kind=ImportKind.VALUATION)
    assert values(batch, "dividend_yield", table=TableName.VALUATION) == [(0.057,)]


@pytest.mark.parametrize(
    ("shown", "held"),
    [('0.00"亿"', 21345.6), ('#,##0"万元"', 213_456_000), ("General", 2.13456e12)],
)
def test_units_that_a_format_prints(imported: FileImports, shown: str, held: float) -> None:
    made = book(("代码", "日期", "总市值"), ("601398", DAY, held))
    sheet_of(made)["C2"].number_format = shown
    batch = imported(made, "v.xlsx", kind=ImportKind.VALUATION)
    ((cap,),) = values(batch, "market_cap", table=TableName.VALUATION)
    assert cap == pytest.approx(2.13456e12, rel=1e-12)


def test_the_one_sheet_that_holds_bars_is_read(imported: FileImports) -> None:
    made = book(("说明",), ("由系统导出",))
    fill(made.create_sheet("行情"), HEAD, ("601398", DAY, *ROW))
    made.create_sheet("空表")
    batch = imported(made, "b.xlsx")
    assert values(batch, "listing") == [("601398.SH",)]
    assert "read from sheet '行情', of 2 that are not empty" in told(batch, "read from sheet")
    fill(made.create_sheet("行情2"), HEAD, ("601288", DAY, *ROW))
    with pytest.raises(InputError, match="sheets '行情', '行情2' each hold such a table") as error:
        imported(made, "b.xlsx")
    assert "save the one that you want" in error.value.fix


def test_files_are_read_by_what_they_are(imported: FileImports) -> None:
    inside = content(book(HEAD, ("601398", DAY, *ROW)))
    for name in ("b.xls", "b.xlsx", "b.csv"):
        assert values(imported(inside, name), "listing") == [("601398.SH",)]
    text = ",".join(HEAD) + "\n601398,2026-05-11," + ",".join(map(str, ROW)) + "\n"
    batch = imported(text, "b.xlsx")
    assert values(batch, "listing") == [("601398.SH",)]
    assert told(batch, "is text, though it is called .xlsx")


def archive() -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as made:
        made.writestr("a.txt", "no workbook")
    return stream.getvalue()


@pytest.mark.parametrize(
    ("damaged", "what", "fix"),
    [
        (content(book(HEAD))[:900], "workbook or zip archive that cannot be read", ".xlsx"),
        (archive(), "workbook or zip archive that cannot be read", "as CSV"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(512), "an old Excel workbook", ".xlsx"),
        (b"<html><body><table>", "a web page or XML", "spreadsheet program"),
        (content(Workbook()), "all sheets are empty", "check the export"),
    ],
)
def test_what_is_no_workbook(imported: FileImports, damaged: bytes, what: str, fix: str) -> None:
    with pytest.raises(SchemaMismatch, match=what) as error:
        imported(damaged, "b.xls")
    assert fix in error.value.fix


def test_formulas_that_were_never_computed_say_so(imported: FileImports) -> None:
    made = book(HEAD, ("601398", DAY, "=6+0.1", *ROW[1:]))
    with pytest.raises(DataError, match="open is missing") as error:
        imported(made, "b.xlsx")
    assert "formulas have no values until a spreadsheet program has saved them" in error.value.fix
