"""Whole backtests against the import of vectorbt: `python -m benchmarks.backtests [WORKSPACE]`.

Everything is run in turn, so that what slows one down slows all; the ratios of processor time hold
on a busy machine, too. Without a workspace the demonstration's is made.
"""

from __future__ import annotations

import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from benchmarks.measuring import RUNS, command

IMPORT, CALLED = "import vectorbt", "import vectorbt, one call"
ONE_BASKET = """
import numpy as np, pandas as pd, vectorbt as vbt
closes = np.cumprod(1 + np.random.default_rng(1).normal(0, 0.02, (60, 10)), axis=0)
sizes = np.full(closes.shape, np.nan)
sizes[0] = 0.1
vbt.Portfolio.from_orders(
    pd.DataFrame(closes), sizes, group_by=np.zeros(10, int), init_cash=1, freq="1D"
).value()
"""
"""The least that a backtest can be through `vbt.Portfolio`: its import, and one call."""
NOT_ABOVE = {
    "backtest copper": 0.5,
    "backtest copper --paper": 0.35,
    "backtest, 9 baskets, 4 horizons": 0.8,
}
"""Ratio to the import that a command is to keep to."""


@dataclass(frozen=True, slots=True)
class Taken:
    """Seconds of a run: by the clock, and of the processor."""

    clock: float
    processor: float


def jobs(workspace: Path) -> Mapping[str, Callable[[], object]]:
    """Return what is run, by name."""
    told = ("--csv", "-")
    given: dict[str, tuple[str, ...]] = {
        "backtest copper": ("backtest", "copper", *told),
        "backtest copper --paper": ("backtest", "copper", "--paper", *told),
        "backtest copper --cost-bps 20": ("backtest", "copper", "--cost-bps", "20", *told),
        "backtest copper --rebalance monthly": (
            *("backtest", "copper", "--rebalance", "monthly"),
            *told,
        ),
        "backtest, 9 baskets, 4 horizons": ("backtest", *told),
        "--help": ("--help",),
    }
    return {
        IMPORT: command("-c", IMPORT, cwd=workspace),
        CALLED: command("-c", ONE_BASKET, cwd=workspace),
        **{
            name: command("-m", "screener", *arguments, cwd=workspace)
            for name, arguments in given.items()
        },
    }


def taken(job: Callable[[], object]) -> Taken:
    """Run a job once."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    job()
    end, after = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Taken(end - start, used)


def in_turn(some: Mapping[str, Callable[[], object]], runs: int) -> dict[str, Taken]:
    """Return the medians of each job after a round that warms up."""
    found: dict[str, list[Taken]] = {name: [] for name in some}
    for at in range(runs + 1):
        for name, job in some.items():
            one = taken(job)
            if at:
                found[name].append(one)
    return {
        name: Taken(
            statistics.median(one.clock for one in own),
            statistics.median(one.processor for one in own),
        )
        for name, own in found.items()
    }


def report(found: Mapping[str, Taken]) -> None:
    """Print seconds, and ratios to the import."""
    base = found[IMPORT]
    print(f"{'':38} {'s':>7} {'ratio':>6} {'cpu s':>7} {'ratio':>6} {'at most':>8}")
    for name, own in found.items():
        ratios = own.clock / base.clock, own.processor / base.processor
        bound = f"{NOT_ABOVE[name]:8.2f}" if name in NOT_ABOVE else ""
        print(
            f"{name:38} {own.clock:7.3f} {ratios[0]:6.2f} {own.processor:7.3f} {ratios[1]:6.2f} "
            f"{bound}"
        )


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as name:
        if len(sys.argv) > 1:
            workspace = Path(sys.argv[1])
        else:
            workspace = Path(name) / "demo"
            command("-m", "screener", "demo", "--dir", "demo", cwd=Path(name))()
        report(in_turn(jobs(workspace), RUNS))


if __name__ == "__main__":
    main()
