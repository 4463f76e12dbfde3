"""The doctor: what is wrong with stored bars, and why it probably is.

Every check is a function from rows to findings. A move beyond the daily limit cannot have been
traded, so it points at the data: a split that nobody undid, a unit, a bad tick.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from screener.data.factors import factor_on
from screener.data.schema import Basis, TableName
from screener.domain.listing import Board, Kind, Listing, parse_listing
from screener.market.calendars import calendar_of
from screener.market.rules import price_limit

__all__ = ["Check", "Finding", "Severity", "examine_bars", "examine_fixings"]

MARGIN = 0.012
"""A move counts once it is beyond its limit by this much: rounding and adjustment stay inside."""

_FREE = 6  # first sessions of a listing that are left alone
_SPLITS = (1.1, 1.2, 1.3, 1.4, 1.5, 1.6, 1.7, 1.8, 2.0, 2.5, 3.0, 4.0, 5.0)
_NEAR = 0.04  # an open this near the split price is explained by it
_TENFOLD = 0.25  # in powers of ten: what lies this near 10 or 100 is a unit
_FX_MOVE = 0.03
_NEVER = np.array([], dtype="datetime64[D]")


class Severity(StrEnum):
    """How bad a finding is."""

    ERROR = "error"
    WARNING = "warning"


class Check(StrEnum):
    """What was checked."""

    PRICE_LIMIT = "price_limit"
    GAP = "gap"
    FX_MOVE = "fx_move"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something that is probably wrong.

    Parameters
    ----------
    value
        What was found: a move as a fraction, or a number of sessions.
    expected
        What it should be.
    """

    table: TableName
    listing: str
    session: date
    check: Check
    severity: Severity
    cause: str
    value: float
    expected: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Series:
    """Bars of one listing in session order, closes and opens in units of total return."""

    listing: Listing
    days: npt.NDArray[np.datetime64]
    opens: npt.NDArray[np.float64]
    closes: npt.NDArray[np.float64]
    halted: npt.NDArray[np.bool_]


def examine_bars(
    bars: pa.Table,
    *,
    suspended: frozenset[tuple[str, date]],
    list_dates: dict[str, date],
    factors: pa.Table,
) -> tuple[Finding, ...]:
    """Look for impossible moves and unexplained gaps in bars.

    Parameters
    ----------
    bars
        Rows of table `bars`, in any order.
    suspended
        Listing and session of every known suspension.
    list_dates
        First trading day of each listing that is known.
    factors
        Rows of table `factors`, applied to raw closes.

    Returns
    -------
    tuple
        Findings by listing and session.
    """
    if not bars.num_rows:
        return ()
    start = bars.column("session").to_numpy().astype("datetime64[D]").min()
    found: list[Finding] = []
    for series in _series(bars, suspended, factors):
        found.extend(_moves(series, list_dates.get(series.listing.id), start))
        found.extend(_gaps(series))
    return tuple(sorted(found, key=lambda item: (item.listing, item.session, item.check)))


def examine_fixings(fx: pa.Table) -> tuple[Finding, ...]:
    """Look for currency fixings that jump by more than 3 %.

    Parameters
    ----------
    fx
        Rows of table `fx`, sorted by pair and session.
    """
    found = []
    rows = fx.select(["pair", "session", "rate"]).to_pylist()
    for before, row in pairwise(rows):
        move = row["rate"] / before["rate"] - 1
        if before["pair"] == row["pair"] and abs(move) > _FX_MOVE:
            found.append(
                Finding(
                    table=TableName.FX,
                    listing=row["pair"],
                    session=row["session"],
                    check=Check.FX_MOVE,
                    severity=Severity.WARNING,
                    cause="unit error or bad fixing",
                    value=move,
                    expected="within ±3 %",
                )
            )
    return tuple(found)


def _series(
    bars: pa.Table, suspended: frozenset[tuple[str, date]], factors: pa.Table
) -> list[_Series]:
    coded = bars.column("listing").combine_chunks().dictionary_encode()
    names, codes = coded.dictionary.to_pylist(), coded.indices.to_numpy()
    days = bars.column("session").to_numpy().astype("datetime64[D]")
    opens, closes = (bars.column(name).to_numpy() for name in ("open", "close"))
    adjusted = pc.equal(bars.column("basis"), str(Basis.ADJUSTED)).to_numpy()
    order = np.lexsort((days, codes))
    ends = np.flatnonzero(np.diff(codes[order])) + 1
    steps, halts = _steps(factors), _halts(suspended)
    found = []
    for rows in np.split(order, ends):
        name = str(names[codes[rows[0]]])
        listing = parse_listing(name, kind=Kind.SECURITY)
        if listing.board is Board.INDEX:
            continue
        factor = 1.0 if adjusted[rows[0]] else _factor(steps.get(name, []), days[rows])
        found.append(
            _Series(
                listing=listing,
                days=days[rows],
                opens=opens[rows] * factor,
                closes=closes[rows] * factor,
                halted=np.isin(days[rows], halts.get(name, _NEVER)),
            )
        )
    return found


