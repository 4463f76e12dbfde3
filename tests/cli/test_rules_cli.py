import csv
import json
from datetime import UTC, date, datetime

import pytest
import typer
from typer.testing import CliRunner

from screener.cli.rules import rules
from screener.data.lake.batch import Batch
from screener.data.lake.rows import make_rows
from screener.data.lake.schema import TableName
from screener.data.lake.store import Store
from screener.errors import ConfigError, DateRangeError, InputError, ScreenerError


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    root = tmp_path_factory.mktemp("rules") / "odd 中文 #"
    (root / "baskets").mkdir(parents=True)
    rows = {
        TableName.NAMES: {
            "listing": ["600901.SH"],
            "valid_from": [date(2024, 1, 2)],
            "name": ["*ST九一"],
        },
        TableName.BARS: {
            "listing": ["600901.SH"],
            "session": [date(2026, 7, 2)],
            "basis": "raw",
            **{name: [10.05] for name in ("open", "high", "low", "close")},
        },
    }
    now = datetime(2026, 7, 10, tzinfo=UTC)
    tables = {
        name: make_rows(name, columns, source="test.csv", fetched_at=now)
        for name, columns in rows.items()
    }
    with Store.create(root / "data_cache") as store:
        store.commit(Batch(tables=tables), message="test")
    return root


def run(*arguments):
    app = typer.Typer()
    app.command()(rules)
    runner = CliRunner(env={"COLUMNS": "80", "TERM": "dumb", "SCREENER_WORKSPACE": None})
    return runner.invoke(app, list(arguments))


def failure(*arguments):
    found = run(*arguments).exception
    assert isinstance(found, ScreenerError), found
    return found


def test_page_on_the_terminal(workspace):
    found = run("--at", "2026-07-03", "--listing", "600901", "--workspace", str(workspace))
    assert found.exit_code == 0, found.exception
    assert "600901.SH *ST九一 on 2026-07-03, board main" in found.stdout
    assert "±5 %: 9.55" in found.stdout
    assert "25.2 bp" in found.stdout
    assert "unverified" in found.stdout
    assert "whether it was suspended is not known" in found.stderr


def test_without_market_data(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    found = run("--at", "2026-07-03", "--listing", "00700.HK")
    assert found.exit_code == 0, found.exception
    assert "42.5 bp" in found.stdout
    assert "no market data are stored here" in found.stderr
    assert "screener data update --listing 00700.HK" in found.stderr.replace("\n", " ")
    assert not list(tmp_path.iterdir())


def test_csv_on_standard_output_is_nothing_but_csv(workspace):
    arguments = ("--at", "2026-07-06", "--listing", "sh600901", "--workspace", str(workspace))
    found = run(*arguments, "--csv", "-")
    rows = list(csv.DictReader(found.stdout.splitlines()))
    assert rows[0]["rule"] == "price limit"
    assert rows[0]["value"] == "0.1"
    assert rows[0]["text"] == "±10 %: 9.05 to 11.06"
    assert rows[0]["valid_from"] == "2026-07-06"
    assert rows[0]["valid_to"] == ""
    assert rows[0]["verified"] == "true"


def test_files(workspace, tmp_path):
    arguments = ("--at", "2026-07-06", "--listing", "600901.SH", "--workspace", str(workspace))
    sheet, document = tmp_path / "rules.csv", tmp_path / "rules.json"
    found = run(*arguments, "--csv", str(sheet), "--excel", "--json", str(document))
    assert found.exit_code == 0, found.exception
    assert sheet.read_bytes().startswith(b"\xef\xbb\xbflisting,at,")
    read = json.loads(document.read_text(encoding="utf-8"))
    assert read["known"]["st"] is True
    assert read["data_version"] is not None
    assert len(read["rows"]) == len(sheet.read_text(encoding="utf-8").splitlines()) - 1


@pytest.mark.parametrize(
    ("arguments", "error", "match"),
    [
        (("--at", "2026-07", "--listing", "600901"), DateRangeError, "'2026-07' is not a date"),
        (("--at", "2027-07-05", "--listing", "600901"), DateRangeError, "to 2026-12-31"),
        (("--at", "2026-07-06", "--listing", "nobody"), InputError, "is not a listing code"),
        (("--at", "2026-07-06", "--listing", "000300.SH"), InputError, "is an index"),
        (("--at", "2026-07-06", "--listing", "600901", "--excel"), InputError, "needs --csv"),
        (
            ("--at", "2026-07-06", "--listing", "600901", "--workspace", "no/such"),
            ConfigError,
            "no workspace at",
        ),
    ],
)
def test_bad_input_says_how_to_mend_it(arguments, error, match):
    found = failure(*arguments)
    assert isinstance(found, error)
    assert match in str(found)
    assert found.fix
