"""Measures of a value path."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ["max_drawdown"]


def max_drawdown(values: npt.NDArray[np.float64], *, initial: float = 1.0) -> float:
    """Return the deepest fall from an earlier peak.

    Parameters
    ----------
    values
        `(n_sessions,)` value at each close, positive, no NaN.
    initial
        Value before the first session: the first peak, so that a first-day loss counts.

    Returns
    -------
    float
        Fraction, at most 0.
    """
    path = np.concatenate([[initial], values])
    peaks = np.maximum.accumulate(path)
    return float((path / peaks - 1).min())