def _halts(suspended: frozenset[tuple[str, date]]) -> dict[str, npt.NDArray[np.datetime64]]:
    found: dict[str, list[date]] = {}
    for name, day in suspended:
        found.setdefault(name, []).append(day)
    return {name: np.array(days, dtype="datetime64[D]") for name, days in found.items()}


def _steps(factors: pa.Table) -> dict[str, list[tuple[date, float]]]:
    found: dict[str, list[tuple[date, float]]] = {}
    for row in factors.select(["listing", "ex_session", "factor"]).to_pylist():
        found.setdefault(row["listing"], []).append((row["ex_session"], row["factor"]))
    return found


def _factor(
    steps: list[tuple[date, float]], days: npt.NDArray[np.datetime64]
) -> npt.NDArray[np.float64]:
    when = np.array([day for day, _ in steps], dtype="datetime64[D]")
    return factor_on(when, np.array([value for _, value in steps], dtype=np.float64), days)


def _moves(series: _Series, listed: date | None, start: np.datetime64) -> list[Finding]:
    moves = series.closes[1:] / series.closes[:-1] - 1
    limits = _limits(series)[1:]
    beyond = np.abs(moves) > limits + MARGIN
    young = series.days[0] > start or (listed is not None and np.datetime64(listed, "D") >= start)
    if young:
        beyond[: _FREE - 1] = False
    return [
        Finding(
            table=TableName.BARS,
            listing=series.listing.id,
            session=series.days[at + 1].item(),
            check=Check.PRICE_LIMIT,
            severity=Severity.ERROR,
            cause=_cause(series, int(at) + 1, float(limits[at])),
            value=float(moves[at]),
            expected=f"within ±{limits[at]:.0%}",
        )
        for at in np.flatnonzero(beyond)
    ]


def _limits(series: _Series) -> npt.NDArray[np.float64]:
    """Return each session's limit as a fraction, infinite without one; ST's is not assumed."""
    rules: dict[date, float] = {}
    ends = (series.days[0].item(), series.days[-1].item())
    for day in ends:
        rule = price_limit(series.listing.board, day, st=False)
        rules[day] = rule.limit if rule else np.inf
    if rules[ends[0]] == rules[ends[1]]:  # no limit of a board was ever changed and changed back
        return np.full(len(series.days), rules[ends[0]])
    daily = [price_limit(series.listing.board, day.item(), st=False) for day in series.days]
    return np.array([rule.limit if rule else np.inf for rule in daily])


def _cause(series: _Series, at: int, limit: float) -> str:
    ratio = series.closes[at] / series.closes[at - 1]
    power = np.log10(ratio)
    if abs(power) > 1 - _TENFOLD and abs(power - round(power)) < _TENFOLD:
        return f"unit error, {10 ** abs(round(power))}×"
    if at + 1 < len(series.closes):
        back = series.closes[at + 1] / series.closes[at - 1] - 1
        if abs(back) <= limit / 2 and abs(ratio - 1) > limit:
            return "bad tick: the next close is back"
    split = _split(series, at)
    if split is not None:
        return f"missed split {split:g}×" if split > 1 else f"missed reverse split {1 / split:g}×"
    if series.halted[max(0, at - 5) : at].any() or _sessions_apart(series, at) > 1:
        return "first session after a halt: perhaps without a limit"
    return "unexplained"


def _split(series: _Series, at: int) -> float | None:
    """Return the split, below 1 for a reverse one, that explains the open; `None` for none."""
    fall = series.closes[at - 1] / series.opens[at]
    candidates = [*_SPLITS, *(1 / split for split in _SPLITS)]
    best = min(candidates, key=lambda split: abs(fall / split - 1))
    return best if abs(fall / best - 1) <= _NEAR else None


def _sessions_apart(series: _Series, at: int) -> int:
    between = calendar_of(series.listing.exchange).between(
        series.days[at - 1].item(), series.days[at].item()
    )
    return len(between) - 1


def _gaps(series: _Series) -> list[Finding]:
    """Find runs of sessions without a bar between a listing's first and last one."""
    calendar = calendar_of(series.listing.exchange)
    expected = calendar.between(series.days[0].item(), series.days[-1].item())
    if len(expected) <= len(series.days):
        return []
    position = np.searchsorted(expected, series.days)
    missing = np.diff(position) - 1
    return [
        Finding(
            table=TableName.BARS,
            listing=series.listing.id,
            session=expected[position[at] + 1].item(),
            check=Check.GAP,
            severity=Severity.WARNING,
            cause="suspension without a record, or missing rows",
            value=float(missing[at]),
            expected="a bar or a suspension on every session",
        )
        for at in np.flatnonzero(missing > 0)
    ]
