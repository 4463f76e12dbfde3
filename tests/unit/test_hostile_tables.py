"""Tables that would harm: each is refused in words, or its bad rows are told by kind."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import numpy as np
import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from screener.data.lake.schema import TableName
from screener.data.panels.return_tables import read_return_table
from screener.data.sources.files import ImportKind, source
from screener.data.sources.files.tables import bounds, workbooks
from screener.data.sources.files.tables import parquet as parquet_tables
from screener.data.sources.files.tables import text as text_tables
from screener.data.sources.files.tables.reading import read_raw
from screener.errors import DataError, InputError, SchemaMismatch, ScreenerError
from screener.workspace.runs import result_row
from tests.support.file_imports import FileImports, told, values

HEAD = "code,date,open,high,low,close,volume,amount\n"
INSTANT = datetime(2026, 5, 11, 16, tzinfo=UTC)
GOOD = "601398,2026-05-12,6.1,6.2,6.0,6.15,4000,24600\n"


@pytest.fixture
def imported(tmp_path: Path) -> FileImports:
    return FileImports(tmp_path)


@pytest.fixture
def bounded(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Narrows the bounds, so that small files break them."""

    def narrow(**changes: int) -> None:
        for module in (parquet_tables, text_tables, workbooks, source):
            monkeypatch.setattr(module, "BOUNDS", replace(bounds.BOUNDS, **changes))

    return narrow


def parquet(folder: Path, **columns: object) -> bytes:
    rows: dict[str, object] = {
        "code": ["601398", "601288"],
        "date": ["2026-05-12"] * 2,
        **{name: [6.0, 5.0] for name in ("open", "high", "low", "close")},
        "volume": [4e3, 5e3],
        **columns,
    }
    path = folder / "made.parquet"
    pq.write_table(pa.table(rows), path)
    return path.read_bytes()


# What is beyond sense goes to quarantine, and the rest is stored.


def test_prices_and_volumes_that_no_market_has_seen(imported: FileImports) -> None:
    bad = (
        "601288,2026-05-12,1e9,1e9,1e9,1e9,100,1e11\n"
        "601288,2026-05-13,1e-6,1e-6,1e-6,1e-6,100,1e-4\n"
        "601288,2026-05-14,5,5,5,5,1e14,5e14\n"
    )
    batch = imported(HEAD + GOOD + bad)
    assert values(batch, "listing", "close") == [("601398.SH", 6.15)]
    assert {item.reason for item in batch.rejects} == {
        "open is below 0.0001 or above 10,000,000, as no market has seen",
        "volume is above 1e+13, as no market has seen",
    }


def test_lots_that_make_an_endless_volume(imported: FileImports) -> None:
    good = GOOD.replace(",4000,", ",40,")
    batch = imported(HEAD + good + "601288,2026-05-12,5,5,5,5,9e12,\n", units="volume=lots")
    assert values(batch, "listing", "volume") == [("601398.SH", 4000.0)]
    (reject,) = batch.rejects
    assert reject.reason == "volume is above 1e+13, as no market has seen"


@pytest.mark.parametrize("split", ["2000", "1e-5", "1e300"])
def test_a_split_beyond_one_to_a_thousand(imported: FileImports, split: str) -> None:
    text = f"code,ex_date,split\n601398,2026-05-12,2\n601288,2026-05-12,{split}\n"
    batch = imported(text, kind=ImportKind.ACTIONS)
    assert values(batch, "listing", table=TableName.ACTIONS) == [("601398.SH",)]
    assert batch.rejects[0].reason.startswith("split is below 0.001 or above 1,000")


def test_fixings_beyond_what_the_currency_ever_cost(imported: FileImports) -> None:
    rates = ("0.920", "9.2", "0.921", "0.80", "0.920")
    text = "date,rate\n" + "".join(
        f"2026-05-{day},{rate}\n" for day, rate in zip(range(11, 16), rates, strict=True)
    )
    batch = imported(text, kind=ImportKind.FX)
    assert [row[0] for row in values(batch, "rate", table=TableName.FX)] == [0.92, 0.921, 0.92]
    assert [item.reason for item in batch.rejects] == [
        "the rate is no price of 1 HKD in renminbi since 1994",
        "the rate is more than a tenth from the fixing beside it",
    ]


