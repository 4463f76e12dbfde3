"""Two workers of a Dask cluster here against one process: `python -m benchmarks.cluster`.

1,000 events of 10 names with money, held for 60 sessions, on the market of `benchmarks.volume`
(`--keep DIR` takes the one that is there). Told are seconds of the clock, the MB that went over the
loopback interface, TLS included, and whether every row came out bit for bit as in one process.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

import psutil

import screener
from benchmarks.volume import LISTINGS, YEARS, make_workspace
from tests.support.clusters import local_cluster


def sent() -> int:
    """Return the bytes that this machine has sent to itself so far."""
    return psutil.net_io_counters(pernic=True)["lo"].bytes_sent


def main(arguments: list[str]) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.cluster", description=__doc__)
    parser.add_argument("--listings", type=int, default=LISTINGS)
    parser.add_argument("--keep", type=Path, metavar="DIR")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as name, local_cluster() as cluster:
        workspace = options.keep or Path(name) / "workspace"
        if not (workspace / "data_cache" / "catalog.sqlite").exists():
            make_workspace(workspace, options.listings, YEARS)
        desk = screener.open(workspace)
        print(f"{'':24}{'clock':>9}{'MB sent':>9}  {'same bits'}")
        first = None
        address = cluster.scheduler_address
        for label, asked in (
            ("once before", {"jobs": 1}),
            ("one process", {"jobs": 1}),
            ("two processes", {"jobs": 2}),
            ("two workers", {"cluster": address}),
            ("two workers, again", {"cluster": address}),
        ):
            start, before = time.perf_counter(), sent()
            found = desk.backtest(["many"], hold=60, **asked)
            took, bytes_sent = time.perf_counter() - start, sent() - before
            frames = (found.returns, found.orders, found.paths, found.shortfall)
            first = first or frames
            same = all(one.equals(other) for one, other in zip(first, frames, strict=True))
            print(f"{label:24}{took:9.1f}{bytes_sent / 1e6:9.0f}  {same}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
