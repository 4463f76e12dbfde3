"""Updates killed at random instants lose nothing, double nothing, and can be completed."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.soaking import drawn_by, rounds, soaked

ROUNDS = rounds(2, 6, 100)


@pytest.mark.soak
@soaked
def test_updates_killed_at_random_instants(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.support.update_kills"]
    done = subprocess.run(
        [*command, str(tmp_path), str(ROUNDS), str(drawn_by(11))],
        cwd=Path(__file__).resolve().parents[2],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert report["faults"] == []
    assert report["completed"] >= 1
