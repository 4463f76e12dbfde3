"""The commands on reports and baskets, and `init`: output, messages, nothing written on failure."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from screener.cli.basket import basket_app
from screener.cli.init import init
from screener.cli.report import report_app
from screener.data.lake.batch import Batch
from screener.data.lake.rows import make_rows
from screener.data.lake.schema import TableName
from screener.data.lake.store import Store
from screener.errors import (
    AmbiguousMention,
    BasketDefinitionError,
    BasketNotFound,
    ConfigError,
    DateRangeError,
    InputError,
    NotFoundError,
    ReportNotFound,
    ScreenerError,
)
from screener.workflows.report.catalog import init_workspace

ROOT = Path(__file__).resolve().parents[2]
HEAVY = ("pandas", "numpy", "numba", "vectorbt", "akshare", "duckdb", "pyarrow")

app = typer.Typer()
app.add_typer(report_app, name="report")
app.add_typer(basket_app, name="basket")
app.command()(init)


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("SCREENER_WORKSPACE", raising=False)
    monkeypatch.setenv("COLUMNS", "160")
    made = init_workspace(tmp_path / "ws")
    monkeypatch.chdir(made.root)
    return made.root


def run(*words: str) -> str:
    result = CliRunner().invoke(app, list(words), catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


def fail(error: type[ScreenerError], *words: str) -> str:
    with pytest.raises(error) as caught:
        CliRunner().invoke(app, list(words), catch_exceptions=False)
    return str(caught.value)


def files(root: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in root.rglob("*") if path.is_file()}


def test_report_list(workspace: Path) -> None:
    lines = run("report", "list").splitlines()
    assert [line.split()[0] for line in lines] == ["ID", lines[1], "R1", "R2", "R3", "R4", "R5"]
    assert ["est." in line for line in lines[2:]] == [False, False, True, True, True]
    assert [line.split()[-1] for line in lines[2:]] == ["14", "27", "0", "27", "3"]
    assert "2026-05-14 19:48+08:00" in lines[2]


def test_report_list_of_an_empty_workspace_says_so(tmp_path: Path) -> None:
    (tmp_path / "baskets").mkdir()
    result = CliRunner().invoke(app, ["report", "list", "--workspace", str(tmp_path)])
    assert (result.exit_code, result.stdout) == (0, "")
    assert "No report cards in" in result.stderr


def test_report_show(workspace: Path) -> None:
    text = run("report", "show", "r2")
    for fact in (
        "Published  2026-04-21 ",
        "李佩京 S1340525080003, 王思 S1340525080002",
        "强于大市, maintained (industry)",
        "compute-leasing: recommended, 11",
        "printed 腾讯",
        "5,179.19",
        "+10 % to +20 %",
    ):
        assert fact in text
    assert "+27.98" not in text


def test_report_show_of_the_weekly(workspace: Path) -> None:
    text = run("report", "show", "R3")
    for fact in ("mover, 10", "27.98 %", "8841058.WI", "+11.47 %", "高景气维持", "3-6 months"):
        assert fact in text


@pytest.mark.parametrize(
    ("report_id", "error", "message"),
    [
        ("R7", ReportNotFound, "no report 'R7' / there are R1, R2, R3, R4, R5"),
        ("R", AmbiguousMention, "'R' is the beginning of 5 report ids / R1, R2, R3, R4, R5"),
    ],
)
def test_report_show_of_none_or_several(
    workspace: Path, report_id: str, error: type[ScreenerError], message: str
) -> None:
    assert fail(error, "report", "show", report_id).startswith(message)


def test_basket_list(workspace: Path) -> None:
    text = run("basket", "list")
    assert "R2: 11, R5: 3, R1: 2" in text
    assert len(text.splitlines()) == 2 + 9


def test_basket_show(workspace: Path) -> None:
    text = run("basket", "show", "domestic-compute")
    assert "国产算力" in text
    assert "Report R4, 2026-03-08 est., 27 names" in text
    assert "华虹公司" in text
    assert "Hua Hong Semiconductor" in text


def test_basket_show_of_none(workspace: Path) -> None:
    message = fail(BasketNotFound, "basket", "show", "compute")
    assert message.startswith("no basket 'compute' / near: ")
    assert message.endswith("see `screener basket list`")


def test_a_workspace_that_is_none(tmp_path: Path) -> None:
    message = fail(ConfigError, "basket", "list", "--workspace", str(tmp_path))
    assert "holds no baskets/" in message
    assert "screener init" in message


def test_a_broken_card_names_file_key_and_value(workspace: Path) -> None:
    card = workspace / "seeds" / "R5.toml"
    text = card.read_text(encoding="utf-8")
    card.write_text(text.replace('"recommended"', '"liked"', 1), encoding="utf-8")
    message = fail(BasketDefinitionError, "report", "show", "R5")
    assert "securities[1].role = 'liked'" in message
    assert "seeds/R5.toml, securities[1].role" in message


@pytest.mark.parametrize(
    "words",
    [
        ("report", "list"),
        ("basket", "list"),
        ("basket", "show", "copper"),
        ("basket", "new", "mine", "--theme", "copper"),
    ],
)
def test_a_broken_card_stops_nothing_else(workspace: Path, words: tuple[str, ...]) -> None:
    card = workspace / "seeds" / "R5.toml"
    text = card.read_text(encoding="utf-8")
    card.write_text(text.replace("publisher =", "publishr =", 1), encoding="utf-8")
    result = CliRunner().invoke(app, list(words), catch_exceptions=False)
    assert result.exit_code == 0
    assert result.stderr.startswith("left out: ") or words[1] == "new"
    if words[1] != "new":
        assert "seeds/R5.toml, publisher" in result.stderr
        assert "write publisher instead of publishr" in result.stderr
    assert "R5" not in result.stdout


def test_a_broken_basket_stops_nothing_but_itself(workspace: Path) -> None:
    basket = workspace / "baskets" / "copper.toml"
    text = basket.read_text(encoding="utf-8")
    basket.write_text(text.replace("themes =", "theme =", 1), encoding="utf-8")
    result = CliRunner().invoke(app, ["basket", "list"], catch_exceptions=False)
    assert "copper" not in result.stdout
    assert "large-models" in result.stdout
    assert "did you mean themes?" in result.stderr
    assert "unknown key theme" in fail(BasketDefinitionError, "basket", "show", "Copper")
    assert "inp-substrates" in run("basket", "show", "inp-substrates")


def test_two_cards_of_one_id_leave_the_second_out(workspace: Path) -> None:
    first = workspace / "seeds" / "R1.toml"
    (workspace / "seeds" / "again.toml").write_bytes(first.read_bytes())
    result = CliRunner().invoke(app, ["report", "list"], catch_exceptions=False)
    assert result.stdout.count("R1") == 1
    assert "is also the id of seeds/R1.toml / seeds/again.toml, id" in result.stderr
    assert run("report", "show", "R1")


def test_basket_new(workspace: Path) -> None:
    text = run(
        *("basket", "new", "mine", "--listing", "sz300857,700.HK，603629", "--date", "2026-05-14"),
        *("--title-zh", "我的", "--title-en", "My own", "--weight", "0.5,0.3,0.2"),
    )
    assert "Own list, 2026-05-14, 3 names" in text
    assert "协创数据" in text
    path = workspace / "baskets" / "mine.toml"
    assert f"Written to {path}" in text
    assert path.read_text(encoding="utf-8") == (
        "# A basket of your own: each [[events]] is a dated list of names.\n"
        "# A date without a time counts as known after that day's close.\n"
        'name = "mine"\n'
        'title_zh = "我的"\n'
        'title_en = "My own"\n'
        "\n"
        "# equal, or custom with one weight for each listing below.\n"
        'weighting = "custom"\n'
        "\n"
        "[[events]]\n"
        "published = 2026-05-14\n"
        'listings = [\n    "300857.SZ",\n    "00700.HK",\n    "603629.SH",\n]\n'
        "weights = [0.5, 0.3, 0.2]\n"
    )
    assert "2026-05-14: 3" in run("basket", "list")


def test_a_security_that_no_card_names_bears_the_name_of_its_day(workspace: Path) -> None:
    rows = make_rows(
        TableName.NAMES,
        {
            "listing": ["600601.SH", "600601.SH"],
            "valid_from": [date(2020, 1, 1), date(2026, 1, 5)],
            "name": ["旧名股份", "新名股份"],
        },
        source="test",
        fetched_at=datetime(2026, 5, 1, tzinfo=UTC),
    )
    with Store.create(workspace / "data_cache") as store:
        store.commit(Batch(tables={TableName.NAMES: rows}), message="names")
    for day, name in (("2025-05-14", "旧名股份"), ("2026-02-02", "新名股份")):
        text = run("basket", "new", f"b{day}", "--listing", "600601.SH,600603.SH", "--date", day)
        assert f"600601.SH  {name}" in text
        assert "600603.SH  -" in text
        assert name in run("basket", "show", f"b{day}")


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("2026-05-14T19:48", "2026-05-14 19:48+08:00"),
        ("2026-05-14 19:48", "2026-05-14 19:48+08:00"),
        ("2026-05-14T11:48:00Z", "2026-05-14 11:48+00:00"),
        ("2026-05-14T19:48+08:00", "2026-05-14 19:48+08:00"),
    ],
)
def test_basket_new_with_a_time(workspace: Path, given: str, shown: str) -> None:
    text = run("basket", "new", "mine", "--listing", "300857.SZ", "--date", given)
    assert f"Own list, {shown}, 1 name" in text


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"--listing": "300857,300857.SZ"}, InputError, "names 300857.SZ more than once"),
        ({"--listing": "协创数局"}, NotFoundError, "'协创数局': no listing is called so"),
        ({"--listing": "协创数据,300857"}, InputError, "names 300857.SZ more than once"),
        ({"--listing": "700000"}, InputError, "'700000' is not a listing code"),
        ({"--listing": "600000.SZ"}, InputError, "a code of SH"),
        ({"--listing": "000001"}, AmbiguousMention, "write 000001.SZ for the share"),
        ({"--listing": "000300.SH"}, BasketDefinitionError, "000300.SH is an index"),
        ({"--listing": " , "}, InputError, "--listing is empty"),
        ({"--date": "14 May"}, DateRangeError, "'14 May' is not a date"),
        ({"--date": "2026051"}, DateRangeError, "write it like 2026-05-27"),
        ({"--date": "2026-02-30"}, DateRangeError, "--date '2026-02-30'"),
        ({"--date": "2026-05-14T25:00"}, DateRangeError, "--date '2026-05-14T25:00'"),
        ({"--date": "9999-01-01"}, DateRangeError, "is in the future"),
        ({"--weight": "0.5"}, BasketDefinitionError, "1 weights for 2 listings"),
        ({"--weight": "a,b"}, InputError, "not a list of numbers"),
        ({"--weight": "0,1"}, BasketDefinitionError, "positive weight"),
        ({"NAME": "My Basket"}, BasketDefinitionError, "'My Basket' is not allowed"),
        ({"NAME": "copper"}, BasketDefinitionError, "basket 'copper' exists already"),
    ],
)
def test_basket_new_refused_and_nothing_written(
    workspace: Path, options: dict[str, str], error: type[ScreenerError], message: str
) -> None:
    before = files(workspace)
    words = {"--listing": "300857.SZ,00700.HK", "--date": "2026-05-14", **options}
    name = words.pop("NAME", "mine")
    said = fail(error, "basket", "new", name, *(word for pair in words.items() for word in pair))
    assert message in said
    assert files(workspace) == before


def test_init(tmp_path: Path) -> None:
    text = run("init", str(tmp_path / "new"))
    assert "Made a workspace with 5 report cards and 9 baskets in" in text
    assert "screener basket list" in text


def test_init_over_a_workspace(workspace: Path) -> None:
    before = files(workspace)
    assert "holds seeds/, baskets/ already" in fail(ConfigError, "init", ".")
    assert files(workspace) == before


@pytest.mark.parametrize(
    "words", [("report", "list"), ("report", "show"), ("basket", "new"), ("init",)]
)
def test_every_command_has_help_with_an_example(words: tuple[str, ...]) -> None:
    assert f"Example: screener {' '.join(words)}" in run(*words, "--help")


@pytest.mark.parametrize(
    "words",
    [
        ["report", "--help"],
        ["report", "list"],
        ["report", "show", "R1"],
        ["basket", "list"],
        ["basket", "show", "copper"],
    ],
)
def test_nothing_heavy_is_imported(words: list[str]) -> None:
    program = (
        "import sys\n"
        f"from screener.cli.{words[0]} import {words[0]}_app as app\n"
        f"app({words[1:]!r}, standalone_mode=False)\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=True,
    )
    assert done.stdout.splitlines()[-1] == "[]"
