"""The event study: seconds against other ways to do it, and what its tests are worth.

`python -m benchmarks.study` fits 100,000 listing-events and makes all parametric tests, beside a
loop over statsmodels and a bare copy of the same bytes; then it draws studies in which nothing
happens, or something of known size, and counts how often each test finds anything.
"""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt

from screener.paths.workers.parallel import mapped
from screener.study.evaluating import StudySettings, evaluate
from screener.study.models import Model, abnormal_returns
from screener.study.results import Statistic
from screener.study.returns import EventReturns, Timeline
from screener.study.statistics.clustering import CrossCorrelation
from screener.study.statistics.intervals import wilson
from screener.study.statistics.parametric import (
    boehmer_test,
    cross_sectional_test,
    kolari_pynnonen_test,
    patell_test,
)
from screener.study.statistics.ranks import rank_test, sign_test
from screener.study.windows import Part, StudyWindows

Floats = npt.NDArray[np.float64]

EVENTS = 100_000
SLICE = 300
WINDOWS = StudyWindows(estimation=(-281, -32), event=(-30, 30), reader=False)
"""250 sessions to learn from and 61 to judge."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """How events lie in time and how alike they are.

    Parameters
    ----------
    name
        What the table calls it.
    dates, names
        Dates of entry, and events on each.
    apart
        Sessions from one date to the next.
    theme
        Standard deviation of what all events have in common each session, beside the market's.
    burst
        By how much the event multiplies the noise of its window.
    """

    name: str
    dates: int
    names: int
    apart: int
    theme: float = 0.0
    burst: float = 1.0


SCENES = (
    Scene(name="apart: 50 dates, 1 event each", dates=50, names=1, apart=25),
    Scene(name="apart, variance doubled by the event", dates=50, names=1, apart=25, burst=1.4142),
    Scene(name="clustered: 5 dates, 10 events each", dates=5, names=10, apart=25, theme=0.012),
    Scene(name="one date, 30 events", dates=1, names=30, apart=0, theme=0.012),
    Scene(name="overlapping: 25 dates 3 sessions apart", dates=25, names=2, apart=3, theme=0.012),
)
SMALL = StudyWindows(estimation=(-130, -11), event=(-5, 10), reader=False)
NOISE = 0.02


def drawn(scene: Scene, seed: int, effect: float = 0.0) -> tuple[EventReturns, Timeline]:
    """Draw a study: fat-tailed noise, a market, a theme; `effect` is added over the drift."""
    draw = np.random.default_rng([seed, scene.dates, scene.names])
    first = 1 - SMALL.estimation[0]
    n_sessions = first + scene.apart * (scene.dates - 1) + SMALL.event[1] + 2
    market = draw.standard_t(5, n_sessions) * 0.01
    common = draw.standard_t(5, n_sessions) * scene.theme
    at = np.repeat(first + scene.apart * np.arange(scene.dates), scene.names)
    slopes = draw.uniform(0.5, 1.5, len(at))[:, np.newaxis]

    def cut(window: tuple[int, int]) -> tuple[Floats, Floats]:
        rows = at[:, np.newaxis] + np.arange(window[0], window[1] + 1)
        noise = draw.standard_t(5, rows.shape) * NOISE / math.sqrt(5 / 3)
        return slopes * market[rows] + common[rows] + noise, market[rows][np.newaxis]

    estimation, learned = cut(SMALL.estimation)
    event, around = cut(SMALL.event)
    event += (scene.burst - 1) * (event - slopes * around[0])
    event[:, 1 - SMALL.event[0] :] += effect / SMALL.event[1]
    returns = EventReturns(
        windows=SMALL,
        estimation=estimation,
        estimation_factors=learned,
        event=event,
        event_factors=around,
    )
    return returns, Timeline.single(at, n_sessions)


def found(scene: Scene, effect: float, seeds: Sequence[int]) -> dict[Statistic, list[bool | None]]:
    """Tell for each drawn study which tests reject at 5 % over the drift."""
    told: dict[Statistic, list[bool | None]] = {statistic: [] for statistic in Statistic}
    settings = StudySettings(windows=SMALL, draws=400)
    for seed in seeds:
        returns, timeline = drawn(scene, seed, effect)
        abnormal = abnormal_returns(returns, Model.MARKET)
        evaluation = evaluate(returns, abnormal, timeline, settings, group=seed, days=False)
        (drift,) = [part for part in evaluation.parts if part.window.part is Part.DRIFT]
        for test in drift.tests:
            told[test.statistic].append(None if test.p is None else test.p < 0.05)
    return told


def rejections(
    scene: Scene, *, draws: int, effect: float = 0.0, jobs: int = 1
) -> dict[Statistic, tuple[float, float, float] | None]:
    """Return each test's rejection rate with its interval; `None` where it cannot answer."""
    parts = [list(range(at, min(at + 50, draws))) for at in range(0, draws, 50)]
    counted: dict[Statistic, list[bool | None]] = {statistic: [] for statistic in Statistic}
    for part in mapped(partial(found, scene, effect), parts, jobs=jobs):
        for statistic, answers in part.items():
            counted[statistic] += answers
    rates: dict[Statistic, tuple[float, float, float] | None] = {}
    for statistic, answers in counted.items():
        known = [answer for answer in answers if answer is not None]
        rejected = sum(known)
        rates[statistic] = (rejected / len(known), *wilson(rejected, len(known))) if known else None
    return rates


