"""The same job in other tools: `python -m benchmarks.rivals [BASKETS]`.

1,000 baskets of 10 names over 500 sessions, each bought in equal weights at the open of its entry
session and valued at every close, never rebalanced: by the event-time kernel, by what a user would
take instead, and beside the time that memory takes to give as many bytes. Every way must give the
kernel's numbers before it is timed; a slow one runs on some of the baskets, and its time is
multiplied up to all of them. What is not installed is left out: `pip install -e '.[bench]'`.

Each way gets the market in the form that it likes best, made beforehand: arrays, frames, a frame
sorted by listing. The market has no gaps, since backtesting.py refuses them.
"""

from __future__ import annotations

import os
import statistics
import sys
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from importlib.util import find_spec
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from screener.backtest.portfolio import OrderBook, simulate
from screener.paths.event_tables import EventTable, event_table
from screener.paths.kernel import paper_paths
from screener.paths.path_panel import PathPanel, path_panel

BASKETS = 1_000
LISTINGS = 1_000
NAMES = 10
SESSIONS = 500
ROWS = 2_500
TOLERANCE = 1e-9
FAST_RUNS = 21

Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.int64]


class Market:
    """Opens and closes of random walks, in every form that a way may want."""

    def __init__(self) -> None:
        draw = np.random.default_rng(1)
        shape = (ROWS, LISTINGS)
        self.closes: Floats = 10 * np.exp(np.cumsum(draw.normal(0, 0.02, shape), axis=0))
        self.opens: Floats = self.closes * (1 + draw.normal(0, 0.005, shape))
        days = pd.bdate_range("2016-01-04", periods=ROWS)
        self.open_frame = pd.DataFrame(self.opens, index=days + pd.Timedelta(hours=9.5))
        self.close_frame = pd.DataFrame(self.closes, index=days + pd.Timedelta(hours=15))

    @cached_property
    def panel(self) -> PathPanel:
        """The kernel's form."""
        return path_panel(self.opens, self.closes)

    @cached_property
    def by_listing(self) -> Floats:
        """Closes, `(LISTINGS, ROWS)`."""
        return np.ascontiguousarray(self.closes.T)

    @cached_property
    def bars(self) -> list[pd.DataFrame]:
        """One frame of bars for each listing; highs and lows are not used."""
        return [
            pd.DataFrame(
                {"Open": self.opens[:, at], "Close": self.closes[:, at]},
                index=self.close_frame.index,
            ).assign(High=lambda bar: bar.max(axis=1), Low=lambda bar: bar.min(axis=1))
            for at in range(LISTINGS)
        ]

    @cached_property
    def long(self) -> Any:
        """A Polars frame of closes, sorted by listing and row."""
        import polars as pl

        return pl.DataFrame(
            {
                "listing": np.repeat(np.arange(LISTINGS), ROWS),
                "row": np.tile(np.arange(ROWS), LISTINGS),
                "close": self.by_listing.ravel(),
            }
        )


@dataclass(frozen=True, slots=True)
class Baskets:
    """What is bought: `(n, NAMES)` columns of the market, and `(n,)` rows of the entry."""

    columns: Rows
    entries: Rows

    def __len__(self) -> int:
        return len(self.entries)

    def head(self, count: int) -> Baskets:
        """Return the first baskets."""
        return Baskets(self.columns[:count], self.entries[:count])

    def table(self) -> EventTable:
        """Return them as the kernel wants them."""
        return event_table(
            np.arange(len(self) + 1) * NAMES,
            self.columns.ravel(),
            np.full(self.columns.size, 1 / NAMES),
            np.repeat(self.entries, NAMES),
        )


def random_baskets(count: int) -> Baskets:
    """Return baskets of random names, none twice, entered on random sessions."""
    draw = np.random.default_rng(2)
    names = [draw.choice(LISTINGS, NAMES, replace=False) for _ in range(count)]
    # From row 1 on: backtesting.py wants a bar before the first purchase.
    return Baskets(np.array(names), draw.integers(1, ROWS - SESSIONS, count))