def test_days_outside_the_recorded_years(imported: FileImports) -> None:
    text = "date,rate\n1970-01-01,0.92\n2026-05-12,0.92\n2200-01-01,0.92\n"
    batch = imported(text, kind=ImportKind.FX)
    assert batch.tables[TableName.FX].num_rows == 1
    assert {item.reason for item in batch.rejects} == {"session is not within 1990 and 2100"}


def test_one_reason_for_all_rows_of_a_kind(imported: FileImports) -> None:
    codes = "".join(f"QX{n:04}T,2026-05-12,6,6,6,6,1,6\n" for n in range(400))
    ragged = "".join("7," * n + "7\n" for n in range(8, 40))
    batch = imported(HEAD + GOOD + codes + ragged)
    reasons = {item.reason for item in batch.rejects}
    assert (
        reasons
        == {
            "code is not a listing code (first 'QX0000T')",
            "more or fewer cells where the header has 8",
        }
        or len(reasons) <= 4
    )


def test_many_unlike_units_are_one_kind(imported: FileImports) -> None:
    rows = "".join(
        f"6013{n:02},2026-05-12,6,6,6,6,1000,{6000 * 7 * (n + 2)}\n" for n in range(60, 80)
    )
    batch = imported(HEAD + GOOD + rows)
    assert len({item.reason for item in batch.rejects}) == 1
    assert "for 601360.SH" in batch.rejects[0].reason


# Text.


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"\xef\xbb\xbf", "the file is empty"),
        (HEAD.encode("utf-16")[:-1], "is not text in UTF-16"),
        ((HEAD + GOOD).encode() + b"\xed\xa0\x80\n", "is not text in"),
        ((HEAD + "601288," + "8" * 140_000 + ",1,1,1,1,1,1\n").encode(), "field larger than"),
        ((HEAD + GOOD + '"601288,2026-05-12\n' + GOOD * 90).encode(), "more than 60 lines"),
        ((HEAD + GOOD + "601288," + "8" * 2_500_000 + "\n").encode(), "bytes are read of a line"),
    ],
)
def test_texts_that_are_no_table(imported: FileImports, content: bytes, words: str) -> None:
    with pytest.raises(SchemaMismatch, match=words) as error:
        imported(content)
    assert error.value.where.startswith("f.csv")
    assert error.value.fix


def test_text_is_bounded(imported: FileImports, bounded: Callable[..., None]) -> None:
    bounded(rows=5, columns=20, cell=50, broken=3, rejects=2)
    for content, words in (
        (HEAD + GOOD * 6, "7 lines, and up to 5 rows are read"),
        (",".join(f"c{n}" for n in range(30)) + "\n", "30 columns, and up to 20 columns"),
        (HEAD + GOOD.replace("601398", "6" * 60), "60 bytes, and up to 50 bytes .* of a cell"),
        (HEAD + "1,2\n" * 4, "more than 3 lines have not as many cells"),
        (HEAD + GOOD + "zz,2026-05-12,6,6,6,6,1,6\n" * 3, "3 rows are rejected, more than 2"),
    ):
        with pytest.raises(DataError, match=words):
            imported(content)


def test_endless_remarks_below_the_rows_are_rows_again(imported: FileImports) -> None:
    batch = imported(HEAD + GOOD + "来源：交易所,,,,,,,\n" * 80)
    assert batch.tables[TableName.BARS].num_rows == 1
    assert len(batch.rejects) == 30


def test_long_headers_are_told_short(imported: FileImports) -> None:
    extra = [f"extra{n}" for n in range(300)]
    text = HEAD.strip() + "," + ",".join(extra) + "\n" + GOOD.strip() + ",1" * 300 + "\n"
    line = told(imported(text), "columns not used")
    assert line.endswith("and 240 more")


# Parquet.


