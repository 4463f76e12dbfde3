"""Values beyond a share of either tail are set to the last one within it."""

from __future__ import annotations

import numpy as np

from screener.domain.arrays import FloatVector, Places

__all__ = ["winsorised"]


def winsorised(values: FloatVector, share: float) -> tuple[FloatVector, Places]:
    """Set the `g` smallest values to the next one and the `g` greatest to the one before them.

    g is `share` of their number, rounded down: few events have no tail to set. Dixon (1960).

    Parameters
    ----------
    values
        `(n,)` values, finite.
    share
        Share of each tail, from 0 to below ½.

    Returns
    -------
    tuple
        `(n,)` values, the same ones where nothing is set; and the places of those that were.
    """
    tail = int(share * len(values) + 1e-9)
    if not tail:
        return values, np.empty(0, dtype=np.intp)
    order = np.sort(values)
    bounded = np.clip(values, order[tail], order[-tail - 1])
    return bounded, np.flatnonzero(bounded != values)
