"""How seconds and memory grow: `python -m benchmarks.growth [LISTINGSxYEARS …] [--only JOB,…]`.

Each job is a command of its own, on a market of random walks that is imported from one Parquet
file; processor seconds and the most memory are the operating system's for the whole process. The
exponent is that of processor seconds in bars, from the first size to the last.

Sizes are such as 2000x5 (2.4 million bars) and 5400x20 (26 million, some minutes and 5 GB of disk).
"""

from __future__ import annotations

import argparse
import math
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.volume import CALLS, COMMANDS, apart, event_days, random_calls, write_events
from screener.data.sources.simulated.ratings import DEFINITIONS
from screener.domain.listing import Exchange
from screener.market.calendars import calendar_of

LAST = date(2025, 12, 31)
JOBS = (
    *("import bars", "import actions", "import one day", "once more"),
    *("verify", "export", "compact"),
    *("one basket", "1000 events", "universe screen", "placebo", "score"),
    *("import folder",),
)
EVENTS = {"1000 events": "backtest", "placebo": "placebo", "score": "score"}
"""Jobs on many events, and what `benchmarks.volume` calls them."""
_SIZES = ("500x2", "2000x5")


@dataclass(frozen=True, slots=True)
class Cost:
    """Processor seconds and most memory, in GB, of one command."""

    seconds: float
    memory: float


