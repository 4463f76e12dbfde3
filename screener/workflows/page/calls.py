"""How calls went: the active return of each through its horizon, and what its rating promises."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from screener.domain.listing import Listing
from screener.domain.total_return import TotalReturnPanel
from screener.workflows.score.run import ScoreRun

__all__ = ["CallPath", "call_paths"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CallPath:
    """One call through its horizon.

    Parameters
    ----------
    call
        Its id.
    sessions
        Sessions from its first close to its last, or to the last there is.
    active
        Return of the security less that of its benchmark at each close, `None` without one.
    due
        Day on which its horizon ends.
    low, high
        What its rating promises, as fractions; `None` for an open end.
    """

    call: str
    sessions: Sequence[date]
    active: Sequence[float | None]
    due: date
    low: float | None
    high: float | None


def call_paths(run: ScoreRun, *, most: int) -> dict[str, CallPath]:
    """Return the paths of the newest calls that have begun, by the call's id.

    Parameters
    ----------
    run
        A score.
    most
        How many at most.
    """
    judged = run.judged
    begun = np.flatnonzero(~np.isnat(judged.outcomes.end) & (judged.contract >= 0))
    columns = [
        (panel, {listing: at for at, listing in enumerate(panel.listings)}) for panel in run.panels
    ]
    found: dict[str, CallPath] = {}
    for row in begun[::-1][:most].tolist():
        path = _path(run, row, columns)
        if path is not None:
            found[path.call] = path
    return found


def _path(
    run: ScoreRun, row: int, panels: Sequence[tuple[TotalReturnPanel, Mapping[Listing, int]]]
) -> CallPath | None:
    judged = run.judged
    subject, index = judged.subject[row], judged.index[row]
    for panel, columns in panels:
        series = panel.indices.get(index)
        if subject not in columns or series is None or subject.exchange.mainland != panel.mainland:
            continue
        first = int(np.searchsorted(panel.sessions, judged.outcomes.start[row]))
        last = int(np.searchsorted(panel.sessions, judged.outcomes.end[row], side="right"))
        closes = panel.close[first:last, columns[subject]]
        levels = series.close[first:last]
        if len(closes) <= 1:
            return None
        with np.errstate(invalid="ignore", divide="ignore"):
            active = closes / closes[0] - levels / levels[0]
        band = judged.contracts[judged.contract[row]].band
        return CallPath(
            call=str(judged.calls.id[row]),
            sessions=panel.sessions[first:last].tolist(),
            active=[float(value) if np.isfinite(value) else None for value in active],
            due=judged.due[row].item(),
            low=band.low,
            high=band.high,
        )
    return None
