"""How measurements are taken and printed."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

Line = tuple[str, float, str, float]
"""What was measured, its seconds, what it is compared with, its seconds."""

RUNS = 5


def seconds(job: Callable[[], object], runs: int = RUNS) -> float:
    """Return the median time of a job after one warm-up."""
    job()
    taken = []
    for _ in range(runs):
        start = time.perf_counter()
        job()
        taken.append(time.perf_counter() - start)
    return statistics.median(taken)


def in_turn(*jobs: Callable[[], object], runs: int = RUNS) -> list[float]:
    """Return the median time of each job, all of them in turn: what slows one down slows all."""
    taken: list[list[float]] = [[] for _ in jobs]
    for at in range(runs + 1):
        for job, times in zip(jobs, taken, strict=True):
            start = time.perf_counter()
            job()
            if at:  # the first round warms up
                times.append(time.perf_counter() - start)
    return [statistics.median(times) for times in taken]


def command(*arguments: str, cwd: Path) -> Callable[[], object]:
    """Return a job that runs a whole process, with compiled files allowed."""
    env = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    return lambda: subprocess.run(
        [sys.executable, *arguments], cwd=cwd, env=env, check=True, capture_output=True
    )


def report(rows: list[Line]) -> None:
    """Print measurements beside what they are compared with."""
    print(f"{'measured':44} {'s':>8}  {'against':34} {'s':>8} {'ratio':>7}")
    for what, took, against, other in rows:
        print(f"{what:44} {took:8.3f}  {against:34} {other:8.3f} {took / other:7.2f}")
