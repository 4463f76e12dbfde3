"""The table style: wide characters aligned, nothing cut, undefined values shown as such."""

from __future__ import annotations

import ast
import io
import re
from datetime import date, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console, RenderableType

from screener.domain.report import Precision, Publication
from screener.language import Language
from screener.render.tables import (
    Column,
    compact,
    facts,
    number,
    percent,
    plain_table,
    published_text,
)
from screener.render.widths import beside, padded
from screener.results.backtest import RETURNS
from tests.support.each import of_each
from tests.support.laws import laws

SOURCES = Path(__file__).resolve().parents[2] / "screener"
CHINA = timezone(timedelta(hours=8))


def show(what: RenderableType, width: int = 80) -> list[str]:
    file = io.StringIO()
    Console(file=file, width=width, highlight=False).print(what)
    return file.getvalue().splitlines()


@pytest.mark.parametrize("width", [40, 60, 80, 120, 160])
def test_columns_begin_and_end_at_the_same_cell_with_wide_characters(width: int) -> None:
    table = plain_table(
        ["Listing", "Name", Column(header="Return", numeric=True)],
        [
            ["300857.SZ", "协创数据", "-3.460 %"],
            ["00100.HK", "MiniMax", "21.214 %"],
            ["603881.SH", "数据港", "-"],
        ],
    )
    header, rule, *rows = show(table, width)
    assert len({cell_len(line) for line in (header, rule, *rows)}) == 1
    start = header.index("Name")
    for row, name in zip(rows, ("协创数据", "MiniMax", "数据港"), strict=True):
        assert cell_len(row[: row.index(name)]) == start
    assert [row.rstrip()[-1] for row in rows] == ["%", "%", "-"]
    assert {cell_len(row.rstrip()) for row in rows} == {cell_len(header.rstrip())}


def word_ends(line: str) -> list[int]:
    return [cell_len(line[: found.end()]) for found in re.finditer(r"\S+", line)]


@pytest.mark.parametrize("width", [60, 80, 120, 160])
def test_declared_columns_with_chinese_labels_end_at_the_same_cells(width: int) -> None:
    numbers = ("n_named", "paper_return", "active_return", "max_drawdown")
    columns = [Column(header=RETURNS[name].label(Language.ZH), numeric=True) for name in numbers]
    names = ("算力租赁", "compute-leasing", "玻璃基板与先进封装（含Chiplet）")
    body = [[name, "12", "-10.05", "3.21", "-"] for name in names]
    header, rule, *rows = show(plain_table(["组合", *columns], body), width)
    assert header.split() == ["组合", "名单数", "账面", "超额", "回撤"]
    assert {cell_len(line) for line in (header, rule, *rows)} == {cell_len(rule)}
    whole = [row for row in rows if len(row.split()) == len(header.split())]  # else a name's rest
    assert [row.split()[1:] for row in whole] == [line[1:] for line in body]
    assert {tuple(word_ends(row)[1:]) for row in whole} == {tuple(word_ends(header)[1:])}


@pytest.mark.parametrize("width", [60, 80, 120, 160])
def test_facts_begin_at_the_same_cell_below_labels_of_both_languages(width: int) -> None:
    lines = show(facts([("标题", "算力"), ("Title", "算力"), ("数据版本", "算力")]), width)
    assert {cell_len(line[: line.index("算力")]) for line in lines} == {len("数据版本") * 2 + 2}


def test_padding_counts_columns_and_never_cuts() -> None:
    assert [cell_len(padded(text, 8)) for text in ("算力", "name", "算a", "")] == [8] * 4
    assert padded("协创数据X", 4) == "协创数据X"
    lines = beside([("错误:", "一"), ("fix:", "二"), ("所在:", "三")])
    assert lines == ["错误: 一", "fix:  二", "所在: 三"]
    assert beside([("error:", "x")]) == ["error: x"]
    assert beside([]) == []


@of_each(
    sorted(path for room in ("render", "cli") for path in (SOURCES / room).rglob("*.py")),
    lambda path: path.name,
)
def test_nothing_is_aligned_by_counting_characters(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Attribute):
            assert node.attr not in {"ljust", "rjust", "center"}, f"line {node.lineno}"
        if isinstance(node, ast.FormattedValue) and node.format_spec is not None:
            form = ast.unparse(node.format_spec)
            assert not re.search(r"[<>^]", form), f"line {node.lineno}: {form}"
        if path.name != "widths.py" and isinstance(node, ast.BinOp):
            blanks = [ast.unparse(side).strip("'") for side in (node.left, node.right)]
            assert " " not in blanks, f"line {node.lineno}"