def calibration(draws: int, jobs: int) -> None:
    """Print how often each test finds something where there is nothing, and where there is."""
    print(f"\nrejection rate at 5 % over the drift (10 sessions), {draws} drawn studies each")
    width = max(len(scene.name) for scene in SCENES)
    names = {statistic: str(statistic).split(" ")[0][:10] for statistic in Statistic}
    print(" " * (width + 12), *(f"{name:>17}" for name in names.values()))
    for scene in SCENES:
        sizes = (0.0, 0.02) if scene.dates == 50 and scene.burst == 1 else (0.0,)
        sizes = (0.0, 0.05) if scene.theme else sizes
        for effect in sizes:
            label = "nothing" if not effect else f"{100 * effect:+.0f} %"
            rates = rejections(scene, draws=draws, effect=effect, jobs=jobs).values()
            cells = [
                "-" if rate is None else "{:.3f} [{:.3f},{:.3f}]".format(*rate) for rate in rates
            ]
            print(f"{scene.name:<{width}}  {label:<9}", *(f"{cell:>19}" for cell in cells))


def made(
    n_events: int, *, n_listings: int = 2_000, n_sessions: int = 2_000
) -> tuple[EventReturns, Timeline]:
    """Make returns of listings that follow a market, cut around random entry sessions."""
    draw = np.random.default_rng(1)
    market = draw.normal(0, 0.01, n_sessions)
    panel = draw.normal(0, 0.02, (n_listings, n_sessions)) + market
    at = draw.integers(-WINDOWS.estimation[0], n_sessions - WINDOWS.event[1], n_events)
    listings = draw.integers(0, n_listings, n_events)

    def cut(window: tuple[int, int]) -> tuple[Floats, Floats]:
        length = window[1] - window[0] + 1
        own = np.lib.stride_tricks.sliding_window_view(panel, length, axis=1)
        index = np.lib.stride_tricks.sliding_window_view(market, length)
        return own[listings, at + window[0]], index[at + window[0]][np.newaxis]

    estimation, learned = cut(WINDOWS.estimation)
    event, around = cut(WINDOWS.event)
    returns = EventReturns(
        windows=WINDOWS,
        estimation=estimation,
        estimation_factors=learned,
        event=event,
        event_factors=around,
    )
    return returns, Timeline.single(at, n_sessions)


