"""Regressions over time with errors of Newey and West, as statsmodels makes them."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.regression.linear_model import OLS
from statsmodels.tools import add_constant

from screener.study.statistics.regression import least_squares
from tests.support.laws import laws


@laws(60)
@given(
    seed=st.integers(0, 10_000),
    n=st.integers(8, 200),
    n_factors=st.integers(0, 4),
    lag=st.integers(0, 7),
)
def test_coefficients_and_errors_are_those_of_statsmodels(
    seed: int, n: int, n_factors: int, lag: int
) -> None:
    draw = np.random.default_rng(seed)
    factors = draw.normal(size=(n_factors, n)) * 10.0 ** draw.integers(-3, 3)
    noise = draw.normal(size=n).cumsum() * 0.01
    values = 0.001 + factors.sum(axis=0) + noise
    found = least_squares(values, factors, lag=lag)
    design = add_constant(factors.T, has_constant="add") if n_factors else np.ones((n, 1))
    fit = OLS(values, design).fit(cov_type="HAC", cov_kwds={"maxlags": lag, "use_correction": True})
    np.testing.assert_allclose(found.coefficients, fit.params, rtol=1e-8, atol=1e-12)
    np.testing.assert_allclose(found.errors, fit.bse, rtol=1e-7)
