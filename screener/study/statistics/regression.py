"""The one door to statsmodels: a time-series regression with Newey-West errors."""

from __future__ import annotations

import warnings
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
    from statsmodels.regression.linear_model import OLS  # all of statsmodels takes a second more

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
    options = {"maxlags": lag, "use_correction": True}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fit = OLS(values, design).fit(cov_type="HAC", cov_kwds=options)
    return Regression(
        coefficients=tuple(float(value) for value in fit.params),
        errors=tuple(float(value) for value in fit.bse),
        n=n,
        lag=lag,
    )
