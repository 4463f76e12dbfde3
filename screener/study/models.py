"""Expected-return models, and abnormal returns with their forecast errors.

A unit's returns of the estimation window are explained by a constant and factors (ordinary least
squares), or are compared with one factor as it is. A return that covers `s` sessions is expected
to be `s` times the constant plus the slopes times the factors over the same sessions.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum

import numpy as np

from screener.domain.arrays import FlagArray, FloatCube, FloatMatrix, FloatVector, IntArray
from screener.errors import InputError
from screener.language import say
from screener.paths.workers.parallel import mapped
from screener.study.returns import AbnormalReturns, EventReturns
from screener.study.windows import StudyWindows

__all__ = ["UNITS_AT_ONCE", "Convention", "Model", "abnormal_returns"]

UNITS_AT_ONCE = 1_000
"""Units whose arrays are worked on together: they fit into the processor's cache."""

_SINGULAR = 1e-12  # of a factor's variation that the other factors leave
_NO_VARIANCE = 1e-12  # residual standard deviation below which returns count as constant


class Model(StrEnum):
    """What a unit is expected to return."""

    MARKET = "market"
    MARKET_ADJUSTED = "market-adjusted"
    MEAN_ADJUSTED = "mean-adjusted"
    MATCHED = "matched"
    FACTORS = "factors"

    @property
    def estimated(self) -> bool:
        """Whether a constant and slopes are estimated."""
        return self not in (Model.MARKET_ADJUSTED, Model.MATCHED)

    @property
    def meaning(self) -> str:
        """What it expects, in a few words."""
        return _MEANINGS[self]()


_MEANINGS: dict[Model, Callable[[], str]] = {
    Model.MARKET: lambda: say("constant + slope × index, by least squares"),
    Model.MARKET_ADJUSTED: lambda: say("the index's return"),
    Model.MEAN_ADJUSTED: lambda: say("the unit's own mean of the estimation window"),
    Model.MATCHED: lambda: say("the return of its matched portfolio"),
    Model.FACTORS: lambda: say("constant + slopes × factors, by least squares"),
}


class Convention(StrEnum):
    """How σ and the forecast error are computed.

    `textbook`: σ² is the sum of squared residuals over its degrees of freedom (returns less
    estimated coefficients), and the forecast error takes the factor's mean and variation over the
    sessions that the unit's own regression used (Patell 1976; Mikkelson and Partch 1988 for sums).
    `estudy2`: as the R package of that name: σ divides by returns less 1, and the market's mean and
    variation run over the whole estimation window while 1/n uses the unit's own n.
    """

    TEXTBOOK = "textbook"
    ESTUDY2 = "estudy2"


def abnormal_returns(
    returns: EventReturns,
    model: Model = Model.MARKET,
    *,
    convention: Convention = Convention.TEXTBOOK,
    jobs: int = 1,
) -> AbnormalReturns:
    """Fit a model to each unit and return what its event window holds beyond it.

    Parameters
    ----------
    returns
        Returns in event time; `market`, `market-adjusted` and `matched` need one factor,
        `mean-adjusted` none, `factors` at least one.
    model, convention
        Expected return, and how its error is computed.
    jobs
        Workers, threads; the results are independent of it.

    Returns
    -------
    AbnormalReturns
        NaN for units with too few returns, without any variance, or with factors that do not vary.

    Raises
    ------
    InputError
        If the factors do not fit the model, or the convention does not fit it.
    """
    _check(returns, model, convention)
    parts = [slice(at, at + UNITS_AT_ONCE) for at in range(0, len(returns), UNITS_AT_ONCE)]
    out = _empty(returns)

    def work(units: slice) -> None:
        _fill(out, returns, units, model, convention)

    mapped(work, parts, jobs=jobs, threads=True)
    return out


def _check(returns: EventReturns, model: Model, convention: Convention) -> None:
    n_factors = len(returns.estimation_factors)
    wanted = {Model.MEAN_ADJUSTED: n_factors == 0, Model.FACTORS: n_factors >= 1}
    if not wanted.get(model, n_factors == 1):
        raise InputError(
            say("model {model} does not take {n_factors} factors", model=model, n_factors=n_factors)
        )
    if convention is Convention.ESTUDY2 and model is not Model.MARKET:
        raise InputError(
            say(
                "the convention {convention} is known for the model market, not {model}",
                convention=convention,
                model=model,
            ),
            fix=say("leave --convention out, or take --model market"),
        )


