"""The one door to scipy: distribution functions."""

from __future__ import annotations

from scipy import special

__all__ = ["normal_quantile", "normal_two_sided", "t_quantile", "t_two_sided"]


def normal_two_sided(value: float) -> float:
    """Return the probability that a standard normal variable lies at least as far from 0."""
    return float(2 * special.ndtr(-abs(value)))


def normal_quantile(share: float) -> float:
    """Return the value that a standard normal variable exceeds with probability 1 - `share`."""
    return float(special.ndtri(share))


def t_two_sided(value: float, freedom: float) -> float:
    """Return the probability that a Student t variable lies at least as far from 0."""
    return float(2 * special.stdtr(freedom, -abs(value)))


def t_quantile(share: float, freedom: float) -> float:
    """Return the value that a Student t variable exceeds with probability 1 - `share`."""
    return float(special.stdtrit(freedom, share))
