"""The factor that a listing's holding has on a session; reading it needs no more than numpy."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ["factor_on"]


def factor_on(
    ex_sessions: npt.NDArray[np.datetime64],
    factors: npt.NDArray[np.float64],
    sessions: npt.NDArray[np.datetime64],
) -> npt.NDArray[np.float64]:
    """Return one listing's factor on each session: the last one on or before it, else 1.

    Parameters
    ----------
    ex_sessions, factors
        `(n_actions,)` rows of table `factors` of the listing, ascending.
    sessions
        `(n_sessions,)` days in any order.

    Returns
    -------
    numpy.ndarray
        `(n_sessions,)` cumulative multiplier.
    """
    held: npt.NDArray[np.float64] = np.concatenate([[1.0], factors])
    return held[np.searchsorted(ex_sessions, sessions, side="right")]
