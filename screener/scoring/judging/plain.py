"""What followed the calls, whatever their broker defines: active returns after fixed sessions.

Each call is bought at the open of the first session in which a reader could act and valued at the
close of session h, that open's session being the first; less its benchmark over the same sessions,
in the direction of its rating. A call that names no security is that of its industry's index, and
without one the mean of the names that it recommends. A call without a rating recommends.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from screener.domain.arrays import FlagMatrix, FloatArray, FloatMatrix, IntArray
from screener.domain.listing import Listing
from screener.domain.total_return import IndexSeries, TotalReturnPanel
from screener.market.calendars import Calendar
from screener.scoring.board.intervals import design_effect, spans_enough
from screener.scoring.definitions.contracts import default_index
from screener.scoring.definitions.horizons import first_on_or_after
from screener.scoring.definitions.scales import word_direction
from screener.scoring.score import Judged
from screener.study.statistics.distributions import t_quantile
from screener.study.statistics.intervals import LEVEL

__all__ = ["HORIZONS", "PlainReturn", "PlainReturns", "plain_return", "plain_returns"]

HORIZONS = (20, 60, 120, 250)
"""Sessions after which returns are taken: about a month, a quarter, half a year and a year."""
_SESSIONS_A_MONTH = 21
_Panels = Sequence[tuple[TotalReturnPanel, Calendar]]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PlainReturns:
    """Returns of calls after fixed sessions.

    Parameters
    ----------
    active
        `(n_calls, n_horizons)` active returns in the rating's direction; NaN without one.
    pending
        `(n_calls, n_horizons)` whether the data do not reach that far yet.
    subject
        `(n_calls,)` code of what each call is on.
    month
        `(n_calls,)` month of each call.
    """

    active: FloatMatrix
    pending: FlagMatrix
    subject: IntArray
    month: IntArray


@dataclass(frozen=True, slots=True, kw_only=True)
class PlainReturn:
    """One group at one horizon; fractions, `None` where undefined.

    Parameters
    ----------
    sessions
        The horizon.
    n, n_pending
        Calls with a return, and those that the data do not reach yet.
    mean, low, high
        Mean active return and its interval, for calls that overlap (`intervals.design_effect`).
    positive
        Share of them above zero.
    """

    sessions: int
    n: int
    n_pending: int
    mean: float | None = None
    low: float | None = None
    high: float | None = None
    positive: float | None = None


def plain_returns(judged: Judged, panels: _Panels) -> PlainReturns:
    """Return what followed each call.

    Parameters
    ----------
    judged
        The calls, with what each is on and measured against.
    panels
        Panels of both markets with their calendars.
    """
    calls = judged.calls
    owner, held = _held(judged)
    shape = (len(owner), len(HORIZONS))
    own, late = np.full(shape, np.nan), np.zeros(shape, dtype=np.bool_)
    for panel, calendar in panels:
        if len(panel.sessions):
            _fill(own, late, panel, calendar, held, judged, owner)
    known = np.isfinite(own)
    counts, sums, waiting = (np.zeros((len(calls), len(HORIZONS))) for _ in range(3))
    np.add.at(counts, owner, known)
    np.add.at(sums, owner, np.where(known, own, 0.0))
    np.add.at(waiting, owner, late)
    sign = _signs(judged)
    pending = (waiting > 0) & (sign != 0)[:, np.newaxis]
    usable = (counts > 0) & ~pending & (sign != 0)[:, np.newaxis]
    active = np.full(counts.shape, np.nan)
    np.divide(sums, counts, out=active, where=usable)
    active *= sign[:, np.newaxis]
    return PlainReturns(
        active=active,
        pending=pending,
        subject=_codes(judged),
        month=calls.published.astype("datetime64[M]").astype(np.int64),
    )


def plain_return(found: PlainReturns, rows: IntArray) -> tuple[PlainReturn, ...]:
    """Return the means of some calls, one for each horizon."""
    return tuple(_mean(found, rows, at) for at in range(len(HORIZONS)))


def _mean(found: PlainReturns, rows: IntArray, at: int) -> PlainReturn:
    values = found.active[rows, at]
    known = np.isfinite(values)
    some, late = values[known], int(found.pending[rows, at].sum())
    n = len(some)
    if not n:
        return PlainReturn(sessions=HORIZONS[at], n=0, n_pending=late)
    mean = float(some.mean())
    half = _half(some - mean, found.month[rows][known], found.subject[rows][known], HORIZONS[at])
    return PlainReturn(
        sessions=HORIZONS[at],
        n=n,
        n_pending=late,
        mean=mean,
        low=None if half is None else mean - half,
        high=None if half is None else mean + half,
        positive=float((some > 0).mean()),
    )


def _half(centred: FloatArray, months: IntArray, subjects: IntArray, sessions: int) -> float | None:
    """Return half the width of the mean's interval; `None` where calls are worth fewer than two."""
    lags = math.ceil(sessions / _SESSIONS_A_MONTH)
    worth = len(centred) / design_effect(centred, months, subjects, lags=lags)
    if not spans_enough(months, lags):  # too short to see what calls of a month share
        worth = min(worth, len(np.unique(months)))
    if worth < 2 or not centred.any():
        return None
    variance = float((centred**2).sum()) / (len(centred) - 1)
    return t_quantile((1 + LEVEL) / 2, worth - 1) * math.sqrt(variance / worth)