def _empty(returns: EventReturns) -> AbnormalReturns:
    n, windows = len(returns), returns.windows
    parts = (n, len(windows.parts()))
    return AbnormalReturns(
        values=np.empty((n, windows.n_columns)),
        standardised=np.empty((n, windows.n_columns)),
        car=np.empty(parts),
        bhar=np.empty(parts),
        scar=np.empty(parts),
        residuals=np.empty((n, windows.n_estimation)),
        sigma=np.empty(n),
        freedom=np.empty(n),
        observations=np.empty(n, dtype=np.int64),
        fitted=np.empty(n, dtype=np.bool_),
        coefficients=np.empty((n, 1 + len(returns.estimation_factors))),
    )


def _fill(
    out: AbnormalReturns,
    returns: EventReturns,
    units: slice,
    model: Model,
    convention: Convention,
) -> None:
    """Work out some units and write them into the arrays of `out`."""
    fit = _Fit(
        returns.estimation[units],
        returns.estimation_factors[:, units],
        returns.windows,
        model,
        convention,
    )
    actual = returns.event[units]
    factors = returns.event_factors[:, units]
    spans = np.ones_like(actual) if returns.spans is None else returns.spans[units]
    expected = fit.constant[:, np.newaxis] * spans
    expected += np.einsum("nk,knt->nt", fit.slopes, factors)
    values = np.subtract(actual, expected, out=out.values[units])
    deviation = fit.deviations(factors, spans)
    with np.errstate(invalid="ignore", divide="ignore"):
        error = fit.forecast_error(deviation, spans)
        out.standardised[units] = np.where(spans > 0, values / error, np.nan)
        for at, part in enumerate(returns.windows.parts()):
            columns = part.columns
            covered = spans[:, columns].sum(axis=1)
            total = np.where(covered > 0, values[:, columns].sum(axis=1), np.nan)
            out.car[units, at] = total
            within = deviation[:, :, columns].sum(axis=2, keepdims=True)
            own = fit.forecast_error(within, covered[:, np.newaxis])[:, 0]
            out.scar[units, at] = total / own
            grown = np.multiply.reduce(1 + actual[:, columns], axis=1)
            foreseen = np.multiply.reduce(1 + expected[:, columns], axis=1)
            out.bhar[units, at] = np.where(covered > 0, grown - foreseen, np.nan)
    out.residuals[units] = fit.residuals
    out.sigma[units], out.freedom[units] = fit.sigma, fit.freedom
    out.observations[units], out.fitted[units] = fit.observations, fit.fitted
    out.coefficients[units, 0] = fit.constant
    out.coefficients[units, 1:] = fit.slopes


