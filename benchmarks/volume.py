"""A whole market and many events: `python -m benchmarks.volume [JOB …] [--listings N] [--years N]`.

Jobs are `backtest` (1,000 events of 10 names with money, held for 60 sessions), `placebo` (100
events against 500 random baskets each) and `score` (100,000 calls). Each is the command that a user
types, in a process of its own on a simulated market of 5,400 listings and five years, with one
worker and with two. Told are seconds of the processor, start and workers included, those of the
clock, and the most memory of any one process.

`--keep DIR` makes the market there, or takes the one that is there already.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa

from screener.data.lake.batch import Batch
from screener.data.lake.rows import make_rows
from screener.data.lake.schema import SIMULATED, TableName
from screener.data.lake.store import Store
from screener.data.sources.simulated import SimulatedMarket, SimulationRequest
from screener.data.sources.simulated.ratings import DEFINITIONS, HOUSES
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
    "score": ("score", "--min-calls", "20"),
}


@dataclass(frozen=True, slots=True)
class Cost:
    """What a command took: seconds of the processor and of the clock, and GB at most."""

    processor: float
    clock: float
    memory: float


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
    days = calendar_of(Exchange.SH).between(start, LAST)[BEFORE:-AFTER]
    ratings = _ratings(draw, shares, days, CALLS)
    with Store.create(folder / "data_cache") as lake:
        lake.commit(Batch(tables={**tables, TableName.RATINGS: ratings}), message="bench")
    for theme, count in (("many", MANY), ("few", FEW)):
        text = f'name = "{theme}"\nthemes = ["{theme}"]\nweighting = "equal"\n'
        (folder / "baskets" / f"{theme}.toml").write_text(text, encoding="utf-8")
        for at, day in enumerate(sorted(draw.choice(days, count))):
            names = draw.choice(shares, 10, replace=False)
            card = _card(f"{theme}-{at}", day.item(), theme, names.tolist())
            (folder / "seeds" / f"{theme}-{at}.toml").write_text(card, encoding="utf-8")


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


def _ratings(draw: np.random.Generator, shares: list[str], days, count: int) -> pa.Table:  # type: ignore[no-untyped-def]
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
    env = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    start = time.perf_counter()
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
    return Cost(
        usage.ru_utime + usage.ru_stime, time.perf_counter() - start, usage.ru_maxrss / 1024**2
    )


if __name__ == "__main__":
    make_workspace(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
