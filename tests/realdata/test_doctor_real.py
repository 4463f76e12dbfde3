"""The doctor on the whole market's real bars: the known faults, and hardly anything else."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from typer.testing import CliRunner

from screener.cli.main import app

SHARED = Path(__file__).resolve().parents[2].parent / "shared" / "data"
pytestmark = [
    pytest.mark.realdata,
    pytest.mark.skipif(not SHARED.is_dir(), reason="the real prices are not beside the project"),
]
RUNNER = CliRunner()


def test_known_faults_of_the_market_file(tmp_path: Path) -> None:
    place, out = tmp_path / "w", tmp_path / "findings.csv"
    file = SHARED / "bars" / "a_share_market.parquet"
    at = ["--workspace", str(place)]
    assert RUNNER.invoke(app, ["init", str(place)]).exit_code == 0
    imported = ["data", "import", str(file), "--kind", "bars", "--basis", "adjusted"]
    assert RUNNER.invoke(app, [*imported, *at]).exit_code == 0
    done = RUNNER.invoke(app, ["data", "verify", "--csv", str(out), "--strict", *at])
    assert done.exit_code == 4
    assert "errors found in data version" in done.stderr
    with out.open(encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))
    errors = [row for row in rows if row["severity"] == "error"]
    hundredfold = [row for row in errors if "100×" in row["cause"]]
    assert {row["listing"] for row in hundredfold} == {"300276.SZ"}
    jumps = [row for row in errors if row not in hundredfold]
    assert 79 <= len(jumps) <= 85  # the data's own description counts 79
    splits = [row for row in jumps if row["cause"].startswith("missed split")]
    assert len(splits) >= 70
    days = {row["session"] for row in splits}
    assert {"2026-05-28", "2026-05-27", "2025-06-03", "2025-07-09"} <= days
    assert len(rows) - len(errors) < 200
