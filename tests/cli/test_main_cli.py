"""The console command as a user types it: output, exit codes, whole messages."""

from __future__ import annotations

import csv
import io
import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from screener.cli.main import app
from screener.results.backtest import RETURNS

RUNNER = CliRunner()
DESIGN_COLUMNS = [
    "basket",
    "report",
    "published",
    "precision",
    "entry_session",
    "exit_session",
    "horizon",
    "sessions_held",
    "status",
    "n_named",
    "n_held",
    "n_waiting",
    "n_dropped",
    "weighting",
    "currency",
    "paper_return",
    "band_low",
    "band_high",
    "executable_return",
    "benchmark",
    "benchmark_basis",
    "benchmark_return",
    "active_return",
    "max_drawdown",
    "capital",
    "fees",
    "price_basis",
    "data_version",
    "run_id",
]
BARS = "date,open,high,low,close,volume\n" + "".join(
    f"2026-05-{day},{price},{price + 0.5},{price - 0.5},{price + 0.2:.1f},1000\n"
    for day, price in zip((13, 14, 15, 18, 19, 20, 21), range(10, 17), strict=True)
)
INDEX = "date,open,high,low,close\n" + "".join(
    f"2026-05-{day},100,101,99,100\n" for day in (14, 15, 18, 19, 20, 21)
)


def typed(*arguments: object):  # type: ignore[no-untyped-def]
    return RUNNER.invoke(app, [str(item) for item in arguments], env={"COLUMNS": "120"})


def fine(*arguments: object) -> str:
    done = typed(*arguments)
    assert done.exit_code == 0, done.output
    return done.stdout


@pytest.fixture
def place(tmp_path: Path) -> Path:
    folder = tmp_path / "工作 #1"
    fine("init", folder)
    return folder


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("template")
    place, bars, index = folder / "workspace", folder / "bars.csv", folder / "index.csv"
    fine("init", place)
    bars.write_text(BARS, encoding="utf-8")
    index.write_text(INDEX, encoding="utf-8")
    at = ["--workspace", place]
    fine(
        *("data", "import", bars, "--kind", "bars", "--basis", "raw", "--listing", "300857.SZ"), *at
    )
    fine("data", "import", index, "--kind", "index", "--listing", "000300.SH", *at)
    fine("basket", "new", "mine", "--listing", "300857", "--date", "2026-05-14", *at)
    return place


@pytest.fixture
def filled(template: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(template, tmp_path / "工作 #1"))


def test_backtest_csv_has_the_columns_of_the_design(filled: Path) -> None:
    assert list(RETURNS.names) == DESIGN_COLUMNS
    text = fine(
        *("backtest", "mine", "--hold", "1,3", "--cost-bps", "10", "--csv", "-"),
        *("--workspace", filled),
    )
    one, three = csv.DictReader(io.StringIO(text))
    assert list(one) == DESIGN_COLUMNS
    assert one["report"] == ""
    assert (one["entry_session"], one["exit_session"]) == ("2026-05-15", "2026-05-15")
    assert float(one["paper_return"]) == pytest.approx(12.2 / 12 - 1)
    assert one["executable_return"] == ""
    assert float(three["paper_return"]) == pytest.approx(14.2 / 12 - 1)
    assert float(three["executable_return"]) == pytest.approx(14.2 / 12 / 1.001 * 0.999 - 1)
    assert (three["benchmark"], three["benchmark_basis"]) == ("000300.SH", "price")
    assert (three["band_low"], three["precision"], three["price_basis"]) == ("", "day", "raw")


def test_variants_have_columns_of_their_own(filled: Path, tmp_path: Path) -> None:
    metrics = tmp_path / "metrics.csv"
    text = fine(
        *("backtest", "mine", "--hold", "3", "--entry", "open,close", "--delay", "0,1"),
        *("--csv", "-", "--metrics", metrics, "--workspace", filled),
    )
    rows = list(csv.DictReader(io.StringIO(text)))
    assert list(rows[0]) == [*DESIGN_COLUMNS, "entry", "delay", "rebalance"]
    told = [(row["entry"], row["delay"], row["rebalance"]) for row in rows]
    assert told == [(price, wait, "none") for price in ("open", "close") for wait in ("0", "1")]
    assert float(rows[2]["paper_return"]) == pytest.approx(14.2 / 12.2 - 1)
    measured = list(csv.DictReader(io.StringIO(metrics.read_text(encoding="utf-8"))))
    assert [row["run_id"] for row in measured] == [row["run_id"] for row in rows]


