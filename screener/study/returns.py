"""Returns of units in event time: what the models read and what they give."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

from screener.domain.arrays import FlagArray, FloatCube, FloatMatrix, FloatVector, IntArray, Places
from screener.errors import DataError
from screener.language import say
from screener.study.windows import StudyWindows

__all__ = [
    "AbnormalReturns",
    "EventReturns",
    "Timeline",
]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Timeline:
    """Where in calendar time the units' entry sessions are.

    Parameters
    ----------
    positions
        `(n_units,)` number of the entry session among the sessions of the unit's exchange.
    calendars
        `(n_units,)` which of `own_rows` is that exchange's.
    own_rows
        For each calendar `(n_sessions_of_it,)` the row of each of its sessions on one common axis,
        ascending.
    """

    positions: IntArray
    calendars: IntArray
    own_rows: tuple[IntArray, ...]

    def take(self, units: Places) -> Timeline:
        """Return the timeline of some units."""
        return Timeline(
            positions=self.positions[units],
            calendars=self.calendars[units],
            own_rows=self.own_rows,
        )

    @staticmethod
    def single(positions: npt.ArrayLike, n_sessions: int) -> Timeline:
        """Return a timeline on one calendar, whose rows are the common axis."""
        at = np.asarray(positions, dtype=np.int64)
        rows = (np.arange(n_sessions, dtype=np.int64),)
        return Timeline(positions=at, calendars=np.zeros(len(at), dtype=np.int64), own_rows=rows)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class EventReturns:
    """Simple returns of units (baskets or listings) around their entry sessions.

    Parameters
    ----------
    windows
        The windows whose sessions are the columns.
    estimation
        `(n_units, n_estimation)` returns; NaN where there is none.
    estimation_factors
        `(n_factors, n_units, n_estimation)` what explains them, such as the index's return.
    event
        `(n_units, n_columns)` returns; 0 where nothing was traded, NaN where not known (yet).
    event_factors
        `(n_factors, n_units, n_columns)` over the same sessions as the return beside it.
    spans
        `(n_units, n_columns)` sessions that a return covers: 1, more where a name trades again
        after a suspension, 0 where nothing was traded. `None` for 1 throughout.
    """

    windows: StudyWindows
    estimation: FloatMatrix
    estimation_factors: FloatCube
    event: FloatMatrix
    event_factors: FloatCube
    spans: FloatMatrix | None = None

    def __post_init__(self) -> None:
        n, windows = len(self.estimation), self.windows
        k = len(self.estimation_factors)
        shapes = {
            "estimation": (n, windows.n_estimation),
            "estimation_factors": (k, n, windows.n_estimation),
            "event": (n, windows.n_columns),
            "event_factors": (k, n, windows.n_columns),
        }
        if self.spans is not None:
            shapes["spans"] = shapes["event"]
        for name, shape in shapes.items():
            found = getattr(self, name).shape
            if found != shape:
                raise DataError(
                    say(
                        "{name} of the events has shape {found}, not {shape}",
                        name=name,
                        found=found,
                        shape=shape,
                    )
                )

    def __len__(self) -> int:
        """Return how many units there are."""
        return len(self.estimation)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class AbnormalReturns:
    """What the units returned beyond what was expected; made by `models.abnormal_returns`.

    Parameters
    ----------
    values, standardised
        `(n_units, n_columns)` abnormal return, alone and over its forecast error; NaN where it is
        not known (yet), the second one also where nothing was traded.
    car, bhar, scar
        `(n_units, n_parts)` sum of the abnormal returns of each part of the window; compounded
        actual less compounded expected return; `car` over its forecast error. NaN where the part
        is not known to its end, or nothing was traded in all of it.
    residuals
        `(n_units, n_estimation)` of the estimation window; NaN where there was no return.
    sigma
        `(n_units,)` residual standard deviation of one session.
    freedom
        `(n_units,)` its degrees of freedom.
    observations
        `(n_units,)` returns in the estimation window.
    fitted
        `(n_units,)` whether the model could be fitted; else all of the above are NaN.
    coefficients
        `(n_units, 1 + n_factors)` constant and slopes.
    """

    values: FloatMatrix
    standardised: FloatMatrix
    car: FloatMatrix
    bhar: FloatMatrix
    scar: FloatMatrix
    residuals: FloatMatrix
    sigma: FloatVector
    freedom: FloatVector
    observations: IntArray
    fitted: FlagArray
    coefficients: FloatMatrix

    def __len__(self) -> int:
        """Return how many units there are."""
        return len(self.values)

    def take(self, units: Places) -> AbnormalReturns:
        """Return those of some units."""
        return AbnormalReturns(
            **{part.name: getattr(self, part.name)[units] for part in fields(self)}
        )
