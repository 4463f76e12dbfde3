"""`screener study --placebo`: random baskets and the verdict, on the simulated market."""

from __future__ import annotations

import csv
import io
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from screener.cli.main import app
from screener.results.placebo import VERDICTS

RUNNER = CliRunner()
STUDY = ("study", "copper", "--estimation=-120..-30", "--placebo", "200", "--hold", "5,20")


def typed(*arguments: object):  # type: ignore[no-untyped-def]
    return RUNNER.invoke(app, [str(item) for item in arguments], env={"COLUMNS": "100"})


def fine(*arguments: object) -> str:
    done = typed(*arguments)
    assert done.exit_code == 0, done.output
    return str(done.stdout)


@pytest.fixture(scope="module")
def demo(shared_demo: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Path(shutil.copytree(shared_demo, tmp_path_factory.mktemp("verdicts") / "演示"))


def rows(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8"))))


def test_the_verdict_rests_on_what_the_files_say(demo: Path, tmp_path: Path) -> None:
    placebos, verdicts, backtest, controls = (tmp_path / f"{name}.csv" for name in "pvbc")
    at = ["--workspace", demo]
    files = ("--placebos", placebos, "--verdicts", verdicts, "--controls", controls)
    text = fine(*STUDY, *files, *at)
    fine("backtest", "copper", "--hold", "20", "--csv", backtest, *at)
    (verdict,) = rows(verdicts)
    assert tuple(verdict) == VERDICTS.names
    (plain,) = rows(backtest)
    for name in ("paper_return", "executable_return"):
        assert float(verdict[name]) == pytest.approx(float(plain[name]), abs=1e-12)
    (beside,) = (row for row in rows(placebos) if row["horizon"] == "20")
    assert float(verdict["placebo_excess"]) == float(beside["excess"])
    assert float(verdict["placebo_p"]) == float(beside["p_two_sided"])
    names = {row["listing"] for row in rows(controls)}
    assert {"601899.SH", "603993.SH"} <= names
    assert not names & {row["control"] for row in rows(controls)}
    explained = fine("explain", verdicts, *at)
    assert "every value of the row comes out again" in " ".join(explained.split())
    told = " ".join(text.split())
    assert "R1 · copper returned +" in told
    assert "as you could have traded it with 1,000,000 CNY" in told
    assert f"(p = {float(verdict['placebo_p']):.3f})" in told
    assert "None of 银河证券's calls is mature: not enough data to say" in told
    assert "nan" not in told.lower().replace("financ", "")


def test_in_chinese_and_the_same_again(demo: Path, tmp_path: Path) -> None:
    first, second = tmp_path / "1.csv", tmp_path / "2.csv"
    at = ["--lang", "zh", "--workspace", demo]
    text = fine(*STUDY, "--placebos", first, *at)
    again = fine(*STUDY, "--placebos", second, "--jobs", "2", *at)
    assert first.read_bytes() == second.read_bytes()
    assert text == again
    told = "".join(text.split())
    assert "银河证券尚无到期的评级：数据不足" in told
    assert "个百分点（p=" in told


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--lang", "fr"), "--lang 'fr'"),
        (("--placebo", "-1"), "--placebo -1"),
        (("--hold", "x"), "--hold 'x'"),
    ],
)
def test_bad_input(demo: Path, options: tuple[str, ...], words: str) -> None:
    done = typed(*STUDY, *options, "--workspace", demo)
    assert done.exit_code == 2, done.output
    assert words in done.stderr


def test_files_of_placebos_need_placebos(demo: Path, tmp_path: Path) -> None:
    done = typed("study", "copper", "--verdicts", tmp_path / "v.csv", "--workspace", demo)
    assert done.exit_code == 2
    assert "need --placebo" in done.stderr
