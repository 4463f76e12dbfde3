import csv
import json
from datetime import UTC, date, datetime

import pyarrow as pa
import pytest
import typer
from typer.testing import CliRunner

from screener.cli.screen import screen
from screener.data.lake.batch import Batch
from screener.data.lake.schema import TABLES, TableName
from screener.data.lake.store import Store
from screener.domain.listing import parse_listing
from screener.errors import ConfigError, DateRangeError, InputError, ScreenerError
from screener.workflows.report.catalog import new_basket
from screener.workspace.locate import Workspace

DAY = date(2026, 5, 27)
ARROW = {
    "VARCHAR": pa.string(),
    "DATE": pa.date32(),
    "DOUBLE": pa.float64(),
    "TIMESTAMP WITH TIME ZONE": pa.timestamp("us", tz="UTC"),
}


def table(name, rows):
    origin = {"source": "test", "fetched_at": datetime(2026, 5, 28, tzinfo=UTC)}
    spec = TABLES[name]
    full = [dict.fromkeys(spec.column_names) | origin | row for row in rows]
    schema = pa.schema([(item.name, ARROW[item.type]) for item in spec.columns])
    return pa.Table.from_pylist(full, schema=schema)


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    root = tmp_path_factory.mktemp("screen") / "odd 中文 #"
    (root / "baskets").mkdir(parents=True)
    (root / "seeds").mkdir()
    rows = [
        {"listing": "000001.SZ", "session": DAY, "pe_static": 4.9, "pb": 0.45},
        {"listing": "000002.SZ", "session": DAY, "pe_static": -3.0, "pb": 0.36},
        {"listing": "600519.SH", "session": DAY, "pe_static": 20.0, "pb": 7.0},
    ]
    names = [{"listing": "000001.SZ", "valid_from": date(2020, 1, 1), "name": "平安银行"}]
    tables = {
        TableName.VALUATION: table(TableName.VALUATION, rows),
        TableName.NAMES: table(TableName.NAMES, names),
    }
    with Store.create(root / "data_cache") as store:
        store.commit(Batch(tables=tables), message="test")
    new_basket(
        Workspace(root=root),
        name="mine",
        listings=[parse_listing("600519.SH"), parse_listing("000001.SZ")],
        published=date(2026, 5, 20),
        now=datetime(2026, 6, 1, tzinfo=UTC),
    )
    return root


def run(workspace, *arguments):
    app = typer.Typer()
    app.command()(screen)
    runner = CliRunner(env={"COLUMNS": "80", "TERM": "dumb"})
    return runner.invoke(app, ["--workspace", str(workspace), *arguments])


def failure(workspace, *arguments):
    found = run(workspace, *arguments).exception
    assert isinstance(found, ScreenerError), found
    return found


def test_table_on_the_terminal(workspace):
    found = run(workspace, *("--universe", "a", "--as-of", "2026-05-27", "--pe-static", "0..15"))
    assert found.exit_code == 0, found.exception
    assert "snapshot: mainland 2026-05-27" in found.stdout
    assert "平安银行" in found.stdout
    assert "1 of 3 passed" in found.stdout


def test_csv_on_standard_output_is_nothing_but_csv(workspace):
    found = run(workspace, "--universe", "a", "--where", "pb < 1", "--sort", "-pb", "--csv", "-")
    rows = list(csv.DictReader(found.stdout.splitlines()))
    assert [row["listing"] for row in rows] == ["000001.SZ", "000002.SZ", "600519.SH"]
    assert [row["rank"] for row in rows] == ["1", "2", ""]
    assert [row["passed"] for row in rows] == ["true", "true", "false"]
    assert "days older than" in found.stderr


def test_csv_for_excel_and_json_in_files(workspace, tmp_path):
    out, doc = tmp_path / "out.csv", tmp_path / "out.json"
    found = run(
        workspace,
        *("--universe", "a", "--as-of", "2026-05-27", "--pe-static", "-5..15", "--passed-only"),
        *("--csv", str(out), "--excel", "--json", str(doc)),
    )
    assert found.exit_code == 0, found.exception
    assert out.read_bytes().startswith(b"\xef\xbb\xbfrank,listing,name,session,pe_static,")
    document = json.loads(doc.read_text(encoding="utf-8"))
    assert document["rows"] == [
        {
            "rank": 1,
            "listing": "000001.SZ",
            "name": "平安银行",
            "session": "2026-05-27",
            "pe_static": 4.9,
            "pe_static_raw": 4.9,
            "passed": True,
            "reasons": "pe_static 4.90 in -5..15",
            "run_id": document["rows"][0]["run_id"],
        }
    ]


def test_basket_of_ones_own(workspace):
    found = run(workspace, "--basket", "mine", "--as-of", "2026-05-27", "--pb", "..3")
    assert found.exit_code == 0, found.exception
    assert "Screen of basket mine" in found.stdout
    assert "1 of 2 passed" in found.stdout
    assert "pb 7.00 above 3" in found.stdout


@pytest.mark.parametrize(
    ("arguments", "kind", "match"),
    [
        (["--universe", "a", "--pb", "3..1"], InputError, "reversed"),
        (["--universe", "a", "--excel"], InputError, "--excel needs --csv"),
        (["--universe", "a", "--as-of", "May"], DateRangeError, "'May' is not a date"),
        (["--universe", "us"], InputError, "none of a, hk, all"),
        (["--pb", "..3"], InputError, "one of them"),
        (["--universe", "a", "--where", "now() > session"], InputError, "'now' is not allowed"),
        (["--universe", "a", "--data-version", "99"], InputError, "99"),
    ],
)
def test_bad_input_is_loud(workspace, arguments, kind, match):
    error = failure(workspace, *arguments)
    assert isinstance(error, kind)
    assert match in error.what
    assert error.fix
    assert error.exit_code == 2


def test_a_basket_that_names_nothing_yet(workspace):
    error = failure(workspace, "--basket", "mine", "--as-of", "2026-05-19", "--pb", "..3")
    assert error.what == "no security was named by 2026-05-19; the first is of 2026-05-20"
    assert error.fix == "write --as-of 2026-05-20 or later"
    assert error.exit_code == 4


def test_no_workspace(tmp_path):
    assert isinstance(failure(tmp_path / "none", "--universe", "a"), ConfigError)
