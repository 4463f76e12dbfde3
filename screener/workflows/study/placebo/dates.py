"""The same names on other dates, beside the index of those dates."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from screener.backtest.benchmark import BenchmarkSeries
from screener.backtest.run import EventResult
from screener.domain.arrays import FloatArray, Places, SessionAxis
from screener.domain.basket import Event
from screener.domain.listing import Listing
from screener.domain.panel import PricePanel
from screener.language import say
from screener.paths.path_panel import PathPanel, path_panel
from screener.study.placebo.monte_carlo import Placement, place
from screener.study.placebo.placebo import Holding
from screener.study.placebo.random_dates import LEAST_DATES, dated_returns, earlier_dates

__all__ = ["OtherDates", "other_dates"]

BenchmarkOf = Callable[[Event, Listing], BenchmarkSeries | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherDates:
    """What the same names returned on earlier dates.

    Parameters
    ----------
    placement
        Where the paper return lies among those of the other dates.
    active
        Where the active return lies among theirs; `None` where the index does not reach back.
    """

    placement: Placement
    active: Placement | None


def other_dates(
    panel: PricePanel,
    layout: PathPanel,
    holding: Holding,
    real: EventResult,
    benchmark_of: BenchmarkOf,
    *,
    draws: int,
    seed: int,
) -> OtherDates:
    """Compare a basket with the same names on earlier dates, held for as many sessions.

    Parameters
    ----------
    panel, layout
        Prices of the names, and the same as the kernel reads them.
    holding
        The real basket in that panel.
    real
        Its result, with a paper return.
    benchmark_of
        Gives the benchmark of a name of an event, or `None` for none.
    draws, seed
        As in `earlier_dates`.

    Raises
    ------
    ComputeError
        If there are too few such dates.
    """
    sessions = real.window.sessions_held
    rows = earlier_dates(panel, holding, sessions, draws=draws, seed=seed)
    returns = dated_returns(layout, holding, rows, sessions)
    if real.paper_return is None:
        raise ValueError(say("a result without a paper return"))
    return OtherDates(
        placement=place(real.paper_return, returns),
        active=_active(panel, holding, real, benchmark_of, rows, returns),
    )


def _active(
    panel: PricePanel,
    holding: Holding,
    real: EventResult,
    benchmark_of: BenchmarkOf,
    rows: Places,
    returns: FloatArray,
) -> Placement | None:
    names = [panel.listings[column] for column in holding.columns]
    series = [benchmark_of(real.window.event, name) for name in names]
    if real.active_return is None or any(item is None for item in series):
        return None
    known = [item for item in series if item is not None]
    opens, closes = (np.column_stack(parts) for parts in zip(*_aligned(panel, known), strict=True))
    as_index = replace(holding, columns=tuple(range(len(known))), fill_rows=holding.entry_rows)
    layout = path_panel(opens, closes, trading=panel.trading[:, list(holding.columns)])
    index = dated_returns(layout, as_index, rows, real.window.sessions_held)
    active = (returns - index)[np.isfinite(index)]
    return place(real.active_return, active) if len(active) >= LEAST_DATES else None


def _aligned(
    panel: PricePanel, series: list[BenchmarkSeries]
) -> list[tuple[FloatArray, FloatArray]]:
    done: dict[str, tuple[FloatArray, FloatArray]] = {}
    for item in series:
        if item.listing.id not in done:
            done[item.listing.id] = _on_axis(panel.sessions, item)
    return [done[item.listing.id] for item in series]


def _on_axis(axis: SessionAxis, series: BenchmarkSeries) -> tuple[FloatArray, FloatArray]:
    """Return the next open on or after each session, and the last close on or before it."""
    n_bars = len(series.sessions)
    nothing = np.full(len(axis), np.nan)
    if not n_bars:
        return nothing, nothing
    after = np.searchsorted(series.sessions, axis)
    before = np.searchsorted(series.sessions, axis, side="right") - 1
    opens = np.where(after < n_bars, series.values[np.minimum(after, n_bars - 1), 0], np.nan)
    closes = np.where(before >= 0, series.values[np.maximum(before, 0), 1], np.nan)
    opens[axis < series.sessions[0]] = np.nan
    return opens, closes