def test_same_inputs_give_the_same_bytes_and_the_run_is_stored(filled: Path) -> None:
    command = ("backtest", "mine", "--csv", "-", "--workspace", filled)
    first = fine(*command)
    assert fine(*command) == first
    (run,) = (filled / "data_cache" / "runs").glob("*.json")
    stored = json.loads(run.read_text(encoding="utf-8"))
    row = next(csv.DictReader(io.StringIO(first)))
    assert stored["run_id"] == row["run_id"] == run.stem
    assert str(stored["data_version"]) == row["data_version"]


def test_backtest_keeps_the_sessions_for_the_next_time(filled: Path) -> None:
    fine("backtest", "mine", "--paper", "--workspace", filled)
    kept = sorted(path.name for path in (filled / "data_cache" / "derived").iterdir())
    assert kept == [
        "last-sessions.json",
        "sessions-XHKG.json",
        "sessions-XSHG.json",
        "verified.json",
    ]


def test_ledger_and_json(filled: Path, tmp_path: Path) -> None:
    fine(
        *("backtest", "mine", "--hold", "2", "--ledger", tmp_path / "ledger.csv"),
        *("--json", tmp_path / "rows.json", "--capital", "2000", "--workspace", filled),
    )
    with (tmp_path / "ledger.csv").open(encoding="utf-8") as lines:
        bought, sold = csv.DictReader(lines)
    assert (bought["listing"], bought["side"], bought["status"]) == ("300857.SZ", "buy", "filled")
    assert (bought["price"], sold["side"]) == ("12.0", "sell")
    (row,) = json.loads((tmp_path / "rows.json").read_text(encoding="utf-8"))
    assert row["horizon"] == 2
    assert row["capital"] == 2_000.0


def test_ledger_on_paper(filled: Path, tmp_path: Path) -> None:
    fine(
        *("backtest", "mine", "--hold", "2", "--paper", "--ledger", tmp_path / "ledger.csv"),
        *("--json", tmp_path / "rows.json", "--workspace", filled),
    )
    with (tmp_path / "ledger.csv").open(encoding="utf-8") as lines:
        (entry,) = csv.DictReader(lines)
    assert (entry["listing"], entry["state"], entry["entry_price"]) == ("300857.SZ", "held", "12.0")
    (row,) = json.loads((tmp_path / "rows.json").read_text(encoding="utf-8"))
    assert row["executable_return"] is None


def test_excel_mark_begins_the_file(filled: Path, tmp_path: Path) -> None:
    fine("backtest", "mine", "--csv", tmp_path / "a.csv", "--excel", "--workspace", filled)
    assert (tmp_path / "a.csv").read_bytes().startswith(b"\xef\xbb\xbfbasket,")


def test_data_version_reads_the_tables_as_they_were(filled: Path, tmp_path: Path) -> None:
    before = fine("backtest", "mine", "--hold", "2", "--csv", "-", "--workspace", filled)
    version = next(csv.DictReader(io.StringIO(before)))["data_version"]
    changed = tmp_path / "later.csv"
    changed.write_text(BARS.replace("12,12.5,11.5,12.2", "11,12.5,10.5,12.2"), encoding="utf-8")
    fine(
        *("data", "import", changed, "--kind", "bars", "--basis", "raw"),
        *("--listing", "300857.SZ", "--workspace", filled),
    )
    again = ("backtest", "mine", "--hold", "2", "--csv", "-", "--workspace", filled)
    assert fine(*again) != before
    assert fine(*again, "--data-version", version) == before


