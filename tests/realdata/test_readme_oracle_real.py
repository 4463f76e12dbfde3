"""Windows of the real prices against a backtest that was written from the README alone."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.oracle import readme_compare
from tests.oracle.readme_workspaces import in_process
from tests.support.soaking import drawn_by, rounds

SHARED = Path(__file__).resolve().parents[2].parent / "shared" / "data"
WINDOWS = rounds(15, 50, 500)
pytestmark = [
    pytest.mark.realdata,
    pytest.mark.skipif(not SHARED.is_dir(), reason="the real prices are not beside the project"),
]


@pytest.fixture(scope="module")
def workspace(real_prices: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = Path(shutil.copytree(real_prices, tmp_path_factory.mktemp("real") / "workspace"))
    for name in ("a_share_2026-05", "hk"):  # board lots, taken as those of all days
        master = ["--kind", "listings", "--as-of", "2024-12-02", "--workspace", str(place)]
        in_process(["data", "import", str(SHARED / "securities" / f"{name}.csv"), *master])
    return place


@pytest.mark.soak
def test_windows_of_the_real_prices_agree(workspace: Path, tmp_path: Path) -> None:
    count, found, rows = readme_compare.whole(
        in_process, workspace, tmp_path, n_windows=WINDOWS, seed=drawn_by(3)
    )
    assert count >= WINDOWS
    assert not found, "\n".join(str(item) for item in found[:20])
    assert (rows["status"] == "mature").sum() > 0.4 * len(rows)