# ---- ways: each returns `(n, SESSIONS)` values at the closes, 1 before the purchase -------------

Way = Callable[[Market, Baskets], Floats]


def by_kernel(market: Market, baskets: Baskets) -> Floats:
    """Return paths of the event-time kernel, the table of events made anew."""
    found = paper_paths(market.panel, baskets.table(), (SESSIONS,), paths=True)
    return found.path_values.reshape(len(baskets), SESSIONS)


def by_numpy(market: Market, baskets: Baskets) -> Floats:
    """Return paths by one gather over everything."""
    rows = baskets.entries[:, np.newaxis] + np.arange(SESSIONS)
    prices = market.by_listing[baskets.columns[:, :, np.newaxis], rows[:, np.newaxis, :]]
    opens = market.opens[baskets.entries[:, np.newaxis], baskets.columns]
    paths: Floats = np.einsum("nks,nk->ns", prices, 1 / (NAMES * opens))
    return paths


def by_pandas(market: Market, baskets: Baskets) -> Floats:
    """Return paths as one would write them in pandas, basket by basket."""
    paths = []
    for names, first in zip(baskets.columns, baskets.entries, strict=True):
        window = market.close_frame.iloc[first : first + SESSIONS, names]
        paths.append((window / market.open_frame.iloc[first, names]).mean(axis=1).to_numpy())
    return np.array(paths)


def by_polars(market: Market, baskets: Baskets, *, joined: bool) -> Floats:
    """Return paths of one query: windows exploded, closes joined or gathered, then grouped."""
    import polars as pl

    events = np.arange(len(baskets))
    entries = np.repeat(baskets.entries, NAMES)
    names = pl.DataFrame(
        {
            "event": np.repeat(events, NAMES),
            "listing": baskets.columns.ravel(),
            "entry": entries,
            "open": market.opens[entries, baskets.columns.ravel()],
        }
    )
    windows = (
        names.lazy()
        .with_columns(row=pl.int_ranges("entry", pl.col("entry") + SESSIONS))
        .explode("row")
    )
    if joined:
        priced = windows.join(market.long.lazy(), on=["listing", "row"])
    else:
        at = pl.col("listing") * ROWS + pl.col("row")
        priced = windows.with_columns(close=pl.lit(market.long["close"]).gather(at))
    found = (
        priced.group_by("event", "row")
        .agg((pl.col("close") / pl.col("open")).mean().alias("value"))
        .sort("event", "row")
        .collect()
    )
    return found["value"].to_numpy().reshape(len(baskets), SESSIONS)


def by_door(market: Market, baskets: Baskets) -> Floats:
    """Return paths of vectorbt in as few calls as our memory bound allows."""
    columns, entries = baskets.columns.ravel(), np.repeat(baskets.entries, NAMES)
    count = len(columns)
    book = OrderBook(
        marks=market.closes[entries + np.arange(SESSIONS)[:, np.newaxis], columns],
        groups=np.repeat(np.arange(len(baskets)), NAMES),
        cash=np.full(count, 1 / NAMES),
        buy_rows=np.zeros(count, dtype=np.int64),
        buy_prices=market.opens[entries, columns],
        sell_rows=np.full(count, -1),
        sell_prices=np.full(count, np.nan),
        fees=np.zeros(count),
    )
    values: Floats = simulate(book).values.T  # noqa: PD011 - no frame
    return values


