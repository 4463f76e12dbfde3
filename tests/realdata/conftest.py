"""What the tests on real prices share."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from screener.cli.main import app
from tests.support.shared import once

SHARED = Path(__file__).resolve().parents[2].parent / "shared" / "data"


def _filled(place: Path) -> None:
    bars = ("--kind", "bars", "--basis", "adjusted")
    index = ("--kind", "index", "--listing")
    for files, options in (
        ([SHARED / "bars" / "seed_names.csv"], bars),
        (sorted((SHARED / "bars" / "hk").glob("*.csv")), bars),
        ([SHARED / "index" / "csi300.csv"], (*index, "000300.SH")),
        ([SHARED / "index" / "hsi.csv"], (*index, "HSI.HK")),
        ([SHARED / "fx" / "hkdcny.csv"], ("--kind", "fx")),
    ):
        words = ["data", "import", *map(str, files), *options, "--workspace", str(place)]
        done = CliRunner().invoke(app, words)
        assert done.exit_code == 0, done.output


@pytest.fixture(scope="session")
def real_prices(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with the names of the seeds, two indices and fixings. Copy it."""

    def make(folder: Path) -> None:
        assert CliRunner().invoke(app, ["init", str(folder / "w")]).exit_code == 0
        _filled(folder / "w")

    return once(tmp_path_factory, "real", make) / "w"
