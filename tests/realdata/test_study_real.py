"""The study of the real reports on real prices, against pandas and statsmodels."""

from __future__ import annotations

import csv
import io
import shutil
from pathlib import Path

import pandas as pd
import pytest
from statsmodels.regression.linear_model import OLS
from statsmodels.tools import add_constant
from typer.testing import CliRunner

from screener.cli.main import app

SHARED = Path(__file__).resolve().parents[2].parent / "shared" / "data"
pytestmark = [
    pytest.mark.realdata,
    pytest.mark.skipif(not SHARED.is_dir(), reason="the real prices are not beside the project"),
]
BASKET = ("002428", "002975")
"""inp-substrates of R1, published on the evening of 2026-05-14."""


def screener(*words: object) -> str:
    done = CliRunner().invoke(app, [str(word) for word in words])
    assert done.exit_code == 0, done.output
    return done.stdout


@pytest.fixture(scope="module")
def workspace(real_prices: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Path(shutil.copytree(real_prices, tmp_path_factory.mktemp("real") / "workspace"))


def test_a_basket_of_the_real_reports_as_pandas_and_statsmodels_have_it(workspace: Path) -> None:
    bars = pd.read_csv(SHARED / "bars" / "seed_names.csv", dtype={"code": str})
    closes = bars.pivot_table(index="date", columns="code", values="close")[list(BASKET)]
    basket = closes.pct_change().mean(axis=1)
    index = pd.read_csv(SHARED / "index" / "csi300.csv", index_col="date")["close"].pct_change()
    joined = pd.DataFrame({"basket": basket, "index": index}).dropna()
    entry = joined.index.get_loc("2026-05-15")
    learned = joined.iloc[entry - 250 : entry - 29]
    fit = OLS(learned["basket"], add_constant(learned["index"])).fit()
    judged = joined.iloc[entry - 20 : entry + 1]
    abnormal = judged["basket"] - fit.predict(add_constant(judged["index"]))
    text = screener("study", "inp-substrates", "--events", "-", "--workspace", workspace)
    (row,) = csv.DictReader(io.StringIO(text))
    assert (row["entry_session"], row["status"]) == ("2026-05-15", "pending")
    assert (row["n_named"], row["n_kept"], row["observations"]) == ("2", "2", "221")
    assert float(row["slope"]) == pytest.approx(fit.params["index"], rel=1e-9)
    assert float(row["car_run_up"]) == pytest.approx(abnormal.iloc[:20].sum(), rel=1e-9)
    assert float(row["car_day"]) == pytest.approx(abnormal.iloc[20], rel=1e-9)
    assert row["car_drift"] == row["car_reader"] == ""


def test_the_five_reports_end_to_end(workspace: Path) -> None:
    page = screener("study", "--all", "--workspace", workspace)
    assert "11 events: 4 finished, 7 pending, 0 partial, 0 dropped" in page
    assert "too few to say much" in page
    assert "nan" not in page.lower()
