"""What the tests of commands share."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from screener.demo import demo_workspace, simulate
from tests.support.shared import once


@pytest.fixture(scope="session")
def shared_demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The workspace of the demonstration with the last two years of such a market. Copy it."""

    def made(folder: Path) -> None:
        simulate(demo_workspace(folder / "w"), start=date(2025, 1, 2))

    return once(tmp_path_factory, "demo", made) / "w"
