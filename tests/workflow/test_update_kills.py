"""Updates killed at random instants lose nothing, double nothing, and can be completed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

ROUNDS = int(os.environ.get("SCREENER_KILL_ROUNDS", "8"))


def test_updates_killed_at_random_instants(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.support.update_kills", str(tmp_path), str(ROUNDS), "11"],
        cwd=Path(__file__).resolve().parents[2],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert report["faults"] == []
    assert report["completed"] >= 1
