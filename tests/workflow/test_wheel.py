"""The wheel carries the cards and baskets, and an installed one finds them."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("wheel")
    # No isolation: nothing is downloaded, the build backend is the one installed for the tests.
    subprocess.run(
        [
            sys.executable,
            "-m",
            "build",
            "--wheel",
            "--no-isolation",
            "--outdir",
            str(out),
            str(ROOT),
        ],
        check=True,
        capture_output=True,
    )
    (built,) = out.glob("*.whl")
    return built


def test_wheel_holds_what_the_repository_ships(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    for folder in ("seeds", "baskets"):
        for file in (ROOT / folder).glob("*.toml"):
            assert f"screener/_workspace/{folder}/{file.name}" in names
    assert "screener/market/tables/price_limits.toml" in names
    assert "screener/py.typed" in names
    assert not any(name.startswith("tests/") for name in names)


def test_init_works_from_the_wheel_alone(wheel: Path, tmp_path: Path) -> None:
    site = tmp_path / "site"
    zipfile.ZipFile(wheel).extractall(site)
    script = (
        "import screener\n"
        f"assert screener.__file__.startswith({str(site)!r}), screener.__file__\n"
        "from screener.cli.main import app\n"
        "app(['init', 'mine'])\n"
    )
    env = {**os.environ, "PYTHONPATH": str(site), "PYTHONSAFEPATH": "1"}
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=tmp_path,
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert len(list((tmp_path / "mine" / "seeds").glob("*.toml"))) == 5
    assert len(list((tmp_path / "mine" / "baskets").glob("*.toml"))) == 9
