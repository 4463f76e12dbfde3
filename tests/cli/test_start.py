"""How the console command starts and ends, in a process of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

SOURCES = Path(__file__).resolve().parents[2]


def test_the_command_spares_looking_for_cycles_and_still_looks() -> None:
    script = (
        "import atexit, gc, sys\n"
        "atexit.register(lambda: print(gc.get_freeze_count() > 1_000))\n"
        "from screener.cli.main import run\n"
        "before = gc.get_threshold()\n"
        "sys.argv = ['screener', '--version']\n"
        "try:\n"
        "    run()\n"
        "except SystemExit as end:\n"
        "    assert not end.code\n"
        "after = gc.get_threshold()\n"
        "print(gc.isenabled(), before[0] < after[0] <= 50_000, gc.get_freeze_count() == 0)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=SOURCES, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    # Frozen only by the end: exit handlers run in the reverse order of their registration.
    assert done.stdout.splitlines()[1:] == ["True True True", "True"]
