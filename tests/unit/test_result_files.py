"""Rows as workbooks and as JSON: real types and formats, and the schemas that are published."""

from __future__ import annotations

import json
import shutil
import zipfile
from datetime import date, datetime
from pathlib import Path

import jsonschema
import openpyxl
import pytest

from screener.errors import InputError, NotFoundError, StorageError
from screener.files import workbook
from screener.files.workbook import is_our_workbook
from screener.files.writing import check_targets, write_json
from screener.language import Language, speaking
from screener.results.backtest import PATHS, REMARK, RETURNS
from screener.results.explained import explained_columns
from screener.results.files import columns_of, write_rows
from screener.results.schemas import COMMANDS, json_schema, write_schemas
from screener.results.tables import TableSpec, every_declared
from screener.workspace.runs import result_row

ROOT = Path(__file__).resolve().parents[2]
ROW: dict[str, object] = {
    "basket": "=1+1",
    "report": "R\x1b[31m9",
    "published": "2026-02-03",
    "precision": "day",
    "entry_session": date(2026, 2, 4),
    "exit_session": None,
    "horizon": 5,
    "sessions_held": 3,
    "status": "pending",
    "n_named": 2,
    "n_held": 2,
    "n_waiting": 0,
    "n_dropped": 0,
    "weighting": "equal",
    "currency": "CNY",
    "paper_return": 0.012345678901234,
    "band_low": None,
    "band_high": float("nan"),
    "executable_return": -0.5,
    "benchmark": "000300.SH",
    "benchmark_basis": "price",
    "benchmark_return": 0.01,
    "active_return": 0.002345678901234,
    "max_drawdown": 0.0,
    "capital": 1_234_567.8,
    "fees": 12.5,
    "price_basis": "raw",
    "data_version": 3,
    "run_id": "0a",
}


def cells(path: Path) -> tuple[list[object], dict[str, object]]:
    """Return the headers, and the cells of the first row by the names of their columns."""
    sheet = openpyxl.load_workbook(path)["returns"]
    head, row = (list(line) for line in sheet.iter_rows(min_row=1, max_row=2))
    return [item.value for item in head], dict(zip(RETURNS.names, row, strict=True))


def test_a_workbook_holds_values_with_their_types_and_formats(tmp_path: Path) -> None:
    path = tmp_path / "rows.xlsx"
    write_rows(str(path), RETURNS, [ROW])
    head, row = cells(path)
    assert head == list(RETURNS.names)
    kept = {name: cell.value for name, cell in row.items()}  # type: ignore[attr-defined]
    assert kept["entry_session"] == datetime(2026, 2, 4)  # noqa: DTZ001
    assert kept["paper_return"] == ROW["paper_return"]
    assert kept["capital"] == ROW["capital"]
    assert (kept["exit_session"], kept["band_low"], kept["band_high"]) == (None, None, None)
    formats = {name: cell.number_format for name, cell in row.items()}  # type: ignore[attr-defined]
    assert formats["paper_return"] == "0.00%"
    assert formats["entry_session"] == "yyyy-mm-dd"
    assert formats["capital"] == "#,##0.00"
    assert formats["horizon"] == "0"


def test_no_text_of_a_workbook_is_a_formula_or_commands_a_terminal(tmp_path: Path) -> None:
    path = tmp_path / "rows.xlsx"
    write_rows(str(path), RETURNS, [ROW])
    _, row = cells(path)
    basket, report = row["basket"], row["report"]
    assert (basket.value, basket.data_type) == ("=1+1", "s")  # type: ignore[attr-defined]
    assert "\x1b" not in report.value  # type: ignore[attr-defined]


def test_headers_are_in_the_reader_s_language_and_each_one_once(tmp_path: Path) -> None:
    path = tmp_path / "rows.xlsx"
    with speaking(Language.ZH):
        write_rows(str(path), RETURNS, [ROW])
    head, _ = cells(path)
    assert head[:2] == ["组合", "研报"]
    assert "账面" in head
    assert len(set(head)) == len(head)
    assert "基准（benchmark_return）" in head
    legend = openpyxl.load_workbook(path)["columns"]
    assert [line[0].value for line in legend.iter_rows(min_row=2)] == list(RETURNS.names)


@pytest.mark.parametrize("spec", [*every_declared()], ids=lambda spec: spec.name)
def test_a_csv_with_chinese_headers_is_known_as_ours(spec: TableSpec, tmp_path: Path) -> None:
    path, english = tmp_path / "rows.csv", tmp_path / "english.csv"
    write_rows(str(english), spec, [])
    try:
        check_targets(str(english))
    except InputError:
        return  # a part of a table, which is no file
    for excel in (False, True):
        write_rows(str(path), spec, [], headers=Language.ZH, excel=excel)
        check_targets(str(path))
    head = path.read_text(encoding="utf-8-sig").strip().split(",")
    assert len(set(head)) == len(head) == len(spec.names)
    assert list(columns_of(head, [spec])) == list(spec.names)


@pytest.mark.parametrize(
    "text",
    ["证券代码,证券简称\n", "日期（listing）x,收盘\n", "备注（report 2）,收盘\n", "组合,账面\n"],
)
def test_a_chinese_csv_of_others_is_not_replaced(text: str, tmp_path: Path) -> None:
    path = tmp_path / "other.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match="is no result of this program"):
        check_targets(str(path))


