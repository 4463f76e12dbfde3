"""Tables of returns: read like any other file, percentages only where all of them say so."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from openpyxl import Workbook

from screener.data.panels.return_tables import ReturnTable, read_return_table
from screener.errors import DataError, InputError, SchemaMismatch

DAYS = np.array(["2026-05-11", "2026-05-12"], dtype="datetime64[D]")
VALUES = np.array([[0.0123, -0.004], [0.002, 0.0]])
TEXT = "date,MKT,SMB\n2026-05-11,0.0123,-0.004\n2026-05-12,0.002,0\n"


def read(folder: Path, content: str | bytes, name: str = "f.csv") -> ReturnTable:
    file = folder / name
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_return_table(file)


@pytest.mark.parametrize(
    "content",
    [
        TEXT,
        TEXT.replace("2026-05-1", "2026/5/1"),
        TEXT.replace("2026-05-1", "2026051"),
        TEXT.replace("date", "日期").encode("gbk"),
        TEXT.encode("utf-16"),
        TEXT.replace("\n", "\r"),
        TEXT.replace(",", "\t"),
        TEXT.replace(",", ";"),
        "因子收益\n" + TEXT + "数据来源：自制\n",
        "sep=,\n" + TEXT,
        "date,MKT,SMB\n2026-05-11,1.23%,-0.40%\n2026-05-12,0.2%,0\n",
        "date,MKT,SMB\n2026-05-12,0.2％,0.00%\n2026-05-11,1.23%,-0.4%\n",
    ],
)
def test_ways_of_writing_one_table(tmp_path: Path, content: str | bytes) -> None:
    table = read(tmp_path, content)
    assert table.columns == ("MKT", "SMB")
    np.testing.assert_array_equal(table.days, DAYS)
    np.testing.assert_allclose(table.values, VALUES, rtol=0, atol=1e-15)


def test_a_workbook_of_returns(tmp_path: Path) -> None:
    made = Workbook()
    sheet = made.worksheets[0]
    for row in (("date", "MKT"), (46153, 0.0123), (46154, 0.002)):
        sheet.append(row)
    sheet["B2"].number_format = sheet["B3"].number_format = "0.00%"
    made.save(tmp_path / "f.xlsx")
    table = read_return_table(tmp_path / "f.xlsx")
    np.testing.assert_array_equal(table.days, DAYS)
    np.testing.assert_allclose(table.values[:, 0], VALUES[:, 0], rtol=0, atol=1e-15)


@pytest.mark.parametrize(
    ("content", "kind", "what", "fix"),
    [
        (TEXT.replace("0.0123", "1.23%"), SchemaMismatch, "has no percent sign", "all with a"),
        (TEXT.replace("0.0123", "1.23"), InputError, "returns are fractions", "divide"),
        (TEXT.replace("0.0123", "many"), SchemaMismatch, "MKT 'many' is no number", "like 0.01"),
        (TEXT.replace("0.0123", "1.2万"), SchemaMismatch, "is no number", "like 0.01"),
        (TEXT.replace("2026-05-11", "May 11"), SchemaMismatch, "is no day", "2026-05-14"),
        (TEXT.replace("2026-05-11", ""), SchemaMismatch, "is no day", "2026-05-14"),
        (TEXT.replace("-05-12", "-05-11"), InputError, "given twice", ""),
        (TEXT.replace("SMB", "MKT"), SchemaMismatch, "the same name", "rename"),
        (TEXT.replace("date", "x"), SchemaMismatch, "needs a column `date`", "date,market"),
        (TEXT + "2026-05-13,0.1\n", SchemaMismatch, "2 cells, the header has 3", "as many"),
        ("date,MKT\n", DataError, "no rows", "check the export"),
        (b"\xd0\xcf\x11\xe0" + bytes(64), SchemaMismatch, "an old Excel workbook", ".xlsx"),
        (b"date,a\n\x01\x02\x03", SchemaMismatch, "not a text file", "CSV"),
    ],
)
def test_tables_that_are_refused(
    tmp_path: Path, content: str | bytes, kind: type[DataError], what: str, fix: str
) -> None:
    with pytest.raises(kind, match=what) as error:
        read(tmp_path, content)
    assert fix in error.value.fix
    assert "f.csv" in error.value.where
