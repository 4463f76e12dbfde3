"""One listing's returns in event time.

The rule for suspensions: in the estimation window only returns over a single session count. In the
event window a session without a trade has an abnormal return of 0, and the first session with one
answers for all sessions since the last: what it returned, less what was expected of them all
(Maynes and Rumsey 1993). A purchase is blocked and waits as in a backtest, and the reader's window
ends at the open of an early exit as the paper path of one does: what comes later is no return.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np

from screener.domain.arrays import FlagArray, FloatMatrix, FloatVector, IntArray
from screener.domain.basket import EntryPrice, Leaves
from screener.domain.exits import ExitRules
from screener.domain.panel import PricePanel
from screener.errors import BarsMissing, DataError, ScreenerError
from screener.language import say
from screener.paths.exits import end_quote, exited
from screener.paths.legs import Leg, LegState, resolve_leg
from screener.paths.windows import NO_EXITS
from screener.study.references import Reference
from screener.study.windows import StudyWindows

__all__ = ["LegReturns", "leg_returns", "total_returns"]

_NO_VARIANCE = 1e-12


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LegReturns:
    """One listing around its entry session.

    Parameters
    ----------
    column
        Its column in the panel.
    entry
        Its entry session.
    position
        Number of the entry session among those of its exchange in the panel; -1 where the tables
        do not reach it.
    reason
        Why it is left out; empty if it is kept.
    lack
        What is missing that its returns need, where it is left out for that.
    settled
        Whether no later session can change that.
    stopped
        Whether its data end before its window does, while the tables go on.
    observations
        Returns in its estimation window.
    estimation, estimation_factors, event, event_factors, spans
        One unit's part of `EventReturns`.
    """

    column: int
    entry: date
    position: int
    reason: str
    settled: bool
    stopped: bool
    observations: int
    estimation: FloatVector
    estimation_factors: FloatMatrix
    event: FloatVector
    event_factors: FloatMatrix
    spans: FloatVector
    lack: ScreenerError | None = None

    @property
    def kept(self) -> bool:
        """Whether it has a part in its event."""
        return not self.reason


def total_returns(panel: PricePanel) -> tuple[FloatMatrix, FloatMatrix]:
    """Return opens and closes in units of total return, in the base currency; NaN without a bar."""
    scale = panel.factor * panel.fx
    return panel.open * scale, panel.close * scale


def leg_returns(
    panel: PricePanel,
    prices: tuple[FloatMatrix, FloatMatrix],
    column: int,
    entry: date,
    reference: Reference,
    windows: StudyWindows,
    *,
    last_available: date,
    max_wait: int,
    exits: ExitRules = NO_EXITS,
    leaves: Leaves = (),
) -> LegReturns:
    """Cut one listing's returns around its entry session.

    Parameters
    ----------
    panel
        Prices and facts.
    prices
        Its opens and closes as `total_returns` gives them.
    column, entry
        The listing and its entry session.
    reference
        What explains its returns.
    windows
        Estimation and event window.
    last_available
        Last available session of any exchange of the event.
    max_wait
        Sessions that a blocked purchase may wait.
    exits, leaves
        Rules of the reader's exit before the window ends, as in `paths.exits.exited`.

    A listing whose windows need what is missing (a value of the reference, a fixing) is left out.
    """
    leg = resolve_leg(
        panel,
        column,
        entry=entry,
        horizon=windows.event[1] + 1,
        max_wait=min(max_wait, windows.event[1]),
        last_available=last_available,
    )
    leg = exited(panel, leg, exits, leaves, EntryPrice.OPEN)
    if leg.state is LegState.DROPPED or leg.entry_row is None:
        return _without(leg, entry, reference, windows)
    if reference.lack is not None:
        return _without(leg, entry, reference, windows, reference.lack)
    cut = _Cut(panel, prices, leg, reference, windows, last_available)
    lack = cut.foreign_gap()
    if lack is not None:
        return _without(leg, entry, reference, windows, lack)
    try:
        estimation, learned = cut.estimation()
        event, around, spans = cut.event()
    except BarsMissing as error:
        return _without(leg, entry, reference, windows, error)
    return LegReturns(
        column=column,
        entry=entry,
        position=cut.at,
        reason=cut.reason(estimation, learned),
        settled=True,
        stopped=leg.stopped,
        observations=int(np.isfinite(estimation).sum()),
        estimation=estimation,
        estimation_factors=learned,
        event=event,
        event_factors=around,
        spans=spans,
    )


def _without(
    leg: Leg,
    entry: date,
    reference: Reference,
    windows: StudyWindows,
    lack: ScreenerError | None = None,
) -> LegReturns:
    """Return a leg of which nothing is known (yet), or that lacks something."""
    k = len(reference.levels)
    reason = leg.reason.told if leg.state is LegState.DROPPED else ""
    return LegReturns(
        column=leg.column,
        entry=entry,
        position=-1,
        reason=reason if lack is None else lack.what,
        settled=leg.settled or lack is not None,
        stopped=leg.stopped,
        observations=0,
        estimation=np.full(windows.n_estimation, np.nan),
        estimation_factors=np.full((k, windows.n_estimation), np.nan),
        event=np.full(windows.n_columns, np.nan),
        event_factors=np.full((k, windows.n_columns), np.nan),
        spans=np.ones(windows.n_columns),
        lack=lack,
    )


class _Cut:
    """Returns of a listing by the sessions of its exchange, and where its windows lie in them."""

    def __init__(
        self,
        panel: PricePanel,
        prices: tuple[FloatMatrix, FloatMatrix],
        leg: Leg,
        reference: Reference,
        windows: StudyWindows,
        last_available: date,
    ) -> None:
        self._panel, self._windows, self._reference = panel, windows, reference
        self._opens, self._closes = prices[0][:, leg.column], prices[1][:, leg.column]
        self._own = panel.own_rows(leg.column).astype(np.int64)
        self.at = int(np.searchsorted(self._own, leg.entry_row or 0))
        self._column, self._leg = leg.column, leg
        fill = leg.fill_row
        self._fill = None if fill is None else int(np.searchsorted(self._own, fill))
        covered = panel.covered_rows(leg.column)
        end = min(int(covered[-1]), panel.row_after(last_available) - 1)
        self._end = int(np.searchsorted(self._own, end, side="right")) - 1
        traded = np.isfinite(self._closes[self._own])
        last = np.maximum.accumulate(np.where(traded, np.arange(len(self._own)), -1))
        self._before: IntArray = np.concatenate([[-1], last[:-1]]).astype(np.int64)
        self._valid: FlagArray = traded & (self._before >= 0)

    def estimation(self) -> tuple[FloatVector, FloatMatrix]:
        """Return the returns over single sessions of the estimation window, and their factors."""
        first, last = self._windows.estimation
        places = self.at + np.arange(first, last + 1)
        inside = places >= 0
        single = np.zeros(len(places), dtype=np.bool_)
        own = places[inside]
        single[inside] = self._valid[own] & (own - self._before[own] == 1)
        rows = self._own[places[single]]
        name = str(self._panel.listings[self._column])
        self._reference.check_gaps(rows, self._panel.sessions, name)
        values = np.full(len(places), np.nan)
        factors = np.full((len(self._reference.levels), len(places)), np.nan)
        values[single], factors[:, single] = self._returns(places[single])
        return values, factors

    def event(self) -> tuple[FloatVector, FloatMatrix, FloatVector]:
        """Return the returns of the event matrix's columns, their factors and spans."""
        first, last = self._windows.event
        found = [self._around(self.at + np.arange(first, last + 1))]
        if self._windows.reader:
            found.append(self._read(self.at + np.arange(last + 1)))
        values, factors, spans = zip(*found, strict=True)
        return np.concatenate(values), np.concatenate(factors, axis=1), np.concatenate(spans)

    def reason(self, values: FloatVector, factors: FloatMatrix) -> str:
        """Tell why it cannot be judged; empty if it can."""
        known = np.isfinite(values) & np.isfinite(factors).all(axis=0)
        needed = self._windows.needed
        if known.sum() < needed:
            return say(
                "{n} returns in the estimation window, {needed} are needed",
                n=int(known.sum()),
                needed=needed,
            )
        if float(np.std(values[known])) <= _NO_VARIANCE:
            return say("its price does not move in the estimation window")
        return ""

    def foreign_gap(self) -> DataError | None:
        """Return the error of a listing in foreign currency without a fixing in its windows."""
        first = max(self.at + self._windows.estimation[0] - 1, 0)
        rows = self._own[first : min(self._end, self.at + self._windows.event[1]) + 1]
        quoted = np.isfinite(self._panel.close[rows, self._column])
        if not (quoted & ~np.isfinite(self._panel.fx[rows, self._column])).any():
            return None
        return DataError(
            say("no fixing of its currency in its windows"),
            where=say("table fx"),
            fix=say("import the fixings: `screener data import FILE --kind fx`"),
        )

    def _returns(self, places: IntArray) -> tuple[FloatVector, FloatMatrix]:
        starts, ends = self._own[self._before[places]], self._own[places]
        values = self._closes[ends] / self._closes[starts] - 1
        values = values - self._reference.riskless_between(starts, ends)
        return values, self._reference.between(starts, ends)

    def _around(self, places: IntArray) -> tuple[FloatVector, FloatMatrix, FloatVector]:
        """Return what sessions returned since the last one with a trade; NaN past what is known."""
        values = np.where(places > self._end, np.nan, 0.0)
        factors = np.zeros((len(self._reference.levels), len(places)))
        spans = np.where(places > self._end, 1.0, 0.0)
        inside = (places >= 0) & (places <= self._end)
        traded = np.flatnonzero(inside)[self._valid[places[inside]]]
        own = places[traded]
        name = str(self._panel.listings[self._column])
        needed = np.concatenate([self._own[own], self._own[self._before[own]]])
        if len(self._reference.levels):
            self._reference.check(needed, self._panel.sessions, name)
        values[traded], factors[:, traded] = self._returns(own)
        spans[traded] = own - self._before[own]
        return values, factors, spans

    def _read(self, places: IntArray) -> tuple[FloatVector, FloatMatrix, FloatVector]:
        """Return what a purchase at the first buyable open returned; 0 before it."""
        values, factors, spans = self._around(places)
        known = places <= self._end
        bought = len(self._own) if self._fill is None else self._fill
        idle = known & (places < bought)
        values[idle], factors[:, idle], spans[idle] = 0.0, 0.0, 0.0
        at = np.flatnonzero(places == bought)
        if len(at) and self._fill is not None:
            row = int(self._own[self._fill])
            values[at] = self._closes[row] / self._opens[row] - 1
            if len(factors):
                factors[:, at] = self._reference.from_open(row)[:, np.newaxis]
            spans[at] = 1.0
        if self._leg.early:
            self._leave(places, values, factors, spans)
        return values, factors, spans

    def _leave(
        self, places: IntArray, values: FloatVector, factors: FloatMatrix, spans: FloatVector
    ) -> None:
        """End the returns at the open of the exit; where it has none, at the close before it."""
        row = self._leg.exit_row or 0
        out = int(np.searchsorted(self._own, row))
        left = places >= out
        values[left], factors[:, left], spans[left] = 0.0, 0.0, 0.0
        at = np.flatnonzero(places == out)
        if not len(at) or not end_quote(self._panel, self._leg, row).opening:
            return
        start = int(self._own[self._before[out]])
        values[at] = self._opens[row] / self._closes[start] - 1
        if len(factors):
            factors[:, at] = self._reference.to_open(start, row)[:, np.newaxis]
        spans[at] = out - self._before[out]