def test_status_and_table_at_eighty_columns(filled: Path) -> None:
    page = RUNNER.invoke(
        app,
        ["backtest", "mine", "--hold", "2,60", "--workspace", str(filled)],
        env={"COLUMNS": "80"},
    )
    assert page.exit_code == 0, page.output
    assert max(len(line) for line in page.stdout.splitlines()) <= 80
    assert "pending 5" in page.stdout
    assert "bars" in fine("data", "status", "--workspace", filled)


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["backtest", "nothing"], 3, ["error: ", "nothing", "fix: "]),
        (["backtest", "mine", "--report", "R9"], 3, ["R9"]),
        (["backtest", "mine", "--hold", "0"], 2, ["--hold '0'", "write them like --hold 5,20,60"]),
        (["backtest", "mine", "--hold", "x"], 2, ["--hold 'x'"]),
        (["backtest", "mine", "--cost-bps", "-1"], 2, ["--cost-bps"]),
        (["backtest", "mine", "--capital", "0"], 2, ["--capital"]),
        (["backtest", "mine", "--max-wait", "-1"], 2, ["--max-wait"]),
        (["backtest", "mine", "--weighting", "best"], 2, ["--weighting 'best'", "equal"]),
        (["backtest", "mine", "--weighting", "custom"], 2, ["positive weight"]),
        (["backtest", "mine", "--benchmark", "nope"], 2, ["--benchmark"]),
        (["backtest", "mine", "--benchmark", "000905.SH"], 4, ["000905.SH", "--kind index"]),
        (["backtest", "mine", "--data-version", "999"], 2, ["no data version 999"]),
        (["backtest", "mine", "--csv", "/nowhere/a.csv"], 2, ["there is no folder"]),
        (["backtest", "mine", "--metrics", "/nowhere/a.csv"], 2, ["there is no folder"]),
        (["backtest", "mine", "--delay", "1,x"], 2, ["--delay '1,x'"]),
        (["backtest", "mine", "--delay", "-1"], 2, ["--delay '-1'"]),
        (["backtest", "mine", "--entry", "noon"], 2, ["--entry 'noon'", "open, vwap, close"]),
        (["backtest", "mine", "--entry", ","], 2, ["--entry is empty"]),
        (["backtest", "mine", "--rebalance", "weekly"], 2, ["'weekly'", "monthly"]),
        (["backtest", "mine", "--weighting", "heavy"], 2, ["'heavy'", "inverse-vol"]),
        (["backtest", "mine", "--weighting", "custom"], 2, ["custom weighting", "mine"]),
        (["backtest", "mine", "--jobs", "0"], 2, ["--jobs 0"]),
        (["backtest", "mine", "--delisting-recovery", "2"], 2, ["--delisting-recovery 2"]),
        (["backtest", "mine", "--entry", "vwap"], 4, ["300857.SZ", "turnover and volume"]),
        (["backtest", "mine", "--delay", "300"], 2, ["exchange-calendars", "basket mine"]),
        (["data", "import", "absent.csv", "--kind", "bars", "--basis", "raw"], 2, ["absent.csv"]),
        (["data", "import", "absent.csv", "--kind", "what"], 2, ["--kind 'what'", "valuation"]),
        (["data", "export", "out", "--table", "what"], 2, ["--table 'what'"]),
    ],
)
def test_bad_input_ends_in_a_message_and_its_code(
    filled: Path, arguments: list[str], code: int, words: list[str]
) -> None:
    before = content(filled)
    done = typed(*arguments, "--workspace", filled)
    assert done.exit_code == code, done.output
    assert done.stdout == ""
    for word in words:
        assert word in done.stderr
    assert "Traceback" not in done.output
    assert content(filled) == before


def content(folder: Path) -> dict[str, bytes]:
    """Return every file of a workspace but the lock, and what is made again from the others."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.suffix != ".lock" and path.parent.name != "derived"
    }


def test_no_data_yet_says_what_to_type(place: Path) -> None:
    done = typed("backtest", "copper", "--workspace", place)
    assert done.exit_code == 4
    assert "there is no market data yet" in done.stderr
    assert "screener data import" in done.stderr


def test_outside_a_workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SCREENER_WORKSPACE", raising=False)
    done = typed("basket", "list")
    assert done.exit_code == 2
    assert "screener init" in done.stderr


def test_version() -> None:
    assert fine("--version").startswith("screener 0.")


def commands() -> list[list[str]]:
    import typer.main

    group = typer.main.get_command(app)
    found = []
    for name, command in group.commands.items():  # type: ignore[attr-defined]
        inner = getattr(command, "commands", None)
        found.extend([[name, sub] for sub in inner] if inner else [[name]])
    return found


@pytest.mark.parametrize("command", commands(), ids=" ".join)
def test_every_command_has_help_with_an_example_and_a_place_in_the_reference(
    command: list[str],
) -> None:
    help_text = fine(*command, "--help")
    assert "Example: screener" in help_text
    pages = Path(__file__).resolve().parents[2] / "docs" / "pages" / "en" / "reference"
    assert f"## screener {' '.join(command)}\n" in (pages / "commands.md").read_text(
        encoding="utf-8"
    )