def _fill(
    own: FloatMatrix,
    late: FlagMatrix,
    panel: TotalReturnPanel,
    calendar: Calendar,
    held: list[Listing],
    judged: Judged,
    owner: IntArray,
) -> None:
    """Fill in the active returns of what is held on one market, and where it ends too early."""
    column = {item: at for at, item in enumerate(panel.listings)}
    places = np.array([column.get(item, -1) for item in held], dtype=np.int64)
    mine = np.flatnonzero(places >= 0)
    days, last = calendar.sessions, len(panel.sessions)
    begin = first_on_or_after(days, judged.calls.act_from[owner[mine]])
    labels = days[np.maximum(begin, 0)]
    entry = np.searchsorted(panel.sessions, labels)
    inside = (begin >= 0) & (entry < last)
    inside[inside] = panel.sessions[entry[inside]] == labels[inside]
    default = panel.indices.get(default_index(mainland=panel.mainland))
    series = [panel.indices.get(judged.index[row], default) for row in owner[mine].tolist()]
    for at, sessions in enumerate(HORIZONS):
        end = entry + sessions - 1
        late[mine, at] = end >= last
        for one in dict.fromkeys(series):
            if one is None:
                continue
            some = np.array([item is one for item in series], dtype=np.bool_)
            rows = np.flatnonzero(some & inside & (end < last))
            own[mine[rows], at] = _over(panel, one, places[mine[rows]], entry[rows], end[rows])


def _over(
    panel: TotalReturnPanel, series: IndexSeries, columns: IntArray, entry: IntArray, end: IntArray
) -> FloatArray:
    with np.errstate(invalid="ignore", divide="ignore"):
        own = panel.close[end, columns] / panel.open[entry, columns]
        found: FloatArray = own - series.close[end] / series.open[entry]
    return found


def _held(judged: Judged) -> tuple[IntArray, list[Listing]]:
    """Return what is held for each call, with the call that it is held for."""
    pairs = [
        (row, item)
        for row, subject in enumerate(judged.subject.tolist())
        for item in ((subject,) if subject is not None else judged.calls.members[row])
    ]
    return np.array([row for row, _ in pairs], dtype=np.int64), [item for _, item in pairs]


def _signs(judged: Judged) -> FloatArray:
    """Return 1, -1 or 0 for each call: of its contract, else of its word; without one it is up."""
    words = judged.calls.rating.tolist()
    said = {word: int(word_direction(word)) if word else 1 for word in dict.fromkeys(words)}
    told = np.array([said[word] for word in words], dtype=np.float64)
    return np.where(judged.contract >= 0, judged.directions.astype(np.float64), told)


def _codes(judged: Judged) -> IntArray:
    known: dict[object, int] = {}
    keys = (item if item is not None else at for at, item in enumerate(judged.subject.tolist()))
    return np.array([known.setdefault(key, len(known)) for key in keys], dtype=np.int64)