@pytest.mark.parametrize(
    ("columns", "stored"),
    [
        ({"code": pa.array([b"601398", b"601288"])}, 2),  # bytes that are text
        ({"source": pa.array([{"a": 1}, None])}, 2),
        (
            {
                "date": pa.array(
                    [datetime(2026, 5, 11, 16, tzinfo=UTC)] * 2, pa.timestamp("us", tz="UTC")
                )
            },
            2,
        ),
        ({"open": pa.array([Decimal("1e50"), Decimal(5)], pa.decimal256(60, 2))}, 1),
        ({"volume": pa.array([2**64 - 1, 5000], pa.uint64())}, 1),
        ({"volume": pa.array([4, 5]).dictionary_encode()}, 2),
        ({"code": pa.array(["601398", "601398X"]).dictionary_encode()}, 1),
    ],
)
def test_parquet_of_odd_types(
    imported: FileImports, tmp_path: Path, columns: dict[str, object], stored: int
) -> None:
    batch = imported(parquet(tmp_path, **columns), "f.parquet")
    assert batch.tables[TableName.BARS].num_rows == stored
    assert len(batch.rejects) == 2 - stored


@pytest.mark.parametrize("unit", ["ms", "us", "ns"])
@pytest.mark.parametrize("count", [2**63 - 1, -(2**63) + 1])
@pytest.mark.parametrize("zone", [None, "UTC", "Asia/Shanghai"])
def test_instants_at_the_ends_of_time(
    imported: FileImports, tmp_path: Path, unit: str, count: int, zone: str | None
) -> None:
    days = pa.array([count] * 2, pa.int64()).view(pa.timestamp(unit, tz=zone))
    with pytest.raises(DataError, match="all 2 rows are rejected: session is not"):
        imported(parquet(tmp_path, date=days), "f.parquet")


def test_parquet_text_that_is_none_names_its_cell(imported: FileImports, tmp_path: Path) -> None:
    code = pa.array([b"601398", b"\xc3\x28"]).view(pa.string())
    with pytest.raises(SchemaMismatch, match="not UTF-8 text") as error:
        imported(parquet(tmp_path, code=code), "f.parquet")
    assert error.value.where == "f.parquet, row 2, column code"


def test_parquet_is_bounded_before_it_is_unpacked(
    imported: FileImports, tmp_path: Path, bounded: Callable[..., None]
) -> None:
    many = pa.DictionaryArray.from_arrays(pa.array(np.zeros(1000, np.int32)), ["601398"])
    ones = np.ones(1000, np.int8)
    content = parquet(
        tmp_path,
        code=many,
        date=["2026-05-12"] * 1000,
        **dict.fromkeys(("open", "high", "low", "close", "volume"), ones),
    )
    bounded(rows=999)
    with pytest.raises(SchemaMismatch, match="1,000 rows, and up to 999 rows are read"):
        imported(content, "f.parquet")
    bounded(unpacked=8 * 7 * 1000 - 1)
    with pytest.raises(SchemaMismatch, match="it unpacks to"):
        imported(content, "f.parquet")
    bounded(columns=6)
    with pytest.raises(SchemaMismatch, match="7 columns"):
        imported(content, "f.parquet")


def test_a_long_text_that_repeats_takes_its_space_once(
    imported: FileImports, tmp_path: Path
) -> None:
    rows = 200_000  # 10 GB if it were written out
    long = pa.DictionaryArray.from_arrays(pa.array(np.zeros(rows, np.int32)), ["x" * 50_000])
    same = pa.DictionaryArray.from_arrays(pa.array(np.zeros(rows, np.int32)), ["601398"])
    content = parquet(
        tmp_path,
        code=same,
        source=long,
        date=same.dictionary.take(pa.array([0] * rows)).cast(pa.string()),
        **dict.fromkeys(("open", "high", "low", "close", "volume"), np.ones(rows)),
    )
    with pytest.raises(DataError, match="session is not a date"):
        imported(content, "f.parquet")


