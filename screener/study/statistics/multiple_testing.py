"""Several questions at once: the p of a false answer among them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

__all__ = ["benjamini_hochberg", "holm"]


def holm(p_values: Sequence[float | None]) -> tuple[float | None, ...]:
    """Return each p so adjusted that any false finding at all is as rare as it says.

    The k-th smallest of m is multiplied by m - k + 1 and never falls below a smaller one's;
    Holm (1979).

    Parameters
    ----------
    p_values
        One p per trial; `None` for a trial without an answer, which does not count.
    """
    values, places = _answered(p_values)
    m = len(values)
    order = np.argsort(values, kind="stable")
    raised = np.maximum.accumulate(values[order] * (m - np.arange(m)))
    return _back(p_values, places, order, np.minimum(raised, 1.0))


def benjamini_hochberg(p_values: Sequence[float | None]) -> tuple[float | None, ...]:
    """Return each p so adjusted that it bounds the share of false ones among the findings.

    The k-th smallest of m is multiplied by m / k and never exceeds a greater one's; Benjamini and
    Hochberg (1995), for independent or positively dependent trials.

    Parameters
    ----------
    p_values
        As in `holm`.
    """
    values, places = _answered(p_values)
    m = len(values)
    order = np.argsort(values, kind="stable")
    raised = values[order] * m / np.arange(1, m + 1)
    lowered = np.minimum.accumulate(raised[::-1])[::-1]
    return _back(p_values, places, order, np.minimum(lowered, 1.0))


def _answered(p_values: Sequence[float | None]) -> tuple[np.ndarray, list[int]]:
    places = [at for at, p in enumerate(p_values) if p is not None]
    return np.array([p_values[at] for at in places], dtype=np.float64), places


def _back(
    p_values: Sequence[float | None], places: list[int], order: np.ndarray, adjusted: np.ndarray
) -> tuple[float | None, ...]:
    found: list[float | None] = [None] * len(p_values)
    for rank, at in enumerate(order):
        found[places[int(at)]] = float(adjusted[rank])
    return tuple(found)
