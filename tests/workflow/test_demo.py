"""The demonstration end to end: offline, complete, the same each time, and marked as simulated."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from typer.testing import CliRunner

from docs.making.__main__ import generated, language_of_page
from docs.making.blocks import blocks_of, ran
from docs.making.words import PAGES, ROOT
from screener.cli.main import app
from tests.support.soaking import soaked

RUNNER = CliRunner()


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    folder = tmp_path_factory.mktemp("demo") / "演示"
    done = RUNNER.invoke(app, ["demo", "--dir", str(folder)], env={"COLUMNS": "80"})
    assert done.exit_code == 0, done.output
    return folder, done.stdout


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def test_everything_says_simulated(demo: tuple[Path, str]) -> None:
    folder, page = demo
    assert "SIMULATED" in page
    files = sorted(folder.glob("*.csv"))
    assert [file.name for file in files] == [
        "backtest_SIMULATED.csv",
        "ledger_SIMULATED.csv",
        "screen_SIMULATED.csv",
    ]
    backtest, ledger, screen = (rows(file) for file in files)
    assert all(row["run_id"].startswith("SIMULATED-") for row in (*backtest, *ledger))
    assert all("SIMULATED" in row["name"] for row in screen)
    done = RUNNER.invoke(app, ["data", "status", "--workspace", str(folder)])
    assert "SIMULATED" in done.stdout
    done = RUNNER.invoke(app, ["data", "export", str(folder / "out"), "--workspace", str(folder)])
    assert all("_SIMULATED" in path.name for path in (folder / "out").iterdir())


def test_every_report_with_a_basket_is_there(demo: tuple[Path, str]) -> None:
    found = rows(demo[0] / "backtest_SIMULATED.csv")
    assert {row["report"] for row in found} == {"R1", "R2", "R4", "R5"}
    assert len({row["basket"] for row in found}) == 9
    assert len(found) == 11 * 4
    mature = [row for row in found if row["status"] == "mature"]
    assert mature
    assert all(float(row["fees"]) > 0 for row in mature)
    assert {row["status"] for row in found} == {"mature", "pending"}


def test_the_board_tells_the_house_that_sees_ahead_from_the_others(demo: tuple[Path, str]) -> None:
    folder, page = demo
    board = page.split("beside chance:")[1].split("5. Files")[0]
    (first,) = [line for line in board.splitlines() if line.split()[:1] == ["1"]]
    assert "甲证券（SIMULATED）" in first
    target = folder / "board.csv"
    done = RUNNER.invoke(app, ["score", "--csv", str(target), "--workspace", str(folder)])
    assert done.exit_code == 0, done.output
    found = {row["broker"]: row for row in rows(target)}
    target.unlink()
    assert found["甲证券（SIMULATED）"]["reliably"] == "better"
    assert [found[f"{name}证券（SIMULATED）"]["reliably"] for name in "乙丙"] == ["", ""]
    assert float(found["丁证券（SIMULATED）"]["edge"]) < -0.1
    assert int(found["甲证券（SIMULATED）"]["target_calls"]) >= 20
    assert float(found["甲证券（SIMULATED）"]["maintained_calls"]) > 0


def test_the_houses_of_the_demo_are_invented_and_marked(demo: tuple[Path, str]) -> None:
    from screener.reports.authors.brokers import broker_named
    from screener.workspace.definitions import own_definitions
    from screener.workspace.locate import Workspace

    houses = {item.definition.broker for item in own_definitions(Workspace(root=demo[0]))}
    assert len(houses) == 6
    assert all("SIMULATED" in name and broker_named(name) is None for name in houses)


def test_page_fits_eighty_columns_and_says_what_to_type_next(demo: tuple[Path, str]) -> None:
    from rich.cells import cell_len

    page = demo[1]
    assert max(cell_len(line) for line in page.splitlines() if "/" not in line) <= 80
    assert "screener basket new mine" in page


def test_readme_shows_what_the_program_prints(demo: tuple[Path, str], tmp_path: Path) -> None:
    readme = ROOT / "README.md"
    text = readme.read_text(encoding="utf-8")
    assert {"console", "demo"} <= {block.kind for block in blocks_of(text)}
    assert ran(text, demo[0], tmp_path, language_of_page(readme)) == text


def documents() -> list[Path]:
    """Return the pages with commands that people write, the English README apart."""
    return [
        path
        for path in [*sorted(PAGES.rglob("*.md")), ROOT / "README.zh.md"]
        if "reference" not in path.parts and "```console" in path.read_text(encoding="utf-8")
    ]


@soaked
@pytest.mark.parametrize("page", documents(), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_documents_show_what_the_program_prints(
    page: Path, demo: tuple[Path, str], tmp_path: Path
) -> None:
    text = page.read_text(encoding="utf-8")
    assert ran(text, demo[0], tmp_path, language_of_page(page)) == text


@soaked
def test_generated_pages_are_those_of_the_program() -> None:
    stale = [path for path, text in generated() if path.read_text(encoding="utf-8") != text]
    assert not stale, "python -m docs.making write"


@soaked
def test_again_it_gives_the_same_bytes_and_no_new_version(demo: tuple[Path, str]) -> None:
    folder, page = demo
    before = {file.name: file.read_bytes() for file in folder.glob("*.csv")}
    done = RUNNER.invoke(app, ["demo", "--dir", str(folder)], env={"COLUMNS": "80"})
    assert done.exit_code == 0
    assert done.stdout == page
    assert {file.name: file.read_bytes() for file in folder.glob("*.csv")} == before


def test_it_never_touches_a_workspace_of_ones_own(tmp_path: Path) -> None:
    own = tmp_path / "own"
    assert RUNNER.invoke(app, ["init", str(own)]).exit_code == 0
    done = RUNNER.invoke(app, ["demo", "--dir", str(own)])
    assert done.exit_code == 2
    assert "a workspace of your own" in done.stderr
    assert not (own / "data_cache").exists()


def test_real_prices_cannot_join_simulated_ones(demo: tuple[Path, str], tmp_path: Path) -> None:
    file = tmp_path / "bars.csv"
    file.write_text("date,open,high,low,close\n2026-05-14,1,1,1,1\n", encoding="utf-8")
    done = RUNNER.invoke(
        app,
        [
            *("data", "import", str(file), "--kind", "bars", "--basis", "raw"),
            *("--listing", "300857.SZ", "--workspace", str(demo[0])),
        ],
    )
    assert done.exit_code == 2
    assert "simulated and real prices must not share one lake" in done.stderr


def test_an_export_never_replaces_what_is_no_result(demo: tuple[Path, str], tmp_path: Path) -> None:
    mine = tmp_path / "fx_SIMULATED.csv"
    mine.write_text("my own rates\n", encoding="utf-8")
    where = ["--table", "fx", "--format", "csv", "--workspace", str(demo[0])]
    done = RUNNER.invoke(app, ["data", "export", str(tmp_path), *where])
    assert done.exit_code == 2
    assert "is no result of this program" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == [mine.name]
    assert mine.read_text(encoding="utf-8") == "my own rates\n"
    for more in (["--force"], []):
        done = RUNNER.invoke(app, ["data", "export", str(tmp_path), *where, *more])
        assert done.exit_code == 0, done.stderr
    own = demo[0] / "baskets" / "out"
    done = RUNNER.invoke(app, ["data", "export", str(own), *where])
    assert done.exit_code == 2
    assert "which results never enter" in done.stderr
    assert not own.exists()
