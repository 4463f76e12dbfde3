"""From the index to the orders: what was decided, what it came to, and what the delay took.

A report is known at a close: the last one of each name's exchange before its first entry. From
there on the index, the stocks of each name's industry and the names themselves are followed to the
end of the window; the names once more from the price at which they were meant to be bought, whether
anybody could buy there or not. Perold (1988): what separates the decision from the market is the
research's, what separates the order from the decision is the delay's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from screener.backtest.benchmark import BenchmarkSeries
from screener.backtest.execution.accounts.rebalanced import paper_rebalanced
from screener.backtest.execution.pricing import ValuePanel, exit_value
from screener.domain.arrays import FloatMatrix
from screener.domain.basket import Rebalance
from screener.domain.listing import Listing
from screener.domain.panel import PricePanel
from screener.paths.legs import Leg, LegState
from screener.paths.windows import Window

__all__ = ["DECISION_STEPS", "TOGETHER", "Decided", "decided_of"]

DECISION_STEPS = ("market", "theme", "selection", "theme and selection", "delay")
"""Steps before the first order. A name whose industry is not known counts in the fourth alone."""
TOGETHER = "market, theme and selection"
"""The step in place of the first four where no index is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """What a window comes to before any order, as fractions.

    Parameters
    ----------
    decided
        Return of the names from the close at which the report was known.
    scheduled
        Return of the names from the price of their scheduled entry, each filled there.
    index
        Return of the index from the same close as `decided`; `None` where it is not known.
    theme, together
        What the industries add to the index, by weight, of the names whose industry is known; what
        the other names add to it.
    unknown
        Names whose industry's stocks have no return over the window.
    """

    decided: float
    scheduled: float
    index: float | None
    theme: float
    together: float
    unknown: tuple[Listing, ...] = ()

    def steps(self, benchmark: float | None) -> tuple[tuple[str, float], ...]:
        """Return the steps up to `scheduled`, which they sum to.

        Parameters
        ----------
        benchmark
            Return of the index from its own entry, as the result has it; the delay is what the
            names lost to the index between the close and the entry.
        """
        if benchmark is None or self.index is None:
            return (TOGETHER, self.decided), ("delay", self.scheduled - self.decided)
        active = self.decided - self.index
        effects = (
            benchmark,
            self.theme,
            active - self.theme - self.together,
            self.together,
            (self.scheduled - benchmark) - active,
        )
        return tuple(zip(DECISION_STEPS, effects, strict=True))


def decided_of(
    values: ValuePanel,
    windows: Sequence[Window],
    benchmark_of: Callable[[Window, Listing], BenchmarkSeries | None],
    themes: FloatMatrix | None,
    *,
    delay: int,
) -> Mapping[int, Decided]:
    """Return what each window comes to before any order, by the window's identity.

    A name without a close before its entry counts from its entry.

    Parameters
    ----------
    values
        Prices in units of total return, in the base currency.
    windows
        Mature windows.
    benchmark_of
        The index of a name of a window, `None` for none.
    themes
        `(n_sessions, n_listings)` growth of the stocks of each name's industry over the session
        before, in its own currency: 1 on no session of its exchange, NaN where it is not known.
    delay
        Sessions that the entry was put off.
    """
    scheduled = replace(values, paid=values.scheduled)
    known = replace(values, paid=values.marks)
    meant = [_bought_at(window, [leg.entry_row for leg in window.legs]) for window in windows]
    rows = [_known_rows(values, window, delay) for window in windows]
    first = [_bought_at(window, own) for window, own in zip(windows, rows, strict=True)]
    decided, due = _returns(known, first), _returns(scheduled, meant)
    found = {}
    for at, window in enumerate(windows):
        parts = _Parts(values, window, rows[at], benchmark_of, themes)
        found[id(window)] = Decided(
            decided=decided[at], scheduled=due[at], **parts.shares(decided[at])
        )
    return found


def _known_rows(values: ValuePanel, window: Window, delay: int) -> list[int | None]:
    """Return the row of the close at which each name was known; its entry where there is none."""
    found: list[int | None] = []
    for leg in window.legs:
        row = leg.entry_row
        if row is not None:
            own = values.prices.own_rows(leg.column)
            at = int(np.searchsorted(own, row)) - 1 - delay
            if at >= 0 and np.isfinite(values.marks[own[at], leg.column]):
                row = int(own[at])
        found.append(row)
    return found