def by_vectorbt(market: Market, baskets: Baskets) -> Floats:
    """Return paths of vectorbt, one call for each basket, with its faster engine."""
    import vectorbt as vbt

    paths = []
    for names, first in zip(baskets.columns, baskets.entries, strict=True):
        opens = market.opens[first, names]
        sizes = np.full((SESSIONS, NAMES), np.nan)
        sizes[0] = 1 / (NAMES * opens)
        portfolio = vbt.Portfolio.from_orders(
            market.close_frame.iloc[first : first + SESSIONS, names],
            size=sizes,
            size_type="amount",
            price=opens[np.newaxis, :],
            direction="longonly",
            init_cash=1 / NAMES,
            # Each name spends its own money: with a shared purse the last one may lack 1e-17.
            group_by=np.zeros(NAMES, dtype=np.int64),
            cash_sharing=False,
            max_orders=NAMES,
            freq="1D",
        )
        if len(portfolio.orders.values) != NAMES:  # it drops what it cannot fill without a word
            raise SystemExit(f"vectorbt filled {len(portfolio.orders.values)} of {NAMES} orders")
        paths.append(np.asarray(portfolio.value()).ravel())
    return np.array(paths)


def by_bt(market: Market, baskets: Baskets) -> Floats:
    """Return paths of bt, which knows one price a row: the opens are a row before the closes."""
    import bt

    paths = []
    for names, first in zip(baskets.columns, baskets.entries, strict=True):
        prices = pd.concat(
            [
                market.open_frame.iloc[first : first + 1, names],
                market.close_frame.iloc[first : first + SESSIONS, names],
            ]
        )
        prices.columns = [str(name) for name in names]
        steps = [
            bt.algos.RunOnce(),
            bt.algos.SelectAll(),
            bt.algos.WeighEqually(),
            bt.algos.Rebalance(),
        ]
        test = bt.Backtest(
            bt.Strategy("basket", steps), prices, integer_positions=False, progress_bar=False
        )
        test.run()
        # Before the closes come the purchase at the opens, and a row that bt puts before all.
        paths.append(test.strategy.prices.to_numpy()[2:] / 100)
    return np.array(paths)


def by_backtesting(market: Market, baskets: Baskets) -> Floats:
    """Return paths of backtesting.py, which knows one name a run: the mean of ten runs.

    It buys whole shares only, so the money is large enough for a share to be less than 1e-11.
    """
    from backtesting import Backtest, Strategy

    class Holding(Strategy):  # type: ignore[misc]
        def init(self) -> None:
            self.buy()  # filled at the next open, that of the second bar

        def next(self) -> None:
            pass

    cash = 1e14
    paths = []
    for names, first in zip(baskets.columns, baskets.entries, strict=True):
        total = np.zeros(SESSIONS)
        for name in names:
            bars = market.bars[name].iloc[first - 1 : first + SESSIONS]
            found = Backtest(bars, Holding, cash=cash).run()
            total += found["_equity_curve"]["Equity"].to_numpy()[1:] / cash
        paths.append(total / NAMES)
    return np.array(paths)


# ---- the comparison ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Rival:
    """A way to do the job.

    Parameters
    ----------
    name, package
        What it is called, and what must be installed for it.
    way
        The way.
    slice
        Baskets on which it is timed; `None` for all of them.
    runs
        How often.
    """

    name: str
    package: str
    way: Way
    slice: int | None = None
    runs: int = 5


RIVALS = (
    Rival("numpy, one gather", "numpy", by_numpy),
    Rival("polars, gather", "polars", partial(by_polars, joined=False), runs=3),
    Rival("polars, join", "polars", partial(by_polars, joined=True), runs=3),
    Rival("pandas, a loop", "pandas", by_pandas, 200, runs=3),
    Rival("vectorbt, our chunked calls", "vectorbt", by_door, runs=3),
    Rival("vectorbt, a call for each basket", "vectorbt", by_vectorbt, 20, runs=3),
    Rival("bt", "bt", by_bt, 20, runs=3),
    Rival("backtesting.py, ten runs summed", "backtesting", by_backtesting, 20, runs=1),
)


