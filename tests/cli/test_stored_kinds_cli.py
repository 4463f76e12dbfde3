"""Runs of every kind are stored, come back as asked, and are compared between versions."""

from __future__ import annotations

import csv
import json
import shutil
from datetime import date
from pathlib import Path

import pyarrow.compute as pc
import pytest
from typer.testing import CliRunner

from screener.backtest.frictions import Frictions
from screener.backtest.run import Settings
from screener.cli.main import app
from screener.data.lake.batch import Batch
from screener.data.lake.schema import TableName
from screener.data.lake.store import Store
from screener.domain.basket import Event
from screener.files.program import program_version
from screener.market.dated import rules_digest
from screener.workflows.backtest.requests import BacktestRequest
from screener.workflows.data.diff import diff_versions
from screener.workflows.explain.kinds import KINDS, kind_of
from screener.workflows.follow.run import FollowRequest
from screener.workflows.report.catalog import basket_events, needed_events
from screener.workflows.score.run import ScoreRequest
from screener.workflows.study.calibration import CalibrationRequest
from screener.workflows.study.placebo.run import PlaceboRequest
from screener.workflows.study.run import StudyRequest
from screener.workspace.locate import Workspace
from screener.workspace.plain import plain_of
from screener.workspace.runs import StoredRun, load_run, stored_runs
from tests.support.soaking import soaked

RUNNER = CliRunner()
SHOWN_ALONE = {
    "study": ("sessions", "names"),
    "placebo": ("controls",),
    "follow": ("orders", "curve", "measures"),
}
"""Tables of a kind that are explained and not compared."""
SETTINGS = Settings(horizons=(5,), frictions=Frictions(), capitals=(100_000.0,))
COMMANDS = (
    "study copper compute-leasing --draws 100 --placebo 100 --hold 5 --calibrate 20",
    "follow --all --hold 5",
    "score",
    "screen --universe a --pe-static 0..15 --pb ..2 --top 5 --as-of 2026-06-30",
)


