"""Every test over every part of the event window."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from screener.domain.arrays import FloatVector, Places
from screener.errors import InputError
from screener.language import say
from screener.study.calendar_time import calendar_time_test
from screener.study.models import Convention, Model
from screener.study.results import TestResult
from screener.study.returns import AbnormalReturns, EventReturns, Timeline
from screener.study.reversal import Reversal, reversal_of
from screener.study.statistics.bootstrap import bootstrap_test
from screener.study.statistics.buy_and_hold import skewness_bootstrap_test, skewness_test
from screener.study.statistics.clustering import CrossCorrelation
from screener.study.statistics.parametric import (
    boehmer_test,
    cross_sectional_test,
    kolari_pynnonen_test,
    patell_test,
)
from screener.study.statistics.ranks import rank_test, sign_test
from screener.study.statistics.winsorising import winsorised
from screener.study.windows import Part, PartWindow, StudyWindows

__all__ = [
    "FEW_DATES",
    "FEW_UNITS",
    "MOST_WINSORISED",
    "DayResult",
    "Evaluation",
    "PartResult",
    "StudySettings",
    "evaluate",
]

FEW_UNITS, FEW_DATES = 10, 5
"""Below so many events, or dates of entry, the answers on a part say little."""

MOST_WINSORISED = 0.25
"""Greatest share of each tail that can be winsorised: half of the events stay as they are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StudySettings:
    """How events are studied.

    Parameters
    ----------
    windows
        Estimation and event window.
    model, convention
        Expected return, and how its error is computed.
    seed, draws
        Of the bootstrap.
    winsor
        Share of each tail that is winsorised, over the events of each part and session: sums,
        buy-and-hold and standardised returns. Ranks, signs and calendar time take them as they
        are. 0 for none.
    """

    windows: StudyWindows = field(default_factory=StudyWindows)
    model: Model = Model.MARKET
    convention: Convention = Convention.TEXTBOOK
    seed: int = 20260514
    draws: int = 2_000
    winsor: float = 0.0

    def __post_init__(self) -> None:
        if not 0 <= self.winsor <= MOST_WINSORISED:
            raise InputError(
                say(
                    "{share} of each tail cannot be winsorised: it lies outside 0 to {most}",
                    share=self.winsor,
                    most=MOST_WINSORISED,
                ),
                fix=say("write {example}", example="--winsor 1%"),
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class PartResult:
    """One part of the event window over all events; numbers are `None` where undefined.

    Parameters
    ----------
    window
        The part.
    n
        Events that have finished it and traded in it: those that count.
    n_dates
        Their dates of entry.
    n_unfinished, n_untraded
        Events that have not finished it, and that were not traded in any of its sessions.
    mean, median, bhar
        Mean and median cumulative abnormal return, mean buy-and-hold abnormal return.
    positive
        Events with a positive one.
    low, high
        Confidence interval of `mean`, widened for events that move together.
    correlation
        Mean correlation between the events, `None` for fewer than two.
    tests
        One answer for each statistic.
    n_winsorised
        Events whose sum or buy-and-hold return was set to that of another.
    """

    window: PartWindow
    n: int
    n_dates: int
    n_unfinished: int
    n_untraded: int
    mean: float | None
    median: float | None
    bhar: float | None
    positive: int
    low: float | None
    high: float | None
    correlation: float | None
    tests: tuple[TestResult, ...]
    n_winsorised: int = 0

    @property
    def says_little(self) -> bool:
        """Whether so few events or dates count that its answers say little."""
        return self.n < FEW_UNITS or self.n_dates < FEW_DATES


@dataclass(frozen=True, slots=True, kw_only=True)
class DayResult:
    """One session of the event window over all events that have reached it and traded in it.

    `mean` is their mean abnormal return, `cumulative` the mean sum up to that session.
    """

    day: int
    n: int
    mean: float | None
    cumulative: float | None
    tests: tuple[TestResult, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """All answers on one group of events."""

    n: int
    parts: tuple[PartResult, ...]
    days: tuple[DayResult, ...]
    reversal: Reversal

    @property
    def path(self) -> tuple[float, ...]:
        """Mean sum of abnormal returns up to each session that any event has reached."""
        return tuple(day.cumulative for day in self.days if day.cumulative is not None)

    @property
    def n_unfinished(self) -> int:
        """Events that have a part to finish."""
        return max((part.n_unfinished for part in self.parts), default=0)


def evaluate(
    returns: EventReturns,
    abnormal: AbnormalReturns,
    timeline: Timeline,
    settings: StudySettings,
    *,
    group: int = 0,
    days: bool = True,
) -> Evaluation:
    """Test a group of events over every part and every session of the window.

    Parameters
    ----------
    returns, abnormal, timeline
        Of the same units; all of them fitted.
    settings
        Windows, model and the bootstrap's seed.
    group
        Number of the group, so that each draws its own samples.
    days
        Whether to test every session, too.
    """
    correlations = _CrossCorrelations(abnormal, timeline, settings.windows)
    parts = tuple(
        _part(returns, abnormal, timeline, settings, correlations, at, part, group)
        for at, part in enumerate(settings.windows.parts())
    )
    return Evaluation(
        n=len(abnormal),
        parts=parts,
        days=tuple(
            _day(abnormal, settings, correlations, day)
            for day in range(settings.windows.event[0], settings.windows.event[1] + 1)
            if days
        ),
        reversal=_reversal(abnormal, timeline, settings.windows),
    )


def _part(
    returns: EventReturns,
    abnormal: AbnormalReturns,
    timeline: Timeline,
    settings: StudySettings,
    correlations: _CrossCorrelations,
    at: int,
    part: PartWindow,
    group: int,
) -> PartResult:
    known = np.isfinite(abnormal.values[:, part.columns]).all(axis=1)
    counted = np.flatnonzero(np.isfinite(abnormal.car[:, at]))
    own, when = abnormal.take(counted), timeline.take(counted)
    sums = own.car[:, at]
    (totals, moved), (bhars, grown) = (
        winsorised(values, settings.winsor) for values in (sums, own.bhar[:, at])
    )
    standardised, _ = winsorised(own.scar[:, at], settings.winsor)
    correlation = correlations(counted)
    alike = correlation.mean((part.first, part.last))
    window = own.values[:, part.columns]
    traded = np.where(np.isfinite(own.standardised[:, part.columns]), window, np.nan)
    tests = (
        cross_sectional_test(totals),
        patell_test(standardised, own.freedom),
        boehmer_test(standardised),
        kolari_pynnonen_test(standardised, alike),
        rank_test(own.residuals, traded),
        sign_test(sums, own.residuals),
        bootstrap_test(
            totals,
            when,
            length=part.last - part.first + 1,
            draws=settings.draws,
            seed=(settings.seed, group, at),
        ),
        _calendar_time(returns, own, when, settings, part, counted),
        skewness_test(bhars),
        skewness_bootstrap_test(bhars, draws=settings.draws, seed=(settings.seed, group, at)),
    )
    widened = cross_sectional_test(totals, correlation=_usable(alike))
    return PartResult(
        window=part,
        n=len(counted),
        n_dates=len(correlation.clusters),
        n_unfinished=int((~known).sum()),
        n_untraded=int(known.sum()) - len(counted),
        mean=_mean(totals),
        median=float(np.median(totals)) if len(totals) else None,
        bhar=_mean(bhars),
        positive=int((sums > 0).sum()),
        low=widened.low,
        high=widened.high,
        correlation=alike,
        tests=tests,
        n_winsorised=len(np.union1d(moved, grown)),
    )


def _calendar_time(
    returns: EventReturns,
    own: AbnormalReturns,
    timeline: Timeline,
    settings: StudySettings,
    part: PartWindow,
    counted: Places,
) -> TestResult:
    columns = part.columns
    estimated = settings.model in (Model.MARKET, Model.FACTORS)
    values = returns.event[counted, columns] if estimated else own.values[:, columns]
    factors = returns.event_factors[:, counted, columns]
    spans = np.ones_like(values) if returns.spans is None else returns.spans[counted, columns]
    return calendar_time_test(
        values, factors if estimated else factors[:0], spans, timeline, part.first
    )


def _day(
    abnormal: AbnormalReturns, settings: StudySettings, correlations: _CrossCorrelations, day: int
) -> DayResult:
    column = day - settings.windows.event[0]
    counted = np.flatnonzero(np.isfinite(abnormal.standardised[:, column]))
    values, _ = winsorised(abnormal.values[counted, column], settings.winsor)
    standardised, _ = winsorised(abnormal.standardised[counted, column], settings.winsor)
    alike = correlations(counted).mean((day, day))
    sums = abnormal.values[:, : column + 1].sum(axis=1)
    reached, _ = winsorised(sums[np.isfinite(sums)], settings.winsor)
    return DayResult(
        day=day,
        n=len(counted),
        mean=_mean(values),
        cumulative=_mean(reached),
        tests=(
            cross_sectional_test(values),
            patell_test(standardised, abnormal.freedom[counted]),
            boehmer_test(standardised),
            kolari_pynnonen_test(standardised, alike),
        ),
    )


def _reversal(abnormal: AbnormalReturns, timeline: Timeline, windows: StudyWindows) -> Reversal:
    places = {part.part: at for at, part in enumerate(windows.parts())}
    spans = {part.part: (part.first, part.last) for part in windows.parts()}
    until = slice(0, 1 - windows.event[0])
    before = abnormal.values[:, until].sum(axis=1)
    none = np.full(len(abnormal), np.nan)
    return reversal_of(
        before,
        abnormal.car[:, places[Part.DRIFT]] if Part.DRIFT in places else none,
        abnormal.residuals,
        timeline,
        estimation=windows.estimation,
        window=spans.get(Part.DRIFT, (0, 0)),
    )


class _CrossCorrelations:
    """Gives the cross-correlation of some units; that of the same units is worked out once."""

    def __init__(
        self, abnormal: AbnormalReturns, timeline: Timeline, windows: StudyWindows
    ) -> None:
        self._abnormal, self._timeline, self._windows = abnormal, timeline, windows
        self._found: dict[bytes, CrossCorrelation] = {}

    def __call__(self, units: Places) -> CrossCorrelation:
        key = units.tobytes()
        if key not in self._found:
            self._found[key] = CrossCorrelation(
                self._abnormal.residuals[units],
                self._timeline.take(units),
                estimation=self._windows.estimation,
            )
        return self._found[key]


def _usable(correlation: float | None) -> float:
    """Return the correlation by which an error is widened; it is never narrowed."""
    return min(max(correlation or 0.0, 0.0), 1 - 1e-9)


def _mean(values: FloatVector) -> float | None:
    return float(values.mean()) if len(values) else None