@pytest.mark.parametrize("place", range(4, 900, 61))
def test_a_flipped_byte_of_parquet_is_never_a_traceback(
    imported: FileImports, tmp_path: Path, place: int
) -> None:
    content = bytearray(parquet(tmp_path))
    content[place % len(content)] ^= 0x5A
    with suppress(ScreenerError):
        imported(bytes(content), "f.parquet")


# Workbooks.


def book(folder: Path, change: Callable[[bytes], bytes]) -> bytes:
    """A workbook of one good row whose sheet is changed as bytes."""
    path = folder / "made.xlsx"
    made = openpyxl.Workbook()
    made.active.append(HEAD.strip().split(","))
    made.active.append(["601398", "2026-05-12", 6.1, 6.2, 6.0, 6.15, 4000, 24600])
    made.save(path)
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    name = "xl/worksheets/sheet1.xml"
    parts[name] = change(parts[name])
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for part, content in parts.items():
            archive.writestr(part, content)
    return path.read_bytes()


def rows_added(rows: bytes) -> Callable[[bytes], bytes]:
    return lambda sheet: sheet.replace(b"</sheetData>", rows + b"</sheetData>")


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        (b'<row r="900000000"><c r="A900000000"><v>1</v></c></row>', "more than 100 rows"),
        (b'<row r="3"><c r="ZZZ3"><v>1</v></c></row>', "cells or more, and up to 2,000 cells"),
        (b'<row r="3"><c r="A3" t="s"><v>77777</v></c></row>', "cannot be read"),
    ],
)
def test_workbooks_that_would_never_end(
    imported: FileImports,
    tmp_path: Path,
    bounded: Callable[..., None],
    rows: bytes,
    words: str,
) -> None:
    bounded(sheet_rows=100, sheet_cells=2_000)
    with pytest.raises(SchemaMismatch, match=words) as error:
        imported(book(tmp_path, rows_added(rows)), "f.xlsx")
    assert error.value.where.startswith("f.xlsx")


def test_a_workbook_that_unpacks_to_too_much(
    imported: FileImports, tmp_path: Path, bounded: Callable[..., None]
) -> None:
    bounded(workbook_unpacked=100_000)
    content = book(tmp_path, lambda sheet: sheet + b" " * 200_000)
    with pytest.raises(SchemaMismatch, match="it unpacks to"):
        imported(content, "f.xlsx")


def test_an_endless_number_is_no_number(imported: FileImports, tmp_path: Path) -> None:
    row = b'<row r="3"><c r="A3"><v>601288</v></c><c r="B3"><v>1e999</v></c></row>'
    batch = imported(book(tmp_path, rows_added(row)), "f.xlsx")
    assert batch.tables[TableName.BARS].num_rows == 1
    assert [item.line for item in batch.rejects] == [3]


# Files that are none.

READERS: list[Callable[[Path], object]] = [
    read_return_table,
    lambda path: result_row(path, 1),
    lambda path: read_raw(path, label="f.csv"),
]


@pytest.mark.parametrize("read", READERS)
def test_pipes_and_devices_are_refused_unopened(
    tmp_path: Path, read: Callable[[Path], object]
) -> None:
    pipe = tmp_path / "pipe.csv"
    os.mkfifo(pipe)
    endless = tmp_path / "endless.csv"
    endless.symlink_to("/dev/zero")
    for path, what in ((pipe, "this is a pipe"), (endless, "this is a device")):
        with pytest.raises(InputError, match=what) as error:
            read(path)
        assert error.value.fix


@pytest.mark.parametrize("read", READERS)
def test_a_file_of_holes_is_refused_by_its_size(
    tmp_path: Path, read: Callable[[Path], object]
) -> None:
    path = tmp_path / "holes.csv"
    with path.open("wb") as file:
        file.truncate(60_000_000_000)
    with pytest.raises(InputError, match="is too much"):
        read(path)


def test_results_with_an_endless_cell(tmp_path: Path) -> None:
    path = tmp_path / "r.csv"
    path.write_text("run_id,basket\n" + "x" * 200_000 + ",a\n")
    with pytest.raises(InputError, match="field larger than"):
        result_row(path, 1)
