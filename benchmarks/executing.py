"""The executable path: `python -m benchmarks.executing [EVENTS]`, seconds and memory by stage.

1,000 events of 10 names, held for 60 sessions and traded with every friction on, in a market made
in memory: on paper alone, through `execute_all`, and through the whole of `run_backtest` with what
each friction takes. Each runs in processes of its own, so that no cache of the rules is warm and
the peak of memory is its own; times are those of the processor, which the neighbours on a busy
machine distort less than they do the clock on the wall.

`python -m benchmarks.executing --profile paper|execute|backtest [EVENTS]` says where time goes.
"""

from __future__ import annotations

import cProfile
import json
import pstats
import statistics
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from screener.backtest import plain, run
from screener.backtest.benchmark import BenchmarkSeries
from screener.backtest.execution import executing, money, resolving
from screener.backtest.execution.executing import execute_all
from screener.backtest.frictions import Frictions
from screener.backtest.run import Settings, run_backtest
from screener.domain.basket import Event, Member, Weighting
from screener.domain.listing import Exchange, Listing, parse_listing
from screener.domain.panel import PricePanel, TradingPanel
from screener.domain.report import Precision, Publication
from screener.market.benchmarks import default_benchmark
from screener.market.calendars import calendar_of
from screener.paths.known import EntrySessions, entry_choices
from screener.paths.windows import WindowStatus

EVENTS = 1_000
LISTINGS = 1_000
NAMES = 10
HOLD = 60
MAX_WAIT = 10
CAPITAL = 1_000_000.0
FIRST, LAST = date(2021, 8, 2), date(2026, 9, 30)  # charges of Hong Kong are recorded from 2021-08
ROWS_AFTER = 2 * HOLD  # between the last entry and the end, so that every window is mature
RUNS = 3
WARMING = 20
TOP = 30
FRICTIONS = Frictions(slippage_bps=5.0, impact_bps=50.0, fx_spread_bps=10.0)
KINDS = {"paper": "paper", "execute": "execute_all", "backtest": "run_backtest"}

Floats = npt.NDArray[np.float64]

# ---- a market ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Market:
    """Panels, the benchmark of each name, and events with their entries."""

    trading: TradingPanel
    benchmarks: dict[Listing, BenchmarkSeries]
    events: list[tuple[Event, tuple[EntrySessions, ...]]]

    def benchmark(self, event: Event, listing: Listing) -> BenchmarkSeries:
        """Return the default benchmark of a name, whatever the event."""
        del event
        return self.benchmarks[default_benchmark(listing)]


def make_market(
    events: int, *, first: date = FIRST, mainland: bool = False, names: int = NAMES
) -> Market:
    """Make random walks with dividends, splits, suspensions and limits, and random baskets."""
    draw = np.random.default_rng(1)
    exchanges = (Exchange.SH,) if mainland else (Exchange.SH, Exchange.HK)
    axis = np.unique(np.concatenate([calendar_of(one).between(first, LAST) for one in exchanges]))
    listings = tuple(item for item in _listings() if item.exchange.mainland or not mainland)
    trading = _trading(draw, axis, listings)
    return Market(trading, _benchmarks(draw), _events(draw, trading.prices, events, names))


