"""What several files of tests read and none changes: made once in a run, whoever needs it first."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from filelock import FileLock

__all__ = ["once"]


def once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], object]) -> Path:
    """Return a folder of this run, made if no process of it has made it yet.

    Parameters
    ----------
    factory
        Where this process keeps its folders; those of its run lie above.
    name
        What the folder is called.
    make
        Fills it; the folder is there and empty. Copy what a test changes.
    """
    root = factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        root = root.parent
    place, made = root / name, root / f"{name}.made"
    with FileLock(root / f"{name}.lock"):
        if not made.exists():
            place.mkdir()
            make(place)
            made.touch()
    return place