class Market:
    """Files of a simulated market and the workspace that they are imported into."""

    def __init__(self, folder: Path, listings: int, years: int) -> None:
        self.folder = folder
        self.workspace = folder / "workspace"
        calendar = calendar_of(Exchange.SH)
        first = date(LAST.year - years + 1, 1, 1)
        every = calendar.sessions.astype(object)
        self.days = [day for day in every if first <= day <= LAST]
        self.names = [_name(at) for at in range(listings)]
        self.bars = (len(self.days) - 1) * listings
        apart(self._write)

    def _write(self) -> None:
        """Write every session but the last, the last alone, and a dividend a year each."""
        random = np.random.default_rng(1)
        price = random.uniform(8, 60, len(self.names))
        names = pa.array(self.names)
        schema = pa.schema(
            [("session", pa.date32()), ("listing", pa.string())]
            + [(name, pa.float64()) for name in ("open", "high", "low", "close", "volume")]
        )
        with pq.ParquetWriter(self.folder / "bars.parquet", schema) as every:
            for at, _ in enumerate(self.days):
                before, price = price, np.round(price * random.uniform(0.97, 1.031, price.size), 2)
                price = np.clip(price, 3, 300)
                opened = np.round((before + price) / 2, 2)
                rows = pa.table(
                    [
                        pa.repeat(pa.scalar(self.days[at], pa.date32()), price.size),
                        names,
                        opened,
                        np.maximum(opened, price),
                        np.minimum(opened, price),
                        price,
                        np.round(random.uniform(1e5, 1e7, price.size), -2),
                    ],
                    schema=schema,
                )
                if at < len(self.days) - 1:
                    every.write_table(rows)
                else:
                    pq.write_table(rows, self.folder / "day.parquet")
        with (self.folder / "actions.csv").open("w", encoding="utf-8") as file:
            file.write("listing,ex_session,cash\n")
            for at, name in enumerate(self.names):
                for day in self.days[40 + at % 200 : -2 : 243]:
                    file.write(f"{name},{day},0.05\n")

    def write_folder(self) -> None:
        """Write the bars again as 通达信 has them: one file a listing, 32 bytes a session."""
        rows = pq.read_table(self.folder / "bars.parquet").sort_by(
            [("listing", "ascending"), ("session", "ascending")]
        )
        record = np.dtype([*((name, "<i4") for name in _RECORD), ("amount", "<f4"), *_VOLUME])
        days = rows.column("session").to_numpy().astype("datetime64[D]")
        parts = [days.astype(f"datetime64[{unit}]").astype(int) for unit in "YM"]
        months = parts[1] % 12 + 1
        of_month = (days - days.astype("datetime64[M]")).astype(int) + 1
        values = np.zeros(rows.num_rows, record)
        values["date"] = (parts[0] + 1970) * 10_000 + months * 100 + of_month
        for name in _RECORD[1:]:
            values[name] = np.round(rows.column(name).to_numpy() * 100)
        volume = rows.column("volume").to_numpy()
        values["volume"], values["amount"] = volume, volume * rows.column("close").to_numpy()
        each = len(values) // len(self.names)
        for at, name in enumerate(sorted(self.names)):
            code, _, exchange = name.partition(".")
            folder = self.folder / "vipdoc" / exchange.lower() / "lday"
            folder.mkdir(parents=True, exist_ok=True)
            path = folder / f"{exchange.lower()}{code}.day"
            path.write_bytes(values[at * each : (at + 1) * each].tobytes())

    def place(self, job: str) -> Path:
        """Return the workspace of a job: the folder is imported into one of its own."""
        if job != "import folder":
            return self.workspace
        apart(self.write_folder)
        own = self.folder / "own"
        spent(("init", str(own)))
        return own

    def command(self, job: str) -> tuple[str, ...]:
        """Return what is typed for a job."""
        day = str(self.days[-2])
        if job in EVENTS:
            return COMMANDS[EVENTS[job]]
        return {
            "import bars": ("data", "import", str(self.folder / "bars.parquet"), *_RAW),
            "import folder": ("data", "import", str(self.folder / "vipdoc"), *_RAW),
            "import actions": ("data", "import", str(self.folder / "actions.csv"), *_ACTIONS),
            "import one day": ("data", "import", str(self.folder / "day.parquet"), *_RAW),
            "once more": ("data", "import", str(self.folder / "day.parquet"), *_RAW),
            "verify": ("data", "verify"),
            "export": ("data", "export", str(self.folder / "out"), "--table", "bars"),
            "compact": ("data", "compact", "--keep-days", "0"),
            "one basket": ("backtest", "ten", "--hold", "5", "--benchmark", "none"),
            "universe screen": ("screen", "--universe", "a", "--as-of", day, "--pb", "0..1"),
        }[job]

    def prepare(self) -> None:
        """Make the workspace, and a basket of ten names."""
        spent(("init", str(self.workspace)))
        for part in ("seeds", "baskets"):
            for path in (self.workspace / part).glob("*.toml"):
                path.unlink()
        ten = ",".join(self.names[:10])
        entry = str(self.days[len(self.days) // 2])
        spent(("basket", "new", "ten", "--listing", ten, "--date", entry), self.workspace)

    def prepare_events(self) -> None:
        """Bring what the jobs on events ask for: an index, industries, calls and cards."""
        draw, days = np.random.default_rng(3), event_days(len({day.year for day in self.days}))
        (self.workspace / "definitions.toml").write_text(DEFINITIONS, encoding="utf-8")
        write_events(self.workspace, self.names, days, draw)
        level = np.round(3000 * np.cumprod(draw.uniform(0.99, 1.0101, len(self.days))), 2)
        tables = {
            "index": pa.table(
                {
                    "listing": ["000300.SH"] * len(self.days),
                    "session": pa.array(self.days),
                    **dict.fromkeys(("open", "high", "low", "close"), level),
                }
            ),
            "industries": pa.table(
                {
                    "listing": self.names,
                    "industry": [f"{at % 30:03d}" for at in range(len(self.names))],
                    "from": pa.array([self.days[0]] * len(self.names)),
                }
            ),
            "ratings": random_calls(draw, self.names, days, CALLS).drop_columns(_ORIGIN),
        }
        for kind, rows in tables.items():
            path = self.folder / f"{kind}.parquet"
            pq.write_table(rows, path)
            spent(("data", "import", str(path), "--kind", kind), self.workspace)


_RECORD = ("date", "open", "high", "low", "close")
_VOLUME = (("volume", "<u4"), ("reserved", "<i4"))
_ORIGIN = ["source", "fetched_at"]
_RAW = ("--kind", "bars", "--basis", "raw")
_ACTIONS = ("--kind", "actions")


def _name(at: int) -> str:
    """Return a code of the Shanghai or Shenzhen main board."""
    shanghai, number = at % 2 == 0, at // 2
    if shanghai:
        return f"{600000 + number:06d}.SH"
    return f"{1 + number:06d}.SZ"


def spent(typed: Sequence[str], workspace: Path | None = None) -> Cost:
    """Run a command of the program and return what it cost."""
    where = () if workspace is None else ("--workspace", str(workspace))
    env = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    child = subprocess.Popen(
        [sys.executable, "-m", "screener", *typed, *where],
        env=env,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    told = "" if child.stderr is None else child.stderr.read()
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode not in (0, 4):
        raise SystemExit(f"{' '.join(typed)} ended with {child.returncode}:\n{told}")
    return Cost(usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024**2)


def main(arguments: list[str]) -> None:
    """Measure every job at every size, and print a line a job."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.growth", description=__doc__)
    parser.add_argument("sizes", nargs="*", default=list(_SIZES), metavar="LISTINGSxYEARS")
    parser.add_argument("--only", default=",".join(JOBS), metavar="JOB,…", help="leave out others")
    parser.add_argument("--within", metavar="DIR", help="folder for the markets")
    options = parser.parse_args(arguments)
    first = ("import bars", "import actions", "import one day")  # what the others stand on
    jobs = [job for job in JOBS if job in (*first, *options.only.split(","))]
    costs: dict[str, list[Cost]] = {job: [] for job in jobs}
    bars: list[int] = []
    for size in options.sizes:
        listings, years = (int(part) for part in size.split("x"))
        with tempfile.TemporaryDirectory(dir=options.within) as folder:
            market = Market(Path(folder), listings, years)
            market.prepare()
            bars.append(market.bars)
            for job in jobs:
                if job in EVENTS and not (market.folder / "ratings.parquet").exists():
                    market.prepare_events()
                costs[job].append(spent(market.command(job), market.place(job)))
                print(f"  {size} {job}: {costs[job][-1]}", file=sys.stderr, flush=True)
    heads = (f"{size} {n / 1e6:.1f} M" for size, n in zip(options.sizes, bars, strict=True))
    print(f"{'processor s / GB':18}", *(f"{head:>15}" for head in heads), " exponent")
    for job in jobs:
        cells = (f"{cost.seconds:10.1f}/{cost.memory:4.1f}" for cost in costs[job])
        print(f"{job:18}", *cells, f"{_exponent(bars, costs[job]):9.2f}")


def _exponent(bars: list[int], costs: list[Cost]) -> float:
    if len(bars) < 2:
        return math.nan
    return math.log(costs[-1].seconds / costs[0].seconds) / math.log(bars[-1] / bars[0])


if __name__ == "__main__":
    main(sys.argv[1:])
