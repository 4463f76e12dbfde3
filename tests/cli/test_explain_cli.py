"""`screener explain`: rows come out again, with what they rest on."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from screener.cli.main import app

RUNNER = CliRunner()


def typed(*arguments: object):  # type: ignore[no-untyped-def]
    return RUNNER.invoke(app, [str(item) for item in arguments], env={"COLUMNS": "120"})


def fine(*arguments: object) -> str:
    done = typed(*arguments)
    assert done.exit_code == 0, done.output
    return str(done.stdout)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("explained") / "演示"
    fine("demo", "--dir", folder)
    at = ["--workspace", folder]
    fine("basket", "new", "mine", "--listing", "300857,00700.HK", "--date", "2026-05-14", *at)
    return folder


@pytest.fixture
def place(demo: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(demo, tmp_path / "w"))


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
