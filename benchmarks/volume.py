"""A whole market and many events: `python -m benchmarks.volume [JOB …]`.

Jobs are `backtest` (1,000 events of 10 names with money, held for 60 sessions), `placebo` (100
events against 500 random baskets each), `score` (100,000 calls) and `variants` (100,000 events in
five ways, with money, their rows written as Parquet; `--events` for fewer). Each is the command
that a user types, `variants` the library's call, in a process of its own on a simulated market of
5,400 listings and five years; the first two with one worker and with two. Told are seconds of the
processor, start and workers included, those of the clock, and the most memory of any one process.
Each job runs once before, so that the copy of the bars is there; `--cold` tells what it adds.

`--keep DIR` makes the market there, or takes the one that is there already.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa

from screener.data.lake.batch import Batch
from screener.data.lake.rows import make_rows
from screener.data.lake.schema import SIMULATED, TableName
from screener.data.lake.store import Store
from screener.data.sources.simulated import SimulatedMarket, SimulationRequest
from screener.data.sources.simulated.ratings import DEFINITIONS, HOUSES
from screener.domain.arrays import SessionAxis
from screener.domain.listing import Exchange
from screener.market.calendars import calendar_of

LISTINGS, YEARS = 5_400, 5
MANY, FEW, CALLS = 1_000, 100, 100_000
LAST = date(2025, 12, 31)
BEFORE, AFTER = 260, 130
"""Sessions of the market before the first and after the last event."""
_AT = datetime(2026, 1, 1, tzinfo=UTC)
_WORDS = ("买入", "增持", "中性", "减持")

COMMANDS = {
    "backtest": ("backtest", "many", "--hold", "60"),
    "placebo": ("study", "few", "--placebo", "500", "--hold", "60"),
    "score": ("score",),
}
SHARED = ("backtest", "placebo")
DELAYS = (0, 1, 2, 5, 10)


@dataclass(frozen=True, slots=True)
class Cost:
    """What a command took: seconds of the processor and of the clock, and GB at most."""

    processor: float
    clock: float
    memory: float


def apart(job: Callable[[], None]) -> None:
    """Do it in a process of its own: what this one held counts for each command that it starts."""
    child = multiprocessing.get_context("fork").Process(target=job)
    child.start()
    child.join()
    if child.exitcode:
        raise SystemExit(f"{job} ended with {child.exitcode}")


def make_workspace(folder: Path, listings: int, years: int) -> None:
    """Make a workspace with a simulated market, cards of its events, and ratings."""
    spent(("init", str(folder)))
    for path in (*(folder / "seeds").glob("*.toml"), *(folder / "baskets").glob("*.toml")):
        path.unlink()
    (folder / "definitions.toml").write_text(DEFINITIONS, encoding="utf-8")
    source = SimulatedMarket()
    start = date(LAST.year - years + 1, 1, 1)
    query = source.build_query(
        SimulationRequest(seed=1, start=start, end=LAST, fetched_at=_AT, n_other=listings)
    )
    tables = source.normalise(query, source.fetch(query)).tables
    draw = np.random.default_rng(1)
    shares = _mainland(tables[TableName.LISTINGS])
    days = event_days(years)
    ratings = random_calls(draw, shares, days, CALLS)
    with Store.create(folder / "data_cache") as lake:
        lake.commit(Batch(tables={**tables, TableName.RATINGS: ratings}), message="bench")
    write_events(folder, shares, days, draw)


def write_events(
    folder: Path, shares: list[str], days: SessionAxis, draw: np.random.Generator
) -> None:
    """Write baskets `many` and `few` into a workspace, and the cards of their events."""
    for theme, count in (("many", MANY), ("few", FEW)):
        text = f'name = "{theme}"\nthemes = ["{theme}"]\nweighting = "equal"\n'
        (folder / "baskets" / f"{theme}.toml").write_text(text, encoding="utf-8")
        for at, day in enumerate(sorted(draw.choice(days, count))):
            names = draw.choice(shares, 10, replace=False)
            card = _card(f"{theme}-{at}", day.item(), theme, names.tolist())
            (folder / "seeds" / f"{theme}-{at}.toml").write_text(card, encoding="utf-8")


def event_days(years: int) -> SessionAxis:
    """Return the sessions of the events in a market of some years."""
    start = date(LAST.year - years + 1, 1, 1)
    return calendar_of(Exchange.SH).between(start, LAST)[BEFORE:-AFTER]


def _mainland(listings: pa.Table) -> list[str]:
    """Return the mainland shares that are listed from the first day to the last."""
    rows = zip(
        *(listings.column(name).to_pylist() for name in ("listing", "kind", "delist_date")),
        strict=True,
    )
    return sorted(
        name
        for name, kind, gone in rows
        if kind == "stock" and gone is None and not name.endswith(".HK")
    )


def random_calls(
    draw: np.random.Generator, shares: list[str], days: SessionAxis, count: int
) -> pa.Table:
    """Return calls of the simulated brokers on random shares and days."""
    houses = [f"{house}（{SIMULATED}）" for house in HOUSES]
    columns: dict[str, list[object]] = {
        "listing": draw.choice(shares, count).tolist(),
        "published": draw.choice(days, count).tolist(),
        "broker": draw.choice(houses, count).tolist(),
        "title": [f"{SIMULATED} {at}" for at in range(count)],
        "rating": draw.choice(_WORDS, count).tolist(),
        "analyst": [""] * count,
    }
    return make_rows(TableName.RATINGS, columns, source=SIMULATED, fetched_at=_AT)


def _card(name: str, day: date, theme: str, listings: Iterable[str]) -> str:
    named = "".join(
        f'  {{ listing = "{item}", printed = "{item}", role = "recommended", '
        f'theme = "{theme}" }},\n'
        for item in listings
    )
    return (
        f'id = "{name}"\ntitle = "{name}"\npublisher = "{SIMULATED}"\nlanguage = "en"\n'
        f'published = {{ value = {day}, precision = "day" }}\nsecurities = [\n{named}]\n'
        f'notes = [{{ id = "{name}-1", broker = "{SIMULATED}", themes = ["{theme}"] }}]\n'
    )


def spent(typed: Sequence[str], workspace: Path | None = None) -> Cost:
    """Run a command of the program and return what it cost."""
    where = () if workspace is None else ("--workspace", str(workspace))
    return spent_by("-m", "screener", *typed, *where)


def spent_by(*arguments: str) -> Cost:
    """Run Python and return what it and its workers cost."""
    env = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    start = time.perf_counter()
    with tempfile.TemporaryFile("w+", encoding="utf-8") as told:
        child = subprocess.Popen(
            [sys.executable, *arguments], env=env, stdout=subprocess.DEVNULL, stderr=told
        )
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode not in (0, 4):
            told.seek(0)
            raise SystemExit(f"{arguments[-1]} ended with {child.returncode}:\n{told.read()}")
    return Cost(
        usage.ru_utime + usage.ru_stime, time.perf_counter() - start, usage.ru_maxrss / 1024**2
    )


def stream(workspace: Path, count: int, jobs: int) -> None:
    """Backtest random events in five ways, and write their rows."""
    from screener.backtest.frictions import Frictions
    from screener.backtest.run import Settings
    from screener.domain.basket import Event, Member, Weighting
    from screener.domain.listing import parse_listing
    from screener.domain.report import Precision, Publication
    from screener.workflows.backtest.requests import BacktestRequest, Variants, variant_requests
    from screener.workflows.backtest.streaming import stream_variants

    draw = np.random.default_rng(2)
    with Store.open(workspace / "data_cache") as lake, tempfile.TemporaryDirectory() as folder:
        members = [
            Member(listing=parse_listing(name)) for name in _mainland(lake.read(TableName.LISTINGS))
        ]
        days = event_days(YEARS)
        events = tuple(
            Event(
                basket="bench",
                report=f"B{at}",
                published=Publication(value=days[row].item(), precision=Precision.DAY),
                members=tuple(members[one] for one in draw.choice(len(members), 10, replace=False)),
                weighting=Weighting.EQUAL,
            )
            for at, row in enumerate(np.sort(draw.integers(0, len(days), count)))
        )
        asked = BacktestRequest(
            events=events, settings=Settings(horizons=(60,), frictions=Frictions())
        )
        found = stream_variants(
            lake,
            variant_requests(asked, Variants(delays=DELAYS)),
            Path(folder) / "rows",
            program_version="bench",
            jobs=jobs,
        )
        sizes = sum(path.stat().st_size for path in found.folder.iterdir())
        print(f"{found.rows}, {sizes / 1e6:,.0f} MB", file=sys.stderr)


def _line(name: str, cost: Cost, base: Cost | None = None) -> str:
    gain = "" if base is None else f"{base.clock / cost.clock:8.2f}"
    return f"{name:24}{cost.processor:10.1f}{cost.clock:9.1f}{cost.memory:8.2f}{gain}"


def measure(workspace: Path, job: str, *, count: int, cold: bool) -> list[str]:
    """Return the lines of a job."""
    if job == "variants":
        script = f"from benchmarks.volume import stream; stream(Path({str(workspace)!r}), {count}, "
        runs = [
            spent_by("-c", f"from pathlib import Path; {script}{workers})") for workers in (1, 2)
        ]
        names = [f"{job}, {count:,} x 5", "the same, 2 workers"]
        return [_line(names[0], runs[0]), _line(names[1], runs[1], runs[0])]
    if cold:
        for path in (workspace / "data_cache" / "derived").glob("bars-*"):
            path.unlink()
    else:
        spent(COMMANDS[job], workspace)
    one = spent(COMMANDS[job], workspace)
    lines = [_line(job, one)]
    if job in SHARED:
        two = spent((*COMMANDS[job], "--jobs", "2"), workspace)
        lines.append(_line("the same, 2 workers", two, one))
    return lines


def main(arguments: list[str]) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.volume", description=__doc__)
    jobs = (*COMMANDS, "variants")
    parser.add_argument("jobs", nargs="*", default=list(jobs), metavar="JOB")
    parser.add_argument("--listings", type=int, default=LISTINGS)
    parser.add_argument("--events", type=int, default=100_000, help="events of `variants`")
    parser.add_argument("--keep", type=Path, metavar="DIR")
    parser.add_argument("--cold", action="store_true")
    options = parser.parse_args(arguments)
    if unknown := set(options.jobs) - set(jobs):
        raise SystemExit(f"no such job: {', '.join(sorted(unknown))}")
    with tempfile.TemporaryDirectory() as name:
        workspace = options.keep or Path(name) / "workspace"
        if not (workspace / "data_cache" / "catalog.sqlite").exists():
            apart(partial(make_workspace, workspace, options.listings, YEARS))
        print(f"{'':24}{'cpu s':>10}{'clock':>9}{'GB':>8}{'gain':>8}")
        for job in options.jobs:
            for line in measure(workspace, job, count=options.events, cold=options.cold):
                print(line, flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
