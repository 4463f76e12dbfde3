"""Where one number lies among many drawn ones, and how likely chance alone goes as far."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from screener.domain.arrays import FloatArray
from screener.errors import ComputeError
from screener.language import say

__all__ = ["Placement", "place"]


_SAME = 1e-12  # returns that differ by less are the same basket, summed in another order


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """A real value among drawn ones; `None` where the drawn ones do not differ.

    Parameters
    ----------
    draws
        Values that the p-values count.
    mean, sd
        Their mean, and their standard deviation (n - 1).
    excess
        The real value less the mean.
    quantile
        Share of drawn values below the real one, ties by half.
    p_greater, p_less, p_two_sided
        Monte Carlo p-values (1 + k) / (1 + B): k of the B drawn values are at least, or at most,
        the real one; two-sided is twice the smaller, at most 1.
    p_error
        Monte Carlo standard error of `p_two_sided`; 0 where every possible value was drawn.
    """

    draws: int
    mean: float
    sd: float | None
    excess: float
    quantile: float | None
    p_greater: float | None
    p_less: float | None
    p_two_sided: float | None
    p_error: float | None

    @property
    def distinct(self) -> bool:
        """Whether the drawn values differ, so that there is a p-value."""
        return self.p_two_sided is not None


def place(
    real: float, drawn: FloatArray, *, among: FloatArray | None = None, every: bool = False
) -> Placement:
    """Tell where a value lies among drawn ones.

    (1 + k) / (1 + B) counts the real value among the drawn ones: it is never 0, and rejects a true
    null hypothesis no more often than it says (Davison and Hinkley, Bootstrap Methods and their
    Application, 1997, section 4.2; Phipson and Smyth, 2010, doi:10.2202/1544-6115.1585).

    Parameters
    ----------
    real
        The real value.
    drawn
        `(n_draws,)` drawn values, at least one.
    among
        `(n_others,)` values that quantile and p-values count, where they are not the drawn ones.
    every
        Whether those are all that there are beside the real one, so that nothing is left to
        chance.

    Raises
    ------
    ComputeError
        If there is none, or one is not a number.
    """
    counted = drawn if among is None else among
    _check(real, drawn)
    _check(real, counted)
    mean = float(np.mean(drawn))
    if float(np.ptp(counted)) <= _SAME:
        return _without_spread(len(drawn), mean, real)
    above = int(np.count_nonzero(counted >= real - _SAME))
    below = int(np.count_nonzero(counted <= real + _SAME))
    greater, less = ((1 + count) / (1 + len(counted)) for count in (above, below))
    least = min(greater, less)
    return Placement(
        draws=len(counted),
        mean=mean,
        sd=float(np.std(drawn, ddof=1)),
        excess=real - mean,
        quantile=(len(counted) - above + below) / (2 * len(counted)),
        p_greater=greater,
        p_less=less,
        p_two_sided=min(1.0, 2 * least),
        p_error=0.0 if every else 2 * math.sqrt(least * (1 - least) / (1 + len(counted))),
    )


def _check(real: float, drawn: FloatArray) -> None:
    if not len(drawn) or not (np.isfinite(drawn).all() and math.isfinite(real)):
        raise ComputeError(
            say(
                "{sum} of {n} placebo returns, or the real one ({real}), are no numbers",
                sum=int((~np.isfinite(drawn)).sum()),
                n=len(drawn),
                real=real,
            ),
            fix=say("this is a fault of the program: please report it with the command you typed"),
        )


def _without_spread(draws: int, mean: float, real: float) -> Placement:
    return Placement(
        draws=draws,
        mean=mean,
        sd=0.0 if draws > 1 else None,
        excess=real - mean,
        quantile=None,
        p_greater=None,
        p_less=None,
        p_two_sided=None,
        p_error=None,
    )
