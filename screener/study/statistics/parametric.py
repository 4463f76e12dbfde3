"""Parametric tests of mean abnormal returns."""

from __future__ import annotations

import math

from screener.domain.arrays import FloatVector
from screener.language import say
from screener.study.results import Statistic, TestResult, too_few, unanswered
from screener.study.statistics.distributions import (
    normal_quantile,
    normal_two_sided,
    t_quantile,
    t_two_sided,
)

__all__ = [
    "CONFIDENCE",
    "NO_SPREAD",
    "boehmer_test",
    "cross_sectional_test",
    "kolari_pynnonen_test",
    "patell_test",
]

CONFIDENCE = 0.95
"""Confidence of every interval."""

NO_SPREAD = 1e-12
"""Standard deviation, in units of 1 or of the mean, below which values count as equal."""


def cross_sectional_test(totals: FloatVector, *, correlation: float = 0.0) -> TestResult:
    """Return the mean of abnormal returns over its standard error across events.

    t = mean / (s / √n), s² = Σ (x - mean)² / (n - 1); see Brown and Warner (1985).

    Parameters
    ----------
    totals
        `(n_events,)` abnormal returns, finite.
    correlation
        Mean correlation between events, by which the standard error grows; 0 for the plain test.
    """
    return _mean_test(Statistic.CROSS_SECTION, totals, correlation)


def patell_test(standardised: FloatVector, freedom: FloatVector) -> TestResult:
    """Return the sum of standardised abnormal returns over its standard deviation.

    z = Σ x / √(Σ df / (df - 2)), where x is a return over its forecast error and df the degrees of
    freedom of its σ: with a market model (m - 2) / (m - 4). Patell (1976), equation 6.

    Parameters
    ----------
    standardised
        `(n_events,)` abnormal returns over their forecast errors, finite.
    freedom
        `(n_events,)` degrees of freedom, above 2.
    """
    n = len(standardised)
    if not n:
        return too_few(Statistic.PATELL, n)
    spread = math.sqrt(float((freedom / (freedom - 2)).sum()))
    value, mean = float(standardised.sum()) / spread, float(standardised.mean())
    half_width = normal_quantile((1 + CONFIDENCE) / 2) * spread / n
    return TestResult(
        statistic=Statistic.PATELL,
        n=n,
        estimate=mean,
        low=mean - half_width,
        high=mean + half_width,
        value=value,
        p=normal_two_sided(value),
    )


def boehmer_test(standardised: FloatVector) -> TestResult:
    """Return the mean of standardised abnormal returns over its standard error across events.

    Boehmer, Musumeci and Poulsen (1991), with the forecast-error σ in the denominator of each
    return: it holds where the event itself changes the variance.

    Parameters
    ----------
    standardised
        `(n_events,)` abnormal returns over their forecast errors, finite.
    """
    return _mean_test(Statistic.BMP, standardised, 0.0)


def kolari_pynnonen_test(standardised: FloatVector, correlation: float | None) -> TestResult:
    """Return the BMP test corrected for events that move together.

    t = BMP × √((1 - r) / (1 + (n - 1) r)); Kolari and Pynnönen (2010), equation 4.

    Parameters
    ----------
    standardised
        `(n_events,)` abnormal returns over their forecast errors, finite.
    correlation
        Mean correlation r of the events' residuals, see `CrossCorrelation`; `None` where it is
        not defined.
    """
    n = len(standardised)
    if n < 2 or correlation is None:
        return too_few(Statistic.KOLARI_PYNNONEN, n)
    if not 1 + (n - 1) * correlation > 0 or correlation >= 1:
        note = say("mean correlation {r:.3f} of {n} events leaves no variance", r=correlation, n=n)
        return unanswered(Statistic.KOLARI_PYNNONEN, n, note)
    return _mean_test(Statistic.KOLARI_PYNNONEN, standardised, correlation)


def _mean_test(statistic: Statistic, values: FloatVector, correlation: float) -> TestResult:
    n = len(values)
    if n < 2:
        return too_few(statistic, n)
    mean, deviation = float(values.mean()), float(values.std(ddof=1))
    if deviation <= NO_SPREAD * max(1.0, abs(mean)):
        return unanswered(statistic, n, say("all events have the same value"))
    growth = math.sqrt((1 + (n - 1) * correlation) / (1 - correlation))
    error = deviation / math.sqrt(n) * growth
    value = mean / error
    half_width = t_quantile((1 + CONFIDENCE) / 2, n - 1) * error
    return TestResult(
        statistic=statistic,
        n=n,
        estimate=mean,
        low=mean - half_width,
        high=mean + half_width,
        value=value,
        p=t_two_sided(value, n - 1),
        note=f"r = {correlation:.3f}" if statistic is Statistic.KOLARI_PYNNONEN else "",
    )
