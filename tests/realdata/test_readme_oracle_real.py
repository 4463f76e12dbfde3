"""Windows of the real prices against a backtest that was written from the README alone.

`SCREENER_ORACLE_WINDOWS=500 pytest tests/realdata/test_readme_oracle_real.py` draws that many.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.oracle import readme_compare
from tests.oracle.readme_workspaces import in_process

SHARED = Path(__file__).resolve().parents[2].parent / "shared" / "data"
FULL = int(os.environ.get("SCREENER_ORACLE_WINDOWS", "0"))
pytestmark = [
    pytest.mark.realdata,
    pytest.mark.skipif(not SHARED.is_dir(), reason="the real prices are not beside the project"),
]


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("real") / "workspace"
    in_process(["init", str(place)])
    at = ["--workspace", str(place)]
    bars = ["--kind", "bars", "--basis", "adjusted"]
    master = ["--kind", "listings", "--as-of", "2024-12-02"]
    index = ["--kind", "index", "--listing"]
    for files, options in (
        (sorted((SHARED / "securities").glob("a_share_2026-05.csv")), master),
        ([SHARED / "securities" / "hk.csv"], master),  # board lots, taken as those of all days
        ([SHARED / "bars" / "seed_names.csv"], bars),
        (sorted((SHARED / "bars" / "hk").glob("*.csv")), bars),
        ([SHARED / "index" / "csi300.csv"], [*index, "000300.SH"]),
        ([SHARED / "index" / "hsi.csv"], [*index, "HSI.HK"]),
        ([SHARED / "fx" / "hkdcny.csv"], ["--kind", "fx"]),
    ):
        in_process(["data", "import", *(str(item) for item in files), *options, *at])
    return place


def test_windows_of_the_real_prices_agree(workspace: Path, tmp_path: Path) -> None:
    count, found, rows = readme_compare.whole(
        in_process, workspace, tmp_path, n_windows=FULL or 50, seed=3
    )
    assert count >= (FULL or 50)
    assert not found, "\n".join(str(item) for item in found[:20])
    assert (rows["status"] == "mature").sum() > 0.4 * len(rows)
