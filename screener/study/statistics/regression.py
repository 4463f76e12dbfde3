"""A time-series regression with Newey-West errors: statsmodels takes two seconds to load for it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from screener.domain.arrays import FloatMatrix, FloatVector
from screener.errors import ComputeError
from screener.language import say

__all__ = ["Regression", "automatic_lag", "least_squares"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Regression:
    """Coefficients, the constant first, with their standard errors; and the lag of the errors."""

    coefficients: tuple[float, ...]
    errors: tuple[float, ...]
    n: int
    lag: int


def automatic_lag(n: int) -> int:
    """Return the lag 4 (n/100)^(2/9), rounded down; Newey and West (1994)."""
    return int(4 * (n / 100) ** (2 / 9))


def least_squares(values: FloatVector, factors: FloatMatrix, *, lag: int) -> Regression:
    """Regress values on a constant and factors, with errors of Newey and West (1987).

    Parameters
    ----------
    values
        `(n,)` what is explained, in order of time.
    factors
        `(n_factors, n)` what explains it.
    lag
        Sessions over which errors may be related; 0 for errors robust to unequal variance alone.

    Raises
    ------
    ComputeError
        If there are not more values than coefficients, or the factors do not vary.
    """
    n, k = len(values), len(factors) + 1
    design = np.column_stack([np.ones(n), *factors])
    if n <= k or np.linalg.matrix_rank(design) < k:
        raise ComputeError(
            say(
                "{n} sessions with {factors} factors do not determine {coefficients} coefficients",
                n=n,
                factors=k - 1,
                coefficients=k,
            ),
            fix=say("study more events, or fewer factors"),
        )
    orthogonal, upper = np.linalg.qr(design)
    inverse = np.linalg.inv(upper)
    coefficients = inverse @ (orthogonal.T @ values)
    scores = design * (values - design @ coefficients)[:, np.newaxis]
    middle = scores.T @ scores
    for apart in range(1, lag + 1):
        both = scores[apart:].T @ scores[:-apart]
        middle += (1 - apart / (lag + 1)) * (both + both.T)
    bread = inverse @ inverse.T
    errors = np.sqrt(np.diag(bread @ middle @ bread) * n / (n - k))  # corrected for small samples
    return Regression(
        coefficients=tuple(float(value) for value in coefficients),
        errors=tuple(float(value) for value in errors),
        n=n,
        lag=lag,
    )
