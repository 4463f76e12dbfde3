"""What commands write: paths that lead to the returns, workbooks, JSON as its schema says."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path

import jsonschema
import openpyxl
import pytest
from typer.testing import CliRunner

from screener.cli.main import app
from screener.results.backtest import PATHS
from screener.results.schemas import json_schema

RUNNER = CliRunner()


def fine(*arguments: object) -> str:
    done = RUNNER.invoke(app, [str(item) for item in arguments], env={"COLUMNS": "100"})
    assert done.exit_code == 0, done.output
    return str(done.stdout)


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def demo(shared_demo: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Path(shutil.copytree(shared_demo, tmp_path_factory.mktemp("files") / "w"))


def test_each_path_ends_at_its_returns(demo: Path, tmp_path: Path) -> None:
    paths, returns = tmp_path / "paths.csv", tmp_path / "returns.csv"
    files = ("--paths", paths, "--csv", returns)
    fine("backtest", "copper", "domestic-compute", "--hold", "5,20", *files, "--workspace", demo)
    found: dict[tuple[str, str], list[dict[str, str]]] = {}
    for row in rows(paths):
        assert tuple(row) == PATHS.names
        found.setdefault((row["basket"], row["horizon"]), []).append(row)
    assert len(found) == 4
    for row in rows(returns):
        path = found[row["basket"], row["horizon"]]
        days = [item["session"] for item in path]
        assert days == sorted(set(days))
        assert len(days) >= int(row["horizon"])  # of both markets together
        assert (days[0], days[-1]) == (row["entry_session"], row["exit_session"])
        for value, column in (
            ("paper_value", "paper_return"),
            ("benchmark_value", "benchmark_return"),
        ):
            assert float(path[-1][value]) - 1 == pytest.approx(float(row[column]), abs=1e-12)


def test_on_paper_no_money_has_a_path(demo: Path, tmp_path: Path) -> None:
    paths = tmp_path / "paths.csv"
    fine("backtest", "copper", "--hold", "5", "--paper", "--paths", paths, "--workspace", demo)
    assert {row["traded_value"] for row in rows(paths)} == {""}
    piped = fine("backtest", "copper", "--hold", "5", "--paths", "-", "--workspace", demo)
    assert piped.startswith("basket,report,horizon,")


def test_a_later_end_changes_no_value_of_a_path(demo: Path, tmp_path: Path) -> None:
    short, long = tmp_path / "5.csv", tmp_path / "60.csv"
    for file, hold in ((short, "5"), (long, "60")):
        fine("backtest", "copper", "--hold", hold, "--paths", file, "--workspace", demo)
    for few, many in zip(rows(short), rows(long), strict=False):
        assert few["session"] == many["session"]
        assert few["paper_value"] == many["paper_value"]
        assert few["benchmark_value"] == many["benchmark_value"]


def test_every_table_may_be_a_workbook(demo: Path, tmp_path: Path) -> None:
    names = ("returns", "orders", "paths", "metrics")
    books = {name: tmp_path / f"{name}.xlsx" for name in names}
    options = zip(("--csv", "--ledger", "--paths", "--metrics"), books.values(), strict=True)
    files = [part for option in options for part in option]
    at = ("--hold", "20", "--workspace", demo)
    fine("backtest", "copper", *files, *at, "--lang", "zh")
    fine("backtest", "copper", *files, *at, "--lang", "zh")  # again: it replaces its own
    for name, path in books.items():
        sheet = openpyxl.load_workbook(path)[name]
        assert sheet["A1"].value == "组合"
        assert sheet.max_row > 1
    plain = tmp_path / "returns.csv"
    fine("backtest", "copper", "--csv", plain, *at)
    (row,) = rows(plain)
    sheet = openpyxl.load_workbook(books["returns"])["returns"]
    at_column = list(row).index("paper_return") + 1
    assert sheet.cell(2, at_column).value == pytest.approx(float(row["paper_return"]), rel=1e-15)


@pytest.mark.parametrize(
    ("command", "arguments"),
    [
        ("backtest", ("copper", "compute-leasing", "--hold", "5,120", "--delay", "0,1")),
        ("study", ("copper", "--estimation=-120..-30")),
        ("score", ()),
        ("screen", ("--universe", "a", "--as-of", "2026-10-30", "--pe-ttm", "..20")),
        ("rules", ("--listing", "300857.SZ", "--at", "2026-05-14")),
        ("report check", ("R1",)),
    ],
)
def test_json_is_as_its_schema_says(
    command: str, arguments: tuple[str, ...], demo: Path, tmp_path: Path
) -> None:
    file = tmp_path / "out.json"
    fine(*command.split(), *arguments, "--json", file, "--workspace", demo)
    written = json.loads(file.read_text(encoding="utf-8"))
    jsonschema.validate(written, json_schema(command))
