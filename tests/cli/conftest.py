"""What the tests of commands share."""

from __future__ import annotations

from pathlib import Path

import pytest

from screener.demo import demo_workspace, simulate
from tests.support.shared import once


@pytest.fixture(scope="session")
def shared_demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The workspace of the demonstration with its simulated market. Copy it."""
    return (
        once(tmp_path_factory, "demo", lambda folder: simulate(demo_workspace(folder / "w"))) / "w"
    )
