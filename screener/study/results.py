"""What a test answers, with its convention named."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from screener.language import say

__all__ = ["Statistic", "TestResult", "too_few", "unanswered"]


class Statistic(StrEnum):
    """A test of whether abnormal returns are 0 on average."""

    CROSS_SECTION = "cross-sectional t"
    PATELL = "Patell"
    BMP = "BMP"
    KOLARI_PYNNONEN = "Kolari-Pynnönen"
    RANK = "Corrado rank"
    SIGN = "generalised sign"
    BOOTSTRAP = "stationary bootstrap"
    CALENDAR_TIME = "calendar time"
    SKEWNESS = "skewness-adjusted t"
    SKEWNESS_BOOTSTRAP = "bootstrapped skewness-adjusted t"

    @property
    def convention(self) -> str:
        """How it is computed, and where that was published."""
        return _CONVENTIONS[self]()

    @property
    def brief(self) -> str:
        """How it is computed, in a line."""
        return _BRIEF[self]()

    @property
    def estimates(self) -> str:
        """What its estimate and interval are of."""
        return _ESTIMATES[self]()


_CONVENTIONS: dict[Statistic, Callable[[], str]] = {
    Statistic.CROSS_SECTION: lambda: say(
        "mean over its standard error across events, n-1; Student t, n-1 degrees of freedom; "
        "takes events as independent"
    ),
    Statistic.PATELL: lambda: say(
        "sum of returns over their forecast errors by the root of the sum of df/(df-2); normal; "
        "takes events as independent and of unchanged variance (Patell 1976)"
    ),
    Statistic.BMP: lambda: say(
        "mean over its standard error of returns over their forecast errors; Student t, n-1; "
        "takes events as independent (Boehmer, Musumeci and Poulsen 1991)"
    ),
    Statistic.KOLARI_PYNNONEN: lambda: say(
        "BMP × √((1-r)/(1+(n-1)r)), r the mean correlation of estimation residuals over pairs of "
        "events by the share of the window that they have in common; Student t, n-1 "
        "(Kolari and Pynnönen 2010; Kolari, Pape and Pynnönen 2018)"
    ),
    Statistic.RANK: lambda: say(
        "mean rank of the window among all sessions over its standard deviation through time; "
        "normal; holds for events of one date, not for windows that overlap from date to date "
        "(Corrado 1989; Corrado and Zivney 1992 for missing returns)"
    ),
    Statistic.SIGN: lambda: say(
        "share of positive sums against the share of positive sessions in the estimation window; "
        "normal; takes events as independent (Cowan 1992)"
    ),
    Statistic.BOOTSTRAP: lambda: say(
        "dates of entry drawn in blocks of random length, all events of a date together; "
        "percentile interval, p of the centred draws (Politis and Romano 1994)"
    ),
    Statistic.CALENDAR_TIME: lambda: say(
        "constant of the daily mean return of all open windows on the factors; Newey-West errors, "
        "lag 4(T/100)^(2/9); normal (Jaffe 1974; Newey and West 1987)"
    ),
    Statistic.SKEWNESS: lambda: say(
        "√n (S + γS²/3 + γ/(6n)) of buy-and-hold abnormal returns, S their mean over their "
        "standard deviation and γ their skewness; Student t, n-1; takes events as independent "
        "(Johnson 1978; Lyon, Barber and Tsai 1999)"
    ),
    Statistic.SKEWNESS_BOOTSTRAP: lambda: say(
        "skewness-adjusted t against those of resamples of n/4 events around their common mean; "
        "takes events as independent (Lyon, Barber and Tsai 1999)"
    ),
}

_BRIEF: dict[Statistic, Callable[[], str]] = {
    Statistic.CROSS_SECTION: lambda: say(
        "mean by its standard error over events; takes them as independent"
    ),
    Statistic.PATELL: lambda: say(
        "sum by forecast errors, df/(df-2); as independent, variance unchanged"
    ),
    Statistic.BMP: lambda: say(
        "t of returns by their forecast errors; takes events as independent"
    ),
    Statistic.KOLARI_PYNNONEN: lambda: say(
        "BMP for events that move together, by mean correlation r"
    ),
    Statistic.RANK: lambda: say(
        "ranks among all sessions, by their deviation through time; normal"
    ),
    Statistic.SIGN: lambda: say("gains against the share of positive sessions learned; normal"),
    Statistic.BOOTSTRAP: lambda: say("dates of entry drawn in blocks of random length; p alone"),
    Statistic.CALENDAR_TIME: lambda: say(
        "all open windows as one portfolio a session; Newey-West errors"
    ),
    Statistic.SKEWNESS: lambda: say("t of BHAR adjusted for their skewness; as independent"),
    Statistic.SKEWNESS_BOOTSTRAP: lambda: say("the same against resamples of n/4 events"),
}

_ESTIMATES: dict[Statistic, Callable[[], str]] = {
    Statistic.CROSS_SECTION: lambda: say("mean cumulative abnormal return"),
    Statistic.PATELL: lambda: say("mean standardised return"),
    Statistic.BMP: lambda: say("mean standardised return"),
    Statistic.KOLARI_PYNNONEN: lambda: say("mean standardised return"),
    Statistic.RANK: lambda: say("mean rank less one half"),
    Statistic.SIGN: lambda: say("share of positive events"),
    Statistic.BOOTSTRAP: lambda: say("mean cumulative abnormal return"),
    Statistic.CALENDAR_TIME: lambda: say("abnormal return a session"),
    Statistic.SKEWNESS: lambda: say("mean buy-and-hold abnormal return"),
    Statistic.SKEWNESS_BOOTSTRAP: lambda: say("mean buy-and-hold abnormal return"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class TestResult:
    """Answer of one test; numbers are `None` where it cannot answer, and `note` says why.

    Parameters
    ----------
    statistic
        Which test.
    n
        Events that it counts.
    estimate, low, high
        What `statistic.estimates` says, with its confidence interval.
    value
        The test statistic.
    p
        Two-sided probability of a value at least as far from 0 if nothing is there.
    note
        Why there is no answer, or what belongs to it.
    """

    statistic: Statistic
    n: int
    estimate: float | None = None
    low: float | None = None
    high: float | None = None
    value: float | None = None
    p: float | None = None
    note: str = ""

    __test__ = False  # no test of pytest's


def unanswered(statistic: Statistic, n: int, note: str) -> TestResult:
    """Return the answer of a test that cannot be made."""
    return TestResult(statistic=statistic, n=n, note=note)


def too_few(statistic: Statistic, n: int) -> TestResult:
    """Return the answer of a test with no event, or with one where it takes two."""
    note = (
        say("one event: nothing to compare it with")
        if n
        else say("no event has finished this window")
    )
    return unanswered(statistic, n, note)
