"""`screener explain`: rows come out again, with what they rest on."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from screener.cli.main import app
from tests.support.soaking import soaked

RUNNER = CliRunner()


def typed(*arguments: object):  # type: ignore[no-untyped-def]
    return RUNNER.invoke(app, [str(item) for item in arguments], env={"COLUMNS": "120"})


def fine(*arguments: object) -> str:
    done = typed(*arguments)
    assert done.exit_code == 0, done.output
    return str(done.stdout)


@pytest.fixture(scope="module")
def demo(shared_demo: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("explained") / "演示"
    shutil.copytree(shared_demo, folder)
    at = ["--workspace", folder]
    fine("basket", "new", "mine", "--listing", "300857,00700.HK", "--date", "2026-05-14", *at)
    return folder


@pytest.fixture
def place(demo: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(demo, tmp_path / "w"))


def table(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as text:
        return list(csv.DictReader(text))


def results(place: Path, *options: str) -> Path:
    file = place / "mine.csv"
    fine("backtest", "mine", "--hold", "5,20", "--csv", file, *options, "--workspace", place)
    return file


@pytest.mark.parametrize(
    "options",
    [
        (),
        ("--paper",),
        ("--entry", "vwap", "--delay", "2", "--weighting", "inverse-vol"),
        ("--capital", "50000,1000000"),
        ("--rebalance", "daily"),
        ("--cost-bps", "10"),
    ],
)
def test_every_row_comes_out_again_and_its_names_add_up(
    place: Path, options: tuple[str, ...]
) -> None:
    file = results(place, *options)
    rows = len(file.read_text(encoding="utf-8").splitlines()) - 1
    for number in range(1, rows + 1):
        text = fine("explain", file, number, "--json", "-", "--workspace", place)
        told = json.loads(text)
        assert told["differences"] == []
        if "daily" not in options:
            total = sum(name["adds"] for name in told["names"])
            assert total == pytest.approx(told["row"]["paper_return"], abs=1e-9)
        assert all(name["bought"]["source"] == "SIMULATED" for name in told["names"])
        if told["gap"]:
            difference = told["row"]["executable_return"] - told["row"]["paper_return"]
            assert sum(told["gap"].values()) == pytest.approx(difference, abs=1e-10)


def test_the_page_names_prices_orders_and_sources(place: Path) -> None:
    text = fine("explain", results(place), 2, "--workspace", place)
    for word in ("300857.SZ", "2026-05-15 open", "sum", "every value of the row comes out again"):
        assert word in text
    assert "SIMULATED" in text
    assert "index HSI.HK" in text
    run = next(line.split()[1].rstrip(",") for line in text.splitlines() if line.startswith("Run"))
    assert fine("explain", run, 2, "--workspace", place) == text


def test_a_value_that_is_not_that_of_the_run_is_told(place: Path) -> None:
    file = results(place)
    head, first, *rest = file.read_text(encoding="utf-8").splitlines()
    cells = first.split(",")
    cells[head.split(",").index("paper_return")] = "0.5"
    file.write_text("\n".join([head, ",".join(cells), *rest]) + "\n", encoding="utf-8")
    text = fine("explain", file, 1, "--workspace", place)
    assert "no: paper_return was 0.5" in " ".join(text.split())


@pytest.mark.parametrize("options", [(), ("--paper",), ("--capital", "30000,2000000")])
@soaked
def test_rows_of_the_other_files_come_out_again(place: Path, options: tuple[str, ...]) -> None:
    ledger, metrics = place / "ledger.csv", place / "metrics.csv"
    at = ["--workspace", place]
    files = ("--ledger", ledger, "--metrics", metrics)
    fine("backtest", "mine", "--hold", "5,20", *files, *options, *at)
    for file in (ledger, metrics):
        rows = table(file)
        for number in (1, len(rows)):
            told = json.loads(fine("explain", file, number, "--json", "-", *at))
            assert told["differences"] == [], rows[number - 1]


def test_one_order_that_is_not_that_of_the_run_is_told(place: Path) -> None:
    file = place / "ledger.csv"
    at = ["--workspace", place]
    fine("backtest", "mine", "--hold", "5", "--ledger", file, *at)
    rows = table(file)
    number = next(at for at, row in enumerate(rows, start=1) if row["side"] == "sell")
    rows[number - 1]["shares"] = "12300"
    with file.open("w", encoding="utf-8", newline="") as out:
        writer = csv.DictWriter(out, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    told = json.loads(fine("explain", file, number, "--json", "-", *at))
    assert [(item["column"], item["told"]) for item in told["differences"]] == [("shares", "12300")]
    rows[number - 1]["listing"] = "600519.SH"
    with file.open("w", encoding="utf-8", newline="") as out:
        writer = csv.DictWriter(out, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    done = typed("explain", file, number, *at)
    assert done.exit_code == 2
    assert "has no row of" in done.stderr


def test_rows_of_studies_and_screens_are_told_with_their_sources(place: Path) -> None:
    at = ["--workspace", place]
    csvs = {name: place / f"{name}.csv" for name in ("units", "screen")}
    fine("study", "mine", "--events", csvs["units"], "--draws", "100", *at)
    screen = ("--universe", "hk", "--pb", "..5", "--as-of", "2026-06-30", "--headers", "zh")
    fine("screen", *screen, "--csv", csvs["screen"], *at)
    for name, column in (("units", "close"), ("screen", "pb")):
        told = json.loads(fine("explain", csvs[name], 1, "--json", "-", *at))
        assert told["differences"] == [], name
        assert any(one["column"] == column and one["source"] for one in told["sources"])
    text = fine("explain", csvs["units"], 1, *at)
    assert "every value of the row comes out again" in text
    assert "event window" in text


def test_bad_input_is_told(place: Path, tmp_path: Path) -> None:
    file = results(place)
    other = tmp_path / "other.csv"
    other.write_text("a,b\n1,2\n", encoding="utf-8")
    for arguments, code, words in (
        ((file, 9), 2, "has 2 rows, so no row 9"),
        ((file, 0), 2, "no row 0"),
        ((other, 1), 2, "no column run_id"),
        ((tmp_path / "absent.csv", 1), 2, "absent.csv"),
        (("0123456789ab", 1), 3, "no run '0123456789ab'"),
    ):
        done = typed("explain", *arguments, "--workspace", place)
        assert done.exit_code == code, done.output
        assert words in " ".join(done.stderr.split())
        assert "Traceback" not in done.output
