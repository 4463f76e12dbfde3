"""A screen held month by month: `python -m benchmarks.screens [LISTINGS] [YEARS] [FOLDER]`.

The saved screen `cheap-quality`, the 30 best of the mainland each month, over a quarter, half and
all of the months, each in a process of its own: wall and processor seconds of the command's own
work and the most memory. The last column is the exponent of the months by which the seconds grow.
A FOLDER keeps the market, which takes minutes to make, for another time.
"""

from __future__ import annotations

import json
import math
import re
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import screener
from benchmarks.fields import repeated
from screener.data.lake.store import Store
from screener.data.sources.simulated import SimulatedMarket, SimulationRequest

LAST = date(2025, 12, 31)
_AT = datetime(2025, 12, 31, tzinfo=UTC)
_OWN = 600  # listings that are simulated; the others repeat them under other codes


def fill(folder: Path, n_listings: int, years: int) -> None:
    """Make a workspace with a market of so many listings and years."""
    source = SimulatedMarket()
    request = SimulationRequest(
        seed=1,
        start=date(LAST.year - years, 1, 2),
        end=LAST,
        fetched_at=_AT,
        n_other=min(n_listings, _OWN),
        detailed=True,
    )
    query = source.build_query(request)
    batch = source.normalise(query, source.fetch(query))
    tables = {name: repeated(rows, n_listings) for name, rows in batch.tables.items()}
    for name in ("seeds", "baskets"):
        (folder / name).mkdir(parents=True)
    with Store.create(folder / "data_cache") as store:
        store.commit(replace(batch, tables=tables), message="simulated, repeated")


def one(folder: str, months: int) -> None:
    """Hold the screen over the last months; print what it took."""
    before, month = divmod(LAST.year * 12 + LAST.month - months, 12)
    began, spent = time.perf_counter(), time.process_time()
    found = screener.open(folder).screen_backtest(
        "cheap-quality",
        first=date(before, month + 1, 1),
        last=LAST,
        capital=1e8,
        benchmark="none",
    )
    print(
        json.dumps(
            {
                "months": len(found.run.named),
                "looked_at": found.run.named[-1].looked_at,
                "seconds": time.perf_counter() - began,
                "processor": time.process_time() - spent,
                "gigabytes": _peak(),
            }
        )
    )


def _peak() -> float:
    """Return the most memory of this process in GB; `ru_maxrss` is that of its parent too."""
    (told,) = re.findall(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    return int(told) / 1e6


def measured(folder: Path, years: int) -> None:
    """Print a line for each span, and by which power of the months the longer ones grow."""
    last: tuple[int, float] | None = None
    print(f"{'months':>7} {'listings':>9} {'seconds':>8} {'processor s':>12} {'peak GB':>8}")
    for span in (years * 3, years * 6, years * 12):
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.screens", "one", str(folder), str(span)],
            check=True,
            capture_output=True,
            text=True,
        )
        found = json.loads(done.stdout)
        print(
            f"{found['months']:7} {found['looked_at']:9,} {found['seconds']:8.1f} "
            f"{found['processor']:12.1f} {found['gigabytes']:8.2f}"
            + ("" if last is None else f"   months^{_power(last, found):.2f}")
        )
        last = found["months"], found["processor"]


def _power(before: tuple[int, float], found: dict[str, float]) -> float:
    """Return the exponent of the months by which the processor's seconds grew."""
    return math.log(found["processor"] / before[1]) / math.log(found["months"] / before[0])


def main(words: list[str]) -> None:
    """Make the market unless it is there, and measure."""
    if words[:1] == ["one"]:
        one(words[1], int(words[2]))
        return
    listings, years = (int(words[at]) if len(words) > at else n for at, n in ((0, 5_400), (1, 10)))
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(words[2]) if len(words) > 2 else Path(temporary) / "workspace"
        if not (folder / "data_cache").exists():
            fill(folder, listings, years)
        measured(folder, years)


if __name__ == "__main__":
    main(sys.argv[1:])