@laws(60)
@given(
    st.lists(
        st.tuples(
            st.text("协创数据AZ019- ", min_size=1, max_size=30),
            st.floats(-1e6, 1e6, allow_nan=False),
        ),
        min_size=1,
        max_size=5,
    ),
    st.integers(30, 120),
)
def test_a_narrow_terminal_folds_and_never_cuts(rows: list[tuple[str, float]], width: int) -> None:
    cells = [[name, number(value)] for name, value in rows]
    lines = show(plain_table(["Name", Column(header="Value", numeric=True)], cells), width)
    assert all(cell_len(line) <= width for line in lines)
    text = "".join(lines)
    for sign in "协创数据AZ":
        assert text.count(sign) == sum(name.count(sign) for name, _ in rows)
    digits = sum(sign.isdigit() for cell in cells for part in cell for sign in part)
    assert sum(sign.isdigit() for sign in text) == digits


@laws(30)
@given(
    rows=st.lists(
        st.tuples(
            st.sampled_from(["铜", "copper [bold]", "", " a b", "é́"]),
            st.floats(allow_nan=False),
            st.sampled_from(["x", "x\ty", "x\ny", "\x1b[1m", "终"]),
        ),
        min_size=1,
        max_size=5,
    ),
    tight=st.booleans(),
    plain=st.booleans(),
)
def test_a_long_table_is_laid_out_as_its_library_does(
    rows: list[tuple[str, float, str]], tight: bool, plain: bool
) -> None:
    columns = ["名 name", Column(header="n", numeric=True), "last"]
    cells = [(name, number(value), "x" if plain else last) for name, value, last in rows]
    few = show(plain_table(columns, cells, tight=tight), 200)
    many = show(plain_table(columns, cells * 60, tight=tight), 200)
    assert many[:2] == few[:2]
    assert many[2:] == few[2:] * 60
    assert show(plain_table(columns, cells * 60, tight=tight), 9) != many


def test_markup_in_a_cell_is_text() -> None:
    lines = show(plain_table(["Name"], [["[bold]x[/bold] [/]"]], title="[red]t"))
    assert lines[0].strip() == "[red]t"
    assert lines[-1].strip() == "[bold]x[/bold] [/]"


def test_a_row_of_another_length_is_refused() -> None:
    with pytest.raises(ValueError, match="2 cells"):
        plain_table(["a", "b"], [["1"]])


def test_facts_leave_out_what_is_empty() -> None:
    assert [line.rstrip() for line in show(facts([("Title", "算力"), ("Evidence", "")]))] == [
        "Title  算力"
    ]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (-0.0346, "-3.460 %"),
        (0.21214, "21.214 %"),
        (0.0, "0.000 %"),
        (-0.0000001, "0.000 %"),
        (18.5469, "1,854.690 %"),
        (None, "-"),
        (float("nan"), "-"),
        (float("inf"), "-"),
    ],
)
def test_percent(value: float | None, text: str) -> None:
    assert percent(value) == text


def test_a_sign_on_request() -> None:
    assert percent(0.1516, digits=2, signed=True) == "+15.16 %"
    assert percent(0.0, signed=True) == "0.000 %"
    assert number(-1234.5, signed=True) == "-1,234.50"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (6.085e9, "6.085 bn"),
        (750e6, "750 mn"),
        (-1.28e11, "-128 bn"),
        (2e12, "2 tn"),
        (264.18, "264.18"),
        (0.3, "0.3"),
        (None, "-"),
        (float("nan"), "-"),
    ],
)
def test_compact(value: float | None, text: str) -> None:
    assert compact(value) == text


def test_an_estimated_date_always_says_so() -> None:
    estimated = Publication(
        value=date(2026, 4, 20),
        precision=Precision.ESTIMATED,
        range_start=date(2026, 4, 15),
        range_end=date(2026, 4, 30),
        evidence="e",
    )
    exact = Publication(
        value=datetime(2026, 5, 14, 19, 48, tzinfo=CHINA), precision=Precision.EXACT
    )
    day = Publication(value=date(2026, 5, 14), precision=Precision.DAY)
    assert published_text(estimated) == "2026-04-20 est."
    assert published_text(exact) == "2026-05-14 19:48+08:00"
    assert published_text(day) == "2026-05-14"
