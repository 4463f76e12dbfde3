"""What units return over every entry that an estimated date of publication allows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from screener.domain.arrays import FloatCube, Places
from screener.errors import ScreenerError
from screener.study.statistics.winsorising import winsorised
from screener.study.units import StudyEvent, Units

__all__ = ["DateBands", "date_bands"]

Studied = Callable[[Sequence[StudyEvent]], Units]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DateBands:
    """Least and greatest cumulative abnormal return of each unit over its allowed entries.

    Parameters
    ----------
    values
        `(n_units, n_parts, 2)` least and greatest; NaN where the part of any allowed entry is not
        finished, or nothing was traded in it. Of a unit whose date is known, its own return twice.
    estimated
        Numbers of the units whose date is estimated.
    """

    values: FloatCube
    estimated: Places

    def of_unit(self, unit: int, part: int) -> tuple[float, float] | None:
        """Return those of a unit whose date is estimated; `None` for others, or while unknown."""
        found = self.values[unit, part]
        if unit not in self.estimated or not np.isfinite(found).all():
            return None
        return float(found[0]), float(found[1])

    def of_mean(self, units: Places, part: int, winsor: float) -> tuple[float, float] | None:
        """Return the least and the greatest mean of some units, each date moved on its own.

        `None` if the date of none of them is estimated, or what one may return is not known.
        """
        found = self.values[units, part]
        if not np.isin(units, self.estimated).any() or not np.isfinite(found).all():
            return None
        low, high = (winsorised(found[:, side], winsor)[0].mean() for side in (0, 1))
        return float(low), float(high)


def date_bands(units: Units, choices: Sequence[Sequence[StudyEvent]], study: Studied) -> DateBands:
    """Study every event at each entry that its date allows.

    Parameters
    ----------
    units
        The units at their main entries.
    choices
        For each event all allowed entries, the main one first.
    study
        Returns the units of some events, as it did `units`.
    """
    own = _returns(units)
    low, high = own.copy(), own.copy()
    several = [at for at, found in enumerate(choices) if len(found) > 1]
    events = np.array([unit.event for unit in units.every], dtype=np.int64)
    for at in several:
        mine = np.flatnonzero(events == at)
        for other in choices[at][1:]:
            found = _others(study, other, len(mine), own.shape[1])
            # NaN of any entry stays: a number that later sessions would move has no place here.
            low[mine], high[mine] = np.minimum(low[mine], found), np.maximum(high[mine], found)
    return DateBands(
        values=np.stack([low, high], axis=2),
        estimated=np.flatnonzero(np.isin(events, several)),
    )


def _others(study: Studied, event: StudyEvent, n_units: int, n_parts: int) -> np.ndarray:
    try:
        return _returns(study([event]))
    except ScreenerError:  # what is missing leaves no unit of this entry
        return np.full((n_units, n_parts), np.nan)


def _returns(units: Units) -> np.ndarray:
    found = np.full((len(units.every), units.abnormal.car.shape[1]), np.nan)
    found[units.kept] = units.abnormal.car
    return found
