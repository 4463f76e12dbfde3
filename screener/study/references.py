"""What explains a listing's returns: an index, a matched portfolio, or a table of factors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from screener.domain.arrays import FlagArray, FloatMatrix, FloatVector, IntArray, SessionAxis
from screener.errors import BarsMissing, ScreenerError
from screener.language import say

__all__ = [
    "Reference",
    "factor_reference",
    "index_reference",
    "lacking_reference",
    "no_reference",
    "return_reference",
]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Reference:
    """Series that explain returns, on the rows of a price panel.

    Parameters
    ----------
    name
        Whose they are.
    levels
        `(n_factors, n_rows)` level at the close of each row, the last one carried over days on
        which its own exchange is closed; NaN before the first and after the last.
    opens
        `(n_factors, n_rows)` level at the open of each row, the last close on a day on which its
        exchange is closed; `None` where no opens are known.
    compounded
        Whether a return is the ratio of two levels; else it is their difference.
    missing
        `(n_rows,)` whether its exchange trades that day and it has no value.
    fix
        What to do about a missing value.
    riskless
        `(n_rows,)` sum of the riskless returns up to each row, which a listing's returns are
        counted beyond; `None` for none.
    lack
        Why there is nothing that explains a listing; `None` where there is something.
    """

    name: str
    levels: FloatMatrix
    opens: FloatMatrix | None
    compounded: bool
    missing: FlagArray
    fix: str = ""
    riskless: FloatVector | None = None
    lack: ScreenerError | None = None

    def between(self, starts: IntArray, ends: IntArray) -> FloatMatrix:
        """Return `(n_factors, n)` its returns from the closes of rows to those of others."""
        before, after = self.levels[:, starts], self.levels[:, ends]
        found: FloatMatrix = after / before - 1 if self.compounded else after - before
        return found

    def riskless_between(self, starts: IntArray, ends: IntArray) -> FloatVector:
        """Return `(n,)` the riskless returns over the same sessions."""
        if self.riskless is None:
            return np.zeros(len(starts))
        found: FloatVector = self.riskless[ends] - self.riskless[starts]
        return found

    def from_open(self, row: int) -> FloatVector:
        """Return `(n_factors,)` its return from the open of a row to its close."""
        if self.opens is None:
            return np.full(len(self.levels), np.nan)
        found: FloatVector = self.levels[:, row] / self.opens[:, row] - 1
        return found

    def to_open(self, start: int, row: int) -> FloatVector:
        """Return `(n_factors,)` its return from the close of a row to the open of a later one."""
        if self.opens is None:
            return np.full(len(self.levels), np.nan)
        found: FloatVector = self.opens[:, row] / self.levels[:, start] - 1
        return found

    def check(self, rows: IntArray, sessions: SessionAxis, whose: str) -> None:
        """Refuse rows on which it has no value.

        Raises
        ------
        BarsMissing
            If one of them is missing, or comes before the first value or after the last one.
        """
        unknown = self.missing[rows] | ~np.isfinite(self.levels[:, rows]).all(axis=0)
        if len(self.levels) and unknown.any():
            day = sessions[rows[np.flatnonzero(unknown)[0]]]
            known = sessions[np.isfinite(self.levels).all(axis=0) & ~self.missing]
            held = (
                say("its values run from {first} to {last}", first=known[0], last=known[-1])
                if len(known)
                else say("it has none")
            )
            raise BarsMissing(
                say(
                    "{name} has no value on {day}, which the windows of {whose} need",
                    name=self.name,
                    day=day,
                    whose=whose,
                ),
                where=held,
                fix=self.fix,
            )

    def check_gaps(self, rows: IntArray, sessions: SessionAxis, whose: str) -> None:
        """Refuse gaps among rows; those before its first value are only unknown."""
        begun = np.flatnonzero(np.isfinite(self.levels).all(axis=0))
        self.check(rows[rows >= begun[0]] if len(begun) else rows, sessions, whose)


def no_reference(n_rows: int) -> Reference:
    """Return the reference of a model that needs none."""
    nothing = np.empty((0, n_rows))
    return Reference(
        name="",
        levels=nothing,
        opens=nothing,
        compounded=False,
        missing=np.zeros(n_rows, dtype=np.bool_),
    )


def lacking_reference(n_rows: int, lack: ScreenerError) -> Reference:
    """Return the reference of a listing that a series should explain, and none does."""
    return Reference(
        name="",
        levels=np.full((1, n_rows), np.nan),
        opens=None,
        compounded=True,
        missing=np.zeros(n_rows, dtype=np.bool_),
        lack=lack,
    )


def index_reference(
    name: str,
    axis: SessionAxis,
    sessions: SessionAxis,
    values: FloatMatrix,
    calendar: SessionAxis,
) -> Reference:
    """Lay an index out on the rows of a panel.

    Parameters
    ----------
    name
        Its id.
    axis
        `(n_rows,)` sessions of the panel.
    sessions, values
        `(n,)` sessions with a bar and `(n, 2)` their open and close in the base currency.
    calendar
        Sessions of its exchange.
    """
    known = np.isfinite(values).all(axis=1)
    days, bars = sessions[known], values[known]
    at = np.searchsorted(days, axis, side="right") - 1
    closes = np.full(len(axis), np.nan)
    opens = closes.copy()
    if len(days):
        inside = (at >= 0) & (axis <= days[-1])
        closes[inside] = bars[at[inside], 1]
        today = inside & (days[np.maximum(at, 0)] == axis)
        opens[inside] = closes[inside]  # closed that day: nothing moves
        opens[today] = bars[at[today], 0]
    return Reference(
        name=name,
        levels=closes[np.newaxis],
        opens=opens[np.newaxis],
        compounded=True,
        missing=_missing(axis, days, calendar),
        fix=say(
            "`screener data import FILE --kind index --listing {listing}`, or choose another with "
            "--benchmark",
            listing=name,
        ),
    )


def factor_reference(
    name: str,
    axis: SessionAxis,
    days: SessionAxis,
    table: FloatMatrix,
    *,
    riskless: FloatVector | None = None,
) -> Reference:
    """Lay daily factor returns out on the rows of a panel.

    Parameters
    ----------
    name
        Whose they are, such as the name of their file.
    axis
        `(n_rows,)` sessions of the panel.
    days, table
        `(n,)` days, ascending, and `(n, n_factors)` returns of each, as fractions.
    riskless
        `(n,)` riskless return of each day; `None` for none.
    """
    rows, inside = _places(axis, days)
    return Reference(
        name=name,
        levels=np.array([_sums(len(axis), rows, column[inside]) for column in table.T]),
        opens=None,
        compounded=False,
        missing=_within(axis, days) & ~np.isin(axis, days),
        fix=say("give the table a row for every session of the exchanges of the names"),
        riskless=None if riskless is None else _sums(len(axis), rows, riskless[inside]),
    )


def return_reference(
    name: str, axis: SessionAxis, days: SessionAxis, returns: FloatVector
) -> Reference:
    """Lay the daily returns of a matched portfolio out on the rows of a panel.

    Parameters
    ----------
    name
        Whose they are.
    axis
        `(n_rows,)` sessions of the panel.
    days, returns
        `(n,)` days, ascending, and its return of each, as a fraction; NaN where there is none.
    """
    known = np.isfinite(returns)
    own = days[known]
    rows, inside = _places(axis, own)
    growth = np.exp(_sums(len(axis), rows, np.log1p(returns[known][inside])))
    return Reference(
        name=name,
        levels=growth[np.newaxis],
        opens=None,
        compounded=True,
        missing=_within(axis, own) & ~np.isin(axis, own),
        fix=say("give the portfolio a return on every session of the listing's exchange"),
    )


def _places(axis: SessionAxis, days: SessionAxis) -> tuple[IntArray, FlagArray]:
    inside = np.isin(days, axis)
    rows: IntArray = np.searchsorted(axis, days[inside]).astype(np.int64)
    return rows, inside


def _sums(n_rows: int, rows: IntArray, values: FloatVector) -> FloatVector:
    """Return the sum of values up to each row; NaN before the first but one and after the last."""
    found = np.full(n_rows, np.nan)
    if len(rows):
        steps = np.zeros(n_rows)
        steps[rows] = values
        first = max(int(rows[0]) - 1, 0)  # the day before the first return is where it starts
        found[first : rows[-1] + 1] = np.cumsum(steps)[first : rows[-1] + 1]
    return found


def _missing(axis: SessionAxis, days: SessionAxis, calendar: SessionAxis) -> FlagArray:
    return _within(axis, days) & np.isin(axis, calendar) & ~np.isin(axis, days)


def _within(axis: SessionAxis, days: SessionAxis) -> FlagArray:
    if not len(days):
        return np.zeros(len(axis), dtype=np.bool_)
    found: FlagArray = (axis >= days[0]) & (axis <= days[-1])
    return found