@pytest.fixture(scope="module")
def place(shared_demo: Path, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    root = shutil.copytree(shared_demo, tmp_path_factory.mktemp("kinds") / "w")
    for command in COMMANDS:
        done = RUNNER.invoke(app, [*command.split(), "--workspace", str(root)])
        assert done.exit_code in (0, 4), done.output
    return Workspace(root=root)


def test_a_request_of_each_kind_comes_back_from_its_document(shared_demo: Path) -> None:
    place = Workspace(root=shared_demo)
    events: tuple[Event, ...] = needed_events(basket_events(place))
    study = StudyRequest(events=events)
    backtest = BacktestRequest(events=events, settings=SETTINGS)
    asked = {
        "backtest": backtest,
        "study": study,
        "calibration": CalibrationRequest(study=study, draws=20, planted=0.01),
        "placebo": PlaceboRequest(backtest=backtest, draws=100),
        "follow": FollowRequest(events=events, settings=SETTINGS, slots=3),
        "score": ScoreRequest(names=("copper",), backdate=True),
    }
    for kind in KINDS:
        if kind.name == "screen":
            continue
        document = json.loads(json.dumps(plain_of(asked[kind.name]), default=str))
        run = StoredRun(run_id="x", data_version=1, document={kind.document: document})
        assert kind_of(run) is kind
        assert kind.request(place, document, "x") == asked[kind.name]


@soaked
def test_every_kind_is_stored_with_its_program_rules_and_data(place: Workspace) -> None:
    found = stored_runs(place)
    assert not found.unreadable
    assert {kind_of(run).name for run in found.runs} == {kind.name for kind in KINDS}
    for run in found.runs:
        assert run.document["rules"] == rules_digest()
        assert run.document["program_version"] == program_version()
        assert run.data_version > 0
        kind = kind_of(run)
        with Store.open(place.data_cache, version=run.data_version) as store:
            request = kind.request(place, run.document[kind.document], "x")
            again, rows = kind.evaluate(place, store, request, program_version())
        assert again.run_id == run.run_id
        assert set(rows) == {*kind.keys, *SHOWN_ALONE.get(kind.name, ())}


@soaked
def test_a_correction_changes_the_runs_of_every_kind_that_read_it(place: Workspace) -> None:
    with Store.open(place.data_cache) as store:
        old = store.version
        bars = store.read(TableName.BARS)
        grown = pc.multiply(bars.column("close"), 1.02)
        named = pc.equal(bars.column("listing"), "601899.SH")
        day = pc.equal(bars.column("session"), date(2026, 5, 21))
        whole = bars.set_column(bars.schema.get_field_index("close"), "close", grown)
        new = store.commit(
            Batch(tables={TableName.BARS: whole.filter(pc.and_(named, day))}), message="mend"
        ).version
    with diff_versions(place, old, new, program_version=program_version()) as found:
        runs = found.runs
    assert not runs.failures
    kinds = {item.kind for item in runs.differences}
    assert {"backtest", "study", "placebo", "follow"} <= kinds
    for item in runs.differences:
        assert item.old != item.new
        run = load_run(place, item.run_id)
        assert kind_of(run).name == item.kind


@soaked
def test_rows_of_every_file_come_out_again_with_what_they_rest_on(
    place: Workspace, tmp_path: Path
) -> None:
    at = ["--workspace", str(place.root)]
    files = {
        "study copper --draws 100 --placebo 100 --hold 5": (
            ("--csv", "tests"),
            ("--events", "units"),
            ("--sessions", "days"),
            ("--ledger", "names"),
            ("--placebos", "placebos"),
            ("--controls", "controls"),
        ),
        "follow --all --hold 5": (
            ("--csv", "followed"),
            ("--ledger", "orders"),
            ("--paths", "curve"),
            ("--metrics", "measures"),
        ),
        "score": (("--csv", "scores"), ("--calls", "calls")),
        "screen --universe a --pe-static 0..15 --pb ..2 --as-of 2026-06-30": (("--csv", "rows"),),
    }
    rested = set()
    for command, options in files.items():
        words = command.split()
        for option, name in options:
            words += [option, str(tmp_path / f"{name}.csv")]
        assert RUNNER.invoke(app, [*words, *at]).exit_code in (0, 4)
        for option, name in options:
            file = str(tmp_path / f"{name}.csv")
            told = RUNNER.invoke(app, ["explain", file, "1", "--json", "-", *at])
            assert told.exit_code == 0, (name, told.output, told.stderr)
            found = json.loads(told.stdout)
            assert found["differences"] == [], (name, option)
            if found["sources"]:
                rested.add(name)
            for one in found["sources"]:
                if one["table"] in ("bars", "valuation", "ratings"):
                    assert one["source"]
                    assert one["known_at"]
    assert {"units", "names", "tests", "placebos", "orders", "scores", "calls", "rows"} <= rested


@soaked
def test_values_of_an_explanation_are_those_of_the_tables(place: Workspace, tmp_path: Path) -> None:
    """A call's return is the ratio of the closes told, and a screen's field the value told."""
    at = ["--workspace", str(place.root)]
    calls = tmp_path / "calls.csv"
    assert RUNNER.invoke(app, ["score", "--calls", str(calls), *at]).exit_code in (0, 4)
    with calls.open(encoding="utf-8", newline="") as text:
        rows = list(csv.DictReader(text))
    checked = 0
    for number, row in enumerate(rows, start=1):
        if not row["benchmark_return"] or checked == 3:
            continue
        told = RUNNER.invoke(app, ["explain", str(calls), str(number), "--json", "-", *at])
        sources = json.loads(told.stdout)["sources"]
        closes = [one["value"] for one in sources if one["used_for"] == "index"]
        if len(closes) == 2:
            assert closes[1] / closes[0] - 1 == pytest.approx(float(row["benchmark_return"]))
            checked += 1
    assert checked == 3
    screen = ["screen", "--universe", "a", "--pb", "..2", "--as-of", "2026-06-30"]
    file = tmp_path / "rows.json"
    assert RUNNER.invoke(app, [*screen, "--json", str(file), *at]).exit_code == 0
    document = json.loads(file.read_text(encoding="utf-8"))
    told = RUNNER.invoke(app, ["explain", str(file), "1", "--json", "-", *at])
    found = json.loads(told.stdout)
    (pb,) = (one for one in found["sources"] if one["column"] == "pb")
    assert pb["value"] == document["rows"][0]["pb"]
    assert pb["day"] == document["rows"][0]["session"]
