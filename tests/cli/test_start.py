"""How the console command starts and ends, in a process of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from screener.cli.demo import on_path

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


@pytest.mark.parametrize("found", ["no", "another", "this"])
def test_the_demonstration_says_how_the_shell_finds_the_program(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, found: str
) -> None:
    here, there = tmp_path / "a b" / "screener", tmp_path / "c" / "screener"
    for path in (here, there):
        path.parent.mkdir()
        path.write_text("#!/bin/sh\necho found\n", encoding="utf-8")
        path.chmod(0o755)
    folder = {"no": tmp_path, "another": there.parent, "this": here.parent}[found]
    monkeypatch.setenv("PATH", str(folder))
    lines = on_path(here)
    assert bool(lines) is (found != "this")
    script = "\n".join((*lines, "command -v screener"))
    told = subprocess.run(["/bin/sh", "-c", script], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == str(here)
    assert on_path(tmp_path / "pytest") == ()