def _listings() -> tuple[Listing, ...]:
    """Return mainland shares of three boards, and one in ten from Hong Kong."""
    kinds = ("60{:04}.SH", "002{:03}.SZ", "300{:03}.SZ")
    mainland = [kinds[at % 3].format(at // 3 + 1) for at in range(LISTINGS * 9 // 10)]
    names = [*mainland, *(f"{at + 1:05}.HK" for at in range(LISTINGS // 10))]
    return tuple(parse_listing(name) for name in names)


def _trading(
    draw: np.random.Generator, axis: npt.NDArray[np.datetime64], listings: tuple[Listing, ...]
) -> TradingPanel:
    shape = (len(axis), len(listings))
    hong_kong = np.array([not item.exchange.mainland for item in listings])
    own = {kind: np.isin(axis, calendar_of(kind).sessions) for kind in (Exchange.SH, Exchange.HK)}
    open_days = np.where(hong_kong, own[Exchange.HK][:, None], own[Exchange.SH][:, None])
    halted = np.zeros(shape, dtype=bool)
    for row, column in np.argwhere(draw.random(shape) < 0.0005):
        halted[row : row + draw.integers(1, 15), column] = ~hong_kong[column]
    halted &= open_days
    quoted = open_days & ~halted

    moves = np.clip(draw.standard_t(4, shape) * 0.015, -0.1, 0.1) * open_days
    worth = 10 * np.exp(np.cumsum(moves, axis=0))
    paying = (draw.random(shape) < 1 / 243) & quoted
    paying[0] = False
    yields = np.where(paying, 0.02, 0.0)
    ratio = np.where(paying & (draw.random(shape) < 0.1), 1.5, 1.0)
    factor = np.cumprod(ratio / (1 - yields), axis=0)
    raw = worth / factor
    before = np.concatenate([raw[:1], raw[:-1]])
    opened = np.clip(raw * (1 + draw.normal(0, 0.01, shape)), before * 0.9, before * 1.1)
    volume = np.where(quoted, np.round(1e6 * np.exp(draw.normal(0, 1, shape))), np.nan)
    prices = PricePanel(
        sessions=axis,
        listings=listings,
        open=np.where(quoted, np.round(opened, 2), np.nan),
        close=np.where(quoted, np.round(raw, 2), np.nan),
        factor=factor,
        fx=np.where(hong_kong, 0.9 * np.exp(_walk(draw, shape[0], 0.002))[:, None], 1.0),
        prior_values=np.full(len(listings), np.nan),
        trading=open_days,
        suspended=halted,
        st=np.zeros(shape, dtype=bool),
        adjusted=np.zeros(len(listings), dtype=bool),
        list_dates=(None,) * len(listings),
        first_bars=tuple(_edge(axis, column, 0) for column in quoted.T),
        last_bars=tuple(_edge(axis, column, -1) for column in quoted.T),
        last_sessions=dict.fromkeys({item.exchange for item in listings}, LAST),
    )
    return TradingPanel(
        prices=prices,
        volume=volume,
        amount=volume * raw,
        share_ratio=ratio,
        dividend=yields * before,
        board_lot=np.where(hong_kong, 500.0, np.full(shape, np.nan)),
    )


def _walk(draw: np.random.Generator, length: int, step: float) -> Floats:
    return np.cumsum(draw.normal(0, step, length))


def _edge(axis: npt.NDArray[np.datetime64], quoted: npt.NDArray[np.bool_], at: int) -> date:
    found: date = axis[np.flatnonzero(quoted)[at]].item()
    return found


def _benchmarks(draw: np.random.Generator) -> dict[Listing, BenchmarkSeries]:
    found = {}
    for name in ("600000.SH", "00001.HK"):
        index = default_benchmark(parse_listing(name))
        calendar = calendar_of(index.exchange)
        sessions = calendar.between(FIRST, LAST)
        closes = 4_000 * np.exp(_walk(draw, len(sessions), 0.01))
        found[index] = BenchmarkSeries(
            listing=index,
            basis="price",
            calendar=calendar,
            sessions=sessions,
            values=np.column_stack([closes * 0.999, closes]),
        )
    return found


def _events(
    draw: np.random.Generator, panel: PricePanel, count: int, n_names: int
) -> list[tuple[Event, tuple[EntrySessions, ...]]]:
    found = []
    for row in draw.integers(HOLD, len(panel.sessions) - ROWS_AFTER, count):
        names = draw.choice(len(panel.listings), n_names, replace=False)
        publication = Publication(
            value=panel.session(int(row)) - timedelta(days=1), precision=Precision.DAY
        )
        event = Event(
            basket="bench",
            report="B1",
            published=publication,
            members=tuple(Member(listing=panel.listings[at]) for at in names),
            weighting=Weighting.EQUAL,
        )
        exchanges = {member.listing.exchange for member in event.members}
        found.append((event, entry_choices(publication, exchanges, calendar_of)))
    return found


# ---- the three jobs ------------------------------------------------------------------------------


def paper(market: Market) -> None:
    """Backtest on paper alone."""
    settings = Settings(horizons=(HOLD,), max_wait=MAX_WAIT)
    run_backtest(market.trading.prices, market.events, settings, market.benchmark)


def execute(market: Market) -> None:
    """Resolve the windows, and execute them with money."""
    windows = [
        resolving.resolve_window(  # by that module's name for it, where the clock is
            market.trading.prices, event, entries[0], horizon=HOLD, max_wait=MAX_WAIT
        )
        for event, entries in market.events
    ]
    some = [window for window in windows if window.status is not WindowStatus.NO_DATA]
    execute_all(market.trading, some, CAPITAL, FRICTIONS)


def backtest(market: Market) -> None:
    """Backtest with money, benchmark, ledger, and what each friction takes."""
    settings = Settings(
        horizons=(HOLD,), max_wait=MAX_WAIT, frictions=FRICTIONS, capitals=(CAPITAL,)
    )
    panel = market.trading.prices
    run_backtest(panel, market.events, settings, market.benchmark, market.trading)


JOBS: dict[str, Callable[[Market], None]] = {
    "paper": paper,
    "execute": execute,
    "backtest": backtest,
}

# ---- measuring in a process of its own -----------------------------------------------------------

STAGES: tuple[tuple[str, Any, str], ...] = (
    ("resolving windows", resolving, "resolve_window"),
    ("resolving orders", executing, "resolve_orders"),
    ("paths on paper", run, "paper_values"),
    ("order books on paper", plain, "order_book"),
    ("engine", plain, "simulate"),
    ("engine", executing, "simulate_trades"),
    ("in it: what each friction took", money, "shortfall_of"),
)
"""Stage, and the name by which a module calls what does it. The last one holds others again."""

WITHIN = STAGES[-1][0]


class Stages:
    """Seconds and calls of each stage, taken where one module calls another."""

    def __init__(self) -> None:
        self.seconds: defaultdict[str, float] = defaultdict(float)
        self.calls: defaultdict[str, int] = defaultdict(int)

    def attach(self) -> None:
        """Put a clock around every stage."""
        for stage, module, name in STAGES:
            setattr(module, name, self._timed(stage, getattr(module, name)))

    def _timed(self, stage: str, job: Callable[..., object]) -> Callable[..., object]:
        def timed(*given: object, **named: object) -> object:
            start = time.process_time()
            try:
                return job(*given, **named)
            finally:
                self.seconds[stage] += time.process_time() - start
                self.calls[stage] += 1

        return timed


def measure(kind: str, count: int) -> dict[str, Any]:
    """Run one job once and return what it took."""
    market = make_market(count)
    # Imports and compiled loops come first, on other events, so that they are not in the time.
    JOBS[kind](make_market(WARMING))
    stages = Stages()
    stages.attach()
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # the peak so far is forgotten
    before = _memory("VmRSS")
    start = time.process_time()
    JOBS[kind](market)
    took = time.process_time() - start
    return {
        "all": took,
        "stages": stages.seconds,
        "calls": stages.calls,
        "panel": before,
        "peak": _memory("VmHWM"),
    }


def _memory(key: str) -> float:
    """Return a figure of this process in MB; Linux only."""
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith(f"{key}:"):
            return int(line.split()[1]) / 1024
    raise KeyError(key)


def profile(kind: str, count: int) -> None:
    """Print where the time of a job goes, by the function's own time."""
    market = make_market(count)
    JOBS[kind](make_market(WARMING))
    profiler = cProfile.Profile()
    profiler.runcall(JOBS[kind], market)
    for order in ("tottime", "cumtime"):
        pstats.Stats(profiler).strip_dirs().sort_stats(order).print_stats(TOP)


# ---- the table -----------------------------------------------------------------------------------


def table(count: int) -> None:
    """Measure every job in its own processes, turn by turn, and print medians."""
    found: dict[str, list[dict[str, Any]]] = {kind: [] for kind in KINDS}
    for _ in range(RUNS):
        for kind in KINDS:
            command = [sys.executable, "-m", "benchmarks.executing", "--measure", kind, str(count)]
            text = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
            found[kind].append(json.loads(text))
    print(
        f"{count:,} events x {NAMES} names, hold {HOLD}, {LISTINGS:,} listings over five years; "
        f"processor seconds (calls), medians of {RUNS}"
    )
    print(f"{'':32}" + "".join(f"{title:>18}" for title in KINDS.values()))
    stages = list(dict.fromkeys(stage for stage, _, _ in STAGES if stage != WITHIN))
    for stage in stages:
        _row(stage, [_stage(found[kind], stage) for kind in KINDS])
    _row("the rest", [_seconds(_rest(found[kind], stages)) for kind in KINDS])
    _row("all", [_seconds(_median(found[kind], "all")) for kind in KINDS])
    _row("all, as multiple of the engine", [_multiple(found[kind]) for kind in KINDS])
    _row(WITHIN, [_stage(found[kind], WITHIN) for kind in KINDS])
    _row("peak above the panel, MB", [f"{_above(found[kind]):,.0f}" for kind in KINDS])
    print(f"panel, libraries and events before the job: {_median(found['paper'], 'panel'):,.0f} MB")


def _row(name: str, cells: Sequence[str]) -> None:
    print(f"{name:32}" + "".join(f"{cell:>18}" for cell in cells))


def _seconds(value: float) -> str:
    return f"{value:.2f}" + " " * 9


def _stage(runs: Sequence[dict[str, Any]], stage: str) -> str:
    if stage not in runs[0]["stages"]:
        return "-" + " " * 9
    took = statistics.median(one["stages"][stage] for one in runs)
    return f"{took:.2f} {'(' + format(runs[0]['calls'][stage], ',') + ')':<8}"


def _rest(runs: Sequence[dict[str, Any]], stages: Sequence[str]) -> float:
    return float(
        statistics.median(
            one["all"] - sum(one["stages"].get(stage, 0.0) for stage in stages) for one in runs
        )
    )


def _multiple(runs: Sequence[dict[str, Any]]) -> str:
    if "engine" not in runs[0]["stages"]:
        return "-" + " " * 9
    return _seconds(statistics.median(one["all"] / one["stages"]["engine"] for one in runs))


def _median(runs: Sequence[dict[str, Any]], key: str) -> float:
    return float(statistics.median(one[key] for one in runs))


def _above(runs: Sequence[dict[str, Any]]) -> float:
    return float(statistics.median(one["peak"] - one["panel"] for one in runs))


def main(arguments: list[str]) -> None:
    """Measure and print, or profile."""
    mode = arguments.pop(0) if arguments and arguments[0].startswith("--") else ""
    kind = arguments.pop(0) if mode else ""
    count = int(arguments[0]) if arguments else EVENTS
    if mode == "--measure":
        print(json.dumps(measure(kind, count)))
    elif mode == "--profile":
        profile(kind, count)
    else:
        table(count)


if __name__ == "__main__":
    main(sys.argv[1:])
