"""The program as a library: what a notebook does, on a simulated market."""

from __future__ import annotations

import csv
import io
import subprocess
import sys
from datetime import date
from importlib import import_module
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

import screener
from screener.api import BacktestResult, Workspace
from screener.backtest.attribution import SHORTFALL_STEPS
from screener.cli.main import app
from screener.errors import (
    BarsMissing,
    BasketNotFound,
    DateRangeError,
    InputError,
    NotFoundError,
    ReportNotFound,
)
from screener.results.backtest import METRICS, NAMES, ORDERS, PATHS, RETURNS, SHORTFALL

RUNNER = CliRunner()
IDENTITY = {"run_id", "data_version", "simulated", "remarks"}


@pytest.fixture(scope="module")
def ws(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    return screener.demo(tmp_path_factory.mktemp("api") / "research")


@pytest.fixture(scope="module")
def found(ws: Workspace) -> BacktestResult:
    return ws.backtest(["compute-leasing", "copper"], hold=(5, 20), capital=1e6)


def typed(ws: Workspace, *arguments: str) -> str:
    done = RUNNER.invoke(app, [*arguments, "--workspace", str(ws.root)])
    assert done.exit_code == 0, done.output
    return done.stdout


def same(frame: pd.DataFrame, text: str) -> None:
    """Compare a frame with a CSV, value by value as the CSV writes them."""
    rows = list(csv.DictReader(io.StringIO(text)))
    assert list(frame.columns) == list(rows[0])
    assert len(frame) == len(rows)
    for name in frame.columns:
        for value, cell in zip(frame[name], (row[name] for row in rows), strict=True):
            if pd.isna(value):
                assert cell == "", (name, value, cell)
            elif isinstance(value, pd.Timestamp):
                assert value.date().isoformat() == cell
            elif isinstance(value, (float, np.floating)):
                assert float(cell) == value
            elif isinstance(value, (bool, np.bool_)):
                assert str(value).lower() == cell
            else:
                assert str(value) == cell


def test_a_notebook_in_ten_lines(tmp_path: Path, ws: Workspace) -> None:
    import quantstats

    ws.new_basket("mine", ["300857", "00700.HK"], date="2026-05-14", weights=[2, 1])
    found = ws.backtest(["mine"], hold=20, capital=1e6)
    row = found.returns.iloc[0]
    path = found.paths.set_index("session")["paper_value"]
    assert path.iloc[-1] == pytest.approx(1 + row["paper_return"], rel=1e-12)
    daily = pd.concat([pd.Series([1.0]), path]).pct_change().dropna()
    assert quantstats.stats.comp(daily) == pytest.approx(row["paper_return"], rel=1e-9)
    value = found.portfolio(0).value()
    assert value.iloc[-1] == pytest.approx(1e6 * (1 + row["executable_return"]), rel=1e-9)
    assert ws.explain(found, 0).row["basket"] == "mine"


def test_the_traded_path_is_the_engines(found: BacktestResult) -> None:
    returns = found.returns
    done = returns.index[returns["executable_return"].notna()]
    assert len(done) > 2
    for row in done:
        key = returns.loc[row, ["basket", "report", "horizon"]]
        ours = found.paths
        ours = ours[(ours[["basket", "report", "horizon"]] == key).all(axis=1)]
        value = found.portfolio(int(row)).value().to_numpy()
        assert value[-1] / 1e6 - 1 == pytest.approx(returns["executable_return"][row], abs=1e-9)
        traded = ours["traded_value"].to_numpy()
        assert len(traded) == len(value)
        np.testing.assert_allclose(value / 1e6, traded, rtol=1e-9)


def test_frames_are_the_csv(ws: Workspace, found: BacktestResult) -> None:
    names = ("backtest", "compute-leasing", "copper", "--hold", "5,20")
    same(found.returns, typed(ws, *names, "--csv", "-"))
    same(found.orders, typed(ws, *names, "--ledger", "-"))
    same(found.metrics, typed(ws, *names, "--metrics", "-"))
    paper = ws.backtest(["compute-leasing", "copper"], hold=(5, 20), paper=True)
    same(paper.names, typed(ws, *names, "--paper", "--ledger", "-"))


def test_frames_have_their_types_and_say_what_they_rest_on(found: BacktestResult) -> None:
    for frame, spec in (
        (found.returns, RETURNS),
        (found.names, NAMES),
        (found.orders, ORDERS),
        (found.metrics, METRICS),
        (found.shortfall, SHORTFALL),
        (found.paths, PATHS),
    ):
        assert tuple(frame.columns) == spec.names
        assert len(frame)
        assert set(frame.attrs) == IDENTITY
        assert frame.attrs["simulated"] is True
        assert str(frame.attrs["run_id"]).startswith("SIMULATED-")
    assert found.returns["entry_session"].dtype == "datetime64[ns]"
    assert found.returns["paper_return"].dtype == np.float64
    assert found.returns["horizon"].dtype == "Int64"


def test_the_shortfall_closes(found: BacktestResult) -> None:
    keys = ["basket", "report", "horizon", "capital"]
    taken = found.shortfall.groupby(keys)["effect"].sum()
    returns = found.returns.set_index(keys)
    assert list(found.shortfall["step"][: len(SHORTFALL_STEPS)]) == list(SHORTFALL_STEPS)
    for key, effect in taken.items():
        assert effect == pytest.approx(returns["executable_return"][key], abs=1e-10)
    first, last = (found.shortfall.groupby(keys)[name] for name in ("effect", "reached"))
    pd.testing.assert_series_equal(
        first.first(), returns["benchmark_return"][first.first().index], check_names=False
    )
    assert last.last().to_dict() == pytest.approx(taken.to_dict(), abs=1e-12)


def test_variants_are_rows_of_one_frame(ws: Workspace) -> None:
    found = ws.backtest(["copper"], hold=5, delay=(0, 1), entry=("open", "close"), paper=True)
    assert len(found.runs) == 4
    assert len(found.returns) == 4 * len(found.runs[0].results)
    assert set(found.returns["entry"]) == {"open", "close"}
    with pytest.raises(InputError, match="not traded"):
        found.portfolio(0)
    with pytest.raises(InputError, match="no row 99"):
        found.portfolio(99)


def test_a_screen_needs_its_day(ws: Workspace) -> None:
    found = ws.screen(universe="a", as_of="20261030", pe_ttm=(None, 25.0), pb=(None, 3.0), top=10)
    text = typed(
        ws, "screen", "--universe", "a", "--as-of", "2026/10/30", "--pe-ttm", "..25.0",
        "--pb", "..3.0", "--top", "10", "--csv", "-",
    )  # fmt: skip
    same(found.rows, text)
    assert found.rows.attrs["simulated"] is True
    with pytest.raises(TypeError, match="as_of"):
        ws.screen(universe="a")  # type: ignore[call-arg]
    with pytest.raises(InputError):
        ws.screen(universe="a", as_of="2026-10-30", no_field=(0, 1))


def test_a_report_is_read_from_its_text(ws: Workspace) -> None:
    text = "测试证券研究所\n算力租赁周报 2026年5月14日\n推荐：协创数据(300857.SZ)。\n"
    added = ws.add_report(text, dry_run=True)
    assert "300857.SZ" in set(added.securities["listing"])
    assert added.report.published.value == date(2026, 5, 14)
    assert added.claims.empty
    assert list(added.unresolved.columns)[:2] == ["printed", "kind"]
    with pytest.raises(NotFoundError, match="no such file"):
        ws.add_report("no-such-file.pdf")


def test_reports_and_baskets_are_frames(ws: Workspace) -> None:
    reports = ws.reports().set_index("id")
    assert {"R1", "R2", "R3", "R4", "R5"} <= set(reports.index)
    assert (reports["n_recommended"] <= reports["n_securities"]).all()
    baskets = ws.baskets()
    assert set(baskets[baskets["basket"] == "copper"]["report"]) >= {""} or len(baskets)


def test_a_frame_is_imported_as_a_file_is(ws: Workspace, tmp_path: Path) -> None:
    place = screener.init(tmp_path / "own")
    days = pd.bdate_range("2026-05-11", periods=5)
    frame = pd.DataFrame(
        {"code": "300857.SZ", "date": days, "open": 10.0, "high": 10.5, "low": 9.5, "close": 10.2,
         "volume": 1000.0, "amount": 10_200.0}
    )  # fmt: skip
    outcome = place.import_data(frame, "bars", basis="raw")
    assert sum(item.added for item in outcome.changes) == 5
    prices = place.prices(["300857"], adjust="none")
    assert list(prices["close"]) == [10.2] * 5
    assert list(prices["session"]) == list(days)
    again = place.import_data(frame.set_index("date"), "bars", basis="raw")
    assert not any(item.added for item in again.changes)
    assert place.status().simulated is False
    assert place.verify().findings is not None


def test_prices_on_the_total_return_index(ws: Workspace) -> None:
    total = ws.prices(["300857.SZ"], "2026-01-05", "2026-10-30")
    plain = ws.prices(["300857.SZ"], "2026-01-05", "2026-10-30", adjust="none")
    assert total["factor"].iloc[0] == 1.0
    assert (plain["factor"] == 1.0).all()
    np.testing.assert_allclose(total["close"], plain["close"] * total["factor"], rtol=1e-12)
    with pytest.raises(BarsMissing):
        ws.prices(["300857.SZ"], "1999-01-01", "1999-01-31")
    with pytest.raises(InputError, match="adjust"):
        ws.prices(["300857.SZ"], adjust="qfq")


def test_prices_compound_to_the_paper_return(ws: Workspace) -> None:
    ws.new_basket("alone", ["300857"], date="2026-01-05")
    row = ws.backtest(["alone"], hold=120, paper=True).returns.iloc[0]
    held = ws.prices(
        ["300857", "300857.SZ"], row["entry_session"].date(), row["exit_session"].date()
    )
    assert not held["session"].duplicated().any()
    compounded = held["close"].iloc[-1] / held["open"].iloc[0] - 1
    assert compounded == pytest.approx(row["paper_return"], rel=1e-10)


def test_a_study_and_a_score(ws: Workspace) -> None:
    study = ws.study(["compute-leasing", "copper"], placebo=99, hold=5, draws=100)
    assert len(study.tests)
    assert len(study.sessions)
    assert len(study.placebos)
    assert len(study.verdicts)
    assert set(study.tests.attrs) == IDENTITY
    with pytest.raises(InputError, match="no option 'windows'"):
        ws.study(["copper"], windows=(0, 1))
    score = ws.score()
    assert len(score.calls)
    with pytest.raises(InputError, match="random baskets"):
        _ = ws.study(["copper"], draws=100).placebos


def test_errors_are_the_programs(ws: Workspace, tmp_path: Path) -> None:
    with pytest.raises(BasketNotFound):
        ws.backtest(["nothing"])
    with pytest.raises(ReportNotFound):
        ws.backtest(report="X9")
    with pytest.raises(InputError, match="no option 'capitals'"):
        ws.backtest(["copper"], capitals=1)
    with pytest.raises(InputError, match="participation"):
        ws.backtest(["copper"], participation=2.0)
    with pytest.raises(InputError, match="--hold '0'"):
        ws.backtest(["copper"], hold=0)
    with pytest.raises(DateRangeError):
        ws.new_basket("late", ["300857"], date="2999-01-01")
    with pytest.raises(InputError, match="no workspace"):
        screener.open(tmp_path)


def test_the_demonstration_is_a_function_whatever_was_imported() -> None:
    import_module("screener.demo")
    assert screener.demo is sys.modules["screener.api"].demo


def test_importing_costs_little(tmp_path: Path) -> None:
    script = (
        "import sys, screener\n"
        "heavy = {'pandas', 'numpy', 'numba', 'vectorbt', 'duckdb', 'pyarrow', 'typer'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)\n"
        "screener.init(sys.argv[1])\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)\n"
        "assert not hasattr(screener, 'nothing')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path / "new")],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(screener.__file__).parents[1],
    )
    assert done.returncode == 0, done.stderr
