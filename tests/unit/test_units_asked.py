"""Units of valuations: read where they are printed, asked about where they make no sense."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from screener.data.lake.batch import Batch
from screener.data.lake.schema import TableName
from screener.data.sources.files import ImportKind, parse_units
from screener.errors import DataError, InputError, SchemaMismatch
from tests.support.file_imports import FileImports, told, values

DAY = date(2026, 5, 27)


@pytest.fixture
def imported(tmp_path: Path) -> FileImports:
    return FileImports(tmp_path, kind=ImportKind.VALUATION)


def column(name: str, *cells: str, codes: tuple[str, ...] = ("601398", "600519", "000002")) -> str:
    rows = zip(codes, cells, strict=False)
    return f"code\tdate\tpb\t{name}\n" + "".join(
        f"{code}\t2026-05-27\t1.5\t{cell}\n" for code, cell in rows
    )


def stored(batch: Batch, name: str) -> list[object]:
    return [value for (value,) in values(batch, name, table=TableName.VALUATION)]


@pytest.mark.parametrize(
    ("header", "field", "cells", "expected"),
    [
        ("dividend_yield", "dividend_yield", ("5.7%", "+2.10%", "--"), [0.057, 0.021, None]),
        ("dividend_yield", "dividend_yield", ("0.057", "0.021", "0"), [0.057, 0.021, 0.0]),
        ("股息率", "dividend_yield", ("5.7", "2.1%", "—"), [0.057, 0.021, None]),
        ("股息率(%)", "dividend_yield", ("0.05", "0.1", "0"), [0.0005, 0.001, 0.0]),
        ("总市值", "market_cap", ("2.13万亿", "18,300亿", "9000万"), [2.13e12, 1.83e12, 9e7]),
        ("总市值", "market_cap", ("21300亿元", "1830000000000", "-"), [2.13e12, 1.83e12, None]),
        ("总市值(亿元)", "market_cap", ("21300", "18300", ""), [2.13e12, 1.83e12, None]),
        (
            '"总市值1\n[交易日期] 最新\n[单位] 亿元"',
            "market_cap",
            ("21300", "18300"),
            [2.13e12, 1.83e12],
        ),
        ("流通市值", "float_cap", ("1.5T", "2B", "30M"), [None, 2e9, 3e7]),
        ("市盈率(TTM)", "pe_ttm", ("6.1", "亏损", "−3.5"), [6.1, None, -3.5]),
        ("市盈率(静)", "pe_static", ("6.1", "1,024.5", ""), [6.1, 1024.5, None]),
    ],
)
def test_cells_and_headers_print_their_unit(
    imported: FileImports, header: str, field: str, cells: tuple[str, ...], expected: list[object]
) -> None:
    batch = imported(column(header, *cells))
    wanted = [value for cell, value in zip(cells, expected, strict=True) if cell != "1.5T"]
    assert stored(batch, field) == wanted


@pytest.mark.parametrize(
    ("header", "cells", "what", "fix"),
    [
        ("dividend_yield", ("3.5", "0.035"), "dividend_yield of 3.5", "dividend_yield=percent"),
        ("dividend_yield", ("0.8", "0.6"), "80.00%", "dividend_yield=percent"),
        ("dividend_yield", ("3.5%", "0.035"), "percent signs in some rows", "=fraction"),
        ("股息率", ("0.035", "0.02"), "0.04%", "dividend_yield=fraction"),
        ("market_cap", ("100", "21300"), "a market_cap of 100", "market_cap=亿元"),
        ("market_cap", ("183000000", "183000000"), "183,000,000", "market_cap=1 if it is true"),
        ("market_cap", ("2.13万亿", "18300"), r"line 3 would be a market_cap of 18,300", "=万元"),
        ("float_cap", ("2e16",), "float_cap of 20,000,000,000,000,000", "float_cap=万元"),
    ],
)
def test_a_unit_that_makes_no_sense_is_asked_about(
    imported: FileImports, header: str, cells: tuple[str, ...], what: str, fix: str
) -> None:
    with pytest.raises(InputError, match=what) as error:
        imported(column(header, *cells))
    assert f"--unit {header if header.isascii() else 'dividend_yield'}" in error.value.fix
    assert fix in error.value.fix
    assert error.value.where == "f.csv"


def test_a_small_company_of_hong_kong_is_no_mistake(imported: FileImports) -> None:
    batch = imported(column("market_cap", "35000000", codes=("08001",)))
    assert stored(batch, "market_cap") == [35e6]


def test_the_unit_said_settles_it(imported: FileImports) -> None:
    text = column("dividend_yield", "3.5", "0.8")
    batch = imported(text, units="dividend_yield=percent")
    assert stored(batch, "dividend_yield") == [0.035, 0.008]
    assert "in percent, as --unit says" in told(batch, "--unit")
    caps = column("market_cap", "21300", "0.05")
    batch = imported(caps, units="market_cap=1e8")
    assert stored(batch, "market_cap") == [2.13e12]
    assert [item.reason for item in batch.rejects] == [
        "market_cap is below 10 million or above 100 trillion: is its unit another?"
    ]


def test_what_cannot_be_is_never_stored(imported: FileImports) -> None:
    batch = imported(column("dividend_yield", "3.5", "0.035"), units="dividend_yield=fraction")
    assert stored(batch, "dividend_yield") == [0.035]
    assert [item.reason for item in batch.rejects] == [
        "dividend_yield is above 100 %: is its unit another?"
    ]
    batch = imported(column("股息率(%)", "350", "3.5"))
    assert stored(batch, "dividend_yield") == [0.035]


def test_two_units_at_once_are_one_too_many(imported: FileImports) -> None:
    batch = imported(column("总市值(万元)", "21300亿", "183000000"))
    assert stored(batch, "market_cap") == [1.83e12]
    assert [item.reason for item in batch.rejects] == [
        "market_cap has a unit in the cell and another in the header"
    ]
    with pytest.raises(DataError, match="market_cap is not a number"):
        imported(column("market_cap", "12手"))


def test_a_file_without_days_takes_the_one_that_is_said(imported: FileImports) -> None:
    text = "代码\t名称\t市盈(动)\t市净率\nSH601398\t工商银行\t6.1\t0.6\n"
    with pytest.raises(SchemaMismatch, match="no column for session") as error:
        imported(text)
    assert "--as-of D" in error.value.fix
    batch = imported(text, as_of=DAY)
    assert values(batch, "session", "pb", "pe_ttm", table=TableName.VALUATION) == [
        ("2026-05-27", 0.6, None)
    ]
    assert told(batch, "values are of 2026-05-27, as --as-of says")
    assert "neither pe_ttm nor pe_static" in told(batch, "市盈(动) is not used")


def test_days_of_the_file_come_first(imported: FileImports) -> None:
    batch = imported(column("pe_ttm", "6.1"), as_of=date(2026, 5, 26))
    assert values(batch, "session", table=TableName.VALUATION) == [("2026-05-27",)]
    assert told(batch, "--as-of 2026-05-26 is not used")


@pytest.mark.parametrize(
    ("text", "what", "fix"),
    [
        ("market_cap", "is not FIELD=UNIT", "--unit"),
        ("market_cap=", "is not FIELD=UNIT", "--unit"),
        ("market_cap=1,market_cap=2", "more than once", ""),
        ("market_cap=手", "'手' is no unit of money", "like 1e8"),
        ("market_cap=-1", "'-1' is no unit of money", "like 1e8"),
        ("market_cap=inf", "'inf' is no unit", "like 1e8"),
        ("dividend_yield=元", "no unit of fraction", "percent or fraction"),
        ("pb=1", "no field 'pb' with a unit", "market_cap"),
        ("float_cap=1e8", "the file has no column for float_cap", "--map"),
    ],
)
def test_units_that_cannot_be(imported: FileImports, text: str, what: str, fix: str) -> None:
    with pytest.raises(InputError, match=what) as error:
        imported(column("market_cap", "2e12"), units=text)
    assert fix in error.value.fix


def test_parse_units() -> None:
    assert parse_units("volume = lots, market_cap=亿元") == (
        ("volume", "lots"),
        ("market_cap", "亿元"),
    )
