"""Random returns around events, on one calendar and with a market behind them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from screener.study.returns import EventReturns, Timeline
from screener.study.windows import StudyWindows

Floats = npt.NDArray[np.float64]


def event_returns(
    windows: StudyWindows,
    returns: Floats,
    market: Floats | None,
    columns: npt.ArrayLike,
    positions: npt.ArrayLike,
) -> tuple[EventReturns, Timeline]:
    """Cut `(n_listings, n_sessions)` returns and `(n_sessions,)` market returns around events."""
    listings, at = np.asarray(columns), np.asarray(positions)
    before = at[:, np.newaxis] + np.arange(windows.estimation[0], windows.estimation[1] + 1)
    around = at[:, np.newaxis] + np.arange(windows.event[0], windows.event[1] + 1)
    if windows.reader:
        own = at[:, np.newaxis] + np.arange(windows.event[1] + 1)
        around = np.concatenate([around, own], axis=1)
    rows = listings[:, np.newaxis]

    def factors(places: npt.NDArray[np.int64]) -> Floats:
        if market is None:
            return np.empty((0, *places.shape))
        return market[places][np.newaxis]

    found = EventReturns(
        windows=windows,
        estimation=returns[rows, before],
        estimation_factors=factors(before),
        event=returns[rows, around],
        event_factors=factors(around),
    )
    return found, Timeline.single(at, returns.shape[1])


def market_world(
    seed: int,
    *,
    n_listings: int = 20,
    n_sessions: int = 400,
    theme: float = 0.0,
) -> tuple[Floats, Floats]:
    """Draw a market, and listings that follow it and, if `theme`, one another."""
    draw = np.random.default_rng(seed)
    market = draw.normal(0.0003, 0.012, n_sessions)
    slopes = draw.uniform(0.5, 1.5, n_listings)
    common = draw.normal(0, theme, n_sessions)
    noise = draw.normal(0, 0.02, (n_listings, n_sessions))
    return slopes[:, np.newaxis] * market + common + noise, market