def _bought_at(window: Window, rows: Sequence[int | None]) -> Window:
    """Return a window whose names with a weight are all bought in some rows."""
    legs = tuple(
        leg
        if leg.state is LegState.DROPPED or row is None
        else replace(leg, state=LegState.HELD, entry_row=row, fill_row=row)
        for leg, row in zip(window.legs, rows, strict=True)
    )
    return replace(window, legs=legs)


def _returns(values: ValuePanel, windows: Sequence[Window]) -> list[float]:
    """Return what windows come to on paper where every name is bought as its leg says."""
    found = [_held_return(values, window) for window in windows]
    others = [at for at, window in enumerate(windows) if window.rebalance is not Rebalance.NONE]
    if others:
        runs = paper_rebalanced(values, [windows[at] for at in others])
        for at, run in zip(others, runs, strict=True):
            found[at] = float(run.path[-1]) - 1
    return found


def _held_return(values: ValuePanel, window: Window) -> float:
    return sum(
        weight * (_growth(values, leg, end) - 1)
        for leg, weight, end in zip(window.legs, window.weights, window.end_rows, strict=True)
        if weight
    )


def _growth(values: ValuePanel, leg: Leg, end: int) -> float:
    """Return what 1 in a leg becomes; 1 where it has no price or no value."""
    if leg.fill_row is None:
        return 1.0
    worth = exit_value(values, leg, end) if _left(leg, end) else values.marks[end, leg.column]
    grown = float(worth / values.paid[leg.fill_row, leg.column])
    return grown if np.isfinite(grown) else 1.0


def _left(leg: Leg, end: int) -> bool:
    """Tell whether a leg ends at the open of a row: it leaves before its horizon."""
    return leg.early and end == leg.exit_row


class _Parts:
    """What the index and the industries did while a window ran, from its known close on."""

    def __init__(
        self,
        values: ValuePanel,
        window: Window,
        rows: Sequence[int | None],
        benchmark_of: Callable[[Window, Listing], BenchmarkSeries | None],
        themes: FloatMatrix | None,
    ) -> None:
        self.values, self.window, self.rows, self.themes = values, window, rows, themes
        self.panel: PricePanel = values.prices
        self.benchmark_of = benchmark_of

    def shares(self, decided: float) -> dict[str, Any]:
        """Return index, theme, together and unknown of `Decided`."""
        index = theme = together = 0.0
        unknown: dict[Listing, None] = {}
        for leg, row, weight, end in zip(
            self.window.legs, self.rows, self.window.weights, self.window.end_rows, strict=True
        ):
            if not weight or row is None:
                continue
            own = self._index(leg, row, end)
            if own is None:
                return {"index": None, "theme": 0.0, "together": decided, "unknown": ()}
            index += weight * own
            grown = self._theme(leg, row, end)
            if grown is None:
                unknown[self.panel.listings[leg.column]] = None
                together += weight * (self._name(leg, row, end) - 1 - own)
            else:
                theme += weight * (grown - 1 - own)
        return {"index": index, "theme": theme, "together": together, "unknown": tuple(unknown)}

    def _name(self, leg: Leg, row: int, end: int) -> float:
        known = replace(self.values, paid=self.values.marks)
        return _growth(known, replace(leg, fill_row=row), end)

    def _index(self, leg: Leg, row: int, end: int) -> float | None:
        """Return the index from the close of one row to that of another."""
        series = self.benchmark_of(self.window, self.panel.listings[leg.column])
        if series is None:
            return None
        last = _quote(series, self.panel.sessions[end], opening=_left(leg, end))
        grown = last / _quote(series, self.panel.sessions[row]) - 1
        return float(grown) if np.isfinite(grown) else None

    def _theme(self, leg: Leg, row: int, end: int) -> float | None:
        if self.themes is None:
            return None
        end -= _left(leg, end)  # an industry has no open: it ends at the close before
        rates = self.panel.fx[[row, end], leg.column]
        grown = np.prod(self.themes[row + 1 : end + 1, leg.column]) * rates[1] / rates[0]
        return float(grown) if np.isfinite(grown) else None


def _quote(series: BenchmarkSeries, day: np.datetime64, *, opening: bool = False) -> float:
    """Return the close of an index on the last session of its exchange up to a day, else NaN.

    Its open if it is wanted, and that day is one of its sessions.
    """
    own = series.calendar.sessions
    at = int(np.searchsorted(own, day, side="right")) - 1
    if at < 0:
        return np.nan
    place = int(np.searchsorted(series.sessions, own[at]))
    if place >= len(series.sessions) or series.sessions[place] != own[at]:
        return np.nan
    return float(series.values[place, int(not (opening and own[at] == day))])