def parametric(returns: EventReturns, timeline: Timeline, jobs: int) -> dict[str, float]:
    """Fit every event and make every parametric test of every part; return seconds by stage."""
    start = time.perf_counter()
    abnormal = abnormal_returns(returns, Model.MARKET, jobs=jobs)
    fitted = time.perf_counter()
    correlations = CrossCorrelation(
        abnormal.residuals, timeline, estimation=returns.windows.estimation
    )
    for at, part in enumerate(returns.windows.parts()):
        alike = correlations.mean((part.first, part.last))
        cross_sectional_test(abnormal.car[:, at])
        patell_test(abnormal.scar[:, at], abnormal.freedom)
        boehmer_test(abnormal.scar[:, at])
        kolari_pynnonen_test(abnormal.scar[:, at], alike)
    tested = time.perf_counter()
    sign_test(abnormal.car[:, 0], abnormal.residuals)
    signed = time.perf_counter()
    rank_test(abnormal.residuals, abnormal.values)
    ranked = time.perf_counter()
    return {
        "market model, AR, CAR, BHAR, errors": fitted - start,
        "t, Patell, BMP, Kolari-P. of 5 parts": tested - fitted,
        "sign test of 1 part": signed - tested,
        "rank test of 1 part": ranked - signed,
    }


def by_statsmodels(returns: EventReturns, n: int) -> float:
    """Fit `n` events one by one with statsmodels; return seconds."""
    import statsmodels.api as sm

    start = time.perf_counter()
    for unit in range(n):
        design = sm.add_constant(returns.estimation_factors[0, unit])
        fit = sm.OLS(returns.estimation[unit], design).fit()
        ahead = sm.add_constant(returns.event_factors[0, unit], has_constant="add")
        told = fit.get_prediction(ahead)
        _ = (returns.event[unit] - told.predicted_mean) / told.se_obs
    return time.perf_counter() - start


def best(work: Callable[[], float], times: int = 3) -> float:
    """Return the least of some measurements."""
    return min(work() for _ in range(times))


def copied(returns: EventReturns) -> float:
    """Copy the bytes that a study reads; return seconds."""
    given = [
        returns.estimation,
        returns.estimation_factors,
        returns.event,
        returns.event_factors,
    ]
    targets = [np.empty_like(matrix) for matrix in given]
    start = time.perf_counter()
    for target, matrix in zip(targets, given, strict=True):
        np.copyto(target, matrix)
    return time.perf_counter() - start


def speed(jobs: int) -> None:
    """Print seconds by stage, and ratios to statsmodels and to a copy."""
    returns, timeline = made(EVENTS)
    n_bytes = sum(
        matrix.nbytes
        for matrix in (
            returns.estimation,
            returns.estimation_factors,
            returns.event,
            returns.event_factors,
        )
    )
    copied(returns)
    copy = best(lambda: copied(returns))
    loop = by_statsmodels(returns, SLICE) * EVENTS / SLICE
    print(
        f"{EVENTS:,} listing-events × ({WINDOWS.n_estimation} + {WINDOWS.n_event}) sessions, "
        f"{n_bytes / 1e9:.2f} GB read, {jobs} workers"
    )
    stages = parametric(returns, timeline, jobs)
    for name, seconds in stages.items():
        print(f"  {name:<40} {seconds:7.2f} s")
    fit, tests, *_ = stages.values()
    total = fit + tests
    print(f"  {'all parametric tests':<40} {total:7.2f} s  {total / copy:5.1f} × np.copyto")
    print(f"  {'np.copyto of the bytes read':<40} {copy:7.2f} s")
    print(
        f"  {'statsmodels, one by one':<40} {loop:7.1f} s  {loop / fit:5.0f} × the "
        f"first line, which does as much ({SLICE} events scaled)"
    )


def main() -> None:
    """Measure; `--draws N` drawn studies of each kind (0 for none), `--jobs N` workers."""
    words = dict(zip(sys.argv[1::2], sys.argv[2::2], strict=False))
    jobs, draws = int(words.get("--jobs", 2)), int(words.get("--draws", 400))
    speed(jobs)
    if draws:
        calibration(draws, jobs)


if __name__ == "__main__":
    main()
