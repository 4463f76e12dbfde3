"""`screener study` on the simulated market: files, answers, refusals."""

from __future__ import annotations

import csv
import io
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from screener.cli.main import app
from screener.data.lake.store import Store
from screener.data.panels.return_tables import read_return_table
from screener.domain.listing import Exchange
from screener.errors import DataError, InputError, SchemaMismatch
from screener.market.calendars import calendar_of
from screener.results.study import NAMES, REVERSALS, SESSIONS, TESTS, UNITS
from screener.results.tables import fits
from screener.study.evaluating import StudySettings
from screener.study.models import Model
from screener.study.results import Statistic
from screener.study.statistics.intervals import wilson
from screener.study.units import State, UnitKind
from screener.study.windows import StudyWindows
from screener.workflows.report.catalog import basket_events, needed_events
from screener.workflows.study.rows import (
    day_rows,
    name_rows,
    reversal_rows,
    unit_table,
)
from screener.workflows.study.rows import (
    test_rows as rows_of_tests,
)
from screener.workflows.study.run import StudyRequest, StudyRun, run_study
from screener.workspace.locate import Workspace

RUNNER = CliRunner()


@pytest.fixture(scope="module")
def workspace(shared_demo: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Path(shutil.copytree(shared_demo, tmp_path_factory.mktemp("study") / "w 中文"))


def screener(workspace: Path, *words: str, code: int = 0) -> str:
    done = RUNNER.invoke(app, ["study", *words, "--workspace", str(workspace)])
    assert done.exit_code == code, done.output
    return done.stdout if code == 0 else done.stderr


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_all_baskets_with_every_file(workspace: Path, tmp_path: Path) -> None:
    files = {name: str(tmp_path / f"{name}.csv") for name in ("events", "sessions", "ledger")}
    words = [word for name, file in files.items() for word in (f"--{name}", file)]
    text = screener(workspace, "--all", "--by", "basket", "--csv", "-", *words)
    rows = rows_of(text)
    groups = list(dict.fromkeys(row["group"] for row in rows))
    assert groups[0] == "all"
    assert len(groups) == 10
    assert len(rows) == 10 * 6 * len(Statistic)
    assert "nan" not in text.lower().replace("financ", "")
    for row in rows:
        kept = int(row["n_units"]) - int(row["n_dropped"])
        counted = int(row["n"]) + int(row["n_unfinished"]) + int(row["n_untraded"])
        assert kept == counted
        assert (row["p"] == "") == (row["estimate"] == "")
        assert row["p"] or row["note"]
        assert row["method"]
    events = rows_of(Path(files["events"]).read_text(encoding="utf-8"))
    assert len(events) == int(rows[0]["n_units"]) == 11
    names = rows_of(Path(files["ledger"]).read_text(encoding="utf-8"))
    assert len(names) == sum(int(row["n_named"]) for row in events)
    sessions = rows_of(Path(files["sessions"]).read_text(encoding="utf-8"))
    assert [int(row["session"]) for row in sessions[:41]] == list(range(-20, 21))
    run_up = sum(float(row["mean_ar"]) for row in sessions[:20])
    assert run_up == pytest.approx(float(rows[0]["mean_car"]))
    assert float(sessions[19]["caar"]) == pytest.approx(run_up)


def studied(workspace: Path, unit: UnitKind, **options: object) -> StudyRun:
    place = Workspace(root=workspace)
    events = needed_events(basket_events(place))
    settings = StudySettings(draws=100, **options)  # type: ignore[arg-type]
    with Store.open(place.data_cache) as store:
        request = StudyRequest(events=events, settings=settings, unit=unit)
        return run_study(store, request, program_version="1")


@pytest.mark.parametrize(
    ("unit", "options"),
    [
        (UnitKind.BASKET, {}),
        (UnitKind.LISTING, {"model": Model.MEAN_ADJUSTED}),
        (UnitKind.LISTING, {"windows": StudyWindows(event=(0, 0), reader=False)}),
        (UnitKind.BASKET, {"windows": StudyWindows(event=(-5, 400))}),  # nothing is finished
        (UnitKind.LISTING, {"windows": StudyWindows(estimation=(-1500, -1300))}),  # all dropped
    ],
)
def test_rows_fit_their_tables_and_tell_what_the_page_counts(
    workspace: Path, unit: UnitKind, options: dict[str, object]
) -> None:
    run = studied(workspace, unit, **options)
    units, tests = unit_table(run), rows_of_tests(run)
    assert not fits(units.spec, units.rows)
    assert not fits(TESTS, tests)
    assert not fits(SESSIONS, day_rows(run))
    assert not fits(NAMES, name_rows(run))
    assert not fits(REVERSALS, reversal_rows(run))
    parts = [item.part.column for item in run.request.settings.windows.parts()]
    returns = [name for name in units.spec.names if name.startswith("car_")]
    assert returns == [f"car_{name}" for name in parts]
    assert set(UNITS.names) - set(units.spec.names) == {
        name
        for name in UNITS.names
        for kind in ("car_", "scar_", "bhar_", "band_low_", "band_high_")
        if name.startswith(kind) and name.removeprefix(kind) not in parts
    }
    (group,) = run.groups
    told = [row["status"] for row in units.rows]
    assert run.counts(group) == {state: told.count(state) for state in State}
    evaluation = group.evaluation
    assert evaluation.n_unfinished == max(int(str(row["n_unfinished"])) for row in tests)
    known = [row["caar"] for row in day_rows(run) if row["caar"] is not None]
    assert list(evaluation.path) == known
    for part in evaluation.parts:
        assert part.says_little == (part.n < 10 or part.n_dates < 5)


def test_same_seed_same_bytes_whatever_the_workers(workspace: Path) -> None:
    one = screener(workspace, "--all", "--unit", "listing", "--csv", "-")
    assert screener(workspace, "--all", "--unit", "listing", "--csv", "-", "--jobs", "2") == one
    other = screener(workspace, "--all", "--unit", "listing", "--csv", "-", "--seed", "7")
    assert other != one


@pytest.mark.parametrize("width", [80, 160])
def test_page_fits_and_names_its_conventions(
    workspace: Path, monkeypatch: pytest.MonkeyPatch, width: int
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    page = screener(workspace, "--all")
    assert max(len(line) for line in page.splitlines()) <= width
    for word in ("SIMULATED", "run-up", "drift", "reader", "Kolari-P.", "Newey-West", "reversal"):
        assert word in page
    assert "nan" not in page.lower()


def test_json_keeps_everything(workspace: Path) -> None:
    found = json.loads(screener(workspace, "copper", "--json", "-"))
    assert set(found) >= {"study", "tests", "reversals", "sessions", "units", "names", "remarks"}
    assert found["study"]["settings"]["model"] == "market"
    assert found["units"][0]["n_named"] == 4


def test_all_pending_is_an_answer(workspace: Path) -> None:
    page = screener(workspace, "copper", "--window", "0..400")
    assert "1 event: 0 finished, 1 pending" in page
    assert "no event has finished this window" in page


def test_factor_and_matched_tables(workspace: Path, tmp_path: Path) -> None:
    days = calendar_of(Exchange.SH).sessions
    days = days[(days >= np.datetime64("2024-12-01")) & (days <= np.datetime64("2026-12-01"))]
    draw = np.random.default_rng(1)
    file = tmp_path / "factors.csv"
    lines = [
        f"{day},{a:.6f},{b:.6f},0.00005"
        for day, (a, b) in zip(days, draw.normal(0, 0.01, (len(days), 2)), strict=True)
    ]
    file.write_text("date,market,size,rf\n" + "\n".join(lines), encoding="utf-8")
    words = ("inp-substrates", "--csv", "-")
    rows = rows_of(screener(workspace, *words, "--factors", str(file)))
    assert {row["model"] for row in rows} == {"factors"}
    assert "reader" not in {row["part"] for row in rows}
    assert rows[0]["mean_car"]
    file.write_text(
        "date,002428.SZ,002975.SZ\n" + "\n".join(line.rsplit(",", 1)[0] for line in lines),
        encoding="utf-8",
    )
    rows = rows_of(screener(workspace, *words, "--matched", str(file)))
    assert {row["model"] for row in rows} == {"matched"}
    error = screener(workspace, "copper", "--matched", str(file), code=2)
    assert "has no column" in error


@pytest.mark.parametrize(
    ("words", "code", "what"),
    [
        ([], 2, "name the baskets to study"),
        (["copper", "--all"], 2, "name the baskets to study"),
        (["copper", "--window", "-40..20"], 2, "overlaps the event window"),
        (["copper", "--window", "20"], 2, "is no range of sessions"),
        (["copper", "--estimation", "-40..-30"], 2, "fewer than 30"),
        (["copper", "--model", "capm"], 2, "is not one of market"),
        (["copper", "--unit", "name"], 2, "is not one of basket, listing"),
        (["copper", "--model", "factors"], 2, "needs a table of returns"),
        (["copper", "--benchmark", "none"], 2, "needs an index"),
        (["copper", "--benchmark", "000905.SH"], 4, "has no value on"),
        (["copper", "--draws", "1"], 2, "--draws 1 is below 100"),
        (["copper", "--jobs", "0"], 2, "no number of workers"),
        (["coper"], 3, "coper"),
        (["copper", "--factors", "none.csv"], 2, "cannot be read: No such file"),
        (["copper", "--convention", "estudy2", "--model", "mean-adjusted"], 2, "model market"),
    ],
)
def test_what_cannot_work_is_refused(
    workspace: Path, words: list[str], code: int, what: str
) -> None:
    assert what in screener(workspace, *words, code=code).replace("\n", " ")


@pytest.mark.parametrize(
    ("text", "kind", "what"),
    [
        ("day,a\n2026-01-05,0.1\n", SchemaMismatch, "needs a column `date`"),
        ("date,a\n", DataError, "no rows"),
        ("date,a\n2026-01-05,x\n", SchemaMismatch, "a 'x' is no number"),
        ("date,a\n2026-01-05,0.1,0.2\n", SchemaMismatch, "3 cells, the header has 2"),
        ("date,a\n2026-01-05,0.1\n2026-01-05,0.1\n", InputError, "given twice"),
        ("date,a\n2026-01-05,1.3\n", InputError, "returns are fractions"),
        ("date,a,a\n2026-01-05,0.1,0.1\n", SchemaMismatch, "the same name"),
        ("", SchemaMismatch, "empty"),
    ],
)
def test_tables_of_returns_are_checked(
    tmp_path: Path, text: str, kind: type[Exception], what: str
) -> None:
    file = tmp_path / "t.csv"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(kind) as info:
        read_return_table(file)
    assert what in str(info.value)


def test_calibration_bands_and_winsorising_are_shown_and_written(
    workspace: Path, tmp_path: Path
) -> None:
    target, page = tmp_path / "erring.csv", tmp_path / "page.html"
    words = ("--calibrate", "20", "--planted", "5%", "--winsor", "25%", "--draws", "100")
    files = ("--calibration", str(target), "--html", str(page))
    text = screener(workspace, "compute-leasing", "--window", "0..2", *words, *files)
    assert "how often each test errs on this market" in text
    assert "with 5.00 % on session 0" in text
    assert "CAAR over every entry that estimated dates allow" in text
    rows = rows_of(target.read_text(encoding="utf-8"))
    parts = {row["part"] for row in rows}
    assert len(rows) == 2 * len(parts) * len(Statistic)
    for row in rows:
        if row["rate"]:
            share = int(row["n_rejected"]) / int(row["n_answered"])
            assert float(row["rate"]) == pytest.approx(share)
            low, high = wilson(int(row["n_rejected"]), int(row["n_answered"]))
            assert (float(row["low"]), float(row["high"])) == pytest.approx((low, high))
    assert {float(row["planted"]) for row in rows} == {0.0, 0.05}
    assert 'id="calibration"' in page.read_text(encoding="utf-8")
    assert "need --calibrate" in screener(workspace, "--all", "--planted", "1%", code=2)
    assert "below 20" in screener(workspace, "--all", "--calibrate", "5", code=2)
    assert "is no number" in screener(workspace, "--all", "--winsor", "some", code=2)
