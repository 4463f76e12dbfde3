"""`screener backtest` of many events: one table, sorted and filtered, and known verdicts."""

from __future__ import annotations

import csv
import re
import shutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from typer.testing import CliRunner

from screener.cli.main import app
from screener.render.backtest.summary import _folded
from screener.workflows.report.catalog import basket_events
from screener.workflows.study.known import keep_verdicts, known_verdicts
from screener.workflows.study.verdict import PlaceboRecord, Verdict
from screener.workspace.locate import Workspace
from tests.support.laws import laws

RUNNER = CliRunner()
BASKETS = ("copper", "compute-leasing", "crossover-appliance", "inp-substrates")


def typed(*arguments: object, columns: int = 80):  # type: ignore[no-untyped-def]
    return RUNNER.invoke(app, [str(item) for item in arguments], env={"COLUMNS": str(columns)})


def fine(*arguments: object, columns: int = 80) -> str:
    done = typed(*arguments, columns=columns)
    assert done.exit_code == 0, done.output
    return str(done.stdout)


@pytest.fixture(scope="module")
def demo(shared_demo: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Path(shutil.copytree(shared_demo, tmp_path_factory.mktemp("summary") / "w"))


def lines(text: str) -> list[str]:
    """Return the lines of the table alone."""
    _, body = text.split("──\n", 1)
    return [line for line in body.split("\n") if len(line.split()) >= 9 and "/" in line]


def test_the_names_of_a_reports_baskets_together(demo: Path, tmp_path: Path) -> None:
    file = tmp_path / "r1.csv"
    text = " ".join(fine("backtest", "--report", "R1", "--csv", file, "--workspace", demo).split())
    with file.open(encoding="utf-8", newline="") as rows:
        short = [row for row in csv.DictReader(rows) if row["horizon"] == "5"]
    parts = [(int(row["n_held"]), row) for row in short]
    paper, index = (
        sum(n * float(row[name]) for n, row in parts) / sum(n for n, _ in parts)
        for name in ("paper_return", "benchmark_return")
    )
    n_names = sum(n for n, _ in parts)
    told = f"its {n_names} names alike returned {paper:+.2%} on paper in 5 sessions"
    assert f"R1 in all: {told}, the index {index:+.2%}" in text
    alone = fine("backtest", "copper", "--report", "R1", "--workspace", demo)
    assert "in all" not in alone


def test_many_events_are_one_table_that_fits_a_terminal(demo: Path, tmp_path: Path) -> None:
    file = tmp_path / "all.csv"
    text = fine("backtest", "--csv", file, "--workspace", demo)
    with file.open(encoding="utf-8", newline="") as rows:
        short = [row for row in csv.DictReader(rows) if row["horizon"] == "5"]
    assert max(cell_len(line) for line in text.split("\n")) <= 80
    shown = lines(text)
    assert len(shown) == len(short)  # every one is mature at five sessions in this market
    for line, row in zip(shown, short, strict=True):
        name, report, entry, held, paper, traded, index, active, status = line.split()
        assert (name, report.rstrip("≈"), entry) == (
            row["basket"],
            row["report"],
            row["entry_session"],
        )
        assert held == f"{row['n_held']}/{row['n_named']}"
        assert status == row["status"] == "mature"
        for cell, column in (
            (paper, "paper_return"),
            (traded, "executable_return"),
            (index, "benchmark_return"),
            (active, "active_return"),
        ):
            assert float(cell) == pytest.approx(100 * float(row[column]), abs=0.0051)
        assert report.endswith("≈") == (row["precision"] == "estimated")
    assert text.count("held 5 sessions") == 1
    assert "implementation shortfall" not in text
    assert "study --all --placebo" in text


def test_a_wide_terminal_shows_the_longer_horizons_too(demo: Path, tmp_path: Path) -> None:
    file = tmp_path / "some.csv"
    asked = ("backtest", *BASKETS, "--hold", "5,20", "--csv", file, "--workspace", demo)
    text = fine(*asked, columns=160)
    with file.open(encoding="utf-8", newline="") as rows:
        longer = [row for row in csv.DictReader(rows) if row["horizon"] == "20"]
    assert "active 20" in text
    found = [float(line.split()[-1].strip("()")) for line in lines(text)]
    wanted = [100 * float(row["active_return"]) for row in longer]
    assert found == pytest.approx(wanted, abs=0.0051)


def test_one_event_and_detail_are_blocks(demo: Path) -> None:
    at = ("--hold", "5,20", "--workspace", demo)
    assert "implementation shortfall" in fine("backtest", "copper", *at)
    assert fine("backtest", *BASKETS, "--detail", *at).count("implementation shortfall") > 3


def test_several_ways_to_buy_are_lines_of_the_table_too(demo: Path, tmp_path: Path) -> None:
    file = tmp_path / "ways.csv"
    asked = ("backtest", "copper", "inp-substrates", "--hold", "5", "--delay", "0,3")
    text = fine(*asked, "--csv", file, "--workspace", demo)
    with file.open(encoding="utf-8", newline="") as held:
        rows = {
            (row["basket"], row["delay"]): 100 * float(row["active_return"])
            for row in csv.DictReader(held)
        }
    found = {(line.split()[0], line.split()[2]): float(line.split()[-2]) for line in lines(text)}
    assert found == pytest.approx(rows, abs=0.0051)
    both = fine(*asked, "--detail", "--workspace", demo)
    assert both.count("buy at open") == 2  # a block for each event, as before


def test_lines_are_sorted_and_filtered(demo: Path, tmp_path: Path) -> None:
    at = ("--hold", "5", "--workspace", demo)
    active = [float(line.split()[7]) for line in lines(fine("backtest", "--sort", "active", *at))]
    assert active == sorted(active, reverse=True)
    turned = lines(fine("backtest", "--sort", "-active_return", *at))
    assert [float(line.split()[7]) for line in turned] == sorted(active)
    names = [line.split()[0] for line in lines(fine("backtest", "--sort", "basket", *at))]
    assert names == sorted(names)
    file = tmp_path / "all.csv"
    text = fine("backtest", "--filter", "active=0..", "--csv", file, *at)
    above = [value for value in active if value >= 0]
    assert 0 < len(above) < len(active)
    assert [float(line.split()[7]) for line in lines(text)] != []
    assert sorted(float(line.split()[7]) for line in lines(text)) == sorted(above)
    hidden = len(active) - len(above)
    assert f"{hidden} line" in text
    assert "hidden by --filter" in text
    assert len(file.read_text(encoding="utf-8").splitlines()) == len(active) + 1
    some = lines(fine("backtest", "--filter", "基准=-50%..50%", "--filter", "report=R1", *at))
    assert {line.split()[1] for line in some} == {"R1"}
    late = lines(fine("backtest", "--filter", "entry=2026-05-01..", *at))
    assert {line.split()[2] for line in late} == {"2026-05-15"}


@pytest.mark.parametrize(
    ("option", "told"),
    [
        (("--sort", "luck"), "'luck' is no column of the returns"),
        (("--sort", "active", "--detail"), "--sort is read by the table"),
        (("--filter", "active=0..", "--detail"), "--filter is read by the table"),
        (("--filter", "active"), "asks nothing"),
        (("--filter", "active=.."), "has no end"),
        (("--filter", "active=5..1"), "reversed"),
        (("--filter", "active=much.."), "'much' is no number"),
        (("--filter", "entry=soon.."), "'soon' is not a date"),
    ],
)
def test_what_cannot_be_sorted_or_filtered_is_refused(
    demo: Path, option: tuple[str, str], told: str
) -> None:
    done = typed("backtest", *option, "--workspace", demo)
    assert done.exit_code == 2
    assert told in done.stderr


def test_in_chinese_baskets_bear_their_titles(demo: Path) -> None:
    text = fine("backtest", *BASKETS, "--hold", "5", "--lang", "zh", "--workspace", demo)
    assert max(cell_len(line) for line in text.split("\n")) <= 80
    assert "算力租赁" in text
    assert "compute-leasing" not in text
    assert "持有 5 个交易日" in text
    assert {line.split()[-1] for line in lines(text)} == {"已到期"}
    asked = ("--filter", "组合=算力租赁", "--sort", "超额", "--hold", "5", "--lang", "zh")
    some = lines(fine("backtest", *asked, "--workspace", demo))
    assert {line.split()[0] for line in some} == {"算力租赁"}
    active = [float(line.split()[-2]) for line in some]
    assert active == sorted(active, reverse=True)


def test_a_long_name_is_folded_at_its_hyphens_and_never_cut(demo: Path) -> None:
    text = fine("backtest", *BASKETS, "--hold", "5", "--workspace", demo, columns=72)
    assert re.search(r"\ncrossover- +R1 .*\nappliance ", text)


@laws(60)
@given(st.text(alphabet="ab-铜租", max_size=30), st.integers(1, 20))
def test_a_folded_name_is_the_name_and_breaks_after_hyphens_alone(name: str, width: int) -> None:
    lines = _folded(name, width).split("\n")
    assert "".join(lines) == name
    assert all(line.endswith("-") for line in lines[:-1])
    for line in lines:
        assert cell_len(line) <= width or "-" not in line[:-1]


def test_known_verdicts_are_told_and_damaged_ones_are_not(demo: Path, tmp_path: Path) -> None:
    place = Path(shutil.copytree(demo, tmp_path / "w"))
    at = ("--workspace", place)
    study = ("study", "copper", "--estimation=-120..-30", "--placebo", "100", "--hold", "5")
    fine(*study, *at)
    text = fine("backtest", "copper", "inp-substrates", "--hold", "5", *at)
    assert "copper · R1, held 5: " in text
    assert "points against random baskets, p = " in text
    kept = place / "data_cache/state/verdicts.json"
    kept.write_text(kept.read_text(encoding="utf-8").replace('"horizon": 5', '"horizon": 6'))
    done = typed("backtest", "copper", "inp-substrates", "--hold", "5", *at)
    assert done.exit_code == 0
    assert "copper · R1, held" not in done.stdout
    assert "No verdict is shown" in done.stderr


def verdict(placebo: PlaceboRecord | None) -> Verdict:
    return Verdict(
        report="R1",
        basket="copper",
        horizon=5,
        sessions_held=5,
        finished=True,
        paper_return=0.01,
        executable_return=None,
        capital=None,
        placebo=placebo,
        brokers=(),
    )


def test_verdicts_on_other_data_are_not_known(demo: Path, tmp_path: Path) -> None:
    place = Workspace(root=Path(shutil.copytree(demo, tmp_path / "w")))
    found = verdict(None)
    ((_, events),) = basket_events(place, ["copper"])
    assert keep_verdicts(place, 2, [found]) == ()
    assert known_verdicts(place, 2, events) == ((found,), ())
    assert known_verdicts(place, 3, events) == ((), ())


def test_the_verdict_of_more_random_baskets_stays(demo: Path, tmp_path: Path) -> None:
    place = Workspace(root=Path(shutil.copytree(demo, tmp_path / "w")))
    ((_, events),) = basket_events(place, ["copper"])
    few, many = (verdict(PlaceboRecord(excess=0.0, p_value=0.2, draws=n)) for n in (100, 500))
    for kept, known in ((verdict(None), verdict(None)), (few, few), (many, many), (few, many)):
        keep_verdicts(place, 2, [kept])
        assert known_verdicts(place, 2, events) == ((known,), ())