class _Fit:
    """A model fitted to some units.

    `constant` and `slopes` are `(n,)` and `(n, n_factors)`; `means` `(n_factors, n)` and
    `inverse` `(n, n_factors, n_factors)` those of the factors that the forecast error uses.
    """

    def __init__(
        self,
        returns: FloatMatrix,
        factors: FloatCube,
        windows: StudyWindows,
        model: Model,
        convention: Convention,
    ) -> None:
        self.constant: FloatVector
        self.slopes: FloatMatrix
        self.residuals: FloatMatrix
        self.inverse: FloatCube
        self.fitted: FlagArray
        self._estimated = model.estimated
        known = np.isfinite(returns)
        for factor in factors:
            known &= np.isfinite(factor)
        every = bool(known.all())
        self.observations: IntArray = known.sum(axis=1, dtype=np.int64)
        n = np.maximum(self.observations, 1).astype(np.float64)
        centred, mean = _centred(returns, known, n, every=every)
        moved = [_centred(factor, known, n, every=every) for factor in factors]
        self.means: FloatMatrix = np.array([m for _, m in moved]).reshape(len(factors), len(n))
        if model.estimated:
            self._regress(centred, mean, [values for values, _ in moved])
            self.freedom: FloatVector = n - 1 - len(factors)
        else:
            self.constant, self.slopes = np.zeros(len(n)), np.ones((len(n), 1))
            centred = centred - moved[0][0]  # its mean is no part of what is expected
            self.residuals = centred
            self.inverse = np.zeros((len(n), 1, 1))
            self.fitted = np.ones(len(n), dtype=np.bool_)
            self.freedom = n - 1
        squares = np.einsum("nt,nt->n", self.residuals, self.residuals)
        over = n - 1 if convention is Convention.ESTUDY2 else np.maximum(self.freedom, 1)
        self.sigma: FloatVector = np.sqrt(squares / over)
        self.own_mean_error: FloatVector = 1 / n
        if convention is Convention.ESTUDY2:
            self._over_whole_window(factors)
        self._refuse(windows)
        if not every:
            self.residuals[~known] = np.nan

    def _regress(self, centred: FloatMatrix, mean: FloatVector, factors: list[FloatMatrix]) -> None:
        k = len(factors)
        gram = np.empty((len(mean), k, k))
        cross = np.empty((len(mean), k))
        for i, left in enumerate(factors):
            cross[:, i] = np.einsum("nt,nt->n", left, centred)
            for j in range(i, k):
                gram[:, i, j] = gram[:, j, i] = np.einsum("nt,nt->n", left, factors[j])
        self.fitted = _regular(gram)
        gram[~self.fitted] = np.eye(k)
        self.inverse = np.linalg.inv(gram).astype(np.float64, copy=False)
        self.slopes = np.einsum("nij,nj->ni", self.inverse, cross)
        self.constant = mean - np.einsum("nk,kn->n", self.slopes, self.means)
        self.residuals = centred
        for at, factor in enumerate(factors):
            self.residuals = self.residuals - self.slopes[:, at, np.newaxis] * factor

    def _over_whole_window(self, factors: FloatCube) -> None:
        whole = factors[0]
        self.means = whole.mean(axis=1)[np.newaxis]
        spread = whole - self.means[0][:, np.newaxis]
        self.inverse = 1 / np.einsum("nt,nt->n", spread, spread)[:, np.newaxis, np.newaxis]

    def _refuse(self, windows: StudyWindows) -> None:
        """Mark what cannot be judged, and make its numbers undefined."""
        self.fitted = (
            self.fitted
            & (self.observations >= windows.needed)
            & (self.freedom > 2)  # Patell's variance needs it
            & (self.sigma > _NO_VARIANCE)
        )
        bad = ~self.fitted
        for values in (self.sigma, self.constant, self.slopes, self.residuals, self.freedom):
            values[bad] = np.nan

    def deviations(self, factors: FloatCube, spans: FloatMatrix) -> FloatCube:
        """Return how far factors are from their means, `(n_factors, n, n_columns)`."""
        moved: FloatCube = factors - self.means[:, :, np.newaxis] * spans
        return moved

    def forecast_error(self, deviation: FloatCube, spans: FloatMatrix) -> FloatMatrix:
        """Return the standard deviation of a sum of abnormal returns that covers `spans` sessions.

        σ √(s + s²/n + d' (X'X)⁻¹ d) with `d` the sum of the factors' deviations from their means
        (Patell 1976, equation 4, for one session; Mikkelson and Partch 1988, footnote 13, for
        sums); σ √s where nothing was estimated.
        """
        variance = spans.copy()
        if self._estimated:
            variance += spans**2 * self.own_mean_error[:, np.newaxis]
            if len(deviation) == 1:
                variance += self.inverse[:, 0] * deviation[0] ** 2
            else:
                variance += np.einsum("knt,nkl,lnt->nt", deviation, self.inverse, deviation)
        error: FloatMatrix = self.sigma[:, np.newaxis] * np.sqrt(variance)
        return error


def _centred(
    values: FloatMatrix, known: FloatMatrix, n: FloatVector, *, every: bool
) -> tuple[FloatMatrix, FloatVector]:
    """Return values less their means, 0 where they are not known, and the means."""
    kept = values if every else np.where(known, values, 0.0)
    mean: FloatVector = kept.sum(axis=1) / n
    moved = kept - mean[:, np.newaxis]
    return (moved if every else np.where(known, moved, 0.0)), mean


def _regular(gram: FloatCube) -> FlagArray:
    """Tell where every factor varies, and not as the others do."""
    variation = np.einsum("nii->ni", gram)
    vary = (variation > 1e-20).all(axis=1)
    scale = np.sqrt(np.where(variation > 0, variation, 1.0))
    likeness = gram / (scale[:, :, np.newaxis] * scale[:, np.newaxis, :])
    apart: FlagArray = np.linalg.det(likeness) > _SINGULAR
    found: FlagArray = vary & apart
    return found