def difference(found: Floats, wanted: Floats, name: str) -> float:
    """Return the greatest difference of two sets of paths; stop if it is more than a rounding."""
    if found.shape != wanted.shape or not np.isfinite(found).all():
        raise SystemExit(f"{name}: {found.shape} values, {wanted.shape} wanted, or not all finite")
    apart = np.abs(found - wanted)
    greatest = float(apart.max())
    if greatest > TOLERANCE:
        basket, session = np.unravel_index(apart.argmax(), apart.shape)
        raise SystemExit(
            f"{name}: basket {basket} is worth {found[basket, session]:.12g} at close "
            f"{session + 1}, by the kernel {wanted[basket, session]:.12g}: not the same job"
        )
    return greatest


def side_by_side(jobs: Sequence[Callable[[], object]], runs: int) -> list[float]:
    """Return the median time of each job, all of them in turn: the machine may slow down at will.

    All but the last are short, and run five times for each time of the last.
    """
    taken: list[list[float]] = [[] for _ in jobs]
    for _ in range(runs):
        for job, times in zip(jobs, taken, strict=True):
            for _ in range(1 if job is jobs[-1] else 5):
                start = time.perf_counter()
                job()
                times.append(time.perf_counter() - start)
    return [statistics.median(times) for times in taken]


def compare(market: Market, baskets: Baskets) -> None:
    """Check the numbers of every way, measure it, and print a line."""
    wanted = by_kernel(market, baskets)
    returns = paper_paths(market.panel, baskets.table(), (SESSIONS,)).returns
    np.testing.assert_allclose(returns[:, 0], wanted[:, -1] - 1, rtol=0, atol=TOLERANCE)
    prices = np.random.default_rng(3).random(wanted.size * NAMES)
    copy = partial(np.copyto, np.empty_like(prices), prices)
    kernel = partial(by_kernel, market, baskets)
    limit, ours = side_by_side((copy, kernel), FAST_RUNS)
    _line("np.copyto of the prices touched", "", limit, (limit, ours))
    _line("event-time kernel", f"{len(baskets):,}", ours, (limit, ours))
    for rival in RIVALS:
        if find_spec(rival.package) is None:
            print(f"{rival.name:34} left out: {rival.package} is not installed")
            continue
        some = baskets.head(rival.slice or len(baskets))
        apart = difference(rival.way(market, some), wanted[: len(some)], rival.name)
        *beside, took = side_by_side((copy, kernel, partial(rival.way, market, some)), rival.runs)
        _line(rival.name, f"{len(some):,}", took * len(baskets) / len(some), tuple(beside), apart)


def main(arguments: list[str]) -> None:
    """Make the market and the baskets, compare, and say how to read it."""
    warnings.simplefilter("ignore")  # of the rivals: old names in pandas, trades left open
    os.environ["TQDM_DISABLE"] = "1"  # their progress bars, before they are imported
    market, baskets = Market(), random_baskets(int(arguments[0]) if arguments else BASKETS)
    began = time.perf_counter()
    _ = market.panel
    laid_out = time.perf_counter() - began
    print(
        f"{len(baskets):,} baskets x {NAMES} names x {SESSIONS} sessions, "
        f"{LISTINGS:,} listings x {ROWS:,} rows; the kernel's panel, once: {laid_out:.3f} s"
    )
    print(
        f"{'way':34} {'timed on':>9} {'s for all':>10} {'x kernel':>9} {'x copy':>9} {'apart':>7}"
    )
    compare(market, baskets)
    print(
        "What is timed on fewer baskets is scaled to all. Each value of each path is the kernel's\n"
        f"to {TOLERANCE:g} of the money; `apart` is the greatest difference. Ratios are to copy\n"
        "and kernel timed in turn with the way, which vary from line to line as the machine does."
    )


def _line(
    name: str, count: str, took: float, beside: tuple[float, ...], apart: float | None = None
) -> None:
    limit, ours = beside
    print(
        f"{name:34} {count:>9} {took:10.4f} {took / ours:9,.1f} {took / limit:9,.1f} "
        f"{'' if apart is None else f'{apart:.0e}':>7}"
    )


if __name__ == "__main__":
    main(sys.argv[1:])
