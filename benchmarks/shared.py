"""A lake for many beside the same lake in a folder: `python -m benchmarks.shared [LISTINGS DAYS]`.

Both servers are here, on loopback, so that the network costs nothing; the object store is a test's,
written in Python. Told are the median seconds of the clock and of this process's processor, taken
in turn, and their ratios. Every row is read on both sides and must be the same.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from itertools import count
from pathlib import Path

import numpy as np
import pyarrow as pa

from screener.data.lake.batch import Batch
from screener.data.lake.moving import copy_lake
from screener.data.lake.rows import make_rows
from screener.data.lake.schema import TableName
from screener.data.lake.store import Store
from screener.files.place import Place
from tests.support.desk import opened_desk

FIRST = date(2024, 1, 1)
RUNS = 7
FETCHED = datetime(2026, 6, 1, tzinfo=UTC)

Job = Callable[[Place], object]


def names(listings: int) -> list[str]:
    """Return so many ids of listings."""
    return [f"{600_000 + at:06d}.SH" for at in range(listings)]


def day_of(listings: int, number: int) -> Batch:
    """Return the bars of one day of so many listings."""
    close = np.random.default_rng(number).uniform(5.0, 50.0, listings).round(2)
    columns = {
        "listing": names(listings),
        "session": [FIRST + timedelta(days=number)] * listings,
        **dict.fromkeys(("open", "high", "low", "close"), close.tolist()),
        "volume": [1e6] * listings,
        "basis": "raw",
    }
    rows = make_rows(TableName.BARS, columns, source="bench.csv", fetched_at=FETCHED)
    return Batch(tables={TableName.BARS: rows})


def filled(place: Place, listings: int, days: int) -> None:
    """Make a lake of so many listings and days."""
    parts = [day_of(listings, number).tables[TableName.BARS] for number in range(days)]
    with Store.create(place) as store:
        store.commit(Batch(tables={TableName.BARS: pa.concat_tables(parts)}), message="all")


def jobs(listings: int, days: int) -> dict[str, Job]:
    """Return what is measured, by name."""
    turns: dict[Place, count[int]] = {}

    def opened(place: Place) -> object:
        with Store.open(place) as store:
            return store.version and None

    def one(place: Place) -> object:
        with Store.open(place) as store:
            return store.read(TableName.BARS, listings=[names(listings)[listings // 2]]).num_rows

    def every(place: Place) -> object:
        day = FIRST + timedelta(days=days // 2)
        with Store.open(place) as store:
            return store.read(TableName.BARS, start=day, end=day).num_rows

    def append(place: Place) -> object:
        number = next(turns.setdefault(place, count(days)))
        with Store.open(place) as store:
            return store.commit(day_of(listings, number), message="day").changes

    return {
        "open": opened,
        f"one listing, {days} days": one,
        f"all {listings:,} listings, one day": every,
        f"append a day of {listings:,}": append,
    }


def measured(job: Job, places: tuple[Place, Place]) -> list[tuple[float, float]]:
    """Return clock and processor seconds of a job in both places, taken in turn."""
    taken: tuple[list[tuple[float, float]], ...] = ([], [])
    for at in range(RUNS + 1):
        answers = []
        for place, times in zip(places, taken, strict=True):
            clock, worked = time.perf_counter(), time.process_time()
            answers.append(job(place))
            if at:  # the first round warms up
                times.append((time.perf_counter() - clock, time.process_time() - worked))
        assert answers[0] == answers[1], answers
    return [
        (statistics.median(t[0] for t in times), statistics.median(t[1] for t in times))
        for times in taken
    ]


def main() -> None:
    """Measure and print."""
    listings, days = (int(item) for item in (sys.argv[1:] or ("5000", "500")))
    with tempfile.TemporaryDirectory() as name, opened_desk() as desk:
        os.environ.update(desk.environ)
        local, shared = Place(Path(name) / "own"), desk.lake(Path(name) / "desk")
        filled(local, listings, days)
        start = time.perf_counter()
        moved = copy_lake(local, shared)
        took = time.perf_counter() - start
        print(f"copied {moved.files} files, {moved.size / 1e6:.1f} MB, in {took:.1f} s")
        print(f"{'':36}{'folder':>8}{'shared':>8}{'ratio':>7}   {'processor':>19}{'ratio':>7}")
        for label, job in jobs(listings, days).items():
            (one, cpu), (other, more) = measured(job, (local, shared))
            print(
                f"{label:36}{one:8.3f}{other:8.3f}{other / one:7.2f}   "
                f"{cpu:10.3f}{more:9.3f}{more / cpu:7.2f}",
                flush=True,
            )
        with Store.open(local) as own, Store.open(shared) as there:
            assert own.content() == there.content()


if __name__ == "__main__":
    main()
