"""Settings of a workspace, `basket rm`, `screen --listing` and `-V`."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

import screener
from screener.cli.main import app
from screener.errors import ConfigError
from screener.files import whole
from screener.files.program import program_version

RUNNER = CliRunner()


def typed(*arguments: object, **environ: str):  # type: ignore[no-untyped-def]
    return RUNNER.invoke(app, [str(item) for item in arguments], env={"COLUMNS": "100", **environ})


def fine(*arguments: object, **environ: str) -> str:
    done = typed(*arguments, **environ)
    assert done.exit_code == 0, done.output
    return str(done.stdout)


@pytest.fixture(scope="module")
def market(shared_demo: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Path(shutil.copytree(shared_demo, tmp_path_factory.mktemp("config") / "w"))


@pytest.fixture
def demo(market: Path) -> Path:
    (market / "screener.toml").unlink(missing_ok=True)
    return market


def capitals(file: Path) -> list[float]:
    with file.open(encoding="utf-8", newline="") as rows:
        return [float(row["capital"]) for row in csv.DictReader(rows)]


# ---- config --------------------------------------------------------------------------------------


def test_settings_are_shown_with_where_they_come_from(demo: Path) -> None:
    at = ("--workspace", demo)
    assert "built-in" in fine("config", *at)
    assert fine("config", "capital", "200000", *at) == "200000\n"
    assert fine("config", "commission_bps", "1.5", *at) == "1.5\n"
    assert fine("config", "capital", *at) == "200000\n"
    page = fine("config", *at, SCREENER_JOBS="2")
    assert "screener.toml" in page
    assert "$SCREENER_JOBS" in page
    assert (demo / "screener.toml").read_text(encoding="utf-8") == (
        "capital = 200000\ncommission_bps = 1.5\n"
    )
    fine("config", "capital", "default", *at)
    assert "capital" not in (demo / "screener.toml").read_text(encoding="utf-8")
    assert fine("config", "capital", *at) == "1000000\n"


def test_option_goes_before_environment_before_file(demo: Path, tmp_path: Path) -> None:
    file, at = tmp_path / "out.csv", ("--workspace", demo)
    asked = ("backtest", "copper", "--hold", "5", "--csv", file, *at)
    fine(*asked)
    assert capitals(file) == [1_000_000]
    fine("config", "capital", "30000,40000", *at)
    fine(*asked)
    assert capitals(file) == [30_000, 40_000]
    fine(*asked, SCREENER_CAPITAL="50000")
    assert capitals(file) == [50_000]
    fine(*asked, "--capital", "60000", SCREENER_CAPITAL="50000")
    assert capitals(file) == [60_000]
    desk = screener.open(demo)
    assert desk.backtest(["copper"], hold=5).returns["capital"].tolist() == [30_000, 40_000]
    assert desk.backtest(["copper"], hold=5, capital=7e4).returns["capital"].tolist() == [70_000]
    assert desk.settings()["capital"] == (30_000, 40_000)


def test_costs_of_the_settings_change_what_is_paid(demo: Path) -> None:
    desk = screener.open(demo)
    (before,) = desk.backtest(["copper"], hold=5).returns["fees"]
    fine("config", "commission_bps", "30", "--workspace", demo)
    (after,) = desk.backtest(["copper"], hold=5).returns["fees"]
    assert after > before
    (told,) = desk.backtest(["copper"], hold=5, commission_bps=2.5).returns["fees"]
    assert told == before


def test_excel_marks_every_csv_and_asks_for_none(demo: Path, tmp_path: Path) -> None:
    at = ("--hold", "5", "--workspace", demo)
    fine("config", "excel", "true", "--workspace", demo)
    fine("backtest", "copper", *at)  # no CSV is written, which is no mistake
    fine("backtest", "copper", "--json", tmp_path / "a.json", *at)
    fine("report", "check", "R1", "--json", tmp_path / "b.json", "--workspace", demo)
    fine("backtest", "copper", "--csv", tmp_path / "a.csv", *at)
    assert (tmp_path / "a.csv").read_bytes().startswith(b"\xef\xbb\xbf")
    assert typed("backtest", "copper", "--excel", *at).exit_code == 2  # typed, it is


def test_the_language_of_the_workspace_is_spoken(demo: Path) -> None:
    at = ("--workspace", demo)
    fine("config", "language", "zh", *at)
    assert "持有 5 个交易日" in fine("backtest", "--hold", "5", *at, SCREENER_LANG="")
    assert "held 5 sessions" in fine("backtest", "--hold", "5", *at, SCREENER_LANG="en")
    told = fine("backtest", "--hold", "5", "--lang", "en", *at, SCREENER_LANG="")
    assert "held 5 sessions" in told


@pytest.mark.parametrize(
    ("key", "value", "told"),
    [
        ("capitol", "5", "did you mean capital?"),
        ("capital", "much", "'much' is no value of capital"),
        ("capital", "0", "--capital 0"),
        ("capital", "1e15", "more than any market"),
        ("commission_bps", "20000", "outside 0 to 10000"),
        ("jobs", "0", "no value of jobs"),
        ("jobs", "1.5", "no value of jobs"),
        ("excel", "maybe", "no value of excel"),
        ("hk_account", "by-boat", "none of southbound, direct"),
        ("language", "fr", "none of en, zh, auto"),
    ],
)
def test_what_is_no_setting_is_refused_and_nothing_changed(
    demo: Path, key: str, value: str, told: str
) -> None:
    done = typed("config", key, value, "--workspace", demo)
    assert done.exit_code == 2
    assert told in " ".join(done.stderr.split())
    assert not (demo / "screener.toml").exists()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("capitol = 5\n", "there is no setting 'capitol'"),
        ("capital = 'much'\n", "no value of capital"),
        ("jobs = true\n", "no value of jobs"),
        ("capital = \n", "not valid TOML"),
        ("\x00", "not valid TOML"),
    ],
)
def test_a_broken_file_is_named_by_every_command(demo: Path, text: str, told: str) -> None:
    (demo / "screener.toml").write_text(text, encoding="utf-8")
    for command in (("backtest", "copper"), ("basket", "list"), ("config",)):
        done = typed(*command, "--workspace", demo)
        assert done.exit_code == 2, done.output
        assert told in done.stderr
        assert "screener.toml" in done.stderr
    with pytest.raises(ConfigError, match=r"no setting|no value|TOML"):
        screener.open(demo).backtest(["copper"], hold=5)
    before = (demo / "screener.toml").read_bytes()
    if "TOML" in told:
        assert typed("config", "jobs", "2", "--workspace", demo).exit_code == 2
        assert (demo / "screener.toml").read_bytes() == before


def test_a_wrong_variable_is_named(demo: Path) -> None:
    done = typed("backtest", "copper", "--workspace", demo, SCREENER_JOBS="some")
    assert done.exit_code == 2
    assert "$SCREENER_JOBS" in done.stderr


def test_comments_stay_and_what_fails_changes_nothing(
    demo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = demo / "screener.toml"
    path.write_text("# my money\ncapital = 30000  # all of it\n", encoding="utf-8")
    fine("config", "jobs", "2", "--workspace", demo)
    text = path.read_text(encoding="utf-8")
    assert text == "# my money\ncapital = 30000  # all of it\njobs = 2\n"

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(whole, "_fill", full)
    assert typed("config", "jobs", "3", "--workspace", demo).exit_code == 7
    assert path.read_text(encoding="utf-8") == text


# ---- basket rm, screen --listing, -V -------------------------------------------------------------


def test_a_basket_is_removed_and_nothing_else(shared_demo: Path, tmp_path: Path) -> None:
    place = Path(shutil.copytree(shared_demo, tmp_path / "w"))
    at = ("--workspace", place)
    fine("basket", "new", "mine", "--listing", "300857", "--date", "2026-05-14", *at)
    before = {path.name for path in (place / "baskets").iterdir()}
    assert "mine.toml" in fine("basket", "rm", "mine", *at)
    assert {path.name for path in (place / "baskets").iterdir()} == before - {"mine.toml"}
    done = typed("basket", "rm", "mine", "copper", *at)
    assert done.exit_code == 3
    assert "no basket 'mine'" in done.stderr
    assert not (place / "baskets/copper.toml").exists()  # it goes on after one that fails
    (place / "baskets/broken.toml").write_text("name = 3\n", encoding="utf-8")
    fine("basket", "rm", "broken", *at)
    assert not (place / "baskets/broken.toml").exists()
    for name in ("../seeds/R1", "/etc/passwd", "R1"):
        assert typed("basket", "rm", name, *at).exit_code == 3
    assert (place / "seeds/R1.toml").exists()


def test_listings_are_screened_as_a_universe_screens_them(demo: Path, tmp_path: Path) -> None:
    some, every = tmp_path / "some.csv", tmp_path / "every.csv"
    at = ("--as-of", "2026-10-30", "--pe-ttm", "0..60", "--workspace", demo)
    page = fine("screen", "--listing", "300857，sh601899", "--csv", some, *at)
    assert "2 listings" in page
    fine("screen", "--universe", "a", "--csv", every, *at)
    with some.open(encoding="utf-8") as few, every.open(encoding="utf-8") as all_of_them:
        found = {row["listing"]: row for row in csv.DictReader(few)}
        market = {row["listing"]: row for row in csv.DictReader(all_of_them)}
    assert set(found) == {"300857.SZ", "601899.SH"}
    for listing, row in found.items():
        assert row["pe_ttm"] == market[listing]["pe_ttm"]
        assert row["passed"] == market[listing]["passed"]
    frame = screener.open(demo).screen(
        as_of="2026-10-30", listings=["300857", "601899.SH"], pe_ttm=(0, 60)
    )
    assert set(frame.rows["listing"]) == set(found)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--listing", "300857", "--basket", "copper"), "exclude each other"),
        (("--listing", "300857", "--universe", "a"), "one of them"),
        (("--listing", "000300.SH"), "index"),
        (("--listing", ","), "--listing is empty"),
        ((), "--listing A,B"),
    ],
)
def test_what_cannot_be_screened_together_is_refused(
    demo: Path, options: tuple[str, ...], told: str
) -> None:
    done = typed("screen", *options, "--pe-ttm", "0..60", "--workspace", demo)
    assert done.exit_code in (2, 3)
    assert told in done.stderr


def test_the_version_in_short() -> None:
    assert fine("-V") == fine("--version") == f"screener {program_version()}\n"
