"""Types of arrays, once: what they hold, and the shape that their name tells; days among days."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = [
    "DayArray",
    "FlagArray",
    "FlagMatrix",
    "FloatArray",
    "FloatCube",
    "FloatMatrix",
    "FloatVector",
    "IntArray",
    "Places",
    "SessionAxis",
    "TextArray",
    "among",
]

FloatArray = npt.NDArray[np.float64]
FloatVector = FloatArray
FloatMatrix = FloatArray
"""`(n_sessions, n_listings)` where nothing else is said; so is `FlagMatrix`."""
FloatCube = FloatArray
FlagArray = npt.NDArray[np.bool_]
FlagMatrix = FlagArray
IntArray = npt.NDArray[np.int64]
Places = npt.NDArray[np.intp]
"""Rows or columns of another array."""
DayArray = npt.NDArray[np.datetime64]
"""Days, `datetime64[D]`, in any order; NaT where there is none."""
SessionAxis = DayArray
"""Session labels, ascending, each once, without a zone."""
TextArray = npt.NDArray[np.object_]


def among(days: DayArray, known: DayArray) -> FlagArray:
    """Tell for each day whether it is one of some others.

    Parameters
    ----------
    days
        `(n,)` dates in any order.
    known
        `(m,)` dates in ascending order.

    Returns
    -------
    numpy.ndarray
        `(n,)` of bool; False for NaT. `numpy.isin` sorts both, which takes many times as long.
    """
    if not len(known):
        return np.zeros(len(days), dtype=np.bool_)
    at = np.minimum(np.searchsorted(known, days), len(known) - 1)
    return np.asarray(known[at] == days)
