"""The main job on real prices: init, imports, backtest, screen, against pandas alone."""

from __future__ import annotations

import csv
import io
import shutil
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from screener.cli.main import app
from tests.golden import paper_returns
from tests.support.ledger_returns import faults, gains

SHARED = Path(__file__).resolve().parents[2].parent / "shared" / "data"
pytestmark = [
    pytest.mark.realdata,
    pytest.mark.skipif(not SHARED.is_dir(), reason="the real prices are not beside the project"),
]
RUNNER = CliRunner()


def screener(*arguments: object) -> str:
    done = RUNNER.invoke(app, [str(item) for item in arguments])
    assert done.exit_code == 0, done.output
    return done.stdout


@pytest.fixture(scope="module")
def workspace(real_prices: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = Path(shutil.copytree(real_prices, tmp_path_factory.mktemp("real") / "workspace"))
    for folder, name, kind in (
        ("valuation", "a_share_2026-05-27", "valuation"),
        ("securities", "a_share_2026-05", "listings"),
    ):
        file = SHARED / folder / f"{name}.csv"
        screener("data", "import", file, "--kind", kind, "--workspace", place)
    return place


@pytest.fixture(scope="module")
def rows(workspace: Path) -> list[dict[str, str]]:
    text = screener(
        "backtest", "--paper", "--hold", "1,5,20,60", "--csv", "-", "--workspace", workspace
    )
    return list(csv.DictReader(io.StringIO(text)))


def row(rows: list[dict[str, str]], basket: str, report: str, horizon: int) -> dict[str, str]:
    (found,) = [
        item
        for item in rows
        if (item["basket"], item["report"], item["horizon"]) == (basket, report, str(horizon))
    ]
    return found


def test_every_mainland_row_agrees_with_pandas_alone(rows: list[dict[str, str]]) -> None:
    expected = paper_returns.table(SHARED, (1, 5, 20, 60))
    for want in expected:
        got = row(rows, str(want["basket"]), str(want["report"]), int(str(want["horizon"])))
        for key in ("entry_session", "exit_session"):
            assert got[key] == want[key]
        assert int(got["sessions_held"]) == want["sessions_held"]
        for key in ("paper_return", "benchmark_return"):
            assert float(got[key]) == pytest.approx(want[key], abs=1e-9)
        assert (got["status"] == "mature") == (want["sessions_held"] == want["horizon"])
        if "band_low" in want and got["band_low"]:
            assert float(got["band_low"]) == pytest.approx(want["band_low"], abs=1e-9)
            assert float(got["band_high"]) == pytest.approx(want["band_high"], abs=1e-9)
    assert len(expected) == 36


@pytest.mark.parametrize(
    ("basket", "report", "horizon", "expected"),
    [  # worked out before the program was written
        ("crossover-appliance", "R1", 5, {"paper_return": -0.03460, "benchmark_return": -0.02617}),
        ("crossover-appliance", "R1", 20, {"paper_return": -0.0412}),
        ("inp-substrates", "R1", 5, {"paper_return": -0.08824}),
        ("copper", "R1", 5, {"paper_return": -0.10046}),
        ("compute-leasing", "R2", 5, {"paper_return": 0.04748}),
    ],
)
def test_published_figures(
    rows: list[dict[str, str]], basket: str, report: str, horizon: int, expected: dict[str, float]
) -> None:
    got = row(rows, basket, report, horizon)
    for key, value in expected.items():
        assert float(got[key]) == pytest.approx(value, abs=5e-5 if horizon == 20 else 5e-6)


def test_an_estimate_gives_a_band_over_its_range(workspace: Path, tmp_path: Path) -> None:
    """The industry note as it stood before its day was found: a range of two weeks."""
    place = Path(shutil.copytree(workspace, tmp_path / "estimated"))
    card = place / "seeds" / "R2.toml"
    found = 'published.value = 2026-04-21\npublished.precision = "day"\n'
    text = card.read_text(encoding="utf-8")
    assert found in text
    estimate = (
        'published.value = 2026-04-20\npublished.precision = "estimated"\n'
        "published.range_start = 2026-04-15\npublished.range_end = 2026-04-30\n"
    )
    card.write_text(text.replace(found, estimate), encoding="utf-8")
    words = ("backtest", "compute-leasing", "--report", "R2", "--paper", "--hold", "5")
    (got,) = csv.DictReader(io.StringIO(screener(*words, "--csv", "-", "--workspace", place)))
    assert got["entry_session"] == "2026-04-21"
    expected = {"paper_return": -0.00478, "band_low": -0.00478, "band_high": 0.21214}
    for key, value in expected.items():
        assert float(got[key]) == pytest.approx(value, abs=5e-6)


def test_facts_of_the_rows(rows: list[dict[str, str]]) -> None:
    crossover = row(rows, "crossover-appliance", "R1", 20)
    assert (crossover["status"], crossover["exit_session"]) == ("pending", "2026-05-28")
    copper = row(rows, "copper", "R1", 5)
    assert [copper[key] for key in ("n_named", "n_held", "n_waiting", "n_dropped")] == list("4202")
    domestic = row(rows, "domestic-compute", "R4", 5)
    assert (domestic["entry_session"], domestic["n_held"]) == ("2026-03-09", "27")
    # The tables end before the entry of its one name with bars.
    assert row(rows, "large-models", "R2", 5)["status"] == "pending"
    assert {item["executable_return"] for item in rows} == {""}
    assert {item["price_basis"] for item in rows} == {"adjusted"}


def test_whole_market_screen_agrees_with_pandas_alone(workspace: Path) -> None:
    text = screener(
        *("screen", "--universe", "a", "--as-of", "2026-05-27", "--pe-static", "0..15"),
        *("--pb", "..1.5", "--market-cap", "10e9..", "--csv", "-", "--workspace", workspace),
    )
    got = pd.read_csv(io.StringIO(text))
    values = pd.read_csv(SHARED / "valuation" / "a_share_2026-05-27.csv")
    values = values[values["trade_date"] == 20260527]
    cheap = values[
        (values["pe"] > 0)
        & (values["pe"] <= 15)
        & (values["pb"] > 0)
        & (values["pb"] <= 1.5)
        & (values["total_mv"] * 1e4 >= 10e9)
    ].sort_values(["pe", "ts_code"])
    passed = got[got["passed"]]
    assert list(passed["listing"]) == list(cheap["ts_code"])
    assert list(passed["rank"]) == list(range(1, len(cheap) + 1))
    assert got[~got["passed"]]["reasons"].notna().all()


@pytest.mark.soak
def test_whole_market_file_gives_the_same_returns(whole_market: Path, tmp_path: Path) -> None:
    place = shutil.copytree(whole_market, tmp_path / whole_market.name)
    text = screener(
        *("backtest", "domestic-compute", "--hold", "5", "--benchmark", "none"),
        *("--csv", "-", "--workspace", place),
    )
    (got,) = csv.DictReader(io.StringIO(text))
    assert got["n_held"] == "27"
    assert got["benchmark_return"] == ""


def test_the_ledger_alone_gives_the_traded_returns(workspace: Path, tmp_path: Path) -> None:
    file = tmp_path / "ledger.csv"
    asked = ("--hold", "1,5,20,60", "--csv", "-", "--ledger", file, "--fx-spread-bps", "10")
    for rhythm in ("none", "daily"):
        text = screener("backtest", *asked, "--rebalance", rhythm, "--workspace", workspace)
        ledger = file.read_text(encoding="utf-8-sig")
        assert faults(ledger) == []
        told = gains(ledger)
        traded = [line for line in csv.DictReader(io.StringIO(text)) if line["executable_return"]]
        assert len(traded) > 20
        for line in traded:
            capital = float(line["capital"])
            key = (line["basket"], line["report"], int(line["horizon"]), capital)
            if line["status"] == "mature":
                assert told[key] == pytest.approx(
                    float(line["executable_return"]) * capital, abs=0.005
                )