def test_a_row_under_chinese_headers_is_explained_like_one_under_english_ones(
    tmp_path: Path,
) -> None:
    english, chinese = tmp_path / "en.csv", tmp_path / "zh.csv"
    spec = RETURNS.joined(REMARK)
    write_rows(str(english), spec, [{**ROW, "run_id": "a"}])
    write_rows(str(chinese), spec, [{**ROW, "run_id": "a"}], headers=Language.ZH)
    assert english.read_bytes() != chinese.read_bytes()
    wanted = result_row(english, 1, explained_columns)
    assert result_row(chinese, 1, explained_columns) == wanted
    assert wanted["run_id"] == "a"


@pytest.mark.parametrize("language", Language)
def test_a_workbook_has_the_headers_that_were_asked_for(language: Language, tmp_path: Path) -> None:
    path = tmp_path / "rows.xlsx"
    with speaking(Language.ZH):
        write_rows(str(path), RETURNS, [ROW], headers=language)
        check_targets(str(path))
    head, _ = cells(path)
    assert head[0] == {"en": "basket", "zh": "组合"}[language]


def test_the_same_rows_are_the_same_bytes(tmp_path: Path) -> None:
    first, second = tmp_path / "a.xlsx", tmp_path / "b.xlsx"
    for path in (first, second):
        write_rows(str(path), RETURNS, [ROW])
    assert first.read_bytes() == second.read_bytes()
    with zipfile.ZipFile(first) as packed:
        assert {entry.date_time[0] for entry in packed.infolist()} == {2026}


def test_only_our_own_workbook_is_replaced(tmp_path: Path) -> None:
    ours, edited, other = (tmp_path / f"{name}.xlsx" for name in ("ours", "edited", "other"))
    write_rows(str(ours), RETURNS, [ROW])
    check_targets(str(ours))
    book = openpyxl.load_workbook(ours)
    book.properties.lastModifiedBy = "a reader"
    book.save(edited)
    openpyxl.Workbook().save(other)
    for path in (edited, other):
        with pytest.raises(InputError, match="is no result of this program"):
            check_targets(str(path))
    check_targets(str(other), force=True)
    damaged = tmp_path / "damaged.xlsx"
    damaged.write_bytes(ours.read_bytes()[:200])
    assert not is_our_workbook(damaged)


def test_what_a_workbook_cannot_hold_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "rows.xlsx"
    with pytest.raises(InputError, match="longer than a cell") as long:
        write_rows(str(path), RETURNS, [{**ROW, "basket": "x" * 40_000}])
    assert "csv" in long.value.fix
    monkeypatch.setattr(workbook, "_MOST_ROWS", 3)
    with pytest.raises(InputError, match="3 rows are more than the 2"):
        write_rows(str(path), RETURNS, [ROW] * 3)
    assert not path.exists()
    with pytest.raises(InputError, match="there is no folder"):
        write_rows(str(tmp_path / "nowhere" / "rows.xlsx"), RETURNS, [ROW])


def test_a_workbook_that_cannot_be_written_leaves_the_old_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "rows.xlsx"
    write_rows(str(path), RETURNS, [ROW])
    before = path.read_bytes()

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(workbook, "write_whole", full)
    with pytest.raises(StorageError):
        write_rows(str(path), RETURNS, [ROW, ROW])
    assert path.read_bytes() == before


def test_other_files_are_csv(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    write_rows(str(path), RETURNS, [ROW], excel=True)
    assert path.read_bytes().startswith(b"\xef\xbb\xbfbasket,report,")


@pytest.mark.parametrize("command", COMMANDS)
def test_the_published_schema_is_that_of_the_tables(command: str, tmp_path: Path) -> None:
    jsonschema.Draft202012Validator.check_schema(json_schema(command))
    write_schemas(str(tmp_path))
    name = f"{command.replace(' ', '-')}.schema.json"
    published = ROOT / "docs/schema" / name
    assert published.read_bytes() == (tmp_path / name).read_bytes(), "run `make schemas`"


def test_rows_fit_their_schema_and_others_do_not(tmp_path: Path) -> None:
    def written(row: object) -> object:
        write_json(str(tmp_path / "a.json"), [row])
        return json.loads((tmp_path / "a.json").read_text(encoding="utf-8"))

    schema = json_schema("backtest")
    jsonschema.validate(written(ROW), schema)
    for wrong in ({**ROW, "horizon": "5"}, {**ROW, "more": 1}, {"basket": "a"}):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(written(wrong), schema)
    with pytest.raises(NotFoundError, match="writes no JSON"):
        json_schema("luck")


def test_nothing_is_published_of_a_command_that_is_gone(tmp_path: Path) -> None:
    write_schemas(str(tmp_path))
    shutil.copytree(ROOT / "docs/schema", tmp_path / "published")
    names = {path.name for path in (tmp_path / "published").iterdir()}
    assert names == {path.name for path in tmp_path.glob("*.json")}


def test_paths_are_relative_to_their_start() -> None:
    units = {column.name: str(column.unit) for column in PATHS.columns}
    assert {units[name] for name in ("paper_value", "traded_value", "benchmark_value")} == {"ratio"}
