"""One account over many events: `python -m benchmarks.follow`, growth, and whether alpha is honest.

Streams of 5,000 to 20,000 events over ten years of the market of `benchmarks.executing`, baskets
of ten names and single ones as imported ratings are, are followed, each in a process of its own:
processor seconds and peak memory. Then accounts follow
streams of names picked at random, 300 of them, without any cost: their alpha against the mean of
all names must be found different from none at 5 % in about 5 % of them. With names of which one
in three is known to rise it must be found nearly always. `honest` alone makes the second table.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from datetime import date

import numpy as np
import numpy.typing as npt

from benchmarks.executing import CAPITAL, FRICTIONS, MAX_WAIT, NAMES, Market, make_market
from screener.backtest.execution.pricing import ValuePanel, value_panel
from screener.backtest.following.curve import curve_of
from screener.backtest.following.slots import follow_events
from screener.backtest.frictions import Frictions
from screener.backtest.run import Settings
from screener.domain.basket import Event, Member, Weighting
from screener.domain.panel import carried
from screener.domain.report import Precision, Publication
from screener.market.calendars import calendar_of
from screener.paths.known import EntrySessions, entry_choices
from screener.paths.metrics.measures import period_returns
from screener.study.statistics.distributions import normal_two_sided
from screener.study.statistics.intervals import wilson
from screener.study.statistics.regression import automatic_lag, least_squares

EVENTS, HOLD = (5_000, 10_000, 20_000), 20
CASES = ((10, 10), (10, 50), (1, 100))
TEN_YEARS = date(2016, 10, 10)
DRAWS, STREAM, YEAR, LEVEL = 300, 40, 250, 0.05
FREE = Frictions(participation=None, commission=False, levies=False)

Stream = list[tuple[Event, EntrySessions]]


def settings(frictions: Frictions) -> Settings:
    """Return the settings of an account."""
    return Settings(
        horizons=(HOLD,), max_wait=MAX_WAIT, frictions=frictions, capitals=(CAPITAL * 100,)
    )


def growth() -> None:
    """Print seconds and memory of following, by events and slots."""
    head = ("events", "names", "slots", "followed", "processor s", "peak GB")
    print(" ".join(f"{text:>11}" for text in head))
    for events in EVENTS:
        for names, slots in CASES:
            asked = [str(number) for number in (events, names, slots)]
            done = subprocess.run(
                [sys.executable, "-m", "benchmarks.follow", "one", *asked],
                check=True,
                capture_output=True,
                text=True,
            )
            found = json.loads(done.stdout)
            print(
                f"{events:11,} {names:11} {slots:11} {found['followed']:11,} "
                f"{found['seconds']:11.1f} {found['gigabytes']:11.2f}"
            )


def one(events: int, names: int, slots: int) -> None:
    """Follow one stream; print what it took beyond making the market."""
    market = make_market(events, first=TEN_YEARS, mainland=True, names=names)
    stream = [(event, entries[0]) for event, entries in market.events]
    start = time.process_time()
    panel = market.trading.prices
    values = value_panel(panel)
    met = follow_events(values, market.trading, stream, settings(FRICTIONS), slots)
    first = min(item.first_row for item in met)
    curve_of(panel, met, CAPITAL * 100, first, len(panel.sessions) - 1)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    followed = sum(not item.skip for item in met)
    took = time.process_time() - start
    print(json.dumps({"followed": followed, "seconds": took, "gigabytes": peak}))


def honest() -> None:
    """Print how often an account's alpha is found, without skill and with it."""
    market = make_market(1)
    values = value_panel(market.trading.prices)
    index = _mean_path(values)
    print(f"{'names of which are known to rise':34} {'found':>7} {'interval':>16}")
    for share in (0.0, 1 / 3):
        draw = np.random.default_rng(7)
        found = sum(_p_of(market, values, index, draw, share) < LEVEL for _ in range(DRAWS))
        low, high = wilson(found, DRAWS)
        print(f"{share:34.0%} {found / DRAWS:7.1%} {low:7.1%}..{high:7.1%}")


def _mean_path(values: ValuePanel) -> npt.NDArray[np.float64]:
    """Return `(n_sessions,)` value of all names in equal parts, equal again at every close."""
    marks = carried(values.marks)
    steps = marks[1:] / marks[:-1]
    path: npt.NDArray[np.float64] = np.cumprod(np.append(1.0, np.nanmean(steps, axis=1)))
    return path


def _p_of(
    market: Market,
    values: ValuePanel,
    index: npt.NDArray[np.float64],
    draw: np.random.Generator,
    share: float,
) -> float:
    """Return the p-value of the alpha of an account that follows a random stream of a year."""
    panel = market.trading.prices
    start = int(draw.integers(60, len(panel.sessions) - YEAR - 2 * HOLD))
    stream = _stream(market, values, draw, start, share)
    met = follow_events(values, market.trading, stream, settings(FREE), 5)
    first, last = start + 1, start + YEAR
    curve = curve_of(panel, met, CAPITAL * 100, min(first, *(m.first_row for m in met)), last)
    own = period_returns(curve.equity / (CAPITAL * 100))
    rows = np.arange(last - len(own) + 1, last + 1)
    other = index[rows] / index[rows - 1] - 1
    fit = least_squares(own, other[np.newaxis, :], lag=automatic_lag(len(own)))
    return normal_two_sided(fit.coefficients[0] / fit.errors[0])


def _stream(
    market: Market, values: ValuePanel, draw: np.random.Generator, start: int, share: float
) -> Stream:
    panel = market.trading.prices
    mainland = [at for at, item in enumerate(panel.listings) if item.exchange.mainland]
    found: Stream = []
    for number, row in enumerate(draw.integers(start + 1, start + YEAR - HOLD, STREAM).tolist()):
        ahead = values.marks[row + HOLD] / values.marks[row]
        picked = draw.choice(mainland, NAMES, replace=False)
        risers = [at for at in mainland if ahead[at] > 1.1]
        known = int(NAMES * share)
        picked[:known] = draw.choice(risers, known, replace=False)
        publication = Publication(value=panel.session(row - 1), precision=Precision.DAY)
        members = tuple(Member(listing=panel.listings[at]) for at in dict.fromkeys(picked.tolist()))
        event = Event(
            basket="bench",
            report=f"B{number}",
            published=publication,
            members=members,
            weighting=Weighting.EQUAL,
        )
        exchanges = {member.listing.exchange for member in members}
        found.append((event, entry_choices(publication, exchanges, calendar_of)[0]))
    return found


def main() -> None:
    """Measure growth, then honesty; `one EVENTS NAMES SLOTS` is the process of a measurement."""
    match sys.argv[1:]:
        case ["one", events, names, slots]:
            one(int(events), int(names), int(slots))
        case ["honest"]:
            honest()
        case _:
            growth()
            honest()


if __name__ == "__main__":
    main()
