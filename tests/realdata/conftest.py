"""What the tests on real prices share."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from screener.cli.main import app
from tests.support.shared import once
from tests.support.soaking import SOAK

SHARED = Path(__file__).resolve().parents[2].parent / "shared" / "data"


BARS = ("--kind", "bars", "--basis", "adjusted")
INDEX = ("--kind", "index", "--listing")


def _imported(place: Path, *batches: tuple[list[Path], tuple[str, ...]]) -> None:
    assert CliRunner().invoke(app, ["init", str(place)]).exit_code == 0
    for files, options in batches:
        words = ["data", "import", *map(str, files), *options, "--workspace", str(place)]
        done = CliRunner().invoke(app, words)
        assert done.exit_code == 0, done.output


@pytest.fixture(scope="session")
def real_prices(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with the names of the seeds, two indices and fixings. Copy it."""

    def make(folder: Path) -> None:
        _imported(
            folder / "w",
            ([SHARED / "bars" / "seed_names.csv"], BARS),
            (sorted((SHARED / "bars" / "hk").glob("*.csv")), BARS),
            ([SHARED / "index" / "csi300.csv"], (*INDEX, "000300.SH")),
            ([SHARED / "index" / "hsi.csv"], (*INDEX, "HSI.HK")),
            ([SHARED / "fx" / "hkdcny.csv"], ("--kind", "fx")),
        )

    return once(tmp_path_factory, "real", make) / "w"


@pytest.fixture(scope="session")
def whole_market(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with the bars of every A-share; in the suite of a fifth of them. Copy it."""

    def make(folder: Path) -> None:
        file = SHARED / "bars" / "a_share_market.parquet"
        _imported(folder / "市场 #1", ([file if SOAK else _some_of(file, folder)], BARS))

    return once(tmp_path_factory, "market", make) / "市场 #1"


def _some_of(file: Path, folder: Path) -> Path:
    """Write the rows of the names of seeds and calls, of all that jump, and of some that do not."""
    seeds = pd.read_csv(SHARED / "bars" / "seed_names.csv", dtype={"code": str})["code"]
    rows = pd.read_parquet(file).sort_values(["code", "date"], ignore_index=True)
    moves = rows.groupby("code")["close"].pct_change().abs()
    wide = rows["code"].str.startswith(("30", "68"))
    jumping = rows["code"][moves > wide.map({True: 0.203, False: 0.103})]
    some = rows["code"].astype(int) % 7 == 0
    calls = pd.read_csv(SHARED / "ratings" / "real_calls_2024_2026.csv")["listing"].str[:6]
    chosen = rows[some | rows["code"].isin({*seeds, *jumping, *calls})]
    chosen.to_parquet(folder / file.name)
    return folder / file.name
