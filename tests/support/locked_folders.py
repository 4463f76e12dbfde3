"""Folders that cannot be written, for users whom modes would not keep from it too."""

from __future__ import annotations

import ctypes
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

__all__ = ["read_only", "without_override"]

OVERRIDE_CAPABILITIES = (1, 2, 3)  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH, CAP_FOWNER
PR_CAPBSET_DROP = 24
LIBC = ctypes.CDLL(None)


def without_override() -> None:
    """Take from a process about to run what lets root ignore the modes of files."""
    for capability in OVERRIDE_CAPABILITIES:
        LIBC.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)


@contextmanager
def read_only(folder: Path) -> Iterator[None]:
    """Keep a folder and all in it from being written; skip the test where that cannot be."""
    paths = [folder, *folder.rglob("*")]
    modes = {path: path.stat().st_mode for path in paths}
    for path in paths:
        path.chmod(0o555 if path.is_dir() else 0o444)
    try:
        probe = f"open({str(folder / 'probe')!r}, 'w')"
        tried = subprocess.run(
            [sys.executable, "-c", probe],
            capture_output=True,
            check=False,
            preexec_fn=without_override,
        )
        if tried.returncode == 0:
            pytest.skip("this user cannot be kept from writing")
        yield
    finally:
        for path, mode in modes.items():
            path.chmod(mode)
