"""Types of arrays, once: what they hold, and the shape that their name tells."""

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
